"""The dashboard and what can be done from it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import cast, get_args
from urllib.parse import urlsplit

from flask import Flask, Response, request, url_for

from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.history import History, Years
from smart_app.care.dashboard.load_dashboard import load_history, reveal_waiting
from smart_app.care.forms.asked_form import forms_offered
from smart_app.care.forms.late_visit import late_note, visit_answered_about
from smart_app.care.forms.saved_drafts import SavedDraft, saved_drafts
from smart_app.care.handover.way_back import loans_of_user
from smart_app.care.record.page_rule import PageOffers, offers_for
from smart_app.care.sessions.sign_out import sign_out
from smart_app.care.submission.delivery import Undelivered, kept_entries, left_behind
from smart_app.care.undelivered.colleagues_items import left_by_others
from smart_app.care.undelivered.decisions import untold
from smart_app.errors import SessionError
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.launch.oauth.granted_features import FeatureOff, features_off
from smart_app.store import PatientEntries
from smart_app.web.pages.answered.answered_pages import beginning, rating_addresses
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.pages.error_pages import way_back
from smart_app.web.pages.first_page import BY_LAUNCH, of_launch
from smart_app.web.session import cookies
from smart_app.web.session.guard import PageRequest, check_patient
from smart_app.web.session.headers import see_other
from smart_app.web.views.dashboard.dashboard_page import DashboardUrls, dashboard_view
from smart_app.web.views.dashboard.focus_line import NO_DAY
from smart_app.web.views.dashboard.focus_stops import stops_view
from smart_app.web.views.dashboard.left_over import LeftOver, LeftOverUrls, left_over
from smart_app.web.views.dashboard.offers import offers
from smart_app.web.views.ended import ended_view, signed_out_view
from smart_app.web.views.forms.kept_answers import saved_draft_notices, unread_notices
from smart_app.web.views.lent.loans_page import lent_notice
from smart_app.web.views.sign_in_end import ending_notice

_DEFAULT_YEARS: Years = "2"


def register(app: Flask, dependencies: Dependencies) -> None:
    """The dashboard's addresses."""
    handler = Dashboard(dependencies)
    app.add_url_rule("/l/<launch_id>/", "dashboard", handler.show)
    app.add_url_rule("/l/<launch_id>/stops", "stops", handler.stops)
    app.add_url_rule("/l/<launch_id>/reveal", "reveal", handler.reveal, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/stay", "stay", handler.stay, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/end", "end", handler.end, methods=["POST"])


