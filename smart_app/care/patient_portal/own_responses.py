"""A patient's own responses, as their record has them: what they answered, what they would rather not, and what of theirs cannot be shown,
with the reason. Of a score, of what a clinician rated and of anybody else there is nothing in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment, position
from fhir_mappings.r4.references import reference_in, source_of
from fhir_mappings.ratings.entry import Entry, entry_of, with_name
from fhir_mappings.ratings.not_answered_reader import NotAnswered, read_not_answered, standing
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped
from smart_app.care.record.access import patient_on_server, permissions
from smart_app.care.record.patient_in_context import Patient, patient_of, remember_patient
from smart_app.care.record.reads import ANSWERS, Readings, ReadReport, read_all
from smart_app.care.record.record import ChartRecord
from smart_app.errors import NotOffered
from smart_app.fhir.client import Resource

_RESPONSE = "QuestionnaireResponse"
# Entered in error; not completed; of a version or a form whose file is gone; without a day, or without whom it is about.
WhyNotShown = Literal["withdrawn", "unfinished", "version-gone", "undated", "about-nobody"]
_WHY: Mapping[str, WhyNotShown] = {
    "entered_in_error": "withdrawn",
    "retracted": "withdrawn",
    "not_completed": "unfinished",
    "version_unknown": "version-gone",
    "date_missing": "undated",
    "clinician_missing": "about-nobody",
}


class GivenBy(Struct, frozen=True, kw_only=True):
    """How a response came into the record, as that tells and no further: `by_patient` where it names the patient as who answered, `entry`
    who entered it and whether from paper, `entered_by_patient` where that is the patient, `answering` who said that they answer, which is
    asked on a device of the patient's alone."""

    by_patient: bool
    entry: Entry
    entered_by_patient: bool
    answering: Answering | None = None


class OwnResponse(Struct, frozen=True, kw_only=True):
    """Answers of the patient that are in the record: to which form, about whom, when, and how they came there. Nothing of what they say.
    `source` is where they stand; `amended`: they were changed afterwards."""

    instrument: Instrument
    clinician: Person | None
    when: Moment
    source: str
    given: GivenBy
    amended: bool


class OwnRefusal(Struct, frozen=True, kw_only=True):
    """A form the patient would rather not answer, and who entered that."""

    instrument: Instrument
    clinician: Person | None
    when: Moment
    given: GivenBy


class OwnUnshown(Struct, frozen=True, kw_only=True):
    """A form of theirs in the record that is not shown, and why; None without a day. Neither what it says nor whom it is about: what was
    entered in error may be another patient's."""

    instrument: Instrument
    when: Moment | None
    why: WhyNotShown

    @property
    def may_be_answered(self) -> bool:
        """Whether the form was answered all the same."""
        return self.why not in {"withdrawn", "unfinished"}


OwnItem = OwnResponse | OwnRefusal | OwnUnshown


class OwnRatings(Struct, frozen=True, kw_only=True):
    """The patient's own ratings, newest first and without their scores; and what is none of anybody's, with the reason."""

    ratings: Sequence[Rating]
    skipped: Sequence[Skipped]


class OwnAnswers(Struct, frozen=True, kw_only=True):
    """One form as the patient answered it; `instrument` in the words it was answered in where there are such. `rating` has no scores;
    `unreadable`: something in it is stored in a way that nobody can read here."""

    patient: Patient
    rating: Rating
    instrument: Instrument
    given: GivenBy
    unreadable: bool


def own_ratings(record: ChartRecord, readings: Readings) -> OwnRatings:
    """By the answers alone, without the scores that are stored beside them."""
    library, canonical = record.services.library, record.services.settings.canonical_base
    responses, patient = readings.resources[ANSWERS], patient_on_server(record.context)
    ratings, skipped = read_ratings(library, responses, [], patient=patient, base=canonical, zone=record.zone)
    own = [replace(rating, scores={}) for rating in ratings if rating.informant == "patient"]
    return OwnRatings(ratings=sorted(own, key=lambda rating: position(rating.when), reverse=True), skipped=skipped)


def own_responses(record: ChartRecord, readings: Readings, found: OwnRatings, people: Sequence[Person]) -> tuple[OwnItem, ...]:
    """Each of them, newest first, those without a day last. `people` are those whose names are known."""
    responses = _by_source(readings)
    answered = (_response(record, rating, responses, people) for rating in found.ratings)
    refused = (_refusal(record, one, responses, people) for one in _refusals(record, readings, found.ratings))
    every: list[OwnItem] = [*answered, *refused, *_not_shown(record, found.skipped, responses)]
    return tuple(sorted(every, key=_place, reverse=True))


