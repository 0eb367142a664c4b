"""Reading data files strictly: an unknown key is refused with the file, the key and the page that explains the format."""

import tomllib
from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from fhir_mappings.data_files.text_rules import shown


class Strict(BaseModel):
    """Base of everything read from a data file: no unknown keys, no changes afterwards. Validators are built when first used: building
    them all took a tenth of the app's import."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class DataFileError(Exception):
    """A data file cannot be used: `file`, the `key` in it, what is wrong, and the `page` of the documentation."""

    def __init__(self, file: str, key: str, problem: str, *, page: str) -> None:
        super().__init__(f"{file}: {key}: {problem} (see {page})")
        self.file = file
        self.key = key
        self.problem = problem
        self.page = page


Part = TypeVar("Part", bound=Strict)


def parse_toml(text: str, part: type[Part], *, file: str, page: str) -> Part:
    """The file as `part`. DataFileError names the first thing that is wrong."""
    try:
        return part.model_validate(tomllib.loads(text))
    except RecursionError as broken:
        raise DataFileError(file, "(syntax)", "is nested too deeply", page=page) from broken
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        raise DataFileError(file, _place(first["loc"]), first["msg"], page=page) from wrong
    except ValueError as broken:  # tomllib's own, and what it lets through of int()
        raise DataFileError(file, "(syntax)", shown(str(broken), longest=200), page=page) from broken


def _place(steps: Sequence[int | str]) -> str:
    """Where in the file, as keys joined by dots. pydantic marks a key that is wrong itself."""
    return ".".join(shown(str(step)) for step in steps if step != "[key]") or "(file)"
