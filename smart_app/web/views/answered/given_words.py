"""Answers in words: as they were given where the record tells, by their numbers where a form's words may not be shown. The same for the
clinician who reads a rating and for the patient who reads their own."""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant, Instrument, Item, Option, Question, with_wording
from fhir_mappings.ratings.rating import Rating, contradict
from fhir_mappings.sentence import Sentence
from smart_app.web import formats
from smart_app.web.languages.offered_languages import LanguageName


class AnswerWords(Struct, frozen=True, kw_only=True):
    """An answer as it stands on the page, and the language of its words ("" of words of ours)."""

    text: str
    language: str = ""


class GivenAnswers(Struct, frozen=True, kw_only=True):
    """What the words are made of: the form, the rating, the one before that stands beside it (None where there is none), and who is named
    in the form's words."""

    form: Instrument
    rating: Rating
    patient: str | None
    before: Rating | None = None

    @property
    def worded(self) -> bool:
        """Whether the form's own words may be shown."""
        return self.form.may("display")


# An option that was chosen, or why there is none.
GivenState = Option | Literal["declined", "none"]
DECLINED, NO_ANSWER = AnswerWords(text=Sentence("declined")), AnswerWords(text=Sentence("no answer"))


def state_of(item: Item, rating: Rating, form: Instrument) -> GivenState:
    """What was done with an item."""
    if item.link_id in rating.declined:
        return "declined"
    value, code = rating.answers.get(item.link_id), rating.extra.get(item.link_id)
    if value is None and code is None:
        return "none"
    return next((one for one in form.options if (one.value == value if value is not None else one.code == code)), "none")


def words_of_answer(state: GivenState | None, rating: Rating, given: GivenAnswers) -> AnswerWords:
    """The answer to an item, or that there is none."""
    if not isinstance(state, Option):
        return DECLINED if state == "declined" else NO_ANSWER
    return words_of_option(state, rating, given)


def words_of_option(option: Option, rating: Rating, given: GivenAnswers) -> AnswerWords:
    """As it was answered, where the record tells; the number where no words may be shown."""
    form = given.form
    if not given.worded:
        return AnswerWords(text=formats.option_number(option, signed=_is_signed(form)))
    stored = rating.anchors.get(option.code)
    if stored and stored != option.label:
        return AnswerWords(text=stored, language=rating.language or form.language or "")
    if option.label:
        return AnswerWords(text=option.label, language=form.language or "")
    return AnswerWords(text=formats.option_number(option, signed=_is_signed(form)))


def words_of_question(question: Question, code: str | None, given: GivenAnswers) -> AnswerWords:
    """The answer to a question beside the items, or that there is none."""
    option = next((one for one in question.options if one.code == code), None)
    if option is None:
        return NO_ANSWER
    if option.label and given.worded:
        return AnswerWords(text=option.label, language=given.form.language or "")
    return AnswerWords(text=formats.option_number(option, signed=False))


def worded(texts: Mapping[Informant, str], given: GivenAnswers) -> str:
    """The words of an item or question, with names; "" where they may not be shown or there are none."""
    text = texts.get(given.rating.informant) if given.worded else None
    clinician = given.rating.clinician.name if given.rating.clinician else None
    return with_wording(text, clinician=clinician, patient=given.patient) if text else ""


def wording_notes(given: GivenAnswers) -> Iterator[Sentence]:
    """What has to be known of the words on the page."""
    form, rating = given.form, given.rating
    if not given.worded:
        yield Sentence("The words of this form may not be shown here. Its items stand by their numbers, as on the licensed form.")
    elif rating.language and form.language and rating.language != form.language:
        languages = {"language": LanguageName(rating.language), "shown": LanguageName(form.language)}
        yield Sentence("It was answered on a form in {language}. The words here are those of the form in {shown}.", **languages)
    elif _other_words(form, rating):
        yield Sentence("The answers had other words then than this form has now. They stand as they were stored.")


def _is_signed(form: Instrument) -> bool:
    return any(one.value is not None and one.value < 0 for one in form.options)


def _other_words(form: Instrument, rating: Rating) -> bool:
    own = {option.code: option.label for option in form.options if option.label}
    return contradict(rating.anchors, own)
