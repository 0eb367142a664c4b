"""Small records of visits, education and medicines, and what a reader makes of them."""

from datetime import date
from typing import Any

from fhir_mappings.events.education_codes import load_education_codes
from fhir_mappings.events.education_reader import read_education
from fhir_mappings.events.event_rules import EventContext
from fhir_mappings.events.medicine_reader import read_medicines
from fhir_mappings.events.record_event import ReadEvents
from fhir_mappings.events.visit_reader import read_visits
from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.possible_dates import possible_dates
from fhir_mappings.r4.systems import SNOMED
from tests.fhir_mappings.records import PATIENT, WHO, coded

TODAY = date(2026, 12, 1)
CONTEXT = EventContext(patient=WHO, possible=possible_dates(parse_moment("1961-03-02"), TODAY))
REFERRAL, DECLINED, ABSENT, ATTENDED, COMPLETED = "415270003", "306591000000103", "306861000000107", "413597006", "755491000000100"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SUBJECT = {"reference": f"Patient/{PATIENT}"}


def without_none(whole: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in whole.items() if value is not None}


def encounter(**changed: Any) -> dict[str, Any]:
    """A visit of March 2026 with Dr Weiss; `changed` replaces elements, None takes them away."""
    return without_none(
        {
            "resourceType": "Encounter",
            "id": "e1",
            "status": "finished",
            "class": {"code": "AMB", "display": "ambulatory"},
            "type": [{"text": "Diabetes review"}],
            "subject": SUBJECT,
            "participant": [{"individual": {"reference": "Practitioner/tomas", "display": "Dr Tomas Weiss"}}],
            "period": {"start": "2026-03-14T09:30:00Z", "end": "2026-03-14T10:00:00Z"},
            **changed,
        }
    )


def referral(**changed: Any) -> dict[str, Any]:
    return without_none(
        {
            "resourceType": "ServiceRequest",
            "id": "s1",
            "status": "active",
            "intent": "order",
            "code": coded(REFERRAL, SNOMED),
            "subject": SUBJECT,
            "authoredOn": "2026-04-02",
            **changed,
        }
    )


def booking(**changed: Any) -> dict[str, Any]:
    return without_none(
        {
            "resourceType": "Appointment",
            "id": "a1",
            "status": "booked",
            "basedOn": [{"reference": "ServiceRequest/s1"}],
            "start": "2026-06-10T14:00:00Z",
            "participant": [{"actor": {"reference": f"Patient/{PATIENT}"}, "status": "accepted"}],
            **changed,
        }
    )


def procedure(code: str | None = ATTENDED, **changed: Any) -> dict[str, Any]:
    return without_none(
        {
            "resourceType": "Procedure",
            "id": "p1",
            "status": "completed",
            "code": coded(code, SNOMED) if code else None,
            "subject": SUBJECT,
            "performedDateTime": "2026-06-10",
            **changed,
        }
    )


def medicine(name: str = "Empagliflozin 10 mg", code: str | None = "1545658", **changed: Any) -> dict[str, Any]:
    coding = {"coding": [{"system": RXNORM, "code": code}]} if code else {}
    return without_none(
        {
            "resourceType": "MedicationRequest",
            "id": "m1",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"text": name, **coding},
            "subject": SUBJECT,
            "authoredOn": "2026-05-04",
            **changed,
        }
    )


def visits(*encounters: Any) -> ReadEvents:
    return read_visits(encounters, CONTEXT)


def medicines(*requests: Any) -> ReadEvents:
    return read_medicines(requests, CONTEXT)


def education(*resources: Any) -> ReadEvents:
    """Of resources of three types."""
    kinds = {kind: [one for one in resources if one["resourceType"] == kind] for kind in ("ServiceRequest", "Appointment", "Procedure")}
    return read_education(*kinds.values(), codes=load_education_codes(), context=CONTEXT)


def reasons(read: ReadEvents) -> list[tuple[str, str]]:
    """Nothing drawn, and why."""
    assert not read.events
    return [(one.source, one.code) for one in read.skipped]
