"""The range of one person's values, rounded outwards to numbers that are quickly read: what a low row is drawn on."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from msgspec import Struct

_NICE = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
# A range is two steps and more, so that what is rounded away from is at most half of it.
_STEPS = 5
# Digits of an end that somebody reads: beyond them two ends of one row look alike.
_DIGITS = 3
# From here on a number is said in thousands, millions or more: five figures find no room beside a plot.
_LONGEST = 4
_THOUSAND, _SMALLEST = 3, -2
# Enough for any number of a record, whatever the program's own context is.
_EXACT = Context(prec=60)


class OwnRange(Struct, frozen=True, kw_only=True):
    """From `low` to `high`, both whole multiples of a nice step. `widened`: it spans more than rounding asks for, so that hardly any change
    does not look like a great one, and one value has a place. `power` is the power of ten that both ends are said in."""

    low: Decimal
    high: Decimal
    widened: bool
    power: int

    @property
    def ends(self) -> tuple[str, str]:
        """Both ends as they are written, in `power`."""
        return _written(self.low, self.power), _written(self.high, self.power)


def own_range(values: Iterable[Decimal], *, least: Decimal) -> OwnRange:
    """The range of values, at least one, all finite. It spans `least` and more (which is above zero), and so much that its ends differ in
    the digits that are read."""
    given = set(values)
    lowest, highest = min(given), max(given)
    largest = max(abs(lowest), abs(highest))
    finest = Decimal(1).scaleb(largest.adjusted() - _DIGITS + 1) if largest else Decimal(0)
    needed = max(least, 2 * finest)
    missing = needed - _EXACT.subtract(highest, lowest)
    if missing > 0:
        # Around the middle, but never below zero where nothing measured is.
        start = _EXACT.subtract(lowest, missing / 2)
        start = max(start, Decimal(0)) if lowest >= 0 else start
        low, high = start, max(_EXACT.add(start, needed), highest)
    else:
        low, high = lowest, highest
    step = max(_step(_EXACT.subtract(high, low)), finest)
    low, high = _down(min(low, lowest), step), _up(max(high, highest), step)
    return OwnRange(low=low, high=high, widened=missing > 0, power=_power(low, high))


def _step(span: Decimal) -> Decimal:
    """The smallest of 1, 2 and 5 times a power of ten of which five and fewer make up the span."""
    raw = span / _STEPS
    unit = Decimal(1).scaleb(raw.adjusted())
    return next(unit * nice for nice in _NICE if unit * nice >= raw)


def _down(value: Decimal, step: Decimal) -> Decimal:
    return _EXACT.multiply(_EXACT.divide(value, step).to_integral_value(ROUND_FLOOR), step)


def _up(value: Decimal, step: Decimal) -> Decimal:
    return _EXACT.multiply(_EXACT.divide(value, step).to_integral_value(ROUND_CEILING), step)


def _power(low: Decimal, high: Decimal) -> int:
    """0 where both ends are short as they are, else the multiple of three by which they get short."""
    if max(len(_written(low, 0)), len(_written(high, 0))) <= _LONGEST + (low < 0):
        return 0
    top = max(abs(low), abs(high)).adjusted()
    return 0 if _SMALLEST <= top < _THOUSAND else top // _THOUSAND * _THOUSAND


def _written(value: Decimal, power: int) -> str:
    number = value.scaleb(-power)
    return format(number.normalize() if number else Decimal(0), "f")
