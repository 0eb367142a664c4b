"""What a patient finds who has signed in themself: the forms they can answer, about whom, and when they answered before. Never a score."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.sentence import Sentence
from smart_app.care.forms.asked_form import portal_form_of
from smart_app.care.forms.observed_clinician import connected
from smart_app.care.patient_portal.own_responses import OwnItem, OwnResponse, OwnUnshown, own_ratings, own_responses
from smart_app.care.record.page_rule import offers_for
from smart_app.care.record.patient_in_context import Patient, patient_of, remember_patient
from smart_app.care.record.reads import ANSWERS, Readings, ReadReport, read_all
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.delivery import LeftBehind, kept_entries, left_behind
from smart_app.care.submission.visit_state import visit_state
from smart_app.care.undelivered.decisions import Discarded, untold
from smart_app.errors import SessionError
from smart_app.services import AppServices


class PortalForm(Struct, frozen=True, kw_only=True):
    """A form to answer, about `clinician` where it is about one; `last` is when it was answered before, None where that is not known.
    `unsure`: there is one of that form in the record which cannot be read, so that nothing is said of a first time."""

    instrument: Instrument
    clinician: Person | None
    last: Moment | None
    unsure: bool = False


class PortalHome(Struct, frozen=True, kw_only=True):
    """`own` is what the record has of theirs, newest first, `read` tells whether all of it could be read; `can_send` is False where nothing
    can be answered, and `stopped` says why; `asks_clinic`: it tells them to ask there; `nobody_known`: there is a form about a clinician,
    and none is known whom it could be about. `left` is what the patient sent that is not in the record, newest first, and what of it cannot
    be read here; `discarded` what of their answers was discarded and they have not been told."""

    patient: Patient
    forms: tuple[PortalForm, ...]
    own: tuple[OwnItem, ...]
    read: ReadReport
    can_send: bool
    stopped: Sentence
    asks_clinic: bool
    nobody_known: bool
    left: LeftBehind
    discarded: tuple[Discarded, ...] = ()


def load_portal(record: ChartRecord) -> PortalHome:
    """The page of the launch's patient. FhirError only when their entry cannot be read or is another's."""
    readings = read_all(record, only=(ANSWERS,))
    remember_patient(record, readings.patient)
    found = own_ratings(record, readings)
    clinicians = _clinicians(record, readings, found.ratings)
    own = own_responses(record, readings, found, clinicians)
    instruments = _instruments(record.services)
    patient = patient_of(readings.patient, zone=record.zone)
    facts = visit_state(record, patient=patient).facts
    offers = offers_for(facts)
    kept = kept_entries(record)
    return PortalHome(
        patient=patient,
        forms=tuple(form for instrument in instruments for form in _forms(instrument, clinicians, own)),
        own=own,
        read=readings.reports[ANSWERS],
        can_send=offers.answer,
        stopped=offers.stopped_home,
        asks_clinic=facts.standing != "current",
        nobody_known=not clinicians and any(instrument.rated == "clinician" for instrument in instruments),
        left=left_behind(kept),
        discarded=untold(record, kept),
    )


def known_clinicians(record: ChartRecord) -> tuple[Person, ...]:
    """Whom the patient's forms can be about, as their page offers them. FhirError only when their entry cannot be read or is another's."""
    readings = read_all(record, only=(ANSWERS,))
    remember_patient(record, readings.patient)
    return _clinicians(record, readings, own_ratings(record, readings).ratings)


def _instruments(services: AppServices) -> tuple[Instrument, ...]:
    """Every form of the site that a patient can answer without a licensed sheet, in its order."""
    found = []
    for slug in services.settings.instruments:
        try:
            found.append(portal_form_of(services, slug))
        except SessionError:
            continue
    return tuple(found)


def _clinicians(record: ChartRecord, readings: Readings, answered: Sequence[Rating]) -> tuple[Person, ...]:
    """Whom a form can be about: those the patient has answered about, the latest first, then those the record connects with them."""
    found = {person.reference: person for person in connected(record, readings)}
    before = [one.clinician for one in answered if one.clinician]
    known = {one.reference: replace(one, name=found[one.reference].name or one.name) if one.reference in found else one for one in before}
    return tuple((known | {reference: person for reference, person in found.items() if reference not in known}).values())


def _forms(instrument: Instrument, clinicians: Sequence[Person], own: Sequence[OwnItem]) -> tuple[PortalForm, ...]:
    """The form for each clinician it can be about, or the one form about nobody in particular."""
    about: Sequence[Person | None] = clinicians if instrument.rated == "clinician" else (None,)
    unsure = any(isinstance(one, OwnUnshown) and one.may_be_answered and one.instrument.slug == instrument.slug for one in own)
    return tuple(PortalForm(instrument=instrument, clinician=one, last=_last(instrument, one, own), unsure=unsure) for one in about)


def _last(instrument: Instrument, clinician: Person | None, own: Sequence[OwnItem]) -> Moment | None:
    """When the form was last answered about them, in any version."""
    reference, answered = _reference(clinician), (one for one in own if isinstance(one, OwnResponse))
    same = (one for one in answered if one.instrument.slug == instrument.slug and _reference(one.clinician) == reference)
    return next((one.when for one in same), None)


def _reference(person: Person | None) -> str | None:
    return person.reference if person else None
