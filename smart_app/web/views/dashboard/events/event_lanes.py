"""Visits, diabetes education and medicines as lanes on the time axis: a mark for each, words above where there is room and in a list below
where there is none, and a table of all of them. What a status says is said; a medicine is the first in this record, and nothing is said to
have been started or stopped."""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from unicodedata import bidirectional

from msgspec import Struct

from fhir_mappings.events.education_codes import load_education_codes
from fhir_mappings.events.record_event import EducationStep, EventKind, RecordEvent
from fhir_mappings.r4.dates import is_known_earlier
from fhir_mappings.r4.display import cut
from fhir_mappings.r4.stood_then import last_on_or_before
from fhir_mappings.sentence import Sentence, counted, joined, listed
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import EventLane, History
from smart_app.care.record.reads import BOOKINGS, MEDICINES, PROCEDURES, REFERRALS, VISITS
from smart_app.web import formats
from smart_app.web.charts.event_marks import EventMark, EventShape, draw_events
from smart_app.web.charts.label_placement import CHARACTER, across
from smart_app.web.charts.plot import TimeScale
from smart_app.web.views.dashboard.lanes.focus_cells import StoodThen, none_then, told_then
from smart_app.web.views.dashboard.lanes.measure_lanes import NONE_IN_RANGE, LaneFrame
from smart_app.web.views.parts import Lane, Reading, Table, Words, filled_columns, read_notice

_MOST_LISTED = 6
_MOST_SPOKEN = 12
_WIDEST_WORDS = 28 * CHARACTER
_TITLES: Mapping[EventKind, Sentence] = {
    "visit": Sentence("Visits"),
    "education": Sentence("Diabetes education"),
    "medicine": Sentence("Medicines"),
}
_ALL_TITLES = Sentence("Visits, education and medicines")
_WITH_YOU, _WITH_OTHERS, _NOT_SAID = Sentence("with you"), Sentence("with others"), Sentence("with whom is not said")
_STEPS: Mapping[EducationStep, tuple[Sentence, EventShape]] = {
    "referred": (Sentence("referred"), "triangle"),
    "proposed": (Sentence("referral proposed"), "open-circle"),
    "withdrawn": (Sentence("referral withdrawn"), "cross"),
    "waiting": (Sentence("on hold or waiting"), "open-circle"),
    "requested": (Sentence("booking asked for"), "open-circle"),
    "booked": (Sentence("booked"), "open-square"),
    "came": (Sentence("came"), "dot"),
    "cancelled": (Sentence("booking cancelled"), "cross"),
    "no_show": (Sentence("no-show recorded"), "cross"),
    "declined": (Sentence("recorded as declined"), "cross"),
    "did_not_attend": (Sentence("recorded as not attended"), "cross"),
    "attended": (Sentence("attended"), "dot"),
    "completed": (Sentence("completed"), "square"),
    "under_way": (Sentence("under way"), "dot"),
    "not_done": (Sentence("not done"), "cross"),
    "stopped": (Sentence("stopped before its end"), "cross"),
    "done": (Sentence("done"), "dot"),
}
_UNNAMED_MEDICINE, _UNNAMED_VISIT = Sentence("a medicine without a name"), Sentence("visit")
_FIRST, _EARLIEST_READ = Sentence("first in this record"), Sentence("earliest of what was read")
_YEAR_ONLY, _MONTH_ONLY = Sentence("year only, drawn at its start"), Sentence("month only, drawn at its start")
_HEAD = (Sentence("Date"), Sentence("What"), Sentence("Status in the record"), Sentence("Remarks"), Sentence("Source"))
# How a read is called where it lacks something: its title alone may be one thing or many.
_LISTS: Mapping[str, Sentence] = {
    VISITS: Sentence("The list of visits"),
    REFERRALS: Sentence("The list of education referrals"),
    BOOKINGS: Sentence("The list of education bookings"),
    PROCEDURES: Sentence("The list of education procedures"),
    MEDICINES: Sentence("The list of medicines"),
}
_HAVE_BEEN: frozenset[EducationStep | None] = frozenset({"attended", "completed", "done"})
_STRENGTH = re.compile(r"\s+\d")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_ISOLATED = "\u2068{}\u2069"
# What the events of these lanes are read from.
_TYPES = frozenset({"Encounter", "ServiceRequest", "Appointment", "Procedure", "MedicationRequest"})


class EventsPanel(Struct, frozen=True, kw_only=True):
    """The lanes of what the entry asks for, under one heading; `drawn`: at least one has a plot."""

    title: Sentence
    standing: str
    lanes: tuple[Lane, ...]
    drawn: bool


