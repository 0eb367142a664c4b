"""How an EHR wants apps to look (SMART App Launch 2.2, styling; experimental): its style document, fetched apart from any page and read
value by value. Nothing of its text goes further: colours become three numbers, lengths one, typefaces names of our own list."""

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Any, Generic, TypeVar

import requests
from msgspec import Struct, field

from smart_app.http import FetchError, Limits, get_json
from smart_app.launch.discovery.ttl_cache import TtlCache
from smart_app.telemetry import new_log

Rgb = tuple[int, int, int]
COLOURS = ("color_background", "color_text", "color_highlight", "color_error")
FONTS = ("font_family_body", "font_family_heading")
# Pixels. Text below 14 is smaller than anything a page of ours is read by; corners beyond 16 eat into a button.
LENGTHS: Mapping[str, tuple[int, int]] = {"dim_font_size": (14, 20), "dim_border_radius": (0, 16)}
# Installed with an operating system or an office suite; what is not there falls to the generic one behind it.
_TYPEFACES = {
    name.lower(): name
    for name in (
        *("Arial", "Calibri", "Cambria", "Georgia", "Helvetica", "Helvetica Neue", "Lucida Grande", "Lucida Sans Unicode", "Noto Sans"),
        *("Open Sans", "Roboto", "San Francisco", "Segoe UI", "Source Sans Pro", "Tahoma", "Times", "Times New Roman", "Trebuchet MS"),
        *("Ubuntu", "Verdana", "Lato"),
    )
}
_GENERIC = frozenset({"sans-serif", "serif", "system-ui", "ui-sans-serif", "ui-serif", "-apple-system"})
_HEX = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_LENGTH = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)(px|rem|em)")
_PIXELS_OF_EM = 16
_MOST_TYPEFACES = 12
_LIMITS = Limits(connect=2, read=3, deadline=5, max_bytes=16 * 1024)
# The address is a version key, so what it answered stays true; a server that failed is asked again after a while.
_KEPT = timedelta(hours=24)
_TRIED_AGAIN_AFTER = timedelta(minutes=5)

Made = TypeVar("Made")


class Style(Struct, frozen=True, kw_only=True):
    """The usable values of a style document, by its names: colours, pixels, typefaces as CSS lists them. `ignored` names the others."""

    colours: Mapping[str, Rgb] = field(default_factory=dict)
    lengths: Mapping[str, Decimal] = field(default_factory=dict)
    fonts: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def read_style(document: Mapping[str, Any]) -> Style:
    """A style document, value by value. What it says of spacing, backdrops and success has no place in these pages."""
    colours = dict(_read(document, COLOURS, _colour))
    lengths = {name: found for name in LENGTHS for _, found in _read(document, (name,), _length) if _within(name, found)}
    fonts = dict(_read(document, FONTS, _font))
    known = (*COLOURS, *LENGTHS, *FONTS)
    ignored = (name for name in known if document.get(name, "") not in (None, "") and name not in {**colours, **lengths, **fonts})
    return Style(colours=colours, lengths=lengths, fonts=fonts, ignored=tuple(ignored))


class Styles(Generic[Made]):
    """What is made of style documents, by their address. Asking never waits: what is not there yet is fetched meanwhile, for the next
    page. `make` is called once a document, in a thread of the pool."""

    def __init__(self, http: requests.Session, *, clock: Callable[[], datetime], make: Callable[[Style], Made]) -> None:
        self._http = http
        self._clock = clock
        self._make = make
        self._found: TtlCache[Made] = TtlCache()
        self._tried: TtlCache[datetime] = TtlCache()
        self._lock = Lock()

    def of(self, address: str, pool: Executor) -> Made | None:
        """What was made of the document at an address on a host of its issuer; None as long as it is not there."""
        now = self._clock()
        found = self._found.get(address, younger_than=_KEPT, now=now)
        if found is None and self._may_try(address, now):
            pool.submit(self._fetch, address)
        return found

    def _may_try(self, address: str, now: datetime) -> bool:
        """True once in a while, whoever asks first."""
        with self._lock:
            if self._tried.get(address, younger_than=_TRIED_AGAIN_AFTER, now=now) is not None:
                return False
            self._tried.put(address, now, now=now)
            return True

    def _fetch(self, address: str) -> None:
        """No token and no cookie goes along; a redirect is not followed."""
        try:
            found = read_style(get_json(self._http, address, limits=_LIMITS))
        except FetchError as error:
            new_log().warning("style_not_fetched", reason_code=error.reason, status=error.status)
            return
        for name in found.ignored:
            new_log().warning("style_value_ignored", reason_code=name)
        self._found.put(address, self._make(found), now=self._clock())


def _read(document: Mapping[str, Any], names: tuple[str, ...], read: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
    """The values that are text and can be read, with their names."""
    for name in names:
        value = document.get(name)
        found = read(value.strip()) if isinstance(value, str) else None
        if found is not None:
            yield name, found


def _colour(text: str) -> Rgb | None:
    match = _HEX.fullmatch(text)
    if match is None:
        return None
    digits = match[1] if len(match[1]) > 3 else "".join(digit * 2 for digit in match[1])  # noqa: PLR2004 - the short form
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def _length(text: str) -> Decimal | None:
    """In pixels."""
    if text == "0":
        return Decimal(0)
    match = _LENGTH.fullmatch(text)
    return Decimal(match[1]) * (1 if match[2] == "px" else _PIXELS_OF_EM) if match else None


def _within(name: str, pixels: Decimal) -> bool:
    low, high = LENGTHS[name]
    return low <= pixels <= high


def _font(text: str) -> str | None:
    """The typefaces of a list that are on ours, in its order and our spelling, with a generic one behind them; None where none is."""
    given = [part.strip().strip("'\"").lower() for part in text.rstrip("; ").split(",")[:_MOST_TYPEFACES]]
    known = [f'"{_TYPEFACES[one]}"' if one in _TYPEFACES else one for one in given if one in _TYPEFACES or one in _GENERIC]
    if not known:
        return None
    return ", ".join(dict.fromkeys([*known, *(() if known[-1] in _GENERIC else ("sans-serif",))]))
