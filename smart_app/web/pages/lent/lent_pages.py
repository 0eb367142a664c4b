"""The patient's page on a lent device: one form, what is kept of it while it is typed, and thanks."""

from flask import Flask, Response, g, request, url_for
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence
from smart_app.care.forms.asked_form import AskedForm, ask, in_language
from smart_app.care.forms.saved_drafts import KeptAnswers, saved_draft
from smart_app.care.handover.patients_page import IDLE, NOTICE, begin, disown, in_use, is_open
from smart_app.care.record.patient_in_context import open_patient
from smart_app.care.submission.begin import begin_form
from smart_app.care.submission.build_receipt import receipt
from smart_app.errors import LaunchError, NotOffered, SessionError
from smart_app.store import Loan
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.pages.draft_pages import DraftFlow, FormSender, discarded, keep_incomplete, sent, taken_up
from smart_app.web.pages.error_pages import reference, way_back_if_over
from smart_app.web.pages.forms import Door, FormFlow
from smart_app.web.pages.on_loan.on_loan_answer import loan_token
from smart_app.web.session import cookies
from smart_app.web.session.guard import LENT, PageRequest, check_patient
from smart_app.web.session.headers import see_other
from smart_app.web.session.lent_browser import ON_LOAN, Held, held
from smart_app.web.views.ended import thanks_view
from smart_app.web.views.error import ErrorView
from smart_app.web.views.forms.form_page import FormUrls
from smart_app.web.views.forms.kept_answers import kept_view
from smart_app.web.views.lent.idle_page import left_alone_view, still_there_view
from smart_app.web.views.lent.on_loan_page import code_field
from smart_app.web.views.lent.start_page import LentStartUrls, start_view
from smart_app.web.views.parts import named_clinician

_RULE = "/p/<handle>"
_WAITS = Sentence("The answers on the page are kept and wait with the patient's form. Nobody reads them.")
_REFUSAL_WAITS = Sentence("That you would rather not answer today is kept, and staff read it in the history. Your answers are deleted.")


def register(app: Flask, dependencies: Dependencies) -> None:
    """The addresses of the patient's page."""
    handler = LentPages(dependencies)
    app.add_url_rule(f"{_RULE}/", "lent_form", handler.form)
    app.add_url_rule(f"{_RULE}/begin", "lent_begin", handler.begin, methods=["POST"])
    app.add_url_rule(f"{_RULE}/not-me", "lent_not_me", handler.not_me, methods=["POST"])
    app.add_url_rule(f"{_RULE}/answers", "lent_submit", handler.submit, methods=["POST"])
    app.add_url_rule(f"{_RULE}/decline", "lent_decline", handler.decline)
    app.add_url_rule(f"{_RULE}/decline", "lent_rather_not", handler.rather_not, methods=["POST"])
    app.add_url_rule(f"{_RULE}/declined", "lent_refuse", handler.refuse, methods=["POST"])
    app.add_url_rule(f"{_RULE}/draft", "lent_draft", handler.draft, methods=["POST"])
    app.add_url_rule(f"{_RULE}/draft/continue", "lent_go_on", handler.go_on, methods=["POST"])
    app.add_url_rule(f"{_RULE}/draft/discard", "lent_discard", handler.discard, methods=["POST"])
    app.add_url_rule(f"{_RULE}/keep", "lent_keep", handler.keep, methods=["POST"])
    app.add_url_rule(f"{_RULE}/idle", "lent_idle", handler.idle)
    app.add_url_rule(f"{_RULE}/stay", "lent_stay", handler.stay, methods=["POST"])
    app.add_url_rule(f"{_RULE}/thanks/<key>", "lent_thanks", handler.thanks)


