"""The page on which a clinician reads one rating as it was answered."""

from collections.abc import Callable
from functools import partial

from flask import Flask, Response, url_for

from smart_app.care.dashboard.as_answered import as_answered
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.session.csrf import Csrf
from smart_app.web.session.guard import PageRequest
from smart_app.web.session.rating_keys import rating_keys
from smart_app.web.views.answered.answered_page import AnsweredUrls, answered_view

_ANY = "any"


def register(app: Flask, dependencies: Dependencies) -> None:
    """The one address."""
    app.add_url_rule("/l/<launch_id>/rating/<key>", "rating", AnsweredPages(dependencies).show)


def rating_addresses(csrf: Csrf, page_request: PageRequest) -> Callable[[str], str]:
    """Where a rating is shown, by its source."""
    # Made once: a history has hundreds.
    key_of, folder = rating_keys(csrf, page_request), url_for("rating", launch_id=page_request.id, key=_ANY).removesuffix(_ANY)
    return lambda source: f"{folder}{key_of(source)}"


class AnsweredPages:
    """For clinicians alone: no patient's launch is let in."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def show(self, launch_id: str, key: str) -> Response:
        """The rating of that key."""
        page_request = self._dependencies.guard.enter(launch_id)
        csrf = self._dependencies.csrf
        found = as_answered(page_request.record, key=key, key_of=rating_keys(csrf, page_request))
        at = partial(url_for, launch_id=page_request.id)
        view = answered_view(
            found,
            context=page_request.context,
            now=page_request.record.now(),
            urls=AnsweredUrls(history=at("dashboard"), end=at("end"), rating=rating_addresses(csrf, page_request)),
        )
        self._services.store.audit.add("rating_read", launch_id=page_request.id, context=page_request.context)
        return self._dependencies.pages.page("answered", view, csrf=page_request.csrf, tab=page_request.tab)