class _Sorted(Struct, frozen=True, kw_only=True):
    """The events of a lane: those on the axis, those before it, and those that lie ahead."""

    drawn: Sequence[RecordEvent]
    earlier: Sequence[RecordEvent]
    ahead: Sequence[RecordEvent]


def events_panel(history: History, frame: LaneFrame, *, signed_in: str) -> EventsPanel | None:
    """None where nothing of the kind is asked for. `signed_in` is the reference of whoever reads the page."""
    if not history.events:
        return None
    lanes = tuple(_lane(one, frame, signed_in) for one in history.events)
    return EventsPanel(
        title=_TITLES[history.events[0].kind] if len(history.events) == 1 else _ALL_TITLES,
        standing=f"{history.server}, {formats.clock(history.read_at, frame.zone)}",
        lanes=lanes,
        drawn=events_drawn(history, frame),
    )


def events_drawn(history: History, frame: LaneFrame) -> bool:
    """Whether any lane of them has a plot."""
    return any(_sorted_out(lane.events, frame.time).drawn for lane in history.events)


def is_of_events(skip: Skipped) -> bool:
    """Whether what is not shown is no value but an event."""
    return skip.source.partition("/")[0] in _TYPES


def _lane(lane: EventLane, frame: LaneFrame, signed_in: str) -> Lane:
    title, parts = _TITLES[lane.kind], _sorted_out(lane.events, frame.time)
    unread = min((read for read in lane.reads if not read.whole), key=lambda read: not read.unfinished, default=None)
    at = formats.clock(max(read.finished for read in lane.reads), frame.zone)
    marks = _marks(lane.kind, parts.drawn, signed_in)
    drawing = draw_events(marks, time=frame.time, language=frame.language) if marks else None
    worded = {place: _worded(parts.drawn[place], mark) for place, mark in enumerate(marks) if mark.words}
    dropped = [worded[place] for place in (drawing.dropped if drawing else ())]
    ahead = [_told(lane.kind, event) for event in parts.ahead]
    rows = _in_table(lane, parts)
    return Lane(
        title=title,
        unit="",
        about=_about(lane),
        readings=event_cells(lane, frame, signed_in),
        alt=_alt(lane, parts.drawn, title),
        below=_few([*worded.values(), *ahead]),
        plot=drawing.plot if drawing else None,
        notice=read_notice(unread, _LISTS[unread.key], frame.retry, at=at) if unread else None,
        words=None if drawing or (unread and not lane.events) else _words_for_none(lane, parts, at),
        table=_table(lane, rows, signed_in) if rows else None,
        listed=_few([*dropped, *ahead]) if drawing else (),
    )


def _sorted_out(events: Sequence[RecordEvent], time: TimeScale) -> _Sorted:
    return _Sorted(
        drawn=[event for event in events if time.start <= event.when.day <= time.end],
        earlier=[event for event in events if event.when.day < time.start],
        ahead=[event for event in events if event.when.day > time.end],
    )


def _marks(kind: EventKind, events: Sequence[RecordEvent], signed_in: str) -> list[EventMark]:
    if kind == "visit":
        return [EventMark(event.when.day, "dot" if _is_with(event, signed_in) else "open-square") for event in events]
    if kind == "medicine":
        return [_medicine_mark(event) for event in events]
    been = {event.when.day for event in events if event.step in _HAVE_BEEN}
    words = {place: said for _, run in groupby(_spoken(events, been), key=lambda one: _step(one[1])) for place, said in [_run(list(run))]}
    return [EventMark(event.when.day, _STEPS[_step(event)][1], words.get(place, "")) for place, event in enumerate(events)]


def _medicine_mark(event: RecordEvent) -> EventMark:
    """Its name, or as much of it as stands before its strength."""
    whole, name = _short(event.what), _short(_STRENGTH.split(event.what, maxsplit=1)[0])
    shorter = f"{name.removesuffix('…')}…" if name and name != whole else ""
    return EventMark(event.when.day, "square", _isolated(whole) or _UNNAMED_MEDICINE, _isolated(shorter))


def _spoken(events: Sequence[RecordEvent], been: Container[date]) -> Iterator[tuple[int, RecordEvent]]:
    """The steps that have words, each with its place: that somebody came goes without where they were there by another word that day."""
    return (one for one in enumerate(events) if not (one[1].step == "came" and one[1].when.day in been))


def _run(steps: Sequence[tuple[int, RecordEvent]]) -> tuple[int, Sentence]:
    """Steps of one kind, one after the other: the words stand above the first of them."""
    place, first = steps[0]
    words = _STEPS[_step(first)][0]
    return place, words if len(steps) == 1 else Sentence("{what}, {n} times", what=words, n=len(steps))


