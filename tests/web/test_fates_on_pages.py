"""One answer of each kind, from the table of what becomes of a submission, walked through the pages as people open them: the form is sent
by a POST, the last page of whoever answered is read, the receipt, the next launch; then what the page advises is done there, by its button.

The judge is the table's (`tests/care/submission/table/truth.py`): it knows what the server holds, and reads the words of the pages."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import responses
from bs4 import Tag
from msgspec import Struct

from smart_app.services import AppServices
from tests.care.submission.table.database_faults import locked
from tests.care.submission.table.faulty_server import FaultyServer, Way, offers
from tests.care.submission.table.server_answers import BY_KEY, SOUND
from tests.care.submission.table.truth import Told, claims, dangling, doubled, lacking, responses_held, untrue
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, OWN, SITE, Clinic, clinic

SOFIA = {"fhirUser": "Practitioner/dr-1", "name": "Sofia Lindqvist", "sub": "user-1"}
INGRID = {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "patient-1"}
# By then whoever was sending is known to be gone.
_GONE = 61
_PRESSED_AT_MOST = 3
_BROWSERS = count(1)
_ROW_DENIES = "Not in the record"


class Door(Struct, frozen=True, kw_only=True):
    """Where somebody answers: `who` signs in. Below their first page: `pages` by who reads them, the last of them the one with the button;
    `left` are the places of a first page that speak of what is kept."""

    who: dict[str, str]
    pages: dict[str, str]
    left: str


CLINIC = Door(who=SOFIA, pages={"patient": "thanks/{}", "clinician": "receipt/{}"}, left=".notice, section.left li")
HOME = Door(who=INGRID, pages={"patient at home": "sent/{}"}, left="section[aria-labelledby=left] li")


class Fate(Struct, frozen=True, kw_only=True):
    """A kind: `answer` of the table's server on that way. At that door the page that tells all has this headline at once, this button (""
    where there is nothing to do), and that headline at last."""

    door: Door
    answer: str
    way: Way = "transaction"
    at_once: str
    button: str = ""
    at_last: str


_SAVED, _THANKS = "Saved in the record", "Thank you"
_in_clinic = partial(Fate, door=CLINIC, at_last=_SAVED)
_stored = partial(_in_clinic, at_once=_SAVED)
_refused = partial(_in_clinic, at_once="The record did not take this: kept in Rapport", button="Try to store it again")
_unknown = partial(_in_clinic, at_once="Not known whether this was saved. Do not enter it again.", button="Check again")
_at_home = partial(Fate, door=HOME, at_last=_THANKS)
_unknown_at_home = partial(_at_home, at_once="It is not known yet whether your answers arrived", button="Look again")
FATES = (
    _stored(answer="sound"),
    _stored(answer="reset-after"),
    _stored(answer="empty-all"),
    _refused(answer="422"),
    _refused(answer="403", way="separate"),
    _unknown(answer="503-before"),
    _unknown(answer="reset-after-no-reads", way="separate"),
    _unknown(answer="empty-nothing"),
    _unknown(answer="entries-503-scores"),
    _in_clinic(answer="429", at_once="Not in the record yet: kept in Rapport", button="Try to store it again"),
    _in_clinic(answer="entries-422-answers", at_once="Saved in the record, with something left out", button="Try to store the rest"),
    _at_home(answer="422", at_once="Your health record did not take your answers", button="Try to send them again"),
    _at_home(answer="429", at_once="Your answers are not in your health record yet", button="Send again"),
    _at_home(answer="entries-422-answers", at_once=_THANKS, button="Send the rest"),
    _unknown_at_home(answer="503-before"),
    _unknown_at_home(answer="reset-after-no-reads", way="separate"),
)


@dataclass(kw_only=True)
class Walk:
    """One submission on the pages. `first` is the first page of the launch that is open, `key` the submission's, `thanks` what a patient
    read on a lent device before it was taken back."""

    rapport: Clinic
    server: FaultyServer
    folder: Path
    clock: Clock
    door: Door
    first: str = ""
    key: str = ""
    thanks: Page | None = None

    @property
    def services(self) -> AppServices:
        return self.rapport.services

    def launch(self) -> Page:
        """Rapport opened by the same person, in a browser of its own: the first page, or what stands in its place."""
        self.rapport.server.claims |= self.door.who
        self.rapport.client = self.rapport.browser()
        self.rapport.client.environ_base["HTTP_USER_AGENT"] = f"Browser {next(_BROWSERS)}"
        self.first = self.rapport.launch()
        return self.rapport.get(self.first)

    def fill(self) -> Callable[[], Any]:
        """The form opened and filled in; sent when called, as often as that is."""
        page = self.launch()
        if self.door is CLINIC:
            fields = self.rapport.filled(self.first)
            self.key = fields["key"]
            return partial(self.sent_on_loan, self.first, fields)
        form = self.rapport.get(next(link for link in page.links() if "/answer/" in link))
        fields = form.form("/answer/") | dict.fromkeys(ITEMS, "4")
        self.key = fields["key"]
        return partial(self.post, form.action("/answer/"), fields)

    def sent_on_loan(self, chart: str, fields: dict[str, str]) -> Any:
        """By the patient; once they are thanked the device is taken back."""
        answer = self.rapport.patient_sends(chart, fields)
        if answer.status_code == 303:
            self.thanks = self.rapport.get(answer.headers["Location"])
            self.rapport.take_back(chart)
        return answer

    def post(self, action: str, fields: dict[str, str]) -> Any:
        return self.rapport.client.post(action, data=fields, base_url=SITE, headers=OWN)

    def page(self, name: str) -> Page:
        return self.rapport.get(f"{self.first}{self.door.pages[name].format(self.key)}")

    def look(self) -> Page:
        """The page with the button; whatever any page says is held against the server."""
        pages = {name: self.page(name) for name in self.door.pages if name != "patient"}
        if self.thanks:
            # Read as it was then: what is done about it since it does not say.
            pages, self.thanks = {"patient": self.thanks, **pages}, None
        shown = next(reversed(pages.values()))
        assert {name: page.status for name, page in pages.items()} == dict.fromkeys(pages, 200)
        told = Told(
            state="",
            pages={name: _said(page) for name, page in pages.items()},
            written=tuple(code.get_text() for code in shown.soup.select("td[data-label='Id and version'] code")),
            notices=self.notices(),
        )
        assert untrue(told, self.server.resources, key=self.key) == []
        rows = [cell.get_text() for cell in shown.soup.select("td[data-label='Where it is now']")]
        assert [row for row in rows if _ROW_DENIES in row and self.whole()] == []
        return shown

    def notices(self) -> tuple[str, ...] | None:
        """What the next launch says of it; None where the record does not let one be opened."""
        other = Walk(rapport=self.rapport, server=self.server, folder=self.folder, clock=self.clock, door=self.door)
        mine = self.rapport.client
        page = other.launch()
        self.rapport.client = mine
        return tuple(_text(one) for one in self.kept_in(page)) if page.status == 200 else None

    def kept_in(self, page: Page) -> list[Tag]:
        """The places of a first page that lead to this submission."""
        return [one for one in page.soup.select(self.door.left) if any(self.key in str(link["href"]) for link in one.select("a[href]"))]

    def whole(self) -> bool:
        """Whether the server has every part of it, once, and what they refer to."""
        held = self.server.resources
        scores = sum(place.startswith("Observation/") for place in held)
        wanted = [f"{self.key}.response"]
        return not (lacking(held, wanted) or doubled(held, self.key) or dangling(held)) and scores == _SCORES

    def press(self, page: Page) -> Page:
        """Its button, and where that leads."""
        button = next(form for form in page.soup.select("form[method=post]") if str(form["action"]).endswith(("/check-again", "/again")))
        answer = self.post(str(button["action"]), page.form(str(button["action"])))
        assert answer.status_code == 303, _said(read(answer))
        return self.look()

    def settle(self, page: Page) -> Page:
        """The button pressed for as long as there is one."""
        for _ in range(_PRESSED_AT_MOST):
            if _button(page):
                page = self.press(page)
        assert _button(page) == ""
        return page


_SCORES = 5


def _said(page: Page) -> str:
    """The headline, and the sentence below it."""
    heading = page.soup.select_one("h1")
    assert heading is not None
    below = heading.find_next("p")
    return f"{_text(heading).removesuffix('.')}. {_text(below) if isinstance(below, Tag) else ''}"


def _text(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def _headline(page: Page) -> str:
    heading = page.soup.select_one("h1")
    return _text(heading) if heading else ""


def _button(page: Page) -> str:
    """What can be pressed about it."""
    found = page.soup.select("form[action$='/check-again'] button, form[action$='/again'] button")
    return _text(found[0]) if found else ""


@contextmanager
def walk(way: Way, door: Door, folder: Path) -> Iterator[Walk]:
    clock, server = Clock(), FaultyServer(base=BASE, metadata=offers("conditional", way), ability="conditional")
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        signing_in = AuthorizationServer(wire, clock)
        with clinic(wire, signing_in, clock, folder=folder, ehr=server, read_timeout=1) as rapport:
            server.put({**server.resources["Patient/pat-1"], "generalPractitioner": [{"reference": "Practitioner/dr-1"}]})
            yield Walk(rapport=rapport, server=server, folder=folder, clock=clock, door=door)


@pytest.mark.parametrize("fate", FATES, ids=lambda fate: f"{fate.answer} {'at home' if fate.door is HOME else 'in the clinic'}")
def test_every_page_says_what_is_so_and_what_it_advises_ends_well(fate: Fate, tmp_path: Path) -> None:
    """What is kept is settled from the next launch's notice."""
    with walk(fate.way, fate.door, tmp_path) as walked:
        send = walked.fill()
        walked.server.answer = BY_KEY[fate.answer]
        assert send().headers["Location"].endswith(next(iter(fate.door.pages.values())).format(walked.key))
        page = walked.look()
        assert (_headline(page), _button(page)) == (fate.at_once, fate.button)
        walked.server.answer = SOUND
        if fate.button:
            [kept] = walked.kept_in(walked.launch())
            place = str(kept.select("a[href]")[-1]["href"])
            assert place == f"{walked.first}{list(fate.door.pages.values())[-1].format(walked.key)}"
            page = walked.settle(walked.look())
        assert _headline(page) == fate.at_last
        assert walked.whole()
        assert walked.notices() == ()


@pytest.mark.parametrize("door", [CLINIC, HOME], ids=["in the clinic", "at home"])
def test_a_database_that_is_locked_between_seal_and_outcome(door: Door, tmp_path: Path) -> None:
    """What was sent is in the record, and the page says so. Sent again from the form it is stored once, and the receipt is there."""
    with walk("transaction", door, tmp_path) as walked, ExitStack() as failing:
        send = walked.fill()
        begun: list[str] = []

        def at_the_write(method: str, path: str) -> None:
            if method == "POST" and not begun:
                begun.append(path)
                failing.enter_context(locked(walked))

        walked.server.faults.append(at_the_write)
        page = read(send())
        walked.server.faults.clear()
        failing.close()
        assert page.status == 503
        assert claims(_said(page)) == {"there"}
        assert responses_held(walked.server.resources, walked.key) == 1
        notices = walked.notices()
        assert [claims(one) for one in notices or ()] == [{"unknown"}]
        walked.clock.forward(seconds=_GONE)
        assert send().status_code == 303
        assert _headline(walked.settle(walked.look())) == (_SAVED if door is CLINIC else _THANKS)
        assert walked.whole()
        assert walked.notices() == ()
