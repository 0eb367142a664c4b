"""Every answer a FHIR server can give, on each way of writing, to a server of each ability: what is told is so, and in the end it is stored
once, or not known where nothing can tell. docs/what-becomes-of-a-submission.md says the same of every cell."""

import pytest

from tests.care.submission.table.cells import PATHS, Path, all_cells, run_cell
from tests.care.submission.table.fate_page import PAGE, cell_text, place_of, read_cells
from tests.care.submission.table.faulty_server import Ability, Way
from tests.care.submission.table.server_answers import ServerAnswer

CELLS = [pytest.param(*cell, id=f"{cell[0].key}, {cell[1]}, {cell[2]}") for cell in all_cells()]
SHOWN = read_cells(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("answer", "way", "ability"), CELLS)
def test_what_is_told_is_so_and_it_is_stored_once(answer: ServerAnswer, way: Way, ability: Ability, path: Path) -> None:
    cell = run_cell(answer, way, ability, path)
    assert cell.wrong == ()
    assert cell_text(cell) == SHOWN[place_of(answer.title, way, ability)]
