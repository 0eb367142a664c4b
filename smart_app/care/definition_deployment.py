"""Puts definitions on an open FHIR server: each found by its address and version, written once, told in full."""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Literal
from urllib.parse import urlencode

from msgspec import Struct

from smart_app.sandbox.seeding.remote_server import RefusedError, RemoteServer, Resource

Deed = Literal["created", "updated", "unchanged", "refused"]
# A server that checks what it is given wants to know codes before what refers to them.
_ORDER = ("StructureDefinition", "CodeSystem", "ValueSet", "Questionnaire")
# What a server may set on what it keeps.
_SERVERS_OWN = frozenset({"id", "meta", "text"})
_TAG = re.compile(r"<[^>]*>")


class Published(Struct, frozen=True, kw_only=True):
    """What came of one definition: `url|version`, what was done, and where it is or why not."""

    canonical: str
    deed: Deed
    said: str


def publish(server: RemoteServer, definitions: Iterable[Resource]) -> Iterator[Published]:
    """Every definition in turn. What is there already is left alone; what differs under the same address and version is replaced;
    another version is another resource. RemoteError when the server goes away or cannot search by address."""
    for resource in sorted(definitions, key=lambda one: _ORDER.index(one["resourceType"])):
        canonical = f"{resource['url']}|{resource['version']}"
        try:
            deed, reference = _published(server, resource)
        except RefusedError as error:
            yield Published(canonical=canonical, deed="refused", said=str(error))
        else:
            yield Published(canonical=canonical, deed=deed, said=reference)


def _published(server: RemoteServer, resource: Resource) -> tuple[Deed, str]:
    """What was done, and the `Type/id`. RefusedError."""
    kind, own = resource["resourceType"], f"{resource['resourceType']}/{resource['id']}"
    there = _found(server, resource)
    if there is not None:
        place = f"{kind}/{there['id']}"
        if _content(there) == _content(resource):
            return "unchanged", place
        return "updated", server.update({**resource, "id": there["id"]}).reference
    if server.read(own) is not None:
        return "created", _posted(server, resource)
    try:
        return "created", server.update(resource).reference
    except RefusedError:
        # A server need not let a client choose ids.
        return "created", _posted(server, resource)


def _found(server: RemoteServer, resource: Resource) -> Resource | None:
    """The definition of that address and version, however the server numbers it; also one a search does not show yet."""
    kind = resource["resourceType"]
    query = urlencode({"url": resource["url"], "version": resource["version"]})
    found = next(server.search(kind, query, wanted=lambda one: _same(one, resource)), None)
    if found is not None:
        return found
    own = server.read(f"{kind}/{resource['id']}")
    return own if own is not None and _same(own, resource) else None


def _posted(server: RemoteServer, resource: Resource) -> str:
    """Created under an id the server chooses."""
    return server.create({key: value for key, value in resource.items() if key != "id"}, if_none_exist=None).reference


def _same(one: Resource, other: Resource) -> bool:
    return (one.get("url"), one.get("version")) == (other["url"], other["version"])


def _content(resource: Resource) -> tuple[Resource, str]:
    """What a definition says: its elements, and the narrative's text. HAPI keeps the XHTML with its attributes in another order and without
    its character references, so the markup itself cannot be compared."""
    elements = {key: value for key, value in resource.items() if key not in _SERVERS_OWN}
    return elements, unescape(_TAG.sub(" ", str(resource.get("text", {}).get("div", ""))))
