"""The one import point of the typed R4 models. Loaded when first needed, one module each: all of them take seconds to import.

fhir.resources has no R4; R4B has the same elements for every resource written here (docs/fhir-shapes.md).
"""

from functools import lru_cache
from importlib import import_module
from typing import Any

_MODULES = {
    "QuestionnaireResponse": "questionnaireresponse",
    "Observation": "observation",
    "Provenance": "provenance",
    "DocumentReference": "documentreference",
    "Questionnaire": "questionnaire",
    "CodeSystem": "codesystem",
    "ValueSet": "valueset",
    "StructureDefinition": "structuredefinition",
}


@lru_cache(len(_MODULES))
def model(resource_type: str) -> Any:
    """The typed model of a resource type we write. KeyError for any other."""
    return getattr(import_module(f"fhir.resources.R4B.{_MODULES[resource_type]}"), resource_type)
