"""The RESTful interactions on one resource, inside a database session: what they do, not how they are asked for or sent."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from simplejson import RawJSON, dumps, loads

from smart_app.sandbox.exchange.json_text import FhirJson
from smart_app.sandbox.fhir_server.outcome import Refusal, bad_request
from smart_app.sandbox.fhir_server.resource_checks import ID, checked
from smart_app.sandbox.fhir_server.search import read_search
from smart_app.sandbox.fhir_server.searchset import matches_of, searchset
from smart_app.sandbox.fhir_server.storage import Method, NewVersion, Session, StoredVersion, instant_text

_IF_MATCH = re.compile(r'(?:W/)?"?(\d+)"?')
_SERVER_META = ("versionId", "lastUpdated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What every interaction needs. `now` is in microseconds since 1970; `strict` refuses unknown search parameters."""

    session: Session
    base: str
    now: int
    new_id: Callable[[], str]
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionResult:
    """An interaction that succeeded: the version it is about, or a Bundle that answers it. `write` tells a write from a read."""

    status: int
    write: bool = False
    stored: StoredVersion | None = None
    bundle: dict[str, object] | None = None


def read(work: Work, resource_type: str, resource_id: str) -> InteractionResult:
    """The newest version; 404 when there never was one, 410 when it was deleted."""
    return InteractionResult(status=200, stored=_present(work, resource_type, resource_id))


def vread(work: Work, resource_type: str, resource_id: str, *, version: str) -> InteractionResult:
    """One version; 404 when there is none of that number, 410 when that version is the deletion."""
    versions = _versions(work, resource_type, resource_id)
    found = next((one for one in versions if str(one.version) == version), None)
    if found is None:
        raise Refusal(404, "not-found", f"{resource_type}/{resource_id} has no version {version}")
    if found.body is None:
        raise _gone(found)
    return InteractionResult(status=200, stored=found)


def history(work: Work, resource_type: str, resource_id: str) -> InteractionResult:
    """All versions, newest first, deletions without a resource."""
    versions = _versions(work, resource_type, resource_id)
    address = f"{work.base}/{resource_type}/{resource_id}"
    bundle: dict[str, object] = {"resourceType": "Bundle", "type": "history", "total": len(versions)}
    bundle["link"] = [{"relation": "self", "url": f"{address}/_history"}]
    bundle["entry"] = [_history_entry(one, address=address) for one in versions]
    return InteractionResult(status=200, bundle=bundle)


def search(work: Work, resource_type: str, pairs: Sequence[tuple[str, str]]) -> InteractionResult:
    """A page of a search."""
    asked = read_search(resource_type, pairs, base=work.base, now=work.now, strict=work.strict)
    return InteractionResult(status=200, bundle=searchset(work.session, asked))


def create(work: Work, resource_type: str, resource: object, *, if_none_exist: str | None = None) -> InteractionResult:
    """A new resource with an id of ours; with a condition, the one that meets it already (200), or 412 where several do."""
    body = checked(resource, resource_type=resource_type)
    existing = existing_for(work, resource_type, if_none_exist) if if_none_exist is not None else None
    if existing:
        return InteractionResult(status=200, write=True, stored=existing)
    return InteractionResult(status=201, write=True, stored=write(work, resource_type, work.new_id(), method="POST", resource=body))


def existing_for(work: Work, resource_type: str, condition: str) -> StoredVersion | None:
    """The one resource that a condition means, None without any; 412 where it does not single one out."""
    found = matches_of(work.session, condition, resource_type=resource_type, base=work.base, now=work.now)
    if len(found) > 1:
        raise Refusal(412, "multiple-matches", f"more than one {resource_type} meets the condition {condition!r}")
    return found[0] if found else None


