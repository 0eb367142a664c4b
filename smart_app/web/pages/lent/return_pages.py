"""Taking a lent device back: by its code, by signing in again, or from another device."""

from flask import Flask, Response, g, request, url_for

from fhir_mappings.sentence import Sentence
from smart_app.care.handover.way_back import by_code, call_back, let_go, loans_of_user
from smart_app.errors import OnLoan
from smart_app.store import Loan
from smart_app.web.pages.chart_launch import PROVES_LAUNCH, PROVES_LOAN, to_proof
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.pages.first_page import after_loan
from smart_app.web.pages.on_loan.on_loan_answer import on_loan, signs_in
from smart_app.web.session import cookies
from smart_app.web.session.guard import LENT, check_patient
from smart_app.web.session.headers import see_other
from smart_app.web.session.lent_browser import Held, held, locked
from smart_app.web.views.ended import taken_back_view
from smart_app.web.views.lent.loans_page import LoanUrls, loans_view
from smart_app.web.views.lent.on_loan_page import wrong_code

_NOT_LENT = Sentence("This device is not on loan.")


def register(app: Flask, dependencies: Dependencies) -> None:
    """The addresses of the ways back."""
    handler = ReturnPages(dependencies)
    app.add_url_rule("/lent", "lent", handler.show)
    app.add_url_rule("/lent/take-back", "take_back_here", handler.take_back_here, methods=["POST"])
    app.add_url_rule("/lent/sign-in", "prove_here", handler.prove_here, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/take-back", "take_back_from", handler.take_back, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/sign-in-again", "prove", handler.prove, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/loans", "loans", handler.loans)
    app.add_url_rule("/l/<launch_id>/loans/<loan>/call-back", "call_back", handler.call_back, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/loans/<loan>/let-go", "let_go", handler.let_go, methods=["POST"])


class ReturnPages:
    """The ways back."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def show(self) -> Response:
        """The page of a lent browser, by its own address; elsewhere there is nothing to see."""
        if g.loan is None:
            return see_other(url_for("start"))
        return self._refused(Held(loan=g.loan)) if "tried" in request.args else on_loan(self._dependencies, Held(loan=g.loan))

    def take_back_here(self) -> Response:
        """By the code, in the browser that was lent."""
        loan = self._lent_here()
        return self._by_code(Held(loan=loan), loan)

    def take_back(self, launch_id: str) -> Response:
        """By the code, in a browser that lost the loan's cookie and has that of a launch in it."""
        launch, lock = self._dependencies.guard.enter_locked(launch_id)
        if lock.kind == "user":
            raise locked(launch, lock)
        return self._by_code(Held(loan=lock.loan, launch=launch), lock.loan)

    def prove_here(self) -> Response:
        """By a new sign-in of whoever lent it: the one request of a lent browser that reaches the EHR's sign-in."""
        loan = self._lent_here()
        if loan.state == "called_back" or not signs_in(self._dependencies, loan):
            raise held(Held(loan=loan))
        return to_proof(self._dependencies, loan, f"{PROVES_LOAN}{loan.id}")

    def prove(self, launch_id: str) -> Response:
        """By a new sign-in, for a launch: of whoever lent another device for that launch alone."""
        launch, lock = self._dependencies.guard.enter_locked(launch_id)
        if not signs_in(self._dependencies, lock.loan):
            raise locked(launch, lock)
        return to_proof(self._dependencies, lock.loan, f"{PROVES_LAUNCH}{launch}")

    def loans(self, launch_id: str) -> Response:
        """The devices that this user has lent."""
        page_request = self._dependencies.guard.enter(launch_id)
        record = page_request.record
        view = loans_view(
            loans_of_user(record),
            urls=lambda one: LoanUrls(
                call_back=url_for("call_back", launch_id=page_request.id, loan=one.id),
                let_go=url_for("let_go", launch_id=page_request.id, loan=one.id),
            ),
            patient=page_request.context.patient,
            back=url_for("dashboard", launch_id=page_request.id),
            zone=record.zone,
        )
        return self._dependencies.pages.page("loans", view, csrf=page_request.csrf, tab=page_request.tab)

    def call_back(self, launch_id: str, loan: str) -> Response:
        """End the patient's page on one of them, and close what was locked with it."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        call_back(page_request.record, loan)
        return see_other(url_for("loans", launch_id=page_request.id))

    def let_go(self, launch_id: str, loan: str) -> Response:
        """One that was called back is in its user's hands: its browser is free."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        let_go(page_request.record, loan)
        return see_other(url_for("loans", launch_id=page_request.id))

    def _lent_here(self) -> Loan:
        """The loan of this browser; of a POST, only from our own page."""
        loan: Loan | None = g.loan
        if loan is None:
            raise OnLoan(_NOT_LENT)
        cookie = request.cookies[self._services.store.loans.cookie_name]
        self._dependencies.csrf.check(request, LENT, loan.handle, cookie)
        return loan

    def _by_code(self, by: Held, loan: Loan) -> Response:
        tried = by_code(self._services, loan, request.form.get("code", ""))
        if tried == "right":
            return self._taken_back(loan)
        if by.launch is None:
            # An address of its own: going back to an answer to what was sent would have the browser ask whether to send it once more.
            return see_other(url_for("lent", tried="code"))
        return self._refused(Held(loan=self._services.store.loans.reread(loan.id) or loan, launch=by.launch))

    def _refused(self, by: Held) -> Response:
        """That the code was not the one, and what is left."""
        problem = wrong_code(by.loan.tries)
        return on_loan(self._dependencies, by, problem=problem) if by.loan.tries else on_loan(self._dependencies, by, said=problem)

    def _taken_back(self, loan: Loan) -> Response:
        """To the chart that was open; nowhere where it has been closed meanwhile."""
        if loan.state == "called_back":
            response = self._dependencies.pages.page("thanks", taken_back_view())
        else:
            response = see_other(after_loan(loan))
        cookies.drop(response, self._services.store.loans.cookie_name)
        return response
