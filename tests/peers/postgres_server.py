"""A throwaway PostgreSQL cluster on a socket, for the tests that run on both databases."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path

from sqlalchemy import create_engine, text


def _binaries() -> Path:
    """The folder of the newest installed PostgreSQL server. RuntimeError when there is none."""
    found = sorted(glob("/usr/lib/postgresql/*/bin/initdb"))
    if not found:
        raise RuntimeError("PostgreSQL is not installed: run `make test-system`, or apt-get install postgresql")
    return Path(found[-1]).parent


def _runuser() -> str:
    """Where Debian keeps it, which is not on every PATH."""
    return shutil.which("runuser", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or "runuser"


def _run(command: list[str]) -> None:
    """Run a PostgreSQL command, as the user `postgres` when root: initdb refuses root."""
    prefix = [_runuser(), "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-1000:]}")


def emptied(url: str) -> str:
    """The same database with nothing in it any more."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@contextmanager
def postgres() -> Iterator[str]:
    """The SQLAlchemy address of an empty database; the cluster is gone afterwards."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="rapport-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        data = folder / "data"
        _run([str(binaries / "initdb"), "-A", "trust", "-U", "rapport", "--no-sync", "--locale=C.UTF-8", "-D", str(data)])
        options = f"-k {folder} -c listen_addresses='' -F"
        _run([str(binaries / "pg_ctl"), "-w", "-D", str(data), "-l", str(folder / "log"), "-o", options, "start"])
        try:
            yield f"postgresql+psycopg://rapport@/postgres?host={folder}"
        finally:
            _run([str(binaries / "pg_ctl"), "-w", "-m", "immediate", "-D", str(data), "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
