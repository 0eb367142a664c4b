"""Many launches of many patients in one cookie jar, used all at once: no request ever carries another patient's token or data.

Loans are among them. A tablet of the same clinician is lent, answered on and taken back, over and over, while the charts go on; and now and
then the browser of all the charts is lent itself: then each of them answers that it is on loan, and the patient's page is one patient's.

The short form runs with every test run; the full one is a system test. Both use the app through WSGI from several threads, whose
clients hold the same cookies: what browsers, sockets and TLS would add is the same for every request, and takes most of the time.
"""

import random
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace
from pydantic import SecretStr
from sqlalchemy import select

from smart_app.app import create_app
from smart_app.registration import load_registration
from smart_app.services import AppServices
from smart_app.settings import Settings
from smart_app.store.tables import loans
from tests.support.clock import Clock
from tests.support.fresh_database import fresh_database
from tests.support.recording_ehr import BASE, RecordingEhr, family_of
from tests.web.clinic import AGREED, ITEMS, OWN, SITE, SLUG, registered

_THREADS = 4
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
_CODE = re.compile(r"<output>([\d ]+)</output>")
_ON_LOAN = "<h1>On loan to the patient</h1>"
_ROUNDS = 3
# Of the requests of a round, while the browser of all the charts is lent; and what a tablet asks from one loan to the next.
_SHARE_ON_LOAN, _OF_A_LOAN = 10, 11
_TABLET_CHARTS = 5
_FAMILY = re.compile(r"Zq[a-z]{2}familie", re.IGNORECASE)


@dataclass(kw_only=True)
class Tab:
    """One open chart: its address, the form that is open in it, the receipt to look at next."""

    patient: str
    path: str
    form: dict[str, str] | None = None
    receipt: str | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, kw_only=True)
class OnLoan:
    """A device in a patient's hands, lent from `tab`."""

    tab: Tab
    start: str
    page: str
    code: str


