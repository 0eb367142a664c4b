"""The app in a process of its own: `python -m tests.bench.app_process FHIR_BASE [CLIENT_ID]`, against an open FHIR server, or as a public
client of the EHR there.

Answers `cpu` (seconds of processor time used so far, all threads), `rss` (bytes resident now), `imported` (bytes resident when nothing
but the import had happened), `bare` (serves the HTML given as `/bare`), `folder` (serves a folder's files below `/beside/`), `forget`
(empties the caches of what the EHR said of itself), `later` (moves the app's clock on by so many seconds), `purge` (what a purge deletes
now) and `holdings` (what is kept, and open)."""

import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

import smart_app.app
from smart_app.garbage_collection import settle
from tests.bench.resident import resident

IMPORTED = resident()
_MIGRATED = "import sys, pathlib; from tests.support.fresh_database import fresh_database; fresh_database(pathlib.Path(sys.argv[1]))"


class Bare:
    """A page of any content, served as the app serves its own."""

    def __init__(self) -> None:
        self.html = ""

    def keep(self, html: str) -> None:
        """Serve this from now on."""
        self.html = html

    def show(self) -> str:
        """The page."""
        return self.html


def main() -> None:
    """Serve until the input ends."""
    import secrets  # noqa: PLC0415 - nothing of the harness may count as the app's import
    import subprocess  # noqa: PLC0415
    import time  # noqa: PLC0415
    from base64 import urlsafe_b64encode  # noqa: PLC0415

    from smart_app.registration import Issuer, OpenServer, PublicClient, load_registration  # noqa: PLC0415
    from smart_app.settings import Settings  # noqa: PLC0415
    from tests.bench.clock import Clock  # noqa: PLC0415
    from tests.bench.holdings import Inside  # noqa: PLC0415
    from tests.bench.kept_alive import listen  # noqa: PLC0415
    from tests.bench.peer import answer_commands  # noqa: PLC0415
    from tests.bench.served_folder import beside  # noqa: PLC0415

    base, *client = sys.argv[1:]
    server = listen()
    address = f"http://localhost:{server.server_port}"
    auth = PublicClient() if client else OpenServer()
    issuer = Issuer(name="Measured server", iss=base, client_id="".join(client), auth=auth, scope="", synthetic_data=True)
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        # A version migrates its database once. What that loads, some 11 MB, is not what serving pages takes.
        subprocess.run([sys.executable, "-c", _MIGRATED, folder], check=True)
        settings = Settings(
            base_url=address,
            secret_keys=(urlsafe_b64encode(secrets.token_bytes(32)).decode(),),
            database_url=f"sqlite:///{folder}/rapport.sqlite",
            time_zone="UTC",
        )
        clock = Clock()
        app = smart_app.app.create_app(settings, registration=load_registration(None).with_issuer(issuer), clock=clock)
        inside = Inside(app.extensions["rapport"], clock)
        bare = Bare()
        app.add_url_rule("/bare", "bare", bare.show)
        server.set_app(app)
        settle()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        commands: dict[str, Callable[[Any], Any]] = {
            "cpu": lambda _: time.process_time(),
            "rss": lambda _: resident(),
            "imported": lambda _: IMPORTED,
            "bare": bare.keep,
            "folder": lambda folder: server.set_app(beside(app, folder)),
            "forget": inside.forget,
            "later": clock.move,
            "purge": inside.purge,
            "holdings": inside.holdings,
        }
        answer_commands(address, commands)


if __name__ == "__main__":
    main()
