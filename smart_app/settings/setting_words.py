"""What a setting has to be, and the sentence for one that is not. A secret's value is never in it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from msgspec import Struct
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from smart_app.errors import ConfigurationError, printable

_LONGEST_SHOWN = 60


class Wanted(Struct, frozen=True, kw_only=True):
    """What a setting has to be where its type does not say it: `words` after "it has to be", an `example` that would do, and a sentence
    that `helps`, with the command to use. A `secret` one is not repeated and may be kept in a file; one whose value is a path says of
    what."""

    words: str
    example: str = ""
    helps: str = ""
    secret: bool = False
    path_of: Literal["file", "folder"] | None = None


class Problem(Struct, frozen=True, kw_only=True):
    """What is wrong with one variable, as a sentence that names it."""

    variable: str
    sentence: str


def configuration_error(problems: Sequence[Problem]) -> ConfigurationError:
    """All of them as one error."""
    return ConfigurationError(" ".join(one.sentence for one in problems), where=", ".join(one.variable for one in problems))


def wanted(field: FieldInfo) -> Wanted:
    """What the field has to be."""
    said = next((one for one in field.metadata if isinstance(one, Wanted)), None)
    return said or Wanted(words=_words_of_type(field), example=_example(field.default))


def remedy(field: FieldInfo, variable: str) -> str:
    """What it has to be, with an example and the command that helps: the end of every sentence about it."""
    one = wanted(field)
    example = f", for instance {variable}={one.example}" if one.example else ""
    return f"it has to be {one.words}{example}." + (f" {one.helps}" if one.helps else "")


def wrong_value(field: FieldInfo, variable: str, value: object, *, fault: str = "") -> Problem:
    """Of a value that is not what is wanted; `fault` says more."""
    told = fault or (f"is {shown(value)}" if value else "names nothing")
    if wanted(field).secret:
        told = "cannot be used (what it holds is not repeated)"
    return Problem(variable=variable, sentence=f"{variable} {told}; {remedy(field, variable)}")


def missing(field: FieldInfo, variable: str, *, near: Iterable[str] = ()) -> Problem:
    """Of one that has to be set; `near` are names in the environment that look like it."""
    places = f"Set it, or {variable}_FILE to the path of a file that holds it" if wanted(field).secret else "Set it"
    guess = "".join(f" There is {printable(name)}: is that meant to be it?" for name in near)
    return Problem(variable=variable, sentence=f"{variable} is not set.{guess} {places}; {remedy(field, variable)}")


def refused(details: Iterable[ErrorDetails], fields: Mapping[str, FieldInfo], prefix: str) -> list[Problem]:
    """What pydantic found, once for each setting; a Problem that was handed on in place of a value is itself."""
    found: dict[str, Problem] = {}
    for one in details:
        name, given = str(one["loc"][0]), one["input"]
        found.setdefault(name, given if isinstance(given, Problem) else wrong_value(fields[name], f"{prefix}{name.upper()}", given))
    return list(found.values())


def shown(value: object) -> str:
    """A value of no secret, short and on one line; one that may hold a password is not repeated."""
    text = str(value)
    if "@" in text:
        return "not repeated here, as what stands before the @ may be secret"
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")


def _words_of_type(field: FieldInfo) -> str:
    kind = field.annotation
    if kind is bool:
        return "true or false"
    if get_origin(kind) is Literal:
        *most, last = get_args(kind)
        return f"one of {', '.join(most)} or {last}"
    number = {int: "a whole number", float: "a number"}[kind]  # type: ignore[index]
    return f"{number} {_bounds(field.metadata)}".rstrip()


def _bounds(metadata: Iterable[Any]) -> str:
    given = list(metadata)
    most = next((one.le for one in given if isinstance(one, Le)), None)
    least = next((f"from {one.ge} to {most}" for one in given if isinstance(one, Ge)), None)
    return least or next((f"above {one.gt}, {most} at most" for one in given if isinstance(one, Gt)), "")


def _example(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)
