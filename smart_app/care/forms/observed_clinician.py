"""Whom a form is about where the sign-in does not say it. An observer chooses among the clinicians the record connects with the patient,
and a patient who has signed in finds a form about each.

A choice is looked up anew when it is made, and then carried sealed: what a form posts as its clinician was chosen here, in this launch."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Literal

from msgspec import Struct, field

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.people.clinicians import Named, general_practitioners, is_clinician, name_of, of_team, of_visit, practitioner_of
from fhir_mappings.people.person import Person
from fhir_mappings.r4.references import by_owner, local_reference
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.sentence import NOTHING, Sentence, counted, joined
from smart_app.care.record.access import Permissions, base_of, patient_on_server, permissions, reader
from smart_app.care.record.patient_in_context import Patient, patient_of, remember_patient
from smart_app.care.record.reads import ANSWERS, SCORES, Readings, read_all
from smart_app.care.record.record import ChartRecord
from smart_app.errors import FROM_CHART_AGAIN, SessionError
from smart_app.fhir.client import FhirClient, Resource
from smart_app.fhir.gather import Failed, Loaded, gather
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.services import AppServices

_VISIT, _TEAM = "visit", "team"
# Where a clinician may be named, and in which words.
Place = Literal["visit", "practitioner", "team", "before"]
_PLACES: Mapping[Place, Sentence] = {
    "visit": Sentence("this visit"),
    "practitioner": Sentence("general practitioner"),
    "team": Sentence("care team"),
    "before": Sentence("rated here before"),
}
_FOR_PATIENTS: tuple[Place, ...] = ("before", "visit", "practitioner", "team")
# Names are looked up one by one; nobody chooses from a longer list than this.
_MOST_LOOKED_UP = 20
# Of somebody at home: the latest visits, beyond which a clinician is one the patient may not remember.
_MOST_VISITS = 5
_NOT_TIED = Sentence("some of what was found could not be tied to this patient")


class ClinicianChoice(Struct, frozen=True, kw_only=True):
    """One clinician who may be rated, and what connects them with the patient, in words (`this visit, attender`), and by the
    places."""

    person: Person
    roles: tuple[Sentence, ...]
    places: frozenset[Place]


class Candidates(Struct, frozen=True, kw_only=True):
    """`choices` by name; `looked` says of each place that was looked in what came of it, as (place, outcome)."""

    patient: Patient
    choices: tuple[ClinicianChoice, ...]
    looked: tuple[tuple[str, Sentence], ...]


class _Gathered(Struct):
    """What the record says of one person so far."""

    names: list[str] = field(default_factory=list)
    roles: dict[Sentence, None] = field(default_factory=dict)
    places: set[Place] = field(default_factory=set)


def candidates(record: ChartRecord) -> Candidates:
    """The clinicians an observer can rate here: of this visit, the patient's own, of their care team, or rated before. Never the observer.
    FhirError only when the Patient cannot be read or is another; what else fails is in `looked`."""
    readings = read_all(record, only=(ANSWERS, SCORES))
    remember_patient(record, readings.patient)
    places = _places_read(record, readings)
    gathered = _people(record, places)
    # Of a role that cannot be read it is not known whose it is; one of the observer's own name is taken to be theirs.
    choices = [one for one in (_choice(*each) for each in gathered.items()) if not _is_own_role(one, record.context)]
    ordered = tuple(sorted(choices, key=lambda one: ((one.person.name or "~").casefold(), one.person.reference)))
    looked = tuple((_PLACES[place], given if isinstance(given, str) else _counted(place, choices)) for place, given in places.items())
    return Candidates(patient=patient_of(readings.patient, zone=record.zone), choices=ordered, looked=looked)


def connected(record: ChartRecord, readings: Readings) -> tuple[Person, ...]:
    """Everybody the record connects with the patient as a clinician, by name where one can be had: rated before, of the visit, the
    patient's own, of their care team, in this order. Somebody of whom no name can be had is left out where only a role is named."""
    places = _places_read(record, readings)
    gathered = _people(record, {place: places[place] for place in _FOR_PATIENTS})
    people = (_choice(*each).person for each in gathered.items())
    return tuple(one for one in people if one.name or one.reference.startswith("Practitioner/"))


def _places_read(record: ChartRecord, readings: Readings) -> dict[Place, list[Named] | Sentence]:
    """Every place a clinician may be named in, read at once where it is not read yet."""
    allowed, client = permissions(record), reader(record)
    found = gather(record.services.pool, dict(_reads(record.context, allowed, client)), seconds=record.services.settings.read_deadline)
    return dict(_places(record, readings, found, allowed))


