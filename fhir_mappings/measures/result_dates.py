"""When a value was true, as its resource says: read, or the reason why it cannot be drawn at a place in time.

R4 `Observation.effective[x]` is a dateTime, Period, Timing or instant; only where none is given does `issued`, when the result was made
available, date it, and then the value says so.
"""

from datetime import tzinfo

from fhir_mappings.measures.quantity_reader import Unreadable
from fhir_mappings.r4.dates import Moment, parse_moment
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.possible_dates import REASONS, PossibleDates, date_problem
from fhir_mappings.sentence import Sentence

_UNREAD = object()
_CORRECT_THE_DATE = Sentence("Correct the date in the record.")
_CORRECT_EITHER = Sentence("Correct the date, or the patient's date of birth, in the record.")


def moment_otherwise(observation: FhirJson, zone: tzinfo) -> Moment | None:
    """When a value without the usual effectiveDateTime was true: an instant, the end of a period (else its start), the one event of a
    timing; else when it was issued. None when what is recorded first cannot be read: a later date would be another one."""
    effective = _effective(observation)
    return parse_moment(observation.get("issued") if effective is None else effective, zone)


def is_dated_by_report(observation: FhirJson) -> bool:
    """Whether only the time of the report dates it."""
    return observation.get("effectiveDateTime") is None and observation.get("issued") is not None and _effective(observation) is None


def undated(observation: FhirJson, *, shown: str) -> Unreadable:
    """Why a value without a moment has none."""
    if _effective(observation) is _UNREAD:
        remedy = Sentence("The source says when it was measured: one date and time, or a period.")
        return Unreadable("timing_unread", Sentence("Its time is given in a way that is not read."), shown=shown, remedy=remedy)
    return Unreadable("date_missing", Sentence("No date is recorded that could be read."), shown=shown)


def check_possible(when: Moment, possible: PossibleDates, *, shown: str) -> None:
    """Unreadable for a value of a day that the patient cannot have."""
    problem = date_problem(when, possible)
    if problem is not None:
        remedy = _CORRECT_EITHER if problem == "before_birth" else _CORRECT_THE_DATE
        raise Unreadable(problem, REASONS[problem], shown=shown, remedy=remedy)


def _effective(observation: FhirJson) -> object:
    """What dates the value but for the usual dateTime: a text, `_UNREAD` for what is given in another way, None where nothing is."""
    if observation.get("effectiveInstant") is not None:
        return observation["effectiveInstant"]
    period = observation.get("effectivePeriod")
    if period is not None:
        return _end(period)
    timing = observation.get("effectiveTiming")
    if timing is not None:
        return _event(timing)
    others = (key for key in observation if key.startswith("effective") and key != "effectiveDateTime")
    return _UNREAD if any(observation[key] is not None for key in others) else None


def _end(period: object) -> object:
    """The end of a period, else its start; None of one that says neither."""
    if not isinstance(period, dict):
        return _UNREAD
    return period.get("end") if period.get("end") is not None else period.get("start")


def _event(timing: object) -> object:
    """The one event of a timing. Several, or a rule by which it repeats, say when it was to be done and not when the value was true."""
    events = timing.get("event") if isinstance(timing, dict) and timing.keys() <= {"id", "event"} else None
    return events[0] if isinstance(events, list) and len(events) == 1 and events[0] is not None else _UNREAD
