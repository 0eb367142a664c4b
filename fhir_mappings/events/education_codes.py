"""The codes of diabetes education in `files/`: read strictly. They are a value that readers are handed, so that a site can add its own."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from fhir_mappings.data_files.certainty import Certainty
from fhir_mappings.data_files.strict_toml import DataFileError, Strict, parse_toml
from fhir_mappings.data_files.text_rules import Line
from fhir_mappings.events.record_event import CodedStep

_FILE, _PAGE = "education.toml", "docs/what-is-read.md"
# A code by its system and itself, and the step of the course it stands for.
EducationCodes = Mapping[tuple[str, str], CodedStep]


class _EducationCodeRow(Strict):
    system: Annotated[str, Field(pattern=r"^(https?://|urn:)[^\s|,]+$")]
    code: Annotated[str, Field(pattern=r"^[^\s|,]{1,64}$")]
    name: Line
    step: CodedStep
    certainty: Certainty
    source: Line


class _EducationFile(Strict):
    code: Annotated[tuple[_EducationCodeRow, ...], Field(min_length=1)]


@cache
def load_education_codes() -> EducationCodes:
    """The codes shipped in this package, read once in a process. DataFileError when the file is wrong."""
    return read_education_codes((files("fhir_mappings.events") / "files" / _FILE).read_text(encoding="utf-8"), file=_FILE)


def read_education_codes(text: str, *, file: str) -> EducationCodes:
    """A whole file. DataFileError for what breaks its format, a code that stands twice, and one that nobody has verified: what it finds is
    said of a person."""
    found: dict[tuple[str, str], CodedStep] = {}
    for row in parse_toml(text, _EducationFile, file=file, page=_PAGE).code:
        key = (row.system, row.code)
        if key in found:
            raise DataFileError(file, f"code.{row.code}", "stands twice", page=_PAGE)
        if row.certainty != "verified":
            raise DataFileError(file, f"code.{row.code}", "is not verified, and is not asked for before it is", page=_PAGE)
        found[key] = row.step
    return found
