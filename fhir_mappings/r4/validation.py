"""Nothing that is not valid FHIR leaves: the typed model, and our own rules for what it lets through.

What fhir.resources 8.3 lets pass was measured: unknown status codes and comparators, text for a number, a value beside a
data-absent-reason, empty arrays, an answer beside child items; tests/contract/broken has an example of each.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from hashlib import sha1
from typing import Any

from pydantic import ValidationError

from fhir_mappings.r4 import systems
from fhir_mappings.r4.element_cache import Known, with_typed_elements
from fhir_mappings.r4.models import model
from fhir_mappings.r4.references import ID, TYPE

# Required bindings, http://hl7.org/fhir/R4/valueset-observation-status.html and …-questionnaire-answers-status.html
_STATUS = {
    "Observation": {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"},
    "QuestionnaireResponse": {"in-progress", "completed", "amended", "entered-in-error", "stopped"},
    "Questionnaire": {"draft", "active", "retired", "unknown"},
    "CodeSystem": {"draft", "active", "retired", "unknown"},
    "ValueSet": {"draft", "active", "retired", "unknown"},
    "StructureDefinition": {"draft", "active", "retired", "unknown"},
    "DocumentReference": {"current", "superseded", "entered-in-error"},
}
# Of a document itself, http://hl7.org/fhir/R4/valueset-composition-status.html
_DOCUMENT_STATUS = {"preliminary", "final", "amended", "entered-in-error"}
# What is about a patient, and no definition.
_OF_PATIENTS = {"Observation", "QuestionnaireResponse", "DocumentReference"}
# http://hl7.org/fhir/R4/valueset-quantity-comparator.html
_COMPARATORS = {"<", "<=", ">=", ">"}
# http://hl7.org/fhir/R4/valueset-item-type.html: R5's `coding` is none of them
_ITEM_TYPES = {
    "group", "display", "boolean", "decimal", "integer", "date", "dateTime", "time", "string", "text", "url", "choice", "open-choice",
    "attachment", "reference", "quantity",
}  # fmt: skip
_PATIENT = re.compile(rf"(https?://\S+/)?Patient/{ID}(/_history/{ID})?")
# https://hl7.org/fhir/R4/references.html#literal
_REFERENCE = re.compile(rf"{TYPE}/{ID}(/_history/{ID})?|urn:uuid:[0-9a-f\-]{{36}}|https?://\S+")


class InvalidResource(Exception):
    """A resource of ours would not be valid FHIR; `path` says where, `problem` why."""

    def __init__(self, resource_type: str, path: str, problem: str) -> None:
        super().__init__(f"{resource_type}: {path}: {problem}")
        self.path = path
        self.problem = problem


def check(resource: Mapping[str, Any]) -> None:
    """Pass a resource we are about to write. InvalidResource names the first thing that is wrong."""
    kind = str(resource.get("resourceType"))
    for path, problem in _own_rules(kind, resource):
        raise InvalidResource(kind, path, problem)
    try:
        model(kind).model_validate(resource)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        raise InvalidResource(kind, ".".join(map(str, first["loc"])) or kind, first["msg"]) from wrong
    except KeyError:
        raise InvalidResource(kind, "resourceType", "is not a type Rapport writes") from None


def check_together(definitions: Iterable[Mapping[str, Any]]) -> None:
    """Pass definitions that are published together: a value set's codes come from a code system among them, or from LOINC, SNOMED CT
    or UCUM. InvalidResource names the first that does not."""
    found = list(definitions)
    known = {one["url"] for one in found if one["resourceType"] == "CodeSystem"} | {systems.LOINC, systems.SNOMED, systems.UCUM}
    for one in found:
        for place, include in enumerate(one.get("compose", {}).get("include", ())):
            if include.get("system") not in known:
                problem = f"{include.get('system')!r} is a code system nobody defines"
                raise InvalidResource(str(one["resourceType"]), f"compose.include[{place}].system", problem)


def check_all(resources: Iterable[Mapping[str, Any]]) -> None:
    """Pass the resources of one submission, as `check` would each; what they have in common is looked at once."""
    known: Known = {}
    for resource in resources:
        if not _passes(resource, known):
            check(resource)


def _passes(resource: Mapping[str, Any], known: Known) -> bool:
    """Whether nothing is wrong. When something is, only `check` of the whole can say where."""
    kind = str(resource.get("resourceType"))
    if any(_own_rules(kind, resource)):
        return False
    try:
        typed = model(kind)
        typed.model_validate(with_typed_elements(typed, resource, known))
    except (ValidationError, KeyError):
        return False
    return True


def _own_rules(kind: str, resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the typed model lets through."""
    if kind in _STATUS and resource.get("status") not in _STATUS[kind]:
        yield "status", f"{resource.get('status')!r} is not a status of {kind}"
    yield from _empties(resource, kind)
    if kind in _OF_PATIENTS and not _PATIENT.fullmatch(_reference(resource.get("subject"))):
        yield "subject", "is no patient"
    if kind == "Observation":
        yield from _observation_rules(resource)
    if kind in {"QuestionnaireResponse", "Questionnaire"}:
        yield from _item_rules(resource.get("item", []), "item", set())
    if kind == "DocumentReference":
        yield from _document_rules(resource)
    if kind not in {*_OF_PATIENTS, "Provenance"}:
        yield from _definition_rules(kind, resource)


