"""Forms that were not answered, as read from the record: at which visit, for which reason, and whose decision it was. None of them is a
rating. The response is the truth; its Observation tells the same where the response is not to be had.

Total: whatever JSON a server returns, the result is one of them or a Skipped that says why not."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, tzinfo
from typing import Any

from msgspec import Struct

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.instruments.library import Library
from fhir_mappings.instruments.not_answered import NotAnsweredReason, is_refusal, reason_of
from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment, parse_moment, position
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.possible_dates import REASONS, PossibleDates, date_problem
from fhir_mappings.r4.references import About, PatientOnServer, identifiers_in, literal_reference, reference_in, references_in, source_of
from fhir_mappings.ratings.displaced import displaced
from fhir_mappings.ratings.rating import Rating, form_named
from fhir_mappings.ratings.score_reader import own_code
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped

_RESPONSE, _OBSERVATION = "QuestionnaireResponse", "Observation"
_USED = frozenset({"final", "amended", "corrected"})


class NotAnswered(Struct, frozen=True, kw_only=True):
    """A form that was not answered at a visit, by its `title`. `clinician`, `visit` and `encounter` as of a rating; `decided_by` is the
    reference of whoever decided it and `entered_by` of whoever wrote it down, None where it is not told. `source` is the response, or the
    Observation that stands for it."""

    instrument: str
    title: Sentence
    informant: Informant
    reason: NotAnsweredReason
    clinician: Person | None
    when: Moment
    visit: str
    encounter: str | None
    decided_by: str | None
    entered_by: str | None
    source: str

    @property
    def refused(self) -> bool:
        """Whether it is the patient's own refusal."""
        return is_refusal(self.reason)


_Form = tuple[Instrument, Informant]


class _Reading(Struct, frozen=True, kw_only=True):
    """What one call reads by."""

    library: Library
    patient: PatientOnServer
    about: About
    base: str
    zone: tzinfo
    possible: PossibleDates | None


def says_not_answered(response: Mapping[str, Any], *, base: str) -> bool:
    """Whether a response says that a form was not answered, for a reason that is known here."""
    status = response.get("status")
    stopped = isinstance(status, str) and status.strip() == "stopped"
    return stopped and _response_reason(response, base) is not None


def is_not_answered_code(code: str) -> bool:
    """Whether a code of our scores is that of a form that was not answered."""
    return code.rpartition(".")[2] == canonicals.NOT_ANSWERED


def tells_not_answered(resource: Mapping[str, Any], *, base: str) -> bool:
    """Whether a response or an Observation is of a form that was not answered, whatever it says of it."""
    code = own_code(resource, canonicals.score_system(base))
    return says_not_answered(resource, base=base) if code is None else is_not_answered_code(code)


def read_not_answered(
    library: Library,
    responses: Iterable[Mapping[str, Any]],
    observations: Iterable[Mapping[str, Any]],
    *,
    patient: PatientOnServer,
    base: str,
    zone: tzinfo = UTC,
    possible: PossibleDates | None = None,
) -> tuple[list[NotAnswered], list[Skipped]]:
    """The forms of that patient that were not answered, oldest first, and what of them cannot be placed, with the reason. Never raises.
    Arguments as of `read_ratings`, which lists what is another patient's."""
    reading = _Reading(library=library, patient=patient, about=About(patient), base=base, zone=zone, possible=possible)
    own = [one for one in responses if isinstance(one, dict) and reading.about.holds(one)]
    taken_back = displaced(own, base=base, server=patient.base).retracted
    of_responses = [one for one in own if _response_reason(one, base) is not None]
    told = {name for one in of_responses for name in _names(reading, one, _RESPONSE)}
    stopped = (one for one in of_responses if says_not_answered(one, base=base) and source_of(one, _RESPONSE) not in taken_back)
    alone = (one for one in observations if _is_used(reading, one) and told.isdisjoint(_names(reading, one, _OBSERVATION)))
    found: dict[str, NotAnswered] = {}
    skipped: list[Skipped] = []
    for kind, resources in ((_RESPONSE, stopped), (_OBSERVATION, alone)):
        for resource in filter(reading.about.holds, resources):
            made = _read(reading, resource, kind)
            if isinstance(made, Skipped):
                skipped.append(made)
            elif made is not None:
                # Under its first name, so that a copy counts once.
                found.setdefault(_names(reading, resource, kind)[0], made)
    return sorted(found.values(), key=_place_in_time), skipped


