from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
import requests
import responses

from tests.support.authorization_server import BASE, ISSUER, AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import read
from tests.web.clinic import FRAME, SITE, Clinic, asked, clinic, registered


# SMART B3
def test_launch_keeps_a_plus_in_the_launch_value(rapport: Clinic) -> None:
    location = rapport.begin(launch="abc+def==").headers["Location"]
    assert parse_qs(urlsplit(location).query)["launch"] == ["abc+def=="]
    assert location.startswith(f"{ISSUER}/authorize?")


# SMART D7
def test_sign_in_by_post_is_a_page_that_works_without_script(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
) -> None:
    server.document = {"capabilities": ["authorize-post"]}
    issuer = replace(registered(), authorize="post", name="Clinic <b>&amp;", hosts=("login.example.org",))
    with clinic(wire, server, clock, folder=tmp_path, issuer=issuer) as rapport:
        answer = rapport.begin(launch='abc+def%25=="><b>')
        shown = read(answer)
        assert (shown.status, answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == (200, "no-store", "no-referrer")
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["form-action"] == "'self' https://ehr.example.org https://login.example.org"
        assert policy["script-src"] == "'self'"
        form = shown.soup.select_one("form")
        assert form is not None
        assert (form["method"], form["action"]) == ("post", f"{ISSUER}/authorize")
        assert form.select_one("button[type=submit]") is not None
        fields = {str(tag["name"]): str(tag["value"]) for tag in form.select("input")}
        assert fields["launch"] == 'abc+def%=="><b>'
        assert not shown.soup.select("b + b, h1 b")
        callback = server.authorize(f"{ISSUER}/authorize?{urlencode(fields)}")
        assert rapport.client.get(f"/callback?{urlencode(callback, doseq=True)}", base_url=SITE).status_code == 303


def test_launch_opens_the_chart_and_sets_a_cookie_for_the_frame(rapport: Clinic) -> None:
    callback = rapport.server.authorize(rapport.begin().headers["Location"])
    answer = rapport.client.get(f"/callback?{urlencode(callback, doseq=True)}", base_url=SITE)
    assert answer.status_code == 303
    assert urlsplit(answer.headers["Location"]).path.startswith("/l/")
    opened = next(line for line in answer.headers.getlist("Set-Cookie") if "Max-Age=0" not in line)
    assert opened.startswith("__Host-")
    for part in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"):
        assert part in opened
    page = rapport.get(urlsplit(answer.headers["Location"]).path)
    assert page.status == 200
    assert "HALVORSEN, Ingrid" in page.text


# SMART E5
# SMART E6
def test_callback_leads_to_our_own_page_whatever_its_address_says(rapport: Clinic) -> None:
    callback = rapport.server.authorize(rapport.begin().headers["Location"])
    evil = {name: ["https://evil.example.org/"] for name in ("next", "redirect", "redirect_uri", "return_to", "url")}
    answer = rapport.client.get(f"/callback?{urlencode({**callback, **evil}, doseq=True)}", base_url=SITE)
    assert (answer.status_code, answer.get_data()) == (303, b"")
    assert answer.headers["Location"].startswith("/l/")
    assert "code" not in answer.headers["Location"]
    assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")


def test_titles_and_headers_hold_no_patient(rapport: Clinic) -> None:
    page = rapport.get(rapport.launch())
    assert "alvorsen" not in page.title.lower()
    assert f"frame-ancestors {FRAME}" in page.headers["Content-Security-Policy"]
    assert "gzip" not in page.headers.get("Content-Encoding", "")


# SMART B2
def test_unknown_iss_makes_no_request_and_is_shown_to_it(rapport: Clinic, wire: responses.RequestsMock) -> None:
    page = rapport.get("/launch?iss=https://ehr.example.org/fhirx&launch=1")
    assert page.status == 403
    assert asked(wire) == []
    assert "https://ehr.example.org/fhirx" in page.text
    assert "Nearest entry on the list https://ehr.example.org/fhir" in page.text
    assert "Requests made None" in page.text
    assert "Reference code RP-" in page.text


def test_an_iss_full_of_markup_is_shown_as_text(rapport: Clinic) -> None:
    page = rapport.get("/launch?iss=https://x.example/<script>alert(1)</script>&launch=1")
    assert page.status == 403
    assert not page.soup.select("script")


# SMART B1
def test_repeated_or_missing_parameters_are_refused(rapport: Clinic) -> None:
    for query, code in (
        (f"iss={BASE}&iss={BASE}&launch=1", "parameter_repeated"),
        (f"iss={BASE}&launch=1&launch=2", "parameter_repeated"),
        ("launch=1", "iss_missing"),
        (f"iss={BASE}", "launch_missing"),
    ):
        page = rapport.get(f"/launch?{query}")
        assert page.status == 400
        assert f"launch.{code}" in page.text


# SMART E1
# SMART E4
def test_a_replayed_callback_opens_nothing(rapport: Clinic) -> None:
    callback = urlencode(rapport.server.authorize(rapport.begin().headers["Location"]), doseq=True)
    assert rapport.client.get(f"/callback?{callback}", base_url=SITE).status_code == 303
    page = rapport.get(f"/callback?{callback}")
    assert page.status == 400
    assert "used already" in page.text


# SMART D3
# SMART E2
def test_callback_rejects_state_from_another_browser(rapport: Clinic, server: AuthorizationServer) -> None:
    callback = urlencode(server.authorize(rapport.begin().headers["Location"]), doseq=True)
    page = rapport.get(f"/callback?{callback}", rapport.browser())
    assert page.status == 400
    assert "another browser" in page.text
    assert rapport.client.get(f"/callback?{callback}", base_url=SITE).status_code == 303


# SMART E3
def test_refused_authorization_says_so(rapport: Clinic, server: AuthorizationServer) -> None:
    state = server.authorize(rapport.begin().headers["Location"])["state"][0]
    page = rapport.get(f"/callback?state={state}&error=access_denied")
    assert page.status == 403
    assert "The sign-in was not allowed" in page.text


# SMART 6.3.3
def test_a_chart_needs_its_own_cookie(rapport: Clinic) -> None:
    chart = rapport.launch()
    page = read(rapport.browser().get(chart, base_url=SITE))
    assert page.status == 403
    assert "Halvorsen" not in page.html


# SMART 6.3.2
# SMART B4
def test_two_charts_in_one_browser_never_cross(rapport: Clinic) -> None:
    first, second = rapport.launch(patient="pat-1"), rapport.launch(patient="pat-2")
    assert "HALVORSEN" in rapport.get(first).text
    assert "OKAFOR" in rapport.get(second).text
    assert "HALVORSEN" in rapport.get(first).text


# SMART J8
def test_a_launch_ends_when_it_is_left_alone(rapport: Clinic, clock: Clock) -> None:
    chart = rapport.launch()
    clock.forward(minutes=31)
    page = rapport.get(chart)
    assert page.status == 403
    assert "Open Rapport again" in page.text


# SMART J1
def test_the_access_token_is_renewed_before_it_ends(rapport: Clinic, clock: Clock, server: AuthorizationServer) -> None:
    chart = rapport.launch()
    clock.now += timedelta(seconds=250)
    assert rapport.get(chart).status == 200
    assert server.asked("/auth/token") == 2


def test_a_refresh_refused_by_the_ehr_ends_the_launch(rapport: Clinic, clock: Clock, server: AuthorizationServer) -> None:
    chart = rapport.launch()
    server.refresh_tokens.append("rotated-away")
    clock.forward(seconds=290)
    assert rapport.get(chart).status == 403


def test_below_a_path_every_address_keeps_the_path(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
) -> None:
    with clinic(wire, server, clock, folder=tmp_path, base_url=f"{SITE}/rapport") as standing:
        chart = standing.launch()
        assert chart.startswith("/rapport/l/")
        page = standing.get(chart)
        assert page.status == 200
        assert all(str(tag["href"]).startswith("/rapport/static/") for tag in page.soup.select("link[href]"))


def test_an_address_with_a_slash_more_or_less_sends_nobody_to_the_host_of_the_request(rapport: Clinic) -> None:
    chart = rapport.launch()
    evil = {"Host": "evil.example.org"}
    for path in (chart.removesuffix("/"), chart.replace("/l/", "/l//"), "/launch/", "//launch"):
        assert "Location" not in rapport.client.get(path, base_url=SITE, headers=evil).headers
    assert "HALVORSEN" in rapport.get(chart.removesuffix("/")).text


DISCOVERY = f"{BASE}/.well-known/smart-configuration"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"status": 200, "body": "<html>maintenance</html>"}, "discovery_not_json"),
        ({"status": 200, "body": "[]"}, "discovery_not_json"),
        ({"status": 200, "body": "{}"}, "discovery_incomplete"),
        ({"status": 200, "body": '{"x": "' + "y" * 3_000_000 + '"}'}, "discovery_too_large"),
        ({"status": 302, "headers": {"Location": "https://evil.example/"}}, "discovery_redirected"),
        ({"body": requests.ConnectionError("refused")}, "discovery_unreachable"),
        ({"body": requests.Timeout("slow")}, "discovery_unreachable"),
    ],
)
def test_a_discovery_that_cannot_be_used_is_a_page_of_its_own_and_leaves_nothing_half_done(
    rapport: Clinic, wire: responses.RequestsMock, answer: dict[str, Any], code: str
) -> None:
    wire.replace(responses.GET, DISCOVERY, **answer)
    page = rapport.get(f"/launch?iss={BASE}&launch=1")
    assert page.status >= 400
    assert f"launch.{code}" in page.text
    assert "Set-Cookie" not in page.headers
    assert all(str(call.request.url).startswith(BASE) for call in wire.calls)


