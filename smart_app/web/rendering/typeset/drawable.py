"""Which characters of a text the fonts at hand can draw, and what stands for the others: their Unicode numbers, so that nothing of a name
is lost or guessed at. PDF/UA allows no empty box in a character's place, and typst refuses to set one."""

import re
import unicodedata
from collections.abc import Container, Sequence
from pathlib import Path

# What a line break, a tab or a column is worth in running text, as in HTML; U+2028 and U+2029 end lines too.
_BREAKS = re.compile("[\t\n\x0b\x0c\r \u2028\u2029]+")
# Unseen, with a use in names and words: joiners, soft hyphens, marks of direction, variation selectors. typst sets them without a glyph.
_UNSEEN = frozenset("\xad\u061c\u200b\u200c\u200d\u200e\u200f\u2060") | frozenset(map(chr, range(0xFE00, 0xFE10)))
# Those that turn what follows around until something ends them, which might be never: a reader has to see that they are there.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NO_TEXT = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
_FONTS = frozenset({".ttf", ".otf", ".ttc", ".otc"})
_PLAIN = re.compile("[ -~]*")


def font_files(folders: Sequence[Path]) -> list[Path]:
    """Every font file in folders, in a fixed order."""
    return [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix.lower() in _FONTS]


def drawable(text: str, covered: Container[str]) -> tuple[str, bool]:
    """The text as it is set, in one line, and whether something in it stands as a number."""
    line = _BREAKS.sub(" ", text)
    if _PLAIN.fullmatch(line):
        return line, False
    whole = "".join([sign if _is_drawn(sign, covered) else f"[U+{ord(sign):04X}]" for sign in line])
    return whole, whole != line


def _is_drawn(sign: str, covered: Container[str]) -> bool:
    if sign in _UNSEEN:
        return True
    if sign in _TURNING or unicodedata.category(sign) in _NO_TEXT:
        return False
    return sign in covered
