"""From the form to its receipt: hand-over, questionnaire, receipt; and the way a form takes, at whichever door it was asked for."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import cast, get_args
from urllib.parse import urlencode

from flask import Flask, Response, abort, request, url_for
from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.answers import Invalid, understood
from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.not_answered import REFUSED, reason_of
from fhir_mappings.sentence import NOTHING, Sentence
from smart_app.care.forms.asked_form import AskedForm, ask, in_language
from smart_app.care.forms.late_visit import at_visit, late_note, looked_up
from smart_app.care.forms.observed_clinician import Candidates, candidates, choose
from smart_app.care.forms.saved_drafts import Fields, KeptAnswers, PostedForm, SavedDraft, saved_draft, ticket_for, with_earlier
from smart_app.care.handover.lend import identified, lend, out_for
from smart_app.care.handover.patients_page import disowned_for
from smart_app.care.record.patient_in_context import Patient, open_patient
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.begin import BlankForm, begin_form
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import send_again
from smart_app.care.submission.receipt import Receipt
from smart_app.care.submission.submit import CONFIRMED, submit, submit_not_answered
from smart_app.care.submission.visit_state import not_answered_here
from smart_app.errors import FhirError, ForeignPage, LaunchError, NotForUser, NotHandedOver, NotOffered, OnLoan, SessionError
from smart_app.store import new_code
from smart_app.web.pages.chart_launch import FRAMED
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.pages.draft_pages import LATE, RATED, SCREEN, TURN, FormSender, keep_incomplete, keep_without_launch, sender, sent
from smart_app.web.pages.error_pages import reference, way_back_if_over
from smart_app.web.pages.staff_links.staff_link_pages import link_part
from smart_app.web.rendering.spoken_language import LANGUAGE, SPOKEN
from smart_app.web.session import cookies
from smart_app.web.session.guard import PageRequest, check_patient
from smart_app.web.session.headers import see_other
from smart_app.web.views.error import ErrorView
from smart_app.web.views.forms.clinician_choice import clinician_choice_view
from smart_app.web.views.forms.decline_page import decline_view
from smart_app.web.views.forms.form_page import FormUrls, form_view
from smart_app.web.views.forms.handover import ASK_AFTER_ALL, TICK_TWO, HandoverCode, handover_notes, handover_view
from smart_app.web.views.forms.kept_answers import handed_over_view, kept_view
from smart_app.web.views.forms.not_today import not_answered_words, not_today
from smart_app.web.views.forms.receipt_page import ReceiptUrls, receipt_view
from smart_app.web.views.forms.resume_page import ResumeUrls, resume_view
from smart_app.web.views.sign_in_end import form_words, link_words

_UNPROCESSABLE = 422
# What a ticked identifier's field is called, and what a code is sealed for.
_TICKED, _RETURN_CODE = "identified-", "return code"
_ON_A_LENT_DEVICE = Sentence("A patient's own answers are taken on a device that was handed over to them, and this page was not.")
_HAND_OVER_FIRST = Sentence("Staff: choose “Hand over” in the history, and hand over the page that opens.")


def register(app: Flask, dependencies: Dependencies) -> None:
    """The addresses of forms and receipts."""
    handler = Forms(dependencies)
    app.add_url_rule("/l/<launch_id>/handover/<slug>", "handover", handler.handover)
    app.add_url_rule("/l/<launch_id>/handover/<slug>", "lend", handler.lend, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/not-today/<slug>", "not_today", handler.not_today, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/check/<slug>/<informant>", "form", handler.show)
    app.add_url_rule("/l/<launch_id>/check/<slug>/<informant>", "submit", handler.submit, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/rated/<slug>/<informant>", "choose", handler.choose, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/receipt/<key>", "receipt", handler.receipt)
    app.add_url_rule("/l/<launch_id>/receipt/<key>/check-again", "check_again", handler.check_again, methods=["POST"])


class Door(Struct, frozen=True, kw_only=True):
    """What differs between the clinic's door to a form and the patient's own: who gets in, where the form's links lead and its submission
    (of that key) is said to have come, the page of answers that were kept for the next launch, and
    who sent a form to an address of this door."""

    enter: Callable[[str], PageRequest]
    urls: Callable[[PageRequest, AskedForm], FormUrls]
    done: Callable[[PageRequest, AskedForm, str], str]
    kept: Callable[[KeptAnswers, SessionError | LaunchError], ErrorView]
    sender: Callable[[str], FormSender]


class FormFlow:
    """A form asked for at one door, from its page to what became of its answers."""

    def __init__(self, dependencies: Dependencies, door: Door) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services
        self._door = door

    def submit(self, launch_id: str, slug: str, informant: str, *, note: str, late: str = "") -> Response:
        """Store the answers and go to what became of them; an incomplete form comes back with everything that was given. What reaches a
        launch that has ended is kept for the next one, and what is refused for the form's own. `note` says whom the form is about, `late`
        which visit of before."""
        return self._let_in(launch_id, slug, informant, lambda page_request, typed: self._taken(page_request, typed, note, late))

    def rather_not(self, launch_id: str, slug: str, *, note: str) -> Response:
        """To the page before the form is declined, with what was typed so far kept: nothing is lost by looking."""
        return self._let_in(launch_id, slug, "patient", lambda page_request, typed: self._put_by(page_request, typed, note))

    def decline(self, page_request: PageRequest, asked: AskedForm) -> Response:
        """What declining means, before anybody does."""
        record = page_request.record
        draft = begin_form(record, asked)
        self._dependencies.spoken.to_patient(lambda: draft.patient)
        if draft.stopped:
            raise NotOffered(draft.stopped)
        given = request.args.get("key", "")
        key = given or draft.key
        so_far, urls = saved_draft(record, asked, key=key), self._door.urls(page_request, asked)
        view = decline_view(
            draft,
            key=key,
            answered=so_far.answered if so_far else 0,
            action=urls.refuse,
            questions=_with(urls.questions, draft=given) if given else urls.questions,
            hidden=_notes(record, asked),
            ticket=ticket_for(record, asked, key=key, cookie=page_request.cookie) if asked.loan else "",
        )
        tab = None if asked.alone else page_request.tab
        return self._dependencies.pages.page("decline", view, csrf=page_request.csrf, tab=tab)

    def refuse(self, launch_id: str, slug: str, *, note: str) -> Response:
        """Store the patient's own refusal, and go to what became of it. On a lent device one that reaches a launch which has ended is kept
        for the next one, where staff read it."""
        return self._let_in(launch_id, slug, "patient", lambda page_request, typed: self._refused(page_request, typed, note), declines=True)

    def _refused(self, page_request: PageRequest, typed: PostedForm, note: str) -> Response:
        record, place = page_request.record, typed.place
        asked = ask(record, slug=place.slug, informant="patient", note=note)
        key = submit_not_answered(record, asked, key=place.key, patient=typed.patient, reason=REFUSED)
        return see_other(self._door.done(page_request, asked, key))

    def _put_by(self, page_request: PageRequest, typed: PostedForm, note: str) -> Response:
        check_patient(page_request.context)
        asked = ask(page_request.record, slug=typed.place.slug, informant="patient", note=note)
        keep_incomplete(self._services, typed, in_language(self._services, asked, request.form.get(SPOKEN, "")))
        return see_other(_with(self._door.urls(page_request, asked).decline, key=typed.place.key))

    def _let_in(
        self, launch_id: str, slug: str, informant: str, then: Callable[[PageRequest, PostedForm], Response], *, declines: bool = False
    ) -> Response:
        """What an open launch makes of the form of this request; what reaches one that has ended is kept."""
        typed = replace(sent(self._dependencies, self._door.sender(launch_id), slug, informant), declines=declines)
        try:
            page_request = self._door.enter(launch_id)
        except (ForeignPage, NotForUser, OnLoan):
            raise
        except (SessionError, LaunchError) as over:
            view = self._door.kept(keep_without_launch(self._dependencies, typed, over), over)
            return self._dependencies.pages.page("error", view, status=over.http_status)
        try:
            return then(page_request, typed)
        except SessionError:
            keep_incomplete(self._services, typed)
            raise

    def page(self, page_request: PageRequest, asked: AskedForm, *, key: str | None = None, invalid: Invalid | None = None) -> Response:
        """The form. `key` is that of the one it goes on with: an incomplete one that was sent, a draft, or one begun under a loan."""
        services = self._services
        draft = begin_form(page_request.record, asked)
        self._dependencies.spoken.to_patient(lambda: draft.patient)
        asked = in_language(services, asked, self._dependencies.spoken.form_language())
        draft = replace(draft, instrument=asked.instrument)
        if draft.stopped and invalid is None:
            raise NotOffered(draft.stopped)
        earlier = saved_draft(page_request.record, asked, key=key) if key and (invalid is None or request.form.get("completes")) else None
        draft = replace(draft, key=key) if key and (invalid or earlier or asked.loan) else draft
        urls = self._door.urls(page_request, asked)
        view = form_view(
            draft,
            urls=replace(urls, turned=_with(urls.questions, draft=draft.key, question="")),
            now=page_request.record.now(),
            site_name=services.settings.site_name,
            ticket=ticket_for(page_request.record, asked, key=draft.key, cookie=page_request.cookie),
            invalid=invalid,
            earlier=earlier,
            offered=None if invalid or earlier else saved_draft(page_request.record, asked),
            hidden=_notes(page_request.record, asked),
            confirmed=frozenset(request.form.getlist(CONFIRMED)),
            lasts=_lasts(page_request.record),
            screen=request.form.get(SCREEN) or request.args.get(TURN, ""),
        )
        status = _UNPROCESSABLE if invalid and invalid.errors else 200
        return self._dependencies.pages.page("check_form", view, csrf=page_request.csrf, tab=page_request.tab, status=status, by_form=True)

    def resume(self, page_request: PageRequest, asked: AskedForm, found: SavedDraft) -> Response:
        """Before anything of it is shown: whether it was the patient who began it."""
        record, urls = page_request.record, self._door.urls(page_request, asked)
        patient = open_patient(record)
        self._dependencies.spoken.to_patient(lambda: patient)
        view = resume_view(
            patient,
            found,
            urls=ResumeUrls(go_on=urls.go_on, discard=urls.discard, not_me=urls.not_me),
            now=record.now(),
            hidden=_notes(record, asked),
        )
        return self._dependencies.pages.page("resume", view, csrf=page_request.csrf, tab=page_request.tab)

    def _taken(self, page_request: PageRequest, typed: PostedForm, note: str, late: str) -> Response:
        """What an open launch makes of it."""
        place = typed.place
        asked = ask(
            page_request.record, slug=place.slug, informant=_informant(place.informant), note=note, late=late, loan=page_request.loan
        )
        asked = in_language(self._services, asked, request.form.get(SPOKEN, ""))
        page_request = at(page_request, asked)
        earlier = saved_draft(page_request.record, asked, key=place.key) if typed.completes else None
        fields = with_earlier(typed.fields, earlier)
        if self._dependencies.spoken.choose(request.form.get(LANGUAGE, "")):
            return self._in_another_language(page_request, typed, asked, fields)
        if TURN in request.form:
            return self._turned(page_request, typed, asked)
        outcome = submit(page_request.record, asked, key=place.key, patient=typed.patient, fields=fields, confirmed=typed.confirmed)
        if not isinstance(outcome, Invalid):
            return see_other(self._door.done(page_request, asked, outcome))
        keep_incomplete(self._services, typed, asked)
        return self.page(page_request, asked, key=place.key, invalid=replace(outcome, kept=_typed_now(outcome.kept, typed.fields)))

    def _turned(self, page_request: PageRequest, typed: PostedForm, asked: AskedForm) -> Response:
        """To another screen of the form, with what was given so far kept and nothing sent."""
        check_patient(page_request.context)
        keep_incomplete(self._services, typed, asked)
        questions = self._door.urls(page_request, asked).questions
        return see_other(_with(questions, draft=typed.place.key, question=request.form[TURN]))

    def _in_another_language(self, page_request: PageRequest, typed: PostedForm, asked: AskedForm, fields: Fields) -> Response:
        """The form as it was, nothing sent and nothing wrong with it; kept where a form is kept while it is typed. Where nothing was given
        yet, it still offers what was begun before."""
        check_patient(page_request.context)
        if not fields:
            return self.page(page_request, asked)
        if self._door.urls(page_request, asked).save:
            keep_incomplete(self._services, typed, asked)
        so_far = Invalid(errors=(), kept=_typed_now(understood(asked.instrument, fields), typed.fields))
        return self.page(page_request, asked, key=typed.place.key, invalid=so_far)


class Forms:
    """Questionnaires of one launch, asked for in the clinic."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services
        self._flow = FormFlow(
            dependencies,
            Door(enter=self._enter, urls=_urls, done=_done, kept=self._kept, sender=partial(sender, dependencies)),
        )

    def handover(self, launch_id: str, slug: str) -> Response:
        """Before the device changes hands; a form without wording stays with the clinician."""
        page_request = self._dependencies.guard.enter(launch_id)
        asked = ask(page_request.record, slug=slug, informant="patient")
        draft = begin_form(page_request.record, asked)
        if draft.from_paper:
            return see_other(url_for("form", launch_id=page_request.id, slug=slug, informant="patient"))
        lacking = request.args.get("lacking")
        if lacking is None:
            return self._handover(page_request, asked, draft)
        ticked = lacking.split(",")
        problem = ASK_AFTER_ALL if identified(draft.patient, ticked) else TICK_TWO
        return self._handover(page_request, asked, draft, ticked=ticked, problem=problem)

    def not_today(self, launch_id: str, slug: str) -> Response:
        """Store why the patient's form is not answered at this visit; the receipt says what was stored, and where."""
        page_request = self._dependencies.guard.enter(launch_id)
        record, given = page_request.record, request.form
        reason = reason_of(given.get("reason", ""))
        if reason is None:
            abort(400)
        asked = ask(record, slug=slug, informant="patient")
        key, patient = given.get("key", ""), given.get("patient", "")
        key = submit_not_answered(record, asked, key=key, patient=patient, reason=reason, by_staff=True)
        return see_other(url_for("receipt", launch_id=page_request.id, key=key))

    def lend(self, launch_id: str, slug: str) -> Response:
        """Lend the device, once two identifiers agree: from then on it shows the patient's page, and forgets what was loaded before."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        record = page_request.record
        asked = ask(record, slug=slug, informant="patient")
        draft = begin_form(record, asked)
        if draft.stopped or draft.from_paper:
            raise NotOffered(draft.stopped or Sentence("This form is filled in on paper."))
        ticked = [name.removeprefix(_TICKED) for name in request.form if name.startswith(_TICKED)]
        again = "after-all" in request.form or not_answered_here(record, asked) is None
        if not (again and identified(draft.patient, ticked)):
            # An address of its own: going back to an answer to what was sent would have the browser ask whether to send it once more.
            return see_other(url_for("handover", launch_id=page_request.id, slug=slug, lacking=",".join(ticked)))
        sealed = request.form.get("sealed", "")
        code = (
            record.services.store.launches.carried(record.launch, sealed, purpose=_RETURN_CODE)
            if self._services.settings.return_code
            else ""
        )
        new = lend(record, slug=slug, code=code, cookies=request.cookies, agent=request.headers.get("User-Agent", ""))
        response = see_other(url_for("lent_form", handle=new.handle))
        # Nothing of the chart is to be had by going back, not even where a browser keeps what it was told not to store.
        response.headers["Clear-Site-Data"] = '"cache"'
        loans = self._services.store.loans
        cookies.keep(response, loans.cookie_name, new.cookie_value, seconds=self._services.settings.absolute_minutes * 60)
        return response

    def _handover(
        self, page_request: PageRequest, asked: AskedForm, draft: BlankForm, *, ticked: Sequence[str] = (), problem: Sentence = NOTHING
    ) -> Response:
        """The page before the device changes hands, with a code of its own each time."""
        record, slug = page_request.record, asked.slug
        held = not_answered_here(record, asked)
        unanswered = not_answered_words(held) if held else NOTHING
        code = new_code() if self._services.settings.return_code else ""
        sealed = record.services.store.launches.carry(record.launch, code, purpose=_RETURN_CODE) if code else ""
        framed = request.headers.get("Sec-Fetch-Dest") in FRAMED
        view = handover_view(
            draft,
            action=url_for("lend", launch_id=page_request.id, slug=slug),
            back=url_for("dashboard", launch_id=page_request.id),
            today=record.now().date(),
            blind=self._services.settings.blind_entry,
            code=HandoverCode(text=code, sealed=sealed),
            lasts=form_words(page_request.context, now=record.now()),
            ticked=ticked,
            problem=problem,
            notes=handover_notes(out_for(record), framed=framed, disowned=disowned_for(record), zone=record.zone),
            own_phone=link_part(self._dependencies, page_request, slug, draft, unanswered=unanswered),
            unanswered=unanswered,
            not_today=not_today(action=url_for("not_today", launch_id=page_request.id, slug=slug), key=draft.key),
        )
        return self._dependencies.pages.page("handover", view, csrf=page_request.csrf, tab=page_request.tab)

    def show(self, launch_id: str, slug: str, informant: str) -> Response:
        """An empty form, or what was kept of the one asked for; of an observer's first the question whom it is about. A patient's own is
        answered on a device that is lent to them."""
        page_request = self._dependencies.guard.enter(launch_id)
        notes = {"note": request.args.get(RATED, ""), "late": request.args.get(LATE, "")}
        asked = ask(page_request.record, slug=slug, informant=_informant(informant), **notes)
        if asked.patients_own:
            return see_other(url_for("handover", launch_id=page_request.id, slug=slug))
        if asked.asks_clinician and asked.chosen is None:
            return self._clinician_choice(page_request, asked, candidates(page_request.record))
        if asked.late:
            asked = replace(asked, late=looked_up(page_request.record, asked.late))
        return self._flow.page(at(page_request, asked), asked, key=request.args.get("draft"))

    def choose(self, launch_id: str, slug: str, informant: str) -> Response:
        """Note whom an observer rates, and go on to the form; in another language the page comes back. The address holds the note sealed,
        no reference and no name."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        asked = ask(page_request.record, slug=slug, informant=_informant(informant))
        found = candidates(page_request.record)
        reference = request.form.get("clinician", "")
        if self._dependencies.spoken.choose(request.form.get(LANGUAGE, "")):
            return self._clinician_choice(page_request, asked, found, chosen=reference)
        note = choose(page_request.record, found=found, reference=reference, form=(asked.slug, asked.informant))
        if note is None:
            return self._clinician_choice(page_request, asked, found, unknown=bool(reference))
        return see_other(url_for("form", launch_id=page_request.id, slug=slug, informant=informant, rated=note))

    def submit(self, launch_id: str, slug: str, informant: str) -> Response:
        """Store the answers, or say what is wrong with them."""
        return self._flow.submit(launch_id, slug, informant, note=request.form.get(RATED, ""), late=request.form.get(LATE, ""))

    def receipt(self, launch_id: str, key: str) -> Response:
        """The clinician's receipt."""
        page_request = self._dependencies.guard.enter(launch_id)
        view = receipt_view(
            self._receipt(page_request, key),
            context=page_request.context,
            patient=self._patient(page_request),
            urls=_receipt_urls(page_request, key),
            now=page_request.record.now(),
        )
        return self._dependencies.pages.page("receipt", view, csrf=page_request.csrf, tab=page_request.tab)

    def check_again(self, launch_id: str, key: str) -> Response:
        """Look for a submission that may be in the record, and send it only when it certainly is not."""
        page_request = self._dependencies.guard.enter(launch_id)
        check_patient(page_request.context)
        send_again(page_request.record, key=key)
        return see_other(url_for("receipt", launch_id=page_request.id, key=key))

    def _clinician_choice(
        self, page_request: PageRequest, asked: AskedForm, found: Candidates, *, chosen: str = "", unknown: bool | None = None
    ) -> Response:
        """Whom an observer's form is about, one `chosen` so far or none; `unknown` says of a choice that was made whether it named anybody
        at all."""
        view = clinician_choice_view(
            found,
            context=page_request.context,
            title=asked.instrument.title,
            action=url_for("choose", launch_id=page_request.id, slug=asked.slug, informant=asked.informant),
            back=url_for("dashboard", launch_id=page_request.id),
            today=page_request.record.now().date(),
            unknown=unknown,
        )
        view, status = replace(view, chosen=chosen), 200 if unknown is None else _UNPROCESSABLE
        return self._dependencies.pages.page(
            "whom", view, csrf=page_request.csrf, tab=page_request.tab, status=status, by_form=bool(view.rows)
        )

    def _enter(self, launch_id: str) -> PageRequest:
        """Whoever sends a form of the chart. NotHandedOver for the patient's own: a page of it that was opened before, or a script."""
        page_request = self._dependencies.guard.enter(launch_id)
        given = request.view_args or {}
        if given["informant"] == "patient" and ask(page_request.record, slug=given["slug"], informant="patient").patients_own:
            raise NotHandedOver(_ON_A_LENT_DEVICE, next_step=_HAND_OVER_FIRST)
        return page_request

    def _kept(self, kept: KeptAnswers, over: SessionError | LaunchError) -> ErrorView:
        if isinstance(over, NotHandedOver) and kept.state == "kept":
            return handed_over_view(kept, over, reference=reference(), hand_over=_hand_over_of_this())
        return kept_view(kept, over, reference=reference(), way=way_back_if_over(self._dependencies))

    def _receipt(self, page_request: PageRequest, key: str) -> Receipt:
        return receipt(page_request.record, key=key)

    def _patient(self, page_request: PageRequest) -> Patient | None:
        """Who the receipt is about; a receipt is shown even when the record does not answer."""
        try:
            return open_patient(page_request.record)
        except FhirError:
            return None


