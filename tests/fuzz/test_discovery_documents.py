"""Whatever an EHR's discovery says: a sign-in on its own hosts, or a page with the reason."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from msgspec.structs import replace

from smart_app.registration import PrivateKeyJwt
from tests.fuzz.hostile import answers, mutated
from tests.fuzz.watch import Watch, watched
from tests.support.authorization_server import BASE, ISSUER, ec_key
from tests.support.examples import share
from tests.web.clinic import registered

DOCUMENT = {
    "issuer": ISSUER,
    "jwks_uri": f"{ISSUER}/keys",
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "revocation_endpoint": f"{ISSUER}/revoke",
    "capabilities": ["launch-ehr", "client-public"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    "token_endpoint_auth_signing_alg_values_supported": ["ES384"],
    "authorization_response_iss_parameter_supported": True,
}
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
STATEMENT = {
    "resourceType": "CapabilityStatement",
    "rest": [
        {
            "mode": "server",
            "security": {
                "extension": [
                    {"url": OAUTH_URIS, "extension": [{"url": "register", "valueUri": f"{ISSUER}/register"}]},
                    {
                        "url": OAUTH_URIS,
                        "extension": [
                            {"url": "authorize", "valueUri": f"{ISSUER}/authorize"},
                            {"url": "token", "valueUri": f"{ISSUER}/token"},
                            {"url": "revoke", "valueUri": f"{ISSUER}/revoke"},
                        ],
                    },
                ]
            },
        }
    ],
}


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """The app as a client that signs, which has to find a key the EHR takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EHR_KEYS", json.dumps(ec_key("P-384").as_dict(private=True)))
        issuer = replace(registered(), auth=PrivateKeyJwt(key_env="EHR_KEYS"))
        with watched(tmp_path_factory.mktemp("signing"), issuer=issuer) as standing:
            yield standing


def _check(watch: Watch) -> None:
    """Off to the EHR's own sign-in, and back; or refused as discovery."""
    answer = watch.ask("GET", "/launch", query=f"iss={BASE}&launch=abc")
    if answer.status_code != 303:
        assert answer.status_code == 502
        assert "launch.discovery_" in answer.get_data(as_text=True) or "launch.key_not_accepted" in answer.get_data(as_text=True)
        assert "Set-Cookie" not in answer.headers
        return
    location = answer.headers["Location"]
    assert urlsplit(location)[:2] == ("https", "ehr.example.org")
    assert location.isascii()
    assert not urlsplit(location).fragment
    back = watch.come_back(watch.ehr.authorize(location))
    assert back.status_code == 303 or "launch." in back.get_data(as_text=True)


# SMART C1
# SMART C3
@share(1 / 2)
@given(said=answers(mutated(DOCUMENT)))
def test_any_smart_configuration_is_used_or_refused(signing: Watch, said: Any) -> None:
    signing.fresh()
    signing.ehr.says["discovery"] = said
    _check(signing)


# SMART C2
# SMART C3
@share(1 / 2)
@given(said=answers(mutated(STATEMENT)))
def test_any_capability_statement_is_used_or_refused(signing: Watch, said: Any) -> None:
    signing.fresh()
    signing.ehr.says |= {"discovery": (404, {}, b""), "metadata": said}
    _check(signing)
