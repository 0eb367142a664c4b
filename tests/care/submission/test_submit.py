import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import simplejson
from msgspec.structs import replace
from requests.exceptions import ConnectionError as Broken

from fhir_mappings.instruments.answers import Invalid
from fhir_mappings.people.person import Person
from smart_app.care.record.closed_visits import reveal
from smart_app.care.submission.begin import begin_form
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import send_again, undelivered
from smart_app.care.submission.receipt import Receipt
from smart_app.care.submission.submit import submit
from smart_app.errors import SessionError
from smart_app.launch.context.launch_context import LaunchContext, LaunchId
from smart_app.services import AppServices
from tests.care.ehr import Answer, Ehr, refusal, statement
from tests.care.support import LAUNCH, SLUG, Clock, answers, asked_for, context, in_launch, patient

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90"


def send(services: AppServices, launch: LaunchContext | None = None, *, launch_id: LaunchId = LAUNCH, **changed: Any) -> Invalid | str:
    record = in_launch(services, launch, launch_id=launch_id)
    asked = asked_for(record, changed.pop("slug", SLUG), changed.pop("informant", "patient"), rated=changed.pop("rated", None))
    return submit(record, asked, **{"key": KEY, "patient": "p1", "fields": answers(), **changed})


def stand(services: AppServices, launch: LaunchContext | None = None) -> Receipt:
    return receipt(in_launch(services, launch), key=KEY)


def lose_one_post(ehr: Ehr) -> None:
    """The first POST breaks on its way; the server never sees it."""
    breaks = iter([Broken("reset")])
    ehr.faults.append(lambda method, path: next(breaks, None) if method == "POST" else None)


@pytest.fixture(autouse=True)
def record(ehr: Ehr) -> None:
    ehr.put(patient())


def test_form_names_the_rated_clinician_and_how_it_will_be_stored(ehr: Ehr, services: AppServices) -> None:
    record = in_launch(services)
    draft = begin_form(record, asked_for(record, SLUG, "patient"))
    assert draft.clinician is not None
    assert draft.clinician.name == "Sofia Lindqvist"
    assert draft.patient.family == "Halvorsen"
    assert (draft.step, draft.why_not_write) == ("one transaction", None)
    assert begin_form(record, asked_for(record, SLUG, "patient")).key != draft.key


# SMART K4
# SMART K3
def test_submission_is_one_request_and_the_receipt_reads_it_back(ehr: Ehr, services: AppServices) -> None:
    services.capabilities.of(context().iss, wait=60)
    record = in_launch(services)
    begin_form(record, asked_for(record, SLUG, "clinician"))
    ehr.log.clear()
    assert send(services, informant="clinician", fields=answers(4, goal_1=5)) == KEY
    assert ehr.log == [("POST", "")]
    found = stand(services)
    assert (found.outcome, found.step, found.answered, found.of) == ("saved", "one transaction", 9, 9)
    assert {line.read_back for line in found.written} == {"same"}
    assert found.written[0].what == "Answers"
    assert len(found.written) == len(ehr.resources) - 1
    assert not found.not_written
    assert not any(path.count("?") for _, path in ehr.log)


def test_stored_resources_are_of_this_patient_visit_and_clinician(ehr: Ehr, services: AppServices) -> None:
    send(services, replace(context(), encounter="e1"))
    for resource in [*ehr.of_type("Observation"), *ehr.of_type("QuestionnaireResponse")]:
        assert resource["subject"] == {"reference": "Patient/p1"}
        assert resource["encounter"] == {"reference": "Encounter/e1"}
        assert "Practitioner/sofia" in str(resource)


def test_incomplete_answers_store_nothing(ehr: Ehr, services: AppServices) -> None:
    fields = answers()
    del fields["bond-2"]
    found = send(services, fields=fields)
    assert isinstance(found, Invalid)
    assert [error.link_id for error in found.errors] == ["bond-2"]
    assert services.store.outbox.get(KEY) is None
    assert ehr.posts() == []


@pytest.mark.parametrize("changed", [{"patient": "p2"}, {"slug": "wai-x"}, {"informant": "observer"}, {"key": "../../x"}, {"key": ""}])
def test_form_of_another_patient_or_of_no_use_is_refused(ehr: Ehr, services: AppServices, changed: dict[str, Any]) -> None:
    with pytest.raises(SessionError):
        send(services, **changed)
    assert ehr.posts() == []


def by_patient() -> LaunchContext:
    return replace(context(), user=replace(context().user, reference="Patient/p1"))


