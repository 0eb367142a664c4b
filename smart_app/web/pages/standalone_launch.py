"""Rapport's own way in, without a chart: people choose where they sign in, from the EHRs whose entry allows it."""

from flask import Flask, Response, g, request, url_for

from fhir_mappings.sentence import Sentence
from smart_app.care.record.access import prefetch_capabilities
from smart_app.care.sessions.room_for_launches import make_room_for_sign_in
from smart_app.errors import LaunchError
from smart_app.web.pages.chart_launch import SIGN_IN, since_lent, to_sign_in
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.session import cookies
from smart_app.web.views.start import onward_view, start_view

_BOUND = "start"


def register(app: Flask, dependencies: Dependencies) -> None:
    """The page's address."""
    handler = StandaloneLaunch(dependencies)
    app.add_url_rule("/start", "start", handler.show)
    app.add_url_rule("/start", "start_at", handler.start, methods=["POST"])


class StandaloneLaunch:
    """Standalone launch."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def show(self) -> Response:
        """The EHRs to choose from."""
        _top_level()
        view = start_view(self._services.registration, action=url_for("start_at"))
        return self._dependencies.pages.page("start", view, csrf=self._dependencies.csrf.token(_BOUND))

    def start(self) -> Response:
        """Send the browser to the sign-in of the EHR chosen. One that is not on offer causes no request to anywhere."""
        _top_level()
        self._dependencies.csrf.check(request, _BOUND)
        iss = request.form.get("iss", "")
        g.iss = iss
        if not iss:
            raise LaunchError("iss_missing", Sentence("The form does not say where to sign in."))
        begun = self._services.launcher.begin_standalone(iss, newer_than=since_lent())
        prefetch_capabilities(begun.pending.iss, self._services)
        make_room_for_sign_in(self._services, request.cookies)
        cookie = self._services.store.launches.add_pending(begun.pending, ttl=SIGN_IN)
        # A page that goes on by itself, not a redirect: browsers hold `form-action` against every redirect that follows a form, and where
        # an EHR's sign-in sends people on to is not known here.
        onward = self._dependencies.pages.page("onward", onward_view(self._services.registration, begun))
        response = to_sign_in(self._dependencies, begun) if begun.form else onward
        cookies.keep(response, cookie.name, cookie.value, seconds=int(SIGN_IN.total_seconds()))
        return response


def _top_level() -> None:
    """Nobody frames these pages, and what fails on them leads back here."""
    g.frame_ancestors = ()
    g.standalone = True
