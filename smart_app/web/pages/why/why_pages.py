"""The page on which a clinician reads why something is said, and the same as data."""

from functools import partial

import simplejson
from flask import Flask, Response, url_for

from smart_app.care.dashboard.why_said import why_said
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.session.guard import PageRequest
from smart_app.web.views.why.why_data import why_data
from smart_app.web.views.why.why_page import WhyUrls, why_view


def register(app: Flask, dependencies: Dependencies) -> None:
    """The two addresses."""
    handler = WhyPages(dependencies)
    app.add_url_rule("/l/<launch_id>/why", "why", handler.show)
    app.add_url_rule("/l/<launch_id>/why.json", "why_data", handler.data)


class WhyPages:
    """For clinicians alone: no patient's launch is let in."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def show(self, launch_id: str) -> Response:
        """A section for each signal, and in it one for each rule."""
        page_request = self._dependencies.guard.enter(launch_id)
        found, at = why_said(page_request.record), partial(url_for, launch_id=page_request.id)
        view = why_view(
            found,
            context=page_request.context,
            now=page_request.record.now(),
            urls=WhyUrls(history=at("dashboard"), data=at("why_data"), end=at("end")),
        )
        self._read(page_request)
        return self._dependencies.pages.page("why", view, csrf=page_request.csrf, tab=page_request.tab)

    def data(self, launch_id: str) -> Response:
        """The same, for machines."""
        page_request = self._dependencies.guard.enter(launch_id)
        found = why_said(page_request.record)
        document = why_data(found, simulated=self._services.terms.simulated, now=page_request.record.now())
        self._read(page_request)
        return Response(f"{simplejson.dumps(document, indent=2, ensure_ascii=False)}\n", mimetype="application/json")

    def _read(self, page_request: PageRequest) -> None:
        self._services.store.audit.add("why_read", launch_id=page_request.id, context=page_request.context)
