"""The kinds of cookie: one that binds a sign-in to its browser, one per open launch, and for one hop one that tries whether any is kept.
Nothing else is ever set."""

from flask import Response


def keep(response: Response, name: str, value: str, *, seconds: int) -> None:
    """Set a `__Host-` cookie that also works inside the EHR's frame (`SameSite=None; Partitioned`, CHIPS)."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="None", partitioned=True)


PROBE = "__Host-rapport-probe"


def drop(response: Response, name: str) -> None:
    """Take it away again; the attributes must be those it was set with."""
    response.set_cookie(name, "", max_age=0, path="/", secure=True, httponly=True, samesite="None", partitioned=True)
