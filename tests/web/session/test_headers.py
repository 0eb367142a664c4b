"""What every answer of the app says to the browser about itself."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import responses
from msgspec.structs import replace

from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import nonce_of
from tests.web.clinic import FRAME, SITE, SLUG, Clinic, clinic, registered

Ask = Callable[[Clinic], Any]
# No `unsafe-…`, no wildcard, no other host; styles and scripts by the nonce of this answer.
_DIRECTIVES = {
    "default-src": "'none'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
}


def at(path: str) -> Ask:
    return lambda rapport: rapport.client.get(path, base_url=SITE)


def below(path: str) -> Ask:
    """A page of a launch, and what its own browser is answered."""
    return lambda rapport: rapport.client.get(f"{rapport.launch()}{path}", base_url=SITE)


PAGES: dict[str, Ask] = {
    "about": at("/"),
    "launch": lambda rapport: rapport.begin(),
    "launch refused": at(f"/launch?iss={BASE}x&launch=1"),
    "callback refused": at("/callback?state=x&code=y"),
    "history": below(""),
    "form": below(f"check/{SLUG}/clinician"),
    "form on loan": lambda rapport: rapport.client.get(rapport.lent(rapport.launch()).page, base_url=SITE),
    "on loan": lambda rapport: (rapport.lent(chart := rapport.launch()), rapport.client.get(chart, base_url=SITE))[1],
    "handover": below(f"handover/{SLUG}"),
    "no such page": at("/nothing"),
    "no such launch": at("/l/never-given/"),
}


def policy(answer: Any) -> dict[str, str]:
    parts = [directive.strip().partition(" ") for directive in answer.headers["Content-Security-Policy"].split(";")]
    return {name: value for name, _, value in parts}


# SMART L
# SMART 6.3.6
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_not_kept_not_told_of_elsewhere_and_loads_from_nowhere_else(rapport: Clinic, page: str) -> None:
    answer = PAGES[page](rapport)
    found = policy(answer)
    assert {name: found[name] for name in _DIRECTIVES} == _DIRECTIVES
    html = answer.mimetype == "text/html"
    assert re.fullmatch(r"'nonce-[\w-]{22}'" if html else "'none'", found["script-src"])
    assert found["style-src"] == found["script-src"]
    assert found.keys() == {*_DIRECTIVES, "style-src", "script-src", "frame-ancestors"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Permissions-Policy"] == "camera=(), geolocation=(), microphone=()"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    # It knows no list of origins and would shut out the EHR.
    assert "X-Frame-Options" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Server" not in answer.headers


# SMART L
def test_no_two_answers_have_a_nonce_in_common(rapport: Clinic) -> None:
    chart = rapport.launch()
    assert len({nonce_of(rapport.get(chart).headers) for _ in range(5)}) == 5


def test_a_redirect_says_where_in_its_header_alone(rapport: Clinic) -> None:
    """A body would repeat an address with a launch's id in it."""
    chart = rapport.launch()
    answers = [
        (f"{chart}receipt/", rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")),
        (f"{rapport.lent(chart).start}thanks/", rapport.patient_sends(chart, rapport.filled(chart))),
        (f"{chart}receipt/", rapport.take_back(chart)),
    ]
    for place, answer in answers:
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(place)
        assert answer.get_data() == b""


# SMART L
# SMART 6.3.6
def test_a_page_of_a_launch_may_be_framed_by_its_own_ehr_alone(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
) -> None:
    elsewhere = "https://portal.other.example.org"
    other = replace(registered(), name="Other EHR", iss="https://other.example.org/fhir", frame_ancestors=(elsewhere,))
    with clinic(wire, server, clock, folder=tmp_path, others=[other]) as rapport:
        assert policy(rapport.begin())["frame-ancestors"] == f"{elsewhere} {FRAME}"
        assert policy(below("")(rapport))["frame-ancestors"] == FRAME


# SMART L
# SMART 6.3.6
def test_without_a_registered_frame_no_page_may_be_framed(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
) -> None:
    with clinic(wire, server, clock, folder=tmp_path, issuer=replace(registered(), frame_ancestors=())) as rapport:
        assert policy(rapport.begin())["frame-ancestors"] == policy(below("")(rapport))["frame-ancestors"] == "'none'"
