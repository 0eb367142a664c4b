"""A copy of the printed page for the record: shown with who may read it, filed on a click, and told as it ended."""

from functools import partial
from urllib.parse import urlencode

from flask import Flask, Response, request, url_for

from fhir_mappings.sentence import NOTHING, Sentence, said
from smart_app.care.dashboard.filed_copies import (
    FiledCopy,
    PageToFile,
    check_copy,
    copy_of,
    file_copy,
    filed_before,
    keep_shown,
    shown_file,
    why_not_file,
    why_not_into,
)
from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.load_dashboard import load_open_history
from smart_app.care.record.patient_in_context import Patient, open_patient
from smart_app.care.record.record import ChartRecord
from smart_app.errors import FhirError, NotOffered, NoTypesetter
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.pages.dashboard import years_asked
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.rendering.typeset.typesetter import Typesetter
from smart_app.web.session.guard import PageRequest, check_patient
from smart_app.web.session.headers import see_other
from smart_app.web.views.parts import Link
from smart_app.web.views.printed.copy_page import CopyUrls, copy_receipt, copy_view
from smart_app.web.views.printed.filed_paper import content_of, filed_paper, filed_sheet
from smart_app.web.views.printed.paper import TITLE

_FILE = "alliance-and-diabetes-history.pdf"


