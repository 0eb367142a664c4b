"""Ratings are read from whatever the record holds, and nothing of another patient ever is."""

import copy
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.possible_dates import possible_dates
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.records import SERVER, WHO
from tests.fhir_mappings.samples import BASE, LIBRARY, Json, stored, submission


def read(resources: Iterable[Any]) -> tuple[list[Rating], list[Skipped]]:
    given = [one for one in resources if not isinstance(one, dict) or one.get("resourceType") != "Provenance"]
    responses = [one for one in given if isinstance(one, dict) and one.get("resourceType") == "QuestionnaireResponse"]
    observations = [one for one in given if one not in responses]
    return read_ratings(LIBRARY, responses, observations, patient=WHO, base=BASE)


def scores_of(parts: dict[str, Json]) -> list[Json]:
    return [one for role, one in parts.items() if role not in {"response", "provenance"}]


def codes_of(skipped: Iterable[Skipped]) -> list[str]:
    return [skip.code for skip in skipped]


def test_what_was_submitted_is_read_back_whole() -> None:
    made = submission("444 3x5 55.")
    [rating], skipped = read(stored(made).values())
    assert skipped == []
    assert rating.answers == made.answers.values
    assert rating.declined == ("task-2",)
    assert rating.extra == {"difficult": "no"}
    assert {key: one.text for key, one in rating.scores.items()} == {key: one.text for key, one in made.scores.items()}
    assert (rating.informant, rating.visit, rating.source) == ("patient", "Encounter/e1", "QuestionnaireResponse/k1-response")
    assert rating.clinician is not None
    assert rating.clinician.name == "Sofia Lindqvist"
    assert rating.language == "en"


@pytest.mark.parametrize("answering", [None, "self", "helped", "proxy"])
def test_who_said_that_they_answer_is_read_back(answering: Answering | None) -> None:
    by = None if answering == "proxy" else "Patient/p1"
    (rating,), skipped = read(stored(submission(answering=answering, answered_by=by, recorded_by=by)).values())
    assert (rating.answering, skipped) == (answering, [])
    assert rating.observer == ("proxy" if answering == "proxy" else None)
    assert rating.scores["total"].text


def test_a_response_another_program_made_on_the_scoring_form_is_read_and_scored_by_us() -> None:
    parts = stored(submission("444 345 554"))
    response = parts["response"]
    response["questionnaire"] = response["questionnaire"].replace("-patient|", "-patient-scoring|")
    response["item"].append({"linkId": "score.total", "answer": [{"valueDecimal": 1.0}]})
    [rating], skipped = read([response])
    assert (skipped, rating.scores["total"].text) == ([], "4.22")


@pytest.mark.parametrize(
    "reference",
    ["Patient/p1", f"{SERVER}/Patient/p1", "Patient/p1/_history/3", f"{SERVER}/Patient/p1/_history/1"],
)
def test_the_subject_may_be_written_in_every_form_a_server_uses(reference: str) -> None:
    parts = stored(submission())
    for part in parts.values():
        part["subject"] = {"reference": reference}
    ratings, skipped = read(parts.values())
    assert len(ratings) == 1
    assert skipped == []


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        *(({"reference": f"Patient/{other}"}, "foreign_patient") for other in ("p2", "p1x")),
        *((subject, "untied") for subject in (
            {"display": "P"}, None, "Patient/p1", {}, {"reference": "https://e.org/r4/Patient/p1"}, {"reference": "#p1"},
            {"identifier": {"system": "urn:example:mrn", "value": "p1"}},
        )),
    ],
)  # fmt: skip
def test_nothing_of_another_patient_or_of_nobody_known_is_used_or_said(subject: object, code: str) -> None:
    parts = stored(submission())
    for part in parts.values():
        part["subject"] = subject
    ratings, skipped = read(parts.values())
    assert ratings == []
    assert set(codes_of(skipped)) == {code}
    assert all((skip.when, skip.shown, skip.measure) == (None, None, None) for skip in skipped)
    assert len(skipped) == 6


def test_scores_of_this_patient_from_the_response_of_another_are_not_used() -> None:
    parts = stored(submission())
    parts["response"]["subject"] = {"reference": "Patient/p2"}
    ratings, skipped = read(parts.values())
    assert ratings == []
    assert codes_of(skipped) == ["foreign_patient"]


def test_a_stored_number_keeps_its_digits() -> None:
    parts = stored(submission("444 444 444"))
    parts["total"]["valueQuantity"]["value"] = Decimal("4.000")
    [rating], skipped = read(parts.values())
    assert rating.scores["total"].text == "4.000"
    assert skipped == []


