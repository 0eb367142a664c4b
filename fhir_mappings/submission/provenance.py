"""Who answered, with which program, from which response: one Provenance per submission."""

from fhir_mappings.instruments.canonicals import RESPONSE
from fhir_mappings.r4.json_types import Json, instant
from fhir_mappings.submission.submission import Submission

_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def provenance(submission: Submission, roles: tuple[str, ...]) -> Json:
    """The R4 Provenance of every resource in `roles`. It has no identifier in R4: it is found by its `target`."""
    return {
        "resourceType": "Provenance",
        **submission.meta(),
        "target": [{"reference": submission.urn(role)} for role in roles],
        "recorded": instant(submission.issued),
        "agent": [
            {"type": _agent("author", "Author"), "who": {"reference": submission.answered_by}},
            *_enterer(submission),
            {"type": _agent("assembler", "Assembler"), "who": {"display": f"Rapport {submission.app_version}"}},
        ],
        "entity": [{"role": "source", "what": {"reference": submission.urn(RESPONSE)}}],
    }


def _enterer(submission: Submission) -> tuple[Json, ...]:
    """Whoever typed somebody else's answers in."""
    if submission.recorded_by == submission.answered_by:
        return ()
    return ({"type": _agent("enterer", "Enterer"), "who": {"reference": submission.recorded_by}},)


def _agent(code: str, display: str) -> Json:
    return {"coding": [{"system": _AGENT, "code": code, "display": display}]}
