"""Importing the app, against importing the third-party modules it brings along, alone. Each in a fresh interpreter. The app is imported as
its entry point imports it, which pauses Python's search for garbage meanwhile; how long it takes without that is printed beside.

Both sides find their bytecode ready, in a folder of the measurement's own: an environment that forbids writing bytecode would otherwise
have ours compiled at every start, and the installed modules not."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from tests.bench.figure import Effort, Figure, Figures
from tests.bench.timing import Sample, interleaved

GOAL = 1.3
# What the app loads that is neither ours nor Python's, in the order it was loaded.
_NAMES = """
import sys
before = set(sys.modules)
import smart_app.app
known = set(sys.stdlib_module_names)
for name, module in list(sys.modules.items()):
    if name in before or name.split(".")[0] in known | {"smart_app", "fhir_mappings"}:
        continue
    if getattr(module, "__spec__", None) is not None and module.__spec__.origin is not None:
        print(name)
"""
_TRIED = """
import importlib, sys
for name in sys.argv[1].split(","):
    try:
        importlib.import_module(name)
        print(name)
    except ImportError:
        pass
"""
_TIMED_APP = """
import time
began = time.perf_counter()
from smart_app.garbage_collection import paused
with paused():
    import smart_app.app
print(time.perf_counter() - began)
"""
_TIMED_BY_ITSELF = """
import time
began = time.perf_counter()
import smart_app.app
print(time.perf_counter() - began)
"""
_TIMED_OTHERS = """
import importlib, sys, time
names = sys.argv[1].split(",")
began = time.perf_counter()
for name in names:
    importlib.import_module(name)
print(time.perf_counter() - began)
"""


@dataclass(frozen=True, slots=True)
class Interpreters:
    """Fresh interpreters that keep their bytecode in `folder`."""

    folder: str

    def printed(self, code: str, *arguments: str) -> str:
        """What one prints."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "PYTHONPYCACHEPREFIX": self.folder}
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, env=environment)
        return done.stdout


def third_party(fresh: Interpreters) -> list[str]:
    """The modules the app loads that are neither ours nor Python's, in the order it loads them."""
    loaded = ",".join(fresh.printed(_NAMES).split())
    # Some exist only as attributes that their package puts in place.
    return fresh.printed(_TRIED, loaded).split()


def measure(effort: Effort) -> Figures:
    """One figure."""
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        fresh = Interpreters(folder)
        names = third_party(fresh)
        pair = interleaved(
            lambda: float(fresh.printed(_TIMED_APP)),
            lambda: float(fresh.printed(_TIMED_OTHERS, ",".join(names))),
            rounds=effort.rounds(15),
        )
        beside = Sample(tuple(float(fresh.printed(_TIMED_BY_ITSELF)) for _ in range(effort.rounds(15))))
    raw = f"{pair.text(ours='the app', other=f'its {len(names)} third-party modules')}; searching for garbage meanwhile {beside.text()}"
    return [Figure(name="import of the app over its third-party modules", value=pair.ratio, goal=GOAL, unit="×", raw=raw)]
