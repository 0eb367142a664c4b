"""The capability statement, made from the tables the server works by."""

from smart_app.sandbox.fhir_server.search_parameters import SEARCH_PARAMETERS, SearchParameter
from smart_app.sandbox.fhir_server.storage import instant_text

_INTERACTIONS = ("read", "vread", "update", "delete", "history-instance", "create", "search-type")
_TYPE_IN_FHIR = {"canonical": "reference"}
# What usually refers to a type, by the parameter's name. Any reference parameter works with _revinclude; a full list would be 500 kB.
_REFERRING = {
    "Patient": {"patient", "subject", "focus", "performer", "author", "source"},
    "Practitioner": {"practitioner", "focus", "performer", "participant", "author", "source", "requester"},
    "Encounter": {"encounter"},
    "Observation": {"has-member", "derived-from", "result"},
    "QuestionnaireResponse": {"derived-from"},
    "Organization": {"organization", "service-provider"},
}
_REFERRING_TO_ALL = {"Provenance.target", "Provenance.entity"}
_INCLUDABLE = [parameter for of_type in SEARCH_PARAMETERS.values() for parameter in of_type.values() if parameter.kind == "reference"]


def capability_statement(*, base: str, now: int) -> dict[str, object]:
    """What the server at `base` does, and nothing that it does not."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant_text(now),
        "kind": "instance",
        "software": {"name": "Rapport sandbox EHR"},
        "implementation": {"description": "A small EHR for synthetic data", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(name, list(of_type.values())) for name, of_type in SEARCH_PARAMETERS.items()],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }


def _resource(name: str, parameters: list[SearchParameter]) -> dict[str, object]:
    described: dict[str, object] = {
        "type": name,
        "interaction": [{"code": code} for code in _INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "not-supported",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal"],
        "searchParam": [{"name": one.name, "type": _TYPE_IN_FHIR.get(one.kind, one.kind)} for one in parameters],
    }
    includes = [f"{name}:{one.name}" for one in parameters if one.kind == "reference"]
    revincludes = [f"{one.type}:{one.name}" for one in _INCLUDABLE if _refers(one, name)]
    return described | ({"searchInclude": includes} if includes else {}) | {"searchRevInclude": revincludes}


def _refers(parameter: SearchParameter, name: str) -> bool:
    fits = parameter.target in {None, name}
    return parameter.key in _REFERRING_TO_ALL or (fits and parameter.name in _REFERRING.get(name, ()))