def test_a_stored_number_unlike_the_recomputed_one_is_shown_and_said() -> None:
    parts = stored(submission("444 444 444"))
    parts["goal"]["valueQuantity"]["value"] = Decimal("2.5")
    [rating], [skip] = read(parts.values())
    assert rating.scores["goal"].text == "2.5"
    assert (skip.code, skip.source) == ("score_differs", "Observation/k1-goal")
    assert "2.5" in skip.reason
    assert "4.00" in skip.reason


@pytest.mark.parametrize(
    "value",
    [
        {"valueQuantity": {"value": 4, "code": "{score}"}},
        {"valueQuantity": {"value": Decimal(4), "code": "1"}},
        {"valueQuantity": {"value": 4.0, "code": "{ScoreOf}"}},
        {"valueQuantity": {"value": "4"}},
        {"valueInteger": 4},
        {"valueString": "4"},
    ],
)
def test_every_way_of_storing_a_score_is_read(value: Json) -> None:
    parts = stored(submission("555 555 555"))
    del parts["goal"]["valueQuantity"]
    parts["goal"] |= value
    [rating], _ = read(parts.values())
    assert rating.scores["goal"].value == 4


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"valueQuantity": {"value": 4, "unit": "mmol/mol"}}, "unit_unexpected"),
        ({"valueQuantity": {"value": 4, "comparator": "<"}}, "comparator"),
        ({"valueQuantity": {"value": 40}}, "out_of_range"),
        ({"valueString": "four"}, "value_missing"),
        ({"valueQuantity": {"value": True}}, "value_missing"),
        ({"valueQuantity": {"value": Decimal("NaN")}}, "value_missing"),
        ({"valueQuantity": {"value": Decimal("1E+999999")}}, "value_missing"),
        ({"valueInteger": 10**5000}, "value_missing"),
    ],
)
def test_a_stored_value_that_is_no_score_gives_way_to_the_answers(value: Json, code: str) -> None:
    parts = stored(submission("333 444 444"))
    del parts["goal"]["valueQuantity"]
    parts["goal"] |= value
    [rating], skipped = read(parts.values())
    assert rating.scores["goal"].text == "3.00"
    assert codes_of(skipped) == [code]


ABSENT: Json = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "not-performed"}]}


def test_a_score_stored_with_a_reason_in_the_place_of_a_number_is_a_gap_and_never_zero() -> None:
    parts = stored(submission("333 444 444"))
    del parts["goal"]["valueQuantity"]
    parts["goal"]["dataAbsentReason"] = ABSENT
    [rating], skipped = read(scores_of(parts))
    goal = rating.scores["goal"]
    assert (goal.value, goal.text, goal.absent, goal.reason) == (None, None, "not-performed", "recorded without a score: not-performed")
    assert rating.scores["task"].text == "4.00"
    assert skipped == []


def test_a_stored_absence_stands_and_that_the_answers_give_a_score_is_said() -> None:
    parts = stored(submission("333 444 444"))
    parts["goal"]["dataAbsentReason"] = {"text": "Withheld", "coding": [{"code": "masked"}]}
    [rating], [skip] = read(parts.values())
    assert (rating.scores["goal"].value, rating.scores["goal"].absent) == (None, "masked")
    assert (skip.code, skip.reason) == ("score_differs", "It is recorded without a score: Withheld; the answers give 3.00.")
    assert skip.shown is None


def test_a_panel_that_says_why_it_has_no_scores_says_so_of_each() -> None:
    panel = stored(submission("333 444 444"))["panel"]
    del panel["hasMember"]
    panel["dataAbsentReason"] = ABSENT
    [rating], _ = read([panel])
    assert {score.absent for score in rating.scores.values()} == {"not-performed"}
    assert all(score.value is None for score in rating.scores.values())


def test_a_score_found_nowhere_is_unknown() -> None:
    panel = stored(submission("333 444 444"))
    [rating], _ = read([panel["panel"], panel["total"]])
    assert rating.scores["total"].text == "3.67"
    assert (rating.scores["goal"].absent, rating.scores["goal"].reason) == ("unknown", "no score was stored")


def test_a_score_without_an_observation_is_recomputed() -> None:
    [rating], skipped = read([stored(submission("333 444 444"))["response"]])
    assert rating.scores["goal"].text == "3.00"
    assert skipped == []


@pytest.mark.parametrize("drop", ["nothing", "hasMember", "derivedFrom", "identifier"])
def test_scores_without_their_response_are_one_rating(drop: str) -> None:
    parts = scores_of(stored(submission("333 444 444")))
    for part in parts:
        part.pop(drop, None)
    [rating], skipped = read(parts)
    assert skipped == []
    assert {one.text for one in rating.scores.values()} == {"3.67", "3.00", "4.00"}
    assert (rating.answers, rating.scores["goal"].answered, rating.scores["goal"].of) == ({}, 0, 3)
    assert rating.source == "Observation/k1-panel"
    assert rating.language is None


