"""How much room a text takes where nothing can be measured."""

from unicodedata import east_asian_width


def columns(text: str) -> int:
    """Its signs; one of Chinese, Japanese or Korean is as wide as two."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
