"""Whether the parts of a submission are in the record: the server is searched for each part's own identifier, Provenance by its target.

Used where an outcome is not known, and before anything is sent again. A server that cannot be searched this way leaves it unknown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.r4.references import PatientOnServer, by_owner, references_in
from fhir_mappings.sentence import Sentence, joined
from smart_app.care.submission.sealed_submission import PROVENANCE, RESPONSE, SealedSubmission, SubmissionPart, WriteOutcome
from smart_app.errors import FhirError
from smart_app.fhir.capability import Capabilities
from smart_app.fhir.client import FhirClient, Resource
from smart_app.fhir.gather import Loaded, gather
from smart_app.fhir.search_pages import SearchResult

_IDENTIFIED = ("QuestionnaireResponse", "Observation")
# A search may miss what was stored a moment ago: indexes are written after the resource (AWS HealthLake is "eventually consistent" by its
# documentation; LinuxForHealth FHIR with remote indexing, issue 3817; FHIR Works on AWS, issue 788), a result may be an earlier one's (HAPI
# FHIR, "for about a minute", issue 4345), and a request that nobody waits for any more may be worked on still.
SETTLES_WITHIN = timedelta(minutes=1)


class Found(Struct, frozen=True, kw_only=True):
    """`outcomes` of the parts that were found, `absent` the roles of those that are certainly not in the record. Of any other nothing is
    known, and `reason` says why not."""

    outcomes: Mapping[str, WriteOutcome]
    absent: frozenset[str]
    reason: Sentence | None


class OutcomeSearch(Struct, frozen=True, kw_only=True):
    """Searches one server. `seconds` bounds all searches of one kind together; what was sent later than `settled` may be there unseen."""

    client: FhirClient
    capabilities: Capabilities
    pool: Executor
    seconds: float
    settled: datetime

    def find(self, sealed: SealedSubmission) -> Found:
        """Every part of the submission that is not known to be stored, looked for by its own identifier: what another resource refers to
        need not be there (servers take references to entries that they refused)."""
        wanted = {kind: [part for part in sealed.missing if part.type == kind] for kind in _IDENTIFIED}
        reads = {kind: read for kind, parts in wanted.items() if parts and (read := self._search_for(sealed, parts)) is not None}
        results = gather(self.pool, reads, seconds=self.seconds)
        found = {kind: result.value for kind, result in results.items() if isinstance(result, Loaded)}
        outcomes = {role: place for kind, result in found.items() for role, place in _matches(sealed, wanted[kind], result.resources)}
        conclusive = {kind for kind, result in found.items() if result.complete and self._by_identifier(kind)}
        absent = frozenset(part.role for kind in conclusive for part in wanted[kind] if part.role not in outcomes)
        unsure = any(parts and kind not in conclusive for kind, parts in wanted.items())
        looked_up = self._with_provenance(sealed, Found(outcomes=outcomes, absent=absent, reason=_UNSURE if unsure else None))
        return self._without_fresh(sealed, looked_up)

    def _without_fresh(self, sealed: SealedSubmission, found: Found) -> Found:
        """Of a part whose answer was lost, that nothing is listed so soon proves nothing, unless the server tells an equal one by itself:
        to send it again then doubles nothing. What the server said it did not store is not there."""
        if sealed.sent is not None and sealed.sent <= self.settled:
            return found
        fresh = {role for role in found.absent if sealed.outcome_of(role).became == "unknown" and not self._told_apart(role, sealed)}
        return replace(found, absent=found.absent - fresh, reason=found.reason or _TOO_SOON) if fresh else found

    def _told_apart(self, role: str, sealed: SealedSubmission) -> bool:
        """Whether the server honours `If-None-Exist` for it; Provenance, which has no identifier, goes with the answers it names."""
        kind = next(part.type for part in sealed.parts if part.role == (RESPONSE if role == PROVENANCE else role))
        return self.capabilities.conditional_create(kind) is True

    def _by_identifier(self, kind: str) -> bool:
        """Whether a search by identifier is worth asking: offered, or not stated."""
        return self.capabilities.searchable(kind, "identifier") is not False

    def _search_for(self, sealed: SealedSubmission, parts: list[SubmissionPart]) -> Callable[[float], SearchResult] | None:
        """One search for all parts of a type: by their identifiers, else all of the patient's, whose end proves nothing. None where
        neither is offered. Only this patient's resources count."""
        kind = parts[0].type
        params = [("identifier", ",".join("|".join(identifier_of(part)) for part in parts))] if self._by_identifier(kind) else []
        if self.capabilities.searchable(kind, "patient"):
            params.append(("patient", sealed.patient))
        return partial(self._search, kind, params) if params else None

    def _search(self, kind: str, params: Sequence[tuple[str, str]], deadline: float) -> SearchResult:
        return self.client.search(kind, params, deadline=deadline, fresh=True)

    def _with_provenance(self, sealed: SealedSubmission, found: Found) -> Found:
        """Provenance too, once the place of the answers is known, or that they are not there: a server that refused them may have kept a
        Provenance that names them. It takes no other part's certainty away."""
        known = sealed.with_outcomes(found.outcomes)
        sent = next((part for part in sealed.missing if part.role == PROVENANCE), None)
        if sent is None or (known.outcome_of(RESPONSE).reference is None and RESPONSE not in found.absent):
            return found
        places = _targets(known)
        if places and self.capabilities.searchable("Provenance", "target") is False:
            return replace(found, reason=found.reason or _NO_PROVENANCE)
        for place in places:
            try:
                result = self.client.search("Provenance", [("target", place)], fresh=True)
            except FhirError as error:
                return replace(found, reason=found.reason or joined(" ", (_NO_PROVENANCE, error.user_message)))
            mine = next((outcome for resource in result.resources if (outcome := _provenance(resource, sent, place, sealed.base))), None)
            if mine is not None:
                return replace(found, outcomes={**found.outcomes, PROVENANCE: mine})
            if not result.complete:
                return replace(found, reason=found.reason or result.reason)
        return replace(found, absent=found.absent | {PROVENANCE})