def test_two_submissions_without_responses_stay_two() -> None:
    both = [*scores_of(stored(submission(key="a"))), *scores_of(stored(submission(key="b", informant="clinician")))]
    ratings, _ = read(both)
    assert [one.informant for one in ratings] == ["patient", "clinician"]


def test_a_rating_entered_in_error_is_listed_once_and_not_used() -> None:
    parts = stored(submission())
    for part in parts.values():
        part["status"] = "entered-in-error"
    ratings, skipped = read(parts.values())
    assert ratings == []
    assert [(skip.code, skip.source) for skip in skipped] == [("entered_in_error", "QuestionnaireResponse/k1-response")]


def test_scores_left_final_beside_a_response_entered_in_error_are_not_used() -> None:
    parts = stored(submission())
    parts["response"]["status"] = "entered-in-error"
    ratings, skipped = read(parts.values())
    assert ratings == []
    assert codes_of(skipped) == ["entered_in_error"]


def test_a_score_entered_in_error_gives_way_to_the_answers() -> None:
    parts = stored(submission("333 444 444"))
    parts["goal"] |= {"status": "entered-in-error", "valueQuantity": {"value": 1}}
    [rating], skipped = read(parts.values())
    assert rating.scores["goal"].text == "3.00"
    assert codes_of(skipped) == ["entered_in_error"]


def test_the_stored_scores_of_a_version_that_is_not_here_are_shown_and_its_answers_are_not_read() -> None:
    parts = stored(submission("333 444 444"))
    parts["response"]["questionnaire"] = f"{BASE}/Questionnaire/rapport-check-in-patient|9.0.0"
    [rating], [skip] = read(parts.values())
    assert (rating.version, rating.answers, rating.extra) == ("9.0.0", {}, {})
    assert {key: one.text for key, one in rating.scores.items()} == {"total": "3.67", "goal": "3.00", "task": "4.00", "bond": "4.00"}
    assert (skip.code, skip.shown, skip.source) == ("version_unknown", "9.0.0", rating.source)
    assert skip.reason == "This version of the form is not installed any more, so its scores are shown and not judged."
    [], [alone] = read([parts["response"]])
    assert alone.reason == "Stored, not scored: this version of the form is not known here."


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "in-progress"}, "not_completed"),
        ({"status": "stopped"}, "not_completed"),
        ({"status": None}, "not_completed"),
        ({"questionnaire": f"{BASE}/Questionnaire/rapport-check-in-patient"}, "version_unknown"),
    ],
)
def test_a_response_that_does_not_stand_is_listed_with_its_scores_unused(change: Json, code: str) -> None:
    parts = stored(submission())
    parts["response"] |= change
    ratings, skipped = read(parts.values())
    assert ratings == []
    assert codes_of(skipped) == [code]


