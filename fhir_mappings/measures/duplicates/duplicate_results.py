"""Which values are one result, so that one specimen is one mark on the line; everything else that was read of it is named or listed.

One are values of one code and moment that share an identifier, and values of one measure at one instant that are equal within rounding, as
of a specimen reported in two units or over two feeds. Not so by equality alone what a meter gave, which may read the same twice, what is
dated by the day alone, and what must not share a line. A shared identifier does nothing else: interfaces file a whole order under one
number. But a correction replaces the result that it shares one with, whatever its day, as the day itself may have been what was wrong.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from fhir_mappings.measures.duplicates.agreement import agree
from fhir_mappings.measures.measure import Measure
from fhir_mappings.measures.measurement import Measurement, Remark
from fhir_mappings.r4.dates import Moment, parse_moment
from fhir_mappings.r4.display import text_of
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.r4.systems import URIS
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped

# Of two values of one result the more settled stands, then the later.
_SETTLED = {"preliminary": 0, "final": 1, "amended": 2, "corrected": 2}
_CORRECTING = frozenset({"amended", "corrected"})
_WHICH_IS_NOT_SAID = Sentence("a correction; which of the results under its number it replaces is not said")
_STANDINGS = {
    "final": Sentence("final"),
    "amended": Sentence("amended"),
    "corrected": Sentence("corrected"),
    "preliminary": Sentence("preliminary"),
}
_Moment = datetime | str


class _Result(Struct, frozen=True, kw_only=True):
    """One result: everything that was read of it, what stands for it first, and the value that is drawn. `named` are those whose number
    is on the page: the one drawn, and the source's own number in the other unit."""

    measure: Measure
    values: Sequence[Measurement]
    drawn: Measurement
    named: Sequence[Measurement]

    @property
    def numbers(self) -> set[str]:
        """Every identifier that it is filed under."""
        return {identifier for one in self.values for identifier in one.identifiers}


def one_of_each(found: list[Measurement], skipped: list[Skipped], measures: Iterable[Measure]) -> list[Measurement]:
    """One value per result, whatever order they came in. What gave way to it is listed, what says the same is among its sources."""
    if _CORRECTING.isdisjoint([one.standing for one in found]) and _are_of_own_moments(found):
        return found
    known = {measure.key: measure for measure in measures}
    results = [result for (key, _), values in _by_moment(found).items() for result in _told_apart(values, known[key])]
    kept = _after_corrections(results, skipped)
    skipped.extend(_given_way(one, result) for result in kept for one in result.values if _is_not_on_the_page(one, result))
    return _with_disagreements(kept)


def _are_of_own_moments(found: Sequence[Measurement]) -> bool:
    """Whether no two of a measure are of one moment; of a day, as is nearly always so, is asked first, as it takes less time."""
    if len({(one.measure, one.when.day) for one in found}) == len(found):
        return True
    return len({(one.measure, one.when.instant or one.when.text) for one in found}) == len(found)


def _by_moment(found: Iterable[Measurement]) -> Mapping[tuple[str, _Moment], list[Measurement]]:
    moments: dict[tuple[str, _Moment], list[Measurement]] = {}
    for one in found:
        moments.setdefault((one.measure, _moment(one.when)), []).append(one)
    return moments


def _told_apart(values: Sequence[Measurement], measure: Measure) -> Iterator[_Result]:
    """Values of one moment as results."""
    if len(values) == 1:
        yield _Result(measure=measure, values=values, drawn=values[0], named=values)
        return
    told_apart: list[list[Measurement]] = []
    for one in sorted(values, key=_precedence, reverse=True):
        own = next((result for result in told_apart if _is_of(one, result, measure)), None)
        if own is None:
            told_apart.append([one])
        else:
            own.append(one)
    yield from (_result(one, measure) for one in told_apart)


def _precedence(one: Measurement) -> tuple[int, float, str, str]:
    """What decides between two: how settled, how late, and then something that is the same in whatever order a server answers."""
    updated = parse_moment(one.updated)
    instant = updated.instant if updated else None
    return _SETTLED[one.standing], instant.timestamp() if instant else 0.0, one.source, repr(one)


def _is_of(one: Measurement, result: Sequence[Measurement], measure: Measure) -> bool:
    return any(_share_number(one, other, measure) for other in result) or _say_the_same(one, result[0], measure)


