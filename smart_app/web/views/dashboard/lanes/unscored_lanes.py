"""Ratings of an instrument that is not scored: that they exist, from when, how complete, why there is no score, and the answers."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Literal

from fhir_mappings.instruments.instrument import Informant, Instrument, Item
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.sentence import Sentence, Value, counted, joined
from smart_app.care.dashboard.history import Dyad
from smart_app.web import formats
from smart_app.web.languages.offered_languages import LanguageName
from smart_app.web.views.dashboard.lanes.alliance_lanes import NAMES, WHO
from smart_app.web.views.dashboard.lanes.focus_cells import none_then, rated_then, told_then
from smart_app.web.views.parts import Lane, Reading, Table, Words

_PAIR: tuple[Informant, ...] = ("patient", "clinician")
_MARKS: Mapping[str, Literal["patient", "clinician"]] = {"patient": "patient", "clinician": "clinician"}


def answered_lane(dyad: Dyad, *, then: date | None = None) -> Lane:
    """In place of a chart: an empty one would look like "none", and a zero like a score."""
    instrument = dyad.instrument
    return Lane(
        title=Sentence("As answered"),
        unit="",
        about=(counted("{n} item", "{n} items", len(instrument.items)),),
        readings=answered_cells(dyad, then),
        words=Words(
            lead=counted("{n} form stored as answered, not scored", "{n} forms stored as answered, not scored", dyad.total),
            lines=(instrument.why_unscored or "", _where(dyad)),
        ),
    )


def answered_in_words(dyad: Dyad) -> Sentence:
    """`patient 24 of 24 items answered, not scored`."""
    items = len(dyad.instrument.items)
    parts = [
        counted(
            "{who} {answered} of {n} items answered",
            "{who} {answered} of {n} items answered",
            items,
            who=WHO[informant],
            answered=_answered(dyad.latest[informant], dyad.instrument),
        )
        for informant in _PAIR
        if informant in dyad.latest
    ]
    return Sentence("{answered}, not scored", answered=joined(", ", parts))


def answers_table(dyad: Dyad, *, opens: Callable[[str], str] | None = None) -> Table:
    """One row per item, one column per form, newest first: the option as it was chosen. `opens` is where a form is shown as it was
    answered, by its source."""
    ratings = list(reversed(dyad.ratings))
    return Table(
        summary=_summary(len(ratings), of=dyad.total),
        style="answers",
        head=(Sentence("Item"), *(_column(rating, dyad) for rating in ratings)),
        rows=tuple(
            (Sentence("Item {number}", number=item.number), *(_given(rating, item, dyad.instrument) for rating in ratings))
            for item in dyad.instrument.items
        ),
        head_opens=("", *(opens(rating.source) for rating in ratings)) if opens else (),
    )


def _column(rating: Rating, dyad: Dyad) -> Sentence:
    """When and by whom; by which form, where they are in different languages."""
    head: list[Value] = [rating.when, WHO[rating.informant]]
    if not dyad.language_breaks or rating.language is None:
        return joined(", ", head)
    return joined(", ", [*head, Sentence("form in {language}", language=LanguageName(rating.language))])


def _summary(shown: int, *, of: int) -> Sentence:
    if shown == of:
        return counted("Answers of {n} form", "Answers of {n} forms", shown)
    return counted("Answers of the {n} form in this range, of {all}", "Answers of the {n} forms in this range, of {all}", shown, all=of)


def _where(dyad: Dyad) -> Sentence:
    if dyad.ratings:
        return Sentence("What was chosen for each item is in the table below.")
    return Sentence("None of them is in this range; choose a longer one to see the answers.")


def answered_cells(dyad: Dyad, then: date | None) -> tuple[Reading, ...]:
    """Of each informant the latest form and the one before, or that of a day and the latest."""
    if then is None:
        return tuple(_reading(dyad, informant) for informant in _PAIR if informant in dyad.latest)
    given = {one.informant for one in (*dyad.before_range, *dyad.ratings)}
    return tuple(_reading_then(dyad, informant, then) for informant in _PAIR if informant in given)


def _reading(dyad: Dyad, informant: Informant) -> Reading:
    latest, before = dyad.latest[informant], dyad.previous.get(informant)
    was = [Sentence("was {score} {day}", score=_of_all(dyad, before), day=formats.on(before.when))] if before else []
    return _cell(informant, _of_all(dyad, latest), (formats.short_moment(latest.when), *was))


def _reading_then(dyad: Dyad, informant: Informant, then: date) -> Reading:
    stood, latest = rated_then(dyad, informant, then), dyad.latest.get(informant)
    told = told_then(stood, partial(_of_all, dyad), latest=latest, in_order=informant not in dyad.unordered)
    if stood.value is None:
        return Reading(mark=_MARKS[informant], name=NAMES[informant], value="", unit=none_then(stood, then), notes=told)
    return _cell(informant, _of_all(dyad, stood.value), told)


def _cell(informant: Informant, answered: str, notes: tuple[str, ...]) -> Reading:
    return Reading(mark=_MARKS[informant], name=NAMES[informant], value=answered, unit=Sentence("answered"), notes=notes)


def _of_all(dyad: Dyad, rating: Rating) -> Sentence:
    """How many of the form's items were answered."""
    form = dyad.form_of(rating)
    return Sentence("{answered} of {of}", answered=_answered(rating, form), of=len(form.items))


def _answered(rating: Rating, instrument: Instrument) -> int:
    return sum(item.link_id in rating.answers or item.link_id in rating.extra for item in instrument.items)


_DECLINED, _NO_ANSWER = Sentence("declined"), Sentence("no answer")


def _given(rating: Rating, item: Item, instrument: Instrument) -> str:
    """The option's label where it may be shown, else its number."""
    if item.link_id in rating.declined:
        return _DECLINED
    value, code = rating.answers.get(item.link_id), rating.extra.get(item.link_id)
    chosen = (one for one in instrument.options if (one.value == value if value is not None else one.code == code))
    option = next(chosen, None) if value is not None or code is not None else None
    if option is None:
        return _NO_ANSWER
    signed = any(one.value is not None and one.value < 0 for one in instrument.options)
    number = formats.option_number(option, signed=signed)
    return f"{number} {option.label}" if option.label and option.value is not None and instrument.may("display") else number
