"""The write ladder by itself: which way is tried, what is sent by it, when it stops, and what is told of each part."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
import simplejson
from requests.exceptions import ConnectionError as Broken

from fhir_mappings.sentence import Sentence, shipped_text
from smart_app.care.record.access import Permissions
from smart_app.care.submission.outcome_search import Found, OutcomeSearch
from smart_app.care.submission.sealed_submission import SealedSubmission, WriteOutcome
from smart_app.care.submission.write_ladder import RUNGS, Sender, climb, complete, highest, step_words, why_not_write, with_found
from smart_app.fhir.capability import Capabilities, parse_capabilities, unstated
from smart_app.fhir.client import FhirClient
from smart_app.http import new_session
from tests.care.ehr import BASE, Answer, statement
from tests.care.submission.small_submission import KEY, ListeningEhr, became, bundle, condition, nowhere, small, stored, urn
from tests.care.support import ALL

Way = Callable[..., Sender]
ONE_BY_ONE = ["QuestionnaireResponse", "Observation", "Observation", "Provenance"]
NO_SCOPE = "This sign-in does not include permission to create {}."
ANSWERS_ONLY = "patient/Patient.r patient/QuestionnaireResponse.crs patient/Provenance.crs"
NO_PROVENANCE = "patient/QuestionnaireResponse.crus patient/Observation.crus"


@pytest.fixture
def ehr() -> Iterator[ListeningEhr]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake = ListeningEhr()
        fake.attach(mock)
        yield fake


@pytest.fixture
def kept() -> list[SealedSubmission]:
    """The progress that was sealed before the next part went."""
    return []


@pytest.fixture
def way(ehr: ListeningEhr, kept: list[SealedSubmission]) -> Iterator[Way]:
    """What a rung works with, for that server and these scopes."""
    with new_session(pool=2) as http, ThreadPoolExecutor(2) as pool:

        def made(scope: str = ALL) -> Sender:
            client = FhirClient(base=BASE, http=http, token="token", timeout=5, page_limit=3)
            capabilities = parse_capabilities(ehr.metadata)
            search = OutcomeSearch(
                client=client, capabilities=capabilities, pool=pool, seconds=30, settled=datetime.max.replace(tzinfo=UTC)
            )
            return Sender(
                client=client, permissions=Permissions(scope=scope, capabilities=capabilities), find=search.find, keep=kept.append
            )

        yield made


def allowed(scope: str = ALL, capabilities: Capabilities | None = None, **offered: Any) -> Permissions:
    return Permissions(scope=scope, capabilities=capabilities or parse_capabilities(statement(**offered)))


def refuses(ehr: ListeningEhr, path: str, *statuses: int | None, method: str = "POST") -> None:
    """The next requests there are answered so, in turn, None as usual; then as usual."""
    given = iter(statuses)

    def fault(asked: str, at: str) -> Answer | None:
        status = next(given, None) if (asked, at) == (method, path) else None
        return nowhere(status) if status else None

    ehr.faults.append(fault)


def always(ehr: ListeningEhr, status: int, path: str | None = None, *, method: str = "POST") -> None:
    ehr.faults.append(lambda asked, at: nowhere(status) if asked == method and path in {None, at} else None)


def how(sealed: SealedSubmission) -> dict[str, str | None]:
    """What became of each part that is not stored."""
    return {role: outcome.became for role, outcome in sealed.outcomes.items() if outcome.reference is None}


def references(ehr: ListeningEhr, role: str) -> str:
    return simplejson.dumps(ehr.resources[ehr.places()[role]], use_decimal=True)


class TestWhichWay:
    @pytest.mark.parametrize(
        ("permissions", "first"),
        [
            (allowed(), "transaction"),
            (allowed(capabilities=unstated(Sentence("Nobody could read it."))), "transaction"),
            (allowed(NO_PROVENANCE), "transaction"),
            (allowed(transaction=False), "separate"),
            (allowed(ANSWERS_ONLY), "response"),
            (allowed(without=["Observation.create"]), "response"),
            (allowed("patient/Observation.crs"), None),
            (allowed(without=["QuestionnaireResponse.create"]), None),
        ],
    )
    def test_the_fullest_way_that_scopes_and_server_allow_is_the_first(self, permissions: Permissions, first: str | None) -> None:
        found = highest(permissions)
        assert (found.key if found else None) == first

    def test_why_each_way_is_closed_is_said(self) -> None:
        transaction, separate, response = RUNGS
        assert transaction.why_not(allowed(transaction=False)) == "The server does not offer transactions."
        for rung in (transaction, separate):
            assert rung.why_not(allowed("patient/Observation.crs")) == NO_SCOPE.format("QuestionnaireResponse")
            assert rung.why_not(allowed(ANSWERS_ONLY)) == NO_SCOPE.format("Observation")
        assert response.why_not(allowed("patient/Patient.r")) == NO_SCOPE.format("QuestionnaireResponse")
        # Where scores can go too, the way above has tried the answers.
        assert response.why_not(allowed()) == "The answers were not accepted."

    def test_whether_anything_can_be_stored_is_whether_the_answers_can(self) -> None:
        assert why_not_write(allowed()) is None
        assert why_not_write(allowed(ANSWERS_ONLY)) is None
        assert why_not_write(allowed("patient/Patient.r patient/Observation.crs")) == NO_SCOPE.format("QuestionnaireResponse")

    def test_each_way_has_its_words_and_what_went_by_none_is_kept(self) -> None:
        words = [step_words(key) for key in ("transaction", "separate", "response", None, "by post")]
        assert words == ["one transaction", "separate steps, in order", "answers only", "kept in Rapport", "kept in Rapport"]


class TestOneTransaction:
    def test_it_stores_all_and_is_sent_to_the_byte_as_it_was_sealed(self, ehr: ListeningEhr, way: Way) -> None:
        sealed = small(step="separate", notes=("Not as before: no.",), reason="No.")
        done = climb(sealed, way())
        assert (done.step, done.notes, done.reason) == ("transaction", (), None)
        assert done.stored == ehr.places()
        assert len(done.stored) == 4
        assert {outcome.version for outcome in done.outcomes.values()} == {"1"}
        assert ehr.log == [("POST", "")]
        assert ehr.asked[-1].body == sealed.content.encode()

    def test_it_goes_without_what_may_not_be_created(self, ehr: ListeningEhr, way: Way) -> None:
        done = climb(small(), way(NO_PROVENANCE))
        assert ehr.bodies() == [{**bundle(), "entry": bundle()["entry"][:3]}]
        assert done.outcomes["provenance"] == WriteOutcome(why=shipped_text(NO_SCOPE.format("Provenance")), became="left_out")
        assert (done.step, set(done.stored)) == ("transaction", {"response", "panel", "goal"})

    def test_it_sets_no_condition_where_the_server_says_that_it_knows_none(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.metadata = statement(conditional=False)
        climb(small(), way())
        (sent,) = ehr.bodies()
        assert [entry["request"] for entry in sent["entry"]] == [{"method": "POST", "url": kind} for kind in _KINDS_IN_ORDER]
        assert [entry["fullUrl"] for entry in sent["entry"]] == [urn(role) for role in ("response", "panel", "goal", "provenance")]

    @pytest.mark.parametrize(("status", "word"), [(429, "waiting"), (401, "expired"), (500, "unknown"), (302, "unknown")])
    def test_where_asking_on_could_double_it_or_only_waits_nothing_else_is_tried(
        self, ehr: ListeningEhr, way: Way, status: int, word: str
    ) -> None:
        always(ehr, status)
        done = climb(small(), way())
        assert ehr.posts() == [""]
        assert how(done) == dict.fromkeys(("response", "panel", "goal", "provenance"), word)
        assert (done.step, done.notes) == ("transaction", ())
        assert done.reason == done.outcomes["goal"].why
        assert {outcome.status for outcome in done.outcomes.values()} == {status}

    @pytest.mark.parametrize("status", [400, 403, 404, 422, 501])
    def test_refused_as_a_whole_the_parts_go_one_by_one_and_why_is_noted(self, ehr: ListeningEhr, way: Way, status: int) -> None:
        always(ehr, status, "")
        done = climb(small(), way())
        assert ehr.posts() == ["", *ONE_BY_ONE]
        assert (done.step, done.reason, done.stored) == ("separate", None, ehr.places())
        (note,) = done.notes
        assert note.startswith("Not as one transaction: The")
        assert note.endswith("The server said: no")

    def test_refused_in_every_way_it_is_kept_with_each_reason_once(self, ehr: ListeningEhr, way: Way) -> None:
        always(ehr, 422)
        done = climb(small(), way())
        assert ehr.posts() == ["", "QuestionnaireResponse"]
        assert (done.step, done.notes, done.stored) == (None, (), {})
        assert done.reason == f"{done.outcomes['response'].why}."

    def test_not_offered_the_next_way_says_so(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.metadata = statement(transaction=False)
        done = climb(small(), way())
        assert (ehr.posts(), done.notes) == (ONE_BY_ONE, ("Not as one transaction: The server does not offer transactions.",))

    def test_where_scores_cannot_go_the_answers_go_alone_with_every_reason(self, ehr: ListeningEhr, way: Way) -> None:
        done = climb(small(), way(ANSWERS_ONLY))
        no_scores = NO_SCOPE.format("Observation")
        assert (done.step, ehr.posts()) == ("response", ["QuestionnaireResponse", "Provenance"])
        assert done.notes == (f"Not as one transaction: {no_scores}", f"Not as separate steps, in order: {no_scores}")
        assert done.outcomes["goal"] == done.outcomes["panel"] == WriteOutcome(why=shipped_text(no_scores), became="left_out")

    def test_where_nothing_may_be_written_nothing_is_asked(self, ehr: ListeningEhr, way: Way) -> None:
        done = climb(small(step="transaction"), way("patient/Patient.r"))
        assert (ehr.log, done.step, done.reason) == ([], None, NO_SCOPE.format("QuestionnaireResponse"))

    def test_what_was_stored_earlier_keeps_the_way_it_went(self, ehr: ListeningEhr, way: Way) -> None:
        earlier = small({"response": stored("response"), "goal": became("refused")}, step="transaction", notes=("Before.",))
        done = climb(earlier, way("patient/Patient.r"))
        assert (done.step, done.notes, done.outcomes) == ("transaction", (), earlier.outcomes)

    def test_what_may_be_there_is_not_sent_to_a_server_that_does_not_say_it_tells_equal_ones(self, ehr: ListeningEhr, way: Way) -> None:
        for word in ("unknown", "failed"):
            unsure = small({"response": became(word)}, step="transaction", notes=("Before.",), reason="So it was.")
            for conditional in (False, None):
                ehr.metadata = statement(conditional=conditional)  # type: ignore[arg-type]  # None: not stated
                assert climb(unsure, way()) == unsure
        assert ehr.log == []

    def test_what_may_be_there_goes_by_itself_to_one_that_does(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.hold("response")
        done = climb(small({"response": became("unknown")}), way())
        assert "" not in ehr.posts()
        assert (done.step, done.stored["response"], len(ehr.of_type("QuestionnaireResponse"))) == (
            "separate",
            "QuestionnaireResponse/7",
            1,
        )

    def test_what_is_begun_is_not_sent_as_a_whole_again(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.hold("response")
        done = climb(small({"response": stored("response")}), way())
        assert ehr.posts() == ["Observation", "Observation", "Provenance"]
        assert (done.step, done.notes, done.stored) == ("separate", (), ehr.places())


_KINDS_IN_ORDER = ["QuestionnaireResponse", "Observation", "Observation", "Provenance"]


class TestAnotherRequestAtTheSame:
    def _stored_meanwhile(self, ehr: ListeningEhr, *roles: str) -> None:
        """The other request's parts are there once ours is refused for it."""
        refuses(ehr, "", 409)
        for role in roles:
            ehr.hold(role)

    def test_what_it_stored_is_taken_over(self, ehr: ListeningEhr, way: Way) -> None:
        self._stored_meanwhile(ehr, "response", "panel", "goal", "provenance")
        done = climb(small(), way())
        assert (ehr.posts(), done.step, done.reason) == ([""], "transaction", None)
        assert set(done.stored) == {"response", "panel", "goal", "provenance"}

    def test_what_it_has_not_stored_yet_is_not_known(self, ehr: ListeningEhr, way: Way) -> None:
        self._stored_meanwhile(ehr, "response")
        done = climb(small(), way(NO_PROVENANCE))
        assert (ehr.posts(), set(done.stored)) == ([""], {"response"})
        under_way = WriteOutcome(why=Sentence("Another request was storing the same at that moment."), became="unknown")
        assert (done.outcomes["goal"], done.outcomes["panel"]) == (under_way, under_way)
        assert how(done)["provenance"] == "left_out"

    def test_where_it_stored_nothing_ours_is_sent_once_more(self, ehr: ListeningEhr, way: Way) -> None:
        refuses(ehr, "", 409)
        done = climb(small(), way())
        assert (ehr.posts(), done.step, done.stored) == (["", ""], "transaction", ehr.places())

    def test_what_the_second_try_stored_in_part_is_completed(self, ehr: ListeningEhr, way: Way) -> None:
        refuses(ehr, "", 409)
        ehr.statuses = {"goal": 503}
        done = climb(small(), way())
        assert (ehr.posts(), done.stored, len(done.stored)) == (["", "", "Observation"], ehr.places(), 4)

    def test_the_second_answer_stands(self, ehr: ListeningEhr, way: Way) -> None:
        refuses(ehr, "", 409, 500)
        done = climb(small(), way())
        assert (ehr.posts(), set(how(done).values())) == (["", ""], {"unknown"})
        assert done.reason == done.outcomes["response"].why

    def test_a_second_conflict_is_a_refusal(self, ehr: ListeningEhr, way: Way) -> None:
        refuses(ehr, "", 409, 409)
        done = climb(small(), way())
        assert (ehr.posts(), done.step) == (["", "", *ONE_BY_ONE], "separate")


