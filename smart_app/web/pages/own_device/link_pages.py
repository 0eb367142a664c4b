"""A form on the patient's own device: the guard of its one-time link, and behind it that form and its thanks.

Nothing is used up by opening anything, as scanners of messages open links too. Before the guard the page says whose clinic it is."""

from datetime import date, datetime
from typing import cast, get_args

from flask import Flask, Response, request, url_for

from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.sentence import Sentence
from smart_app.care.forms.asked_form import AskedForm, ask
from smart_app.care.forms.saved_drafts import KeptAnswers
from smart_app.care.handover.one_time_link import pass_guard, stands
from smart_app.errors import LaunchError, LinkOver, SessionError
from smart_app.launch.context.launch_context import LaunchId
from smart_app.store import LinkEntry, NewEntry, OneTimeLink
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.pages.draft_pages import DraftFlow, FormSender, discarded, taken_up
from smart_app.web.pages.error_pages import reference
from smart_app.web.pages.forms import Door, FormFlow
from smart_app.web.rendering.spoken_language import LANGUAGE
from smart_app.web.session import cookies
from smart_app.web.session.guard import LINKED, PageRequest
from smart_app.web.session.headers import see_other
from smart_app.web.views.ended import own_device_thanks_view
from smart_app.web.views.error import ErrorView
from smart_app.web.views.forms.form_page import FormUrls
from smart_app.web.views.own_device.guard_page import MISSING, guard_view
from smart_app.web.views.own_device.link_error import link_kept_view

_GUARD, _MINE = "/link/<code>", "/mine/<entry>"
_OVER = Sentence("This link cannot be used any more.")


def register(app: Flask, dependencies: Dependencies) -> None:
    """The addresses of the guard, and of the form behind it."""
    handler = LinkPages(dependencies)
    app.add_url_rule(_GUARD, "link_guard", handler.guard)
    app.add_url_rule(_GUARD, "pass_guard", handler.passing, methods=["POST"])
    app.add_url_rule(f"{_MINE}/", "mine", handler.form)
    app.add_url_rule(f"{_MINE}/answers", "mine_submit", handler.submit, methods=["POST"])
    app.add_url_rule(f"{_MINE}/decline", "mine_decline", handler.decline)
    app.add_url_rule(f"{_MINE}/decline", "mine_rather_not", handler.rather_not, methods=["POST"])
    app.add_url_rule(f"{_MINE}/declined", "mine_refuse", handler.refuse, methods=["POST"])
    app.add_url_rule(f"{_MINE}/draft", "mine_draft", handler.draft, methods=["POST"])
    app.add_url_rule(f"{_MINE}/draft/continue", "mine_go_on", handler.go_on, methods=["POST"])
    app.add_url_rule(f"{_MINE}/draft/discard", "mine_discard", handler.discard, methods=["POST"])
    app.add_url_rule(f"{_MINE}/stay", "mine_stay", handler.stay, methods=["POST"])
    app.add_url_rule(f"{_MINE}/thanks", "mine_thanks", handler.thanks)


