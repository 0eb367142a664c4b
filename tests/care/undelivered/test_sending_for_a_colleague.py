"""What a colleague sees of what others sent and the record has not, and what they may send in their place."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from requests.exceptions import ConnectionError as Broken

from fhir_mappings.people.person import Person
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import kept_entries, send_again, undelivered
from smart_app.care.submission.outcome_search import SETTLES_WITHIN
from smart_app.care.submission.sealed_submission import from_payload
from smart_app.care.submission.submit import submit
from smart_app.care.undelivered.colleagues_items import ColleaguesItem, colleagues_item, left_by_others, send_for_author
from smart_app.care.undelivered.decisions import untold
from smart_app.errors import NotOffered, SessionError
from smart_app.launch.context.launch_context import LaunchContext, LaunchId, User
from smart_app.services import AppServices
from smart_app.store import author_of
from tests.care.ehr import Answer, Ehr, json_answer, refusal
from tests.care.support import SLUG, Clock, answers, asked_for, context, in_launch, patient
from tests.support.at_once import at_once

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90"
TOMAS = context(user=User(reference="Practitioner/tomas", name="Tomas Weiss", issuer="https://ehr.example", subject="tomas"))
OF_TOMAS = LaunchId("launch-of-tomas")
INGRID = context(user=User(reference="Patient/p1", name="Ingrid Halvorsen", issuer="https://ehr.example", subject="ingrid"))


@pytest.fixture(autouse=True)
def record(ehr: Ehr) -> None:
    ehr.put(patient())


def given(
    services: AppServices, launch: LaunchContext | None = None, *, key: str = KEY, fields: Any = None, informant: str = "clinician"
) -> str:
    record = in_launch(services, launch)
    asked = asked_for(record, SLUG, informant)  # type: ignore[arg-type]
    return str(submit(record, asked, key=key, patient="p1", fields=fields or answers()))


def seen_by(services: AppServices, launch: LaunchContext = TOMAS) -> tuple[ColleaguesItem, ...]:
    record = in_launch(services, launch, launch_id=OF_TOMAS)
    return left_by_others(record, kept_entries(record))


def sends(services: AppServices, launch: LaunchContext = TOMAS, key: str = KEY) -> None:
    send_for_author(in_launch(services, launch, launch_id=OF_TOMAS), key=key)


def refuses(ehr: Ehr, status: int) -> None:
    ehr.faults.append(lambda method, path: refusal(status, "goal-1 is 2") if method == "POST" else None)


def test_it_is_seen_by_a_colleague_and_offered_to_its_author_as_their_own(ehr: Ehr, services: AppServices) -> None:
    refuses(ehr, 422)
    given(services)
    [one] = seen_by(services)
    assert (one.key, one.author, one.informant, one.standing, one.why_not) == (KEY, "Sofia Lindqvist", "clinician", "waiting", "")
    assert seen_by(services, context()) == ()
    assert [own.sealed.key for own in undelivered(in_launch(services))] == [KEY]
    assert undelivered(in_launch(services, TOMAS)) == ()


@pytest.mark.parametrize("other", [{"patient": "p2"}, {"iss": "https://other.example/fhir"}])
def test_nothing_is_seen_from_another_patients_chart_or_another_server(ehr: Ehr, services: AppServices, other: dict[str, str]) -> None:
    refuses(ehr, 422)
    given(services)
    elsewhere = replace(TOMAS, **other)
    assert seen_by(services, elsewhere) == ()
    with pytest.raises(SessionError):
        sends(services, elsewhere)


def test_a_colleague_sends_it_its_author_stays_author_and_provenance_names_both(ehr: Ehr, services: AppServices) -> None:
    refuses(ehr, 422)
    given(services)
    ehr.faults.clear()
    sends(services)
    [response], [provenance] = ehr.of_type("QuestionnaireResponse"), ehr.of_type("Provenance")
    assert response["author"] == response["source"] == {"reference": "Practitioner/sofia"}
    by_role = {agent["type"]["coding"][0]["code"]: agent["who"] for agent in provenance["agent"]}
    assert by_role["author"] == {"reference": "Practitioner/sofia"}
    assert by_role["transmitter"] == {"reference": "Practitioner/tomas"}
    assert seen_by(services) == ()
    assert colleagues_item(in_launch(services, TOMAS, launch_id=OF_TOMAS), key=KEY).standing == "placed"


def test_read_back_it_is_the_same_on_its_authors_receipt(ehr: Ehr, services: AppServices) -> None:
    refuses(ehr, 422)
    given(services)
    ehr.faults.clear()
    sends(services)
    found = receipt(in_launch(services), key=KEY)
    assert (found.outcome, {line.read_back for line in found.written}) == ("saved", {"same"})


def test_it_stays_its_authors_whoever_sent_it(ehr: Ehr, services: AppServices) -> None:
    refuses(ehr, 422)
    given(services)
    sends(services)
    with pytest.raises(SessionError):
        receipt(in_launch(services, TOMAS, launch_id=OF_TOMAS), key=KEY)
    ehr.faults.clear()
    send_again(in_launch(services), key=KEY)
    [provenance] = ehr.of_type("Provenance")
    assert "transmitter" not in str(provenance)


def test_the_trail_says_who_sent_whose(ehr: Ehr, services: AppServices) -> None:
    refuses(ehr, 422)
    given(services)
    ehr.faults.clear()
    sends(services)
    last = [entry for entry in services.store.audit.entries() if entry.event == "submission"][-1]
    assert (last.user, last.detail["author"], last.detail["key"]) == ("Practitioner/tomas", "Practitioner/sofia", KEY)


@pytest.mark.parametrize("state", ["refused", "discarded"])
def test_what_another_version_sealed_takes_none_of_the_others_with_it(ehr: Ehr, services: AppServices, state: Any) -> None:
    refuses(ehr, 422)
    given(services)
    for launch in (context(), INGRID):
        services.store.outbox.put(f"other-{launch.user.subject}", launch_id=OF_TOMAS, payload={"newer": True}, author=author_of(launch))
        services.store.outbox.mark(f"other-{launch.user.subject}", state)
    assert [one.key for one in seen_by(services)] == [KEY]
    for record in (in_launch(services), in_launch(services, INGRID, launch_id=OF_TOMAS)):
        assert untold(record, kept_entries(record)) == ()


@pytest.mark.parametrize("status", [401, 403])
def test_what_was_refused_for_want_of_permission_is_not_tried_with_another_sign_in(ehr: Ehr, services: AppServices, status: int) -> None:
    refuses(ehr, status)
    given(services)
    ehr.faults.clear()
    posts = len(ehr.posts())
    [one] = seen_by(services)
    assert "only its author can send it" in one.why_not
    with pytest.raises(NotOffered, match="not tried again"):
        sends(services)
    assert len(ehr.posts()) == posts


@pytest.mark.parametrize("scope", ["patient/*.rs", "patient/Patient.r patient/Observation.cruds", ""])
def test_what_its_own_sign_in_could_not_write_is_sent_by_nobody_else(ehr: Ehr, services: AppServices, scope: str) -> None:
    record = in_launch(services)
    ehr.faults.append(lambda method, path: Broken("down") if method == "POST" else None)
    given(services)
    entry = services.store.outbox.get(KEY)
    assert entry is not None
    payload = {**entry.payload, "scope": scope or None}
    services.store.outbox.reseal(KEY, "sealed", launch_id=record.launch, payload=payload, author=entry.author)
    ehr.faults.clear()
    with pytest.raises(NotOffered, match="no permission"):
        sends(services)
    assert ehr.of_type("QuestionnaireResponse") == []


def test_it_is_sent_with_no_more_than_the_colleague_may_write(ehr: Ehr, services: AppServices) -> None:
    refuses(ehr, 422)
    given(services)
    ehr.faults.clear()
    sends(services, replace(TOMAS, scope="patient/*.rs"))
    assert ehr.of_type("QuestionnaireResponse") == []
    assert [one.standing for one in seen_by(services)] == ["waiting"]


def test_what_a_patient_sent_by_themself_may_be_sent_by_staff_and_not_the_other_way_round(ehr: Ehr, services: AppServices) -> None:
    refuses(ehr, 422)
    rated = in_launch(services, INGRID)
    asked = asked_for(rated, SLUG, "patient", rated=Person(reference="Practitioner/sofia", name="Sofia Lindqvist"))
    submit(rated, asked, key=KEY, patient="p1", fields=answers())
    [one] = seen_by(services)
    assert (one.by_patient, one.informant, one.why_not) == (True, "patient", "")
    given(services, key="another-key-of-sofia")
    assert seen_by(services, INGRID) == ()
    with pytest.raises(SessionError):
        sends(services, INGRID, key="another-key-of-sofia")
    ehr.faults.clear()
    sends(services)
    [response] = ehr.of_type("QuestionnaireResponse")
    assert response["author"] == {"reference": "Patient/p1"}


def test_what_may_be_in_the_record_is_searched_for_before_a_colleague_sends_it(ehr: Ehr, services: AppServices, clock: Clock) -> None:
    def commits_and_breaks(method: str, path: str) -> Answer | Exception | None:
        if method != "POST":
            return None
        ehr.faults.clear()
        return Broken("reset")

    ehr.faults.append(commits_and_breaks)
    ehr.metadata["rest"][0]["resource"] = [{**one, "conditionalCreate": False} for one in ehr.metadata["rest"][0]["resource"]]
    given(services)
    assert [one.standing for one in seen_by(services)] == ["unknown"]
    sends(services)
    assert ehr.of_type("QuestionnaireResponse") == []
    clock.now += SETTLES_WITHIN
    sends(services)
    assert len(ehr.of_type("QuestionnaireResponse")) == 1


def test_two_colleagues_at_once_store_it_once(ehr: Ehr, services: AppServices) -> None:
    refuses(ehr, 422)
    given(services)
    ehr.faults.clear()
    at_once(2, lambda: sends(services))
    assert len(ehr.of_type("QuestionnaireResponse")) == 1


@pytest.mark.parametrize(("status", "words"), [(400, "Resource Practitioner/tomas not found"), (403, "Could not find Patient Reference")])
def test_a_server_that_takes_no_such_provenance_has_the_rating_all_the_same(
    ehr: Ehr, services: AppServices, status: int, words: str
) -> None:
    """Servers that look up every reference refuse the whole transaction for one, and some refuse Provenance for naming no patient."""
    refuses(ehr, 422)
    given(services)
    ehr.faults[:] = [lambda method, path: refusal(status, words) if method == "POST" and path in {"", "Provenance"} else None]
    sends(services)
    assert len(ehr.of_type("QuestionnaireResponse")) == 1
    assert ehr.of_type("Provenance") == []
    assert colleagues_item(in_launch(services, TOMAS, launch_id=OF_TOMAS), key=KEY).standing == "placed"
    assert receipt(in_launch(services), key=KEY).outcome in {"saved", "partly_saved"}


# Blind


def all_declined() -> dict[str, list[str]]:
    return {f"{item}.declined": ["yes"] for item in answers()}


def only_scores_refused(method: str, path: str) -> Answer | None:
    return refusal(422, "no") if method == "POST" and path in {"", "Observation"} else None


@pytest.mark.parametrize(
    "fault",
    [
        lambda method, path: refusal(422, "no") if method == "POST" else None,
        lambda method, path: json_answer(503, None) if method == "POST" else None,
        lambda method, path: Broken("reset") if method == "POST" else None,
        only_scores_refused,
    ],
)
def test_nothing_a_colleague_sees_depends_on_what_was_answered(
    ehr: Ehr, services: AppServices, fault: Callable[[str, str], Answer | Exception | None]
) -> None:
    ehr.faults.append(fault)
    seen = []
    for number, fields in enumerate((answers(1), answers(5, goal_1=2), all_declined())):
        key = f"key-number-{number}-of-sofia"
        given(services, key=key, fields=fields, informant="patient")
        seen.append(sorted(repr(replace(one, key="")) for one in seen_by(services) if one.key == key))
    assert seen[0] == seen[1] == seen[2]
    assert not any(word in repr(seen) for word in ("answered", "score", "goal", "422", "of 9"))


def test_the_payload_of_what_a_colleague_sent_keeps_its_answers_to_the_letter(ehr: Ehr, services: AppServices) -> None:
    refuses(ehr, 422)
    given(services)
    before = services.store.outbox.get(KEY)
    sends(services)
    after = services.store.outbox.get(KEY)
    assert before is not None
    assert after is not None
    first, second = from_payload(before.payload), from_payload(after.payload)
    assert [part.resource for part in first.parts][:-1] == [part.resource for part in second.parts][:-1]
    assert (first.author, first.scope, first.digest) == (second.author, second.scope, second.digest)
