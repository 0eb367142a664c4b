"""What panels are made of on the page: lanes, readings, tables, notices. Sentences and the record's own text, ready to be put out."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct

from fhir_mappings.sentence import Sentence, counted, full_sentence, joined
from fhir_mappings.skipped import UntiedResource
from smart_app.care.record.page_rule import RATED
from smart_app.care.record.reads import LoadState, ReadReport
from smart_app.web.charts import plot as charts
from smart_app.web.charts.rail import RailWords


class Link(Struct, frozen=True, kw_only=True):
    """Where to, and what it says; `current` marks the choice in force (`href` is then not used)."""

    href: str
    text: str
    current: bool = False


class Fact(Struct, frozen=True, kw_only=True):
    """One line of a list of facts: what it is about, and what it says."""

    label: str
    value: str


class Statement(Struct, frozen=True, kw_only=True):
    """One sentence of which a part stands out: `strong`, between what comes `before` and `after` it; "" where nothing does."""

    before: str
    strong: str
    after: str


class Notice(Struct, frozen=True, kw_only=True):
    """Something incomplete or waiting: a bold first sentence, the rest, and one way on."""

    title: str
    text: str
    action: Link | None = None


class Reading(Struct, frozen=True, kw_only=True):
    """A latest value: `mark` is the rater's class or "", `name` whose it is, `value` with `unit`, then smaller lines."""

    mark: Literal["patient", "clinician", "observer", ""]
    name: str
    value: str
    unit: str
    notes: tuple[str, ...]


class Table(Struct, frozen=True, kw_only=True):
    """The values behind a chart, newest first; the first cell of a row heads it. `style` aligns its columns. `opens` is where the first
    cell of each row leads, `head_opens` where each cell of the head does ("" nowhere)."""

    summary: str
    style: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    opens: tuple[str, ...] = ()
    head_opens: tuple[str, ...] = ()


class Words(Struct, frozen=True, kw_only=True):
    """What stands where nothing is drawn: the first words, lines of explanation, and the codes that were asked for in vain."""

    lead: str
    lines: tuple[str, ...]
    asked: tuple[str, ...] = ()


class Lane(Struct, frozen=True, kw_only=True):
    """One plot with its label and its latest value. Exactly one of `plot`, `notice` and `words` stands in the middle,
    except that a notice may come with a plot when only part was read. `below` is what words in the plot say, for where it has no room
    for any, and `under` what marks beneath it are. `listed` is what found no room in it where others did, `not_drawn` what cannot be drawn
    at all, by number, and `beside` that its words stand in the plot where that is wide. `unanswered` are forms that were not answered."""

    title: str
    unit: str
    about: tuple[str, ...]
    readings: tuple[Reading, ...]
    alt: str = ""
    below: tuple[Sentence, ...] = ()
    plot: charts.Plot | None = None
    notice: Notice | None = None
    words: Words | None = None
    table: Table | None = None
    under: Sentence | None = None
    listed: tuple[Sentence, ...] = ()
    not_drawn: tuple[RailWords, ...] = ()
    beside: bool = False
    unanswered: tuple[Sentence, ...] = ()


_STAYING = 2
Rows = tuple[tuple[str, ...], ...]


def filled_columns(head: Sequence[str], columns: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], Rows]:
    """Head and rows of a table without the columns in which no row says anything; the first two always stay."""
    kept = [index for index, column in enumerate(columns) if index < _STAYING or any(column)]
    return tuple(head[index] for index in kept), tuple(zip(*(columns[index] for index in kept), strict=True))


_CONSEQUENCES: Mapping[LoadState, Sentence] = {
    "failed": Sentence("There may be results."),
    "partial": Sentence("There may be more."),
    "not_permitted": Sentence("There may be results."),
}
_SOME = Sentence("There may be some.")
OLDER_UNREAD = Sentence("What is older was not read: there are more results than one page asks for.")
TRY_AGAIN = Sentence("Try again")
NO_REASON = Sentence("The server gave no reason")


def untied_words(untied: Sequence[UntiedResource]) -> Sentence:
    """`2 results could not be tied to this patient`."""
    number = len(untied)
    if all(one.source.startswith("Observation/") for one in untied):
        return counted("{n} result could not be tied to this patient", "{n} results could not be tied to this patient", number)
    return counted("{n} resource could not be tied to this patient", "{n} resources could not be tied to this patient", number)


def read_notice(read: ReadReport, title: str, retry: str, *, at: str, several: bool = False) -> Notice | None:
    """What a lane says when its read is not whole; a retry is offered only where it can help. `several`: the title names more than one."""
    if read.whole:
        return None
    if read.since is not None and not read.untied:
        title = _complete_since(title, read.since, several=several)
        return Notice(title=title, text=OLDER_UNREAD, action=None)
    if read.state == "complete":
        see = Sentence("{untied}; see “Not shown”.", untied=untied_words(read.untied))
        return Notice(title=Sentence("{what} may be incomplete.", what=title), text=see, action=None)
    consequence = (
        [_SOME if read.of_events and read.state != "partial" else _CONSEQUENCES[read.state]] if read.state in _CONSEQUENCES else []
    )
    text = joined(" ", [full_sentence(read.reason or NO_REASON), *consequence, Sentence("Tried at {time}.", time=at)])
    action = Link(href=retry, text=TRY_AGAIN) if read.unfinished else None
    return Notice(title=_how_read(read.state, title, several=several), text=text, action=action)


def _complete_since(title: str, day: date, *, several: bool) -> Sentence:
    if several:
        return Sentence("{what} are complete from {day} on.", what=title, day=day)
    return Sentence("{what} is complete from {day} on.", what=title, day=day)


def _how_read(state: LoadState, title: str, *, several: bool) -> Sentence:
    if state == "failed":
        return Sentence("{what} did not load.", what=title)
    if state == "partial" and several:
        return Sentence("{what} are incomplete.", what=title)
    if state == "partial":
        return Sentence("{what} is incomplete.", what=title)
    if state == "unsupported":
        return Sentence("{what} cannot be read from this server.", what=title)
    return Sentence("{what} may not be read in this launch.", what=title)


def rated_words(stands: Sentence, score: str | None) -> Sentence:
    """`You rated this visit: 3.92.`, without the number where there is none."""
    if stands != RATED:
        return stands
    return Sentence("You rated this visit: {score}.", score=score) if score else Sentence("You rated this visit.")


def named_clinician(name: str | None) -> str:
    """A clinician to a patient: by name, where that is known."""
    return name or Sentence("your clinician")
