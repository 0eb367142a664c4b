"""Encounters as visits: when, with whom, and what for. Total: an Encounter that is no visit of the patient comes back with its reason."""

from collections.abc import Iterable
from functools import partial

from msgspec.structs import replace

from fhir_mappings.events.event_rules import EventContext, dated, in_time, known_status, period_of, read_own, source_in, words_in
from fhir_mappings.events.record_event import ReadEvents, RecordEvent
from fhir_mappings.people.clinicians import Named, is_clinician, of_visit
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.references import local_reference
from fhir_mappings.sentence import Sentence

_CALLED = Sentence("Visit")
# http://hl7.org/fhir/R4/valueset-encounter-status.html
_TOOK_PLACE = frozenset({"arrived", "triaged", "in-progress", "onleave", "finished", "unknown"})
_DID_NOT = {
    "planned": Sentence("The source says: planned. It has not taken place."),
    "cancelled": Sentence("The source says: cancelled. It did not take place."),
}


def read_visits(encounters: Iterable[FhirJson], context: EventContext) -> ReadEvents:
    """Every visit, at the day it began; a stay of several days with the day it ended."""
    return in_time(*read_own(encounters, partial(_visit, context=context), context, called=_CALLED))


def _visit(encounter: FhirJson, *, context: EventContext) -> RecordEvent:
    start, end = period_of(encounter.get("period"), context.zone)
    status = known_status(encounter, _TOOK_PLACE, _DID_NOT, when=start or end)
    when = dated(start or end, context)
    return RecordEvent(
        kind="visit",
        when=when,
        what=words_in(encounter.get("type"), encounter.get("reasonCode"), encounter.get("serviceType"), encounter.get("class")),
        status=status,
        source=source_in(encounter),
        until=end if end is not None and end.day != when.day else None,
        people=_clinicians(encounter, context.patient.base),
    )


def _clinicians(encounter: FhirJson, base: str) -> tuple[Named, ...]:
    """Those who took part, each once, by a reference on the server that was read; one on another server names somebody else."""
    found: dict[str, Named] = {}
    for named in of_visit(encounter):
        reference = local_reference(named.reference, base=base)
        if reference is not None and is_clinician(reference.partition("/")[0]):
            found.setdefault(reference, replace(named, reference=reference))
    return tuple(found.values())