def _step(event: RecordEvent) -> EducationStep:
    return event.step or "done"


def _is_with(event: RecordEvent, signed_in: str) -> bool:
    return any(one.reference == signed_in for one in event.people)


def _short(words: str) -> str:
    """As much of a name as words in a plot may be wide."""
    if across(words) <= _WIDEST_WORDS:
        return words
    place = next(place for place in range(len(words), 0, -1) if across(words[:place]) <= _WIDEST_WORDS - CHARACTER)
    return f"{words[:place].rstrip()}…"


def _isolated(words: str) -> str:
    """A record's words that run from right to left, kept from turning round what stands beside them (Unicode Standard Annex 9)."""
    return _ISOLATED.format(words) if any(bidirectional(sign) in _RIGHT_TO_LEFT for sign in words) else words


def _what(kind: EventKind, event: RecordEvent) -> str:
    """An event in a few words."""
    if kind == "education":
        return _STEPS[_step(event)][0]
    return _isolated(cut(event.what)) or (_UNNAMED_MEDICINE if kind == "medicine" else _UNNAMED_VISIT)


def _told(kind: EventKind, event: RecordEvent) -> Sentence:
    return Sentence("{day}: {what}", day=event.when, what=_what(kind, event))


def _worded(event: RecordEvent, mark: EventMark) -> Sentence:
    """What a mark's words say, by a name that is not cut to fit."""
    return _told(event.kind, event) if event.kind == "medicine" else Sentence("{day}: {what}", day=event.when, what=mark.words)


