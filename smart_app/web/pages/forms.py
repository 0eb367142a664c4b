"""From the form to its receipt: hand-over, questionnaire, thanks, receipt."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast, get_args

from flask import Flask, Response, abort, request, url_for
from msgspec.structs import replace

from fhir_mappings.instruments.answers import Invalid
from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.people.person import Person
from smart_app.care.forms.observed_clinician import Candidates, asks_whom, candidates, choose
from smart_app.care.forms.observed_clinician import chosen as chosen_clinician
from smart_app.care.forms.saved_drafts import Unsent, ticket_for, unsent, with_earlier
from smart_app.care.record.patient_in_context import Patient, open_patient
from smart_app.care.submission.receipt import Receipt
from smart_app.care.submission.submit import begin_form, form_of, practitioner, receipt, send_again, submit
from smart_app.errors import FhirError, ForeignPage, LaunchError, SessionError
from smart_app.store import FormPlace
from smart_app.web.pages.dashboard import check_patient
from smart_app.web.pages.dependencies import Site
from smart_app.web.pages.draft_pages import RATED, keep_incomplete, keep_without_launch, sent
from smart_app.web.pages.error_pages import reference
from smart_app.web.session.guard import Visit
from smart_app.web.session.headers import see_other
from smart_app.web.views.ended import thanks_view
from smart_app.web.views.forms.clinician_choice import whom_view
from smart_app.web.views.forms.form_page import FormUrls, form_view
from smart_app.web.views.forms.handover import handover_view
from smart_app.web.views.forms.kept_answers import kept_view
from smart_app.web.views.forms.receipt_page import receipt_view

_UNPROCESSABLE = 422


def register(app: Flask, site: Site) -> None:
    """The addresses of forms and receipts."""
    handler = Forms(site)
    app.add_url_rule("/l/<launch_id>/handover/<slug>", "handover", handler.handover)
    app.add_url_rule("/l/<launch_id>/check/<slug>/<informant>", "form", handler.show)
    app.add_url_rule("/l/<launch_id>/check/<slug>/<informant>", "submit", handler.submit, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/rated/<slug>/<informant>", "choose", handler.choose, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/thanks/<key>", "thanks", handler.thanks)
    app.add_url_rule("/l/<launch_id>/receipt/<key>", "receipt", handler.receipt)
    app.add_url_rule("/l/<launch_id>/receipt/<key>/check-again", "check_again", handler.check_again, methods=["POST"])


class Forms:
    """Questionnaires of one launch."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._services = site.services

    def handover(self, launch_id: str, slug: str) -> Response:
        """Before the device changes hands; a form without wording stays with the clinician."""
        visit = self._site.guard.enter(launch_id)
        draft = begin_form(visit.record, slug=slug, informant="patient")
        form = url_for("form", launch_id=visit.id, slug=slug, informant="patient")
        if draft.from_paper:
            return see_other(form)
        view = handover_view(
            draft,
            form=form,
            back=url_for("dashboard", launch_id=visit.id),
            today=self._services.now(visit.context.iss).date(),
            blind=self._services.settings.blind_entry,
        )
        return self._site.pages.page("handover", view, tab=visit.tab)

    def show(self, launch_id: str, slug: str, informant: str) -> Response:
        """An empty form, or what was kept of the one asked for; of an observer's first the question whom it is about."""
        visit = self._site.guard.enter(launch_id)
        chosen = _informant(informant)
        note = request.args.get(RATED, "")
        if not note and asks_whom(form_of(self._services, slug, chosen), chosen):
            return self._whom(visit, slug, chosen)
        return self._form(visit, slug, chosen, key=request.args.get("draft"), note=note)

    def choose(self, launch_id: str, slug: str, informant: str) -> Response:
        """Note whom an observer rates, and go on to the form. The address holds the note sealed, no reference and no name."""
        visit = self._site.guard.enter(launch_id)
        check_patient(visit.context)
        about = _informant(informant)
        form_of(self._services, slug, about)
        practitioner(visit.context)
        found = candidates(visit.record)
        reference = request.form.get("clinician", "")
        note = choose(visit.record, found=found, reference=reference, form=(slug, about))
        if note is None:
            return self._whom(visit, slug, about, found=found, unknown=bool(reference))
        return see_other(url_for("form", launch_id=visit.id, slug=slug, informant=about, rated=note))

    def submit(self, launch_id: str, slug: str, informant: str) -> Response:
        """Store the answers and go to what became of them; an incomplete form comes back with everything that was given. What reaches a
        launch that has ended is kept for the next one."""
        typed = sent(self._site, launch_id, slug, informant)
        try:
            visit = self._site.guard.enter(launch_id)
        except ForeignPage:
            raise
        except (SessionError, LaunchError) as over:
            kept = keep_without_launch(self._site, typed, over)
            view = kept_view(kept, over, reference=reference())
            return self._site.pages.page("error", view, status=over.http_status)
        chosen = _informant(informant)
        key, note = typed.place.key, request.form.get(RATED, "")
        rated = self._rated(visit, slug, chosen, note)
        outcome = submit(
            visit.record,
            slug=slug,
            informant=chosen,
            key=key,
            patient=typed.patient,
            fields=with_earlier(typed.fields, self._earlier(visit, slug, chosen, key, rated) if typed.completes else None),
            rated=rated,
        )
        if isinstance(outcome, Invalid):
            keep_incomplete(self._services, typed)
            return self._form(
                visit, slug, chosen, key=key, invalid=replace(outcome, kept=_typed_now(outcome.kept, typed.fields)), note=note
            )
        page = "thanks" if chosen == "patient" and not self._from_paper(slug, chosen) else "receipt"
        return see_other(url_for(page, launch_id=visit.id, key=outcome))

    def thanks(self, launch_id: str, key: str) -> Response:
        """The patient's last page."""
        visit = self._site.guard.enter(launch_id)
        stands = self._receipt(visit, key)
        clinician = (stands.clinician.name if stands.clinician else visit.context.user.name) or "your clinician"
        view = thanks_view(stands.outcome, clinician=clinician, receipt=url_for("receipt", launch_id=visit.id, key=key))
        return self._site.pages.page("thanks", view, tab=visit.tab)

    def receipt(self, launch_id: str, key: str) -> Response:
        """The clinician's receipt."""
        visit = self._site.guard.enter(launch_id)
        view = receipt_view(
            self._receipt(visit, key),
            context=visit.context,
            patient=self._patient(visit),
            history=url_for("dashboard", launch_id=visit.id),
            check_again=url_for("check_again", launch_id=visit.id, key=key),
            now=self._services.now(visit.context.iss),
        )
        return self._site.pages.page("receipt", view, csrf=visit.csrf, tab=visit.tab)

    def check_again(self, launch_id: str, key: str) -> Response:
        """Look for a submission that may be in the record, and send it only when it certainly is not."""
        visit = self._site.guard.enter(launch_id)
        check_patient(visit.context)
        send_again(visit.record, key=key)
        return see_other(url_for("receipt", launch_id=visit.id, key=key))

    def _whom(
        self, visit: Visit, slug: str, informant: Informant, *, found: Candidates | None = None, unknown: bool | None = None
    ) -> Response:
        """Whom an observer's form is about; `unknown` says of a choice that was made whether it named anybody at all."""
        practitioner(visit.context)
        view = whom_view(
            found or candidates(visit.record),
            context=visit.context,
            title=form_of(self._services, slug, informant).title,
            action=url_for("choose", launch_id=visit.id, slug=slug, informant=informant),
            back=url_for("dashboard", launch_id=visit.id),
            today=self._services.now(visit.context.iss).date(),
            unknown=unknown,
        )
        return self._site.pages.page("whom", view, csrf=visit.csrf, tab=visit.tab, status=200 if unknown is None else _UNPROCESSABLE)

    def _rated(self, visit: Visit, slug: str, informant: Informant, note: str) -> Person | None:
        """Whom an observer has chosen; None of every other form, and without a note."""
        if not note or not asks_whom(form_of(self._services, slug, informant), informant):
            return None
        return chosen_clinician(visit.record, note=note, form=(slug, informant))

    def _form(
        self, visit: Visit, slug: str, informant: Informant, *, key: str | None = None, invalid: Invalid | None = None, note: str = ""
    ) -> Response:
        """`key` is that of the form this one goes on with: an incomplete one that was sent, or a draft. `note` is whom an observer has
        chosen."""
        services = self._services
        rated = self._rated(visit, slug, informant, note)
        draft = begin_form(visit.record, slug=slug, informant=informant, rated=rated)
        earlier = self._earlier(visit, slug, informant, key, rated) if key and (invalid is None or request.form.get("completes")) else None
        draft = replace(draft, key=key) if key and (invalid or earlier) else draft
        place = FormPlace(launch_id=visit.id, slug=slug, informant=informant, key=draft.key)
        open_one = None if invalid or earlier else unsent(visit.record, instrument=draft.instrument, informant=informant, rated=rated)
        view = form_view(
            draft,
            urls=_urls(visit, slug, informant),
            now=services.now(visit.context.iss),
            site_name=services.settings.site_name,
            ticket=ticket_for(visit.record, place=place, instrument=draft.instrument, cookie=visit.cookie, rated=rated),
            invalid=invalid,
            earlier=earlier,
            offered=open_one,
            hidden=((RATED, note),) if rated else (),
        )
        status = _UNPROCESSABLE if invalid else 200
        return self._site.pages.page("check_form", view, csrf=visit.csrf, tab=visit.tab, status=status)

    def _earlier(self, visit: Visit, slug: str, informant: Informant, key: str, rated: Person | None) -> Unsent | None:
        """The draft that this form goes on with; None when it is gone."""
        instrument = form_of(self._services, slug, informant)
        return unsent(visit.record, instrument=instrument, informant=informant, key=key, rated=rated)

    def _from_paper(self, slug: str, informant: Informant) -> bool:
        return form_of(self._services, slug, informant).from_paper(informant)

    def _receipt(self, visit: Visit, key: str) -> Receipt:
        return receipt(visit.record, key=key)

    def _patient(self, visit: Visit) -> Patient | None:
        """Who the receipt is about; a receipt is shown even when the record does not answer."""
        try:
            return open_patient(visit.record)
        except FhirError:
            return None


def _urls(visit: Visit, slug: str, informant: Informant) -> FormUrls:
    place = partial(url_for, launch_id=visit.id, slug=slug, informant=informant)
    return FormUrls(
        action=place("submit"),
        back=url_for("dashboard", launch_id=visit.id),
        save=place("draft"),
        go_on=place("go_on"),
        discard=place("discard"),
    )


def _typed_now(kept: Mapping[str, str], fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What was understood of this very form. Answers of before may not be shown, so they do not come back in it."""
    return {name: code for name, code in kept.items() if name in fields}


def _informant(text: str) -> Informant:
    if text not in get_args(Informant):
        abort(404)
    return cast("Informant", text)
