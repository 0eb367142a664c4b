"""Histories in the states a dashboard must survive, built from the contract types alone; people and numbers are invented."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Literal

from fhir_mappings.events.record_event import EventKind, ReadEvents
from fhir_mappings.instruments.instrument import Citation, Form, Informant, Instrument, Item, Option, Question, Rights, Scale
from fhir_mappings.instruments.scores import Score
from fhir_mappings.measures.measure import Axis, Measure, MeasureGroup, SecondUnit, Unit
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.latest_change import Change
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import Dyad, EventLane, HiddenRating, History, Panel, Years
from smart_app.care.record.page_rule import PageFacts
from smart_app.care.record.patient_in_context import Patient
from smart_app.care.record.reads import EVENT_READS, ReadReport
from smart_app.launch.context.launch_context import LaunchContext, User
from smart_app.web.views.dashboard.dashboard_page import DashboardUrls
from smart_app.web.views.parts import Link

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
TODAY = NOW.date()
SOFIA = Person(reference="Practitioner/sofia", name="Sofia Lindqvist")
TOMAS = Person(reference="Practitioner/tomas", name="Tomas Weiss")
FACTS = PageFacts(
    standing="current", can_write=True, place="visit", clinician_rated="no", patient_rated="no", sent="none", blind=True
)  # fmt: skip
URLS = DashboardUrls(
    page="/l/abc/",
    hand_over=Link(href="/l/abc/handover/rapport-check-in", text="Hand over to patient"),
    rate=Link(href="/l/abc/check/rapport-check-in/clinician", text="Rate this visit"),
    reveal="/l/abc/reveal", end="/l/abc/end",
    answered=lambda source: f"/l/abc/rating/{blake2b(source.encode(), digest_size=8).hexdigest()}",
)  # fmt: skip
INGRID = Patient(
    id="p1", family="Halvorsen", given="Ingrid", title="Ms", born=date(1968, 3, 14), born_text="1968-03-14", gender="female",
    identifier=("MRN", "482 7719"), deceased=None,
)  # fmt: skip
CONTEXT = LaunchContext(
    iss="https://ehr.example/fhir", issuer_name="Northfield General", via="ehr", patient="p1", encounter="e1",
    user=User(reference="Practitioner/sofia", name="Sofia Lindqvist", issuer="https://ehr.example", subject="sofia"),
    scope="patient/*.rs", access_token="t", refresh_token=None, token_endpoint=None, expires=None, opened=NOW,
    need_patient_banner=True, synthetic=True,
)  # fmt: skip


_ELEMENTS = ("goal", "task", "bond")
_ABOUT = {"goal": "agreement on aims", "task": "agreement on the steps", "bond": "trust and respect"}
_ITEMS = tuple(f"{element}-{number}" for element in _ELEMENTS for number in (1, 2, 3))


def _scale(key: str, about: str, items: tuple[str, ...], needs: tuple[str, ...] = ()) -> Scale:
    return Scale(
        key=key, title=key.capitalize(), about=about, method="mean", items=items, min_answered=len(items), needs=needs,
        factor=Decimal(1), direction="higher = stronger alliance", low=1, high=5,
    )  # fmt: skip


CHECK_IN = Instrument(
    slug="rapport-check-in",
    version="0.1.0",
    language="en",
    title=Sentence("Rapport check-in"),
    description="Nine questions on goal, task and bond.",
    validated=False,
    direction=Sentence("higher = stronger alliance"),
    rated="clinician",
    recall="today's visit",
    forms={name: Form(informant=name, title="t", intro="i", minutes=2) for name in ("patient", "clinician")},
    sections=(),
    options=tuple(Option(code=str(value), value=value, label=None) for value in range(1, 6)),
    items=tuple(Item(link_id=link, number=number, scale=link[:4], reverse=False, text={}) for number, link in enumerate(_ITEMS, 1)),
    questions=(Question(link_id="difficult", text={}, options=(Option(code="no", value=0, label="No"),)),),
    scales=(
        _scale("total", "all nine questions", _ITEMS, _ELEMENTS),
        *(_scale(key, _ABOUT[key], tuple(item for item in _ITEMS if item.startswith(key))) for key in _ELEMENTS),
    ),
    claims=(),
    reliability=(),
    cutoffs=(),
    rights=Rights(holder="Rapport contributors", licence=Sentence("Apache-2.0"), terms="", wording_ships=True, permission=""),
    citations=(Citation(text="Written for Rapport.", certainty="verified"),),
)


def moment(day: date) -> Moment:
    return Moment(day=day, text=day.isoformat(), precision="day")


def rating(who: Informant, day: date, scores: Sequence[str | None], clinician: Person = SOFIA) -> Rating:
    """Goal, task, bond as text, None for an unscored one; the total is their mean, or unscored with them."""
    known = [Decimal(score) for score in scores if score]
    whole = len(known) == len(scores)
    total = str((sum(known, Decimal(0)) / 3).quantize(Decimal("0.01"))) if whole else None
    texts = dict(zip(("goal", "task", "bond", "total"), (*scores, total), strict=True))
    return Rating(
        instrument=CHECK_IN.slug,
        version=CHECK_IN.version,
        informant=who,
        clinician=clinician,
        when=moment(day),
        visit=day.isoformat(),
        encounter=None,
        scores={key: _score(key, text) for key, text in texts.items()},
        answers={},
        declined=() if whole else ("task-2",),
        extra={"difficult": "no"} if who == "patient" else {},
        standing="completed",
        source=f"QuestionnaireResponse/{who}-{day:%y%m%d}",
    )


def _score(key: str, text: str | None) -> Score:
    of = 9 if key == "total" else 3
    return Score(
        key=key, value=Decimal(text) if text else None, text=text, answered=of if text else of - 1, of=of, prorated=False,
        reason=None if text else Sentence("A question was not answered."),
    )  # fmt: skip


def dyad(ratings: Sequence[Rating], *, clinician: Person = SOFIA, mine: bool = True, start: date = date(2024, 11, 22)) -> Dyad:
    by = {who: [each for each in ratings if each.informant == who] for who in ("patient", "clinician")}
    return Dyad(
        clinician=clinician,
        instrument=CHECK_IN,
        mine=mine,
        ratings=[each for each in ratings if each.when.day >= start],
        latest={who: found[-1] for who, found in by.items() if found},
        previous={who: found[-2] for who, found in by.items() if len(found) > 1},
        visits=len({each.visit for each in ratings}),
        total=len(ratings),
    )


_GROUP = MeasureGroup(key="all", title=Sentence("All"), order=0, categories=(), source="", certainty="unverified")


def measure(
    key: str, title: str, direction: str, label: str, axis: tuple[str, ...], *, second: SecondUnit | None = None, about: str = ""
) -> Measure:
    numbers = [Decimal(text) for text in axis]
    unit = Unit(code=label, label=label, slope=Decimal(1), intercept=Decimal(0), low=numbers[0], high=numbers[-1], spellings=())
    return Measure(
        key=key, title=Sentence(title), about=Sentence(about), group=_GROUP, direction=Sentence(direction), unit=label, label=label,
        decimals=1 if second is None else 0,
        axis=Axis(low=numbers[0], high=numbers[-1], ticks=tuple(numbers[1:-1])), second=second, units=(unit,), codes=(),
        gap_days=280, citations=(),
    )  # fmt: skip


_PERCENT = SecondUnit(code="%", label="%", slope=Decimal("0.09148"), intercept=Decimal("2.152"), decimals=1)
HBA1C = measure(
    "hba1c", "HbA1c", "lower = nearer target", "mmol/mol", ("30", "48", "58", "75", "86", "110"), second=_PERCENT, about="Laboratory HbA1c"
)
MEASURES = (
    measure("tir", "Time in range", "higher = more time in range", "%", ("0", "0", "70", "100", "100")),
    measure("glucose", "Glucose", "", "mmol/L", ("2", "4", "10", "16", "18"), about="laboratory, fasting or not as named"),
    measure("bp", "Blood pressure", "lower = nearer target", "mm Hg", ("40", "80", "130", "180")),
    measure("weight", "Weight", "no direction set", "kg", ("40", "60", "90", "120", "140")),
    measure("ldl", "LDL cholesterol", "lower = nearer target", "mmol/L", ("0", "0", "2", "4", "6")),
    measure("egfr", "eGFR", "higher = better filtration", "mL/min/1.73 m²", ("0", "30", "60", "90", "120")),
    measure("uacr", "Urine albumin/creatinine", "lower = less albumin", "mg/mmol", ("0", "0", "3", "6", "7")),
)


def value(of: Measure, day: date, text: str, *, paired: str | None = None, performer: str | None = "Northfield Laboratory") -> Measurement:
    return Measurement(
        measure=of.key, when=moment(day), value=Decimal(text), paired=Decimal(paired) if paired else None,
        reported=Quantity(text=text, unit=of.unit, label=of.label),
        reported_paired=Quantity(text=paired, unit=of.unit, label=of.label) if paired else None,
        converted=False, comparator=None, standing="final", method=None, source=f"Observation/{of.key}-{day:%y%m%d}", performer=performer,
    )  # fmt: skip


def in_percent(day: date, text: str) -> Measurement:
    """An HbA1c reported in % and drawn in mmol/mol."""
    plain = value(HBA1C, day, str((Decimal(text) - Decimal("2.152")) / Decimal("0.09148")))
    return plain._replace(reported=Quantity(text=text, unit="%", label="%"), converted=True)


State = Literal["complete", "partial", "failed", "unsupported", "not_permitted"]


def read(key: str, title: str, *, state: State = "complete", reason: str | None = None, number: int = 0, foreign: int = 0) -> ReadReport:
    why = None if reason is None else Sentence(reason)
    return ReadReport(key=key, title=title, state=state, count=number, reason=why, foreign=foreign, finished=NOW)


def panel(
    of: Measure, values: Sequence[Measurement], *, skipped: Sequence[Skipped] = (), report: ReadReport | None = None,
    start: date = date(2024, 11, 22),
) -> Panel:  # fmt: skip
    return Panel(
        measure=of, read=report or read(of.key, of.title, number=len(values)), points=[each for each in values if each.when.day >= start],
        latest=values[-1] if values else None, previous=values[-2] if len(values) > 1 else None, total=len(values), skipped=skipped,
    )  # fmt: skip


def history(
    *, dyads: Sequence[Dyad] = (), panels: Sequence[Panel] = (), changes: Sequence[Change] = (), hidden: Sequence[HiddenRating] = (),
    years: Years = "2", start: date = date(2024, 11, 22), skipped: Sequence[Skipped] = (), patient: Patient = INGRID,
    facts: PageFacts = FACTS,
) -> History:  # fmt: skip
    reads = [read("patient", "Patient", number=1), read("ratings", "Ratings", number=sum(each.total for each in dyads))]
    return History(
        patient=patient, years=years, start=start, end=TODAY, read_at=NOW, server="Northfield General", dyads=dyads, hidden=hidden,
        panels=panels, changes=changes, skipped=skipped, reads=[*reads, *(each.read for each in panels)],
        why_not_write=None, facts=facts, visit="Encounter/e1",
    )  # fmt: skip


_DAYS = (
    date(2024, 12, 10), date(2025, 3, 11), date(2025, 6, 17), date(2025, 9, 16), date(2025, 12, 9), date(2026, 3, 10),
    date(2026, 4, 28), date(2026, 6, 16), date(2026, 8, 25), date(2026, 11, 10),
)  # fmt: skip
_PATIENT = (
    ("4.00", "4.00", "4.50"), ("4.00", "4.00", "4.25"), ("4.00", "3.75", "4.25"), ("3.75", "3.50", "4.25"), ("3.25", "2.50", "4.00"),
    ("3.00", "2.25", "3.75"), ("3.50", "3.25", "4.00"), ("3.50", None, "4.00"), ("3.75", "3.75", "4.25"), ("4.00", "4.00", "4.50"),
)  # fmt: skip
_CLINICIAN = (
    ("3.75", "3.75", "4.25"), ("3.75", "3.75", "4.25"), ("4.00", "3.75", "4.25"), ("3.75", "3.75", "4.25"), ("3.75", "3.50", "4.25"),
    ("3.25", "2.75", "3.75"), ("3.25", "3.00", "3.75"), ("3.50", "3.50", "4.00"), ("3.75", "3.50", "4.00"), ("3.75", "3.75", "4.25"),
)  # fmt: skip


def _both(patient: Sequence[str | None], clinician: Sequence[str | None]) -> tuple[tuple[Informant, Sequence[str | None]], ...]:
    return (("patient", patient), ("clinician", clinician))


def repaired_ratings() -> list[Rating]:
    """Ten visits of Ingrid and Sofia, oldest first; the patient's rating of 16-Jun-2026 has an unscored task."""
    return [
        rating(who, day, scores)
        for day, patient, clinician in zip(_DAYS, _PATIENT, _CLINICIAN, strict=True)
        for who, scores in _both(patient, clinician)
    ]


def spread(of: Measure, texts: Sequence[str], *, days_between: int = 84) -> list[Measurement]:
    """Values at even distances, the last one twelve days ago; "131/79" is a pair."""
    first = TODAY - timedelta(days=12 + days_between * (len(texts) - 1))
    parts = [text.partition("/") for text in texts]
    return [value(of, first + timedelta(days=days_between * index), high, paired=low or None) for index, (high, _, low) in enumerate(parts)]


def lane_of(kind: EventKind, events: ReadEvents, *, state: State = "complete", reason: str | None = None) -> EventLane:
    """Events with the reads of their kind, all of which went alike."""
    feature = "medicines" if kind == "medicine" else kind
    reads = [read(key, key.capitalize(), state=state, reason=reason) for key in EVENT_READS[feature]]
    return EventLane(kind=kind, events=events.events, reads=reads)
