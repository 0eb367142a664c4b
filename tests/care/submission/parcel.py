"""A submission of five parts as it is sealed, small: answers, two scores, the panel over them, Provenance. Invented people only."""

from collections.abc import Mapping
from typing import Any

import simplejson

from fhir_mappings.sentence import Sentence
from smart_app.care.submission.sealed_submission import Became, SealedSubmission, WriteOutcome
from tests.care.ehr import BASE
from tests.care.support import NOW, SLUG

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a93"
SYSTEM = "https://w3id.org/rapport/fhir/submission"
RECORDED = "2026-11-22T14:20:00+00:00"
URNS = {role: f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n, role in enumerate(("response", "goal", "task", "panel"))}
PLACES = {
    "response": "QuestionnaireResponse/q1",
    "goal": "Observation/g1",
    "task": "Observation/t1",
    "panel": "Observation/n1",
    "provenance": "Provenance/v1",
}
ROLES = tuple(PLACES)
PATIENT = {"reference": "Patient/p1"}


def to(*roles: str) -> list[dict[str, str]]:
    """References as they are sealed."""
    return [{"reference": URNS[role]} for role in roles]


def at(*roles: str) -> list[dict[str, str]]:
    """References as they should be stored."""
    return [{"reference": PLACES[role]} for role in roles]


def identifier(role: str) -> dict[str, str]:
    return {"system": SYSTEM, "value": f"{KEY}.{role}"}


def score(role: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "identifier": [identifier(role)], "subject": PATIENT, "derivedFrom": to("response"), **more}


def resource_of(role: str) -> dict[str, Any]:
    """What is sealed of that part."""
    match role:
        case "response":
            return {"resourceType": "QuestionnaireResponse", "identifier": identifier(role), "subject": PATIENT}
        case "panel":
            return score(role, hasMember=to("goal", "task"))
        case "provenance":
            entity = [{"role": "source", "what": to("response")[0]}]
            return {"resourceType": "Provenance", "target": to(*URNS), "recorded": RECORDED, "entity": entity}
        case _:
            return score(role)


def bundle() -> dict[str, Any]:
    entries = [
        {"fullUrl": URNS.get(role, "urn:uuid:provenance"), "resource": resource_of(role), "request": {"method": "POST"}} for role in ROLES
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def parcel(outcomes: Mapping[str, WriteOutcome] | None = None, **more: Any) -> SealedSubmission:
    """The submission, of which that became."""
    return sealed(simplejson.dumps(bundle(), use_decimal=True), key=KEY, outcomes=dict(outcomes or {}), **more)


def sealed(content: str, **more: Any) -> SealedSubmission:
    """Any bundle, as it is sealed with what goes beside it."""
    fields: dict[str, Any] = {
        "base": BASE, "patient": "p1", "slug": SLUG, "informant": "patient", "instrument_title": "Rapport check-in",
        "instrument_version": "1.0.0", "validated": False, "direction": "", "clinician": None, "clinician_name": None, "answered": 9,
        "of": 9, "encounter": None, "visit": "2026-11-22", "authored": NOW, "digest": "d", "scores": (), "content": content,
    }  # fmt: skip
    return SealedSubmission(**{**fields, **more})


def placed(*roles: str) -> dict[str, WriteOutcome]:
    """That these are stored, each in its place."""
    return {role: WriteOutcome(reference=PLACES[role], version="1") for role in roles}


def all_but(*roles: str, became: Became | None = None) -> dict[str, WriteOutcome]:
    """That all are stored, and of these became that instead."""
    lacking = {role: WriteOutcome(why=Sentence("The server did not take it.") if became else None, became=became) for role in roles}
    return {**placed(*(role for role in ROLES if role not in roles)), **lacking}
