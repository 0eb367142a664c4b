"""Whether a POST comes from one of our own pages: what the browser says of its origin, and a token only our page knows."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from fhir_mappings.sentence import Sentence
from smart_app.errors import OPEN_AGAIN, ForeignPage, LockedFrame

FIELD = "csrf"
_FOREIGN = Sentence("This was sent from another page than Rapport's own, so nothing was done.")

_LOCKED = Sentence("The record system shows Rapport in a locked frame, from which nothing can be sent.")
_IN_A_WINDOW = Sentence("Open Rapport from the patient's chart in a window of its own.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Csrf:
    """`keys` as for the store: the first signs, all verify. `base_url` is where browsers reach Rapport."""

    keys: Sequence[bytes] = field(repr=False)
    base_url: str

    def token(self, *bound_to: str) -> str:
        """The form token for a launch id and its cookie, or for whatever else names the page."""
        return _signed(self.keys[0], bound_to)

    def check(self, request: Request, *bound_to: str) -> None:
        """ForeignPage unless the POST is from our own page and carries its token; LockedFrame where it carries the token and the browser
        has hidden where it comes from."""
        given = request.form.get(FIELD, "").encode()
        ours = any(hmac.compare_digest(_signed(key, bound_to).encode(), given) for key in self.keys)
        if ours and request.headers.get("Origin") == "null" and not self._same_origin(request):
            raise LockedFrame(_LOCKED, next_step=_IN_A_WINDOW, detail="the frame's sandbox has no allow-same-origin")
        self.check_origin(request)
        if not ours:
            raise ForeignPage(_FOREIGN, denies=True, reopen=OPEN_AGAIN, detail="form token is missing or wrong")

    def check_origin(self, request: Request) -> None:
        """ForeignPage when the browser says that the POST comes from elsewhere. Alone it is no proof: not every browser says so."""
        if not self._same_origin(request):
            raise ForeignPage(_FOREIGN, denies=True, reopen=OPEN_AGAIN, detail="cross-site request")

    def _same_origin(self, request: Request) -> bool:
        """`Sec-Fetch-Site` decides where the browser sends it. Under `Referrer-Policy: no-referrer` a browser's own POST has
        `Origin: null` (Fetch 3.1), so without the former that is left to the token."""
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site in {"same-origin", "none"}
        return request.headers.get("Origin", "null") in {"null", origin_of(self.base_url)}


def origin_of(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _signed(key: bytes, bound_to: Sequence[str]) -> str:
    # A key of its own, so that the sealing key is used for one thing only.
    own = hmac.new(key, b"rapport-form", sha256).digest()
    return hmac.new(own, "\x1f".join(bound_to).encode(), sha256).hexdigest()
