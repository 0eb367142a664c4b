"""Delivery by itself: who may send what, once; what is looked up around it; how it is written down, and what is told where it is not."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Timer
from typing import Any

import pytest
import responses
import simplejson
import structlog
from msgspec.structs import replace
from requests.exceptions import ConnectionError as Broken
from sqlalchemy import event

from fhir_mappings.sentence import Sentence
from smart_app.care.record.record import AnyRecord, ChartRecord, Record
from smart_app.care.submission.delivery import (
    deliver,
    entry_of,
    kept_entries,
    left_behind,
    read_again,
    resolve,
    send_again,
    send_sealed,
    transmitter_of,
    undelivered,
)
from smart_app.care.submission.sealed_submission import SealedSubmission, WriteOutcome, from_payload, to_payload
from smart_app.errors import NotTriedAgain, OutcomeNotKept, SessionError
from smart_app.launch.context.launch_context import Author, LaunchId, User, UserContext
from smart_app.services import AppServices
from smart_app.store import OutboxEntry, OutboxState, author_of, open_store
from smart_app.store.seal import digest
from smart_app.telemetry import configure_logging
from tests.care.ehr import BASE, Answer, statement
from tests.care.submission.small_submission import KEY, ListeningEhr, became, nowhere, small, stored
from tests.care.support import ALL, LAUNCH, NOW, Clock, context, in_launch, patient, settings
from tests.support.fresh_database import fresh_memory

ANOTHER = LaunchId("another-launch")
AUTHOR = author_of(context())
COLLEAGUE = context(user=User(reference="Practitioner/omar", name="Omar Haddad", issuer="https://ehr.example", subject="omar"))
ROLES = ("response", "panel", "goal", "provenance")
PLACED = {role: stored(role) for role in ROLES}
# What is said where Rapport's own database fails after something was sent.
UNRECEIPTED = "Rapport's own database failed after it was sent, so there is no receipt yet. Do not enter it again."


@pytest.fixture
def ehr() -> Iterator[ListeningEhr]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake = ListeningEhr()
        fake.put(patient())
        fake.attach(mock)
        yield fake


@pytest.fixture
def offered() -> dict[str, Any]:
    """What the server says it can do."""
    return statement()


@pytest.fixture
def clinic(services: AppServices, clock: Clock, ehr: ListeningEhr, offered: dict[str, Any]) -> Iterator[AppServices]:
    """With the database in memory and the server's statement read."""
    ehr.metadata = offered
    services.capabilities.of(BASE, wait=60)
    ehr.log.clear()
    with fresh_memory():
        store = open_store("sqlite://", [b"k" * 32], clock=clock)
    yield replace(services, store=store)
    store.close()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging(stream=stream)
    yield stream
    structlog.reset_defaults()


def lines(logged: io.StringIO) -> list[dict[str, Any]]:
    return [simplejson.loads(line) for line in logged.getvalue().splitlines()]


def put(
    clinic: AppServices,
    sealed: SealedSubmission,
    state: OutboxState = "sealed",
    *,
    launch_id: LaunchId = LAUNCH,
    author: Author | None = AUTHOR,
) -> OutboxEntry:
    """As it stands in the outbox, before this request."""
    clinic.store.outbox.put(sealed.key, launch_id=launch_id, payload=to_payload(sealed), author=author)
    clinic.store.outbox.mark(sealed.key, state)
    return entry(clinic)


def entry(clinic: AppServices) -> OutboxEntry:
    found = clinic.store.outbox.get(KEY)
    assert found is not None
    return found


def now_sealed(clinic: AppServices) -> SealedSubmission:
    return from_payload(entry(clinic).payload)


def answers(ehr: ListeningEhr, answer: Callable[[str], Answer | Exception | None]) -> None:
    """Whatever is posted is answered so."""
    ehr.faults.append(lambda method, path: answer(path) if method == "POST" else None)


def of_staff(clinic: AppServices) -> AnyRecord:
    """Outside of any launch: a job, or a page that is about no patient."""
    user = UserContext(
        iss=f"{BASE}/", issuer_name="Northfield General", user=COLLEAGUE.user, scope=ALL, access_token="token", synthetic=False
    )
    return Record(context=user, services=clinic)


def break_audit(clinic: AppServices) -> None:
    with clinic.store.database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit")


