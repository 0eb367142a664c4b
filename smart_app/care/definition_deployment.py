"""Puts definitions on a FHIR server: each found by its address and version, written once, told in full.

No write depends on a search the server makes (`PUT Type?url=…`, `If-None-Exist`): servers refuse that by address, strip the id from it or
do not look at `If-Match`. What is there is searched for and read, and replaced by its id and version."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import Any, Literal

from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app.errors import Conflict, FhirError, Forbidden, NotFound, NotSent, Refused, Unauthorized
from smart_app.fhir.capability import Capabilities, parse_capabilities
from smart_app.fhir.client import FhirClient, search_value

Definition = dict[str, Any]
Deed = Literal["created", "updated", "unchanged", "refused", "unknown", "not tried"]
# A server that checks what it is given wants to know codes before what refers to them.
_ORDER = ("StructureDefinition", "CodeSystem", "ValueSet", "Questionnaire")
# What a server may set on what it keeps.
_SERVERS_OWN = frozenset({"id", "meta", "text"})
_TAG = re.compile(r"<[^>]*>")
_CONTENT_REFUSED = 422


class Deployed(Struct, frozen=True, kw_only=True):
    """What came of one definition: `url|version`, what was done, and where it is (`Type/id`) or why not. `unknown` is a write that was not
    answered, or not in FHIR: the next run finds out."""

    canonical: str
    deed: Deed
    said: str

    @property
    def placed(self) -> bool:
        """Whether the server certainly has the definition now."""
        return self.deed in {"created", "updated", "unchanged"}


class _Found(Struct, frozen=True, kw_only=True):
    """What the server has of a definition; `taken` says that something else has the id we would give it."""

    there: Definition | None = None
    taken: bool = False


def r4_capabilities(client: FhirClient) -> Capabilities:
    """What the server says it can do. FhirError when it says nothing, or is not of R4."""
    statement = client.capabilities()
    version = str(statement.get("fhirVersion", ""))
    if not version.startswith("4.0"):
        raise FhirError(Sentence("It is no FHIR R4 server (fhirVersion {version}).", version=repr(version[:20])), status=200)
    return parse_capabilities(statement)


def deploy(client: FhirClient, definitions: Iterable[Definition], *, capabilities: Capabilities) -> Iterator[Deployed]:
    """Every definition in turn. What is there already is left alone; what differs under the same address and version is replaced;
    another version is another resource. When the server can be used no further, the rest is not tried."""
    waiting = iter(sorted(definitions, key=lambda one: _ORDER.index(one["resourceType"])))
    for resource in waiting:
        try:
            done = _deployed(client, resource, capabilities)
        except FhirError as failed:
            said = in_words(failed)
            yield from (Deployed(canonical=_canonical(one), deed="not tried", said=said) for one in (resource, *waiting))
            return
        yield done


def in_words(error: FhirError) -> str:
    """Status and reason on one line, in the server's own words where it gave any. They are somebody else's: nothing in them may steer a
    terminal."""
    remedy = "The access token is missing or not accepted. " if isinstance(error, Unauthorized) else ""
    text = f"{error.status or ''} {remedy}{error.diagnostics or error.user_message}"
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _deployed(client: FhirClient, resource: Definition, capabilities: Capabilities) -> Deployed:
    """What came of one. FhirError when the server cannot be used and certainly wrote nothing."""
    canonical = _canonical(resource)
    try:
        _check_offered(capabilities, resource["resourceType"])
        found = _found(client, resource)
        if found.there is not None and _content(found.there) == _content(resource):
            return Deployed(canonical=canonical, deed="unchanged", said=_place(found.there))
        return _written(client, resource, found)
    except (Refused, Conflict, Forbidden, NotFound) as error:
        return Deployed(canonical=canonical, deed="refused", said=in_words(error))


def _written(client: FhirClient, resource: Definition, found: _Found) -> Deployed:
    """What came of the write. FhirError when it was refused or certainly not seen."""
    canonical, there = _canonical(resource), found.there
    deed: Deed = "created" if there is None else "updated"
    try:
        place = _created(client, resource, taken=found.taken) if there is None else _replaced(client, resource, there)
    except (Refused, Conflict, Forbidden, NotFound, NotSent, Unauthorized):
        raise
    except FhirError as error:
        return Deployed(canonical=canonical, deed="unknown", said=in_words(error))
    return Deployed(canonical=canonical, deed=deed, said=place)


def _replaced(client: FhirClient, resource: Definition, there: Definition) -> str:
    """The `Type/id` that was written over. Conflict when the server holds another version by now."""
    meta = there.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    client.update({**resource, "id": there.get("id")}, if_match=version)
    return _place(there)


def _created(client: FhirClient, resource: Definition, *, taken: bool) -> str:
    """The `Type/id`: our own id, or one the server chooses where ours is taken or a client may not choose (Medplum answers 400 to that)."""
    if not taken:
        try:
            return client.update(resource, if_match=None).reference or _place(resource)
        except (Refused, NotFound, Forbidden) as error:
            if error.status == _CONTENT_REFUSED:
                raise
    stored = client.create({key: value for key, value in resource.items() if key != "id"})
    return stored.reference or f"{resource['resourceType']}, its id was not told"


def _found(client: FhirClient, resource: Definition) -> _Found:
    """The definition of that address and version, however the server numbers it; also one a search does not show yet. Conflict when it is
    there more than once, Refused when that cannot be told."""
    kind, url, version = resource["resourceType"], resource["url"], resource["version"]
    result = client.search(kind, [("url", search_value(url)), ("version", search_value(version))], fresh=True)
    if any(one.get("url") != url for one in result.resources):
        raise FhirError(Sentence("{kind} cannot be searched by address here: other resources came back.", kind=kind))
    # A server that knows no `version` gives all of them.
    same = [one for one in result.resources if one.get("version") == version]
    if len(same) > 1:
        places = ", ".join(map(_place, same))
        raise Conflict(Sentence("It is there {times} times: {places}. Remove all but one.", times=len(same), places=places))
    if not same and not result.complete:
        raise Refused(Sentence("Whether it is there cannot be told. {reason}", reason=result.reason or ""))
    if same:
        return _Found(there=same[0])
    own = _own(client, resource)
    if own is not None and (own.get("url"), own.get("version")) == (url, version):
        return _Found(there=own)
    return _Found(taken=own is not None)


def _own(client: FhirClient, resource: Definition) -> Definition | None:
    """Whatever the server has under our own id."""
    try:
        return client.read(resource["resourceType"], resource["id"], fresh=True)
    except NotFound:
        return None


def _check_offered(capabilities: Capabilities, kind: str) -> None:
    """Refused when the server says itself that it keeps no such resources, or that they cannot be found again."""
    if capabilities.can(kind, "create") is False and capabilities.can(kind, "update") is False:
        raise Refused(Sentence("The server says that it keeps no {kind}.", kind=kind))
    if capabilities.searchable(kind, "url") is False:
        raise Refused(Sentence("The server says that {kind} cannot be searched by address, so it could not be found again.", kind=kind))


def _canonical(resource: Definition) -> str:
    return f"{resource['url']}|{resource['version']}"


def _place(resource: Mapping[str, object]) -> str:
    return f"{resource['resourceType']}/{resource.get('id')}"


def _content(resource: Definition) -> tuple[Definition, str]:
    """What a definition says: its elements, and the narrative's text. HAPI keeps the XHTML with its attributes in another order and without
    its character references, so the markup itself cannot be compared."""
    elements = {key: value for key, value in resource.items() if key not in _SERVERS_OWN}
    text = resource.get("text")
    return elements, unescape(_TAG.sub(" ", str(text.get("div", "")) if isinstance(text, dict) else ""))
