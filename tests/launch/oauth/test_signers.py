"""Whose keys an id_token is checked with: the discovered ones, or those of another issuer that the registration names."""

from typing import Any

import pytest
import responses
from msgspec.structs import replace

from smart_app.errors import LaunchError
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.launch.flow import Launcher
from smart_app.registration import Issuer
from tests.support.authorization_server import BASE, ISSUER, AuthorizationServer, public, rsa_key
from tests.support.clock import Clock
from tests.support.launchers import launcher_for, registered

IDP = "https://idp.example.org/tenants/t1/oidc/idsps/t1/"
CONFIGURATION = f"{IDP}.well-known/openid-configuration"
KEYS = "https://idp.example.org/keys"
ORACLE = replace(registered(), id_token_issuers=(IDP,), hosts=("idp.example.org",))


def finish(launcher: Launcher, ehr: AuthorizationServer) -> LaunchContext:
    begun = launcher.begin(BASE, "abc")
    return launcher.complete(begun.pending, ehr.authorize(begun.authorize_url))


def refusal(issuer: Issuer, ehr: AuthorizationServer, clock: Clock) -> LaunchError:
    with pytest.raises(LaunchError) as refused:
        finish(launcher_for(issuer, clock), ehr)
    assert refused.value.code == "id_token_invalid"
    return refused.value


@pytest.fixture
def idp(ehr: AuthorizationServer) -> AuthorizationServer:
    """An EHR whose id_tokens come from an issuer of its own; discovery's keys are of no use for them."""
    ehr.claims = {"iss": IDP}
    ehr.keys = [public(rsa_key("two"), kid="one")]
    ehr.mock.get(CONFIGURATION, json={"issuer": IDP, "jwks_uri": KEYS})
    ehr.mock.get(KEYS, json={"keys": [public(rsa_key())]})
    return ehr


# SMART H2
def test_other_registered_issuer_is_checked_with_its_own_keys(idp: AuthorizationServer, clock: Clock) -> None:
    launcher = launcher_for(ORACLE, clock)
    assert finish(launcher, idp).user.issuer == IDP
    finish(launcher, idp)
    asked = [str(call.request.url) for call in idp.mock.calls]
    assert (asked.count(CONFIGURATION), asked.count(KEYS), asked.count(f"{ISSUER}/keys")) == (1, 1, 0)


# SMART H2
def test_issuer_that_only_the_token_names_is_asked_for_nothing(idp: AuthorizationServer, clock: Clock) -> None:
    refused = refusal(replace(ORACLE, id_token_issuers=()), idp, clock)
    assert refused.http_status in {400, 403}
    assert not [call for call in idp.mock.calls if "idp.example.org" in str(call.request.url)]


# SMART H2
# SMART C3
def test_issuer_on_a_host_that_is_not_listed_is_not_asked(idp: AuthorizationServer, clock: Clock) -> None:
    refusal(replace(ORACLE, hosts=()), idp, clock)
    assert not [call for call in idp.mock.calls if "idp.example.org" in str(call.request.url)]


# SMART H2
@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"issuer": "https://idp.example.org/", "jwks_uri": KEYS}, "id_token_invalid"),
        ({"jwks_uri": KEYS}, "id_token_invalid"),
        ({"issuer": IDP, "jwks_uri": "https://evil.example.org/keys"}, "discovery_host_not_listed"),
        ({"issuer": IDP}, "id_token_invalid"),
    ],
)
def test_configuration_that_is_not_the_issuers_own_is_refused(
    idp: AuthorizationServer, clock: Clock, document: dict[str, Any], code: str
) -> None:
    idp.mock.replace("GET", CONFIGURATION, json=document)
    with pytest.raises(LaunchError) as refused:
        finish(launcher_for(ORACLE, clock), idp)
    assert refused.value.code == code
    assert not [call for call in idp.mock.calls if "evil" in str(call.request.url)]


# SMART H2
def test_registered_issuer_without_a_configuration_is_checked_with_the_discovered_keys(
    idp: AuthorizationServer, clock: Clock, wire: responses.RequestsMock
) -> None:
    wire.replace("GET", CONFIGURATION, status=404)
    idp.keys = [public(rsa_key())]
    assert finish(launcher_for(ORACLE, clock), idp).user.issuer == IDP


# SMART H2
def test_server_that_cannot_be_reached_is_not_one_without_a_configuration(
    idp: AuthorizationServer, clock: Clock, wire: responses.RequestsMock
) -> None:
    wire.replace("GET", CONFIGURATION, status=500)
    assert "signing keys could not be read" in refusal(ORACLE, idp, clock).user_message


# SMART C2
# SMART H2
# IG 218
def test_discovered_issuer_without_keys_has_them_in_its_own_configuration(ehr: AuthorizationServer, clock: Clock) -> None:
    ehr.document = {"jwks_uri": None}
    assert "no jwks_uri" in refusal_without_configuration(ehr, clock)
    ehr.mock.replace("GET", f"{ISSUER}/.well-known/openid-configuration", json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"})
    assert finish(launcher_for(registered(), clock), ehr).user.subject == "user-1"


def refusal_without_configuration(ehr: AuthorizationServer, clock: Clock) -> str:
    ehr.mock.get(f"{ISSUER}/.well-known/openid-configuration", status=404)
    return refusal(registered(), ehr, clock).detail


# SMART C5
def test_issuer_may_be_on_another_host_than_the_records(ehr: AuthorizationServer, clock: Clock) -> None:
    ehr.document = {"issuer": "https://sign-in.example.com/oauth2/default"}
    ehr.claims = {"iss": "https://sign-in.example.com/oauth2/default"}
    assert finish(launcher_for(registered(), clock), ehr).user.issuer == "https://sign-in.example.com/oauth2/default"


# SMART H1
@pytest.mark.parametrize("optional", [True, False])
def test_missing_nonce_is_a_matter_of_registration(ehr: AuthorizationServer, clock: Clock, optional: bool) -> None:
    ehr.claims = {"nonce": None}
    if optional:
        assert finish(launcher_for(replace(registered(), nonce_optional=True), clock), ehr).user.subject == "user-1"
    else:
        assert "nonce" in refusal(registered(), ehr, clock).detail


# SMART H1
def test_token_without_kid_is_checked_with_the_only_usable_key(ehr: AuthorizationServer, clock: Clock) -> None:
    ehr.header = {"kid": None}
    assert finish(launcher_for(registered(), clock), ehr).user.subject == "user-1"
    ehr.keys = [public(rsa_key()), public(rsa_key("two"))]
    assert "which of several" in refusal(registered(), ehr, clock).detail


# SMART H5
@pytest.mark.parametrize(
    ("fhir_user", "kind"),
    [
        ("Practitioner/dr-1", "Practitioner"),
        (f"{BASE}/PractitionerRole/r1", "PractitionerRole"),
        ("https://directory.example.org/fhir/Practitioner/dr-1", "Practitioner"),
    ],
)
def test_clinician_elsewhere_is_a_clinician_and_is_not_asked_for(ehr: AuthorizationServer, clock: Clock, fhir_user: str, kind: str) -> None:
    ehr.claims = {"fhirUser": fhir_user}
    assert finish(launcher_for(registered(), clock), ehr).user.kind == kind
    assert not [call for call in ehr.mock.calls if "directory" in str(call.request.url)]


# SMART H6
def test_name_is_the_tokens_and_may_be_missing(ehr: AuthorizationServer, clock: Clock) -> None:
    ehr.claims = {"name": None}
    context = finish(launcher_for(registered(), clock), ehr)
    assert (context.user.name, context.user.reference) == (None, "Practitioner/dr-1")
