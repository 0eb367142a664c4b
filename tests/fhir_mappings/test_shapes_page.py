"""docs/fhir-shapes.md shows what is really written."""

import re
from pathlib import Path
from typing import Any

import simplejson

from fhir_mappings.definitions.published_definitions import definitions
from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.library import Library
from fhir_mappings.r4.json_types import instant
from fhir_mappings.submission.filed_page import filed_page
from tests.fhir_mappings.samples import AT, BASE, CHECK_IN, stored, submission
from tests.fhir_mappings.submission.test_filed_page import PAGE as PAGE_FILED

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "fhir-shapes.md").read_text()
EXAMPLES = {
    example["resourceType"]: example
    for example in (simplejson.loads(text.replace("BASE", BASE)) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
}


def shape(node: Any) -> Any:
    """Keys and types; a list is the shapes in it, each once."""
    if isinstance(node, dict):
        return {key: shape(value) for key, value in node.items()}
    if isinstance(node, list):
        found: list[Any] = []
        found.extend(one for one in map(shape, node) if one not in found)
        return found
    return "text" if isinstance(node, str) else "number"


def test_the_response_on_the_page_has_the_shape_of_a_written_one() -> None:
    response = stored(submission("4x. ... ..."))["response"]
    del response["id"]
    assert shape(response) == shape(EXAMPLES["QuestionnaireResponse"])
    assert response["item"][0]["item"][0]["answer"] == EXAMPLES["QuestionnaireResponse"]["item"][0]["item"][0]["answer"]
    assert response["authored"] == EXAMPLES["QuestionnaireResponse"]["authored"] == instant(AT)


def test_the_score_on_the_page_has_the_shape_of_a_written_one() -> None:
    total, example = stored(submission())["total"], EXAMPLES["Observation"]
    del total["id"]
    assert shape(total) == shape(example)
    assert [total[key] for key in ("code", "category", "subject", "focus")] == [
        example[key] for key in ("code", "category", "subject", "focus")
    ]


def test_the_filed_page_on_the_page_has_the_shape_of_a_written_one() -> None:
    made, example = filed_page(PAGE_FILED, base=BASE), EXAMPLES["DocumentReference"]
    assert shape(made) == shape(example)
    assert [made[key] for key in ("type", "category", "date", "context", "status", "docStatus")] == [
        example[key] for key in ("type", "category", "date", "context", "status", "docStatus")
    ]


def test_the_page_names_every_definition_code_and_label_of_its_example() -> None:
    page = PAGE.replace("`", "")
    for one in definitions(Library((CHECK_IN,)), base=BASE):
        if one["resourceType"] != "ValueSet":
            assert str(one["url"]).removeprefix(BASE) in page
    options = [*CHECK_IN.options, *(option for question in CHECK_IN.questions for option in question.options)]
    assert all(f"{option.code} {option.label}" in page for option in options)


def test_the_page_says_the_version_and_every_canonical() -> None:
    assert f"version `{CHECK_IN.version}`" in PAGE
    assert "BASE/sid/submission" in PAGE
    assert canonicals.rated_clinician("BASE") in PAGE
