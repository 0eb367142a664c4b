"""The page that every address of a locked launch, and of a lent browser, answers."""

from flask import Response, g, request, url_for
from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence
from smart_app.errors import OnLoan
from smart_app.registration import OpenServer
from smart_app.store import Loan
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.session.guard import LENT
from smart_app.web.session.lent_browser import ON_LOAN, Held
from smart_app.web.views.lent.on_loan_page import Kind, OnLoanUrls, on_loan_view

_REFUSED = 403


class _Way(Struct, frozen=True, kw_only=True):
    """Where the forms of one such page lead, and the token they carry."""

    take_back: str
    sign_in: str
    csrf: str


def on_loan(dependencies: Dependencies, by: Held, *, said: Sentence = NOTHING, problem: Sentence = NOTHING) -> Response:
    """The page: refused, but where it is asked for by its own address."""
    services, loan = dependencies.services, by.loan
    way = _way(dependencies, by)
    kind, signed_in = _kind(by), signs_in(dependencies, loan)
    urls = OnLoanUrls(
        take_back=way.take_back,
        sign_in=way.sign_in if kind != "called_back" and signed_in else "",
        questions=url_for("lent_form", handle=loan.handle) if by.launch is None else "",
    )
    zone = services.zone(loan.author.iss)
    view = on_loan_view(loan, kind, urls=urls, signs_in=signed_in, said=said, problem=problem, zone=zone, reference=str(g.reference))
    status = 200 if request.endpoint == "lent" else _REFUSED
    return dependencies.pages.page("on_loan", view, csrf=way.csrf, status=status)


def of_error(dependencies: Dependencies, error: OnLoan) -> Response:
    """The same for what was raised where a request was stopped."""
    said = error.user_message if error.user_message != ON_LOAN else NOTHING
    return on_loan(dependencies, g.held, said=said)


def loan_token(dependencies: Dependencies, loan: Loan) -> str:
    """What the forms of a lent browser carry."""
    cookie = request.cookies.get(dependencies.services.store.loans.cookie_name, "")
    return dependencies.csrf.token(LENT, loan.handle, cookie)


def signs_in(dependencies: Dependencies, loan: Loan) -> bool:
    """Whether the EHR of a loan signs anybody in: an open server does not."""
    issuer = dependencies.services.registration.find(loan.author.iss)
    return issuer is not None and not isinstance(issuer.auth, OpenServer)


def _kind(by: Held) -> Kind:
    if by.other_device:
        return "other_device"
    return "called_back" if by.loan.state == "called_back" else "lent"


def _way(dependencies: Dependencies, by: Held) -> _Way:
    """By the browser's own cookie; or by the launch, in a browser that has none."""
    if by.launch is None:
        return _Way(take_back=url_for("take_back_here"), sign_in=url_for("prove_here"), csrf=loan_token(dependencies, by.loan))
    cookie = dependencies.services.store.launches.cookie_in(request.cookies, by.launch)
    return _Way(
        take_back=url_for("take_back_from", launch_id=by.launch),
        sign_in=url_for("prove", launch_id=by.launch),
        csrf=dependencies.csrf.token(by.launch, cookie),
    )
