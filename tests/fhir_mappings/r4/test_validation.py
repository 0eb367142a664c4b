"""What the typed models let through is refused, and nothing that is valid."""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings.definitions.questionnaire import questionnaire
from fhir_mappings.r4.validation import InvalidResource, check, check_all
from tests.fhir_mappings.samples import BASE, CHECK_IN, stored, submission

PARTS = stored(submission("444 3x5 55."))


@pytest.mark.parametrize("role", sorted(PARTS))
def test_everything_of_a_submission_passes(role: str) -> None:
    check(PARTS[role])


@pytest.mark.parametrize(
    ("role", "change", "path"),
    [
        ("total", {"status": "done"}, "status"),
        ("response", {"status": "final"}, "status"),
        ("response", {"status": None}, "status"),
        ("total", {"dataAbsentReason": {"text": "unknown"}}, "dataAbsentReason"),
        ("total", {"valueQuantity": {}}, "Observation.valueQuantity"),
        ("total", {"derivedFrom": []}, "Observation.derivedFrom"),
        ("total", {"note": [{"text": ""}]}, "Observation.note[0].text"),
        ("total", {"encounter": None}, "Observation.encounter"),
        ("total", {"subject": {"reference": "p1"}}, "Observation.subject.reference"),
        ("total", {"subject": {"reference": "patient/p1"}}, "Observation.subject.reference"),
        ("total", {"mood": "good"}, "mood"),
        ("total", {"resourceType": "Patient"}, "resourceType"),
        ("total", {"effectiveDateTime": "22.11.2026"}, "effectiveDateTime"),
    ],
)
def test_what_is_not_valid_is_refused_by_its_place(role: str, change: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidResource) as refused:
        check(PARTS[role] | change)
    assert refused.value.path.removeprefix("Patient.") == path
    assert refused.value.problem


@pytest.mark.parametrize("reference", ["Patient/p1", "https://ehr.example.org/fhir/Patient/p1", "Patient/p1/_history/2"])
def test_a_subject_is_a_patient_however_it_is_referred_to(reference: str) -> None:
    check(PARTS["total"] | {"subject": {"reference": reference}})


@pytest.mark.parametrize(
    "subject", [None, {"display": "Ada"}, {"reference": "Group/g1"}, {"reference": "https://ehr.example.org/Group/Patient"}]
)
def test_what_is_about_no_patient_is_refused(subject: object) -> None:
    with pytest.raises(InvalidResource, match="subject"):
        check({key: value for key, value in (PARTS["total"] | {"subject": subject}).items() if value is not None})


@pytest.mark.parametrize("value", ["4.25", True, None])
def test_a_score_is_a_number(value: object) -> None:
    with pytest.raises(InvalidResource, match=r"valueQuantity\.value"):
        check(PARTS["total"] | {"valueQuantity": PARTS["total"]["valueQuantity"] | {"value": value}})


def test_an_observation_that_says_nothing_is_refused() -> None:
    with pytest.raises(InvalidResource, match="value"):
        check({key: value for key, value in PARTS["total"].items() if key != "valueQuantity"})


def test_an_answer_beside_child_items_is_refused() -> None:
    response = copy.deepcopy(PARTS["response"])
    response["item"][0]["answer"] = [{"valueInteger": 1}]
    with pytest.raises(InvalidResource, match="qrs-1"):
        check(response)


def test_a_link_id_that_stands_there_twice_is_refused_in_forms_and_responses() -> None:
    form: Any = questionnaire(CHECK_IN, "patient", base=BASE)
    for resource in (copy.deepcopy(PARTS["response"]), form):
        resource["item"][1]["linkId"] = resource["item"][0]["linkId"]
        with pytest.raises(InvalidResource, match="appears twice"):
            check(resource)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key or index) below a node."""
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for place, value in below:
        yield node, place
        yield from places(value)


def refusal(resources: Sequence[Any], act: Callable[[Sequence[Any]], None]) -> tuple[str, str] | None:
    try:
        act(resources)
    except InvalidResource as refused:
        return refused.path, refused.problem
    return None


def check_each(resources: Sequence[Any]) -> None:
    for resource in resources:
        check(resource)


@settings(max_examples=150)
@given(st.data())
def test_together_they_pass_and_are_refused_as_each_alone(data: st.DataObject) -> None:
    resources = copy.deepcopy(list(PARTS.values()))
    changed = data.draw(st.sampled_from(resources))
    container, place = data.draw(st.sampled_from(list(places(changed))))
    match container[place]:
        case dict() as one:
            one.update(data.draw(st.sampled_from([{"mood": "good"}, {"id": 7}, {"extension": [{"url": "x"}]}, {"code": "x y "}])))
        case list() as several:
            several.append(several[0])
        case _:
            container[place] = data.draw(st.sampled_from([7, True, "", "x y", " ", None]))
    check_all(list(PARTS.values()))
    assert refusal(resources, check_all) == refusal(resources, check_each)
