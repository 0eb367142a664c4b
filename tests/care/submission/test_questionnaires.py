"""Instruments beside the check-in: typed in from paper, not scored, or rating nobody."""

from collections.abc import Mapping
from typing import Any

import pytest
import simplejson
from msgspec.structs import replace

from fhir_mappings.instruments.answers import Invalid
from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.forms.asked_form import forms_offered
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.receipt import Receipt
from smart_app.care.submission.submit import submit
from smart_app.services import AppServices
from tests.care.ehr import Ehr, statement
from tests.care.support import SLUG, answers, asked_for, in_launch, patient, settings
from tests.support.questionnaires import confirmed

USED = (SLUG, "wai-sr", "dds-17", "care-empathy", "blri-os-64", "wai-36", "pacic-20")
COMPLETION = "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-completionMode"
SURVEY = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}
RATED = "https://w3id.org/rapport/fhir/StructureDefinition/rated-clinician"


@pytest.fixture(autouse=True)
def record(ehr: Ehr) -> None:
    ehr.put(patient())


@pytest.fixture
def site(services: AppServices) -> AppServices:
    """Uses several instruments and has confirmed three keys."""
    return replace(services, settings=settings(instruments=USED), library=confirmed(("wai-sr", "dds-17", "care-empathy")))


def ticked(site: AppServices, slug: str, code: str = "3", **changed: str) -> dict[str, list[str]]:
    """A filled-in form, every item answered with `code`, except those named (`item_2="1"`); "" leaves one out."""
    given = {item.link_id: code for item in site.library.get(slug).items} | {key.replace("_", "-"): value for key, value in changed.items()}
    return {name: [value] for name, value in given.items() if value}


def send(site: AppServices, slug: str, fields: Mapping[str, list[str]], *, informant: Any = "patient", key: str = "k" * 20) -> Receipt:
    opened = in_launch(site)
    sent = submit(opened, asked_for(opened, slug, informant), key=key, patient="p1", fields=fields)
    assert not isinstance(sent, Invalid), sent.errors
    return receipt(in_launch(site), key=key)


def history(site: AppServices) -> History:
    return load_history(in_launch(site), years="2")


def written(ehr: Ehr, kind: str) -> dict[str, Any]:
    (found,) = ehr.of_type(kind)
    return found