def _people(record: ChartRecord, places: Mapping[Place, list[Named] | Sentence]) -> dict[str, _Gathered]:
    """Whom these places name, by the person meant, without whoever is signed in; names looked up where the record only refers."""
    gathered = _by_person(record, [(place, one) for place, given in places.items() for one in given if isinstance(one, Named)])
    own = record.context.user.reference
    gathered.pop(local_reference(own, base=base_of(record.context)) or own, None)
    _look_names_up(record.services, gathered, permissions(record), reader(record))
    return gathered


def choose(record: ChartRecord, *, found: Candidates, reference: str, form: tuple[str, Informant]) -> str | None:
    """A sealed note of the choice for the pages of that form (slug, informant) in this launch; None when the choice is not among those
    found."""
    person = next((one.person for one in found.choices if one.person.reference == reference), None)
    if person is None:
        return None
    return note_of(record, person, form=form)


def note_of(record: ChartRecord, person: Person, *, form: tuple[str, Informant]) -> str:
    """A sealed note of whom that form (slug, informant) is about, for its pages in this launch."""
    content = {"reference": person.reference, "name": person.name, "patient": record.context.patient}
    return record.services.store.launches.carry(record.launch, content, purpose=_purpose(form))


def chosen(record: ChartRecord, *, note: str, form: tuple[str, Informant]) -> Person:
    """Whom a note from `note_of` names. SessionError for a note of another launch, form or patient, or of nobody's."""
    content = record.services.store.launches.carried(record.launch, note, purpose=_purpose(form))
    if content["patient"] != record.context.patient:
        raise SessionError(
            Sentence("The clinician was chosen for another patient, so nothing was stored."),
            undenied=Sentence("The clinician was chosen for another patient."),
            reopen=FROM_CHART_AGAIN,
        )
    return Person(reference=content["reference"], name=content["name"])


def _purpose(form: tuple[str, Informant]) -> str:
    return f"rated {form[0]} {form[1]}"


_Team = list[Resource]


def _reads(context: LaunchContext, allowed: Permissions, client: FhirClient) -> Iterator[tuple[str, Callable[[float], _Team]]]:
    if context.encounter and allowed.granted("Encounter", "read"):
        yield _VISIT, partial(_visit, client, context.encounter)
    elif context.by_patient and allowed.why_not("Encounter", "search-type") is None:
        # Who signs in from home is in no visit: those of the last ones are meant.
        yield _VISIT, partial(_visits, client, context.patient)
    if allowed.why_not("CareTeam", "search-type") is None:
        yield _TEAM, partial(_teams, client, context.patient)


def _visit(client: FhirClient, encounter: str, deadline: float) -> _Team:
    return [client.read("Encounter", encounter, deadline=deadline)]


def _visits(client: FhirClient, patient: str, deadline: float) -> _Team:
    """The latest visits, newest first, whatever the order they come in; planned ones have not been."""
    found = client.search("Encounter", (("patient", patient), ("_sort", "-date"), ("_count", "10")), deadline=deadline).resources
    been = [one for one in found if one.get("status") != "planned"]
    return sorted(been, key=_began, reverse=True)[:_MOST_VISITS]


def _began(encounter: Resource) -> str:
    period = encounter.get("period")
    return str(period.get("start") or "") if isinstance(period, dict) else ""


def _teams(client: FhirClient, patient: str, deadline: float) -> _Team:
    return list(client.search("CareTeam", (("patient", patient), ("_count", "50")), deadline=deadline).resources)


def _places(
    record: ChartRecord,
    readings: Readings,
    found: Mapping[str, Loaded[_Team] | Failed],
    allowed: Permissions,
) -> Iterator[tuple[Place, list[Named] | Sentence]]:
    """Every place a clinician may be named in, with whom it names, or why that is not known."""
    today, context = record.now().date(), record.context
    unread = Sentence("this launch belongs to no visit") if not context.encounter else Sentence("may not be read in this launch")
    yield "visit", _mentioned(context, found.get(_VISIT), unread, of_visit)
    yield "practitioner", list(general_practitioners(readings.patient))
    why = allowed.why_not("CareTeam", "search-type") or NOTHING
    yield "team", _mentioned(context, found.get(_TEAM), why, partial(of_team, today=today, zone=record.zone))
    yield "before", _rated_before(record, readings)


