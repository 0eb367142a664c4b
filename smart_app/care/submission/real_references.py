"""References between the parts of a submission: the urns of its bundle as the real ids, and those put right that a server stored too early.

A server that stores a bundle entry by entry gives the entries it took references to entries that it then refused (seen: a panel with
`hasMember` to scores that never were, scores `derivedFrom` answers that never were). Once the missing parts are stored, those are wrong."""

from collections.abc import Callable, Collection, Mapping
from functools import partial

from msgspec.structs import replace

from fhir_mappings.r4.references import local_reference
from fhir_mappings.sentence import Sentence, joined
from smart_app.care.submission.judgement import may_go_well_later
from smart_app.care.submission.sealed_submission import SealedSubmission, SubmissionPart, WriteOutcome
from smart_app.errors import FhirError
from smart_app.fhir.client import FhirClient, Resource

_URN = "urn:uuid:"
_NOT_PUT_RIGHT = Sentence("What it refers to could not be put right.")


def places_of(sealed: SealedSubmission) -> dict[str, str]:
    """The real reference behind each urn whose part is stored."""
    known = {part.full_url: sealed.outcome_of(part.role).reference for part in sealed.parts}
    return {urn: reference for urn, reference in known.items() if reference is not None}


def with_real_references(value: object, references: Mapping[str, str]) -> object:
    """`value` with urns replaced. A reference to a part that is not stored is left out: it would dangle. So is a list that none is left of:
    FHIR has no empty ones (https://hl7.org/fhir/R4/json.html), and strict servers refuse the whole for one."""
    if isinstance(value, list):
        return [with_real_references(entry, references) for entry in value if not _dangles(entry, references)]
    if not isinstance(value, dict):
        return value
    kept, urn = _kept(value, references), value.get("reference")
    return {**kept, "reference": references.get(urn, urn)} if isinstance(urn, str) else kept


def _kept(node: Mapping[str, object], references: Mapping[str, str]) -> Resource:
    """What is said within an object, without what would dangle or be empty."""
    real = {key: with_real_references(entry, references) for key, entry in node.items() if not _dangles(entry, references)}
    return {key: entry for key, entry in real.items() if entry != []}


def references_within(part: SubmissionPart) -> int:
    """How many other parts it refers to: answers none, a score one, the panel its scores, Provenance all."""
    return str(part.resource).count(_URN)


def with_loose(sealed: SealedSubmission) -> SealedSubmission:
    """The submission as it is sealed: of each part that is stored, which it refers to that are not yet."""
    parts = sealed.parts
    missing = {part.full_url: part.role for part in parts if part.role not in sealed.stored}
    loose = {part.role: _named_in(part, missing) for part in parts if part.role in sealed.stored}
    return replace(sealed, loose={**{role: roles for role, roles in loose.items() if roles}, **sealed.loose})


def _named_in(part: SubmissionPart, missing: Mapping[str, str]) -> tuple[str, ...]:
    said = str(part.resource)
    return tuple(role for urn, role in missing.items() if urn in said)


def repair_references(
    sealed: SealedSubmission, earlier: Mapping[str, str], *, client: FhirClient, why_not_update: Callable[[str], Sentence | None]
) -> SealedSubmission:
    """The submission, after each part of `earlier` (role and place) was read and, where it refers to other places than those of the parts
    as they are stored now, changed. What may not be or cannot be changed keeps the reason with its place, and is loose still where another
    time it may be: else the record would keep references to nothing for a server that was busy. So is what refers to parts that are not
    stored."""
    places, again = places_of(sealed), set[str]()
    for part in sealed.parts:
        if part.role in earlier and references_within(part):
            try:
                why = _repaired(sealed, part, places, client=client, why_not_update=why_not_update)
            except FhirError as error:
                why = error.user_message
                if may_go_well_later(error):
                    again.add(part.role)
            sealed = sealed.with_outcomes({part.role: _noted(sealed.outcome_of(part.role), why)})
    return replace(sealed, loose=_loose_after(sealed, again))


def _loose_after(sealed: SealedSubmission, again: Collection[str]) -> dict[str, tuple[str, ...]]:
    """What is loose after a repair: all that those parts refer to, which have to be tried again, and of others what is not stored."""
    everything = {part.full_url: part.role for part in sealed.parts}
    left = {role: tuple(one for one in roles if one not in sealed.stored) for role, roles in sealed.loose.items()}
    whole = {part.role: _named_in(part, everything) for part in sealed.parts if part.role in again}
    return {role: roles for role, roles in {**left, **whole}.items() if roles}


def _noted(outcome: WriteOutcome, why: Sentence | None) -> WriteOutcome:
    return replace(outcome, why=None if why is None else joined(" ", (_NOT_PUT_RIGHT, why)))


def _repaired(
    sealed: SealedSubmission,
    part: SubmissionPart,
    places: Mapping[str, str],
    *,
    client: FhirClient,
    why_not_update: Callable[[str], Sentence | None],
) -> Sentence | None:
    """Why one stored part may not be put right; None where it was, or was right already. `If-Match` keeps what somebody else changed.
    FhirError."""
    named = partial(_named, base=sealed.base)
    stored = client.read_reference(places[part.full_url], fresh=True)
    linked = {name: value for name, value in part.resource.items() if _URN in str(value)}
    right = _kept(linked, places)
    if all(named(stored.get(name)) == named(right.get(name)) for name in linked):
        return None
    reason = why_not_update(part.type)
    if reason is None:
        others = {name: value for name, value in stored.items() if name not in linked}
        client.update({**others, **right}, if_match=_version(stored))
    return reason


def _named(value: object, *, base: str) -> frozenset[str]:
    """Every reference within, as `Type/id` where it is to this server."""
    if isinstance(value, list):
        return frozenset().union(*(_named(entry, base=base) for entry in value))
    if not isinstance(value, dict):
        return frozenset()
    written = value.get("reference")
    here = {local_reference(written, base=base) or written} if isinstance(written, str) else set()
    return frozenset(here).union(*(_named(entry, base=base) for entry in value.values()))


def _version(stored: Resource) -> str | None:
    meta = stored.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return str(version) if version else None


def _dangles(value: object, references: Mapping[str, str]) -> bool:
    urn = value.get("reference") if isinstance(value, dict) else None
    return isinstance(urn, str) and urn.startswith(_URN) and urn not in references