def register(app: Flask, dependencies: Dependencies, typesetter: Typesetter | None) -> None:
    """The addresses. `typesetter` is None where PDFs cannot be made."""
    pages = CopyPages(dependencies, typesetter)
    app.add_url_rule("/l/<launch_id>/print/file", "file_page", pages.show)
    app.add_url_rule("/l/<launch_id>/print/file", "file_copy", pages.file, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/print/file.pdf", "file_page_pdf", pages.pdf)
    app.add_url_rule("/l/<launch_id>/print/filed/<key>", "filed_copy", pages.receipt)
    app.add_url_rule("/l/<launch_id>/print/filed/<key>/check", "check_copy", pages.check, methods=["POST"])


class CopyPages:
    """For clinicians alone: no patient's launch is let in."""

    def __init__(self, dependencies: Dependencies, typesetter: Typesetter | None) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services
        self._typesetter = typesetter

    def show(self, launch_id: str) -> Response:
        """The page as it would be filed, kept from now on as it is shown. NotOffered where nothing can be filed here."""
        page_request = self._entered(launch_id)
        record, at = page_request.record, partial(url_for, launch_id=page_request.id)
        history = load_open_history(record, years=years_asked())
        language = self._language()
        sheet = filed_sheet(history, context=record.context, now=record.now(), language=language)
        stopped = _stopped(history, record, empty=not sheet.pairs)
        made = self._made(history, record, language) if not stopped else None
        before = filed_before(record, made.content) if made else None
        key = keep_shown(record, made) if made and not before else ""
        view = copy_view(
            sheet,
            context=record.context,
            urls=CopyUrls(
                back=at("print", years=history.years), pdf=f"{at('file_page_pdf')}?{urlencode({'key': key})}", file=at("file_copy")
            ),
            key=key,
            years=history.years,
            stopped=stopped,
            changed=request.args.get("changed") == "yes",
            before=_before(record, before, at("filed_copy", key=before.key)) if before else None,
        )
        self._services.store.audit.add("page_shown_to_file", launch_id=page_request.id, context=page_request.context)
        return self._dependencies.pages.page("file_copy", view, csrf=page_request.csrf, tab=page_request.tab)

    def pdf(self, launch_id: str) -> Response:
        """The very file that would be filed. NotOffered without one of that key."""
        page_request = self._dependencies.guard.enter(launch_id)
        response = Response(shown_file(page_request.record, request.args.get("key", "")), mimetype="application/pdf")
        response.headers["Content-Disposition"] = f'inline; filename="{_FILE}"'
        return response

    def file(self, launch_id: str) -> Response:
        """File what was shown, unless the record reads otherwise meanwhile: then it is shown once more."""
        page_request = self._entered(launch_id)
        check_patient(page_request.context)
        record, key = page_request.record, request.form.get("key", "")
        copy = copy_of(record, key)
        if copy.state == "shown" and not self._is_as_shown(record, copy):
            return see_other(url_for("file_page", launch_id=page_request.id, years=years_asked(request.form), changed="yes"))
        file_copy(record, key)
        return self._to_receipt(page_request, key)

    def receipt(self, launch_id: str, key: str) -> Response:
        """How the copy stands."""
        page_request = self._dependencies.guard.enter(launch_id)
        record, at = page_request.record, partial(url_for, launch_id=page_request.id)
        view = copy_receipt(
            copy_of(record, key),
            context=page_request.context,
            patient=_patient(record),
            now=record.now(),
            back=at("print"),
            check=at("check_copy", key=key),
            send=at("file_copy"),
        )
        return self._dependencies.pages.page("filed_copy", view, csrf=page_request.csrf, tab=page_request.tab)

    def check(self, launch_id: str, key: str) -> Response:
        """Ask the server once more whether it is there."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        check_copy(page_request.record, key)
        return self._to_receipt(page_request, key)

    def _entered(self, launch_id: str) -> PageRequest:
        """NotOffered where nothing can be filed here."""
        page_request = self._dependencies.guard.enter(launch_id)
        if (why := why_not_file(page_request.record)) is not None:
            raise NotOffered(Sentence("{why} Nothing was filed.", why=why))
        return page_request

    def _is_as_shown(self, record: ChartRecord, copy: FiledCopy) -> bool:
        history = load_open_history(record, years=years_asked(request.form))
        language = self._language()
        if not filed_sheet(history, context=record.context, now=record.now(), language=language).pairs:
            return False
        return content_of(filed_paper(history, context=record.context, now=record.now(), language=language)) == copy.content

    def _language(self) -> PageLanguage:
        """The site's own: the page is not its maker's alone to read."""
        offered = self._dependencies.spoken.offered
        return offered.first if offered.several else ENGLISH_PAGE

    def _made(self, history: History, record: ChartRecord, language: PageLanguage) -> PageToFile:
        """NoTypesetter where PDFs cannot be made, NotTypeset where this one cannot."""
        if self._typesetter is None:
            raise NoTypesetter(
                Sentence("PDFs cannot be made on this server: what sets them is not installed."), detail="pip install 'rapport[pdf]'"
            )
        page = filed_paper(history, context=record.context, now=record.now(), language=language)
        made = self._typesetter.pdf("printed_page", page, made=history.read_at)
        begun = history.read_at.replace(year=history.start.year, month=history.start.month, day=history.start.day)
        return PageToFile(
            pdf=made,
            title=said(TITLE, language),
            language=language.code,
            made=history.read_at,
            start=begun,
            end=history.read_at,
            content=content_of(page),
        )

    def _to_receipt(self, page_request: PageRequest, key: str) -> Response:
        return see_other(url_for("filed_copy", launch_id=page_request.id, key=key))


def _stopped(history: History, record: ChartRecord, *, empty: bool) -> Sentence:
    """Why this page cannot be filed as it is."""
    into = why_not_into(history.patient.standing(record.now().date()))
    if into is not None:
        return into
    if not all(read.whole for read in history.reads):
        return Sentence("Not everything that belongs on the page could be read, so it cannot be filed now. Try again later.")
    if empty:
        return Sentence("There is nothing to file yet: no visit of this range that is scored has been rated by its clinician.")
    return NOTHING


def _before(record: ChartRecord, copy: FiledCopy, href: str) -> Link:
    """The copy of the same content: whoever filed it has its receipt, others are told that there is one."""
    try:
        copy_of(record, copy.key)
    except NotOffered:
        href = ""
    told = _IN_RECORD if copy.state == "filed" else _MAY_BE
    return Link(href=href, text=told)


_IN_RECORD = Sentence("A copy of exactly this was filed in the record today. Another would say the same.")
_MAY_BE = Sentence("A copy of exactly this was sent to the record today, and it is not known yet whether it is there.")


def _patient(record: ChartRecord) -> Patient | None:
    try:
        return open_patient(record)
    except FhirError:
        return None
