"""How a submission gets into the record: rungs tried from the fullest down, each only where server and scopes allow it.

Highest first. A further rung (DocumentReference, a companion server) is one more row of `RUNGS`; below the last one the
submission stays sealed. Nothing is sent twice blindly: after an outcome nobody knows, the climb stops."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence, full_sentence, joined
from smart_app.care.record.access import Permissions
from smart_app.care.submission.judgement import SAID_NO, UNCERTAIN, of_entry, of_error, of_written, uncertain
from smart_app.care.submission.outcome_search import Found
from smart_app.care.submission.real_references import places_of, references_within, repair_references, with_real_references
from smart_app.care.submission.sealed_submission import PROVENANCE, RESPONSE, SealedSubmission, SubmissionPart, WriteOutcome, parts_of
from smart_app.errors import Conflict, FhirError
from smart_app.fhir.client import EntryOutcome, FhirClient, Resource

_NOT_LISTED = Sentence("The server was searched for it and does not list it.")


class Sender(Struct, frozen=True, kw_only=True):
    """What a rung works with. `find` searches the server for the parts of a submission; `keep` seals progress before the next part goes."""

    client: FhirClient
    permissions: Permissions
    find: Callable[[SealedSubmission], Found]
    keep: Callable[[SealedSubmission], None]


class Rung(Struct, frozen=True, kw_only=True):
    """`step` in words for the receipt; `why_not` a sentence when the rung cannot be used."""

    key: str
    step: Sentence
    why_not: Callable[[Permissions], Sentence | None]
    write: Callable[[SealedSubmission, Sender], SealedSubmission]


def climb(sealed: SealedSubmission, sender: Sender) -> SealedSubmission:
    """The submission after the first rung that stored something, left it unknown or has to wait; else with the last refusal, else as it
    was. Parts of unknown outcome are sent only where the server tells an equal one."""
    if not _may_be_sent(sealed, RESPONSE, sender):
        return sealed
    reasons: list[tuple[Rung, Sentence]] = []
    for rung in _rungs_for(sealed):
        reason = rung.why_not(sender.permissions)
        if reason is None:
            sealed = rung.write(replace(sealed, step=rung.key, notes=_notes(reasons), reason=None), sender)
            if not _may_go_on(sealed):
                return sealed
            reason = sealed.reason or _TRIED
        reasons.append((rung, reason))
    return _kept(sealed, [reason for _, reason in reasons])


def _notes(reasons: Iterable[tuple[Rung, Sentence]]) -> tuple[Sentence, ...]:
    """Why the better ways were not open, each by its name."""
    return tuple(Sentence("Not as {way}: {reason}", way=rung.step, reason=reason) for rung, reason in reasons)


def _may_go_on(sealed: SealedSubmission) -> bool:
    """Whether another way may be tried: the server has said no to the answers, and has stored nothing."""
    return not sealed.stored and sealed.outcome_of(RESPONSE).became in SAID_NO


def _kept(sealed: SealedSubmission, reasons: Sequence[Sentence]) -> SealedSubmission:
    """Nothing was stored: the reasons, each once and with a full stop, which a server's own words may lack. What was stored earlier was so
    by the step of then, as no way was tried since."""
    each = dict.fromkeys(reasons)
    said = [reason for reason in each if reason is not _TRIED] or each
    reason = joined(" ", [full_sentence(one) for one in said]) or None
    return replace(sealed, step=sealed.step if sealed.stored else None, notes=(), reason=reason)


def highest(permissions: Permissions) -> Rung | None:
    """The rung a submission would start with; None when it could only be kept."""
    return next((rung for rung in RUNGS if rung.why_not(permissions) is None), None)


def step_words(key: str | None) -> Sentence:
    """A rung's words for the receipt."""
    return next((rung.step for rung in RUNGS if rung.key == key), _KEPT)


_KEPT = Sentence("kept in Rapport")


def with_found(sealed: SealedSubmission, found: Found) -> SealedSubmission:
    """The submission with what a search says: what was found is stored, what may have been and is not there has to be sent still. What
    failed for the moment, and cannot be searched for either, is not known: nothing will be sent of it blindly."""
    absent = uncertain(sealed) & found.absent
    unsure = {role for role in uncertain(sealed) - absent if sealed.outcome_of(role).became == "failed"}
    known = sealed.with_outcomes({role: WriteOutcome(why=_NOT_LISTED, became="waiting") for role in absent})
    known = known.with_outcomes({role: replace(sealed.outcome_of(role), became="unknown") for role in unsure})
    known = known.with_outcomes(found.outcomes)
    answers = known.outcome_of(RESPONSE)
    return replace(known, reason=None if answers.reference else sealed.reason or answers.why)


