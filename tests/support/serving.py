"""A WSGI app on a real loopback socket, for clients that only speak HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class QuietHandler(WSGIRequestHandler):
    """Writes no access log: paths hold patient ids."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@contextmanager
def serving(app: "WSGIApplication", *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve `app` in threads while the block runs; yields its address without a trailing slash. Port 0 takes a free one."""
    server = make_server(host, port, app, threaded=True, request_handler=QuietHandler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.port}"
    finally:
        _stop(server, thread)


def _stop(server: BaseWSGIServer, thread: Thread) -> None:
    """No thread and no socket outlives the block, so `filterwarnings = error` stays quiet."""
    server.shutdown()
    thread.join()
    server.server_close()
