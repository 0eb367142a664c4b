from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measurement import Measurement, in_order
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.r4.dates import position
from tests.fhir_mappings.records import WHO, observation

DATES = ["2024", "2025-03", "2026-03-14", "2026-03-14T09:30:00Z", "2026-03-14T09:30:00+05:00", "2026-03-15T00:00:00"]
FOUND, _ = read_measurements(
    load_measures(), [observation(id=f"o{place}", effectiveDateTime=text) for place, text in enumerate(DATES)], patient=WHO
)


@given(st.permutations(FOUND))
def test_order_is_that_of_time_whatever_the_server_s_order(shuffled: list[Measurement]) -> None:
    ordered = in_order(shuffled)
    assert ordered == in_order(FOUND)
    places = [position(one.when) for one in ordered]
    assert places == sorted(places)


@pytest.mark.parametrize("zone", [ZoneInfo("America/Los_Angeles"), ZoneInfo("Pacific/Auckland"), UTC])
def test_the_order_is_that_of_the_days_that_are_shown(zone: tzinfo) -> None:
    written = ["2026-03-13T20:00:00-07:00", "2026-03-14", "2026-03-14T00:30:00+13:00", "2026-03-14T23:30:00-07:00"]
    resources = [observation(id=f"o{place}", effectiveDateTime=text) for place, text in enumerate(written)]
    found, _ = read_measurements(load_measures(), resources, patient=WHO, zone=zone)
    ordered = in_order(found)
    days, instants = [one.when.day for one in ordered], [one.when.instant for one in ordered if one.when.instant]
    assert len(days) == len(written)
    assert days == sorted(days)
    assert instants == sorted(instants)


def test_ordering_twice_changes_nothing() -> None:
    assert in_order(in_order(FOUND)) == in_order(FOUND)
