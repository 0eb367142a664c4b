"""Start and stop the HAPI FHIR peer.

python -m tests.peers.hapi_server COMMAND …   runs COMMAND with RAPPORT_PEER_HAPI set to its FHIR base
"""

import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TARGET = Path(__file__).parent / "hapi" / "target"
_ENVIRONMENT = "RAPPORT_PEER_HAPI"
_PATIENCE = 240
# C1 only and the serial collector: half the start-up time and memory of the defaults, measured on two cores.
_FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g")


def free_port() -> int:
    """A TCP port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(process: subprocess.Popen[str]) -> str:
    """The base the peer prints when it answers. RuntimeError when it ends or stays silent."""
    said: queue.Queue[str] = queue.Queue()
    out = process.stdout
    if out is None:
        raise RuntimeError("the peer was started without an output to read")
    threading.Thread(target=lambda: said.put(out.readline()), daemon=True).start()
    try:
        line = said.get(timeout=_PATIENCE)
    except queue.Empty:
        raise RuntimeError(f"HAPI FHIR said nothing within {_PATIENCE} s") from None
    if not line.startswith("ready "):
        raise RuntimeError(f"HAPI FHIR did not start; see {_TARGET / 'peer.log'}")
    return line.split()[1]


@contextmanager
def hapi() -> Iterator[str]:
    """The FHIR base of a fresh HAPI FHIR server, or of the one that RAPPORT_PEER_HAPI names."""
    if running := os.environ.get(_ENVIRONMENT):
        yield running
        return
    if not (_TARGET / "hapi-peer.jar").exists():
        raise RuntimeError("the HAPI FHIR peer is not built: run `make test-system`")
    command = ["java", *_FLAGS, "-cp", f"{_TARGET}/hapi-peer.jar:{_TARGET}/lib/*", "rapport.peer.HapiPeer", str(free_port())]
    with (
        (_TARGET / "peer.log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            yield _await_ready(process)
        finally:
            process.terminate()


def main() -> int:
    """Run the command of the arguments beside a peer. Returns its exit code."""
    with hapi() as base:
        return subprocess.run(sys.argv[1:], env={**os.environ, _ENVIRONMENT: base}, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
