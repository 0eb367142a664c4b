"""The addresses and codes of our own definitions, under a base that the caller passes in. See docs/fhir-shapes.md."""

from fhir_mappings.instruments.instrument import Informant, Instrument

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
VERSION_ALGORITHM = "http://hl7.org/fhir/StructureDefinition/artifact-versionAlgorithm"
VERSION_ALGORITHMS = "http://hl7.org/fhir/version-algorithm"
ITEM_CONTROL = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl"
ITEM_CONTROLS = "http://hl7.org/fhir/questionnaire-item-control"
PERFORMER_TYPE = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-performerType"
ITEM_WEIGHT = "http://hl7.org/fhir/StructureDefinition/itemWeight"
# Its value set (required) is ELECTRONIC, VERBAL and WRITTEN: HL7/fhir-extensions, ValueSet-questionnaireresponse-mode.
COMPLETION_MODE = "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-completionMode"
PARTICIPATION_MODES = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
# What itemWeight was before SDC 4.0.0; form fillers still write it.
ORDINAL_VALUE = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
VARIABLE = "http://hl7.org/fhir/StructureDefinition/variable"
CALCULATED = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression"
HIDDEN = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden"
UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
COPYRIGHT_LABEL = "http://hl7.org/fhir/StructureDefinition/artifact-copyrightLabel"
DERIVATION_TYPE = "http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType"
DERIVATION_TYPES = "http://hl7.org/fhir/questionnaire-derivationType"
DATA_ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
# Beside the standard `survey`: what kind of questionnaire a score is of. HL7's observation categories (social-history, vital-signs,
# imaging, laboratory, procedure, survey, exam, therapy, activity) tell the two no further apart.
ALLIANCE = "alliance"
QUESTIONNAIRE = "questionnaire"
CATEGORIES = {ALLIANCE: "Working alliance", QUESTIONNAIRE: "Questionnaire about daily life or care"}


def questionnaire_url(instrument: Instrument, informant: Informant, *, base: str) -> str:
    """The form's canonical without a version. Wording of a site's pack makes it another form: a translation is an instrument of its own
    until somebody shows otherwise (SDC, derivation)."""
    language = f"-{instrument.language}" if instrument.wording else ""
    return f"{base}/Questionnaire/{instrument.slug}-{informant}{language}"


def questionnaire(instrument: Instrument, informant: Informant, *, base: str) -> str:
    """The form's canonical with its version."""
    return f"{questionnaire_url(instrument, informant, base=base)}|{instrument.version}"


def scoring_questionnaire_url(instrument: Instrument, informant: Informant, *, base: str) -> str:
    """The canonical, without a version, of the form that carries weights and scores."""
    return f"{questionnaire_url(instrument, informant, base=base)}-scoring"


def options_system(instrument: Instrument, *, base: str) -> str:
    """Code system of the answer options."""
    return f"{base}/CodeSystem/{instrument.slug}-options"


def question_system(instrument: Instrument, link_id: str, *, base: str) -> str:
    """Code system of an unscored question's options."""
    return f"{base}/CodeSystem/{instrument.slug}-{link_id}"


def score_system(base: str) -> str:
    """Code system of panels and scores."""
    return f"{base}/CodeSystem/alliance"


def category_system(base: str) -> str:
    """Code system of our own categories."""
    return f"{base}/CodeSystem/category"


def category(instrument: Instrument) -> str:
    """The code of our category of its scores: the alliance with one clinician, or the person's life or the care of a team."""
    return ALLIANCE if instrument.rated == "clinician" else QUESTIONNAIRE


def score_code(instrument: Instrument, informant: Informant, key: str) -> str:
    """Code of a panel (`panel`) or a score (`total`, `goal` …)."""
    return f"{instrument.slug}.{informant}.{key}"


def score_codes(instrument: Instrument) -> tuple[str, ...]:
    """Every panel and score code of an instrument."""
    keys = ("panel", *(scale.key for scale in instrument.scales))
    return tuple(score_code(instrument, informant, key) for informant in instrument.forms for key in keys)


def submission_system(base: str) -> str:
    """Identifier system of everything one submission stores."""
    return f"{base}/sid/submission"


def rated_clinician(base: str) -> str:
    """Extension that names the rated clinician on a response."""
    return f"{base}/StructureDefinition/rated-clinician"


def demo_purpose(base: str) -> str:
    """Extension that says on a demo patient what the persona is for."""
    return f"{base}/StructureDefinition/demo-purpose"


def value_set(code_system: str) -> str:
    """The value set of every code of one of our code systems."""
    return code_system.replace("/CodeSystem/", "/ValueSet/")


def demo_tag(base: str) -> tuple[str, str]:
    """System and code of the tag on everything a demo writes."""
    return f"{base}/CodeSystem/tag", "rapport-demo"