def _targets(known: SealedSubmission) -> list[str]:
    """The places a Provenance may be found by: that of the answers, and one of what was stored beside them, as it may name answers that
    were refused when it was stored."""
    stored = known.stored
    others = [place for role, place in stored.items() if role != RESPONSE]
    return [*([stored[RESPONSE]] if RESPONSE in stored else []), *others[:1]]


_NO_PROVENANCE = Sentence("The server cannot be searched for the record of who entered this (Provenance).")
_TOO_SOON = Sentence(
    "The server does not list it, which proves nothing so soon after it was sent: some list a thing only after a while. Check again in a "
    "minute."
)
_UNSURE = Sentence("The server could not be searched for it completely.")


def identifier_of(part: SubmissionPart) -> tuple[str, str]:
    """The own identifier of a part that has one, (system, value): any but Provenance."""
    return _identifiers(part.resource)[0]


def _identifiers(resource: Mapping[str, object]) -> list[tuple[str, str]]:
    given = resource.get("identifier")
    listed = given if isinstance(given, list) else [given]
    return [(str(entry.get("system")), str(entry.get("value"))) for entry in listed if isinstance(entry, dict)]


def _own(sealed: SealedSubmission, resources: Iterable[Resource]) -> list[Resource]:
    return by_owner(resources, PatientOnServer(id=sealed.patient, base=sealed.base)).own


def _identified(resources: Iterable[Resource]) -> Iterable[tuple[tuple[str, str], Resource]]:
    return ((identifier, resource) for resource in resources for identifier in _identifiers(resource))


def _matches(
    sealed: SealedSubmission, parts: Iterable[SubmissionPart], resources: Iterable[Resource]
) -> Iterable[tuple[str, WriteOutcome]]:
    """Role and place of each part among resources of its type: same identifier, same patient. A server may return anything."""
    by_identifier = dict(_identified(_own(sealed, resources)))
    for part in parts:
        resource = by_identifier.get(identifier_of(part))
        if resource is not None and resource.get("id"):
            yield part.role, _place(resource)


def _place(resource: Mapping[str, object]) -> WriteOutcome:
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return WriteOutcome(reference=f"{resource['resourceType']}/{resource['id']}", version=str(version) if version else None)


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
