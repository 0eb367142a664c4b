"""Resources as JSON text and back, with every number as it was written."""

from collections.abc import Mapping

import simplejson

FhirJson = Mapping[str, object]


def parsed(body: bytes) -> FhirJson | None:
    """A JSON object, None for anything else."""
    try:
        value = simplejson.loads(body, use_decimal=True)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def written(resource: FhirJson) -> bytes:
    """The JSON text of `resource`."""
    text: str = simplejson.dumps(resource, use_decimal=True, ensure_ascii=False)
    return text.encode()
