"""What became of a patient's own answers: in plain words, without a score, an id or anything the clinician's receipt is for."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence, joined
from smart_app.care.submission.receipt import Outcome, Receipt
from smart_app.web import formats
from smart_app.web.views.ended import refused_words
from smart_app.web.views.parts import Fact

_STANDS: dict[Outcome, tuple[Sentence, Sentence]] = {
    "saved": (Sentence("Thank you"), Sentence("Your answers are in your health record.")),
    "partly_saved": (Sentence("Thank you"), Sentence("Your answers are in your health record.")),
    "closed": (
        Sentence("Thank you"),
        Sentence("Your answers are in your health record. Not all that is worked out from them is there, and it is not sent any more."),
    ),
    "accepted": (
        Sentence("Your answers were accepted, and are not shown just now"),
        Sentence(
            "Your health record does not show them just now. A copy is kept safely here. Please do not fill it in again; look again later."
        ),
    ),
    "kept": (
        Sentence("Your answers are not in your health record yet"),
        Sentence("They are kept safely here. You can try to send them again."),
    ),
    "unknown": (
        Sentence("It is not known yet whether your answers arrived"),
        Sentence("They are kept safely here. Please do not fill in the form again; look again in a minute."),
    ),
    "refused": (
        Sentence("Your health record did not take your answers"),
        Sentence(
            "They are kept safely here. You can try to send them again. If it stays so, please tell your clinic, with the day and "
            "time below."
        ),
    ),
    "discarded": (
        Sentence("Your answers were not put into your health record"),
        Sentence("Your clinic decided that. Please ask your clinic why, with the day and time below."),
    ),
    "copied": (
        Sentence("Your clinic has taken your answers over into a note"),
        Sentence("They are not kept as a filled-in form in your health record."),
    ),
}


_AGAIN_WORDS: dict[Outcome, Sentence] = {
    "unknown": Sentence("Look again"),
    "accepted": Sentence("Look again"),
    "kept": Sentence("Send again"),
    "refused": Sentence("Try to send them again"),
}


class SentView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `again` only where that can settle or send something; `look` is where the answers are read as they stand
    in the record, "" where that cannot be."""

    headline: Sentence
    lead: Sentence
    facts: tuple[Fact, ...]
    repeated: bool
    home: str
    again: str | None
    again_words: Sentence
    look: str
    end: str
    patient_id: str


def sent_view(
    receipt: Receipt, *, patient_id: str, home: str, again: str, look: Callable[[str], str] | None, end: str, now: datetime
) -> SentView:
    """The page of one submission; `look` is where answers are read, by their place in the record, None where this sign-in may not read
    them; `now` is aware and gives the zone."""
    headline, lead = (Sentence("That is fine"), refused_words(receipt.outcome)) if receipt.not_answered else _STANDS[receipt.outcome]
    lead = (
        joined(" ", [lead, Sentence("What is worked out from them is not all there yet.")])
        if receipt.completable and not receipt.not_answered
        else lead
    )
    when = receipt.submitted.astimezone(now.tzinfo)
    return SentView(
        headline=headline,
        lead=lead,
        facts=(
            Fact(label=Sentence("Sent"), value=joined(", ", [formats.long_date(when.date()), formats.clock(when, now.tzinfo)])),
            Fact(label=Sentence("Form"), value=receipt.instrument_title),
            *((Fact(label=Sentence("About"), value=receipt.clinician.name or Sentence("your clinician")),) if receipt.clinician else ()),
            Fact(label=Sentence("Answered"), value=_how_many(receipt)),
        ),
        repeated=receipt.repeated,
        home=home,
        again=again if receipt.outcome in _AGAIN_WORDS or receipt.completable else None,
        again_words=_AGAIN_WORDS.get(receipt.outcome, Sentence("Send the rest") if receipt.completable else NOTHING),
        look=look(place) if look and (place := _place(receipt)) else "",
        end=end,
        patient_id=patient_id,
    )


def _place(receipt: Receipt) -> str:
    """Where the answers stand in the record, "" where they are not there as a filled-in form, or nobody can tell."""
    if receipt.not_answered or receipt.outcome not in {"saved", "partly_saved", "closed"}:
        return ""
    return next((one.reference for one in receipt.written if one.reference.startswith("QuestionnaireResponse/")), "")


def _how_many(receipt: Receipt) -> Sentence:
    if receipt.not_answered:
        return Sentence("None: you would rather not answer today")
    return Sentence("{answered} of {all} questions", answered=receipt.answered, all=receipt.of)
