"""The one normalisation of FHIR base addresses, and which may be used at all."""

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from fhir_mappings.r4.references import server_base

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9\-._~%!$&'()*+,;=:@/\[\]]+")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)|%2f|%5c|[^:]//", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """True when `host` is this machine: `localhost` or a loopback address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


# Asked several times in a launch, of the few that are registered.
@lru_cache(maxsize=64)
def normalise_iss(iss: str) -> str | None:
    """`iss` with lower-case scheme and host, without the scheme's default port and one trailing slash; None when it is no FHIR
    base address (other scheme, user info, query, fragment, dot segments, two slashes at its end, odd characters, http away from this
    machine)."""
    if not _PLAIN.fullmatch(iss) or _DOT_SEGMENT.search(iss):
        return None
    base = None if iss.endswith("//") else server_base(iss)
    return base if base is not None and _is_secure_enough(base) else None


def _is_secure_enough(base: str) -> bool:
    parts = urlsplit(base)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
