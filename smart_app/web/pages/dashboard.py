"""The dashboard and what can be done from it."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import cast, get_args

from flask import Flask, Response, request, url_for

from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.people.clinicians import is_clinician
from smart_app.care.dashboard.blind_entry import reveal
from smart_app.care.dashboard.history import Years
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.forms.asked_form import forms_offered
from smart_app.care.forms.saved_drafts import left_unsent
from smart_app.care.sessions.sign_out import sign_out
from smart_app.care.submission.delivery import left_behind
from smart_app.errors import SessionError
from smart_app.web.pages.dependencies import Site
from smart_app.web.pages.first_page import BY_LAUNCH, of_launch
from smart_app.web.session import cookies
from smart_app.web.session.guard import Visit, check_patient
from smart_app.web.session.headers import see_other
from smart_app.web.views.dashboard.dashboard_page import DashboardUrls, dashboard_view
from smart_app.web.views.dashboard.offers import offers
from smart_app.web.views.ended import ended_view, signed_out_view
from smart_app.web.views.forms.kept_answers import left_behind_notices, unsent_notices

_DEFAULT_YEARS: Years = "2"


def register(app: Flask, site: Site) -> None:
    """The dashboard's addresses."""
    handler = Dashboard(site)
    app.add_url_rule("/l/<launch_id>/", "dashboard", handler.show)
    app.add_url_rule("/l/<launch_id>/reveal", "reveal", handler.reveal, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/stay", "stay", handler.stay, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/end", "end", handler.end, methods=["POST"])


class Dashboard:
    """The clinician's page."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._services = site.services

    def show(self, launch_id: str) -> Response:
        """The history, in the years asked for."""
        visit = self._site.guard.enter(launch_id)
        history = load_history(visit.record, years=_years())
        at = request.args.get("at")
        day, notice = of_launch(visit.record, history) if at == BY_LAUNCH else (_day(at), None)
        now = visit.record.now()
        left = left_unsent(visit.record) if is_clinician(visit.context.user.kind) else ()
        behind = left_behind_notices(left_behind(visit.record), partial(_receipt, visit), now=now)
        view = dashboard_view(
            history,
            context=visit.context,
            urls=self._urls(visit),
            now=now,
            focus=day,
            opening=notice,
            unsent=(*unsent_notices(left, partial(_beginning, visit), now=now), *behind),
        )
        self._services.store.audit.add("history_read", launch_id=visit.id, context=visit.context)
        return self._site.pages.page("dashboard", view, csrf=visit.csrf, tab=visit.tab)

    def stay(self, launch_id: str) -> Response:
        """Note that the launch is in use, and nothing else."""
        self._site.guard.enter(launch_id)
        return Response(status=204)

    def reveal(self, launch_id: str) -> Response:
        """Show a patient's rating without rating the visit; recorded."""
        visit = self._site.guard.enter(launch_id)
        check_patient(visit.context)
        clinician, of_visit = request.form.get("clinician", ""), request.form.get("visit", "")
        if not clinician or not of_visit:
            raise SessionError("This form is damaged, so nothing was done. Open the history again.")
        reveal(visit.record, clinician=clinician, visit=of_visit)
        return see_other(url_for("dashboard", launch_id=visit.id))

    def end(self, launch_id: str) -> Response:
        """Forget the launch and its tokens."""
        visit = self._site.guard.enter_any(launch_id)
        ended = signed_out_view if visit.context.by_patient else ended_view
        view = ended(sign_out(visit.record))
        response = self._site.pages.page("thanks", view, tab=replace(visit.tab, ended=True))
        cookies.drop(response, self._services.store.launches.cookie_name_for(visit.id))
        return response

    def _urls(self, visit: Visit) -> DashboardUrls:
        """Rating and hand-over lead to the site's first form for each, where this user may be rated; the rest is offered below them."""
        forms = forms_offered(self._services) if is_clinician(visit.context.user.kind) else ()
        found = offers(forms, partial(_beginning, visit))
        return DashboardUrls(
            page=url_for("dashboard", launch_id=visit.id),
            hand_over=found.hand_over,
            rate=found.rate,
            others=found.others,
            reveal=url_for("reveal", launch_id=visit.id),
            end=url_for("end", launch_id=visit.id),
        )


def _beginning(visit: Visit, instrument: Instrument, informant: Informant) -> str:
    """Where a form begins: the patient's own with the hand-over."""
    if informant == "patient" and not instrument.from_paper(informant):
        return url_for("handover", launch_id=visit.id, slug=instrument.slug)
    return url_for("form", launch_id=visit.id, slug=instrument.slug, informant=informant)


def _receipt(visit: Visit, key: str) -> str:
    """Where a submission's receipt is."""
    return url_for("receipt", launch_id=visit.id, key=key)


def _years() -> Years:
    """The range asked for; two years where it is none of those on offer."""
    asked = request.args.get("years")
    return cast("Years", asked) if asked in get_args(Years) else _DEFAULT_YEARS


def _day(text: str | None) -> date | None:
    """The focus day; None where the address holds no date."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
