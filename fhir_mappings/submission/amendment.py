"""Putting right what is stored, and never deleting it.

Where a server changes responses: the same resources, amended or entered in error, each by its version, in one transaction. Where it does
not: a response of its own that stands in the place of the one before, or takes it back. docs/fhir-shapes.md has the shapes."""

from collections.abc import Iterable, Mapping
from typing import cast
from uuid import NAMESPACE_URL, uuid5

from msgspec import Struct

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.canonicals import PROVENANCE, RESPONSE
from fhir_mappings.instruments.correction_reasons import CORRECTION_CODES
from fhir_mappings.r4.json_types import FhirJson, Json, instant, objects_in
from fhir_mappings.r4.validation import check_all
from fhir_mappings.submission.amended_response import amended_response, is_moment, names, rated
from fhir_mappings.submission.amended_scores import amended_scores
from fhir_mappings.submission.corrected_parts import CorrectionCause, Stood, changed_answers, correction_extension
from fhir_mappings.submission.provenance import correction_provenance
from fhir_mappings.submission.submission import Submission
from fhir_mappings.submission.transaction import submission_bundle


class StoredRating(Struct, frozen=True, kw_only=True):
    """One rating as its server has it now: the response, and by role the Observations derived from it. `server` is the address of that
    server, `answers` are those of the response as they were read."""

    server: str
    response: FhirJson
    observations: Mapping[str, FhirJson]
    answers: Answers


def amended_bundle(stored: StoredRating, corrected: Submission, cause: CorrectionCause, *, base: str) -> Json:
    """The transaction that makes of what is stored what is `corrected`: a submission under the key of the first, with the moment, the
    visit, the clinician and the answers as they should be. What a server or anybody else has added to the resources stays. Of a change
    after the other's rating was seen the scores stay those of before. InvalidResource."""
    stood = _stood(stored, corrected, base=base)
    response = _with_correction(amended_response(stored.response, corrected, base=base), correction_extension(cause, stood, base=base))
    scores = _scores(stored, corrected, cause, base=base)
    changed = [(RESPONSE, response), *scores]
    return _transaction(stored, corrected, changed, cause)


def entered_in_error_bundle(stored: StoredRating, corrected: Submission, cause: CorrectionCause, *, base: str) -> Json:
    """The transaction that marks the response and every Observation derived from it as entered in error, and says why. InvalidResource."""
    wrong = {"status": "entered-in-error"}
    response = {**_with_correction(stored.response, correction_extension(cause, Stood(), base=base)), **wrong}
    changed = [(RESPONSE, response), *((role, {**one, **wrong}) for role, one in stored.observations.items())]
    return _transaction(stored, corrected, changed, cause)


def replacing_bundle(stored: StoredRating, corrected: Submission, cause: CorrectionCause, *, base: str) -> Json:
    """The transaction of a new response, under a key of its own, that stands in the place of the stored one and of whatever that one stood
    in the place of. Its scores are those that count: of a change after the other's rating was seen those of before. InvalidResource."""
    stood = _stood(stored, corrected, base=base)
    said = [*_corrections(stored.response, base), correction_extension(cause, stood, base=base), *_in_place_of(stored.response, base=base)]
    bundle = submission_bundle(corrected, base=base)
    entries = [_with_extensions(entry, said) for entry in cast("list[FhirJson]", bundle["entry"])]
    check_all(cast("FhirJson", entry["resource"]) for entry in entries)
    return {**bundle, "entry": entries}


def retraction(stored: StoredRating, correction: Submission, cause: CorrectionCause, *, base: str) -> Json:
    """The R4 QuestionnaireResponse, under the key of `correction`, that takes back the stored one and whatever that one stands in the place
    of, in a record that changes neither: it names them, and has one coded answer. InvalidResource."""
    url = canonicals.retracts(base)
    names = [_reference(stored.response), *_replaced_by(stored.response, base)]
    known = CORRECTION_CODES[cause.reason]
    coding = {"system": canonicals.correction_reason_system(base), "code": cause.reason, "display": known.display}
    taken_back: Json = {
        "resourceType": "QuestionnaireResponse",
        **correction.meta(),
        "extension": [{"url": url, "valueReference": one} for one in names],
        "identifier": correction.identifier(RESPONSE, system=canonicals.submission_system(base)),
        "questionnaire": f"{canonicals.retraction_url(base)}|{canonicals.RETRACTION_VERSION}",
        "status": "completed",
        "subject": {"reference": f"Patient/{correction.patient}"},
        "authored": instant(cause.at),
        "author": {"reference": cause.by},
        "source": {"reference": cause.reported_by or cause.by},
        "item": [{"linkId": "reason", "text": "Why", "answer": [{"valueCoding": coding}]}],
    }
    check_all([taken_back])
    return taken_back


# What stood there before


