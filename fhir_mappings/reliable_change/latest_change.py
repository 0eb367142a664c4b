"""A change as a plain fact: the latest value of a series beside the one before. Whether it is more than chance is for the findings to say
(`fhir_mappings.reliable_change.change_rules`)."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.measures.measure import Measure
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.r4.dates import is_known_earlier
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.findings import Moved

_TOTAL = "total"


class Change(Struct, frozen=True, kw_only=True):
    """The latest value and the one it is compared with, None where it is the first.

    `kind` is `alliance` (the total), `element` (the goal, task or bond that moved most) or `measure`; `title` that of the scale or the
    measure. `scale` is the scale's key, `informant` who rated, both None of a measure. Where nobody can tell which of the two was first,
    they stand side by side and nothing moved.
    """

    kind: Literal["alliance", "element", "measure"]
    title: str
    informant: str | None
    earlier: Measurement | Rating | None
    later: Measurement | Rating
    scale: str | None

    @property
    def ordered(self) -> bool:
        """Whether what is called earlier is known to be; nothing is later than a first value."""
        return self.earlier is None or is_known_earlier(self.earlier.when, self.later.when)

    @property
    def moved(self) -> Moved | None:
        """Which way; None where one side is no plain number (none at all, unscored, a bound) or the order is not known."""
        earlier, later = self._number(self.earlier), self._number(self.later)
        if earlier is None or later is None or not self.ordered:
            return None
        return "stayed" if later == earlier else "rose" if later > earlier else "fell"

    def _number(self, value: Measurement | Rating | None) -> Decimal | None:
        if isinstance(value, Measurement):
            return None if value.comparator else value.value
        return _score(value, self.scale or _TOTAL) if value else None


def rating_changes(instrument: Instrument, *, later: Rating, earlier: Rating | None) -> tuple[Change, ...]:
    """The total, where the latest rating has one, then the element that moved most, where one moved."""
    moved = _moved_most(later, earlier) if earlier and is_known_earlier(earlier.when, later.when) else None
    kinds: list[tuple[Literal["alliance", "element"], str]] = []
    kinds += [("alliance", _TOTAL)] if _score(later, _TOTAL) is not None else []
    kinds += [("element", moved)] if moved else []
    return tuple(
        Change(
            kind=kind,
            title=instrument.scale(scale).title,
            informant=later.informant,
            earlier=earlier,
            later=later,
            scale=scale,
        )
        for kind, scale in kinds
    )


def measure_change(measure: Measure, *, later: Measurement, earlier: Measurement | None) -> Change:
    """Two results of one measure by one method."""
    return Change(kind="measure", title=measure.title, informant=None, earlier=earlier, later=later, scale=None)


def _moved_most(later: Rating, earlier: Rating) -> str | None:
    """The element with the largest difference; None when none was scored twice or none moved."""
    moves = {scale: move for scale in later.scores if scale != _TOTAL and (move := _move(later, earlier, scale))}
    return max(moves, key=lambda scale: abs(moves[scale])) if moves else None


def _move(later: Rating, earlier: Rating, scale: str) -> Decimal | None:
    after, before = _score(later, scale), _score(earlier, scale)
    return after - before if after is not None and before is not None else None


def _score(rating: Rating, scale: str) -> Decimal | None:
    score = rating.scores.get(scale)
    return score.value if score else None
