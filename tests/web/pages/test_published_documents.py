"""What the app says about itself, to anybody who asks: public keys, manifest, logo."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import responses
import simplejson
from joserfc import jwt

from smart_app.errors import ConfigurationError
from smart_app.jose import new_private_key, sign, signing_keys, verified_claims
from smart_app.registration import Issuer, PrivateKeyJwt, PublicClient, SecretBasic
from tests.support.authorization_server import BASE, ISSUER, AuthorizationServer, ec_key, rsa_key
from tests.support.clock import Clock
from tests.web.clinic import SITE, Clinic, clinic

JWKS, MANIFEST = "/.well-known/jwks.json", "/.well-known/smart/manifest.json"
SIGNS = Issuer(name="Example EHR", iss=BASE, client_id="rapport", auth=PrivateKeyJwt(key_env="EHR_KEYS"))


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The key file of an entry, with one EC and one RSA key."""
    file = tmp_path / "keys.json"
    file.write_text(simplejson.dumps({"keys": [ec_key("P-384").as_dict(private=True), rsa_key().as_dict(private=True)]}))
    monkeypatch.setenv("EHR_KEYS_FILE", str(file))
    return file


@pytest.fixture
def signing(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, keys: Path, tmp_path: Path) -> Iterator[Clinic]:
    with clinic(wire, server, clock, folder=tmp_path, issuer=SIGNS) as standing:
        yield standing


def fetched(rapport: Clinic, path: str) -> tuple[Any, dict[str, str]]:
    answer = rapport.browser().get(path, base_url=SITE)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    return simplejson.loads(answer.data), dict(answer.headers)


# SMART A4
# IG 294, 302, 303, 313, 314, 315
def test_key_set_is_public_json_with_a_cache_rule_and_bare_members(signing: Clinic) -> None:
    document, headers = fetched(signing, JWKS)
    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "public, max-age=300"
    assert [sorted(key) for key in document["keys"]] == [
        ["alg", "crv", "kid", "kty", "use", "x", "y"],
        ["alg", "e", "kid", "kty", "n", "use"],
    ]
    assert [(key["kid"], key["alg"], key["use"]) for key in document["keys"]] == [("ec", "ES384", "sig"), ("one", "RS384", "sig")]


# SMART A4
def test_old_and_new_key_are_published_during_a_rotation_without_a_restart(signing: Clinic, keys: Path) -> None:
    old = simplejson.loads(keys.read_text())["keys"]
    new = new_private_key("ES384", kid="newest")
    keys.write_text(simplejson.dumps({"keys": [new, *old]}))
    document, _ = fetched(signing, JWKS)
    assert [key["kid"] for key in document["keys"]] == ["newest", "ec", "one"]
    for key in signing_keys(keys.read_text()):
        assert verified_claims(sign({"iss": "rapport"}, key), document) == {"iss": "rapport"}
    keys.write_text(simplejson.dumps({"keys": [new]}))
    assert [key["kid"] for key in fetched(signing, JWKS)[0]["keys"]] == ["newest"]


# SMART F3
def test_what_the_app_sends_verifies_with_what_it_publishes(signing: Clinic) -> None:
    signing.launch()
    sent = next(call.request for call in signing.server.mock.calls if str(call.request.url).endswith("/auth/token"))
    assertion = next(part for part in str(sent.body).split("&") if part.startswith("client_assertion=")).partition("=")[2]
    document, _ = fetched(signing, JWKS)
    assert verified_claims(assertion, document)["sub"] == "rapport"
    assert jwt.decode(assertion, ec_key("P-384"), algorithms=["ES384"]).header["kid"] == "ec"


def test_app_without_keys_publishes_an_empty_set(rapport: Clinic) -> None:
    assert fetched(rapport, JWKS)[0] == {"keys": []}


# SMART A5
# IG 20, 21
def test_manifest_lists_every_registered_address(signing: Clinic) -> None:
    document, headers = fetched(signing, MANIFEST)
    assert headers["Content-Type"] == "application/json"
    # The members that the Logica sandbox manager insists on.
    needed = {
        "software_id",
        "client_name",
        "client_uri",
        "logo_uri",
        "launch_url",
        "redirect_uris",
        "scope",
        "token_endpoint_auth_method",
        "grant_types",
        "fhir_versions",
    }
    assert needed <= document.keys()
    assert document["launch_url"] == document["initiate_login_uri"] == f"{SITE}/launch"
    assert document["redirect_uris"] == [f"{SITE}/callback"]
    assert document["jwks_uri"] == f"{SITE}{JWKS}"
    assert document["token_endpoint_auth_method"] == "private_key_jwt"
    assert document["fhir_versions"] == ["4.0.1"]


