from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.measures.catalogue import codes_of, load_measures
from fhir_mappings.measures.observation_reader import read_measurements
from tests.fhir_mappings.records import SERVER, WHO, coded, observation, panel, quantity

MEASURES = load_measures()
PERIOD = {"start": "2026-05-01", "end": "2026-05-14"}
TOO_LITTLE = "The sensor was active 20 % of the time. At least 70 % is needed."


def of_period(resource: dict[str, Any], period: dict[str, str] | None = PERIOD) -> dict[str, Any]:
    resource.pop("effectiveDateTime", None)
    return resource | {"effectivePeriod": period}


def in_range(**more: Any) -> dict[str, Any]:
    return of_period(panel("106793-3", {"97510-2": quantity(65)}, **{"id": "tir", **more}))


def indicator(**more: Any) -> dict[str, Any]:
    return of_period(observation(**{"id": "gmi", "code": coded("97506-0"), "valueQuantity": quantity(7), **more}))


def activity(share: object = 20, unit: str = "%", **more: Any) -> dict[str, Any]:
    return of_period(observation(**{"id": "act", "code": coded("104637-4"), "valueQuantity": quantity(share, unit), **more}))


def summary(*members: str, **more: Any) -> dict[str, Any]:
    named = [{"reference": f"Observation/{member}"} for member in members]
    whole = of_period(observation(**{"id": "sum", "code": coded("107931-8"), "valueQuantity": None, "hasMember": named, **more}))
    return {key: value for key, value in whole.items() if value is not None}


def read(*resources: Any) -> tuple[set[str], dict[str, str]]:
    """The sources that are drawn, and those listed with the reason."""
    found, skipped = read_measurements(MEASURES, resources, patient=WHO)
    return {one.source.partition("/")[2] for one in found}, {one.source.partition("/")[2]: one.reason for one in skipped}


OTHER = {"start": "2026-04-17", "end": "2026-04-30"}


@pytest.mark.parametrize(
    "said",
    [
        [summary("tir", "gmi", "act"), activity()],
        [summary("tir", "gmi", "act"), of_period(activity(), OTHER)],
        [activity()],
        [of_period(activity(), {"start": "2026-05-01T00:00:00Z", "end": "2026-05-14T23:59:00Z"})],
        [summary("tir", "gmi", component=[{"code": coded("104637-4"), "valueQuantity": quantity(20)}])],
        [of_period(summary(component=[{"code": coded("104637-4"), "valueQuantity": quantity(20)}]))],
    ],
)
def test_a_summary_counts_only_with_enough_wear_wherever_that_is_said(said: list[Any]) -> None:
    assert read(in_range(), *said, indicator()) == (set(), {"tir": TOO_LITTLE, "gmi": TOO_LITTLE})


def test_what_stands_in_the_summary_itself_is_nearest() -> None:
    worn = of_period(panel("106793-3", {"97510-2": quantity(65), "104637-4": quantity(82)}, id="tir"))
    assert read(worn, activity()) == ({"tir"}, {})


def test_an_indicator_says_beside_itself_how_long_its_sensor_was_active() -> None:
    share = {"component": [{"code": coded("104637-4"), "valueQuantity": quantity(20)}]}
    assert read(indicator(**share)) == (set(), {"gmi": TOO_LITTLE})


def test_what_the_source_ties_to_it_comes_before_what_is_of_the_same_period() -> None:
    other = of_period(observation(id="other", code=coded("104637-4"), valueQuantity=quantity(20)))
    assert read(in_range(), summary("tir", "act"), activity(91), other) == ({"tir"}, {})


def test_a_value_in_a_panel_within_the_summary_is_tied_to_it_too() -> None:
    alone = of_period(observation(id="tir", code=coded("97510-2"), valueQuantity=quantity(65)))
    ranges = of_period(summary("tir", id="ranges", code=coded("106793-3")))
    assert read(alone, ranges, summary("ranges", "act"), of_period(activity(), OTHER)) == (set(), {"tir": TOO_LITTLE})


def test_a_panel_that_names_itself_ends() -> None:
    assert read(in_range(), summary("sum", "tir")) == ({"tir"}, {})


@pytest.mark.parametrize(
    "said",
    [
        [],
        [summary("tir", "gmi", "act")],
        [of_period(activity(), OTHER)],
        [activity(status="entered-in-error")],
        [activity(subject={"reference": "Patient/p2"})],
        [activity(focus=[{"reference": "RelatedPerson/child"}])],
        [activity(20, "d")],
        [activity(valueQuantity=None, valueString="most of the time")],
        [activity(70)],
    ],
)
def test_where_nothing_usable_is_said_or_it_is_enough_a_summary_is_drawn(said: list[Any]) -> None:
    drawn, listed = read(in_range(), indicator(), *said)
    assert drawn == {"tir", "gmi"}
    assert "tir" not in listed


