"""The top of a clinician's page: the patient banner, in the order and words of the NHS CUI rules (PAB-0009 to 0056), and the line
that says in whose name and since when the page is open."""

from datetime import date, datetime

from msgspec import Struct

from fhir_mappings.r4.dates import parse_moment
from smart_app.care.record.patient_in_context import Patient
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web import formats
from smart_app.web.views.parts import Fact
from smart_app.web.views.sign_in_end import lasts_until


class Banner(Struct, frozen=True, kw_only=True):
    """`name` is "FAMILY, Given (Title)"; `facts` stand in their fixed order; `deceased` in words, None while alive; `standing` what else
    is the matter with the record, "" where nothing is."""

    name: str
    facts: tuple[Fact, ...]
    deceased: str | None
    standing: str = ""


class ContextLine(Struct, frozen=True, kw_only=True):
    """`patient_name` and `standing`, what speaks against the record, only when the EHR shows the banner itself: of what it shows there
    nothing is known. `lasts` is until when the sign-in does that cannot be renewed, "" for any other; `end` is where the launch is closed
    by POST with `patient_id`."""

    patient_name: str | None
    patient_id: str
    opened: str
    signed_in: str
    lasts: str
    synthetic: bool
    end: str | None
    standing: str = ""


def page_banner(patient: Patient, context: LaunchContext, *, today: date) -> Banner | None:
    """The clinician's banner, unless the EHR said that it shows one."""
    return clinician_banner(patient, today=today) if context.need_patient_banner else None


def context_line(patient: Patient, context: LaunchContext, *, now: datetime, end: str | None) -> ContextLine:
    """Who is signed in and since when; the patient's name stays on the page even without a banner."""
    opened = context.opened.astimezone(now.tzinfo)
    how = "Opened from the chart" if context.via == "ehr" else "Opened"
    return ContextLine(
        patient_name=None if context.need_patient_banner else full_name(patient),
        patient_id=patient.id,
        opened=f"{how} at {formats.clock(opened, now.tzinfo)}, {formats.short_date(opened.date())}",
        signed_in=context.user.called,
        lasts=lasts_until(context, now=now),
        synthetic=context.synthetic,
        end=end,
        standing="" if context.need_patient_banner else _all_that_stands(patient, today=now.date()),
    )


def clinician_banner(patient: Patient, *, today: date) -> Banner:
    """Name, birth date with age, gender, identifier; whatever is unknown says so in words."""
    gone = _deceased(patient, today)
    born = Fact(label="Born", value=_born(patient, None if gone else today))
    gender = Fact(label="Gender", value=formats.gender(patient.gender))
    return Banner(name=full_name(patient), facts=(born, gender, _identifier(patient)), deceased=gone, standing=_standing(patient, today))


def patient_banner(patient: Patient) -> Banner:
    """The micro banner of the patient's own pages (MPB-0001): name, birth date in long form, identifier, nothing else."""
    born = formats.long_date(patient.born) if patient.born else patient.born_text or formats.NOT_RECORDED
    facts = (Fact(label="Born", value=born), _identifier(patient))
    return Banner(name=_family_first(patient), facts=facts, deceased=None, standing=_standing_to_patient(patient))


def full_name(patient: Patient) -> str:
    """Whole, however long it is: `FAMILY, Given (Title)`."""
    return f"{_family_first(patient)} ({patient.title})" if patient.title else _family_first(patient)


def plain_name(patient: Patient) -> str:
    """For sentences: `Given Family`, or "the patient" where no name is recorded."""
    return " ".join(part for part in (patient.given, patient.family) if part) or "the patient"


def _family_first(patient: Patient) -> str:
    if not patient.family and not patient.given:
        return "Name not recorded"
    family = patient.family.upper() or "Family name not recorded"
    return f"{family}, {patient.given or 'given name not recorded'}"


def _born(patient: Patient, today: date | None) -> str:
    if patient.born is None:
        return f"{patient.born_text} (day not recorded)" if patient.born_text else formats.NOT_RECORDED
    born = formats.short_date(patient.born)
    return f"{born} ({formats.age(patient.born, today)})" if today else born


def _identifier(patient: Patient) -> Fact:
    label, value = patient.identifier or ("Identifier", formats.NOT_RECORDED)
    return Fact(label=label, value=value)


def _deceased(patient: Patient, today: date) -> str | None:
    """A date of death as "Died 02-Mar-2026", as precise as it is known; "Died, date not recorded" without one."""
    if patient.standing(today) != "dead":
        return None
    moment = parse_moment(patient.deceased)
    return f"Died {formats.short_moment(moment)}" if moment else f"Died, {_undated(patient.deceased or '')}"


def _undated(text: str) -> str:
    return "date not recorded" if text == "yes" else f"date recorded as “{text}”"


REPLACED = "This record was replaced; newer entries are in the other one."
INACTIVE = "This record is marked as not in use (inactive)."


def _standing(patient: Patient, today: date) -> str:
    """What a clinician has to know of the record, whatever else holds: a record may be replaced and its person dead."""
    said = [REPLACED] if patient.replaced else [] if patient.active else [INACTIVE]
    if patient.died_later(today):
        said.append("It records a day of death that has not come yet.")
    return " ".join(said)


def _all_that_stands(patient: Patient, *, today: date) -> str:
    """The same with the death, where no banner of ours says that."""
    gone = _deceased(patient, today)
    return " ".join(part for part in (f"{gone}." if gone else "", _standing(patient, today)) if part)


def _standing_to_patient(patient: Patient) -> str:
    """In a patient's words."""
    if patient.replaced:
        return "Your clinic has replaced this record; newer entries are in the other one."
    return "" if patient.active else "Your clinic has marked this record as not in use."
