"""Sign-in without a chart, and patients as users: over real sockets, as an app and a person see it."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.sandbox.smart_ward import LAUNCH, Ward, returned

pytestmark = pytest.mark.enable_socket
SCOPE = "launch/patient openid fhirUser online_access patient/Patient.rs patient/Observation.crus patient/Practitioner.r"


def asked(ward: Ward, **changed: str | None) -> requests.Response:
    return ward.authorize(ward.question("", launch=None, **{"scope": SCOPE, **changed}))


def choose(ward: Ward, page: requests.Response, **choice: str) -> requests.Response:
    """Press one of the page's buttons."""
    assert page.status_code == 200, page.text
    found = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert found is not None
    return ward.http.post(f"{ward.url}/oauth/sign-in", data={"ticket": found[1], **choice}, allow_redirects=False)


def tokens(ward: Ward, answer: requests.Response) -> dict[str, Any]:
    return dict(ward.redeem(returned(answer)["code"]).json())


def as_patient(ward: Ward, scope: str = SCOPE) -> dict[str, Any]:
    return tokens(ward, choose(ward, asked(ward, scope=scope), user="Patient/p1"))


def who(ward: Ward, token: dict[str, Any]) -> dict[str, Any]:
    keys = KeySet.import_key_set(ward.http.get(f"{ward.url}/oauth/jwks").json())
    return dict(jwt.decode(token["id_token"], keys, algorithms=["ES384"]).claims)


def test_sign_in_offers_clinicians_and_patients(ward: Ward) -> None:
    page = asked(ward)
    for name in ("Sofia Lindqvist", "Tom Aas", "Berg, Ada", "Cleo Dahl"):
        assert name in page.text


def test_a_clinician_is_asked_for_a_patient(ward: Ward) -> None:
    picker = choose(ward, asked(ward), user="Practitioner/tom")
    assert "Choose a patient" in picker.text
    assert "Sofia Lindqvist" not in picker.text
    token = tokens(ward, choose(ward, picker, patient="p2"))
    assert (token["patient"], "encounter" in token) == ("p2", False)
    assert who(ward, token)["fhirUser"] == f"{ward.fhir}/Practitioner/tom"


def test_a_patient_is_themself(ward: Ward) -> None:
    token = as_patient(ward)
    assert token["patient"] == "p1"
    assert (who(ward, token)["fhirUser"], who(ward, token)["name"]) == (f"{ward.fhir}/Patient/p1", "Ada Berg")


def test_what_has_no_meaning_without_a_chart_is_not_granted(ward: Ward) -> None:
    token = as_patient(ward, f"launch launch/encounter {SCOPE}")
    assert token["scope"] == SCOPE


# What a patient may see is their own record, whatever the scope's level.
@pytest.mark.parametrize("level", ["patient", "user"])
def test_a_patients_token_reaches_their_own_record_only(ward: Ward, level: str) -> None:
    scope = f"launch/patient openid fhirUser {level}/Patient.rs {level}/Observation.crus {level}/Practitioner.r"
    token = as_patient(ward, scope)["access_token"]
    assert ward.call(token, "GET", "Patient/p1").status_code == 200
    assert ward.call(token, "GET", "Practitioner/sofia").status_code == 200
    assert ward.call(token, "GET", "Patient/p2").status_code in {403, 404}
    assert ward.call(token, "GET", "Observation/b1").status_code in {403, 404}
    assert ward.call(token, "GET", "Observation?patient=p2").status_code == 403
    found = ward.call(token, "GET", "Observation").json()["entry"]
    assert {one["resource"]["subject"]["reference"] for one in found if one["resource"]["resourceType"] == "Observation"} == {"Patient/p1"}
    other = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/p2"}}
    assert ward.call(token, "POST", "Observation", json=other).status_code == 403


def test_not_signing_in_is_access_denied(ward: Ward) -> None:
    told = returned(choose(ward, asked(ward), cancel="yes"))
    assert (told["error"], told["state"]) == ("access_denied", "st")


