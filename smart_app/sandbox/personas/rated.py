"""Alliance ratings of a persona: response, panel and scores in the shapes of docs/fhir-shapes.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from smart_app.sandbox.personas import persona_canonicals
from smart_app.sandbox.personas.calendar import Calendar
from smart_app.sandbox.personas.case import Persona, PersonaVisit, RatingEntry
from smart_app.sandbox.personas.people import Resource, encounter_id
from smart_app.sandbox.personas.persona_scores import ELEMENTS, answers_by_element, scores

Informant = Literal["patient", "clinician"]
SLUG = "rapport-check-in"
OPTIONS = {"1": "Not at all", "2": "A little", "3": "Partly", "4": "Mostly", "5": "Completely"}
DIFFICULT = {"no": "No", "a-little": "Yes, a little", "yes": "Yes", "rather-not-say": "I would rather not say"}
# What the older form called an answer otherwise.
OLDER_DIFFICULT = DIFFICULT | {"a-little": "A little"}
FILLED_IN_AFTER_MINUTES = 25
CORRECTED_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaRating:
    """One form of one visit, with everything its resources are written from. `clinician_name` is the rated person's."""

    persona: Persona
    visit: PersonaVisit
    entry: RatingEntry
    informant: Informant
    clinician_name: str
    calendar: Calendar
    base: str

    def local_id(self, role: str) -> str:
        """`strained.v3.patient.total`: id and demo identifier."""
        parts = (self.persona.slug, self.visit.key, self.informant, self.entry.key, role)
        return ".".join(part for part in parts if part)

    def submission_identifier(self, role: str) -> dict[str, str]:
        """`KEY.ROLE`, the key being stable for persona, visit and informant."""
        key = "-".join(part for part in ("demo", self.persona.slug, self.visit.key, self.informant, self.entry.key) if part)
        return {"system": persona_canonicals.submission_system(self.base), "value": f"{key}.{role}"}

    @property
    def answered_by(self) -> dict[str, str]:
        """Reference to whoever answered."""
        return self.clinician if self.informant == "clinician" else {"reference": f"Patient/{self.persona.slug}"}

    @property
    def clinician(self) -> dict[str, str]:
        """Reference to the rated person of the dyad."""
        return {"reference": f"Practitioner/{self.visit.clinician}", "display": self.clinician_name}

    @property
    def encounter(self) -> dict[str, str]:
        """Reference to the visit both informants rate."""
        return {"reference": f"Encounter/{encounter_id(self.persona, self.visit)}"}

    @property
    def by_older_form(self) -> bool:
        """Whether the form was still the one of before."""
        until = self.persona.older_form_until
        return until is not None and self.visit.days_ago >= until

    @property
    def version(self) -> str:
        """The form's."""
        return persona_canonicals.OLDER_VERSION if self.by_older_form else persona_canonicals.VERSION

    @property
    def authored(self) -> str:
        """When the form was filled in."""
        return self.calendar.moment(self.visit.days_ago, self.visit.at, minutes=FILLED_IN_AFTER_MINUTES)


def rating_resources(rating: PersonaRating) -> Iterator[Resource]:
    """Response, panel and a member per score the rule allows."""
    scored = scores(answers_by_element(rating.entry.answers))
    yield response(rating)
    yield _panel(rating, tuple(scored))
    for key, value in scored.items():
        yield _member(rating, key, value)


def response(rating: PersonaRating) -> Resource:
    """The QuestionnaireResponse; its one identifier is the submission's."""
    return {
        "resourceType": "QuestionnaireResponse",
        "id": rating.local_id("response"),
        "meta": persona_canonicals.tagged(rating.base),
        "extension": [{"url": f"{rating.base}/StructureDefinition/rated-clinician", "valueReference": rating.clinician}],
        "identifier": rating.submission_identifier("response"),
        "questionnaire": f"{rating.base}/Questionnaire/{SLUG}-{rating.informant}|{rating.version}",
        "status": rating.entry.status,
        "subject": {"reference": f"Patient/{rating.persona.slug}"},
        "encounter": rating.encounter,
        "authored": rating.authored,
        "author": rating.answered_by,
        "source": rating.answered_by,
        "item": [*_groups(rating), *_direct_question(rating)],
    }


