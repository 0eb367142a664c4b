"""What goes with the focus line at every stop it has on a page: made of one read, so that a page that is open steps without another."""

from collections.abc import Iterator
from datetime import date, datetime

from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.history import Dyad, History
from smart_app.care.dashboard.read_mark import read_mark
from smart_app.web import formats
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.views.dashboard.events.event_lanes import event_cells, events_drawn
from smart_app.web.views.dashboard.focus_line import frame_with, place_in, range_links, shown_first, step_links
from smart_app.web.views.dashboard.lanes.alliance_lanes import ELEMENT, TOTAL, element_scales, score_cells, total_scale
from smart_app.web.views.dashboard.lanes.focus_cells import cells_heading
from smart_app.web.views.dashboard.lanes.measure_lanes import LaneFrame, is_drawn, measured_cells
from smart_app.web.views.dashboard.lanes.measure_rows import StoodRow, cell_heads, rail_shown, stood_rows
from smart_app.web.views.dashboard.lanes.unscored_lanes import answered_cells
from smart_app.web.views.parts import Link, Reading


class ColumnPlace(Struct, frozen=True, kw_only=True):
    """One place of the value column: the cells of a lane, unless it is what cells are called (`words`, or `heads` over rows), a low row, or
    `still`, which the line leaves as it is."""

    readings: tuple[Reading, ...] = ()
    words: Sentence | None = None
    heads: tuple[Sentence, ...] = ()
    row: StoodRow | None = None
    still: bool = False


class Stop(Struct, frozen=True, kw_only=True):
    """One place of the line: `day` as an address has it, `said` in words, where its links lead, and every place of the column, in the order
    of the page."""

    day: str
    said: Sentence
    ranges: tuple[Link, ...]
    earlier: str | None
    later: str | None
    column: tuple[ColumnPlace, ...]


class StopsView(Struct, frozen=True, kw_only=True):
    """Every stop of a range, and the mark of what was read."""

    read: str
    stops: tuple[Stop, ...]


def stops_view(history: History, *, page: str, signed_in: str, now: datetime, language: PageLanguage = ENGLISH_PAGE) -> StopsView:
    """All stops of one history. `page` is the dashboard's address, `signed_in` the reference of whoever reads it."""

    def stop(day: date) -> Stop:
        place = place_in(history, day)
        earlier, later = step_links(place, page=page, years=history.years)
        frame = frame_with(place, history, page=page, now=now, language=language)
        return Stop(
            day=day.isoformat(),
            said=formats.short_date(day),
            ranges=range_links(place, page=page, years=history.years),
            earlier=earlier,
            later=later,
            column=tuple(_column(history, frame, signed_in)),
        )

    return StopsView(read=read_mark(history), stops=tuple(map(stop, place_in(history, None).stops)))


def _column(history: History, frame: LaneFrame, signed_in: str) -> Iterator[ColumnPlace]:
    """The value column from top to bottom: the alliance, HbA1c, the elements, and what is folded or further down."""
    heading = ColumnPlace(words=cells_heading(frame.then))
    first, others = shown_first(history)
    ticked = first is not None and _has_plot(first)
    yield from [heading] if ticked else ()
    yield ColumnPlace(readings=_total(first, frame) if first else ())
    yield from _hba1c(history, frame, () if ticked else (heading,))
    elements = list(_elements(first, frame)) if first else []
    yield from (*elements, heading) if elements else ()
    for dyad in others:
        yield from [heading] if _has_plot(dyad) else ()
        yield ColumnPlace(readings=_total(dyad, frame))
        yield from _elements(dyad, frame)
    for form in history.companions:
        yield ColumnPlace(readings=_total(form, frame))
        yield from [heading] if _has_plot(form) else ()
        yield from _elements(form, frame)
    yield from _rows(history, frame)
    yield from [heading] if events_drawn(history, frame) else ()
    yield from (ColumnPlace(readings=event_cells(lane, frame, signed_in)) for lane in history.events)


def _hba1c(history: History, frame: LaneFrame, above: tuple[ColumnPlace, ...]) -> Iterator[ColumnPlace]:
    """HbA1c's lane with its ticks, which are beneath it where the alliance has them above."""
    panel = next((panel for panel in history.panels if panel.measure.key == "hba1c"), None)
    drawn = panel is not None and is_drawn(panel, frame)
    yield from above if drawn else ()
    yield from [ColumnPlace(readings=measured_cells(panel, frame, detailed=True))] if panel else ()
    yield from [ColumnPlace(still=True)] if drawn else ()


def _has_plot(dyad: Dyad) -> bool:
    return dyad.instrument.why_unscored is None and bool(dyad.ratings)


def _total(dyad: Dyad, frame: LaneFrame) -> tuple[Reading, ...]:
    if dyad.instrument.why_unscored is not None:
        return answered_cells(dyad, frame.then)
    return score_cells(dyad, total_scale(dyad.instrument), frame, drawing=TOTAL)


def _elements(dyad: Dyad, frame: LaneFrame) -> Iterator[ColumnPlace]:
    scales = element_scales(dyad.instrument) if _has_plot(dyad) else ()
    return (ColumnPlace(readings=score_cells(dyad, scale, frame, drawing=ELEMENT)) for scale in scales)


def _rows(history: History, frame: LaneFrame) -> Iterator[ColumnPlace]:
    rows, rail = stood_rows(history, frame), rail_shown(history, frame)
    if rows or rail:
        yield ColumnPlace(heads=cell_heads(frame.then))
    yield from (ColumnPlace(row=row) for row in rows)
    if rail:
        yield ColumnPlace(still=True)
