"""What became of submissions, where the database would not take it when it was known: held in this process, and written down as soon as the
database answers again.

Only the process that sent it knows that nobody is sending any more. It says so itself at once; to the others it is `sending` until it is
written, which is why a thread tries, and not the next page that happens to come to this process."""

from collections.abc import Callable
from datetime import datetime
from threading import Event, Lock, Thread

from msgspec import Struct

from smart_app.errors import StoreError

_EVERY_SECONDS = 1.0
# By then whatever was sending is taken for gone by every process, and searched for.
_TRIES = 600


class _Late(Struct, frozen=True):
    since: datetime
    write: Callable[[], None]


class LateOutcomes:
    """By the row's id."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Late] = {}
        self._lock = Lock()
        self._over = Event()
        self._thread: Thread | None = None

    def add(self, row: str, *, since: datetime, write: Callable[[], None]) -> None:
        """Try `write` until it raises no StoreError any more."""
        with self._lock:
            self._waiting[row] = _Late(since, write)
            if self._thread is None:
                self._thread = Thread(target=self._try_on, name="late-outcomes", daemon=True)
                self._thread.start()

    def since(self, row: str) -> datetime | None:
        """When it was let go; None where it was not, or that is written down."""
        late = self._waiting.get(row)
        return None if late is None else late.since

    def drop(self, row: str) -> None:
        """It was taken up again: what became of it before does not matter any more."""
        self._waiting.pop(row, None)

    def close(self) -> None:
        """Try no more."""
        self._over.set()

    def _try_on(self) -> None:
        for _ in range(_TRIES):
            if self._over.wait(_EVERY_SECONDS):
                break
            self._write()
            if self._ended():
                return
        with self._lock:
            self._thread = None

    def _write(self) -> None:
        """Where one cannot be written the others wait too."""
        for row, late in list(self._waiting.items()):
            try:
                late.write()
            except StoreError:
                return
            if self._waiting.get(row) is late:
                self.drop(row)

    def _ended(self) -> bool:
        """Whether there is nothing left: seen and ended at once, as what is added after that starts a thread of its own."""
        with self._lock:
            if self._waiting:
                return False
            self._thread = None
            return True
