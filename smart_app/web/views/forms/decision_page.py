"""Before a submission is discarded, or marked as copied to the note: what that means, the reason, and the way back."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.sentence import NOTHING, Sentence, joined
from smart_app.care.record.patient_in_context import Patient
from smart_app.care.undelivered.decisions import REASONS, Lacking, Undecided, Way, is_patients
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web.views.banner import Banner, clinician_banner
from smart_app.web.views.forms.kept_answers import sent_words


class ReasonChoice(Struct, frozen=True, kw_only=True):
    """One reason: its code and its words."""

    code: str
    words: str


class DecisionView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `rest` is what is missing beside answers that are in the record. `reasons` to choose from, none where
    none is asked for, `chosen` the one that is; `problem` that none was; `seen` is how the submission stood when the page was made."""

    banner: Banner | None
    headline: Sentence
    lead: Sentence
    what: Sentence
    rest: tuple[str, ...]
    problem: Sentence
    reasons: tuple[ReasonChoice, ...]
    action: str
    words: Sentence
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
    says = _over_the_rest(way, not_answered=sealed.not_answered is not None) if sealed.placed else _OVER_ALL[way]
    told = (_TOLD,) if discards and is_patients(sealed) else ()
    return DecisionView(
        banner=clinician_banner(patient, today=now.date()) if patient else None,
        headline=says.headline,
        lead=joined(" ", (*says.lead, *told)),
        what=sent_words(sealed, now),
        rest=tuple(_missing(part) for part in one.rest),
        problem=Sentence("Choose a reason.") if lacking else NOTHING,
        reasons=tuple(ReasonChoice(code=code, words=REASONS[code]) for code in one.reasons) if discards else (),
        action=action,
        words=says.button,
        seen=one.seen,
        back=back,
        patient_id=context.patient,
        synthetic=context.synthetic,
        signed_in=context.user.called,
    )


def _missing(part: Lacking) -> str:
    return Sentence("{part}: not known whether it is in the record", part=part.name) if part.uncertain else part.name


class _Says(Struct, frozen=True, kw_only=True):
    headline: Sentence
    lead: tuple[Sentence, ...]
    button: Sentence


_YOURSELF = Sentence("For when you have put the text of the receipt into the note yourself: Rapport does not write the note.")
_STAYS = Sentence("The answers are in the record and stay there.")
_NOT_ANSWERED_STAYS = Sentence("That the form was not answered is in the record and stays there.")
_REST = Sentence("The rest is not sent any more.")
_KEPT = Sentence("A sealed copy, your name and the reason stay in Rapport.")
_OVER_ALL: Mapping[Way, _Says] = {
    "discarded": _Says(
        headline=Sentence("Discard this form?"),
        lead=(Sentence("It is not sent to the record any more."), _KEPT),
        button=Sentence("Discard it"),
    ),
    "copied": _Says(
        headline=Sentence("Is it in the note?"),
        lead=(_YOURSELF, Sentence("It is not sent to the record as a form any more.")),
        button=Sentence("I have copied it to the note"),
    ),
}
_OVER_THE_REST: Mapping[Way, _Says] = {
    "discarded": _Says(
        headline=Sentence("Close it without the rest?"),
        lead=(_STAYS, _REST, _KEPT, Sentence("The receipt keeps the text for the note.")),
        button=Sentence("Close it without the rest"),
    ),
    "copied": _Says(
        headline=Sentence("Is the rest in the note?"),
        lead=(_YOURSELF, _STAYS, _REST),
        button=Sentence("I have copied the rest to the note"),
    ),
}


def _over_the_rest(way: Way, *, not_answered: bool) -> _Says:
    says = _OVER_THE_REST[way]
    return replace(says, lead=tuple(_NOT_ANSWERED_STAYS if one is _STAYS else one for one in says.lead)) if not_answered else says


_TOLD = Sentence("The patient reads on their own page, when they sign in, who decided it and why.")
