"""How a submission gets into the record: rungs tried from the fullest down, each only where server and scopes allow it.

Highest first. A further rung (DocumentReference, a companion server) is one more row of `RUNGS`; below the last one the
submission stays sealed. Nothing is sent twice blindly: after an outcome nobody knows, the climb stops."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal, cast

from msgspec import Struct
from msgspec.structs import replace

from smart_app.care.record.access import Permissions
from smart_app.care.submission.sealed_submission import RESPONSE, SealedSubmission, SubmissionPart, WriteOutcome, parts_of
from smart_app.errors import Conflict, FhirError, NotSent, Unauthorized
from smart_app.fhir.client import EntryOutcome, FhirClient, Resource

State = Literal["acknowledged", "accepted", "refused", "unknown", "sealed"]
Fates = Mapping[str, WriteOutcome]
_FIRST_FAILURE = 300
_TIMED_OUT = 408
_TOO_MANY = 429
_FIRST_FAULT = 500
_NOT_IMPLEMENTED = 501


class Sender(Struct, frozen=True, kw_only=True):
    """What a rung works with. `find` searches the server for the parts of a submission; `keep` seals progress before the next part goes."""

    client: FhirClient
    permissions: Permissions
    find: Callable[[SealedSubmission], Fates]
    keep: Callable[[SealedSubmission], None]


class Attempt(Struct, frozen=True, kw_only=True):
    """The submission after a rung, and how it must be kept. `refused` with nothing stored lets the next rung try."""

    sealed: SealedSubmission
    state: State


class Rung(Struct, frozen=True, kw_only=True):
    """`step` in words for the receipt; `why_not` a sentence when the rung cannot be used."""

    key: str
    step: str
    why_not: Callable[[Permissions], str | None]
    write: Callable[[SealedSubmission, Sender], Attempt]


def climb(sealed: SealedSubmission, sender: Sender) -> Attempt:
    """The outcome of the first rung that stored something or left it unknown; else the last refusal, else sealed as it was."""
    attempt = Attempt(sealed=replace(sealed, notes=(), reason=None, step=None), state="sealed")
    reasons: list[str] = []
    for rung in _rungs_for(sealed):
        reason = rung.why_not(sender.permissions)
        if reason is None:
            noted = replace(attempt.sealed, step=rung.key, notes=tuple(reasons))
            attempt = rung.write(noted, sender)
            if attempt.state != "refused" or attempt.sealed.stored:
                return attempt
            reason = attempt.sealed.reason or ""
        reasons.append(f"Not as {rung.step}: {reason}")
    return replace(attempt, sealed=_kept(attempt.sealed, reasons))


def _kept(sealed: SealedSubmission, reasons: list[str]) -> SealedSubmission:
    """Nothing was stored: the reasons, each once."""
    plain = dict.fromkeys(reason.partition(": ")[2] for reason in reasons)
    return replace(sealed, step=None, notes=(), reason=" ".join(plain) or None)


def highest(permissions: Permissions) -> Rung | None:
    """The rung a submission would start with; None when it could only be kept."""
    return next((rung for rung in RUNGS if rung.why_not(permissions) is None), None)


def step_words(key: str | None) -> str:
    """A rung's words for the receipt."""
    return next((rung.step for rung in RUNGS if rung.key == key), "kept in Rapport")


def judge(error: FhirError) -> State:
    """What a failed write means: `whole` when it certainly was not processed and may be sent again later, `refused` when the server
    said no, `unknown` when it may have happened (no or a broken answer, a 5xx, an answer that is not FHIR)."""
    if isinstance(error, NotSent | Unauthorized) or error.status == _TOO_MANY:
        return "sealed"
    definite = _FIRST_FAILURE <= error.status < _FIRST_FAULT and error.status != _TIMED_OUT
    return "refused" if definite or error.status == _NOT_IMPLEMENTED else "unknown"


def _rungs_for(sealed: SealedSubmission) -> tuple[Rung, ...]:
    """All rungs; for a submission of which some parts are stored, those that can add the rest."""
    return tuple(rung for rung in RUNGS if rung.key != "transaction") if sealed.stored else RUNGS


