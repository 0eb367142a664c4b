"""By which name an address of a launch means a rating: a keyed digest of where it stands in the record. It says nothing of the rating or of
anybody, and in another launch, or another browser, the same rating has another one."""

from collections.abc import Callable
from hashlib import blake2b

from smart_app.web.session.csrf import Csrf
from smart_app.web.session.guard import PageRequest

# Of those that one launch may see, some hundreds at most, no two have the same; guessed, one opens what its reader may see anyway.
_BYTES = 8


def rating_keys(csrf: Csrf, page_request: PageRequest) -> Callable[[str], str]:
    """The name of a rating, by its source, in this launch."""
    own = csrf.token(page_request.id, page_request.cookie, "ratings").encode()
    return lambda source: blake2b(source.encode(), key=own, digest_size=_BYTES).hexdigest()
