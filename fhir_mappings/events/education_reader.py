"""Diabetes education as a record tells of it: referrals, bookings, and procedures that say what became of them.

A booking belongs to it where it is made for such a referral or has such a code; whatever else is booked or done is none of this room's.
What a status says is said, and no more: that somebody did not come stands there only where a booking or a code says so.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import get_args

from fhir_mappings.events.education_codes import EducationCodes
from fhir_mappings.events.event_rules import (
    EventContext,
    codings,
    dated,
    in_time,
    known_status,
    period_of,
    read_own,
    source_in,
    text_in,
    words_in,
)
from fhir_mappings.events.record_event import CodedStep, EducationStep, ReadEvents, RecordEvent
from fhir_mappings.r4.dates import Moment, parse_moment
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.references import references_in
from fhir_mappings.sentence import Sentence

_REFERRAL, _BOOKING, _PROCEDURE = Sentence("Education referral"), Sentence("Education booking"), Sentence("Education procedure")
# Of a request: http://hl7.org/fhir/R4/valueset-request-status.html. Only an order was sent to somebody (valueset-request-intent.html).
_REQUESTS: Mapping[str, EducationStep] = {
    "draft": "proposed",
    "active": "referred",
    "on-hold": "waiting",
    "revoked": "withdrawn",
    "completed": "referred",
    "unknown": "referred",
}
_ORDERS = frozenset({"directive", "order", "original-order", "reflex-order", "filler-order", "instance-order"})
# Of a booking: http://hl7.org/fhir/R4/valueset-appointmentstatus.html
_BOOKINGS: Mapping[str, EducationStep] = {
    "proposed": "requested",
    "pending": "requested",
    "waitlist": "waiting",
    "booked": "booked",
    "arrived": "came",
    "checked-in": "came",
    "fulfilled": "came",
    "cancelled": "cancelled",
    "noshow": "no_show",
}
# Of a procedure without a code of its own for what became of it, which may be one session of several:
# http://hl7.org/fhir/R4/valueset-event-status.html
_PROCEDURES: Mapping[str, EducationStep] = {
    "preparation": "under_way",
    "in-progress": "under_way",
    "on-hold": "under_way",
    "not-done": "not_done",
    "stopped": "stopped",
    "completed": "done",
    "unknown": "done",
}
_STEPS: tuple[CodedStep, ...] = get_args(CodedStep)
_DONE = frozenset({"completed", "unknown"})


def read_education(
    requests: Iterable[FhirJson],
    appointments: Iterable[FhirJson],
    procedures: Iterable[FhirJson],
    *,
    codes: EducationCodes,
    context: EventContext,
) -> ReadEvents:
    """Every step of a course, from ServiceRequests, Appointments and Procedures."""
    asked = [one for one in _objects(requests) if is_education(one, codes)]
    referrals = {source_in(one) for one in asked}
    booked = [one for one in _objects(appointments) if _is_of_course(one, referrals, codes, context)]
    done = [one for one in _objects(procedures) if _is_of_course(one, referrals, codes, context)]
    parts = (
        read_own(asked, partial(_referral, codes=codes, context=context), context, called=_REFERRAL),
        read_own(booked, partial(_booking, context=context), context, called=_BOOKING),
        read_own(done, partial(_procedure, codes=codes, context=context), context, called=_PROCEDURE),
    )
    return in_time([event for events, _ in parts for event in events], [skip for _, skipped in parts for skip in skipped])


def is_education(resource: FhirJson, codes: EducationCodes) -> bool:
    """Whether a request or a procedure has one of the codes."""
    return _coded(resource, codes) is not None


def _referral(request: FhirJson, *, codes: EducationCodes, context: EventContext) -> RecordEvent:
    when = parse_moment(request.get("authoredOn"), context.zone)
    status = known_status(request, _REQUESTS, {}, when=when)
    step = _REQUESTS[status]
    if step == "referred":
        step = (_coded(request, codes) or "referred") if text_in(request.get("intent")) in _ORDERS else "proposed"
    return _event(request, dated(when, context), status, step)


def _booking(appointment: FhirJson, *, context: EventContext) -> RecordEvent:
    when = parse_moment(appointment.get("start"), context.zone)
    status = known_status(appointment, _BOOKINGS, {}, when=when)
    return _event(appointment, dated(when, context, ahead=True), status, _BOOKINGS[status])


def _procedure(procedure: FhirJson, *, codes: EducationCodes, context: EventContext) -> RecordEvent:
    start, end = period_of(procedure.get("performedPeriod"), context.zone)
    when = parse_moment(procedure.get("performedDateTime"), context.zone) or start or end
    status = known_status(procedure, _PROCEDURES, {}, when=when)
    coded = _coded(procedure, codes)
    return _event(procedure, dated(when, context), status, coded if coded and status in _DONE else _PROCEDURES[status])


def _event(resource: FhirJson, when: Moment, status: str, step: EducationStep) -> RecordEvent:
    what = words_in(*(resource.get(name) for name in ("code", "serviceType", "appointmentType", "reasonCode")))
    return RecordEvent(kind="education", when=when, what=what, status=status, source=source_in(resource), step=step)


def _is_of_course(resource: FhirJson, referrals: Collection[str], codes: EducationCodes, context: EventContext) -> bool:
    made_for = references_in(resource.get("basedOn"), base=context.patient.base)
    return is_education(resource, codes) or any(reference in referrals for reference in made_for)


def _coded(resource: FhirJson, codes: EducationCodes) -> CodedStep | None:
    """The step its code stands for; of several the last, as that it was completed says that it was attended."""
    concepts = (resource.get(name) for name in ("code", "serviceType", "appointmentType", "reasonCode"))
    return max((codes[pair] for pair in codings(*concepts) if pair in codes), key=_STEPS.index, default=None)


def _objects(resources: Iterable[FhirJson]) -> Iterator[FhirJson]:
    return (one for one in resources if isinstance(one, dict))
