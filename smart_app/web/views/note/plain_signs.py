"""Text that comes through where it is pasted.

Editors of record systems keep notes in one of many encodings, Windows-1252 and Latin-1 among them, break lines at tabs and show what they
cannot write as `?`: so of signs only those of ASCII are left, while letters, which are people's names and the page's language, stay."""

import unicodedata
from collections.abc import Mapping

_SIGNS: Mapping[str, str] = {
    **dict.fromkeys("“”„‟«»″〝〞", '"'),
    **dict.fromkeys("‘’‚‛‹›′ʼ", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("·•", "-"),
    "…": "...",
    "×": "x",
    "±": "+/-",
    "≤": "<=",
    "≥": ">=",
    "≠": "<>",
    "→": "->",
    "√": "sqrt",
}  # fmt: skip
_TABLE = str.maketrans(dict(_SIGNS))
# Between letters they are part of how names are spelled (Persian, Hindi).
_JOINERS = frozenset("\u200c\u200d")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_BREAKS = frozenset({"\t", "\n", "\v", "\f", "\r", "\x1c", "\x1d", "\x1e", "\x1f", "\x85"})


def plain_line(text: str) -> str:
    """One line without tabs, breaks, typographic signs and what is not seen (directions of writing, soft hyphens), spaces single."""
    kept = "".join(" " if sign in _BREAKS else sign for sign in text if sign in _BREAKS or _is_seen(sign))
    return " ".join(kept.translate(_TABLE).split())


def _is_seen(sign: str) -> bool:
    return sign in _JOINERS or unicodedata.category(sign) not in _UNSEEN
