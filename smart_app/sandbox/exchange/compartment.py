"""Whose record a resource belongs to.

Stricter than the R4 patient compartment: a resource is a patient's when it is *about* them. Having written or performed something
about another patient does not bring it in. https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from collections.abc import Callable, Iterator, Mapping

from smart_app.sandbox.exchange.json_text import FhirJson

Lookup = Callable[[str], FhirJson | None]

# type: (search parameter that narrows to one patient, element that says whom it is about)
ABOUT: Mapping[str, tuple[str, str]] = {
    "Account": ("subject", "subject"),
    "AllergyIntolerance": ("patient", "patient"),
    "Appointment": ("patient", "participant.actor"),
    "BodyStructure": ("patient", "patient"),
    "CarePlan": ("subject", "subject"),
    "CareTeam": ("subject", "subject"),
    "Claim": ("patient", "patient"),
    "ClinicalImpression": ("subject", "subject"),
    "Communication": ("subject", "subject"),
    "CommunicationRequest": ("subject", "subject"),
    "Composition": ("subject", "subject"),
    "Condition": ("subject", "subject"),
    "Consent": ("patient", "patient"),
    "Coverage": ("beneficiary", "beneficiary"),
    "DetectedIssue": ("patient", "patient"),
    "Device": ("patient", "patient"),
    "DeviceRequest": ("subject", "subject"),
    "DeviceUseStatement": ("subject", "subject"),
    "DiagnosticReport": ("subject", "subject"),
    "DocumentManifest": ("subject", "subject"),
    "DocumentReference": ("subject", "subject"),
    "Encounter": ("subject", "subject"),
    "EpisodeOfCare": ("patient", "patient"),
    "ExplanationOfBenefit": ("patient", "patient"),
    "FamilyMemberHistory": ("patient", "patient"),
    "Flag": ("subject", "subject"),
    "Goal": ("subject", "subject"),
    "ImagingStudy": ("subject", "subject"),
    "Immunization": ("patient", "patient"),
    "List": ("subject", "subject"),
    "Media": ("subject", "subject"),
    "MedicationAdministration": ("subject", "subject"),
    "MedicationDispense": ("subject", "subject"),
    "MedicationRequest": ("subject", "subject"),
    "MedicationStatement": ("subject", "subject"),
    "NutritionOrder": ("patient", "patient"),
    "Observation": ("subject", "subject"),
    "Procedure": ("subject", "subject"),
    "QuestionnaireResponse": ("subject", "subject"),
    "RelatedPerson": ("patient", "patient"),
    "RiskAssessment": ("subject", "subject"),
    "ServiceRequest": ("subject", "subject"),
    "Specimen": ("subject", "subject"),
    "VisionPrescription": ("patient", "patient"),
}

# Not about any patient: a patient-level scope reads them all, and writes none.
SHARED = frozenset(
    {
        "ActivityDefinition",
        "CodeSystem",
        "ConceptMap",
        "Endpoint",
        "HealthcareService",
        "Library",
        "Location",
        "Measure",
        "Medication",
        "NamingSystem",
        "Organization",
        "PlanDefinition",
        "Practitioner",
        "PractitionerRole",
        "Questionnaire",
        "StructureDefinition",
        "Substance",
        "ValueSet",
    }
)


def belongs(resource: FhirJson, patient: str, *, base: str, lookup: Lookup) -> bool:
    """Whether `resource` is about exactly this patient (an id). `lookup` finds the resource behind a local reference or urn:uuid.

    A Provenance is about whom its targets are about: R4 gives it no subject.
    """
    kind = resource.get("resourceType")
    if kind == "Patient":
        return resource.get("id") == patient
    if kind == "Provenance":
        return _provenance_belongs(resource, patient, base=base, lookup=lookup)
    if not isinstance(kind, str) or kind not in ABOUT:
        return False
    subjects = (local_reference(reference, base) for reference in references(resource, ABOUT[kind][1]))
    about = {subject for subject in subjects if subject.startswith("Patient/") or kind != "Appointment"}
    return about == {f"Patient/{patient}"}


def _provenance_belongs(resource: FhirJson, patient: str, *, base: str, lookup: Lookup) -> bool:
    targets = [local_reference(reference, base) for reference in references(resource, "target")]
    return bool(targets) and all(_target_belongs(target, patient, base=base, lookup=lookup) for target in targets)


def _target_belongs(target: str, patient: str, *, base: str, lookup: Lookup) -> bool:
    if target == f"Patient/{patient}":
        return True
    found = lookup(target)
    return found is not None and found.get("resourceType") != "Provenance" and belongs(found, patient, base=base, lookup=lookup)


def references(resource: FhirJson, path: str) -> Iterator[str]:
    """Every `reference` text at a dotted element path, through lists."""
    nodes: list[object] = [resource]
    for name in path.split("."):
        nodes = [child for node in nodes if isinstance(node, Mapping) for child in _listed(node.get(name))]
    for node in nodes:
        reference = node.get("reference") if isinstance(node, Mapping) else None
        yield reference if isinstance(reference, str) else ""


def local_reference(reference: str, base: str) -> str:
    """`Type/id` of a reference to this server, without base and version; anything else as it is."""
    return reference.removeprefix(base + "/").partition("/_history/")[0]


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
