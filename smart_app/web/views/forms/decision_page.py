"""Before a submission is discarded, or marked as copied to the note: what that means, the reason, and the way back."""

from collections.abc import Mapping
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
    """Everything the page prints. `rest` is what is missing beside answers that are in the record. `reasons` to choose from, none where
    none is asked for, `chosen` the one that is; `problem` that none was; `seen` is how the submission stood when the page was made."""

    banner: Banner | None
    headline: str
    lead: str
    what: str
    rest: tuple[str, ...]
    problem: str
    reasons: tuple[ReasonChoice, ...]
    action: str
    words: str
    seen: str
    back: str
    patient_id: str
    synthetic: bool
    signed_in: str
    chosen: str = ""


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
    says = _OVER_THE_REST[way] if sealed.placed else _OVER_ALL[way]
    told = _TOLD if discards and sealed.informant == "patient" and not sealed.from_paper else ""
    return DecisionView(
        banner=clinician_banner(patient, today=now.date()) if patient else None,
        headline=says.headline,
        lead=f"{says.lead}{told}",
        what=f"{sealed.instrument_title}, {WHOSE[sealed.informant]}, sent at {moment_words(sealed.authored, now)}.",
        rest=tuple(f"{part.name}{_UNCERTAIN if part.uncertain else ''}" for part in one.rest),
        problem="Choose a reason." if lacking else "",
        reasons=tuple(ReasonChoice(code=code, words=REASONS[code]) for code in one.reasons) if discards else (),
        action=action,
        words=says.button,
        seen=one.seen,
        back=back,
        patient_id=context.patient,
        synthetic=context.synthetic,
        signed_in=context.user.called,
    )


class _Says(Struct, frozen=True, kw_only=True):
    headline: str
    lead: str
    button: str


_YOURSELF = "For when you have put the text of the receipt into the note yourself: Rapport does not write the note."
_STAYS = "The answers are in the record and stay there."
_KEPT = "A sealed copy, your name and the reason stay in Rapport."
_OVER_ALL: Mapping[Way, _Says] = {
    "discarded": _Says(headline="Discard this form?", lead=f"It is not sent to the record any more. {_KEPT}", button="Discard it"),
    "copied": _Says(
        headline="Is it in the note?",
        lead=f"{_YOURSELF} It is not sent to the record as a form any more.",
        button="I have copied it to the note",
    ),
}
_OVER_THE_REST: Mapping[Way, _Says] = {
    "discarded": _Says(
        headline="Close it without the rest?",
        lead=f"{_STAYS} The rest is not sent any more. {_KEPT} The receipt keeps the text for the note.",
        button="Close it without the rest",
    ),
    "copied": _Says(
        headline="Is the rest in the note?",
        lead=f"{_YOURSELF} {_STAYS} The rest is not sent any more.",
        button="I have copied the rest to the note",
    ),
}
_TOLD = " The patient reads on their own page, when they sign in, who decided it and why."
_UNCERTAIN = ": not known whether it is in the record"