def standing(found: Iterable[NotAnswered], ratings: Iterable[Rating]) -> tuple[list[NotAnswered], list[Skipped]]:
    """Those that hold, oldest first: of each visit the latest, and none where the form was answered at that visit after all; and those that
    gave way."""
    answered = {_visit(one) for one in ratings}
    latest: dict[tuple[str, str, str, str], NotAnswered] = {}
    skipped: list[Skipped] = []
    for one in sorted(found, key=_place_in_time, reverse=True):
        later = latest.setdefault(_visit(one), one)
        if _visit(one) in answered:
            skipped.append(_given_way(one, Sentence("The form was answered at this visit after all.")))
        elif later is not one:
            skipped.append(_given_way(one, Sentence("The same was entered again for this visit, later, as {source}.", source=later.source)))
    return sorted((one for visit, one in latest.items() if visit not in answered), key=_place_in_time), skipped


def _visit(one: NotAnswered | Rating) -> tuple[str, str, str, str]:
    return one.clinician.reference if one.clinician else "", one.instrument, one.informant, one.visit


def _given_way(one: NotAnswered, reason: Sentence) -> Skipped:
    return Skipped(
        source=one.source,
        measure=one.instrument,
        what=Sentence("Form not answered"),
        when=one.when,
        shown=None,
        reason=reason,
        code="not_answered_superseded",
    )


def _place_in_time(one: NotAnswered) -> tuple[tuple[date, float], str]:
    return position(one.when), one.source


def _names(reading: _Reading, resource: FhirJson, kind: str) -> list[str]:
    """What a response and its Observation have in common: the submission's key, and the response's place."""
    system = canonicals.submission_system(reading.base)
    keys = [f"key {value.rpartition('.')[0]}" for value in identifiers_in(resource.get("identifier"), system) if "." in value]
    derived = references_in(resource.get("derivedFrom"), base=reading.patient.base) if kind == _OBSERVATION else ()
    return [*keys, source_of(resource, kind), *derived]


def _is_used(reading: _Reading, observation: object) -> bool:
    if not isinstance(observation, dict):
        return False
    code, status = own_code(observation, canonicals.score_system(reading.base)), observation.get("status")
    return code is not None and is_not_answered_code(code) and isinstance(status, str) and status.strip() in _USED


def _read(reading: _Reading, resource: FhirJson, kind: str) -> NotAnswered | Skipped | None:
    """One of them, or why it is not used; None for one of no form of ours."""
    form = _form_of(reading, resource, kind)
    reason = _response_reason(resource, reading.base) if kind == _RESPONSE else _reason(resource.get("valueCodeableConcept"), reading.base)
    return None if form is None or reason is None else _made(reading, resource, kind, form, reason)


def _form_of(reading: _Reading, resource: FhirJson, kind: str) -> _Form | None:
    """Whose form it is, whatever version: nothing was answered that another version would say otherwise."""
    if kind == _RESPONSE:
        canonical = resource.get("questionnaire")
        if not isinstance(canonical, str):
            return None
        return reading.library.for_questionnaire(canonical, reading.base) or reading.library.gone_form(canonical, reading.base)
    slug, _, informant = (
        (own_code(resource, canonicals.score_system(reading.base)) or "").removesuffix(f".{canonicals.NOT_ANSWERED}").partition(".")
    )
    known = next((one for one in reading.library.newest if one.slug == slug), None)
    whose = next((one for one in known.forms if one == informant), None) if known else None
    return (known, whose) if known and whose else None