def _share_number(one: Measurement, other: Measurement, measure: Measure) -> bool:
    """Of one code, and numbered alike. Values that differ are not, where the source numbers them apart as well."""
    if one.code != other.code or set(one.identifiers).isdisjoint(other.identifiers):
        return False
    return not _are_numbered_apart(one, other) or agree(one, other, measure)


def _are_numbered_apart(one: Measurement, other: Measurement) -> bool:
    """Whether one system gave them different numbers. An address is given to a resource, not to a result."""
    numbers, others = _by_system(one.identifiers), _by_system(other.identifiers)
    return any(numbers[system].isdisjoint(others[system]) for system in numbers.keys() & others.keys())


def _by_system(identifiers: Iterable[str]) -> Mapping[str, set[str]]:
    numbers: dict[str, set[str]] = {}
    for identifier in identifiers:
        system, _, number = identifier.partition("|")
        if system != URIS:
            numbers.setdefault(system, set()).add(number)
    return numbers


def _say_the_same(one: Measurement, other: Measurement, measure: Measure) -> bool:
    """Equal within rounding, of one line, and of one resource or at one instant and no readings of a meter."""
    may_be_one = _are_of_one_resource(one, other) or (is_timed(one.when) and not _is_reading(one) and not _is_reading(other))
    return may_be_one and _share_a_line(one, other, measure) and agree(one, other, measure)


def _are_of_one_resource(one: Measurement, other: Measurement) -> bool:
    return any(not source.endswith("/(no id)") for source in {*one.sources}.intersection(other.sources))


def _is_reading(one: Measurement) -> bool:
    return one.code is not None and one.code.meter


def _share_a_line(one: Measurement, other: Measurement, measure: Measure) -> bool:
    """Whether code and unit put them on one line, and the source does not name two methods; one feed may leave it out."""
    if _line(one, measure) != _line(other, measure):
        return False
    return one.method == other.method or one.method is None or other.method is None


def _line(one: Measurement, measure: Measure) -> tuple[str | None, str | None]:
    unit = next((unit for unit in measure.units if unit.code == one.reported.unit), None)
    return one.code.method if one.code else None, unit.method if unit else None


def _moment(when: Moment) -> _Moment:
    """The same for the same instant, however it is written."""
    return when.instant or when.text


def is_timed(when: Moment) -> bool:
    """Whether it says a time. One without a zone is the same only where it is written alike."""
    return when.instant is not None or "T" in when.text


def _result(values: Sequence[Measurement], measure: Measure) -> _Result:
    """The value that is drawn is the one that stands, in the drawing unit where the source reports that as well."""
    first = values[0]
    alike = [one for one in values if one is first or agree(one, first, measure)]
    own = next((one for one in alike if not one.converted and one.standing == first.standing), first)
    second = None if own.converted else _in_another_unit(alike, measure)
    drawn = own._replace(
        other_sources=tuple(sorted({source for one in alike for source in one.sources if source != own.source})),
        also_reported=_whole(second) if second else own.also_reported,
        performer=own.performer or next((one.performer for one in alike if one.performer), None),
        method=own.method or next((one.method for one in alike if one.method), None),
        remarks=tuple(dict.fromkeys((*own.remarks, *(remark for one in alike for remark in one.remarks)))),
    )
    return _Result(measure=measure, values=values, drawn=drawn, named=[own, second] if second else [own])


def _in_another_unit(alike: Sequence[Measurement], measure: Measure) -> Measurement | None:
    """What the source itself reports in another unit, first of all in the one that the page shows beside the drawing unit."""
    shown = measure.second.code if measure.second else None
    others = [one for one in alike if one.converted]
    return next((one for one in others if one.reported.unit == shown), others[0] if others else None)


def _whole(one: Measurement) -> Quantity:
    """The value as reported, both numbers of a pair."""
    sign = f"{one.comparator} " if one.comparator else ""
    pair = f"/{one.reported_paired.text}" if one.reported_paired else ""
    return one.reported._replace(text=f"{sign}{one.reported.text}{pair}")


# Corrections


def _after_corrections(results: Sequence[_Result], skipped: list[Skipped]) -> list[_Result]:
    """The results, less those that a correction of another moment replaces, which are listed whole."""
    corrections = [(place, result) for place, result in enumerate(results) if _corrects_elsewhere(result)]
    if not corrections:
        return list(results)
    numbered = _by_number(results)
    replaced: dict[int, _Result] = {}
    kept: dict[int, _Result] = dict(enumerate(results))
    for place, correction in sorted(corrections, key=lambda one: _precedence(one[1].drawn), reverse=True):
        candidates = _candidates(correction, numbered)
        if len(candidates) > 1:
            kept[place] = _with_remark(correction, Remark("which_corrected", _WHICH_IS_NOT_SAID))
        for other in candidates if len(candidates) == 1 else ():
            replaced.setdefault(other, correction)
    for place, correction in replaced.items():
        gone = kept.pop(place)
        skipped.extend(_replaced(one, gone.measure, correction.drawn) for one in gone.values)
    return list(kept.values())


