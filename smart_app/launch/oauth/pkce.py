"""Unguessable values and the PKCE challenge (RFC 7636). Always S256, never plain."""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


def new_secret() -> str:
    """256 random bits as 43 URL-safe characters: good as state, nonce, PKCE verifier (RFC 7636 4.1: 43 to 128) and `jti`."""
    return secrets.token_urlsafe(32)


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier. Raises ValueError for one that RFC 7636 4.1 does not allow."""
    if not _VERIFIER.fullmatch(verifier):
        raise ValueError("a PKCE verifier has 43 to 128 unreserved characters")
    return urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
