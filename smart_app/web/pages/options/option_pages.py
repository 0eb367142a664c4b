"""The page a clinician opens to see what people try, and the ticks that are their own note."""

from functools import partial
from typing import cast

from flask import Flask, Response, request, url_for

from fhir_mappings.options.offered_options import Section
from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.things_to_try import things_to_try, tick
from smart_app.errors import SessionError
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.session.guard import check_patient
from smart_app.web.session.headers import see_other
from smart_app.web.views.dashboard.options_page import SECTIONS, OptionUrls, options_view

# More digits than any part needs.
_DIGITS = 3


def register(app: Flask, dependencies: Dependencies) -> None:
    """The addresses of the options."""
    handler = OptionPages(dependencies)
    app.add_url_rule("/l/<launch_id>/options", "options", handler.show)
    app.add_url_rule("/l/<launch_id>/options/ticked", "options_ticked", handler.keep, methods=["POST"])


class OptionPages:
    """For clinicians alone: no page of a patient's leads here, and none of theirs is let in."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def show(self, launch_id: str) -> Response:
        """Two or three options, of what was asked for or else of what opens first."""
        page_request = self._dependencies.guard.enter(launch_id)
        found = things_to_try(page_request.record)
        at = partial(url_for, launch_id=page_request.id)
        view = options_view(
            found,
            self._services.options,
            context=page_request.context,
            now=page_request.record.now(),
            asked=_section(request.args.get("show")),
            part=_part(request.args.get("part")),
            urls=OptionUrls(page=at("options"), ticked=at("options_ticked"), history=at("dashboard"), end=at("end")),
        )
        self._services.store.audit.add("options_read", launch_id=page_request.id, context=page_request.context)
        return self._dependencies.pages.page("options", view, csrf=page_request.csrf, tab=page_request.tab)

    def keep(self, launch_id: str) -> Response:
        """Keep the ticks of the page, and back to it."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        shown, ticked = frozenset(request.form.getlist("shown")), frozenset(request.form.getlist("ticked"))
        if not tick(page_request.record, shown=shown, ticked=ticked):
            raise SessionError(Sentence("This sign-in does not say which person you are, so nothing was kept."))
        section, part = _section(request.form.get("show")), _part(request.form.get("part"))
        return see_other(url_for("options", launch_id=page_request.id, show=section, part=part if part > 1 else None))


def _section(asked: str | None) -> Section | None:
    """What was asked for; None where there is no such thing."""
    return cast("Section", asked) if asked in SECTIONS else None


def _part(asked: str | None) -> int:
    """Which two or three of it, from 1."""
    return int(asked) if asked and asked.isascii() and asked.isdigit() and len(asked) <= _DIGITS else 1
