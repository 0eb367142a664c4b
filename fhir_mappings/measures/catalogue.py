"""The measures of `files/` and their groups: read strictly and checked."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import AfterValidator, Field

from fhir_mappings.data_files.certainty import Certainty
from fhir_mappings.data_files.strict_toml import DataFileError, Strict, parse_toml
from fhir_mappings.data_files.text_rules import Line, Shown
from fhir_mappings.measures.measure import PANEL, Axis, Jump, Measure, MeasureCode, MeasureGroup, MeasureSection, SecondUnit, Unit
from fhir_mappings.measures.units.plausibility import believed
from fhir_mappings.sentence import shipped_text

PAGE = "docs/add-a-measure.md"
FOLDER = "fhir_mappings/measures/files"
# What the dashboard reads besides: a group of such a key would be taken for it.
OTHER_READS = frozenset({"patient", "answers", "scores"})


class _Unit(Strict):
    code: str
    label: str
    slope: Decimal
    intercept: Decimal
    low: Decimal
    high: Decimal
    spellings: tuple[str, ...]
    method: Shown | None = None
    mark: str | None = None
    unlike: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()
    unlikely_below: Decimal | None = None
    unlikely_above: Decimal | None = None
    whole_below: Decimal | None = None


class _CodeRow(Strict):
    system: str
    code: str
    display: str
    source: str = Field(min_length=1)
    certainty: Certainty
    within: tuple[str, ...] = ()
    part: str | None = None
    method: Shown | None = None
    units: tuple[str, ...] | None = None
    reads_as: str | None = None
    sufficiency: tuple[str, Decimal] | None = None
    exclude: Shown | None = None
    meter: bool = False


class _Axis(Strict):
    low: Decimal
    high: Decimal
    ticks: tuple[Decimal, ...] = Field(min_length=2)


class _Second(Strict):
    code: str
    label: str
    slope: Decimal
    intercept: Decimal
    decimals: int


class _Jump(Strict):
    times: Decimal = Field(gt=1)
    least: Decimal = Field(gt=0)


_Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
_Title = Annotated[Line, AfterValidator(shipped_text)]


class _Group(Strict):
    key: _Key
    title: _Title
    order: int = Field(ge=0)
    categories: tuple[_Key, ...]
    source: Line
    certainty: Certainty
    reporter: Shown | None = None


class _MeasureHeading(Strict):
    key: _Key
    title: _Title
    order: int = Field(ge=0)


class _Measure(Strict):
    key: _Key
    title: _Title
    about: Shown
    group: str
    direction: Shown
    unit: str
    label: str
    decimals: int = Field(ge=0, le=3)
    axis: _Axis
    second: _Second | None = None
    units: tuple[_Unit, ...] = Field(min_length=1)
    codes: tuple[_CodeRow, ...] = Field(min_length=1)
    gap_days: int = Field(ge=1)
    parts: tuple[_Title, _Title] | None = None
    citations: tuple[str, ...] = Field(min_length=1)
    jump: _Jump | None = None
    section: str | None = None
    short: _Title | None = None


class _MeasuresFile(Strict):
    group: tuple[_Group, ...] = ()
    section: tuple[_MeasureHeading, ...] = ()
    measure: tuple[_Measure, ...] = ()


@cache
def load_measures() -> tuple[Measure, ...]:
    """The measures shipped in this package, read once in a process. DataFileError when a file is wrong."""
    folder = files("fhir_mappings.measures") / "files"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return read_measures((file.name, file.read_text(encoding="utf-8")) for file in found)


def read_measures(named: Iterable[tuple[str, str]]) -> tuple[Measure, ...]:
    """The measures of (file name, text), their groups in order, those of one group as they stand. DataFileError names the file, the key
    and the page that explains it."""
    parts = [(file, parse_toml(text, _MeasuresFile, file=file, page=PAGE)) for file, text in named]
    groups = _groups([(file, one) for file, part in parts for one in part.group])
    sections = _sections([(file, one) for file, part in parts for one in part.section])
    rows = [(file, one) for file, part in parts for one in part.measure]
    _check_once([(file, one.key) for file, one in rows], "measure")
    measures = [_measure(file, one, groups, sections) for file, one in rows]
    check_codes([(file, measure) for (file, _), measure in zip(rows, measures, strict=True)])
    _check_read(parts, measures)
    return tuple(sorted(measures, key=lambda one: (one.group.order, one.group.key)))


def _groups(rows: Sequence[tuple[str, _Group]]) -> Mapping[str, MeasureGroup]:
    """The groups by key."""
    _check_once([(file, one.key) for file, one in rows], "group")
    for file, one in rows:
        if one.key in OTHER_READS:
            raise DataFileError(file, f"group.{one.key}", "is what another read of the dashboard is called", page=PAGE)
    return {one.key: MeasureGroup(**one.model_dump()) for _, one in rows}


def _sections(rows: Sequence[tuple[str, _MeasureHeading]]) -> Mapping[str, MeasureSection]:
    """The sections by key."""
    _check_once([(file, one.key) for file, one in rows], "section")
    return {one.key: MeasureSection(**one.model_dump()) for _, one in rows}


def _check_once(keys: Sequence[tuple[str, str]], kind: str) -> None:
    """No key stands twice, in whichever files."""
    seen: dict[str, str] = {}
    for file, key in keys:
        if key in seen:
            raise DataFileError(file, f"{kind}.{key}", f"stands in {seen[key]} already", page=PAGE)
        seen[key] = file


def check_codes(rows: Sequence[tuple[str, Measure]]) -> None:
    """Units and codes fit together, and no code belongs to two measures. DataFileError with the file of the row."""
    seen: dict[tuple[str, str], str] = {}
    for file, measure in rows:
        _check_units(measure, file=file)
        _check_parts(measure, file=file)
        for code in measure.codes:
            if (code.system, code.code) in seen:
                raise DataFileError(file, f"{measure.key}.codes", f"{code.code} belongs to {seen[code.system, code.code]} too", page=PAGE)
            seen[code.system, code.code] = measure.key


def _check_read(parts: Sequence[tuple[str, _MeasuresFile]], measures: Sequence[Measure]) -> None:
    """Every group has something to search for, and every file something to say."""
    if not measures:
        raise DataFileError(FOLDER, "(folder)", "holds no [[measure]]", page=PAGE)
    used = {measure.group.key for measure in measures}
    shown = {measure.section.key for measure in measures if measure.section}
    for file, part in parts:
        idle = [f"group.{one.key}" for one in part.group if one.key not in used]
        idle += [f"section.{one.key}" for one in part.section if one.key not in shown]
        if idle:
            raise DataFileError(file, idle[0], "has no measure", page=PAGE)
        if not (part.group or part.section or part.measure):
            raise DataFileError(file, "(file)", "holds no [[measure]] and no [[group]]", page=PAGE)


def _measure(file: str, part: _Measure, groups: Mapping[str, MeasureGroup], sections: Mapping[str, MeasureSection]) -> Measure:
    if part.group not in groups:
        known = ", ".join(sorted(groups, key=lambda key: groups[key].order)) or "none"
        raise DataFileError(file, f"{part.key}.group", f"there is no group {part.group!r}; known are {known}", page=PAGE)
    if part.section is not None and part.section not in sections:
        known = ", ".join(sorted(sections, key=lambda key: sections[key].order)) or "none"
        raise DataFileError(file, f"{part.key}.section", f"there is no section {part.section!r}; known are {known}", page=PAGE)
    fixed = part.model_dump(exclude={"group", "section", "axis", "second", "units", "codes", "jump"})
    return Measure(
        **fixed,
        group=groups[part.group],
        section=sections[part.section] if part.section else None,
        axis=Axis(**part.axis.model_dump()),
        second=SecondUnit(**part.second.model_dump()) if part.second else None,
        units=tuple(Unit(**one.model_dump()) for one in part.units),
        codes=tuple(MeasureCode(**one.model_dump()) for one in part.codes),
        jump=Jump(**part.jump.model_dump()) if part.jump else None,
    )


def _check_units(measure: Measure, *, file: str) -> None:
    """The drawing unit is accepted as it is; codes name only units of the measure; scales run upwards."""
    known = {unit.code: unit for unit in measure.units}
    own = known.get(measure.unit)
    if own is None or own.slope != 1 or own.intercept != 0:
        raise DataFileError(file, f"{measure.key}.units", f"{measure.unit} must be among them, with slope 1 and intercept 0", page=PAGE)
    for code in measure.codes:
        strange = [unit for unit in (*(code.units or ()), *([code.reads_as] if code.reads_as else [])) if unit not in known]
        if strange:
            raise DataFileError(file, f"{measure.key}.codes.{code.code}", f"{strange[0]} is no unit of the measure", page=PAGE)
    if not measure.axis.low < measure.axis.high or any(not unit.low < unit.high for unit in measure.units):
        raise DataFileError(file, measure.key, "low must lie below high", page=PAGE)
    for unit in measure.units:
        low, high = believed(unit)
        if not unit.low <= low < high <= unit.high:
            raise DataFileError(file, f"{measure.key}.units", f"{unit.code}: what is unlikely must lie between low and high", page=PAGE)


def _check_parts(measure: Measure, *, file: str) -> None:
    """A measure of two numbers has a code for each, and every code says which of them it is; no other measure has any."""
    names = {code.part for code in measure.codes if not code.exclude}
    if names - {PANEL} != {*(measure.parts or (None,))}:
        expected = f"{' and '.join(measure.parts)}, or {PANEL}, each code one" if measure.parts else "needs parts in the measure"
        raise DataFileError(file, f"{measure.key}.codes.part", expected, page=PAGE)


def codes_of(measures: tuple[Measure, ...], group: str) -> tuple[tuple[str, str], ...]:
    """Every (system, code) to search for in one group, each once, in order: with the panels that hold a component, and what says whether a
    summary rests on enough."""
    found: dict[tuple[str, str], None] = {}
    for measure in measures:
        for code in measure.codes if measure.group.key == group else ():
            found[code.system, code.code] = None
            found.update({(code.system, panel): None for panel in code.within})
            if code.sufficiency is not None:
                found[code.system, code.sufficiency[0]] = None
    return tuple(found)


def groups_of(measures: tuple[Measure, ...]) -> tuple[MeasureGroup, ...]:
    """The groups, each once, in their order."""
    return tuple(dict.fromkeys(measure.group for measure in measures))
