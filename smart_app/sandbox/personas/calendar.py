"""Days before today as FHIR dates. Nothing is ever dated ahead of `today`, which is the date in `zone`."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Today, and what lies before it, at the clocks of `zone`."""

    today: date
    zone: tzinfo = UTC

    def day(self, days_ago: int) -> str:
        """`2026-11-22`."""
        return (self.today - timedelta(days=days_ago)).isoformat()

    def moment(self, days_ago: int, at: time, *, minutes: int = 0) -> str:
        """`2026-11-10T09:30:00+00:00`; today only the day, because the time could still lie ahead."""
        if days_ago == 0:
            return self.day(0)
        start = datetime.combine(self.today - timedelta(days=days_ago), at, self.zone)
        return (start + timedelta(minutes=minutes)).isoformat()
