"""The pages of a patient who has signed in themself: what they can answer, the form, what became of their answers."""

from functools import partial
from hashlib import sha256

from flask import Flask, Response, request, url_for

from fhir_mappings.people.person import Person
from fhir_mappings.sentence import Sentence
from smart_app.care.forms.asked_form import AskedForm, about_clinician, ask
from smart_app.care.forms.saved_drafts import KeptAnswers, saved_draft
from smart_app.care.patient_portal.load_portal import known_clinicians, load_portal
from smart_app.care.patient_portal.own_responses import can_look_back
from smart_app.care.record.patient_in_context import open_patient
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import send_again
from smart_app.care.undelivered.decisions import have_told
from smart_app.errors import LaunchError, SessionError
from smart_app.web.pages.answered.own_answers_pages import own_answers_address
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.pages.draft_pages import RATED, DraftFlow, discarded, sender, taken_up
from smart_app.web.pages.error_pages import reference, way_back_if_over
from smart_app.web.pages.forms import Door, FormFlow
from smart_app.web.session.guard import PORTAL, PageRequest, check_patient
from smart_app.web.session.headers import see_other
from smart_app.web.views.error import ErrorView
from smart_app.web.views.forms.form_page import FormUrls
from smart_app.web.views.portal.portal_error import portal_kept_view, portal_kept_words
from smart_app.web.views.portal.portal_home import PortalUrls, portal_view
from smart_app.web.views.portal.sent_answers import sent_view

_HANDLE = 16


def register(app: Flask, dependencies: Dependencies) -> None:
    """The addresses of a patient's own pages."""
    handler = PortalPages(dependencies)
    app.add_url_rule(PORTAL, "own", handler.show)
    app.add_url_rule(f"{PORTAL}stay", "own_stay", handler.stay, methods=["POST"])
    for rule in (f"{PORTAL}answer/<slug>", f"{PORTAL}answer/<slug>/<about>"):
        app.add_url_rule(rule, "own_form", handler.form)
        app.add_url_rule(rule, "own_submit", handler.submit, methods=["POST"])
    for rule in (f"{PORTAL}decline/<slug>", f"{PORTAL}decline/<slug>/<about>"):
        app.add_url_rule(rule, "own_decline", handler.decline)
        app.add_url_rule(rule, "own_rather_not", handler.rather_not, methods=["POST"])
    for rule in (f"{PORTAL}declined/<slug>", f"{PORTAL}declined/<slug>/<about>"):
        app.add_url_rule(rule, "own_refuse", handler.refuse, methods=["POST"])
    for rule in (f"{PORTAL}draft/<slug>", f"{PORTAL}draft/<slug>/<about>"):
        app.add_url_rule(rule, "own_draft", handler.draft, methods=["POST"])
        app.add_url_rule(f"{rule}/continue", "own_go_on", handler.go_on, methods=["POST"])
        app.add_url_rule(f"{rule}/discard", "own_discard", handler.discard, methods=["POST"])
    app.add_url_rule(f"{PORTAL}sent/<key>", "own_sent", handler.sent)
    app.add_url_rule(f"{PORTAL}sent/<key>/again", "own_again", handler.again, methods=["POST"])
    app.add_url_rule(f"{PORTAL}sent/<key>/seen", "own_seen", handler.seen, methods=["POST"])