@dataclass(kw_only=True)
class Jar:
    """A browser with many tabs, driven by several threads, and a tablet beside it (`lendable` are its charts)."""

    app: Flask
    ehr: RecordingEhr
    clock: Clock
    tabs: list[Tab] = field(default_factory=list)
    lendable: list[Tab] = field(default_factory=list)
    requests: int = 0
    writes: int = 0
    loans: int = 0
    wrong: list[str] = field(default_factory=list)

    def open(self, patients: int) -> FlaskClient:
        """Launch every patient's chart in one browser, one after another."""
        client = self.app.test_client()
        self.tabs = self._opened(client, list(self.ehr.charts)[:patients])
        return client

    def tablet(self) -> FlaskClient:
        """Another device of the same clinician, with charts of other patients."""
        client = self.app.test_client()
        client.environ_base["HTTP_USER_AGENT"] = "Tablet"
        self.lendable = self._opened(client, list(self.ehr.charts)[-_TABLET_CHARTS:])
        return client

    def _opened(self, client: FlaskClient, patients: Sequence[str]) -> list[Tab]:
        found = []
        for patient in patients:
            begun = client.get(f"/launch?{urlencode({'iss': BASE, 'launch': patient})}", base_url=SITE)
            callback = self.ehr.authorize(begun.headers["Location"], patient=patient)
            answer = client.get(f"/callback?{urlencode(callback)}", base_url=SITE)
            assert answer.status_code == 303, answer.get_data(as_text=True)
            found.append(Tab(patient=patient, path=urlsplit(answer.headers["Location"]).path))
        return found

    def lend(self, client: FlaskClient, tab: Tab) -> OnLoan:
        """Hand the device over from that chart, once two identifiers agree."""
        html = self._look(client, tab, f"{tab.path}handover/{SLUG}")
        start = self._post(client, f"{tab.path}handover/{SLUG}", dict(_HIDDEN.findall(html)) | AGREED)
        self.loans += 1
        first = self._look(client, tab, start)
        begun = self._post(client, f"{start}begin", dict(_HIDDEN.findall(first)))
        return OnLoan(tab=tab, start=start, page=begun, code=_CODE.findall(html)[0])

    def answer(self, client: FlaskClient, loan: OnLoan) -> None:
        """As the patient, to the thanks, which name nobody."""
        # The record keeps the newest alone: what was written before is not there to be looked at any more.
        loan.tab.receipt = None
        html = self._look(client, loan.tab, loan.page)
        thanks = self._post(client, f"{loan.start}answers", dict(_HIDDEN.findall(html)) | dict.fromkeys(ITEMS, "4"))
        self.writes += 1
        if not thanks.startswith(f"{loan.start}thanks/"):
            self.wrong.append(f"{loan.tab.patient}: {thanks} after a patient's form")
        self._look(client, loan.tab, thanks, shows=False)

    def take_back(self, client: FlaskClient, loan: OnLoan) -> None:
        """By the code; the receipt that it leads to is the patient's."""
        page = client.get("/lent", base_url=SITE).get_data(as_text=True)
        self.requests += 1
        receipt = self._post(client, "/lent/take-back", dict(_HIDDEN.findall(page)) | {"code": loan.code})
        self._look(client, loan.tab, receipt)

    def drive_tablet(self, client: FlaskClient, *, requests: int, seed: int) -> None:
        """Lend it, answer on it and take it back; meanwhile its other charts are closed."""
        chosen = random.Random(seed)
        for _ in range(requests // _OF_A_LOAN):
            loan = self.lend(client, chosen.choice(self.lendable))
            self._refused(client, chosen.choice(self.lendable))
            self.answer(client, loan)
            self.take_back(client, loan)
        for _ in range(requests % _OF_A_LOAN):
            tab = chosen.choice(self.lendable)
            self._look(client, tab, tab.path)

    def drive_lent(self, client: FlaskClient, loan: OnLoan, *, requests: int, seed: int) -> None:
        """Try every chart of a browser that is lent, and look at the patient's page."""
        chosen = random.Random(seed)
        for _ in range(requests):
            if chosen.random() < 0.3:
                self._look(client, loan.tab, loan.page)
            else:
                self._refused(client, chosen.choice(self.tabs))

    def _post(self, client: FlaskClient, path: str, fields: dict[str, str]) -> str:
        """What is sent, and where it leads."""
        answer = client.post(path, data=fields, base_url=SITE, headers=OWN)
        self.requests += 1
        if answer.status_code != 303:
            self.wrong.append(f"HTTP {answer.status_code} to {path.rpartition('/')[2]}")
        leads = urlsplit(answer.headers.get("Location", "/"))
        return f"{leads.path}?{leads.query}" if leads.query else leads.path

    def _refused(self, client: FlaskClient, tab: Tab) -> None:
        answer = client.get(tab.path, base_url=SITE)
        html = answer.get_data(as_text=True)
        self.requests += 1
        if answer.status_code != 403 or _ON_LOAN not in html or _FAMILY.findall(html):
            self.wrong.append(f"{tab.patient}: HTTP {answer.status_code} on a lent device")

    def drive(self, client: FlaskClient, *, requests: int, seed: int) -> None:
        """Use tabs at random."""
        chosen = random.Random(seed)
        for number in range(requests):
            tab = chosen.choice(self.tabs)
            with tab.turn:
                self._use(client, tab, writing=chosen.random() < 0.6)
            if number % 25 == 0:
                # So that every token is renewed several times, by whichever thread comes first.
                self.clock.forward(seconds=20)

    def _use(self, client: FlaskClient, tab: Tab, *, writing: bool) -> None:
        if tab.receipt is not None:
            path, tab.receipt = tab.receipt, None
            self._look(client, tab, path)
        elif tab.form is not None and writing:
            self._send(client, tab)
        elif writing:
            html = self._look(client, tab, f"{tab.path}check/{SLUG}/clinician")
            # The same visit many times over, which is confirmed each time.
            confirmed = "after-seen" if 'value="after-seen"' in html else "again"
            tab.form = dict(_HIDDEN.findall(html)) | dict.fromkeys(ITEMS, "4") | {"confirmed": confirmed}
        else:
            self._look(client, tab, tab.path)

    def _send(self, client: FlaskClient, tab: Tab) -> None:
        answer = client.post(f"{tab.path}check/{SLUG}/clinician", data=tab.form, base_url=SITE, headers=OWN)
        tab.form, tab.receipt = None, urlsplit(answer.headers.get("Location", tab.path)).path
        self.requests += 1
        self.writes += answer.status_code == 303
        if answer.status_code != 303 or not tab.receipt.startswith(tab.path):
            self.wrong.append(f"{tab.patient}: HTTP {answer.status_code} to a form")

    def _look(self, client: FlaskClient, tab: Tab, path: str, *, shows: bool = True) -> str:
        # Not parsed as other tests do: that takes three times as long as the page.
        answer = client.get(path, base_url=SITE)
        html = answer.get_data(as_text=True)
        self.requests += 1
        shown = {name.lower() for name in _FAMILY.findall(html)}
        if answer.status_code != 200 or shown != ({family_of(tab.patient).lower()} if shows else set()):
            self.wrong.append(f"{tab.patient}: HTTP {answer.status_code}, shows {sorted(shown)}")
        return html


@contextmanager
def browser(folder: Path, *, patients: int) -> Iterator[Jar]:
    clock = Clock()
    settings = Settings(secret_keys=(SecretStr("a" * 43),), database_url=fresh_database(folder), base_url=SITE)
    registration = replace(load_registration(), issuers=()).with_issuer(replace(registered(), iss=BASE))
    app = create_app(settings, registration=registration, clock=clock)
    services: AppServices = app.extensions["rapport"]
    ehr = RecordingEhr(patients=patients + _TABLET_CHARTS, clock=clock)
    services.http.mount("https://many.example.org/", ehr)
    try:
        yield Jar(app=app, ehr=ehr, clock=clock)
    finally:
        services.pool.shutdown()
        services.http.close()
        services.store.close()


def check_no_crossing(folder: Path, *, patients: int, requests: int) -> None:
    with browser(folder, patients=patients) as jar:
        first = jar.open(patients)
        clients = [first, *(jar.app.test_client() for _ in range(_THREADS - 1))]
        for client in clients[1:]:
            # The same jar for every thread; no request after the launches sets a cookie.
            client._cookies = first._cookies
        assert len(first._cookies or {}) == patients
        tablet, chosen = jar.tablet(), random.Random(patients)
        for number, share in enumerate(_shares(requests)):
            lent = share // _SHARE_ON_LOAN // _THREADS
            free = share // _THREADS - lent
            # A thread is the tablet's, and the seeds go on from one round to the next.
            seeds = range(number * 2 * _THREADS, (number + 1) * 2 * _THREADS)
            with ThreadPoolExecutor(_THREADS) as pool:
                going = [pool.submit(jar.drive, one, requests=free, seed=seed) for one, seed in zip(clients[1:], seeds, strict=False)]
                going.append(pool.submit(jar.drive_tablet, tablet, requests=free, seed=seeds[-1]))
            assert [one.result() for one in going] == [None] * _THREADS
            before = jar.requests
            loan = jar.lend(first, chosen.choice(jar.tabs))
            with ThreadPoolExecutor(_THREADS) as pool:
                going = [
                    pool.submit(jar.drive_lent, one, loan, requests=lent, seed=seed)
                    for one, seed in zip(clients, seeds[_THREADS:], strict=False)
                ]
            assert [one.result() for one in going] == [None] * _THREADS
            jar.answer(first, loan)
            jar.take_back(first, loan)
            assert jar.requests == before + lent * _THREADS + _OF_A_LOAN - 1
        assert jar.wrong == []
        assert jar.ehr.crossings() == []
        assert jar.requests >= requests
        _check_it_was_a_test(jar, patients)


def _shares(requests: int) -> list[int]:
    """Of each round."""
    return [requests // _ROUNDS + (number < requests % _ROUNDS) for number in range(_ROUNDS)]


def _check_it_was_a_test(jar: Jar, patients: int) -> None:
    """There were reads, writes and renewed tokens for every patient, and loans; each write is in its own patient's chart and trail."""
    services: AppServices = jar.app.extensions["rapport"]
    assert {one.patient for one in jar.ehr.log if one.write} == set(jar.ehr.charts)
    assert {one.patient for one in jar.ehr.log if not one.write} == set(jar.ehr.charts)
    assert jar.ehr.refreshed >= patients
    trail = services.store.audit.entries()
    assert sum(entry.event == "submission" for entry in trail) == jar.writes > jar.requests / 10
    assert (
        sum(entry.event == "lent" for entry in trail)
        == sum(entry.event == "loan_ended" for entry in trail)
        == jar.loans
        > jar.requests / 50
    )
    with services.store.database.begin() as connection:
        assert connection.execute(select(loans)).all() == []
    launched = {entry.launch: entry.patient for entry in trail if entry.event == "launch"}
    assert all(entry.patient == launched[entry.launch] for entry in trail)
    assert services.store.verify_audit().finding is None


# SMART 6.3.2
# SMART P
def test_ten_charts_in_one_cookie_jar_never_cross(tmp_path: Path) -> None:
    check_no_crossing(tmp_path, patients=10, requests=600)


# SMART 6.3.2
# SMART P
@pytest.mark.system
# A guard against a deadlock, not a measure of speed: some 270 s of CPU in one process, and the gate's other half runs beside it.
@pytest.mark.timeout(1200)
def test_fifty_charts_in_one_cookie_jar_never_cross_in_ten_thousand_requests(tmp_path: Path) -> None:
    check_no_crossing(tmp_path, patients=50, requests=10_000)