def test_foreign_forms_and_foreign_observations_are_left_alone() -> None:
    subject = {"reference": "Patient/p1"}
    form = {
        "resourceType": "QuestionnaireResponse",
        "subject": subject,
        "questionnaire": "https://elsewhere.org/Q|1",
        "status": "completed",
    }
    weight = {"resourceType": "Observation", "subject": subject, "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}}
    assert read([form, weight]) == ([], [])


def test_an_unknown_code_of_our_system_is_listed() -> None:
    parts = stored(submission())
    parts["goal"]["code"]["coding"][0]["code"] = "rapport-check-in.patient.hope"
    _, skipped = read(parts.values())
    assert codes_of(skipped) == ["code_unknown"]


def test_a_score_of_the_other_form_is_not_taken() -> None:
    parts = stored(submission("333 444 444"))
    parts["goal"]["code"]["coding"][0]["code"] = "rapport-check-in.clinician.goal"
    [rating], skipped = read(parts.values())
    assert rating.scores["goal"].text == "3.00"
    assert codes_of(skipped) == ["score_of_another_form"]


def test_a_submission_stored_twice_counts_once_and_the_amendment_wins() -> None:
    first, second = stored(submission("111 111 111")), stored(submission("555 555 555"))
    for role, part in second.items():
        part["id"] = f"again-{role}"
    for role, part in second.items():
        if role not in {"response", "provenance"}:
            part["derivedFrom"] = [{"reference": "QuestionnaireResponse/again-response"}]
    second["response"]["status"] = "amended"
    for order in ([*first.values(), *second.values()], [*second.values(), *first.values()]):
        [rating], [skip] = read(order)
        assert (skip.code, skip.source) == ("superseded", "QuestionnaireResponse/k1-response")
        assert (rating.source, rating.standing) == ("QuestionnaireResponse/again-response", "amended")
        assert rating.scores["total"].text == "5.00"


def test_without_the_extension_the_rated_clinician_is_the_focus_of_the_scores() -> None:
    parts = stored(submission())
    del parts["response"]["extension"]
    [rating], _ = read(parts.values())
    assert rating.clinician is not None
    assert rating.clinician.reference == "Practitioner/sofia"
    ratings, skipped = read([parts["response"]])
    assert ratings == []
    assert codes_of(skipped) == ["clinician_missing"]


def test_without_a_date_there_is_no_rating_and_without_a_visit_the_day_is_the_visit() -> None:
    response = stored(submission())["response"]
    del response["encounter"]
    [rating], _ = read([response])
    assert (rating.visit, rating.encounter) == ("2026-11-22", None)
    response["authored"] = "2026-13-45"
    ratings, skipped = read([response])
    assert ratings == []
    assert codes_of(skipped) == ["date_missing"]


def test_a_form_declined_whole_is_a_rating_without_a_score() -> None:
    [rating], skipped = read(stored(submission("xxx xxx xxx")).values())
    assert len(rating.declined) == 9
    assert all(one.value is None and one.reason for one in rating.scores.values())
    assert skipped == []


def test_an_answer_not_on_offer_is_said() -> None:
    response = stored(submission())["response"]
    response["item"][0]["item"][0]["answer"][0]["valueCoding"]["code"] = "9"
    [rating], [skip] = read([response])
    assert "goal-1" not in rating.answers
    assert skip.code == "answer_unreadable"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text() | st.sampled_from(["Patient/p1", "final"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places_in(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return (
        [path, *(place for key, value in inner for place in places_in(value, (*path, key)))]
        if path
        else [place for key, value in inner for place in places_in(value, (key,))]
    )


def test_score_of_a_response_on_another_server_is_no_part_of_the_one_here_with_the_same_id() -> None:
    parts = stored(submission("444 345 554"))
    total = parts["total"] | {"valueQuantity": {**parts["total"]["valueQuantity"], "value": Decimal("1.00")}}
    total["derivedFrom"] = [{"reference": "https://other.example/fhir/QuestionnaireResponse/k1-response"}]
    del total["identifier"]
    ratings, skipped = read([parts["response"], total])
    assert {one.source: one.scores["total"].text for one in ratings} == {
        "QuestionnaireResponse/k1-response": "4.22",
        "Observation/k1-total": "1.00",
    }
    assert skipped == []


def test_clinician_and_observer_of_another_server_keep_their_address_and_its_visit_is_none_here() -> None:
    parts = stored(submission("444 345 554"))
    there = "https://directory.example.org/fhir"
    parts["response"]["encounter"] = {"reference": f"{there}/Encounter/e1"}
    for extension in parts["response"]["extension"]:
        extension["valueReference"]["reference"] = "HTTPS://Directory.example.org:443/fhir/Practitioner/sofia/_history/2"
    [rating], _ = read([parts["response"]])
    assert rating.clinician is not None
    assert (rating.clinician.reference, rating.encounter, rating.visit) == (f"{there}/Practitioner/sofia", None, "2026-11-22")


def changed(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    altered = copy.deepcopy(node)
    inside = altered
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    return altered


RESOURCES = [one for role, one in stored(submission("444 3x5 55.")).items() if role != "provenance"]


@given(st.data())
def test_no_change_of_a_resource_makes_reading_raise(data: st.DataObject) -> None:
    resources: Any = RESOURCES
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places_in(resources)))
        resources = changed(resources, place, data.draw(JSON))
    ratings, _ = read_ratings(LIBRARY, resources[:1], resources[1:], patient=WHO, base=BASE)
    assert len(ratings) <= 6


@given(st.lists(JSON, max_size=3), st.lists(JSON, max_size=3))
def test_no_json_makes_reading_raise(responses: list[Any], observations: list[Any]) -> None:
    read_ratings(LIBRARY, responses, observations, patient=WHO, base=BASE)


@given(st.permutations(RESOURCES))
def test_the_order_a_server_returns_does_not_matter(resources: list[Json]) -> None:
    assert read(resources) == read(RESOURCES)


@pytest.mark.parametrize(
    ("authored", "code"), [("0001-01-01T00:00:00Z", "before_birth"), ("1900", "before_birth"), ("2031", "future_date")]
)
def test_a_rating_of_a_date_that_cannot_be_is_listed_and_not_used(authored: str, code: str) -> None:
    possible = possible_dates(parse_moment("1968-03-14"), date(2026, 11, 22))
    response = stored(submission())["response"] | {"authored": authored}
    ratings, [skip] = read_ratings(LIBRARY, [response], [], patient=WHO, base=BASE, possible=possible)
    assert ratings == []
    assert (skip.code, skip.when and skip.when.text, skip.remedy) == (code, authored, "Correct the date in the record.")
