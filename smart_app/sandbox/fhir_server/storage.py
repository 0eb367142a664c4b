"""Resources in SQLite through SQLAlchemy: every version kept, and the index tables that searches read.

One connection, one lock: a session sees no other, so whatever is checked in it still holds when it writes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any, Literal

import simplejson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    Select,
    StaticPool,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    delete,
    func,
    insert,
    select,
    tuple_,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from smart_app.sandbox.exchange.json_text import FhirJson
from smart_app.sandbox.fhir_server.date_ranges import moment
from smart_app.sandbox.fhir_server.indexing import IndexRows, index_rows

Method = Literal["POST", "PUT", "DELETE"]
METADATA = MetaData()
CURRENT = Table(
    "current",
    METADATA,
    Column("key", Integer, primary_key=True),
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("last_updated", BigInteger, nullable=False),
    Column("deleted", Integer, nullable=False),
    UniqueConstraint("type", "id"),
)
VERSION = Table(
    "version",
    METADATA,
    Column("key", ForeignKey("current.key"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("last_updated", BigInteger, nullable=False),
    Column("method", Text, nullable=False),
    Column("body", Text),
)


def _index_table(name: str, *columns: Column[object], by: Sequence[str]) -> Table:
    """An index table: the resource's key, the parameter and what it holds, found by value and, to sort and forget, by resource."""
    table = Table(name, METADATA, Column("key", ForeignKey("current.key"), nullable=False), Column("parameter", Text), *columns)
    Index(f"{name}_by_resource", table.c.key, table.c.parameter, table.c[by[0]])
    Index(f"{name}_by_value", table.c.parameter, *(table.c[column] for column in by), table.c.key)
    return table


TOKEN = _index_table("token", Column("system", Text), Column("code", Text), by=["code", "system"])
REFERENCE = _index_table(
    "reference",
    Column("target_base", Text),
    Column("target_type", Text),
    Column("target_id", Text),
    Column("target_version", Text),
    by=["target_id", "target_type"],
)
STRING = _index_table("string", Column("folded", Text), Column("exact", Text), by=["folded"])
DATE = _index_table("date", Column("low", BigInteger), Column("high", BigInteger), by=["low", "high"])
_INDEXES = {"token": TOKEN, "reference": REFERENCE, "string": STRING, "date": DATE}
_CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """One version of a resource. `body` is its JSON text as it was written, None when this version is its deletion;
    `last_updated` is in microseconds since 1970."""

    key: int
    type: str
    id: str
    version: int
    last_updated: int
    method: str
    body: str | None

    @property
    def reference(self) -> str:
        """`Patient/1`."""
        return f"{self.type}/{self.id}"

    @property
    def etag(self) -> str:
        """The version as HTTP has it."""
        return f'W/"{self.version}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """A version to be written; `resource` is None for a deletion."""

    type: str
    id: str
    method: Method
    resource: FhirJson | None


