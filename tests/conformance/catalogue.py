"""The requirements as this project states them: one TOML file per catalogue."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement. `because` says why it does not apply, or `later` why it is not done yet; without either, tests have to show it.
    `address` is where the requirement stands, empty when it has no page of its own."""

    id: str
    verb: str
    text: str
    address: str
    because: str | None = None
    later: str | None = None

    @property
    def to_be_shown(self) -> bool:
        """Whether a test has to show it."""
        return self.because is None and self.later is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Requirements that belong together."""

    title: str
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """A list of requirements. `mark` is the word its tests are marked with, `page` a page of docs/, `head` how that begins."""

    mark: str
    page: str
    head: str
    chapters: tuple[Chapter, ...]

    def __iter__(self) -> Iterator[Requirement]:
        """Every requirement, in order."""
        return (requirement for chapter in self.chapters for requirement in chapter.requirements)


def catalogues() -> tuple[Catalogue, ...]:
    """SMART App Launch's list, and ours."""
    return tuple(_catalogue(tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))) for name in ("smart.toml", "checklist.toml"))


def _catalogue(document: dict[str, Any]) -> Catalogue:
    chapters = [
        Chapter(
            title=chapter["title"],
            requirements=tuple(_requirement(row, part, document) for part in chapter["part"] for row in part["requirements"]),
        )
        for chapter in document["chapter"]
    ]
    return Catalogue(mark=document["mark"], page=document["page"], head=document["head"].strip(), chapters=tuple(chapters))


def _requirement(row: dict[str, Any], part: dict[str, Any], document: dict[str, Any]) -> Requirement:
    """A row is its id, verb and text, and where no test shows it `not_applicable` or `later` with the reason."""
    address = f"{document['base']}{part['at']}" if "at" in part else ""
    reasons = {"because": row.pop("not_applicable", None), "later": row.pop("later", None)}
    return Requirement(**{**row, "id": str(row["id"])}, address=address, **reasons)
