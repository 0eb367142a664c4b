"""A process of ours that serves HTTP and answers commands on its standard input, one JSON line each way."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Commands = Mapping[str, Callable[[Any], Any]]


class Peer:
    """The process seen from outside. `address` is what it serves."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.address: str = self._heard()

    def ask(self, command: str, argument: Any = None) -> Any:
        """The answer to a command. RuntimeError when the process is gone."""
        if self._process.stdin is None:
            raise RuntimeError("the process was started without an input")
        self._process.stdin.write(json.dumps([command, argument]) + "\n")
        self._process.stdin.flush()
        return self._heard()

    def _heard(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"a process of the measurement ended early: {self._process.args!r}")
        return json.loads(line)


@contextmanager
def peer(module: str, *arguments: str) -> Iterator[Peer]:
    """`python -m MODULE ARGUMENTS` while the block runs."""
    command = [sys.executable, "-m", module, *arguments]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True) as process,
    ):
        try:
            yield Peer(process)
        except RuntimeError as error:
            said.seek(0)
            error.add_note(said.read()[-2000:])
            raise
        finally:
            if process.stdin:
                process.stdin.close()
            process.terminate()


def answer_commands(address: str, commands: Commands) -> None:
    """Inside the process: say where it serves, then answer until the input ends."""
    print(json.dumps(address), flush=True)
    for line in sys.stdin:
        command, argument = json.loads(line)
        print(json.dumps(commands[command](argument)), flush=True)
