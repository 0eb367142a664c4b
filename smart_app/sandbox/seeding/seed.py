"""Puts the personas into any open FHIR R4 server and takes them out again: once only, tagged, told in full, and never on an
address beyond this machine without an explicit yes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from graphlib import CycleError, TopologicalSorter
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import requests

from smart_app.sandbox.personas import persona_canonicals
from smart_app.sandbox.personas.build import build, build_all, build_staff, load_personas
from smart_app.sandbox.personas.case import Persona
from smart_app.sandbox.personas.people import Resource
from smart_app.sandbox.seeding.data_file import LaunchChoices, launch_choices
from smart_app.sandbox.seeding.remote_server import (
    Identifier,
    RefusedError,
    RemoteError,
    RemoteServer,
    RemoteWrite,
    SearchIgnoredError,
    ServerPromises,
    identifier_query,
    identifiers_of,
    is_loopback,
)

Say = Callable[[str], None]
# What a demo leaves on a server, each type before those it refers to.
REMOVAL_ORDER = (
    "Provenance",
    "DocumentReference",
    "Observation",
    "QuestionnaireResponse",
    "MedicationRequest",
    "Procedure",
    "Appointment",
    "ServiceRequest",
    "Encounter",
    "Patient",
    "Practitioner",
    "Organization",
)
ATTEMPTS_AT_A_RACE = 3
ANY_DAY = date(2026, 1, 1)  # identifiers do not depend on the day
OPTIONAL_LINKS = ("encounter", "derivedFrom", "hasMember", "basedOn")


class NotConfirmedError(Exception):
    """Writing to an address beyond this machine needs an explicit yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedProblem:
    """A resource that could not be written or removed, and why, in the server's words."""

    reference: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedReport:
    """What seeding did. `ids` maps local to server references for everything that is there now, `resources` is that with server ids, as
    it was to be written; `choices` is who to launch with, by server ids; `verified` says whether every resource was found again
    afterwards."""

    base: str
    written: Sequence[str]
    found: Sequence[str]
    problems: Sequence[SeedProblem]
    notes: Sequence[str]
    ids: Mapping[str, str]
    choices: LaunchChoices
    resources: Sequence[Resource]
    verified: bool

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield f"{self.base}: wrote {counted(self.written) or 'nothing'}; already there: {counted(self.found) or 'nothing'}."
        yield from self.notes
        yield from (f"Not written: {one.reference}: {one.reason}" for one in self.problems)
        yield "All of it was read back." if self.verified else "Not all of it could be read back."


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanReport:
    """What cleaning removed and what it had to leave."""

    base: str
    removed: Sequence[str]
    problems: Sequence[SeedProblem]
    notes: Sequence[str]

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield f"{self.base}: removed {counted(self.removed) or 'nothing'}."
        yield from self.notes
        yield from (f"Left: {one.reference}: {one.reason}" for one in self.problems)


def counted(references: Iterable[str]) -> str:
    """`1 Patient, 12 Observation`, in the order of first appearance."""
    counts = Counter(reference.partition("/")[0] for reference in references)
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())


