"""docs/what-becomes-of-a-submission.md is what the run gives: its cells are compared where they are run, and here the rest of it."""

from tests.care.submission.table.cells import ABILITIES, all_cells
from tests.care.submission.table.database_cells import all_database_cells
from tests.care.submission.table.fate_page import PAGE, fate_page, place_of, place_of_database, read_cells


def test_the_page_has_every_cell_and_the_words_of_the_run() -> None:
    page = PAGE.read_text(encoding="utf-8")
    cells = read_cells(page)
    places = [place_of(answer.title, way, ability) for answer, way, ability in all_cells()]
    places += [place_of_database(fault.title, when, way) for fault, when, way, ability in all_database_cells() if ability == ABILITIES[0]]
    assert {place: cells.get(place) for place in places if place not in cells} == {}
    assert page == fate_page(cells)