@pytest.mark.parametrize("choice", [{"user": "Practitioner/nobody"}, {"user": "Patient/nobody"}, {"user": ""}, {}, {"patient": "p1"}])
def test_a_choice_that_is_none_goes_nowhere(ward: Ward, choice: dict[str, str]) -> None:
    answer = choose(ward, asked(ward), **choice)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_sign_in_page_is_good_once_and_for_a_while(ward: Ward) -> None:
    page = asked(ward)
    assert choose(ward, page, user="Patient/p1").status_code == 303
    assert choose(ward, page, user="Patient/p1").status_code == 400
    late = asked(ward)
    ward.clock.advance(601)
    assert choose(ward, late, user="Patient/p1").status_code == 400


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"scope": "openid patient/Patient.r"}, "invalid_scope"),
        ({"scope": "launch openid patient/Patient.r"}, "invalid_scope"),
        ({"aud": "http://elsewhere.example/fhir"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"state": None}, "invalid_request"),
    ],
)
def test_a_bad_request_is_refused_before_anybody_signs_in(ward: Ward, changed: dict[str, str | None], error: str) -> None:
    assert returned(asked(ward, **changed))["error"] == error


def test_discovery_says_what_is_true(ward: Ward) -> None:
    found = ward.http.get(f"{ward.fhir}/.well-known/smart-configuration").json()
    assert {"launch-standalone", "context-standalone-patient"} <= set(found["capabilities"])
    assert "context-standalone-encounter" not in found["capabilities"]
    assert "launch/patient" in found["scopes_supported"]


def test_the_portal_opens_an_app_with_the_patient_as_user(ward: Ward) -> None:
    portal = ward.http.get(f"{ward.url}/portal/p1")
    assert "Ada Berg" in portal.text
    opened = ward.http.get(f"{ward.url}/portal/p1/open", allow_redirects=False)
    assert opened.headers["Location"].startswith(f"{LAUNCH}?")
    launch = parse_qs(urlsplit(opened.headers["Location"]).query)["launch"][0]
    token = dict(ward.redeem(ward.code(ward.question(launch))).json())
    assert (token["patient"], "encounter" in token) == ("p1", False)
    assert who(ward, token)["fhirUser"] == f"{ward.fhir}/Patient/p1"


def test_a_portal_of_nobody_is_not_found(ward: Ward) -> None:
    assert ward.http.get(f"{ward.url}/portal/nobody").status_code == 404
    assert ward.http.get(f"{ward.url}/portal/nobody/open", allow_redirects=False).status_code == 404


class TestWhoIsThere:
    """OpenID Connect alone: an app asks who is there, and for no record."""

    SCOPE = "openid fhirUser"

    def test_a_clinician_is_asked_for_no_patient(self, ward: Ward) -> None:
        token = tokens(ward, choose(ward, asked(ward, scope=self.SCOPE), user="Practitioner/tom"))
        assert "patient" not in token
        assert token["scope"] == self.SCOPE
        assert who(ward, token)["fhirUser"] == f"{ward.fhir}/Practitioner/tom"

    def test_its_token_reads_nothing(self, ward: Ward) -> None:
        token = tokens(ward, choose(ward, asked(ward, scope=self.SCOPE), user="Practitioner/tom"))
        answer = ward.http.get(f"{ward.fhir}/Patient/p1", headers={"Authorization": f"Bearer {token['access_token']}"})
        assert answer.status_code == 403

    def test_when_they_signed_in_is_said_where_it_is_asked_for(self, ward: Ward) -> None:
        plain = who(ward, tokens(ward, choose(ward, asked(ward, scope=self.SCOPE), user="Practitioner/tom")))
        assert "auth_time" not in plain
        told = who(ward, tokens(ward, choose(ward, asked(ward, scope=self.SCOPE, max_age="0"), user="Practitioner/tom")))
        assert 0 <= told["iat"] - told["auth_time"] <= 60