@pytest.mark.parametrize(
    ("query", "code"),
    [("", "state_missing"), ("state=never-given&code=c", "state_unknown"), ("code=c", "state_missing")],
)
def test_a_callback_nobody_waits_for_asks_no_token(rapport: Clinic, wire: responses.RequestsMock, query: str, code: str) -> None:
    page = rapport.get(f"/callback?{query}")
    assert page.status >= 400
    assert f"launch.{code}" in page.text
    assert asked(wire) == []


def test_a_callback_without_a_code_asks_no_token(rapport: Clinic, server: AuthorizationServer, wire: responses.RequestsMock) -> None:
    callback = server.authorize(rapport.begin().headers["Location"])
    del callback["code"]
    page = rapport.get(f"/callback?{urlencode(callback, doseq=True)}")
    assert "launch.code_missing" in page.text
    assert not [url for url in asked(wire) if url.endswith("/token")]


class TestCookieProbe:
    """Whether the browser keeps our cookies is found out before the launch value is spent."""

    def go(self, rapport: Clinic, path: str, dest: str = "iframe", **more: Any) -> Any:
        return rapport.client.get(path, base_url=SITE, headers={"Sec-Fetch-Dest": dest}, **more)

    # SMART 6.3.4
    def test_a_browser_that_keeps_cookies_goes_round_once_and_the_launch_is_untouched(self, rapport: Clinic) -> None:
        start = f"/launch?iss={BASE}&launch=abc+def=="
        hop = self.go(rapport, start)
        assert (hop.status_code, hop.headers["Location"]) == (303, f"{start}&cookies=tried")
        assert "Partitioned" in hop.headers["Set-Cookie"]
        on = self.go(rapport, hop.headers["Location"])
        assert dict(parse_qsl(urlsplit(on.headers["Location"]).query))["launch"] == "abc+def=="
        dropped = [line.split("=")[0] for line in on.headers.getlist("Set-Cookie") if "Max-Age=0" in line]
        assert dropped == ["__Host-rapport-probe"]
        assert self.go(rapport, start).headers["Location"].startswith(f"{ISSUER}/authorize")

    # SMART 6.3.4
    @pytest.mark.parametrize("dest", ["iframe", "document"])
    def test_a_browser_that_keeps_none_is_told_so_and_asked_for_nothing(
        self, rapport: Clinic, wire: responses.RequestsMock, dest: str
    ) -> None:
        hop = self.go(rapport, f"/launch?iss={BASE}&launch=abc", dest)
        rapport.client = rapport.browser()
        page = read(self.go(rapport, hop.headers["Location"], dest))
        assert page.status == 400
        assert "This browser keeps no cookie for Rapport here" in page.text
        elsewhere = page.soup.select("a[target=_blank]")
        assert [link["href"] for link in elsewhere] == ([f"/launch?iss={BASE}&launch=abc"] if dest == "iframe" else [])
        assert len(wire.calls) == 0

    def test_what_says_nothing_of_itself_is_not_sent_round(self, rapport: Clinic) -> None:
        assert rapport.begin().headers["Location"].startswith(f"{ISSUER}/authorize")
