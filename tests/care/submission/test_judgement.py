"""What a server's answer means for a part of a submission, and what all of them together mean for the whole."""

import pytest

from fhir_mappings.sentence import Sentence
from smart_app.care.submission.judgement import (
    State,
    failure_sentence,
    for_want_of_permission,
    may_go_well_later,
    of_entry,
    of_error,
    of_written,
    state_of,
    uncertain,
)
from smart_app.care.submission.sealed_submission import Became, WriteOutcome
from smart_app.errors import NotGranted, NotSent, Unreachable
from smart_app.fhir.client import EntryOutcome, WrittenResource
from smart_app.fhir.operation_outcome import failure
from tests.care.submission.parcel import ROLES, all_but, parcel, placed

SCORES = ("goal", "task", "panel")


def became_of(status: int) -> Became | None:
    """Of a part, after its own request was answered so."""
    return of_error(failure(status, {}, b"")).became


def entry(status: int, words: str = "") -> WriteOutcome:
    return of_entry(EntryOutcome(status=status, stored=None, diagnostics=words))


def written(reference: str | None, version: str | None = None) -> WrittenResource:
    return WrittenResource(reference=reference, version=version, created=True)


class TestFailedRequest:
    @pytest.mark.parametrize("status", [400, 404, 405, 409, 410, 412, 413, 422, 451, 499, 501])
    def test_a_no_is_a_refusal(self, status: int) -> None:
        assert became_of(status) == "refused"

    @pytest.mark.parametrize("status", [300, 302, 307, 399, 408, 500, 502, 503, 504, 599])
    def test_redirect_fault_or_time_out_may_come_after_the_commit(self, status: int) -> None:
        assert became_of(status) == "unknown"

    def test_too_many_requests_certainly_stored_nothing_and_can_be_sent_later(self) -> None:
        assert became_of(429) == "waiting"

    def test_without_a_connection_nothing_arrived_and_it_can_be_sent_later(self) -> None:
        assert of_error(NotSent(Sentence("The health record cannot be reached."))).became == "waiting"

    def test_lost_answer_is_not_known(self) -> None:
        assert of_error(Unreachable(Sentence("The health record did not answer."))).became == "unknown"

    def test_expired_sign_in_is_told_from_one_that_may_not_write(self) -> None:
        assert (became_of(401), became_of(403)) == ("expired", "forbidden")

    def test_what_the_sign_in_does_not_cover_is_forbidden_though_nobody_was_asked(self) -> None:
        assert of_error(NotGranted(Sentence("The sign-in does not cover it."), lacking="patient/Observation.c")).became == "forbidden"

    def test_reason_and_status_are_kept_for_the_receipt(self) -> None:
        error = failure(422, {}, b'{"resourceType": "OperationOutcome", "issue": [{"diagnostics": "focus is not supported"}]}')
        assert of_error(error) == WriteOutcome(
            why=Sentence("The health record did not accept this. The server said: focus is not supported"), became="refused", status=422
        )

    def test_server_without_words_is_not_quoted(self) -> None:
        assert failure_sentence(failure(503, {}, b"")) == "The health record is overloaded or has a fault."


class TestAnotherTime:
    @pytest.mark.parametrize("status", [302, 401, 408, 409, 412, 429, 500, 503])
    def test_what_is_so_at_the_moment_may_have_passed(self, status: int) -> None:
        assert may_go_well_later(failure(status, {}, b""))

    def test_server_that_did_not_answer_may_answer(self) -> None:
        assert may_go_well_later(NotSent(Sentence("The health record cannot be reached.")))
        assert may_go_well_later(Unreachable(Sentence("The health record did not answer.")))

    @pytest.mark.parametrize("status", [400, 403, 404, 410, 422, 501])
    def test_a_no_stays_a_no(self, status: int) -> None:
        assert not may_go_well_later(failure(status, {}, b""))


class TestEntryOfATransaction:
    @pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 599])
    def test_fault_of_one_entry_says_that_it_is_not_stored_for_the_moment(self, status: int) -> None:
        assert entry(status).became == "failed"

    @pytest.mark.parametrize("status", [400, 404, 409, 412, 422, 424, 499, 501])
    def test_a_no_is_a_refusal(self, status: int) -> None:
        assert entry(status).became == "refused"

    # https://github.com/microsoft/fhir-server/pull/1658: after the first 429 the rest of the bundle is answered so without being tried.
    def test_throttled_entry_can_be_sent_later(self) -> None:
        assert entry(429).became == "waiting"

    @pytest.mark.parametrize("status", [401, 403])
    def test_entry_that_may_not_be_written_is_forbidden(self, status: int) -> None:
        assert entry(status).became == "forbidden"

    @pytest.mark.parametrize("status", [0, 300, 302, 399])
    def test_entry_without_a_readable_status_or_with_a_redirect_is_not_known(self, status: int) -> None:
        assert entry(status) == WriteOutcome(why=Sentence("The server did not say what became of it."), became="unknown", status=status)

    def test_status_and_the_words_of_the_server_are_told(self) -> None:
        assert entry(503, "no room") == WriteOutcome(
            why=Sentence("The server did not store it (HTTP 503). no room"), became="failed", status=503
        )

    def test_sentence_ends_where_the_server_has_no_words(self) -> None:
        assert entry(422).why == "The server did not store it (HTTP 422)."

    def test_stored_entry_is_at_the_place_the_server_named(self) -> None:
        outcome = of_entry(EntryOutcome(status=201, stored=written("Observation/o1", "3"), diagnostics=""))
        assert outcome == WriteOutcome(reference="Observation/o1", version="3")

    def test_entry_taken_without_a_place_may_be_there(self) -> None:
        assert of_entry(EntryOutcome(status=201, stored=written(None), diagnostics="")).became == "unknown"