def _groups(rating: PersonaRating) -> Iterator[Resource]:
    for element, signs in zip(ELEMENTS, rating.entry.answers.split(" "), strict=True):
        items = [_item(f"{element}-{place}", sign, rating.base) for place, sign in enumerate(signs, start=1) if sign != "."]
        if items:
            yield {"linkId": element, "item": items}


def _item(link_id: str, sign: str, base: str) -> Resource:
    if sign == "x":
        return {"linkId": link_id, "extension": [{"url": persona_canonicals.ABSENT_REASON, "valueCode": "asked-declined"}]}
    coding = {
        "extension": [{"url": persona_canonicals.ITEM_WEIGHT, "valueDecimal": Decimal(sign)}],
        "system": f"{base}/CodeSystem/{SLUG}-options",
        "code": sign,
        "display": OPTIONS[sign],
    }
    return {"linkId": link_id, "answer": [{"valueCoding": coding}]}


def _direct_question(rating: PersonaRating) -> Iterator[Resource]:
    code = rating.entry.difficult
    if code:
        words = OLDER_DIFFICULT if rating.by_older_form else DIFFICULT
        coding = {"system": f"{rating.base}/CodeSystem/{SLUG}-difficult", "code": code, "display": words[code]}
        yield {"linkId": "difficult", "answer": [{"valueCoding": coding}]}


def _panel(rating: PersonaRating, keys: tuple[str, ...]) -> Resource:
    """The panel; when nothing could be scored it says why there is no member."""
    panel = _observation(rating, "panel")
    if keys:
        return panel | {"hasMember": [{"reference": f"Observation/{rating.local_id(key)}"} for key in keys]}
    code = "asked-declined" if "x" in rating.entry.answers else "unknown"
    return panel | {"dataAbsentReason": {"coding": [{"system": persona_canonicals.ABSENT_REASON_CODES, "code": code}]}}


def _member(rating: PersonaRating, key: str, value: Decimal) -> Resource:
    quantity = {"value": value, "unit": "score", "system": persona_canonicals.UCUM, "code": "{score}"}
    return _observation(rating, key) | {"valueQuantity": quantity}


def _observation(rating: PersonaRating, role: str) -> Resource:
    coding = {"system": f"{rating.base}/CodeSystem/alliance", "code": f"{SLUG}.{rating.informant}.{role}"}
    local_id = rating.local_id(role)
    return {
        "resourceType": "Observation",
        "id": local_id,
        "meta": persona_canonicals.tagged(rating.base),
        "identifier": [rating.submission_identifier(role), persona_canonicals.demo_identifier(local_id, rating.base)],
        "status": rating.entry.scores,
        "category": _categories(rating.base),
        "code": {"coding": [coding], "text": f"Rapport check-in, {rating.informant} form, {role} (not a validated instrument)"},
        "subject": {"reference": f"Patient/{rating.persona.slug}"},
        "focus": [rating.clinician],
        "encounter": rating.encounter,
        "effectiveDateTime": rating.authored,
        **_issued(rating),
        "performer": [rating.answered_by],
        "derivedFrom": [{"reference": f"QuestionnaireResponse/{rating.local_id('response')}"}],
    }


def _categories(base: str) -> list[Resource]:
    survey = {"system": persona_canonicals.OBSERVATION_CATEGORY, "code": "survey", "display": "Survey"}
    alliance = {"system": f"{base}/CodeSystem/category", "code": "alliance", "display": "Working alliance"}
    return [{"coding": [survey]}, {"coding": [alliance]}]


def _issued(rating: PersonaRating) -> dict[str, str]:
    """`issued` is an instant and needs a time, which today's rating has not; a correction was issued a day later."""
    if rating.visit.days_ago == 0:
        return {}
    late = CORRECTED_AFTER.days if rating.entry.status == "amended" else 0
    return {"issued": rating.calendar.moment(rating.visit.days_ago - late, rating.visit.at, minutes=FILLED_IN_AFTER_MINUTES)}
