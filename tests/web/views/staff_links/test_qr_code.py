"""A QR code as it is drawn."""

import re

import segno

from smart_app.web.views.staff_links.qr_code import qr_code

ADDRESS = "https://rapport.example.org/link/xs2e5-xibqm-mjhts-jyhje-lyvjaq"


def drawn(path: str, size: int) -> list[list[int]]:
    """The modules that the path fills, margin and all."""
    square = [[0] * size for _ in range(size)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path):
        for place in range(int(x), int(x) + int(length)):
            square[int(y)][place] = 1
    return square


def test_every_dark_module_is_drawn_once_within_a_margin_of_four() -> None:
    code, matrix = qr_code(ADDRESS), segno.make_qr(ADDRESS, error="m").matrix
    square = drawn(code.path, code.size)
    assert code.size == len(matrix) + 8
    assert [row[4:-4] for row in square[4:-4]] == [list(row) for row in matrix]
    assert not any(any(row) for row in (*square[:4], *square[-4:]))
    assert re.sub(r"M\d+ \d+h\d+v1h-\d+z", "", code.path) == ""


def test_an_address_of_ours_fits_into_a_code_that_a_phone_reads_from_a_screen() -> None:
    assert qr_code(ADDRESS).size <= 45
