"""The time axis that all lanes share, and on it the focus line: where it stands, where it can go, and the address of each place."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from msgspec import Struct

from fhir_mappings.sentence import Sentence, counted
from smart_app.care.dashboard.history import Dyad, History, Years
from smart_app.web import formats
from smart_app.web.charts import plot
from smart_app.web.languages.page_language import PageLanguage
from smart_app.web.views.dashboard.lanes.focus_cells import Focus, cells_heading, focus_of
from smart_app.web.views.dashboard.lanes.measure_lanes import LaneFrame
from smart_app.web.views.parts import Link

_RANGES: tuple[tuple[Years, Sentence], ...] = (
    ("1", counted("{n} year", "{n} years", 1)),
    ("2", counted("{n} year", "{n} years", 2)),
    ("5", counted("{n} year", "{n} years", 5)),
    ("all", Sentence("all")),
)
_NOT_IN_RANGE = Sentence("The day asked for is not in the range shown: the line stands at its latest place.")
# What an address asks for that is no date: it lies in no range.
NO_DAY = date.min


class TimeAxis(Struct, frozen=True, kw_only=True):
    """One time axis for every lane: ticks, visit hairlines as a path one unit high, and the focus line's stops. `focus_day` is where it
    stands in words and `day` as an address has it, `cells` what the two cells of the value column are, `said` why the line stands
    elsewhere than it was asked to. What stood at every stop is told at `told`, as long as the record is the one of the mark `read`."""

    ticks: tuple[plot.Tick, ...]
    visits: str
    today: str | None
    focus: str | None
    focus_day: str
    stops: str
    earlier: str | None
    later: str | None
    day: str
    cells: Sentence
    said: Sentence | None
    told: str
    read: str


def shown_first(history: History) -> tuple[Dyad | None, list[Dyad]]:
    """The signed-in clinician's dyad, else the first; and the others in order."""
    dyads = list(history.dyads)
    first = next((dyad for dyad in dyads if dyad.mine), dyads[0] if dyads else None)
    return first, [dyad for dyad in dyads if dyad is not first]


def place_in(history: History, asked: date | None) -> Focus:
    """Where the line stands in a history when it is asked to stand on a day."""
    hba1c = next((panel for panel in history.panels if panel.measure.key == "hba1c"), None)
    return focus_of(shown_first(history)[0], hba1c, within=(history.start, history.end), asked=asked)


def frame_with(
    place: Focus, history: History, *, page: str, now: datetime, language: PageLanguage, answered: Callable[[str], str] | None = None
) -> LaneFrame:
    """What all lanes share with the line at that place. `page` is the dashboard's address without query."""
    return LaneFrame(
        time=plot.TimeScale(start=history.start, end=history.end),
        today=now.date(),
        zone=now.tzinfo,
        retry=f"{page}?years={history.years}",
        everything=f"{page}?years=all",
        language=language,
        answered=answered,
        focus=place.day,
        then=place.then,
    )


def time_axis(frame: LaneFrame, place: Focus, *, page: str, years: Years, told: str, read: str) -> TimeAxis:
    """Visits of the dyad shown first carry the hairlines."""
    time = frame.time
    earlier, later = step_links(place, page=page, years=years)
    return TimeAxis(
        ticks=plot.time_ticks(time),
        visits=plot.vertical_lines(time, place.visits),
        today=time.percent(frame.today) if time.start <= frame.today <= time.end else None,
        focus=time.percent(place.day) if place.day else None,
        focus_day=formats.short_date(place.day) if place.day else "",
        stops=_stops(time, place.stops),
        earlier=earlier,
        later=later,
        day=place.day.isoformat() if place.day else "",
        cells=cells_heading(place.then),
        said=_NOT_IN_RANGE if place.refused and place.day else None,
        told=told,
        read=read,
    )


def step_links(place: Focus, *, page: str, years: Years) -> tuple[str | None, str | None]:
    """The page with the line one stop earlier, and one later; None where there is none."""
    address = f"{page}?years={years}&at="
    return (
        f"{address}{place.earlier}#focus" if place.earlier else None,
        f"{address}{place.later}#focus" if place.later else None,
    )


def range_links(place: Focus, *, page: str, years: Years) -> tuple[Link, ...]:
    """The other ranges, with the line where it was moved to."""
    at = f"&at={place.then}" if place.then else ""
    return tuple(Link(href=f"{page}?years={one}{at}", text=text, current=one == years) for one, text in _RANGES)


def _stops(time: plot.TimeScale, days: Sequence[date]) -> str:
    """Where the focus line can stand, as the page's script reads it: `12.5,2026-03-10 14.2,2026-04-28`."""
    return " ".join(f"{at[:-1]},{day}" for at, day in zip(time.percents(days), days, strict=True))
