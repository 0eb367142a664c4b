"""Reads the persona files that ship with the sandbox, and names file and key when one cannot be used."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from smart_app.sandbox.personas.case import Catalogue, Persona, Practitioner, Staff, Test

Part = TypeVar("Part", bound=BaseModel)


class PersonaFileError(Exception):
    """A persona file is not what `case` says; the message names file, key and fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Every persona with the staff they meet and the tests they have, by key, in the order of the files."""

    personas: Mapping[str, Persona]
    staff: Staff
    tests: Mapping[str, Test]

    def practitioner(self, key: str) -> Practitioner:
        """The member of staff of that key. KeyError when there is none."""
        return {person.key: person for person in self.staff.practitioners}[key]

    def organisation_name(self, key: str) -> str:
        """The organisation's name. KeyError when there is none."""
        return {place.key: place.name for place in self.staff.organisations}[key]


@cache
def load_cast() -> Cast:
    """The personas that ship, read once. PersonaFileError when a file is broken."""
    here = files("smart_app.sandbox.personas")
    cases = sorted((here / "cases").iterdir(), key=lambda file: file.name)
    read = [_read(file, Persona) for file in cases if file.name.endswith(".toml")]
    catalogue = _read(here / "catalogue.toml", Catalogue)
    return Cast(
        personas=MappingProxyType({persona.slug: persona for persona in read}),
        staff=_read(here / "staff.toml", Staff),
        tests=MappingProxyType({test.key: test for test in catalogue.tests}),
    )


def _read(file: Traversable, part: type[Part]) -> Part:
    return parse(file.read_text(encoding="utf-8"), part, name=file.name)


def parse(text: str, part: type[Part], *, name: str) -> Part:
    """One file's text as `part`. PersonaFileError names the file, the key and what is wrong with it."""
    try:
        return part.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PersonaFileError(f"{name}: not TOML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise PersonaFileError(f"{name}: {faults}") from error