def _no_transaction(permissions: Permissions) -> str | None:
    """Why answers and scores cannot go as one transaction. Where Provenance may not be written, the transaction goes without it."""
    if permissions.capabilities.transaction is False:
        return "The server does not offer transactions."
    return _first_why_not(permissions, "QuestionnaireResponse", "Observation")


def _no_separate(permissions: Permissions) -> str | None:
    """Why answers and scores cannot go one by one."""
    return _first_why_not(permissions, "QuestionnaireResponse", "Observation")


def _no_response_only(permissions: Permissions) -> str | None:
    """Why the answers cannot go alone. Where scores can go too, the rung above has tried the answers already."""
    refused = "The answers were not accepted." if _first_why_not(permissions, "Observation") is None else None
    return _first_why_not(permissions, "QuestionnaireResponse") or refused


def _first_why_not(permissions: Permissions, *types: str) -> str | None:
    return next((reason for kind in types if (reason := permissions.why_not(kind, "create")) is not None), None)


def _in_one_transaction(sealed: SealedSubmission, sender: Sender) -> Attempt:
    """All or nothing, of what may be created. HAPI answers racing equal transactions 409: then it is searched, and asked once more."""
    whole = sealed.bundle
    parts = parts_of(whole, sealed.key)
    refusals = {part.role: sender.permissions.why_not(part.type, "create") for part in parts}
    sealed = sealed.with_outcomes({role: WriteOutcome(why=reason) for role, reason in refusals.items() if reason is not None})
    roles = [role for role, reason in refusals.items() if reason is None]
    bundle = _bundle([part for part in parts if part.role in roles], sender.permissions)
    send = partial(sender.client.transaction, bundle, text=sealed.content if bundle == whole else None)
    try:
        return _after_transaction(sealed, roles, send())
    except Conflict:
        return _after_conflict(sealed, roles, send, sender)
    except FhirError as error:
        return _failed(sealed, error)


def _after_conflict(sealed: SealedSubmission, roles: Sequence[str], send: Callable[[], Sequence[EntryOutcome]], sender: Sender) -> Attempt:
    """What the other request stored, or the outcome of the second and last try."""
    found = sealed.with_outcomes(sender.find(sealed))
    if found.stored:
        return _after_search(found)
    try:
        return _after_transaction(sealed, roles, send())
    except FhirError as error:
        return _failed(sealed, error)


def _failed(sealed: SealedSubmission, error: FhirError) -> Attempt:
    return Attempt(sealed=replace(sealed, reason=failure_sentence(error)), state=judge(error))


def _after_search(found: SealedSubmission) -> Attempt:
    """Equal resources were there: stored, and complete unless the search found only some."""
    return Attempt(sealed=found, state="unknown" if found.missing else "acknowledged")


def _after_transaction(sealed: SealedSubmission, roles: Sequence[str], outcomes: Sequence[EntryOutcome]) -> Attempt:
    """What each entry's outcome says. An entry stored without a place is looked up by its identifier later."""
    written = {role: _write_outcome(outcome) for role, outcome in zip(roles, outcomes, strict=True)}
    placeless = any(outcome.stored is not None and outcome.stored.reference is None for outcome in outcomes)
    reason = "The server did not say where it stored everything." if placeless else None
    return Attempt(sealed=replace(sealed.with_outcomes(written), reason=reason), state="unknown" if placeless else "acknowledged")


def _write_outcome(outcome: EntryOutcome) -> WriteOutcome:
    if outcome.stored is None:
        return WriteOutcome(why=f"The server did not store it (HTTP {outcome.status}). {outcome.diagnostics}".strip())
    return WriteOutcome(reference=outcome.stored.reference, version=outcome.stored.version)


def _one_by_one(sealed: SealedSubmission, sender: Sender) -> Attempt:
    """The parts not yet stored, each after those it refers to, with the real ids in place of the urns."""
    for part in sorted(sealed.missing, key=_references_within):
        attempt = _one(sealed, part, sender)
        sealed = attempt.sealed
        if attempt.state != "acknowledged":
            return attempt
        sender.keep(sealed)
    return Attempt(sealed=sealed, state="acknowledged")


