"""How long the PDF of the printed page takes: two years on one page, its texts said and its sheet set in this process."""

import time
from datetime import UTC, datetime

from smart_app.web.languages.page_language import ENGLISH_PAGE
from smart_app.web.rendering.typeset.typesetter import Typesetter
from smart_app.web.views.printed.paper import paper
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.timing import Sample
from tests.web.states_history import STATES
from tests.web.views.printed.test_printed_page import view

GOAL = 0.5
_MADE = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)


def measure(effort: Effort) -> Figures:
    """One figure, in processor time of all threads, as the machine may be busy. What a process takes for its first, fonts and all, stands
    beside it. Each says something else, as the typesetter keeps what it has set."""
    setter, shown = Typesetter(), view(STATES["repaired"]())

    def once(number: int) -> float:
        began = time.process_time()
        setter.pdf("printed_page", {**paper(shown, language=ENGLISH_PAGE), "span": f"{number} months"}, made=_MADE)
        return time.process_time() - began

    first = once(0)
    taken = Sample(tuple(once(number) for number in range(1, effort.rounds(20) + 1)))
    return [
        Figure(
            name="PDF of the printed page, processor time",
            value=taken.median,
            goal=GOAL,
            unit="s",
            raw=f"{taken.text()}, the first of a process {first * 1000:.4g} ms, n={len(taken.seconds)}",
        )
    ]
