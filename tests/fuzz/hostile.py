"""Strategies: text, documents, queries and bytes as somebody means harm, or as broken software sends them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz.watch import MARKER
from tests.support.authorization_server import BASE, ISSUER

_PIECES = (
    MARKER, "\x00", "\r\nSet-Cookie: a=b", "\x1b[31m", "\u202e", "\ud800", "\udfff", "\uffff", "\ufeff", "💥", "%00", "%", "+", " ", "&",
    "#", "../", "..", "/", "\\", "//evil.example.org", "https://evil.example.org/", "http://169.254.169.254/", "javascript:alert(1)",
    BASE, ISSUER, "@", ":", "[", "]", "{{7*7}}", "' OR 1=1 --", "${jndi:x}", "Patient/pat-2", "pat-2", "__proto__", "null", "0", "-1",
    "1e999", "e30", "Practitioner/dr-1", "Patient/pat-1", "١٢",
)  # fmt: skip

text: SearchStrategy[str] = st.one_of(
    st.sampled_from(_PIECES),
    st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=8)), max_size=4).map("".join),
    st.builds(lambda piece, times: piece * times, st.sampled_from(_PIECES), st.sampled_from([20, 1000])),
)
"""Text with what breaks parsers, pages, logs and headers; lone surrogates too, which JSON can carry and UTF-8 cannot."""

encodable: SearchStrategy[str] = text.map(lambda said: said.encode("utf-8", "replace").decode())
"""The same without lone surrogates."""

_numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 2**63, 2**64, 10**30, 1e308, float("inf"), float("-inf"), float("nan")]),
)
_plain: SearchStrategy[Any] = st.one_of(st.none(), st.booleans(), _numbers, text)

_others: tuple[Any, ...] = (None, True, False, 0, "", [], {}, [[]], [{}], [None], {"a": []})
values: SearchStrategy[Any] = st.one_of(
    st.sampled_from(_others),
    st.recursive(_plain, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)), max_leaves=6),
)
"""Anything JSON, or what Python takes for it, can say."""


def mostly(usual: SearchStrategy[Any], *others: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Four times of five `usual`. A strategy that stands in `one_of` several times counts once."""
    return st.sampled_from([True] * 4 + [False]).flatmap(lambda plain: usual if plain else st.one_of(*others))


_GONE = object()


def mutated(document: Any) -> SearchStrategy[Any]:
    """The document with one or two of its parts, however deep, replaced by anything, or taken away."""
    places = st.sampled_from(list(_places(document)))
    instead = st.booleans().flatmap(lambda plain: st.sampled_from([*_others, _GONE]) if plain else values)
    return st.lists(st.tuples(places, instead), min_size=1, max_size=2).map(lambda turns: _with_all(document, turns))


def _places(document: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each part, the whole first."""
    yield before
    parts = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for name, part in parts:
        yield from _places(part, (*before, name))


def _with_all(document: Any, turns: Sequence[tuple[tuple[Any, ...], Any]]) -> Any:
    for place, value in turns:
        document = _with(document, place, value)
    return document


def _with(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy with that part exchanged; unchanged where an earlier turn has taken the place away."""
    if not place:
        return {} if value is _GONE else value
    name, rest = place[0], place[1:]
    if not (isinstance(document, dict) and name in document) and not (isinstance(document, list) and name in range(len(document))):
        return document
    copy = document.copy()
    if rest or value is not _GONE:
        copy[name] = _with(copy[name], rest, value)
    else:
        del copy[name]
    return copy


def _nested(depth: int, opening: bytes, closing: bytes) -> bytes:
    return opening * depth + b"1" + closing * depth


def _large(kind: str) -> bytes:
    return {"text": b"x" * 300_000, "number": b'{"expires_in": ' + b"9" * 5000 + b"}", "spaces": b" " * 300_000 + b"{}"}[kind]


_DEPTHS = st.sampled_from([600, 1100, 5000, 30_000])
_BROKEN = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"", b"null", b"[]", b'"x"', b"7", b"<html></html>", b"\xef\xbb\xbf{}", b"{}{}", "{}".encode("utf-16"), b"\xff{}"]),
    _DEPTHS.map(lambda depth: _nested(depth, b'{"a":', b"}")),
    _DEPTHS.map(lambda depth: b'{"a":' + _nested(depth, b"[", b"]") + b"}"),
    st.sampled_from(["text", "number", "spaces"]).map(_large),
)


def written(document: Any, *, escape: bool = True) -> bytes:
    """JSON as Python writes it, which has NaN, infinities and lone surrogates."""
    return json.dumps(document, ensure_ascii=escape).encode("utf-8", "surrogatepass")


def bodies(documents: SearchStrategy[Any]) -> SearchStrategy[bytes]:
    """Documents as bytes: whole, cut off, with a byte exchanged, or not JSON at all."""
    whole = st.builds(written, documents, escape=st.booleans())
    cut = st.builds(lambda body, place: body[: place % (len(body) + 1)], whole, st.integers(0, 5000))
    turned = st.builds(_turned, whole, st.integers(0, 5000), st.integers(0, 255))
    return mostly(whole, cut, turned, _BROKEN)


def answers(documents: SearchStrategy[Any]) -> SearchStrategy[tuple[int, dict[str, str], bytes]]:
    """Whole answers: mostly 200 and JSON."""
    statuses = mostly(st.just(200), st.sampled_from([201, 204, 302, 307, 400, 401, 403, 404, 429, 500, 503, 599]))
    kinds = st.sampled_from(["application/json", "text/html", "application/fhir+json;charset=utf-16", ""])
    headers = st.builds(lambda kind: {"Content-Type": kind, "Location": "https://evil.example.org/"}, kinds)
    return st.tuples(statuses, headers, bodies(documents))


def _turned(body: bytes, place: int, byte: int) -> bytes:
    place %= len(body)
    return body[:place] + bytes([byte]) + body[place + 1 :]


def queries(*names: str, known: Mapping[str, SearchStrategy[str]] | None = None) -> SearchStrategy[bytes]:
    """Raw query strings of those names: repeated, missing, empty, half encoded, not UTF-8. `known` are values that mean something."""
    name = mostly(st.sampled_from(names), text)
    value = st.one_of(text, st.binary(max_size=12), *(known or {}).values())
    pair = st.builds(_pair, name, value, st.sampled_from(["=", "=", "=", "", "=="]), st.booleans())
    ours = st.fixed_dictionaries({}, optional=dict(known or {})).map(
        lambda fields: [_pair(name, value, "=", escape=True) for name, value in fields.items()]
    )
    pairs = st.builds(
        lambda meant, others, first: [*others, *meant] if first else [*meant, *others], ours, st.lists(pair, max_size=4), st.booleans()
    )
    return st.builds(lambda parts, joint: joint.join(parts), pairs, st.sampled_from([b"&", b"&", b"&", b";", b"&&"]))


def _pair(name: str, value: str | bytes, equals: str, escape: bool) -> bytes:
    parts = (part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass") for part in (name, value))
    # A server splits the request line at a space, so none arrives as it is.
    written = [quote_from_bytes(part).encode() if escape else part.replace(b" ", b"%20") for part in parts]
    return equals.encode().join(written)
