"""The named states: each a whole history that a page must carry without a wrong word or an empty axis."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from msgspec.structs import replace

from fhir_mappings.events.education_codes import load_education_codes
from fhir_mappings.events.education_reader import read_education
from fhir_mappings.events.event_rules import EventContext
from fhir_mappings.events.medicine_reader import read_medicines
from fhir_mappings.events.visit_reader import read_visits
from fhir_mappings.measures.measurement import Measurement, Remark
from fhir_mappings.reliable_change.latest_change import Change
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import HiddenRating, History
from smart_app.care.record.patient_in_context import Patient
from tests.fhir_mappings.events.records_of_events import booking, encounter, medicine, referral
from tests.fhir_mappings.records import WHO
from tests.web.support_history import (
    HBA1C,
    MEASURES,
    SOFIA,
    TODAY,
    TOMAS,
    dyad,
    history,
    in_percent,
    lane_of,
    moment,
    panel,
    rating,
    read,
    repaired_ratings,
    spread,
    value,
)

WHOLE, CODES = EventContext(patient=WHO), load_education_codes()
_HBA1C_DAYS = (
    date(2024, 12, 3), date(2025, 3, 4), date(2025, 6, 10), date(2025, 9, 9), date(2025, 12, 2), date(2026, 3, 3), date(2026, 5, 26),
    date(2026, 8, 18), date(2026, 11, 3),
)  # fmt: skip
_OTHERS = {
    "tir": ("58", "55", "52", "55", "58", "62", "66"),
    "glucose": ("7.0", "7.2", "7.3", "8.4", "10.0", "17.8", "11.0", "9.0", "8.2"),
    "bp": ("140/85", "136/82", "138/84", "139/86", "142/88", "150/92", "146/90", "134/80", "131/79"),
    "weight": ("84.1", "84.7", "85.2", "86.0", "87.1", "87.4", "85.6", "82.9", "82.1"),
    "ldl": ("2.9", "2.8", "3.1", "2.4", "1.9"),
    "egfr": ("78", "77", "74", "76", "75"),
    "uacr": ("1.0", "3.4", "2.6", "2.1"),
}


def _hba1c_values() -> list[Measurement]:
    values = [
        value(HBA1C, day, text) for day, text in zip(_HBA1C_DAYS, ("58", "", "61", "66", "74", "83", "79", "69", "62"), strict=True) if text
    ]
    values[5] = values[5]._replace(standing="corrected", remarks=(Remark("comment", "was 97 mmol/mol"),))
    return [values[0], in_percent(_HBA1C_DAYS[1], "7.5"), *values[1:]]


def _other_values(key: str) -> list[Measurement]:
    of = next(each for each in MEASURES if each.key == key)
    values = spread(of, _OTHERS[key])
    return [values[0]._replace(comparator="<"), *values[1:]] if key == "uacr" else values


def _skips() -> list[Skipped]:
    rows = (
        (
            "cgm-0629",
            "tir",
            "Time in range",
            date(2026, 6, 29),
            "71 %",
            "Sensor worn 41 % of 14 days; at least 70 % is needed",
            "insufficient",
        ),
        ("lab-88213", "uacr", "Urine albumin", date(2026, 2, 2), "24", "No unit recorded", "unit_missing"),
        ("vs-20417", "weight", "Weight", date(2025, 3, 3), "184.6 kg", "Marked entered in error by the source", "entered_in_error"),
    )
    return [
        Skipped(
            source=f"Observation/{source}",
            measure=key,
            what=Sentence(what),
            when=moment(day),
            shown=shown,
            reason=Sentence(reason),
            code=code,
        )
        for source, key, what, day, shown, reason, code in rows
    ]


def repaired() -> History:
    """Strained then repaired, every measure present, a few values not shown."""
    ratings = repaired_ratings()
    patient = [each for each in ratings if each.informant == "patient"]
    hba1c = _hba1c_values()
    changes = (
        Change(kind="alliance", title="Total", informant="patient", earlier=patient[5], later=patient[9], scale="total"),
        Change(kind="element", title="Task", informant="patient", earlier=patient[5], later=patient[9], scale="task"),
        Change(kind="measure", title="HbA1c", informant=None, earlier=hba1c[5], later=hba1c[-1], scale=None),
    )
    skips = _skips()
    panels = [panel(of, _other_values(of.key), skipped=[skip for skip in skips if skip.measure == of.key]) for of in MEASURES]
    return history(dyads=[dyad(ratings)], panels=[panel(HBA1C, hba1c), *panels], changes=changes, skipped=skips)


def new_patient() -> History:
    """Nothing recorded, every search finished."""
    return history(panels=[panel(of, []) for of in (HBA1C, *MEASURES)])


def partial() -> History:
    """One read failed, one HbA1c has an impossible unit, the patient's ratings are at the top of the scale."""
    days = [TODAY - timedelta(days=5 + 91 * index) for index in range(8)][::-1]
    ratings = [each for day in days for each in (rating("patient", day, ("5.00",) * 3), rating("clinician", day, ("4.00", "4.00", "4.33")))]
    wrong = Skipped(
        source="Observation/lab-90127", measure="hba1c", what=Sentence("HbA1c"), when=moment(date(2026, 8, 11)), shown="61 %",
        code="implausible",
        reason=Sentence("Outside 3–20 %; the number would fit mmol/mol, but Rapport does not guess units"),
        remedy=Sentence("The laboratory corrects the unit at the source"),
    )  # fmt: skip
    hba1c = [each for each in spread(HBA1C, ("57", "58", "55", "58", "57", "57", "56", "56")) if each.when.day != date(2026, 8, 18)]
    broken = read("glucose", "Glucose", state="failed", reason="The server answered 503 twice")
    kept = [panel(of, _other_values(of.key)) for of in MEASURES if of.key in {"bp", "weight"}]
    patient = Patient(
        id="p2", family="Montgomery-Achterberg", given="Maximilian Sebastiaan", title="Dr", born=date(1957, 6, 30), born_text="1957-06-30",
        gender=None, identifier=("MRN", "390 4416"), deceased=None,
    )  # fmt: skip
    changes = (
        Change(kind="alliance", title="Total", informant="patient", earlier=ratings[-4], later=ratings[-2], scale="total"),
        Change(kind="measure", title="HbA1c", informant=None, earlier=hba1c[-2], later=hba1c[-1], scale=None),
    )
    panels = [panel(HBA1C, hba1c, skipped=[wrong]), panel(MEASURES[1], [], report=broken), *kept]
    return history(dyads=[dyad(ratings)], panels=panels, changes=changes, skipped=[wrong], patient=patient)


