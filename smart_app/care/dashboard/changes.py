"""What changed, as plain facts: at most three statements of a latest value beside the one before. No judgement of whether it is real."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.ratings.rating import Rating
from smart_app.care.dashboard.history import Change, Dyad, Panel

_TOTAL = "total"
_HBA1C = "hba1c"


def changes_in(dyads: Sequence[Dyad], panels: Sequence[Panel]) -> tuple[Change, ...]:
    """The patient's total with the signed-in clinician, the element that moved most, and HbA1c; each only where there is one."""
    mine = next((dyad for dyad in dyads if dyad.mine and "patient" in dyad.latest and not dyad.instrument.why_unscored), None)
    found = [*(_of_dyad(mine) if mine else ()), _of_measure(panels)]
    return tuple(change for change in found if change is not None)


def _of_dyad(dyad: Dyad) -> tuple[Change | None, Change | None]:
    """The total, then the element that moved most."""
    later, earlier = dyad.latest["patient"], dyad.previous.get("patient")
    total = _alliance("alliance", dyad, _TOTAL, later=later, earlier=earlier) if _value(later, _TOTAL) is not None else None
    moved = _moved_most(later, earlier) if earlier else None
    return total, _alliance("element", dyad, moved, later=later, earlier=earlier) if moved else None


def _alliance(kind: Literal["alliance", "element"], dyad: Dyad, scale: str, *, later: Rating, earlier: Rating | None) -> Change:
    """One scale of the patient's latest rating. The title is the scale's."""
    return Change(
        kind=kind,
        title=dyad.instrument.scale(scale).title,
        informant="patient",
        clinician=dyad.clinician,
        earlier=earlier,
        later=later,
        scale=scale,
    )


def _moved_most(later: Rating, earlier: Rating) -> str | None:
    """The element with the largest difference; None when none was scored twice or none moved."""
    moves = {scale: move for scale in later.scores if scale != _TOTAL and (move := _move(later, earlier, scale))}
    return max(moves, key=lambda scale: abs(moves[scale])) if moves else None


def _move(later: Rating, earlier: Rating, scale: str) -> Decimal | None:
    after, before = _value(later, scale), _value(earlier, scale)
    return after - before if after is not None and before is not None else None


def _value(rating: Rating, scale: str) -> Decimal | None:
    score = rating.scores.get(scale)
    return score.value if score else None


def _of_measure(panels: Sequence[Panel]) -> Change | None:
    """HbA1c; the panel's latest and previous share one method already."""
    panel = next((panel for panel in panels if panel.measure.key == _HBA1C), None)
    if panel is None or panel.latest is None:
        return None
    return _measured(panel, panel.latest)


def _measured(panel: Panel, later: Measurement) -> Change:
    return Change(
        kind="measure",
        title=panel.measure.title,
        informant=None,
        clinician=None,
        earlier=panel.previous,
        later=later,
        scale=None,
    )
