"""How a lent device comes back: by its code, by a new sign-in of whoever lent it, or called back from another device of theirs.

Nothing else opens it. A sign-in of anybody else, a patient's above all, changes nothing; a code is tried five times in all. What was called
back opens by a new launch with such a sign-in, by the code, or once its user says that it is back with them."""

from fhir_mappings.sentence import Sentence
from smart_app.care.handover.lend import is_by, is_user
from smart_app.care.record.record import ChartRecord
from smart_app.errors import SessionError
from smart_app.launch.context.launch_context import LaunchContext, LaunchId, User
from smart_app.services import AppServices
from smart_app.store import CodeTried, LaunchLock, Loan


def by_code(services: AppServices, loan: Loan, code: str) -> CodeTried:
    """Take the device back by its code: spaces are nothing."""
    store = services.store
    tried = store.loans.try_code(loan.id, "".join(code.split()))
    if tried == "right":
        _back(services, loan, how="code")
    elif tried == "wrong":
        left = store.loans.reread(loan.id)
        detail = {"loan": loan.id, "left": left.tries if left else 0}
        store.audit.add("loan_code_refused", launch_id=loan.launch, context=loan.author, detail=detail)
    return tried


def by_sign_in(services: AppServices, loan: Loan, *, iss: str, user: User | None) -> bool:
    """Take it back by a sign-in that was made on it after it was lent: whether it was the one of whoever lent it."""
    if user is None or not is_user(loan.author, iss=iss, reference=user.reference):
        _refused(services, loan)
        return False
    _back(services, loan, how="sign_in")
    return True


def unlock_by_sign_in(services: AppServices, lock: LaunchLock, launch: LaunchId, *, iss: str, user: User | None) -> bool:
    """Free that one launch of whoever lent a device, which is open on another: whether it was their sign-in."""
    loan, store = lock.loan, services.store
    if user is None or not is_user(loan.author, iss=iss, reference=user.reference):
        _refused(services, loan)
        return False
    with store.database.begin() as together:
        store.loans.unlock(launch, lent_until=loan.since, within=together)
        store.audit.add("launch_unlocked", launch_id=launch, context=loan.author, detail={"loan": loan.id}, within=together)
    return True


def loans_of_user(record: ChartRecord) -> tuple[Loan, ...]:
    """The devices that whoever is signed in has lent, those among them that were called back and are not back yet."""
    return tuple(record.services.store.loans.by_user(record.context.iss, record.context.user.reference))


def call_back(record: ChartRecord, loan_id: str) -> None:
    """End the patient's page from another device, and close every launch that was locked. SessionError where this user has lent no such
    device."""
    store, loan = record.services.store, _one_of(record, loan_id, called_back=False)
    with store.database.begin() as together:
        locked = store.loans.call_back(loan.id, within=together)
        detail = {"loan": loan.id, "how": "call_back"}
        store.audit.add("loan_called_back", launch_id=record.launch, context=loan.author, detail=detail, within=together)
        for one in store.launches.close(locked, within=together):
            store.audit.add_for("ended_by_call_back", launch=one.id, context=one.context, detail={"loan": loan.id}, within=together)


def let_go(record: ChartRecord, loan_id: str) -> None:
    """The user has a device that they called back in their hands: its browser is one as any other again. Of the charts that were closed
    none opens. SessionError where this user has called back no such device."""
    _back(record.services, _one_of(record, loan_id, called_back=True), how="let_go")


def may_open(services: AppServices, loan: Loan, context: LaunchContext) -> bool:
    """Whether a launch in a browser that was called back is of whoever lent it. That it is anybody else's is recorded."""
    if is_by(loan.author, context):
        return True
    _refused(services, loan)
    return False


def opened_anew(services: AppServices, loan: Loan) -> None:
    """A browser that was called back is in use again, by a launch of its own."""
    _back(services, loan, how="new_launch")


def _one_of(record: ChartRecord, loan_id: str, *, called_back: bool) -> Loan:
    """The user's loan of that id, called back already or not."""
    mine = loans_of_user(record)
    loan = next((one for one in mine if one.id == loan_id and (one.state == "called_back") == called_back), None)
    if loan is None:
        raise SessionError(Sentence("This device is not on loan any more."), next_step=Sentence("Go back to the history."))
    return loan


def _back(services: AppServices, loan: Loan, *, how: str) -> None:
    store = services.store
    with store.database.begin() as together:
        if store.loans.end(loan.id, within=together):
            detail = {"loan": loan.id, "how": how}
            store.audit.add("loan_ended", launch_id=loan.launch, context=loan.author, detail=detail, within=together)


def _refused(services: AppServices, loan: Loan) -> None:
    services.store.audit.add("loan_sign_in_refused", launch_id=loan.launch, context=loan.author, detail={"loan": loan.id})
