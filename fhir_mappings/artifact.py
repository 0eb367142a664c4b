"""What every definition of ours carries: address, version and how it counts, name, rights."""

import re
from html import escape

from fhir_mappings import canonicals
from fhir_mappings.submission import Json

_SEMVER: Json = {
    "url": canonicals.VERSION_ALGORITHM,
    "valueCoding": {"system": canonicals.VERSION_ALGORITHMS, "code": "semver"},
}


def artifact(resource_type: str, url: str, *, version: str, title: str, description: str, publisher: str) -> Json:
    """The head of a canonical resource. SDC's sdc-2 wants the version algorithm wherever there is a version."""
    local_id = f"rapport-{url.rpartition('/')[2].removeprefix('rapport-')}"
    return {
        "resourceType": resource_type,
        "id": local_id,
        "text": _narrative(title, description, f"{publisher}, version {version}."),
        "extension": [_SEMVER],
        "url": url,
        "version": version,
        "name": "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", local_id)),
        "title": title,
        "status": "active",
        "experimental": False,
        "publisher": publisher,
        "description": description,
    }


def _narrative(title: str, *paragraphs: str) -> Json:
    """What a server's pages show a person (dom-6): the head in words."""
    said = "".join(f"<p>{escape(one)}</p>" for one in paragraphs)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><h2>{escape(title)}</h2>{said}</div>'}