def _few(lines: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The newest lines, and how many more there are."""
    if not lines:
        return ()
    left = len(lines) - _MOST_LISTED
    shown = joined(" · ", lines[-_MOST_LISTED:])
    more = counted("and {n} more in the table", "and {n} more in the table", left) if left > 0 else None
    return (joined(" · ", [shown, more]) if more else shown,)


def _about(lane: EventLane) -> tuple[Sentence, ...]:
    if lane.kind == "visit":
        return (Sentence("filled: with you; open: others, or not said"),)
    if lane.kind == "medicine":
        first = _FIRST if lane.whole else _EARLIEST_READ
        return (*([first] if lane.events else []), Sentence("no stops are read"))
    return (Sentence("as its status in the record says"),)


def event_cells(lane: EventLane, frame: LaneFrame, signed_in: str) -> tuple[Reading, ...]:
    """The latest and the one before, or that of a day and the latest; each where none later can be missing."""
    past = [event for event in lane.events if event.when.day <= frame.today]
    if frame.then is not None:
        return (_reading_then(lane, past, frame.then, signed_in),) if lane.events else ()
    if not past:
        return ()
    last = past[-1]
    if not _covers(lane, last):
        return (Reading(mark="", name="", value="", unit=Sentence("latest not known"), notes=()),)
    notes = (*_own_notes(lane.kind, last, signed_in), *_one_before(lane, past))
    return (Reading(mark="", name="", value="", unit=_unit(lane.kind, last), notes=notes),)


def _covers(lane: EventLane, event: RecordEvent) -> bool:
    """Whether none later than it can be missing; of medicines only of a whole read, as the first of one may be older than it seems."""
    return lane.whole if lane.kind == "medicine" else all(read.covers(event.when.day) for read in lane.reads)


def _unit(kind: EventKind, event: RecordEvent) -> str:
    return formats.short_moment(event.when) if kind == "visit" else _what(kind, event)


def _own_notes(kind: EventKind, event: RecordEvent, signed_in: str) -> tuple[Sentence, ...]:
    """With whom a visit was; when anything else was."""
    if kind == "visit":
        return (_with_whom(event, signed_in),)
    day = formats.short_moment(event.when)
    return (day,) if kind == "education" else (Sentence("{first}, {day}", first=_FIRST, day=day),)


def _one_before(lane: EventLane, past: Sequence[RecordEvent]) -> tuple[Sentence, ...]:
    """The one before the latest, where that is known."""
    before = past[-2] if len(past) > 1 and is_known_earlier(past[-2].when, past[-1].when) and _covers(lane, past[-2]) else None
    if before is None:
        return ()
    if lane.kind == "visit":
        return (Sentence("before: {day}", day=before.when),)
    return (Sentence("before: {what} {day}", what=_what(lane.kind, before), day=formats.on(before.when)),)


def _reading_then(lane: EventLane, past: Sequence[RecordEvent], then: date, signed_in: str) -> Reading:
    """The last on or before a day, and the latest, each with its own date."""
    found = last_on_or_before(lane.events, then)
    last = past[-1] if past and _covers(lane, past[-1]) else None
    known = lane.whole if found.value is None else _covers(lane, found.value)
    value = found.value if known else None
    stood = StoodThen(value=value, known=known, beside=found.beside if known else (), latest=value is not None and value is last)
    told = told_then(stood, lambda one: _with_whom(one, signed_in) if lane.kind == "visit" else _what(lane.kind, one), latest=last)
    if value is None:
        return Reading(mark="", name="", value="", unit=none_then(stood, then), notes=told)
    said = _with_whom(value, signed_in) if lane.kind == "visit" else _what(lane.kind, value)
    return Reading(mark="", name="", value="", unit=said, notes=told)


def _with_whom(event: RecordEvent, signed_in: str) -> Sentence:
    if _is_with(event, signed_in):
        return _WITH_YOU
    names = [one.name for one in event.people if one.name]
    return Sentence("with {people}", people=listed(names)) if names else _WITH_OTHERS if event.people else _NOT_SAID


def _alt(lane: EventLane, drawn: Sequence[RecordEvent], title: Sentence) -> Sentence:
    """The plot in words: all of few, else how many."""
    if lane.kind == "visit" or len(drawn) > _MOST_SPOKEN:
        return counted("{title}: {n} mark, in the table by date", "{title}: {n} marks, in the table by date", len(drawn), title=title)
    return Sentence("{title}: {events}", title=title, events=joined("; ", [_told(lane.kind, event) for event in drawn]))


def _words_for_none(lane: EventLane, parts: _Sorted, at: str) -> Words:
    """Why nothing is drawn: there is nothing, or only before or after what the axis shows."""
    if not lane.events:
        asked = tuple(f"{code} ({system})" for system, code in load_education_codes()) if lane.kind == "education" else ()
        return Words(lead=Sentence("None found"), lines=(Sentence("All dates. Search complete, {time}.", time=at),), asked=asked)
    return Words(lead=NONE_IN_RANGE, lines=_few([_told(lane.kind, event) for event in (*parts.earlier, *parts.ahead)]))


def _in_table(lane: EventLane, parts: _Sorted) -> Sequence[RecordEvent]:
    """Of visits those of the range that is shown, as of values; a course and medicines whole: what began before it goes on."""
    return parts.drawn if lane.kind == "visit" else lane.events


def _table(lane: EventLane, events: Sequence[RecordEvent], signed_in: str) -> Table:
    rows = [_row(lane.kind, event, signed_in) for event in reversed(events)]
    head, shown = filled_columns(_HEAD, list(zip(*rows, strict=True)))
    return Table(summary=_summary(len(rows), of=len(lane.events)), style="plain", head=head, rows=shown)


def _summary(shown: int, *, of: int) -> Sentence:
    if shown == of:
        return counted("Table of {n} event", "Table of {n} events", shown)
    return counted("Table of {shown} of {n} event", "Table of {shown} of {n} events", of, shown=shown)


def _row(kind: EventKind, event: RecordEvent, signed_in: str) -> tuple[str, ...]:
    what = _what(kind, event)
    named = Sentence("{what} ({name})", what=what, name=_isolated(event.what)) if kind == "education" else event.what
    named = named if event.what else what
    return (formats.short_moment(event.when), named, _status(event), joined("; ", _remarks(kind, event, signed_in)), event.source)


def _status(event: RecordEvent) -> str:
    """That of a medicine's first request says nothing of the latest."""
    if event.latest is None or event.latest_status == event.status:
        return event.status
    return Sentence("first {first}, latest {latest}", first=event.status, latest=event.latest_status)


def _remarks(kind: EventKind, event: RecordEvent, signed_in: str) -> list[Sentence]:
    """Everything else the record says, and how precisely it says when."""
    coarse = [] if formats.is_whole_day(event.when) else [_YEAR_ONLY if event.when.precision == "year" else _MONTH_ONLY]
    if kind == "visit":
        return [_with_whom(event, signed_in), *([Sentence("until {day}", day=event.until)] if event.until else []), *coarse]
    if kind == "education":
        return coarse
    return [
        *([_requests(event)] if event.requests > 1 else []),
        *([] if event.certain else [Sentence("another request of it has no date, so this need not be the first")]),
        *([Sentence("says that it replaces an earlier one")] if event.replaces else []),
        *([Sentence("as somebody reported it")] if event.reported else []),
        *coarse,
    ]


def _requests(event: RecordEvent) -> Sentence:
    if event.latest is None:
        return counted("{n} request", "{n} requests", event.requests)
    return counted("{n} request, the latest of {day}", "{n} requests, the latest of {day}", event.requests, day=event.latest)
