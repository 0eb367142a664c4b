"""What a patient finds who has signed in themself: the forms they can answer, about whom, and when they answered before. Never a score."""

from collections.abc import Iterable, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.people.clinicians import name_of
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment, position
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.ratings.rating_reader import read_ratings
from smart_app.care.forms.asked_form import portal_form_of
from smart_app.care.record.access import base_of, patient_on_server, permissions, reader
from smart_app.care.record.general_practitioners import general_practitioners
from smart_app.care.record.patient_in_context import Patient, patient_of, remember_patient
from smart_app.care.record.reads import ANSWERS, Readings, ReadReport, read_all
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.write_ladder import highest
from smart_app.errors import SessionError
from smart_app.fhir.client import Resource
from smart_app.fhir.gather import Loaded, gather
from smart_app.services import AppServices


class PortalForm(Struct, frozen=True, kw_only=True):
    """A form to answer, about `clinician` where it is about one; `last` is when it was answered before, None where that is not known."""

    instrument: Instrument
    clinician: Person | None
    last: Moment | None


class Sent(Struct, frozen=True, kw_only=True):
    """Answers of the patient that are in the record: to which form, about whom, when. Nothing of what they say."""

    instrument: Instrument
    clinician: Person | None
    when: Moment


class PortalHome(Struct, frozen=True, kw_only=True):
    """`sent` is newest first, `read` tells whether all of it could be read; `can_send` is False where the record takes no answers;
    `nobody_known`: there is a form about a clinician, and none is known whom it could be about."""

    patient: Patient
    forms: tuple[PortalForm, ...]
    sent: tuple[Sent, ...]
    read: ReadReport
    can_send: bool
    nobody_known: bool


def load_portal(record: ChartRecord) -> PortalHome:
    """The page of the launch's patient. FhirError only when their entry cannot be read or is another's."""
    readings = read_all(record, only=(ANSWERS,))
    remember_patient(record, readings.patient)
    answered = _answered(record, readings)
    sent = tuple(_without_content(record.services, rating) for rating in answered)
    instruments = _instruments(record.services)
    clinicians = _clinicians(record, readings.patient, answered)
    return PortalHome(
        patient=patient_of(readings.patient, zone=record.zone),
        forms=tuple(form for instrument in instruments for form in _forms(instrument, clinicians, sent)),
        sent=sent,
        read=readings.reports[ANSWERS],
        can_send=highest(permissions(record)) is not None,
        nobody_known=not clinicians and any(instrument.rated == "clinician" for instrument in instruments),
    )


def known_clinicians(record: ChartRecord) -> tuple[Person, ...]:
    """Whom the patient's forms can be about, as their page offers them. FhirError only when their entry cannot be read or is another's."""
    readings = read_all(record, only=(ANSWERS,))
    remember_patient(record, readings.patient)
    return _clinicians(record, readings.patient, _answered(record, readings))


def _instruments(services: AppServices) -> tuple[Instrument, ...]:
    """Every form of the site that a patient can answer without a licensed sheet, in its order."""
    found = []
    for slug in services.settings.instruments:
        try:
            found.append(portal_form_of(services, slug))
        except SessionError:
            continue
    return tuple(found)


def _answered(record: ChartRecord, readings: Readings) -> Sequence[Rating]:
    """The patient's own ratings, newest first. Those entered in error are none."""
    library, canonical = record.services.library, record.services.settings.canonical_base
    responses, patient = readings.resources[ANSWERS], patient_on_server(record.context)
    ratings, _ = read_ratings(library, responses, [], patient=patient, base=canonical, zone=record.zone)
    own = [rating for rating in ratings if rating.informant == "patient"]
    return sorted(own, key=lambda rating: position(rating.when), reverse=True)


def _without_content(services: AppServices, rating: Rating) -> Sent:
    instrument = services.library.get(rating.instrument, version=rating.version, language=services.settings.language)
    return Sent(instrument=instrument, clinician=rating.clinician, when=rating.when)


def _clinicians(record: ChartRecord, patient: Resource, answered: Sequence[Rating]) -> tuple[Person, ...]:
    """Whom a form can be about: those the patient has answered about, the latest first, then those their entry names as their own."""
    found: dict[str, Person] = {}
    for person in (*(one.clinician for one in answered if one.clinician), *general_practitioners(patient, base=base_of(record.context))):
        known = found.get(person.reference)
        found[person.reference] = person if known is None or known.name is None else known
    return _named(record, found.values())


def _named(record: ChartRecord, people: Iterable[Person]) -> tuple[Person, ...]:
    """The same people, their names read where none was given and the sign-in allows it."""
    listed = tuple(people)
    nameless = [person.reference for person in listed if person.name is None]
    if not nameless or not permissions(record).granted("Practitioner", "read"):
        return listed
    client, services = reader(record), record.services
    read = gather(services.pool, {one: partial(client.read_reference, one) for one in nameless}, seconds=services.settings.read_deadline)
    names = {reference: name_of(found.value) for reference, found in read.items() if isinstance(found, Loaded)}
    return tuple(replace(person, name=person.name or names.get(person.reference)) for person in listed)


def _forms(instrument: Instrument, clinicians: Sequence[Person], sent: Sequence[Sent]) -> tuple[PortalForm, ...]:
    """The form for each clinician it can be about, or the one form about nobody in particular."""
    about: Sequence[Person | None] = clinicians if instrument.rated == "clinician" else (None,)
    return tuple(PortalForm(instrument=instrument, clinician=one, last=_last(instrument, one, sent)) for one in about)


def _last(instrument: Instrument, clinician: Person | None, sent: Sequence[Sent]) -> Moment | None:
    """When the form was last answered about them, in any version."""
    reference = clinician.reference if clinician else None
    same = (one for one in sent if one.instrument.slug == instrument.slug and _reference(one.clinician) == reference)
    return next((one.when for one in same), None)


def _reference(person: Person | None) -> str | None:
    return person.reference if person else None
