from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.ratings.one_per_visit import later_of_each_visit
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.records import WHO
from tests.fhir_mappings.samples import BASE, LIBRARY, stored, submission

TITLES = {one.slug: one for one in LIBRARY.newest}


def rated(key: str, *, at: str = "2026-11-22T14:20:00Z", visit: str | None = "e1", **more: Any) -> list[dict[str, Any]]:
    """The resources of one submission; `at` is when it was given."""
    parts = stored(submission(key=key, **more))
    parts["response"]["authored"] = at
    for part in parts.values():
        part.pop("encounter", None)
        if visit:
            part["encounter"] = {"reference": f"Encounter/{visit}"}
    return [part for role, part in parts.items() if role != "provenance"]


def read(*submissions: list[dict[str, Any]]) -> tuple[list[Rating], list[Skipped]]:
    resources = [one for parts in submissions for one in parts]
    responses = [one for one in resources if one["resourceType"] == "QuestionnaireResponse"]
    scores = [one for one in resources if one["resourceType"] == "Observation"]
    ratings, skipped = read_ratings(LIBRARY, responses, scores, patient=WHO, base=BASE)
    kept, given_way = later_of_each_visit(ratings, TITLES)
    return kept, [*skipped, *given_way]


def test_of_one_visit_rated_twice_the_later_is_drawn_and_the_other_listed() -> None:
    first, second = rated("k1", at="2026-11-22T14:20:00Z"), rated("k2", at="2026-11-22T16:25:00+02:00")
    for order in ((first, second), (second, first)):
        [kept], [other] = read(*order)
        assert kept.source == "QuestionnaireResponse/k2-response"
        assert (other.source, other.code, other.shown) == ("QuestionnaireResponse/k1-response", "rated_again", None)
        assert other.what == "Rapport check-in, patient's form"
        assert kept.source in other.reason


def test_one_given_after_the_other_was_seen_never_takes_the_place_of_one_given_before() -> None:
    first, second = rated("k1", informant="clinician"), rated("k2", at="2026-11-22T17:00:00Z", informant="clinician", after_seen=True)
    for order in ((first, second), (second, first)):
        [kept], [other] = read(*order)
        assert (kept.source, other.source) == ("QuestionnaireResponse/k1-response", "QuestionnaireResponse/k2-response")
        assert other.code == "rated_after_seen"
    [alone], none = read(second)
    assert (alone.given_after_seen, none) == (True, [])


def test_a_day_is_the_visit_where_no_encounter_is_named() -> None:
    kept, other = read(
        rated("k1", visit=None), rated("k2", at="2026-11-22T17:00:00Z", visit=None), rated("k3", at="2026-11-23", visit=None)
    )
    assert [one.source.partition("/")[2] for one in kept] == ["k2-response", "k3-response"]
    assert [one.code for one in other] == ["rated_again"]


def test_another_visit_informant_or_clinician_is_another_rating() -> None:
    other_clinician = rated("k4")
    for part in other_clinician:
        for extension in part.get("extension", []):
            extension["valueReference"] = {"reference": "Practitioner/tomas"}
    kept, other = read(rated("k1"), rated("k2", visit="e2"), rated("k3", informant="clinician"), other_clinician)
    assert (len(kept), other) == (4, [])


def test_one_submission_over_two_feeds_is_one_rating() -> None:
    copy = rated("k1")
    for part in copy:
        part["id"] = f"exchange-{part['id']}"
        if "derivedFrom" in part:
            part["derivedFrom"] = [{"reference": "QuestionnaireResponse/exchange-k1-response"}]
    [kept], [other] = read(rated("k1"), copy)
    assert {kept.source, other.source} == {"QuestionnaireResponse/k1-response", "QuestionnaireResponse/exchange-k1-response"}
    assert other.code == "superseded"


GIVEN = [
    rated(f"k{place}", at=at, visit=visit, informant=informant)
    for place, (at, visit, informant) in enumerate(
        (at, visit, informant)
        for at in ("2026-11-22T14:20:00Z", "2026-11-22", "2026-11-21T09:00:00Z")
        for visit in ("e1", None)
        for informant in ("patient", "clinician")
    )
]


@given(st.permutations(GIVEN), st.integers(1, len(GIVEN)))
def test_no_rating_is_lost_and_the_order_of_the_server_decides_nothing(submissions: list[list[dict[str, Any]]], number: int) -> None:
    chosen = submissions[:number]
    kept, other = read(*chosen)
    assert {one.source for one in kept} | {one.source for one in other} == {f"QuestionnaireResponse/{parts[0]['id']}" for parts in chosen}
    assert len(kept) == len({(one.informant, one.visit) for one in kept})
    again, rest = read(*sorted(chosen, key=lambda parts: str(parts[0]["id"])))
    assert (kept, sorted(map(repr, other))) == (again, sorted(map(repr, rest)))