class TestEntryByEntry:
    def test_of_which_nothing_was_stored_the_answers_say_why(self, ehr: ListeningEhr, way: Way, kept: list[SealedSubmission]) -> None:
        ehr.statuses = dict.fromkeys(("panel", "goal", "provenance"), 422) | {"response": 503}
        done = climb(small(), way())
        assert (ehr.posts(), kept) == ([""], [])
        assert how(done) == {"response": "failed", "panel": "refused", "goal": "refused", "provenance": "refused"}
        assert done.reason == done.outcomes["response"].why

    def test_what_was_refused_is_not_asked_for_again_at_once(self, ehr: ListeningEhr, way: Way, kept: list[SealedSubmission]) -> None:
        ehr.statuses = {"goal": 422}
        done = climb(small(), way())
        assert (ehr.log, kept, done.step, done.reason) == ([("POST", "")], [], "transaction", None)
        assert how(done) == {"goal": "refused"}

    @pytest.mark.parametrize("status", [429, 503])
    def test_what_failed_for_the_moment_is_sent_by_itself_and_the_rest_put_right(
        self, ehr: ListeningEhr, way: Way, kept: list[SealedSubmission], status: int
    ) -> None:
        ehr.statuses = {"goal": status}
        done = climb(small(), way())
        assert ehr.posts() == ["", "Observation"]
        assert (done.step, done.stored, len(done.stored)) == ("transaction", ehr.places(), 4)
        assert [set(one.stored) for one in kept] == [
            {"response", "panel", "provenance"},
            {"response", "panel", "goal", "provenance"},
        ]
        assert how(kept[0]) == {"goal": "waiting" if status == 429 else "failed"}
        assert ehr.places()["goal"] in references(ehr, "panel")
        assert ehr.places()["goal"] in references(ehr, "provenance")
        assert not any("urn:uuid" in references(ehr, role) for role in done.stored)

    def test_what_failed_and_is_there_all_the_same_is_found_and_not_sent(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.hold("goal")
        ehr.statuses = {"goal": 503}
        done = climb(small(), way())
        assert (ehr.posts(), done.stored["goal"]) == ([""], "Observation/8")


class TestOneByOne:
    def test_each_goes_after_those_it_refers_to_with_their_places(self, ehr: ListeningEhr, way: Way, kept: list[SealedSubmission]) -> None:
        done = complete(small(), way())
        places = ehr.places()
        assert (done.stored, ehr.log) == (places, [("POST", kind) for kind in ONE_BY_ONE])
        goal, panel = ehr.bodies()[1:3]
        assert goal["derivedFrom"] == panel["derivedFrom"] == [{"reference": places["response"]}]
        assert panel["hasMember"] == [{"reference": places["goal"]}]
        assert [list(one.stored) for one in kept] == [
            ["response"], ["response", "goal"], ["response", "goal", "panel"], ["response", "goal", "panel", "provenance"],
        ]  # fmt: skip

    def test_each_names_what_tells_an_equal_one_but_provenance_has_nothing(self, ehr: ListeningEhr, way: Way) -> None:
        complete(small(), way())
        conditions = [one.headers.get("If-None-Exist") for one in ehr.asked]
        assert conditions == [condition("response"), condition("goal"), condition("panel"), None]

    def test_no_condition_is_set_where_the_server_knows_none(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.metadata = statement(conditional=False)
        complete(small(), way())
        assert {one.headers.get("If-None-Exist") for one in ehr.asked} == {None}

    @pytest.mark.parametrize("status", [401, 403, 422, 429, 500])
    def test_without_the_answers_nothing_else_goes(self, ehr: ListeningEhr, way: Way, kept: list[SealedSubmission], status: int) -> None:
        always(ehr, status, "QuestionnaireResponse")
        done = complete(small(), way())
        assert (ehr.posts(), list(done.outcomes), kept) == (["QuestionnaireResponse"], ["response"], [])
        assert (done.reason, done.outcomes["response"].status) == (done.outcomes["response"].why, status)

    @pytest.mark.parametrize(("status", "word"), [(401, "expired"), (429, "waiting"), (500, "unknown")])
    def test_it_stops_where_asking_on_would_only_wait(self, ehr: ListeningEhr, way: Way, status: int, word: str) -> None:
        refuses(ehr, "Observation", status)
        done = complete(small(), way())
        assert ehr.posts() == ["QuestionnaireResponse", "Observation"]
        assert (how(done), done.reason) == ({"goal": word}, done.outcomes["goal"].why)

    def test_it_goes_on_past_what_the_server_refused_and_names_it_nowhere(
        self, ehr: ListeningEhr, way: Way, kept: list[SealedSubmission]
    ) -> None:
        refuses(ehr, "Observation", 422)
        done = complete(small(), way())
        assert (ehr.posts(), how(done), done.reason) == (ONE_BY_ONE, {"goal": "refused"}, None)
        assert "hasMember" not in ehr.bodies()[2]
        assert len(kept) == 4

    def test_a_lost_answer_is_not_known(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.faults.append(lambda method, path: Broken("reset") if path == "Observation" else None)
        assert how(complete(small(), way())) == {"goal": "unknown"}

    def test_what_may_be_there_is_passed_over_where_equal_ones_are_not_told(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.metadata = statement(conditional=False)
        unsure = became("unknown")
        done = complete(small({"goal": unsure}), way())
        assert ehr.posts() == ["QuestionnaireResponse", "Observation", "Provenance"]
        assert (done.outcomes["goal"], "panel" in done.stored) == (unsure, True)

    def test_answers_that_may_be_there_hold_up_the_rest(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.metadata = statement(conditional=False)
        unsure = small({"response": became("unknown")})
        assert complete(unsure, way()) == unsure
        assert ehr.log == []

    @pytest.mark.parametrize(("there", "posts"), [(False, ["Provenance"]), (True, [])])
    def test_provenance_that_may_be_there_is_looked_for_by_the_place_of_the_answers(
        self, ehr: ListeningEhr, way: Way, there: bool, posts: list[str]
    ) -> None:
        for role in ("response", "goal", "panel", *(["provenance"] if there else [])):
            ehr.hold(role)
        done = complete(self._without_provenance(), way())
        assert (ehr.posts(), how(done)) == (posts, {})

    def test_provenance_that_cannot_be_looked_for_is_not_sent(self, ehr: ListeningEhr, way: Way) -> None:
        always(ehr, 403, "Provenance", method="GET")
        done = complete(self._without_provenance(), way())
        assert (ehr.posts(), how(done)) == ([], {"provenance": "unknown"})

    def _without_provenance(self) -> SealedSubmission:
        return small({role: stored(role) for role in ("response", "goal", "panel")} | {"provenance": became("unknown")})

    def test_what_a_conflict_says_is_there_is_found_by_search(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.hold("response")
        refuses(ehr, "QuestionnaireResponse", 412)
        done = complete(small(), way())
        assert (done.stored["response"], len(done.stored)) == ("QuestionnaireResponse/7", 4)

    def test_a_conflict_with_nothing_there_is_a_refusal(self, ehr: ListeningEhr, way: Way) -> None:
        refuses(ehr, "QuestionnaireResponse", 412)
        done = complete(small(), way())
        assert (how(done), ehr.posts()) == ({"response": "refused"}, ["QuestionnaireResponse"])
        assert done.outcomes["response"].status == 412

    def test_what_was_created_nobody_says_where_is_found_by_search(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.silent = True
        done = complete(small(), way())
        assert done.stored == ehr.places()
        assert len(done.stored) == 4

    def test_what_was_created_nobody_says_where_and_is_not_found_is_not_known(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.silent = True
        always(ehr, 500, "QuestionnaireResponse", method="GET")
        done = complete(small(), way())
        assert done.outcomes == {"response": WriteOutcome(why=Sentence("The server did not say where it stored it."), became="unknown")}

    def test_what_was_stored_before_is_read_only_where_something_was_added(self, ehr: ListeningEhr, way: Way) -> None:
        known = {role: stored(role) for role in ("response", "goal", "panel", "provenance")}
        complete(small(known), way())
        assert ehr.log == []

    def test_what_was_loose_is_put_right_once_nothing_is_missing(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.hold("panel", goal="Observation/never")
        known = {role: stored(role) for role in ("response", "goal", "panel")}
        done = complete(small(known, loose={"panel": ("goal",)}), way(NO_PROVENANCE))
        assert (done.loose, how(done)) == ({}, {"provenance": "left_out"})
        assert '"Observation/8"' in references(ehr, "panel")
        assert "never" not in references(ehr, "panel")

    def test_what_may_not_be_changed_is_left_and_said(self, ehr: ListeningEhr, way: Way) -> None:
        ehr.hold("panel")
        known = {role: stored(role) for role in ("response", "panel")}
        done = complete(small(known), way("patient/QuestionnaireResponse.crus patient/Observation.crs"))
        why = "What it refers to could not be put right. This sign-in does not include permission to change Observation."
        assert done.outcomes["panel"] == WriteOutcome(reference="Observation/9", version="1", why=shipped_text(why))
        assert "goal" in done.stored


class TestWhatASearchSays:
    def _after(self, absent: set[str] | None = None, found: dict[str, WriteOutcome] | None = None, **changed: Any) -> SealedSubmission:
        before = small(
            {
                "response": became("unknown", "Lost."),
                "panel": became("failed", "Busy.", 503),
                "goal": became("refused", "No."),
                "provenance": became("unknown", "Lost too."),
            },
            **changed,
        )
        return with_found(before, Found(outcomes=found or {}, absent=frozenset(absent or ()), reason=None))

    def test_what_may_have_been_there_and_is_not_has_to_be_sent_still(self) -> None:
        known = self._after({"response", "goal"})
        listed = WriteOutcome(why=Sentence("The server was searched for it and does not list it."), became="waiting")
        assert known.outcomes["response"] == listed
        # What was refused stays so: that it is not there is no news.
        assert known.outcomes["goal"] == became("refused", "No.")

    def test_what_failed_for_the_moment_and_cannot_be_searched_for_is_not_known(self) -> None:
        assert self._after().outcomes["panel"] == became("unknown", "Busy.", 503)
        assert how(self._after({"panel"}))["panel"] == "waiting"
        assert self._after().outcomes["provenance"] == became("unknown", "Lost too.")

    def test_what_was_found_is_stored(self) -> None:
        known = self._after(found={"panel": stored("panel"), "goal": stored("goal")})
        assert known.stored == {"panel": "Observation/9", "goal": "Observation/8"}

    def test_the_reason_is_the_one_known_before_else_the_answers_and_none_once_they_are_there(self) -> None:
        assert self._after().reason == "Lost."
        assert self._after(reason="Not then.").reason == "Not then."
        assert self._after({"response"}).reason == "The server was searched for it and does not list it."
        assert self._after(found={"response": stored("response")}, reason="Not then.").reason is None


def test_the_parts_of_a_small_submission_are_of_its_key() -> None:
    assert [part.role for part in small().parts] == ["response", "panel", "goal", "provenance"]
    assert small().key == KEY
