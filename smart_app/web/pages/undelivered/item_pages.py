"""Pages of what the record has not taken: decided over by its author, sent for them by a colleague, noted as read."""

from typing import cast, get_args

from flask import Flask, Response, abort, request, url_for
from msgspec.structs import replace

from smart_app.care.record.patient_in_context import Patient, open_patient
from smart_app.care.undelivered.colleagues_items import colleagues_item, send_for_author
from smart_app.care.undelivered.decisions import REASONS, Way, decide, have_told, undecided
from smart_app.errors import FhirError
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.rendering.spoken_language import LANGUAGE
from smart_app.web.session.guard import PageRequest, check_patient
from smart_app.web.session.headers import see_other
from smart_app.web.views.dashboard.sent_for_author import sent_for_author_view
from smart_app.web.views.forms.decision_page import decision_view

_UNPROCESSABLE = 422


def register(app: Flask, dependencies: Dependencies) -> None:
    """Their addresses."""
    handler = ItemPages(dependencies)
    app.add_url_rule("/l/<launch_id>/receipt/<key>/decision/<way>", "decision", handler.ask)
    app.add_url_rule("/l/<launch_id>/receipt/<key>/decision/<way>", "decide", handler.decide, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/receipt/<key>/seen", "decision_seen", handler.seen, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/for-author/<key>", "for_author", handler.for_author)
    app.add_url_rule("/l/<launch_id>/for-author/<key>", "send_for_author", handler.send, methods=["POST"])


class ItemPages:
    """One submission, beyond its receipt."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies

    def ask(self, launch_id: str, key: str, way: str) -> Response:
        """What the decision means, and whether it is meant."""
        return self._asked(self._dependencies.guard.enter(launch_id), key, _way(way))

    def decide(self, launch_id: str, key: str, way: str) -> Response:
        """Note the decision, and go to the receipt; without a reason, or in another language, the page comes back."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        reason, chosen = request.form.get("reason", ""), _way(way)
        if self._dependencies.spoken.choose(request.form.get(LANGUAGE, "")):
            return self._asked(page_request, key, chosen, reason=reason)
        if chosen == "discarded" and reason not in REASONS:
            return self._asked(page_request, key, chosen, lacking=True)
        decide(page_request.record, key=key, way=chosen, reason=reason, seen=request.form.get("seen", ""))
        return see_other(url_for("receipt", launch_id=page_request.id, key=key))

    def seen(self, launch_id: str, key: str) -> Response:
        """Note that its author has read what somebody else decided."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        have_told(page_request.record, key=key)
        return see_other(url_for("dashboard", launch_id=page_request.id))

    def send(self, launch_id: str, key: str) -> Response:
        """Send what a colleague, or the patient, has left; what became of it is the next page's to say."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        send_for_author(page_request.record, key=key)
        return see_other(url_for("for_author", launch_id=page_request.id, key=key))

    def for_author(self, launch_id: str, key: str) -> Response:
        """How it stands, and nothing of what it says."""
        page_request = self._dependencies.guard.enter(launch_id)
        view = sent_for_author_view(
            colleagues_item(page_request.record, key=key),
            context=page_request.context,
            patient=_patient(page_request),
            send=url_for("send_for_author", launch_id=page_request.id, key=key),
            history=url_for("dashboard", launch_id=page_request.id),
            now=page_request.record.now(),
        )
        return self._dependencies.pages.page("sent_for_author", view, csrf=page_request.csrf, tab=page_request.tab)

    def _asked(self, page_request: PageRequest, key: str, way: Way, *, reason: str = "", lacking: bool = False) -> Response:
        view = decision_view(
            undecided(page_request.record, key=key),
            way=way,
            context=page_request.context,
            patient=_patient(page_request),
            action=url_for("decide", launch_id=page_request.id, key=key, way=way),
            back=url_for("receipt", launch_id=page_request.id, key=key),
            now=page_request.record.now(),
            lacking=lacking,
        )
        status = _UNPROCESSABLE if lacking else 200
        view = replace(view, chosen=reason)
        return self._dependencies.pages.page("decision", view, csrf=page_request.csrf, tab=page_request.tab, status=status, by_form=True)


def _patient(page_request: PageRequest) -> Patient | None:
    """Whom it is about; a decision waits for no record that does not answer."""
    try:
        return open_patient(page_request.record)
    except FhirError:
        return None


def _way(text: str) -> Way:
    if text not in get_args(Way):
        abort(404)
    return cast("Way", text)
