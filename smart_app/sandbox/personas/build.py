"""From persona to FHIR R4 resources with local references (`Type/id`), dated relative to `today`, the date in `zone`.

Ids, identifiers and submission keys depend on persona and visit alone, never on `today`: data seeded on another day is found again.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, tzinfo

from smart_app.sandbox.personas import persona_canonicals
from smart_app.sandbox.personas.calendar import Calendar
from smart_app.sandbox.personas.case import Persona, PersonaVisit
from smart_app.sandbox.personas.files import Cast, load_cast
from smart_app.sandbox.personas.measured import measured
from smart_app.sandbox.personas.people import (
    Resource,
    display_name,
    encounter_resource,
    organisation_resource,
    patient_resource,
    practitioner_resource,
)
from smart_app.sandbox.personas.prescribed import prescribed
from smart_app.sandbox.personas.rated import PersonaRating, rating_resources

TODAY = "today"


def load_personas() -> Mapping[str, Persona]:
    """The personas that ship, by slug, in the order they are shown."""
    return load_cast().personas


def build_staff(*, base: str = persona_canonicals.BASE) -> list[Resource]:
    """The organisations and practitioners all personas refer to."""
    staff = load_cast().staff
    places = [organisation_resource(place, base=base) for place in staff.organisations]
    return places + [practitioner_resource(person, base=base) for person in staff.practitioners]


def build(persona: Persona, today: date, *, base: str = persona_canonicals.BASE, zone: tzinfo = UTC) -> list[Resource]:
    """Everything of one persona: Patient, Encounters (today's always among them), ratings, Observations, education and medicines, as
    JSON-ready dicts with Decimal numbers. References to staff are met by `build_staff`."""
    return build_with(load_cast(), persona, today=today, base=base, zone=zone)


def build_all(today: date, *, base: str = persona_canonicals.BASE, zone: tzinfo = UTC) -> list[Resource]:
    """Staff and every persona, ready for a store."""
    cast = load_cast()
    people = [resource for persona in cast.personas.values() for resource in build_with(cast, persona, today=today, base=base, zone=zone)]
    return build_staff(base=base) + people


def build_with(cast: Cast, persona: Persona, *, today: date, base: str, zone: tzinfo = UTC) -> list[Resource]:
    """`build` with a cast of one's own."""
    calendar = Calendar(today=today, zone=zone)
    visits = all_visits(persona)
    resources = [patient_resource(persona, calendar, base=base, clinic=cast.staff.organisations[0].key)]
    resources += [encounter_resource(persona, visit, cast, calendar=calendar, base=base) for visit in visits]
    for visit in visits:
        for rating in _ratings(cast, persona, visit, calendar=calendar, base=base):
            resources += rating_resources(rating)
    resources += measured(persona, cast, calendar=calendar, base=base)
    return resources + list(prescribed(persona, calendar=calendar, base=base))


def all_visits(persona: Persona) -> tuple[PersonaVisit, ...]:
    """The persona's visits and, unless it has one, today's, so that every launch can carry an encounter."""
    if any(visit.days_ago == 0 for visit in persona.visits):
        return persona.visits
    return (*persona.visits, PersonaVisit(key=TODAY, days_ago=0, clinician=persona.clinician))


def _ratings(cast: Cast, persona: Persona, visit: PersonaVisit, *, calendar: Calendar, base: str) -> Iterator[PersonaRating]:
    name = display_name(cast.practitioner(visit.clinician))
    for entry in visit.patient:
        yield PersonaRating(
            persona=persona, visit=visit, entry=entry, informant="patient", clinician_name=name, calendar=calendar, base=base
        )
    for entry in visit.nurse_or_doctor:
        yield PersonaRating(
            persona=persona, visit=visit, entry=entry, informant="clinician", clinician_name=name, calendar=calendar, base=base
        )
