"""Reads a file of FHIR resources (Bundle, NDJSON or one resource, gzip or not) into resources a store can hold: ids kept or
assigned from the content, references resolved to `Type/id`. It changes nothing else and says what it could not settle."""

import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simplejson

from smart_app.sandbox.personas import persona_canonicals
from smart_app.sandbox.personas.files import load_cast
from smart_app.sandbox.personas.people import Resource, practitioner_resource

GZIP_MAGIC = b"\x1f\x8b"
MAX_BYTES = 128 * 1024 * 1024
MAX_RESOURCES = 100_000
BUNDLE_TYPES = ("transaction", "batch", "collection", "searchset", "document", "message")
STORABLE_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
TYPE_NAME = re.compile(r"[A-Z][A-Za-z]{1,63}")
RELATIVE = re.compile(r"(?P<stem>(?:.*/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-._]+))(?P<version>/_history/[A-Za-z0-9\-.]+)?")


class ResourceFileError(Exception):
    """A data file cannot be used. The message names the file, the line or entry, what is wrong and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile:
    """What a file gave. `notes` are sentences for whoever started the program: what was added, left out or left unresolved."""

    resources: Sequence[Resource]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """A resource and where it stood in the file ("entry 12", "line 3"); `full_url` where its bundle gave one."""

    where: str
    resource: Resource
    full_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchChoice:
    """Somebody to launch with. `encounter` is the id of the visit to launch in: the one in progress, else the latest, else none."""

    id: str
    label: str
    about: str | None = None
    encounter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchChoices:
    """The patients and practitioners a launch can name, in the order of the data."""

    patients: Sequence[LaunchChoice]
    practitioners: Sequence[LaunchChoice]


def load_file(path: Path, *, max_bytes: int = MAX_BYTES, max_resources: int = MAX_RESOURCES) -> LoadedFile:
    """The file's resources. Adds one demo practitioner where the file has none, and says so. DataFileError when it cannot be used;
    `max_bytes` counts after unpacking."""
    return load_bytes(_read(path, max_bytes), name=path.name, max_resources=max_resources)


def load_bytes(content: bytes, *, name: str, max_resources: int = MAX_RESOURCES) -> LoadedFile:
    """`load_file` for content already read and unpacked; `name` is used in messages and to recognise `.ndjson`."""
    notes: list[str] = []
    records = _records(_decode(content, name), name)
    entries = [entry for where, record in records for entry in _entries(record, where, name, notes)]
    if not entries:
        raise ResourceFileError(f"{name}: no resource in it. Give a FHIR R4 Bundle, NDJSON or a resource.")
    if len(entries) > max_resources:
        raise ResourceFileError(f"{name}: {len(entries)} resources; at most {max_resources} are loaded.")
    resources = _resolved(_identified(entries, name, notes), notes)
    if not any(resource["resourceType"] == "Patient" for resource in resources):
        notes.append("The file has no Patient, so there is nobody to launch with.")
    return LoadedFile(resources=with_practitioner(resources, notes), notes=tuple(notes))


def with_practitioner(resources: list[Resource], notes: list[str]) -> list[Resource]:
    """The resources, with a demo practitioner when nobody in them could sign in."""
    if any(resource["resourceType"] == "Practitioner" for resource in resources):
        return resources
    person = load_cast().staff.practitioners[0]
    notes.append(f"The file has no Practitioner; {person.given} {person.family} (Practitioner/{person.key}) was added to sign in as.")
    return [*resources, practitioner_resource(person, base=persona_canonicals.BASE)]


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        opened: Callable[[Path, str], Any] = gzip.open if packed else open
        with opened(path, "rb") as file:
            content: bytes = file.read(max_bytes + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ResourceFileError(f"{path.name}: gzip data is damaged or cut short ({error}).") from error
    except OSError as error:
        raise ResourceFileError(f"{path}: cannot be read: {error.strerror or error}.") from error
    if len(content) > max_bytes:
        raise ResourceFileError(f"{path.name}: more than {max_bytes} bytes unpacked; split it.")
    return content


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ResourceFileError(f"{name}, line {line}: not UTF-8 text ({error.reason}).") from error


def _records(text: str, name: str) -> Iterable[tuple[str, object]]:
    """(place, JSON value) of the whole file, or of each line when it is NDJSON by name or by content."""
    if not text.strip():
        raise ResourceFileError(f"{name}: the file is empty.")
    if name.removesuffix(".gz").endswith((".ndjson", ".jsonl")) or _first_line_is_a_resource(text):
        lines = enumerate(text.split("\n"), start=1)
        return [(f"line {number}", _parse(line, name, number)) for number, line in lines if line.strip()]
    return [("the file", _parse(text, name, 1))]


def _first_line_is_a_resource(text: str) -> bool:
    first, _, rest = text.lstrip().partition("\n")
    if not rest.strip() or not first.rstrip().endswith("}"):
        return False
    try:
        value = simplejson.loads(first)
    except ValueError:
        return False
    return isinstance(value, dict) and "resourceType" in value


def _parse(text: str, name: str, first_line: int) -> object:
    try:
        return simplejson.loads(text, use_decimal=True)
    except simplejson.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise ResourceFileError(f"{name}, line {line}, column {error.colno}: not JSON ({error.msg}).") from error
    except (RecursionError, ValueError) as error:
        raise ResourceFileError(f"{name}, line {first_line}: JSON that cannot be read: {error}.") from error


def _entries(record: object, where: str, name: str, notes: list[str]) -> Iterator[FileEntry]:
    resource = _checked(record, f"{name}, {where}")
    if resource["resourceType"] != "Bundle":
        yield FileEntry(where=where, resource=resource)
        return
    kind = resource.get("type")
    if kind not in BUNDLE_TYPES:
        raise ResourceFileError(f"{name}, {where}: a Bundle of type {kind!r} is not loaded; {', '.join(BUNDLE_TYPES)} are.")
    entries = resource.get("entry", [])
    if not isinstance(entries, list):
        raise ResourceFileError(f"{name}, {where}: Bundle.entry is not a list.")
    prefix = "" if where == "the file" else f"{where}, "
    for number, entry in enumerate(entries, start=1):
        yield from _bundle_entry(entry, f"{prefix}entry {number}", name, notes)


def _bundle_entry(entry: object, where: str, name: str, notes: list[str]) -> Iterator[FileEntry]:
    if not isinstance(entry, dict):
        raise ResourceFileError(f"{name}, {where}: not an object.")
    request = _part(entry, "request")
    method = request.get("method", "POST")
    if "resource" not in entry or method not in ("POST", "PUT"):
        notes.append(f"{where} ({method}) holds nothing to load and was left out.")
        return
    resource = _checked(entry["resource"], f"{name}, {where}")
    if resource["resourceType"] == "OperationOutcome":
        notes.append(f"{where} is an OperationOutcome and was left out.")
        return
    full_url = entry.get("fullUrl")
    yield FileEntry(where=where, resource=_with_put_id(resource, request), full_url=full_url if isinstance(full_url, str) else None)


def _checked(record: object, where: str) -> Resource:
    if not isinstance(record, dict):
        raise ResourceFileError(f"{where}: not a FHIR resource but {type(record).__name__}.")
    kind = record.get("resourceType")
    if not isinstance(kind, str) or not TYPE_NAME.fullmatch(kind):
        raise ResourceFileError(f"{where}: no usable resourceType ({kind!r}).")
    return record


def _with_put_id(resource: Resource, request: Mapping[str, Any]) -> Resource:
    """The resource; where only the PUT's url names its id, with that id."""
    match = RELATIVE.fullmatch(str(request.get("url", ""))) if request.get("method") == "PUT" else None
    return resource | {"id": match["id"]} if match and "id" not in resource else resource


