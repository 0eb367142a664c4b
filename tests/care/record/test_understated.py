"""A server that can do more than its CapabilityStatement says: what its entry trusts, and what is done without."""

from typing import Any

import pytest
from msgspec.structs import replace

from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.patient_portal.load_portal import load_portal
from smart_app.care.submission.submit import submit
from smart_app.fhir.capability import parse_capabilities
from smart_app.launch.context.launch_context import User
from smart_app.registration import Issuer, PublicClient
from smart_app.services import AppServices
from tests.care.ehr import BASE, Ehr, statement
from tests.care.support import SLUG, answers, asked_for, context, in_launch, patient

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a92"


@pytest.fixture(autouse=True)
def understating(ehr: Ehr) -> None:
    """No word of QuestionnaireResponse, and none of creating an Observation."""
    ehr.metadata = statement(transaction=False, without=["Observation.create"])
    [rest] = ehr.metadata["rest"]
    rest["resource"] = [one for one in rest["resource"] if one["type"] != "QuestionnaireResponse"]
    ehr.put(patient())


def trusting(services: AppServices, *types: Any) -> AppServices:
    entry = Issuer(name="Understating EHR", iss=BASE, client_id="app", auth=PublicClient(), trust_scopes_for=types)
    return replace(services, registration=services.registration.with_issuer(entry))


def history(services: AppServices) -> History:
    return load_history(in_launch(services), years="2")


def rated(services: AppServices) -> None:
    record = in_launch(services)
    submit(record, asked_for(record, SLUG, "patient"), key=KEY, patient="p1", fields=answers())


# SMART G1
def test_nothing_is_sent_that_the_statement_does_not_offer_and_it_learns_how_to_say_otherwise(ehr: Ehr, services: AppServices) -> None:
    found = history(trusting(services))
    assert found.why_not_write == "The server does not offer “create” for QuestionnaireResponse."
    [sentence] = found.for_it
    assert "QuestionnaireResponse and Observation" in sentence
    assert "trust_scopes_for" in sentence
    rated(trusting(services))
    assert ehr.posts() == []


# SMART G1
def test_what_the_entry_trusts_is_written_and_read_by_the_granted_scopes(ehr: Ehr, services: AppServices) -> None:
    trusted = trusting(services, "QuestionnaireResponse", "Observation")
    assert history(trusted).can_write
    rated(trusted)
    assert ehr.of_type("QuestionnaireResponse")
    assert ehr.of_type("Observation")
    found = history(trusted)
    assert (len(found.hidden), {read.state for read in found.reads}) == (1, {"complete"})
    [sentence] = found.for_it
    assert sentence.startswith("The server’s statement does not say that QuestionnaireResponse and Observation can be created.")


# SMART G1
def test_of_one_type_trusted_only_that_one_is_sent(ehr: Ehr, services: AppServices) -> None:
    rated(trusting(services, "QuestionnaireResponse"))
    assert (len(ehr.of_type("QuestionnaireResponse")), ehr.of_type("Observation")) == (1, [])


# SMART G2
def test_trust_is_no_permission(ehr: Ehr, services: AppServices) -> None:
    record = in_launch(trusting(services, "QuestionnaireResponse"))
    record = replace(record, context=replace(record.context, scope="patient/*.rs"))
    assert not load_history(record, years="2").can_write


def test_a_patient_who_can_never_send_is_offered_nothing(ehr: Ehr, services: AppServices) -> None:
    home = context(user=User(reference="Patient/p1", name="Ingrid Halvorsen", issuer="https://ehr.example", subject="p1"))
    page = load_portal(in_launch(trusting(services), home))
    assert (page.can_send, page.read.state) == (False, "unsupported")
    assert load_portal(in_launch(trusting(services, "QuestionnaireResponse", "Observation"), home)).can_send


def test_only_what_is_left_out_is_believed_not_what_was_never_asked() -> None:
    known = parse_capabilities(statement(without=["Observation.create"]))
    trusted = replace(known, understated=frozenset({"Observation", "Provenance"}))
    assert (known.can("Observation", "create"), trusted.can("Observation", "create"), trusted.can("Observation", "read")) == (
        False,
        None,
        True,
    )
    assert (trusted.leaves_out("Observation"), trusted.leaves_out("Provenance"), known.leaves_out("Observation")) == (True, False, False)
    assert (known.searchable("Observation", "method"), trusted.searchable("Observation", "method")) == (False, None)
