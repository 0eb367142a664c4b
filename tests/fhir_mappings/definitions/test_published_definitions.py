"""Everything published together: versions and languages side by side, addresses and ids, narratives, codes."""

import re
from datetime import date
from itertools import product
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from fhir_mappings.definitions.canonical_resource import copyright_label, resource_id
from fhir_mappings.definitions.published_definitions import definitions
from fhir_mappings.definitions.questionnaire import questionnaire
from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.instrument import Instrument, Scope
from fhir_mappings.instruments.library import Library, load_library
from fhir_mappings.r4 import systems
from fhir_mappings.r4.validation import check
from tests.fhir_mappings.invented import ALL, DESCRIBED, INVENTED, NEGATIVE, UNCONFIRMED, worded
from tests.fhir_mappings.samples import BASE, CHECK_IN

OPEN: frozenset[Scope] = frozenset({"display", "store", "redistribute"})
NEWER = replace(NEGATIVE, version="1.10.0", scales=NEGATIVE.scales[:1])
GERMAN = worded(NEGATIVE, "Wort", scopes=OPEN, language="de")
SWISS = worded(NEGATIVE, "Wörtli", scopes=OPEN, language="de-CH")
SEVERAL = Library((*INVENTED, NEWER, GERMAN, SWISS, CHECK_IN))
XHTML = "{http://www.w3.org/1999/xhtml}"


def published(*instruments: Instrument) -> list[Any]:
    found: list[Any] = definitions(Library(instruments), base=BASE)
    return found


def of(found: list[Any], kind: str, name: str) -> list[Any]:
    return [one for one in found if one["resourceType"] == kind and one["url"] == f"{BASE}/{kind}/{name}"]


@pytest.mark.parametrize("library", [load_library(), SEVERAL], ids=["shipped", "invented"])
def test_every_definition_passes_the_gate_under_a_canonical_and_an_id_of_its_own(library: Library) -> None:
    found = definitions(library, base=BASE)
    assert len({(one["url"], one["version"]) for one in found}) == len(found)
    assert len({(one["resourceType"], one["id"]) for one in found}) == len(found)
    for one in found:
        check(one)
        assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", str(one["id"]))


def test_an_instrument_that_is_only_described_has_no_form_and_no_codes() -> None:
    urls = {one["url"] for one in published(DESCRIBED)}
    assert not any("described" in str(url) for url in urls)
    [scores] = of(published(DESCRIBED, NEGATIVE), "CodeSystem", "alliance")
    assert not any(concept["code"].startswith("described") for concept in scores["concept"])


def test_versions_stand_side_by_side_and_keep_their_ids() -> None:
    alone, together = published(NEGATIVE), published(NEGATIVE, NEWER)
    assert [one["id"] for one in of(together, "Questionnaire", "negative-patient")] == [
        "rapport-negative-patient-1.0.0",
        "rapport-negative-patient-1.10.0",
    ]
    assert of(alone, "Questionnaire", "negative-patient") == of(together, "Questionnaire", "negative-patient")[:1]
    assert [one["version"] for one in of(together, "CodeSystem", "negative-options")] == ["1.0.0", "1.10.0"]


def test_codes_of_every_version_stay_and_the_newest_says_what_they_are() -> None:
    changed = replace(NEWER, scales=(replace(NEWER.scales[0], high=30),))
    [scores] = of(published(changed, NEGATIVE), "CodeSystem", "alliance")
    concepts = {one["code"]: {prop["code"]: prop for prop in one["property"]} for one in scores["concept"]}
    assert {"negative.patient.second-part", "negative.clinician.panel"} <= concepts.keys()
    assert concepts["negative.patient.total"]["high"]["valueDecimal"] == 30
    assert concepts["negative.patient.total"]["low"]["valueDecimal"] == -18
    assert scores["count"] == len(concepts)
    assert concepts["negative.patient.total"]["direction"]["valueString"] == "higher = more"


def test_each_category_that_is_written_is_published_with_its_meaning() -> None:
    [categories] = of(published(NEGATIVE), "CodeSystem", "category")
    assert {one["code"] for one in categories["concept"]} == {canonicals.category(one) for one in load_library().instruments}
    assert [(one["code"], one["display"]) for one in categories["concept"]] == [*canonicals.CATEGORIES.items()]
    assert all(one["definition"] for one in categories["concept"])
    assert categories["version"] == "0.6.0"


def test_why_a_form_was_not_answered_is_published_in_every_language_of_rapport() -> None:
    [reasons] = of(published(NEGATIVE), "CodeSystem", "not-answered-reason")
    assert [one["code"] for one in reasons["concept"]] == ["patient-declined", "no-time", "not-offered", "could-not"]
    assert [[said["language"] for said in one["designation"]] for one in reasons["concept"]] == [["de", "es"]] * 4
    meanings = {one["code"]: one["definition"] for one in reasons["concept"]}
    assert [code for code, said in meanings.items() if "not the patient's refusal" not in said] == ["patient-declined"]


def test_every_property_of_a_code_has_the_type_that_is_declared_for_it() -> None:
    [scores] = of(published(NEGATIVE, UNCONFIRMED), "CodeSystem", "alliance")
    types = {one["code"]: one["type"] for one in scores["property"]}
    for concept in scores["concept"]:
        for prop in concept["property"]:
            assert f"value{types[prop['code']].capitalize()}" in prop


