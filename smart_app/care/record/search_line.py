"""One search of a page, one request at a time: newest first, asked again the way a server wants it, or window by window where it does not
sort. Asks nothing itself: it says what to ask next, and is told what came of it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta, tzinfo
from http import HTTPStatus
from itertools import chain
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence, counted
from smart_app.care.record.newest_first import DaySpan, came_newest_first, complete_from, day_spans, within
from smart_app.errors import FhirError, Refused
from smart_app.fhir.client import Params, Resource
from smart_app.fhir.search_pages import SearchPages

_COUNT = ("_count", "200")
_DAY = timedelta(days=1)
_YEAR = timedelta(days=365)
# Below this a window is read page by page: to make it smaller yet would take as many requests.
_SHORTEST = timedelta(days=8)
_FIRST_OF_ALL = date(1900, 1, 1)


class SearchQuestion(Struct, frozen=True, kw_only=True):
    """What is searched for. `by` is the search parameter its results are sorted and dated by, "" where the server does not offer it.
    `again` are the parameters for a server that refuses `params`, None where there are no others; `parts` are searches of a part each,
    asked in place of further pages so that no part's results are pushed out by another's. `last`: its further pages come after those of the
    others."""

    key: str
    type: str
    params: tuple[tuple[str, str], ...]
    by: str
    again: tuple[tuple[str, str], ...] | None = None
    parts: tuple["SearchQuestion", ...] = ()
    last: bool = False


class SearchExtent(Struct, frozen=True, kw_only=True):
    """How far a search got. Unless `whole`, either what is missing is older than `since`, or `reason` says what may be missing: the
    `trouble` with what came, where there was some, else where reading stopped. `lasting`: asking again would end the same; `otherwise`: it
    was asked with the `again` of its question; `error`: there was no answer."""

    resources: tuple[Resource, ...] = ()
    notes: tuple[str, ...] = ()
    whole: bool = False
    since: date | None = None
    reason: Sentence | None = None
    trouble: Sentence | None = None
    lasting: bool = False
    otherwise: bool = False
    error: FhirError | None = None


class Window(NamedTuple):
    """Days asked for; `end` is the first day after it, None where it has none."""

    start: date
    end: date | None


class SearchLine(Struct, kw_only=True):
    """`address` makes the address of a search at `base`. `next` is what to ask next, None when there is nothing; `made` how many requests
    were made; `split`: its question's parts are to be asked instead; `unordered`: the server refused to be asked for an order, or another
    search of its kind was, so that this one was begun without."""

    question: SearchQuestion
    base: str
    address: Callable[[str, Params], str]
    today: date
    zone: tzinfo
    pages: SearchPages
    next: str | None
    made: int = 0
    split: bool = False
    unordered: bool = False
    otherwise: bool = False
    asked_again: bool = False
    window: Window | None = None
    since: date | None = None
    read_whole: bool = False
    before: list[SearchPages] = field(default_factory=list)
    first_answer: SearchPages | None = None
    error: FhirError | None = None

    def take(self, bundle: Resource, *, left: int) -> None:
        """What was asked for has come. `left` is how many more requests this line may expect to have."""
        self.made += 1
        self.pages.take(bundle, asked=str(self.next))
        if self._refused_in_words():
            self._ask_again("code")
        elif self.window is not None:
            self._after_window(self.window, left=left)
        elif self.pages.following is None:
            self.next = None
        else:
            self._go_on()

    def fail(self, error: FhirError) -> None:
        """What was asked for did not come."""
        self.made += 1
        if _is_refusal(error) and self._can_ask_again():
            self._ask_again(error.diagnostics)
            return
        self.next = None
        if self.first_answer is not None and not self.pages.visited:
            # Asked otherwise it gave nothing; what it gave at first stands, with what was said of it.
            self.pages, self.otherwise = self.first_answer, False
        elif self.pages.visited or self.window is not None:
            self.pages.stop(Sentence("Page {number} could not be read. {why}", number=len(self.pages.visited) + 1, why=error.user_message))
        else:
            self.error = error

    def found(self) -> SearchExtent:
        """How far it got by now."""
        if self.error is not None:
            return SearchExtent(error=self.error)
        streams = (*self.before, self.pages)
        results = [stream.result() for stream in streams]
        trouble = next((one.reason for stream, one in zip(streams, results, strict=True) if stream.troubled), None)
        whole = trouble is None and self._is_whole()
        since = None if whole or trouble else self._complete_from()
        return SearchExtent(
            resources=tuple(distinct(chain.from_iterable(stream.matches for stream in streams))),
            notes=tuple(dict.fromkeys(chain.from_iterable(one.notes for one in results))),
            whole=whole,
            since=since,
            reason=None if whole or since else trouble or self._why_short(),
            trouble=trouble,
            lasting=since is not None or any(one.lasting for one in results),
            otherwise=self.otherwise,
        )

    def _is_whole(self) -> bool:
        if self.window is not None:
            return self.read_whole
        return self._ended() and self.pages.result().complete

    def _ended(self) -> bool:
        """Whether nothing is left to ask in the order the server gives."""
        return self.next is None and not self.split

    def _complete_from(self) -> date | None:
        """Where only older results are missing, the day from which on none is."""
        if self.window is not None:
            return self.since
        spans = self._spans()
        return complete_from(spans) if not self._ended() and came_newest_first(spans) else None

    def _why_short(self) -> Sentence | None:
        """Why it may lack more than what is old."""
        if self.pages.stopped is not None or (self._ended() and self.window is None):
            return self.pages.result().reason
        return counted(
            "Only the first page was read, and nothing shows that the newest results came first.",
            "Only the first {n} pages were read, and nothing shows that the newest results came first.",
            self.made,
        )

    def _spans(self) -> list[DaySpan]:
        return day_spans(self.pages.matches, zone=self.zone)

    # In the order of the dates

    def _go_on(self) -> None:
        """After a page with others behind it."""
        if self.question.parts and not self.otherwise:
            self.split, self.next = True, None
        elif self.question.by and not came_newest_first(self._spans()):
            self._open(Window(self.today - _YEAR, None))
        else:
            self.next = self.pages.following

    # Window by window

    def _open(self, window: Window) -> None:
        """Ask for what lies in the window."""
        self.window = window
        end = ((self.question.by, f"lt{window.end}"),) if window.end else ()
        if self.pages.visited:
            self.before.append(self.pages)
        self._ask((*self._params(), (self.question.by, f"ge{window.start}"), *end))

    def _after_window(self, window: Window, *, left: int) -> None:
        """A page of a window has come."""
        if not within(self._spans(), start=window.start, end=window.end):
            # The server does not go by the dates it is asked for: what it says is complete need not be.
            self.next = None
        elif self.pages.following is None:
            self._window_read(window)
        elif len(self.pages.visited) > 1 or self._fits(window, left=left):
            self.next = self.pages.following
        else:
            self._open(Window(self._shorter(window), window.end))

    def _window_read(self, window: Window) -> None:
        """All of it: on to the one before, twice as long, until everything is there that was counted."""
        self.next = None
        if not self.pages.result().complete:
            return
        # A server tells days by a clock of its own.
        self.since = window.start + _DAY
        counted = self.before[0].total
        self.read_whole = window.start <= _FIRST_OF_ALL or (counted is not None and len(self._all()) >= counted)
        if not self.read_whole:
            start = max(_FIRST_OF_ALL, window.start - 2 * self._length(window))
            self._open(Window(start, window.start))

    def _fits(self, window: Window, *, left: int) -> bool:
        """Whether the pages behind the first can be read."""
        if self._length(window) <= _SHORTEST:
            return True
        total, size = self.pages.total, max(1, self.pages.received)
        return total is not None and -(-total // size) - 1 <= left

    def _shorter(self, window: Window) -> date:
        """Where a window begins that gives one page, as far as can be told."""
        length, total = self._length(window), self.pages.total
        share = length * self.pages.received // total if total else length // 4
        return (window.end or self.today + _DAY) - max(_SHORTEST, min(share, length // 2))

    def _length(self, window: Window) -> timedelta:
        return (window.end or self.today + _DAY) - window.start

    def _all(self) -> list[Resource]:
        return distinct(chain.from_iterable(stream.matches for stream in (*self.before, self.pages)))

    # The way a server wants it

    def _refused_in_words(self) -> bool:
        """Whether the answer says that it did not search by the list of codes."""
        if len(self.pages.visited) > 1 or self.window is not None or self.asked_again or self.question.again is None:
            return False
        return any(one.code == "not-supported" and one.missing and "code" in one.words.lower() for one in self.pages.said)

    def _can_ask_again(self) -> bool:
        other_way = self.question.again or (self.question.by and not self.unordered)
        return not (self.asked_again or self.pages.visited or self.window) and bool(other_way)

    def _ask_again(self, words: str) -> None:
        """Once, without what the server seems to refuse: the order where it says so or there is nothing else to go without, else the list
        of codes. Where it does not say, both."""
        said = words.lower()
        self.asked_again = True
        self.otherwise = self.question.again is not None and "sort" not in said
        keeps_order = self.otherwise and ("code" in said or "categor" in said)
        self.unordered = bool(self.question.by) and not keeps_order
        self.first_answer = self.pages if self.pages.visited else None
        self._ask((*self._params(), *(order_of(self.question) if keeps_order else ())))

    def _ask(self, params: Sequence[tuple[str, str]]) -> None:
        self.pages = SearchPages(wanted=self.question.type, base=self.base)
        self.next = self.address(self.question.type, (*params, _COUNT))

    def _params(self) -> tuple[tuple[str, str], ...]:
        return (self.question.again or ()) if self.otherwise else self.question.params


def begun(
    question: SearchQuestion, *, base: str, address: Callable[[str, Params], str], today: date, zone: tzinfo, unordered: bool = False
) -> SearchLine:
    """The line of a question before its first request; `unordered` where the server is known to refuse to be asked for an order."""
    return SearchLine(
        question=question,
        base=base,
        address=address,
        today=today,
        zone=zone,
        pages=SearchPages(wanted=question.type, base=base),
        next=address(question.type, (*question.params, *(() if unordered else order_of(question)), _COUNT)),
        unordered=unordered,
    )


def _is_refusal(error: FhirError) -> bool:
    """Whether the server refused the question. HealthIntersections' reference server calls an order that it does not know an error of its
    own (500, "Unknown sort parameter name": HealthIntersections/fhirserver issues 80 and 99); any other 500 is none."""
    return isinstance(error, Refused) or (error.status == HTTPStatus.INTERNAL_SERVER_ERROR and "sort" in error.diagnostics.lower())


def order_of(question: SearchQuestion) -> tuple[tuple[str, str], ...]:
    """The parameter that asks for the newest first."""
    return (("_sort", f"-{question.by}"),) if question.by else ()


def as_far_as_both(group: SearchExtent, part: SearchExtent | None) -> SearchExtent:
    """A part of a group: from what the first page of the group gave, and what the search of that part did. None where it was not asked."""
    if part is None or part.error is not None:
        return group
    trouble = part.trouble or group.trouble
    if trouble is not None:
        return replace(part, whole=False, since=None, reason=trouble, trouble=trouble)
    since = min((one for one in (group.since, part.since) if one), default=None)
    return part if part.whole else replace(part, since=since, reason=None if since else part.reason)


def all_of(group: SearchExtent, parts: Sequence[SearchExtent]) -> SearchExtent:
    """A group as far as every part of it got."""
    short = [one for one in parts if not one.whole]
    cut = [one.since for one in short if one.since is not None]
    found = SearchExtent(
        resources=tuple(distinct(chain(group.resources, *(one.resources for one in parts)))),
        notes=tuple(dict.fromkeys(chain(group.notes, *(one.notes for one in parts)))),
        whole=not short,
        since=max(cut) if short and len(cut) == len(short) else None,
        reason=next((one.reason for one in short if one.reason), None),
        lasting=all(one.lasting for one in short),
        otherwise=group.otherwise,
    )
    return replace(found, reason=None) if found.since else found


def distinct(resources: Iterable[Resource]) -> list[Resource]:
    """Each once, whatever pages it came on."""
    seen: dict[object, Resource] = {}
    for resource in resources:
        local_id = resource.get("id")
        seen.setdefault(local_id if isinstance(local_id, str) and local_id else len(seen), resource)
    return list(seen.values())