def _corrects_elsewhere(result: _Result) -> bool:
    """A numbered correction that replaces nothing of its own moment."""
    return bool(result.numbers) and all(one.standing in _CORRECTING for one in result.values)


def _by_number(results: Iterable[_Result]) -> Mapping[tuple[str, str], dict[int, _Result]]:
    """What a correction may replace, by place, under each identifier it is filed under."""
    numbered: dict[tuple[str, str], dict[int, _Result]] = {}
    for place, result in enumerate(results):
        if result.drawn.standing not in _CORRECTING:
            for number in result.numbers:
                numbered.setdefault((result.drawn.measure, number), {})[place] = result
    return numbered


def _candidates(correction: _Result, numbered: Mapping[tuple[str, str], dict[int, _Result]]) -> Mapping[int, _Result]:
    """The results that it may replace: those of its code, if any, that the source does not number apart. Several cannot be told apart."""
    drawn = correction.drawn
    filed = {place: one for number in correction.numbers for place, one in numbered.get((drawn.measure, number), {}).items()}
    likely = {place: one for place, one in filed.items() if not _are_numbered_apart(drawn, one.drawn)}
    return {place: one for place, one in likely.items() if one.drawn.code == drawn.code} or likely


# Disagreements


def _with_disagreements(results: Sequence[_Result]) -> list[Measurement]:
    """The values drawn, those of one measure and instant that do not agree with a remark that says so."""
    timed = _by_moment(result.drawn for result in results if is_timed(result.drawn.when))
    crowded = {key: values for key, values in timed.items() if len(values) > 1}
    return [_with_disagreement(result, crowded.get((result.drawn.measure, _moment(result.drawn.when)), ())) for result in results]


def _with_disagreement(result: _Result, same_moment: Sequence[Measurement]) -> Measurement:
    one = result.drawn
    others = [other for other in same_moment if other is not one and _disagree(one, other, result.measure)]
    if not others:
        return one
    said = ", ".join(sorted(f"{text_of(_whole(other))} ({other.source})" for other in others))
    remark = Remark("disagrees", Sentence("does not agree with {values} of the same moment", values=said))
    return _with_remark(result, remark).drawn


def _disagree(one: Measurement, other: Measurement, measure: Measure) -> bool:
    """Two numbers of what may be one specimen; a bound contradicts nothing by being one."""
    if one.comparator is not None or other.comparator is not None or _is_reading(one) or _is_reading(other):
        return False
    return _share_a_line(one, other, measure) and not agree(one, other, measure)


def _with_remark(result: _Result, remark: Remark) -> _Result:
    drawn = result.drawn._replace(remarks=(*result.drawn.remarks, remark))
    return _Result(measure=result.measure, values=result.values, drawn=drawn, named=result.named)


# What is listed


def _is_not_on_the_page(one: Measurement, result: _Result) -> bool:
    """Neither drawn nor shown beside it, nor the very resource that is, which some servers return twice."""
    if any(one is named for named in result.named):
        return False
    return one.source != result.drawn.source or not _are_of_one_resource(one, result.drawn) or not agree(one, result.drawn, result.measure)


def _given_way(one: Measurement, result: _Result) -> Skipped:
    """A value of a result that is drawn from another resource: the same number again, or one that no longer stands."""
    if not agree(one, result.values[0], result.measure):
        return _replaced(one, result.measure, result.drawn)
    reason = Sentence("The same result is there twice; it is drawn from {source}.", source=result.drawn.source)
    return _row(one, result.measure, "repeated", reason)


def _replaced(one: Measurement, measure: Measure, drawn: Measurement) -> Skipped:
    standing = _STANDINGS[drawn.standing]
    reason = Sentence("The same result is there again, {standing}, as {source}.", standing=standing, source=drawn.source)
    return _row(one, measure, "superseded", reason)


def _row(one: Measurement, measure: Measure, code: str, reason: Sentence) -> Skipped:
    return Skipped(
        source=one.source, measure=one.measure, what=measure.title, when=one.when, shown=text_of(_whole(one)), reason=reason, code=code
    )
