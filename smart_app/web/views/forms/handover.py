"""The page between the chart and the patient's own page."""

from datetime import date

from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence, counted
from smart_app.care.submission.begin import BlankForm
from smart_app.web.views.banner import Banner, clinician_banner, plain_name
from smart_app.web.views.forms.form_page import clinician_name

_BLIND = Sentence("You see their rating of this visit once you have rated it yourself.")


class HandoverView(Struct, frozen=True, kw_only=True):
    """Whom the device goes to, and where; `stopped` says why it goes nowhere, "" where it does."""

    banner: Banner
    title: Sentence
    lines: tuple[str, ...]
    warning: str
    stopped: Sentence
    form: str
    back: str


def handover_view(draft: BlankForm, *, form: str, back: str, today: date, blind: bool, lasts: str = "") -> HandoverView:
    """Names the patient once more, so that the device does not go to another; `lasts` says until when answers can be sent, where that is
    known."""
    if draft.stopped:
        return HandoverView(
            banner=clinician_banner(draft.patient, today=today),
            title=Sentence("Nothing is handed over"),
            lines=(),
            warning="",
            stopped=draft.stopped,
            form=form,
            back=back,
        )
    return HandoverView(
        banner=clinician_banner(draft.patient, today=today),
        title=Sentence("Hand over to {patient}", patient=plain_name(draft.patient)),
        lines=(
            Sentence("Check the name and birth date above with the patient."),
            _next_page(draft),
            Sentence("It shows nothing from the chart. When they have sent their answers, they are asked to hand the device back."),
            *((_BLIND,) if blind and draft.clinician else ()),
            *((lasts,) if lasts else ()),
        ),
        warning=draft.why_not_write or "",
        stopped=NOTHING,
        form=form,
        back=back,
    )


def _next_page(draft: BlankForm) -> Sentence:
    """What the patient will be asked, and how long it takes where that is known."""
    number, minutes = len(draft.instrument.items), draft.instrument.forms["patient"].minutes
    sentences = counted("{n} sentence about {subject}", "{n} sentences about {subject}", number, subject=_subject(draft))
    if not minutes:
        return Sentence("The next page is theirs: {sentences}.", sentences=sentences)
    return counted(
        "The next page is theirs: {sentences}, about {n} minute.",
        "The next page is theirs: {sentences}, about {n} minutes.",
        minutes,
        sentences=sentences,
    )


def _subject(draft: BlankForm) -> Sentence:
    """What the patient's sentences are about."""
    if draft.instrument.rated == "clinician":
        return Sentence("working with {clinician}", clinician=clinician_name(draft))
    return Sentence("the care they receive") if draft.instrument.rated == "team" else Sentence("living with diabetes")
