"""How a submission gets into the record: rungs tried from the fullest down, each only where server and scopes allow it.

Highest first. A further rung (DocumentReference, a companion server) is one more row of `RUNGS`; below the last one the
submission stays sealed. Nothing is sent twice blindly: after an outcome nobody knows, the climb stops."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal, cast

from msgspec import Struct
from msgspec.structs import replace

from smart_app.care.record.access import Powers
from smart_app.care.submission.sealed_submission import RESPONSE, Fate, Parcel, Part, Resource, parts_of
from smart_app.errors import Conflict, FhirError, NotSent, Unauthorized
from smart_app.fhir.client import EntryOutcome, FhirClient

State = Literal["acknowledged", "refused", "unknown", "sealed"]
Fates = Mapping[str, Fate]
_FIRST_FAILURE = 300
_TIMED_OUT = 408
_TOO_MANY = 429
_FIRST_FAULT = 500
_NOT_IMPLEMENTED = 501


class Sender(Struct, frozen=True, kw_only=True):
    """What a rung works with. `find` searches the server for the parts of a parcel; `keep` seals progress before the next part goes."""

    client: FhirClient
    powers: Powers
    find: Callable[[Parcel], Fates]
    keep: Callable[[Parcel], None]


class Attempt(Struct, frozen=True, kw_only=True):
    """The parcel after a rung, and how it must be kept. `refused` with nothing stored lets the next rung try."""

    parcel: Parcel
    state: State


class Rung(Struct, frozen=True, kw_only=True):
    """`step` in words for the receipt; `why_not` a sentence when the rung cannot be used."""

    key: str
    step: str
    why_not: Callable[[Powers], str | None]
    write: Callable[[Parcel, Sender], Attempt]


def climb(parcel: Parcel, sender: Sender) -> Attempt:
    """The outcome of the first rung that stored something or left it unknown; else the last refusal, else sealed as it was."""
    attempt = Attempt(parcel=replace(parcel, notes=(), reason=None, step=None), state="sealed")
    reasons: list[str] = []
    for rung in _rungs_for(parcel):
        reason = rung.why_not(sender.powers)
        if reason is None:
            noted = replace(attempt.parcel, step=rung.key, notes=tuple(reasons))
            attempt = rung.write(noted, sender)
            if attempt.state != "refused" or attempt.parcel.stored:
                return attempt
            reason = attempt.parcel.reason or ""
        reasons.append(f"Not as {rung.step}: {reason}")
    return replace(attempt, parcel=_kept(attempt.parcel, reasons))


def _kept(parcel: Parcel, reasons: list[str]) -> Parcel:
    """Nothing was stored: the reasons, each once."""
    plain = dict.fromkeys(reason.partition(": ")[2] for reason in reasons)
    return replace(parcel, step=None, notes=(), reason=" ".join(plain) or None)


def highest(powers: Powers) -> Rung | None:
    """The rung a submission would start with; None when it could only be kept."""
    return next((rung for rung in RUNGS if rung.why_not(powers) is None), None)


def step_words(key: str | None) -> str:
    """A rung's words for the receipt."""
    return next((rung.step for rung in RUNGS if rung.key == key), "kept in Rapport")


def judge(error: FhirError) -> State:
    """What a failed write means: `sealed` when it certainly was not processed and may be sent again later, `refused` when the server
    said no, `unknown` when it may have happened (no or a broken answer, a 5xx, an answer that is not FHIR)."""
    if isinstance(error, NotSent | Unauthorized) or error.status == _TOO_MANY:
        return "sealed"
    definite = _FIRST_FAILURE <= error.status < _FIRST_FAULT and error.status != _TIMED_OUT
    return "refused" if definite or error.status == _NOT_IMPLEMENTED else "unknown"


def _rungs_for(parcel: Parcel) -> tuple[Rung, ...]:
    """All rungs; for a submission of which some parts are stored, those that can add the rest."""
    return tuple(rung for rung in RUNGS if rung.key != "transaction") if parcel.stored else RUNGS


def _no_transaction(powers: Powers) -> str | None:
    """Why answers and scores cannot go as one transaction. Where Provenance may not be written, the transaction goes without it."""
    if powers.capabilities.transaction is False:
        return "The server does not offer transactions."
    return _first_why_not(powers, "QuestionnaireResponse", "Observation")


def _no_separate(powers: Powers) -> str | None:
    """Why answers and scores cannot go one by one."""
    return _first_why_not(powers, "QuestionnaireResponse", "Observation")


def _no_response_only(powers: Powers) -> str | None:
    """Why the answers cannot go alone. Where scores can go too, the rung above has tried the answers already."""
    refused = "The answers were not accepted." if _first_why_not(powers, "Observation") is None else None
    return _first_why_not(powers, "QuestionnaireResponse") or refused


def _first_why_not(powers: Powers, *types: str) -> str | None:
    return next((reason for kind in types if (reason := powers.why_not(kind, "create")) is not None), None)


def _in_one_transaction(parcel: Parcel, sender: Sender) -> Attempt:
    """All or nothing, of what may be created. HAPI answers racing equal transactions 409: then it is searched, and asked once more."""
    sealed = parcel.bundle
    parts = parts_of(sealed, parcel.key)
    refusals = {part.role: sender.powers.why_not(part.type, "create") for part in parts}
    parcel = parcel.with_fates({role: Fate(why=reason) for role, reason in refusals.items() if reason is not None})
    roles = [role for role, reason in refusals.items() if reason is None]
    bundle = _bundle([part for part in parts if part.role in roles], sender.powers)
    send = partial(sender.client.transaction, bundle, text=parcel.content if bundle == sealed else None)
    try:
        return _after_transaction(parcel, roles, send())
    except Conflict:
        return _after_conflict(parcel, roles, send, sender)
    except FhirError as error:
        return _failed(parcel, error)


