"""How much room a text takes where nothing can be measured."""

from unicodedata import east_asian_width

# No sign before it is as wide as two (Unicode, EastAsianWidth.txt).
_FIRST_WIDE = "\u1100"


def columns(text: str) -> int:
    """Its signs; one of Chinese, Japanese or Korean is as wide as two."""
    if text.isascii() or max(text) < _FIRST_WIDE:
        return len(text)
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
