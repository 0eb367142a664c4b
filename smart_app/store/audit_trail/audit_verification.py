"""Whether the audit trail is as it was written: every row where it belongs, unchanged, none missing, none cut off at the end."""

from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Connection, Row, func, select

from smart_app.store.audit_trail.audit_chain import Chain, ChainHash, Head
from smart_app.store.database import Database
from smart_app.store.tables import audit, audit_head

Fault = Literal["changed", "missing", "reordered", "cut_off", "beyond_head", "head_changed", "key_unknown", "not_contained"]
_AT_ONCE = 1000


class Finding(Struct, frozen=True, kw_only=True):
    """The first thing that does not fit: at which row, and what is wrong with it in words."""

    fault: Fault
    sequence: int
    words: str


class Verified(Struct, frozen=True, kw_only=True):
    """`rows` were looked at and fit. `first` is the number the trail begins with, `head` how far it goes; `finding` is None when all
    of it fits."""

    rows: int
    first: int
    head: Head
    finding: Finding | None


def verify(database: Database, chain: Chain, *, contains: tuple[int, str] | None = None) -> Verified:
    """Go through the trail. `contains` is the number and hash of a row that was seen before and must still be there: a whole database
    set back to an earlier day fits within itself, and only something kept outside shows it. Other processes may go on writing."""
    with database.begin() as connection:
        # In this order: rows are never ahead of the head, so what is read first can only be behind.
        last = connection.execute(select(func.max(audit.c.id))).scalar_one() or 0
        found = connection.execute(select(audit_head)).one_or_none()
        if found is None:
            return _stopped(Head(last, "", 0, ""), 0, Finding(fault="head_changed", sequence=last, words="the head is missing"))
        head = Head(found.sequence, found.hash, found.anchor, found.anchor_hash)
        if not chain.head_fits(ChainHash(found.key_id, found.mac), head):
            return _stopped(head, 0, _head_finding(chain, found.key_id, head))
        return _walk(connection, chain, head, last=last, contains=contains)


def _walk(connection: Connection, chain: Chain, head: Head, *, last: int, contains: tuple[int, str] | None) -> Verified:
    """Row after row, from the anchor to the head."""
    rows, previous = 0, head.anchor_hash
    statement = select(audit).where(audit.c.id > head.anchor, audit.c.id <= head.sequence).order_by(audit.c.id)
    with connection.execution_options(yield_per=_AT_ONCE).execute(statement) as found:
        for row in found:
            finding = _row_finding(chain, row, expected=head.anchor + rows + 1, previous=previous, head=head)
            finding = finding or _differs(row, contains)
            if finding is not None:
                return _stopped(head, rows, finding)
            rows, previous = rows + 1, row.hash
    return Verified(rows=rows, first=head.anchor + 1, head=head, finding=_end_finding(head, rows, previous, last=last, contains=contains))


def _row_finding(chain: Chain, row: Row[Any], *, expected: int, previous: str, head: Head) -> Finding | None:
    """What is wrong with a row, or None."""
    if row.id != expected:
        gone = f"row {expected} is" if row.id == expected + 1 else f"rows {expected} to {row.id - 1} are"
        return Finding(fault="missing", sequence=expected, words=f"{gone} missing")
    if not chain.knows(row.key_id):
        return Finding(fault="key_unknown", sequence=row.id, words="it was written with a key that is not configured")
    link = ChainHash(row.key_id, row.hash)
    if chain.row_fits(link, sequence=row.id, event=row, previous=row.previous):
        if row.previous == previous:
            return None
        return Finding(fault="changed", sequence=row.id, words="it does not follow the row before it: one of them was replaced")
    # One row only, so it may be slow: a row that fits under another number was moved, not changed.
    moved = (number for number in range(1, head.sequence + 1) if chain.row_fits(link, sequence=number, event=row, previous=row.previous))
    written = next(moved, None)
    if written is None:
        return Finding(fault="changed", sequence=row.id, words="it was changed")
    return Finding(fault="reordered", sequence=row.id, words=f"it was written as row {written} and moved")


def _differs(row: Row[Any], contains: tuple[int, str] | None) -> Finding | None:
    """Whether another row was seen before under this number."""
    if contains is None or row.id != contains[0] or row.hash == contains[1]:
        return None
    return Finding(fault="not_contained", sequence=row.id, words="it is not the row that was seen before under this number")


def _end_finding(head: Head, rows: int, previous: str, *, last: int, contains: tuple[int, str] | None) -> Finding | None:
    """What is wrong with where the trail ends, or None."""
    ends = head.anchor + rows
    if ends < head.sequence:
        return Finding(
            fault="cut_off", sequence=ends + 1, words=f"the trail is cut off: it was {head.sequence} rows long and ends at {ends}"
        )
    if previous != head.hash:
        return Finding(fault="changed", sequence=ends, words="it is not the row that was written last")
    if last > head.sequence:
        return Finding(fault="beyond_head", sequence=head.sequence + 1, words="it was added by something other than Rapport")
    if contains is not None and not head.anchor < contains[0] <= ends:
        return Finding(fault="not_contained", sequence=contains[0], words="the row that was seen before is not in the trail")
    return None


def _head_finding(chain: Chain, name: str, head: Head) -> Finding:
    if not chain.knows(name):
        return Finding(fault="key_unknown", sequence=head.sequence, words="the head was written with a key that is not configured")
    return Finding(fault="head_changed", sequence=head.sequence, words="the head was changed")


def _stopped(head: Head, rows: int, finding: Finding) -> Verified:
    return Verified(rows=rows, first=head.anchor + 1, head=head, finding=finding)
