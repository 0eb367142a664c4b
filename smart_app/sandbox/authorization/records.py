"""What the EHR's own pages read of a chart: patients, clinicians, the visit going on. Lenient: what cannot be read is left out."""

from collections.abc import Mapping
from dataclasses import dataclass

from smart_app.sandbox.authorization.chart_launches import EhrUser
from smart_app.sandbox.exchange.compartment import local_reference, references
from smart_app.sandbox.exchange.json_text import FhirJson, parsed
from smart_app.sandbox.exchange.messages import FhirBackend, FhirRequest

PURPOSE = "https://w3id.org/rapport/fhir/StructureDefinition/demo-purpose"
_GOING_ON = frozenset({"arrived", "triaged", "in-progress"})
_OK = 200

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientLine:
    """One patient as the EHR's pages name them; `spoken` as they are spoken of; `born` as written; `purpose` what a synthetic patient is
    for, "" when not said."""

    patient_id: str
    name: str
    born: str
    sex: str
    purpose: str
    spoken: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentVisit:
    """An Encounter's id, and whom it is with (references)."""

    encounter_id: str
    clinicians: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Reads through `backend` with the EHR's own rights. The queries say which patients and users the EHR offers."""

    backend: FhirBackend
    base: str
    patient_query: Query = ()
    user_query: Query = ()
    limit: int = 200

    def patients(self) -> list[PatientLine]:
        """The patients to choose from, by name; at most `limit`."""
        found = self._search("Patient", (*self.patient_query, ("_count", str(self.limit))))
        return sorted(map(_patient_line, found), key=lambda line: line.name.casefold())

    def patient(self, patient_id: str) -> PatientLine | None:
        """One patient; None when the server has none of that id."""
        resource = self._read(f"Patient/{patient_id}")
        return _patient_line(resource) if resource is not None and resource.get("id") == patient_id else None

    def users(self) -> list[EhrUser]:
        """The practitioners who may be signed in, by name."""
        found = self._search("Practitioner", (*self.user_query, ("_count", str(self.limit))))
        users = [EhrUser(reference=f"Practitioner/{one.get('id')}", name=_name(one)) for one in found]
        return sorted(users, key=lambda user: user.name)

    def visit_going_on(self, patient_id: str) -> CurrentVisit | None:
        """The patient's latest visit that is going on; None when there is none. A finished one is no visit to launch in."""
        found = self._search("Encounter", (("patient", patient_id), ("_sort", "-date"), ("_count", "50")))
        going_on = [one for one in found if one.get("status") in _GOING_ON and self._is_about(one, patient_id)]
        return self._visit(max(going_on, key=_start)) if going_on else None

    def visit(self, patient_id: str, encounter_id: str) -> CurrentVisit | None:
        """This visit, None when it does not exist or is another patient's."""
        found = self._read(f"Encounter/{encounter_id}")
        return self._visit(found) if found is not None and self._is_about(found, patient_id) else None

    def _visit(self, encounter: FhirJson) -> CurrentVisit:
        clinicians = (local_reference(one, self.base) for one in references(encounter, "participant.individual"))
        return CurrentVisit(encounter_id=str(encounter.get("id")), clinicians=tuple(clinicians))

    def _is_about(self, encounter: FhirJson, patient_id: str) -> bool:
        return f"Patient/{patient_id}" in {local_reference(reference, self.base) for reference in references(encounter, "subject")}

    def _read(self, path: str) -> FhirJson | None:
        answer = self.backend.handle(self._request(path))
        return parsed(answer.body) if answer.status == _OK else None

    def _search(self, resource: str, query: Query) -> list[FhirJson]:
        answer = self.backend.handle(self._request(resource, query))
        bundle = parsed(answer.body) if answer.status == _OK else None
        entries = bundle.get("entry", []) if bundle else []
        found = [entry.get("resource") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        return [one for one in found if isinstance(one, dict) and one.get("resourceType") == resource]

    def _request(self, path: str, query: Query = ()) -> FhirRequest:
        # Who works here, and which visits there are, may have been loaded a moment ago: HAPI answers an equal search from its memory for a
        # minute.
        headers = {"accept": "application/fhir+json", "cache-control": "no-cache"}
        return FhirRequest(method="GET", path=path, base=self.base, query=query, headers=headers)


def _patient_line(resource: FhirJson) -> PatientLine:
    return PatientLine(
        patient_id=str(resource.get("id", "")),
        name=_listed_name(resource),
        born=str(resource.get("birthDate", "not recorded")),
        sex=str(resource.get("gender", "not recorded")),
        purpose=_purpose(resource),
        spoken=_name(resource),
    )


def _purpose(resource: FhirJson) -> str:
    extensions = resource.get("extension")
    for extension in extensions if isinstance(extensions, list) else []:
        if isinstance(extension, dict) and extension.get("url") == PURPOSE:
            return str(extension.get("valueString", ""))
    return ""


def _name(resource: FhirJson) -> str:
    """A person as spoken of: prefix, given, family; else the name's text, else the id."""
    name = _first_name(resource)
    parts = " ".join((*_texts(name.get("prefix")), *_texts(name.get("given")), *_texts([name.get("family")])))
    return str(parts or name.get("text") or resource.get("id", "unnamed"))


def _listed_name(resource: FhirJson) -> str:
    """A person as a list has them: family, given; else as spoken of."""
    name = _first_name(resource)
    family, given = name.get("family"), " ".join(_texts(name.get("given")))
    return f"{family}, {given}" if family and given else _name(resource)


def _first_name(resource: FhirJson) -> Mapping[str, object]:
    names = resource.get("name")
    return names[0] if isinstance(names, list) and names and isinstance(names[0], dict) else {}


def _texts(value: object) -> list[str]:
    return [str(part) for part in value if part] if isinstance(value, list) else []


def _start(encounter: FhirJson) -> str:
    period = encounter.get("period")
    return str(period.get("start", "")) if isinstance(period, dict) else ""
