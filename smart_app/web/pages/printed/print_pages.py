"""The page a clinician prints, and the same as a PDF: one page, or with the tables behind it."""

from functools import partial

from flask import Flask, Response, request, url_for
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.filed_copies import is_switched_on, why_not_file
from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.errors import NoTypesetter
from smart_app.web.pages.dashboard import years_asked
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.rendering.typeset.typesetter import Typesetter
from smart_app.web.session.guard import PageRequest
from smart_app.web.views.printed.paper import paper
from smart_app.web.views.printed.printed_page import PrintUrls, PrintView, print_view

# It lies among other downloads, where anybody may read it.
_FILE = "alliance-and-diabetes-history.pdf"


def register(app: Flask, dependencies: Dependencies, typesetter: Typesetter | None) -> None:
    """The addresses. `typesetter` is None where PDFs cannot be made."""
    pages = PrintPages(dependencies, typesetter)
    app.add_url_rule("/l/<launch_id>/print", "print", pages.show)
    app.add_url_rule("/l/<launch_id>/print.pdf", "print_pdf", pages.pdf)


class PrintPages:
    """For clinicians alone: no patient's launch is let in."""

    def __init__(self, dependencies: Dependencies, typesetter: Typesetter | None) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services
        self._typesetter = typesetter

    def show(self, launch_id: str) -> Response:
        """The history of the range asked for, with its tables where they are asked for."""
        page_request = self._dependencies.guard.enter(launch_id)
        _, view = self._view(page_request)
        self._services.store.audit.add("print_read", launch_id=page_request.id, context=page_request.context)
        return self._dependencies.pages.page("print", view, csrf=page_request.csrf, tab=page_request.tab)

    def pdf(self, launch_id: str) -> Response:
        """The same to keep as a file. Raises NotTypeset."""
        page_request = self._dependencies.guard.enter(launch_id)
        if self._typesetter is None:
            raise NoTypesetter(
                Sentence("PDFs cannot be made on this server: what sets them is not installed."), detail="pip install 'rapport[pdf]'"
            )
        history, view = self._view(page_request)
        language = self._dependencies.spoken.decide()
        made = self._typesetter.pdf("printed_page", paper(view, language=language), made=history.read_at)
        self._services.store.audit.add("print_read", launch_id=page_request.id, context=page_request.context, detail={"as": "pdf"})
        response = Response(made, mimetype="application/pdf", headers={"Content-Language": language.code})
        response.headers["Content-Disposition"] = f'attachment; filename="{_FILE}"'
        return response

    def _view(self, page_request: PageRequest) -> tuple[History, PrintView]:
        history = load_history(page_request.record, years=years_asked())
        at = partial(url_for, launch_id=page_request.id)
        here = partial(at, "print", years=history.years)
        tables = request.args.get("tables") == "yes"
        as_pdf = at("print_pdf", years=history.years, tables="yes" if tables else None) if self._typesetter else ""
        wanted, why_not = self._filing(page_request)
        view = print_view(
            history,
            context=page_request.context,
            urls=PrintUrls(
                history=at("dashboard", years=history.years),
                one_page=here(),
                with_tables=here(tables="yes"),
                pdf=as_pdf,
                file=at("file_page", years=history.years) if wanted and why_not is None else "",
            ),
            now=page_request.record.now(),
            tables=tables,
            language=self._dependencies.spoken.decide(),
        )
        return history, replace(view, no_copy=_no_copy(why_not) if wanted and why_not else None)

    def _filing(self, page_request: PageRequest) -> tuple[bool, Sentence | None]:
        """Whether the site wants copies to be filed, and why none can be."""
        if self._typesetter is None or not is_switched_on(page_request.record):
            return False, None
        return True, why_not_file(page_request.record)


def _no_copy(why: Sentence) -> Sentence:
    return Sentence("No copy can be filed in the record here. {why}", why=why)
