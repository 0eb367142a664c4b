"""Sessions: a cookie per launch, limits, renewal by one request alone, sign-out; and what the audit trail keeps of each."""

from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
import responses
from flask.testing import FlaskClient
from sqlalchemy import event, select

from smart_app.launch.context.launch_context import LaunchId
from smart_app.store import AuditEntry
from smart_app.store.seal import digest
from smart_app.store.tables import launches
from tests.support.at_once import at_once
from tests.support.authorization_server import ISSUER, AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, nonce_of, read
from tests.web.clinic import FRAME, OWN, SITE, SLUG, Clinic, clinic

REVOKE = f"{ISSUER}/revoke"


@pytest.fixture
def other(rapport: Clinic, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
    """A second process of the same deployment: its own app, the same database, the same browser."""
    with clinic(wire, server, clock, folder=tmp_path) as standing:
        standing.client._cookies = rapport.client._cookies
        yield standing


def trail(rapport: Clinic) -> list[AuditEntry]:
    return list(rapport.services.store.audit.entries())


def launch_of(chart: str) -> str:
    return chart.split("/")[2]


def set_cookies(answer: Any) -> list[str]:
    return list(answer.headers.getlist("Set-Cookie"))


def sign_out(rapport: Clinic, chart: str) -> Page:
    fields = rapport.get(chart).form("/end")
    return read(rapport.client.post(f"{chart}end", data=fields, base_url=SITE, headers=OWN))


def opened_rows(rapport: Clinic) -> list[str]:
    with rapport.services.store.database.begin() as connection:
        return list(connection.execute(select(launches.c.kind).where(launches.c.kind != "spent")).scalars())


class Overtaking:
    """Before another process takes its turn to renew the token, this one does all of it."""

    def __init__(self, rapport: Clinic, chart: str) -> None:
        self.rapport, self.chart = rapport, chart
        self.statuses: list[int] = []
        self.begun = False

    def __call__(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if self.begun or not (statement.startswith("UPDATE") and "refreshing_until" in statement):
            return
        self.begun = True
        self.statuses.append(self.rapport.client.get(self.chart, base_url=SITE).status_code)


class TestCookies:
    # SMART 6.3.3
    def test_each_launch_has_a_host_cookie_of_its_own_partitioned_and_out_of_reach_of_scripts(self, rapport: Clinic) -> None:
        begun = rapport.begin()
        callback = urlencode(rapport.server.authorize(begun.headers["Location"]), doseq=True)
        answer = rapport.client.get(f"/callback?{callback}", base_url=SITE)
        kept = [line for line in [*set_cookies(begun), *set_cookies(answer)] if "Max-Age=0" not in line]
        assert len(kept) == 2
        assert len({line.split("=")[0] for line in kept}) == 2
        for line in kept:
            assert line.startswith("__Host-rapport-")
            assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"} <= {part.strip() for part in line.split(";")}
            assert "Domain" not in line

    # SMART 6.3.3
    def test_the_cookies_value_is_unlike_the_id_and_neither_is_in_the_other(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        name = rapport.services.store.launches.cookie_name_for(LaunchId(launch_of(chart)))
        cookie = rapport.client.get_cookie(name, domain=str(urlsplit(SITE).hostname))
        assert cookie is not None
        assert launch_of(chart) not in name + cookie.value
        assert cookie.value not in chart
        for page in (chart, f"{chart}handover/{SLUG}", f"{chart}check/{SLUG}/clinician", rapport.lent(chart).page):
            assert cookie.value not in rapport.get(page).html

    # SMART 6.3.1
    def test_the_callback_begins_anew_and_what_was_known_before_sign_in_opens_nothing(self, rapport: Clinic) -> None:
        begun = rapport.begin()
        state = dict(parse_qsl(urlsplit(begun.headers["Location"]).query))["state"]
        callback = urlencode(rapport.server.authorize(begun.headers["Location"]), doseq=True)
        answer = rapport.client.get(f"/callback?{callback}", base_url=SITE)
        before, after = set_cookies(begun)[0], next(line for line in set_cookies(answer) if "Max-Age=0" not in line)
        assert before.split(";")[0].split("=")[0] not in after
        assert before.split(";")[0].split("=", 1)[1] not in after
        dropped = next(line for line in set_cookies(answer) if "Max-Age=0" in line)
        assert dropped.split("=")[0] == before.split("=")[0]
        assert state not in answer.headers["Location"]
        assert rapport.get(f"/l/{state}/").status == 403

    # SMART 6.3.1
    # SMART J7
    # IG 8, 9, 90
    def test_the_database_holds_neither_id_nor_cookie_nor_token(self, rapport: Clinic, tmp_path: Path) -> None:
        chart = rapport.launch()
        name = rapport.services.store.launches.cookie_name_for(LaunchId(launch_of(chart)))
        cookie = rapport.client.get_cookie(name, domain=str(urlsplit(SITE).hostname))
        assert cookie is not None
        stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert digest(launch_of(chart)).encode() in stored
        for secret in (launch_of(chart), cookie.value, "access-1", "refresh-2", "pat-1", "Halvorsen"):
            assert secret.encode() not in stored

    # SMART 6.3.3
    # SMART B4
    def test_fifty_launches_keep_their_cookies_beside_each_other(self, rapport: Clinic) -> None:
        charts = [rapport.launch(patient="pat-1" if number % 2 else "pat-2") for number in range(50)]
        assert len(rapport.client._cookies or {}) == 50
        assert "OKAFOR" in rapport.get(charts[0]).text
        assert "HALVORSEN" in rapport.get(charts[49]).text


class TestRelaunchPage:
    def ended(self, rapport: Clinic, clock: Clock, **wait: float) -> Page:
        """The page of a launch that is over, while the browser has another one open."""
        chart = rapport.launch(patient="pat-1")
        clock.forward(**wait)
        rapport.launch(patient="pat-2")
        return rapport.get(chart)

    # SMART 6.3.4
    def test_it_names_no_patient_and_leads_to_no_other_launch(self, rapport: Clinic, clock: Clock) -> None:
        page = self.ended(rapport, clock, minutes=31)
        assert page.status == 403
        assert "Open Rapport again from the patient's chart" in page.text
        assert "/l/" not in page.html
        assert not [name for name in ("alvorsen", "kafor", "pat-1", "pat-2") if name in page.html]

    # SMART J8
    def test_a_launch_ends_at_its_absolute_limit_however_busy(self, rapport: Clinic, clock: Clock, server: AuthorizationServer) -> None:
        server.token["expires_in"] = 86_400
        chart = rapport.launch()
        for _ in range(23):
            clock.forward(minutes=20)
            assert rapport.get(chart).status == 200
        clock.forward(minutes=20)
        assert rapport.get(chart).status == 403

    # SMART O
    def test_what_was_sent_to_an_ended_launch_and_cannot_be_kept_is_said_not_to_be_stored(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch()
        fields = rapport.filled(chart, "clinician") | {"ticket": "of another form"}
        clock.forward(minutes=31)
        page = read(rapport.send(chart, fields, "clinician"))
        assert page.status == 403
        assert "not stored" in page.text
        assert rapport.ehr.posts() == []

    # SMART O
    def test_a_token_the_server_no_longer_takes_leads_back_to_the_chart_not_to_trying_again(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        rapport.ehr.faults.append(lambda _, path: (401, {}, "") if path.startswith("Patient/") else None)
        page = rapport.get(chart)
        assert page.status == 502
        assert "Open Rapport again from the patient's chart" in page.text
        assert "Try again" not in page.text


class TestRefresh:
    # SMART J2
    def test_requests_of_two_processes_renew_a_token_once(
        self, rapport: Clinic, other: Clinic, server: AuthorizationServer, clock: Clock
    ) -> None:
        chart = rapport.launch()
        clock.forward(seconds=250)
        clients: SimpleQueue[FlaskClient] = SimpleQueue()
        for app in (rapport.app, other.app) * 3:
            client = app.test_client()
            client._cookies = rapport.client._cookies
            clients.put(client)
        assert at_once(6, lambda: clients.get().get(chart, base_url=SITE).status_code) == [200] * 6
        assert server.asked("/auth/token") == 2

    # SMART J2
    def test_a_request_that_had_read_the_old_token_does_not_use_it_again(
        self, rapport: Clinic, other: Clinic, server: AuthorizationServer, clock: Clock
    ) -> None:
        chart = rapport.launch()
        clock.forward(seconds=250)
        overtaking = Overtaking(rapport, chart)
        event.listen(other.services.store.database.engine, "before_cursor_execute", overtaking)
        assert other.get(chart).status == 200
        assert overtaking.statuses == [200]
        assert server.asked("/auth/token") == 2

    # SMART J5
    def test_a_refused_renewal_ends_the_launch_and_forgets_its_tokens(
        self, rapport: Clinic, server: AuthorizationServer, clock: Clock
    ) -> None:
        chart = rapport.launch()
        server.refresh_tokens.append("rotated-away")
        clock.forward(seconds=290)
        page = rapport.get(chart)
        assert (page.status, "Open Rapport again from the patient's chart" in page.text) == (403, True)
        assert opened_rows(rapport) == []
        assert rapport.get(chart).status == 403
        assert server.asked("/auth/token") == 2
        assert [(entry.event, entry.patient) for entry in trail(rapport)] == [("launch", "pat-1"), ("ended_by_ehr", "pat-1")]

    # SMART P
    def test_a_renewal_for_another_patient_ends_the_launch_before_anything_is_read(
        self, rapport: Clinic, server: AuthorizationServer, clock: Clock
    ) -> None:
        chart = rapport.launch()
        server.token["patient"] = "pat-2"
        clock.forward(seconds=290)
        rapport.ehr.log.clear()
        page = rapport.get(chart)
        assert page.status == 403
        assert "switched to another patient" in page.text
        assert [path for _, path in rapport.ehr.log if path != "metadata"] == []
        assert opened_rows(rapport) == []

    # SMART J2
    def test_an_unreachable_sign_in_is_survived_while_the_token_lasts(
        self, rapport: Clinic, wire: responses.RequestsMock, clock: Clock
    ) -> None:
        chart = rapport.launch()
        clock.forward(seconds=250)
        wire.replace("POST", f"{ISSUER}/token", status=503)
        assert rapport.get(chart).status == 200
        assert opened_rows(rapport) == ["open"]


class TestSigningOut:
    # SMART J8
    def test_it_revokes_the_refresh_token_first_and_says_that_it_was_confirmed(
        self, rapport: Clinic, server: AuthorizationServer, wire: responses.RequestsMock
    ) -> None:
        server.document = {"revocation_endpoint": REVOKE}
        wire.post(REVOKE, body="")
        # As a record does that no longer knows the token.
        rapport.ehr.faults.append(lambda _method, _path: (401, {}, "") if any(call.request.url == REVOKE for call in wire.calls) else None)
        page = sign_out(rapport, rapport.launch())
        given = [dict(parse_qsl(str(call.request.body)))["token"] for call in wire.calls if call.request.url == REVOKE]
        assert given == ["refresh-2", "access-1"]
        assert "has confirmed" in page.text
        assert [(entry.event, dict(entry.detail)) for entry in trail(rapport)][-2:] == [
            ("signed_out", {}),
            ("revocation", {"outcome": "confirmed"}),
        ]

    # SMART J8
    @pytest.mark.parametrize("answer", [{"status": 400}, {"status": 503}, {"body": requests.ConnectionError("gone")}])
    def test_a_revocation_that_fails_keeps_nobody_in_and_is_said_and_logged(
        self,
        rapport: Clinic,
        server: AuthorizationServer,
        wire: responses.RequestsMock,
        capsys: pytest.CaptureFixture[str],
        answer: dict[str, Any],
    ) -> None:
        server.document = {"revocation_endpoint": REVOKE}
        wire.post(REVOKE, **answer)
        chart = rapport.launch()
        page = sign_out(rapport, chart)
        assert page.status == 200
        assert "did not confirm" in page.text
        assert '"outcome": "failed"' in next(line for line in capsys.readouterr().err.splitlines() if '"signed_out"' in line)
        assert rapport.get(chart).status == 403
        assert opened_rows(rapport) == []

    # SMART J8
    def test_where_nothing_can_be_revoked_nothing_is_claimed(self, rapport: Clinic, server: AuthorizationServer) -> None:
        page = sign_out(rapport, rapport.launch())
        assert server.asked("/auth/revoke") == 0
        assert "cannot be told" in page.text
        assert "withdrawn" not in page.text
        assert "does not sign you out of the record system" in page.text

    # SMART J7
    def test_the_cookie_goes_with_the_launch(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        sign_out(rapport, chart)
        assert not rapport.client._cookies


class TestWhatIsRecorded:
    # SMART P
    def test_a_form_of_another_patient_is_refused_and_recorded(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        assert rapport.send(chart, rapport.filled(chart, "clinician") | {"patient": "pat-2"}, "clinician").status_code == 403
        last = trail(rapport)[-1]
        assert (last.event, last.detail["code"], last.patient, last.user) == ("refused", "wrong_patient", "pat-1", "Practitioner/dr-1")
        assert rapport.ehr.posts() == []

    # SMART 6.3.5
    def test_a_forged_form_is_refused_and_recorded(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        fields = rapport.filled(chart, "clinician")
        for forged, headers in (({"csrf": "guess"}, {}), ({}, {"Sec-Fetch-Site": "cross-site"})):
            assert rapport.send(chart, fields | forged, "clinician", **headers).status_code == 403
        assert [entry.detail["code"] for entry in trail(rapport) if entry.event == "refused"] == ["session_ended"] * 2

    # SMART 6.3.3
    def test_another_browser_with_the_address_is_refused_and_recorded_without_a_user(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        assert rapport.get(chart, rapport.browser()).status == 403
        last = trail(rapport)[-1]
        assert (last.event, last.detail["code"], last.user, last.patient) == ("refused", "other_browser", None, None)
        assert last.launch == digest(launch_of(chart))

    def test_an_address_that_never_was_leaves_no_trace_to_flood_the_trail_with(self, rapport: Clinic) -> None:
        assert rapport.get("/l/never-given/").status == 403
        assert trail(rapport) == []

    # SMART O
    def test_a_record_that_cannot_be_read_is_recorded(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        rapport.ehr.faults.append(lambda _, path: (403, {}, "") if path.startswith("Patient/") else None)
        assert rapport.get(chart).status == 502
        assert (trail(rapport)[-1].event, trail(rapport)[-1].detail["code"]) == ("refused", "fhir_forbidden")

    # SMART J7
    def test_a_launch_left_alone_is_forgotten_at_the_next_one_and_recorded_once(self, rapport: Clinic, clock: Clock) -> None:
        rapport.launch(patient="pat-1")
        clock.forward(minutes=31)
        rapport.launch(patient="pat-2")
        rapport.launch(patient="pat-2")
        assert [(entry.event, entry.patient) for entry in trail(rapport)] == [
            ("launch", "pat-1"),
            ("expired", "pat-1"),
            ("launch", "pat-2"),
            ("launch", "pat-2"),
        ]
        assert trail(rapport)[1].detail["ended"] == "2026-03-04T10:00:00+00:00"

    def test_a_normal_visit_is_one_row_for_each_thing_done(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        rapport.get(chart)
        rapport.send(chart, rapport.filled(chart))
        sign_out(rapport, chart)
        assert [entry.event for entry in trail(rapport)] == [
            "launch", "history_read", "lent", "submission", "loan_ended", "history_read", "signed_out", "revocation",
        ]  # fmt: skip
        assert rapport.services.store.verify_audit().finding is None


# SMART 6.3.6
def test_pages_may_be_framed_by_their_own_ehr_alone_and_are_never_stored_or_referred_to(rapport: Clinic) -> None:
    chart = rapport.launch()
    for path in (chart, f"{chart}check/{SLUG}/clinician", "/l/never-given/", "on loan"):
        headers = rapport.get(rapport.lent(chart).page if path == "on loan" else path).headers
        policy = {rule.split()[0]: rule.split()[1:] for rule in headers["Content-Security-Policy"].split(";")}
        assert policy["frame-ancestors"] == [FRAME]
        assert (policy["default-src"], policy["connect-src"]) == (["'none'"], ["'self'"])
        assert policy["script-src"] == policy["style-src"] == [f"'nonce-{nonce_of(headers)}'"]
        assert "X-Frame-Options" not in headers
        assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
        assert "camera=()" in headers["Permissions-Policy"]
