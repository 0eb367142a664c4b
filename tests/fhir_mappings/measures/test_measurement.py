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


def test_ordering_twice_changes_nothing() -> None:
    assert in_order(in_order(FOUND)) == in_order(FOUND)
