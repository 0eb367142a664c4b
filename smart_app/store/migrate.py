"""Brings the database to the newest schema, once, however many processes start together."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect

from fhir_mappings.sentence import Sentence
from smart_app.errors import StoreError
from smart_app.store.audit_trail.audit_chain import Chain
from smart_app.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

_SCRIPTS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x52415050  # any number, as long as every process uses the same: "RAPP"


def upgrade(database: Database, chain: Chain) -> None:
    """Apply what is missing, in one transaction that other processes wait for; `chain` links the audit rows of before there was a
    chain. Raises StoreError when it cannot."""
    with database.begin() as connection:
        _lock(connection)
        revision = _revision(connection)
        if revision != newest():
            _migrate(connection, revision, chain)


def is_current(database: Database) -> bool:
    """True when the schema is the one this version of Rapport works with."""
    with database.begin() as connection:
        return _revision(connection) == newest()


def standing(database: Database) -> str:
    """What a database that is not current is instead, and what to do."""
    with database.begin() as connection:
        revision, tables = _revision(connection), inspect(connection).get_table_names()
    if revision is None:
        return "it belongs to another program" if tables else "it is empty: the app's next start makes its tables"
    if revision in {path.name[1:5] for path in (_SCRIPTS / "versions").glob("v????_*.py")}:
        return f"schema {revision} is of an earlier one: restart to migrate"
    return f"schema {revision} is of a newer version of Rapport, or of another program"


@cache
def newest() -> str:
    """The newest revision, by the names of the scripts (`v0002_…`): Alembic would read them all."""
    return max(path.name[1:5] for path in (_SCRIPTS / "versions").glob("v????_*.py"))


def _migrate(connection: Connection, revision: str | None, chain: Chain) -> None:
    """Alembic is 10 MB and some 50 ms of start, so it is loaded only where there is something to migrate."""
    from alembic import command  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = _config()
    config.attributes["connection"] = connection
    config.attributes["chain"] = chain
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        # A database of a newer Rapport is left alone.
        said = Sentence("The database belongs to a newer version of Rapport, or to another program.")
        raise StoreError(said, detail=f"schema {revision}")
    command.upgrade(config, "head")


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
