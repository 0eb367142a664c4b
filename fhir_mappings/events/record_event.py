"""One event of a record, and what is left out: values that hold nothing but what the record says."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from fhir_mappings.people.clinicians import Named
from fhir_mappings.r4.dates import Moment
from fhir_mappings.skipped import Skipped

EventKind = Literal["visit", "education", "medicine"]
# What a code alone says of a course, and what a request, a booking or a procedure says by its status.
CodedStep = Literal["referred", "declined", "did_not_attend", "attended", "completed"]
EducationStep = (
    CodedStep
    | Literal[
        "proposed",
        "withdrawn",
        "requested",
        "waiting",
        "booked",
        "came",
        "cancelled",
        "no_show",
        "under_way",
        "not_done",
        "stopped",
        "done",
    ]
)


class RecordEvent(Struct, frozen=True, kw_only=True):
    """A visit, a step of a course, or a medicine. `what` is it in the record's words and `status` the code it stands under there, both ""
    where nothing is said; `until` is when it ended, of a visit; `people` are those of a visit, by references on the server that was read.

    Of a medicine `when` is that of the earliest of `requests` in what was read, and `latest` with its status that of the latest where it is
    another. `certain`: none of them is without a date. `replaces`: it says itself that it replaces an earlier one. `reported`: the record
    has it from somebody's report."""

    kind: EventKind
    when: Moment
    what: str
    status: str
    source: str
    step: EducationStep | None = None
    until: Moment | None = None
    people: tuple[Named, ...] = ()
    requests: int = 1
    latest: Moment | None = None
    latest_status: str = ""
    certain: bool = True
    replaces: bool = False
    reported: bool = False


class ReadEvents(NamedTuple):
    """Events in order of time, and what is not drawn, each with its reason."""

    events: Sequence[RecordEvent]
    skipped: Sequence[Skipped]
