"""Seals what the database holds: AES-256-GCM, bound to the table and row it belongs to, under keys that can be rotated.

A sealed value is `key id (4 bytes) | nonce (12) | ciphertext and tag`. The first key seals, all keys open. With random
nonces one key is good for 2**32 seals (NIST SP 800-38D 8.3); rotate long before.
"""

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from typing import Any

import simplejson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fhir_mappings.sentence import Sentence
from smart_app.errors import ConfigurationError, NotOpened

KEY_BYTES = 32
_WHERE = "RAPPORT_SECRET_KEYS"
ID_BYTES = 4
_NONCE_BYTES = 12


def parse_key(text: str) -> bytes:
    """A key from its base64url text. Raises ConfigurationError unless it is 32 bytes; never repeats the text."""
    try:
        key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Base64Error, ValueError) as error:
        raise ConfigurationError(
            "A secret key is not base64url text.", where=_WHERE, detail="make one with `rapport keys secret`"
        ) from error
    return _checked(key)


def digest(secret: str) -> str:
    """The SHA-256 of an id or cookie value, as the database keeps it (hex)."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Sealer:
    """Seals and opens JSON payloads, and makes lookup keys for things that must be found without being readable."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ConfigurationError("There is no secret key.", where=_WHERE, detail="make one with `rapport keys secret`")
        checked = [_checked(key) for key in keys]
        self._ciphers = {key_id(key): AESGCM(derive(key, b"seal", KEY_BYTES)) for key in checked}
        self._lookups = [derive(key, b"lookup", KEY_BYTES) for key in checked]
        self._current = next(iter(self._ciphers))

    @property
    def key_ids(self) -> tuple[bytes, ...]:
        """What names the configured keys in a sealed value, the one that seals first."""
        return tuple(self._ciphers)

    def seal(self, payload: Any, *, table: str, row: str) -> bytes:
        """`payload` (JSON; Decimals keep their digits) sealed for one row of one table."""
        text = simplejson.dumps(payload, use_decimal=True, separators=(",", ":")).encode()
        return self._seal(text, table=table, row=row)

    def open(self, sealed: bytes, *, table: str, row: str) -> Any:
        """What was sealed. Raises NotOpened for an unknown key, a changed value, or a value moved from another row."""
        return simplejson.loads(self._open(sealed, table=table, row=row), use_decimal=True)

    def renewed(self, sealed: bytes, *, table: str, row: str, to: str | None = None) -> bytes:
        """The same, to the byte, under the first key, for that row or for the one it moves `to`; as it is where nothing is to be done.
        Raises NotOpened as `open` does."""
        plain = self._open(sealed, table=table, row=row)
        stays = sealed[:ID_BYTES] == self._current and to in {None, row}
        return sealed if stays else self._seal(plain, table=table, row=to or row)

    def _seal(self, text: bytes, *, table: str, row: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, text, _bound_to(table, row))

    def _open(self, sealed: bytes, *, table: str, row: str) -> bytes:
        cipher = self._ciphers.get(sealed[:ID_BYTES])
        if cipher is None:
            raise NotOpened(Sentence("A stored record was sealed with a key that is not configured."), detail=f"table {table}")
        nonce, text = sealed[ID_BYTES : ID_BYTES + _NONCE_BYTES], sealed[ID_BYTES + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, text, _bound_to(table, row))
        except (InvalidTag, ValueError) as error:
            raise NotOpened(Sentence("A stored record was changed or moved."), detail=f"table {table}") from error

    def lookup(self, parts: Iterable[str]) -> str:
        """The lookup key under the current secret key (hex)."""
        return self.lookups(parts)[0]

    def lookups(self, parts: Iterable[str]) -> list[str]:
        """The lookup keys under every secret key, current first."""
        message = simplejson.dumps(list(parts)).encode()
        return [hmac.new(key, message, hashlib.sha256).hexdigest() for key in self._lookups]


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ConfigurationError(
            f"A secret key must be {KEY_BYTES} bytes.", where=_WHERE, detail=f"one has {len(key)}; make one with `rapport keys secret`"
        )
    return key


def key_id(key: bytes) -> bytes:
    """What names a key in what was made with it, and tells nothing about it."""
    return derive(key, b"id", ID_BYTES)


def derive(key: bytes, purpose: bytes, length: int) -> bytes:
    """A key of its own for one purpose (HKDF, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=b"rapport store " + purpose).derive(key)


def _bound_to(table: str, row: str) -> bytes:
    return f"{table}:{row}".encode()
