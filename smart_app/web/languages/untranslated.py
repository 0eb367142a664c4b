"""The texts whose translation is still to come: they keep no language from being offered, and a wheel from being built."""

import tomllib
from functools import cache
from pathlib import Path

FILE = Path(__file__).parents[2] / "locales" / "untranslated.toml"


@cache
def untranslated() -> frozenset[str]:
    """The English of each, as in the catalogue's template; of one with a plural the form for one."""
    return frozenset(tomllib.loads(FILE.read_text(encoding="utf-8"))["texts"])
