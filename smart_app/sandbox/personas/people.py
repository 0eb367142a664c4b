"""Patient, practitioners, organisations and visits of a persona as FHIR R4 resources."""

from typing import Any

from smart_app.sandbox.personas import persona_canonicals
from smart_app.sandbox.personas.calendar import Calendar
from smart_app.sandbox.personas.case import Organisation, Persona, PersonaPatient, PersonaVisit, Practitioner
from smart_app.sandbox.personas.files import Cast

Resource = dict[str, Any]
ENCOUNTER_CLASS = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "ambulatory"}
VISIT_MINUTES = 30


def patient_resource(persona: Persona, calendar: Calendar, *, base: str, clinic: str) -> Resource:
    """The Patient, with the sentence that says what this persona is for."""
    person = persona.person
    resource: Resource = {
        "resourceType": "Patient",
        **persona_canonicals.mark(persona.slug, base),
        "extension": [{"url": persona_canonicals.purpose_extension(base), "valueString": persona.purpose}],
        "active": True,
        "name": [human_name(person)],
        "birthDate": person.born,
        "generalPractitioner": [{"reference": f"Practitioner/{persona.clinician}"}],
        "managingOrganization": {"reference": f"Organization/{clinic}"},
    }
    if person.mrn:
        resource["identifier"] = [_record_number(person.mrn, base), persona_canonicals.demo_identifier(persona.slug, base)]
    if person.gender:
        resource["gender"] = person.gender
    if person.deceased is not None:
        resource["deceasedDateTime"] = calendar.day(person.deceased)
    return resource


def _record_number(number: str, base: str) -> Resource:
    kind = {"coding": [{"system": persona_canonicals.IDENTIFIER_TYPE, "code": "MR", "display": "Medical record number"}], "text": "MRN"}
    return {"use": "usual", "type": kind, "system": f"{base}/sid/northfield-mrn", "value": number}


def human_name(person: PersonaPatient | Practitioner) -> Resource:
    """HumanName in its parts, for whoever shows it to put together."""
    name: Resource = {"use": "official", "family": person.family, "given": [person.given]}
    return name | ({"prefix": [person.title]} if person.title else {})


def display_name(person: Practitioner) -> str:
    """`Dr Tomas Weiss`."""
    return " ".join(part for part in (person.title, person.given, person.family) if part)


def practitioner_resource(person: Practitioner, *, base: str) -> Resource:
    """A Practitioner whose qualification's text is the role people know them in."""
    return {
        "resourceType": "Practitioner",
        **persona_canonicals.mark(person.key, base),
        "active": True,
        "name": [human_name(person)],
        "qualification": [{"code": {"text": person.role}}],
    }


def organisation_resource(place: Organisation, *, base: str) -> Resource:
    """An Organization."""
    return {"resourceType": "Organization", **persona_canonicals.mark(place.key, base), "active": True, "name": place.name}


def encounter_id(persona: Persona, visit: PersonaVisit) -> str:
    """Id of a visit's Encounter."""
    return f"{persona.slug}.{visit.key}"


def encounter_resource(persona: Persona, visit: PersonaVisit, cast: Cast, *, calendar: Calendar, base: str) -> Resource:
    """A finished visit, or today's, which is in progress and has a day but no time."""
    period = {"start": calendar.moment(visit.days_ago, visit.at)}
    if visit.days_ago:
        period["end"] = calendar.moment(visit.days_ago, visit.at, minutes=VISIT_MINUTES)
    clinician = {"reference": f"Practitioner/{visit.clinician}", "display": display_name(cast.practitioner(visit.clinician))}
    return {
        "resourceType": "Encounter",
        **persona_canonicals.mark(encounter_id(persona, visit), base),
        "status": "finished" if visit.days_ago else "in-progress",
        "class": dict(ENCOUNTER_CLASS),
        "type": [{"text": visit.reason}],
        "subject": {"reference": f"Patient/{persona.slug}"},
        "participant": [{"individual": clinician}],
        "period": period,
        "serviceProvider": {"reference": f"Organization/{cast.staff.organisations[0].key}"},
    }
