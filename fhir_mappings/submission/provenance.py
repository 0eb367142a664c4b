"""Who answered, with which program, from which response: one Provenance per submission."""

from collections.abc import Sequence

from fhir_mappings.instruments.canonicals import RESPONSE
from fhir_mappings.r4.json_types import FhirJson, Json, instant
from fhir_mappings.submission.corrected_parts import CorrectionCause
from fhir_mappings.submission.submission import Submission

_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
# FHIR's own list has no word for who passes something on; US Core adds this one, "the entity that provided the copy to your system":
# https://hl7.org/fhir/us/core/CodeSystem-us-core-provenance-participant-type.html
_US_CORE = "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type"

# Of the value set of Provenance.activity (extensible): https://hl7.org/fhir/R4/valueset-provenance-activity-type.html
_OPERATIONS = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"


def provenance(submission: Submission, roles: tuple[str, ...]) -> Json:
    """The R4 Provenance of every resource in `roles`. It has no identifier in R4: it is found by its `target`."""
    return {
        "resourceType": "Provenance",
        **submission.meta(),
        "target": [{"reference": submission.urn(role)} for role in roles],
        "recorded": instant(submission.issued),
        "agent": [
            {"type": _agent("author", "Author"), "who": _author(submission)},
            *_enterer(submission),
            {"type": _agent("assembler", "Assembler"), "who": {"display": f"Rapport {submission.app_version}"}},
        ],
        "entity": [{"role": "source", "what": {"reference": submission.urn(RESPONSE)}}],
    }


def correction_provenance(submission: Submission, cause: CorrectionCause, *, targets: Sequence[str], before: str) -> Json:
    """The R4 Provenance of what was put right: each of `targets` by whoever put it right, as a revision of the response `before`. Whoever
    reported it is named as an informant."""
    reporter: list[Json] = (
        [{"type": _agent("informant", "Informant"), "who": {"reference": cause.reported_by}}] if cause.reported_by else []
    )
    return {
        "resourceType": "Provenance",
        **submission.meta(),
        "target": [{"reference": one} for one in targets],
        "recorded": instant(cause.at),
        "activity": {"coding": [{"system": _OPERATIONS, "code": "NULLIFY" if cause.reason == "wrong-patient" else "UPDATE"}]},
        "agent": [
            {"type": _agent("author", "Author"), "who": {"reference": cause.by}},
            *reporter,
            {"type": _agent("assembler", "Assembler"), "who": {"display": f"Rapport {submission.app_version}"}},
        ],
        "entity": [{"role": "revision", "what": {"reference": before}}],
    }


def with_transmitter(provenance: FhirJson, who: str | None) -> Json:
    """The same, sent by `who` in its author's place: a reference. None, and no transmitter in it, where the author sends it themself."""
    kind = {"coding": [{"system": _US_CORE, "code": "transmitter", "display": "Transmitter"}]}
    others = [agent for agent in provenance["agent"] if agent.get("type") != kind]
    return {**provenance, "agent": [*others, *([{"type": kind, "who": {"reference": who}}] if who else [])]}


def _author(submission: Submission) -> Json:
    """Who answered; in words where it was somebody for the patient, of whom no more is known."""
    return {"reference": submission.answered_by} if submission.answered_by else {"display": "Somebody who answered for the patient"}


def _enterer(submission: Submission) -> tuple[Json, ...]:
    """Whoever typed somebody else's answers in."""
    if submission.recorded_by == submission.answered_by:
        return ()
    return ({"type": _agent("enterer", "Enterer"), "who": {"reference": submission.recorded_by}},)


def _agent(code: str, display: str) -> Json:
    return {"coding": [{"system": _AGENT, "code": code, "display": display}]}
