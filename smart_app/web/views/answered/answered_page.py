"""A rating as it was answered: the direct question, what changed since the rating before, what stayed; each with its words on both days."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Informant, Instrument, Item, Option, Question
from fhir_mappings.options.offered_options import DIRECT_QUESTION
from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.people.person import Person
from fhir_mappings.ratings.rating import form_named
from fhir_mappings.sentence import NOTHING, Sentence, counted, joined
from smart_app.care.dashboard.as_answered import Alone, AsAnswered, Kept
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web import formats
from smart_app.web.views.answered.given_words import (
    AnswerWords,
    GivenAnswers,
    GivenState,
    state_of,
    worded,
    wording_notes,
    words_of_answer,
    words_of_option,
    words_of_question,
)
from smart_app.web.views.answered.option_strip import OptionStrip, option_strip
from smart_app.web.views.banner import Banner, ContextLine, context_line, page_banner, plain_name, recorded_name
from smart_app.web.views.dashboard.lanes.alliance_lanes import ANSWERED_BY, STANDINGS, WHO, person, score_in_words
from smart_app.web.views.parts import Link


class AnsweredUrls(Struct, frozen=True, kw_only=True):
    """Back, where the launch is closed, where another rating is shown, by its source, what can be begun, and what is printed."""

    history: str
    end: str
    rating: Callable[[str], str]
    actions: tuple[Link, ...] = ()
    printed: str = ""


class AnsweredRow(Struct, frozen=True, kw_only=True):
    """One item or question: its number in the form ("" where it has no words but that), its words in their `language` ("" of ours), what it
    is part of, both answers, its
    options with both marked (None where they are no scale), and how far apart the two are."""

    number: str
    text: str
    language: str
    element: str
    before: AnswerWords
    now: AnswerWords
    strip: OptionStrip | None
    step: Sentence
    changed: bool


class AnsweredGroup(Struct, frozen=True, kw_only=True):
    """Rows under one heading."""

    title: Sentence
    rows: tuple[AnsweredRow, ...]


class AnsweredColumns(Struct, frozen=True, kw_only=True):
    """What stands over the columns, and how many there are; "" for one that is not there. `ends` are the first and the last option."""

    element: Sentence
    before: Sentence
    now: Sentence
    ends: tuple[AnswerWords, ...]
    step: Sentence
    count: int = 0


class ScoreTable(Struct, frozen=True, kw_only=True):
    """The scores, the total first."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class AnsweredView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `notes` say what is not there, or not compared, and why."""

    banner: Banner | None
    context: ContextLine
    heading: Sentence
    about: Sentence
    notes: tuple[Sentence, ...]
    columns: AnsweredColumns
    groups: tuple[AnsweredGroup, ...]
    scores: ScoreTable | None
    others: tuple[Link, ...]
    informant: Informant
    drawn: bool
    compared: bool
    history: str
    actions: tuple[Link, ...]
    printed: str


def answered_view(found: AsAnswered, *, context: LaunchContext, now: datetime, urls: AnsweredUrls) -> AnsweredView:
    """The page."""
    given = GivenAnswers(form=found.instrument, rating=found.rating, before=found.before, patient=recorded_name(found.patient) or None)
    groups = tuple(_groups(given)) if found.kept == "answers" else ()
    return AnsweredView(
        banner=page_banner(found.patient, context, today=now.date()),
        context=context_line(found.patient, context, now=now, end=urls.end),
        heading=_heading(found),
        about=joined(" · ", list(_about(found, now))),
        notes=tuple(_notes(found, given)),
        columns=_columns(given, groups),
        groups=groups,
        scores=_scores(found),
        others=tuple(_others(found, urls)),
        informant=found.rating.informant,
        drawn=any(row.strip for group in groups for row in group.rows),
        compared=found.before is not None,
        history=urls.history,
        actions=urls.actions,
        printed=urls.printed,
    )


# Above


def _heading(found: AsAnswered) -> Sentence:
    """Whose rating of which day."""
    rating, day = found.rating, formats.short_moment(found.rating.when)
    if found.by_reader:
        return Sentence("Your rating of {day}, as answered", day=day)
    if rating.informant == "patient":
        return Sentence("{patient}’s rating of {day}, as answered", patient=plain_name(found.patient), day=day)
    if rating.informant == "clinician" and rating.clinician:
        return Sentence("{clinician}’s rating of {day}, as answered", clinician=rating.clinician.called, day=day)
    return Sentence("An observer’s rating of {day}, as answered", day=day)


