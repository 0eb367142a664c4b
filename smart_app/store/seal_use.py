"""Under which keys the stored rows were sealed, told without opening any: a sealed value begins with its key's id."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from sqlalchemy import Connection, Table, func, select
from sqlalchemy.sql.elements import ColumnElement

from smart_app.store.outbox import key_of, undeliverable
from smart_app.store.tables import aside_notes, audit, drafts, filed_pages, launches, links, loans, option_notes, outbox, reveals

# Every table of sealed rows but the audit trail, which names its keys in a column.
SEALED: tuple[Table, ...] = (launches, outbox, drafts, reveals, option_notes, aside_notes, filed_pages, loans, links)


class NotOpenedRows(Struct, frozen=True, kw_only=True):
    """How many rows no configured key opens, by table, without those that have none. `undelivered`: so many of the outbox's are on their
    way still, and nobody will deliver them."""

    rows: Mapping[str, int]
    undelivered: int


def rows_by_key(connection: Connection) -> Mapping[str, Mapping[str, int]]:
    """Rows by the id (hex) of the key they were sealed under, and by table."""
    found: dict[str, dict[str, int]] = {}
    for table in SEALED:
        key = key_of(table)
        for name, rows in connection.execute(select(key, func.count()).group_by(key)):
            found.setdefault(bytes(name).hex(), {})[table.name] = rows
    for name, rows in connection.execute(select(audit.c.key_id, func.count()).group_by(audit.c.key_id)):
        found.setdefault(name, {})[audit.name] = rows
    return found


def not_opened(connection: Connection, key_ids: Sequence[bytes]) -> NotOpenedRows:
    """Rows of other keys than these."""
    strangers = {table: key_of(table).not_in(key_ids) for table in SEALED}
    strangers[audit] = audit.c.key_id.not_in([one.hex() for one in key_ids])
    counted = {table.name: _count(connection, table, strange) for table, strange in strangers.items()}
    undelivered = _count(connection, outbox, undeliverable(key_ids)) if counted[outbox.name] else 0
    return NotOpenedRows(rows={name: rows for name, rows in counted.items() if rows}, undelivered=undelivered)


def _count(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()
