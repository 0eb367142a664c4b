"""Lending a device to a patient: two identifiers agreed with them, and from then on it knows one form."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Literal

from smart_app.care.record.patient_in_context import Patient
from smart_app.care.record.record import ChartRecord
from smart_app.launch.context.launch_context import Author, LaunchContext, LaunchId
from smart_app.store import LaunchLock, Loan, NewLoan, Store, author_of
from smart_app.store.seal import digest

Identifier = Literal["name", "born", "number"]
IDENTIFIERS_NEEDED = 2


def identifiers(patient: Patient) -> tuple[Identifier, ...]:
    """By what of the record the patient can be asked who they are."""
    recorded: Mapping[Identifier, bool] = {
        "name": bool(patient.family or patient.given),
        "born": patient.born is not None,
        "number": patient.identifier is not None,
    }
    return tuple(kind for kind, there in recorded.items() if there)


def identified(patient: Patient, ticked: Collection[str]) -> bool:
    """Whether staff have ticked enough that agrees, of what the record has."""
    return sum(kind in ticked for kind in identifiers(patient)) >= IDENTIFIERS_NEEDED


def lend(record: ChartRecord, *, slug: str, code: str, cookies: Mapping[str, str], agent: str) -> NewLoan:
    """Lend the device that `cookies` came from, for that form alone. Locked are every launch of its cookies, and every other one of the
    same user that last came with the same `User-Agent`: a frame and a window of one browser do not see each other's cookies. `code` takes
    it back, "" where the site wants none."""
    store, context = record.services.store, record.context
    brought = {digest(record.launch), *(one.launch for one in store.launches.brought_by(cookies) if one.standing == "open" and one.launch)}
    lasts = timedelta(minutes=record.services.settings.absolute_minutes)
    with store.database.begin() as together:
        new = store.loans.lend(record.launch, author_of(context), slug=slug, code=code, lasts=lasts, agent=agent, within=together)
        mine = store.launches.used_with(agent, lambda one: is_by(author_of(context), one), within=together)
        store.loans.lock(new.id, sorted(brought), "browser", within=together)
        store.loans.lock(new.id, [one for one in mine if one not in brought], "user", within=together)
        detail = {"loan": new.id, "form": slug, "code": bool(code)}
        store.audit.add("lent", launch_id=record.launch, context=context, detail=detail, within=together)
    return new


def lock_on(store: Store, launch: LaunchId, context: LaunchContext, *, agent: str) -> LaunchLock | None:
    """What has locked a launch that comes with that `User-Agent`. One that its user's loan could not see is locked now: it was begun since,
    or came from another kind of browser then."""
    return store.loans.on(launch, agent=agent, lent_by=lambda author: is_by(author, context))


def is_by(author: Author, context: LaunchContext) -> bool:
    """Whether a launch is of the user who lent, at the same EHR."""
    return is_user(author, iss=context.iss, reference=context.user.reference)


def is_user(author: Author, *, iss: str, reference: str) -> bool:
    """The same of an EHR and a user's reference there."""
    return (author.iss.rstrip("/"), author.user.reference) == (iss.rstrip("/"), reference)


def out_for(record: ChartRecord) -> tuple[Loan, ...]:
    """Devices that are out with a page of this patient already, whoever lent them."""
    found = record.services.store.loans.of_patient(record.context.iss, record.context.patient)
    return tuple(one for one in found if one.state == "out")
