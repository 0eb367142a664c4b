"""The connection to the app's own database: SQLite by default, PostgreSQL by the same code.

Durability on SQLite: the journal is a write-ahead log and ordinary commits use `synchronous=NORMAL`. They survive a crash of the
process, because the log is with the operating system once `commit` returns; a power failure may take the last of them back, never
tear one (sqlite.org/pragma.html#pragma_synchronous, sqlite.org/wal.html). For launches and outbox marks that is good enough: a
launch lost is opened again from the chart, and a mark lost leaves the submission `sending`, which is treated as unknown and searched
for before any resend. Sealing a submission is not: `durable` commits with `synchronous=FULL`, so it is on the disk before a byte goes out.

Space on SQLite: the file keeps its free pages until `shrink` gives them back (`auto_vacuum=INCREMENTAL`, sqlite.org/pragma.html). That
moves only as many pages as are free, while VACUUM would write the whole file anew and keep everybody else out meanwhile. PostgreSQL
looks after its own space (autovacuum).
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from errno import EISDIR
from os import geteuid
from pathlib import Path
from sqlite3 import SQLITE_BUSY
from sqlite3 import OperationalError as DriverError
from threading import RLock
from time import monotonic, sleep
from typing import Any

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, OperationalError, SQLAlchemyError

from fhir_mappings.sentence import Sentence
from smart_app.errors import ConfigurationError, StoreError

# What `Database.begin` hands out.
Transaction = Connection
_WHERE = "RAPPORT_DATABASE_URL"
_POSTGRESQL = "postgresql+psycopg"
_DRIVERS = {"sqlite", "sqlite+pysqlite", "postgresql", _POSTGRESQL}
_EXAMPLES = "sqlite:////var/lib/rapport/rapport.sqlite or postgresql+psycopg://user:password@host/database"
_BUSY_MILLISECONDS = 5000
_LOCKED_AGAIN_SECONDS = 0.01
# Free pages (4 kB each) that stay for the next launches, and how many are given back at a time: 500 take about 5 ms.
_SPARE_PAGES, _PAGES_AT_ONCE = 64, 500
_INCREMENTAL = 2


class Database:
    """Short transactions on one engine; every failure of the database is a StoreError."""

    def __init__(self, database_url: str, *, create: bool = True) -> None:
        self.url, relative = _url(database_url), is_relative(database_url)
        if not create:
            _must_exist(self.url, relative=relative)
        elif self.url.get_backend_name() == "sqlite" and not _in_memory(self.url):
            _create_private(Path(str(self.url.database)), relative=relative)
        self.engine = _engine(self.url)
        # One connection serves every thread of an in-memory database, so its transactions must take turns.
        self._turn: AbstractContextManager[Any] = RLock() if _in_memory(self.url) else nullcontext()

    @contextmanager
    def begin(self, within: Connection | None = None) -> Iterator[Connection]:
        """A transaction: committed at the end, rolled back on any error. Part of the one of `within`, where given."""
        if within is not None:
            yield within
            return
        with self._turn, _store_errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def durable(self) -> Iterator[Connection]:
        """A transaction that is on the disk when it ends."""
        if self.engine.dialect.name != "sqlite":
            with self.begin() as connection:
                yield connection
            return
        with self._turn, _store_errors(), self.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
            try:
                yield connection
                connection.commit()
            finally:
                connection.rollback()
                connection.exec_driver_sql("PRAGMA synchronous=NORMAL")

    def allow_shrinking(self) -> None:
        """Make a file of before `shrink` able to give space back; it is written anew for that, once. Left for the next start while
        other processes are using it."""
        if self.engine.dialect.name != "sqlite":
            return
        try:
            with self._turn, self.engine.connect() as connection:
                if connection.exec_driver_sql("PRAGMA auto_vacuum").scalar_one() == _INCREMENTAL:
                    return
                raw = connection.connection.driver_connection
                raw.execute("PRAGMA auto_vacuum=INCREMENTAL")  # type: ignore[union-attr]
                raw.execute("VACUUM")  # type: ignore[union-attr]
        except OperationalError:
            return

    def shrink(self) -> None:
        """Give free space back to the file system, but for a little; others get their turn meanwhile. Does nothing on PostgreSQL."""
        if self.engine.dialect.name != "sqlite":
            return
        with self._turn, _store_errors(), self.engine.connect() as connection:
            free = int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())
            raw = connection.connection.driver_connection
            for kept in range(_SPARE_PAGES, free, _PAGES_AT_ONCE):
                # As a script: one page is freed per step, and `execute` takes a single step of a statement that returns no columns.
                raw.executescript(f"PRAGMA incremental_vacuum({min(_PAGES_AT_ONCE, free - kept)})")  # type: ignore[union-attr]

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


@contextmanager
def _store_errors() -> Iterator[None]:
    """SQLAlchemy's errors as StoreError; a broken constraint passes, it is an answer. Statement values are never repeated."""
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        raise StoreError(Sentence("Rapport's own database cannot be used right now."), detail=type(error).__name__) from error


