"""The page a clinician prints: one, or with the tables behind it."""

from functools import partial

from flask import Flask, Response, request, url_for

from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.web.pages.dashboard import years_asked
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.views.printed.printed_page import PrintUrls, print_view


def register(app: Flask, dependencies: Dependencies) -> None:
    """The address."""
    app.add_url_rule("/l/<launch_id>/print", "print", PrintPages(dependencies).show)


class PrintPages:
    """For clinicians alone: no patient's launch is let in."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def show(self, launch_id: str) -> Response:
        """The history of the range asked for, with its tables where they are asked for."""
        page_request = self._dependencies.guard.enter(launch_id)
        history = load_history(page_request.record, years=years_asked())
        at = partial(url_for, launch_id=page_request.id)
        here = partial(at, "print", years=history.years)
        view = print_view(
            history,
            context=page_request.context,
            urls=PrintUrls(history=at("dashboard", years=history.years), one_page=here(), with_tables=here(tables="yes")),
            now=page_request.record.now(),
            tables=request.args.get("tables") == "yes",
            language=self._dependencies.spoken.decide(),
        )
        self._services.store.audit.add("print_read", launch_id=page_request.id, context=page_request.context)
        return self._dependencies.pages.page("print", view, csrf=page_request.csrf, tab=page_request.tab)
