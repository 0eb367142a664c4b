"""Answers on their way: kept while they are typed, gone on with, discarded."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from flask import Flask, Response, request, url_for
from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app.care.forms.asked_form import AskedForm
from smart_app.care.forms.saved_drafts import KeptAnswers, PostedForm, discard, keep, take_up
from smart_app.care.submission.submit import CONFIRMED
from smart_app.errors import ForeignPage, LaunchError, LockedFrame, OnLoan, RapportError, SessionError
from smart_app.launch.context.launch_context import LaunchId
from smart_app.services import AppServices
from smart_app.store import FormPlace
from smart_app.telemetry import new_log
from smart_app.web.languages.english_beneath import say_in_plain_text
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.pages.error_pages import way_back_if_over
from smart_app.web.rendering.spoken_language import LANGUAGE, SPOKEN
from smart_app.web.session.csrf import FIELD
from smart_app.web.session.guard import PageRequest, check_patient
from smart_app.web.session.headers import see_other
from smart_app.web.views.forms.kept_answers import kept_words
from smart_app.web.views.ways_back import WayBack

# The sealed note of whom a form is about, where the sign-in does not say it.
RATED = "rated"
# The sealed note of which visit of before a form is about.
LATE = "late"
# One question at a time: the screen a form is sent from, and the one to turn to.
SCREEN, TURN = "screen", "question"
# What a form sends beside its answers.
OURS = {FIELD, "key", "patient", "ticket", "completes", RATED, LATE, CONFIRMED, LANGUAGE, SPOKEN, SCREEN, TURN}
_STATUS = {"kept": 204, "nothing": 204, "sent": 204, "too_soon": 429}
_GONE = 410


def register(app: Flask, dependencies: Dependencies) -> None:
    """The addresses of drafts."""
    handler = DraftPages(dependencies)
    app.add_url_rule("/l/<launch_id>/draft/<slug>/<informant>", "draft", handler.save, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/draft/<slug>/<informant>/continue", "go_on", handler.go_on, methods=["POST"])
    app.add_url_rule("/l/<launch_id>/draft/<slug>/<informant>/discard", "discard", handler.discard, methods=["POST"])


class FormSender(Struct, frozen=True, kw_only=True):
    """Under which launch a form was sent, and the cookie that came with it, "" for none."""

    launch: LaunchId
    cookie: str


def sender(dependencies: Dependencies, launch_id: str) -> FormSender:
    """Of a form at an address of its launch."""
    identity = LaunchId(launch_id)
    return FormSender(launch=identity, cookie=dependencies.services.store.launches.cookie_in(request.cookies, identity))


class KeptWords(Protocol):
    """What is said to whoever answers when their launch has ended and the answers are kept."""

    def __call__(self, kept: KeptAnswers, over: RapportError, /, *, way: WayBack | None = None) -> Sentence:
        """In a line."""
        ...


class DraftFlow:
    """A form that is kept while it is typed, at one door: who is let in there, who a form comes from, and what is said once it is over."""

    def __init__(
        self,
        dependencies: Dependencies,
        enter: Callable[[str], PageRequest],
        sender_of: Callable[[str], FormSender],
        said: KeptWords = kept_words,
    ) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services
        self._enter = enter
        self._sender_of = sender_of
        self._said = said

    def save(self, place: str, slug: str, informant: str) -> Response:
        """Keep what has been typed so far. 410 when the launch has ended and it was kept all the same, with words for the page."""
        typed = sent(self._dependencies, self._sender_of(place), slug, informant)
        try:
            self._enter(place)
        except (ForeignPage, OnLoan):
            raise
        except (SessionError, LaunchError) as over:
            kept = keep_without_launch(self._dependencies, typed, over)
            said = self._said(kept, over, way=way_back_if_over(self._dependencies))
            words = say_in_plain_text(said, self._dependencies.spoken.decide())
            return Response(words, status=_GONE, mimetype="text/plain")
        return Response(status=_STATUS[keep(self._services, typed, held_back=True).state])


class DraftPages:
    """What a form's script and the offer above a form lead to."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def save(self, launch_id: str, slug: str, informant: str) -> Response:
        """Keep what has been typed so far."""
        flow = DraftFlow(self._dependencies, self._dependencies.guard.enter, partial(sender, self._dependencies))
        return flow.save(launch_id, slug, informant)

    def go_on(self, launch_id: str, slug: str, informant: str) -> Response:
        """To the form, with what was kept of it."""
        page_request = self._dependencies.guard.enter(launch_id)
        return see_other(_form(page_request, slug, informant, draft=taken_up(page_request)))

    def discard(self, launch_id: str, slug: str, informant: str) -> Response:
        """To an empty form."""
        page_request = self._dependencies.guard.enter(launch_id)
        discarded(page_request)
        return see_other(_form(page_request, slug, informant))


def _form(page_request: PageRequest, slug: str, informant: str, *, draft: str | None = None) -> str:
    """The form's address; of an observer's with whom they have chosen, of one about a visit of before with which."""
    address = partial(url_for, "form", launch_id=page_request.id, slug=slug, informant=informant)
    return address(draft=draft, rated=request.form.get(RATED) or None, late=request.form.get(LATE) or None)


def taken_up(page_request: PageRequest) -> str:
    """The key of the draft that is gone on with, which is recorded. SessionError when it is not kept any more."""
    check_patient(page_request.context)
    key = request.form.get("key", "")
    take_up(page_request.record, key=key)
    return key


def discarded(page_request: PageRequest) -> None:
    """Forget the draft that is not wanted."""
    check_patient(page_request.context)
    discard(page_request.record, key=request.form.get("key", ""))


def sent(dependencies: Dependencies, by: FormSender, slug: str, informant: str) -> PostedForm:
    """The form of this request, in the language it was read in."""
    dependencies.spoken.go_on(request.form.get(SPOKEN, ""))
    return PostedForm(
        place=FormPlace(launch_id=by.launch, slug=slug, informant=informant, key=request.form.get("key", "")),
        ticket=request.form.get("ticket", ""),
        patient=request.form.get("patient", ""),
        # A part of a multipart form need not have a name.
        fields={name or "": values for name, values in request.form.to_dict(flat=False).items() if name not in OURS},
        cookie=by.cookie,
        completes=request.form.get("completes") == "yes",
        confirmed=frozenset(request.form.getlist(CONFIRMED)),
    )


def keep_without_launch(dependencies: Dependencies, typed: PostedForm, over: SessionError | LaunchError) -> KeptAnswers:
    """Keep what was sent to a launch that could not take it. `over` again where it cannot be kept, or nothing was answered."""
    if not isinstance(over, LockedFrame):
        dependencies.csrf.check_origin(request)
    try:
        kept = keep(dependencies.services, typed, why=over.code)
    except SessionError as refused:
        raise over from refused
    if kept.state == "nothing":
        raise over
    return kept


def keep_incomplete(services: AppServices, typed: PostedForm, asked: AskedForm | None = None) -> bool:
    """Keep a form that was not taken, `asked` where a launch let it in: the launch may end while it is completed. Whether it is kept."""
    try:
        return keep(services, typed, asked=asked).state == "kept"
    except SessionError as refused:
        # The form comes back with its answers either way; from a form of an older Rapport they are on that page alone.
        new_log().warning("draft_refused", code=refused.code)
        return False