# SMART A5
def test_page_about_the_app_lists_its_addresses_and_no_ehr(rapport: Clinic) -> None:
    page = rapport.get("/")
    assert page.status == 200
    codes = [code.get_text() for code in page.soup.select("dd code")]
    assert codes[:4] == [f"{SITE}/launch", f"{SITE}/callback", f"{SITE}{JWKS}", f"{SITE}{MANIFEST}"]
    assert "ehr.example.org" not in page.text


def test_manifest_of_an_app_without_keys_is_that_of_a_public_client(rapport: Clinic) -> None:
    document, _ = fetched(rapport, MANIFEST)
    assert document["token_endpoint_auth_method"] == "none"
    assert "jwks_uri" not in document


def test_every_address_of_the_manifest_is_answered(rapport: Clinic) -> None:
    document, _ = fetched(rapport, MANIFEST)
    logo = rapport.browser().get(document["logo_uri"].removeprefix(SITE), base_url=SITE)
    assert (logo.status_code, logo.mimetype) == (200, "image/svg+xml")
    assert logo.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert rapport.get(document["client_uri"].removeprefix(SITE)).status == 200
    for address in (document["launch_url"], *document["redirect_uris"]):
        assert rapport.browser().get(address.removeprefix(SITE), base_url=SITE).status_code == 400


# SMART A2
# IG 20, 21, 301
@pytest.mark.parametrize("base", ["http://rapport.example.org", "https://u@rapport.example.org", "https://rapport.example.org?x=1"])
def test_app_does_not_start_at_an_address_no_ehr_takes(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path, base: str
) -> None:
    with pytest.raises(ConfigurationError, match="RAPPORT_BASE_URL"), clinic(wire, server, clock, folder=tmp_path, base_url=base):
        pass


# IG 23, 290
@pytest.mark.parametrize("auth", [PrivateKeyJwt(key_env="NOT_THERE"), SecretBasic(secret_env="NOT_THERE")])
def test_app_does_not_start_without_its_secrets(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path, auth: PrivateKeyJwt | SecretBasic
) -> None:
    issuer = Issuer(name="Example EHR", iss=BASE, client_id="rapport", auth=auth)
    with pytest.raises(ConfigurationError, match="NOT_THERE"), clinic(wire, server, clock, folder=tmp_path, issuer=issuer):
        pass


def test_below_a_path_the_addresses_are_too(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
) -> None:
    issuer = Issuer(name="Example EHR", iss=BASE, client_id="rapport", auth=PublicClient())
    with clinic(wire, server, clock, folder=tmp_path, issuer=issuer, base_url=f"{SITE}/rapport") as standing:
        document, _ = fetched(standing, f"/rapport{MANIFEST}")
        assert document["launch_url"] == f"{SITE}/rapport/launch"


# SMART F6
@pytest.mark.parametrize("answer", [None, {"status": 401, "json": {"error": "invalid_client"}}, {"status": 200, "body": "{}"}])
def test_log_of_a_launch_has_its_reference_and_nothing_of_what_was_sent(
    signing: Clinic, wire: responses.RequestsMock, capsys: pytest.CaptureFixture[str], answer: dict[str, Any] | None
) -> None:
    begun = signing.begin().headers["Location"]
    callback = signing.server.authorize(begun)
    if answer:
        wire.replace(responses.POST, f"{ISSUER}/token", **answer)
    page = signing.client.get(f"/callback?{urlencode(callback, doseq=True)}", base_url=SITE)
    sent = dict(parse_qsl(next(str(call.request.body) for call in wire.calls if call.request.method == "POST")))
    logged = capsys.readouterr().err
    assert '"request_id": "RP-' in logged
    for secret in (sent["client_assertion"], sent["code_verifier"], "code-1", "access-1", "refresh-2", callback["state"][0]):
        assert secret not in logged
        assert secret not in page.get_data(as_text=True)