class PortalPages:
    """One patient's own pages."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services
        self._flow = FormFlow(
            dependencies,
            Door(enter=dependencies.guard.enter_portal, urls=_urls, done=_done, kept=self._kept, sender=partial(sender, dependencies)),
        )

    def show(self, launch_id: str) -> Response:
        """What can be answered, and what was."""
        page_request = self._dependencies.guard.enter_portal(launch_id)
        page = load_portal(page_request.record)
        self._dependencies.spoken.to_patient(lambda: page.patient)
        view = portal_view(
            page,
            context=page_request.context,
            site_name=self._services.settings.site_name,
            urls=PortalUrls(
                form=lambda slug, clinician: _address("own_form", page_request, slug, _handle(clinician)),
                answers=own_answers_address(self._dependencies.csrf, page_request),
                sent=lambda key: url_for("own_sent", launch_id=page_request.id, key=key),
                seen=lambda key: url_for("own_seen", launch_id=page_request.id, key=key),
                end=url_for("end", launch_id=page_request.id),
            ),
            now=page_request.record.now(),
        )
        self._services.store.audit.add("own_page_read", launch_id=page_request.id, context=page_request.context)
        return self._dependencies.pages.page("own", view, csrf=page_request.csrf)

    def form(self, launch_id: str, slug: str, about: str = "") -> Response:
        """An empty form, about the clinician of that handle, or what was kept of the one asked for; where something was begun, first
        whether it was they who did."""
        page_request = self._dependencies.guard.enter_portal(launch_id)
        asked = _asked(page_request, slug, about)
        key = request.args.get("draft")
        found = saved_draft(page_request.record, asked, key=key)
        return self._flow.resume(page_request, asked, found) if found and not key else self._flow.page(page_request, asked, key=key)

    def rather_not(self, launch_id: str, slug: str, about: str = "") -> Response:
        """To the page before a form is declined, with what was typed so far kept."""
        return self._flow.rather_not(launch_id, slug, note=request.form.get(RATED, "") if about else "")

    def decline(self, launch_id: str, slug: str, about: str = "") -> Response:
        """What declining means, before anybody does."""
        page_request = self._dependencies.guard.enter_portal(launch_id)
        return self._flow.decline(page_request, _asked(page_request, slug, about))

    def refuse(self, launch_id: str, slug: str, about: str = "") -> Response:
        """Store that the patient would rather not."""
        return self._flow.refuse(launch_id, slug, note=request.form.get(RATED, "") if about else "")

    def submit(self, launch_id: str, slug: str, about: str = "") -> Response:
        """Store the answers, or say what is wrong with them. A form at the address of one about nobody is about nobody."""
        return self._flow.submit(launch_id, slug, "patient", note=request.form.get(RATED, "") if about else "")

    def draft(self, launch_id: str, slug: str, **_about: str) -> Response:
        """Keep what has been typed so far: the form's own note says whom it is about."""
        flow = DraftFlow(self._dependencies, self._dependencies.guard.enter_portal, partial(sender, self._dependencies), portal_kept_words)
        return flow.save(launch_id, slug, "patient")

    def stay(self, launch_id: str) -> Response:
        """Note that the sign-in is in use, and nothing else."""
        self._dependencies.guard.enter_portal(launch_id)
        return Response(status=204)

    def go_on(self, launch_id: str, slug: str, about: str = "") -> Response:
        """To the form, with what was kept of it."""
        page_request = self._dependencies.guard.enter_portal(launch_id)
        return see_other(_address("own_form", page_request, slug, about, draft=taken_up(page_request)))

    def discard(self, launch_id: str, slug: str, about: str = "") -> Response:
        """To an empty form."""
        page_request = self._dependencies.guard.enter_portal(launch_id)
        discarded(page_request)
        return see_other(_address("own_form", page_request, slug, about))

    def sent(self, launch_id: str, key: str) -> Response:
        """What became of the answers, in plain words."""
        page_request = self._dependencies.guard.enter_portal(launch_id)
        self._dependencies.spoken.to_patient(lambda: open_patient(page_request.record))
        view = sent_view(
            receipt(page_request.record, key=key),
            patient_id=page_request.context.patient,
            home=url_for("own", launch_id=page_request.id),
            again=url_for("own_again", launch_id=page_request.id, key=key),
            look=own_answers_address(self._dependencies.csrf, page_request) if can_look_back(page_request.record) else None,
            end=url_for("end", launch_id=page_request.id),
            now=page_request.record.now(),
        )
        return self._dependencies.pages.page("sent", view, csrf=page_request.csrf)

    def again(self, launch_id: str, key: str) -> Response:
        """Look for answers that may be in the record, and send them only when they certainly are not."""
        page_request = self._dependencies.guard.enter_portal(launch_id)
        check_patient(page_request.context)
        send_again(page_request.record, key=key)
        return see_other(url_for("own_sent", launch_id=page_request.id, key=key))

    def seen(self, launch_id: str, key: str) -> Response:
        """Note that the patient has read what was decided over their answers."""
        page_request = self._dependencies.guard.enter_portal(launch_id)
        check_patient(page_request.context)
        have_told(page_request.record, key=key)
        return see_other(url_for("own", launch_id=page_request.id))

    def _kept(self, kept: KeptAnswers, over: SessionError | LaunchError) -> ErrorView:
        return portal_kept_view(kept, over, reference=reference(), way=way_back_if_over(self._dependencies))


def _urls(page_request: PageRequest, asked: AskedForm) -> FormUrls:
    slug, about = asked.slug, _handle(asked.chosen)
    return FormUrls(
        action=_address("own_submit", page_request, slug, about),
        back=url_for("own", launch_id=page_request.id),
        save=_address("own_draft", page_request, slug, about),
        go_on=_address("own_go_on", page_request, slug, about),
        discard=_address("own_discard", page_request, slug, about),
        decline=_address("own_decline", page_request, slug, about),
        refuse=_address("own_refuse", page_request, slug, about),
        questions=_address("own_form", page_request, slug, about),
    )


def _asked(page_request: PageRequest, slug: str, about: str) -> AskedForm:
    """The form, about the clinician of that handle."""
    asked = ask(page_request.record, slug=slug, informant="patient")
    return about_clinician(page_request.record, asked, _known(page_request, about)) if about and asked.asks_clinician else asked


def _done(page_request: PageRequest, _asked: AskedForm, key: str) -> str:
    return url_for("own_sent", launch_id=page_request.id, key=key)


def _known(page_request: PageRequest, about: str) -> Person:
    """The clinician of that handle among those on the patient's page. SessionError when there is none."""
    found = next((person for person in known_clinicians(page_request.record) if _handle(person) == about), None)
    if found is None:
        raise SessionError(Sentence("There is no such form on your page. Go back to your page and choose one there."))
    return found


def _address(endpoint: str, page_request: PageRequest, slug: str, about: str, *, draft: str | None = None) -> str:
    """A form's address. It names nobody."""
    return url_for(endpoint, launch_id=page_request.id, slug=slug, draft=draft, about=about or None)


def _handle(person: Person | None) -> str:
    """What stands for a clinician in an address; empty for nobody in particular."""
    return sha256(person.reference.encode()).hexdigest()[:_HANDLE] if person else ""
