"""What staff enter where the patient's form is not answered at this visit: four reasons, one tap each."""

from collections.abc import Mapping

from msgspec import Struct

from fhir_mappings.instruments.not_answered import NotAnsweredReason
from fhir_mappings.sentence import Sentence

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
