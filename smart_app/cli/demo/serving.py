"""Serve WSGI apps from threads of this process, on ports that are free."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _QuietRequests(WSGIRequestHandler):
    """Logs no request: paths hold launch ids and patient ids."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def take_port(wanted: int) -> tuple[socket.socket, bool]:
    """A listening socket on 127.0.0.1 at `wanted` (0: any), and True when it had to be another port because that one is taken."""
    try:
        return _listen(wanted), False
    except OSError:
        return _listen(0), True


def _listen(port: int) -> socket.socket:
    """A listening socket. OSError when the port is taken."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def port_of(listening: socket.socket) -> int:
    """The port a socket listens on."""
    return int(listening.getsockname()[1])


@contextmanager
def served(app: "WSGIApplication", listening: socket.socket) -> Iterator[None]:
    """Answer requests on the socket while the block runs."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", port_of(listening), app, threaded=True, request_handler=_QuietRequests, fd=listening.fileno())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        listening.close()
