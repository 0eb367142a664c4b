"""Why something stored was put right: a coded reason, which says whose word it was and never what was answered."""

from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct

CorrectionReason = Literal[
    "patient-changed", "patients-word", "author-changed", "typed-wrong", "wrong-patient", "wrong-day", "wrong-visit", "wrong-clinician"
]


class CorrectionCode(Struct, frozen=True, kw_only=True):
    """How a reason is published: in words, and what it means."""

    display: str
    meaning: str


CORRECTION_CODES: Mapping[CorrectionReason, CorrectionCode] = {
    "patient-changed": CorrectionCode(display="Changed by the patient", meaning="The patient changed an answer of theirs."),
    "patients-word": CorrectionCode(
        display="Changed at the patient's word", meaning="Staff who are not rated changed an answer because the patient said so."
    ),
    "author-changed": CorrectionCode(display="Changed by its author", meaning="Whoever rated changed an answer of theirs."),
    "typed-wrong": CorrectionCode(
        display="Typed in wrong", meaning="The sheet says otherwise than what was typed in from it: the answer itself did not change."
    ),
    "wrong-patient": CorrectionCode(display="Wrong patient", meaning="It was entered in this record and is about somebody else."),
    "wrong-day": CorrectionCode(display="Wrong day", meaning="It was given on another day than the one it was dated."),
    "wrong-visit": CorrectionCode(display="Wrong visit", meaning="It is about another visit than the one it was stored with."),
    "wrong-clinician": CorrectionCode(display="Wrong person rated", meaning="It is about another clinician than the one it named."),
}


def correction_reason_of(code: object) -> CorrectionReason | None:
    """The reason of that code; None for one that is not among them."""
    return next((one for one in get_args(CorrectionReason) if one == code), None)
