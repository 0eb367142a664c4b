"""A process from its first line until it can serve, all instrument files read and the database's schema seen to, and the memory it holds
then; against importing the third-party modules it loads, alone. fhirclient (PyPI) in a Flask app of two routes, which reads nothing and has
no database, is printed beside. Each in a fresh interpreter with its bytecode ready."""

import secrets
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Callable

from tests.bench.figure import Effort, Figure, Figures
from tests.bench.imports import Interpreters, third_party
from tests.bench.timing import Sample, interleaved

START_GOAL, MEMORY_GOAL = 2, 1.3
_BEGAN = """
import importlib, sys, time
from tests.bench.resident import resident
began = time.perf_counter()
"""
_SAID = """
print(time.perf_counter() - began, resident())
"""
# The entry point itself, as a WSGI server imports it.
_APP = """
import os
os.environ |= {"RAPPORT_BASE_URL": "http://localhost", "RAPPORT_SECRET_KEYS": sys.argv[1], "RAPPORT_DATABASE_URL": sys.argv[2]}
from smart_app.wsgi import app
print(len(app.extensions["rapport"].library.newest), end=" ")
"""
_MODULES = """
for name in sys.argv[1].split(","):
    importlib.import_module(name)
"""
_TWO_ROUTES = """
from fhirclient.client import FHIRClient
from fhirclient.models import capabilitystatement
from flask import Flask
app = Flask("two_routes", static_folder=None)
app.add_url_rule("/launch", "launch", lambda: "")
app.add_url_rule("/callback", "callback", lambda: "")
"""


class Program:
    """Prints seconds and bytes at its end, other numbers before them."""

    def __init__(self, run: Callable[[], str]) -> None:
        self._run = run
        self.size = 0
        self.others: list[str] = []

    def __call__(self) -> float:
        """Seconds of one run; `size` is what it held at the end."""
        *self.others, seconds, size = self._run().split()
        self.size = int(size)
        return float(seconds)


def measure(effort: Effort) -> Figures:
    """Two figures: seconds, memory."""
    rounds = effort.rounds(11)
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        fresh = Interpreters(folder)
        names = third_party(fresh)
        key = urlsafe_b64encode(secrets.token_bytes(32)).decode()
        app = Program(lambda: fresh.printed(_BEGAN + _APP + _SAID, key, f"sqlite:///{folder}/rapport.sqlite"))
        modules = Program(lambda: fresh.printed(_BEGAN + _MODULES + _SAID, ",".join(names)))
        two_routes = Program(lambda: fresh.printed(_BEGAN + _TWO_ROUTES + _SAID))
        pair = interleaved(app, modules, rounds=rounds)
        beside = Sample(tuple(two_routes() for _ in range(rounds)))
    sizes = ", ".join(
        f"{name} {one.size / 1e6:.1f} MB" for name, one in (("Rapport", app), ("modules", modules), ("fhirclient", two_routes))
    )
    return [
        Figure(
            name=f"start until ready, {app.others[0]} instruments, over its modules",
            value=pair.ratio,
            goal=START_GOAL,
            unit="×",
            raw=f"{pair.text(ours='Rapport', other=f'{len(names)} modules')}; fhirclient in two routes {beside.text()}",
        ),
        Figure(name="memory when ready, over its modules", value=app.size / modules.size, goal=MEMORY_GOAL, unit="×", raw=sizes),
    ]
