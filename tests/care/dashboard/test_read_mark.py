"""The mark of a read: the same for the same record, another as soon as a page would say something else of it."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.read_mark import read_mark
from tests.web.states_history import STATES
from tests.web.support_history import NOW, read

_PRINT = """
from smart_app.care.dashboard.read_mark import read_mark
from tests.web.states_history import STATES
print(read_mark(STATES["events"]()))
"""


def shown() -> History:
    return STATES["events"]()


@pytest.mark.parametrize("name", STATES)
def test_the_same_record_has_the_same_mark_whenever_it_is_read(name: str) -> None:
    later = replace(STATES[name](), read_at=NOW + timedelta(minutes=9))
    assert read_mark(STATES[name]()) == read_mark(later)


def test_every_instance_gives_it_the_same() -> None:
    """Sets and texts are ordered otherwise in another process."""
    given = {
        subprocess.run(
            [sys.executable, "-c", _PRINT], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert given == {read_mark(shown())}


CHANGED: dict[str, Callable[[History], History]] = {
    "another range": lambda one: replace(one, start=one.start - timedelta(days=1)),
    "a day later": lambda one: replace(one, end=one.end + timedelta(days=1)),
    "a value less": lambda one: replace(one, panels=[replace(one.panels[0], points=one.panels[0].points[1:]), *one.panels[1:]]),
    "a value of before": lambda one: replace(one, panels=[replace(one.panels[0], older=one.panels[0].points[:1]), *one.panels[1:]]),
    "a measure not whole": lambda one: replace(
        one, panels=[replace(one.panels[0], read=read("hba1c", "HbA1c", state="failed")), *one.panels[1:]]
    ),
    "a rating less": lambda one: replace(one, dyads=[replace(one.dyads[0], ratings=one.dyads[0].ratings[1:])]),
    "another form": lambda one: replace(one, dyads=[replace(one.dyads[0], instrument=replace(one.dyads[0].instrument, version="9"))]),
    "an event less": lambda one: replace(one, events=[replace(one.events[0], events=one.events[0].events[1:]), *one.events[1:]]),
    "another visit": lambda one: replace(one, visit="2001-01-01"),
    "a rating kept back": lambda one: replace(one, hidden=STATES["waiting"]().hidden),
}


@pytest.mark.parametrize("what", CHANGED)
def test_what_a_page_says_of_the_record_changes_it(what: str) -> None:
    assert read_mark(CHANGED[what](shown())) != read_mark(shown())
