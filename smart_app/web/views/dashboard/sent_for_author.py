"""What became of a colleague's or the patient's submission that was sent for them: how it stands, and nothing of what it says."""

from datetime import datetime

from msgspec import Struct

from fhir_mappings.sentence import Sentence, joined
from smart_app.care.record.patient_in_context import Patient
from smart_app.care.undelivered.colleagues_items import ColleaguesItem
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web.views.banner import Banner, clinician_banner
from smart_app.web.views.dashboard.left_over import colleagues_heading, may_be_sent


class SentForAuthorView(Struct, frozen=True, kw_only=True):
    """Everything the page prints; `send` only where sending it once more can settle something."""

    banner: Banner | None
    headline: Sentence
    lead: Sentence
    send: str | None
    history: str
    patient_id: str
    synthetic: bool
    signed_in: str


def sent_for_author_view(
    one: ColleaguesItem, *, context: LaunchContext, patient: Patient | None, send: str, history: str, now: datetime
) -> SentForAuthorView:
    """The page of one. `patient` is None where the record did not give it just now."""
    open_still = one.standing in {"waiting", "sending", "unknown"}
    return SentForAuthorView(
        banner=clinician_banner(patient, today=now.date()) if patient else None,
        headline=colleagues_heading(one, now),
        lead=joined(" ", [_SEALED, *([one.why_not] if one.why_not else [])]) if open_still else _OVER[one.standing == "placed"],
        send=send if may_be_sent(one) else None,
        history=history,
        patient_id=context.patient,
        synthetic=context.synthetic,
        signed_in=context.user.called,
    )


_SEALED = Sentence("It is sealed in Rapport and nothing is lost.")
_OVER = {
    True: Sentence("Its author stays its author. That you saw to it is recorded."),
    False: Sentence("Its author, or whoever runs Rapport here, decided that."),
}
