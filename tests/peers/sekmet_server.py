"""Start and stop sekmet-fhir: a light server that ignores what it cannot search by, and says so nowhere."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.peers.hapi_server import free_port

_PATIENCE = 60
_SETTINGS = """\
host: 127.0.0.1
port: {port}
base_url: {base}
data_dir: {folder}/data
simulator: {{enabled: false}}
"""


def _await_ready(process: subprocess.Popen[bytes], base: str) -> None:
    """Return when the server answers. RuntimeError when it ends or stays silent."""
    give_up = time.monotonic() + _PATIENCE
    with requests.Session() as session:
        while time.monotonic() < give_up and process.poll() is None:
            try:
                if session.get(f"{base}/metadata", timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.2)
    raise RuntimeError(f"sekmet-fhir did not answer within {_PATIENCE} s")


@contextmanager
def sekmet() -> Iterator[str]:
    """The FHIR base of a fresh sekmet-fhir on 127.0.0.1; its data is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="rapport-sekmet-") as name:
        folder, port = Path(name), free_port()
        base = f"http://127.0.0.1:{port}/fhir"
        settings = folder / "settings.yaml"
        settings.write_text(_SETTINGS.format(port=port, base=base, folder=folder))
        environment = {**os.environ, "SEKMET_CONFIG": str(settings)}
        command = [str(Path(sys.executable).with_name("sekmet")), "serve"]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT) as process,
        ):
            try:
                _await_ready(process, base)
                yield base
            finally:
                process.terminate()