def _receipt_urls(page_request: PageRequest, key: str) -> ReceiptUrls:
    return ReceiptUrls(
        history=url_for("dashboard", launch_id=page_request.id),
        check_again=url_for("check_again", launch_id=page_request.id, key=key),
        copied=url_for("decision", launch_id=page_request.id, key=key, way="copied"),
        discard=url_for("decision", launch_id=page_request.id, key=key, way="discarded"),
    )


def _lasts(record: ChartRecord) -> str:
    """Until when the form can be sent, where that has to be said."""
    return link_words(record.own_device.until, now=record.now()) if record.own_device else form_words(record.context, now=record.now())


def _hand_over_of_this() -> str:
    """Where the form that this request came with is handed over."""
    given = request.view_args or {}
    return url_for("handover", launch_id=given["launch_id"], slug=given["slug"])


def _urls(page_request: PageRequest, asked: AskedForm) -> FormUrls:
    place = partial(url_for, launch_id=page_request.id, slug=asked.slug, informant=asked.informant)
    return FormUrls(
        action=place("submit"),
        back=url_for("dashboard", launch_id=page_request.id),
        save=place("draft"),
        go_on=place("go_on"),
        discard=place("discard"),
        questions=_with_notes(place("form"), page_request, asked),
        not_today=url_for("not_today", launch_id=page_request.id, slug=asked.slug)
        if asked.from_paper and asked.informant == "patient"
        else "",
    )


def at(page_request: PageRequest, asked: AskedForm) -> PageRequest:
    """The request as if it came from the visit the form is about."""
    return dataclasses.replace(page_request, record=at_visit(page_request.record, asked.late))


def _notes(record: ChartRecord, asked: AskedForm) -> tuple[tuple[str, str], ...]:
    """What goes back with the form unseen: whom it is about, or which visit of before."""
    rated = ((RATED, asked.note),) if asked.chosen else ()
    return (*rated, (LATE, late_note(record, asked.late, form=(asked.slug, asked.informant)))) if asked.late else rated


def _done(page_request: PageRequest, _asked: AskedForm, key: str) -> str:
    """To the receipt."""
    return url_for("receipt", launch_id=page_request.id, key=key)


def _with_notes(address: str, page_request: PageRequest, asked: AskedForm) -> str:
    notes = dict(_notes(page_request.record, asked))
    return _with(address, **notes) if notes else address


def _with(address: str, **query: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def _typed_now(kept: Mapping[str, str], fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What was understood of this very form. Answers of before may not be shown, so they do not come back in it."""
    return {name: code for name, code in kept.items() if name in fields}


def _informant(text: str) -> Informant:
    if text not in get_args(Informant):
        abort(404)
    return cast("Informant", text)
