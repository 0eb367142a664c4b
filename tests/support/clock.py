"""A clock that a test winds by hand."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Called, it tells the time; `forward` winds it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)