def _identified(entries: Sequence[FileEntry], name: str, notes: list[str]) -> list[tuple[FileEntry, str]]:
    """Each entry once, with its `Type/id`. The same resource twice counts once; two different ones under one id are refused."""
    seen: dict[str, FileEntry] = {}
    found: list[tuple[FileEntry, str]] = []
    repeated = 0
    for number, entry in enumerate(entries):
        reference = f"{entry.resource['resourceType']}/{_local_id(entry, number)}"
        earlier = seen.setdefault(reference, entry)
        if earlier is not entry and earlier.resource != entry.resource:
            raise ResourceFileError(f"{name}, {entry.where}: {reference} is there twice with different content, first in {earlier.where}.")
        repeated += earlier is not entry
        found += [(entry, reference)]
    if repeated:
        notes.append(f"{repeated} resources are in the file more than once and were loaded once.")
    return found


def _local_id(entry: FileEntry, number: int) -> str:
    """The id as given, else that of the fullUrl, else one from the content and its place, the same each time the file is read."""
    given = entry.resource.get("id")
    if isinstance(given, str) and STORABLE_ID.fullmatch(given):
        return given
    tail = re.split(r"[/:]", entry.full_url)[-1] if entry.full_url else ""
    if given is None and STORABLE_ID.fullmatch(tail):
        return tail
    content = simplejson.dumps(entry.resource, use_decimal=True, sort_keys=True)
    return f"d-{hashlib.sha256(f'{number} {content}'.encode()).hexdigest()[:32]}"


