"""The programs themselves, `rapport` and what a WSGI server imports: what cannot be used is the last line, a sentence and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.fresh_database import fresh_database

ROOT = Path(__file__).resolve().parents[1]
KEY = "A" * 43
RAPPORT = [sys.executable, "-m", "smart_app", "audit", "verify"]
SERVER = [sys.executable, "-c", "import smart_app.wsgi"]
# What gunicorn takes for a failed start of the app; at any other status it starts worker after worker.
STOPS_GUNICORN = 4


def ran(command: list[str], folder: Path, **environment: str) -> tuple[int, list[str]]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    given = {"PYTHONPATH": str(ROOT), **clean, **environment}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=given)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.splitlines()


def test_without_a_key_command_and_server_end_with_a_sentence(tmp_path: Path) -> None:
    for command, status in ((RAPPORT, 2), (SERVER, STOPS_GUNICORN)):
        code, said = ran(command, tmp_path, RAPPORT_READ_WORKERS="many")
        assert code == status
        assert "RAPPORT_SECRET_KEYS is not set. Set it, or RAPPORT_SECRET_KEYS_FILE" in said[-1]
        assert "Make one with `rapport keys secret`." in said[-1]


def test_a_database_that_cannot_be_used_stops_the_server_with_a_sentence(tmp_path: Path) -> None:
    code, said = ran(SERVER, tmp_path, RAPPORT_SECRET_KEYS=KEY, RAPPORT_DATABASE_URL="sqlite:///absent/a.sqlite")
    assert code == STOPS_GUNICORN
    assert f"{tmp_path}/absent/a.sqlite cannot be written. RAPPORT_DATABASE_URL: there is no folder {tmp_path}/absent" in said[-1]
    (tmp_path / "other.sqlite").write_text("no database " * 100)
    code, said = ran(SERVER, tmp_path, RAPPORT_SECRET_KEYS=KEY, RAPPORT_DATABASE_URL="sqlite:///other.sqlite")
    assert (code, f"{tmp_path}/other.sqlite is no SQLite database" in said[-1], "sent" in said[-1]) == (STOPS_GUNICORN, True, False)


def test_keys_from_a_file_start_the_server_which_says_where_its_database_is(tmp_path: Path) -> None:
    fresh_database(tmp_path)
    (tmp_path / "keys").write_text(f"\ufeff{KEY}\r\n", encoding="utf-8")
    code, said = ran(SERVER, tmp_path, RAPPORT_SECRET_KEYS_FILE="keys")
    assert (code, any(f'"database": "{tmp_path}/rapport.sqlite"' in line for line in said)) == (0, True), said
    # Mode 0644 on a disk that is written to: any user of the machine could read the keys.
    assert any('"secret_file_open_to_all"' in line and '"RAPPORT_SECRET_KEYS_FILE"' in line for line in said)
