"""The top of a clinician's page: the patient banner, in the order and words of the NHS CUI rules (PAB-0009 to 0056), and the line
that says in whose name and since when the page is open."""

from datetime import date, datetime

from msgspec import Struct

from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.sentence import Sentence, full_sentence, joined
from smart_app.care.record.patient_in_context import Patient
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web import formats
from smart_app.web.languages.text_width import columns
from smart_app.web.views.parts import Fact
from smart_app.web.views.sign_in_end import lasts_until


class Banner(Struct, frozen=True, kw_only=True):
    """`name` is "FAMILY, Given (Title)"; `facts` stand in their fixed order; `deceased` in words, None while alive; `standing` what else
    is the matter with the record, "" where nothing is."""

    name: str
    facts: tuple[Fact, ...]
    deceased: Sentence | None
    standing: str = ""


class ContextLine(Struct, frozen=True, kw_only=True):
    """`patient_name` and `standing`, what speaks against the record, only when the EHR shows the banner itself: of what it shows there
    nothing is known. `lasts` is until when the sign-in does that cannot be renewed, "" for any other; `end` is where the launch is closed
    by POST with `patient_id`."""

    patient_name: str | None
    patient_id: str
    opened: Sentence
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
    time, day = formats.clock(opened, now.tzinfo), formats.short_date(opened.date())
    from_chart = Sentence("Opened from the chart at {time}, {day}", time=time, day=day)
    return ContextLine(
        patient_name=None if context.need_patient_banner else full_name(patient),
        patient_id=patient.id,
        opened=from_chart if context.via == "ehr" else Sentence("Opened at {time}, {day}", time=time, day=day),
        signed_in=context.user.called,
        lasts=lasts_until(context, now=now),
        synthetic=context.synthetic,
        end=end,
        standing="" if context.need_patient_banner else _all_that_stands(patient, today=now.date()),
    )


def clinician_banner(patient: Patient, *, today: date) -> Banner:
    """Name, birth date with age, gender, identifier; whatever is unknown says so in words."""
    gone = _deceased(patient, today)
    born = Fact(label=_BORN, value=_born(patient, None if gone else today))
    gender = Fact(label=Sentence("Gender"), value=formats.gender(patient.gender))
    return Banner(name=full_name(patient), facts=(born, gender, _identifier(patient)), deceased=gone, standing=_standing(patient, today))


def patient_banner(patient: Patient) -> Banner:
    """The micro banner of the patient's own pages (MPB-0001): name, birth date in long form, identifier, nothing else."""
    born = formats.long_date(patient.born) if patient.born else patient.born_text or formats.NOT_RECORDED
    facts = (Fact(label=_BORN, value=born), _identifier(patient))
    return Banner(name=_family_first(patient), facts=facts, deceased=None, standing=_standing_to_patient(patient))


def full_name(patient: Patient) -> str:
    """Whole, however long it is: `FAMILY, Given (Title)`."""
    name = _family_first(patient)
    return Sentence("{name} ({title})", name=name, title=patient.title) if patient.title else name


def plain_name(patient: Patient) -> str:
    """For sentences: `Given Family`, or "the patient" where no name is recorded."""
    return recorded_name(patient) or Sentence("the patient")


def recorded_name(patient: Patient) -> str:
    """`Given Family`; "" where no name is recorded."""
    return " ".join(part for part in (patient.given, patient.family) if part)


def name_in_passing(patient: Patient) -> str:
    """The recorded name for a sentence beneath the banner, which says it whole: "" where none is recorded, or one so long that it would
    push the sentence aside."""
    name = recorded_name(patient)
    return name if columns(name) <= _LONGEST_IN_PASSING else ""


_LONGEST_IN_PASSING = 40
_BORN = Sentence("Born")


def _family_first(patient: Patient) -> str:
    if not patient.family and not patient.given:
        return Sentence("Name not recorded")
    family = patient.family.upper() or Sentence("Family name not recorded")
    return joined(", ", [family, patient.given or Sentence("given name not recorded")])


def _born(patient: Patient, today: date | None) -> Sentence:
    if patient.born is None:
        return Sentence("{written} (day not recorded)", written=patient.born_text) if patient.born_text else formats.NOT_RECORDED
    born = formats.short_date(patient.born)
    return Sentence("{day} ({age})", day=born, age=formats.age(patient.born, today)) if today else born


def _identifier(patient: Patient) -> Fact:
    label, value = patient.identifier or (Sentence("Identifier"), formats.NOT_RECORDED)
    return Fact(label=label, value=value)


def _deceased(patient: Patient, today: date) -> Sentence | None:
    """A date of death as "Died 02-Mar-2026", as precise as it is known; "Died, date not recorded" without one."""
    if patient.standing(today) != "dead":
        return None
    moment = parse_moment(patient.deceased)
    if moment:
        return Sentence("Died {day}", day=moment)
    written = patient.deceased or ""
    return Sentence("Died, date not recorded") if written == "yes" else Sentence("Died, date recorded as “{written}”", written=written)


REPLACED = Sentence("This record was replaced; newer entries are in the other one.")
INACTIVE = Sentence("This record is marked as not in use (inactive).")


def _standing(patient: Patient, today: date) -> str:
    """What a clinician has to know of the record, whatever else holds: a record may be replaced and its person dead."""
    said = [REPLACED] if patient.replaced else [] if patient.active else [INACTIVE]
    if patient.died_later(today):
        said.append(Sentence("It records a day of death that has not come yet."))
    return joined(" ", said)


def _all_that_stands(patient: Patient, *, today: date) -> str:
    """The same with the death, where no banner of ours says that."""
    gone = _deceased(patient, today)
    return joined(" ", [part for part in (full_sentence(gone) if gone else "", _standing(patient, today)) if part])


def _standing_to_patient(patient: Patient) -> str:
    """In a patient's words."""
    if patient.replaced:
        return Sentence("Your clinic has replaced this record; newer entries are in the other one.")
    return "" if patient.active else Sentence("Your clinic has marked this record as not in use.")
