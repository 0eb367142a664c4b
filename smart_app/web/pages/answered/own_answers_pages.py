"""The page on which a patient who has signed in reads what they answered, as it stands in their record, and prints it."""

from collections.abc import Callable

from flask import Flask, Response, url_for

from smart_app.care.patient_portal.own_responses import own_answers
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.session.csrf import Csrf
from smart_app.web.session.guard import PORTAL, PageRequest
from smart_app.web.session.rating_keys import rating_keys
from smart_app.web.views.portal.own_answers_page import own_answers_view


def register(app: Flask, dependencies: Dependencies) -> None:
    """The one address."""
    app.add_url_rule(f"{PORTAL}given/<key>", "own_given", OwnAnswersPages(dependencies).show)


def own_answers_address(csrf: Csrf, page_request: PageRequest) -> Callable[[str], str]:
    """Where answers are read, by their place in the record. It names nobody, and in another launch it is another one."""
    key_of = rating_keys(csrf, page_request)
    return lambda source: url_for("own_given", launch_id=page_request.id, key=key_of(source))


class OwnAnswersPages:
    """For patients who have signed in themselves alone: no clinician's launch is let in, and no lent device or one-time link has one."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies

    def show(self, launch_id: str, key: str) -> Response:
        """The answers of that key."""
        page_request = self._dependencies.guard.enter_portal(launch_id)
        services, spoken = self._dependencies.services, self._dependencies.spoken
        record, key_of = page_request.record, rating_keys(self._dependencies.csrf, page_request)
        found = own_answers(record, key=key, key_of=key_of, language=services.settings.language)
        spoken.to_patient(lambda: found.patient)
        view = own_answers_view(
            found,
            context=page_request.context,
            site_name=services.settings.site_name,
            home=url_for("own", launch_id=page_request.id),
            end=url_for("end", launch_id=page_request.id),
            now=record.now(),
        )
        services.store.audit.add("own_answers_read", launch_id=page_request.id, context=page_request.context)
        return self._dependencies.pages.page("own_answers", view, csrf=page_request.csrf, tab=page_request.tab)