class TestWritten:
    def test_place_and_version_are_kept(self) -> None:
        assert of_written(written("Observation/o1", "3")) == WriteOutcome(reference="Observation/o1", version="3")

    def test_without_a_place_it_is_not_called_stored(self) -> None:
        assert of_written(written(None, "3")) == WriteOutcome(why=Sentence("The server did not say where it stored it."), became="unknown")


class TestWhole:
    def test_is_stored_once_every_part_has_its_place(self) -> None:
        assert state_of(parcel(placed(*ROLES))) == "stored"

    @pytest.mark.parametrize(
        ("became", "state"),
        [
            (None, "sealed"),
            ("left_out", "sealed"),
            ("waiting", "sealed"),
            ("expired", "sealed"),
            ("forbidden", "refused"),
            ("refused", "refused"),
            ("failed", "refused"),
            ("unknown", "unknown"),
        ],
    )
    def test_scores_make_no_rating_without_the_answers(self, became: Became | None, state: State) -> None:
        assert state_of(parcel(all_but("response", became=became))) == state

    @pytest.mark.parametrize("role", SCORES)
    @pytest.mark.parametrize("became", [None, "waiting", "expired", "forbidden", "refused", "failed", "unknown"])
    def test_score_that_is_not_there_is_to_come_still(self, role: str, became: Became | None) -> None:
        assert state_of(parcel(all_but(role, became=became))) == "partly"

    def test_scores_that_this_sign_in_may_not_write_are_not_waited_for(self) -> None:
        assert state_of(parcel(all_but(*SCORES, became="left_out"))) == "stored"

    @pytest.mark.parametrize("became", ["left_out", "forbidden", "refused", "unknown"])
    def test_nothing_hangs_on_provenance_that_was_refused_or_cannot_be_looked_for(self, became: Became) -> None:
        assert state_of(parcel(all_but("provenance", became=became))) == "stored"

    @pytest.mark.parametrize("became", [None, "waiting", "expired", "failed"])
    def test_provenance_that_can_be_sent_still_is_to_come(self, became: Became | None) -> None:
        assert state_of(parcel(all_but("provenance", became=became))) == "partly"

    def test_panel_that_has_to_be_told_of_its_scores_keeps_it_from_being_stored(self) -> None:
        assert state_of(parcel(placed(*ROLES), loose={"panel": ("goal",)})) == "partly"

    def test_panel_does_not_wait_for_scores_that_nobody_will_write(self) -> None:
        assert state_of(parcel(all_but("goal", became="left_out"), loose={"panel": ("goal",)})) == "stored"


class TestUncertain:
    def test_parts_that_failed_or_are_not_known_may_be_in_the_record(self) -> None:
        outcomes = {
            **placed("response"),
            "goal": WriteOutcome(why=Sentence("HTTP 503"), became="failed"),
            "task": WriteOutcome(why=Sentence("No answer."), became="unknown"),
            "panel": WriteOutcome(why=Sentence("No."), became="refused"),
        }
        assert uncertain(parcel(outcomes)) == {"goal", "task"}

    @pytest.mark.parametrize("became", [None, "left_out", "waiting", "expired", "forbidden", "refused"])
    def test_parts_that_certainly_did_not_arrive_are_not_among_them(self, became: Became | None) -> None:
        assert uncertain(parcel(all_but(*SCORES, became=became))) == frozenset()


class TestWantOfPermission:
    @pytest.mark.parametrize("became", ["forbidden", "expired", "left_out"])
    def test_is_why_answers_were_not_taken_from_who_may_not_write_them(self, became: Became) -> None:
        assert for_want_of_permission(parcel(all_but("response", became=became)))

    @pytest.mark.parametrize("became", [None, "waiting", "refused", "failed", "unknown"])
    def test_is_not_what_keeps_answers_that_another_may_send(self, became: Became | None) -> None:
        assert not for_want_of_permission(parcel(all_but("response", became=became)))

    def test_is_judged_by_the_answers_alone(self) -> None:
        assert not for_want_of_permission(parcel(all_but(*SCORES, became="forbidden")))