def _about(found: AsAnswered, now: datetime) -> Iterator[str]:
    """Which form, about whom, by whose hand and when, how much of it, and how far it can be relied on."""
    rating, form = found.rating, found.instrument
    named = form_named(form.title, rating.informant)
    told = rating.version_told
    yield Sentence("{form}, version {version}", form=named, version=rating.version) if told else named
    if rating.clinician and rating.informant != "clinician":
        yield Sentence("about {clinician}", clinician=person(rating.clinician))
    if rating.answering and rating.answering in ANSWERED_BY:
        yield ANSWERED_BY[rating.answering]
    yield _entered(found)
    if rating.when.instant is not None:
        yield Sentence("dated {day}, {time}", day=formats.short_moment(rating.when), time=formats.clock(rating.when.instant, now.tzinfo))
    if found.kept == "answers":
        yield _how_many(found)
    if rating.standing in STANDINGS:
        yield STANDINGS[rating.standing]
    if rating.given_after_seen:
        yield Sentence("given again once the patient’s rating of the visit could be seen")
    if not form.validated:
        yield Sentence("not validated")


def _entered(found: AsAnswered) -> Sentence:
    entry, by = found.entry, found.entry.by if found.entry else None
    if entry is None or by is None:
        return Sentence("who entered it is not recorded")
    who = plain_name(found.patient) if by.reference == f"Patient/{found.patient.id}" else _called(entry.kind, by)
    if entry.on_paper:
        return Sentence("answered on paper, entered by {who}", who=who)
    return Sentence("entered by {who}", who=who)


def _called(kind: str, by: Person) -> str:
    """A name, else what is known of whoever has none: not everything that enters a form is a clinician."""
    if by.name or is_clinician(kind):
        return person(by)
    return _NAMELESS.get(kind, _SOMEBODY)


_NAMELESS = {"RelatedPerson": Sentence("a related person"), "Device": Sentence("a device")}
_SOMEBODY = Sentence("somebody whose name is not recorded")


def _how_many(found: AsAnswered) -> Sentence:
    rating, items = found.rating, found.instrument.items
    answered = sum(item.link_id in rating.answers or item.link_id in rating.extra for item in items)
    return counted("{answered} of {n} item answered", "{answered} of {n} items answered", len(items), answered=answered)


def _notes(found: AsAnswered, given: GivenAnswers) -> Iterator[Sentence]:
    """What is not there or not compared, and why."""
    if found.kept != "answers":
        yield _KEPT[found.kept]
    if found.alone:
        yield _ALONE[found.alone]
    if found.kept != "answers":
        return
    yield from wording_notes(given)


_KEPT: Mapping[Kept, Sentence] = {
    "scores": Sentence("Only its scores are in the record: the answers behind them are not."),
    "nothing": Sentence("No answer of it could be read."),
    "version-gone": Sentence("This version of the form is not installed any more: its scores are shown, its answers cannot be."),
}
_ALONE: Mapping[Alone, Sentence] = {
    "first": Sentence("It is the first of those that you may see, so nothing stands beside it."),
    "version": Sentence("The rating before was on another version of the form, so it does not stand beside this one."),
    "language": Sentence("The rating before was on a form in another language, so it does not stand beside this one."),
    "words": Sentence("The answers of the rating before had other words, so it does not stand beside this one."),
    "missing": Sentence("Not all ratings could be read, and one between may be missing, so none stands beside this one."),
    "order": Sentence("Which of two ratings came first is not known, so none stands beside this one."),
}


# Items


def _groups(given: GivenAnswers) -> Iterator[AnsweredGroup]:
    """What was asked beside the items first, then what changed, then what stayed; all items in one where nothing is beside them."""
    beside = tuple(_question_row(question, given) for question in _questions(given))
    if beside:
        yield AnsweredGroup(title=Sentence("Asked beside the items, never scored"), rows=beside)
    rows = [_item_row(item, given) for item in given.form.items]
    if given.before is None:
        yield AnsweredGroup(title=counted("{n} item", "{n} items", len(rows)), rows=tuple(rows))
        return
    changed, same = [row for row in rows if row.changed], [row for row in rows if not row.changed]
    if changed:
        yield AnsweredGroup(title=Sentence("Changed: {n} of {all}", n=len(changed), all=len(rows)), rows=tuple(changed))
    if same:
        yield AnsweredGroup(title=Sentence("The same: {n} of {all}", n=len(same), all=len(rows)), rows=tuple(same))


def _questions(given: GivenAnswers) -> list[Question]:
    """Those that were answered on either day, the direct one first, which is there whenever the form has it."""
    both = [given.rating, *([given.before] if given.before else [])]
    asked = [
        one
        for one in given.form.questions
        if any(one.link_id in each.extra for each in both) or (one.link_id == DIRECT_QUESTION and given.rating.informant in one.text)
    ]
    return sorted(asked, key=lambda one: one.link_id != DIRECT_QUESTION)


