"""veraPDF on PDF files, against PDF/UA-1: one JVM for all of them, no network."""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_TARGET = Path(__file__).parent / "verapdf" / "target"
_PATIENCE = 300
# As the other validator: C1 only and the serial collector.
_FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g", f"-Duser.home={_TARGET}")


class Verdict(NamedTuple):
    """Whether a file is valid, how many checks were made, and of each rule that does not hold its clause and what it says."""

    valid: bool
    checks: int
    failed: tuple[str, ...]


def validate(files: Mapping[str, bytes]) -> dict[str, Verdict]:
    """Name to the verdict on that PDF. RuntimeError when veraPDF is not built, ends badly or leaves out a file."""
    if not (_TARGET / "verapdf-peer.jar").exists():
        raise RuntimeError("veraPDF is not built: run `make test-system`")
    with tempfile.TemporaryDirectory() as folder:
        names = {str(_written(Path(folder) / f"{place}.pdf", pdf)): name for place, (name, pdf) in enumerate(files.items())}
        found = {names[path]: verdict for path, verdict in _verdicts(_run(names)).items()}
    if found.keys() != files.keys():
        raise RuntimeError(f"veraPDF says nothing of {sorted(files.keys() - found.keys())}")
    return found


def _written(path: Path, pdf: bytes) -> Path:
    path.write_bytes(pdf)
    return path


def _run(paths: Mapping[str, str]) -> list[str]:
    """Its lines of output. Its log is target/peer.log."""
    command = ["java", *_FLAGS, "-cp", f"{_TARGET}/verapdf-peer.jar:{_TARGET}/lib/*", "rapport.peer.VeraPdfPeer"]
    with (_TARGET / "peer.log").open("w") as log:
        done = subprocess.run(
            command, input="\n".join(paths), stdout=subprocess.PIPE, stderr=log, text=True, timeout=_PATIENCE, check=False
        )
    if done.returncode:
        raise RuntimeError(f"veraPDF ended with {done.returncode}; see {_TARGET / 'peer.log'}")
    return done.stdout.splitlines()


def _verdicts(lines: list[str]) -> dict[str, Verdict]:
    found: dict[str, Verdict] = {}
    failed: list[str] = []
    for line in lines:
        match line.split("\t"):
            case ["failed", clause, text]:
                failed.append(f"{clause}: {text}")
            case ["file", path, verdict, checks]:
                found[path] = Verdict(verdict == "valid", int(checks), tuple(dict.fromkeys(failed)))
                failed = []
    return found
