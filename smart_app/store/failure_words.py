"""What failed in the app's own database, for whoever runs a command or starts the server. What is said on a page is the page's."""

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from smart_app.errors import StoreError, in_one_line, printable
from smart_app.store.database import place_of

_WORDS = {
    sqlite3.SQLITE_BUSY: "is locked: another program is writing to it, or has it open for that. Let it end, then try again.",
    sqlite3.SQLITE_LOCKED: "is locked: another program is writing to it, or has it open for that. Let it end, then try again.",
    sqlite3.SQLITE_FULL: "cannot grow: the disk, or what may be used of it, is full. Make room, then try again.",
    sqlite3.SQLITE_READONLY: "may not be written: the user Rapport runs as needs the right to write to the file and to its folder.",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: the user Rapport runs as needs the right to write to the file and to its folder.",
    sqlite3.SQLITE_NOTADB: "is no SQLite database. See that RAPPORT_DATABASE_URL names Rapport's own file.",
    sqlite3.SQLITE_CORRUPT: "is damaged. Stop Rapport and restore the file from a backup.",
    sqlite3.SQLITE_IOERR: "could not be read or written: the disk reported an error, or is full.",
    sqlite3.SQLITE_ERROR: "has other tables than Rapport expects. See that RAPPORT_DATABASE_URL names Rapport's own database.",
}
# The lower byte is the kind; what is above it says more about where (sqlite.org/rescode.html).
_KIND = 0xFF
# Classes of SQLSTATE that are about the connection, the sign-in or the server, never about a row; their words name no value.
_ABOUT_THE_SERVER = ("08", "28", "3D", "53", "57", "58")


def store_failure(error: StoreError, database_url: str | None) -> str:
    """One line: which database, what failed and what to do. No password, no value of a row."""
    cause = error.__cause__
    where = f"The database at {place_of(database_url)}" if database_url else "The database"
    if not isinstance(cause, SQLAlchemyError):
        return f"{in_one_line(error)} ({where}.)" if database_url else in_one_line(error)
    return f"{where} {_words(cause)}"


def _words(cause: SQLAlchemyError) -> str:
    original = cause.orig if isinstance(cause, DBAPIError) else None
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", None)
        said = _WORDS.get(code & _KIND) if code is not None else None
        return said or f"cannot be used: SQLite reports {getattr(original, 'sqlite_errorname', type(original).__name__)}."
    state = getattr(original, "sqlstate", None)
    if isinstance(cause, OperationalError) and (state is None or state.startswith(_ABOUT_THE_SERVER)):
        return f"cannot be used; the server, or the way to it, says: {printable(' '.join(str(original).split()))}"
    return f"cannot be used: {type(cause).__name__} {state or ''}".rstrip() + "."