def _stood(stored: StoredRating, corrected: Submission, *, base: str) -> Stood:
    response = stored.response
    return Stood(
        answers=changed_answers(corrected.instrument, stored.answers, corrected.answers, base=base),
        authored=None if is_moment(response.get("authored"), corrected.authored) else response.get("authored"),
        encounter=None if names(response.get("encounter"), _visit(corrected)) else response.get("encounter"),
        clinician=None if names(rated(response, base), _clinician(corrected)) else rated(response, base),
    )


def _visit(corrected: Submission) -> str | None:
    return f"Encounter/{corrected.encounter}" if corrected.encounter else None


def _clinician(corrected: Submission) -> str | None:
    return corrected.clinician.reference if corrected.clinician else None


def _scores(stored: StoredRating, corrected: Submission, cause: CorrectionCause, *, base: str) -> list[tuple[str, Json]]:
    """Of a change after the other's rating was seen none: the scores stay those of before."""
    return [] if cause.after_seen else amended_scores(stored.observations, corrected, places=_places(stored, corrected), base=base)


def _places(stored: StoredRating, corrected: Submission) -> Mapping[str, str]:
    """The urn of each resource of the submission that is stored, to where it is."""
    there = {RESPONSE: stored.response, **stored.observations}
    return {corrected.urn(role): f"{one['resourceType']}/{one['id']}" for role, one in there.items()}


# The transaction


def _transaction(stored: StoredRating, corrected: Submission, changed: Iterable[tuple[str, Json]], cause: CorrectionCause) -> Json:
    resources = list(changed)
    places = _places(stored, corrected)
    targets = [places.get(corrected.urn(role), corrected.urn(role)) for role, _ in resources]
    told = correction_provenance(corrected, cause, targets=targets, before=_version_of(stored.response))
    check_all(one for _, one in [*resources, (PROVENANCE, told)])
    puts = [_entry(stored.server, corrected, role, one) for role, one in resources]
    urn = f"urn:uuid:{uuid5(NAMESPACE_URL, f'{corrected.key}.{PROVENANCE}.{instant(cause.at)}')}"
    posted: Json = {"fullUrl": urn, "resource": told, "request": {"method": "POST", "url": "Provenance"}}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [*puts, posted]}


def _entry(server: str, corrected: Submission, role: str, resource: Json) -> Json:
    """Changed by its version; created where it was not there."""
    kind, local_id = resource["resourceType"], resource.get("id")
    if local_id is None:
        identifier = cast("list[FhirJson]", resource["identifier"])[0]
        once = f"identifier={identifier['system']}|{identifier['value']}"
        return {"fullUrl": corrected.urn(role), "resource": resource, "request": {"method": "POST", "url": kind, "ifNoneExist": once}}
    request: Json = {"method": "PUT", "url": f"{kind}/{local_id}"}
    version = (cast("FhirJson", resource.get("meta") or {})).get("versionId")
    return {
        "fullUrl": f"{server}/{kind}/{local_id}",
        "resource": resource,
        "request": {**request, **({"ifMatch": f'W/"{version}"'} if version else {})},
    }


def _version_of(response: FhirJson) -> str:
    """The response as it stood, where the server tells versions apart."""
    version = (response.get("meta") or {}).get("versionId")
    place = f"{response['resourceType']}/{response['id']}"
    return f"{place}/_history/{version}" if version else place


def _reference(response: FhirJson) -> Json:
    """By its place, and by its identifier, which holds where the server moves it."""
    identifier = response.get("identifier")
    identified: Json = {"identifier": identifier} if isinstance(identifier, dict) else {}
    return {"reference": f"{response['resourceType']}/{response['id']}", **identified}


def _in_place_of(response: FhirJson, *, base: str) -> list[Json]:
    url = canonicals.replaces(base)
    return [{"url": url, "valueReference": one} for one in (_reference(response), *_replaced_by(response, base))]


def _replaced_by(response: FhirJson, base: str) -> list[FhirJson]:
    """What the response stands in the place of itself."""
    url = canonicals.replaces(base)
    return [one["valueReference"] for one in objects_in(response.get("extension")) if one.get("url") == url and one.get("valueReference")]


def _corrections(response: FhirJson, base: str) -> list[FhirJson]:
    return [one for one in objects_in(response.get("extension")) if one.get("url") == canonicals.correction(base)]


def _with_correction(response: FhirJson, said: Json) -> Json:
    return {**response, "extension": [*objects_in(response.get("extension")), said]}


def _with_extensions(entry: FhirJson, said: list[FhirJson]) -> Json:
    """The response of the bundle with those extensions; every other entry as it is."""
    resource = entry["resource"]
    if resource["resourceType"] != "QuestionnaireResponse":
        return dict(entry)
    return {**entry, "resource": {**resource, "extension": [*objects_in(resource.get("extension")), *said]}}
