"""What staff and patient do with a one-time link, as their browsers do it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bs4 import Tag
from flask.testing import FlaskClient

from smart_app.store import OneTimeLink
from tests.support.authorization_server import BASE
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, OWN, SITE, SLUG, Clinic

BORN = {"day": "14", "month": "3", "year": "1968"}
WRONG = {**BORN, "day": "15"}


def made(rapport: Clinic, chart: str, *, use: str = "room") -> str:
    """A link for that chart's patient: the path it leads to."""
    return urlsplit(address_on(shown(rapport, chart, use=use))).path


def shown(rapport: Clinic, chart: str, *, use: str = "room") -> Page:
    """The hand-over page with a new link on it."""
    page = rapport.get(f"{chart}handover/{SLUG}")
    answer = rapport.client.post(f"{chart}handover/{SLUG}/link", data={**page.form("/link"), "use": use}, base_url=SITE, headers=OWN)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return rapport.get(answer.headers["Location"].partition("#")[0])


def address_on(page: Page) -> str:
    found = page.soup.select_one(".address")
    assert isinstance(found, Tag), page.text
    return found.get_text(strip=True)


def links_of(rapport: Clinic, patient: str = "pat-1") -> list[OneTimeLink]:
    return list(rapport.services.store.links.of_patient(BASE, patient))


def says(page: Page, *texts: str) -> bool:
    """Whether it says all of them."""
    for text in texts:
        assert text in page.text, page.text
    return True


@dataclass(kw_only=True)
class Phone:
    """A browser of the patient's, or of whoever has the link."""

    rapport: Clinic

    def __post_init__(self) -> None:
        self.client: FlaskClient = self.rapport.browser()

    def get(self, path: str) -> Page:
        return read(self.ask(path))

    def ask(self, path: str, method: str = "GET", **headers: str) -> Any:
        return self.client.open(path, method=method, base_url=SITE, headers=headers)

    def post(self, path: str, fields: dict[str, str]) -> Any:
        return self.client.post(path, data=fields, base_url=SITE, headers=OWN)

    def tries(self, link: str, born: dict[str, str] = BORN, *, who: str = "self") -> Any:
        """The answer to a birth date."""
        page = self.get(link)
        if page.status != 200:
            return self.ask(link)
        return self.post(page.action("/link/"), {**page.form("/link/"), **born, "answering": who})

    def opens(self, link: str, *, who: str = "self") -> str:
        """Past the guard: the address of the form."""
        answer = self.tries(link, who=who)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        path = str(urlsplit(answer.headers["Location"]).path)
        assert path.startswith("/mine/"), answer.headers["Location"]
        return path

    def fills(self, mine: str, value: str = "4") -> dict[str, str]:
        """The form with every answer given."""
        return self.get(mine).form("/answers") | dict.fromkeys(ITEMS, value)

    def sends(self, mine: str, fields: dict[str, str] | None = None) -> Any:
        return self.post(f"{mine}answers", fields or self.fills(mine))

    def thanks(self, mine: str) -> Page:
        return self.get(f"{mine}thanks")
