"""A result written as text, as devices file what lies beyond their range: comparator, number, unit. Read where it can mean one number only.

Text in which a separator may group thousands ("1,234", "1.234") has two readings, and so none.
"""

import re
from typing import NamedTuple

# The comparators of FHIR R4, by the ways they are typed.
_COMPARATORS = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "=<": "<=", "=>": ">=", "≤": "<=", "≥": ">=", "⩽": "<=", "⩾": ">="}
_TEXT = re.compile(
    r"(?P<comparator>[<>]=?|=[<>]|[≤≥⩽⩾])? ?"
    r"(?P<number>[+-]?\d{1,18}(?:[.,]\d{1,18})?) ?"
    # A second number (1 234, 1'234, 120/80, 7.2-7.5) makes it something else.
    r"(?P<unit>[^\d .,:/'’+–-].*)?",
    re.ASCII,
)
# Three digits after one separator: the decimal places of a number, or its thousands. A number that begins with 0 is not grouped.
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


class TextValue(NamedTuple):
    """The parts of a result, with the digits as they were written; `number` is None where it can be read in two ways."""

    comparator: str | None
    number: str | None
    unit: str | None


def text_value(text: str) -> TextValue | None:
    """The parts of the text; None where it is no number with or without a unit."""
    found = _TEXT.fullmatch(" ".join(text.split()))
    if found is None:
        return None
    written = found["number"]
    number = None if _GROUPED.fullmatch(written) else written.replace(",", ".").lstrip("+")
    return TextValue(_COMPARATORS.get(found["comparator"] or ""), number, found["unit"])
