"""The patient banner: who the page is about, in the order and words of the NHS CUI patient banner rules (PAB-0009 to 0056)."""

from dataclasses import dataclass
from datetime import date

from smart_app.care.history import Patient
from smart_app.web import formats


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """`name` is "FAMILY, Given (Title)"; `facts` are (label, value) in their fixed order; `deceased` in words, None while alive."""

    name: str
    facts: tuple[tuple[str, str], ...]
    deceased: str | None


def clinician_banner(patient: Patient, *, today: date) -> Banner:
    """Name, birth date with age, gender, identifier; whatever is unknown says so in words."""
    gone = _deceased(patient.deceased)
    facts = (("Born", _born(patient, None if gone else today)), ("Gender", formats.gender(patient.gender)), _identifier(patient))
    return Banner(name=full_name(patient), facts=facts, deceased=gone)


def patient_banner(patient: Patient) -> Banner:
    """The micro banner of the patient's own pages (MPB-0001): name, birth date in long form, identifier, nothing else."""
    born = formats.long_date(patient.born) if patient.born else patient.born_text or formats.NOT_RECORDED
    return Banner(name=_family_first(patient), facts=(("Born", born), _identifier(patient)), deceased=None)


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


def _identifier(patient: Patient) -> tuple[str, str]:
    return patient.identifier or ("Identifier", formats.NOT_RECORDED)


def _deceased(text: str | None) -> str | None:
    """A date of death as "Died 02-Mar-2026", anything else as it was written."""
    if not text:
        return None
    try:
        return f"Died {formats.short_date(date.fromisoformat(text[:10]))}"
    except ValueError:
        return text
