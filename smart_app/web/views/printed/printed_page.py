"""The history on one A4 page: whose it is, what speaks up, the sentences of what changed, the two plots, the last visits, and what is not
drawn. It is made of the dashboard's own view, so that paper says what the screen said; the tables behind it come on further pages, on
request."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence, counted
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import History, Panel
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web import formats
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.views.banner import Banner, ContextLine, clinician_banner, context_line
from smart_app.web.views.dashboard.dashboard_page import DashboardUrls, DashboardView, dashboard_view
from smart_app.web.views.dashboard.focus_line import TimeAxis
from smart_app.web.views.dashboard.lanes.measure_lanes import NOT_RESULTS
from smart_app.web.views.dashboard.lanes.unanswered_words import of_dyad
from smart_app.web.views.dashboard.panels import AlliancePanel, MeasurePanel
from smart_app.web.views.dashboard.summary import ChangeLine
from smart_app.web.views.dashboard.talk.signal_lines import ToTalkAbout
from smart_app.web.views.parts import Lane, Notice, Table
from smart_app.web.views.printed.sheet_fit import Fit, Printed, fit_of
from smart_app.web.views.printed.visit_rows import LastVisits, last_visits

# What is there whatever the page says, in pixels: title, rules and margins; an axis; a row of the table. And about as many signs as the
# sentences have that the template adds: of what is kept back, and at the foot.
_FRAME, _AXIS, _ROW = 24, 36, 17
_KEPT_BACK, _LAST = " " * 150, " " * 150


class PrintUrls(Struct, frozen=True, kw_only=True):
    """Where the page's links lead: back, to itself with and without the tables, to the same as a PDF ("" where none can be
    made), and to where a copy of it is filed in the record ("" where none can be)."""

    history: str
    one_page: str
    with_tables: str
    pdf: str = ""
    file: str = ""


class PrintedTable(Struct, frozen=True, kw_only=True):
    """A table behind a plot, with what it is of."""

    title: str
    table: Table


class PrintView(Struct, frozen=True, kw_only=True):
    """What is printed. `read` says where and when it was read; `small` is the print at the foot; `tables` are empty on one page;
    `fit` is how much closer it is set to be one; `no_copy` why no copy can be filed in the record, where the site wants that."""

    banner: Banner
    context: ContextLine
    urls: PrintUrls
    read: Sentence
    span: Sentence
    incomplete: Notice | None
    kept_back: bool
    to_talk: ToTalkAbout | None
    lines: tuple[ChangeLine, ...]
    axis: TimeAxis
    alliance: AlliancePanel | None
    no_alliance: Lane | None
    no_alliance_title: Sentence
    hba1c: MeasurePanel | None
    visits: LastVisits | None
    not_drawn: tuple[Sentence, ...]
    small: tuple[Sentence, ...]
    tables: tuple[PrintedTable, ...]
    fit: Fit = ""
    no_copy: Sentence | None = None


def print_view(
    history: History, *, context: LaunchContext, urls: PrintUrls, now: datetime, tables: bool = False, language: PageLanguage = ENGLISH_PAGE
) -> PrintView:
    """The page of one history; with `tables`, those behind it too."""
    nowhere = DashboardUrls(page=urls.history, hand_over=None, rate=None, reveal="", end=None)
    shown = dashboard_view(history, context=context, urls=nowhere, now=now, language=language)
    hba1c = next((panel for panel in history.panels if panel.measure.key == "hba1c"), None)
    first = next(iter([*(dyad for dyad in history.dyads if dyad.mine), *history.dyads]), None)
    view = PrintView(
        banner=clinician_banner(history.patient, today=now.date()),
        context=context_line(history.patient, context, now=now, end=None),
        urls=urls,
        read=Sentence(
            "{server}, read on {day} at {time}",
            server=history.server,
            day=history.read_at.astimezone(now.tzinfo).date(),
            time=formats.clock(history.read_at, now.tzinfo),
        ),
        span=shown.span,
        incomplete=shown.incomplete,
        kept_back=any(one.mine for one in history.hidden),
        to_talk=shown.to_talk,
        lines=shown.summary.lines,
        axis=shown.axis,
        alliance=shown.alliance,
        no_alliance=shown.no_alliance,
        no_alliance_title=shown.no_alliance_title,
        hba1c=shown.hba1c,
        visits=last_visits(first, hba1c, of_dyad(history, first)) if first else None,
        not_drawn=tuple(_not_drawn(history, hba1c)),
        small=(shown.sources.sentence, *shown.sources.instruments[:1]),
        tables=tuple(_tables(shown)) if tables else (),
    )
    return replace(view, fit=fit_of(_parts(view), language))


# How tall it is


def _parts(view: PrintView) -> Iterator[Printed]:
    """What is on the first sheet, from top to bottom, as the style sheet for paper sets it."""
    yield Printed(more=_FRAME)
    facts = [text for one in view.banner.facts for text in (one.label, one.value, "    ")]
    yield Printed(texts=[view.banner.name, *facts], first=1.7, size=14, line=22, more=20, inset=28, apart=True, set_close=False)
    yield Printed(texts=[view.banner.standing, view.banner.deceased or ""], size=15, line=22, set_close=False)
    yield Printed(texts=[view.read, view.context.signed_in, _KEPT_BACK[:50]], line=20, apart=True, set_close=False)
    if view.incomplete:
        yield Printed(texts=[view.incomplete.title, view.incomplete.text], size=14, line=20, more=12, inset=24)
    if view.kept_back:
        yield Printed(texts=[_KEPT_BACK], line=17)
    if view.to_talk:
        said = [*([one.lead, one.said] for one in view.to_talk.lines), *([one.said] for one in view.to_talk.aside)]
        yield from (Printed(texts=texts, size=13, line=19, more=8, inset=16) for texts in said)
    for line in view.lines:
        yield Printed(texts=[line.text], size=13, line=18, more=3)
        yield Printed(texts=[line.verdict or "", line.beside or ""])
    if view.alliance:
        yield _heading(view.alliance.title, view.alliance.direction, *view.alliance.total.about)
        yield from _lane(view.alliance.total)
    elif view.no_alliance:
        yield _heading(view.no_alliance_title)
        yield from _lane(view.no_alliance)
    if view.hba1c:
        yield _heading(view.hba1c.title, view.hba1c.direction, view.hba1c.standing)
        yield from _lane(view.hba1c.lane)
    if view.visits:
        yield Printed(more=30 + _ROW * (2 + len(view.visits.rows)))
    yield Printed(texts=[*view.not_drawn, *view.small, _LAST], size=11, line=15, more=9)


def _heading(title: str, *beside: str) -> Printed:
    return Printed(texts=[title, *beside], first=1.5, size=11.5, line=21, more=10, apart=True)


def _lane(lane: Lane) -> Iterator[Printed]:
    if lane.notice:
        yield Printed(texts=[lane.notice.title, lane.notice.text], size=14, line=20, more=12, inset=24)
    if lane.words:
        yield Printed(texts=[lane.words.lead, *lane.words.lines], size=14, line=20)
    if lane.plot:
        yield Printed(more=_AXIS + lane.plot.height)
    for line in lane.unanswered:
        yield Printed(texts=[line])


def _not_drawn(history: History, hba1c: Panel | None) -> Iterator[Sentence]:
    """How much is listed on the screen and not here: what of HbA1c could not be used stands under its plot, by number."""
    dated = [one for one in (hba1c.skipped if hba1c else ()) if one.code not in NOT_RESULTS and _is_in_range(one, history)]
    every = dict.fromkeys([*history.skipped, *(skip for panel in history.panels for skip in panel.skipped)])
    others = len([one for one in every if one.code != "foreign_patient"]) - len(dated)
    if others > 0:
        yield counted(
            "{n} value more is listed under “Not shown” on the screen.",
            "{n} values more are listed under “Not shown” on the screen.",
            others,
        )


def _is_in_range(one: Skipped, history: History) -> bool:
    return one.when is not None and history.start <= one.when.day <= history.end


def _tables(shown: DashboardView) -> Iterator[PrintedTable]:
    if shown.alliance and shown.alliance.table:
        yield PrintedTable(title=shown.alliance.title, table=shown.alliance.table)
    for dyad in shown.other_dyads:
        if dyad.table:
            yield PrintedTable(title=dyad.title, table=dyad.table)
    for one in shown.companions:
        if one.table:
            yield PrintedTable(title=one.title, table=one.table)
    if shown.hba1c and shown.hba1c.lane.table:
        yield PrintedTable(title=shown.hba1c.title, table=shown.hba1c.lane.table)
    for lane in shown.measures.lanes if shown.measures else ():
        if lane.table:
            yield PrintedTable(title=lane.title, table=lane.table)
    if shown.not_shown.rows:
        rows = (*shown.not_shown.rows, *shown.not_shown.more)
        table = Table(summary=shown.not_shown.count, style="plain", head=shown.not_shown.head, rows=rows)
        yield PrintedTable(title=Sentence("Not shown"), table=table)
