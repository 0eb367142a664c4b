"""Things people try: two or three options at a time, with when they fit, how well founded they are and what to mind."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from urllib.parse import urlencode

from msgspec import Struct

from fhir_mappings.options.offered_options import CLEARLY_LOWER, Opening, Section, pages_of
from fhir_mappings.options.practice_option import GuideToRead, LookedUp, OptionBook, PracticeOption, Strength
from fhir_mappings.sentence import NOTHING, Sentence, counted, joined
from smart_app.care.dashboard.things_to_try import OwnNote, ThingsToTry
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web import formats
from smart_app.web.views.banner import Banner, ContextLine, context_line, page_banner, plain_name
from smart_app.web.views.parts import Link

# By the words of the check-in's own sections, each with the element's name.
SECTIONS: Mapping[Section, Sentence] = {
    "answer": Sentence("From the patient’s own answer"),
    "goal": Sentence("Goals (goal)"),
    "task": Sentence("Steps (task)"),
    "bond": Sentence("Working together (bond)"),
    "any": Sentence("Whatever it is about"),
    "withdrawal": Sentence("Less is said than before"),
    "confrontation": Sentence("There is anger or reproach"),
    "hurtful": Sentence("Something hurtful was said"),
}
_BY_THEMSELVES: tuple[Section, ...] = ("answer", "goal", "task", "bond", "any")
_BY_CHOICE: tuple[Section, ...] = ("withdrawal", "confrontation", "hurtful")
_STRENGTHS: Mapping[Strength, Sentence] = {
    "T": Sentence("Trial in diabetes"),
    "t": Sentence("Trial elsewhere"),
    "O": Sentence("Observed in diabetes"),
    "o": Sentence("Observed elsewhere"),
    "C": Sentence("Experts agree"),
    "G": Sentence("Our own"),
}
_LOOKED_UP: Mapping[LookedUp, Sentence] = {
    "R": Sentence("read in its own page"),
    "A": Sentence("abstract read"),
    "S": Sentence("reported by another page"),
    "G": Sentence("our own"),
}


class OptionUrls(Struct, frozen=True, kw_only=True):
    """Where the page stands, where its ticks go, and back."""

    page: str
    ticked: str
    history: str
    end: str


class SourceLine(Struct, frozen=True, kw_only=True):
    """A source as it is cited, where it can be read ("" where no address is known), and how it was looked up."""

    cite: str
    address: str
    looked_up: Sentence


class OfferedOption(Struct, frozen=True, kw_only=True):
    """One option on the page; `language` of words that are a site's own, "" of ours."""

    key: str
    sentence: str
    caution: str
    when: str
    strength: Sentence
    basis: str
    sources: tuple[SourceLine, ...]
    language: str
    ticked: bool


class TickedOption(Struct, frozen=True, kw_only=True):
    """One line of the note."""

    sentence: str
    day: Sentence
    language: str


class NoteOfOwn(Struct, frozen=True, kw_only=True):
    """What the clinician has ticked, in the order of the options, and until when that is kept."""

    ticked: tuple[TickedOption, ...]
    until: Sentence
    action: str
    show: str
    part: int


