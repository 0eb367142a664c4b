"""Which language this request's page speaks, and where its reader can choose another.

Staff read in the one they chose, else what their browser asks for. A patient reads in the one they chose, else their own as the record says
it; whoever has signed in themself, else what their browser asks for: a tablet's browser is the clinic's. What somebody chose is kept for
that launch and for these readers alone, so that neither staff nor the next patient go on in it."""

from collections.abc import Callable, Sequence
from typing import Literal
from urllib.parse import urlencode

from flask import Response, g, request
from msgspec import Struct

from smart_app.care.forms.asked_form import form_of
from smart_app.care.record.patient_in_context import Patient, patient_of
from smart_app.errors import FhirError, SessionError
from smart_app.services import AppServices
from smart_app.web.languages.offered_languages import ENGLISH_ALONE, OfferedLanguages
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.session import cookies
from smart_app.web.session.guard import OWN_DEVICE, PORTAL

# Of a link to this page in another language, and of a form's button that brings it back in one; and the one that a form was read in.
LANGUAGE, SPOKEN = "language", "spoken"
# The tablet is the clinic's and a patient's for the while; in the portal both browser and eyes are the patient's.
Reader = Literal["staff", "tablet", "portal"]
_LAUNCH, _LOAN, _ENTRY = "launch_id", "handle", "entry"
# Where the pages of each lie, by what names it in their addresses.
_PLACES = {_LOAN: "p", _ENTRY: "mine", _LAUNCH: "l"}
# Pages of a patient on the clinic's device.
_ON_TABLET = {"lent_idle", "lent_form", "lent_submit", "lent_decline", "lent_thanks"}
# Asked for once more they would not be the same page: a launch is begun once, and comes back once.
_ONCE = {"launch", "callback"}


class SwitchEntry(Struct, frozen=True, kw_only=True):
    """One language to choose: its name in itself, and the address of this page in it, "" on a form, which is sent back instead. `chosen`:
    the page speaks it."""

    code: str
    name: str
    href: str
    chosen: bool


class SpokenLanguages(Struct, frozen=True, kw_only=True):
    """Decides for one request after the other."""

    services: AppServices
    offered: OfferedLanguages = ENGLISH_ALONE

    def to_patient(self, read: Callable[[], Patient]) -> None:
        """A patient reads this page: the one that `read` gives. Where they cannot be read, it is as if their language were not recorded."""
        if not self.offered.several:
            return
        try:
            g.patient_languages = read().languages
        except FhirError:
            g.patient_languages = ()

    def choose(self, code: str) -> bool:
        """What a form's button says; False for a language that is not offered."""
        g.language_wanted = code if self.offered.of_code(code) else ""
        return bool(g.language_wanted)

    def go_on(self, code: str) -> None:
        """In the language a form was read in, when it is sent: its launch may be over, and nobody's language known any more."""
        g.language_of_form = code

    def decide(self) -> PageLanguage:
        """The language of this request's page, which stands in `g.language` from then on."""
        if not self.offered.several:
            return ENGLISH_PAGE
        reader = self._reader()
        g.language_reader = "staff" if reader == "staff" else "patient"
        g.language_by_browser = False
        g.language = self._chosen() or self._patients(reader) or self._browsers(reader) or self.offered.first
        return g.language  # type: ignore[no-any-return]  # Flask's g is untyped

    def form_language(self) -> str:
        """The language a form is to be worded in, where there is one to choose: that of its page; "" leaves it to the site."""
        return self.decide().code if self.offered.several else ""

    def switch(self, *, by_form: bool) -> Sequence[SwitchEntry]:
        """The languages to choose from, empty where there is one, and on a page that answers what was sent: asked for anew, it would not be
        that page any more. `by_form`: the page has a form whose buttons they are, so that nothing typed is lost."""
        again = request.method in {"GET", "HEAD"} and request.endpoint not in _ONCE
        if not self.offered.several or not (by_form or again):
            return ()
        return [
            SwitchEntry(code=one.code, name=one.name, href="" if by_form else _address(one.code), chosen=one.language is g.language)
            for one in self.offered.all
        ]

    def finish(self, response: Response) -> None:
        """Keep what was chosen, for the pages of this launch that the same readers see."""
        code = self._wanted() if "language" in g and g.get("entered") else ""
        if self.offered.of_code(code):
            given = request.view_args or {}
            place = next(f"{folder}/{given[name]}" for name, folder in _PLACES.items() if name in given)
            path = f"{request.root_path}/{place}/"
            seconds = self.services.settings.absolute_minutes * 60
            cookies.keep_language(response, code, readers=g.language_reader, path=path, seconds=seconds)

    def _reader(self) -> Reader:
        if _rule().startswith(OWN_DEVICE):
            return "portal"
        context = g.get("entered")
        if context.by_patient if context else _rule().startswith(PORTAL):
            return "portal"
        return "tablet" if self._is_on_tablet() else "staff"

    def _is_on_tablet(self) -> bool:
        """Whether the page is the patient's own on the clinic's device; what is typed in from paper is not."""
        given = request.view_args or {}
        if request.endpoint in _ON_TABLET:
            return True
        if given.get("informant") != "patient":
            return False
        try:
            return not form_of(self.services, given["slug"], "patient").from_paper("patient")
        except SessionError:
            return False

    def _wanted(self) -> str:
        return str(g.get("language_wanted") or request.args.get(LANGUAGE, ""))

    def _chosen(self) -> PageLanguage | None:
        kept = cookies.language_in(request.cookies, readers=g.language_reader) if _PLACES.keys() & (request.view_args or {}).keys() else ""
        wishes = (self._wanted(), kept, g.get("language_of_form", ""))
        return next((found for code in wishes if (found := self.offered.of_code(code))), None)

    def _patients(self, reader: Reader) -> PageLanguage | None:
        """The patient's own: as this request has read it, or a page of a moment ago, so that an error page waits for no server."""
        if reader == "staff":
            return None
        known = g.get("patient_languages")
        return self.offered.of_patient(self._read_before() if known is None else known)

    def _read_before(self) -> Sequence[str]:
        context = g.get("entered")
        known = self.services.recent.get(context.iss, f"Patient/{context.patient}", context.access_token) if context else None
        return patient_of(known, zone=self.services.zone(context.iss)).languages if known else ()

    def _browsers(self, reader: Reader) -> PageLanguage | None:
        if reader == "tablet":
            return None
        g.language_by_browser = True
        return self.offered.for_browser(request.headers.get("Accept-Language", ""))


def _address(code: str) -> str:
    """This very page in that language, as a query alone: it leads nowhere else, and nothing is redirected."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != LANGUAGE]
    return f"?{urlencode([*kept, (LANGUAGE, code)])}"


def _rule() -> str:
    return request.url_rule.rule if request.url_rule else ""
