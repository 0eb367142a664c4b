"""The pages of a patient who has signed in themself: what they can answer, the form, what became of their answers."""

import hmac
from hashlib import sha256

from flask import Flask, Response, request, url_for
from msgspec.structs import replace

from fhir_mappings.instruments.answers import Invalid
from fhir_mappings.people.person import Person
from smart_app.care.forms.saved_drafts import Typed, Unsent, discard, take_up, ticket_for, unsent
from smart_app.care.patient_portal import load_own
from smart_app.care.submission.submit import FormDraft, begin_own, receipt, send_again, submit
from smart_app.errors import ForeignPage, LaunchError, NotForUser, SessionError
from smart_app.store import FormPlace
from smart_app.web.pages.dashboard import check_patient
from smart_app.web.pages.dependencies import Site
from smart_app.web.pages.draft_pages import keep_incomplete, keep_without_launch, sent
from smart_app.web.pages.error_pages import reference
from smart_app.web.session.guard import OWN, Visit
from smart_app.web.session.headers import see_other
from smart_app.web.views.forms.form_page import FormUrls, form_view
from smart_app.web.views.portal.portal_error import own_kept_view
from smart_app.web.views.portal.portal_home import own_view
from smart_app.web.views.portal.sent_answers import sent_view

# The form says whom it is about, signed: a submission does not depend on the record being readable once more.
_REFERENCE, _NAME, _SEAL = "clinician", "clinician_name", "clinician_seal"
_ABOUT = {_REFERENCE, _NAME, _SEAL}
_HANDLE = 16
_UNPROCESSABLE = 422


def register(app: Flask, site: Site) -> None:
    """The addresses of a patient's own pages."""
    handler = Own(site)
    app.add_url_rule(OWN, "own", handler.show)
    for rule in (f"{OWN}answer/<slug>", f"{OWN}answer/<slug>/<about>"):
        app.add_url_rule(rule, "own_form", handler.form)
        app.add_url_rule(rule, "own_submit", handler.submit, methods=["POST"])
    for rule in (f"{OWN}draft/<slug>", f"{OWN}draft/<slug>/<about>"):
        app.add_url_rule(f"{rule}/continue", "own_go_on", handler.go_on, methods=["POST"])
        app.add_url_rule(f"{rule}/discard", "own_discard", handler.discard, methods=["POST"])
    app.add_url_rule(f"{OWN}sent/<key>", "own_sent", handler.sent)
    app.add_url_rule(f"{OWN}sent/<key>/again", "own_again", handler.again, methods=["POST"])


