"""What panels are made of on the page: lanes, readings, tables, notices. Text only, ready to print."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from fhir_mappings.sentence import full_sentence
from fhir_mappings.skipped import UntiedResource
from smart_app.care.record.reads import ReadReport
from smart_app.web import formats
from smart_app.web.charts import plot as charts


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
    """The values behind a chart, newest first; the first cell of a row heads it. `style` aligns its columns."""

    summary: str
    style: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Words(Struct, frozen=True, kw_only=True):
    """What stands where nothing is drawn: the first words, lines of explanation, and the codes that were asked for in vain."""

    lead: str
    lines: tuple[str, ...]
    asked: tuple[str, ...] = ()


class Lane(Struct, frozen=True, kw_only=True):
    """One plot with its label and its latest value. Exactly one of `plot`, `notice` and `words` stands in the middle,
    except that a notice may come with a plot when only part was read."""

    title: str
    unit: str
    about: tuple[str, ...]
    readings: tuple[Reading, ...]
    alt: str = ""
    plot: charts.Plot | None = None
    notice: Notice | None = None
    words: Words | None = None
    table: Table | None = None


_STAYING = 2
Rows = tuple[tuple[str, ...], ...]


def filled_columns(head: Sequence[str], columns: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], Rows]:
    """Head and rows of a table without the columns in which no row says anything; the first two always stay."""
    kept = [index for index, column in enumerate(columns) if index < _STAYING or any(column)]
    return tuple(head[index] for index in kept), tuple(zip(*(columns[index] for index in kept), strict=True))


_STATES = {
    "failed": "{title} did not load.",
    "partial": "{title} is incomplete.",
    "unsupported": "{title} cannot be read from this server.",
    "not_permitted": "{title} may not be read in this launch.",
}
_CONSEQUENCES = {"failed": "There may be results.", "partial": "There may be more.", "not_permitted": "There may be results."}


OLDER_UNREAD = "What is older was not read: there are more results than one page asks for."


def untied_words(untied: Sequence[UntiedResource]) -> str:
    """`2 results could not be tied to this patient`."""
    thing = "result" if all(one.source.startswith("Observation/") for one in untied) else "resource"
    return f"{formats.count(len(untied), thing)} could not be tied to this patient"


def read_notice(read: ReadReport, title: str, retry: str, *, at: str) -> Notice | None:
    """What a lane says when its read is not whole; a retry is offered only where it can help."""
    if read.whole:
        return None
    if read.since is not None and not read.untied:
        return Notice(title=f"{title} is complete from {formats.short_date(read.since)} on.", text=OLDER_UNREAD, action=None)
    if read.state == "complete":
        return Notice(title=f"{title} may be incomplete.", text=f"{untied_words(read.untied)}; see “Not shown”.", action=None)
    reason = full_sentence(read.reason or "The server gave no reason")
    text = f"{reason} {_CONSEQUENCES.get(read.state, '')} Tried at {at}.".replace("  ", " ")
    action = Link(href=retry, text="Try again") if read.unfinished else None
    return Notice(title=_STATES[read.state].format(title=title), text=text, action=action)


def rated_words(stands: str, score: str | None) -> str:
    """`You rated this visit: 3.92.`, without the number where there is none."""
    return stands.replace("{score}", score) if score else stands.replace(": {score}", "")
