"""The searches of a page asked in rounds, all at once in each, until every one has ended or the page has made its requests."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import date, tzinfo
from functools import partial

from msgspec import Struct

from smart_app.care.record.search_line import SearchLine, SearchQuestion, begun
from smart_app.fhir.client import FhirClient, Resource
from smart_app.fhir.gather import Failed, Loaded, gather

# A page may ask a server sixteen things (a record of many small pages would otherwise take a hundred), and one of them may be what the
# server can do.
MOST_REQUESTS = 15
_FIRST = "first"
_SHORTEST_WAIT = 0.1


class SearchRounds(Struct, frozen=True, kw_only=True):
    """`seconds` bounds all rounds together. Days are those of `zone`, where it is `today`."""

    client: FhirClient
    pool: Executor
    seconds: float
    today: date
    zone: tzinfo

    def ask(self, first: Callable[[float], Resource], questions: Sequence[SearchQuestion]) -> tuple[Resource, Mapping[str, SearchLine]]:
        """What `first` gave, asked in the first round, and the line of every question and of every part that was asked. FhirError when
        `first` fails: nothing more is asked then."""
        until = time.monotonic() + self.seconds
        lines = [self._begun(question) for question in questions]
        answers = gather(self.pool, {_FIRST: first, **self._pages(lines)}, seconds=self.seconds)
        one, left = answers.pop(_FIRST), MOST_REQUESTS - len(answers) - 1
        if isinstance(one, Failed):
            raise one.error
        asked = lines
        while asked:
            _tell(asked, answers, left=left // max(1, sum(line.next is not None for line in lines)))
            lines += [self._begun(part, unordered=line.unordered) for line in asked if line.split for part in line.question.parts]
            asked, wait = self._due(lines, left), until - time.monotonic()
            if asked and wait > 0:
                answers = gather(self.pool, self._pages(asked), seconds=max(_SHORTEST_WAIT, round(wait, 1)))
                left -= len(answers)
            else:
                asked = []
        return one.value, {line.question.key: line for line in lines if line.made}

    def _begun(self, question: SearchQuestion, *, unordered: bool = False) -> SearchLine:
        client = self.client
        return begun(question, base=client.base, address=client.address, today=self.today, zone=self.zone, unordered=unordered)

    def _pages(self, lines: Sequence[SearchLine]) -> dict[str, Callable[[float], Resource]]:
        """One request for each address, whoever asks for it."""
        return {line.next: partial(self._page, line.next) for line in lines if line.next is not None}

    def _page(self, url: str, deadline: float) -> Resource:
        """Not from an earlier answer: what was just written has to be in it."""
        return self.client.page(url, deadline=deadline, fresh=True)

    def _due(self, lines: Sequence[SearchLine], left: int) -> list[SearchLine]:
        """Whose turn it is: those who have had the fewest pages first, and who comes last only once nobody else asks for more."""
        open_lines = [line for line in lines if line.next is not None and line.made < self.client.page_limit]
        open_lines = [line for line in open_lines if not line.question.last] or open_lines
        open_lines.sort(key=lambda line: line.made)
        addresses = list(dict.fromkeys(line.next for line in open_lines))[:left]
        return [line for line in open_lines if line.next in addresses]


def _tell(lines: Sequence[SearchLine], answers: Mapping[str, Loaded[Resource] | Failed], *, left: int) -> None:
    """Every line what came of what it asked."""
    for line in lines:
        answer = answers[str(line.next)]
        if isinstance(answer, Failed):
            line.fail(answer.error)
        else:
            line.take(answer.value, left=left)
