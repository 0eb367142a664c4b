"""Codes that a site adds to the measures there are, read strictly: what its records use beyond ours. Format: docs/add-a-measure.md."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from msgspec.structs import replace
from pydantic import Field

from fhir_mappings.data_files.certainty import Certainty
from fhir_mappings.data_files.strict_toml import DataFileError, Strict, parse_toml
from fhir_mappings.data_files.text_rules import Line
from fhir_mappings.measures.catalogue import PAGE, check_codes
from fhir_mappings.measures.measure import Measure, MeasureCode

# What a search would take for the end of a code, or of a system.
_System = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s|,$\\]+$", max_length=300)]
_Code = Annotated[str, Field(pattern=r"^[^\s|,$\\]+( [^\s|,$\\]+)*$", max_length=100)]


class _AddedCode(Strict):
    measure: str
    system: _System
    code: _Code
    display: Line
    source: Line
    certainty: Certainty
    method: Line | None = None
    units: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    part: Line | None = None
    meter: bool = False


class _AddedCodesFile(Strict):
    code: Annotated[tuple[_AddedCode, ...], Field(min_length=1)]


def with_added_codes(measures: Sequence[Measure], text: str, *, file: str) -> tuple[Measure, ...]:
    """The measures, each with the codes that the file adds to it behind its own. DataFileError names the file, the code and what is wrong:
    a measure there is not, a unit it does not have, a code that belongs to a measure already."""
    rows = parse_toml(text, _AddedCodesFile, file=file, page=PAGE).code
    known = {measure.key for measure in measures}
    for place, row in enumerate(rows):
        if row.measure not in known:
            problem = f"there is no measure {row.measure!r}; known are {', '.join(sorted(known))}"
            raise DataFileError(file, f"code.{place}.measure", problem, page=PAGE)
    extended = tuple(_extended(measure, [row for row in rows if row.measure == measure.key]) for measure in measures)
    check_codes([(file, measure) for measure in extended])
    return extended


def _extended(measure: Measure, rows: Iterable[_AddedCode]) -> Measure:
    added = tuple(_measure_code(row) for row in rows)
    return replace(measure, codes=(*measure.codes, *added)) if added else measure


def _measure_code(row: _AddedCode) -> MeasureCode:
    given = row.model_dump(exclude={"measure"})
    return MeasureCode(**given, within=(), reads_as=None, sufficiency=None, exclude=None)
