"""Where the focus line stands, and what stood on that day: of each series the last value on or before it, by the rules that the latest is
found by. Never one between two values; not known where one may be missing."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Generic, TypeVar

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.r4.stood_then import HasMoment, last_on_or_before
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.history import Dyad, Panel
from smart_app.web import formats

_Value = TypeVar("_Value", bound=HasMoment)


class Focus(Struct, frozen=True, kw_only=True):
    """The day the focus line stands at, None where there is nowhere to stand, and where it can stand beside it. `moved`: that is not its
    latest place, so that cells speak of that day; `refused`: a day was asked for that the range does not hold."""

    day: date | None
    visits: Sequence[date]
    stops: Sequence[date]
    moved: bool
    refused: bool

    @property
    def then(self) -> date | None:
        """The day of which cells speak; None where they say the latest, and the one before."""
        return self.day if self.moved else None

    @property
    def earlier(self) -> date | None:
        """The nearest stop before the line."""
        return next((stop for stop in reversed(self.stops) if self.day and stop < self.day), None)

    @property
    def later(self) -> date | None:
        """The nearest stop after the line."""
        return next((stop for stop in self.stops if self.day and stop > self.day), None)


def focus_of(dyad: Dyad | None, hba1c: Panel | None, *, within: tuple[date, date], asked: date | None) -> Focus:
    """Where the line stands: on the day asked for, be it a stop or not, as long as the range holds it; else at the latest stop. Stops are
    the visits of the dyad shown first, without ratings the days of HbA1c."""
    visits = sorted({rating.when.day for rating in dyad.ratings}) if dyad else []
    stops = visits or sorted({point.when.day for point in hba1c.points} if hba1c else set())
    held = asked if stops and asked is not None and within[0] <= asked <= within[1] else None
    latest = stops[-1] if stops else None
    return Focus(
        day=held or latest,
        visits=visits,
        stops=stops,
        moved=held is not None and held != latest,
        refused=asked is not None and held is None,
    )


class StoodThen(Struct, Generic[_Value], frozen=True, kw_only=True):
    """What stood on a day. Without `known` a value of that day or before it may be missing, and `value` is None; else it is None where
    there was none yet. `beside` are those of which nobody can tell whether they are later. `latest`: it is the latest of all."""

    value: _Value | None
    known: bool
    beside: tuple[_Value, ...] = ()
    latest: bool = False


def cells_heading(then: date | None) -> Sentence:
    """What the two cells of the value column are."""
    return Sentence("On {day}, and latest", day=then) if then else Sentence("Latest, and the one before")


def none_then(stood: StoodThen[_Value], then: date) -> Sentence:
    """What stands in place of a value: that there was none yet, or that nobody knows."""
    return Sentence("none by {day}", day=then) if stood.known and not stood.beside else Sentence("not known")


def told_then(
    stood: StoodThen[_Value], say: Callable[[_Value], str], *, latest: _Value | None, in_order: bool = True
) -> tuple[Sentence, ...]:
    """What stands under the value of a day: the value's own date, what may be later than it, and the latest where that is another.
    `in_order`: nothing else may be as late as the latest."""
    when = formats.on if in_order else formats.some_time
    last = Sentence("latest not known") if latest is None else Sentence("latest {value} {day}", value=say(latest), day=when(latest.when))
    return (*_dated(stood, say), *(() if stood.latest else (last,)))


def _dated(stood: StoodThen[_Value], say: Callable[[_Value], str]) -> tuple[Sentence, ...]:
    value = stood.value
    if value is None:
        which = Sentence("before or after is not known")
        return tuple(Sentence("{value} {day}; {why}", value=say(one), day=formats.some_time(one.when), why=which) for one in stood.beside)
    if stood.beside:
        return (formats.some_time(value.when), _beside(stood.beside, say, value))
    day = formats.on(value.when)
    return (Sentence("{day}, the latest", day=day) if stood.latest else day,)


def _beside(beside: Sequence[_Value], say: Callable[[_Value], str], value: _Value) -> Sentence:
    """`6.5 % some time in 2026; their order is not known`, and how many more there are."""
    other, more = beside[-1], len(beside) - 1
    said, day, why = say(other), formats.some_time(other.when), formats.unknown_order(value.when, other.when)
    if more:
        return Sentence("{value} {day} and {n} more; {why}", value=said, day=day, n=more, why=why)
    return Sentence("{value} {day}; {why}", value=said, day=day, why=why)


def measured_then(panel: Panel, day: date) -> StoodThen[Measurement]:
    """What was the latest value of a measure on that day: preliminary only where nothing else was, of its own line before one apart."""
    begun = [one for one in (*panel.older, *panel.points) if one.when.day <= day]
    firm = [one for one in begun if one.standing != "preliminary"] or begun
    firm = [one for one in firm if one.reported.unit not in panel.measure.apart] or firm
    found = last_on_or_before(firm, day)
    value = found.value
    if not (panel.read.whole if value is None else panel.read.covers(value.when.day)):
        return StoodThen(value=None, known=False)
    beside = tuple(one for one in found.beside if value is None or one.method == value.method)
    return StoodThen(value=value, known=True, beside=beside, latest=value is not None and value is panel.latest)


def rated_then(dyad: Dyad, informant: Informant, day: date) -> StoodThen[Rating]:
    """An informant's last rating on or before that day, of those that may be seen."""
    given = [one for one in (*dyad.before_range, *dyad.ratings) if one.informant == informant]
    found = last_on_or_before(given, day)
    if not (dyad.whole if found.value is None else dyad.covers(found.value.when.day)):
        return StoodThen(value=None, known=False)
    latest = found.value is not None and found.value is dyad.latest.get(informant)
    return StoodThen(value=found.value, known=True, beside=found.beside, latest=latest)
