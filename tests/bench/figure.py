"""What a measurement gives: a figure beside its goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`value` and `goal` in the same `unit`; `raw` says what it was worked out from. `at_least` turns the goal round."""

    name: str
    value: float
    goal: float
    unit: Literal["×", "kB", "s"]
    raw: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is kept."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def row(self) -> str:
        """The figure as one line."""
        sign = "≥" if self.at_least else "≤"
        verdict = "met   " if self.met else "MISSED"
        return f"{verdict} {self.name:<58} {self.value:>9.3f} {self.unit:<2}  goal {sign}{self.goal:g} {self.unit}"

    def line(self) -> str:
        """The same, its raw numbers on a second line."""
        return f"{self.row()}\n         {self.raw}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much to measure. `quick` gives a hint in a fraction of the time."""

    quick: bool

    def rounds(self, full: int, *, least: int = 3) -> int:
        """Repetitions: `full`, or a fifth of it."""
        return max(least, full // 5) if self.quick else full


Figures = Sequence[Figure]
