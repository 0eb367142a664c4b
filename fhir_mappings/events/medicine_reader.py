"""MedicationRequests as medicines, each at the earliest request of it. That is the first in what was read: a record begins where it begins,
and a request says that something was prescribed, neither that it was taken nor that it had not been before."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.events.event_rules import (
    EventContext,
    NotDrawn,
    codings,
    dated,
    in_time,
    known_status,
    read_own,
    source_in,
    text_in,
    words_in,
)
from fhir_mappings.events.record_event import ReadEvents, RecordEvent
from fhir_mappings.r4.dates import parse_moment, position
from fhir_mappings.r4.display import cut
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.references import reference_in
from fhir_mappings.sentence import Sentence

_CALLED = Sentence("Medicine")
# http://hl7.org/fhir/R4/valueset-medicationrequest-status.html
_PRESCRIBED = frozenset({"active", "on-hold", "completed", "stopped", "unknown"})
_WAS_NOT = {
    "cancelled": Sentence("The source says: cancelled, which is before any of it was given."),
    "draft": Sentence("The source says: draft. Nothing was prescribed yet."),
}
# http://hl7.org/fhir/R4/valueset-medicationrequest-intent.html
_NO_ORDERS = frozenset({"proposal", "plan", "option"})
_NOT_ORDERED = Sentence("It is a plan or a proposal, and no order.")
_Keys = frozenset[tuple[str, str]]


class _Medicine(Struct):
    """One medicine: what it is known by, and its requests, oldest first in the end; `undated` where one of them has no date."""

    keys: set[tuple[str, str]]
    requests: list[RecordEvent]
    undated: bool = False


def read_medicines(requests: Iterable[FhirJson], context: EventContext) -> ReadEvents:
    """Every medicine once, at its earliest request. Requests are of one medicine where they share a code, or where they have none and are
    called alike; a code of another strength or package is another medicine."""
    keyed: list[tuple[_Keys, RecordEvent]] = []
    undated: list[_Keys] = []

    def read(request: FhirJson) -> RecordEvent:
        keys = _keys(request, context.patient.base)
        try:
            event = _request(request, context)
        except NotDrawn as why:
            if why.code == "date_missing":
                undated.append(keys)
            raise
        keyed.append((keys, event))
        return event

    _, skipped = read_own(requests, read, context, called=_CALLED)
    medicines = _sorted_out(keyed)
    for keys in undated:
        for medicine in medicines:
            medicine.undated = medicine.undated or not medicine.keys.isdisjoint(keys)
    return in_time(map(_earliest, medicines), skipped)


def _request(request: FhirJson, context: EventContext) -> RecordEvent:
    when = parse_moment(request.get("authoredOn"), context.zone)
    status = known_status(request, _PRESCRIBED, _WAS_NOT, when=when)
    if text_in(request.get("intent")) in _NO_ORDERS:
        raise NotDrawn("not_ordered", _NOT_ORDERED, when=when)
    return RecordEvent(
        kind="medicine",
        when=dated(when, context),
        what=words_in(request.get("medicationCodeableConcept"), *_behind_reference(request)) or _bare_code(request),
        status=status,
        source=source_in(request),
        replaces=isinstance(request.get("priorPrescription"), dict),
        reported=request.get("reportedBoolean") is True or isinstance(request.get("reportedReference"), dict),
    )


def _earliest(medicine: _Medicine) -> RecordEvent:
    first = min(medicine.requests, key=lambda event: position(event.when))
    latest = max(medicine.requests, key=lambda event: position(event.when))
    what = first.what or next((one.what for one in medicine.requests if one.what), "")
    several = {"latest": latest.when, "latest_status": latest.status} if latest is not first else {}
    return replace(first, what=what, requests=len(medicine.requests), certain=not medicine.undated, **several)


def _sorted_out(requests: Sequence[tuple[_Keys, RecordEvent]]) -> list[_Medicine]:
    """Requests by medicine. One that has codes of two makes them one."""
    of_key: dict[tuple[str, str], _Medicine] = {}
    medicines: list[_Medicine] = []
    for keys, event in requests:
        known = _known(keys, of_key)
        medicine = known[0] if known else _Medicine(keys=set(), requests=[])
        for other in known[1:]:
            medicine.requests += other.requests
            medicine.keys |= other.keys
            medicines.remove(other)
        if not known:
            medicines.append(medicine)
        medicine.requests.append(event)
        medicine.keys |= keys
        of_key.update(dict.fromkeys(medicine.keys, medicine))
    return medicines


def _known(keys: _Keys, of_key: Mapping[tuple[str, str], _Medicine]) -> list[_Medicine]:
    """The medicines that have these keys, each once."""
    found: list[_Medicine] = []
    for medicine in (of_key[key] for key in sorted(keys) if key in of_key):
        if not any(medicine is other for other in found):
            found.append(medicine)
    return found


def _keys(request: FhirJson, base: str) -> _Keys:
    """What a medicine is told from others by: its codes; without one the Medication it names, else how it is called, else the request."""
    concepts = [request.get("medicationCodeableConcept"), *(one.get("code") for one in _contained(request))]
    codes = frozenset(codings(*concepts))
    if codes:
        return codes
    named = reference_in(request.get("medicationReference"), base=base)
    if named is not None:
        return frozenset({("", named)})
    called = words_in(*concepts, *_behind_reference(request))
    return frozenset({("", called.casefold() or source_in(request))})


def _bare_code(request: FhirJson) -> str:
    """The code of one that nobody named: more than nothing to who knows it."""
    concepts = [request.get("medicationCodeableConcept"), *(one.get("code") for one in _contained(request))]
    return next((cut(code) for _, code in codings(*concepts)), "")


def _behind_reference(request: FhirJson) -> list[object]:
    """What a request says of a Medication that it refers to: the words beside the reference, and the code of one inside itself."""
    return [request.get("medicationReference"), *(one.get("code") for one in _contained(request))]


def _contained(request: FhirJson) -> list[FhirJson]:
    """The Medication inside the request that it refers to."""
    node = request.get("medicationReference")
    written = node.get("reference") if isinstance(node, dict) else None
    inside = request.get("contained")
    if not isinstance(written, str) or not written.startswith("#") or not isinstance(inside, list):
        return []
    return [one for one in inside if isinstance(one, dict) and one.get("id") == written[1:]]
