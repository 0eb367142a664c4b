"""A QR code as one path of an SVG, drawn here: no picture is asked for anywhere."""

from collections.abc import Iterator
from itertools import groupby

import segno
from msgspec import Struct

# The margin that readers need, in modules (ISO/IEC 18004).
_QUIET = 4


class QrCode(Struct, frozen=True, kw_only=True):
    """`size` is that of the square with its margin, in modules; `path` draws the dark ones."""

    size: int
    path: str


def qr_code(text: str) -> QrCode:
    """The code of a text. A seventh of it may be lost on paper (level M)."""
    rows = segno.make_qr(text, error="m").matrix
    return QrCode(size=len(rows) + 2 * _QUIET, path="".join(run for y, row in enumerate(rows) for run in _runs(row, y)))


def _runs(row: bytearray, y: int) -> Iterator[str]:
    """Dark modules that stand side by side, as one rectangle."""
    x = 0
    for dark, run in groupby(row):
        length = len(list(run))
        if dark:
            yield f"M{x + _QUIET} {y + _QUIET}h{length}v1h-{length}z"
        x += length
