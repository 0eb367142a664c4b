"""Visits, education and medicines of one patient, of the kinds that were asked for, from the reads of a dashboard."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from fhir_mappings.events.education_codes import load_education_codes
from fhir_mappings.events.education_reader import read_education
from fhir_mappings.events.event_rules import EventContext
from fhir_mappings.events.medicine_reader import read_medicines
from fhir_mappings.events.record_event import EventKind, ReadEvents
from fhir_mappings.events.visit_reader import read_visits
from fhir_mappings.r4.possible_dates import PossibleDates
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import EventLane
from smart_app.care.record.access import patient_on_server
from smart_app.care.record.reads import (
    BOOKINGS,
    EVENT_READS,
    MEDICINES,
    PROCEDURES,
    REFERRALS,
    VISITS,
    Readings,
    ReadReport,
    events_asked_for,
)
from smart_app.care.record.record import ChartRecord

_KINDS: Mapping[str, EventKind] = {"visit": "visit", "education": "education", "medicines": "medicine"}


class EventsOfRecord(NamedTuple):
    """A lane for each kind, what is not drawn of them, and the reports of their reads with what was used."""

    lanes: tuple[EventLane, ...]
    skipped: tuple[Skipped, ...]
    reports: Mapping[str, ReadReport]


def events_of(record: ChartRecord, readings: Readings, possible: PossibleDates) -> EventsOfRecord:
    """What was read of each kind."""
    context = EventContext(patient=patient_on_server(record.context), zone=record.zone, possible=possible)
    lanes: list[EventLane] = []
    skipped: list[Skipped] = []
    reports: dict[str, ReadReport] = {}
    for feature in events_asked_for(record):
        read = _READERS[feature](readings, context)
        own = {key: _used(readings.reports[key], read) for key in EVENT_READS[feature]} if feature == "education" else {}
        lanes.append(EventLane(kind=_KINDS[feature], events=read.events, reads=tuple({**_reports(readings, feature), **own}.values())))
        skipped += read.skipped
        reports |= own
    return EventsOfRecord(tuple(lanes), tuple(skipped), reports)


def _reports(readings: Readings, feature: str) -> Mapping[str, ReadReport]:
    return {key: readings.reports[key] for key in EVENT_READS[feature]}


def _used(report: ReadReport, read: ReadEvents) -> ReadReport:
    """With the number that is of education: what else is booked and done is none of the page's business."""
    kind = {REFERRALS: "ServiceRequest", BOOKINGS: "Appointment", PROCEDURES: "Procedure"}[report.key]
    sources = [*(event.source for event in read.events), *(skip.source for skip in read.skipped)]
    return replace(report, count=sum(source.startswith(f"{kind}/") for source in sources))


def _visits(readings: Readings, context: EventContext) -> ReadEvents:
    return read_visits(readings.resources[VISITS], context)


def _education(readings: Readings, context: EventContext) -> ReadEvents:
    requests, booked, done = (readings.resources[key] for key in (REFERRALS, BOOKINGS, PROCEDURES))
    return read_education(requests, booked, done, codes=load_education_codes(), context=context)


def _medicines(readings: Readings, context: EventContext) -> ReadEvents:
    return read_medicines(readings.resources[MEDICINES], context)


_READERS: Mapping[str, Callable[[Readings, EventContext], ReadEvents]] = {
    "visit": _visits,
    "education": _education,
    "medicines": _medicines,
}
