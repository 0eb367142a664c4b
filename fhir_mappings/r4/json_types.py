"""FHIR JSON as Python has it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

# What we write.
Json = dict[str, object]
# A resource, or a part of one, as somebody else wrote it: read only, and anything may stand in it.
FhirJson = Mapping[str, Any]


def instant(moment: datetime) -> str:
    """A FHIR instant with its offset. ValueError for a naive datetime: without a zone it is no instant."""
    if moment.tzinfo is None:
        raise ValueError("a FHIR instant needs a time zone")
    return moment.isoformat(timespec="seconds")


def objects_in(listed: object) -> list[FhirJson]:
    """The objects of a list that somebody else wrote, whatever else stands in it; none of what is no list."""
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