def instant_text(microseconds: int) -> str:
    """A FHIR instant in UTC, milliseconds."""
    return moment(microseconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Session:
    """Reads and writes of one database transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, resource_type: str, resource_id: str) -> StoredVersion | None:
        """The newest version, which may be a deletion; None when there never was one."""
        found = self.run(STORED.where(CURRENT.c.type == resource_type, CURRENT.c.id == resource_id))
        return stored(found[0]) if found else None

    def find_all(self, references: Sequence[tuple[str, str]]) -> list[StoredVersion]:
        """The resources that exist among (type, id) pairs, in the order they were first stored."""
        pairs = tuple_(CURRENT.c.type, CURRENT.c.id)
        chunks = [references[at : at + _CHUNK] for at in range(0, len(references), _CHUNK)]
        rows = [row for chunk in chunks for row in self.run(STORED.where(pairs.in_(chunk)))]
        return sorted((stored(row) for row in rows if row.body is not None), key=lambda one: one.key)

    def versions(self, resource_type: str, resource_id: str) -> list[StoredVersion]:
        """All versions, newest first."""
        rows = self.run(
            select(CURRENT.c.type, CURRENT.c.id, *VERSION.c)
            .join_from(CURRENT, VERSION, CURRENT.c.key == VERSION.c.key)
            .where(CURRENT.c.type == resource_type, CURRENT.c.id == resource_id)
            .order_by(VERSION.c.version.desc())
        )
        return [stored(row) for row in rows]

    def run(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        """The rows of a select."""
        return self._connection.execute(statement).all()

    def write(self, drafts: Sequence[NewVersion], *, now: int, base: str) -> list[StoredVersion]:
        """Write the next version of each draft's resource, in order. `now` is cut to milliseconds; references to `base` are local."""
        written = self._numbered(drafts, now=now - now % 1000)
        newest = {one.key: (one, draft) for one, draft in zip(written, drafts, strict=True)}
        self._put_current([one for one, _ in newest.values()])
        self._connection.execute(
            insert(VERSION),
            [
                {"key": one.key, "version": one.version, "last_updated": one.last_updated, "method": one.method, "body": one.body}
                for one in written
            ],
        )
        self._put_indexes({key: index_rows(draft.resource, base=base) for key, (_, draft) in newest.items() if draft.resource})
        return written

    def _numbered(self, drafts: Sequence[NewVersion], *, now: int) -> list[StoredVersion]:
        """Each draft with its key and version number."""
        heads = self._heads([(draft.type, draft.id) for draft in drafts])
        fresh = self.run(select(func.coalesce(func.max(CURRENT.c.key), 0)))[0][0]
        numbered = []
        for draft in drafts:
            key, version = heads.get((draft.type, draft.id), (int(str(fresh)) + len(heads) + 1, 0))
            heads[draft.type, draft.id] = (key, version + 1)
            numbered.append(_stored_draft(draft, key=key, version=version + 1, now=now))
        return numbered

    def _heads(self, references: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, int]]:
        """(key, newest version) of those that exist or existed."""
        pairs = tuple_(CURRENT.c.type, CURRENT.c.id)
        chunks = [references[at : at + _CHUNK] for at in range(0, len(references), _CHUNK)]
        rows = [row for chunk in chunks for row in self._connection.execute(select(CURRENT).where(pairs.in_(chunk)))]
        return {(row.type, row.id): (row.key, row.version) for row in rows}

    def _put_current(self, written: Sequence[StoredVersion]) -> None:
        """Point each resource at its newest version and forget what was indexed of it."""
        head = upsert(CURRENT)
        changed = {name: head.excluded[name] for name in ("version", "last_updated", "deleted")}
        rows = [
            {
                "key": one.key,
                "type": one.type,
                "id": one.id,
                "version": one.version,
                "last_updated": one.last_updated,
                "deleted": one.body is None,
            }
            for one in written
        ]
        self._connection.execute(head.on_conflict_do_update(index_elements=["key"], set_=changed), rows)
        before = [one.key for one in written if one.version > 1]
        for table in _INDEXES.values() if before else ():
            self._connection.execute(delete(table).where(table.c.key.in_(before)))

    def _put_indexes(self, indexed: dict[int, IndexRows]) -> None:
        """Fill the index tables."""
        for name, table in _INDEXES.items():
            rows = [{"key": key, **row} for key, of_resource in indexed.items() for row in getattr(of_resource, name)]
            if rows:
                self._connection.execute(insert(table), rows)


STORED = select(CURRENT.c.type, CURRENT.c.id, *VERSION.c).join_from(
    CURRENT, VERSION, (CURRENT.c.key == VERSION.c.key) & (CURRENT.c.version == VERSION.c.version)
)


def stored(row: Row[Any]) -> StoredVersion:
    """A row of `STORED`."""
    return StoredVersion(
        key=row.key, type=row.type, id=row.id, version=row.version, last_updated=row.last_updated, method=row.method, body=row.body
    )


def _stored_draft(draft: NewVersion, *, key: int, version: int, now: int) -> StoredVersion:
    """The draft as it will be read back: id and meta filled in, everything else untouched."""
    body = None
    if draft.resource is not None:
        given = draft.resource.get("meta")
        meta = {**(given if isinstance(given, dict) else {}), "versionId": str(version), "lastUpdated": instant_text(now)}
        head = {"resourceType": draft.type, "id": draft.id, "meta": meta}
        rest = {name: value for name, value in draft.resource.items() if name not in head}
        body = simplejson.dumps({**head, **rest}, use_decimal=True, ensure_ascii=False)
    return StoredVersion(key=key, type=draft.type, id=draft.id, version=version, last_updated=now, method=draft.method, body=body)


class Storage:
    """A database of resources: `sqlite://` in memory, `sqlite:///file` kept."""

    def __init__(self, url: str = "sqlite://") -> None:
        self._engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        self._lock = RLock()
        METADATA.create_all(self._engine)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction at a time: committed at the end of the block, rolled back when it raises."""
        with self._lock, self._engine.begin() as connection:
            yield Session(connection)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()
