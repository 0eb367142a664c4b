"""Brings the database to the newest schema, once, however many processes start together."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from smart_app.errors import StoreError
from smart_app.store.chain import Chain
from smart_app.store.database import Database

_SCRIPTS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x52415050  # any number, as long as every process uses the same: "RAPP"


def upgrade(database: Database, chain: Chain) -> None:
    """Apply what is missing, in one transaction that other processes wait for; `chain` links the audit rows of before there was a
    chain. Raises StoreError when it cannot."""
    with database.begin() as connection:
        _lock(connection)
        config = _config()
        config.attributes["connection"] = connection
        config.attributes["chain"] = chain
        _refuse_newer(connection, config)
        command.upgrade(config, "head")


def is_current(database: Database) -> bool:
    """True when the schema is the one this version of Rapport works with."""
    with database.begin() as connection:
        return _revision(connection) == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(connection: Connection, config: Config) -> None:
    """A database of a newer Rapport is left alone."""
    revision = _revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreError("The database belongs to a newer version of Rapport.", detail=f"schema {revision}")


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
