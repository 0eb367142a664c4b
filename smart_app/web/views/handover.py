"""The page between the chart and the patient's own page."""

from dataclasses import dataclass
from datetime import date

from smart_app.care.submission import FormDraft
from smart_app.web.banner import Banner, clinician_banner, plain_name
from smart_app.web.views.form import clinician_name


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverView:
    """Whom the device goes to, and where."""

    banner: Banner
    title: str
    lines: tuple[str, ...]
    warning: str
    form: str
    back: str


def handover_view(draft: FormDraft, *, form: str, back: str, today: date) -> HandoverView:
    """Names the patient once more, so that the device does not go to another."""
    minutes = draft.instrument.forms["patient"].minutes
    return HandoverView(
        banner=clinician_banner(draft.patient, today=today),
        title=f"Hand over to {plain_name(draft.patient)}",
        lines=(
            "Check the name and birth date above with the patient.",
            f"The next page is theirs: {len(draft.instrument.items)} sentences about working with {clinician_name(draft)}, "
            f"about {minutes} minutes. It shows nothing from the chart.",
            "When they have sent their answers, they are asked to hand the device back. You will not see their rating until you have rated "
            "this visit yourself.",
        ),
        warning=draft.why_not_write or "",
        form=form,
        back=back,
    )
