"""Each persona is what its purpose says, and clinically plausible."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from smart_app.sandbox.personas.build import build, load_personas
from smart_app.sandbox.personas.case import Persona, PersonaSeries
from smart_app.sandbox.personas.people import Resource

TODAY = date(2026, 11, 22)
PERSONAS = load_personas()


def resources(slug: str, resource_type: str = "Observation") -> list[Resource]:
    return [one for one in build(PERSONAS[slug], TODAY) if one["resourceType"] == resource_type]


def code(observation: Resource) -> str:
    return str(observation["code"]["coding"][0]["code"])


def values(slug: str, wanted: str, *, status: str = "final") -> list[Decimal]:
    found = [one for one in resources(slug) if code(one) == wanted and one["status"] == status and "valueQuantity" in one]
    return [one["valueQuantity"]["value"] for one in sorted(found, key=lambda one: str(one["effectiveDateTime"]))]


def totals(slug: str, informant: str = "patient") -> list[Decimal]:
    return values(slug, f"rapport-check-in.{informant}.total")


def rises(numbers: list[Decimal]) -> bool:
    return all(earlier < later for earlier, later in pairwise(numbers))


def test_nine_personas_and_more_cover_what_is_asked() -> None:
    assert {
        "strained-repaired",
        "falling-slowly",
        "views-differ",
        "ceiling",
        "new-clinician",
        "mixed-units",
        "missing-items",
        "entered-in-error",
        "new-patient",
        "twelve-years",
        "sparse-banner",
        "difficult-visit",
        "steady-slide",
        "unchanged-ceiling",
    } == set(PERSONAS)


def test_strained_then_repaired_dips_and_returns_with_task_falling_most() -> None:
    total = totals("strained-repaired")
    lowest = min(total)
    assert total[0] - lowest >= 1
    assert total[-1] - lowest >= 1
    assert 0 < total.index(lowest) < len(total) - 1
    drops = {
        key: max(found) - min(found)
        for key in ("goal", "task", "bond")
        if (found := values("strained-repaired", f"rapport-check-in.patient.{key}"))
    }
    assert max(drops, key=lambda key: drops[key]) == "task"


def test_strained_then_repaired_hba1c_rises_and_comes_back() -> None:
    hba1c = values("strained-repaired", "59261-8")
    peak = hba1c.index(max(hba1c))
    assert rises(hba1c[: peak + 1])
    assert rises(hba1c[peak:][::-1])


def test_ceiling_is_at_the_top_throughout() -> None:
    assert set(totals("ceiling")) == {Decimal(5)}
    assert len(totals("ceiling")) >= 6


def test_falling_slowly_falls_at_each_of_five_visits_while_hba1c_rises() -> None:
    total = totals("falling-slowly")
    assert len(total) == 5
    assert rises(total[::-1])
    assert max(earlier - later for earlier, later in pairwise(total)) < Decimal("0.5")
    assert rises(values("falling-slowly", "59261-8"))


def test_the_steady_slide_falls_at_each_visit_while_hba1c_ends_highest() -> None:
    assert rises(totals("steady-slide")[::-1])
    hba1c = values("steady-slide", "59261-8")
    assert hba1c[-1] == max(hba1c)
    assert hba1c.index(min(hba1c)) == 1
    assert rises(hba1c[1:])


def test_unchanged_at_the_ceiling_hides_an_hba1c_that_rises() -> None:
    assert set(totals("unchanged-ceiling")) == {Decimal(5)}
    assert rises(values("unchanged-ceiling", "59261-8"))


def test_new_clinician_has_two_dyads_one_after_the_other() -> None:
    rated = [one["focus"][0]["reference"] for one in resources("new-clinician") if code(one).endswith("patient.total")]
    assert rated == ["Practitioner/sofia-lindqvist"] * 5 + ["Practitioner/tomas-weiss"] * 3


def hba1c_quantities() -> list[Resource]:
    codes = {"4548-4", "59261-8", "62388-4", "17856-6"}
    return [one["valueQuantity"] for one in resources("mixed-units") if code(one) in codes and "valueQuantity" in one]


def test_mixed_units_holds_every_awkward_hba1c() -> None:
    found = {(code(one), one["valueQuantity"].get("code")) for one in resources("mixed-units") if "valueQuantity" in one}
    assert {("4548-4", "%"), ("4548-4", "mmol/mol"), ("59261-8", "mmol/mol"), ("62388-4", "%"), ("17856-6", "%"), ("4548-4", None)} <= found
    written = [(str(one["value"]), one.get("code"), one.get("comparator")) for one in hba1c_quantities()]
    assert {("61", "%", None), ("57", None, None), ("14.0", "%", ">"), ("7.10", "%", None)} <= set(written)
    assert any("method" in one for one in resources("mixed-units"))


def response(slug: str, visit: str) -> Resource:
    return next(one for one in resources(slug, "QuestionnaireResponse") if one["id"] == f"{slug}.{visit}.patient.response")


def scored(slug: str, visit: str) -> set[str]:
    stem = f"{slug}.{visit}.patient."
    return {str(one["id"]).removeprefix(stem) for one in resources(slug) if str(one["id"]).startswith(stem) and "valueQuantity" in one}


@pytest.mark.parametrize(
    ("visit", "keys"),
    [
        ("v2-one-declined", {"goal", "task", "bond", "total"}),
        ("v3-task-missing", {"goal", "bond"}),
        ("v4-bond-declined", {"goal", "task"}),
        ("v5-left-open", {"goal", "task", "bond", "total"}),
        ("v6-form-declined", set()),
    ],
)
def test_missing_items_leave_out_what_may_not_be_scored(visit: str, keys: set[str]) -> None:
    assert scored("missing-items", visit) == keys


def test_declined_items_say_so_and_open_ones_are_left_out() -> None:
    declined = response("missing-items", "v2-one-declined")["item"][1]["item"][1]
    assert declined["linkId"] == "task-2"
    assert declined["extension"][0]["valueCode"] == "asked-declined"
    assert "answer" not in declined
    left_open = response("missing-items", "v5-left-open")["item"]
    assert [len(group["item"]) for group in left_open] == [2, 2, 3]


def test_entered_in_error_pairs_stand_beside_their_corrections() -> None:
    statuses = [one["status"] for one in resources("entered-in-error", "QuestionnaireResponse")]
    assert statuses.count("entered-in-error") == 1
    assert statuses.count("amended") == 1
    assert values("entered-in-error", "59261-8", status="entered-in-error") == [Decimal(97)]
    assert values("entered-in-error", "59261-8", status="corrected") == [Decimal(61)]
    wrong = [one for one in resources("entered-in-error") if str(one["id"]).startswith("entered-in-error.v2.patient.first.")]
    assert {one["status"] for one in wrong} == {"entered-in-error"}
    assert len(wrong) == 5


def test_new_patient_has_nothing_but_todays_visit() -> None:
    assert [one["resourceType"] for one in build(PERSONAS["new-patient"], TODAY)] == ["Patient", "Encounter"]


def test_twelve_years_has_600_diabetes_observations_over_twelve_years() -> None:
    measured = [one for one in resources("twelve-years") if "derivedFrom" not in one]
    days = sorted(str(one.get("effectiveDateTime", TODAY.isoformat()))[:10] for one in measured)
    assert len(measured) >= 600
    assert date.fromisoformat(days[-1]) - date.fromisoformat(days[0]) >= timedelta(days=11.75 * 365)
    assert len(totals("twelve-years")) >= 20


def test_views_differ_has_todays_rating_by_the_patient_alone() -> None:
    today = [one for one in resources("views-differ", "QuestionnaireResponse") if one["authored"] == TODAY.isoformat()]
    assert [one["encounter"] for one in today] == [{"reference": "Encounter/views-differ.today"}]
    assert all("-patient|" in str(one["questionnaire"]) for one in today)


def test_sparse_banner_lacks_what_a_banner_usually_shows() -> None:
    patient = resources("sparse-banner", "Patient")[0]
    assert patient["gender"] == "unknown"
    assert patient["birthDate"] == "1947"
    assert patient["deceasedDateTime"] == (TODAY - timedelta(days=41)).isoformat()
    assert [one["use"] for one in patient["identifier"]] == ["secondary"]


PLAUSIBLE = {
    "hba1c": (38, 110),
    "hba1c-percent": (5, 12),
    "fasting-glucose": (4, 16),
    "capillary-glucose": (4, 16),
    "ldl": (1, 5),
    "egfr": (15, 120),
    "uacr": (0, 30),
    "weight": (45, 150),
    "gmi": (5, 10),
}


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=lambda persona: persona.slug)
def test_series_are_plausible_and_oldest_first(persona: Persona) -> None:
    for series in persona.series:
        assert [day for day, _ in series.values] == sorted((day for day, _ in series.values), reverse=True)
        low, high = PLAUSIBLE.get(series.test, (0, 1000))
        assert all(low <= Decimal(number) <= high for _, number in series.values if "/" not in number)


def split(series: PersonaSeries) -> list[list[Decimal]]:
    return [[Decimal(part) for part in value.split("/")] for _, value in series.values]


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=lambda persona: persona.slug)
def test_sensor_panels_add_up_and_blood_pressures_are_possible(persona: Persona) -> None:
    for series in persona.series:
        if series.test == "time-in-range":
            assert all(sum(parts) == 100 and len(parts) == 5 for parts in split(series))
        if series.test == "blood-pressure":
            assert all(60 <= low < high <= 190 for high, low in split(series))


@pytest.mark.parametrize("slug", ["strained-repaired", "falling-slowly", "twelve-years"])
def test_body_mass_index_agrees_with_weight_and_height(slug: str) -> None:
    height = values(slug, "8302-2")[0] / 100
    weights, indices = values(slug, "29463-7"), values(slug, "39156-5")
    assert len(weights) == len(indices) > 0
    assert all(abs(weight / height**2 - index) <= Decimal("0.05") for weight, index in zip(weights, indices, strict=True))
