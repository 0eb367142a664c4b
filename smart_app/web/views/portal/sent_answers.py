"""What became of a patient's own answers: in plain words, without a score, an id or anything the clinician's receipt is for."""

from datetime import datetime

from msgspec import Struct

from smart_app.care.submission.receipt import Outcome, Receipt
from smart_app.web import formats
from smart_app.web.views.parts import Fact

_STANDS: dict[Outcome, tuple[str, str]] = {
    "saved": ("Thank you", "Your answers are in your health record."),
    "partly_saved": ("Thank you", "Your answers are in your health record."),
    "closed": (
        "Thank you",
        "Your answers are in your health record. Not all that is worked out from them is there, and it is not sent any more.",
    ),
    "accepted": (
        "Your answers were accepted, and are not shown just now",
        "Your health record does not show them just now. A copy is kept safely here. Please do not fill it in again; look again later.",
    ),
    "kept": ("Your answers are not in your health record yet", "They are kept safely here. You can try to send them again."),
    "unknown": (
        "It is not known yet whether your answers arrived",
        "They are kept safely here. Please do not fill in the form again; look again in a minute.",
    ),
    "refused": (
        "Your health record did not take your answers",
        "They are kept safely here. You can try to send them again. If it stays so, please tell your clinic, with the day and time below.",
    ),
    "discarded": (
        "Your answers were not put into your health record",
        "Your clinic decided that. Please ask your clinic why, with the day and time below.",
    ),
    "copied": ("Your clinic has taken your answers over into a note", "They are not kept as a filled-in form in your health record."),
}


_AGAIN_WORDS: dict[Outcome, str] = {
    "unknown": "Look again",
    "accepted": "Look again",
    "kept": "Send again",
    "refused": "Try to send them again",
}


class SentView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `again` only where that can settle or send something."""

    headline: str
    lead: str
    facts: tuple[Fact, ...]
    repeated: bool
    home: str
    again: str | None
    again_words: str
    end: str
    patient_id: str


def sent_view(receipt: Receipt, *, patient_id: str, home: str, again: str, end: str, now: datetime) -> SentView:
    """The page of one submission; `now` is aware and gives the zone."""
    headline, lead = _STANDS[receipt.outcome]
    lead = f"{lead} What is worked out from them is not all there yet." if receipt.completable else lead
    when = receipt.submitted.astimezone(now.tzinfo)
    return SentView(
        headline=headline,
        lead=lead,
        facts=(
            Fact(label="Sent", value=f"{formats.long_date(when.date())}, {formats.clock(when, now.tzinfo)}"),
            Fact(label="Form", value=receipt.instrument_title),
            *((Fact(label="About", value=receipt.clinician.name or "your clinician"),) if receipt.clinician else ()),
            Fact(label="Answered", value=f"{receipt.answered} of {receipt.of} questions"),
        ),
        repeated=receipt.repeated,
        home=home,
        again=again if receipt.outcome in _AGAIN_WORDS or receipt.completable else None,
        again_words=_AGAIN_WORDS.get(receipt.outcome, "Send the rest" if receipt.completable else ""),
        end=end,
        patient_id=patient_id,
    )
