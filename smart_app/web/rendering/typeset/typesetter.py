"""Sets a page as a PDF by typst: the template ships with Rapport, and everything that a record, a site or a language says comes to it as
data, so that no sign of a name is markup. What is set reads no file and no network: its root is an empty folder, so are those of packages,
and its fonts are files that ship with Rapport and those of the site's own folder."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from smart_app.errors import NotTypeset
from smart_app.web.rendering.typeset.drawable import drawable, font_files

if TYPE_CHECKING:
    import typst

_FOLDER = Path(__file__).parent
_TEMPLATES = _FOLDER / "files"
FONTS = _FOLDER / "fonts"


def is_installed() -> bool:
    """Whether the packages of `rapport[pdf]` are there."""
    return all(find_spec(name) for name in ("typst", "fontTools"))


class Typesetter:
    """One for a process: the fonts are read when the first page is set. `own_fonts` is the site's folder of fonts."""

    def __init__(self, own_fonts: Path | None = None) -> None:
        self._folders = (FONTS, *((own_fonts,) if own_fonts else ()))
        self._lock = Lock()

    @cached_property
    def _fonts(self) -> "typst.Fonts":
        import typst  # noqa: PLC0415 - the extra need not be there

        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(self._folders))

    @cached_property
    def _families(self) -> list[str]:
        """Our own first, then the site's as they are called."""
        return sorted({font.family for font in self._fonts.fonts()}, key=lambda name: (name != "DejaVu Sans", name))

    @cached_property
    def _covered(self) -> frozenset[str]:
        """Every character that some font has."""
        return frozenset(sign for path in font_files(self._folders) for sign in _characters(path))

    def pdf(self, template: str, view: Mapping[str, object], *, made: datetime) -> bytes:
        """The page of a view: texts, numbers, lists and mappings. The same view and `made` give the same bytes. `numbered` in the view
        tells the template whether some character stands as its number. Raises NotTypeset."""
        import typst  # noqa: PLC0415 - the extra need not be there

        with self._lock:  # the fonts are read once
            fonts, families, covered = self._fonts, self._families, self._covered
        setting = _Setting(covered)
        data = {"view": setting.of(view), "fonts": families, "numbered": False}
        data["numbered"] = setting.numbered
        inputs = {"data": json.dumps(data, ensure_ascii=False)}
        source = (_TEMPLATES / f"{template}.typ").read_bytes()
        with tempfile.TemporaryDirectory(prefix="rapport-pdf-") as empty:
            compiler = typst.Compiler(
                source,
                root=empty,
                font_paths=fonts,
                ignore_system_fonts=True,
                sys_inputs=inputs,
                package_path=empty,
                package_cache_path=empty,
            )
            try:
                return _one(compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=int(made.timestamp())))
            except typst.TypstError as failed:
                # Its message may quote the text that it could not set, which is a person's: only its kind is told.
                raise NotTypeset.because(failed.message) from None


def _characters(path: Path) -> set[str]:
    """What the font of a file has, or the fonts of a collection."""
    from fontTools.ttLib import TTFont, TTLibFileIsCollectionError  # noqa: PLC0415 - the extra need not be there
    from fontTools.ttLib.ttCollection import TTCollection  # noqa: PLC0415

    try:
        with TTFont(path, lazy=True) as font:
            return set(map(chr, font.getBestCmap() or ()))
    except TTLibFileIsCollectionError:
        with TTCollection(path, lazy=True) as several:
            return {chr(code) for font in several.fonts for code in font.getBestCmap() or ()}


def _one(made: "bytes | Sequence[bytes] | None") -> bytes:
    """A PDF is one file."""
    return made if isinstance(made, bytes) else b"".join(made or ())


class _Setting:
    """Goes over a view and makes its texts drawable."""

    def __init__(self, covered: frozenset[str]) -> None:
        self._covered = covered
        self.numbered = False

    def of(self, value: object) -> object:
        """The same, with every text as it is set."""
        if isinstance(value, str):
            text, numbered = drawable(value, self._covered)
            self.numbered = self.numbered or numbered
            return text
        if isinstance(value, Mapping):
            return {name: self.of(part) for name, part in value.items()}
        return [self.of(part) for part in value] if isinstance(value, list | tuple) else value
