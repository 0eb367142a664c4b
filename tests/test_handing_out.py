"""What takes long is begun first, and what shares a server shares a worker."""

import re
from pathlib import Path

from tests.handing_out import LONGEST_FIRST, Handing

ROOT = Path(__file__).resolve().parents[1]


def test_every_file_that_is_named_is_there_and_no_other_is_on_hapi() -> None:
    assert [file for file in LONGEST_FIRST if not (ROOT / file).is_file()] == []
    assert len(set(LONGEST_FIRST)) == len(LONGEST_FIRST)
    asking = [path for path in (ROOT / "tests").rglob("test_*.py") if re.search(r"\bhapi_base: str", path.read_text())]
    scopes = {Handing._split_scope(Handing.__new__(Handing), f"{path.relative_to(ROOT)}::test_it[a::b]") for path in asking}
    assert len(asking) > 1
    assert len(scopes) == 1


def test_make_hands_out_by_file_in_the_order_of_the_run() -> None:
    [line] = [one for one in (ROOT / "Makefile").read_text().splitlines() if "-m system" in one]
    assert "--dist loadfile --no-loadscope-reorder" in line
