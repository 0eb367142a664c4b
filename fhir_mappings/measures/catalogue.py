"""The measures of `measures.toml`: read strictly and checked."""

from decimal import Decimal
from functools import cache
from importlib.resources import files

from pydantic import Field

from fhir_mappings.data_files.strict_toml import DataFileError, Strict, parse_toml
from fhir_mappings.instruments.instrument import Certainty
from fhir_mappings.measures.measure import Axis, Code, Measure, SecondUnit, Unit

PAGE = "docs/add-a-measure.md"
FILE = "measures.toml"


class _Unit(Strict):
    code: str
    label: str
    slope: Decimal
    intercept: Decimal
    low: Decimal
    high: Decimal
    spellings: tuple[str, ...]
    method: str | None = None


class _Code(Strict):
    system: str
    code: str
    display: str
    source: str = Field(min_length=1)
    certainty: Certainty
    within: tuple[str, ...] = ()
    pair: str | None = None
    method: str | None = None
    units: tuple[str, ...] | None = None
    reads_as: str | None = None
    sufficiency: tuple[str, Decimal] | None = None
    exclude: str | None = None


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


class _Measure(Strict):
    key: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str
    about: str
    group: str
    direction: str
    unit: str
    label: str
    decimals: int = Field(ge=0, le=3)
    axis: _Axis
    second: _Second | None = None
    units: tuple[_Unit, ...] = Field(min_length=1)
    codes: tuple[_Code, ...] = Field(min_length=1)
    gap_days: int = Field(ge=1)
    citations: tuple[str, ...] = Field(min_length=1)


class _File(Strict):
    measure: tuple[_Measure, ...] = Field(min_length=1)


@cache
def load_measures() -> tuple[Measure, ...]:
    """The measures shipped in this package, in the file's order, read once in a process. DataFileError when the file is wrong."""
    return read_measures((files("fhir_mappings.measures") / "files" / FILE).read_text(encoding="utf-8"), file=FILE)


def read_measures(text: str, *, file: str) -> tuple[Measure, ...]:
    """The measures of one file. DataFileError names the file, the key and the page that explains it."""
    measures = tuple(_measure(part) for part in parse_toml(text, _File, file=file, page=PAGE).measure)
    seen: dict[tuple[str, str], str] = {}
    for measure in measures:
        _check_units(measure, file=file)
        for code in measure.codes:
            if (code.system, code.code) in seen:
                raise DataFileError(file, f"{measure.key}.codes", f"{code.code} belongs to {seen[code.system, code.code]} too", page=PAGE)
            seen[code.system, code.code] = measure.key
    return measures


def _measure(part: _Measure) -> Measure:
    fixed = part.model_dump(exclude={"axis", "second", "units", "codes"})
    return Measure(
        **fixed,
        axis=Axis(**part.axis.model_dump()),
        second=SecondUnit(**part.second.model_dump()) if part.second else None,
        units=tuple(Unit(**one.model_dump()) for one in part.units),
        codes=tuple(Code(**one.model_dump()) for one in part.codes),
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


def codes_of(measures: tuple[Measure, ...], group: str) -> tuple[tuple[str, str], ...]:
    """Every (system, code) to search for in one group, panels that hold a component included, each once, in order."""
    found: dict[tuple[str, str], None] = {}
    for measure in measures:
        for code in measure.codes if measure.group == group else ():
            found[code.system, code.code] = None
            found.update({(code.system, panel): None for panel in code.within})
    return tuple(found)


def groups_of(measures: tuple[Measure, ...]) -> tuple[str, ...]:
    """The groups, in the order in which they first appear."""
    return tuple(dict.fromkeys(measure.group for measure in measures))
