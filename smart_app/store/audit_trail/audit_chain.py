"""The audit trail's chain: every row carries a keyed hash of itself and of the row before it, and the head one of how far the trail goes.

HMAC-SHA-256 (RFC 2104) under a key derived from the secret keys: whoever can write to the database but does not hold the keys cannot
make a row, or a shorter trail, that fits. What is hashed is the row as it is stored, sealed payload included, so a trail is verified
without opening anything. A row names the key it was made with; a retired key must stay configured as long as its rows are to be read,
for the payload as for the hash.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import simplejson

from smart_app.store.seal import KEY_BYTES, derive, key_id
from smart_app.store.tables import milliseconds

# What the first row of a trail follows.
NOTHING = "0" * 64


class Event(Protocol):
    """The columns of an audit row that are hashed besides its number and the hash before it."""

    @property
    def at(self) -> datetime:
        """When, in UTC."""

    @property
    def event(self) -> str:
        """What."""

    @property
    def launch(self) -> str | None:
        """Digest of the launch id."""

    @property
    def patient(self) -> str | None:
        """Keyed lookup of the patient."""

    @property
    def seal_row(self) -> str:
        """What the payload is bound to."""

    @property
    def payload(self) -> bytes:
        """Sealed."""


class ChainedEvent(NamedTuple):
    """An `Event` about to be stored."""

    at: datetime
    event: str
    launch: str | None
    patient: str | None
    seal_row: str
    payload: bytes


class Head(NamedTuple):
    """How far the trail goes: the last row's number and hash; and where it begins: the number and hash before its first row."""

    sequence: int
    hash: str
    anchor: int
    anchor_hash: str


class ChainHash(NamedTuple):
    """A keyed hash (hex) and the key it was made with."""

    key_id: str
    hash: str


class Chain:
    """Makes links under the first key and checks them under all."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys: Mapping[str, bytes] = {key_id(key).hex(): derive(key, b"chain", KEY_BYTES) for key in keys}
        self._current = next(iter(self._keys))

    def row(self, sequence: int, event: Event, previous: str) -> ChainHash:
        """The link of a new row."""
        return self._link(_row(sequence, event, previous))

    def head(self, head: Head) -> ChainHash:
        """The link of a new head."""
        return self._link(["head", *head])

    def knows(self, name: str) -> bool:
        """Whether the key is configured."""
        return name in self._keys

    def row_fits(self, link: ChainHash, *, sequence: int, event: Event, previous: str) -> bool:
        """Whether the link was made, with a key that is configured, for exactly this row in this place."""
        return self._fits(link, _row(sequence, event, previous))

    def head_fits(self, link: ChainHash, head: Head) -> bool:
        """The same for a head."""
        return self._fits(link, ["head", *head])

    def _link(self, content: list[Any]) -> ChainHash:
        return ChainHash(self._current, _hashed(self._keys[self._current], content))

    def _fits(self, link: ChainHash, content: list[Any]) -> bool:
        key = self._keys.get(link.key_id)
        return key is not None and hmac.compare_digest(_hashed(key, content), link.hash)


def _row(sequence: int, event: Event, previous: str) -> list[Any]:
    place = ["row", sequence, previous]
    return [*place, milliseconds(event.at), event.event, event.launch, event.patient, event.seal_row, event.payload.hex()]


def _hashed(key: bytes, content: list[Any]) -> str:
    """JSON without spaces, ASCII only, is the canonical form: there is one way to write a list of texts and whole numbers in it."""
    return hmac.digest(key, simplejson.dumps(content, separators=(",", ":")).encode("ascii"), "sha256").hex()
