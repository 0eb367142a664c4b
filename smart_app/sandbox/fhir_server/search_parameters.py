"""Every search parameter the server knows, as data: the index, the search and the capability statement all come from here.

Names, kinds and paths are those of the R4 specification (http://hl7.org/fhir/R4/searchparameter-registry.html).
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["token", "reference", "canonical", "uri", "string", "date"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParameter:
    """One parameter of one type. `paths` are element paths below the resource; `target` limits a reference to one type."""

    type: str
    name: str
    kind: Kind
    paths: tuple[str, ...]
    target: str | None = None

    @property
    def key(self) -> str:
        """`Observation.code`: what its index rows carry."""
        return f"{self.type}.{self.name}"


# One parameter a line: name, kind, element paths (none where a column of its own holds it). `>Patient` after the paths keeps
# references to that type only.
_EVERY_TYPE = """
_id token
_lastUpdated date
_tag token meta.tag
_security token meta.security
_profile uri meta.profile
"""
_OF_TYPE = {
    "Patient": """
        active token active
        birthdate date birthDate
        name string name
        family string name.family
        given string name.given
        gender token gender
        telecom token telecom
        address string address
        deceased token deceasedBoolean
        general-practitioner reference generalPractitioner
        organization reference managingOrganization""",
    "Practitioner": """
        active token active
        name string name
        family string name.family
        given string name.given
        gender token gender
        telecom token telecom""",
    "PractitionerRole": """
        active token active
        practitioner reference practitioner
        organization reference organization
        role token code
        specialty token specialty
        date date period""",
    "Organization": """
        active token active
        name string name alias
        type token type
        partof reference partOf""",
    "Encounter": """
        status token status
        class token class
        type token type
        date date period
        participant reference participant.individual
        practitioner reference participant.individual >Practitioner
        appointment reference appointment
        reason-code token reasonCode
        service-provider reference serviceProvider""",
    "Observation": """
        status token status
        category token category
        code token code
        combo-code token code component.code
        component-code token component.code
        date date effectiveDateTime effectivePeriod effectiveInstant effectiveTiming
        encounter reference encounter
        focus reference focus
        performer reference performer
        derived-from reference derivedFrom
        has-member reference hasMember
        based-on reference basedOn
        part-of reference partOf
        specimen reference specimen
        device reference device
        method token method
        value-concept token valueCodeableConcept
        value-date date valueDateTime valuePeriod
        value-string string valueString
        data-absent-reason token dataAbsentReason""",
    "Questionnaire": """
        url uri url
        version token version
        name string name
        title string title
        status token status
        code token item.code
        date date date
        publisher string publisher
        subject-type token subjectType""",
    "QuestionnaireResponse": """
        status token status
        questionnaire canonical questionnaire
        authored date authored
        author reference author
        source reference source
        encounter reference encounter
        based-on reference basedOn
        part-of reference partOf""",
    "Provenance": """
        target reference target
        patient reference target >Patient
        agent reference agent.who
        agent-role token agent.role
        agent-type token agent.type
        entity reference entity.what
        recorded date recorded
        when date occurredDateTime occurredPeriod""",
    "Condition": """
        clinical-status token clinicalStatus
        verification-status token verificationStatus
        category token category
        code token code
        severity token severity
        onset-date date onsetDateTime onsetPeriod
        abatement-date date abatementDateTime abatementPeriod
        recorded-date date recordedDate
        encounter reference encounter
        asserter reference asserter""",
    "Goal": """
        lifecycle-status token lifecycleStatus
        achievement-status token achievementStatus
        category token category
        start-date date startDate
        target-date date target.dueDate""",
    "DiagnosticReport": """
        status token status
        category token category
        code token code
        date date effectiveDateTime effectivePeriod
        issued date issued
        encounter reference encounter
        performer reference performer
        result reference result
        based-on reference basedOn""",
    "DocumentReference": """
        status token status
        type token type
        category token category
        date date date
        period date context.period
        author reference author
        encounter reference context.encounter >Encounter
        related reference context.related
        description string description""",
    "Appointment": """
        status token status
        date date start
        actor reference participant.actor
        patient reference participant.actor >Patient
        practitioner reference participant.actor >Practitioner
        appointment-type token appointmentType
        service-type token serviceType""",
    "ServiceRequest": """
        status token status
        intent token intent
        category token category
        code token code
        authored date authoredOn
        occurrence date occurrenceDateTime occurrencePeriod occurrenceTiming
        encounter reference encounter
        requester reference requester
        performer reference performer
        based-on reference basedOn""",
    "Procedure": """
        status token status
        category token category
        code token code
        date date performedDateTime performedPeriod
        encounter reference encounter
        performer reference performer.actor""",
    "MedicationRequest": """
        status token status
        intent token intent
        code token medicationCodeableConcept
        medication reference medicationReference
        authoredon date authoredOn
        encounter reference encounter
        requester reference requester""",
    "CarePlan": """
        status token status
        intent token intent
        category token category
        date date period
        encounter reference encounter
        goal reference goal
        care-team reference careTeam""",
    "CodeSystem": """
        url uri url
        version token version
        name string name
        title string title
        status token status
        date date date
        publisher string publisher
        code token concept.code
        content-mode token content""",
    "ValueSet": """
        url uri url
        version token version
        name string name
        title string title
        status token status
        date date date
        publisher string publisher
        reference uri compose.include.system""",
    "StructureDefinition": """
        url uri url
        version token version
        name string name
        title string title
        status token status
        date date date
        publisher string publisher
        kind token kind
        type uri type
        derivation token derivation
        base canonical baseDefinition""",
}
# Every R4 resource type that a RESTful server may hold, with what its elements give: i identifier, s subject, p patient.
_R4_TYPES = """
Account:is ActivityDefinition:i AdverseEvent:is AllergyIntolerance:ip Appointment:i AppointmentResponse:i AuditEvent Basic:is Binary
BiologicallyDerivedProduct:i BodyStructure:ip Bundle:i CapabilityStatement CarePlan:is CareTeam:is CatalogEntry:i ChargeItem:is
ChargeItemDefinition:i Claim:ip ClaimResponse:ip ClinicalImpression:is CodeSystem:i Communication:is CommunicationRequest:is
CompartmentDefinition Composition:is ConceptMap:i Condition:is Consent:ip Contract:is Coverage:i CoverageEligibilityRequest:ip
CoverageEligibilityResponse:ip DetectedIssue:ip Device:ip DeviceDefinition:i DeviceMetric:i DeviceRequest:is DeviceUseStatement:is
DiagnosticReport:is DocumentManifest:is DocumentReference:is EffectEvidenceSynthesis:i Encounter:is Endpoint:i EnrollmentRequest:i
EnrollmentResponse:i EpisodeOfCare:ip EventDefinition:i Evidence:i EvidenceVariable:i ExampleScenario:i ExplanationOfBenefit:ip
FamilyMemberHistory:ip Flag:is Goal:is GraphDefinition Group:i GuidanceResponse:is HealthcareService:i ImagingStudy:is Immunization:ip
ImmunizationEvaluation:ip ImmunizationRecommendation:ip ImplementationGuide InsurancePlan:i Invoice:is Library:i Linkage List:is
Location:i Measure:i MeasureReport:is Media:is Medication:i MedicationAdministration:is MedicationDispense:is MedicationKnowledge
MedicationRequest:is MedicationStatement:is MedicinalProduct:i MedicinalProductAuthorization:is MedicinalProductContraindication:s
MedicinalProductIndication:s MedicinalProductIngredient:i MedicinalProductInteraction:s MedicinalProductManufactured
MedicinalProductPackaged:is MedicinalProductPharmaceutical:i MedicinalProductUndesirableEffect:s MessageDefinition:i MessageHeader
MolecularSequence:ip NamingSystem NutritionOrder:ip Observation:is ObservationDefinition:i OperationDefinition Organization:i
OrganizationAffiliation:i Patient:i PaymentNotice:i PaymentReconciliation:i Person:i PlanDefinition:i Practitioner:i PractitionerRole:i
Procedure:is Provenance Questionnaire:i QuestionnaireResponse:is RelatedPerson:ip RequestGroup:is ResearchDefinition:i
ResearchElementDefinition:i ResearchStudy:i ResearchSubject:i RiskAssessment:is RiskEvidenceSynthesis:i Schedule:i SearchParameter
ServiceRequest:is Slot:i Specimen:is SpecimenDefinition:i StructureDefinition:i StructureMap:i Subscription Substance:i
SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification:i
SupplyDelivery:ip SupplyRequest:i Task:i TerminologyCapabilities TestReport:i TestScript:i ValueSet:i VerificationResult
VisionPrescription:ip
"""
_ELEMENTS = {
    "i": "identifier token identifier",
    "s": "subject reference subject\npatient reference subject >Patient",
    "p": "patient reference patient",
}
_KINDS: dict[str, Kind] = {
    "token": "token",
    "reference": "reference",
    "canonical": "canonical",
    "uri": "uri",
    "string": "string",
    "date": "date",
}


def _parameter(resource_type: str, line: str) -> SearchParameter:
    """A line of the tables above."""
    name, kind, *rest = line.split()
    target = next((word[1:] for word in rest if word.startswith(">")), None)
    paths = tuple(word for word in rest if not word.startswith(">"))
    return SearchParameter(type=resource_type, name=name, kind=_KINDS[kind], paths=paths, target=target)


def _of_type(resource_type: str, elements: str) -> dict[str, SearchParameter]:
    """All parameters of a type by name; a type's own line wins over what its elements give."""
    lines = "\n".join([_EVERY_TYPE, *(_ELEMENTS[element] for element in elements), _OF_TYPE.get(resource_type, "")])
    return {found.name: found for found in (_parameter(resource_type, line) for line in lines.splitlines() if line.strip())}


_CODED_TYPES = [entry.partition(":") for entry in _R4_TYPES.split()]
SEARCH_PARAMETERS: dict[str, dict[str, SearchParameter]] = {name: _of_type(name, elements) for name, _, elements in _CODED_TYPES}
RESOURCE_TYPES = frozenset(SEARCH_PARAMETERS)
