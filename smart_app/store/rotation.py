"""Seals every row anew under the first key, and makes the keyed lookups anew with it, beside an app that goes on.

Row by row, each in a transaction of its own that exchanges exactly what was read: whoever was faster wins, and the row is looked at again.
What is as the first key makes it stays, so that it may be stopped and started at any time. The audit trail is never rewritten: its hashes
cover what is sealed in it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, Row, Table, delete, select, update
from sqlalchemy.exc import IntegrityError

from smart_app.errors import NotOpened
from smart_app.store.database import Database

_BATCH = 100
# The pass after the last that changed something finds nothing to do. More than these: somebody else seals under another key meanwhile.
_PASSES = 5
_Done = Literal["as_it_was", "resealed", "changed_meanwhile", "not_opened", "not_proven"]


class SealedTable(NamedTuple):
    """`resealed` gives a row's columns as the first key makes them: None where it cannot be, NotOpened where no key opens it."""

    table: Table
    resealed: Callable[[Row[Any]], dict[str, Any] | None]


class Rotation(Struct, frozen=True, kw_only=True):
    """Rows by table: `resealed`; `not_opened` by any key; `not_proven`, whose lookup cannot be made anew, as nothing sealed says whose they
    are; `unsettled`, of which others were written meanwhile under another key."""

    resealed: Mapping[str, int]
    not_opened: Mapping[str, int]
    not_proven: Mapping[str, int]
    unsettled: Mapping[str, int]


def reseal_all(database: Database, *tables: SealedTable) -> Rotation:
    """Do it."""
    found = {one.table.name: _reseal(database, one) for one in tables}
    return Rotation(
        resealed=_of(found, "resealed"),
        not_opened=_of(found, "not_opened"),
        not_proven=_of(found, "not_proven"),
        unsettled=_of(found, "changed_meanwhile"),
    )


def _of(found: Mapping[str, Counter[_Done]], done: _Done) -> Mapping[str, int]:
    return {name: counted[done] for name, counted in found.items() if counted[done]}


def _reseal(database: Database, one: SealedTable) -> Counter[_Done]:
    """Pass after pass until one changes nothing; what the last one left, and how many were sealed anew in all."""
    total = 0
    for _ in range(_PASSES):
        last = Counter(_exchange(database, one, row) for row in _rows(database, one.table))
        total += last["resealed"]
        if not last["resealed"] and not last["changed_meanwhile"]:
            break
    else:
        last["changed_meanwhile"] += last["resealed"]
    last["resealed"] = total
    return last


def _rows(database: Database, table: Table) -> Iterator[Row[Any]]:
    """In the order of their ids, a few at a time: nobody waits for a long transaction."""
    last = ""
    while True:
        with database.begin() as connection:
            rows = connection.execute(select(table).where(table.c.id > last).order_by(table.c.id).limit(_BATCH)).all()
        yield from rows
        if len(rows) < _BATCH:
            return
        last = rows[-1].id


def _exchange(database: Database, one: SealedTable, row: Row[Any]) -> _Done:
    try:
        anew = one.resealed(row)
    except NotOpened:
        return "not_opened"
    if anew is None:
        return "not_proven"
    changed = {name: value for name, value in anew.items() if value != getattr(row, name)}
    if not changed:
        return "as_it_was"
    try:
        with database.begin() as connection:
            return "resealed" if _exchanged(connection, one.table, row, changed) else "changed_meanwhile"
    except IntegrityError:
        return "changed_meanwhile"


def _exchanged(connection: Connection, table: Table, row: Row[Any], changed: Mapping[str, Any]) -> bool:
    """False where the row is not any more what was read."""
    as_read = (table.c.id == row.id) & (table.c.payload == row.payload)
    if "id" in changed:
        wanted = table.c.id == changed["id"]
        twin = connection.execute(select(table.c.created).where(wanted)).one_or_none()
        if twin is not None and twin.created <= row.created:
            # Made under one key and again under another: it stands as it was made first.
            return connection.execute(delete(table).where(as_read)).rowcount == 1
        connection.execute(delete(table).where(wanted))
    return connection.execute(update(table).where(as_read).values(changed)).rowcount == 1
