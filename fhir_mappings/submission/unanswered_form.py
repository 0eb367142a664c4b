"""That a form was not answered: a response that was stopped before its first item, and one coded Observation beside it, which is there for
whoever counts later and is handed Observations alone. Neither holds an answer, a score or a word of anybody's."""

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.canonicals import NOT_ANSWERED, RESPONSE, not_answered_code, score_title
from fhir_mappings.instruments.not_answered import REASON_CODES, NotAnsweredReason
from fhir_mappings.r4 import systems
from fhir_mappings.r4.json_types import Json, instant
from fhir_mappings.submission.submission import Submission, person


def not_answered_response(submission: Submission, reason: NotAnsweredReason, *, base: str) -> Json:
    """The R4 QuestionnaireResponse, `stopped` and without items."""
    instrument, informant, clinician = submission.instrument, submission.informant, submission.clinician
    rated: list[Json] = [{"url": canonicals.rated_clinician(base), "valueReference": person(clinician)}] if clinician else []
    return {
        "resourceType": "QuestionnaireResponse",
        **submission.meta(),
        "extension": [*rated, {"url": canonicals.not_answered_reason(base), "valueCodeableConcept": _concept(reason, base=base)}],
        "identifier": submission.identifier(RESPONSE, system=canonicals.submission_system(base)),
        "questionnaire": canonicals.questionnaire(instrument, informant, base=base),
        "status": "stopped",
        "subject": {"reference": f"Patient/{submission.patient}"},
        **submission.visit(),
        "authored": instant(submission.authored),
        "author": {"reference": submission.recorded_by},
        "source": {"reference": submission.answered_by},
    }


def not_answered_observation(submission: Submission, reason: NotAnsweredReason, *, base: str) -> Json:
    """The R4 Observation: the form by its code, the reason as its value."""
    instrument, informant, clinician = submission.instrument, submission.informant, submission.clinician
    code = {"system": canonicals.score_system(base), "code": not_answered_code(instrument, informant)}
    return {
        "resourceType": "Observation",
        **submission.meta(),
        "identifier": [submission.identifier(NOT_ANSWERED, system=canonicals.submission_system(base))],
        "status": "final",
        "category": canonicals.categories(instrument, base=base),
        "code": {"coding": [code], "text": score_title(instrument, informant, NOT_ANSWERED)},
        "subject": {"reference": f"Patient/{submission.patient}"},
        **({"focus": [person(clinician)]} if clinician else {}),
        **submission.visit(),
        "effectiveDateTime": instant(submission.authored),
        "issued": instant(submission.issued),
        "performer": [{"reference": submission.answered_by}],
        "valueCodeableConcept": _concept(reason, base=base),
        "derivedFrom": [{"reference": submission.urn(RESPONSE)}],
    }


def _concept(reason: NotAnsweredReason, *, base: str) -> Json:
    """Our code, and the standard one beside it."""
    known = REASON_CODES[reason]
    ours = {"system": canonicals.not_answered_system(base), "code": reason, "display": known.display}
    standard = {"system": systems.ABSENT_REASONS, "code": known.absent, "display": known.absent_display}
    return {"coding": [ours, standard]}
