"""Before a patient's answers of before are shown, whether it was they who began."""

from datetime import datetime

from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app.care.forms.saved_drafts import SavedDraft
from smart_app.care.record.patient_in_context import Patient
from smart_app.web.views.banner import Banner, patient_banner
from smart_app.web.views.forms.form_page import HiddenField, begun_words


class ResumeUrls(Struct, frozen=True, kw_only=True):
    """Where the answers lead: yes, no, and that it is somebody else ("" where who it is has been asked)."""

    go_on: str
    discard: str
    not_me: str = ""


class ResumeView(Struct, frozen=True, kw_only=True):
    """Everything the page prints: how much was answered and when, and nothing of how. `hidden` goes back with whatever is pressed."""

    banner: Banner
    question: Sentence
    text: Sentence
    key: str
    patient: str
    hidden: tuple[HiddenField, ...]
    go_on: str
    discard: str
    not_me: str


def resume_view(
    patient: Patient, found: SavedDraft, *, urls: ResumeUrls, now: datetime, hidden: tuple[tuple[str, str], ...] = ()
) -> ResumeView:
    """The page; `now` is the time at the clinic."""
    today = found.saved.astimezone(now.tzinfo).date() == now.date()
    return ResumeView(
        banner=patient_banner(patient),
        question=Sentence("Did you begin this today?") if today else Sentence("Did you begin this?"),
        text=begun_words(found, now),
        key=found.key,
        patient=patient.id,
        hidden=tuple(HiddenField(name=name, value=value) for name, value in hidden),
        go_on=urls.go_on,
        discard=urls.discard,
        not_me=urls.not_me,
    )
