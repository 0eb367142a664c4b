"""Diabetes education and medicines of a persona as FHIR R4 ServiceRequest, Appointments, Procedures and MedicationRequests."""

from collections.abc import Iterator
from datetime import time

from smart_app.sandbox.personas import persona_canonicals
from smart_app.sandbox.personas.calendar import Calendar
from smart_app.sandbox.personas.case import Persona, PersonaCourse
from smart_app.sandbox.personas.people import Resource

SESSION = time(14, 0)
# The National Diabetes Audit's steps of structured education.
REFERRED = ("415270003", "Referral to structured education programme")
ATTENDED = ("413597006", "Attended structured education programme")
COMPLETED = ("755491000000100", "Structured education programme completed")


def prescribed(persona: Persona, *, calendar: Calendar, base: str) -> Iterator[Resource]:
    """The course and the medicines, where there are any."""
    if persona.course is not None:
        yield from _course(persona, persona.course, calendar=calendar, base=base)
    for medicine in persona.medicines:
        for number, days_ago in enumerate(medicine.prescribed, 1):
            yield {
                "resourceType": "MedicationRequest",
                **persona_canonicals.mark(f"{persona.slug}.{medicine.key}-{number}", base),
                "status": medicine.status,
                "intent": "order",
                "medicationCodeableConcept": {"text": medicine.name},
                "subject": _patient(persona),
                "authoredOn": calendar.day(days_ago),
                "requester": {"reference": f"Practitioner/{persona.clinician}"},
            }


def _course(persona: Persona, course: PersonaCourse, *, calendar: Calendar, base: str) -> Iterator[Resource]:
    referral = f"{persona.slug}.education"
    yield {
        "resourceType": "ServiceRequest",
        **persona_canonicals.mark(referral, base),
        "status": "active" if course.completed is None else "completed",
        "intent": "order",
        "code": _concept(REFERRED),
        "subject": _patient(persona),
        "authoredOn": calendar.day(course.referred),
        "requester": {"reference": f"Practitioner/{persona.clinician}"},
    }
    for number, (days_ago, status) in enumerate(course.bookings, 1):
        yield {
            "resourceType": "Appointment",
            **persona_canonicals.mark(f"{referral}-booking-{number}", base),
            "status": status,
            "basedOn": [{"reference": f"ServiceRequest/{referral}"}],
            "start": calendar.moment(days_ago, SESSION),
            "end": calendar.moment(days_ago, SESSION, minutes=120),
            "participant": [{"actor": _patient(persona), "status": "accepted"}],
        }
    done = [(day, ATTENDED) for day in course.attended] + ([(course.completed, COMPLETED)] if course.completed is not None else [])
    for number, (days_ago, code) in enumerate(done, 1):
        yield {
            "resourceType": "Procedure",
            **persona_canonicals.mark(f"{referral}-done-{number}", base),
            "basedOn": [{"reference": f"ServiceRequest/{referral}"}],
            "status": "completed",
            "code": _concept(code),
            "subject": _patient(persona),
            "performedDateTime": calendar.day(days_ago),
        }


def _concept(code: tuple[str, str]) -> Resource:
    return {"coding": [{"system": persona_canonicals.SNOMED, "code": code[0], "display": code[1]}], "text": code[1]}


def _patient(persona: Persona) -> Resource:
    return {"reference": f"Patient/{persona.slug}"}