def waiting() -> History:
    """The patient has rated today's visit; the clinician has not."""
    whole = repaired()
    hidden = HiddenRating(clinician=SOFIA, mine=True, visit="Encounter/e1", day=TODAY, encounter="e1")
    return replace(whole, hidden=(hidden,))


def change_of_clinician() -> History:
    """Two dyads; the signed-in clinician's has two visits."""
    others = [replace(each, clinician=TOMAS) for each in repaired_ratings()[:12]]
    mine = [
        each
        for day in (date(2026, 6, 2), date(2026, 9, 22))
        for each in (rating("patient", day, ("3.67", "4.00", "4.00")), rating("clinician", day, ("3.67", "3.67", "3.67")))
    ]
    dyads = [dyad(mine), dyad(others, clinician=TOMAS, mine=False)]
    return history(dyads=dyads, panels=[panel(HBA1C, _hba1c_values())])


def oddities() -> History:
    """Two methods, bounds, a preliminary value, off-scale values, a gap, converted points; an older latest; partial dates."""
    days = [date(2024, 12, 20) + timedelta(days=50 * index) for index in range(14)]
    values = [value(HBA1C, day, str(50 + 5 * index)) for index, day in enumerate(days)]
    values[3] = values[3]._replace(comparator=">", value=Decimal(105))
    values[6] = values[6]._replace(method="point of care")
    values[8] = values[8]._replace(method="point of care")
    values[10] = in_percent(days[10], "8.10")
    values[13] = values[13]._replace(standing="preliminary")
    old = [value(MEASURES[4], date(2019, 5, 2), "3.10")]
    sugar = [
        each._replace(converted=True, reported=each.reported._replace(text="180", unit="mg/dL", label="mg/dL"))
        for each in spread(MEASURES[1], ("10.0", "9.9", "10.1"))
    ]
    pressures = spread(MEASURES[2], ("210/95", "120/70", "118/35"))
    partial_read = read("labs", "Laboratory", state="partial", reason="Only the first 20 pages were read", number=5, foreign=3)
    panels = [
        panel(HBA1C, values), panel(MEASURES[4], old), panel(MEASURES[1], sugar), panel(MEASURES[2], pressures),
        panel(MEASURES[5], spread(MEASURES[5], ("61", "59")), report=partial_read),
        panel(MEASURES[3], [], report=read("vitals", "Vital signs", state="not_permitted", reason="The scope does not cover vital signs")),
    ]  # fmt: skip
    return history(panels=panels, dyads=[dyad([rating("patient", date(2026, 3, 10), ("3.67", None, "4.00"))])])


