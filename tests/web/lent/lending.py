"""What staff and patient do with a device that is lent, as their browsers do it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask.testing import FlaskClient
from sqlalchemy import select

from smart_app.store import Loan
from smart_app.store.tables import loans
from tests.support.page import Page, read
from tests.web.clinic import AGREED, ITEMS, OWN, SITE, SLUG, Clinic, Handed, code_on

TABLET = "Mozilla/5.0 (iPad) Tablet"
DESKTOP = "Mozilla/5.0 (Windows NT 10.0) Desktop"


@dataclass(kw_only=True)
class Browser:
    """One jar of cookies: a window, or a frame of one. `agent` is what it says it is."""

    rapport: Clinic
    agent: str = TABLET

    def __post_init__(self) -> None:
        self.client: FlaskClient = self.rapport.browser()

    def ask(self, path: str, **more: Any) -> Any:
        return self.client.get(path, base_url=SITE, headers={"User-Agent": self.agent, **more})

    def get(self, path: str, **more: Any) -> Page:
        return read(self.ask(path, **more))

    def post(self, path: str, fields: dict[str, str]) -> Any:
        return self.client.post(path, data=fields, base_url=SITE, headers={**OWN, "User-Agent": self.agent})

    def press(self, page: Page, going_to: str, **fields: str) -> Any:
        """The form of a page that goes there, sent."""
        return self.post(page.action(going_to), page.form(going_to) | fields)

    def launch(self, patient: str = "pat-1", **claims: Any) -> str:
        """Open a chart as the clinician of the test's EHR, or whom the claims name."""
        answer = self.launched(patient, **claims)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        path = str(urlsplit(answer.headers["Location"]).path)
        # As a browser does: it follows.
        self.ask(path)
        return path

    def launched(self, patient: str = "pat-1", **claims: Any) -> Any:
        """The answer to the callback of a launch; to the launch itself where that is refused."""
        begun = self.ask("/launch?" + urlencode({"iss": "https://ehr.example.org/fhir", "launch": "abc"}))
        if begun.status_code != 303:
            return begun
        return self.come_back(begun.headers["Location"], patient, **claims)

    def come_back(self, authorize_url: str, patient: str = "pat-1", **claims: Any) -> Any:
        """From the EHR's sign-in, where somebody signed in as the claims say."""
        server = self.rapport.server
        server.token["patient"], server.claims = patient, claims
        callback = server.authorize(authorize_url)
        answer = self.ask(f"/callback?{urlencode(callback, doseq=True)}")
        server.claims = {}
        return answer

    def signs_in_again(self, page: Page, going_to: str = "sign-in", **claims: Any) -> Any:
        """By the button of a page that says a device is on loan."""
        onward = read(self.press(page, going_to))
        assert onward.status == 200, onward.text
        address = next(link for link in onward.links() if "/authorize" in link)
        return self.come_back(address, **claims)


def signed_in_now(rapport: Clinic) -> int:
    """What an EHR says that asked for a sign-in at this moment."""
    return int(rapport.server.clock().timestamp())


def lend(browser: Browser, chart: str) -> Handed:
    """Hand the device over from that chart."""
    before = browser.get(f"{chart}handover/{SLUG}")
    assert before.status == 200, before.text
    answer = browser.press(before, "/handover/", **AGREED)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    start = urlsplit(answer.headers["Location"]).path
    return Handed(start=start, page=begins(browser, start), code=code_on(before))


def begins(browser: Browser, start: str) -> str:
    """The patient says that it is them: the address of their form. Where something of theirs waits they are asked whether they began it."""
    page = browser.get(start)
    assert page.status == 200, page.text
    if not page.goes("/begin"):
        return start
    return str(browser.press(page, "/begin").headers["Location"])


def answers(browser: Browser, handed: Handed) -> str:
    """The patient answers all, and sends: the address of the thanks."""
    form = browser.get(handed.page)
    assert form.status == 200, form.text
    answer = browser.press(form, "/answers", **dict.fromkeys(ITEMS, "4"))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(urlsplit(answer.headers["Location"]).path)


def takes_back(browser: Browser, code: str) -> Any:
    return browser.press(browser.get("/lent"), "/lent/take-back", code=code)


def is_on_loan(page: Page) -> bool:
    """Whether a page says that the device is on loan, and nothing about anybody."""
    assert "Halvorsen" not in page.html
    assert "HALVORSEN" not in page.html
    assert "1968" not in page.html
    return page.status == 403 and page.soup.h1 is not None and page.soup.h1.get_text() == "On loan to the patient"


def loans_of(rapport: Clinic) -> list[Loan]:
    store = rapport.services.store
    with store.database.begin() as connection:
        ids = connection.execute(select(loans.c.id).order_by(loans.c.created, loans.c.id)).scalars().all()
    return [loan for one in ids if (loan := store.loans.reread(one)) is not None]


def trail(rapport: Clinic, *events: str) -> list[tuple[str, dict[str, Any]]]:
    return [(one.event, dict(one.detail)) for one in rapport.services.store.audit.entries() if one.event in events]
