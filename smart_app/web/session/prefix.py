"""Serves the app below a path, such as `https://clinic.example/rapport`, whether or not the proxy takes the path away."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class BelowPrefix:
    """WSGI middleware; with an empty prefix it changes nothing."""

    def __init__(self, app: "WSGIApplication", prefix: str) -> None:
        self._app = app
        self._prefix = prefix.rstrip("/")

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Name the prefix as the app's root, and take it off the path where it is still there."""
        if self._prefix:
            path = environ.get("PATH_INFO", "")
            environ["SCRIPT_NAME"] = self._prefix
            environ["PATH_INFO"] = path.removeprefix(self._prefix) if f"{path}/".startswith(f"{self._prefix}/") else path
        return self._app(environ, start_response)
