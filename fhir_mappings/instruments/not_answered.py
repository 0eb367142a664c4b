"""That a form was not answered at a visit, and for which of four reasons. It is no rating: nothing is scored and nothing counted of it.

The four are Rapport's own. Beside each stands what the record's own word for it is, a code of
http://terminology.hl7.org/CodeSystem/data-absent-reason (HL7 FHIR R4, https://hl7.org/fhir/R4/codesystem-data-absent-reason.html):
`asked-declined`, "The source was asked but declined to answer."; `not-asked`, "The workflow didn't lead to this value being known.";
`not-performed`, "The value is not available because the observation procedure (test, etc.) was not performed."
"""

from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct

NotAnsweredReason = Literal["patient-declined", "no-time", "not-offered", "could-not"]
# The one reason that is the patient's own: what staff had no time for, did not offer or saw could not be done is nobody's refusal.
REFUSED: NotAnsweredReason = "patient-declined"


class ReasonCode(Struct, frozen=True, kw_only=True):
    """How a reason is published: in words, what it means, its words in other languages, and the standard code beside it."""

    display: str
    meaning: str
    designations: Mapping[str, str]
    absent: str
    absent_display: str


REASON_CODES: Mapping[NotAnsweredReason, ReasonCode] = {
    "patient-declined": ReasonCode(
        display="Patient declined",
        meaning="The patient would rather not answer the form at this visit, and said so there or to staff. No reason is asked for.",
        designations={"de": "Patientin oder Patient lehnte ab", "es": "El paciente declinó responder"},
        absent="asked-declined",
        absent_display="Asked But Declined",
    ),
    "no-time": ReasonCode(
        display="No time",
        meaning="There was no time for the form at this visit. It is not the patient's refusal.",
        designations={"de": "Keine Zeit", "es": "Sin tiempo"},
        absent="not-performed",
        absent_display="Not Performed",
    ),
    "not-offered": ReasonCode(
        display="Not offered",
        meaning="The form was not offered to the patient at this visit. It is not the patient's refusal.",
        designations={"de": "Nicht angeboten", "es": "No se ofreció"},
        absent="not-asked",
        absent_display="Not Asked",
    ),
    "could-not": ReasonCode(
        display="Could not answer",
        meaning="The patient could not answer the form at this visit, as for language, sight or being unwell. It is not the patient's "
        "refusal.",
        designations={"de": "Konnte nicht antworten", "es": "No pudo responder"},
        absent="not-performed",
        absent_display="Not Performed",
    ),
}


def reason_of(code: object) -> NotAnsweredReason | None:
    """The reason of that code; None for one that is not among them."""
    return next((one for one in get_args(NotAnsweredReason) if one == code), None)


def is_refusal(reason: NotAnsweredReason) -> bool:
    """Whether it is the patient's own refusal."""
    return reason == REFUSED
