"""The app in a process of its own, against an open FHIR server: `python -m tests.bench.app_process FHIR_BASE`.

Answers `cpu` (seconds of processor time used so far, all threads), `rss` (bytes resident now), `imported` (bytes resident when nothing
but the import had happened) and `bare` (serves the HTML given as `/bare`)."""

import os
import sys
import tempfile
import threading
from pathlib import Path

import smart_app.app


def resident() -> int:
    """Bytes of this process in memory (Linux)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


IMPORTED = resident()


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
    import time  # noqa: PLC0415
    from base64 import urlsafe_b64encode  # noqa: PLC0415

    from smart_app.registration import Issuer, OpenServer, load_registration  # noqa: PLC0415
    from smart_app.settings import Settings  # noqa: PLC0415
    from tests.bench.kept_alive import listen  # noqa: PLC0415
    from tests.bench.peer import answer_commands  # noqa: PLC0415

    base = sys.argv[1]
    server = listen()
    address = f"http://localhost:{server.server_port}"
    issuer = Issuer(name="Measured server", iss=base, client_id="", auth=OpenServer(), scope="", synthetic_data=True)
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        settings = Settings(
            base_url=address,
            secret_keys=(urlsafe_b64encode(secrets.token_bytes(32)).decode(),),
            database_url=f"sqlite:///{folder}/rapport.sqlite",
        )
        app = smart_app.app.create_app(settings, registration=load_registration(None).with_issuer(issuer))
        bare = Bare()
        app.add_url_rule("/bare", "bare", bare.show)
        server.set_app(app)
        smart_app.app.settle()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        commands = {
            "cpu": lambda _: time.process_time(),
            "rss": lambda _: resident(),
            "imported": lambda _: IMPORTED,
            "bare": bare.keep,
        }
        answer_commands(address, commands)


if __name__ == "__main__":
    main()
