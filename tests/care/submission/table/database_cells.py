"""One cell of the other table: the app's own database fails beside a sound server, at some time of a submission."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from tests.care.submission.table.cells import ABILITIES, WAYS, Cell, Moment, Path, advised, noted, settled
from tests.care.submission.table.database_faults import FAULTS, TIMES, DatabaseFault, When
from tests.care.submission.table.faulty_server import Ability, Way
from tests.care.submission.table.scene import GONE, Scene, scene
from tests.care.submission.table.truth import Told


def run_database_cell(fault: DatabaseFault, when: When, way: Way, ability: Ability, path: Path) -> Cell:
    """The form is sent, the database fails, and later it does not. `again` is whoever has the form before them and sends it once more;
    `restart` whoever opens the chart."""
    with scene(ability, way) as standing:
        wrong: list[str] = []
        with ExitStack() as failing:
            failed = _send(standing, when, lambda: failing.enter_context(fault.begin(standing)))
            at_once = noted(standing, failed or standing.look(), wrong, "at once")
        wrong += _not_taken(standing, when, at_once)
        at_last = _gone_on(standing, path, wrong, taken=when != "before the seal")
        wrong += settled(standing, at_last.told, way, ability)
        return Cell(at_once=at_once, at_last=at_last, wrong=tuple(wrong))


def _send(standing: Scene, when: When, begin: Callable[[], object]) -> Told | None:
    """The form is sent, and the database begins to fail at its time."""
    if when == "before the seal":
        begin()
    if when == "between seal and outcome":
        standing.server.faults.append(_at_first_write(begin))
    failed = standing.send()
    standing.server.faults.clear()
    if when == "after the outcome":
        begin()
    return failed


def _at_first_write(begin: Callable[[], object]) -> Callable[[str, str], None]:
    """Once, as the first write reaches the server, which stores it."""
    begun: list[str] = []

    def look(method: str, path: str) -> None:
        if method == "POST" and not begun:
            begun.append(path)
            begin()

    return look


def _not_taken(standing: Scene, when: When, at_once: Moment) -> list[str]:
    """What was said to be not taken was not sent, and what was sealed is."""
    sent = bool(standing.server.posts())
    expected = {"before the seal": (False, "not_sealed"), "between seal and outcome": (True, "outcome_not_kept")}.get(when)
    return [] if expected in {None, (sent, at_once.told.state)} else [f"at once: {at_once.told.state}, and sent: {sent}"]


def _gone_on(standing: Scene, path: Path, wrong: list[str], *, taken: bool) -> Moment:
    """The database is well again. What was not taken is sent from the form; of the rest the page is opened, or the chart."""
    standing.clock.now += GONE
    if path == "restart" and taken:
        standing.restart()
    if path == "again" or not taken:
        # Sending the same form twice stores nothing twice.
        failed = standing.send()
        if failed is not None:
            wrong.append(f"sent again: {failed.state}")
    if path == "restart" and not taken:
        standing.restart()
    return advised(standing, wrong)


def all_database_cells() -> Iterator[tuple[DatabaseFault, When, Way, Ability]]:
    """Every cell there is, row by row."""
    return ((fault, when, way, ability) for fault in FAULTS for when in TIMES for way in WAYS for ability in ABILITIES)
