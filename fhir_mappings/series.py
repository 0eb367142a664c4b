"""Measurements in the order of time."""

from collections.abc import Iterable
from datetime import UTC, datetime, time

from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.r4.moment import Moment


def position(when: Moment) -> datetime:
    """Where a moment stands among others: its instant, or the start of its day in UTC."""
    return when.instant or datetime.combine(when.day, time.min, UTC)


def in_order(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Oldest first; equal moments by source, so that the order never depends on the server's."""
    return sorted(measurements, key=lambda one: (position(one.when), one.source))
