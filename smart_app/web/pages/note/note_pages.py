"""The page from which a clinician takes six lines into the note. It writes nothing: what is left out stands in the address alone."""

from functools import partial

from flask import Flask, Response, request, url_for

from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.web.pages.dashboard import years_asked
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.views.note.note_page import LEAVE_OUTS, NoteUrls, note_view


def register(app: Flask, dependencies: Dependencies) -> None:
    """The address."""
    app.add_url_rule("/l/<launch_id>/note", "note", NotePages(dependencies).show)


class NotePages:
    """For clinicians alone: no patient's launch is let in."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def show(self, launch_id: str) -> Response:
        """The lines, without what is asked to be left out."""
        page_request = self._dependencies.guard.enter(launch_id)
        at = partial(url_for, launch_id=page_request.id)
        history = load_history(page_request.record, years=years_asked())
        asked = request.args.getlist("without")
        view = note_view(
            history,
            context=page_request.context,
            now=page_request.record.now(),
            urls=NoteUrls(
                page=at("note"),
                history=at("dashboard", years=history.years),
                printed=at("print", years=history.years),
                end=at("end"),
            ),
            without=frozenset(code for code in LEAVE_OUTS if code in asked),
            language=self._dependencies.spoken.decide(),
        )
        self._services.store.audit.add("note_read", launch_id=page_request.id, context=page_request.context)
        return self._dependencies.pages.page("note", view, csrf=page_request.csrf, tab=page_request.tab)
