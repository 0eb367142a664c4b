"""The launch from request to context, and every way it can stop."""

from base64 import urlsafe_b64decode
from datetime import timedelta
from functools import reduce
from operator import and_, or_
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
import responses
from msgspec.structs import replace

from fhir_mappings.people.clinicians import is_clinician
from smart_app.errors import LaunchError, SessionError
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.launch.flow import Begun, Launcher
from smart_app.launch.oauth.pkce import challenge
from smart_app.registration import Issuer, OpenServer
from tests.support.authorization_server import BASE, ISSUER, SCOPE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.launchers import launcher_for, registered


def finish(launcher: Launcher, ehr: AuthorizationServer) -> LaunchContext:
    begun = launcher.begin(BASE, "abc")
    return launcher.complete(begun.pending, ehr.authorize(begun.authorize_url))


def refused_code(launcher: Launcher, ehr: AuthorizationServer) -> str:
    with pytest.raises(LaunchError) as refused:
        finish(launcher, ehr)
    return refused.value.code


def query(begun: Begun) -> dict[str, list[str]]:
    return parse_qs(urlsplit(begun.authorize_url).query, strict_parsing=True)


class TestBegin:
    # SMART D1
    # SMART D4
    # SMART D9
    # SMART D6
    # IG 3, 13, 32, 33, 34, 37, 44, 45, 50, 51, 211
    def test_authorize_request_has_what_smart_asks_for(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        begun = launcher.begin(BASE, "abc")
        sent = query(begun)
        assert begun.authorize_url.startswith(f"{ISSUER}/authorize?")
        expected = "response_type client_id redirect_uri launch scope state aud nonce code_challenge code_challenge_method"
        assert sent.keys() == set(expected.split())
        assert sent["response_type"] == ["code"]
        assert sent["client_id"] == ["rapport"]
        assert sent["state"] == [begun.pending.state]
        assert sent["code_challenge"] == [challenge(begun.pending.verifier)]
        assert sent["redirect_uri"] == ["https://rapport.example.org/callback"]
        assert sent["code_challenge_method"] == ["S256"]
        assert sent["scope"] == [SCOPE]

    # SMART D2
    # IG 41
    @pytest.mark.parametrize("iss", [BASE, f"{BASE}/", "https://EHR.example.org:443/fhir"])
    def test_aud_is_iss_as_received(self, launcher: Launcher, ehr: AuthorizationServer, iss: str) -> None:
        begun = launcher.begin(iss, "abc")
        assert query(begun)["aud"] == [iss]
        assert begun.pending.iss == iss

    # SMART B3
    # IG 35, 161
    @pytest.mark.parametrize("launch", ["a+b/c==", "a b", "ü&x=1#2", "%2B"])
    def test_launch_value_arrives_unchanged(self, launcher: Launcher, ehr: AuthorizationServer, launch: str) -> None:
        assert query(launcher.begin(BASE, launch))["launch"] == [launch]

    # SMART D3
    # IG 2
    def test_every_launch_has_its_own_secrets(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        pendings = [launcher.begin(BASE, "abc").pending for _ in range(3)]
        assert len({value for one in pendings for value in (one.state, one.nonce, one.verifier)}) == 9

    # SMART D3
    # IG 2, 40
    def test_state_has_256_bits_and_each_of_them_varies(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        states = [query(launcher.begin(BASE, "abc"))["state"][0] for _ in range(200)]
        numbers = [int.from_bytes(urlsafe_b64decode(f"{state}=")) for state in states]
        assert {len(state) for state in states} == {43}
        # A bit that were the same 200 times in a row would not be chance.
        assert reduce(or_, numbers) == 2**256 - 1
        assert reduce(and_, numbers) == 0

    def test_endpoint_with_a_query_keeps_it(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        ehr.document = {"authorization_endpoint": f"{ISSUER}/authorize?tenant=7"}
        assert query(launcher.begin(BASE, "abc"))["tenant"] == ["7"]

    # SMART B2
    @pytest.mark.parametrize(
        "iss",
        [
            "https://evil.example.org/fhir",
            f"{BASE}/r4",
            f"{BASE}//",
            f"{BASE}?x=1",
            f"{BASE}/../fhir",
            "http://ehr.example.org/fhir",
            "https://ehr.example.org@evil.example.org/fhir",
            "https://ehr.example.org.evil.example.org/fhir",
            "https://ehr.example.org/FHIR",
            "javascript:alert(1)",
            "\x00",
        ],
    )
    def test_unknown_iss_causes_no_outbound_request(self, launcher: Launcher, wire: responses.RequestsMock, iss: str) -> None:
        with pytest.raises(LaunchError) as refused:
            launcher.begin(iss, "abc")
        assert refused.value.code == "iss_not_listed"
        assert iss not in str(refused.value)
        assert not wire.calls

    # SMART B2
    def test_disabled_entry_is_unknown(self, clock: Clock, wire: responses.RequestsMock) -> None:
        with pytest.raises(LaunchError) as refused:
            launcher_for(replace(registered(), enabled=False), clock).begin(BASE, "abc")
        assert refused.value.code == "iss_not_listed"

    def test_open_server_has_no_ehr_launch(self, clock: Clock, wire: responses.RequestsMock) -> None:
        launcher = launcher_for(replace(registered(OpenServer()), synthetic_data=True), clock)
        assert launcher.open_server(BASE).name == "Example EHR"
        with pytest.raises(LaunchError, match="open server"):
            launcher.begin(BASE, "abc")
        assert not wire.calls

    def test_registered_ehr_is_no_open_server(self, launcher: Launcher) -> None:
        with pytest.raises(LaunchError) as refused:
            launcher.open_server(BASE)
        assert refused.value.code == "iss_not_listed"

    # SMART B1
    @pytest.mark.parametrize(("iss", "launch", "code"), [("", "abc", "iss_missing"), (BASE, "", "launch_missing")])
    def test_missing_parameters_are_named(self, launcher: Launcher, iss: str, launch: str, code: str) -> None:
        with pytest.raises(LaunchError) as refused:
            launcher.begin(iss, launch)
        assert refused.value.code == code


class TestComplete:
    # SMART H4
    # SMART I
    def test_context_holds_patient_user_and_tokens(self, launcher: Launcher, ehr: AuthorizationServer, clock: Clock) -> None:
        context = finish(launcher, ehr)
        assert (context.patient, context.encounter, context.iss, context.via) == ("pat-1", "enc-1", BASE, "ehr")
        assert (context.user.reference, context.user.name) == ("Practitioner/dr-1", "Dr Ada Example")
        assert (context.user.issuer, context.user.subject) == (ISSUER, "user-1")
        assert context.scope == SCOPE
        assert context.expires == clock() + timedelta(seconds=300)
        assert context.need_patient_banner

    # SMART F6
    # SMART J7
    def test_secrets_are_not_in_its_repr(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        text = repr(finish(launcher, ehr))
        assert "access-1" not in text
        assert "refresh-" not in text

    # SMART F1
    # SMART D5
    # IG 13, 62, 67, 68, 69, 70, 71
    def test_public_client_sends_its_id_and_the_verifier(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        begun = launcher.begin(BASE, "abc")
        params = ehr.authorize(begun.authorize_url)
        ehr.token = {"id_token": None, "scope": "launch"}
        with pytest.raises(LaunchError, match="openid not granted"):
            launcher.complete(begun.pending, params)
        assert ehr.last_form() == {
            "grant_type": "authorization_code",
            "code": "code-1",
            "redirect_uri": "https://rapport.example.org/callback",
            "code_verifier": begun.pending.verifier,
            "client_id": "rapport",
        }

    # SMART E1
    # SMART E3
    # SMART B6
    # IG 4, 60
    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({"code": ["code-1"]}, "state_unknown"),
            ({"code": ["code-1"], "state": ["another"]}, "state_unknown"),
            ({"code": ["code-1"], "state": ["STATE", "STATE"]}, "parameter_repeated"),
            ({"code": ["code-1", "code-2"], "state": ["STATE"]}, "parameter_repeated"),
            ({"state": ["STATE"]}, "code_missing"),
            ({"code": [""], "state": ["STATE"]}, "code_missing"),
            ({"error": ["access_denied"], "state": ["STATE"]}, "authorization_declined"),
            ({"error": ["access_denied"], "code": ["code-1"], "state": ["STATE"]}, "authorization_declined"),
            ({"error": ["invalid_scope"], "state": ["STATE"]}, "scope_refused"),
            ({"error": ['Invalid scope "launch/questionnaire"'], "state": ["STATE"]}, "scope_refused"),
            ({"error": ["temporarily_unavailable"], "state": ["STATE"]}, "authorization_unavailable"),
            ({"error": ["unauthorized_client"], "state": ["STATE"]}, "authorization_refused"),
            ({"code": ["code-1"], "state": ["STATE"], "iss": [BASE]}, "issuer_differs"),
        ],
    )
    def test_bad_callback_asks_for_no_token(
        self, launcher: Launcher, ehr: AuthorizationServer, params: dict[str, list[str]], code: str
    ) -> None:
        begun = launcher.begin(BASE, "abc")
        ehr.authorize(begun.authorize_url)
        real = {name: [begun.pending.state if value == "STATE" else value for value in values] for name, values in params.items()}
        with pytest.raises(LaunchError) as refused:
            launcher.complete(begun.pending, real)
        assert refused.value.code == code
        assert ehr.asked("/auth/token") == 0

    # SMART E3
    # SMART O
    def test_refusal_repeats_the_servers_words_without_control_characters(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        begun = launcher.begin(BASE, "abc")
        params = {"error": ["invalid_scope"], "error_description": ["no\n\x1b[31m" + "x" * 999], "state": [begun.pending.state]}
        with pytest.raises(LaunchError) as refused:
            launcher.complete(begun.pending, params)
        assert refused.value.detail.startswith("invalid_scope: no  [31mx")
        assert len(refused.value.detail) == 300

    # SMART B6
    def test_callback_naming_the_right_issuer_goes_on(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        begun = launcher.begin(BASE, "abc")
        params = ehr.authorize(begun.authorize_url)
        assert launcher.complete(begun.pending, {**params, "iss": [ISSUER]}).patient == "pat-1"

    # SMART B6
    def test_promised_issuer_must_come(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        ehr.document = {"authorization_response_iss_parameter_supported": True}
        assert refused_code(launcher, ehr) == "issuer_differs"

    # SMART F5
    # SMART I
    @pytest.mark.parametrize(
        ("token", "code"),
        [
            ({"access_token": None}, "token_invalid"),
            ({"access_token": 7}, "token_invalid"),
            ({"access_token": "a\r\nb"}, "token_invalid"),
            ({"token_type": None}, "token_invalid"),
            ({"token_type": "mac"}, "token_invalid"),
            ({"expires_in": "soon"}, "token_invalid"),
            ({"expires_in": -1}, "token_invalid"),
            ({"expires_in": True}, "token_invalid"),
            ({"scope": ["launch"]}, "token_invalid"),
            ({"refresh_token": 1}, "token_invalid"),
            ({"patient": None, "encounter": None}, "patient_missing"),
            ({"patient": "", "encounter": None}, "patient_missing"),
            ({"patient": None}, "patient_of_visit_unknown"),
            ({"patient": "../Observation"}, "patient_missing"),
            ({"patient": "a b"}, "patient_missing"),
            ({"patient": ".."}, "patient_missing"),
            ({"patient": {"id": "pat-1"}}, "patient_missing"),
            ({"id_token": None}, "id_token_invalid"),
            ({"id_token": "a.b.c"}, "id_token_invalid"),
            ({"id_token": None, "scope": "launch patient/Patient.r"}, "scope_insufficient"),
            ({"scope": "launch"}, "scope_insufficient"),
            ({"scope": ""}, "scope_insufficient"),
            ({"scope": "launch openid fhirUser patient/Observation.rs"}, "scope_insufficient"),
        ],
    )
    def test_unusable_token_response_has_its_code(
        self, launcher: Launcher, ehr: AuthorizationServer, token: dict[str, object], code: str
    ) -> None:
        ehr.token = token
        assert refused_code(launcher, ehr) == code

    # SMART F5
    @pytest.mark.parametrize(("expires_in", "seconds"), [(None, 300), ("570", 570), (3600.5, 3600.5), (10**12, 86400)])
    def test_lifetime_is_read_leniently(
        self, launcher: Launcher, ehr: AuthorizationServer, clock: Clock, expires_in: object, seconds: float
    ) -> None:
        ehr.token = {"expires_in": expires_in}
        assert finish(launcher, ehr).expires == clock() + timedelta(seconds=seconds)

    # SMART F5
    def test_token_type_is_compared_without_case(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        ehr.token = {"token_type": "BEARER"}
        assert finish(launcher, ehr).access_token == "access-1"

    # SMART F5
    # SMART G2
    # IG 147
    def test_missing_scope_means_as_requested_and_narrower_is_kept(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        ehr.token = {"scope": None}
        assert finish(launcher, ehr).scope == SCOPE
        ehr.token = {"scope": "openid patient/Patient.r"}
        assert finish(launcher, ehr).scope == "openid patient/Patient.r"

    # SMART I
    def test_only_an_explicit_false_removes_the_banner(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        shown = []
        for value in (None, True, "false", 0, False):
            ehr.token = {"need_patient_banner": value}
            shown.append(finish(launcher, ehr).need_patient_banner)
        assert shown == [True, True, True, True, False]

    # SMART I
    @pytest.mark.parametrize(("encounter", "kept"), [("enc-1", "enc-1"), (None, None), ("x/y", None), (5, None)])
    def test_encounter_is_optional(self, launcher: Launcher, ehr: AuthorizationServer, encounter: object, kept: str | None) -> None:
        ehr.token = {"encounter": encounter}
        assert finish(launcher, ehr).encounter == kept

    # IG 13
    def test_code_of_another_launch_is_refused(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        first = launcher.begin(BASE, "abc")
        ehr.authorize(launcher.begin(BASE, "def").authorize_url)
        with pytest.raises(LaunchError, match="PKCE does not verify") as refused:
            launcher.complete(first.pending, {"code": ["code-1"], "state": [first.pending.state]})
        assert refused.value.code == "code_refused"

    # SMART F4
    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            ((500, "{}"), "token_unreachable"),
            ((429, ""), "token_unreachable"),
            ((401, "<p>no</p>"), "token_refused"),
            ((200, "<p>yes</p>"), "token_invalid"),
            ((200, "[]"), "token_invalid"),
            ((200, "x" * 300_000), "token_invalid"),
            ((307, ""), "token_invalid"),
        ],
    )
    def test_broken_token_endpoint_has_its_code(
        self, launcher: Launcher, ehr: AuthorizationServer, answer: tuple[int, str], code: str
    ) -> None:
        status, body = answer
        ehr.mock.replace("POST", f"{ISSUER}/token", status=status, body=body, headers={"Location": "https://evil.example.org/"})
        assert refused_code(launcher, ehr) == code
        assert ehr.asked("/auth/token") == 1

    # SMART F4
    def test_unreachable_token_endpoint_is_asked_once(
        self, launcher: Launcher, ehr: AuthorizationServer, wire: responses.RequestsMock
    ) -> None:
        wire.replace("POST", f"{ISSUER}/token", body=requests.ConnectionError("refused"))
        assert refused_code(launcher, ehr) == "token_unreachable"
        assert ehr.asked("/auth/token") == 1

    # SMART C6
    def test_failed_exchange_makes_discovery_fresh(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        ehr.token = {"access_token": None}
        refused_code(launcher, ehr)
        ehr.token = {}
        finish(launcher, ehr)
        assert ehr.asked("/fhir/.well-known/smart-configuration") == 2


class TestUser:
    # SMART H5
    # IG 202
    @pytest.mark.parametrize(
        ("fhir_user", "reference"),
        [
            ("Practitioner/dr-1", "Practitioner/dr-1"),
            (f"{BASE}/Practitioner/dr-1", "Practitioner/dr-1"),
            (f"{BASE}/PractitionerRole/r.1/_history/2", "PractitionerRole/r.1"),
            ("https://ehr.example.org/other/Practitioner/dr-1", "Practitioner/dr-1"),
            ("https://directory.example.org/fhir/Practitioner/dr-1", "https://directory.example.org/fhir/Practitioner/dr-1"),
            ("https://Directory.example.org:443/fhir/Practitioner/dr-1/_history/2", "https://directory.example.org/fhir/Practitioner/dr-1"),
        ],
    )
    def test_fhir_user_becomes_a_reference(self, launcher: Launcher, ehr: AuthorizationServer, fhir_user: str, reference: str) -> None:
        ehr.claims = {"fhirUser": fhir_user}
        user = finish(launcher, ehr).user
        assert (user.reference, is_clinician(user.kind)) == (reference, True)

    # SMART H5
    def test_older_profile_claim_is_read(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        ehr.claims = {"fhirUser": None, "profile": "Practitioner/dr-2"}
        assert finish(launcher, ehr).user.reference == "Practitioner/dr-2"

    # SMART H5
    @pytest.mark.parametrize(
        "fhir_user", ["Patient/pat-2", "Person/p", f"{BASE}/RelatedPerson/1", "Device/1", "dr-1", "", None, "Practitioner/", "http://[x"]
    )
    def test_anyone_but_a_clinician_or_the_patient_is_refused(
        self, launcher: Launcher, ehr: AuthorizationServer, fhir_user: str | None
    ) -> None:
        ehr.claims = {"fhirUser": fhir_user}
        assert refused_code(launcher, ehr) == "user_not_permitted"


class TestRefresh:
    # SMART J2
    # SMART J3
    # IG 105, 106, 108, 117
    def test_rotated_refresh_token_replaces_the_old_one(self, launcher: Launcher, ehr: AuthorizationServer, clock: Clock) -> None:
        context = finish(launcher, ehr)
        clock.forward(minutes=4.5)
        again = launcher.refresh(context)
        assert (again.access_token, again.refresh_token) == ("access-2", "refresh-3")
        assert again.expires == clock() + timedelta(seconds=300)
        assert ehr.last_form() == {"grant_type": "refresh_token", "refresh_token": "refresh-2", "client_id": "rapport"}
        assert replace(again, access_token=None, refresh_token=None, expires=None) == replace(
            context, access_token=None, refresh_token=None, expires=None
        )

    # SMART J2
    def test_unrotated_refresh_token_is_kept(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        context = finish(launcher, ehr)
        ehr.token = {"refresh_token": None}
        assert launcher.refresh(context).refresh_token == context.refresh_token

    # SMART G2
    # SMART J3
    def test_scope_of_a_renewed_token_is_the_one_in_force(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        context = finish(launcher, ehr)
        ehr.token = {"scope": "openid patient/Patient.r"}
        narrowed = launcher.refresh(context)
        assert narrowed.scope == "openid patient/Patient.r"
        assert "scope" not in ehr.last_form()
        ehr.token = {"scope": None}
        assert launcher.refresh(narrowed).scope == "openid patient/Patient.r"

    # SMART J6
    @pytest.mark.parametrize("ttl", [200, "200"])
    def test_a_server_that_asks_is_told_in_time_that_the_user_is_here(
        self, launcher: Launcher, ehr: AuthorizationServer, clock: Clock, ttl: int | str
    ) -> None:
        ehr.token = {"active_ttl": ttl, "expires_in": 3600}
        context = finish(launcher, ehr)
        assert not launcher.needs_refresh(context, clock() + timedelta(seconds=99))
        clock.forward(seconds=100)
        assert launcher.needs_refresh(context, clock())
        again = launcher.refresh(context)
        assert ehr.last_form()["active_at"] == "0"
        assert again.presence_due == clock() + timedelta(seconds=100)

    # SMART J6
    @pytest.mark.parametrize("ttl", [None, -1, True, "soon", 1.5, "٣"])
    def test_a_server_that_does_not_ask_in_order_is_told_nothing(self, launcher: Launcher, ehr: AuthorizationServer, ttl: object) -> None:
        ehr.token = {"active_ttl": ttl}
        context = finish(launcher, ehr)
        launcher.refresh(context)
        assert context.presence_due is None
        assert "active_at" not in ehr.last_form()

    # SMART P
    def test_refresh_for_another_patient_ends_the_session(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        context = finish(launcher, ehr)
        ehr.token = {"patient": "pat-2"}
        with pytest.raises(SessionError, match="another patient"):
            launcher.refresh(context)

    # SMART J5
    def test_refused_refresh_ends_the_session(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        context = finish(launcher, ehr)
        launcher.refresh(context)
        with pytest.raises(SessionError, match="refresh token was used"):
            launcher.refresh(context)

    def test_unreachable_server_does_not_end_the_session(
        self, launcher: Launcher, ehr: AuthorizationServer, wire: responses.RequestsMock
    ) -> None:
        context = finish(launcher, ehr)
        wire.replace("POST", f"{ISSUER}/token", status=503)
        with pytest.raises(LaunchError) as failed:
            launcher.refresh(context)
        assert failed.value.code == "token_unreachable"

    def test_issuer_taken_off_the_list_ends_the_session(self, ehr: AuthorizationServer, launcher: Launcher, clock: Clock) -> None:
        context = finish(launcher, ehr)
        elsewhere: Issuer = replace(registered(), iss="https://other.example.org/fhir")
        with pytest.raises(SessionError):
            launcher_for(elsewhere, clock).refresh(context)
        assert ehr.asked("/auth/token") == 1

    # SMART J1
    def test_it_is_due_a_minute_before_the_end(self, launcher: Launcher, ehr: AuthorizationServer, clock: Clock) -> None:
        context = finish(launcher, ehr)
        assert not launcher.needs_refresh(context, clock() + timedelta(seconds=239))
        assert launcher.needs_refresh(context, clock() + timedelta(seconds=240))
        assert not launcher.needs_refresh(replace(context, refresh_token=None), clock() + timedelta(hours=1))


class TestRevoke:
    # SMART J8
    def test_tokens_are_given_back_the_refresh_token_first(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        ehr.document = {"revocation_endpoint": f"{ISSUER}/revoke"}
        ehr.mock.post(f"{ISSUER}/revoke", body="")
        assert launcher.revoke(finish(launcher, ehr)) == "confirmed"
        given = [dict(parse_qsl(str(call.request.body))) for call in ehr.mock.calls if str(call.request.url).endswith("/revoke")]
        assert given == [{"token": "refresh-2", "client_id": "rapport"}, {"token": "access-1", "client_id": "rapport"}]

    @pytest.mark.parametrize(("status", "outcome"), [(401, "confirmed"), (200, "failed")])
    def test_token_that_still_works_is_not_withdrawn(self, launcher: Launcher, ehr: AuthorizationServer, status: int, outcome: str) -> None:
        ehr.document = {"revocation_endpoint": f"{ISSUER}/revoke"}
        ehr.mock.post(f"{ISSUER}/revoke", body="")
        ehr.mock.get(f"{BASE}/Patient/pat-1", status=status, json={"resourceType": "Patient", "id": "pat-1"})
        assert launcher.revoke(finish(launcher, ehr)) == outcome
        assert ehr.mock.calls[-1].request.headers["Authorization"] == "Bearer access-1"

    @pytest.mark.parametrize(
        "answer",
        [{"status": 503}, {"status": 302}, {"body": requests.ConnectionError("gone")}, {"body": "\n<!doctype html><title>Sign in</title>"}],
    )
    def test_failure_is_told_and_stops_nothing(self, launcher: Launcher, ehr: AuthorizationServer, answer: dict[str, Any]) -> None:
        ehr.document = {"revocation_endpoint": f"{ISSUER}/revoke"}
        ehr.mock.post(f"{ISSUER}/revoke", **answer)
        assert launcher.revoke(finish(launcher, ehr)) == "failed"
        assert ehr.asked("/auth/revoke") == 2

    def test_server_without_revocation_is_not_asked(self, launcher: Launcher, ehr: AuthorizationServer) -> None:
        context = finish(launcher, ehr)
        asked = len(ehr.mock.calls)
        assert launcher.revoke(context) == "not_offered"
        assert launcher.revoke(replace(context, access_token=None, refresh_token=None)) == "nothing"
        assert len(ehr.mock.calls) == asked
