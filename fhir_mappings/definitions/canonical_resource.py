"""What every definition of ours carries: address, version and how it counts, id, name, rights; its elements in FHIR's order."""

import re
from collections.abc import Mapping
from hashlib import sha256

from fhir_mappings.r4 import systems
from fhir_mappings.r4.json_types import Json

_SEMVER: Json = {
    "url": systems.VERSION_ALGORITHM,
    "valueCoding": {"system": systems.VERSION_ALGORITHMS, "code": "semver"},
}
# Who made the definitions, whoever holds the instrument.
PUBLISHER = "The Rapport project"
# Of what belongs to no one instrument; raised when its content changes.
SHARED_VERSION = "0.6.0"
_LICENCE = "Apache-2.0"
# https://hl7.org/fhir/R4/datatypes.html#id
_LONGEST_ID = 64
_DIGITS_OF_DIGEST = 10
# The artifact-copyrightLabel extension: "A short string (<50 characters), suitable for inclusion in a page footer".
_LONGEST_LABEL = 49
# Of all the resources we publish; what is not named here follows in the order in which it was given.
_ORDER = (
    "resourceType", "id", "meta", "language", "text", "extension", "url", "version", "name", "title", "derivedFrom", "_derivedFrom",
    "status", "experimental", "subjectType", "publisher", "description", "copyright",
)  # fmt: skip


def artifact(resource_type: str, url: str, *, version: str, title: str, description: str, more: Mapping[str, object]) -> Json:
    """A canonical resource with `more` elements; extensions of these join the version algorithm, which SDC's sdc-2 wants wherever
    there is a version. The id holds the version, so that a server keeps versions side by side."""
    local_id = resource_id(url, version)
    added = more.get("extension")
    made: Json = {
        "resourceType": resource_type,
        "id": local_id,
        "url": url,
        "version": version,
        "name": "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", _named(url))),
        "title": title,
        "status": "active",
        "experimental": False,
        "publisher": PUBLISHER,
        "description": description,
        **more,
        "extension": [_SEMVER, *(added if isinstance(added, list) else [])],
    }
    return {key: made[key] for key in (*_ORDER, *made) if key in made}


def resource_id(url: str, version: str) -> str:
    """`rapport-NAME-VERSION`, the same whatever else is published; one that would be too long ends in a digest of itself."""
    whole = f"{_named(url)}-{version}"
    if len(whole) <= _LONGEST_ID:
        return whole
    digest = sha256(whole.encode()).hexdigest()[:_DIGITS_OF_DIGEST]
    return f"{whole[: _LONGEST_ID - _DIGITS_OF_DIGEST - 1]}-{digest}"


def copyright_label(holder: str, licence: str) -> list[Json]:
    """The extension with holder and licence for a page's foot; without the licence, or at all, where there is no room for it."""
    said = next((one for one in (f"{holder}, {licence}", holder) if len(one) <= _LONGEST_LABEL), None)
    return [{"url": systems.COPYRIGHT_LABEL, "valueString": said}] if said else []


def _named(url: str) -> str:
    return f"rapport-{url.rpartition('/')[2].removeprefix('rapport-')}"


OWN_RIGHTS: Json = {"copyright": f"{PUBLISHER}, {_LICENCE}.", "extension": copyright_label(PUBLISHER, _LICENCE)}