def _one(sealed: SealedSubmission, part: SubmissionPart, sender: Sender) -> Attempt:
    """One part created. A part refused is noted and the others go on; without the answers nothing else is sent."""
    reason = sender.permissions.why_not(part.type, "create")
    if reason is not None:
        return Attempt(sealed=sealed.with_outcomes({part.role: WriteOutcome(why=reason)}), state="acknowledged")
    try:
        outcome = _created(sealed, part, sender)
    except FhirError as error:
        state, why = judge(error), failure_sentence(error)
        noted = replace(sealed.with_outcomes({part.role: WriteOutcome(why=why)}), reason=why)
        goes_on = state == "refused" and part.role != RESPONSE
        return Attempt(sealed=replace(noted, reason=None) if goes_on else noted, state="acknowledged" if goes_on else state)
    return Attempt(sealed=sealed.with_outcomes({part.role: outcome}), state="acknowledged")


def _created(sealed: SealedSubmission, part: SubmissionPart, sender: Sender) -> WriteOutcome:
    """The part's place. After a conflict the equal resource that was there first is searched for, as is one created nobody says where."""
    resource = cast("Resource", _with_real_references(part.resource, _references(sealed)))
    condition = part.if_none_exist if sender.permissions.capabilities.conditional_create(part.type) is not False else None
    try:
        stored = sender.client.create(resource, if_none_exist=condition)
    except Conflict:
        found = sender.find(sealed).get(part.role)
        if found is None:
            raise
        return found
    if stored.reference is not None:
        return WriteOutcome(reference=stored.reference, version=stored.version)
    found = sender.find(sealed).get(part.role)
    if found is None:
        raise FhirError("The server did not say where it stored it.", status=201)
    return found


def _bundle(parts: Sequence[SubmissionPart], permissions: Permissions) -> Resource:
    """The transaction of those parts, without `ifNoneExist` on types whose server says it has no conditional create: some refuse the
    whole for it."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(part, permissions) for part in parts]}


def _entry(part: SubmissionPart, permissions: Permissions) -> Resource:
    request = {"method": "POST", "url": part.type}
    if part.if_none_exist is not None and permissions.capabilities.conditional_create(part.type) is not False:
        request["ifNoneExist"] = part.if_none_exist
    return {"fullUrl": part.full_url, "resource": part.resource, "request": request}


def _references(sealed: SealedSubmission) -> dict[str, str]:
    """The real reference behind each urn whose part is stored."""
    known = {part.full_url: sealed.outcome_of(part.role).reference for part in sealed.parts}
    return {urn: reference for urn, reference in known.items() if reference is not None}


def _with_real_references(value: object, references: Mapping[str, str]) -> object:
    """`value` with urns replaced. A reference to a part that is not stored is left out: it would dangle."""
    if isinstance(value, list):
        return [_with_real_references(entry, references) for entry in value if not _dangles(entry, references)]
    if not isinstance(value, dict):
        return value
    kept = {key: _with_real_references(entry, references) for key, entry in value.items() if not _dangles(entry, references)}
    urn = value.get("reference")
    return {**kept, "reference": references.get(urn, urn)} if isinstance(urn, str) else kept


def _dangles(value: object, references: Mapping[str, str]) -> bool:
    urn = value.get("reference") if isinstance(value, dict) else None
    return isinstance(urn, str) and urn.startswith("urn:uuid:") and urn not in references


def _references_within(part: SubmissionPart) -> int:
    """How many other parts it refers to: answers none, a score one, the panel its scores, Provenance all."""
    return str(part.resource).count("urn:uuid:")


def failure_sentence(error: FhirError) -> str:
    """The sentence for the receipt, with the server's own words where it gave any."""
    return f"{error.user_message} The server said: {error.diagnostics}" if error.diagnostics else error.user_message


RUNGS: tuple[Rung, ...] = (
    Rung(key="transaction", step="one transaction", why_not=_no_transaction, write=_in_one_transaction),
    Rung(key="separate", step="separate steps, in order", why_not=_no_separate, write=_one_by_one),
    Rung(key="response", step="answers only", why_not=_no_response_only, write=_one_by_one),
)


def why_not_write(allowed: Permissions) -> str | None:
    """Why not even the answers can be stored; None when they can."""
    return allowed.why_not("QuestionnaireResponse", "create") if highest(allowed) is None else None