def test_a_share_of_one_is_a_hundred_percent() -> None:
    assert read(in_range(), activity("0.2", "1"))[1] == {"tir": "The sensor was active 20.0 % of the time. At least 70 % is needed."}
    assert read(in_range(), activity("0.9", "1")) == ({"tir"}, {})


@pytest.mark.parametrize(
    "share",
    [
        quantity(20),
        {"value": 20, "unit": "%"},
        {"value": 20},
        {"value": 20, "unit": ""},
        {"value": 20, "unit": "percent of time", "code": "%"},
        {"value": "20", "code": "%"},
    ],
)
def test_a_share_counts_by_its_code_or_else_by_its_unit_and_without_either_in_percent(share: dict[str, Any]) -> None:
    assert read(in_range(), activity(valueQuantity=share)) == (set(), {"tir": TOO_LITTLE})


@pytest.mark.parametrize(
    "share", [{"value": 20, "unit": "%", "code": "d"}, {"value": 20, "unit": "h"}, {"value": 20, "unit": ["%"]}, {"unit": "%"}]
)
def test_a_share_in_no_unit_of_shares_says_nothing(share: dict[str, Any]) -> None:
    drawn, _ = read(in_range(), activity(valueQuantity=share))
    assert drawn == {"tir"}


def test_members_are_known_by_the_address_of_their_server_alone() -> None:
    away = of_period(activity(), OTHER)
    for base, listed in ((f"{SERVER}/", {"tir": TOO_LITTLE}), ("https://other.example/fhir/", {})):
        named = [{"reference": f"{base}Observation/{member}"} for member in ("tir", "act")]
        assert read(in_range(), summary(hasMember=named), away)[1] == listed


def test_what_stands_in_the_summary_itself_comes_before_what_its_panel_holds() -> None:
    worn = of_period(panel("106793-3", {"97510-2": quantity(65), "104637-4": quantity(82)}, id="tir"))
    assert read(worn, summary("tir", "act"), activity()) == ({"tir"}, {})


@pytest.mark.parametrize(
    "period",
    [
        {"start": "2026-05-01"},
        {"end": "2026-05-14"},
        {"start": 20260501, "end": "2026-05-14"},
        {"start": "2026-05-01", "end": ["2026-05-14"]},
        {},
        "2026-05",
    ],
)
def test_a_period_that_is_open_or_no_period_is_no_ones_else(period: Any) -> None:
    """Two that are open at one end may be of any length."""
    found, _ = read(of_period(in_range(), period) | {"effectiveDateTime": "2026-05-14"}, of_period(activity(), period))
    assert found == {"tir"}


@pytest.mark.parametrize("other", [{"start": "2026-05-02", "end": "2026-05-14"}, {"start": "2026-05-01", "end": "2026-05-13"}])
def test_a_period_is_the_same_only_where_both_its_ends_are(other: dict[str, str]) -> None:
    assert read(in_range(), of_period(activity(), other)) == ({"tir"}, {})


def test_components_without_a_code_or_of_another_say_nothing_of_a_sensor() -> None:
    odd = [{"valueQuantity": quantity(20)}, {"code": "104637-4", "valueQuantity": quantity(20)}, {"code": {"coding": "104637-4"}}, 7]
    odd += [{"code": {"coding": ["104637-4"]}, "valueQuantity": quantity(20)}, {"code": coded("1"), "valueQuantity": quantity(20)}]
    found, _ = read(of_period(panel("106793-3", {"97510-2": quantity(65)}, id="tir")) | {"component": [*odd, in_range()["component"][0]]})
    assert found == {"tir"}


def test_of_several_the_least_counts_and_in_any_order() -> None:
    other = of_period(observation(id="other", code=coded("104637-4"), valueQuantity=quantity(91)))
    for said in ([activity(), other], [other, activity()]):
        assert read(in_range(), *said) == (set(), {"tir": TOO_LITTLE})


def test_how_long_a_sensor_was_active_is_asked_for() -> None:
    assert "104637-4" in {code for _, code in codes_of(MEASURES, "glucose")}


@given(st.permutations([in_range(), indicator(), summary("tir", "gmi", "act"), activity(), of_period(activity(id="b"), OTHER)]))
def test_the_order_of_the_server_decides_nothing(resources: list[Any]) -> None:
    assert read(*resources) == (set(), {"tir": TOO_LITTLE, "gmi": TOO_LITTLE})
