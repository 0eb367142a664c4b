"""From the form to its receipt: hand-over, questionnaire, thanks, receipt."""

from typing import cast, get_args

from flask import Flask, Response, abort, redirect, request, url_for

from fhir_mappings.answers import Invalid
from fhir_mappings.instrument import Informant
from smart_app.care.chart import open_patient
from smart_app.care.history import Patient
from smart_app.care.receipt import Receipt
from smart_app.care.submission import begin_form, form_of, receipt, send_again, submit
from smart_app.errors import FhirError
from smart_app.launch.context import LaunchContext
from smart_app.web.csrf import FIELD
from smart_app.web.guard import Visit
from smart_app.web.pages import check_patient
from smart_app.web.site import Site
from smart_app.web.views.ended import thanks_view
from smart_app.web.views.form import form_view
from smart_app.web.views.handover import handover_view
from smart_app.web.views.receipt import receipt_view

_OURS = {FIELD, "key", "patient"}
_UNPROCESSABLE = 422


def register(app: Flask, site: Site) -> None:
    """The addresses of forms and receipts."""
    handler = Forms(site)
    app.add_url_rule("/l/<launch_id>/handover/<slug>", "handover", handler.handover)
    app.add_url_rule("/l/<launch_id>/check/<slug>/<informant>", "form", handler.show)
    app.add_url_rule("/l/<launch_id>/check/<slug>/<informant>", "submit", handler.submit, methods=["POST"])
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
        draft = begin_form(visit.context, self._services, slug=slug, informant="patient")
        form = url_for("form", launch_id=visit.id, slug=slug, informant="patient")
        if draft.from_paper:
            return redirect(form, 303)  # type: ignore[return-value]
        view = handover_view(
            draft,
            form=form,
            back=url_for("dashboard", launch_id=visit.id),
            today=self._services.clock().astimezone().date(),
            blind=self._services.settings.blind_entry,
        )
        return self._site.pages.page("handover", view)

    def show(self, launch_id: str, slug: str, informant: str) -> Response:
        """An empty form."""
        visit = self._site.guard.enter(launch_id)
        return self._form(visit, slug, _informant(informant))

    def submit(self, launch_id: str, slug: str, informant: str) -> Response:
        """Store the answers and go to what became of them; an incomplete form comes back with everything that was given."""
        visit = self._site.guard.enter(launch_id)
        chosen = _informant(informant)
        key = request.form.get("key", "")
        outcome = submit(
            visit.context,
            self._services,
            slug=slug,
            informant=chosen,
            key=key,
            patient=request.form.get("patient", ""),
            fields={name: values for name, values in request.form.to_dict(flat=False).items() if name not in _OURS},
            launch_id=visit.id,
        )
        if isinstance(outcome, Invalid):
            return self._form(visit, slug, chosen, key=key, invalid=outcome)
        page = "thanks" if chosen == "patient" and not self._from_paper(slug, chosen) else "receipt"
        return redirect(url_for(page, launch_id=visit.id, key=outcome), 303)  # type: ignore[return-value]

    def thanks(self, launch_id: str, key: str) -> Response:
        """The patient's last page."""
        visit = self._site.guard.enter(launch_id)
        stands = self._receipt(visit, key)
        clinician = (stands.clinician.name if stands.clinician else visit.context.user.name) or "your clinician"
        view = thanks_view(stands.outcome, clinician=clinician, receipt=url_for("receipt", launch_id=visit.id, key=key))
        return self._site.pages.page("thanks", view)

    def receipt(self, launch_id: str, key: str) -> Response:
        """The clinician's receipt."""
        visit = self._site.guard.enter(launch_id)
        view = receipt_view(
            self._receipt(visit, key),
            context=visit.context,
            patient=self._patient(visit.context),
            history=url_for("dashboard", launch_id=visit.id),
            check_again=url_for("check_again", launch_id=visit.id, key=key),
            now=self._services.clock().astimezone(),
        )
        return self._site.pages.page("receipt", view, csrf=visit.csrf)

    def check_again(self, launch_id: str, key: str) -> Response:
        """Look for a submission that may be in the record, and send it only when it certainly is not."""
        visit = self._site.guard.enter(launch_id)
        check_patient(visit.context)
        send_again(visit.context, self._services, key=key, launch_id=visit.id)
        return redirect(url_for("receipt", launch_id=visit.id, key=key), 303)  # type: ignore[return-value]

    def _form(self, visit: Visit, slug: str, informant: Informant, *, key: str | None = None, invalid: Invalid | None = None) -> Response:
        draft = begin_form(visit.context, self._services, slug=slug, informant=informant)
        view = form_view(
            draft,
            action=url_for("submit", launch_id=visit.id, slug=slug, informant=informant),
            back=url_for("dashboard", launch_id=visit.id),
            today=self._services.clock().astimezone().date(),
            site_name=self._services.settings.site_name,
            key=key or draft.key,
            invalid=invalid,
        )
        return self._site.pages.page("check_form", view, csrf=visit.csrf, status=_UNPROCESSABLE if invalid else 200)

    def _from_paper(self, slug: str, informant: Informant) -> bool:
        return form_of(self._services, slug, informant).from_paper(informant)

    def _receipt(self, visit: Visit, key: str) -> Receipt:
        return receipt(visit.context, self._services, key=key, launch_id=visit.id)

    def _patient(self, context: LaunchContext) -> Patient | None:
        """Who the receipt is about; a receipt is shown even when the record does not answer."""
        try:
            return open_patient(context, self._services)
        except FhirError:
            return None


def _informant(text: str) -> Informant:
    if text not in get_args(Informant):
        abort(404)
    return cast("Informant", text)
