"""Setting up a checkout: what is missing is said in one line, and nothing half-made stays."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the set-up reads."""
    for part in ("tools", "requirements", "pyproject.toml"):
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / part)
    return tmp_path


def set_up(checkout: Path, *, before: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up as `make` does, with plain pip and no index, `before` run first in the same interpreter; `more` is environment."""
    script = checkout / "tools" / "setup_venv.py"
    code = f"{before}\nimport runpy, sys\nsys.argv = ['setup_venv.py', 'dev']\nrunpy.run_path({str(script)!r}, run_name='__main__')"
    environment = {**os.environ, "RAPPORT_NO_UV": "1", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", **more}
    return subprocess.run([sys.executable, "-c", code], cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def test_a_python_without_its_venv_parts_is_told_what_to_install(checkout: Path) -> None:
    done = set_up(checkout, before="import sys; sys.modules['ensurepip'] = None")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt-get install python3-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_too_old_is_named(checkout: Path) -> None:
    done = set_up(checkout, before="import sys; sys.version_info = (3, 9, 2)")
    assert done.returncode == 1
    assert "needs Python 3.11 or later" in done.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.system
def test_a_package_that_cannot_be_had_leaves_no_half_made_environment(checkout: Path) -> None:
    done = set_up(checkout)
    assert done.returncode == 1
    assert "failed:" in done.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.system
def test_where_uv_fails_pip_takes_over(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "elsewhere"
    tools.mkdir()
    broken = tools / "uv"
    broken.write_text("#!/bin/sh\necho 'invalid peer certificate' >&2\nexit 2\n")
    broken.chmod(0o755)
    done = set_up(checkout, RAPPORT_NO_UV="", PATH=f"{tools}{os.pathsep}{os.environ['PATH']}")
    assert "uv could not" in done.stdout
    assert "invalid peer certificate" in done.stdout
    assert "-m pip" in done.stderr
    assert not (checkout / ".venv").exists()
