"""URLs and code systems the personas write, spelled out here from docs/fhir-shapes.md and not taken from the app they test."""

from collections.abc import Mapping

BASE = "https://w3id.org/rapport/fhir"
# The form of today, and the one before it.
VERSION, OLDER_VERSION = "0.2.0", "0.1.0"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ABSENT_REASON_CODES = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
ITEM_WEIGHT = "http://hl7.org/fhir/StructureDefinition/itemWeight"
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
TAG = "rapport-demo"


def tag_system(base: str) -> str:
    """System of the tag on everything a demo writes."""
    return f"{base}/CodeSystem/tag"


def demo_system(base: str) -> str:
    """System of the identifiers that let demo data be created once only."""
    return f"{base}/sid/demo"


def submission_system(base: str) -> str:
    """System of a submission's identifiers, `KEY.ROLE`."""
    return f"{base}/sid/submission"


def purpose_extension(base: str) -> str:
    """Extension on the Patient that says what the persona is for."""
    return f"{base}/StructureDefinition/demo-purpose"


def mark(local_id: str, base: str) -> Mapping[str, object]:
    """Id, tag and demo identifier: what every resource of a persona carries."""
    return {"id": local_id, "meta": tagged(base), "identifier": [demo_identifier(local_id, base)]}


def tagged(base: str) -> dict[str, object]:
    """`meta` with the demo tag."""
    return {"tag": [{"system": tag_system(base), "code": TAG, "display": "Rapport demo data"}]}


def demo_identifier(local_id: str, base: str) -> dict[str, str]:
    """The identifier a demo resource is found again by; secondary, so that no banner takes it for a hospital number."""
    return {"use": "secondary", "system": demo_system(base), "value": local_id}
