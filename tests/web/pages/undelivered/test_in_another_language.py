"""What was sent while the pages spoke English is told to a reader of another language in theirs: nothing of it stays English but data."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import responses
from bs4 import BeautifulSoup

from smart_app.care.undelivered.decisions import REASONS
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT
from tests.care.ehr import refusal
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import SITE, Clinic, clinic
from tests.web.pages.undelivered.test_item_pages import SOFIA, follow, keeps, opens, posts, refuses

INNERMOST = re.compile("⟦[^⟦⟧]*⟧")
# Names, the server's own words, months, keys and ids; and the words of the reasons for a decision.
DATA = re.compile("|".join([
    "Rapport check-in", "Sofia Lindqvist", "Northfield General", "Example EHR", "goal-1 is 4", "no scores", "Mar", *REASONS.values(),
    r"[\w-]{16,}", r"(?:Observation|QuestionnaireResponse|Provenance)/\w+",
]))  # fmt: skip


@pytest.fixture
def rapport(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
    with clinic(wire, server, clock, folder=tmp_path, languages=("en", LEFT_TO_RIGHT)) as standing:
        yield standing


def elsewhere(rapport: Clinic, path: str) -> Page:
    return read(rapport.client.get(path, base_url=SITE, headers={"Accept-Language": LEFT_TO_RIGHT}))


def in_english(page: Page) -> list[str]:
    """What stands in the page's main part outside of brackets, block by block."""
    assert page.headers["Content-Language"] == LEFT_TO_RIGHT
    main = BeautifulSoup(page.html, "html.parser").select_one("main")
    assert main is not None
    found = []
    for block in main.select("h1, h2, p, li, th, td, dt, dd, pre, button, a, legend, label"):
        said = block.get_text()
        while INNERMOST.search(said):
            said = INNERMOST.sub("", said)
        if any(sign.isalpha() for sign in DATA.sub("", said)):
            found.append(said)
    return found


def test_a_receipt_of_what_was_refused_and_its_decision(rapport: Clinic) -> None:
    chart = opens(rapport, SOFIA)
    refuses(rapport)
    address = keeps(rapport, chart)
    receipt = elsewhere(rapport, address)
    assert "⟦The server said: goal-1 is 4" in receipt.text
    assert in_english(receipt) == []
    page = elsewhere(rapport, next(link for link in receipt.links() if link.endswith("/decision/discarded")))
    assert in_english(page) == []
    follow(rapport, posts(rapport, page, "/decision/", reason="by_mistake"))
    assert in_english(elsewhere(rapport, address)) == []


def test_a_receipt_of_what_is_partly_there(rapport: Clinic) -> None:
    chart = opens(rapport, SOFIA)
    scores = {("POST", ""), ("POST", "Observation")}
    rapport.ehr.faults.append(lambda method, path: refusal(422, "no scores") if (method, path) in scores else None)
    receipt = elsewhere(rapport, keeps(rapport, chart, "patient"))
    assert "no scores" in receipt.text
    assert in_english(receipt) == []
