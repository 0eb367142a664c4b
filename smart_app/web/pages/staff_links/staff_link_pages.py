"""One-time links as staff make, print and end them. What a new one is stands nowhere but in the address of the page that shows it, sealed
for that launch."""

from flask import Flask, Response, request, url_for

from fhir_mappings.sentence import NOTHING, Sentence
from smart_app.care.forms.asked_form import ask
from smart_app.care.handover.one_time_link import Use, end_link, links_of_visit, make_link, why_no_link
from smart_app.care.submission.begin import BlankForm, begin_form
from smart_app.care.submission.visit_state import not_answered_here
from smart_app.errors import SessionError
from smart_app.store import OneTimeLink
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.session.guard import PageRequest, check_patient
from smart_app.web.session.headers import see_other
from smart_app.web.views.staff_links.own_phone import (
    NO_LINK_UNCONFIRMED,
    LinkUrls,
    OwnPhone,
    ShownLink,
    clinic_of,
    own_phone,
    shown_link,
    slip_view,
)

SHOWN = "link"
_PURPOSE = "one-time link"


def register(app: Flask, dependencies: Dependencies) -> None:
    """Their addresses."""
    handler = StaffLinkPages(dependencies)
    app.add_url_rule("/l/<launch_id>/handover/<slug>/link", "make_link", handler.make, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/handover/<slug>/slip", "link_slip", handler.slip)
    app.add_url_rule("/l/<launch_id>/handover/<slug>/link/<link>/end", "end_link", handler.end, methods=["POST"])


class StaffLinkPages:
    """Links of one launch's patient."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def make(self, launch_id: str, slug: str) -> Response:
        """Make a link, and go back to the page that shows it."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        record = page_request.record
        asked = ask(record, slug=slug, informant="patient")
        draft = begin_form(record, asked)
        if "after-all" not in request.form and not_answered_here(record, asked) is not None:
            return see_other(url_for("handover", launch_id=page_request.id, slug=slug, unconfirmed="link", _anchor="own-phone"))
        use: Use = "sent" if request.form.get("use") == "sent" else "room"
        new = make_link(record, draft, use=use)
        sealed = record.services.store.launches.carry(record.launch, new.handle, purpose=_PURPOSE)
        return see_other(url_for("handover", launch_id=page_request.id, slug=slug, link=sealed, _anchor="own-phone"))

    def slip(self, launch_id: str, slug: str) -> Response:
        """The code and the clinic on a page of their own, to print. Nothing else: whoever finds the paper reads nothing of anybody."""
        page_request = self._dependencies.guard.enter(launch_id)
        sealed = request.args.get(SHOWN, "")
        handle, link = _carried(page_request, sealed)
        view = slip_view(
            link,
            address=_address(self._dependencies, handle),
            clinic=clinic_of(link, self._services.settings.site_name),
            back=url_for("handover", launch_id=page_request.id, slug=slug, link=sealed),
            now=page_request.record.now(),
        )
        return self._dependencies.pages.page("link_slip", view)

    def end(self, launch_id: str, slug: str, link: str) -> Response:
        """End one."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        end_link(page_request.record, link)
        return see_other(url_for("handover", launch_id=page_request.id, slug=slug, _anchor="own-phone"))


def link_part(
    dependencies: Dependencies, page_request: PageRequest, slug: str, draft: BlankForm, *, unanswered: Sentence = NOTHING
) -> OwnPhone:
    """The part of the hand-over page, with the link that was just made where the address carries one. `unanswered` says that the form was
    not answered at this visit, so that a link is made only where staff confirm that the patient is asked after all."""
    record = page_request.record
    return own_phone(
        links_of_visit(record),
        why_not=why_no_link(record, draft),
        form_of=lambda link: "" if link.slug == slug else _title(dependencies, link),
        urls=LinkUrls(
            make=url_for("make_link", launch_id=page_request.id, slug=slug),
            end=lambda link: url_for("end_link", launch_id=page_request.id, slug=slug, link=link.id),
        ),
        hours=record.services.settings.link_hours,
        shown=_shown(dependencies, page_request, slug),
        now=record.now(),
        unanswered=bool(unanswered),
        problem=NO_LINK_UNCONFIRMED if unanswered and request.args.get("unconfirmed") else NOTHING,
    )


def _title(dependencies: Dependencies, link: OneTimeLink) -> str:
    """Of its form, which a site may have taken away since."""
    try:
        return str(dependencies.services.library.get(link.slug).title)
    except KeyError:
        return link.slug


def _shown(dependencies: Dependencies, page_request: PageRequest, slug: str) -> ShownLink | None:
    """None where there is none, or it is over: its code would lead nowhere."""
    sealed, record = request.args.get(SHOWN, ""), page_request.record
    if not sealed:
        return None
    handle, link = _carried(page_request, sealed)
    if not link.live or link.expires <= record.services.clock() or link.slug != slug:
        return None
    return shown_link(
        link,
        address=_address(dependencies, handle),
        slip=url_for("link_slip", launch_id=page_request.id, slug=slug, link=sealed),
        clinic=clinic_of(link, record.services.settings.site_name),
        now=record.now(),
    )


def _carried(page_request: PageRequest, sealed: str) -> tuple[str, OneTimeLink]:
    """The link of this page's address. SessionError where there is none, or of another launch."""
    store = page_request.record.services.store
    handle = str(store.launches.carried(page_request.id, sealed, purpose=_PURPOSE))
    link = store.links.of_handle(handle)
    if link is None:
        raise SessionError(Sentence("This link is not there any more."), next_step=Sentence("Go back to the history."))
    return handle, link


def _address(dependencies: Dependencies, handle: str) -> str:
    """Where the link leads, whole: it is read on another device."""
    return f"{dependencies.services.settings.base_url}/link/{handle}"
