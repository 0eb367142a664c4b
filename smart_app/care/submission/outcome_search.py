"""Whether the parts of a submission are in the record: the server is searched for each part's own identifier, Provenance by its target.

Used where an outcome is not known, and before anything is sent again. A server that cannot be searched this way leaves it unknown."""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from datetime import datetime
from functools import partial

from msgspec import Struct

from fhir_mappings.r4.references import PatientOnServer, by_owner, references_in
from smart_app.care.submission.sealed_submission import PROVENANCE, RESPONSE, SealedSubmission, SubmissionPart, WriteOutcome
from smart_app.errors import FhirError
from smart_app.fhir.capability import Capabilities
from smart_app.fhir.client import FhirClient, Resource
from smart_app.fhir.gather import Loaded, gather
from smart_app.fhir.search_pages import SearchResult

_IDENTIFIED = ("QuestionnaireResponse", "Observation")


class Found(Struct, frozen=True, kw_only=True):
    """`outcomes` of the parts that were found. `certain` only when every part not found is certainly not in the record;
    otherwise `reason` says why not."""

    outcomes: Mapping[str, WriteOutcome]
    certain: bool
    reason: str | None


class OutcomeSearch(Struct, frozen=True, kw_only=True):
    """Searches one server. `seconds` bounds all searches of one kind together."""

    client: FhirClient
    capabilities: Capabilities
    pool: Executor
    seconds: float

    def find(self, sealed: SealedSubmission) -> Found:
        """Every part of the submission that is not known to be stored, looked for."""
        wanted = {kind: [part for part in sealed.missing if part.type == kind] for kind in _IDENTIFIED}
        reads = {
            kind: partial(self._by_identifier, sealed, parts) for kind, parts in wanted.items() if parts and self._can(kind, "identifier")
        }
        results = gather(self.pool, reads, seconds=self.seconds)
        found = {kind: result.value for kind, result in results.items() if isinstance(result, Loaded)}
        outcomes = dict(_matches(sealed, (resource for result in found.values() for resource in result.resources)))
        outcomes = {**self._response_of_scores(sealed, found), **outcomes}
        complete = all(kind in found and found[kind].complete for kind, parts in wanted.items() if parts)
        return self._with_provenance(sealed.with_outcomes(outcomes), outcomes, complete=complete)

    def _can(self, kind: str, param: str) -> bool:
        """Whether the search is worth asking: offered, or not stated."""
        return self.capabilities.searchable(kind, param) is not False

    def _by_identifier(self, sealed: SealedSubmission, parts: list[SubmissionPart], deadline: float) -> SearchResult:
        """One search for all identifiers of a type; only this patient's resources count."""
        kind = parts[0].type
        params = [("identifier", ",".join("|".join(identifier_of(part)) for part in parts))]
        if self.capabilities.searchable(kind, "patient"):
            params.append(("patient", sealed.patient))
        return self.client.search(kind, params, deadline=deadline, fresh=True)

    def _response_of_scores(self, sealed: SealedSubmission, found: Mapping[str, SearchResult]) -> dict[str, WriteOutcome]:
        """The response that a found score was derived from, for servers that cannot search responses but stored both together."""
        scores = found["Observation"].resources if "Observation" in found else ()
        by_identifier = dict(_identified(_own(sealed, scores)))
        for part in sealed.parts:
            score = by_identifier.get(identifier_of(part)) if part.type == "Observation" else None
            reference = _derived_from(score, sealed.base) if score else None
            if reference:
                return {RESPONSE: WriteOutcome(reference=reference)}
        return {}

    def _with_provenance(self, sealed: SealedSubmission, outcomes: dict[str, WriteOutcome], *, complete: bool) -> Found:
        """Provenance too, once the response's place is known."""
        reference = sealed.outcome_of(RESPONSE).reference
        sent = next((part for part in sealed.missing if part.role == PROVENANCE), None)
        unsure = None if complete else _UNSURE
        if reference is None or sent is None:
            return Found(outcomes=outcomes, certain=complete, reason=unsure)
        if not self._can("Provenance", "target"):
            return Found(outcomes=outcomes, certain=False, reason=unsure or _NO_PROVENANCE)
        try:
            result = self.client.search("Provenance", [("target", reference)], fresh=True)
        except FhirError as error:
            return Found(outcomes=outcomes, certain=False, reason=error.user_message)
        place = next((outcome for resource in result.resources if (outcome := _provenance(resource, sent, reference, sealed.base))), None)
        found = {**outcomes, PROVENANCE: place} if place else outcomes
        return Found(outcomes=found, certain=complete and result.complete, reason=unsure or result.reason)


_NO_PROVENANCE = "The server cannot be searched for the record of who entered this (Provenance)."
_UNSURE = "The server could not be searched for it completely."


def identifier_of(part: SubmissionPart) -> tuple[str, str]:
    """The part's own identifier, (system, value). ("", "") for Provenance, which has none in R4."""
    return next(iter(_identifiers(part.resource)), ("", ""))


def _identifiers(resource: Mapping[str, object]) -> list[tuple[str, str]]:
    given = resource.get("identifier")
    listed = given if isinstance(given, list) else [given]
    return [(str(entry.get("system")), str(entry.get("value"))) for entry in listed if isinstance(entry, dict)]


def _own(sealed: SealedSubmission, resources: Iterable[Resource]) -> list[Resource]:
    return by_owner(resources, PatientOnServer(id=sealed.patient, base=sealed.base)).own


def _identified(resources: Iterable[Resource]) -> Iterable[tuple[tuple[str, str], Resource]]:
    return ((identifier, resource) for resource in resources for identifier in _identifiers(resource))


def _matches(sealed: SealedSubmission, resources: Iterable[Resource]) -> Iterable[tuple[str, WriteOutcome]]:
    """Role and place of each part among the resources: same identifier, same type, same patient. A server may return anything."""
    by_identifier = dict(_identified(_own(sealed, resources)))
    for part in sealed.missing:
        resource = by_identifier.get(identifier_of(part))
        if resource is not None and resource.get("resourceType") == part.type and resource.get("id"):
            yield part.role, _place(resource)


def _place(resource: Mapping[str, object]) -> WriteOutcome:
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return WriteOutcome(reference=f"{resource['resourceType']}/{resource['id']}", version=str(version) if version else None)


def _derived_from(score: Mapping[str, object], base: str) -> str | None:
    references = references_in(score.get("derivedFrom"), base=base)
    return next((reference for reference in references if reference.startswith("QuestionnaireResponse/")), None)


def _provenance(resource: Mapping[str, object], sent: SubmissionPart, reference: str, base: str) -> WriteOutcome | None:
    """The place of the Provenance when it is ours: it names the response, and was recorded at the moment we wrote."""
    named = set(references_in(resource.get("target"), base=base))
    same_moment = _instant(resource.get("recorded")) == _instant(sent.resource.get("recorded"))
    return _place(resource) if reference in named and same_moment and resource.get("id") else None


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