def _rungs_for(sealed: SealedSubmission) -> tuple[Rung, ...]:
    """All rungs; for a submission of which some parts are stored, or may be, those that send each part by itself."""
    begun = sealed.stored or uncertain(sealed)
    return tuple(rung for rung in RUNGS if rung.key != "transaction") if begun else RUNGS


def _may_be_sent(sealed: SealedSubmission, role: str, sender: Sender) -> bool:
    """Whether sending it can double nothing: it is stored already or certainly not there, or the server tells an equal one by itself."""
    if sealed.outcome_of(role).became not in UNCERTAIN:
        return True
    part = next(part for part in sealed.parts if part.role == role)
    return part.if_none_exist is not None and sender.permissions.capabilities.conditional_create(part.type) is True


def _no_transaction(permissions: Permissions) -> Sentence | None:
    """Why answers and scores cannot go as one transaction. Where Provenance may not be written, the transaction goes without it."""
    if permissions.capabilities.transaction is False:
        return Sentence("The server does not offer transactions.")
    return _first_why_not(permissions, "QuestionnaireResponse", "Observation")


def _no_separate(permissions: Permissions) -> Sentence | None:
    """Why answers and scores cannot go one by one."""
    return _first_why_not(permissions, "QuestionnaireResponse", "Observation")


def _no_response_only(permissions: Permissions) -> Sentence | None:
    """Why the answers cannot go alone. Where scores can go too, the rung above has tried the answers already."""
    refused = _TRIED if _first_why_not(permissions, "Observation") is None else None
    return _first_why_not(permissions, "QuestionnaireResponse") or refused


# Says nothing that the refusal did not.
_TRIED = Sentence("The answers were not accepted.")


def _first_why_not(permissions: Permissions, *types: str) -> Sentence | None:
    return next((reason for kind in types if (reason := permissions.why_not(kind, "create")) is not None), None)


def _in_one_transaction(sealed: SealedSubmission, sender: Sender) -> SealedSubmission:
    """All or nothing, of what may be created. HAPI answers racing equal transactions 409: then it is searched, and asked once more."""
    whole = sealed.bundle
    parts = parts_of(whole, sealed.key)
    refusals = {part.role: sender.permissions.why_not(part.type, "create") for part in parts}
    sealed = sealed.with_outcomes(
        {role: WriteOutcome(why=reason, became="left_out") for role, reason in refusals.items() if reason is not None}
    )
    roles = [role for role, reason in refusals.items() if reason is None]
    bundle = _bundle([part for part in parts if part.role in roles], sender.permissions)
    send = partial(sender.client.transaction, bundle, text=sealed.content if bundle == whole else None)
    try:
        return _after_transaction(sealed, roles, send(), sender)
    except Conflict:
        return _after_conflict(sealed, roles, send, sender)
    except FhirError as error:
        return _failed(sealed, roles, error)


def _after_conflict(
    sealed: SealedSubmission, roles: Sequence[str], send: Callable[[], Sequence[EntryOutcome]], sender: Sender
) -> SealedSubmission:
    """What the other request stored, and the rest as unknown while that one may be at it; else the outcome of the second and last try."""
    found = sealed.with_outcomes(sender.find(sealed).outcomes)
    if found.stored:
        return found.with_outcomes({role: _UNDER_WAY for role in roles if role not in found.stored})
    try:
        return _after_transaction(sealed, roles, send(), sender)
    except FhirError as error:
        return _failed(sealed, roles, error)


_UNDER_WAY = WriteOutcome(why=Sentence("Another request was storing the same at that moment."), became="unknown")


def _failed(sealed: SealedSubmission, roles: Iterable[str], error: FhirError) -> SealedSubmission:
    """The whole of it failed in the same way."""
    outcome = of_error(error)
    return replace(sealed.with_outcomes(dict.fromkeys(roles, outcome)), reason=outcome.why)