class LentPages:
    """One patient's form under a loan."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services
        self._flow = FormFlow(
            dependencies,
            Door(enter=dependencies.guard.enter_lent, urls=self._urls, done=self._done, kept=self._kept, sender=self._sender),
        )

    def form(self, handle: str) -> Response:
        """Who it is for; and once they have said that it is them, their form. Where something was begun, whether it was they who did."""
        page_request = self._dependencies.guard.enter_lent(handle)
        loan = self._loan(handle)
        if loan.state == "done":
            raise held(Held(loan=loan))
        asked = ask(page_request.record, slug=loan.slug, informant="patient", loan=loan.id)
        key = request.args.get("draft", "")
        if is_open(self._services, loan, key):
            in_use(self._services, loan)
            return self._flow.page(page_request, asked, key=key)
        found = saved_draft(page_request.record, asked)
        return self._flow.resume(page_request, asked, found) if found else self._start(page_request, asked)

    def begin(self, handle: str) -> Response:
        """To the form, for whoever says that it is theirs; to the page before it is declined, for who would rather not."""
        page_request = self._dependencies.guard.enter_lent(handle)
        check_patient(page_request.context)
        key = begin(self._services, self._loan(handle))
        if "rather-not" in request.form:
            return see_other(url_for("lent_decline", handle=handle, key=key))
        return see_other(url_for("lent_form", handle=handle, draft=key))

    def not_me(self, handle: str) -> Response:
        """The page ends: whoever has the device is somebody else."""
        page_request = self._dependencies.guard.enter_lent(handle)
        check_patient(page_request.context)
        disown(self._services, self._loan(handle))
        return see_other(url_for("lent"))

    def submit(self, handle: str) -> Response:
        """Store the answers, or say what is wrong with them."""
        loan = self._open_to_sending(handle)
        return self._letting_go(self._flow.submit(handle, loan.slug, "patient", note=""))

    def rather_not(self, handle: str) -> Response:
        """To the page before the form is declined, with what was typed so far kept."""
        return self._flow.rather_not(handle, self._open_to_sending(handle).slug, note="")

    def decline(self, handle: str) -> Response:
        """What declining means, before anybody does."""
        page_request = self._dependencies.guard.enter_lent(handle)
        loan = self._loan(handle)
        if loan.state == "done":
            raise held(Held(loan=loan))
        return self._flow.decline(page_request, ask(page_request.record, slug=loan.slug, informant="patient", loan=loan.id))

    def refuse(self, handle: str) -> Response:
        """Store that the patient would rather not; from then on the page shows no form."""
        return self._letting_go(self._flow.refuse(handle, self._open_to_sending(handle, declines=True).slug, note=""))

    def _open_to_sending(self, handle: str, *, declines: bool = False) -> Loan:
        """The loan, where nothing was sent under it yet, or this very form was."""
        loan = self._loan(handle)
        self._check_out(handle, loan, declines=declines)
        if loan.state == "done" and not self._services.store.outbox.knows(request.form.get("key", "")):
            raise held(Held(loan=loan))
        return loan

    def _letting_go(self, response: Response) -> Response:
        # A browser lets go of pages it keeps for its Back button, though told not to store them, when a cookie of theirs is set (Chromium).
        loans, seconds = self._services.store.loans, self._services.settings.absolute_minutes * 60
        cookies.keep(response, loans.cookie_name, request.cookies.get(loans.cookie_name, ""), seconds=seconds)
        return response

    def draft(self, handle: str) -> Response:
        """Keep what has been typed so far."""
        loan = self._loan(handle)
        self._check_out(handle, loan)
        in_use(self._services, loan)
        return DraftFlow(self._dependencies, self._dependencies.guard.enter_lent, self._sender).save(
            handle, self._loan(handle).slug, "patient"
        )

    def go_on(self, handle: str) -> Response:
        """To the form, with what was kept of it."""
        page_request = self._dependencies.guard.enter_lent(handle)
        key = taken_up(page_request)
        self._services.store.loans.open_page(self._loan(handle).id, key)
        return see_other(url_for("lent_form", handle=handle, draft=key))

    def discard(self, handle: str) -> Response:
        """To an empty form."""
        discarded(self._dependencies.guard.enter_lent(handle))
        return see_other(url_for("lent_form", handle=handle, draft=begin(self._services, self._loan(handle))))

    def keep(self, handle: str) -> Response:
        """The same by a button, without a script: the form comes back with what was kept of it."""
        self.draft(handle)
        return see_other(url_for("lent_form", handle=handle, draft=request.form.get("key", "")))

    def stay(self, handle: str) -> Response:
        """Note that the page is in use, and nothing else."""
        self._dependencies.guard.enter_lent(handle)
        in_use(self._services, self._loan(handle))
        return Response(status=204)

    def idle(self, handle: str) -> Response:
        """A page that is not used: a way on while there is time, and afterwards to the question who began."""
        self._dependencies.guard.enter_lent(handle)
        loan, key = self._loan(handle), request.args.get("draft", "")
        if is_open(self._services, loan, key):
            view = still_there_view(
                on=url_for("lent_form", handle=handle, draft=key),
                then=url_for("lent_idle", handle=handle),
                seconds=int(NOTICE.total_seconds()),
            )
        else:
            view = left_alone_view(on=url_for("lent_form", handle=handle))
        return self._dependencies.pages.page("idle", view)

    def thanks(self, handle: str, key: str) -> Response:
        """The patient's last page: nothing on it leads to the chart."""
        page_request = self._dependencies.guard.enter_lent(handle)
        stands = receipt(page_request.record, key=key)
        self._dependencies.spoken.to_patient(lambda: open_patient(page_request.record))
        loan = self._loan(handle)
        view = thanks_view(
            stands.outcome,
            refused=stands.not_answered is not None,
            clinician=named_clinician(stands.clinician.name if stands.clinician else page_request.context.user.name),
            code=code_field(loan, url_for("take_back_here")),
            ways_back=url_for("lent"),
        )
        return self._dependencies.pages.page("thanks", view, csrf=loan_token(self._dependencies, loan))

    def _check_out(self, handle: str, loan: Loan, *, declines: bool = False) -> None:
        """OnLoan where the device was called back: what is sent is not taken, and waits with the form as what was typed before does."""
        if loan.state != "called_back":
            return
        self._dependencies.csrf.check(request, LENT, handle, request.cookies.get(self._services.store.loans.cookie_name, ""))
        typed = replace(sent(self._dependencies, self._sender(handle), loan.slug, "patient"), declines=declines)
        waits = _REFUSAL_WAITS if declines else _WAITS
        raise held(Held(loan=loan), waits if keep_incomplete(self._services, typed) else ON_LOAN)

    def _start(self, page_request: PageRequest, asked: AskedForm) -> Response:
        """Before the form: is it you, and who will see the answers."""
        draft = begin_form(page_request.record, asked)
        self._dependencies.spoken.to_patient(lambda: draft.patient)
        if draft.stopped:
            raise NotOffered(draft.stopped)
        asked = in_language(self._services, asked, self._dependencies.spoken.form_language())
        handle = (request.view_args or {})["handle"]
        urls = LentStartUrls(begin=url_for("lent_begin", handle=handle), not_me=url_for("lent_not_me", handle=handle))
        view = start_view(replace(draft, instrument=asked.instrument), urls=urls, site_name=self._services.settings.site_name)
        return self._dependencies.pages.page("lent_start", view, csrf=page_request.csrf, tab=page_request.tab)

    def _loan(self, handle: str) -> Loan:
        """The one this browser was found to be on; asked for anew where that is another, which says why it is not let in."""
        found: Loan | None = g.loan
        return found if found and found.handle == handle else self._services.store.loans.of_handle(handle, request.cookies)

    def _sender(self, handle: str) -> FormSender:
        return FormSender(launch=self._loan(handle).launch, cookie=request.cookies.get(self._services.store.loans.cookie_name, ""))

    def _urls(self, _page_request: PageRequest, _asked: AskedForm) -> FormUrls:
        handle = (request.view_args or {})["handle"]
        return FormUrls(
            action=url_for("lent_submit", handle=handle),
            back=url_for("lent"),
            save=url_for("lent_draft", handle=handle),
            go_on=url_for("lent_go_on", handle=handle),
            discard=url_for("lent_discard", handle=handle),
            not_me=url_for("lent_not_me", handle=handle),
            idle=url_for("lent_idle", handle=handle, draft=""),
            keep=url_for("lent_keep", handle=handle),
            idle_seconds=int(IDLE.total_seconds()),
            decline=url_for("lent_decline", handle=handle),
            refuse=url_for("lent_refuse", handle=handle),
            questions=url_for("lent_form", handle=handle),
        )

    def _done(self, _page_request: PageRequest, _asked: AskedForm, key: str) -> str:
        """To the thanks; from now on the page shows no form."""
        handle = (request.view_args or {})["handle"]
        self._services.store.loans.done(self._loan(handle).id, key)
        return url_for("lent_thanks", handle=handle, key=key)

    def _kept(self, kept: KeptAnswers, over: SessionError | LaunchError) -> ErrorView:
        return kept_view(kept, over, reference=reference(), way=way_back_if_over(self._dependencies))
