"""What a resource must have before it is stored: FHIR's JSON rules for all, required elements, codes and dates where known.

No profile validator: it refuses what would make the store's own answers wrong or a client's mistake go unnoticed.
"""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from smart_app.sandbox.exchange.json_text import FhirJson
from smart_app.sandbox.fhir_server.date_ranges import span_of_element
from smart_app.sandbox.fhir_server.indexing import parameter_values, values_at
from smart_app.sandbox.fhir_server.outcome import bad_request, unprocessable
from smart_app.sandbox.fhir_server.search_parameters import RESOURCE_TYPES, SEARCH_PARAMETERS

ID = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
# Elements with a minimum of one in R4; `a|b` is one of several, as in value[x].
_REQUIRED = {
    "Appointment": "status participant participant.status",
    "CarePlan": "status intent subject",
    "CodeSystem": "status content",
    "Condition": "subject",
    "DiagnosticReport": "status code",
    "DocumentReference": "status content content.attachment",
    "Encounter": "status class",
    "Goal": "lifecycleStatus description subject",
    "MedicationRequest": "status intent medicationCodeableConcept|medicationReference subject",
    "Observation": "status code",
    "Procedure": "status subject",
    "Provenance": "target recorded agent agent.who",
    "Questionnaire": "status",
    "QuestionnaireResponse": "status",
    "ServiceRequest": "status intent subject",
    "StructureDefinition": "url name status kind abstract type",
    "ValueSet": "status",
}
_PUBLICATION = "draft active retired unknown"
# Required bindings of R4 (http://hl7.org/fhir/R4/valueset-*.html).
_CODES = {
    "CodeSystem.status": _PUBLICATION,
    "CodeSystem.content": "not-present example fragment complete supplement",
    "DiagnosticReport.status": "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown",
    "DocumentReference.status": "current superseded entered-in-error",
    "Encounter.status": "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
    "Goal.lifecycleStatus": "proposed planned accepted active on-hold completed cancelled entered-in-error rejected",
    "Observation.status": "registered preliminary final amended corrected cancelled entered-in-error unknown",
    "Patient.gender": "male female other unknown",
    "Questionnaire.status": _PUBLICATION,
    "QuestionnaireResponse.status": "in-progress completed amended entered-in-error stopped",
    "StructureDefinition.status": _PUBLICATION,
    "ValueSet.status": _PUBLICATION,
}


def checked(resource: object, *, resource_type: str) -> FhirJson:
    """The resource, fit to be stored as `resource_type`; a Refusal (400 shape, 422 content) naming the element otherwise."""
    body = as_resource(resource, resource_type=resource_type)
    for path, value in _leaves(body, resource_type):
        _check_leaf(path, value)
    _check_required(body, resource_type)
    _check_codes(body, resource_type)
    _check_dates(body, resource_type)
    return body


def as_resource(resource: object, *, resource_type: str | None = None) -> FhirJson:
    """A JSON object of a known type, the wanted one where one is named."""
    if not isinstance(resource, Mapping):
        raise bad_request("the body is not a resource: a JSON object with resourceType is needed", code="structure")
    found = resource.get("resourceType")
    if found not in RESOURCE_TYPES or found != (resource_type or found):
        raise bad_request(f"resourceType is {found!r}, expected {resource_type or 'an R4 type'}", expression="resourceType")
    if not isinstance(resource.get("meta", {}), Mapping):
        raise bad_request("meta is not an object", code="structure", expression="meta")
    return cast("FhirJson", resource)


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Everything without content of its own: primitives, and the empty objects and arrays FHIR does not allow."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for at, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{at}]")
    else:
        yield path, value


def _check_leaf(path: str, value: object) -> None:
    """No empty value; null only inside an array of primitives; no reference that leads nowhere."""
    in_array = path.endswith("]")
    if value == "" or value in ({}, []) or (value is None and not in_array):
        raise bad_request(f"{path} is empty; FHIR leaves out what has no value", code="structure", expression=path)
    if not path.endswith(".reference"):
        return
    if not isinstance(value, str):
        raise bad_request(f"{path} is no text", code="structure", expression=path)
    if value.startswith(("urn:uuid:", "urn:oid:")):
        raise bad_request(f"{path} refers to {value}, which no entry of the request has as its fullUrl", expression=path)
    if "?" in value:
        raise bad_request(f"{path} is a conditional reference, which only a transaction resolves", expression=path)


def _check_required(body: FhirJson, resource_type: str) -> None:
    """Each required element, inside each repetition of its parent."""
    for path in _REQUIRED.get(resource_type, "").split():
        parent, _, names = path.rpartition(".")
        for holder in values_at(body, parent) if parent else [body]:
            if not any(isinstance(holder, Mapping) and name in holder for name in names.split("|")):
                expression = f"{resource_type}.{path}"
                raise unprocessable(f"{expression} is required", code="required", expression=expression)


def _check_codes(body: FhirJson, resource_type: str) -> None:
    """Codes of required bindings."""
    for expression, codes in _CODES.items():
        of_type, _, element = expression.partition(".")
        value = body.get(element)
        if of_type == resource_type and value is not None and value not in codes.split():
            raise unprocessable(f"{expression} is {value!r}, not one of: {codes}", code="value", expression=expression)


def _check_dates(body: FhirJson, resource_type: str) -> None:
    """Every date that a search may ask for."""
    for parameter in SEARCH_PARAMETERS[resource_type].values():
        for value in parameter_values(body, parameter) if parameter.kind == "date" else ():
            try:
                span_of_element(value)
            except ValueError as wrong:
                expression = " | ".join(f"{resource_type}.{path}" for path in parameter.paths)
                raise unprocessable(str(wrong), code="value", expression=expression) from wrong
