"""A folder beside the app, served by the same server: what is measured against is packed as the app packs its own, once, and carries none
of the app's headers."""

import gzip
import mimetypes
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Packed already.
_AS_IT_IS = ("font/", "image/")


def beside(app: "WSGIApplication", folder: str) -> "WSGIApplication":
    """The app, and the folder below `/beside/`."""
    return DispatcherMiddleware(app, {"/beside": ServedFolder(folder)})


class ServedFolder:
    """A WSGI app: the files of a folder by their path in it."""

    def __init__(self, folder: str) -> None:
        self._root = Path(folder)
        self._packed = cache(self._read)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """One file, or 404."""
        try:
            kind, content, packed = self._packed(Request(environ).path.lstrip("/"))
        except OSError:
            return NotFound()(environ, start_response)
        headers = {"Content-Encoding": "gzip"} if packed else {}
        return Response(content, content_type=kind, headers=headers)(environ, start_response)

    def _read(self, path: str) -> tuple[str, bytes, bool]:
        """Type, content as it is sent, whether it is packed."""
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        content = (self._root / path).read_bytes()
        as_it_is = kind.startswith(_AS_IT_IS)
        return kind, content if as_it_is else gzip.compress(content, 9, mtime=0), not as_it_is
