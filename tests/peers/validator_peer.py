"""HAPI FHIR's R4 validator on resources given as JSON text: one JVM for all of them, no network.

What it takes lightly is promoted to an error here, each with its reason; what of its messages is a false alarm, a test says.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

_HOME = Path(__file__).parent / "validator"
_TARGET = _HOME / "target"
_PATIENCE = 300
# C1 only and the serial collector: half the start-up time and memory of the defaults, measured on two cores. A home of its own, so
# that no package cache of the machine changes what it says.
_FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g", f"-Duser.home={_TARGET}")

# Message id to why it is an error, whatever HAPI calls it.
PROMOTED: Mapping[str, str] = {
    "Questionnaire_QR_Q_NotFound": "a response whose form is not found is not checked at all",
    "Bundle_BUNDLE_Not_Local": "a urn:uuid that no entry has leads nowhere",
    "Extension_EXT_Unknown": "every extension Rapport writes is defined; another is a slip",
    "Terminology_TX_System_Unknown": "every code system in use is given",
}


class Message(NamedTuple):
    """What the validator says of one place; `location` is its FHIRPath, `id` names the rule."""

    severity: str
    location: str
    id: str
    text: str

    @property
    def refuses(self) -> bool:
        """True for an error, also one that HAPI takes lightly."""
        return self.severity in {"error", "fatal"} or self.id in PROMOTED


def validate(checked: Mapping[str, str], *, definitions: Iterable[str], known: Iterable[str]) -> dict[str, tuple[Message, ...]]:
    """Name to what the validator says of that JSON. References must lead to `checked` or `known` resources.

    RuntimeError when the validator is not built, ends badly or leaves out a file.
    """
    if not (_TARGET / "validator-peer.jar").exists():
        raise RuntimeError("the validator is not built: run `make test-system`")
    with tempfile.TemporaryDirectory() as folder:
        names = {_written(Path(folder), f"{place}.json", text): name for place, (name, text) in enumerate(checked.items())}
        lines = [f"definition\t{path}" for path in sorted(_HOME.glob("definitions/*.json")) + sorted(_HOME.glob("terminology/*.json"))]
        for role, texts in (("definition", definitions), ("known", known)):
            lines += [f"{role}\t{_written(Path(folder), f'{role}-{place}.json', text)}" for place, text in enumerate(texts)]
        found = dict(_said(line) for line in _run([*lines, *(f"check\t{path}" for path in names)]))
    if found.keys() != names.keys():
        raise RuntimeError(f"the validator says nothing of {[names[path] for path in names.keys() - found.keys()]}")
    return {names[path]: messages for path, messages in found.items()}


def _written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def _run(lines: Iterable[str]) -> list[str]:
    """The validator's lines of output. Its log is target/peer.log."""
    command = ["java", *_FLAGS, "-cp", f"{_TARGET}/validator-peer.jar:{_TARGET}/lib/*", "rapport.peer.ValidatorPeer"]
    with (_TARGET / "peer.log").open("w") as log:
        done = subprocess.run(
            command, input="\n".join(lines), stdout=subprocess.PIPE, stderr=log, text=True, timeout=_PATIENCE, check=False
        )
    if done.returncode:
        raise RuntimeError(f"the validator ended with {done.returncode}; see {_TARGET / 'peer.log'}")
    return done.stdout.splitlines()


def _said(line: str) -> tuple[str, tuple[Message, ...]]:
    said = json.loads(line)
    messages = (Message(one["severity"], one.get("location", ""), one.get("id", ""), one["text"]) for one in said["messages"])
    return said["file"], tuple(messages)