def test_user_who_is_no_clinician_has_nobody_to_rate(ehr: Ehr, services: AppServices) -> None:
    with pytest.raises(SessionError, match="not a clinician"):
        send(services, replace(context(), user=replace(context().user, reference="Person/p1")))


@pytest.mark.parametrize(
    "changed", [{}, {"informant": "clinician"}, {"informant": "clinician", "rated": Person(reference="Practitioner/dr", name=None)}]
)
def test_a_patients_own_sign_in_sends_no_clinicians_form_and_none_about_nobody(
    ehr: Ehr, services: AppServices, changed: dict[str, Any]
) -> None:
    with pytest.raises(SessionError):
        send(services, by_patient(), **changed)
    assert ehr.posts() == []


# SMART K1
def test_server_that_writes_its_own_address_before_every_reference_holds_what_was_sent(ehr: Ehr, services: AppServices) -> None:
    launch = context(encounter="e1")
    send(services, launch, informant="clinician")
    there = "HTTPS://EHR.example:443/fhir/"
    for name, resource in ehr.resources.items():
        text = re.sub(r'"([A-Z][A-Za-z]+/[a-z0-9]+)"', rf'"{there}\1"', simplejson.dumps(resource, use_decimal=True))
        ehr.resources[name] = simplejson.loads(text, use_decimal=True)
    assert there in str(ehr.of_type("Observation")[0]["derivedFrom"])
    assert {(line.read_back, line.note) for line in stand(services, launch).written} == {("same", None)}


def test_patient_and_visit_whose_ids_have_an_underscore_can_be_rated(ehr: Ehr, services: AppServices) -> None:
    ehr.put(patient("p_1"))
    launch = context(patient="p_1", encounter="e_1")
    send(services, launch, patient="p_1")
    assert stand(services, launch).outcome == "saved"
    assert {line.read_back for line in stand(services, launch).written} == {"same"}


# SMART H5
def test_clinician_whose_entry_is_on_another_server_is_named_by_its_address(ehr: Ehr, services: AppServices) -> None:
    address = "https://directory.example.org/fhir/Practitioner/sofia"
    launch = context(user=replace(context().user, reference=address))
    send(services, launch, informant="clinician")
    assert stand(services, launch).outcome == "saved"
    written = [one for one in ehr.resources.values() if one["resourceType"] in {"QuestionnaireResponse", "Observation"}]
    assert {(one.get("author") or one["performer"][0])["reference"] for one in written} == {address}
    assert {one["focus"][0]["reference"] for one in written if "focus" in one} == {address}
    assert not any("directory" in path for _, path in ehr.log)


def test_receipt_of_another_launch_is_not_shown(ehr: Ehr, services: AppServices) -> None:
    send(services)
    with pytest.raises(SessionError):
        receipt(in_launch(services, launch_id=LaunchId("another")), key=KEY)
    with pytest.raises(SessionError):
        send(services, launch_id=LaunchId("another"))


# SMART K4
def test_same_key_again_stores_nothing_and_says_so(ehr: Ehr, services: AppServices) -> None:
    send(services)
    assert not stand(services).repeated
    assert send(services) == KEY
    assert stand(services).repeated
    assert ehr.posts() == [""]


def test_same_key_with_other_answers_is_refused_in_words(ehr: Ehr, services: AppServices) -> None:
    send(services)
    before = dict(ehr.resources)
    found = send(services, fields=answers(2))
    assert isinstance(found, Invalid)
    assert "were not stored" in found.errors[0].message
    assert found.kept["goal-1"] == "2"
    assert ehr.resources == before


def test_two_equal_submissions_at_once_are_sent_once(ehr: Ehr, services: AppServices) -> None:
    arrived = threading.Event()

    def slow(method: str, path: str) -> None:
        if method == "POST":
            arrived.wait(0.5)

    ehr.faults.append(slow)
    with ThreadPoolExecutor(4) as people:
        keys = [future.result(30) for future in [people.submit(send, services) for _ in range(4)]]
    assert keys == [KEY] * 4
    assert ehr.posts() == [""]
    assert len(ehr.of_type("QuestionnaireResponse")) == 1
    assert stand(services).outcome == "saved"


