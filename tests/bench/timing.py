"""Two sides measured in turn, so that whatever else the machine does meets both alike; medians with their spread."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """Repeated measurements in seconds."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.seconds)

    def text(self) -> str:
        """Median and quartiles in milliseconds."""
        low, middle, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return f"{middle * 1000:.4g} ms ({low * 1000:.4g} to {high * 1000:.4g})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Ours beside what it is measured against."""

    ours: Sample
    other: Sample

    @property
    def ratio(self) -> float:
        """Ours over the other, of medians."""
        return self.ours.median / self.other.median

    @property
    def ratio_of_sums(self) -> float:
        """All of ours over all of the other. Where a machine runs at two speeds in turn, the median of one side may be of the fast one and
        that of the other of the slow one; the sums hold as much of either."""
        return sum(self.ours.seconds) / sum(self.other.seconds)

    def text(self, *, ours: str, other: str) -> str:
        """Both sides with their spread."""
        return f"{ours} {self.ours.text()}, {other} {self.other.text()}, n={len(self.ours.seconds)}"


def seconds_of(act: Callable[[], object]) -> float:
    """How long one call takes, by the wall clock."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def interleaved(ours: Callable[[], float], other: Callable[[], float], *, rounds: int, unmeasured: int = 1) -> Pair:
    """Call two measurements in turn, the one that goes first changing every round. Each returns seconds."""
    mine, theirs = in_turn(ours, other, rounds=rounds, unmeasured=unmeasured)
    return Pair(ours=mine, other=theirs)


def in_turn(*measurements: Callable[[], float], rounds: int, unmeasured: int = 1) -> Sequence[Sample]:
    """Call measurements in turn, another one first in every round. Each returns seconds."""
    for _ in range(unmeasured):
        for measure in measurements:
            measure()
    kept: Sequence[list[float]] = [[] for _ in measurements]
    order = list(zip(measurements, kept, strict=True))
    for number in range(rounds):
        first = number % len(order)
        for measure, seconds in order[first:] + order[:first]:
            seconds.append(measure())
    return [Sample(tuple(seconds)) for seconds in kept]
