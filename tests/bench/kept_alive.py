"""A WSGI app served with connections kept open, as a production server keeps them. Werkzeug's own server closes every one, which would
add a new connection and a new thread to each request of the app, and none to what it is measured against."""

import io
import sys
from socketserver import ThreadingMixIn
from typing import IO, TYPE_CHECKING, cast
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _Answer(ServerHandler):
    http_version = "1.1"
    request_handler: WSGIRequestHandler


class _Handler(WSGIRequestHandler):
    """Answers one request after the other. Logs none: paths hold patient ids."""

    server: WSGIServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle(self) -> None:
        """All requests of a connection."""
        self.close_connection = False
        while not self.close_connection:
            self.handle_one_request()

    def handle_one_request(self) -> None:
        """One request, its body read whole, so that the next one begins where it should."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = io.BytesIO(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        answer = _Answer(body, cast("IO[bytes]", self.wfile), sys.stderr, self.get_environ(), multithread=True)
        answer.request_handler = self
        answer.run(cast("WSGIApplication", self.server.get_app()))
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Nothing."""


class _Server(ThreadingMixIn, WSGIServer):
    """One thread per connection."""

    daemon_threads = True
    request_queue_size = 128


def listen() -> WSGIServer:
    """A server on a free port of 127.0.0.1, waiting for its app."""
    return _Server(("127.0.0.1", 0), _Handler)