def _question_row(question: Question, given: GivenAnswers) -> AnsweredRow:
    now, before = given.rating.extra.get(question.link_id), given.before.extra.get(question.link_id) if given.before else None
    text = worded(question.text, given)
    return AnsweredRow(
        number="+",
        text=text or Sentence("A question beside the items"),
        language=(given.form.language or "") if text else "",
        element="",
        before=words_of_question(question, before, given) if given.before else _UNSAID,
        now=words_of_question(question, now, given),
        strip=None,
        step=_step_between(now, before) if given.before else NOTHING,
        changed=given.before is not None and now != before,
    )


def _item_row(item: Item, given: GivenAnswers) -> AnsweredRow:
    rating, before, form = given.rating, given.before, given.form
    now, then = state_of(item, rating, form), state_of(item, before, form) if before else None
    text = worded(item.text, given)
    return AnsweredRow(
        number=str(item.number) if text else "",
        text=text or Sentence("Item {number}", number=item.number),
        language=(form.language or "") if text else "",
        element=_element(item, form),
        before=words_of_answer(then, before, given) if before else _UNSAID,
        now=words_of_answer(now, rating, given),
        strip=option_strip(form, now=_chosen(now), before=_chosen(then)),
        step=_step(now, then, form) if before else NOTHING,
        changed=before is not None and now != then,
    )


def _element(item: Item, form: Instrument) -> str:
    """What it is part of and how it counts, by a key that somebody vouches for."""
    scale = next((one for one in form.scales if one.key == item.scale), None)
    if form.why_unscored:
        return ""
    if scale is None:
        return Sentence("counted in reverse") if item.reverse else ""
    return Sentence("{element}, counted in reverse", element=scale.title_within) if item.reverse else scale.title_within


def _chosen(state: GivenState | None) -> Option | None:
    return state if isinstance(state, Option) else None


def _step(now: GivenState, then: GivenState | None, form: Instrument) -> Sentence:
    """How many options apart, by the answer itself and not by what it counts."""
    places = [one for one in form.options if one.value is not None]
    if isinstance(now, Option) and isinstance(then, Option) and now in places and then in places:
        apart = _value(now, places) - _value(then, places)
        if not apart:
            return _THE_SAME
        if apart > 0:
            return counted("{n} step higher", "{n} steps higher", apart)
        return counted("{n} step lower", "{n} steps lower", -apart)
    return _step_between(_told(now), _told(then))


def _value(option: Option, places: Sequence[Option]) -> int:
    """Its place among the options, the lowest first."""
    return sum(one.value < option.value for one in places if one.value is not None and option.value is not None)


def _told(state: GivenState | None) -> str | None:
    if isinstance(state, Option):
        return state.code
    return state if state == "declined" else None


def _step_between(now: str | None, before: str | None) -> Sentence:
    return _THE_SAME if now == before else Sentence("changed")


_THE_SAME = Sentence("the same")
_UNSAID = AnswerWords(text="")


def _columns(given: GivenAnswers, groups: Sequence[AnsweredGroup]) -> AnsweredColumns:
    rows = [row for group in groups for row in group.rows]
    before = given.before
    found = AnsweredColumns(
        element=Sentence("Element") if any(row.element for row in rows) else NOTHING,
        before=formats.short_moment(before.when) if before else NOTHING,
        now=formats.short_moment(given.rating.when),
        ends=_ends(given) if any(row.strip for row in rows) else (),
        step=Sentence("Step") if before else NOTHING,
    )
    return replace(found, count=2 + sum(map(bool, (found.element, found.before, found.ends, found.step))))


def _ends(given: GivenAnswers) -> tuple[AnswerWords, AnswerWords]:
    """What the ends of the strip are called."""
    ordered = sorted((one for one in given.form.options if one.value is not None), key=lambda one: one.value or 0)
    return words_of_option(ordered[0], given.rating, given), words_of_option(ordered[-1], given.rating, given)


# Beside


def _scores(found: AsAnswered) -> ScoreTable | None:
    """Every score of both days; None where none may be given."""
    scales, before = found.instrument.scales, found.before
    if not scales or found.instrument.why_unscored:
        return None
    ratings = [*([before] if before else []), found.rating]
    first = sorted(scales, key=lambda one: one.key != "total")
    return ScoreTable(
        head=(Sentence("Score"), *(formats.short_moment(one.when) for one in ratings)),
        rows=tuple((scale.title, *(score_in_words(one.scores.get(scale.key)) for one in ratings)) for scale in first),
    )


def _others(found: AsAnswered, urls: AnsweredUrls) -> Iterator[Link]:
    """The rating before, and what others said of the same visit."""
    if found.before:
        yield Link(
            href=urls.rating(found.before.source), text=Sentence("The rating before, {day}", day=formats.short_moment(found.before.when))
        )
    for one in found.beside:
        yield Link(href=urls.rating(one.source), text=Sentence("The same visit, rated by the {informant}", informant=WHO[one.informant]))
