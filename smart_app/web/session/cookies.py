"""The kinds of cookie: one that binds a sign-in to its browser, one per open launch, for one hop one that tries whether any is kept, and
within a launch which language somebody chose. Nothing else is ever set. A launch's goes when the launch is over, with whatever page this
browser asks for next."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Request, Response

from smart_app.errors import StoreError
from smart_app.store import BroughtLaunch
from smart_app.store.launches import Launches
from smart_app.telemetry import new_log

PROBE = "__Host-rapport-probe"
# Sent with the pages of one launch alone, so it takes no room in the line that the cookies of fifty launches share.
_LANGUAGE = "__Secure-rapport-language-{readers}"
# Named as before names said whose they are, and not known here, they may be another deployment's of this host, and are left to go by
# themselves, within `RAPPORT_ABSOLUTE_MINUTES`. More than these (73 bytes each) would crowd both deployments out of the header.
_LEFT_UNKNOWN = 20
# A browser that comes with a hundred gets rid of them over several answers: nginx takes 4 kB of headers from the app
# (`proxy_buffer_size`, one page of memory) and makes a 502 of more (1.22: of 27 such lines), and one line here has 150 bytes.
_HEADERS_AT_MOST, _LINE = 3000, 150


def keep(response: Response, name: str, value: str, *, seconds: int) -> None:
    """Set a `__Host-` cookie that also works inside the EHR's frame (`SameSite=None; Partitioned`, CHIPS)."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="None", partitioned=True)


def keep_own(response: Response, name: str, value: str, *, seconds: int) -> None:
    """The same for a page that is in no frame: the cookie comes along from our own pages, and where a link leads there."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="Lax")


def drop(response: Response, name: str) -> None:
    """Take it away again; the attributes must be those it was set with."""
    response.set_cookie(name, "", max_age=0, path="/", secure=True, httponly=True, samesite="None", partitioned=True)


def keep_language(response: Response, code: str, *, readers: str, path: str, seconds: int) -> None:
    """Which language staff, or the patient, have chosen, for the addresses below `path`. Nothing about anybody is in it."""
    name = _LANGUAGE.format(readers=readers)
    response.set_cookie(name, code, max_age=seconds, path=path, secure=True, httponly=True, samesite="None", partitioned=True)


def language_in(cookies: Mapping[str, str], *, readers: str) -> str:
    """What they have chosen, "" for nothing."""
    return cookies.get(_LANGUAGE.format(readers=readers), "")


def drop_over(response: Response, request: Request, launches: Launches, *, entered: str | None) -> None:
    """Take away the cookies of launches that are over, as many as this answer has room for; other answers take the rest. `entered`: the
    name of the cookie that let this request in, if any. Only with pages and redirects that are this browser's alone: what a script asks for
    is not held up, and what caches may keep sets no cookie."""
    if not response.cache_control.no_store or (response.mimetype != "text/html" and "Location" not in response.headers):
        return
    known = {entered} if response.status_code < HTTPStatus.BAD_REQUEST else set()
    brought = {name: value for name, value in request.cookies.items() if name not in known | _set_by(response)}
    if not brought:
        return
    try:
        found = launches.brought_by(brought)
    except StoreError as failed:
        # The answer stands without it.
        new_log().warning("cookies_not_looked_at", code=failed.code)
        return
    for name in _over(found)[: _room_in(response)]:
        drop(response, name)


def _over(found: Sequence[BroughtLaunch]) -> list[str]:
    over, unknown = ([one.name for one in found if one.standing == standing] for standing in ("over", "unknown"))
    return [*over, *unknown[: max(len(unknown) - _LEFT_UNKNOWN, 0)]]


def _set_by(response: Response) -> set[str]:
    """The cookies an answer keeps or drops already."""
    return {line.partition("=")[0] for line in response.headers.getlist("Set-Cookie")}


def _room_in(response: Response) -> int:
    """How many lines more an answer may carry; one at least, so that what is opened is never more than what goes."""
    carried = sum(len(name) + len(value) + 4 for name, value in response.headers)
    return max((_HEADERS_AT_MOST - carried) // _LINE, 1)
