"""The page on which a clinician reads one rating as it was answered."""

from collections.abc import Callable, Iterator
from functools import partial

from flask import Flask, Response, url_for

from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.as_answered import as_answered
from smart_app.care.forms.asked_form import forms_offered
from smart_app.care.record.page_rule import PageFacts
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.session.csrf import Csrf
from smart_app.web.session.guard import PageRequest
from smart_app.web.session.rating_keys import rating_keys
from smart_app.web.views.answered.answered_page import AnsweredUrls, answered_view
from smart_app.web.views.dashboard.offers import offers
from smart_app.web.views.parts import Link

_ANY = "any"


def register(app: Flask, dependencies: Dependencies) -> None:
    """The one address."""
    app.add_url_rule("/l/<launch_id>/rating/<key>", "rating", AnsweredPages(dependencies).show)


def rating_addresses(csrf: Csrf, page_request: PageRequest) -> Callable[[str], str]:
    """Where a rating is shown, by its source."""
    # Made once: a history has hundreds.
    key_of, folder = rating_keys(csrf, page_request), url_for("rating", launch_id=page_request.id, key=_ANY).removesuffix(_ANY)
    return lambda source: f"{folder}{key_of(source)}"


def beginning(page_request: PageRequest, instrument: Instrument, informant: Informant) -> str:
    """Where a form begins: the patient's own with the hand-over."""
    if informant == "patient" and not instrument.from_paper(informant):
        return url_for("handover", launch_id=page_request.id, slug=instrument.slug)
    return url_for("form", launch_id=page_request.id, slug=instrument.slug, informant=informant)


class AnsweredPages:
    """For clinicians alone: no patient's launch is let in."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def _begun_from(self, page_request: PageRequest, facts: PageFacts | None) -> Iterator[Link]:
        """What the rule of the pages lets a clinician do here: what the history offers first, in its words."""
        if facts is None or not is_clinician(page_request.context.user.kind):
            return
        yield Link(href=url_for("note", launch_id=page_request.id), text=Sentence("Copy for the note"))
        found = offers(forms_offered(self._services), partial(beginning, page_request), facts=facts)
        yield from (one for one in (found.hand_over, found.rate) if one)

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
            urls=AnsweredUrls(
                history=at("dashboard"),
                end=at("end"),
                rating=rating_addresses(csrf, page_request),
                actions=tuple(self._begun_from(page_request, found.facts)),
                printed=at("print"),
            ),
        )
        self._services.store.audit.add("rating_read", launch_id=page_request.id, context=page_request.context)
        return self._dependencies.pages.page("answered", view, csrf=page_request.csrf, tab=page_request.tab)
