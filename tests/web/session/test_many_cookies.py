"""One browser, many launches: the newest fifty stay, cookies of what is over go, and no header grows past what servers take."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import func, select

from fhir_mappings.sentence import Sentence
from smart_app.care.sessions.room_for_launches import NEWEST_OPEN, NEWEST_SIGN_INS
from smart_app.errors import StoreError
from smart_app.launch.context.launch_context import LaunchContext, LaunchId
from smart_app.store import Store, author_of
from smart_app.store.launch_cookies import CookieNames
from smart_app.store.launches import Launches
from smart_app.store.seal import digest
from smart_app.store.tables import launches
from tests.support.clock import Clock
from tests.support.page import read
from tests.web.clinic import ITEMS, OWN, SITE, SLUG, Clinic

HOST = str(urlsplit(SITE).hostname)
CLOSED = "This chart was closed because more than fifty were opened in this browser since."
# What nginx takes from an app before it makes a 502 of it, with its usual settings on most machines.
ANSWER_HEADERS = 4096
REQUEST_LINE = 8190


def jar(rapport: Clinic) -> dict[str, str]:
    return {cookie.key: cookie.value for cookie in (rapport.client._cookies or {}).values()}


def ours(rapport: Clinic) -> list[str]:
    return [name for name in jar(rapport) if name.startswith("__Host-rapport-")]


def header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def bring(rapport: Clinic, name: str, value: str) -> None:
    rapport.client.set_cookie(name, value, domain=HOST, secure=True, path="/")


def _loan(rapport: Clinic, launch: LaunchId) -> str:
    """A device that was lent from that launch, in another browser."""
    context = store_of(rapport).launches.reread(launch)
    with store_of(rapport).database.begin() as together:
        lasts = timedelta(hours=8)
        return store_of(rapport).loans.lend(launch, author_of(context), slug=SLUG, code="471928", lasts=lasts, within=together).id


def store_of(rapport: Clinic) -> Store:
    return rapport.services.store


def launch_id(chart: str) -> LaunchId:
    return LaunchId(chart.split("/")[2])


def dropped(answer: Any) -> list[str]:
    return [line.partition("=")[0] for line in answer.headers.getlist("Set-Cookie") if "Max-Age=0" in line]


def weight(answer: Any) -> int:
    return sum(len(name) + len(value) + 4 for name, value in answer.headers)


def launched(rapport: Clinic, count: int) -> list[str]:
    """So many launches of this browser, all but the last past the sign-in, which takes most of the time; their dashboards."""
    first = rapport.launch()
    context = store_of(rapport).launches.get(launch_id(first), jar(rapport))
    return [first, *(opened(rapport, context) for _ in range(count - 2)), *([rapport.launch()] if count > 1 else [])]


def opened(rapport: Clinic, context: LaunchContext) -> str:
    launch = store_of(rapport).launches.open(context, idle=timedelta(minutes=30), absolute=timedelta(hours=8))
    bring(rapport, launch.cookie_name, launch.cookie_value)
    return f"/l/{launch.id}/"


def left_open(rapport: Clinic) -> int:
    with store_of(rapport).database.begin() as connection:
        return int(connection.execute(select(func.count()).where(launches.c.kind == "open")).scalar_one())


def put_sending(rapport: Clinic, chart: str) -> None:
    store_of(rapport).outbox.put("on its way", launch_id=launch_id(chart), payload={}, state="sending")


class TestWhichStay:
    def test_the_newest_fifty_stay_and_the_one_before_says_why_it_is_closed(self, rapport: Clinic) -> None:
        charts = launched(rapport, NEWEST_OPEN + 3)
        page = rapport.get(charts[2])
        assert page.status == 403
        assert (
            f"{CLOSED} Open Rapport again from the patient's chart. What you typed is kept, as far as the page had saved it." in page.text
        )
        assert not [name for name in ("alvorsen", "pat-1", "/l/") if name in page.html]
        assert {rapport.client.get(f"{chart}handover/{SLUG}", base_url=SITE).status_code for chart in charts[3:]} == {200}
        assert left_open(rapport) == len(ours(rapport)) == NEWEST_OPEN

    def test_one_that_a_loan_has_locked_stays(self, rapport: Clinic) -> None:
        first, *_ = [rapport.launch() for _ in range(NEWEST_OPEN)]
        store_of(rapport).loans.lock(_loan(rapport, launch_id(first)), [digest(launch_id(first))], "user")
        for _ in range(3):
            rapport.launch()
        assert "You lent a tablet" in rapport.get(first).text

    def test_what_it_knew_is_forgotten_and_that_it_gave_way_is_recorded(self, rapport: Clinic, clock: Clock) -> None:
        first, *_ = launched(rapport, NEWEST_OPEN + 1)
        with store_of(rapport).database.begin() as connection:
            row = connection.execute(select(launches).where(launches.c.id == digest(launch_id(first)))).one()
        assert store_of(rapport).launches._sealer.open(row.payload, table="launches", row=row.id) == {}
        (gone,) = [one for one in store_of(rapport).audit.entries() if one.event == "gave_way"]
        assert (gone.launch, gone.patient, gone.user) == (digest(launch_id(first)), "pat-1", "Practitioner/dr-1")
        clock.forward(hours=8)
        store_of(rapport).purge(clock())
        assert "This page's session has ended." in rapport.get(first).text
        assert [one.event for one in store_of(rapport).audit.entries() if one.launch == digest(launch_id(first))] == ["launch", "gave_way"]

    def test_what_was_typed_in_it_is_offered_at_that_patients_next_launch(self, rapport: Clinic) -> None:
        chart = rapport.launch(patient="pat-2")
        form = rapport.blank(chart, "clinician") | dict.fromkeys(ITEMS[:5], "4")
        address = f"{chart}draft/{SLUG}/clinician"
        assert rapport.client.post(address, data=form, base_url=SITE, headers=OWN).status_code == 204
        launched(rapport, NEWEST_OPEN)
        late = rapport.client.post(address, data=form | {ITEMS[5]: "4"}, base_url=SITE, headers=OWN)
        assert late.status_code == 410
        assert late.get_data(as_text=True).startswith(f"{CLOSED} 6 of 9 answers are kept until ")
        sent = read(rapport.send(chart, form | dict.fromkeys(ITEMS[:7], "4"), "clinician"))
        assert (sent.status, "Your answers are kept, and not sent yet" in sent.text, CLOSED in sent.text) == (403, True, True)
        assert "7 of 9 answers are kept" in sent.text
        assert "7 of 9 were answered" in rapport.form(rapport.launch(patient="pat-2"), "clinician").text

    def test_what_was_sent_and_cannot_be_kept_is_not_called_kept(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        form = rapport.filled(chart, "clinician") | {"ticket": "of another form"}
        launched(rapport, NEWEST_OPEN)
        page = read(rapport.send(chart, form, "clinician"))
        assert "What was sent from this page was not stored." in page.text
        assert "is kept" not in page.text

    def test_one_that_is_sending_stays_until_it_has_sent(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        put_sending(rapport, chart)
        second, *_ = launched(rapport, NEWEST_OPEN + 1)
        assert (rapport.get(chart).status, rapport.get(second).status) == (200, 403)
        store_of(rapport).outbox.mark("on its way", "stored")
        rapport.launch()
        assert CLOSED in rapport.get(chart).text

    def test_another_browsers_launches_stay_whoever_has_learnt_the_names_of_their_cookies(self, rapport: Clinic) -> None:
        theirs = launched(rapport, 3)
        stranger = rapport.browser()
        for chart in theirs:
            stranger.set_cookie(store_of(rapport).launches.cookie_name_for(launch_id(chart)), "guess", domain=HOST, secure=True)
        rapport.client, mine = stranger, rapport.client
        launched(rapport, NEWEST_OPEN + 1)
        rapport.client = mine
        assert {rapport.get(chart).status for chart in theirs} == {200}

    def test_fifty_open_and_the_next_one_refused_closes_none(self, rapport: Clinic) -> None:
        charts = launched(rapport, NEWEST_OPEN)
        callback = rapport.server.authorize(rapport.begin().headers["Location"]) | {"code": ["another"]}
        assert rapport.client.get(f"/callback?{urlencode(callback, doseq=True)}", base_url=SITE).status_code == 400
        assert rapport.get(charts[0]).status == 200

    def test_a_database_that_fails_while_room_is_made_loses_no_launch(self, rapport: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
        launched(rapport, NEWEST_OPEN)

        def broken(*_: object) -> None:
            raise StoreError(Sentence("gone"))

        with monkeypatch.context() as failing:
            failing.setattr(Launches, "brought_by", broken)
            chart = rapport.launch()
            assert rapport.get(chart).status == 200
        rapport.launch()
        assert left_open(rapport) == NEWEST_OPEN


class TestSignIns:
    def test_those_nobody_comes_back_from_do_not_pile_up(self, rapport: Clinic) -> None:
        first = rapport.server.authorize(rapport.begin().headers["Location"])
        for _ in range(2 * NEWEST_SIGN_INS):
            begun = rapport.begin()
        assert len(ours(rapport)) == NEWEST_SIGN_INS
        last = rapport.server.authorize(begun.headers["Location"])
        assert rapport.client.get(f"/callback?{urlencode(last, doseq=True)}", base_url=SITE).status_code == 303
        page = rapport.get(f"/callback?{urlencode(first, doseq=True)}")
        assert page.status == 400
        assert "many others were begun in this browser since" in page.text


class TestCookiesThatHaveServed:
    def test_they_go_with_the_next_page_and_with_the_attributes_they_were_set_with(self, rapport: Clinic, clock: Clock) -> None:
        launched(rapport, 3)
        old = ours(rapport)
        clock.forward(minutes=31)
        answer = rapport.client.get(rapport.launch(), base_url=SITE)
        assert answer.status_code == 200
        assert not set(old) & set(ours(rapport))
        assert len(ours(rapport)) == 1

    def test_the_page_of_a_launch_that_is_over_takes_its_own(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch()
        clock.forward(minutes=31)
        answer = rapport.client.get(chart, base_url=SITE)
        assert answer.status_code == 403
        assert dropped(answer) == [store_of(rapport).launches.cookie_name_for(launch_id(chart))]
        (line,) = answer.headers.getlist("Set-Cookie")
        assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"} <= {part.strip() for part in line.split(";")}
        assert "Domain" not in line
        assert ours(rapport) == []

    def test_what_others_of_the_host_keep_is_left_alone(self, rapport: Clinic) -> None:
        elsewhere = CookieNames(site="https://rapport.example.org/training").of("launch of another deployment")
        for name in (elsewhere, "__Host-rapport-0123456789ab", "__Host-rapport-settings", "sid", "rapport-0123456789ab"):
            bring(rapport, name, "theirs")
        before = jar(rapport)
        chart = launched(rapport, NEWEST_OPEN + 2)[-1]
        rapport.get(chart)
        assert before.items() <= jar(rapport).items()

    def test_a_page_that_anybody_may_keep_takes_none(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch()
        clock.forward(minutes=31)
        for path in ("/.well-known/smart/manifest.json", "/logo.svg", "/healthz"):
            assert "Set-Cookie" not in rapport.client.get(path, base_url=SITE).headers
        assert dropped(rapport.client.get(chart, base_url=SITE)) != []

    def test_open_ones_and_sign_ins_under_way_are_not_taken(self, rapport: Clinic) -> None:
        begun = rapport.begin()
        charts = launched(rapport, 3)
        assert dropped(rapport.client.get(charts[0], base_url=SITE)) == []
        callback = rapport.server.authorize(begun.headers["Location"])
        assert rapport.client.get(f"/callback?{urlencode(callback, doseq=True)}", base_url=SITE).status_code == 303
        assert len(ours(rapport)) == 4

    def test_a_launch_alone_in_its_browser_costs_no_question(self, rapport: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
        chart = rapport.launch()

        def asked(*_: object) -> None:
            raise AssertionError("the database is asked about cookies")

        monkeypatch.setattr(Launches, "brought_by", asked)
        assert rapport.get(chart).status == 200

    def test_a_database_that_cannot_be_asked_takes_no_page_away(self, rapport: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
        charts = launched(rapport, 2)

        def broken(*_: object) -> None:
            raise StoreError(Sentence("gone"))

        monkeypatch.setattr(Launches, "brought_by", broken)
        assert rapport.get(charts[0]).status == 200
        assert len(ours(rapport)) == 2


class TestWeight:
    def test_fifty_launches_and_twenty_sign_ins_leave_half_of_the_header_to_others(self, rapport: Clinic) -> None:
        for _ in range(NEWEST_SIGN_INS + 1):
            rapport.begin()
        launched(rapport, NEWEST_OPEN)
        for _ in range(NEWEST_SIGN_INS + 1):
            rapport.begin()
        kept = {name: jar(rapport)[name] for name in ours(rapport)}
        assert len(kept) == NEWEST_OPEN + NEWEST_SIGN_INS
        assert len(header(kept)) < REQUEST_LINE / 2
        # Per partition and site in Chromium.
        assert sum(len(name) + len(value) for name, value in kept.items()) < 10_240 / 2
        # 128 bits in base64url.
        assert {len(value) for value in kept.values()} == {22}
        assert len(set(kept.values())) == len(kept)


class TestUpgrade:
    def test_a_launch_that_was_open_stays_open_under_its_old_name(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        name = store_of(rapport).launches.cookie_name_for(launch_id(chart))
        value = jar(rapport)[name]
        rapport.client.delete_cookie(name, domain=HOST)
        bring(rapport, f"__Host-rapport-{digest(launch_id(chart))[:12]}", value)
        launched(rapport, 2)
        sent = rapport.send(chart, rapport.filled(chart))
        assert (sent.status_code, rapport.get(chart).status) == (303, 200)
        assert len(ours(rapport)) == 3

    def test_a_browser_that_comes_with_a_header_nearly_full_gets_out_of_it(self, rapport: Clinic) -> None:
        for number in range(109):
            bring(rapport, f"__Host-rapport-{digest(f'launch-{number}')[:12]}", f"{number:0>43}")
        assert REQUEST_LINE - 300 < len(header(jar(rapport))) < REQUEST_LINE - 60
        chart, most = "", 0
        for _ in range(8):
            begun = rapport.begin()
            callback = rapport.server.authorize(begun.headers["Location"])
            assert len(header(jar(rapport))) < REQUEST_LINE
            answer = rapport.client.get(f"/callback?{urlencode(callback, doseq=True)}", base_url=SITE)
            chart = urlsplit(answer.headers["Location"]).path
            page = rapport.client.get(chart, base_url=SITE)
            assert page.status_code == 200
            most = max(most, *map(weight, (begun, answer, page)))
        assert most < ANSWER_HEADERS
        # Eight launches of now, and as many of before as do not crowd: they may be another deployment's.
        assert len(ours(rapport)) == 8 + 20
        assert len(header(jar(rapport))) < REQUEST_LINE / 2

    def test_what_was_open_before_counts_as_any_other(self, rapport: Clinic) -> None:
        context = store_of(rapport).launches.get(launch_id(chart := rapport.launch()), jar(rapport))
        rapport.client = rapport.browser()
        for _ in range(NEWEST_OPEN + 10):
            launch = store_of(rapport).launches.open(context, idle=timedelta(minutes=30), absolute=timedelta(hours=8))
            bring(rapport, re.sub(r"(?<=rapport-)....", "", launch.cookie_name), launch.cookie_value)
        rapport.launch()
        # And the one of the browser before.
        assert left_open(rapport) == NEWEST_OPEN + 1
        assert rapport.get(chart).status == 403
