"""The pictures that README and docs show are those that `make pictures` takes."""

import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documentation.pictures import PICTURES

pytestmark = pytest.mark.system
ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_SHOWN = re.compile(r"""!\[[^\]]*\]\(([^)\s]+)|<img\b[^>]*\bsrc=["']([^"']+)""", re.IGNORECASE)


def pictures_shown() -> set[Path]:
    """Every picture a page names, whatever its kind and wherever it is."""
    named = (
        (page, address) for page in PAGES for found in _SHOWN.findall(page.read_text(encoding="utf-8")) for address in found if address
    )
    return {(page.parent / address).resolve() for page, address in named}


def test_every_picture_shown_is_taken_and_every_picture_taken_is_shown() -> None:
    assert pictures_shown() == {ROOT / "docs" / name for name in PICTURES}
    assert set((ROOT / "docs").rglob("*.png")) == {ROOT / "docs" / name for name in PICTURES}


def test_make_knows_the_command() -> None:
    planned = subprocess.run(["make", "--dry-run", "pictures"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "python -m tests.documentation.pictures" in planned


def test_the_command_takes_them_in_their_size(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.documentation.pictures", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=300)
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert found.keys() == PICTURES.keys()
    for name, content in found.items():
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", content[16:24]) == (PICTURES[name].width, PICTURES[name].height)
        # A white or half-drawn page packs to a few kilobytes.
        assert 80_000 < len(content) < 400_000