def _reference(node: object) -> str:
    return str(node.get("reference")) if isinstance(node, dict) else ""


def _empties(node: object, path: str) -> Iterator[tuple[str, str]]:
    """FHIR JSON has no nulls, and no empty arrays, objects or strings; a reference says where to."""
    if node is None or node in ({}, [], ""):
        yield path, "must not be empty"
    elif isinstance(node, dict):
        if isinstance(node.get("reference"), str) and not _REFERENCE.fullmatch(node["reference"]):
            yield f"{path}.reference", f"{node['reference']!r} is no Type/id, urn:uuid or address"
        for key, value in node.items():
            yield from _empties(value, f"{path}.{key}")
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _empties(value, f"{path}[{place}]")


def _observation_rules(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """obs-6, and that an Observation says something."""
    valued = any(key.startswith("value") for key in resource)
    if valued and "dataAbsentReason" in resource:
        yield "dataAbsentReason", "stands beside a value (obs-6)"
    if not valued and not {"dataAbsentReason", "hasMember", "component"} & resource.keys():
        yield "value", "is missing, and so is any member or reason"
    if valued and any(_same_code(one, resource) for one in resource.get("component", ())):
        yield "component", "has the code of the Observation, which has a value itself (obs-7)"
    if "valueQuantity" in resource:
        yield from _quantity_rules(resource["valueQuantity"])


def _same_code(component: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
    codes = [(one.get("system"), one.get("code")) for one in resource.get("code", {}).get("coding", ())]
    return any((one.get("system"), one.get("code")) in codes for one in component.get("code", {}).get("coding", ()))


def _quantity_rules(quantity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A number, an R4 comparator, and qty-3: a unit's code has its system."""
    if not isinstance(quantity.get("value"), Decimal | int) or isinstance(quantity["value"], bool):
        yield "valueQuantity.value", f"{quantity.get('value')!r} is no number"
    if quantity.get("comparator", "<") not in _COMPARATORS:
        yield "valueQuantity.comparator", f"{quantity['comparator']!r} is no comparator"
    if "code" in quantity and "system" not in quantity:
        yield "valueQuantity.system", "is missing beside the unit's code (qty-3)"


def _document_rules(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A status of a document, and what an attachment says of its data (att-1, size, SHA-1)."""
    if resource.get("docStatus", "final") not in _DOCUMENT_STATUS:
        yield "docStatus", f"{resource['docStatus']!r} is not a status of a document"
    for place, content in enumerate(resource.get("content", ())):
        held, here = content.get("attachment", {}), f"content[{place}].attachment"
        if "data" not in held:
            continue
        data = b64decode(held["data"])
        if "contentType" not in held:
            yield f"{here}.contentType", "is missing beside data (att-1)"
        if held.get("size", len(data)) != len(data):
            yield f"{here}.size", "is not how long the data are"
        digest = b64encode(sha1(data, usedforsecurity=False).digest()).decode("ascii")
        if held.get("hash", digest) != digest:
            yield f"{here}.hash", "is not the SHA-1 of the data"


def _item_rules(items: object, path: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    """qrs-1 and que-2: no answer beside child items, each linkId once."""
    for place, item in enumerate(items if isinstance(items, list) else []):
        here = f"{path}[{place}]"
        if "answer" in item and "item" in item:
            yield here, "has an answer beside child items (qrs-1)"
        if item.get("linkId") in seen:
            yield f"{here}.linkId", f"{item.get('linkId')!r} appears twice"
        seen.add(item.get("linkId"))
        yield from _item_rules(item.get("item", []), f"{here}.item", seen)


def _definition_rules(kind: str, resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """sdc-2, csd-1 and what forms are made of."""
    known = {one.get("url") for one in resource.get("extension", ())}
    if "version" in resource and systems.VERSION_ALGORITHM not in known:
        yield "extension", "does not say how versions compare (sdc-2)"
    if kind == "Questionnaire":
        yield from _form_rules(resource.get("item", []), "item")
    if kind == "CodeSystem":
        codes = [one.get("code") for one in resource.get("concept", ())]
        for place, code in enumerate(codes):
            if code in codes[:place]:
                yield f"concept[{place}].code", f"{code!r} appears twice (csd-1)"


def _form_rules(items: object, path: str) -> Iterator[tuple[str, str]]:
    """Item types of R4, and que-1: a group has items, a display none."""
    for place, item in enumerate(items if isinstance(items, list) else []):
        here = f"{path}[{place}]"
        if item.get("type") not in _ITEM_TYPES:
            yield f"{here}.type", f"{item.get('type')!r} is no item type of R4"
        if item.get("type") == ("display" if "item" in item else "group"):
            yield here, "is a group without items or a display with some (que-1)"
        yield from _form_rules(item.get("item", []), f"{here}.item")
