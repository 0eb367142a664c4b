"""Clinicians a patient has to do with, as the record names them: of a visit, as general practitioner, in a care team. Nothing raises."""

from collections.abc import Iterator
from datetime import UTC, date, tzinfo

from msgspec import Struct

from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.json_types import FhirJson, objects_in

# Statuses under which an Encounter or CareTeam says nothing about whom the patient sees.
_VOID = frozenset({"entered-in-error", "inactive", "proposed", "cancelled"})
_CLINICIANS = frozenset({"Practitioner", "PractitionerRole"})


class Named(Struct, frozen=True, kw_only=True):
    """One mention of a person: the `reference` as written, the `name` beside it and the `role`, each None where it is not said."""

    reference: str
    name: str | None
    role: str | None


def is_clinician(resource_type: str) -> bool:
    """Whether a person of that resource type is a clinician: who can be rated, and whom the clinicians' pages are for."""
    return resource_type in _CLINICIANS


def of_visit(encounter: FhirJson) -> Iterator[Named]:
    """The participants of an Encounter, with the kind of their participation."""
    yield from _members(encounter, member="individual", role="type", today=None)


def of_team(team: FhirJson, *, today: date, zone: tzinfo = UTC) -> Iterator[Named]:
    """The participants of a CareTeam whose time in it has not ended: `today` is the day in `zone`, the clinic's."""
    yield from _members(team, member="member", role="role", today=today, zone=zone)


def general_practitioners(patient: FhirJson) -> Iterator[Named]:
    """Whom a Patient names as nominated care provider."""
    yield from (named for node in objects_in(patient.get("generalPractitioner")) if (named := _named(node, None)) is not None)


def name_of(resource: FhirJson) -> str | None:
    """A Practitioner's name; the text of the name, else prefix, given and family."""
    names = [name for name in objects_in(resource.get("name")) if name.get("use") not in {"old", "maiden"}]
    first = next((name for use in ("official", "usual") for name in names if name.get("use") == use), names[0] if names else {})
    parts = [*_words(first.get("prefix")), *_words(first.get("given")), *_words([first.get("family")])]
    return next(iter(_words([first.get("text")])), None) or " ".join(parts) or None


def practitioner_of(role: FhirJson) -> Named | None:
    """The person behind a PractitionerRole, with what the role is."""
    node = role.get("practitioner")
    return _named(node, _concepts(role.get("code"))) if isinstance(node, dict) else None


def _members(resource: FhirJson, *, member: str, role: str, today: date | None, zone: tzinfo = UTC) -> Iterator[Named]:
    status = resource.get("status")
    if isinstance(status, str) and status.strip() in _VOID:
        return
    for participant in objects_in(resource.get("participant")):
        node = participant.get(member)
        if isinstance(node, dict) and not _ended(participant.get("period"), today, zone):
            named = _named(node, _concepts(participant.get(role)))
            if named is not None:
                yield named


def _ended(period: object, today: date | None, zone: tzinfo) -> bool:
    end = parse_moment(period.get("end"), zone) if isinstance(period, dict) and today else None
    return end is not None and today is not None and end.precision in {"day", "instant"} and end.day < today


def _named(node: FhirJson, role: str | None) -> Named | None:
    reference = node.get("reference")
    if not isinstance(reference, str) or not reference:
        return None
    name = next(iter(_words([node.get("display")])), None)
    # Some write the role where the name belongs ("Physician"): nobody is called that.
    return Named(reference=reference, name=None if name and role and name.casefold() == role.casefold() else name, role=role)


def _concepts(listed: object) -> str | None:
    """The first concept that says something in words: its text, else a display."""
    for concept in objects_in(listed):
        said = [concept.get("text"), *(coding.get("display") for coding in objects_in(concept.get("coding")))]
        words = next(iter(_words(said)), None)
        if words:
            return words
    return None


def _words(parts: object) -> list[str]:
    """Those of `parts` that are text with something in it, on one line."""
    given = [" ".join(part.split()) for part in parts if isinstance(part, str)] if isinstance(parts, list) else []
    return [one for one in given if one]
