"""One browser opens five hundred charts, one after another, through nginx and gunicorn with the limits they come with."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
import simplejson

from smart_app.assets import launch_file
from smart_app.cli.registration.keys import new_secret
from tests.peers.hapi_server import free_port
from tests.peers.web_servers import gunicorn, nginx
from tests.support.desk_ehr import CLIENT, DeskEhr, desk_ehr
from tests.web.clinic import ITEMS, OWN, SLUG, patient

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

LAUNCHES, STAY = 500, 50
CLOSED = "This chart was closed because more than fifty were opened in this browser since."
FOREIGN = {"clinic-intranet": "their-session", "__Host-other-app": "theirs"}
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
# A page takes reads, and each of the five hundred is known to be open without.
_LOOKED_AT = 10
_ATTRIBUTES = {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"}
# Chromium, for one site in one partition: net/cookies/cookie_monster.cc.
_MOST_BYTES, _MOST_COOKIES = 10_240, 180


@dataclass(kw_only=True)
class Browser:
    """One jar, kept as browsers do: `Max-Age=0` takes a cookie out, and more than a partition holds is more than it keeps. `heaviest` is
    the longest `Cookie` line sent, `refused` every answer that is none of the app's."""

    site: str
    jar: dict[str, str] = field(default_factory=lambda: dict(FOREIGN))
    http: requests.Session = field(default_factory=requests.Session)
    heaviest: int = 0
    refused: list[int] = field(default_factory=list)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> requests.Response:
        line = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        self.heaviest = max(self.heaviest, len(line))
        answer = self.http.request(
            method, f"{self.site}{path}", headers={**OWN, "Cookie": line}, data=form, allow_redirects=False, timeout=30
        )
        for one in answer.raw.headers.getlist("Set-Cookie"):
            self._take(one)
        self.http.cookies.clear()
        if answer.status_code in {400, 431, 500, 502}:
            self.refused.append(answer.status_code)
        return answer

    def _take(self, line: str) -> None:
        (name, _, value), *rest = (part.strip().partition("=") for part in line.split(";"))
        said = {"".join(part) for part in rest}
        assert said >= _ATTRIBUTES
        self.jar.pop(name, None)
        if "Max-Age=0" not in said:
            self.jar[name] = value
        assert len(self.jar) <= _MOST_COOKIES
        assert sum(len(name) + len(value) for name, value in self.jar.items()) <= _MOST_BYTES


@dataclass(kw_only=True)
class Desk:
    """A clinician's browser, and the EHR beside it. `came_by` is the address by which each chart was come to."""

    browser: Browser
    ehr: DeskEhr
    came_by: dict[str, str] = field(default_factory=dict)

    def launch(self, patient_id: str) -> str:
        """Open a chart; the path of its pages."""
        begun = self.browser.ask("GET", f"/launch?{urlencode({'iss': self.ehr.fhir, 'launch': 'any'})}")
        assert begun.status_code == 303, begun.text
        callback = f"/callback?{urlencode(self.ehr.authorize(begun.headers['Location'], patient=patient_id))}"
        landed = self.browser.ask("GET", callback)
        assert landed.status_code == 303, landed.text
        chart = landed.headers["Location"].split("?")[0]
        self.came_by[chart] = callback
        return chart

    def is_open(self, chart: str) -> bool:
        """Whether going back to the sign-in's end leads to the chart, as it does in the browser with its cookie: no read for it."""
        return self.browser.ask("GET", self.came_by[chart]).headers.get("Location", "").startswith(chart)

    def works(self, chart: str) -> bool:
        return self.browser.ask("GET", f"{chart}handover/{SLUG}").status_code == 200

    def form(self, chart: str) -> str:
        return self.browser.ask("GET", f"{chart}check/{SLUG}/clinician").text

    def type_into(self, chart: str, answered: int) -> requests.Response:
        """What a form's script sends while somebody types."""
        fields = dict(_HIDDEN.findall(unescape(self.form(chart)))) | dict.fromkeys(ITEMS[:answered], "4")
        return self.browser.ask("POST", f"{chart}draft/{SLUG}/clinician", fields)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    app, front = free_port(), free_port()
    site = f"http://127.0.0.1:{front}"
    with desk_ehr(patient("pat-1", "Halvorsen", "Ingrid"), patient("pat-2", "Okafor", "Chidi")) as ehr:
        entry = {"name": "EHR at the desk", "iss": ehr.fhir, "client_id": CLIENT, "auth": {"method": "none"}, "synthetic_data": True}
        entries = tmp_path / "launch.json"
        entries.write_text(simplejson.dumps({**simplejson.loads(launch_file().read_text()), "issuers": [entry]}))
        settings = {
            "RAPPORT_BASE_URL": site,
            "RAPPORT_SECRET_KEYS": new_secret(),
            "RAPPORT_DATABASE_URL": f"sqlite:///{tmp_path}/rapport.sqlite",
            "RAPPORT_LAUNCH_FILE": str(entries),
            "RAPPORT_LOG_LEVEL": "WARNING",
        }
        with gunicorn(settings, port=app, folder=tmp_path), nginx(app=app, port=front, folder=tmp_path):
            browser = Browser(site=site)
            browser.http.trust_env = False
            with closing(browser.http):
                yield Desk(browser=browser, ehr=ehr)


def test_five_hundred_launches_in_one_browser(desk: Desk) -> None:
    charts: list[str] = []
    for number in range(LAUNCHES):
        before_last_fifty = number == LAUNCHES - STAY - 1
        charts.append(desk.launch("pat-2" if before_last_fifty else "pat-1"))
        assert desk.is_open(charts[-1]), number
        assert number % _LOOKED_AT or desk.works(charts[-1]), number
        if before_last_fifty:
            assert desk.type_into(charts[-1], answered=5).status_code == 204
    assert [number for number, chart in enumerate(charts[-STAY:]) if not desk.works(chart)] == []
    closed = desk.browser.ask("GET", charts[-STAY - 1])
    assert (closed.status_code, CLOSED in closed.text) == (403, True)
    assert "5 of 9 were answered" in desk.form(desk.launch("pat-2"))
    assert desk.browser.refused == []
    # Half of what nginx and gunicorn take in one line, before the other cookies of the host.
    assert desk.browser.heaviest < 8190 / 2
    assert {name for name in desk.browser.jar if not name.startswith("__Host-rapport-")} == set(FOREIGN)
    assert len(desk.browser.jar) == STAY + len(FOREIGN)


def test_a_browser_that_arrives_with_a_full_header_of_before_gets_out_of_it(desk: Desk) -> None:
    """As the version before named and weighed them: 73 bytes each, a hundred of them, of launches nobody knows any more."""
    desk.browser.jar |= {f"__Host-rapport-{number:012x}": f"{number:0>43}" for number in range(100)}
    charts = [desk.launch("pat-1") for _ in range(8)]
    assert [desk.works(chart) for chart in charts] == [True] * 8
    assert desk.browser.refused == []
    assert sum(len(name) + len(value) + 3 for name, value in desk.browser.jar.items()) < 8190 / 2
