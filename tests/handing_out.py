"""In which order the files of system tests are handed to two workers, and which of them stay together.

A worker is handed a file when it has two tests left, so what takes long goes first, and the workers end together: pytest-xdist by itself
hands out files of few tests last, among them those whose one test takes minutes. What runs on HAPI goes to one worker, since each worker
starts a HAPI of its own, which takes a minute of one processor."""

from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadFileScheduling

_ON_HAPI = (
    "tests/system/test_hapi.py",
    "tests/system/test_corrections_on_hapi.py",
    "tests/system/test_fronts.py",
    "tests/system/test_definitions.py",
    "tests/sandbox/seeding/test_seeding_peers.py",
)
# By what they take, the longest first. A file that is not named comes after them.
LONGEST_FIRST = (
    *_ON_HAPI,
    "tests/browser/test_pages.py",
    "tests/web/test_crossings.py",
    "tests/browser/test_pseudo_language.py",
    "tests/browser/test_questionnaires.py",
    "tests/system/test_validity.py",
    "tests/browser/test_in_the_chart.py",
    "tests/browser/test_print.py",
    "tests/browser/test_lent_device.py",
    "tests/browser/test_focus_line.py",
    "tests/browser/test_sessions.py",
    "tests/browser/test_first_screen.py",
    "tests/browser/test_standalone.py",
    "tests/browser/test_one_at_a_time.py",
    "tests/browser/test_own_answers.py",
    "tests/browser/test_why.py",
    "tests/browser/test_options.py",
    "tests/browser/test_as_answered.py",
    "tests/system/test_pdf_ua.py",
    "tests/system/test_oracles.py",
    "tests/browser/test_late_rating.py",
    "tests/system/test_many_launches_of_one_browser.py",
    "tests/browser/test_language_switch.py",
    "tests/system/test_awkward_server.py",
    "tests/web/test_faults.py",
)
_PLACES = {file: place for place, file in enumerate(LONGEST_FIRST)}


class Handing(LoadFileScheduling):  # type: ignore[misc]  # untyped
    """As `--dist loadfile`, but that files on HAPI count as one."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return _ON_HAPI[0] if file in _ON_HAPI else file


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests of a run, those of the longest files first, else as they are."""
    return sorted(items, key=lambda item: _PLACES.get(item.nodeid.split("::", 1)[0], len(_PLACES)))
