"""Every failure becomes a page with a reference code, and one log line with the same code. Nothing about a person is in either."""

import traceback
from typing import Any

from flask import Flask, Response, g, request, url_for
from structlog.typing import FilteringBoundLogger
from werkzeug.exceptions import HTTPException, InternalServerError

from fhir_mappings.sentence import Sentence
from smart_app.errors import FhirError, ForeignPage, LaunchError, OnLoan, OtherBrowser, RapportError, SessionError, StoreError
from smart_app.launch.context.launch_context import LaunchId
from smart_app.web.pages.chart_launch import NO_SIGN_IN, TRIED
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.pages.on_loan.on_loan_answer import of_error, on_loan
from smart_app.web.session.guard import OWN_DEVICE, PORTAL
from smart_app.web.session.lent_browser import Held
from smart_app.web.views.error import (
    Brought,
    ErrorView,
    failure_view,
    fhir_error_view,
    launch_error_view,
    session_error_view,
    status_view,
)
from smart_app.web.views.own_device.link_error import link_error_view
from smart_app.web.views.portal.portal_error import portal_error_view
from smart_app.web.views.ways_back import WayBack

# Where answers are sent to.
_FORMS = frozenset({"submit", "own_submit", "mine_submit", "own_refuse", "mine_refuse", "not_today"})


def register(app: Flask, dependencies: Dependencies, log: FilteringBoundLogger) -> None:
    """Answer errors of every kind."""
    handler = Errors(dependencies, log)
    app.register_error_handler(RapportError, handler.known)
    app.register_error_handler(HTTPException, handler.status)
    app.register_error_handler(InternalServerError, handler.failsafe)


class Errors:
    """Error pages."""

    def __init__(self, dependencies: Dependencies, log: FilteringBoundLogger) -> None:
        self._dependencies = dependencies
        self._log = log

    def known(self, error: RapportError) -> Response:
        """An error Rapport raised on purpose."""
        self._log.warning("request_refused", code=error.code, status=error.http_status, route=route())
        self._record(error)
        if isinstance(error, OnLoan) and "held" in g:
            return of_error(self._dependencies, error)
        if isinstance(error, SessionError | LaunchError) and g.get("loan") is not None:
            return on_loan(self._dependencies, Held(loan=g.loan), said=_of_lent(error))
        return self._page(self._view(error), error.http_status)

    def _record(self, error: RapportError) -> None:
        """What was refused or failed within a launch, in the audit trail; outside of one there is nobody to record it of."""
        context = g.get("entered")
        if isinstance(error, StoreError) or not (context or isinstance(error, OtherBrowser)):
            return
        launch_id = g.get("entered_launch") or LaunchId((request.view_args or {}).get("launch_id", ""))
        detail = {"code": error.code, "route": route(), "method": request.method}
        try:
            self._dependencies.services.store.audit.add("refused", launch_id=launch_id, context=context, detail=detail)
        except StoreError as failed:
            # The page is an error page already and nothing was shown or done; the log keeps what the trail cannot.
            self._log.error("audit_failed", code=failed.code, reason_code=error.code, route=route())

    def status(self, error: HTTPException) -> Response:
        """404, 405, 413 and their like; headers such as Allow are kept."""
        code = error.code or 500
        response = self._page(status_view(code, reference=reference(), way=way_back()), code)
        for name, value in error.get_headers():
            if name not in {"Content-Type", "Content-Length"}:
                response.headers[name] = value
        return response

    def failsafe(self, error: InternalServerError) -> Response:
        """Anything not foreseen. The log says where, never with which values."""
        cause = error.original_exception or error
        self._log.error("request_failed", error_type=type(cause).__name__, code=_place(cause), route=route(), status=500)
        return self._page(failure_view(None, reference=reference(), posted=_posted(), way=way_back()), 500)

    def _view(self, error: RapportError) -> ErrorView:
        if route().startswith(OWN_DEVICE):
            return link_error_view(error, reference=reference(), brought=self._brought(), again=_again())
        if _is_patients():
            way = way_back_if_over(self._dependencies) if isinstance(error, SessionError) else way_back()
            return portal_error_view(
                error, reference=reference(), posted=_posted(), brought=self._brought(), home=self._home(), again=_again(), way=way
            )
        match error:
            case LaunchError():
                return launch_error_view(
                    error,
                    reference=reference(),
                    iss=g.get("iss"),
                    registration=self._dependencies.services.registration,
                    elsewhere=g.get("elsewhere"),
                    again=_again(),
                    way=way_back(),
                )
            case SessionError():
                way = way_back_if_over(self._dependencies)
                return session_error_view(error, reference=reference(), posted=_posted(), brought=self._brought(), way=way)
            case FhirError():
                return fhir_error_view(error, reference=reference(), retry=_again(), way=way_back())
            case _:
                return failure_view(error, reference=reference(), posted=_posted(), way=way_back())

    def _brought(self) -> Brought:
        """What this request came with. Of a form it is asked whether it was sealed, now or when it was sent before; where the store cannot
        tell nothing is said of it."""
        if not _posted() or request.endpoint not in _FORMS:
            return "other"
        try:
            return "sealed" if self._dependencies.services.store.outbox.knows(request.form.get("key", "")) else "answers"
        except StoreError:
            return "other"

    def _home(self) -> str | None:
        """The patient's own page, while their launch is open."""
        return url_for("own", launch_id=(request.view_args or {})["launch_id"]) if g.get("entered") else None

    def _page(self, view: ErrorView, status: int) -> Response:
        return self._dependencies.pages.page("error", view, status=status)


