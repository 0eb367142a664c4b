"""The texts that must not be misunderstood: wrong patient, not saved, not known, units, the direction of a change. A catalogue names who
has read them in that language; until somebody has, the English stands beneath."""

import re
import tomllib
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog

FILE = Path(__file__).parents[2] / "locales" / "safety.toml"
_NAMED = re.compile(r"Safety texts reviewed by: *(.+)")
_NOBODY = "none"


@cache
def safety_texts() -> frozenset[str]:
    """The English of each, as in the catalogue's template; of one with a plural the form for one."""
    return frozenset(tomllib.loads(FILE.read_text(encoding="utf-8"))["texts"])


def reviewer_of(catalogue: Catalog) -> str | None:
    """Who has read the safety texts of a catalogue; None for nobody."""
    named = _NAMED.search(catalogue.header_comment)
    return None if named is None or named[1].strip() == _NOBODY else named[1].strip()