def test_racing_transaction_answered_409_is_found_by_search(ehr: Ehr, services: AppServices, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ehr._post

    def stored_by_the_other(path: str, request: Any) -> Answer:
        store(path, request)
        return refusal(409, "race")

    monkeypatch.setattr(ehr, "_post", stored_by_the_other)
    send(services)
    assert ehr.posts() == [""]
    assert stand(services).outcome == "saved"


def test_lasting_conflict_falls_to_separate_steps(ehr: Ehr, services: AppServices) -> None:
    ehr.faults.append(lambda method, path: refusal(409, "race") if (method, path) == ("POST", "") else None)
    send(services)
    assert ehr.posts()[:3] == ["", "", "QuestionnaireResponse"]
    assert (stand(services).outcome, stand(services).step) == ("saved", "separate steps, in order")


def test_transaction_goes_without_provenance_where_that_is_not_allowed(ehr: Ehr, services: AppServices) -> None:
    launch = context(scope="patient/Patient.r patient/QuestionnaireResponse.crs patient/Observation.crs")
    send(services, launch)
    found = stand(services, launch)
    assert (found.outcome, found.step, ehr.posts()) == ("partly_saved", "one transaction", [""])
    assert [(line.what, line.now) for line in found.not_written] == [("Who entered it (Provenance)", "In Rapport's audit trail.")]


def test_409_once_is_sent_a_second_time(ehr: Ehr, services: AppServices) -> None:
    refusals = iter([refusal(409, "race")])
    ehr.faults.append(lambda method, path: next(refusals, None) if method == "POST" else None)
    send(services)
    assert ehr.posts() == ["", ""]
    assert stand(services).outcome == "saved"


# SMART K4
def test_lost_answer_is_unknown_until_the_search_finds_it(ehr: Ehr, services: AppServices, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ehr._post

    def stored_then_lost(path: str, request: Any) -> Answer:
        store(path, request)
        raise Broken("reset")

    monkeypatch.setattr(ehr, "_post", stored_then_lost)
    send(services)
    entry = services.store.outbox.get(KEY)
    assert entry is not None
    assert entry.state == "unknown"
    found = stand(services)
    assert found.outcome == "saved"
    assert {line.read_back for line in found.written} == {"same"}
    assert ehr.posts() == [""]


# SMART K4
def test_lost_request_stays_unknown_and_is_sent_again_only_when_asked(ehr: Ehr, services: AppServices) -> None:
    lose_one_post(ehr)
    send(services)
    found = stand(services)
    assert found.outcome == "unknown"
    assert "does not list it" in str(found.reason)
    assert all("not known" in line.now.lower() for line in found.not_written)
    assert ehr.posts() == [""]
    send_again(in_launch(services), key=KEY)
    assert stand(services).outcome == "saved"
    assert ehr.posts() == ["", ""]
    assert len(ehr.of_type("QuestionnaireResponse")) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_fault_of_the_server_during_a_write_is_unknown(ehr: Ehr, services: AppServices, status: int) -> None:
    ehr.faults.append(lambda method, path: refusal(status, "fault") if method == "POST" else None)
    send(services)
    assert stand(services).outcome == "unknown"
    send_again(in_launch(services), key=KEY)
    assert ehr.posts() == ["", ""]
    assert stand(services).outcome == "unknown"


def test_server_that_cannot_be_searched_leaves_it_unknown(ehr: Ehr, services: AppServices) -> None:
    ehr.metadata = statement(conditional=False, without=["QuestionnaireResponse?identifier", "Observation?identifier"])
    lose_one_post(ehr)
    send(services)
    send_again(in_launch(services), key=KEY)
    found = stand(services)
    assert found.outcome == "unknown"
    assert ehr.posts() == [""]


def test_server_that_cannot_be_searched_and_tells_equal_ones_takes_it_again(ehr: Ehr, services: AppServices) -> None:
    ehr.metadata = statement(without=["QuestionnaireResponse?identifier", "Observation?identifier"])
    lose_one_post(ehr)
    send(services)
    assert stand(services).outcome == "unknown"
    send_again(in_launch(services), key=KEY)
    assert stand(services).outcome == "saved"
    assert len(ehr.of_type("QuestionnaireResponse")) == len(ehr.of_type("Provenance")) == 1


def test_response_is_found_among_the_patients_where_none_can_be_searched_by_identifier(
    ehr: Ehr, services: AppServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    ehr.metadata = statement(conditional=False, without=["QuestionnaireResponse?identifier"])
    store = ehr._post

    def stored_then_lost(path: str, request: Any) -> Answer:
        store(path, request)
        raise Broken("reset")

    monkeypatch.setattr(ehr, "_post", stored_then_lost)
    send(services)
    found = stand(services)
    assert found.outcome == "saved"
    assert found.written[0].what == "Answers"
    assert {line.read_back for line in found.written} == {"same"}


# SMART K4
def test_server_that_ignores_the_identifier_is_not_believed(ehr: Ehr, services: AppServices) -> None:
    send(services, key=str(uuid4()))
    ehr.ignores_search = True
    lose_one_post(ehr)
    send(services)
    assert stand(services).outcome == "unknown"
    assert not stand(services).written


def test_refused_connection_keeps_the_submission(ehr: Ehr, services: AppServices) -> None:
    ehr.faults.append(lambda method, path: refusal(401, "expired") if method == "POST" else None)
    send(services)
    found = stand(services)
    assert found.outcome == "kept"
    ehr.faults.clear()
    send_again(in_launch(services), key=KEY)
    assert stand(services).outcome == "saved"


# SMART K3
def test_without_transactions_the_parts_go_one_by_one_with_real_ids(ehr: Ehr, services: AppServices) -> None:
    ehr.metadata = statement(transaction=False)
    send(services)
    found = stand(services)
    assert (found.outcome, found.step) == ("saved", "separate steps, in order")
    assert {line.read_back for line in found.written} == {"same"}
    assert ehr.posts()[0] == "QuestionnaireResponse"
    assert ehr.posts()[-1] == "Provenance"
    assert "urn:uuid" not in str(ehr.resources)
    assert "transactions" in str(found.reason)


def test_refused_transaction_falls_to_separate_steps(ehr: Ehr, services: AppServices) -> None:
    ehr.faults.append(lambda method, path: refusal(400, "conditional create in bundles") if (method, path) == ("POST", "") else None)
    send(services)
    found = stand(services)
    assert (found.outcome, found.step) == ("saved", "separate steps, in order")
    assert str(found.reason).count("conditional create in bundles") == 1


# SMART K7
# SMART G4
def test_refused_part_is_said_and_the_rest_is_stored(ehr: Ehr, services: AppServices) -> None:
    ehr.metadata = statement(transaction=False)
    ehr.faults.append(lambda method, path: refusal(422, "no flowsheet row") if (method, path) == ("POST", "Observation") else None)
    send(services)
    found = stand(services)
    assert found.outcome == "partly_saved"
    assert [line.what for line in found.written] == ["Answers", "Who entered it (Provenance)"]
    assert all("no flowsheet row" in line.why for line in found.not_written)
    assert {line.read_back for line in found.written} == {"same"}


def test_answers_alone_go_where_scores_are_not_taken(ehr: Ehr, services: AppServices) -> None:
    ehr.metadata = statement(transaction=False, without=["Observation.create", "Provenance.create"])
    send(services)
    found = stand(services)
    assert (found.outcome, found.step) == ("partly_saved", "answers only")
    assert ehr.posts() == ["QuestionnaireResponse"]
    assert "does not offer “create” for Observation" in found.not_written[0].why


# SMART G2
# SMART G3
# IG 147
def test_scopes_bound_what_is_tried(ehr: Ehr, services: AppServices) -> None:
    launch = context(scope="patient/Patient.r patient/QuestionnaireResponse.cr patient/Observation.rs")
    send(services, launch)
    assert ehr.posts() == ["QuestionnaireResponse"]
    assert stand(services, launch).step == "answers only"


# SMART G5
def test_scope_for_surveys_alone_is_enough_for_the_scores(ehr: Ehr, services: AppServices) -> None:
    category = "category=http://terminology.hl7.org/CodeSystem/observation-category|survey"
    launch = context(scope=f"patient/Patient.r patient/QuestionnaireResponse.crs patient/Provenance.crs patient/Observation.crs?{category}")
    send(services, launch)
    assert sorted({path for method, path in ehr.log if method == "POST"}) == [""]
    assert stand(services, launch).outcome == "saved"


# SMART G3
# IG 147
def test_nothing_writable_keeps_it_sealed_with_text_to_copy(ehr: Ehr, services: AppServices) -> None:
    launch = context(scope="patient/Patient.r")
    send(services, launch, informant="clinician", fields=answers(4))
    found = stand(services, launch)
    assert (found.outcome, found.step) == ("kept", "kept in Rapport")
    assert "permission to create QuestionnaireResponse" in str(found.reason)
    assert "9 of 9 items answered" in found.note_text
    assert "4.00 of 5" in found.note_text
    assert ehr.posts() == []


def test_broken_separate_steps_resume_without_doubling(ehr: Ehr, services: AppServices) -> None:
    ehr.metadata = statement(transaction=False)
    seen: list[str] = []

    def third_breaks(method: str, path: str) -> None:
        seen.extend([path] if method == "POST" else [])
        if method == "POST" and len(seen) == 3:
            raise Broken("reset")

    ehr.faults.append(third_breaks)
    send(services)
    found = stand(services)
    assert found.outcome == "partly_saved"
    assert len(found.written) == 2
    assert any("does not list it" in line.why for line in found.not_written)
    send_again(in_launch(services), key=KEY)
    found = stand(services)
    assert found.outcome == "saved"
    assert len(ehr.of_type("QuestionnaireResponse")) == 1
    assert {line.read_back for line in found.written} == {"same"}


def test_difference_on_reading_back_is_named(ehr: Ehr, services: AppServices) -> None:
    send(services, informant="clinician")
    for resource in ehr.of_type("Observation"):
        if "valueQuantity" in resource:
            resource["valueQuantity"]["value"] = 1
    response = ehr.of_type("QuestionnaireResponse")[0]
    response["item"][0]["item"][0]["answer"][0]["valueCoding"]["code"] = "1"
    found = stand(services)
    by_name = {line.what: line for line in found.written}
    assert by_name["Answers"].read_back == "differs"
    assert by_name["Answers"].note == "The stored entry differs in: answers."
    assert [line.read_back for line in found.written].count("differs") == 5


def test_unreadable_resource_is_not_called_the_same(ehr: Ehr, services: AppServices) -> None:
    send(services)
    ehr.faults.append(lambda method, path: refusal(500, "x") if method == "GET" and path.startswith("Observation/") else None)
    found = stand(services)
    assert found.outcome == "saved"
    assert {line.read_back for line in found.written if line.reference.startswith("Observation/")} == {"not_read"}


# SMART K3
@pytest.mark.parametrize("status", [404, 410])
def test_answers_that_were_accepted_and_are_not_found_again_are_neither_saved_nor_lost(
    ehr: Ehr, services: AppServices, clock: Clock, status: int
) -> None:
    ehr.faults.append(
        lambda method, path: refusal(status, "gone") if method == "GET" and path.startswith("QuestionnaireResponse/") else None
    )
    send(services, informant="clinician")
    found = stand(services)
    assert found.outcome == "accepted"
    assert [line.read_back for line in found.written if line.what == "Answers"] == ["not_found"]
    assert [(one.state, one.sealed.key) for one in undelivered(in_launch(services))] == [("accepted", KEY)]
    services.store.outbox.purge(clock() + timedelta(days=400))
    posts = len(ehr.posts())
    send_again(in_launch(services), key=KEY)
    assert (len(ehr.posts()), stand(services).outcome) == (posts, "accepted")
    ehr.faults.clear()
    assert stand(services).outcome == "saved"
    assert undelivered(in_launch(services)) == ()


def test_answers_that_may_not_be_read_are_not_called_not_found(ehr: Ehr, services: AppServices) -> None:
    ehr.faults.append(lambda method, path: refusal(404, "no") if method == "GET" and path.startswith("QuestionnaireResponse/") else None)
    launch = context(scope="patient/Patient.r patient/QuestionnaireResponse.c patient/Observation.crs")
    send(services, launch)
    found = stand(services, launch)
    assert found.outcome != "accepted"
    answers_line = next(line for line in found.written if line.what == "Answers")
    assert (answers_line.read_back, answers_line.note) == (
        "not_read",
        "This sign-in does not include permission to read QuestionnaireResponse.",
    )


def test_patients_scores_are_kept_back_from_the_receipt_until_revealed(ehr: Ehr, services: AppServices) -> None:
    send(services, fields=answers(4, goal_1=5, bond_2=1))
    hidden = repr(stand(services))
    assert "kept back; the history shows it once" in hidden
    assert "Scores kept back; the history shows them once" in hidden
    assert not any(number in hidden for number in ("3.78", "4.33", "3.00", "4.00"))
    reveal(in_launch(services), clinician="Practitioner/sofia", visit=stand(services).visit)
    assert "4.33 of 5" in repr(stand(services))


def test_process_that_died_while_sending_leaves_an_unknown_outcome(ehr: Ehr, services: AppServices, clock: Clock) -> None:
    lose_one_post(ehr)
    send(services)
    assert services.store.outbox.claim(KEY)
    clock.now += timedelta(hours=1)
    assert stand(services).outcome == "unknown"


def test_submission_is_sealed_before_the_first_byte_goes_out(ehr: Ehr, services: AppServices) -> None:
    states: list[str] = []

    def look(method: str, path: str) -> None:
        entry = services.store.outbox.get(KEY)
        states.append(entry.state if entry and method == "POST" else "-")

    ehr.faults.append(look)
    send(services)
    assert "sending" in states
    events = [entry.event for entry in services.store.audit.entries()]
    assert events == ["submission"]
