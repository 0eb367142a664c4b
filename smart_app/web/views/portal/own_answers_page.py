"""One form as the patient answered it, for them to read and to print: every question with what was chosen. No score, no verdict, nothing
beside it."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from fhir_mappings.instruments.instrument import Item, Option, Question
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.sentence import NOTHING, Sentence, capitalised, joined
from smart_app.care.patient_portal.own_responses import OwnAnswers
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
    words_of_question,
)
from smart_app.web.views.banner import Banner, patient_banner, plain_name, recorded_name
from smart_app.web.views.forms.form_page import spoken_of
from smart_app.web.views.parts import Fact, Statement
from smart_app.web.views.portal.given_by import how_given
from smart_app.web.views.portal.portal_home import CHANGED_LATER
from smart_app.web.views.sign_in_end import lasts_until


class OwnAnswerRow(Struct, frozen=True, kw_only=True):
    """One question as it was asked, in its `language` ("" of words of ours), and what was chosen; `open` where nothing was."""

    place: str
    text: str
    language: str
    answer: AnswerWords
    open: bool


class OwnAnswerGroup(Struct, frozen=True, kw_only=True):
    """Questions under the form's own heading, "" without one, which is in `language`."""

    title: str
    language: str
    rows: tuple[OwnAnswerRow, ...]


class OwnAnswersView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `signed_in`, `lasts`, `synthetic` and `end` as of the patient's own page."""

    banner: Banner
    signed_in: str
    lasts: str
    synthetic: bool
    end: str
    home: str
    heading: Sentence
    facts: tuple[Fact, ...]
    notes: tuple[Sentence, ...]
    groups: tuple[OwnAnswerGroup, ...]
    who: tuple[Statement, ...]


def own_answers_view(found: OwnAnswers, *, context: LaunchContext, site_name: str, home: str, end: str, now: datetime) -> OwnAnswersView:
    """The page; `now` is aware and gives the zone."""
    given = GivenAnswers(form=found.instrument, rating=found.rating, patient=recorded_name(found.patient) or None)
    return OwnAnswersView(
        banner=patient_banner(found.patient),
        signed_in=context.user.name or plain_name(found.patient),
        lasts=lasts_until(context, now=now),
        synthetic=context.synthetic,
        end=end,
        home=home,
        heading=Sentence("Your answers of {day}", day=formats.long_moment(found.rating.when)),
        facts=tuple(_facts(found, now)),
        notes=tuple(_notes(found, given)),
        groups=tuple(_groups(found, given)) if _has_answers(found.rating) else (),
        who=_who(found, site_name),
    )


def _facts(found: OwnAnswers, now: datetime) -> Iterator[Fact]:
    """Which form, about whom, when, and how it came into the record."""
    rating, form = found.rating, found.instrument
    named = Sentence("{form}, version {version}", form=form.title, version=rating.version)
    yield Fact(label=Sentence("Form"), value=named if form.validated else joined(" · ", [named, Sentence("not validated")]))
    if rating.clinician:
        yield Fact(label=Sentence("About"), value=spoken_of(rating.clinician))
    day, instant = formats.long_moment(rating.when), rating.when.instant
    yield Fact(label=Sentence("Dated"), value=joined(", ", [day, formats.clock(instant, now.tzinfo)]) if instant else day)
    yield Fact(label=Sentence("In your record"), value=how_given(found.given))


def _notes(found: OwnAnswers, given: GivenAnswers) -> Iterator[Sentence]:
    """What has to be known of what stands here."""
    if found.rating.standing == "amended":
        yield CHANGED_LATER
    if not _has_answers(found.rating):
        yield Sentence("No answer of it could be read.")
        return
    if found.unreadable:
        yield Sentence(
            "Something in these answers is stored in a way that this page cannot read. Your clinic can look at it in your record."
        )
    yield from wording_notes(given)


def _has_answers(rating: Rating) -> bool:
    return bool(rating.answers or rating.extra or rating.declined)


def _groups(found: OwnAnswers, given: GivenAnswers) -> Iterator[OwnAnswerGroup]:
    """As they were asked: the form's sections, then what was asked beside them."""
    place = 0
    for section in given.form.sections:
        rows = [_item_row(given.form.item(link_id), place + number, found, given) for number, link_id in enumerate(section.items, 1)]
        place += len(rows)
        title = worded(section.title, given)
        yield OwnAnswerGroup(title=title, language=_language(title, given), rows=tuple(rows))
    beside = tuple(_question_row(one, found, given) for one in given.form.questions if _was_asked(one, given))
    if beside:
        yield OwnAnswerGroup(title=Sentence("Asked beside these questions"), language="", rows=beside)


def _was_asked(question: Question, given: GivenAnswers) -> bool:
    """Of one about a visit of that day it is known by its answer alone: nobody at home is asked it."""
    return question.link_id in given.rating.extra or ("patient" in question.text and not question.at_visit)


def _item_row(item: Item, place: int, found: OwnAnswers, given: GivenAnswers) -> OwnAnswerRow:
    state, text = state_of(item, given.rating, given.form), worded(item.text, given)
    return OwnAnswerRow(
        place=Sentence("Question {number} of {of}", number=place, of=len(given.form.items)) if text else NOTHING,
        text=text or Sentence("Item {number}", number=item.number),
        language=_language(text, given),
        answer=_answer(state, found, given),
        open=not isinstance(state, Option),
    )


def _answer(state: GivenState, found: OwnAnswers, given: GivenAnswers) -> AnswerWords:
    """What was chosen; of what was not, how that came: by the form's own box, by the sheet's empty line, or untold, and then not
    called unanswered where something could not be read."""
    if state == "declined":
        return AnswerWords(text=_LEFT_EMPTY if found.given.entry.on_paper else _RATHER_NOT)
    if state == "none":
        return AnswerWords(text=_NOT_READ if found.unreadable else _NOT_ANSWERED)
    return words_of_answer(state, given.rating, given)


_RATHER_NOT, _LEFT_EMPTY = Sentence("I would rather not answer this one"), Sentence("Left empty on the sheet")
_NOT_ANSWERED, _NOT_READ = Sentence("Not answered"), Sentence("No answer that can be read")


def _question_row(question: Question, found: OwnAnswers, given: GivenAnswers) -> OwnAnswerRow:
    code, text = given.rating.extra.get(question.link_id), worded(question.text, given)
    return OwnAnswerRow(
        place=NOTHING,
        text=text or Sentence("A question beside the items"),
        language=_language(text, given),
        answer=words_of_question(question, code, given) if code else _answer("none", found, given),
        open=code is None,
    )


def _language(text: str, given: GivenAnswers) -> str:
    """That of the form's words, "" where there are none."""
    return (given.form.language or "") if text else ""


def _who(found: OwnAnswers, site_name: str) -> tuple[Statement, ...]:
    """Who can read these answers, and where they are."""
    others = Sentence(" can read these answers, and so can other staff who treat you.")
    if site_name:
        others = Sentence(" can read these answers, and so can other staff who treat you at {site}.", site=site_name)
    return (
        # TRANSLATORS: before it stands in bold who, “Anna Berg” or “your clinician”.
        Statement(before="", strong=capitalised(spoken_of(found.rating.clinician)), after=others),
        # TRANSLATORS: then in bold “your health record”, and a full stop.
        Statement(before=Sentence("They are part of "), strong=Sentence("your health record"), after="."),
    )
