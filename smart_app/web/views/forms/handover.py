"""The page between the chart and the patient's own page."""

from datetime import date

from msgspec import Struct

from smart_app.care.submission.begin import BlankForm
from smart_app.web.views.banner import Banner, clinician_banner, plain_name
from smart_app.web.views.forms.form_page import clinician_name

_BLIND = "You see their rating of this visit once you have rated it yourself."


class HandoverView(Struct, frozen=True, kw_only=True):
    """Whom the device goes to, and where; `stopped` says why it goes nowhere, "" where it does."""

    banner: Banner
    title: str
    lines: tuple[str, ...]
    warning: str
    stopped: str
    form: str
    back: str


def handover_view(draft: BlankForm, *, form: str, back: str, today: date, blind: bool, lasts: str = "") -> HandoverView:
    """Names the patient once more, so that the device does not go to another; `lasts` says until when answers can be sent, where that is
    known."""
    minutes = draft.instrument.forms["patient"].minutes
    count = len(draft.instrument.items)
    about = f", about {minutes} minutes" if minutes else ""
    if draft.stopped:
        return HandoverView(
            banner=clinician_banner(draft.patient, today=today),
            title="Nothing is handed over",
            lines=(),
            warning="",
            stopped=draft.stopped,
            form=form,
            back=back,
        )
    return HandoverView(
        banner=clinician_banner(draft.patient, today=today),
        title=f"Hand over to {plain_name(draft.patient)}",
        lines=(
            "Check the name and birth date above with the patient.",
            f"The next page is theirs: {count} sentences about {_subject(draft)}{about}.",
            "It shows nothing from the chart. When they have sent their answers, they are asked to hand the device back.",
            *((_BLIND,) if blind and draft.clinician else ()),
            *((lasts,) if lasts else ()),
        ),
        warning=draft.why_not_write or "",
        stopped="",
        form=form,
        back=back,
    )


def _subject(draft: BlankForm) -> str:
    """What the patient's sentences are about."""
    if draft.instrument.rated == "clinician":
        return f"working with {clinician_name(draft)}"
    return "the care they receive" if draft.instrument.rated == "team" else "living with diabetes"
