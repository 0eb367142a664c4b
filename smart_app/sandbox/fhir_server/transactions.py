"""Bundles of requests: batch, each entry for itself, and transaction, all or nothing with the links between entries resolved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qsl

from smart_app.sandbox.exchange.json_text import FhirJson
from smart_app.sandbox.fhir_server import interactions
from smart_app.sandbox.fhir_server.interactions import InteractionResult, Work
from smart_app.sandbox.fhir_server.outcome import Refusal, bad_request
from smart_app.sandbox.fhir_server.resource_checks import as_resource, checked
from smart_app.sandbox.fhir_server.search_parameters import RESOURCE_TYPES
from smart_app.sandbox.fhir_server.storage import StoredVersion

# Elements besides Reference.reference in which a urn: link means an entry. Other addresses there are names of their own, such as the
# canonical url of a definition whose entry has it as fullUrl, and Identifier.value is none at all.
_URN_LINKS = frozenset({"uri", "url", "valueUri", "valueUrl", "valueUuid", "valueOid", "valueCanonical"})


@dataclass(slots=True, kw_only=True)
class BundleEntry:
    """One request of a Bundle. `id` is in its url, or given to what it creates; `existing` is what its condition found."""

    at: int
    method: str
    type: str
    id: str | None
    version: str | None
    query: str
    resource: object
    full_url: str | None
    if_none_exist: str | None
    if_match: str | None
    existing: StoredVersion | None = None

    @property
    def condition(self) -> str:
        """Its conditional create as a conditional reference would write it."""
        return f"{self.type}?{(self.if_none_exist or '').removeprefix(f'{self.type}?')}"

    @property
    def waits(self) -> bool:
        """Whether it holds conditional references, which may mean what another entry writes."""
        return any("?" in reference for reference in references_in(self.resource))


@contextmanager
def at_entry(at: int) -> Iterator[None]:
    """A Refusal inside names the entry."""
    try:
        yield
    except Refusal as refusal:
        raise refusal.inside(f"Bundle.entry[{at}]") from refusal


def transaction(work: Work, bundle: FhirJson) -> list[InteractionResult]:
    """Every entry in the order FHIR sets: DELETE, POST, PUT, GET. The first Refusal leaves through the session, which undoes all."""
    entries = [read_entry(entry, at=at, base=work.base) for at, entry in enumerate(entries_of(bundle))]
    _check_identities(entries)
    results = _carry_out(work, entries, "DELETE")
    _give_ids(work, [entry for entry in entries if entry.method == "POST"])
    addresses = _addresses(entries)
    writes = [entry for entry in entries if entry.method in {"POST", "PUT"}]
    for entry in sorted(writes, key=lambda entry: (entry.waits, entry.method)):
        with at_entry(entry.at):
            results[entry.at] = _write(work, entry, addresses)
    results |= _carry_out(work, entries, "GET", "HEAD")
    return [results[entry.at] for entry in entries]


def batch(work: Work, bundle: FhirJson) -> list[InteractionResult | Refusal]:
    """Every entry on its own, in the order given. An interaction checks before it writes, so a refused one has written nothing."""
    return [_alone(work, entry, at=at) for at, entry in enumerate(entries_of(bundle))]


def _alone(work: Work, entry: object, *, at: int) -> InteractionResult | Refusal:
    try:
        with at_entry(at):
            return carry_out(work, read_entry(entry, at=at, base=work.base))
    except Refusal as refusal:
        return refusal


def _carry_out(work: Work, entries: Sequence[BundleEntry], *methods: str) -> dict[int, InteractionResult]:
    """The entries of these methods, by their place."""
    results = {}
    for entry in entries:
        if entry.method in methods:
            with at_entry(entry.at):
                results[entry.at] = carry_out(work, entry)
    return results


def carry_out(work: Work, entry: BundleEntry) -> InteractionResult:
    """The interaction an entry asks for, its resource as it stands."""
    if entry.method in {"GET", "HEAD"}:
        return _read(work, entry)
    if entry.method == "POST":
        return interactions.create(work, entry.type, entry.resource, if_none_exist=entry.if_none_exist)
    resource_id = entry.id or ""
    if entry.method == "PUT":
        return interactions.update(work, entry.type, resource_id, resource=entry.resource, if_match=entry.if_match)
    return interactions.remove(work, entry.type, resource_id, if_match=entry.if_match)


def _read(work: Work, entry: BundleEntry) -> InteractionResult:
    """A read, vread, history or search."""
    if entry.id is None:
        return interactions.search(work, entry.type, parse_qsl(entry.query, keep_blank_values=True))
    if entry.version == "":
        return interactions.history(work, entry.type, entry.id)
    if entry.version:
        return interactions.vread(work, entry.type, entry.id, version=entry.version)
    return interactions.read(work, entry.type, entry.id)


def entries_of(bundle: FhirJson) -> list[object]:
    """The entries as they came."""
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise bad_request("Bundle.entry is not a list", code="structure", expression="Bundle.entry")
    return entries


def read_entry(entry: object, *, at: int, base: str) -> BundleEntry:
    """One entry as a request; a Refusal (400) where it is none."""
    with at_entry(at):
        request = entry.get("request") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or not isinstance(request, Mapping):
            raise bad_request("the entry has no request", code="required", expression="request")
        method, url = _text(request, "method"), _text(request, "url")
        resource_type, resource_id, version, query = _read_url(url or "", base=base)
        read = BundleEntry(
            at=at,
            method=method or "",
            type=resource_type,
            id=resource_id,
            version=version,
            query=query,
            resource=entry.get("resource"),
            full_url=_text(entry, "fullUrl"),
            if_none_exist=_text(request, "ifNoneExist"),
            if_match=_text(request, "ifMatch"),
        )
        _check_request(read)
        return read


def _text(holder: Mapping[str, object], name: str) -> str | None:
    value = holder.get(name)
    if value is None or isinstance(value, str):
        return value
    raise bad_request(f"{name} is no text", code="structure", expression=name)


def _read_url(url: str, *, base: str) -> tuple[str, str | None, str | None, str]:
    """(type, id, version, query) of `Type`, `Type?query`, `Type/id`, `Type/id/_history` (version ""), `Type/id/_history/version`."""
    path, _, query = url.removeprefix(f"{base}/").removeprefix("/").partition("?")
    resource_type, *rest = path.split("/")
    if resource_type not in RESOURCE_TYPES:
        raise bad_request(f"{url!r} names no R4 resource type", code="not-supported", expression="request.url")
    if rest[1:2] not in ([], ["_history"]) or len(rest) > 3:  # noqa: PLR2004 id, _history, version
        raise bad_request(f"{url!r} is no address of a resource", code="not-supported", expression="request.url")
    version = rest[2] if len(rest) > 2 else "" if len(rest) > 1 else None  # noqa: PLR2004
    return resource_type, rest[0] if rest else None, version, query


def _check_request(entry: BundleEntry) -> None:
    """A method that goes with its url."""
    if entry.method not in {"GET", "HEAD", "POST", "PUT", "DELETE"}:
        raise bad_request(f"the method {entry.method!r} is not supported in a Bundle", code="not-supported", expression="request.method")
    if entry.method in {"PUT", "DELETE"} and (entry.id is None or entry.version is not None or entry.query):
        raise bad_request(
            f"{entry.method} needs Type/id; conditional updates and deletes are not supported",
            code="not-supported",
            expression="request.url",
        )
    if entry.method == "POST" and (entry.id is not None or entry.query):
        raise bad_request("POST needs a type as its url", code="not-supported", expression="request.url")


def _check_identities(entries: Iterable[BundleEntry]) -> None:
    """No resource written twice, no fullUrl for two entries: FHIR lets such a transaction fail."""
    seen: set[str] = set()
    for entry in entries:
        written = f"{entry.type}/{entry.id}" if entry.method in {"PUT", "DELETE"} else None
        names = {name for name in (written, entry.full_url if entry.resource is not None else None) if name}
        if names & seen:
            raise bad_request(f"{', '.join(names & seen)} stands in two entries", code="duplicate").inside(f"Bundle.entry[{entry.at}]")
        seen |= names


def _give_ids(work: Work, creates: Iterable[BundleEntry]) -> None:
    """The id each create will have; equal conditions mean one resource, here or already stored."""
    known: dict[str, BundleEntry] = {}
    for entry in creates:
        with at_entry(entry.at):
            same = known.setdefault(entry.condition, entry) if entry.if_none_exist else entry
            if same is entry and entry.if_none_exist:
                entry.existing = interactions.existing_for(work, entry.type, entry.if_none_exist)
            entry.id = same.id or (entry.existing.id if entry.existing else work.new_id())


def _addresses(entries: Iterable[BundleEntry]) -> dict[str, str]:
    """What each fullUrl, and each condition of a create, stands for: `Type/id`."""
    written = [entry for entry in entries if entry.method in {"POST", "PUT"}]
    by_condition = {entry.condition: f"{entry.type}/{entry.id}" for entry in written if entry.if_none_exist}
    return by_condition | {entry.full_url: f"{entry.type}/{entry.id}" for entry in written if entry.full_url}


def _write(work: Work, entry: BundleEntry, addresses: Mapping[str, str]) -> InteractionResult:
    """A create or update with its links resolved. A create whose condition was met meanwhile gives what met it."""
    linked = resolved(work, as_resource(entry.resource, resource_type=entry.type), addresses, root=_root(entry))
    if entry.method == "PUT":
        return carry_out(work, _with_resource(entry, linked))
    body = checked(linked, resource_type=entry.type)
    existing = entry.existing or work.session.find(entry.type, entry.id or "")
    if existing:
        return InteractionResult(status=200, write=True, stored=existing)
    created = interactions.write(work, entry.type, entry.id or "", method="POST", resource=body)
    return InteractionResult(status=201, write=True, stored=created)


def _with_resource(entry: BundleEntry, resource: FhirJson) -> BundleEntry:
    entry.resource = resource
    return entry


def _root(entry: BundleEntry) -> str:
    """The server its fullUrl is on, which its relative references are relative to; "" for a urn."""
    before, found, _ = (entry.full_url or "").rpartition(f"/{entry.type}/")
    return before if found else ""


def resolved(work: Work, resource: FhirJson, addresses: Mapping[str, str], *, root: str = "") -> FhirJson:
    """The resource with every link to another entry, and every conditional reference, turned into `Type/id`.
    A Refusal (400, 412) where a conditional reference means none or several."""
    links = dict(addresses)
    for reference in references_in(resource):
        if reference in links or reference.startswith("#"):
            continue
        if root and f"{root}/{reference}" in addresses:
            links[reference] = addresses[f"{root}/{reference}"]
        elif "?" in reference:
            links[reference] = _condition_target(work, reference)
    return cast("FhirJson", relinked(resource, links))


def _condition_target(work: Work, reference: str) -> str:
    """`Type/id` of the one resource that `Type?parameter=value` means."""
    resource_type, _, condition = reference.removeprefix(f"{work.base}/").partition("?")
    if resource_type not in RESOURCE_TYPES:
        raise bad_request(f"the conditional reference {reference!r} names no R4 type", expression="resource")
    found = interactions.existing_for(work, resource_type, condition)
    if found is None:
        raise bad_request(f"no {resource_type} meets the conditional reference {reference!r}", code="not-found", expression="resource")
    return found.reference


def references_in(value: object) -> Iterator[str]:
    """Every `reference` text in a resource."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "reference" and isinstance(inner, str):
                yield inner
            else:
                yield from references_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references_in(inner)


def relinked(value: object, links: Mapping[str, str], *, name: str = "") -> object:
    """The same JSON with the addresses in `links` exchanged wherever an element holds an address."""
    if isinstance(value, Mapping):
        return {inner: relinked(held, links, name=inner) for inner, held in value.items()}
    if isinstance(value, list):
        return [relinked(held, links, name=name) for held in value]
    return links.get(value, value) if isinstance(value, str) and _is_link(name, value) else value


def _is_link(name: str, value: str) -> bool:
    return name == "reference" or (name in _URN_LINKS and value.startswith("urn:"))