def _resolved(found: Sequence[tuple[FileEntry, str]], notes: list[str]) -> list[Resource]:
    """The resources with ids set and every reference to another of them as `Type/id`."""
    links = _links(found)
    unresolved: list[str] = []
    resources = {}
    for entry, reference in found:
        resource = _relinked(entry.resource, links, unresolved)
        resources[reference] = {"resourceType": resource["resourceType"], "id": reference.partition("/")[2]} | {
            key: value for key, value in resource.items() if key not in ("resourceType", "id")
        }
    if unresolved:
        notes.append(f"{len(unresolved)} references lead to nothing in the file and were left as they are, the first to {unresolved[0]}.")
    return list(resources.values())


def _links(found: Iterable[tuple[FileEntry, str]]) -> dict[str, str]:
    """Everything a reference may say for a resource of the file: fullUrl, `Type/id` as written, `Type?identifier=…` if unique."""
    links: dict[str, str] = {}
    conditional: dict[str, set[str]] = {}
    for entry, reference in found:
        kind = entry.resource["resourceType"]
        links[reference] = reference
        links[f"{kind}/{entry.resource.get('id')}"] = reference
        if entry.full_url:
            links[entry.full_url] = reference
        for query in _identifier_queries(entry.resource):
            conditional.setdefault(f"{kind}?identifier={query}", set()).add(reference)
    return {query: next(iter(targets)) for query, targets in conditional.items() if len(targets) == 1} | links


def _identifier_queries(resource: Resource) -> Iterator[str]:
    identifiers = resource.get("identifier")
    for identifier in identifiers if isinstance(identifiers, list) else [identifiers]:
        if isinstance(identifier, dict) and identifier.get("value"):
            yield f"{identifier.get('system', '')}|{identifier['value']}"


def _relinked(node: Any, links: Mapping[str, str], unresolved: list[str]) -> Any:
    if isinstance(node, list):
        return [_relinked(value, links, unresolved) for value in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _target(value, links, unresolved) if key == "reference" and isinstance(value, str) else _relinked(value, links, unresolved)
        for key, value in node.items()
    }


def _target(reference: str, links: Mapping[str, str], unresolved: list[str]) -> str:
    if reference.startswith("#"):
        return reference
    if reference in links:
        return links[reference]
    match = RELATIVE.fullmatch(reference)
    if match and match["stem"] in links:
        return links[match["stem"]] + (match["version"] or "")
    unresolved.append(reference)
    return reference


def launch_choices(resources: Iterable[Resource]) -> LaunchChoices:
    """Who a launch can name. Labels are for the chart's own page, never for a log."""
    everything = list(resources)
    visits = _visits_to_launch_in(everything)
    patients = [one for one in everything if one["resourceType"] == "Patient"]
    practitioners = [one for one in everything if one["resourceType"] == "Practitioner"]
    return LaunchChoices(
        patients=tuple(
            LaunchChoice(id=one["id"], label=_label(one), about=_purpose(one), encounter=visits.get(f"Patient/{one['id']}"))
            for one in patients
        ),
        practitioners=tuple(LaunchChoice(id=one["id"], label=_label(one), about=_role(one)) for one in practitioners),
    )


def _visits_to_launch_in(resources: Iterable[Resource]) -> dict[str, str]:
    """Patient reference to the id of the Encounter in progress, else the latest one."""
    best: dict[str, tuple[bool, str, str]] = {}
    for one in resources:
        if one["resourceType"] != "Encounter":
            continue
        patient = str(_part(one, "subject").get("reference", ""))
        rank = (one.get("status") == "in-progress", str(_part(one, "period").get("start", "")), str(one["id"]))
        best[patient] = max(rank, best.get(patient, rank))
    return {patient: rank[2] for patient, rank in best.items()}


def _part(resource: Resource, key: str) -> Mapping[str, Any]:
    value = resource.get(key)
    return value if isinstance(value, dict) else {}


def _first(value: object) -> Mapping[str, Any]:
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}


def _label(resource: Resource) -> str:
    name = _first(resource.get("name"))
    given = name.get("given")
    parts = [str(name.get("family", "")), " ".join(map(str, given)) if isinstance(given, list) else ""]
    return ", ".join(part for part in parts if part) or str(name.get("text", "")) or f"No name recorded ({resource['id']})"


def _role(practitioner: Resource) -> str | None:
    concept = _first(practitioner.get("qualification")).get("code")
    return str(concept["text"]) if isinstance(concept, dict) and "text" in concept else None


def _purpose(patient: Resource) -> str | None:
    extensions = patient.get("extension")
    for extension in extensions if isinstance(extensions, list) else []:
        if isinstance(extension, dict) and str(extension.get("url", "")).endswith("/StructureDefinition/demo-purpose"):
            return str(extension.get("valueString"))
    return None
