"""Servers that store what belongs to the answers and not the answers: what they kept is found, put right and told as it is."""

import pytest

from tests.care.submission.table.cells import MINUTE
from tests.care.submission.table.faulty_server import Ability
from tests.care.submission.table.scene import KEY, scene
from tests.care.submission.table.server_answers import BY_KEY, SOUND
from tests.care.submission.table.truth import claims, dangling, doubled


@pytest.mark.parametrize("ability", ["conditional", "search"])
@pytest.mark.parametrize("answer", ["empty-scores", "entries-422-scores"])
def test_provenance_that_names_refused_answers_is_found_and_put_right(answer: str, ability: Ability) -> None:
    with scene(ability, "transaction") as standing:
        standing.server.answer = BY_KEY[answer]
        standing.send()
        (kept,) = standing.server.of_type("Provenance")
        assert standing.server.of_type("QuestionnaireResponse") == []
        standing.server.answer = SOUND
        standing.clock.now += MINUTE
        standing.press()
        assert standing.look().state == "saved"
        assert [one["id"] for one in standing.server.of_type("Provenance")] == [kept["id"]]
        assert (doubled(standing.held, KEY), dangling(standing.held)) == ([], [])


def test_what_failed_for_the_moment_and_cannot_be_searched_for_is_not_known_once_it_was_asked_for() -> None:
    with scene("neither", "transaction") as standing:
        standing.server.answer = BY_KEY["entries-503-nothing"]
        standing.send()
        assert standing.look().state == "refused"
        standing.server.answer = SOUND
        standing.press()
        assert standing.look().state == "unknown"
        assert standing.server.of_type("QuestionnaireResponse") == []


def test_receipt_is_headed_saved_only_where_the_answers_are_there() -> None:
    with scene("conditional", "transaction") as standing:
        standing.server.answer = BY_KEY["entries-429-scores"]
        standing.send()
        told = standing.look()
        assert told.state == "kept"
        assert all("there" not in claims(text) for text in told.pages.values())


def test_reason_of_a_refusal_is_said_once_and_in_whole_sentences() -> None:
    """The same no to each way of writing, and nothing of a way that was closed by it."""
    with scene("conditional", "transaction") as standing:
        standing.server.answer = BY_KEY["422"]
        standing.send()
        sealed = standing.sealed()
        assert sealed is not None
        assert sealed.reason == "The health record did not accept this. The server said: told to fail."
