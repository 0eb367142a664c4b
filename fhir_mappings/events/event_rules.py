"""What every event is judged by: whose it is, its status, modifiers, its date. Nothing raises but `NotDrawn`, which no reader lets out."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, tzinfo

from msgspec import Struct

from fhir_mappings.events.record_event import ReadEvents, RecordEvent
from fhir_mappings.r4.dates import Moment, is_known_earlier, parse_moment, position
from fhir_mappings.r4.display import cut
from fhir_mappings.r4.json_types import FhirJson, objects_in
from fhir_mappings.r4.possible_dates import REASONS, PossibleDates, date_problem
from fhir_mappings.r4.references import About, PatientOnServer, source_of
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped, not_own

_IN_ERROR = Sentence("Marked entered in error by the source.")
_MODIFIED = Sentence("It carries a modifier that Rapport does not know.")
_FORBIDS = Sentence("It says what is not to be done.")
_UNDATED = Sentence("No date is recorded that could be read.")
_REVERSED = Sentence("Its end is before its start.")
_NO_STATUS = Sentence("No status is recorded, so nobody can tell whether it took place.")
_CORRECT_THE_DATE = Sentence("Correct the date in the record.")
# The strength of a medicine may stand at its name's end, so none is cut that is a name.
_LONGEST_NAME = 200
# US Core has it where nobody knows the medicine.
_NO_CODES = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


class EventContext(Struct, frozen=True, kw_only=True):
    """Whose record it is, the clinic's `zone`, and the dates that something of theirs can have, None where any can."""

    patient: PatientOnServer
    zone: tzinfo = UTC
    possible: PossibleDates | None = None


class NotDrawn(Exception):
    """Why an event is listed and not drawn."""

    def __init__(self, code: str, reason: Sentence, *, when: Moment | None = None, remedy: Sentence | None = None) -> None:
        super().__init__(code)
        self.code, self.reason, self.when, self.remedy = code, reason, when, remedy


def read_own(
    resources: Iterable[FhirJson], read: Callable[[FhirJson], RecordEvent], context: EventContext, *, called: Sentence
) -> tuple[list[RecordEvent], list[Skipped]]:
    """Each of the patient's own resources as an event, or the reason why not; of another's nothing but its id."""
    about, events, skipped = About(context.patient), list[RecordEvent](), list[Skipped]()
    for resource in resources:
        if not isinstance(resource, dict):
            continue
        judged = about.whose(resource)
        if judged.owner != "own":
            skipped.append(not_own(resource, judged))
            continue
        try:
            events.append(read(resource))
        except NotDrawn as why:
            skipped.append(_skipped(resource, why, called))
    return events, skipped


def in_time(events: Iterable[RecordEvent], skipped: Iterable[Skipped]) -> ReadEvents:
    """Events in order of time."""
    return ReadEvents(tuple(sorted(events, key=lambda event: position(event.when))), tuple(skipped))


def source_in(resource: FhirJson) -> str:
    """`Type/id` of a resource."""
    return source_of(resource, cut(resource.get("resourceType", "Resource")))


def known_status(resource: FhirJson, known: Collection[str], left_out: dict[str, Sentence], *, when: Moment | None = None) -> str:
    """Its status, where it is one of those `known`. NotDrawn for one that is `left_out`, is not known or is missing, for an event that was
    entered in error, that a modifier may turn into something else, or that is not to be done."""
    status = text_in(resource.get("status"))
    if status == "entered-in-error":
        raise NotDrawn("entered_in_error", _IN_ERROR, when=when)
    if status in left_out:
        raise NotDrawn(f"status_{status.replace('-', '_')}", left_out[status], when=when)
    if status not in known:
        unknown = Sentence("The status {status} is not known, so nobody can tell whether it took place.", status=cut(status))
        raise NotDrawn("status_unknown", unknown if status else _NO_STATUS, when=when)
    if resource.get("modifierExtension"):
        raise NotDrawn("modified", _MODIFIED, when=when)
    if resource.get("doNotPerform"):
        raise NotDrawn("do_not_perform", _FORBIDS, when=when)
    return status


def dated(when: Moment | None, context: EventContext, *, ahead: bool = False) -> Moment:
    """The moment, where there is one that the patient can have; `ahead`: it may lie in the future. NotDrawn else."""
    if when is None:
        raise NotDrawn("date_missing", _UNDATED)
    problem = date_problem(when, context.possible) if context.possible else None
    if problem is None or (ahead and problem == "future_date"):
        return when
    raise NotDrawn(problem, REASONS[problem], when=when, remedy=_CORRECT_THE_DATE)


def period_of(period: object, zone: tzinfo) -> tuple[Moment | None, Moment | None]:
    """Start and end of a period, each None where it cannot be read. NotDrawn for one that ends before it begins: nobody can tell which of
    the two is wrong."""
    if not isinstance(period, dict):
        return None, None
    start, end = parse_moment(period.get("start"), zone), parse_moment(period.get("end"), zone)
    if start is not None and end is not None and is_known_earlier(end, start):
        raise NotDrawn("period_reversed", _REVERSED, when=start, remedy=_CORRECT_THE_DATE)
    return start, end


def codings(*concepts: object) -> Iterator[tuple[str, str]]:
    """System and code of every coding of concepts, or of lists of them, but of those that say that there is none."""
    for concept in concepts:
        if isinstance(concept, list):
            yield from codings(*concept)
        elif isinstance(concept, dict):
            yield from (pair for pair in map(_pair, objects_in(concept.get("coding"))) if all(pair) and pair[0] != _NO_CODES)


def words_in(*concepts: object) -> str:
    """The first concept, of these and of the lists among them, that says something in words: its text, else a display."""
    for concept in concepts:
        if isinstance(concept, list):
            said = words_in(*concept)
        elif isinstance(concept, dict):
            displays = (coding.get("display") for coding in objects_in(concept.get("coding")))
            said = next((text for one in (concept.get("text"), concept.get("display"), *displays) if (text := _line(one))), "")
        else:
            said = ""
        if said:
            return said
    return ""


def text_in(written: object) -> str:
    """A code as it is written, without spaces around it; "" for what is no text."""
    return written.strip() if isinstance(written, str) else ""


def _pair(coding: FhirJson) -> tuple[str, str]:
    system, code = coding.get("system"), coding.get("code")
    return (system if isinstance(system, str) else "", code if isinstance(code, str) else "")


def _line(text: object) -> str:
    return cut(text, _LONGEST_NAME) if isinstance(text, str) and text.strip() else ""


def _skipped(resource: FhirJson, why: NotDrawn, called: Sentence) -> Skipped:
    concepts = (resource.get(name) for name in ("code", "type", "medicationCodeableConcept", "serviceType"))
    return Skipped(
        source=source_in(resource),
        measure=None,
        what=called,
        when=why.when,
        shown=words_in(*concepts) or None,
        reason=why.reason,
        code=why.code,
        remedy=why.remedy,
    )