class TestNew:
    def test_it_is_sealed_as_being_sent_by_its_author_before_the_first_byte_goes_out(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        seen: list[tuple[object, ...]] = []

        def look(_path: str) -> None:
            now = entry(clinic)
            mine = [one.key for one in clinic.store.outbox.of_patient(AUTHOR).own]
            seen.append((now.state, now.launch_id, now.author, now.payload["attempt"], mine))

        answers(ehr, look)
        assert deliver(in_launch(clinic), sealed=small())
        assert seen == [("sending", LAUNCH, AUTHOR, 0, [KEY])]

    def test_it_is_sent_and_written_down_with_its_place_and_its_attempt(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        assert deliver(in_launch(clinic), sealed=small(author=AUTHOR))
        now = now_sealed(clinic)
        assert (entry(clinic).state, entry(clinic).launch_id, entry(clinic).author) == ("stored", LAUNCH, AUTHOR)
        assert (now.stored, now.attempt, now.step) == (ehr.places(), 1, "transaction")

    def test_it_takes_two_transactions_and_one_line(self, ehr: ListeningEhr, clinic: AppServices, logged: io.StringIO) -> None:
        commits: list[object] = []
        event.listen(clinic.store.database.engine, "commit", commits.append)
        deliver(in_launch(clinic), sealed=small())
        assert len(commits) == 2
        assert [(line["event"], line["code"]) for line in lines(logged) if "delivery" in line["event"]] == [("delivery", "stored")]

    def test_what_is_recorded_of_it(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        deliver(in_launch(clinic), sealed=small(author=AUTHOR))
        (one,) = clinic.store.audit.entries()
        assert (one.event, one.launch, one.iss, one.user, one.patient) == ("submission", digest(LAUNCH), BASE, "Practitioner/sofia", "p1")
        assert dict(one.detail) == {"key": KEY, "state": "stored", "step": "transaction", "stored": ehr.places()}

    def test_whose_key_is_known_is_not_sent_a_second_time(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        before = put(clinic, small(), "refused")
        assert not deliver(in_launch(clinic), sealed=small(digest="d2"))
        assert (ehr.log, entry(clinic)) == ([], before)

    def test_it_goes_with_no_more_than_was_allowed_when_it_was_sealed(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        deliver(in_launch(clinic), sealed=small(scope="patient/QuestionnaireResponse.crs"))
        assert ehr.posts() == ["QuestionnaireResponse"]
        assert now_sealed(clinic).outcomes["goal"].became == "left_out"

    @pytest.mark.parametrize("offered", [statement(transaction=False)])
    def test_progress_is_sealed_before_the_next_part_goes(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        seen: list[tuple[object, ...]] = []

        def look(_path: str) -> None:
            now = entry(clinic)
            seen.append((now.state, now.launch_id, now.author, sorted(now_sealed(clinic).stored), now_sealed(clinic).loose))

        answers(ehr, look)
        deliver(in_launch(clinic), sealed=small(author=AUTHOR))
        same = ("sending", LAUNCH, AUTHOR)
        assert seen == [
            (*same, [], {}), (*same, ["response"], {}), (*same, ["goal", "response"], {}), (*same, ["goal", "panel", "response"], {}),
        ]  # fmt: skip

    def test_of_what_is_stored_it_is_kept_which_parts_it_names_that_are_not(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        ehr.statuses = {"goal": 422}
        deliver(in_launch(clinic), sealed=small())
        assert entry(clinic).state == "partly"
        assert now_sealed(clinic).loose == {"panel": ("goal",), "provenance": ("goal",)}


class TestOwnDatabase:
    @pytest.mark.parametrize(
        ("status", "statuses", "words"),
        [
            (None, {}, f"What was sent is in the record. {UNRECEIPTED}"),
            (None, {"goal": 422}, f"The answers are in the record, and not all that goes with them. {UNRECEIPTED}"),
            (422, {}, "The record did not take what was sent. It is sealed in Rapport, and nothing is lost."),
            (429, {}, "What was sent is not in the record yet. It is sealed in Rapport, and nothing is lost."),
            (500, {}, "It is not known whether the record has what was sent. It is sealed in Rapport, and nothing is lost."),
        ],
    )
    def test_where_its_end_cannot_be_written_down_what_is_known_is_said_and_none_of_it_is_kept(
        self, ehr: ListeningEhr, clinic: AppServices, status: int | None, statuses: dict[str, int], words: str
    ) -> None:
        ehr.statuses = statuses
        answers(ehr, lambda _path: nowhere(status) if status else None)
        break_audit(clinic)
        with pytest.raises(OutcomeNotKept) as failed:
            deliver(in_launch(clinic), sealed=small())
        assert failed.value.user_message.startswith(words)
        assert failed.value.detail == "OperationalError"
        assert (entry(clinic).state, now_sealed(clinic).outcomes) == ("unknown", {})

    @pytest.mark.parametrize("offered", [statement(transaction=False)])
    def test_progress_that_cannot_be_written_down_holds_up_nothing(
        self, ehr: ListeningEhr, clinic: AppServices, logged: io.StringIO
    ) -> None:

        def gone(path: str) -> None:
            if path == "QuestionnaireResponse":
                with clinic.store.database.begin() as connection:
                    connection.exec_driver_sql("DROP TABLE outbox")

        answers(ehr, gone)
        with pytest.raises(OutcomeNotKept):
            deliver(in_launch(clinic), sealed=small())
        assert set(ehr.places()) == set(ROLES)
        kept = [(line["what"], line["code"]) for line in lines(logged) if line["event"] == "not_kept"]
        assert kept == [("progress", "store_failed")] * 4


class TestOnceMore:
    def test_what_was_never_sent_is_sent_without_a_search(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        put(clinic, small())
        assert send_again(in_launch(clinic), key=KEY) == KEY
        assert (entry(clinic).state, now_sealed(clinic).attempt, now_sealed(clinic).stored) == ("stored", 1, ehr.places())
        assert [path for method, path in ehr.log if method == "GET"] == ["Patient/p1"]
        assert now_sealed(clinic).searched is None

    @pytest.mark.parametrize(
        ("state", "outcomes"),
        [
            ("unknown", dict.fromkeys(ROLES, became("unknown"))),
            ("refused", dict.fromkeys(ROLES, became("refused"))),
            ("sealed", dict.fromkeys(ROLES, became("waiting"))),
            ("unknown", {}),
        ],
    )
    def test_what_may_be_there_is_looked_for_first_and_found_once(
        self, ehr: ListeningEhr, clinic: AppServices, state: OutboxState, outcomes: dict[str, WriteOutcome]
    ) -> None:
        for role in ROLES:
            ehr.hold(role)
        put(clinic, small(outcomes, attempt=1), state)
        send_again(in_launch(clinic), key=KEY)
        now = now_sealed(clinic)
        assert (entry(clinic).state, now.attempt, now.searched, now.stored) == ("stored", 2, clinic.clock(), ehr.places())
        assert ehr.posts() == []

    def test_what_was_looked_for_and_is_not_there_is_sent(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        put(clinic, small(dict.fromkeys(ROLES, became("unknown"))), "unknown")
        send_again(in_launch(clinic), key=KEY)
        assert (entry(clinic).state, now_sealed(clinic).stored, len(ehr.places())) == ("stored", ehr.places(), 4)

    @pytest.mark.parametrize("offered", [statement(conditional=False)])
    def test_what_its_process_left_half_done_is_not_sent_twice_where_nothing_can_be_told_apart(
        self, ehr: ListeningEhr, clinic: AppServices
    ) -> None:
        answers(ehr, lambda _path: nowhere(500))
        ehr.faults.append(lambda method, path: nowhere(500) if method == "GET" and path not in {"Patient/p1", "metadata"} else None)
        put(clinic, small({"panel": became("refused", "No.")}), "unknown")
        send_again(in_launch(clinic), key=KEY)
        cut_off = WriteOutcome(why=Sentence("Rapport was interrupted while it was sent."), became="unknown")
        assert now_sealed(clinic).outcomes == dict.fromkeys(("response", "goal", "provenance"), cut_off) | {
            "panel": became("refused", "No.")
        }
        assert (ehr.posts(), entry(clinic).state) == ([], "unknown")

    def test_what_another_is_sending_is_left_to_them(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        seen = put(clinic, small())
        assert clinic.store.outbox.claim(KEY)
        send_sealed(in_launch(clinic), seen)
        assert (ehr.posts(), entry(clinic).state, now_sealed(clinic).attempt) == ([], "sending", 0)

    @pytest.mark.parametrize("offered", [statement(transaction=False)])
    def test_its_progress_is_the_launchs_it_is_sent_from_and_what_is_there_is_taken_over(
        self, ehr: ListeningEhr, clinic: AppServices
    ) -> None:
        seen: list[LaunchId] = []

        def there_already(path: str) -> Answer | None:
            seen.append(entry(clinic).launch_id)
            return nowhere(412) if path == "QuestionnaireResponse" else None

        ehr.hold("response")
        answers(ehr, there_already)
        put(clinic, small())
        send_again(in_launch(clinic, launch_id=ANOTHER), key=KEY)
        assert (entry(clinic).state, now_sealed(clinic).stored["response"]) == ("stored", "QuestionnaireResponse/7")
        assert seen == [LAUNCH, ANOTHER, ANOTHER, ANOTHER]

    def test_it_is_the_next_launchs_of_its_author_then(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        put(clinic, small())
        send_again(in_launch(clinic, launch_id=ANOTHER), key=KEY)
        assert (entry(clinic).launch_id, entry(clinic).author) == (ANOTHER, AUTHOR)
        (one,) = clinic.store.audit.entries()
        assert one.launch == digest(ANOTHER)

    @pytest.mark.parametrize("changed", [{"iss": "https://other.example/fhir"}, {"patient": "p2"}])
    def test_it_goes_to_no_other_server_and_no_other_patient(self, ehr: ListeningEhr, clinic: AppServices, changed: dict[str, Any]) -> None:
        seen = put(clinic, small())
        with pytest.raises(NotTriedAgain) as stopped:
            send_sealed(in_launch(clinic, context(**changed)), seen)
        said = "These answers belong to another record than the one opened here, so it was not tried again."
        assert (stopped.value.user_message, ehr.posts(), entry(clinic)) == (said, [], seen)

    def test_somebody_who_has_died_is_sent_nothing(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        ehr.put({**patient(), "deceasedBoolean": True})
        seen = put(clinic, small())
        with pytest.raises(NotTriedAgain):
            send_again(in_launch(clinic), key=KEY)
        assert (ehr.posts(), entry(clinic)) == ([], seen)


class TestForAColleague:
    def _agents(self, ehr: ListeningEhr) -> list[str]:
        (provenance,) = ehr.of_type("Provenance")
        return [agent["who"]["reference"] for agent in provenance["agent"]]

    @pytest.mark.parametrize("outside", [False, True])
    def test_they_are_named_as_who_sent_it_and_it_stays_its_authors(self, ehr: ListeningEhr, clinic: AppServices, outside: bool) -> None:
        seen = put(clinic, small(author=AUTHOR))
        send_sealed(of_staff(clinic) if outside else in_launch(clinic, COLLEAGUE, launch_id=ANOTHER), seen)
        assert self._agents(ehr) == ["Practitioner/sofia", "Practitioner/omar"]
        now = entry(clinic)
        assert (now.state, now.launch_id, now.author, now_sealed(clinic).transmitter) == ("stored", LAUNCH, AUTHOR, "Practitioner/omar")
        (one,) = clinic.store.audit.entries()
        assert (one.user, one.launch, one.patient) == ("Practitioner/omar", None if outside else digest(ANOTHER), "p1")
        assert one.detail["author"] == "Practitioner/sofia"

    def test_sent_by_its_author_then_nobody_else_is_named(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        seen = put(clinic, small(author=AUTHOR).sent_by("Practitioner/omar"))
        send_sealed(in_launch(clinic), seen)
        assert (self._agents(ehr), now_sealed(clinic).transmitter) == (["Practitioner/sofia"], None)
        (one,) = clinic.store.audit.entries()
        assert "author" not in one.detail

    def test_what_is_there_already_names_nobody_who_did_not_send_it(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        for role in ROLES:
            ehr.hold(role)
        seen = put(clinic, small(dict.fromkeys(ROLES, became("unknown")), author=AUTHOR), "unknown")
        send_sealed(in_launch(clinic, COLLEAGUE), seen)
        assert (entry(clinic).state, now_sealed(clinic).transmitter) == ("stored", None)

    def test_a_job_of_nobody_known_sends_it_for_the_launch_it_is_of(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        seen = put(clinic, small(), author=None)
        send_sealed(of_staff(clinic), seen)
        assert (entry(clinic).launch_id, entry(clinic).state, now_sealed(clinic).transmitter) == (LAUNCH, "stored", None)

    def test_who_is_sealed_within_it_is_its_author_from_then_on(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        send_sealed(of_staff(clinic), put(clinic, small(author=AUTHOR), author=None))
        assert entry(clinic).author == AUTHOR

    @pytest.mark.parametrize(
        ("changed", "by"),
        [
            ({}, None),
            ({"reference": "Practitioner/renamed"}, None),
            ({"name": None}, None),
            ({"subject": "omar"}, "Practitioner/sofia"),
            ({"issuer": "https://other.example"}, "Practitioner/sofia"),
            ({"issuer": "", "subject": ""}, None),
            ({"issuer": "", "subject": "", "reference": "Practitioner/omar"}, "Practitioner/omar"),
        ],
    )
    def test_a_user_is_told_by_the_sign_in_and_on_an_open_server_by_the_reference(
        self, clinic: AppServices, changed: dict[str, Any], by: str | None
    ) -> None:
        seen = put(clinic, small())
        user = replace(context().user, **changed)
        assert transmitter_of(in_launch(clinic, context(user=user)), seen) == by
        assert transmitter_of(in_launch(clinic, context(user=user)), replace(seen, author=None)) is None


class TestLookedUp:
    def test_what_is_there_is_stored_and_nothing_is_sent(self, ehr: ListeningEhr, clinic: AppServices, logged: io.StringIO) -> None:
        for role in ROLES:
            ehr.hold(role)
        put(clinic, small(dict.fromkeys(ROLES, became("unknown")), attempt=1, author=AUTHOR, reason="Lost."), "unknown")
        found = resolve(in_launch(clinic, launch_id=ANOTHER), key=KEY)
        now = now_sealed(clinic)
        assert found == entry(clinic)
        assert (found.state, found.launch_id, now.stored, now.attempt, now.reason) == ("stored", ANOTHER, ehr.places(), 1, None)
        assert (now.searched, ehr.posts()) == (NOW, [])
        assert [line["event"] for line in lines(logged) if "delivery" in line["event"]] == ["delivery_looked_up"]

    def test_answers_that_are_not_there_may_come_still(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        ehr.hold("goal")
        lost = dict.fromkeys(ROLES, became("unknown", "Lost."))
        put(clinic, small(lost), "unknown")
        assert resolve(in_launch(clinic), key=KEY).state == "unknown"
        now = now_sealed(clinic)
        assert (now.stored, now.outcomes["response"]) == ({"goal": "Observation/8"}, became("unknown", "Lost."))
        assert now.reason == "The server was searched for it and does not list it."

    def test_a_server_that_cannot_be_searched_leaves_it_unknown_and_why(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        ehr.faults.append(
            lambda method, path: nowhere(500) if "?" not in path and path in {"QuestionnaireResponse", "Observation"} else None
        )
        put(clinic, small(dict.fromkeys(ROLES, became("unknown", "Lost."))), "unknown")
        assert resolve(in_launch(clinic), key=KEY).state == "unknown"
        assert now_sealed(clinic).reason == "The server could not be searched for it completely."

    def test_where_it_stopped_at_a_lost_answer_what_comes_after_was_not_sent(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        ehr.faults.append(lambda method, path: nowhere(500) if path in {"QuestionnaireResponse", "Observation"} else None)
        put(clinic, small({"response": became("unknown", "Lost.")}), "unknown")
        assert resolve(in_launch(clinic), key=KEY).state == "unknown"
        assert now_sealed(clinic).outcomes == {"response": became("unknown", "Lost.")}

    def test_of_what_is_stored_in_part_the_rest_that_may_be_there_is_looked_for(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        for role in ("response", "panel", "provenance"):
            ehr.hold(role)
        known = {role: stored(role) for role in ("response", "panel", "provenance")}
        put(clinic, small({**known, "goal": became("unknown")}), "partly")
        assert resolve(in_launch(clinic), key=KEY).state == "partly"
        assert now_sealed(clinic).outcomes["goal"].became == "waiting"

    @pytest.mark.parametrize(
        ("state", "word"),
        [("partly", "refused"), ("partly", "waiting"), ("refused", "failed"), ("sealed", "waiting"), ("accepted", "unknown")],
    )
    def test_nothing_is_asked_where_a_search_can_tell_no_more(
        self, ehr: ListeningEhr, clinic: AppServices, state: OutboxState, word: str
    ) -> None:
        seen = put(clinic, small({**PLACED, "goal": became(word)}), state)
        assert resolve(in_launch(clinic), key=KEY) == seen
        assert ehr.log == []


class TestLeftBehind:
    def test_what_cannot_be_read_is_told_by_when_it_was_sent_and_hides_nothing_else(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        clinic.store.outbox.put("other", launch_id=LAUNCH, payload={"key": "other"}, author=AUTHOR)
        sealed = small({"response": became("refused")})
        put(clinic, sealed, "refused")
        left = left_behind(kept_entries(in_launch(clinic, launch_id=ANOTHER)))
        assert [(one.sealed, one.state, one.due) for one in left.items] == [(sealed, "refused", False)]
        assert left.unread == (NOW,)
        assert clinic.store.outbox.ask_again(KEY)
        assert [(one.sealed.key, one.due) for one in undelivered(in_launch(clinic))] == [(KEY, True)]
        assert undelivered(in_launch(clinic, COLLEAGUE)) == ()

    @pytest.mark.parametrize(
        ("state", "found", "then"),
        [
            ("stored", True, "stored"),
            ("stored", False, "accepted"),
            ("stored", None, "stored"),
            ("accepted", True, "stored"),
            ("accepted", False, "accepted"),
            ("accepted", None, "accepted"),
            ("partly", False, "accepted"),
            ("unknown", False, "unknown"),
            ("refused", True, "refused"),
        ],
    )
    def test_what_was_taken_is_called_stored_only_while_it_is_shown(
        self, clinic: AppServices, logged: io.StringIO, state: OutboxState, found: bool | None, then: OutboxState
    ) -> None:
        seen = put(clinic, small(PLACED, author=AUTHOR), state)
        assert read_again(in_launch(clinic, launch_id=ANOTHER), seen, found=found) == then
        assert (entry(clinic).state, entry(clinic).launch_id, entry(clinic).author) == (then, LAUNCH, AUTHOR)
        events = [line["event"] for line in lines(logged) if "delivery" in line["event"]]
        assert (events, len(clinic.store.audit.entries())) == ((["delivery_looked_up"], 1) if state != then else ([], 0))

    def test_what_is_found_again_in_part_is_partly_stored(self, ehr: ListeningEhr, clinic: AppServices) -> None:
        seen = put(clinic, small({**PLACED, "goal": became("refused")}), "accepted")
        assert read_again(in_launch(clinic), seen, found=True) == "partly"


class TestWhose:
    GONE = "This launch has no such submission. Open Rapport from the chart again."

    def refused(self, record: ChartRecord, author: Author | None = None, key: str = KEY) -> str:
        with pytest.raises(SessionError) as wrong:
            entry_of(record, key=key, author=author)
        return wrong.value.user_message

    def test_a_launch_has_its_own_and_its_user_what_they_left(self, clinic: AppServices) -> None:
        seen = put(clinic, small(), "refused")
        assert entry_of(in_launch(clinic), key=KEY) == seen
        later = in_launch(clinic, launch_id=ANOTHER)
        assert entry_of(later, key=KEY, author=AUTHOR) == seen
        assert self.refused(later) == self.GONE
        assert self.refused(later, author_of(COLLEAGUE)) == self.GONE
        assert self.refused(in_launch(clinic), AUTHOR, "other") == self.GONE

    def test_what_another_request_is_sending_is_waited_for(self, clinic: AppServices) -> None:
        put(clinic, small(), "sending")
        ends = Timer(0.15, clinic.store.outbox.mark, (KEY, "stored"))
        ends.start()
        assert entry_of(self._waiting(clinic, 20), key=KEY).state == "stored"
        ends.join()

    def test_it_is_not_waited_for_without_end(self, clinic: AppServices) -> None:
        put(clinic, small(), "sending")
        assert entry_of(self._waiting(clinic, 0.05), key=KEY).state == "sending"

    @pytest.mark.parametrize(("since", "state"), [(0.5, "sending"), (0.7, "unknown")])
    def test_one_whose_process_must_be_gone_is_not_known(self, clinic: AppServices, clock: Clock, since: float, state: str) -> None:
        put(clinic, small(), "sending")
        clock.now += timedelta(seconds=since)
        assert entry_of(self._waiting(clinic, 0.05), key=KEY).state == state

    def _waiting(self, clinic: AppServices, timeout: float) -> ChartRecord:
        """A launch that waits for a read so long, and for another request in proportion."""
        return in_launch(replace(clinic, settings=settings(read_timeout=timeout)))


def test_a_lost_connection_is_told_as_it_is(ehr: ListeningEhr, clinic: AppServices) -> None:
    answers(ehr, lambda _path: Broken("reset"))
    deliver(in_launch(clinic), sealed=small())
    assert (entry(clinic).state, {one.became for one in now_sealed(clinic).outcomes.values()}) == ("unknown", {"unknown"})
