"""Reading data files strictly: an unknown key is refused with the file, the key and the page that explains the format."""

import tomllib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

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
        first = _first(wrong.errors(include_input=False, include_url=False))
        near = _nearest(part, first["loc"]) if first["type"] == "extra_forbidden" else ""
        raise DataFileError(file, _place(first["loc"]), f"{first['msg']}{near}", page=page) from wrong
    except ValueError as broken:  # tomllib's own, and what it lets through of int()
        raise DataFileError(file, "(syntax)", shown(str(broken), longest=200), page=page) from broken


def _first(errors: Sequence[ErrorDetails]) -> ErrorDetails:
    """What is said: the first thing that is wrong, but of a key that is missing the one beside it that was meant to be it."""
    first = errors[0]
    *table, key = first["loc"]
    beside = [one for one in errors if one["type"] == "extra_forbidden" and [*one["loc"][:-1]] == table]
    meant = [one for one in beside if get_close_matches(str(one["loc"][-1]), [str(key)])]
    return meant[0] if meant and first["type"] == "missing" else first


def _nearest(part: type[Strict], steps: Sequence[int | str]) -> str:
    """Which key of that table may have been meant by one that is not known there; empty where none is near."""
    tables = [part]
    for step in steps[:-1]:
        inner = [one for table in tables if step in table.model_fields for one in _tables_in(table.model_fields[str(step)].annotation)]
        # A place in a list, or the kind by which a table is told from others, leads nowhere else.
        tables = inner or tables
    near = get_close_matches(str(steps[-1]), dict.fromkeys(name for table in tables for name in table.model_fields), n=1)
    return f"; the nearest there is: {near[0]}" if near else ""


def _tables_in(annotation: object) -> Iterator[type[Strict]]:
    """The tables that a field of that type holds."""
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        yield annotation
    for inner in get_args(annotation):
        yield from _tables_in(inner)


def _place(steps: Sequence[int | str]) -> str:
    """Where in the file, as keys joined by dots. pydantic marks a key that is wrong itself."""
    return ".".join(shown(str(step)) for step in steps if step != "[key]") or "(file)"
