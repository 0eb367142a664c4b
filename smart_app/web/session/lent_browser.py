"""A browser on loan, before any handler sees its request: known by the loan's cookie, and sent away from all but the patient's page."""

from flask import g, request
from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app.errors import OnLoan
from smart_app.launch.context.launch_context import LaunchId
from smart_app.services import AppServices
from smart_app.store import LaunchLock, Loan
from smart_app.web.session.doors import UNSEEN, lent_browser_reaches

ON_LOAN = Sentence("This device is on loan to a patient.")


class Held(Struct, frozen=True, kw_only=True):
    """Why this request is answered that the device is on loan: its browser is, or the `launch` it asked for is locked. `other_device`: that
    may be open on another device of whoever lent."""

    loan: Loan
    launch: LaunchId | None = None
    other_device: bool = False


class LentBrowser(Struct, frozen=True, kw_only=True):
    """Looks at every request."""

    services: AppServices

    def look(self) -> None:
        """Find the loan this browser is on (`g.loan`), lock every launch whose cookie comes along, and raise OnLoan unless what is
        asked for is open to it."""
        g.loan = None
        if request.endpoint in UNSEEN:
            return
        store = self.services.store
        loan = store.loans.brought_by(request.cookies)
        if loan is None:
            return
        g.loan = loan
        if loan.state != "called_back":
            self._lock(loan)
        if not lent_browser_reaches(request.endpoint, loan.state):
            raise held(Held(loan=loan))

    def _lock(self, loan: Loan) -> None:
        store = self.services.store
        brought = {one.launch for one in store.launches.brought_by(request.cookies) if one.standing == "open" and one.launch}
        store.loans.lock(loan.id, sorted(brought - store.loans.locked_by(loan.id, "browser")), "browser")


def held(by: Held, said: Sentence = ON_LOAN) -> OnLoan:
    """The error whose page says that the device is on loan, and why."""
    g.held = by
    return OnLoan(said)


def locked(launch: LaunchId, lock: LaunchLock) -> OnLoan:
    """The same of a launch that a loan has locked."""
    return held(Held(loan=lock.loan, launch=launch, other_device=lock.kind == "user"))
