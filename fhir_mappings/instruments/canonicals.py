"""The addresses and codes of our own definitions, under a base that the caller passes in. See docs/fhir-shapes.md."""

from collections.abc import Mapping
from typing import Literal

from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.r4 import systems
from fhir_mappings.r4.json_types import Json

RESPONSE = "response"
PANEL = "panel"
PROVENANCE = "provenance"
# The Observation that says why a form was not answered.
NOT_ANSWERED = "not-answered"

# Beside the standard `survey`: what kind of questionnaire a score is of. HL7's observation categories (social-history, vital-signs,
# imaging, laboratory, procedure, survey, exam, therapy, activity) tell the two no further apart.
ALLIANCE = "alliance"
QUESTIONNAIRE = "questionnaire"
CATEGORIES = {ALLIANCE: "Working alliance", QUESTIONNAIRE: "Questionnaire about daily life or care"}

# Of the form by which something stored is taken back; raised when its content changes.
RETRACTION_VERSION = "0.1.0"

# Who answered a patient's form on a device of theirs, by their own word: the patient, the patient with somebody's help, or somebody else.
# R4 has `source` for who answered, and no element for help.
Answering = Literal["self", "helped", "proxy"]
ANSWERING: Mapping[Answering, str] = {
    "self": "The patient",
    "helped": "The patient, with somebody's help",
    "proxy": "Somebody for the patient",
}


def questionnaire_url(instrument: Instrument, informant: Informant, *, base: str) -> str:
    """The form's canonical without a version. Wording of a site's pack makes it another form, and so does one that ships translated: a
    translation is an instrument of its own until somebody shows otherwise (SDC, derivation)."""
    language = f"-{instrument.language}" if not instrument.as_shipped else ""
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


def categories(instrument: Instrument, *, base: str) -> list[Json]:
    """The categories of an Observation of that instrument: the standard `survey`, and ours."""
    survey = {"system": systems.OBSERVATION_CATEGORY, "code": "survey", "display": "Survey"}
    code = category(instrument)
    ours = {"system": category_system(base), "code": code, "display": CATEGORIES[code]}
    return [{"coding": [survey]}, {"coding": [ours]}]


def score_code(instrument: Instrument, informant: Informant, key: str) -> str:
    """Code of a panel (`panel`) or a score (`total`, `goal` …)."""
    return f"{instrument.slug}.{informant}.{key}"


def score_codes(instrument: Instrument) -> tuple[str, ...]:
    """Every panel and score code of an instrument."""
    keys = ("panel", *(scale.key for scale in instrument.scales))
    return tuple(score_code(instrument, informant, key) for informant in instrument.forms for key in keys)


def not_answered_code(instrument: Instrument, informant: Informant) -> str:
    """Code of the Observation that says why a form was not answered."""
    return score_code(instrument, informant, NOT_ANSWERED)


def not_answered_system(base: str) -> str:
    """Code system of the reasons why a form was not answered."""
    return f"{base}/CodeSystem/not-answered-reason"


def submission_system(base: str) -> str:
    """Identifier system of everything one submission stores."""
    return f"{base}/sid/submission"


def rated_clinician(base: str) -> str:
    """Extension that names the rated clinician on a response."""
    return f"{base}/StructureDefinition/rated-clinician"


def not_answered_reason(base: str) -> str:
    """Extension that says of a response without answers why there are none."""
    return f"{base}/StructureDefinition/not-answered-reason"


def wording_review(base: str) -> str:
    """Extension that says of a response whose form was translated who has read the wording over."""
    return f"{base}/StructureDefinition/wording-review"


def answering(base: str) -> str:
    """Extension that says on a response who said that they answered it."""
    return f"{base}/StructureDefinition/answering"


def answering_system(base: str) -> str:
    """Code system of who answered."""
    return f"{base}/CodeSystem/answering"


def correction(base: str) -> str:
    """Extension that says on a response what of it was put right, why, when and by whom, and what stood there before."""
    return f"{base}/StructureDefinition/correction"


def correction_reason_system(base: str) -> str:
    """Code system of why something was put right."""
    return f"{base}/CodeSystem/correction-reason"


def replaces(base: str) -> str:
    """Extension that names on a response the one in whose place it stands, on a server that changes no response."""
    return f"{base}/StructureDefinition/replaces"


def retracts(base: str) -> str:
    """Extension that names on a response to the form of `retraction_url` what was entered in error and cannot be marked so."""
    return f"{base}/StructureDefinition/retracts"


def retraction_url(base: str) -> str:
    """The form's canonical without a version by which something stored is taken back."""
    return f"{base}/Questionnaire/retraction"


def given_after_seen(base: str) -> str:
    """Extension that says of a response that its author had seen the other's of that visit before it was given."""
    return f"{base}/StructureDefinition/given-after-seen"


def demo_purpose(base: str) -> str:
    """Extension that says on a demo patient what the persona is for."""
    return f"{base}/StructureDefinition/demo-purpose"


def value_set(code_system: str) -> str:
    """The value set of every code of one of our code systems."""
    return code_system.replace("/CodeSystem/", "/ValueSet/")


def demo_tag(base: str) -> tuple[str, str]:
    """System and code of the tag on everything a demo writes."""
    return f"{base}/CodeSystem/tag", "rapport-demo"


_ROLES = {PANEL: "panel", NOT_ANSWERED: "not answered"}


def score_title(instrument: Instrument, informant: Informant, role: str) -> str:
    """What a panel's or score's code says in words; it says so where the instrument is not validated."""
    name = _ROLES.get(role) or instrument.scale(role).title.lower()
    caution = "" if instrument.validated else " (not a validated instrument)"
    return f"{instrument.title}, {informant} form, {name}{caution}"
