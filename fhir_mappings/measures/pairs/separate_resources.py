"""The two numbers of a value in a resource each, brought together where nothing is guessed by it.

OpenMRS, quality-measure exports and several EHRs file systolic and diastolic as two Observations. They are one value where the source ties
them (`hasMember`), or where they are the only two of one instant, and of one encounter if there is one.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from fhir_mappings.measures.duplicates.duplicate_results import is_timed, one_of_each
from fhir_mappings.measures.measure import Measure
from fhir_mappings.measures.measurement import Measurement, Standing
from fhir_mappings.measures.pairs.one_resource import check_pair, names_of
from fhir_mappings.measures.quantity_reader import Unreadable
from fhir_mappings.r4.display import text_of
from fhir_mappings.sentence import Sentence, full_sentence
from fhir_mappings.skipped import Skipped

_NUMBERS = 2


class Half(Struct, frozen=True, kw_only=True):
    """One of the two numbers in a resource of its own. `members` are the resources that it names as belonging to it."""

    value: Measurement
    part: str
    encounter: str | None
    members: frozenset[str]


class PanelOfMembers(Struct, frozen=True, kw_only=True):
    """A panel that names other resources as its parts; `empty` is its row where it holds nothing itself and none of them was read."""

    source: str
    members: frozenset[str]
    empty: Skipped | None


class Separate(Struct, frozen=True):
    """What one read finds of pairs that stand in several resources."""

    halves: list[Half] = field(default_factory=list)
    panels: list[PanelOfMembers] = field(default_factory=list)


class _Together(NamedTuple):
    """Numbers that belong together; `tied`: the source says so, with the panels that do."""

    halves: Sequence[Half]
    tied: bool = False
    panels: tuple[str, ...] = ()


def pair_up(separate: Separate, measures: Iterable[Measure]) -> tuple[list[Measurement], list[Skipped]]:
    """The pairs, and every number that belongs to none."""
    known = {measure.key: measure for measure in measures}
    found: list[Measurement] = []
    skipped: list[Skipped] = []
    for together in _belonging(separate):
        pair = _one_pair(together, known[together.halves[0].value.measure], skipped)
        if pair is not None:
            found.append(pair)
    read = {half.value.source for half in separate.halves}
    skipped.extend(panel.empty for panel in separate.panels if panel.empty is not None and panel.members.isdisjoint(read))
    return found, skipped


def _belonging(separate: Separate) -> Iterator[_Together]:
    """The numbers by what ties them, then by their moment."""
    left = dict(enumerate(separate.halves))
    for sources, panels in _ties(separate):
        tied = {place: half for place, half in left.items() if half.value.source in sources}
        if _are_one_pair(tied.values()):
            left = {place: half for place, half in left.items() if place not in tied}
            yield _Together([*tied.values()], tied=True, panels=panels)
    moments: dict[tuple[object, ...], list[Half]] = {}
    for half in left.values():
        when = half.value.when
        moments.setdefault((half.value.measure, half.value.method, when.instant or when.text), []).append(half)
    for halves in moments.values():
        yield from map(_Together, _by_encounter(halves))


def _ties(separate: Separate) -> list[tuple[frozenset[str], tuple[str, ...]]]:
    """The resources that a panel, or one of the numbers, names as belonging to it, with the panel."""
    ties: list[tuple[frozenset[str], tuple[str, ...]]] = [(panel.members, (panel.source,)) for panel in separate.panels]
    ties += [(half.members | {half.value.source}, ()) for half in separate.halves if half.members]
    return sorted(ties, key=lambda tie: (sorted(tie[0]), tie[1]))


def _are_one_pair(halves: Collection[Half]) -> bool:
    """One of each number, and of one method."""
    values = {(half.part, half.value.reported.text) for half in halves}
    return len(values) == len({half.part for half in halves}) == _NUMBERS and len({half.value.method for half in halves}) == 1


def _by_encounter(halves: Sequence[Half]) -> Iterable[Sequence[Half]]:
    """Numbers of one moment apart where they are of several encounters."""
    encounters = {half.encounter for half in halves if half.encounter is not None}
    if len(encounters) <= 1:
        return [halves]
    apart: dict[str | None, list[Half]] = {}
    for half in halves:
        apart.setdefault(half.encounter, []).append(half)
    return apart.values()


def _one_pair(together: _Together, measure: Measure, skipped: list[Skipped]) -> Measurement | None:
    """Both numbers as one value; None, and each in a row of its own, where they do not make one."""
    halves, copies = together.halves, list[Skipped]()
    first, second = (one_of_each([half.value for half in halves if half.part == name], copies, (measure,)) for name in names_of(measure))
    if not (len(first) == len(second) == 1 and (together.tied or is_timed(halves[0].value.when))):
        skipped.extend(_alone(half, measure, _why_alone(half, halves, measure)) for half in halves)
        return None
    skipped.extend(copies)
    try:
        return _joined(first[0], second[0], together.panels)
    except Unreadable as why:
        why.shown = f"{text_of(first[0].reported)} / {text_of(second[0].reported)}"
        skipped.append(_row(first[0], measure, why, sources=(*first[0].sources, *second[0].sources)))
        return None


def _joined(first: Measurement, second: Measurement, panels: tuple[str, ...]) -> Measurement:
    """One value of two. Unreadable where they contradict each other."""
    check_pair(first.value, first.reported, second.value, second.reported, bound=second.comparator is not None)
    return first._replace(
        paired=second.value,
        reported_paired=second.reported,
        standing=_standing_of_both(first.standing, second.standing),
        performer=first.performer or second.performer,
        identifiers=tuple(dict.fromkeys((*first.identifiers, *second.identifiers))),
        updated=max(first.updated, second.updated),
        other_sources=tuple(sorted({*first.other_sources, *second.sources, *panels} - {first.source})),
        remarks=tuple(dict.fromkeys((*first.remarks, *second.remarks))),
    )


def _standing_of_both(first: Standing, second: Standing) -> Standing:
    """As unsettled as either, and corrected where one of them is."""
    if "preliminary" in {first, second}:
        return "preliminary"
    return second if first == "final" else first


def _why_alone(half: Half, halves: Sequence[Half], measure: Measure) -> Unreadable:
    names = names_of(measure)
    if all(one.part == half.part for one in halves):
        other = names[1] if half.part == names[0] else names[0]
        return Unreadable("pair_missing", Sentence("No {which} number of the same moment is recorded.", which=other))
    if is_timed(half.value.when):
        reason = Sentence(
            "{first} and {second} are recorded separately, several at one moment; which belong together is not said.",
            first=names[0],
            second=names[1],
        )
    else:
        reason = Sentence(
            "{first} and {second} are recorded separately, without a time that would tell which belong together.",
            first=names[0],
            second=names[1],
        )
    return Unreadable("pair_unclear", full_sentence(reason))


def _alone(half: Half, measure: Measure, why: Unreadable) -> Skipped:
    why.shown = text_of(half.value.reported)
    return _row(half.value, measure, why, sources=(half.value.source,))


def _row(value: Measurement, measure: Measure, why: Unreadable, *, sources: Iterable[str]) -> Skipped:
    named = ", ".join(sources)
    return Skipped(
        source=named, measure=measure.key, what=measure.title, when=value.when, shown=why.shown, reason=why.reason, code=why.code
    )
