"""Which addresses an EHR's documents may send us to: its own host and those registered for it, over https. Asks nobody."""

from urllib.parse import urljoin, urlsplit

from smart_app.registration import Issuer, is_loopback


def allowed_address(issuer: Issuer, text: str) -> str | None:
    """`text`, resolved against the FHIR base, as an absolute address on a host of this issuer; None for any other."""
    try:
        address = urljoin(f"{issuer.iss}/", text)
        allowed = _origin(address) in _allowed_origins(issuer) and _secure_enough(address)
    except ValueError:
        return None
    plain = address.isascii() and address.isprintable() and " " not in address
    return address if allowed and plain else None


def origins(issuer: Issuer) -> tuple[str, ...]:
    """The same hosts as origins, for a content security policy."""
    parts = urlsplit(issuer.iss)
    return tuple(dict.fromkeys([f"{parts.scheme}://{parts.netloc}", *(f"https://{host}" for host in issuer.hosts)]))


def _allowed_origins(issuer: Issuer) -> set[tuple[str, int]]:
    """Host and port of the FHIR base, and of every further host listed (https port unless it says another)."""
    return {_origin(issuer.iss), *(_origin(f"https://{host}") for host in issuer.hosts)}


def _origin(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    if parts.username is not None or parts.fragment:
        raise ValueError(address)
    return parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)


def _secure_enough(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
