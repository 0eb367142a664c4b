"""One cell of the table: an answer of the server, or a failure of the app's own database, and what becomes of a submission under it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from msgspec import Struct

from tests.care.submission.table.faulty_server import Ability, Way
from tests.care.submission.table.scene import KEY, Scene, scene
from tests.care.submission.table.server_answers import ANSWERS, SOUND, ServerAnswer
from tests.care.submission.table.truth import Told, dangling, lacking, responses_held, untrue

Path = Literal["again", "restart"]
WAYS: tuple[Way, ...] = ("transaction", "separate", "answers")
ABILITIES: tuple[Ability, ...] = ("conditional", "search", "neither")
PATHS: tuple[Path, ...] = ("again", "restart")
MINUTE = timedelta(minutes=1)
# A page that still advises the same after this has no end.
_PRESSED_AT_MOST = 3


class Moment(Struct, frozen=True, kw_only=True):
    """What was told, and how many responses of the submission the server held then."""

    told: Told
    there: int


class Cell(Struct, frozen=True, kw_only=True):
    """`at_once` with the fault still there, `at_last` after what the pages advise, with the fault gone; `wrong` is whatever was untrue."""

    at_once: Moment
    at_last: Moment
    wrong: tuple[str, ...]


def arises(answer: ServerAnswer, way: Way) -> bool:
    """Whether it can happen on that way: where no scores are sent, none fail."""
    return way != "answers" or answer.keeps in {"all", "nothing"}


def run_cell(answer: ServerAnswer, way: Way, ability: Ability, path: Path) -> Cell:
    """The form is sent while the server answers so; then it answers well."""
    with scene(ability, way) as standing:
        standing.server.answer = answer
        wrong: list[str] = []
        failed = standing.send()
        at_once = noted(standing, failed or standing.look(), wrong, "at once")
        standing.server.answer = SOUND
        if path == "restart":
            standing.restart()
        at_last = advised(standing, wrong)
        wrong += settled(standing, at_last.told, way, ability)
        if path == "again":
            standing.restart()
            noted(standing, standing.look(), wrong, "after the restart")
            wrong += settled(standing, at_last.told, way, ability)
        return Cell(at_once=at_once, at_last=at_last, wrong=tuple(wrong))


def noted(standing: Scene, told: Told, wrong: list[str], when: str) -> Moment:
    """That moment, and what is untrue in it."""
    wrong += [f"{when}: {one}" for one in untrue(told, standing.held, key=KEY)]
    return Moment(told=told, there=responses_held(standing.held, KEY))


def advised(standing: Scene, wrong: list[str]) -> Moment:
    """What the receipt says once its button was pressed for as long as there is one."""
    moment = noted(standing, standing.look(), wrong, "looked at")
    for _ in range(_PRESSED_AT_MOST):
        if moment.told.button is None:
            break
        # "Check again in a minute."
        standing.clock.now += MINUTE
        failed = standing.press()
        moment = noted(standing, failed or standing.look(), wrong, "tried again")
    return moment


def settled(standing: Scene, told: Told, way: Way, ability: Ability) -> list[str]:
    """What is not as it has to be in the end: stored once and called so; where nothing tells equal ones apart and nothing was found, called
    not known."""
    there = responses_held(standing.held, KEY)
    called = {"saved", "partly_saved"} if way == "answers" or ability == "neither" else {"saved"}
    if ability == "neither":
        expected = called if there else {"unknown"}
        return [] if told.state in expected else [f"in the end: {told.state}, with {there} there"]
    sealed = standing.sealed()
    sent = [part for part in (sealed.parts if sealed else ()) if way != "answers" or part.type == "QuestionnaireResponse"]
    wanted = [str(part.if_none_exist).rpartition("|")[2] for part in sent if part.if_none_exist]
    wrong = [*lacking(standing.held, [f"{KEY}.response", *wanted]), *dangling(standing.held)]
    if told.state not in called:
        wrong.append(f"called {told.state}")
    if told.notices:
        wrong.append(f"the next launch still says: {told.notices}")
    return [f"in the end: {one}" for one in wrong]


def all_cells() -> Iterator[tuple[ServerAnswer, Way, Ability]]:
    """Every cell there is, row by row."""
    return ((answer, way, ability) for answer in ANSWERS for ability in ABILITIES for way in WAYS if arises(answer, way))
