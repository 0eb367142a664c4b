"""Launches without a chart, and launches by the patient: what is asked for, and whose record may be opened by whom."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from msgspec.structs import replace

from smart_app.errors import LaunchError
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.launch.flow import Launcher
from smart_app.registration import Issuer, OpenServer
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.launchers import launcher_for, registered


@pytest.fixture
def issuer() -> Issuer:
    return replace(registered(), standalone=True)


def asked(launcher: Launcher) -> dict[str, list[str]]:
    return parse_qs(urlsplit(launcher.begin_standalone(BASE).authorize_url).query, strict_parsing=True)


def finish(launcher: Launcher, ehr: AuthorizationServer) -> LaunchContext:
    begun = launcher.begin_standalone(BASE)
    return launcher.complete(begun.pending, ehr.authorize(begun.authorize_url))


def refused(launcher: Launcher, ehr: AuthorizationServer) -> LaunchError:
    with pytest.raises(LaunchError) as stopped:
        finish(launcher, ehr)
    return stopped.value


# SMART B5
# IG 36, 150, 152, 166
def test_asks_for_a_patient_and_sends_no_launch(launcher: Launcher, ehr: AuthorizationServer) -> None:
    sent = asked(launcher)
    expected = "response_type client_id redirect_uri scope state aud nonce code_challenge code_challenge_method"
    assert sent.keys() == set(expected.split())
    assert sent["aud"] == [BASE]
    assert sent["scope"] == ["launch/patient openid fhirUser online_access patient/Patient.r patient/Observation.crus"]


def test_keeps_a_visit_the_entry_asks_for(clock: Clock, ehr: AuthorizationServer) -> None:
    entry = replace(registered(), scope="openid launch/encounter launch launch/patient patient/Patient.r", standalone=True)
    assert asked(launcher_for(entry, clock))["scope"] == ["launch/patient openid launch/encounter patient/Patient.r"]


def test_an_ehr_launch_asks_as_before(launcher: Launcher, ehr: AuthorizationServer) -> None:
    sent = parse_qs(urlsplit(launcher.begin(BASE, "abc").authorize_url).query)
    assert (sent["launch"], sent["scope"][0].split()[0]) == (["abc"], "launch")


# SMART B2
@pytest.mark.parametrize(
    "change", [{"standalone": False}, {"enabled": False}, {"auth": OpenServer(), "synthetic_data": True, "standalone": False}]
)
def test_an_entry_that_does_not_allow_it_causes_no_request(clock: Clock, wire: responses.RequestsMock, change: dict[str, Any]) -> None:
    launcher = launcher_for(replace(registered(), **{"standalone": True, **change}), clock)
    with pytest.raises(LaunchError) as stopped:
        launcher.begin_standalone(BASE)
    assert (stopped.value.code, stopped.value.http_status) == ("iss_not_listed", 403)
    assert not wire.calls


@pytest.mark.parametrize("iss", ["", "https://evil.example.org/fhir", f"{BASE}/r4", "\x00"])
def test_an_address_that_is_not_listed_causes_no_request(launcher: Launcher, wire: responses.RequestsMock, iss: str) -> None:
    with pytest.raises(LaunchError) as stopped:
        launcher.begin_standalone(iss)
    assert stopped.value.code == "iss_not_listed"
    assert not wire.calls


def test_a_clinician_who_chose_a_patient_has_an_ordinary_launch(launcher: Launcher, ehr: AuthorizationServer) -> None:
    context = finish(launcher, ehr)
    assert (context.via, context.patient, context.user.reference, context.by_patient) == ("standalone", "pat-1", "Practitioner/dr-1", False)


def test_the_page_shows_its_own_banner_as_there_is_no_chart_around_it(launcher: Launcher, ehr: AuthorizationServer) -> None:
    ehr.token = {"need_patient_banner": False}
    assert finish(launcher, ehr).need_patient_banner


# SMART I
@pytest.mark.parametrize("patient", [None, ""])
def test_without_a_patient_the_person_is_told_to_choose_one(launcher: Launcher, ehr: AuthorizationServer, patient: str | None) -> None:
    ehr.token = {"patient": patient, "encounter": None}
    ehr.document = {"capabilities": ["launch-standalone", "context-standalone-patient"]}
    stopped = refused(launcher, ehr)
    assert stopped.code == "patient_missing"
    assert "choose a patient" in stopped.user_message


@pytest.mark.parametrize(
    "fhir_user",
    ["Patient/pat-1", f"{BASE}/Patient/pat-1", f"{BASE}/Patient/pat-1/_history/3", f"{BASE.replace('ehr', 'EHR')}/Patient/pat-1"],
)
def test_the_patient_in_context_may_sign_in(launcher: Launcher, ehr: AuthorizationServer, fhir_user: str) -> None:
    ehr.claims = {"fhirUser": fhir_user, "name": "Ingrid Halvorsen"}
    context = finish(launcher, ehr)
    assert context.by_patient
    assert (context.user.reference, context.user.name) == ("Patient/pat-1", "Ingrid Halvorsen")


def test_a_portal_that_launches_as_an_ehr_does_gives_the_same(launcher: Launcher, ehr: AuthorizationServer) -> None:
    ehr.claims = {"fhirUser": "Patient/pat-1"}
    begun = launcher.begin(BASE, "abc")
    context = launcher.complete(begun.pending, ehr.authorize(begun.authorize_url))
    assert (context.via, context.by_patient) == ("ehr", True)


# SMART H5
@pytest.mark.parametrize(
    ("fhir_user", "patient"),
    [
        ("Patient/pat-2", "pat-1"),
        ("Patient/pat-1", "pat-2"),
        ("Patient/pat", "pat-1"),
        ("https://ehr.example.org/other/Patient/pat-1", "pat-1"),
        ("https://portal.example.org/fhir/Patient/pat-1", "pat-1"),
        (f"{BASE}/RelatedPerson/pat-1", "pat-1"),
        ("Person/pat-1", "pat-1"),
    ],
)
def test_nobody_else_may_open_a_record_as_a_patient(launcher: Launcher, ehr: AuthorizationServer, fhir_user: str, patient: str) -> None:
    ehr.claims, ehr.token = {"fhirUser": fhir_user}, {"patient": patient}
    stopped = refused(launcher, ehr)
    assert (stopped.code, stopped.http_status) == ("user_not_permitted", 403)
    assert "pat-" not in str(stopped)
