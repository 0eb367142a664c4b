"""Only an entry point decides how often a process looks for garbage; whoever imports Rapport decides it themselves."""

import gc
import json
import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest

from smart_app.garbage_collection import paused
from tests.support.fresh_database import fresh_database

ROOT = Path(__file__).resolve().parents[1]
STATE = "[gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), gc.get_debug()]"
IMPORTED = f"""
import gc, importlib, json, sys
before = {STATE}
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps([before, {STATE}]))
"""


def modules() -> list[str]:
    """Every module that is no entry point; a migration runs when Alembic loads it, never on import."""
    files = [file.relative_to(ROOT) for top in ("fhir_mappings", "smart_app") for file in sorted((ROOT / top).rglob("*.py"))]
    names = [".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files if "migrations" not in file.parts]
    return [name for name in names if name not in {"smart_app.wsgi", "smart_app.__main__"}]


def printed(code: str, *arguments: str, **environment: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, **environment}
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_importing_changes_nothing_about_garbage_collection() -> None:
    before, after = printed(IMPORTED, *modules())
    assert after == before


def test_a_server_started_by_its_entry_point_looks_for_garbage_less_often(tmp_path: Path) -> None:
    key = urlsafe_b64encode(bytes(32)).decode()
    _, (looks, thresholds, frozen, _) = printed(
        IMPORTED, "smart_app.wsgi", RAPPORT_SECRET_KEYS=key, RAPPORT_DATABASE_URL=fresh_database(tmp_path)
    )
    assert looks
    assert thresholds[0] > 700
    assert frozen > 10_000


def test_a_pause_ends_as_it_began() -> None:
    with paused():
        assert not gc.isenabled()
        with paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_pause_ends_with_what_fails_in_it() -> None:
    with pytest.raises(KeyError), paused():
        raise KeyError
    assert gc.isenabled()
