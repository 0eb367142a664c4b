"""Who may put what right of a rating. One function; docs/corrections.md has it as a table, which a test holds against it.

A patient's answers are nobody's to change but the patient's, or, at their word, somebody's whom they do not rate: whoever is rated sees the
answers and has a stake in them. So they may say that a rating is somebody else's, of another day or of another person, and another one
decides."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.correction_reasons import CorrectionReason
from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.ratings.rating import Rating
from smart_app.launch.context.launch_context import User

# What can be wrong of a rating: an answer, whose record it is in, its day or visit, and whom it is about.
Mistake = Literal["answer", "patient", "visit", "clinician"]
# To put it right, or to say that it is wrong, which another one confirms.
Right = Literal["correct", "report"]
_WHERE_IT_BELONGS: tuple[Mistake, ...] = ("patient", "visit", "clinician")


class Typed(Struct, frozen=True, kw_only=True):
    """That answers were typed in from a sheet: by whom (a reference, None where it is not told) and on which day at the clinic."""

    by: str | None
    day: date


class OpenToUser(Struct, frozen=True, kw_only=True):
    """What whoever is signed in may do about each mistake; one that is not there they may do nothing about. `reason` is the one under which
    they change an answer, None where they may not."""

    rights: Mapping[Mistake, Right]
    reason: CorrectionReason | None = None


def who_may_correct(rating: Rating, *, author: str | None, typed: Typed | None, user: User, patient: str, today: date) -> OpenToUser:
    """Of a rating that the user may see. `author` is the reference of who recorded it, `patient` of the patient; `today` is the
    clinic's day."""
    if rating.informant != "patient":
        return _of_their_own(rating) if user.reference == author else _NOTHING
    if user.reference == patient:
        return OpenToUser(rights={"answer": "correct"}, reason="patient-changed")
    if not is_clinician(user.kind):
        return _NOTHING
    mistakes = [one for one in _WHERE_IT_BELONGS if one != "clinician" or rating.clinician]
    rated = rating.clinician is not None and rating.clinician.reference == user.reference
    reason = _reason_to_change(typed, rated=rated, user=user.reference, today=today)
    rights: dict[Mistake, Right] = {"answer": "correct"} if reason else {}
    return OpenToUser(rights={**rights, **dict.fromkeys(mistakes, "report" if rated else "correct")}, reason=reason)


_NOTHING = OpenToUser(rights={})
# A clinician's own form is about themself: of whom, they cannot be wrong.
_OF_A_CLINICIAN: tuple[Mistake, ...] = ("answer", "patient", "visit")
_OF_AN_OBSERVER: tuple[Mistake, ...] = (*_OF_A_CLINICIAN, "clinician")


def _of_their_own(rating: Rating) -> OpenToUser:
    mistakes = _OF_AN_OBSERVER if rating.informant == "observer" else _OF_A_CLINICIAN
    return OpenToUser(rights=dict.fromkeys(mistakes, "correct"), reason="author-changed")


def _reason_to_change(typed: Typed | None, *, rated: bool, user: str, today: date) -> CorrectionReason | None:
    """Of a sheet: whoever typed it in, that day; later another one, whom it does not rate. Else only whom it does not rate."""
    if typed is None:
        return None if rated else "patients-word"
    if typed.by == user:
        return "typed-wrong" if typed.day == today else None
    return None if rated else "typed-wrong"
