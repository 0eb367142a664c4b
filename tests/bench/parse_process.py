"""A plain interpreter that parses JSON with the standard library: what a dashboard's processor time is measured against.

Answers `parse` with the seconds of processor time for every file of a folder, all of them held at once as a dashboard holds them."""

import json
import time
from pathlib import Path

from tests.bench.peer import answer_commands


def parse(folder: str) -> float:
    """Seconds of processor time."""
    contents = [path.read_bytes() for path in sorted(Path(folder).iterdir())]
    began = time.process_time()
    kept = [json.loads(content) for content in contents]
    taken = time.process_time() - began
    del kept
    return taken


if __name__ == "__main__":
    answer_commands("", {"parse": parse})
