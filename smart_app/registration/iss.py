"""The one normalisation of FHIR base addresses, and which may be used at all."""

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit, urlunsplit

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9\-._~%!$&'()*+,;=:@/\[\]]+")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)|%2f|%5c|[^:]//", re.IGNORECASE)
_DEFAULT_PORTS = {"https": 443, "http": 80}


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
    try:
        parts = urlsplit(iss)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    if not host or parts.username is not None or parts.query or parts.fragment or not _secure_enough(parts.scheme, host):
        return None
    path = parts.path.removesuffix("/")
    if path.endswith("/"):
        return None
    return urlunsplit(SplitResult(parts.scheme, _authority(host, port, parts.scheme), path, "", ""))


def _secure_enough(scheme: str, host: str) -> bool:
    return scheme == "https" or (scheme == "http" and is_loopback(host))


def _authority(host: str, port: int | None, scheme: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port is None or port == _DEFAULT_PORTS[scheme] else f"{name}:{port}"