def _mentioned(
    context: LaunchContext, read: Loaded[_Team] | Failed | None, unread: Sentence, members: Callable[[Resource], Iterable[Named]]
) -> list[Named] | Sentence:
    """The members of what was read and is this patient's."""
    if read is None:
        return unread
    if isinstance(read, Failed):
        return Sentence("could not be read: {why}", why=read.reason)
    own = by_owner(read.value, patient_on_server(context)).own
    return [named for resource in own for named in members(resource)]


def _rated_before(record: ChartRecord, readings: Readings) -> list[Named] | Sentence:
    """The clinicians of the history's dyads: that they were rated, not how."""
    canonical, failed = record.services.settings.canonical_base, list(readings.reports.values())
    responses, scores = readings.resources[ANSWERS], readings.resources.get(SCORES, ())
    library, patient = record.services.library, patient_on_server(record.context)
    ratings, _ = read_ratings(library, responses, scores, patient=patient, base=canonical, zone=record.zone)
    rated = [one.clinician for one in ratings if one.clinician]
    unread = next((report.reason or _NOT_TIED for report in failed if not report.whole), None)
    if not rated and unread:
        return Sentence("could not be read: {why}", why=unread)
    return [Named(reference=one.reference, name=one.name, role=None) for one in rated]


def _counted(place: Place, choices: Iterable[ClinicianChoice]) -> Sentence:
    named = sum(place in one.places for one in choices)
    return counted("{n} clinician", "{n} clinicians", named) if named else Sentence("nobody besides you")


def _is_own_role(one: ClinicianChoice, context: LaunchContext) -> bool:
    return one.person.reference.startswith("PractitionerRole/") and one.person.name is not None and one.person.name == context.user.name


def _by_person(record: ChartRecord, mentions: list[tuple[Place, Named]]) -> dict[str, _Gathered]:
    """Mentions by the person meant: a role is its practitioner where the record tells, so that one person is one dyad."""
    behind = _behind_roles(record, [named.reference for _, named in mentions])
    gathered: dict[str, _Gathered] = {}
    for place, named in mentions:
        reference = local_reference(named.reference, base=base_of(record.context))
        if reference is None or not is_clinician(reference.partition("/")[0]):
            continue
        known = behind.get(reference)
        one = gathered.setdefault(known.reference if known else reference, _Gathered())
        one.names.extend(name for name in (known.name if known else None, named.name) if name)
        role = named.role or (known.role if known else None)
        one.roles[joined(", ", (_PLACES[place], role)) if role else _PLACES[place]] = None
        one.places.add(place)
    return gathered


def _behind_roles(record: ChartRecord, references: Iterable[str]) -> dict[str, Named]:
    """The practitioner of each PractitionerRole that can be read."""
    base, allowed, client = base_of(record.context), permissions(record), reader(record)
    local = {local for one in references if (local := local_reference(one, base=base)) and local.startswith("PractitionerRole/")}
    if not local or not allowed.granted("PractitionerRole", "read"):
        return {}
    read = _read_each(record.services, client, sorted(local))
    people = {role: practitioner_of(resource) for role, resource in read.items()}
    return {
        role: Named(reference=reference, name=named.name, role=named.role)
        for role, named in people.items()
        if named is not None and (reference := local_reference(named.reference, base=base)) is not None
        and reference.startswith("Practitioner/")
    }  # fmt: skip


def _look_names_up(services: AppServices, gathered: Mapping[str, _Gathered], allowed: Permissions, client: FhirClient) -> None:
    """Add the names of those the record only refers to."""
    nameless = [reference for reference, one in gathered.items() if not one.names and reference.startswith("Practitioner/")]
    if nameless and allowed.granted("Practitioner", "read"):
        for reference, resource in _read_each(services, client, nameless).items():
            name = name_of(resource)
            gathered[reference].names.extend([name] if name else [])


def _read_each(services: AppServices, client: FhirClient, references: list[str]) -> dict[str, Resource]:
    """The resources that could be read, by reference; a person whose entry cannot be read is shown without what it would add."""
    reads = {one: partial(client.read_reference, one) for one in references[:_MOST_LOOKED_UP]}
    found = gather(services.pool, reads, seconds=services.settings.read_deadline)
    return {reference: read.value for reference, read in found.items() if isinstance(read, Loaded)}


def _choice(reference: str, one: _Gathered) -> ClinicianChoice:
    return ClinicianChoice(
        person=Person(reference=reference, name=next(iter(one.names), None)), roles=tuple(one.roles), places=frozenset(one.places)
    )
