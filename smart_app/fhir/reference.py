"""What `Type/id` a Location or URL of a server names. References in resources are the mapping's (`fhir_mappings.r4.references`)."""

import re

from msgspec import Struct

from fhir_mappings.r4.references import ID, TYPE

_ENDING = re.compile(rf"(?:^|/)({TYPE})/({ID})(?:/_history/({ID}))?/?\Z")


class WrittenReference(Struct, frozen=True, kw_only=True):
    """`Type/id` and, where given, the version."""

    type: str
    id: str
    version: str | None

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return f"{self.type}/{self.id}"


def place_of(location: str | None) -> WrittenReference | None:
    """The resource at the end of a Location or URL, whatever host it names: a launcher passes its upstream's address on."""
    found = _ENDING.search((location or "").split("?", 1)[0])
    return WrittenReference(type=found[1], id=found[2], version=found[3]) if found else None
