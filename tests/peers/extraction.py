"""A scoring form with templates for SDC's template-based extraction, and a response as a form filler leaves it.

Rapport publishes no template: template-based extraction is a draft of SDC (FMM 0,
https://hl7.org/fhir/uv/sdc/extraction.html#template-based-extraction). These are made from the published form, to hold what another
engine makes of a response beside what Rapport writes.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition"


def with_templates(form: Mapping[str, Any], *, clinician: str, categories: object) -> Json:
    """The form with a template for each score. `clinician` is the address of the extension that names the rated one. The panel has none:
    the engine here makes nothing of a template that belongs to the whole form."""
    shared = _frame(clinician, categories)
    scores = [item for item in form["item"] if item["linkId"].startswith("score.")]
    others = [item for item in form["item"] if item not in scores]
    return {
        **form,
        "contained": [_template(item, shared) for item in scores],
        "item": [*others, *({**item, "extension": [*item["extension"], _extract(item)]} for item in scores)],
    }


def filled_in(response: Mapping[str, Any], scores: Mapping[str, Decimal | None]) -> Json:
    """The response with the scores a form filler calculates, by link id."""
    found = [{"linkId": link_id, "answer": [{"valueDecimal": number}]} for link_id, number in scores.items() if number is not None]
    return {**response, "id": "r1", "item": [*response["item"], *found]}


def _name(item: Mapping[str, Any]) -> str:
    return str(item["linkId"]).replace(".", "-")


def _extract(item: Mapping[str, Any]) -> Json:
    return {
        "url": f"{_SDC}/sdc-questionnaire-templateExtract",
        "extension": [{"url": "template", "valueReference": {"reference": f"#{_name(item)}"}}],
    }


def _value(expression: str) -> Json:
    return {"extension": [{"url": f"{_SDC}/sdc-questionnaire-templateExtractValue", "valueString": expression}]}


def _frame(clinician: str, categories: object) -> Json:
    """What every score takes from the response."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": categories,
        "subject": {"_reference": _value("%resource.subject.reference")},
        "focus": [{"_reference": _value(f"%resource.extension.where(url='{clinician}').value.reference")}],
        "encounter": {"_reference": _value("%resource.encounter.reference")},
        "_effectiveDateTime": _value("%resource.authored"),
        "performer": [{"_reference": _value("%resource.source.reference")}],
        "derivedFrom": [{"_reference": _value("'QuestionnaireResponse/' + %resource.id")}],
    }


def _template(item: Mapping[str, Any], shared: Json) -> Json:
    value = _value(f"%resource.item.where(linkId='{item['linkId']}').answer.value")
    quantity = {"_value": value, "unit": "score", "system": "http://unitsofmeasure.org", "code": "{score}"}
    return {**shared, "id": _name(item), "code": {"coding": item["code"], "text": item["text"]}, "valueQuantity": quantity}