class Dashboard:
    """The clinician's page."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def show(self, launch_id: str) -> Response:
        """The history, in the years asked for."""
        page_request = self._dependencies.guard.enter(launch_id)
        history = load_history(page_request.record, years=years_asked())
        at = request.args.get("at")
        day, notice = of_launch(page_request.record, history) if at == BY_LAUNCH else (_day(at), None)
        now = page_request.record.now()
        left = saved_drafts(page_request.record) if is_clinician(page_request.context.user.kind) else ()
        kept = kept_entries(page_request.record)
        behind = left_behind(kept)
        urls = self._urls(page_request, history)
        going_on = partial(_going_on, page_request, offers_for(history.facts), late=urls.late)
        view = dashboard_view(
            history,
            context=page_request.context,
            urls=urls,
            now=now,
            focus=day,
            opening=notice,
            off=self._off(page_request.context),
            ending=ending_notice(page_request.context, now=now),
            unsent=(
                *lent_notice(
                    loans_of_user(page_request.record), page=url_for("loans", launch_id=page_request.id), zone=page_request.record.zone
                ),
                *saved_draft_notices(left, going_on, now=now),
                *unread_notices(behind, now=now),
            ),
            left=_left_over(page_request, behind.items, kept),
            language=self._dependencies.spoken.decide(),
        )
        self._services.store.audit.add("history_read", launch_id=page_request.id, context=page_request.context)
        return self._dependencies.pages.page("dashboard", view, csrf=page_request.csrf, tab=page_request.tab)

    def stops(self, launch_id: str) -> Response:
        """What goes with the focus line at every stop of the range, of one read, for a page that is open."""
        page_request = self._dependencies.guard.enter(launch_id)
        history = load_history(page_request.record, years=years_asked())
        self._services.store.audit.add("history_read", launch_id=page_request.id, context=page_request.context)
        view = stops_view(
            history,
            page=url_for("dashboard", launch_id=page_request.id),
            signed_in=page_request.context.user.reference,
            now=page_request.record.now(),
            language=self._dependencies.spoken.decide(),
        )
        return self._dependencies.pages.page("stops", view)

    def _off(self, context: LaunchContext) -> tuple[FeatureOff, ...]:
        """Which features this launch lacks; an open server has no scopes to lack."""
        issuer = self._services.registration.find(context.iss)
        if issuer is None or context.via == "open":
            return ()
        asked = issuer.standalone_scope if context.via == "standalone" else issuer.scope
        return features_off(asked=asked, granted=context.scope, refused=context.refused, renewable=context.refresh_token is not None)

    def stay(self, launch_id: str) -> Response:
        """Note that the launch is in use, and nothing else."""
        self._dependencies.guard.enter(launch_id)
        return Response(status=204)

    def reveal(self, launch_id: str) -> Response:
        """Show a patient's rating without rating the visit, to whoever is signed in; recorded."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        clinician, of_visit = request.form.get("clinician", ""), request.form.get("visit", "")
        if not clinician or not of_visit:
            raise SessionError(
                Sentence("This form is damaged, so nothing was done."), denies=True, next_step=Sentence("Open the history again.")
            )
        reveal_waiting(page_request.record, clinician=clinician, visit=of_visit, reason=request.form.get("reason", ""))
        return see_other(url_for("dashboard", launch_id=page_request.id))

    def end(self, launch_id: str) -> Response:
        """Forget the launch and its tokens."""
        page_request = self._dependencies.guard.enter_any(launch_id)
        ended = signed_out_view if page_request.context.by_patient else ended_view
        view = ended(sign_out(page_request.record), way=way_back())
        response = self._dependencies.pages.page("thanks", view, tab=replace(page_request.tab, ended=True))
        cookies.drop(response, self._services.store.launches.cookie_name_for(page_request.id))
        return response

    def _urls(self, page_request: PageRequest, history: History) -> DashboardUrls:
        """Rating and hand-over lead to the site's first form for each, where this user may be rated; the rest is offered below them."""
        forms = forms_offered(self._services) if is_clinician(page_request.context.user.kind) else ()
        found = offers(forms, partial(beginning, page_request), facts=history.facts)
        return DashboardUrls(
            page=url_for("dashboard", launch_id=page_request.id),
            hand_over=found.hand_over,
            rate=found.rate,
            others=found.others,
            late=_late(page_request, history, forms),
            reveal=url_for("reveal", launch_id=page_request.id),
            end=url_for("end", launch_id=page_request.id),
            options=url_for("options", launch_id=page_request.id) if is_clinician(page_request.context.user.kind) else "",
            why=url_for("why", launch_id=page_request.id) if is_clinician(page_request.context.user.kind) else "",
            note=url_for("note", launch_id=page_request.id, years=history.years) if is_clinician(page_request.context.user.kind) else "",
            printed=url_for("print", launch_id=page_request.id, years=history.years),
            put_aside=url_for("put_aside", launch_id=page_request.id),
            take_back=url_for("take_back", launch_id=page_request.id),
            told=url_for("stops", launch_id=page_request.id, years=history.years),
            answered=rating_addresses(self._dependencies.csrf, page_request),
        )


def _late(page_request: PageRequest, history: History, forms: Sequence[tuple[Instrument, Informant]]) -> dict[str, str]:
    """Where a rating of each visit of before begins whose patient's rating waits for whoever is signed in, by the site's first form."""
    slug = next((instrument.slug for instrument, informant in forms if informant == "clinician"), None)
    if slug is None:
        return {}
    address = partial(url_for, "form", launch_id=page_request.id, slug=slug, informant="clinician")
    seal = partial(late_note, page_request.record, form=(slug, "clinician"))
    waiting = {one.visit: visit_answered_about(one.visit, one.day) for one in history.hidden if one.late_from(history.visit)}
    return {visit: address(late=seal(late)) for visit, late in waiting.items() if late}


def _going_on(
    page_request: PageRequest, rule: PageOffers, instrument: Instrument, informant: Informant, begun: SavedDraft, *, late: Mapping[str, str]
) -> str | None:
    """The same for answers that were begun, those about a visit of before with the form of that visit (`late`, by the visit); None where a
    patient is asked nothing as the record stands."""
    of_visit = late.get(f"Encounter/{begun.encounter}")
    if of_visit and informant == "clinician" and urlsplit(of_visit).path == beginning(page_request, instrument, informant):
        return of_visit
    stopped = informant == "patient" and not instrument.from_paper(informant) and rule.hand_over == "no"
    return None if stopped else beginning(page_request, instrument, informant)


def _left_over(page_request: PageRequest, own: Sequence[Undelivered], kept: PatientEntries) -> LeftOver | None:
    """What was sent of this patient and is not in the record: their own, colleagues', and what was discarded of theirs."""
    record = page_request.record
    address = partial(url_for, launch_id=page_request.id)
    return left_over(
        own,
        left_by_others(record, kept),
        untold(record, kept),
        urls=LeftOverUrls(
            receipt=lambda key: address("receipt", key=key),
            send=lambda key: address("send_for_author", key=key),
            seen=lambda key: address("decision_seen", key=key),
        ),
        now=record.now(),
    )


def years_asked(given: Mapping[str, str] | None = None) -> Years:
    """The range asked for, in the address or in the fields `given`; two years where it is none of those on offer."""
    asked = (request.args if given is None else given).get("years")
    return cast("Years", asked) if asked in get_args(Years) else _DEFAULT_YEARS


def _day(text: str | None) -> date | None:
    """The focus day; None where the address asks for none."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return NO_DAY