def place_of(database_url: str) -> str:
    """Where the database is, in words: the file with its whole path, or the server and the name there. No user, no password."""
    url = _url(database_url)
    if _in_memory(url):
        return "memory, gone with the process"
    return str(url.database) if url.get_backend_name() == "sqlite" else f"{url.host or 'this machine'}:{url.port or 5432}/{url.database}"


def is_relative(database_url: str) -> bool:
    """Whether the address is that of a file counted from the folder the process runs in."""
    path = make_url(database_url).database
    return bool(path) and _url(database_url).database != path


def _url(database_url: str) -> URL:
    """The address, a relative path made whole: it goes on meaning that file. Raises ConfigurationError, which repeats no password."""
    try:
        url = make_url(database_url)
        backend = url.get_backend_name()
    # Of a port that is no number it is a ValueError.
    except (ArgumentError, ValueError):
        raise ConfigurationError("The database address cannot be read.", where=_WHERE, detail=f"it has to be like {_EXAMPLES}") from None
    if url.drivername not in _DRIVERS:
        raise ConfigurationError(
            "The database must be SQLite or PostgreSQL.",
            where=_WHERE,
            detail=f"it begins with {url.drivername}; it has to be like {_EXAMPLES}",
        )
    if backend != "sqlite":
        return url.set(drivername=_POSTGRESQL)
    if url.host:
        raise ConfigurationError(
            "The database address has two slashes and leads to no file.",
            where=_WHERE,
            detail="write three before a path from the folder Rapport is started in, four before one from the root",
        )
    return url if _in_memory(url) or str(url.database).startswith("file:") else url.set(database=str(Path(str(url.database)).absolute()))


def _engine(url: URL) -> Engine:
    # `hide_parameters`: digests and sealed payloads stay out of messages and logs.
    try:
        if url.get_backend_name() != "sqlite":
            return create_engine(url, hide_parameters=True, pool_pre_ping=True)
        return _sqlite_engine(url)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigurationError(
            "The driver for this database is not installed.", where=_WHERE, detail="pip install rapport[postgres]"
        ) from error


def _sqlite_engine(url: URL) -> Engine:
    if _in_memory(url):
        engine = create_engine(url, hide_parameters=True, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    return engine


def _in_memory(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}


def _must_exist(url: URL, *, relative: bool) -> None:
    """ConfigurationError for a SQLite address where no file is: SQLite would make one, and nothing would be found wrong with it."""
    if url.get_backend_name() == "sqlite" and not (url.database and _is_file(Path(url.database))):
        raise ConfigurationError(
            f"There is no database file at {url.database or 'an address without a path'}.", where=_WHERE, detail=_counted(relative=relative)
        )


def _is_file(path: Path) -> bool:
    """False too where this user may not look."""
    try:
        return path.is_file()
    except OSError:
        return False


def _counted(*, relative: bool) -> str:
    if relative:
        return f"a relative address counts from the folder that Rapport is started in, {Path.cwd()}; four slashes begin one from the root"
    return "the app makes the file at its first start"


def _create_private(path: Path, *, relative: bool) -> None:
    """The file, readable by its owner only. Raises ConfigurationError where it cannot be made."""
    try:
        path.touch(mode=0o600)
        if path.is_dir():
            raise IsADirectoryError(EISDIR, "it is a folder")
    except OSError as error:
        why = f"there is no folder {path.parent}; make it first" if not path.parent.is_dir() else _reason(error, path)
        counted = f"; {_counted(relative=True)}" if relative else ""
        raise ConfigurationError(f"The database file {path} cannot be written.", where=_WHERE, detail=f"{why}{counted}") from error


def _reason(error: OSError, path: Path) -> str:
    if isinstance(error, PermissionError):
        return f"user {geteuid()} may not write to it or to {path.parent}"
    return str(error.strerror)


def _prepare(connection: Any, _record: object) -> None:
    """Settings of one SQLite connection; waiting comes first, because switching to the write-ahead log may have to wait."""
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}").close()
    # Takes effect on a file that is still empty.
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL").close()
    _use_write_ahead_log(connection)
    connection.execute("PRAGMA synchronous=NORMAL").close()
    connection.execute("PRAGMA foreign_keys=ON").close()


def _use_write_ahead_log(connection: Any) -> None:
    """SQLite does not wait here while another process is switching the same new file: both hold what the other needs, so it says "locked"
    at once to one of them, whatever the busy timeout (sqlite.org/c3ref/busy_handler.html). It works as soon as the other is done."""
    until = monotonic() + _BUSY_MILLISECONDS / 1000
    while not _switched(connection, last_try=monotonic() >= until):
        sleep(_LOCKED_AGAIN_SECONDS)


def _switched(connection: Any, *, last_try: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode=WAL").close()
    except DriverError as error:
        if last_try or error.sqlite_errorcode != SQLITE_BUSY:
            raise
        return False
    return True
