"""A launch opens what it was made for, from the site's own lists, and the history where that is not to be had."""

import re
from pathlib import Path
from typing import Any

import pytest
import simplejson
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from fhir_mappings.sentence import Sentence
from smart_app.care.forms.launch_destination import INTENTS, Destination, destination
from smart_app.launch.context.launch_context import ContextItem, ContextParameters, LaunchContext, User
from smart_app.services import AppServices
from tests.care.ehr import Ehr
from tests.care.support import CANONICAL, SLUG, context, in_launch

FORM = Destination(slug=SLUG, informant="patient")
RATING = Destination(slug=SLUG, informant="clinician")
HISTORY = Destination()
UNKNOWN = Sentence("The EHR asked for something Rapport does not know, so the history is shown.")
NOT_HERE = Sentence("The EHR asked for a form that cannot be opened here, so the history is shown.")


def launched(*items: ContextItem, app_context: object = None, intent: str | None = None, **more: Any) -> LaunchContext:
    text = app_context if isinstance(app_context, str) or app_context is None else simplejson.dumps(app_context)
    return context(arrived=ContextParameters(items=items, app_context=text), intent=intent, **more)


def item(kind: str | None, *, role: str = "launch", reference: str | None = None, canonical: str | None = None) -> ContextItem:
    return ContextItem(role=role, type=kind, reference=reference, canonical=canonical, identifier=None)


def canonical(services: AppServices, informant: str = "patient", version: str | None = None) -> str:
    return f"{CANONICAL}/Questionnaire/{SLUG}-{informant}|{version or services.library.get(SLUG).version}"


# SMART B7
# SMART I
@pytest.mark.parametrize(
    ("app_context", "expected"),
    [
        ({"page": "form"}, FORM),
        ({"page": "form", "informant": "clinician"}, RATING),
        ({"page": "form", "instrument": SLUG, "informant": "clinician"}, RATING),
        ({"page": "history"}, HISTORY),
        ({"page": "form", "instrument": "no-such-form"}, Destination(unmet=NOT_HERE)),
        ({"page": "form", "instrument": "rapport-observer"}, Destination(unmet=NOT_HERE)),
    ],
)
def test_our_own_app_context_opens_its_page(services: AppServices, app_context: object, expected: Destination) -> None:
    assert destination(in_launch(services, launched(app_context=app_context))) == expected


# SMART B7
@pytest.mark.parametrize(
    "app_context",
    [
        "abc",
        "<script>alert(1)</script>",
        "[]",
        "null",
        '{"field1":"value"}',
        {"page": "form", "patient": "p2"},
        {"page": "../admin"},
        {"page": "form", "informant": "observer"},
        {"page": "form", "instrument": "../../etc"},
        {"page": "form", "instrument": 7},
        {"page": ["form"]},
        "[" * 4000,
    ],
)
def test_app_context_of_others_is_said_and_not_followed(services: AppServices, app_context: object) -> None:
    assert destination(in_launch(services, launched(app_context=app_context))) == Destination(unmet=UNKNOWN)


# SMART I
def test_intents_of_the_list_open_their_page(services: AppServices) -> None:
    found = {intent: destination(in_launch(services, launched(intent=intent))) for intent in INTENTS}
    assert found == {
        "history": HISTORY,
        "summary-timeline-view": HISTORY,
        "recent-history-timeline": HISTORY,
        "new-assessment": FORM,
        "rate-visit": RATING,
    }
    assert destination(in_launch(services, launched(intent="reconcile-medications"))) == Destination(unmet=UNKNOWN)
    assert destination(in_launch(services, launched())) == HISTORY


def test_page_on_launches_names_every_intent_and_its_example_is_understood(services: AppServices) -> None:
    page = (Path(__file__).parents[3] / "docs" / "what-a-launch-can-say.md").read_text()
    assert all(f"`{intent}`" in page for intent in INTENTS)
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert destination(in_launch(services, launched(app_context=example))) == RATING


# SMART I
def test_questionnaire_by_canonical_opens_its_form(services: AppServices) -> None:
    for role in ("launch", "https://example.org/role/questionnaire-to-display"):
        named = item("Questionnaire", role=role, canonical=canonical(services, "clinician"))
        assert destination(in_launch(services, launched(named, intent="history"))) == RATING
    unversioned = item("Questionnaire", canonical=canonical(services).partition("|")[0])
    assert destination(in_launch(services, launched(unversioned))) == FORM


# SMART I
def test_questionnaire_that_is_not_ours_or_not_this_version_is_said(services: AppServices) -> None:
    for address in ("https://example.org/Questionnaire/phq-9|1.0", canonical(services, version="0.0.1"), f"{CANONICAL}/Questionnaire/x"):
        assert destination(in_launch(services, launched(item("Questionnaire", canonical=address)))) == Destination(unmet=NOT_HERE)


# SMART I
def test_item_in_an_unknown_role_or_of_another_type_is_ignored(services: AppServices) -> None:
    odd = item("Questionnaire", role="https://example.org/role/unknown", canonical=canonical(services))
    others = (item("Task", reference="Task/1"), item(None, canonical=canonical(services)), item("Patient", reference="Patient/p1"))
    assert destination(in_launch(services, launched(odd, *others))) == HISTORY


# SMART I
def test_questionnaire_by_reference_is_read_for_its_address(ehr: Ehr, services: AppServices) -> None:
    url, version = canonical(services, "clinician").split("|")
    ehr.put({"resourceType": "Questionnaire", "id": "q7", "status": "active", "url": url, "version": version})
    assert destination(in_launch(services, launched(item("Questionnaire", reference="Questionnaire/q7")))) == RATING


# SMART I
# SMART K1
@pytest.mark.parametrize("reference", ["Questionnaire/gone", "https://other.example.org/fhir/Questionnaire/q7"])
def test_questionnaire_that_cannot_be_read_leaves_the_launch_standing(ehr: Ehr, services: AppServices, reference: str) -> None:
    assert destination(in_launch(services, launched(item("Questionnaire", reference=reference)))) == Destination(unmet=NOT_HERE)
    assert len(ehr.log) == (0 if "://" in reference else 1)


# SMART I
def test_response_is_where_the_history_begins(services: AppServices) -> None:
    response = item("QuestionnaireResponse", reference="QuestionnaireResponse/r1")
    assert destination(in_launch(services, launched(response, intent="rate-visit"))) == Destination(response="QuestionnaireResponse/r1")
    assert destination(in_launch(services, launched(response, app_context={"page": "form"}))) == FORM
    both = (response, item("Questionnaire", canonical=canonical(services)))
    assert destination(in_launch(services, launched(*both))) == FORM


def test_nobody_who_cannot_be_rated_is_led_to_a_form(services: AppServices) -> None:
    person = User(reference="Person/1", name=None, issuer="https://ehr.example", subject="1")
    assert destination(in_launch(services, launched(intent="rate-visit", user=person))) == Destination(unmet=NOT_HERE)


# SMART B7
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80), intent=st.none() | st.text(max_size=20))
def test_no_text_leads_anywhere_but_to_our_pages(services: AppServices, text: str, intent: str | None) -> None:
    found = destination(in_launch(services, launched(app_context=text, intent=intent)))
    assert found in {HISTORY, FORM, RATING, Destination(unmet=UNKNOWN), Destination(unmet=NOT_HERE)}