def twelve_years() -> History:
    """600 observations and 96 ratings over twelve years, all shown."""
    start = date(2014, 11, 22)
    ratings = [
        each
        for index in range(48)
        for day in [TODAY - timedelta(days=20 + 90 * (47 - index))]
        for each in (
            rating("patient", day, (f"{3 + (index * 7 % 10) / 5:.2f}", f"{3 + (index * 3 % 10) / 5:.2f}", "4.00")),
            rating("clinician", day, (f"{3 + (index * 5 % 9) / 6:.2f}", "3.67", "4.00")),
        )
    ]
    panels = [panel(of, _long(of.key, index), start=start) for index, of in enumerate((HBA1C, *MEASURES))]
    return history(years="all", start=start, dyads=[dyad(ratings, start=start)], panels=panels)


def _long(key: str, seed: int) -> Sequence[Measurement]:
    of = next(each for each in (HBA1C, *MEASURES) if each.key == key)
    low, high = float(of.axis.low), float(of.axis.high)
    texts = [f"{low + (high - low) * (0.3 + 0.4 * ((index * 37 + seed * 11) % 23) / 23):.{of.decimals}f}" for index in range(75)]
    return spread(of, [f"{float(text):.0f}/{float(text) - 40:.0f}" for text in texts] if key == "bp" else texts, days_between=58)


def with_events() -> History:
    """Visits, a course and medicines beside a history: words that meet, a booking ahead, and medicines of which a part was read."""
    lanes = (
        lane_of("visit", read_visits([encounter(), encounter(id="e2", period={"start": "2026-09"}, participant=None)], WHOLE)),
        lane_of(
            "education", read_education([referral()], [booking(), booking(id="a2", start="2027-01-12")], [], codes=CODES, context=WHOLE)
        ),
        lane_of(
            "medicine",
            read_medicines([medicine(), medicine("Insulin glargine", "274783", id="m2", authoredOn="2026-05-20")], WHOLE),
            state="partial",
            reason="Only the first page was read.",
        ),
    )
    found = repaired()
    return replace(found, events=lanes, reads=[*found.reads, *(one for lane in lanes for one in lane.reads)])


STATES = {
    "events": with_events,
    "repaired": repaired,
    "new": new_patient,
    "partial": partial,
    "waiting": waiting,
    "two-dyads": change_of_clinician,
    "oddities": oddities,
    "twelve-years": twelve_years,
}
