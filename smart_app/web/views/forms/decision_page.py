"""Before a submission is discarded, or marked as copied to the note: what that means, the reason, and the way back."""

from datetime import datetime

from msgspec import Struct

from smart_app.care.record.patient_in_context import Patient
from smart_app.care.undelivered.decisions import REASONS, Undecided, Way
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web.views.banner import Banner, clinician_banner
from smart_app.web.views.forms.kept_answers import WHOSE, moment_words


class ReasonChoice(Struct, frozen=True, kw_only=True):
    """One reason: its code and its words."""

    code: str
    words: str


class DecisionView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `reasons` to choose from, none where none is asked for; `problem` that none was chosen; `seen` is how the
    submission stood when the page was made."""

    banner: Banner | None
    headline: str
    lead: str
    what: str
    problem: str
    reasons: tuple[ReasonChoice, ...]
    action: str
    words: str
    seen: str
    back: str
    patient_id: str
    synthetic: bool
    signed_in: str


def decision_view(
    one: Undecided,
    *,
    way: Way,
    context: LaunchContext,
    patient: Patient | None,
    action: str,
    back: str,
    now: datetime,
    lacking: bool = False,
) -> DecisionView:
    """The page. `patient` is None when the record did not give it just now; `lacking`: it was sent without a reason."""
    sealed = one.sealed
    discards = way == "discarded"
    told = _TOLD if sealed.informant == "patient" and not sealed.from_paper else ""
    return DecisionView(
        banner=clinician_banner(patient, today=now.date()) if patient else None,
        headline="Discard this form?" if discards else "Is it in the note?",
        lead=f"{_DISCARDS}{told}" if discards else _COPIED,
        what=f"{sealed.instrument_title}, {WHOSE[sealed.informant]}, sent at {moment_words(sealed.authored, now)}.",
        problem="Choose a reason." if lacking else "",
        reasons=tuple(ReasonChoice(code=code, words=words) for code, words in REASONS.items()) if discards else (),
        action=action,
        words="Discard it" if discards else "I have copied it to the note",
        seen=one.seen,
        back=back,
        patient_id=context.patient,
        synthetic=context.synthetic,
        signed_in=context.user.called,
    )


_DISCARDS = "It is not sent to the record any more. A sealed copy, your name and the reason stay in Rapport."
_TOLD = " The patient reads on their own page, when they sign in, who discarded it and why."
_COPIED = (
    "For when you have put the text of the receipt into the note yourself: Rapport does not write the note. It is not sent to the record "
    "as a form any more."
)