def _after_transaction(
    sealed: SealedSubmission, roles: Sequence[str], outcomes: Sequence[EntryOutcome], sender: Sender
) -> SealedSubmission:
    """What each entry's outcome says. Where some were stored, those that failed for the moment are tried again at once, each by itself:
    what was stored waits for them."""
    judged = sealed.with_outcomes({role: of_entry(outcome) for role, outcome in zip(roles, outcomes, strict=True)})
    if not judged.stored:
        return replace(judged, reason=judged.outcome_of(RESPONSE).why)
    if not any(outcome.became in {"failed", "waiting"} for outcome in judged.outcomes.values()):
        return judged
    sender.keep(judged)
    # Of an entry of which it says nothing a search says nothing either, just after it.
    return complete(with_found(judged, sender.find(replace(judged, sent=None))), sender)


def complete(sealed: SealedSubmission, sender: Sender) -> SealedSubmission:
    """The parts that can be sent without doubling any, one by one; what was stored before then refers to them."""
    earlier = sealed.stored
    done = _one_by_one(sealed, sender)
    if not earlier or (done.stored == earlier and not done.loose):
        return done
    return repair_references(done, earlier, client=sender.client, why_not_update=lambda kind: sender.permissions.why_not(kind, "update"))


def _one_by_one(sealed: SealedSubmission, sender: Sender) -> SealedSubmission:
    """Each part after those it refers to, with the real ids in place of the urns. It stops without the answers, and where asking on
    would only wait once more."""
    for part in sorted(sealed.missing, key=references_within):
        if part.role != RESPONSE and sealed.outcome_of(RESPONSE).reference is None:
            break
        if part.role == PROVENANCE and PROVENANCE in uncertain(sealed):
            # It is found by the place of the answers, which may be known only now.
            sealed = with_found(sealed, sender.find(sealed))
        if part.role in sealed.stored or not _may_be_sent(sealed, part.role, sender):
            continue
        sealed = _one(sealed, part, sender)
        outcome = sealed.outcome_of(part.role)
        if outcome.became in _STOPS or (part.role == RESPONSE and outcome.reference is None):
            return replace(sealed, reason=outcome.why)
        sender.keep(sealed)
    return sealed


_STOPS = frozenset({"waiting", "expired", "unknown"})


def _one(sealed: SealedSubmission, part: SubmissionPart, sender: Sender) -> SealedSubmission:
    """One part created, or what became of it instead."""
    reason = sender.permissions.why_not(part.type, "create")
    if reason is not None:
        return sealed.with_outcomes({part.role: WriteOutcome(why=reason, became="left_out")})
    try:
        outcome = _created(sealed, part, sender)
    except FhirError as error:
        outcome = of_error(error)
    return sealed.with_outcomes({part.role: outcome})


def _created(sealed: SealedSubmission, part: SubmissionPart, sender: Sender) -> WriteOutcome:
    """The part's place. After a conflict the equal resource that was there first is searched for, as is one created nobody says where."""
    resource = cast("Resource", with_real_references(part.resource, places_of(sealed)))
    condition = part.if_none_exist if sender.permissions.capabilities.conditional_create(part.type) is not False else None
    try:
        stored = of_written(sender.client.create(resource, if_none_exist=condition))
    except Conflict:
        found = sender.find(sealed).outcomes.get(part.role)
        if found is None:
            raise
        return found
    return stored if stored.reference is not None else sender.find(sealed).outcomes.get(part.role, stored)


def _bundle(parts: Sequence[SubmissionPart], permissions: Permissions) -> Resource:
    """The transaction of those parts, without `ifNoneExist` on types whose server says it has no conditional create: some refuse the
    whole for it."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(part, permissions) for part in parts]}


def _entry(part: SubmissionPart, permissions: Permissions) -> Resource:
    request = {"method": "POST", "url": part.type}
    if part.if_none_exist is not None and permissions.capabilities.conditional_create(part.type) is not False:
        request["ifNoneExist"] = part.if_none_exist
    return {"fullUrl": part.full_url, "resource": part.resource, "request": request}


RUNGS: tuple[Rung, ...] = (
    Rung(key="transaction", step=Sentence("one transaction"), why_not=_no_transaction, write=_in_one_transaction),
    Rung(key="separate", step=Sentence("separate steps, in order"), why_not=_no_separate, write=complete),
    Rung(key="response", step=Sentence("answers only"), why_not=_no_response_only, write=complete),
)


def why_not_write(allowed: Permissions) -> Sentence | None:
    """Why not even the answers can be stored; None when they can, as there is a way for them alone."""
    return allowed.why_not("QuestionnaireResponse", "create")
