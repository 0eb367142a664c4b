"""Every way the app's own database can fail, at every time of a submission, on each way of writing, beside a sound server."""

import pytest

from tests.care.submission.table.cells import PATHS, Path
from tests.care.submission.table.database_cells import all_database_cells, run_database_cell
from tests.care.submission.table.database_faults import FAULTS, DatabaseFault, When
from tests.care.submission.table.fate_page import PAGE, cell_text, place_of_database, read_cells
from tests.care.submission.table.faulty_server import Ability, Way
from tests.care.submission.table.scene import KEY, scene

CELLS = [pytest.param(*cell, id=f"{cell[0].key} {cell[1]}, {cell[2]}, {cell[3]}") for cell in all_database_cells()]
SHOWN = read_cells(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("fault", "when", "way", "ability"), CELLS)
def test_what_is_told_is_so_and_it_is_stored_once(fault: DatabaseFault, when: When, way: Way, ability: Ability, path: Path) -> None:
    cell = run_database_cell(fault, when, way, ability, path)
    assert cell.wrong == ()
    assert cell_text(cell) == SHOWN[place_of_database(fault.title, when, way)]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.key)
def test_a_database_that_fails_takes_nothing_and_is_as_before_when_it_is_well(fault: DatabaseFault) -> None:
    with scene("conditional", "transaction") as standing:
        with fault.begin(standing):
            failed = standing.send()
        assert failed is not None
        assert failed.state == "not_sealed"
        assert standing.services.store.outbox.get(KEY) is None
        assert standing.send() is None
        assert standing.look().state == "saved"
