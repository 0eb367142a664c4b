"""A fresh form: what its page needs, and how its answers will be stored."""

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.people.person import Person
from fhir_mappings.sentence import NOTHING, Sentence
from smart_app.care.forms.asked_form import AskedForm, check_clinician_chosen
from smart_app.care.forms.late_visit import LateVisit
from smart_app.care.record.access import permissions, prefetch_capabilities
from smart_app.care.record.own_device import OwnDevice
from smart_app.care.record.page_rule import Confirmation
from smart_app.care.record.patient_in_context import Patient, open_patient
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.visit_state import offers_for_form, refusal
from smart_app.care.submission.write_ladder import RUNGS, highest, why_not_write
from smart_app.errors import FhirError


class BlankForm(Struct, frozen=True, kw_only=True):
    """What a form page needs. `key` goes into the form as a hidden field. `clinician` is who is rated, None where nobody is;
    `signed_in` who has the page open. `from_paper`: the answers are typed in from the licensed sheet. `step` says how it will be stored, or
    `why_not_write` why it can only be kept in Rapport. `alone`: the patient has signed in themself, with no clinician around. `stopped`
    says why no page offers this form as the record stands ("" where one does); `confirm` what staff have to confirm when they send it;
    `stands` how their rating of this visit stands, `own_score` its total. `late` is the visit it is about where that is not the one open
    now. `own_device`: the patient has it open on a device of their own, by a one-time link; `away`: not at
    the clinic."""

    key: str
    instrument: Instrument
    informant: Informant
    clinician: Person | None
    signed_in: Person
    from_paper: bool
    patient: Patient
    encounter: str | None
    step: Sentence | None = None
    why_not_write: Sentence | None = None
    alone: bool = False
    stopped: Sentence = NOTHING
    confirm: tuple[Confirmation, ...] = ()
    stands: Sentence = NOTHING
    own_score: str | None = None
    late: LateVisit | None = None
    own_device: bool = False
    away: bool = False

    @property
    def at_home(self) -> bool:
        """Whether it is answered away from the clinic."""
        return self.alone or self.away


def begin_form(record: ChartRecord, asked: AskedForm) -> BlankForm:
    """A fresh form. SessionError when it does not say whom it is about; FhirError when the patient cannot be read."""
    check_clinician_chosen(asked)
    if record.own_device is not None:
        return _on_own_device(record, asked, record.own_device)
    prefetch_capabilities(record.context.iss, record.services)
    patient, state, offers = offers_for_form(record, asked)
    allowed = permissions(record)
    rung = highest(allowed)
    own = asked.informant == "clinician"
    return replace(
        _blank(record, asked, patient),
        step=rung.step if rung else None,
        why_not_write=None if rung else why_not_write(allowed),
        alone=asked.alone,
        stopped=refusal(offers, asked),
        confirm=() if asked.informant == "patient" and not asked.from_paper else offers.confirm,
        stands=offers.stands if own else NOTHING,
        own_score=state.own_score,
        late=asked.late,
    )


def _on_own_device(record: ChartRecord, asked: AskedForm, device: OwnDevice) -> BlankForm:
    """The same behind a one-time link, which was offered only where answers can be stored. Nothing is asked of the record once the launch
    is over, and nothing waits for a record that does not answer: what is sent is sealed, and waits with it."""
    patient = device.patient if device.waits else _as_recorded(record, device)
    return replace(
        _blank(record, asked, patient),
        step=RUNGS[-1].step,
        stopped=NOTHING if patient.standing(record.now().date()) == "current" else _CLOSED,
        own_device=True,
        away=not device.in_room,
    )


def _blank(record: ChartRecord, asked: AskedForm, patient: Patient) -> BlankForm:
    """What holds of it at every door."""
    return BlankForm(
        key=record.services.new_id(),
        instrument=asked.instrument,
        informant=asked.informant,
        clinician=asked.rated,
        signed_in=asked.signed_in,
        from_paper=asked.from_paper,
        patient=patient,
        encounter=record.context.encounter,
    )


def _as_recorded(record: ChartRecord, device: OwnDevice) -> Patient:
    try:
        return open_patient(record)
    except FhirError:
        return device.patient


# What a record says of a death is the clinic's to tell or to put right.
_CLOSED = Sentence("These questions cannot be answered any more. Please ask your clinic.")
