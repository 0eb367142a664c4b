"""Who may enter where: the table of doors.

A page of a launch is a clinician's until its handler asks at another door. A browser that is on loan reaches the patient's one form, what
takes it back, and what is nobody's; every other address answers that it is on loan."""

from collections.abc import Callable, Mapping
from typing import Literal

from fhir_mappings.sentence import Sentence
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.store.lending.loans import LoanState

Door = Literal["clinician", "patient", "anybody"]


def _to_patient(context: LaunchContext) -> Sentence | None:
    return Sentence("This page is for clinicians, and you are signed in as a patient. Nothing was opened.") if context.by_patient else None


def _to_clinician(context: LaunchContext) -> Sentence | None:
    return None if context.by_patient else Sentence("This page is for patients who sign in themselves. Nothing was opened.")


def _to_nobody(_context: LaunchContext) -> None:
    return None


# What is said to whom a door is closed.
REFUSED: Mapping[Door, Callable[[LaunchContext], Sentence | None]] = {
    "clinician": _to_patient,
    "patient": _to_clinician,
    "anybody": _to_nobody,
}

# Files, health and what is published for machines: nothing of anybody.
_NOBODYS = frozenset({"static", "healthz", "readyz", "manifest", "jwks", "logo"})
_WAYS_BACK = frozenset({"lent", "take_back_here", "prove_here", "callback"})
_FORM = frozenset(
    {
        "lent_form",
        "lent_begin",
        "lent_not_me",
        "lent_idle",
        "lent_keep",
        "lent_submit",
        "lent_decline",
        "lent_rather_not",
        "lent_refuse",
        "lent_draft",
        "lent_go_on",
        "lent_discard",
        "lent_stay",
        "lent_thanks",
    }
)
_NEW_LAUNCH = frozenset({"launch", "start", "start_at"})
# Of a page that was open when the device was called back: it is not taken, and what was typed is kept.
_TYPED = frozenset({"lent_submit", "lent_rather_not", "lent_refuse", "lent_draft"})
# By its endpoint, what a lent browser reaches: called back it may begin a launch, which asks for a new sign-in of whoever lent it. An open
# server signs nobody in, so its list of patients stays closed.
OPEN_TO_LENT: Mapping[LoanState, frozenset[str]] = {
    "out": _NOBODYS | _WAYS_BACK | _FORM,
    "done": _NOBODYS | _WAYS_BACK | _FORM,
    "not_me": _NOBODYS | _WAYS_BACK,
    "called_back": _NOBODYS | _WAYS_BACK | _NEW_LAUNCH | _TYPED,
}
# Those that are asked for nothing of a launch: what comes with them is not looked at.
UNSEEN = frozenset({"static", "healthz", "readyz"})


def lent_browser_reaches(endpoint: str | None, state: LoanState) -> bool:
    """Whether a browser on loan gets what it asks for; an address that is nothing's is answered as any other."""
    return endpoint in OPEN_TO_LENT[state]
