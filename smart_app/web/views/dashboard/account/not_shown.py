"""What was read and is not on the page, each with the reason."""

from msgspec import Struct

from fhir_mappings.sentence import Sentence, counted, full_sentence, listed
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import History
from smart_app.care.record.reads import ReadReport
from smart_app.web import formats
from smart_app.web.views.dashboard.account.incomplete import foreign_words
from smart_app.web.views.dashboard.events.event_lanes import is_of_events
from smart_app.web.views.parts import NO_REASON, OLDER_UNREAD, filled_columns

_FIRST_SKIPPED = 12
_NOT_SHOWN_HEAD = (
    Sentence("Date"),
    Sentence("What"),
    Sentence("Why it is not drawn or not scored"),
    Sentence("What would settle it"),
    Sentence("Source"),
)
_UNREAD, _ALL_DATES, _SEARCH = Sentence("Not read"), Sentence("All dates"), Sentence("search")
_AGAIN, _FOR_IT = Sentence("Try again; if it stays so, tell the IT team."), Sentence("The IT team can settle it.")


class NotShown(Struct, frozen=True, kw_only=True):
    """What was read and is not on the page. `rows` first, `more` folded; `foreign` says what other patients' resources came along."""

    count: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: tuple[tuple[str, ...], ...]
    foreign: str


def not_shown(history: History) -> NotShown:
    """All of it: reads first, then what was left out, the newest first."""
    skipped = dict.fromkeys([*history.skipped, *(skip for panel in history.panels for skip in panel.skipped)])
    mine = sorted((skip for skip in skipped if skip.code != "foreign_patient"), key=_skip_order)
    failed = [read for read in history.reads if read.state != "complete"]
    all_rows = [*(_read_row(read) for read in failed), *(_skip_row(skip) for skip in mine)]
    head, rows = filled_columns(_NOT_SHOWN_HEAD, list(zip(*all_rows, strict=True)))
    foreign = sum(read.foreign for read in history.reads)
    events = sum(is_of_events(skip) for skip in mine)
    parts = [counted("{n} value", "{n} values", len(mine) - events)] if len(mine) > events else []
    parts += [counted("{n} event", "{n} events", events)] if events else []
    parts += [counted("{n} read", "{n} reads", len(failed))] if failed else []
    return NotShown(
        count=listed(parts) if parts else "",
        head=head,
        rows=rows[:_FIRST_SKIPPED],
        more=rows[_FIRST_SKIPPED:],
        foreign=foreign_words(foreign) if foreign else "",
    )


def _skip_order(skip: Skipped) -> int:
    """Newest first, undated last."""
    return -skip.when.day.toordinal() if skip.when else 0


def _skip_row(skip: Skipped) -> tuple[str, ...]:
    undated = _UNREAD if skip.code == "untied" else formats.NOT_RECORDED
    when = formats.short_moment(skip.when) if skip.when else undated
    what = Sentence("{what}, “{value}”", what=skip.what, value=skip.shown) if skip.shown else skip.what
    return (when, what, full_sentence(skip.reason), full_sentence(skip.remedy or ""), skip.source)


def _read_row(read: ReadReport) -> tuple[str, ...]:
    if read.since is not None:
        return (Sentence("Before {day}", day=read.since), read.title, OLDER_UNREAD, "", _SEARCH)
    return (_ALL_DATES, read.title, full_sentence(read.reason or NO_REASON), _AGAIN if read.unfinished else _FOR_IT, _SEARCH)
