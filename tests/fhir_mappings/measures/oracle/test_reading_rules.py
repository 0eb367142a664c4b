"""The reader against an oracle that was written from the rules and not from the code: no value is drawn that the oracle lists, and none is
dropped. Records of single results, of every shape the rules speak of; results filed twice have tests of their own."""

import inspect
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.r4.possible_dates import possible_dates
from fhir_mappings.r4.references import PatientOnServer
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.measures.oracle import observation_shapes, reading_rules
from tests.fhir_mappings.measures.oracle.observation_shapes import ASPECTS, NAMES, observations, records
from tests.fhir_mappings.measures.oracle.reading_rules import BASE, LAST, PATIENT, Verdict, verdict
from tests.support.examples import at_least, share

PLAIN = {aspect: next(iter(shapes)) for aspect, shapes in ASPECTS.items()}


def read(record: Sequence[dict[str, Any]]) -> tuple[list[Measurement], list[Skipped]]:
    possible = possible_dates(None, LAST)
    return read_measurements(load_measures(), record, patient=PatientOnServer(id=PATIENT, base=BASE), possible=possible)


def broken_rules(record: Sequence[dict[str, Any]]) -> list[str]:
    """What the reader did with each Observation that its verdict does not allow."""
    found, skipped = read(record)
    return [f"{one['id']}: {wrong}" for one in record if (wrong := _broken(one["id"], verdict(one), found, skipped))]


def _broken(name: str, expected: Verdict, found: Sequence[Measurement], skipped: Sequence[Skipped]) -> str:
    drawn = [one for one in found if f"Observation/{name}" in {one.source, *one.other_sources}]
    listed = [one for one in skipped if one.source == f"Observation/{name}"]
    did = "drawn" if drawn else "listed" if listed else "nothing"
    if did not in ({"drawn", "listed"} if expected.outcome == "either" else {expected.outcome}) or (drawn and listed) or len(drawn) > 1:
        return f"{did} ({', '.join(one.code for one in listed)}), not {expected.outcome}: {expected.why}"
    return next(_wrongly_drawn(drawn[0], expected), "") if drawn else ""


def _wrongly_drawn(one: Measurement, expected: Verdict) -> Any:
    if expected.number is not None and Decimal(one.reported.text) != expected.number:
        yield f"drawn as {one.reported.text}, not {expected.number}"
    if expected.day is not None and one.when.day != expected.day:
        yield f"drawn on {one.when.day}, not {expected.day}"
    if expected.never is not None and one.when.day == expected.never:
        yield f"drawn on the day of its report, {expected.never}"
    if expected.own_line and "1.73" not in (one.method or ""):
        yield f"drawn on the line of {one.method}"
    if expected.paired != (one.paired is not None):
        yield "drawn as half a pair" if expected.paired else "drawn as a pair"
    if expected.remark and not one.remarks:
        yield "drawn without a word on what came with it"


@given(records())
@settings(at_least(300), suppress_health_check=[HealthCheck.too_slow])
def test_no_value_is_drawn_that_the_oracle_lists_and_none_is_dropped(record: list[dict[str, Any]]) -> None:
    assert broken_rules(record) == []


@pytest.mark.parametrize(("aspect", "name"), NAMES, ids=[name for _, name in NAMES])
def test_the_rule_of_each_shape_is_kept(aspect: str, name: str) -> None:
    @given(observations(0, fixed=PLAIN | {aspect: name}))
    @settings(share(0.2), phases=[Phase.explicit, Phase.generate])
    def kept(observation: dict[str, Any]) -> None:
        assert broken_rules([observation]) == []

    kept()


@pytest.mark.parametrize(
    ("aspect", "name", "outcome"),
    [
        ("value", "hba1c percent", "drawn"),
        ("value", "pressure", "drawn"),
        ("value", "unit contradicted", "listed"),
        ("whose", "subject missing", "listed"),
        ("when", "a timing that repeats", "either"),
        ("value", "not asked for", "nothing"),
    ],
)
def test_the_oracle_can_say_each_of_its_verdicts(aspect: str, name: str, outcome: str) -> None:
    seen: set[str] = set()

    @given(observations(0, fixed=PLAIN | {aspect: name}))
    @settings(max_examples=5)
    def look(observation: dict[str, Any]) -> None:
        seen.add(verdict(observation).outcome)

    look()
    assert seen == {outcome}


def test_every_shape_has_a_name_of_its_own() -> None:
    assert len({name for _, name in NAMES}) == len(NAMES)


def test_the_oracle_knows_nothing_of_the_reader() -> None:
    for module in (reading_rules, observation_shapes):
        assert not any(getattr(one, "__module__", "").startswith("fhir_mappings") for one in vars(module).values())
        assert "import fhir_mappings" not in inspect.getsource(module)
