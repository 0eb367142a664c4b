"""The check-in's scoring rule, written from docs/fhir-shapes.md so that stored scores do not depend on the code they test."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

ELEMENTS = ("goal", "task", "bond")
NEEDED = 2
HUNDREDTH = Decimal("0.01")


def answers_by_element(signs: str) -> dict[str, tuple[int, ...]]:
    """Answered values per element, from nine signs such as `444 3x5 55.`."""
    groups = zip(ELEMENTS, signs.split(" "), strict=True)
    return {element: tuple(int(sign) for sign in group if sign.isdigit()) for element, group in groups}


def scores(answers: Mapping[str, Sequence[int]]) -> dict[str, Decimal]:
    """Score by key. An element is the mean of its answers when at least 2 of 3 are there; the total is the mean of all answers,
    and only when all three elements are scored. Two decimals. What may not be scored is left out."""
    scored = {element: _mean(values) for element, values in answers.items() if len(values) >= NEEDED}
    if len(scored) < len(ELEMENTS):
        return scored
    return {"total": _mean([value for values in answers.values() for value in values]), **scored}


def _mean(values: Sequence[int]) -> Decimal:
    return (Decimal(sum(values)) / len(values)).quantize(HUNDREDTH, ROUND_HALF_UP)