def update(work: Work, resource_type: str, resource_id: str, *, resource: object, if_match: str | None = None) -> InteractionResult:
    """The next version, or the first under an id of the client's; an unchanged body makes no version."""
    body = checked(resource, resource_type=resource_type)
    if not ID.fullmatch(resource_id) or body.get("id") != resource_id:
        raise bad_request(f"the id in the resource is {body.get('id')!r}, in the address {resource_id!r}", expression=f"{resource_type}.id")
    before = work.session.find(resource_type, resource_id)
    _check_version(before, if_match)
    if before and before.body is not None and same_content(before.body, body):
        return InteractionResult(status=200, write=True, stored=before)
    after = write(work, resource_type, resource_id, method="PUT", resource=body)
    return InteractionResult(status=200 if before and before.body is not None else 201, write=True, stored=after)


def remove(work: Work, resource_type: str, resource_id: str, *, if_match: str | None = None) -> InteractionResult:
    """Delete: earlier versions stay readable. Deleting what is not there is no error."""
    before = work.session.find(resource_type, resource_id)
    _check_version(before, if_match)
    if before is None or before.body is None:
        return InteractionResult(status=204)
    write(work, resource_type, resource_id, method="DELETE", resource=None)
    return InteractionResult(status=204)


def write(work: Work, resource_type: str, resource_id: str, *, method: Method, resource: FhirJson | None) -> StoredVersion:
    """The next version of a resource that has been checked."""
    draft = NewVersion(type=resource_type, id=resource_id, method=method, resource=resource)
    return work.session.write([draft], now=work.now, base=work.base)[0]


def _present(work: Work, resource_type: str, resource_id: str) -> StoredVersion:
    found = work.session.find(resource_type, resource_id)
    if found is None:
        raise _unknown(resource_type, resource_id)
    if found.body is None:
        raise _gone(found)
    return found


def _versions(work: Work, resource_type: str, resource_id: str) -> list[StoredVersion]:
    versions = work.session.versions(resource_type, resource_id)
    if not versions:
        raise _unknown(resource_type, resource_id)
    return versions


def _unknown(resource_type: str, resource_id: str) -> Refusal:
    return Refusal(404, "not-found", f"there is no {resource_type}/{resource_id}")


def _gone(one: StoredVersion) -> Refusal:
    return Refusal(410, "deleted", f"{one.reference} was deleted at {instant_text(one.last_updated)}", headers={"ETag": one.etag})


def _check_version(before: StoredVersion | None, if_match: str | None) -> None:
    """412 unless the newest version is the one the client has seen."""
    if if_match is None:
        return
    wanted = _IF_MATCH.fullmatch(if_match.strip())
    if wanted is None:
        raise bad_request(f'If-Match is {if_match!r}, expected a version such as W/"3"')
    if before is None or before.body is None or before.version != int(wanted[1]):
        found = f"the newest is {before.etag}" if before else "there is none"
        raise Refusal(412, "conflict", f"If-Match asks for version {wanted[1]}; {found}")


def same_content(text: str, resource: FhirJson) -> bool:
    """Whether a body says what is stored already, digit by digit, the server's own meta aside."""
    return _comparable(loads(text, use_decimal=True)) == _comparable(resource)


def _comparable(resource: FhirJson) -> str:
    """JSON text in a fixed order, without what the server fills in."""
    meta = resource.get("meta")
    own = {name: value for name, value in meta.items() if name not in _SERVER_META} if isinstance(meta, Mapping) else {}
    return dumps({**resource, "meta": own}, use_decimal=True, sort_keys=True)


def _history_entry(one: StoredVersion, *, address: str) -> dict[str, object]:
    url = one.type if one.method == "POST" else one.reference
    entry: dict[str, object] = {"fullUrl": address}
    if one.body is not None:
        entry["resource"] = RawJSON(one.body)
    entry["request"] = {"method": one.method, "url": url}
    status = "204 No Content" if one.body is None else "201 Created" if one.version == 1 else "200 OK"
    entry["response"] = {"status": status, "etag": one.etag, "lastModified": instant_text(one.last_updated)}
    return entry
