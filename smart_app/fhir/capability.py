"""What a FHIR server says it can do (CapabilityStatement, R4 5.2), read leniently: an answer is yes, no, or not stated."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as StillReading
from datetime import datetime, timedelta
from threading import Lock

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence
from smart_app.errors import FhirError

Stated = bool | None
# Public launchers encode a simulation in every base, so bases have no end; the longest unread goes first.
_MOST_BASES = 256


class TypeCapability(Struct, frozen=True, kw_only=True):
    """One `rest.resource`. None where the statement is silent."""

    interactions: frozenset[str] | None
    params: frozenset[str] | None
    conditional_create: Stated


class Capabilities(Struct, frozen=True, kw_only=True):
    """A server's statement, or the lack of one: then `reason` says why and every answer is None. Of the types in `understated` what it
    leaves out is taken as not stated: somebody who knows the server says that it can do more than it tells."""

    types: Mapping[str, TypeCapability] | None
    system: frozenset[str]
    software: str
    reason: Sentence | None = None
    understated: frozenset[str] = frozenset()

    def can(self, resource_type: str, interaction: str) -> Stated:
        """Whether `read`, `search-type`, `create`, `update` … is offered. A type left out of a statement that lists types is not."""
        if self.types is None:
            return None
        listed = self.types.get(resource_type)
        offered = listed is not None and (None if listed.interactions is None else interaction in listed.interactions)
        return self._unless_understated(resource_type, offered)

    def searchable(self, resource_type: str, param: str) -> Stated:
        """Whether the type can be searched by that parameter."""
        searched = self.can(resource_type, "search-type")
        if self.types is None or searched is False:
            return searched
        listed = self.types.get(resource_type)
        params = listed.params if listed else None
        return None if params is None else self._unless_understated(resource_type, param in params)

    def leaves_out(self, resource_type: str) -> bool:
        """Whether the type is believed to offer more than the statement says of its creation."""
        return resource_type in self.understated and replace(self, understated=frozenset()).can(resource_type, "create") is False

    def _unless_understated(self, resource_type: str, offered: Stated) -> Stated:
        return None if offered is False and resource_type in self.understated else offered

    def conditional_create(self, resource_type: str) -> Stated:
        """Whether `If-None-Exist` is honoured."""
        listed = self.types.get(resource_type) if self.types else None
        return listed.conditional_create if listed else None

    @property
    def transaction(self) -> Stated:
        """Whether the server takes a transaction. A statement that was read must say so: Epic and others list no system interaction."""
        return None if self.types is None else "transaction" in self.system


def unstated(reason: Sentence) -> Capabilities:
    """What is known when no statement could be read."""
    return Capabilities(types=None, system=frozenset(), software="", reason=reason)


def parse_capabilities(statement: Mapping[str, object]) -> Capabilities:
    """The statement's server part. Odd shapes count as not stated."""
    rest = next((part for part in _objects(statement.get("rest")) if part.get("mode") in ("server", None)), {})
    listed = {str(entry.get("type")): _type(entry) for entry in _objects(rest.get("resource"))}
    software = statement.get("software")
    return Capabilities(
        types=listed or None,
        system=_codes(rest.get("interaction"), "code") or frozenset(),
        software=_software(software) if isinstance(software, dict) else "",
        reason=None if listed else Sentence("The server's CapabilityStatement lists no resource types."),
    )


class CapabilityCache:
    """One statement per base, read once and kept for `ttl`. An old one is used while it is read anew, so no page waits twice."""

    def __init__(
        self,
        read: Callable[[str], Mapping[str, object]],
        *,
        pool: Executor,
        clock: Callable[[], datetime],
        ttl: timedelta = timedelta(hours=1),
        retry: timedelta = timedelta(seconds=30),
    ) -> None:
        self._read = read
        self._pool = pool
        self._clock = clock
        self._ttl = ttl
        self._retry = retry
        self._lock = Lock()
        self._known: dict[str, tuple[Capabilities, datetime]] = {}
        self._reading: dict[str, Future[Capabilities]] = {}

    def prefetch(self, base: str) -> None:
        """Start reading the statement unless it is known; returns at once."""
        self._begin(base)

    def of(self, base: str, *, wait: float) -> Capabilities:
        """What the server can do; waits at most `wait` seconds for the first statement, then says it is not known."""
        reading = self._begin(base)
        with self._lock:
            known = self._known.get(base)
        if known is not None and (reading is None or known[0].types is not None):
            return known[0]
        try:
            return reading.result(wait) if reading else unstated(Sentence("The server's CapabilityStatement was not read."))
        except StillReading:
            return unstated(Sentence("The server took too long to describe what it can do."))

    def _begin(self, base: str) -> Future[Capabilities] | None:
        """The read under way, begun if need be; None while a known statement is fresh."""
        with self._lock:
            known, reading = self._known.get(base), self._reading.get(base)
            if known is not None and self._clock() < known[1]:
                return None
            if reading is None or reading.done():
                reading = self._pool.submit(self._load, base)
                self._reading[base] = reading
            return reading

    def _load(self, base: str) -> Capabilities:
        """Read and keep. A failure is kept for a short while only, and never replaces a statement read before."""
        try:
            found, keep = parse_capabilities(self._read(base)), self._ttl
        except FhirError as error:
            found, keep = unstated(error.user_message), self._retry
        with self._lock:
            before = self._known.get(base)
            found = before[0] if found.types is None and before is not None and before[0].types is not None else found
            self._known.pop(base, None)
            self._known[base] = (found, self._clock() + keep)
            while len(self._known) > _MOST_BASES:
                self._known.pop(next(iter(self._known)))
            self._reading.pop(base, None)
        return found


def _type(entry: Mapping[str, object]) -> TypeCapability:
    conditional = entry.get("conditionalCreate")
    return TypeCapability(
        interactions=_codes(entry.get("interaction"), "code"),
        params=_codes(entry.get("searchParam"), "name"),
        conditional_create=conditional if isinstance(conditional, bool) else None,
    )


def _codes(listed: object, key: str) -> frozenset[str] | None:
    """The values of `key`; None for an absent or empty list, which states nothing."""
    return frozenset(str(entry.get(key)) for entry in _objects(listed)) or None


def _objects(listed: object) -> list[Mapping[str, object]]:
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _software(software: Mapping[str, object]) -> str:
    return f"{software.get('name') or ''} {software.get('version') or ''}".strip()
