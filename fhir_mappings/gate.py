"""Nothing that is not valid FHIR leaves: the typed model, and our own rules for what it lets through.

What fhir.resources 8.3 lets pass was measured: unknown status codes, a value beside a data-absent-reason, empty arrays, an answer
beside child items.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from fhir_mappings.elements import Known, with_typed_elements
from fhir_mappings.r4 import model

# Required bindings, http://hl7.org/fhir/R4/valueset-observation-status.html and …-questionnaire-answers-status.html
_STATUS = {
    "Observation": {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"},
    "QuestionnaireResponse": {"in-progress", "completed", "amended", "entered-in-error", "stopped"},
    "Questionnaire": {"draft", "active", "retired", "unknown"},
    "CodeSystem": {"draft", "active", "retired", "unknown"},
    "ValueSet": {"draft", "active", "retired", "unknown"},
    "StructureDefinition": {"draft", "active", "retired", "unknown"},
}


# https://hl7.org/fhir/R4/references.html#literal
_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.\-]{1,64}(/_history/[A-Za-z0-9.\-]{1,64})?|urn:uuid:[0-9a-f\-]{36}|https?://\S+")


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
        raise InvalidResource(kind, ".".join(map(str, first["loc"])), first["msg"]) from wrong
    except KeyError:
        raise InvalidResource(kind, "resourceType", "is not a type Rapport writes") from None


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
    if kind == "Observation":
        yield from _observation_rules(resource)
    if kind in {"QuestionnaireResponse", "Questionnaire"}:
        yield from _item_rules(resource.get("item", []), "item", set())


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