def _made(reading: _Reading, resource: FhirJson, kind: str, form: _Form, reason: NotAnsweredReason) -> NotAnswered | Skipped:
    instrument, informant = form
    when = parse_moment(resource.get("authored" if kind == _RESPONSE else "effectiveDateTime"), reading.zone)
    clinician = _clinician(reading, resource) if instrument.rated == "clinician" else None
    problem = _problem(reading, when, unnamed=instrument.rated == "clinician" and clinician is None)
    if problem is not None or when is None:
        code, why = problem or ("date_missing", _NO_DATE)
        named = form_named(instrument.title, informant)
        return Skipped(source=source_of(resource, kind), measure=instrument.slug, what=named, when=when, shown=None, reason=why, code=code)
    encounter = reference_in(resource.get("encounter"), base=reading.patient.base)
    encounter = encounter if encounter and encounter.startswith("Encounter/") else None
    return NotAnswered(
        instrument=instrument.slug,
        title=instrument.title,
        informant=informant,
        reason=reason,
        clinician=clinician,
        when=when,
        visit=encounter or when.day.isoformat(),
        encounter=encounter,
        decided_by=_named(reading, resource, "source", "performer"),
        entered_by=_named(reading, resource, "author"),
        source=source_of(resource, kind),
    )


_NO_DATE = Sentence("It has no date that can be read.")


def _problem(reading: _Reading, when: Moment | None, *, unnamed: bool) -> tuple[str, Sentence] | None:
    """Why it cannot be placed."""
    if unnamed:
        return "clinician_missing", Sentence("It does not say which clinician is rated.")
    if when is None:
        return "date_missing", _NO_DATE
    impossible = date_problem(when, reading.possible) if reading.possible is not None else None
    return (impossible, REASONS[impossible]) if impossible else None


def _clinician(reading: _Reading, resource: FhirJson) -> Person | None:
    """The rated person: the response's extension, or the Observation's focus."""
    url = canonicals.rated_clinician(reading.base)
    nodes = [one.get("valueReference") for one in _objects(resource.get("extension")) if one.get("url") == url]
    return next((person for node in (*nodes, *_objects(resource.get("focus"))) if (person := _person(reading, node)) is not None), None)


def _person(reading: _Reading, node: object) -> Person | None:
    named = literal_reference(node.get("reference"), base=reading.patient.base) if isinstance(node, dict) else None
    if named is None or not isinstance(node, dict) or not is_clinician(named.type):
        return None
    display = node.get("display")
    return Person(reference=named.text, name=display if isinstance(display, str) and display.strip() else None)


def _named(reading: _Reading, resource: FhirJson, *elements: str) -> str | None:
    """Whoever the first of these elements that names anybody names."""
    nodes = [node for element in elements for node in _objects(resource.get(element))]
    named = (literal_reference(node.get("reference"), base=reading.patient.base) for node in nodes)
    return next((one.text for one in named if one is not None), None)


def _response_reason(response: Mapping[str, Any], base: str) -> NotAnsweredReason | None:
    url = canonicals.not_answered_reason(base)
    concepts = [one.get("valueCodeableConcept") for one in _objects(response.get("extension")) if one.get("url") == url]
    return next((reason for one in concepts if (reason := _reason(one, base)) is not None), None)


def _reason(concept: object, base: str) -> NotAnsweredReason | None:
    """Our own code of a concept. The standard one beside it is wider, and says nothing of whose decision it was."""
    system = canonicals.not_answered_system(base)
    codings = _objects(concept.get("coding")) if isinstance(concept, dict) else []
    return next((reason for one in codings if one.get("system") == system and (reason := reason_of(one.get("code"))) is not None), None)


def _objects(node: object) -> list[Mapping[str, Any]]:
    listed = node if isinstance(node, list) else [node]
    return [one for one in listed if isinstance(one, dict)]
