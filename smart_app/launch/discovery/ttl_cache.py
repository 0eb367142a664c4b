"""What was fetched lately, by its address."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

_AT_MOST = 256

Value = TypeVar("Value")


class TtlCache(Generic[Value]):
    """A few values with the time they were fetched; the oldest goes first when there are too many."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, tuple[datetime, Value]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, *, younger_than: timedelta, now: datetime) -> Value | None:
        """The value, if it is there and young enough."""
        with self._lock:
            fetched, value = self._values.get(key, (None, None))
        return value if fetched is not None and now - fetched < younger_than else None

    def put(self, key: str, value: Value, *, now: datetime) -> None:
        """Keep it, fetched `now`."""
        with self._lock:
            self._values[key] = (now, value)
            self._values.move_to_end(key)
            if len(self._values) > _AT_MOST:
                self._values.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget it."""
        with self._lock:
            self._values.pop(key, None)