class OptionsView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `by_themselves` and `by_choice` lead to the other sections, `more` to what else there is in this one."""

    banner: Banner | None
    context: ContextLine
    lead: Sentence
    by_themselves: tuple[Link, ...]
    by_choice: tuple[Link, ...]
    heading: Sentence
    because: Sentence
    said: Sentence
    options: tuple[OfferedOption, ...]
    more: Link | None
    reading: tuple[GuideToRead, ...]
    note: NoteOfOwn | None
    history: str


def options_view(
    found: ThingsToTry,
    book: OptionBook,
    *,
    context: LaunchContext,
    now: datetime,
    asked: Section | None,
    part: int,
    urls: OptionUrls,
) -> OptionsView:
    """The page at the section that was `asked` for, else at what opens first. What follows from an answer is there only where it was
    given."""
    answered = found.opening.section == "answer"
    section = found.opening.section if asked is None or (asked == "answer" and not answered) else asked
    parts = pages_of(book, section)
    at = part if part <= len(parts) else 1
    note = found.note
    offered = parts[at - 1] if parts else ()
    return OptionsView(
        banner=page_banner(found.patient, context, today=now.date()),
        context=context_line(found.patient, context, now=now, end=urls.end),
        lead=Sentence(
            "For {patient} and you, {day}. A choice, not an instruction: no way of mending a strain is known to have been tested in a "
            "diabetes clinic.",
            patient=plain_name(found.patient),
            day=formats.short_date(now.date()),
        ),
        by_themselves=_links([one for one in _BY_THEMSELVES if one != "answer" or answered], section, urls),
        by_choice=_links(_BY_CHOICE, section, urls),
        heading=SECTIONS[section],
        because=_because(found, section),
        said=Sentence("“something was difficult: {answer}”", answer=found.said) if section == "answer" and found.said else NOTHING,
        options=tuple(_offered(one, note) for one in offered),
        more=_more(parts, at, section, urls),
        reading=book.reading,
        note=_note(note, book, section=section, part=at, action=urls.ticked) if note else None,
        history=urls.history,
    )


def _links(sections: Sequence[Section], current: Section, urls: OptionUrls) -> tuple[Link, ...]:
    return tuple(Link(href=_at(urls, one), text=SECTIONS[one], current=one == current) for one in sections)


def _at(urls: OptionUrls, section: Section, part: int = 1) -> str:
    return f"{urls.page}?{urlencode({'show': section, **({'part': part} if part > 1 else {})})}"


def _more(parts: Sequence[Sequence[PracticeOption]], at: int, section: Section, urls: OptionUrls) -> Link | None:
    """To the next two or three, and from the last to the first."""
    if len(parts) <= 1:
        return None
    following = at % len(parts) + 1
    words = counted("{n} other", "{n} others", len(parts[following - 1]))
    return Link(href=_at(urls, section, following), text=words)


def _because(found: ThingsToTry, section: Section) -> Sentence:
    """Why this stands here: what the patient answered, which element is lowest, the clinician's own choice, or nothing."""
    opens = found.opening
    if section in _BY_CHOICE:
        return Sentence(
            "Here because you opened it. No score leads here, and nothing is concluded about who anybody is or what they meant."
        )
    if section != opens.section:
        return Sentence("Here because you chose it.")
    if section == "answer" and found.rated:
        return Sentence("The patient answered so themself {when}. What it was, they decide.", when=formats.on(found.rated))
    if opens.lower_by is not None and found.rated:
        return _lowest(opens, found)
    return Sentence("Open first because nothing that you may see of this patient’s ratings of you leads anywhere else.")


def _lowest(opens: Opening, found: ThingsToTry) -> Sentence:
    by = formats.rounded(opens.lower_by, 2) if opens.lower_by is not None else ""
    when = formats.on(found.rated) if found.rated else NOTHING
    return Sentence(
        "The patient’s lowest element {when}, {by} below the next. That {least} is enough is assumed; "
        "no error is known for single elements.",
        when=when,
        by=by,
        least=formats.plain(CLEARLY_LOWER),
    )


def _offered(one: PracticeOption, note: OwnNote | None) -> OfferedOption:
    return OfferedOption(
        key=one.id,
        sentence=one.sentence,
        caution=one.caution,
        when=one.when,
        strength=joined(" · ", [_STRENGTHS[each] for each in one.strength]),
        basis=one.basis,
        sources=tuple(SourceLine(cite=each.cite, address=each.address, looked_up=_LOOKED_UP[each.mark]) for each in one.sources),
        language=one.language or "",
        ticked=note is not None and one.id in note.ticked,
    )


def _note(note: OwnNote, book: OptionBook, *, section: Section, part: int, action: str) -> NoteOfOwn:
    ticked = [
        TickedOption(sentence=one.sentence, day=formats.short_date(date.fromisoformat(note.ticked[one.id])), language=one.language or "")
        for one in book.options
        if one.id in note.ticked
    ]
    until = Sentence("Kept until {day}.", day=formats.short_date(note.until.date())) if note.until and ticked else NOTHING
    return NoteOfOwn(ticked=tuple(ticked), until=until, action=action, show=section, part=part)
