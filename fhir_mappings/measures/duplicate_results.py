"""The same result twice: the more settled and newer one counts, the other is listed."""

from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.r4.display import text_of
from fhir_mappings.skipped import Skipped

# The later of two resources that are the same result, by how settled they are.
_SETTLED = {"preliminary": 0, "final": 1, "amended": 2, "corrected": 2}


def newest_of_each(found: list[Measurement], skipped: list[Skipped]) -> list[Measurement]:
    """One value per result: a corrected one replaces what it corrects, which is listed."""
    identified = [one.identifier for one in found if one.identifier]
    if len(identified) == len(set(identified)):
        return found
    best: dict[object, Measurement] = {}
    for place, one in enumerate(found):
        key = (one.measure, one.identifier, one.when.day) if one.identifier else place
        other = best.get(key)
        if other is None:
            best[key] = one
            continue
        kept, dropped = (one, other) if _rank(one) > _rank(other) else (other, one)
        best[key] = kept
        skipped.append(_superseded(dropped, kept))
    return list(best.values())


def _rank(one: Measurement) -> tuple[int, str]:
    return _SETTLED[one.standing], one.updated


def _superseded(dropped: Measurement, kept: Measurement) -> Skipped:
    return Skipped(
        source=dropped.source,
        measure=dropped.measure,
        what=dropped.measure,
        when=dropped.when,
        shown=text_of(dropped.reported),
        reason=f"The same result is there again, {kept.standing}, as {kept.source}.",
        code="superseded",
    )
