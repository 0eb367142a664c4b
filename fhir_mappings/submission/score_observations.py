"""Scores as Observations: a panel without a value, one member per score. A score the rule does not allow is not written."""

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.canonicals import PANEL, RESPONSE, score_title
from fhir_mappings.r4 import systems
from fhir_mappings.r4.json_types import Json, instant
from fhir_mappings.submission.submission import Submission, person


def observations(submission: Submission, *, base: str) -> tuple[tuple[str, Json], ...]:
    """(role, R4 Observation): the panel first, then each score. Empty when nothing could be scored."""
    scored = submission.scored()
    if not scored:
        return ()
    panel = _frame(submission, PANEL, base=base) | _source(submission)
    panel["hasMember"] = [{"reference": submission.urn(key)} for key in scored]
    return ((PANEL, panel), *((key, _member(submission, key, base=base)) for key in scored))


def _member(submission: Submission, key: str, *, base: str) -> Json:
    """One score in UCUM `{score}`, with its digits."""
    quantity = {"value": submission.scores[key].value, "unit": "score", "system": systems.UCUM, "code": "{score}"}
    return _frame(submission, key, base=base) | {"valueQuantity": quantity} | _source(submission)


def _frame(submission: Submission, role: str, *, base: str) -> Json:
    """What panel and members share."""
    return {
        "resourceType": "Observation",
        **submission.meta(),
        "identifier": [submission.identifier(role, system=canonicals.submission_system(base))],
        "status": "final",
        "category": canonicals.categories(submission.instrument, base=base),
        "code": {
            "coding": [{"system": canonicals.score_system(base), "code": _code(submission, role)}],
            "text": score_title(submission.instrument, submission.informant, role),
        },
        "subject": {"reference": f"Patient/{submission.patient}"},
        **({"focus": [person(submission.clinician)]} if submission.clinician else {}),
        **submission.visit(),
        "effectiveDateTime": instant(submission.authored),
        "issued": instant(submission.issued),
        **({"performer": [{"reference": submission.answered_by}]} if submission.answered_by else {}),
    }


def _source(submission: Submission) -> Json:
    return {"derivedFrom": [{"reference": submission.urn(RESPONSE)}]}


def _code(submission: Submission, role: str) -> str:
    return canonicals.score_code(submission.instrument, submission.informant, role)