class LinkPages:
    """One form by one link."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services
        self._flow = FormFlow(
            dependencies,
            Door(enter=dependencies.guard.enter_linked, urls=_urls, done=_done, kept=_kept, sender=self._sender),
        )

    def guard(self, code: str) -> Response:
        """Whose clinic it is, and the question for the birth date."""
        link = self._link(code)
        view = guard_view(
            link,
            site_name=self._services.settings.site_name,
            action=url_for("pass_guard", code=code, language=_spoken()),
            problem=request.args.get("problem", ""),
        )
        return self._dependencies.pages.page("link_guard", view, csrf=self._dependencies.csrf.token(LINKED, code))

    def passing(self, code: str) -> Response:
        """To the form, for whoever gives the birth date. What is no date is no try."""
        self._dependencies.csrf.check(request, LINKED, code)
        link = self._link(code)
        born, answering = _born(), _answering()
        if born is None or answering is None:
            return see_other(url_for("link_guard", code=code, problem=MISSING, language=_spoken()))
        passed = pass_guard(self._services, link, born=born, answering=answering)
        if not isinstance(passed, NewEntry):
            return see_other(url_for("link_guard", code=code, problem="wrong", language=_spoken()))
        response = see_other(url_for("mine", entry=passed.handle, language=_spoken()))
        self._keep(response, passed.handle, passed.until, passed.cookie_value)
        return response

    def form(self, entry: str) -> Response:
        """The form, or what was kept of it; once it was answered the thanks."""
        page_request = self._dependencies.guard.enter_linked(entry)
        link = self._entry(entry).link
        if link.state == "used":
            return see_other(url_for("mine_thanks", entry=entry))
        asked = ask(page_request.record, slug=link.slug, informant="patient")
        return self._flow.page(page_request, asked, key=request.args.get("draft"))

    def submit(self, entry: str) -> Response:
        """Take the answers, once."""
        return self._letting_go(entry, self._flow.submit(entry, self._slug(entry), "patient", note=""))

    def rather_not(self, entry: str) -> Response:
        """To the page before the form is declined, with what was typed so far kept."""
        return self._flow.rather_not(entry, self._slug(entry), note="")

    def decline(self, entry: str) -> Response:
        """What declining means, before anybody does."""
        page_request = self._dependencies.guard.enter_linked(entry)
        link = self._entry(entry).link
        if link.state == "used":
            return see_other(url_for("mine_thanks", entry=entry))
        return self._flow.decline(page_request, ask(page_request.record, slug=link.slug, informant="patient"))

    def refuse(self, entry: str) -> Response:
        """Store that the patient would rather not, which uses the link up as answers do."""
        return self._letting_go(entry, self._flow.refuse(entry, self._slug(entry), note=""))

    def draft(self, entry: str) -> Response:
        """Keep what has been typed so far."""
        flow = DraftFlow(self._dependencies, self._dependencies.guard.enter_linked, self._sender)
        return flow.save(entry, self._slug(entry), "patient")

    def go_on(self, entry: str) -> Response:
        """To the form, with what was kept of it."""
        page_request = self._dependencies.guard.enter_linked(entry)
        return see_other(url_for("mine", entry=entry, draft=taken_up(page_request)))

    def discard(self, entry: str) -> Response:
        """To an empty form."""
        discarded(self._dependencies.guard.enter_linked(entry))
        return see_other(url_for("mine", entry=entry))

    def stay(self, entry: str) -> Response:
        """That the page is in use changes nothing: it ends with its link."""
        self._dependencies.guard.enter_linked(entry)
        return Response(status=204)

    def thanks(self, entry: str) -> Response:
        """What became of the answers, in plain words."""
        page_request = self._dependencies.guard.enter_linked(entry)
        link = self._entry(entry).link
        if link.state != "used":
            return see_other(url_for("mine", entry=entry))
        record = page_request.record
        self._dependencies.spoken.to_patient(lambda: link.patient)
        outcome, refused = stands(record, key=link.sent)
        return self._dependencies.pages.page("thanks", own_device_thanks_view(outcome, refused=refused))

    def _letting_go(self, entry: str, response: Response) -> Response:
        if "Location" in response.headers:
            # As on a lent device: Chromium lets go of what it keeps for its Back button when a cookie of the page is set.
            self._keep(response, entry, self._entry(entry).until)
        return response

    def _link(self, code: str) -> OneTimeLink:
        """The link, while anybody may be let in. LinkOver otherwise."""
        link = self._services.store.links.of_handle(code)
        if link is None or not link.live or link.expires <= self._services.clock():
            raise LinkOver(_OVER)
        return link

    def _keep(self, response: Response, entry: str, until: datetime, value: str = "") -> None:
        """Set the cookie of a browser that has passed the guard; the `value` it has, where none is given."""
        name = self._services.store.links.cookie_name(entry)
        seconds = max(int((until - self._services.clock()).total_seconds()), 0)
        cookies.keep_own(response, name, value or request.cookies.get(name, ""), seconds=seconds)

    def _entry(self, entry: str) -> LinkEntry:
        return self._services.store.links.of_entry(entry, request.cookies)

    def _slug(self, entry: str) -> str:
        """The form's, however the link stands: what reaches one that is over is kept."""
        link = self._services.store.links.behind(entry)
        return link.slug if link else ""

    def _sender(self, entry: str) -> FormSender:
        links = self._services.store.links
        link = links.behind(entry)
        launch = link.launch if link else LaunchId(entry)
        return FormSender(launch=launch, cookie=request.cookies.get(links.cookie_name(entry), ""))


def _spoken() -> str | None:
    """The language that was chosen before there is a page to keep it for: it goes along."""
    return request.args.get(LANGUAGE) or None


def _born() -> date | None:
    """The date that was given; None where it is none."""
    try:
        return date(*(int(request.form.get(part, "")) for part in ("year", "month", "day")))
    except (ValueError, OverflowError):
        return None


def _answering() -> Answering | None:
    given = request.form.get("answering", "")
    return cast("Answering", given) if given in get_args(Answering) else None


def _urls(page_request: PageRequest, _asked: AskedForm) -> FormUrls:
    entry, device = (request.view_args or {})["entry"], page_request.record.own_device
    # Somebody who answers for the patient cannot say what the patient would rather not do.
    declines = device is not None and device.answering != "proxy"
    return FormUrls(
        action=url_for("mine_submit", entry=entry),
        back="",
        save=url_for("mine_draft", entry=entry),
        go_on=url_for("mine_go_on", entry=entry),
        discard=url_for("mine_discard", entry=entry),
        decline=url_for("mine_decline", entry=entry) if declines else "",
        refuse=url_for("mine_refuse", entry=entry) if declines else "",
        questions=url_for("mine", entry=entry),
    )


def _done(_page_request: PageRequest, _asked: AskedForm, _key: str) -> str:
    return url_for("mine_thanks", entry=(request.view_args or {})["entry"])


def _kept(kept: KeptAnswers, over: SessionError | LaunchError) -> ErrorView:
    return link_kept_view(kept, over, reference=reference())