def test_languages_of_a_version_share_codes_and_each_says_what_they_are_called() -> None:
    found = published(GERMAN, NEGATIVE, SWISS)
    [codes] = of(found, "CodeSystem", "negative-options")
    assert codes["concept"][0] == {
        "code": "minus-3",
        "display": "-3",
        "designation": [{"language": "de", "value": "Wort minus-3"}, {"language": "de-CH", "value": "Wörtli minus-3"}],
    }
    assert [one["language"] for one in of(found, "Questionnaire", "negative-patient-de-CH-scoring")] == ["de-CH"]
    assert "language" not in of(found, "Questionnaire", "negative-patient")[0]


def test_the_permission_published_wording_rests_on_is_named() -> None:
    [form] = of(published(GERMAN), "Questionnaire", "negative-patient-de")
    assert "by permission of A. Holder, 2026-03-01, letter 7" in form["copyright"]
    assert form["item"][0]["item"][0]["text"] == "Wort words of my clinician"
    assert form["item"][0]["item"][0]["prefix"] == "1"


@pytest.mark.parametrize("one", definitions(SEVERAL, base=BASE), ids=lambda one: str(one["id"]))
def test_every_narrative_is_safe_xhtml_that_says_what_the_resource_is(one: Any) -> None:
    div = ET.fromstring(one["text"]["div"])
    allowed = {f"{XHTML}{tag}" for tag in ("div", "h2", "p", "table", "thead", "tbody", "tr", "th", "td")}
    assert {element.tag for element in div.iter()} <= allowed
    assert div.find(f".//{XHTML}h2").text == one["title"]  # type: ignore[union-attr]
    assert div.get("lang") == one.get("language")
    assert {key for element in div.iter() for key in element.attrib} <= {"lang", "{http://www.w3.org/XML/1998/namespace}lang"}


def test_the_narrative_of_a_restricted_form_says_who_holds_it_and_why_it_has_no_words() -> None:
    made: Any = questionnaire(NEGATIVE, "patient", base=BASE)
    said = " ".join(ET.fromstring(made["text"]["div"]).itertext())
    for part in ("6 items", "minus-3 (-3)", "Nobody, all rights reserved", "For tests <only>.", "may not be published", "Ask & wait."):
        assert part in said


def test_a_german_form_says_that_its_narrative_is_english() -> None:
    [form] = of(published(GERMAN), "Questionnaire", "negative-patient-de")
    assert '<div lang="en" xml:lang="en">' in form["text"]["div"]


def test_elements_stand_in_the_order_of_the_specification() -> None:
    [form] = of(published(GERMAN), "Questionnaire", "negative-patient-de-scoring")
    assert [*form] == [
        "resourceType", "id", "language", "text", "extension", "url", "version", "name", "title", "derivedFrom", "_derivedFrom", "status",
        "experimental", "subjectType", "publisher", "description", "copyright", "code", "item",
    ]  # fmt: skip


def test_every_definition_says_whose_it_is_and_who_published_it() -> None:
    for one in published(NEGATIVE, GERMAN):
        holder = "Nobody" if "negative" in one["url"] else "The Rapport project"
        assert one["copyright"].startswith(f"{holder}, ")
        assert one["publisher"] == "The Rapport project"
        assert [label["valueString"].partition(",")[0] for label in one["extension"] if label["url"] == systems.COPYRIGHT_LABEL] == [holder]


def test_an_id_that_would_be_too_long_is_cut_and_stays_its_own() -> None:
    urls = [f"{BASE}/Questionnaire/{'very-' * 12}{ending}" for ending in ("patient", "patient-scoring")]
    made = [resource_id(url, version) for url, version in product(urls, ("1.0.0", "1.0.1"))]
    assert len(set(made)) == 4
    assert {len(one) for one in made} == {64}
    assert made == [resource_id(url, version) for url, version in product(urls, ("1.0.0", "1.0.1"))]


def test_a_copyright_label_fits_a_footer_or_is_left_out() -> None:
    assert copyright_label("Nobody", "CC0")[0]["valueString"] == "Nobody, CC0"
    assert copyright_label("Nobody", "l" * 60)[0]["valueString"] == "Nobody"
    assert copyright_label("n" * 60, "CC0") == []


def test_all_three_informants_have_their_forms_and_only_those_fhir_knows_a_performer_type() -> None:
    found = published(UNCONFIRMED)
    performers = {
        informant: [
            one["valueCode"] for one in of(found, "Questionnaire", f"unconfirmed-{informant}")[0]["extension"] if "valueCode" in one
        ]
        for informant in ALL
    }
    assert performers == {"patient": ["Patient"], "clinician": ["Practitioner"], "observer": []}


def test_no_date_is_invented() -> None:
    assert not any({"date", "effectivePeriod", "approvalDate"} & one.keys() for one in published(NEGATIVE, GERMAN))
    assert date(2026, 3, 1).isoformat() in str(published(GERMAN))


def test_derived_forms_name_forms_that_are_published() -> None:
    found = definitions(SEVERAL, base=BASE)
    known = {f"{one['url']}|{one['version']}" for one in found}
    derived = [source for one in found for source in one.get("derivedFrom", ())]  # type: ignore[attr-defined]
    assert derived
    assert set(derived) <= known
    assert all(systems.DERIVATION_TYPE in str(one["_derivedFrom"]) for one in found if "derivedFrom" in one)


def test_what_an_older_version_called_an_option_stands_beside_what_it_is_called_now() -> None:
    found: list[Any] = definitions(load_library(), base=BASE)
    before, now = of(found, "CodeSystem", "rapport-check-in-difficult")
    assert [before["version"], now["version"]] == ["0.1.0", "0.2.0"]
    [little] = [one for one in now["concept"] if one["code"] == "a-little"]
    assert little["display"] == "Yes, a little"
    assert {"language": "en", "value": "A little"} in little["designation"]
    assert all("designation" not in one for one in before["concept"])
