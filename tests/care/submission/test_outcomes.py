"""Servers that store a transaction entry by entry, answer with nothing, or say no for a while: what is told, and that all of it gets there
in the end, once. Each was seen."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import simplejson
from requests.exceptions import ConnectionError as Broken

from fhir_mappings.instruments.answers import Invalid
from fhir_mappings.sentence import Sentence
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import send_again, undelivered
from smart_app.care.submission.receipt import Receipt
from smart_app.care.submission.submit import submit
from smart_app.errors import NotSealed, OutcomeNotKept, StoreError
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.services import AppServices
from smart_app.web.views.ended import thanks_view
from tests.care.ehr import Answer, Ehr, json_answer, refusal, statement
from tests.care.support import SLUG, Clock, answers, asked_for, context, in_launch, patient

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90"
Refuses = Callable[[dict[str, Any]], int | None]
IN_THE_RECORD = "Your answers are in your health record."


@pytest.fixture(autouse=True)
def record(ehr: Ehr) -> None:
    ehr.put(patient())


def send(services: AppServices, launch: LaunchContext | None = None) -> Invalid | str:
    record = in_launch(services, launch)
    return submit(record, asked_for(record, SLUG, "patient"), key=KEY, patient="p1", fields=answers())


def stand(services: AppServices) -> Receipt:
    return receipt(in_launch(services), key=KEY)


def told(found: Receipt) -> str:
    """What the patient reads."""
    return " ".join(thanks_view(found.outcome, clinician="Sofia", code=None, ways_back="/").lines)


def try_again(services: AppServices) -> Receipt:
    send_again(in_launch(services), key=KEY)
    return stand(services)


def open_states(services: AppServices) -> list[str]:
    return [one.state for one in undelivered(in_launch(services))]


def is_of(*kinds: str) -> Callable[[dict[str, Any]], bool]:
    return lambda entry: entry["resource"]["resourceType"] in kinds


def by_status(status: int, *kinds: str) -> Refuses:
    """Every entry of these types fails with that status; without any, every entry."""
    wanted = is_of(*kinds)
    return lambda entry: status if not kinds or wanted(entry) else None


def entry_by_entry(ehr: Ehr, refuses: Refuses, *, silent: bool = False) -> None:
    """A server that stores what it takes of a bundle and gives every reference an id, also those to entries that it did not take.
    `silent`: 200 and no body (some do so for `Prefer: return=minimal`)."""

    def transaction(bundle: dict[str, Any]) -> dict[str, Any]:
        places: dict[str, str] = {}
        entries: list[dict[str, Any]] = []
        for number, entry in enumerate(bundle["entry"]):
            status = refuses(entry)
            kind = entry["resource"]["resourceType"]
            if status is None:
                stored, _ = ehr._create(entry["resource"], entry["request"].get("ifNoneExist"))
                places[entry["fullUrl"]] = f"{kind}/{stored['id']}"
                entries.append({"response": {"status": "201 Created", "location": f"{kind}/{stored['id']}/_history/1"}})
            else:
                places[entry["fullUrl"]] = f"{kind}/never-{number}"
                issue = {"severity": "error", "code": "transient", "diagnostics": "no room"}
                outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
                entries.append({"response": {"status": str(status), "outcome": outcome}})
        for name, resource in list(ehr.resources.items()):
            text = simplejson.dumps(resource, use_decimal=True)
            for urn, place in places.items():
                text = text.replace(urn, place)
            ehr.resources[name] = simplejson.loads(text, use_decimal=True)
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}

    def post(path: str, request: Any) -> Answer:
        answer = plain(path, request)
        return (200, {"Content-Type": "application/fhir+json"}, "") if silent and not path else answer

    plain = ehr._post
    ehr._transaction = transaction  # type: ignore[method-assign]  # another server behind the same door
    ehr._post = post  # type: ignore[method-assign]


def dangling(ehr: Ehr) -> list[str]:
    """References to a resource of this server that is not there."""
    text = simplejson.dumps(ehr.resources, use_decimal=True)
    return [part.split('"')[0] for part in text.split('"reference": "')[1:] if "never-" in part.split('"')[0]]


def one_of_each(ehr: Ehr) -> bool:
    values = [entry["value"] for kind in ("Observation",) for one in ehr.of_type(kind) for entry in one["identifier"]]
    return len(ehr.of_type("QuestionnaireResponse")) == len(ehr.of_type("Provenance")) == 1 and len(values) == len(set(values)) == 5


def test_transaction_of_which_every_entry_failed_is_refused_kept_for_good_and_tried_again(
    ehr: Ehr, services: AppServices, clock: Clock
) -> None:
    plain = ehr._transaction
    entry_by_entry(ehr, by_status(503))
    send(services)
    found = stand(services)
    assert (found.outcome, ehr.posts()) == ("refused", [""])
    assert "no room" in str(found.reason)
    assert IN_THE_RECORD not in told(found)
    clock.now += timedelta(days=400)
    services.store.purge(clock())
    assert open_states(services) == ["refused"]
    ehr._transaction = plain  # type: ignore[method-assign]
    assert try_again(services).outcome == "saved"
    assert one_of_each(ehr)
    assert open_states(services) == []


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_answers_that_failed_among_stored_scores_are_tried_again_and_nothing_is_saved_without_them(
    ehr: Ehr, services: AppServices, status: int
) -> None:
    entry_by_entry(ehr, by_status(status, "QuestionnaireResponse"))
    ehr.faults.append(lambda method, path: refusal(503, "no room") if (method, path) == ("POST", "QuestionnaireResponse") else None)
    send(services)
    assert "QuestionnaireResponse" in ehr.posts()
    found = stand(services)
    assert found.outcome == "unknown"
    assert IN_THE_RECORD not in told(found)
    ehr.faults.clear()
    found = try_again(services)
    assert found.outcome == "saved"
    assert {line.read_back for line in found.written} == {"same"}
    assert one_of_each(ehr)
    assert dangling(ehr) == []


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_scores_that_failed_for_the_moment_are_completed_one_by_one(ehr: Ehr, services: AppServices, status: int) -> None:
    entry_by_entry(ehr, by_status(status, "Observation"))
    send(services)
    found = stand(services)
    assert found.outcome == "saved"
    assert {line.read_back for line in found.written} == {"same"}
    assert one_of_each(ehr)
    assert dangling(ehr) == []


def test_scores_that_were_refused_are_said_and_can_be_completed_later(ehr: Ehr, services: AppServices) -> None:
    entry_by_entry(ehr, by_status(422, "Observation"))
    send(services)
    found = stand(services)
    assert (found.outcome, found.completable) == ("partly_saved", True)
    assert told(found).startswith(IN_THE_RECORD)
    assert all("HTTP 422" in line.why for line in found.not_written)
    assert open_states(services) == ["partly"]
    found = try_again(services)
    assert found.outcome == "saved"
    assert one_of_each(ehr)
    assert dangling(ehr) == []


def test_place_of_the_answers_is_not_taken_from_scores_that_name_them(ehr: Ehr, services: AppServices) -> None:
    entry_by_entry(ehr, by_status(422, "QuestionnaireResponse"), silent=True)
    send(services)
    found = stand(services)
    assert found.outcome == "unknown"
    assert [line.what for line in found.written if line.what == "Answers"] == []
    assert IN_THE_RECORD not in told(found)
    found = try_again(services)
    assert found.outcome == "saved"
    assert {line.read_back for line in found.written} == {"same"}
    assert one_of_each(ehr)
    assert dangling(ehr) == []


def test_what_is_found_counts_where_provenance_may_not_be_searched(ehr: Ehr, services: AppServices) -> None:
    entry_by_entry(ehr, by_status(422, "Observation", "Provenance"), silent=True)
    ehr.faults.append(lambda method, path: refusal(403, "no") if (method, path) == ("GET", "Provenance") else None)
    send(services)
    found = stand(services)
    assert (found.outcome, found.completable) == ("partly_saved", True)
    assert [line.what for line in found.written] == ["Answers"]
    assert told(found).startswith(IN_THE_RECORD)
    unknown = [line.what for line in found.not_written if line.now.startswith("Not known")]
    assert unknown == ["Who entered it (Provenance)"]
    found = try_again(services)
    assert (found.outcome, found.completable) == ("partly_saved", False)
    assert [line.what for line in found.not_written] == ["Who entered it (Provenance)"]
    assert open_states(services) == []


def test_bundle_that_was_cut_off_is_completed_and_its_references_repaired(ehr: Ehr, services: AppServices) -> None:
    seen: list[str] = []

    def cut_off(entry: dict[str, Any]) -> int | None:
        seen.append(entry["fullUrl"])
        is_panel = "hasMember" in entry["resource"]
        return None if len(seen) == 1 or is_panel else 500

    entry_by_entry(ehr, cut_off, silent=True)
    ehr.faults.append(lambda method, path: refusal(403, "not yours") if (method, path) == ("POST", "Provenance") else None)
    send(services)
    assert dangling(ehr)
    found = try_again(services)
    assert found.outcome == "partly_saved"
    assert dangling(ehr) == []
    [refused] = found.not_written
    assert (refused.what, refused.why.endswith("The server said: not yours")) == ("Who entered it (Provenance)", True)
    assert {line.read_back for line in found.written} == {"same"}


def test_references_that_may_not_be_changed_are_said_to_differ(ehr: Ehr, services: AppServices) -> None:
    ehr.metadata = statement(without=["Observation.update"])
    entry_by_entry(ehr, by_status(503, "QuestionnaireResponse"))
    send(services)
    found = stand(services)
    assert found.outcome == "saved"
    notes = {line.what: line.note for line in found.written}
    assert notes["Total"] == notes["Scores together"] == "The stored entry differs in: answers behind it."
    # Of Provenance an update was offered.
    assert notes["Who entered it (Provenance)"] is None


@pytest.mark.parametrize(
    "fault", [refusal(429, "later"), refusal(503, "no room"), refusal(412, "changed"), Broken("reset")], ids=["429", "503", "412", "reset"]
)
def test_references_that_could_not_be_put_right_for_the_moment_are_by_the_next_try(
    ehr: Ehr, services: AppServices, fault: Answer | Exception
) -> None:
    entry_by_entry(ehr, by_status(503, "QuestionnaireResponse"))
    ehr.faults.append(lambda method, path: fault if method == "PUT" else None)
    send(services)
    assert dangling(ehr)
    found = stand(services)
    assert (found.outcome, found.completable) == ("partly_saved", True)
    assert told(found).startswith(IN_THE_RECORD)
    assert open_states(services) == ["partly"]
    ehr.faults.clear()
    found = try_again(services)
    assert found.outcome == "saved"
    assert {line.read_back for line in found.written} == {"same"}
    assert one_of_each(ehr)
    assert dangling(ehr) == []


def test_redirect_of_a_write_is_not_known_and_then_found(ehr: Ehr, services: AppServices, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ehr._post

    def moved(path: str, request: Any) -> Answer:
        store(path, request)
        return 302, {"Location": "https://elsewhere.example/"}, ""

    monkeypatch.setattr(ehr, "_post", moved)
    send(services)
    assert open_states(services) == ["unknown"]
    assert stand(services).outcome == "saved"
    assert ehr.posts() == [""]
    assert one_of_each(ehr)


@pytest.mark.parametrize("status", [403, 404, 409, 412, 422])
def test_what_was_refused_can_be_tried_again_when_it_is_healed(ehr: Ehr, services: AppServices, status: int) -> None:
    ehr.faults.append(lambda method, path: refusal(status, "not today") if method == "POST" else None)
    send(services)
    found = stand(services)
    assert found.outcome == "refused"
    assert "not today" in str(found.reason)
    assert try_again(services).outcome == "refused"
    ehr.faults.clear()
    assert try_again(services).outcome == "saved"
    assert one_of_each(ehr)


def test_lost_answer_with_reads_down_too_is_not_known_at_the_next_launch(
    ehr: Ehr, services: AppServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ehr._post

    def stored_then_lost(path: str, request: Any) -> Answer:
        store(path, request)
        ehr.faults.append(lambda method, path: Broken("reset"))
        raise Broken("reset")

    monkeypatch.setattr(ehr, "_post", stored_then_lost)
    send(services)
    assert stand(services).outcome == "unknown"
    assert open_states(services) == ["unknown"]
    ehr.faults.clear()
    assert stand(services).outcome == "saved"
    assert ehr.posts() == [""]


def test_is_sent_with_no_more_than_the_launch_could_write_under_which_it_was_sealed(ehr: Ehr, services: AppServices) -> None:
    narrow = context(scope="patient/Patient.r patient/QuestionnaireResponse.crs")
    ehr.faults.append(lambda method, path: refusal(429, "later") if method == "POST" else None)
    send(services, narrow)
    assert stand(services).outcome == "kept"
    ehr.faults.clear()
    found = try_again(services)
    assert found.step == "answers only"
    assert [one["resourceType"] for one in ehr.resources.values()] == ["Patient", "QuestionnaireResponse"]


def _bundle(entries: list[dict[str, Any]]) -> Answer:
    return json_answer(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries})


# What servers say of a transaction that they stored as a whole.
SAY_LITTLE: dict[str, Callable[[list[dict[str, Any]]], Answer]] = {
    # https://github.com/FHIR/fhir-candle/pull/52
    "empty location": lambda given: _bundle([{"response": {"status": "201 Created", "location": "", "etag": ""}} for _ in given]),
    # https://github.com/hapifhir/hapi-fhir/pull/2051
    "204": lambda _: (204, {}, ""),
    # https://github.com/FirelyTeam/spark/issues/99
    "words for a status": lambda given: _bundle([{"response": {"status": "Created"}} for _ in given]),
    # https://github.com/fhirbase/fhirbase-plv8/issues/119
    "no response": lambda given: _bundle([{"resourceType": "Observation", "id": str(place)} for place, _ in enumerate(given)]),
    # https://github.com/hapifhir/hapi-fhir/issues/2656
    "its own page": lambda _: (200, {"Content-Type": "text/html"}, "<html>welcome</html>"),
    "one entry": lambda given: _bundle(given[:1]),
    "an outcome": lambda _: json_answer(200, {"resourceType": "OperationOutcome", "issue": []}),
}


@pytest.mark.parametrize("says", SAY_LITTLE.values(), ids=SAY_LITTLE)
def test_server_that_stored_it_all_and_says_little_is_asked_and_nothing_is_sent_twice(
    ehr: Ehr, services: AppServices, says: Callable[[list[dict[str, Any]]], Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = ehr._post

    def post(path: str, request: Any) -> Answer:
        return says(simplejson.loads(plain(path, request)[2])["entry"])

    monkeypatch.setattr(ehr, "_post", post)
    send(services)
    found = stand(services)
    assert found.outcome == "saved"
    assert {line.read_back for line in found.written} == {"same"}
    assert ehr.posts() == [""]
    assert one_of_each(ehr)


class TestOwnDatabase:
    """Rapport's own database fails while the server is sound."""

    def fails(self, services: AppServices, monkeypatch: pytest.MonkeyPatch, *, after: int) -> None:
        """Every write of the outbox fails but the first `after` ones."""
        written = iter(range(10_000))
        durable, begin = services.store.database.durable, services.store.database.begin

        def count(real: Any) -> Any:
            def door(*given: Any) -> Any:
                if next(written) >= after:
                    raise StoreError(Sentence("Rapport's own database cannot be used right now."), detail="OperationalError")
                return real(*given)

            return door

        monkeypatch.setattr(type(services.store.database), "durable", lambda _self: count(durable)())
        monkeypatch.setattr(type(services.store.database), "begin", lambda _self, *given: count(begin)(*given))

    @pytest.fixture
    def seals(self) -> int:
        """How often the database is used up to the seal."""
        return 2

    def test_before_the_seal_nothing_is_sent_and_the_form_can_be_sent_again(
        self, ehr: Ehr, services: AppServices, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as failing:
            self.fails(services, failing, after=0)
            with pytest.raises(NotSealed) as raised:
                send(services)
        assert "could not be taken" in raised.value.user_message
        assert ehr.posts() == []
        assert send(services) == KEY
        assert one_of_each(ehr)

    def test_between_seal_and_outcome_it_is_said_what_is_known_and_sending_again_doubles_nothing(
        self, ehr: Ehr, services: AppServices, clock: Clock, seals: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as failing:
            self.fails(services, failing, after=seals)
            with pytest.raises(OutcomeNotKept) as raised:
                send(services)
        assert raised.value.user_message.startswith("What was sent is in the record.")
        assert "Do not enter it again." in raised.value.user_message
        assert open_states(services) == ["unknown"]
        clock.now += timedelta(hours=1)
        assert stand(services).outcome == "saved"
        assert ehr.posts() == [""]
        assert send(services) == KEY
        assert one_of_each(ehr)