def _after_conflict(parcel: Parcel, roles: Sequence[str], send: Callable[[], Sequence[EntryOutcome]], sender: Sender) -> Attempt:
    """What the other request stored, or the outcome of the second and last try."""
    found = parcel.with_fates(sender.find(parcel))
    if found.stored:
        return _after_search(found)
    try:
        return _after_transaction(parcel, roles, send())
    except FhirError as error:
        return _failed(parcel, error)


def _failed(parcel: Parcel, error: FhirError) -> Attempt:
    return Attempt(parcel=replace(parcel, reason=because(error)), state=judge(error))


def _after_search(found: Parcel) -> Attempt:
    """Equal resources were there: stored, and complete unless the search found only some."""
    return Attempt(parcel=found, state="unknown" if found.missing else "acknowledged")


def _after_transaction(parcel: Parcel, roles: Sequence[str], outcomes: Sequence[EntryOutcome]) -> Attempt:
    """What each entry's outcome says. An entry stored without a place is looked up by its identifier later."""
    fates = {role: _fate(outcome) for role, outcome in zip(roles, outcomes, strict=True)}
    placeless = any(outcome.stored is not None and outcome.stored.reference is None for outcome in outcomes)
    reason = "The server did not say where it stored everything." if placeless else None
    return Attempt(parcel=replace(parcel.with_fates(fates), reason=reason), state="unknown" if placeless else "acknowledged")


def _fate(outcome: EntryOutcome) -> Fate:
    if outcome.stored is None:
        return Fate(why=f"The server did not store it (HTTP {outcome.status}). {outcome.diagnostics}".strip())
    return Fate(reference=outcome.stored.reference, version=outcome.stored.version)


def _one_by_one(parcel: Parcel, sender: Sender) -> Attempt:
    """The parts not yet stored, each after those it refers to, with the real ids in place of the urns."""
    for part in sorted(parcel.missing, key=_references_within):
        attempt = _one(parcel, part, sender)
        parcel = attempt.parcel
        if attempt.state != "acknowledged":
            return attempt
        sender.keep(parcel)
    return Attempt(parcel=parcel, state="acknowledged")


def _one(parcel: Parcel, part: Part, sender: Sender) -> Attempt:
    """One part created. A part refused is noted and the others go on; without the answers nothing else is sent."""
    reason = sender.powers.why_not(part.type, "create")
    if reason is not None:
        return Attempt(parcel=parcel.with_fates({part.role: Fate(why=reason)}), state="acknowledged")
    try:
        fate = _created(parcel, part, sender)
    except FhirError as error:
        state, why = judge(error), because(error)
        noted = replace(parcel.with_fates({part.role: Fate(why=why)}), reason=why)
        goes_on = state == "refused" and part.role != RESPONSE
        return Attempt(parcel=replace(noted, reason=None) if goes_on else noted, state="acknowledged" if goes_on else state)
    return Attempt(parcel=parcel.with_fates({part.role: fate}), state="acknowledged")


def _created(parcel: Parcel, part: Part, sender: Sender) -> Fate:
    """The part's place. After a conflict the equal resource that was there first is searched for, as is one created nobody says where."""
    resource = cast("Resource", _with_real_references(part.resource, _references(parcel)))
    condition = part.if_none_exist if sender.powers.capabilities.conditional_create(part.type) is not False else None
    try:
        stored = sender.client.create(resource, if_none_exist=condition)
    except Conflict:
        found = sender.find(parcel).get(part.role)
        if found is None:
            raise
        return found
    if stored.reference is not None:
        return Fate(reference=stored.reference, version=stored.version)
    found = sender.find(parcel).get(part.role)
    if found is None:
        raise FhirError("The server did not say where it stored it.", status=201)
    return found


def _bundle(parts: Sequence[Part], powers: Powers) -> Resource:
    """The transaction of those parts, without `ifNoneExist` on types whose server says it has no conditional create: some refuse the
    whole for it."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(part, powers) for part in parts]}


def _entry(part: Part, powers: Powers) -> Resource:
    request = {"method": "POST", "url": part.type}
    if part.if_none_exist is not None and powers.capabilities.conditional_create(part.type) is not False:
        request["ifNoneExist"] = part.if_none_exist
    return {"fullUrl": part.full_url, "resource": part.resource, "request": request}


def _references(parcel: Parcel) -> dict[str, str]:
    """The real reference behind each urn whose part is stored."""
    known = {part.full_url: parcel.fate(part.role).reference for part in parcel.parts}
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


def _references_within(part: Part) -> int:
    """How many other parts it refers to: answers none, a score one, the panel its scores, Provenance all."""
    return str(part.resource).count("urn:uuid:")


def because(error: FhirError) -> str:
    """The sentence for the receipt, with the server's own words where it gave any."""
    return f"{error.user_message} The server said: {error.diagnostics}" if error.diagnostics else error.user_message


RUNGS: tuple[Rung, ...] = (
    Rung(key="transaction", step="one transaction", why_not=_no_transaction, write=_in_one_transaction),
    Rung(key="separate", step="separate steps, in order", why_not=_no_separate, write=_one_by_one),
    Rung(key="response", step="answers only", why_not=_no_response_only, write=_one_by_one),
)


def why_not_write(allowed: Powers) -> str | None:
    """Why not even the answers can be stored; None when they can."""
    return allowed.why_not("QuestionnaireResponse", "create") if highest(allowed) is None else None
