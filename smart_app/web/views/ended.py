"""A last page: for a patient who has answered, or a clinician who has closed Rapport."""

from dataclasses import dataclass

from smart_app.care.receipt import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class EndView:
    """`receipt` is where staff can see what was stored; None after Rapport was closed."""

    headline: str
    lines: tuple[str, ...]
    receipt: str | None


def ended_view() -> EndView:
    """Rapport was closed by the clinician."""
    lines = ("This page's connection to the record has ended.", "To see the history again, open Rapport from the patient's chart.")
    return EndView(headline="Rapport is closed", lines=lines, receipt=None)


_STANDS: dict[Outcome, tuple[str, str]] = {
    "saved": ("Thank you", "Your answers are in your health record."),
    "partly_saved": ("Thank you", "Your answers are in your health record."),
    "kept": ("Thank you", "Your answers are kept safely here. They are not in your health record yet; your clinic will see to that."),
    "unknown": ("Thank you", "Your answers are kept safely here. Staff will check whether they have reached your health record."),
    "refused": ("Thank you", "Your answers are kept safely here. Your health record did not take them; your clinic will see to that."),
}


def thanks_view(outcome: Outcome, *, clinician: str, receipt: str) -> EndView:
    """What the patient is told: nothing of any score, and never "saved" where that is not known."""
    headline, stands = _STANDS[outcome]
    hand_back = f"You can hand the device back to {clinician} or another member of staff now."
    return EndView(headline=headline, lines=(stands, hand_back), receipt=receipt)