def own_answers(record: ChartRecord, *, key: str, key_of: Callable[[str], str], language: str | None) -> OwnAnswers:
    """The answers whose source `key_of` calls by that key; `language` is the form's where it is not known in which one they were given.
    NotOffered where there are none of that name among the patient's own; FhirError only when the Patient cannot be read or is another."""
    readings = read_all(record, only=(ANSWERS,))
    remember_patient(record, readings.patient)
    own = own_ratings(record, readings)
    rating = next((one for one in own.ratings if key_of(one.source) == key), None)
    if rating is None:
        raise NotOffered(_why_not_there(readings.reports[ANSWERS]))
    people = [one.clinician for one in own.ratings if one.clinician]
    library = record.services.library
    return OwnAnswers(
        patient=patient_of(readings.patient, zone=record.zone),
        rating=replace(rating, clinician=_named(rating.clinician, people)),
        instrument=library.as_answered(rating.instrument, version=rating.version, language=rating.language or language),
        given=_given_by(record, _by_source(readings)[rating.source], rating.answering, people),
        unreadable=any(one.source == rating.source and one.code == "answer_unreadable" for one in own.skipped),
    )


def can_look_back(record: ChartRecord) -> bool:
    """Whether this sign-in may read what the patient answered."""
    return permissions(record).granted(_RESPONSE, "search-type")


def _why_not_there(read: ReadReport) -> Sentence:
    """The same for what is not there and for what is not the patient's."""
    if read.state in {"not_permitted", "unsupported"}:
        return Sentence("Your record system does not let this page read what you answered.")
    if not read.whole:
        return Sentence("Not all of your answers could be read, and these are not among those that were.")
    return Sentence("Your health record does not show such answers of yours at this moment.")


def _by_source(readings: Readings) -> Mapping[str, Resource]:
    return {source_of(one, _RESPONSE): one for one in readings.resources[ANSWERS]}


def _response(record: ChartRecord, rating: Rating, responses: Mapping[str, Resource], people: Iterable[Person]) -> OwnResponse:
    services = record.services
    return OwnResponse(
        instrument=services.library.get(rating.instrument, version=rating.version, language=services.settings.language),
        clinician=_named(rating.clinician, people),
        when=rating.when,
        source=rating.source,
        given=_given_by(record, responses[rating.source], rating.answering, people),
        amended=rating.standing == "amended",
    )


def _given_by(record: ChartRecord, response: Resource, answering: Answering | None, people: Iterable[Person]) -> GivenBy:
    patient = patient_on_server(record.context)
    themself = f"Patient/{patient.id}"
    entry = entry_of(response, base=patient.base)
    return GivenBy(
        by_patient=reference_in(response.get("source"), base=patient.base) == themself,
        entry=with_name(entry, people),
        entered_by_patient=entry.by is not None and entry.by.reference == themself,
        answering=answering,
    )


def _refusals(record: ChartRecord, readings: Readings, ratings: Sequence[Rating]) -> Iterator[NotAnswered]:
    """The patient's own that hold: what staff had no time for or did not offer is no answer of theirs."""
    library, canonical = record.services.library, record.services.settings.canonical_base
    responses, patient = readings.resources[ANSWERS], patient_on_server(record.context)
    found, _ = read_not_answered(library, responses, [], patient=patient, base=canonical, zone=record.zone)
    return (one for one in standing(found, ratings)[0] if one.refused and one.informant == "patient")


def _refusal(record: ChartRecord, one: NotAnswered, responses: Mapping[str, Resource], people: Iterable[Person]) -> OwnRefusal:
    services = record.services
    return OwnRefusal(
        instrument=services.library.get(one.instrument, language=services.settings.language),
        clinician=_named(one.clinician, people),
        when=one.when,
        given=_given_by(record, responses[one.source], None, people),
    )


def _not_shown(record: ChartRecord, skipped: Iterable[Skipped], responses: Mapping[str, Resource]) -> Iterator[OwnUnshown]:
    library, canonical = record.services.library, record.services.settings.canonical_base
    for one in skipped:
        response, why = responses.get(one.source), _WHY.get(one.code)
        form = library.newest_form(str(response.get("questionnaire")), canonical) if response else None
        if why is not None and form is not None and form[1] == "patient":
            instrument = library.get(form[0].slug, language=record.services.settings.language)
            yield OwnUnshown(instrument=instrument, when=one.when, why=why)


def _named(person: Person | None, people: Iterable[Person]) -> Person | None:
    """With the name by which they are known, where the form gives none."""
    if person is None or person.name:
        return person
    return next((one for one in people if one.reference == person.reference and one.name), person)


def _place(one: OwnItem) -> tuple[bool, tuple[date, float]]:
    return one.when is not None, position(one.when) if one.when is not None else (date.min, 0.0)
