"""The page before a form is declined whole: what becomes of the answers given so far, who reads what, and both ways on."""

from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence, counted
from smart_app.care.submission.begin import BlankForm
from smart_app.web.views.banner import Banner, patient_banner
from smart_app.web.views.forms.form_page import HiddenField, clinician_name


class DeclineView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `deleted` says what becomes of answers given so far, "" where there are none; `action` is where the
    refusal is sent, `questions` the form as it was left. `ticket` is what it carries so that it can be kept when the launch has ended, ""
    where nobody would read it."""

    banner: Banner
    seen: Sentence
    deleted: Sentence
    action: str
    questions: str
    key: str
    patient: str
    hidden: tuple[HiddenField, ...]
    ticket: str = ""


def decline_view(
    draft: BlankForm,
    *,
    key: str,
    answered: int,
    action: str,
    questions: str,
    hidden: tuple[tuple[str, str], ...] = (),
    ticket: str = "",
) -> DeclineView:
    """Of the form of that key; `answered` of its sentences are kept so far."""
    return DeclineView(
        banner=patient_banner(draft.patient),
        seen=_seen(draft),
        deleted=_deleted(answered) if answered else NOTHING,
        action=action,
        questions=questions,
        key=key,
        patient=draft.patient.id,
        hidden=tuple(HiddenField(name=name, value=value) for name, value in hidden),
        ticket=ticket,
    )


def _seen(draft: BlankForm) -> Sentence:
    """Who reads what."""
    who = clinician_name(draft)
    if draft.why_not_write:
        return Sentence("{clinician} will see “declined”, and no reason. You may be asked again at a later visit.", clinician=who)
    return Sentence(
        "{clinician} will see “declined” in your health record, and no reason. So can other staff who treat you. You may be asked again "
        "at a later visit.",
        clinician=who,
    )


def _deleted(answered: int) -> Sentence:
    return counted(
        "You have answered {n} sentence. If you stop now it is deleted, and nobody has read it.",
        "You have answered {n} sentences. If you stop now they are deleted, and nobody has read them.",
        answered,
    )
