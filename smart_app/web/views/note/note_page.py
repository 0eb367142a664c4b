"""Copy for the note: a box of plain lines, and what may be left out of it. The lines are in the page's language alone and made of text that
comes through where it is pasted; nothing of them is kept."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from fhir_mappings.sentence import ENGLISH, Language, Sentence
from smart_app.care.dashboard.history import History, Years
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web.views.banner import Banner, ContextLine, context_line, page_banner
from smart_app.web.views.note.note_lines import LeaveOut, note_lines
from smart_app.web.views.note.plain_signs import plain_line

LEAVE_OUTS: Mapping[LeaveOut, Sentence] = {
    "difficulty": Sentence("what the patient answered of difficulty"),
    "elements": Sentence("the elements"),
}


class NoteUrls(Struct, frozen=True, kw_only=True):
    """Where the page's links lead: `page` is its own address without a query."""

    page: str
    history: str
    printed: str
    end: str


class LeaveOutChoice(Struct, frozen=True, kw_only=True):
    """One thing to leave out: what goes back, what is read, and whether it is left out now."""

    code: LeaveOut
    words: Sentence
    chosen: bool


class NoteView(Struct, frozen=True, kw_only=True):
    """`text` is what is copied, `rows` how many lines it has; `years` the range it was made of; `kept_back`: a rating of the patient's
    waits until whoever is signed in has rated its visit."""

    banner: Banner | None
    context: ContextLine
    page: str
    history: str
    printed: str
    text: str
    rows: int
    leave_outs: tuple[LeaveOutChoice, ...]
    years: Years
    kept_back: bool


def note_view(
    history: History,
    *,
    context: LaunchContext,
    now: datetime,
    urls: NoteUrls,
    without: frozenset[LeaveOut] = frozenset(),
    language: Language = ENGLISH,
) -> NoteView:
    """The page of one history. `language` is the page's: the lines are said in it, whatever stands beneath other texts of the page."""
    user = context.user
    lines = note_lines(history, clinician=user.called, me=user.reference, zone=now.tzinfo, synthetic=context.synthetic, without=without)
    return NoteView(
        banner=page_banner(history.patient, context, today=now.date()),
        context=context_line(history.patient, context, now=now, end=urls.end),
        page=urls.page,
        history=urls.history,
        printed=urls.printed,
        text="\n".join(plain_line(line.said(language)) for line in lines),
        rows=len(lines),
        leave_outs=tuple(LeaveOutChoice(code=code, words=words, chosen=code in without) for code, words in LEAVE_OUTS.items()),
        years=history.years,
        kept_back=any(one.mine for one in history.hidden),
    )
