"""What became of submissions, held until the database takes it."""

import threading
from datetime import UTC, datetime

import pytest

from smart_app.store import late_outcomes
from smart_app.store.late_outcomes import LateOutcomes

SINCE = datetime(2026, 11, 22, 14, 20, tzinfo=UTC)


class Interrupted:
    """A lock of which the thread that writes down waits, once, until another has come by."""

    def __init__(self, come_by: threading.Thread) -> None:
        self._lock, self._come_by = threading.Lock(), come_by

    def __enter__(self) -> None:
        if threading.current_thread().name == "late-outcomes" and self._come_by.ident is None:
            self._come_by.start()
            self._come_by.join()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_what_comes_as_the_last_was_written_down_is_written_down_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_outcomes, "_EVERY_SECONDS", 0.01)
    late, written = LateOutcomes(), threading.Event()
    come_by = threading.Thread(target=late.add, args=("second",), kwargs={"since": SINCE, "write": written.set})
    monkeypatch.setattr(late, "_lock", Interrupted(come_by))
    late.add("first", since=SINCE, write=lambda: None)
    assert written.wait(5)
    late.close()
