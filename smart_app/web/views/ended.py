"""A last page: for a patient who has answered, or a clinician who has closed Rapport."""

from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app.care.submission.receipt import Outcome
from smart_app.launch.flow import Revocation
from smart_app.web.views.lent.on_loan_page import CodeField
from smart_app.web.views.ways_back import Kind, WayBack


class EndView(Struct, frozen=True, kw_only=True):
    """`start` is the way back of a launch that was closed and did not begin in a chart. Of a lent device `code` takes it back, None where
    none does, and `ways_back` is the page of the other ways: nothing there leads to the chart."""

    headline: Sentence
    lines: tuple[Sentence, ...]
    start: str | None = None
    start_words: str = ""
    code: CodeField | None = None
    ways_back: str = ""


_GIVEN_BACK: dict[Revocation, tuple[Sentence, ...]] = {
    "nothing": (),
    "not_offered": (
        Sentence("The record system cannot be told so. The permission it gave this page ends by itself, and Rapport has forgotten it."),
    ),
    "confirmed": (Sentence("The record system has confirmed that the permission it gave this page is withdrawn."),),
    "failed": (
        Sentence(
            "The record system did not confirm that the permission it gave is withdrawn. It ends by itself, and Rapport has forgotten it."
        ),
    ),
}


_AGAIN: dict[Kind, Sentence] = {
    "start": Sentence("start again"),
    "picker": Sentence("choose the patient from the list again"),
    "either": Sentence("open Rapport from the patient's chart or its start page"),
}


def signed_out_view(revocation: Revocation, *, way: WayBack | None) -> EndView:
    """A patient has signed out; what became of the access they gave."""
    lines = (
        Sentence("This page's connection to your health record has ended."),
        *_GIVEN_BACK[revocation],
        Sentence("This does not sign you out of your patient portal or record system. If others use this device, sign out there too."),
    )
    return EndView(
        headline=Sentence("You are signed out of Rapport"),
        lines=lines,
        start=way.href if way else None,
        start_words=way.button if way else "",
    )


def ended_view(revocation: Revocation, *, way: WayBack | None) -> EndView:
    """Rapport was closed by the clinician; what became of its access, and no word that would claim more."""
    way_back = _AGAIN[way.kind] if way else Sentence("open Rapport from the patient's chart")
    lines = (
        Sentence("This page's connection to the record has ended."),
        *_GIVEN_BACK[revocation],
        Sentence("Closing Rapport does not sign you out of the record system. To see the history again, {way_back}.", way_back=way_back),
    )
    return EndView(
        headline=Sentence("Rapport is closed"),
        lines=lines,
        start=way.href if way else None,
        start_words=way.button if way else "",
    )


_STANDS: dict[Outcome, tuple[Sentence, Sentence]] = {
    "saved": (Sentence("Thank you"), Sentence("Your answers are in your health record.")),
    "partly_saved": (Sentence("Thank you"), Sentence("Your answers are in your health record.")),
    "closed": (Sentence("Thank you"), Sentence("Your answers are in your health record.")),
    "accepted": (
        Sentence("Thank you"),
        Sentence(
            "Your health record accepted your answers and does not show them just now. A copy is kept safely here; staff will look again."
        ),
    ),
    "kept": (
        Sentence("Thank you"),
        Sentence("Your answers are kept safely here. They are not in your health record yet; your clinic will see to that."),
    ),
    "unknown": (
        Sentence("Thank you"),
        Sentence("Your answers are kept safely here. Staff will check whether they have reached your health record."),
    ),
    "refused": (
        Sentence("Thank you"),
        Sentence("Your answers are kept safely here. Your health record did not take them; your clinic will see to that."),
    ),
    "discarded": (
        Sentence("Thank you"),
        Sentence("Your answers were not put into your health record. Your clinic decided that and can tell you why."),
    ),
    "copied": (Sentence("Thank you"), Sentence("Your clinic has taken your answers over into a note.")),
}


# The same of a form that the patient would rather not answer.
_REFUSED_IN_RECORD = Sentence("Your health record says that you would rather not answer today, and no reason.")
_REFUSED_KEPT = Sentence("That you would rather not answer today is kept safely here; your clinic will see that it is noted.")
_REFUSED_UNKNOWN = Sentence(
    "That you would rather not answer today is kept safely here. Staff will check whether it has reached your health record."
)
_REFUSED: dict[Outcome, Sentence] = {
    "saved": _REFUSED_IN_RECORD,
    "partly_saved": _REFUSED_IN_RECORD,
    "closed": _REFUSED_IN_RECORD,
    "accepted": _REFUSED_UNKNOWN,
    "unknown": _REFUSED_UNKNOWN,
    "kept": _REFUSED_KEPT,
    "refused": _REFUSED_KEPT,
    "discarded": Sentence(
        "That you would rather not answer today was not put into your health record. Your clinic decided that and can tell you why."
    ),
    "copied": Sentence("Your clinic has noted that you would rather not answer today."),
}


def refused_words(outcome: Outcome) -> Sentence:
    """How it stands with a refusal, to the patient."""
    return _REFUSED[outcome]


def thanks_view(outcome: Outcome, *, clinician: str, code: CodeField | None, ways_back: str, refused: bool = False) -> EndView:
    """What the patient is told: nothing of any score, and never "saved" where that is not known; `refused`: they would rather not answer.
    There is no way to the chart but those that take the device back."""
    headline, stands = _said(outcome, refused=refused)
    hand_back = Sentence("You can hand the device back to {clinician} or another member of staff now.", clinician=clinician)
    return EndView(headline=headline, lines=(stands, hand_back), code=code, ways_back=ways_back)


def own_device_thanks_view(outcome: Outcome, *, refused: bool | None = False) -> EndView:
    """The patient's last page on a device of their own; `refused` is None where nobody can tell any more whether they would rather not."""
    headline, stands = _said(outcome, refused=refused)
    return EndView(headline=headline, lines=(stands, Sentence("You can close this page now. The link cannot be used again.")))


def _said(outcome: Outcome, *, refused: bool | None) -> tuple[Sentence, Sentence]:
    if refused is None:
        return Sentence("Thank you"), Sentence("What you sent is in your health record.")
    return (Sentence("That is fine"), refused_words(outcome)) if refused else _STANDS[outcome]


def taken_back_view() -> EndView:
    """The device is back, and there is no chart open on it."""
    lines = (Sentence("The device is back. To go on, open Rapport from a patient's chart."),)
    return EndView(headline=Sentence("Taken back"), lines=lines)
