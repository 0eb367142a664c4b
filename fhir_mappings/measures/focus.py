"""Whom a value of this record is about: R4 `Observation.focus`, where that is not the patient (an unborn child, a donor, a device).

Of values alone: on our own scores the rated clinician stands there (`fhir_mappings.submission.score_observations`).
"""

from collections.abc import Mapping
from typing import Any

from fhir_mappings.r4.references import PatientOnServer, literal_reference, whose_reference
from fhir_mappings.sentence import Sentence

_UNTOLD = Sentence("What it is about (its focus) could not be tied to the patient.")


def why_about_another(observation: Mapping[str, Any], patient: PatientOnServer) -> Sentence | None:
    """Why the value is not the patient's, in a sentence for people; None where nothing else than the patient is named. Another patient of
    the server is never named."""
    focus = observation.get("focus")
    if not focus:
        return None
    nodes = focus if isinstance(focus, list) else [focus]
    return next((why for node in nodes if (why := _why(node, patient)) is not None), None)


def _why(node: object, patient: PatientOnServer) -> Sentence | None:
    judged = whose_reference(node, patient)
    if judged.owner == "own":
        return None
    if judged.owner == "another_patient":
        return Sentence("It is about another patient, not about this one.")
    named = literal_reference(node.get("reference"), base=patient.base) if isinstance(node, dict) else None
    if named is None or named.base is not None:
        return _UNTOLD
    return Sentence("It is about {whom}, not about the patient.", whom=named.text)
