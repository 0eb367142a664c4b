"""Importing the app, against importing the third-party modules it brings along, alone. Each in a fresh interpreter."""

import subprocess
import sys

from tests.bench.figure import Effort, Figure, Figures
from tests.bench.timing import interleaved

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


def _python(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def _importable(names: list[str]) -> list[str]:
    """Those of the names that can be imported by name: some exist only as attributes their package puts in place."""
    return _python(_TRIED, ",".join(names)).split()


def measure(effort: Effort) -> Figures:
    """One figure."""
    names = _importable(_python(_NAMES).split())
    others = ",".join(names)
    pair = interleaved(
        lambda: float(_python(_TIMED_APP)),
        lambda: float(_python(_TIMED_OTHERS, others)),
        rounds=effort.rounds(15),
    )
    raw = pair.text(ours="the app", other=f"its {len(names)} third-party modules")
    return [Figure(name="import of the app over its third-party modules", value=pair.ratio, goal=GOAL, unit="×", raw=raw)]
