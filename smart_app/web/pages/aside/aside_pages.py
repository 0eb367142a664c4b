"""What a rating says put aside, with a reason, and taken back; both lead to the history."""

from flask import Flask, Response, request, url_for

from smart_app.care.dashboard.put_aside import put_aside, take_back
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.session.guard import PageRequest, check_patient
from smart_app.web.session.headers import see_other


def register(app: Flask, dependencies: Dependencies) -> None:
    """The two addresses."""
    handler = AsidePages(dependencies)
    app.add_url_rule("/l/<launch_id>/aside", "put_aside", handler.put, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/aside/taken-back", "take_back", handler.take, methods=["POST"])


class AsidePages:
    """For clinicians alone."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies

    def put(self, launch_id: str) -> Response:
        """Put it aside for the reason chosen."""
        page_request = self._entered(launch_id)
        put_aside(page_request.record, source=_field("source"), reason=_field("reason"))
        return _back(page_request)

    def take(self, launch_id: str) -> Response:
        """Take that back."""
        page_request = self._entered(launch_id)
        take_back(page_request.record, source=_field("source"))
        return _back(page_request)

    def _entered(self, launch_id: str) -> PageRequest:
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        return page_request


def _field(name: str) -> str:
    return request.form.get(name, "")


def _back(page_request: PageRequest) -> Response:
    return see_other(url_for("dashboard", launch_id=page_request.id))
