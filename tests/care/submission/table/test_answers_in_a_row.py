"""One bad answer after another: to the form, to each "Try again", with restarts in between, and in the end a sound one. Thirty rows, and
fifteen hundred with `make campaign`."""

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.care.submission.table.cells import ABILITIES, WAYS, advised, noted, settled
from tests.care.submission.table.faulty_server import Ability, Way
from tests.care.submission.table.scene import scene
from tests.care.submission.table.server_answers import ANSWERS, SOUND, ServerAnswer
from tests.support.examples import share

STEPS = st.lists(st.tuples(st.sampled_from(ANSWERS), st.booleans()), min_size=1, max_size=4)


@given(first=st.sampled_from(ANSWERS), steps=STEPS, way=st.sampled_from(WAYS), ability=st.sampled_from(ABILITIES))
@settings(share(0.3), suppress_health_check=[HealthCheck.too_slow])
def test_after_any_row_of_answers_what_is_told_is_so_and_it_is_stored_once(
    first: ServerAnswer, steps: Sequence[tuple[ServerAnswer, bool]], way: Way, ability: Ability
) -> None:
    with scene(ability, way) as standing:
        wrong: list[str] = []
        standing.server.answer = first
        noted(standing, standing.send() or standing.look(), wrong, first.key)
        for answer, restarted in steps:
            if restarted:
                standing.restart()
            standing.server.answer = answer
            if noted(standing, standing.look(), wrong, f"before {answer.key}").told.button:
                noted(standing, standing.press() or standing.look(), wrong, answer.key)
        standing.server.answer = SOUND
        wrong += settled(standing, advised(standing, wrong).told, way, ability)
        assert wrong == []
