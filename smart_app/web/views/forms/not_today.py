"""What staff enter where the patient's form is not answered at this visit: four reasons, one tap each."""

from collections.abc import Mapping

from msgspec import Struct

from fhir_mappings.instruments.not_answered import NotAnsweredReason
from fhir_mappings.sentence import Sentence, joined
from smart_app.care.record.page_rule import UNANSWERED
from smart_app.care.submission.visit_state import NotAnsweredHere
from smart_app.web import formats

_WORDS: Mapping[NotAnsweredReason, Sentence] = {
    "patient-declined": Sentence("The patient declined"),
    "no-time": Sentence("No time"),
    "not-offered": Sentence("Not offered"),
    "could-not": Sentence("Could not: language, sight, unwell"),
}


class NotTodayReason(Struct, frozen=True, kw_only=True):
    """One button: the code it sends, and its words."""

    code: str
    words: Sentence


class NotToday(Struct, frozen=True, kw_only=True):
    """Where a reason is sent, under which key, and the reasons."""

    action: str
    key: str
    reasons: tuple[NotTodayReason, ...]


def not_today(*, action: str, key: str) -> NotToday:
    """The four, in the order in which they are asked."""
    return NotToday(action=action, key=key, reasons=tuple(NotTodayReason(code=code, words=words) for code, words in _WORDS.items()))


def not_answered_words(one: NotAnsweredHere) -> Sentence:
    """That the form was not answered at this visit, who said so and when."""
    return joined(" ", (UNANSWERED[one.reason], _said(one)))


def _said(one: NotAnsweredHere) -> Sentence:
    day = formats.short_date(one.day)
    if one.said_by == "patient":
        return Sentence("They said so themself, on {day}.", day=day)
    if one.said_by == "you":
        return Sentence("You entered it on {day}.", day=day)
    if one.said_by == "staff":
        return Sentence("A member of staff entered it on {day}.", day=day)
    return Sentence("It was entered on {day}.", day=day)
