"""A submission as one R4 transaction, checked before anybody sends it."""

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.canonicals import NOT_ANSWERED, PROVENANCE, RESPONSE
from fhir_mappings.r4.json_types import FhirJson, Json
from fhir_mappings.r4.validation import InvalidResource, check_all
from fhir_mappings.submission.provenance import provenance, with_transmitter
from fhir_mappings.submission.questionnaire_response import questionnaire_response
from fhir_mappings.submission.score_observations import observations
from fhir_mappings.submission.submission import Submission
from fhir_mappings.submission.unanswered_form import not_answered_observation, not_answered_response

__all__ = ["InvalidResource", "Submission", "bundle_sent_by", "submission_bundle", "submission_resources"]


def submission_resources(submission: Submission, *, base: str) -> tuple[tuple[str, Json], ...]:
    """(role, resource) in the order they are written: response, panel, scores, provenance; of a form that was not answered the response,
    the reason as an Observation, and the provenance. References between them are urns.

    InvalidResource names what would not be valid FHIR.
    """
    stored = _content(submission, base=base)
    roles = tuple(role for role, _ in stored)
    resources = (*stored, (PROVENANCE, provenance(submission, roles)))
    check_all(resource for _, resource in resources)
    return resources


def _content(submission: Submission, *, base: str) -> tuple[tuple[str, Json], ...]:
    """What was answered and its scores, or that nothing was."""
    reason = submission.not_answered
    if reason is None:
        return ((RESPONSE, questionnaire_response(submission, base=base)), *observations(submission, base=base))
    response = not_answered_response(submission, reason, base=base)
    return ((RESPONSE, response), (NOT_ANSWERED, not_answered_observation(submission, reason, base=base)))


def submission_bundle(submission: Submission, *, base: str) -> Json:
    """The transaction of docs/fhir-shapes.md. Numbers are Decimals: write it with simplejson and `use_decimal`."""
    entries = [_entry(submission, role, resource, base=base) for role, resource in submission_resources(submission, base=base)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def bundle_sent_by(bundle: FhirJson, who: str | None) -> Json:
    """The transaction as `who` (a reference) sends it in its author's place, which its Provenance says and nothing else; None: as the
    author sends it. InvalidResource as above."""
    entries = [_sent_by(entry, who) for entry in bundle["entry"]]
    check_all(with_transmitter(entry["resource"], who) for entry in bundle["entry"] if _is_provenance(entry))
    return {**bundle, "entry": entries}


def _sent_by(entry: FhirJson, who: str | None) -> Json:
    return {**entry, "resource": with_transmitter(entry["resource"], who)} if _is_provenance(entry) else dict(entry)


def _is_provenance(entry: FhirJson) -> bool:
    return bool(entry["resource"]["resourceType"] == "Provenance")


def _entry(submission: Submission, role: str, resource: Json, *, base: str) -> Json:
    """One entry; created only where its identifier is not there yet. R4 Provenance has none to be found by."""
    request: Json = {"method": "POST", "url": resource["resourceType"]}
    if role != PROVENANCE:
        request["ifNoneExist"] = f"identifier={canonicals.submission_system(base)}|{submission.key}.{role}"
    return {"fullUrl": submission.urn(role), "resource": resource, "request": request}
