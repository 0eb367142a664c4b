"""The published forms ask exactly what is stored, and say nothing that may not be published."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from fhir_mappings.definitions.published_definitions import definitions
from fhir_mappings.definitions.questionnaire import questionnaire
from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.r4 import systems
from fhir_mappings.r4.validation import check
from tests.fhir_mappings.samples import BASE, CHECK_IN, LIBRARY, Json, stored, submission

INFORMANTS: list[Informant] = ["patient", "clinician"]


def form(informant: Informant = "patient") -> Any:
    return questionnaire(CHECK_IN, informant, base=BASE)


def leaves(items: list[Json]) -> Iterator[Json]:
    for item in items:
        yield from leaves(item["item"]) if "item" in item else [item]


def strings(node: Any) -> Iterator[str]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for one in inner:
        yield from [one] if isinstance(one, str) else strings(one)


@pytest.mark.parametrize("informant", INFORMANTS)
def test_the_form_is_the_one_that_responses_name(informant: Informant) -> None:
    made = form(informant)
    assert stored(submission(informant=informant))["response"]["questionnaire"] == f"{made['url']}|{made['version']}"
    assert (made["status"], made["experimental"], made["subjectType"]) == ("active", False, ["Patient"])
    assert "Not a validated instrument" in made["description"]
    assert made["publisher"]
    assert made["copyright"]


@pytest.mark.parametrize("informant", INFORMANTS)
def test_every_stored_answer_is_one_the_form_offers_in_the_same_words(informant: Informant) -> None:
    asked = {item["linkId"]: item for item in leaves(form(informant)["item"])}
    for item in leaves(stored(submission(informant=informant))["response"]["item"]):
        offered = [option["valueCoding"] for option in asked[item["linkId"]]["answerOption"]]
        given = {key: value for key, value in item["answer"][0]["valueCoding"].items() if key != "extension"}
        assert given in offered
        assert item["text"] == asked[item["linkId"]]["text"]


def test_nothing_is_required_and_every_question_is_a_choice() -> None:
    for item in leaves(form()["item"]):
        assert (item["type"], item["required"], item["repeats"]) == ("choice", False, False)
        assert "radio-button" in strings(item["extension"])


def test_the_capture_form_shows_no_weight_and_no_score() -> None:
    assert systems.ITEM_WEIGHT not in set(strings(form()))
    assert all("itemWeight" not in text and "ordinal" not in text for text in strings(form()))


def test_no_name_and_no_placeholder_is_published() -> None:
    everything = [text for one in definitions(LIBRARY, base=BASE) for text in strings(one)]
    assert not any(placeholder in text for placeholder in ("{clinician}", "{patient}") for text in everything)


def test_wording_that_may_not_ship_is_not_in_the_form() -> None:
    closed = replace(CHECK_IN, rights=replace(CHECK_IN.rights, wording_ships=False))
    made: Any = questionnaire(closed, "patient", base=BASE)
    check(made)
    assert all("text" not in group for group in made["item"] if group["type"] == "group")
    assert [item["text"] for item in leaves(made["item"])][:9] == [f"Item {number}" for number in range(1, 10)]
    assert not any("prefix" in item for item in leaves(made["item"]))
    assert "may not be published" in made["text"]["div"]


def test_a_form_for_somebody_the_instrument_has_none_for_is_refused() -> None:
    assert "observer" in get_args(Informant)
    with pytest.raises(KeyError):
        questionnaire(CHECK_IN, "observer", base=BASE)


def test_every_definition_passes_the_gate_and_has_its_own_address_and_version() -> None:
    found = definitions(LIBRARY, base=BASE)
    assert len({(one["url"], one["version"]) for one in found}) == len(found)
    assert len({(one["resourceType"], one["id"]) for one in found}) == len(found)
    for one in found:
        check(one)
        assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", str(one["name"]))
        assert not re.search(r"[|# ]", str(one["url"]))
        assert systems.VERSION_ALGORITHM in set(strings(one["extension"]))


def test_every_code_of_ours_that_is_written_is_defined() -> None:
    systems: dict[str, set[str]] = {
        str(one["url"]): {concept["code"] for concept in one["concept"]}  # type: ignore[attr-defined]
        for one in definitions(LIBRARY, base=BASE)
        if one["resourceType"] == "CodeSystem"
    }
    tagged = submission("444 3x5 555", tags=(canonicals.demo_tag(BASE),))
    codings = [coding for resource in stored(tagged).values() for coding in codings_in(resource)]
    assert codings
    for system, code in codings:
        assert code in systems[system]


def codings_in(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict) and str(node.get("system", "")).startswith(f"{BASE}/CodeSystem/"):
        yield node["system"], node["code"]
    for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from codings_in(one)


def test_every_extension_of_ours_that_is_written_is_defined() -> None:
    defined = {one["url"] for one in definitions(LIBRARY, base=BASE) if one["resourceType"] == "StructureDefinition"}
    ours = (
        canonicals.rated_clinician,
        canonicals.answering,
        canonicals.not_answered_reason,
        canonicals.demo_purpose,
        canonicals.wording_review,
        canonicals.correction,
        canonicals.replaces,
        canonicals.retracts,
        canonicals.given_after_seen,
    )
    assert {one(BASE) for one in ours} == defined