@dataclass(slots=True, kw_only=True)
class Seeding:
    """One run against one server: what it can do, and what has come of each resource so far."""

    server: RemoteServer
    capabilities: ServerPromises
    ids: dict[str, str] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    problems: list[SeedProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Keeps a sentence for the report, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def settle(self, local: str, written: RemoteWrite) -> None:
        """Remembers where a resource is on the server."""
        self.ids[local] = written.reference
        (self.new if written.new else self.found).append(written.reference)


def seed(
    base: str,
    today: date,
    *,
    session: requests.Session,
    confirmed: bool = False,
    personas: Sequence[Persona] | None = None,
    canonical_base: str = persona_canonicals.BASE,
    zone: tzinfo = UTC,
    say: Say | None = None,
) -> SeedReport:
    """Writes staff and personas that are not there yet; a second run writes nothing. `today` is the date in `zone`.

    NotConfirmedError beyond loopback without `confirmed`; RemoteError when the server has no usable CapabilityStatement or goes away.
    """
    _permit(base, confirmed=confirmed)
    server = RemoteServer(base=base.rstrip("/"), session=session)
    run = Seeding(server=server, capabilities=server.capabilities())
    chosen = list(load_personas().values()) if personas is None else list(personas)
    groups = [build_staff(base=canonical_base), *(build(persona, today, base=canonical_base, zone=zone) for persona in chosen)]
    for name, group in zip(["staff", *(persona.slug for persona in chosen)], groups, strict=True):
        before = len(run.new)
        _write_group(run, group)
        if say:
            say(f"{name}: {len(run.new) - before} of {len(group)} written")
    return _report(
        run,
        [resource for group in groups for resource in group],
        tag=(persona_canonicals.tag_system(canonical_base), persona_canonicals.TAG),
    )


def _permit(base: str, *, confirmed: bool) -> None:
    if not confirmed and not is_loopback(base):
        raise NotConfirmedError(f"{base} is not on this machine. Demo data is written there, or removed, only after an explicit yes.")


def _report(run: Seeding, resources: Sequence[Resource], *, tag: tuple[str, str]) -> SeedReport:
    if run.found:
        run.note("What was already there keeps the dates of the day it was first written; remove it and seed again to have it dated today.")
    there = [_renamed(one, run.ids) for one in resources if local_reference(one) in run.ids]
    return SeedReport(
        base=run.server.base,
        verified=_verified(run, there, tag=tag) and not run.problems,
        written=tuple(run.new),
        found=tuple(run.found),
        problems=tuple(run.problems),
        notes=tuple(run.notes),
        ids=dict(run.ids),
        choices=launch_choices(there),
        resources=tuple(there),
    )


def stored(report: SeedReport, *, session: requests.Session) -> list[Resource]:
    """What was seeded, as it stands on the server: an Observation that was there before keeps the day it was first written. RemoteError
    when the server goes away."""
    server, before = RemoteServer(base=report.base, session=session), set(report.found)
    return [(server.read(local_reference(one)) or one) if _is_dated(one, before) else one for one in report.resources]


def _is_dated(resource: Resource, before: set[str]) -> bool:
    return resource["resourceType"] == "Observation" and local_reference(resource) in before


def local_reference(resource: Resource) -> str:
    """`Type/id`."""
    return f"{resource['resourceType']}/{resource['id']}"


def key_of(resource: Resource) -> Identifier:
    """The identifier a resource is created by: a response's only one, else the demo identifier, which comes last."""
    identifiers = resource["identifier"]
    chosen = identifiers if isinstance(identifiers, dict) else identifiers[-1]
    return chosen["system"], chosen["value"]


def references_in(node: object) -> Iterator[str]:
    """Every literal reference in a resource."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "reference" and isinstance(value, str))
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from references_in(value)


def in_order(resources: Sequence[Resource]) -> list[Resource]:
    """The resources, each after those it refers to; as given where they refer to each other in a circle."""
    by_reference = {local_reference(resource): resource for resource in resources}
    graph = {local: [target for target in references_in(one) if target in by_reference] for local, one in by_reference.items()}
    try:
        return [by_reference[local] for local in TopologicalSorter(graph).static_order()]
    except CycleError:
        return list(resources)


def _write_group(run: Seeding, resources: Sequence[Resource]) -> None:
    """One transaction where the server promises all it takes, else one by one."""
    kinds = {resource["resourceType"] for resource in resources}
    if run.capabilities.transaction and kinds <= run.capabilities.conditional_create:
        if _write_together(run, resources):
            return
    elif run.capabilities.transaction:
        missing = ", ".join(sorted(kinds - run.capabilities.conditional_create))
        run.note(f"The server does not promise to create {missing} conditionally; resources were written one by one.")
    else:
        run.note("The server does not offer transactions; resources were written one by one.")
    _write_singly(run, in_order(resources))


def _write_together(run: Seeding, resources: Sequence[Resource]) -> bool:
    """True when the transaction went through. A refusal is noted and leaves nothing behind."""
    links = {local_reference(one): uuid5(NAMESPACE_URL, "|".join(key_of(one))).urn for one in resources}
    entries = [_entry(one, links[local_reference(one)], run.ids | links) for one in in_order(resources)]
    try:
        answers = _despite_races(run.server, entries)
    except RemoteError as error:
        run.note(f"A transaction was not taken ({error}); its resources were written one by one.")
        return False
    for resource, written in zip(in_order(resources), answers, strict=True):
        _settle_or_search(run, resource, written)
    return True


def _despite_races(server: RemoteServer, entries: Sequence[Resource]) -> list[RemoteWrite | None]:
    """A conditional create that meets another's is answered 409 by HAPI, and goes through when sent again."""
    for _ in range(ATTEMPTS_AT_A_RACE - 1):
        try:
            return server.transaction(entries)
        except RefusedError as error:
            if error.status != requests.codes.conflict:
                raise
    return server.transaction(entries)


def _settle_or_search(run: Seeding, resource: Resource, written: RemoteWrite | None) -> None:
    local = local_reference(resource)
    reference = written.reference if written else run.server.find(resource["resourceType"], key_of(resource))
    if reference is None:
        run.problems.append(SeedProblem(reference=local, reason="the server's answer does not name it and a search does not find it"))
        return
    run.settle(local, written or RemoteWrite(reference=reference, new=False))


def _entry(resource: Resource, urn: str, links: Mapping[str, str]) -> Resource:
    request = {"method": "POST", "url": resource["resourceType"], "ifNoneExist": identifier_query(key_of(resource))}
    return {"fullUrl": urn, "resource": _without_id(_relinked(resource, links)), "request": request}


def _without_id(resource: Resource) -> Resource:
    return {key: value for key, value in resource.items() if key != "id"}


def _relinked(node: Any, links: Mapping[str, str]) -> Any:
    if isinstance(node, list):
        return [_relinked(value, links) for value in node]
    if not isinstance(node, dict):
        return node
    return {key: links.get(value, value) if key == "reference" else _relinked(value, links) for key, value in node.items()}


def _renamed(resource: Resource, ids: Mapping[str, str]) -> Resource:
    renamed: Resource = _relinked(resource, ids)
    return renamed | {"id": ids[local_reference(resource)].partition("/")[2]}


def _write_singly(run: Seeding, resources: Sequence[Resource]) -> None:
    referring = _referring(resources)
    for resource in resources:
        local = local_reference(resource)
        linked = _with_links_that_hold(run, resource)
        if linked is None:
            run.problems.append(SeedProblem(reference=local, reason="what it refers to could not be written"))
            continue
        try:
            run.settle(local, _write_one(run, linked, key_of(resource), referring.get(local, ())))
        except (RefusedError, SearchIgnoredError) as error:
            run.problems.append(SeedProblem(reference=local, reason=str(error)))


def _referring(resources: Iterable[Resource]) -> dict[str, list[Resource]]:
    """Reference to the resources derived from it: by them it is found where it cannot be searched itself."""
    referring: dict[str, list[Resource]] = {}
    for resource in resources:
        for source in resource.get("derivedFrom", []):
            referring.setdefault(source["reference"], []).append(resource)
    return referring


def _with_links_that_hold(run: Seeding, resource: Resource) -> Resource | None:
    """The resource with the server's references; links it can do without are dropped where their target is not there."""
    kept = dict(resource)
    for name in OPTIONAL_LINKS:
        missing = [target for target in references_in(kept.get(name)) if target not in run.ids]
        if missing:
            run.note(f"{name} was left out where the {missing[0].partition('/')[0]} it names could not be written.")
            del kept[name]
    return None if any(target not in run.ids for target in references_in(kept)) else _without_id(_relinked(kept, run.ids))


def _write_one(run: Seeding, resource: Resource, key: Identifier, derived: Sequence[Resource]) -> RemoteWrite:
    kind = resource["resourceType"]
    if kind in run.capabilities.conditional_create:
        return run.server.create(resource, if_none_exist=key)
    there = run.server.find(kind, key) if run.capabilities.finds(kind) else _found_through(run, kind, derived)
    return RemoteWrite(reference=there, new=False) if there else run.server.create(resource, if_none_exist=None)


def _found_through(run: Seeding, kind: str, derived: Sequence[Resource]) -> str | None:
    """`Type/id` as an earlier run's derived resource names it: the only trace where a type can neither be searched nor created
    conditionally (sekmet-fhir 0.1.1 with QuestionnaireResponse)."""
    run.note(
        f"{kind} can neither be searched nor created conditionally here; one from an earlier run is found only by what is derived from it."
    )
    for resource in derived:
        there = run.server.find(resource["resourceType"], key_of(resource)) if run.capabilities.finds(resource["resourceType"]) else None
        sources = (run.server.read(there) or {}).get("derivedFrom", []) if there else []
        if sources:
            return str(sources[0]["reference"])
    return None


def _verified(run: Seeding, there: Sequence[Resource], *, tag: tuple[str, str]) -> bool:
    """Whether everything is found again, by its tag or, where that is not searched, by its id."""
    expected: dict[str, set[str]] = {}
    for resource in there:
        expected.setdefault(resource["resourceType"], set()).add(local_reference(resource))
    outcomes = [_verified_type(run, kind, references, tag) for kind, references in expected.items()]
    return all(outcomes)


def _verified_type(run: Seeding, kind: str, expected: set[str], tag: tuple[str, str]) -> bool:
    try:
        tagged = list(_tagged(run.server, kind, tag))
    except (RefusedError, SearchIgnoredError):
        run.note(f"{kind} is not searched by tag here; each was read by its id instead.")
        return all(_carries(run.server.read(reference), tag) for reference in sorted(expected))
    copies = Counter(identifier for one in tagged for identifier in identifiers_of(one))
    if any(count > 1 for count in copies.values()):
        run.note(f"Some {kind} are on the server twice, with one identifier: it did not keep its promise of conditional creates.")
    return expected <= {local_reference(one) for one in tagged}


def _tagged(server: RemoteServer, kind: str, tag: tuple[str, str]) -> Iterator[Resource]:
    return server.search(kind, f"_tag={tag[0]}|{tag[1]}", wanted=lambda resource: _carries(resource, tag))


def _carries(resource: Resource | None, tag: tuple[str, str]) -> bool:
    tags = (resource or {}).get("meta", {}).get("tag", [])
    return any((one.get("system"), one.get("code")) == tag for one in tags)


def clean(
    base: str,
    *,
    session: requests.Session,
    confirmed: bool = False,
    canonical_base: str = persona_canonicals.BASE,
    say: Say | None = None,
) -> CleanReport:
    """Removes what carries the demo tag and nothing else, dependents first; what stays is named with the server's reason.
    NotConfirmedError, RemoteError as `seed`."""
    _permit(base, confirmed=confirmed)
    server = RemoteServer(base=base.rstrip("/"), session=session)
    run = Seeding(server=server, capabilities=server.capabilities())
    removed: list[str] = []
    left = _to_remove(
        run, build_all(ANY_DAY, base=canonical_base), tag=(persona_canonicals.tag_system(canonical_base), persona_canonicals.TAG)
    )
    if say:
        say(f"found {counted(left) or 'nothing'}")
    problems = _remove(server, left, removed)
    if problems and removed:
        problems = _remove(server, [one.reference for one in problems], removed)
    return CleanReport(base=server.base, removed=tuple(removed), problems=(*run.problems, *problems), notes=tuple(run.notes))


def _remove(server: RemoteServer, references: Iterable[str], removed: list[str]) -> list[SeedProblem]:
    problems = []
    for reference in references:
        try:
            server.delete(reference)
        except RefusedError as error:
            problems.append(SeedProblem(reference=reference, reason=str(error)))
        else:
            removed.append(reference)
    return problems


def _to_remove(run: Seeding, known: Sequence[Resource], *, tag: tuple[str, str]) -> list[str]:
    """Everything tagged, dependents first. A type that cannot be searched by tag is found by identifier and by what refers to it."""
    tagged: list[Resource] = []
    for kind in REMOVAL_ORDER:
        try:
            of_kind = list(_tagged(run.server, kind, tag))
        except (RefusedError, SearchIgnoredError):
            candidates = _by_identifier(run, kind, known) | _referred_to(tagged, kind)
            read = [(reference, run.server.read(reference)) for reference in sorted(candidates)]
            of_kind = [resource for _, resource in read if resource and _carries(resource, tag)]
            run.note(f"{kind} is not searched by tag here; {len(of_kind)} were found by identifier or by what refers to them.")
        tagged += sorted(of_kind, key=lambda resource: "hasMember" not in resource)
    return [local_reference(resource) for resource in tagged]


def _by_identifier(run: Seeding, kind: str, known: Iterable[Resource]) -> set[str]:
    if not run.capabilities.finds(kind):
        return set()
    try:
        found = {run.server.find(kind, key_of(one)) for one in known if one["resourceType"] == kind}
    except (RefusedError, SearchIgnoredError) as error:
        run.problems.append(SeedProblem(reference=kind, reason=str(error)))
        return set()
    return {reference for reference in found if reference}


def _referred_to(resources: Iterable[Resource], kind: str) -> set[str]:
    return {reference for one in resources for reference in references_in(one) if reference.startswith(f"{kind}/")}
