"""FHIR references: what `Type/id` a URL, Location or reference names, and whose a resource is."""

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

_ENDING = re.compile(r"(?:^|/)([A-Z][A-Za-z]{1,63})/([A-Za-z0-9.\-_]{1,64})(?:/_history/([A-Za-z0-9.\-_]{1,64}))?/?$")
# FHIR ids, and the underscore some servers use; never dots alone.
_ID = re.compile(r"(?!\.+$)[A-Za-z0-9\-._]{1,64}")


class Place(Struct, frozen=True, kw_only=True):
    """`Type/id` and, where given, the version."""

    type: str
    id: str
    version: str | None

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return f"{self.type}/{self.id}"


def is_id(text: str) -> bool:
    """Whether the text can be a resource's id, and nothing else when it stands in an address."""
    return _ID.fullmatch(text) is not None


def place_of(location: str | None) -> Place | None:
    """The resource at the end of a Location or URL, whatever host it names: a launcher passes its upstream's address on."""
    found = _ENDING.search((location or "").split("?", 1)[0])
    return Place(type=found[1], id=found[2], version=found[3]) if found else None


def local_reference(reference: object, *, base: str) -> str | None:
    """`Type/id` of a literal reference on this server (relative, or absolute below `base`), version dropped; None otherwise.

    An absolute reference to another server is another resource, even with an equal id (FHIR R4 2.3.0.3)."""
    if not isinstance(reference, str):
        return None
    relative = reference.removeprefix(f"{base.rstrip('/')}/")
    found = _ENDING.match(relative)
    return f"{found[1]}/{found[2]}" if found else None


def subject_of(resource: Mapping[str, object], *, base: str) -> str | None:
    """`Type/id` of the resource's subject (or `patient`); None when it has none that can be told."""
    subject = resource.get("subject") or resource.get("patient")
    return local_reference(subject.get("reference"), base=base) if isinstance(subject, dict) else None


def own_resources(resources: Iterable[dict[str, object]], *, patient: str, base: str) -> tuple[list[dict[str, object]], int]:
    """The resources about that patient, and how many are not (a server may ignore the search parameter)."""
    given = list(resources)
    wanted = f"Patient/{patient}"
    plain = {"reference": wanted}
    own = [resource for resource in given if resource.get("subject") == plain or subject_of(resource, base=base) == wanted]
    return own, len(given) - len(own)