def test_answers_from_paper_stay_the_patients_and_name_who_typed_them_in(ehr: Ehr, site: AppServices) -> None:
    found = send(site, "wai-sr", ticked(site, "wai-sr"))
    response, provenance = written(ehr, "QuestionnaireResponse"), written(ehr, "Provenance")
    assert (response["source"], response["author"]) == ({"reference": "Patient/p1"}, {"reference": "Practitioner/sofia"})
    modes = [one["valueCodeableConcept"] for one in response["extension"] if one["url"] == COMPLETION]
    assert modes == [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode", "code": "WRITTEN"}]}]
    agents = {agent["type"]["coding"][0]["code"]: agent["who"].get("reference") for agent in provenance["agent"]}
    assert agents == {"author": "Patient/p1", "enterer": "Practitioner/sofia", "assembler": None}
    assert {tuple(one["performer"][0].values()) for one in ehr.of_type("Observation")} == {("Patient/p1",)}
    assert found.from_paper
    assert "Typed in from paper" in found.note_text


def test_answers_on_the_screen_carry_no_completion_mode_and_no_enterer(ehr: Ehr, site: AppServices) -> None:
    found = send(site, SLUG, answers())
    response, provenance = written(ehr, "QuestionnaireResponse"), written(ehr, "Provenance")
    assert [one["url"] for one in response["extension"]] == [RATED]
    assert response["author"] == response["source"] == {"reference": "Patient/p1"}
    assert [agent["type"]["coding"][0]["code"] for agent in provenance["agent"]] == ["author", "assembler"]
    assert not found.from_paper


def test_a_place_left_empty_on_the_sheet_is_left_out_and_not_called_declined(ehr: Ehr, site: AppServices) -> None:
    found = send(site, "blri-os-64", ticked(site, "blri-os-64", item_7="") | {"item-7.declined": ["yes"]})
    response = written(ehr, "QuestionnaireResponse")
    asked = [item["linkId"] for item in response["item"][0]["item"]]
    assert len(asked) == found.answered == 63
    assert "item-7" not in asked
    assert "asked-declined" not in simplejson.dumps(response, use_decimal=True)


@pytest.mark.parametrize("slug", ["blri-os-64", "pacic-20"])
def test_without_a_key_to_rely_on_only_the_answers_are_stored_and_the_receipt_says_why(ehr: Ehr, site: AppServices, slug: str) -> None:
    found = send(site, slug, ticked(site, slug))
    why = site.library.get(slug).why_unscored
    assert ehr.of_type("Observation") == []
    assert "itemWeight" not in simplejson.dumps(written(ehr, "QuestionnaireResponse"), use_decimal=True)
    assert (found.outcome, found.unscored) == ("saved", why)
    assert f"Stored as answered, not scored. {why}" in found.note_text
    assert [line.what for line in found.written] == ["Answers", "Who entered it (Provenance)"]


def test_an_unscored_rating_is_in_the_history_with_its_answers_and_no_number(site: AppServices) -> None:
    send(site, "blri-os-64", ticked(site, "blri-os-64", "minus-2"))
    send(site, SLUG, answers(), informant="clinician", key="c" * 20)
    found = history(site)
    [dyad] = [each for each in found.dyads if each.instrument.slug == "blri-os-64"]
    assert dyad.mine
    assert set(dyad.latest["patient"].answers.values()) == {-2}
    assert all(score.value is None for score in dyad.latest["patient"].scores.values())
    assert all(change.kind == "measure" for change in found.changes)


def test_a_score_stored_by_a_key_that_is_no_longer_vouched_for_is_not_shown(site: AppServices) -> None:
    send(site, "dds-17", ticked(site, "dds-17"))
    found = history(replace(site, library=confirmed(())))
    [companion] = found.companions
    assert {score.value for score in companion.latest["patient"].scores.values()} == {None}
    unvouched = [skip for skip in found.skipped if skip.code == "key_unconfirmed"]
    assert len(unvouched) == 5
    assert "not shown" in unvouched[0].reason


def test_a_questionnaire_about_nobody_names_no_clinician_and_waits_for_none(ehr: Ehr, site: AppServices) -> None:
    found = send(site, "dds-17", ticked(site, "dds-17"))
    assert [one["url"] for one in written(ehr, "QuestionnaireResponse")["extension"]] == [COMPLETION]
    scores = ehr.of_type("Observation")
    assert scores
    assert all("focus" not in one for one in scores)
    assert len(ehr.of_type("Observation")) == 6
    assert found.clinician is None
    assert "Total 3.00 of 6" in found.note_text
    shown = history(site)
    assert (shown.dyads, shown.hidden) == ([], ())
    [companion] = shown.companions
    assert (companion.clinician, companion.mine, companion.instrument.slug) == (None, False, "dds-17")
    assert companion.latest["patient"].scores["total"].text == "3.00"
    assert companion.latest["patient"].clinician is None


def test_scores_that_rate_no_clinician_have_a_category_of_their_own(ehr: Ehr, site: AppServices) -> None:
    send(site, "dds-17", ticked(site, "dds-17"))
    send(site, SLUG, answers(), key="c" * 20)
    of = {observation["code"]["coding"][0]["code"].split(".")[0]: observation["category"] for observation in ehr.of_type("Observation")}
    standard, own = ({"display": "Survey", **SURVEY}, "https://w3id.org/rapport/fhir/CodeSystem/category")
    assert [one["coding"][0] for one in of["dds-17"]] == [
        standard,
        {"system": own, "code": "questionnaire", "display": "Questionnaire about daily life or care"},
    ]
    assert [one["coding"][0]["code"] for one in of[SLUG]] == ["survey", "alliance"]


@pytest.mark.parametrize("without", [[], ["Observation?category"]])
def test_scores_stored_before_they_had_a_category_of_their_own_are_found_and_placed_as_ever(
    ehr: Ehr, site: AppServices, without: list[str]
) -> None:
    send(site, "dds-17", ticked(site, "dds-17"))
    for observation in ehr.of_type("Observation"):
        observation["category"][1]["coding"][0] = {"system": observation["category"][1]["coding"][0]["system"], "code": "alliance"}
    del ehr.resources[f"QuestionnaireResponse/{ehr.of_type('QuestionnaireResponse')[0]['id']}"]
    ehr.metadata = statement(without=without)
    shown = history(site)
    assert shown.dyads == []
    [companion] = shown.companions
    assert companion.latest["patient"].scores["total"].text == "3.00"


def test_what_cannot_be_read_of_a_questionnaire_about_nobody_is_said_in_full(ehr: Ehr, site: AppServices) -> None:
    send(site, "dds-17", ticked(site, "dds-17"))
    written(ehr, "QuestionnaireResponse")["status"] = "in-progress"
    [skip] = [skip for skip in history(site).skipped if skip.code == "not_completed"]
    assert skip.what == "Diabetes Distress Scale (DDS-17), patient's form"


def test_a_rating_of_a_clinician_from_paper_waits_for_the_clinicians_own(site: AppServices) -> None:
    found = send(site, "wai-sr", ticked(site, "wai-sr"))
    assert "3.00" not in found.note_text
    assert [(hidden.mine, hidden.visit) for hidden in history(site).hidden] == [(True, "2026-11-22")]
    send(site, SLUG, answers(), informant="clinician", key="c" * 20)
    shown = history(site)
    assert shown.hidden == ()
    assert [dyad.instrument.slug for dyad in shown.dyads] == [SLUG, "wai-sr"]


def test_an_answer_without_a_value_is_stored_counted_and_read_again(ehr: Ehr, site: AppServices) -> None:
    found = send(site, "care-empathy", ticked(site, "care-empathy", item_2="does-not-apply"))
    codes = [item["answer"][0]["valueCoding"] for item in written(ehr, "QuestionnaireResponse")["item"][0]["item"]]
    assert [coding["code"] for coding in codes[:3]] == ["3", "does-not-apply", "3"]
    assert "extension" not in codes[1]
    assert (found.answered, found.of) == (10, 10)
    send(site, SLUG, answers(), informant="clinician", key="c" * 20)
    [dyad] = [each for each in history(site).dyads if each.instrument.slug == "care-empathy"]
    latest = dyad.latest["patient"]
    assert latest.extra == {"item-2": "does-not-apply"}
    assert (latest.scores["total"].text, latest.scores["total"].answered, latest.scores["total"].prorated) == ("30", 9, True)


def test_every_form_is_offered_in_the_sites_order(site: AppServices) -> None:
    offered = [(instrument.slug, informant) for instrument, informant in forms_offered(site)]
    assert offered[:3] == [(SLUG, "patient"), (SLUG, "clinician"), ("wai-sr", "patient")]
    assert [informant for slug, informant in offered if slug == "wai-36"] == ["patient", "clinician", "observer"]
