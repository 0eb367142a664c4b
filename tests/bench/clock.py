"""A clock for processes whose time can be moved on."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The time, or later."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move(self, seconds: float) -> None:
        """So much later from now on."""
        self._ahead += timedelta(seconds=seconds)
