"""Parts of raw FHIR JSON as a few words for people, whatever they are. Nothing raises."""

from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.sentence import Sentence

_LONGEST_SHOWN = 60
_NO_REASON = Sentence("no reason given")


def cut(value: object, longest: int = _LONGEST_SHOWN) -> str:
    """`value` as text for people, not longer than a line."""
    text = str(value)
    # A word has no spaces to mend.
    if not text.isalnum():
        text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[:longest]}…"


def shown_value(holder: FhirJson) -> str | None:
    """The value in a few words, for the list of what is not shown."""
    quantity = holder.get("valueQuantity")
    if isinstance(quantity, dict) and quantity.get("value") is not None:
        return as_written(quantity)
    for key in ("valueString", "valueInteger", "valueBoolean", "valueDateTime"):
        if key in holder:
            return cut(holder[key])
    concept = holder.get("valueCodeableConcept")
    return cut(concept.get("text")) if isinstance(concept, dict) and concept.get("text") else None


def as_written(raw: FhirJson) -> str:
    """A Quantity's comparator, number and unit, whatever they are."""
    bound = f"{cut(raw['comparator'])} " if raw.get("comparator") else ""
    return f"{bound}{cut(raw.get('value'))} {label_of(raw)}".strip()


def label_of(raw: FhirJson) -> str:
    """A Quantity's unit as its source writes it, else its code; "" without one."""
    unit = raw.get("unit") or raw.get("code")
    return cut(unit) if isinstance(unit, str) else ""


def text_of(quantity: Quantity) -> str:
    """A reported number with its unit."""
    return f"{quantity.text} {quantity.label}".strip()


def absent_words(reason: FhirJson) -> str:
    """A data-absent-reason in words."""
    text = reason.get("text")
    codings = reason.get("coding")
    first = codings[0] if isinstance(codings, list) and codings and isinstance(codings[0], dict) else {}
    given = text or first.get("display") or first.get("code")
    return cut(given) if given else _NO_REASON
