"""The form by which something stored is taken back where its server can mark nothing as entered in error: one coded question.

A response to it names what it takes back by the extension `retracts`; what was answered there, and whom it was about, is not repeated."""

from fhir_mappings.definitions.canonical_resource import OWN_RIGHTS, artifact
from fhir_mappings.definitions.narrative import narrative, paragraph
from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.correction_reasons import CORRECTION_CODES
from fhir_mappings.r4.json_types import Json

_TITLE = "Entered in error"
_SAID = (
    "Says of something in this record that it was entered in error and is still stored, because its server marks nothing so. No reader may "
    "use what it names."
)


def retraction_form(*, base: str) -> Json:
    """The R4 Questionnaire."""
    system = canonicals.correction_reason_system(base)
    options: list[Json] = [
        {"valueCoding": {"system": system, "code": code, "display": one.display}} for code, one in CORRECTION_CODES.items()
    ]
    reason: Json = {"linkId": "reason", "text": "Why", "type": "choice", "required": True, "repeats": False, "answerOption": options}
    return artifact(
        "Questionnaire",
        canonicals.retraction_url(base),
        version=canonicals.RETRACTION_VERSION,
        title=_TITLE,
        description=_SAID,
        more={
            **OWN_RIGHTS,
            "language": "en",
            "text": narrative(_TITLE, [paragraph(_SAID)], language="en"),
            "subjectType": ["Patient"],
            "item": [reason],
        },
    )
