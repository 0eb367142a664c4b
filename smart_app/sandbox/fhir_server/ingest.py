"""Putting resources in without HTTP: ids are kept, nothing is refused for its content, so that faulty data can be served on purpose."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from smart_app.sandbox.exchange.json_text import FhirJson
from smart_app.sandbox.fhir_server.interactions import Work, same_content
from smart_app.sandbox.fhir_server.outcome import Refusal
from smart_app.sandbox.fhir_server.resource_checks import ID, as_resource
from smart_app.sandbox.fhir_server.storage import NewVersion
from smart_app.sandbox.fhir_server.transactions import references_in, relinked, resolved

_CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """`stored` are the references (`Patient/1`) in the order given; `unresolved` the links that lead nowhere and stay as they are."""

    stored: tuple[str, ...]
    unresolved: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A resource with the id it is going to have."""

    type: str
    id: str
    full_url: str | None
    resource: FhirJson

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"

    @property
    def waits(self) -> bool:
        return any("?" in reference for reference in references_in(self.resource))


def ingest(work: Work, given: FhirJson | Iterable[FhirJson]) -> IngestReport:
    """Store resources and the contents of Bundles of any type. A given id is kept, links to a fullUrl follow it; a Refusal (400)
    says what is no R4 resource. Resources already there get a new version where they differ."""
    named = [_named(resource, full_url, new_id=work.new_id()) for resource, full_url in _unpacked(given)]
    addresses = {one.full_url: one.reference for one in named if one.full_url}
    waiting = [one for one in named if one.waits]
    ready = [one for one in named if not one.waits]
    _store(work, [_linked(one, addresses) for one in ready])
    conditions = _conditions(work, waiting)
    _store(work, [_linked(one, addresses | conditions) for one in waiting])
    return IngestReport(stored=tuple(one.reference for one in named), unresolved=_unresolved(named, addresses | conditions))


def _unpacked(given: FhirJson | Iterable[FhirJson]) -> Iterator[tuple[FhirJson, str | None]]:
    """Each resource with its fullUrl; Bundles opened, the outcome of a search left out."""
    for resource in [given] if isinstance(given, Mapping) else given:
        if resource.get("resourceType") != "Bundle":
            yield resource, None
            continue
        entries = resource.get("entry", [])
        for entry in entries if isinstance(entries, list) else []:
            inner = entry.get("resource") if isinstance(entry, Mapping) else None
            if isinstance(inner, Mapping) and inner.get("resourceType") != "OperationOutcome":
                yield inner, entry.get("fullUrl")


def _named(resource: FhirJson, full_url: str | None, *, new_id: str) -> _Named:
    body = as_resource(resource)
    resource_id = body.get("id", new_id)
    if not isinstance(resource_id, str) or not ID.fullmatch(resource_id):
        raise Refusal(400, "value", f"{resource_id!r} is no resource id", expression=f"{body['resourceType']}.id")
    return _Named(type=str(body["resourceType"]), id=resource_id, full_url=full_url, resource=body)


def _linked(one: _Named, addresses: Mapping[str, str]) -> NewVersion:
    resource = relinked(one.resource, addresses)
    return NewVersion(type=one.type, id=one.id, method="PUT", resource=resource if isinstance(resource, Mapping) else one.resource)


def _store(work: Work, drafts: Sequence[NewVersion]) -> None:
    for at in range(0, len(drafts), _CHUNK):
        chunk = drafts[at : at + _CHUNK]
        stored = {(one.type, one.id): one.body for one in work.session.find_all([(draft.type, draft.id) for draft in chunk])}
        changed = [draft for draft in chunk if not _unchanged(draft, stored.get((draft.type, draft.id)))]
        if changed:
            work.session.write(changed, now=work.now, base=work.base)


def _unchanged(draft: NewVersion, stored: str | None) -> bool:
    return stored is not None and draft.resource is not None and same_content(stored, draft.resource)


def _conditions(work: Work, waiting: Iterable[_Named]) -> dict[str, str]:
    """The conditional references that mean exactly one resource."""
    references = {reference for one in waiting for reference in references_in(one.resource) if "?" in reference}
    return {reference: target for reference in sorted(references) if (target := _target(work, reference))}


def _target(work: Work, reference: str) -> str | None:
    try:
        return next(references_in(resolved(work, {"reference": reference}, {})))
    except Refusal:
        return None


def _unresolved(named: Iterable[_Named], addresses: Mapping[str, str]) -> tuple[str, ...]:
    """Links that only a Bundle could have given a meaning."""
    links = {reference for one in named for reference in references_in(one.resource)}
    return tuple(sorted(link for link in links if link not in addresses and (link.startswith("urn:") or "?" in link)))
