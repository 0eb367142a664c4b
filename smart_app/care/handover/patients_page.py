"""The patient's page on a lent device: begun by the person it is for, and ended by one who says that it is not theirs."""

from datetime import timedelta

from smart_app.care.record.record import ChartRecord
from smart_app.services import AppServices
from smart_app.store import Loan
from smart_app.store.seal import digest

# After so long without use somebody else may have the device: the page says so, and this long after that it ends (WCAG 2.2.1).
IDLE, NOTICE = timedelta(minutes=10), timedelta(minutes=2)
LEFT_ALONE = IDLE + NOTICE


def begin(services: AppServices, loan: Loan) -> str:
    """The patient has said that it is them: the key of their form, which is open from now on."""
    key = services.new_id()
    services.store.loans.open_page(loan.id, key)
    return key


def is_open(services: AppServices, loan: Loan, key: str) -> bool:
    """Whether the form of that key is the one that was begun, and was not left alone since."""
    return bool(key) and loan.page == digest(key) and loan.used is not None and loan.used > services.clock() - LEFT_ALONE


def in_use(services: AppServices, loan: Loan) -> None:
    """Note that the patient is at it."""
    services.store.loans.use_page(loan.id, since=services.clock() - LEFT_ALONE)


def disown(services: AppServices, loan: Loan) -> None:
    """Whoever has the device says that the page is not theirs: it ends, and what was typed on it is destroyed."""
    store = services.store
    typed = [draft.key for draft in store.drafts.of(loan.author) if draft.loan == loan.id]
    with store.database.begin() as together:
        if not store.loans.disown(loan.id, within=together):
            return
        for key in typed:
            store.drafts.drop(key, within=together)
        detail = {"loan": loan.id, "drafts": len(typed)}
        store.audit.add("loan_not_me", launch_id=loan.launch, context=loan.author, detail=detail, within=together)


def disowned_for(record: ChartRecord) -> bool:
    """Whether a device that is out was said not to be this patient's by whoever had it."""
    found = record.services.store.loans.of_patient(record.context.iss, record.context.patient)
    return any(one.state == "not_me" for one in found)