class Own:
    """One patient's own pages."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._services = site.services

    def show(self, launch_id: str) -> Response:
        """What can be answered, and what was."""
        visit = self._site.guard.enter_own(launch_id)
        page = load_own(visit.record)
        view = own_view(
            page,
            context=visit.context,
            site_name=self._services.settings.site_name,
            address=lambda slug, clinician: _address("own_form", visit, slug, _handle(clinician)),
            end=url_for("end", launch_id=visit.id),
            now=self._services.now(visit.context.iss),
        )
        self._services.store.audit.add("own_page_read", launch_id=visit.id, context=visit.context)
        return self._site.pages.page("own", view, csrf=visit.csrf)

    def form(self, launch_id: str, slug: str, about: str = "") -> Response:
        """An empty form, about the clinician of that handle, or what was kept of the one asked for."""
        visit = self._site.guard.enter_own(launch_id)
        clinician = self._known(visit, about) if about else None
        draft = begin_own(visit.record, slug=slug, clinician=clinician)
        return self._form(visit, draft, key=request.args.get("draft"))

    def submit(self, launch_id: str, slug: str, about: str = "") -> Response:
        """Store the answers and go to what became of them; an incomplete form comes back with everything that was given. What reaches a
        launch that has ended is kept for the next one."""
        typed = self._typed(launch_id, slug)
        try:
            visit = self._site.guard.enter_own(launch_id)
        except (ForeignPage, NotForUser):
            raise
        except (SessionError, LaunchError) as over:
            kept = keep_without_launch(self._site, typed, over)
            view = own_kept_view(kept, over, reference=reference())
            return self._site.pages.page("error", view, status=over.http_status)
        clinician = self._signed(visit) if about else None
        key = typed.place.key
        outcome = submit(
            visit.record,
            slug=slug,
            informant="patient",
            key=key,
            patient=typed.patient,
            fields=typed.fields,
            rated=clinician,
        )
        if isinstance(outcome, Invalid):
            keep_incomplete(self._services, typed)
            draft = begin_own(visit.record, slug=slug, clinician=clinician)
            return self._form(visit, replace(draft, key=key), invalid=outcome)
        return see_other(url_for("own_sent", launch_id=visit.id, key=outcome))

    def go_on(self, launch_id: str, slug: str, about: str = "") -> Response:
        """To the form, with what was kept of it."""
        visit = self._site.guard.enter_own(launch_id)
        check_patient(visit.context)
        key = request.form.get("key", "")
        take_up(visit.record, key=key)
        return see_other(_address("own_form", visit, slug, about, draft=key))

    def discard(self, launch_id: str, slug: str, about: str = "") -> Response:
        """To an empty form."""
        visit = self._site.guard.enter_own(launch_id)
        check_patient(visit.context)
        discard(visit.record, key=request.form.get("key", ""))
        return see_other(_address("own_form", visit, slug, about))

    def sent(self, launch_id: str, key: str) -> Response:
        """What became of the answers, in plain words."""
        visit = self._site.guard.enter_own(launch_id)
        view = sent_view(
            receipt(visit.record, key=key),
            patient_id=visit.context.patient,
            home=url_for("own", launch_id=visit.id),
            again=url_for("own_again", launch_id=visit.id, key=key),
            end=url_for("end", launch_id=visit.id),
            now=self._services.now(visit.context.iss),
        )
        return self._site.pages.page("sent", view, csrf=visit.csrf)

    def again(self, launch_id: str, key: str) -> Response:
        """Look for answers that may be in the record, and send them only when they certainly are not."""
        visit = self._site.guard.enter_own(launch_id)
        check_patient(visit.context)
        send_again(visit.record, key=key)
        return see_other(url_for("own_sent", launch_id=visit.id, key=key))

    def _form(self, visit: Visit, draft: FormDraft, *, key: str | None = None, invalid: Invalid | None = None) -> Response:
        """`key` is that of the draft this form goes on with."""
        services, slug, about = self._services, draft.instrument.slug, _handle(draft.clinician)
        earlier = self._unsent(visit, draft, key) if key else None
        draft = replace(draft, key=earlier.key) if earlier else draft
        place = FormPlace(launch_id=visit.id, slug=slug, informant="patient", key=draft.key)
        view = form_view(
            draft,
            urls=FormUrls(
                action=_address("own_submit", visit, slug, about),
                back=url_for("own", launch_id=visit.id),
                save="",
                go_on=_address("own_go_on", visit, slug, about),
                discard=_address("own_discard", visit, slug, about),
            ),
            now=services.now(visit.context.iss),
            site_name=services.settings.site_name,
            ticket=ticket_for(visit.record, place=place, instrument=draft.instrument, cookie=visit.cookie, rated=draft.clinician),
            invalid=invalid,
            earlier=earlier,
            offered=None if invalid or earlier else self._unsent(visit, draft, None),
            hidden=self._about(visit, draft.clinician),
        )
        return self._site.pages.page("check_form", view, csrf=visit.csrf, status=_UNPROCESSABLE if invalid else 200)

    def _unsent(self, visit: Visit, draft: FormDraft, key: str | None) -> Unsent | None:
        """What this patient left unsent in this form about this clinician, or the draft of that key."""
        return unsent(visit.record, instrument=draft.instrument, informant="patient", key=key, rated=draft.clinician)

    def _typed(self, launch_id: str, slug: str) -> Typed:
        """The form of this request, without whom it is about."""
        typed = sent(self._site, launch_id, slug, "patient")
        return replace(typed, fields={name: values for name, values in typed.fields.items() if name not in _ABOUT})

    def _known(self, visit: Visit, about: str) -> Person:
        """The clinician of that handle among those on the patient's page. SessionError when there is none."""
        people = (form.clinician for form in load_own(visit.record).forms)
        found = next((person for person in people if person is not None and _handle(person) == about), None)
        if found is None:
            raise SessionError("There is no such form on your page. Go back to your page and choose one there.")
        return found

    def _about(self, visit: Visit, clinician: Person | None) -> tuple[tuple[str, str], ...]:
        """The hidden fields that say whom the form is about."""
        if clinician is None:
            return ()
        name = clinician.name or ""
        return (_REFERENCE, clinician.reference), (_NAME, name), (_SEAL, self._seal(visit, clinician.reference, name))

    def _signed(self, visit: Visit) -> Person:
        """Whom the form that came back is about. SessionError unless it is the one that was given out for this launch."""
        reference, name, seal = (request.form.get(field, "") for field in (_REFERENCE, _NAME, _SEAL))
        if not hmac.compare_digest(self._seal(visit, reference, name).encode(), seal.encode()):
            raise SessionError("This form is damaged, so nothing was stored. Open it again from your page.")
        return Person(reference=reference, name=name or None)

    def _seal(self, visit: Visit, reference: str, name: str) -> str:
        return self._site.csrf.token("about", visit.id, reference, name)


def _address(endpoint: str, visit: Visit, slug: str, about: str, *, draft: str | None = None) -> str:
    """A form's address. It names nobody."""
    return url_for(endpoint, launch_id=visit.id, slug=slug, draft=draft, about=about or None)


def _handle(person: Person | None) -> str:
    """What stands for a clinician in an address; empty for nobody in particular."""
    return sha256(person.reference.encode()).hexdigest()[:_HANDLE] if person else ""