def _of_lent(error: SessionError | LaunchError) -> Sentence:
    """What whoever has the device is told of a page that does not go on: what staff do with it is theirs to read, once it is back."""
    if isinstance(error, LaunchError):
        return error.user_message if g.loan.state == "called_back" else NO_SIGN_IN
    return error.user_message if isinstance(error, ForeignPage) else _CANNOT_GO_ON


_CANNOT_GO_ON = Sentence("This page cannot go on. Please give the device back to a member of staff.")


def way_back() -> WayBack | None:
    """Where this request's launch began, where that was no chart."""
    if g.get("standalone"):
        return WayBack(kind="start", href=url_for("start"))
    picked_at = g.get("picked_at")
    return WayBack(kind="picker", href=url_for("open", iss=picked_at)) if picked_at else None


def way_back_if_over(dependencies: Dependencies) -> WayBack | None:
    """The same for a launch that may be gone: where it is not known any more whether it began in a chart, and it may not have, both."""
    forgotten = "standalone" not in g and bool(dependencies.services.registration.standalone)
    return WayBack(kind="either", href=url_for("start")) if forgotten else way_back()


def reference() -> str:
    """`RP-3H7T-19AB`, the same in the log and on the page."""
    return str(g.reference)


def route() -> str:
    """The rule of the address, never the address: that holds launch ids."""
    return request.url_rule.rule if request.url_rule else "unknown"


def _is_patients() -> bool:
    """Whether a patient who has signed in themself is reading: by the launch, or by the page asked for where there is none any more."""
    context = g.get("entered")
    return bool(context.by_patient) if context else route().startswith(PORTAL)


def _posted() -> bool:
    return request.method == "POST"


def _again() -> str | None:
    """The address of this request, to be asked for once more, with its query to the letter; a POST is not sent twice. Whether cookies are
    kept is found out anew."""
    if _posted():
        return None
    query = request.query_string.decode("ascii", "replace").removesuffix(TRIED)
    return f"{request.root_path}{request.path}{'?' if query else ''}{query}"


def _place(cause: BaseException) -> str:
    """File and line where it was raised."""
    frames: Any = traceback.extract_tb(cause.__traceback__)
    return f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
