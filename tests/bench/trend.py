"""A straight line through equally spaced values, with the uncertainty of its slope."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# Student's t for 95 %, two-sided, is 1.99 at 80 degrees of freedom and 2.31 at 8.
_T_MANY, _T_FEW, _MANY = 1.99, 2.31, 80


@dataclass(frozen=True, slots=True)
class Trend:
    """Slope per step, with its 95 % confidence interval."""

    slope: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Trend":
        """The same in other units."""
        return Trend(self.slope * factor, self.low * factor, self.high * factor)


def trend(values: Sequence[float]) -> Trend:
    """Least squares over the places 0, 1, 2, …; the interval takes the values as independent of each other."""
    places = range(len(values))
    slope, intercept = statistics.linear_regression(places, values)
    left = math.fsum((value - intercept - slope * place) ** 2 for place, value in zip(places, values, strict=True))
    spread = math.fsum((place - statistics.fmean(places)) ** 2 for place in places)
    freedom = len(values) - 2
    margin = (_T_MANY if freedom >= _MANY else _T_FEW) * math.sqrt(left / freedom / spread)
    return Trend(slope, slope - margin, slope + margin)
