"""A one-time link to a form, for the patient's own device: made by staff, guarded by the full birth date, ended by use, staff or time.

It is offered only from a launch that may store answers, and holds what that launch was granted. The rated clinician is whoever made it."""

from datetime import date, timedelta
from functools import partial
from typing import Literal

from msgspec.structs import replace

from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.sentence import NOTHING, Sentence
from smart_app.care.record.access import permissions
from smart_app.care.record.own_device import OwnDevice
from smart_app.care.record.record import ChartRecord, Record
from smart_app.care.submission.begin import BlankForm
from smart_app.care.submission.build_receipt import outcome_kept, receipt
from smart_app.care.submission.receipt import Outcome
from smart_app.care.submission.visit_state import visit_now
from smart_app.care.submission.write_ladder import why_not_write
from smart_app.errors import NotOffered, SessionError
from smart_app.services import AppServices
from smart_app.store import BornTried, LinkEntry, NewEntry, NewLink, OneTimeLink, Transaction, patient_as_author

# "room": its code is on the screen or on paper, and used at once; "sent": by whatever means the clinic has.
Use = Literal["room", "sent"]
_IN_ROOM = timedelta(minutes=30)


def why_no_link(record: ChartRecord, draft: BlankForm) -> Sentence:
    """Why no link is offered for that form, to staff; "" where one is."""
    if draft.stopped:
        return draft.stopped
    if draft.from_paper:
        return Sentence("This form is filled in on paper.")
    if draft.patient.born is None:
        return Sentence("The record has no full birth date, which guards the link, so none is made.")
    if why_not_write(permissions(record)) is not None:
        return Sentence("Answers cannot be stored in this record with this sign-in, so no link is made.")
    return NOTHING


def make_link(record: ChartRecord, draft: BlankForm, *, use: Use) -> NewLink:
    """A new link for that form at this visit; those of before end. NotOffered where none is."""
    settings, store = record.services.settings, record.services.store
    if why := why_no_link(record, draft):
        raise NotOffered(why)
    lasts = _IN_ROOM if use == "room" else timedelta(hours=settings.link_hours)
    if not lasts:
        raise NotOffered(Sentence("This site makes no links to send."))
    with store.database.begin() as together:
        new = store.links.make(
            record.launch,
            record.context,
            draft.patient,
            slug=draft.instrument.slug,
            visit=visit_now(record),
            lasts=lasts,
            in_room=use == "room",
            within=together,
        )
        detail = {"link": new.id, "form": draft.instrument.slug, "use": use, "ends": list(new.ended)}
        store.audit.add("link_made", launch_id=record.launch, context=record.context, detail=detail, within=together)
    return new


def links_of_visit(record: ChartRecord) -> tuple[OneTimeLink, ...]:
    """The links of this patient's visit, and whichever are still good, the newest first."""
    now, visit, context = record.services.clock(), visit_now(record), record.context
    found = record.services.store.links.of_patient(context.iss, context.patient)
    return tuple(one for one in found if one.visit == visit or (one.live and one.expires > now))


def end_link(record: ChartRecord, link: str) -> None:
    """End one of this patient's. SessionError where they have no such link; one that is over stays as it is."""
    store, context = record.services.store, record.context
    if link not in {one.id for one in store.links.of_patient(context.iss, context.patient)}:
        raise SessionError(Sentence("This patient has no such link."), next_step=Sentence("Go back to the history."))
    with store.database.begin() as together:
        if store.links.end(link, within=together):
            store.audit.add("link_ended", launch_id=record.launch, context=context, detail={"link": link}, within=together)


def pass_guard(services: AppServices, link: OneTimeLink, *, born: date, answering: Answering) -> NewEntry | BornTried:
    """Let a browser in that gives the birth date; what became of it otherwise. Either is recorded."""
    store = services.store
    with store.database.begin() as together:
        tried = store.links.try_born(link.id, born, within=together)
        record = partial(store.audit.add, launch_id=link.launch, context=link.author, within=together)
        if tried == "right":
            record("link_opened", detail={"link": link.id, "answering": answering})
            return store.links.let_in(link, answering, within=together)
        if tried == "wrong":
            record("link_date_refused", detail={"link": link.id})
    return tried


def own_device(services: AppServices, entry: LinkEntry, *, waits: bool) -> OwnDevice:
    """What stands behind a form that is open by a link; `waits`: the launch that made it is over."""
    link = entry.link

    def accepted(key: str, within: Transaction) -> None:
        services.store.links.use_up(link.id, key, within=within)
        detail = {"link": link.id, "key": key, "answering": entry.answering}
        services.store.audit.add("link_used", launch_id=link.launch, context=link.author, detail=detail, within=within)

    return OwnDevice(
        author=patient_as_author(link.context),
        patient=link.patient,
        answering=entry.answering,
        in_room=link.in_room,
        scope=link.context.scope,
        waits=waits,
        until=entry.until,
        accepted=accepted,
    )


def stands(record: ChartRecord, *, key: str) -> tuple[Outcome, bool | None]:
    """How what was sent under that key stands, and whether it was a refusal, None where nobody can tell any more; while the launch lasts it
    is looked for in the record."""
    if record.own_device is not None and not record.own_device.waits:
        found = receipt(record, key=key)
        return found.outcome, found.not_answered is not None
    return outcome_kept(record, key=key)


def waiting_record(services: AppServices, entry: LinkEntry) -> ChartRecord:
    """What a form is answered with once the launch that made its link is over: nothing can be asked of the record with it."""
    return Record(
        context=entry.link.context, services=services, launch_id=entry.link.launch, own_device=own_device(services, entry, waits=True)
    )


def with_launch(record: ChartRecord, entry: LinkEntry) -> ChartRecord:
    """The same while that launch lasts."""
    return replace(record, own_device=own_device(record.services, entry, waits=False))
