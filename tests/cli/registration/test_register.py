"""`rapport register`: what an EHR is told, as JSON, as a sheet to paste from, and sent."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import responses
import simplejson
from click.testing import CliRunner, Result

from smart_app.assets import launch_file
from smart_app.cli import main
from smart_app.cli.registration.vendor_notes import VENDORS
from smart_app.registration import PrivateKeyJwt, PublicClient, SecretBasic, load_registration

SITE = "https://rapport.example.org"
ISS = "https://ehr.example.org/fhir"
REGISTER = "https://ehr.example.org/auth/register"
ENTRY: dict[str, Any] = {"name": "County General", "iss": ISS, "auth": {"method": "none"}, "enabled": False}
AUTHS: list[dict[str, Any]] = [
    {"method": "none"},
    {"method": "client_secret_basic", "secret_env": "S"},
    {"method": "client_secret_post", "secret_env": "S"},
    {"method": "private_key_jwt", "key_env": "K", "alg": "ES384"},
]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A registration file with these entries."""

    def written(*issuers: dict[str, Any]) -> Path:
        path = tmp_path / "launch.json"
        path.write_text(simplejson.dumps({**simplejson.loads(launch_file().read_text()), "issuers": list(issuers)}))
        return path

    return written


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def run(*arguments: str | Path, **environ: str) -> Result:
    return CliRunner().invoke(main, ["register", "--base-url", SITE, *map(str, arguments)], env=environ)


def discovery(wire: responses.RequestsMock, **members: Any) -> None:
    document = {
        "authorization_endpoint": "https://ehr.example.org/auth/authorize",
        "token_endpoint": "https://ehr.example.org/auth/token",
        "registration_endpoint": REGISTER,
        **members,
    }
    wire.get(f"{ISS}/.well-known/smart-configuration", json=document)


def answering(wire: responses.RequestsMock, **members: Any) -> None:
    wire.post(REGISTER, status=201, json={"client_id": "given-1", "client_secret": "hush-hush", "client_secret_expires_at": 0, **members})


class TestPrinted:
    # IG 20, 21, 22, 291, 299
    @pytest.mark.parametrize("auth", AUTHS)
    def test_rfc_7591_body_has_the_entrys_client_type_and_scopes(self, write: Write, auth: dict[str, Any]) -> None:
        done = run("county general", "--launch-file", write({**ENTRY, "auth": auth, "scope": "launch openid"}))
        body = simplejson.loads(done.output)
        assert body["token_endpoint_auth_method"] == auth["method"]
        assert body["scope"] == "launch openid"
        assert body["redirect_uris"] == [f"{SITE}/callback"]
        assert body["initiate_login_uri"] == f"{SITE}/launch"
        assert ("jwks_uri" in body) == (auth["method"] == "private_key_jwt")
        assert not {"client_id", "client_secret", "jwks"} & body.keys()

    # SMART A5
    # IG 20, 21, 22
    @pytest.mark.parametrize("vendor", VENDORS)
    @pytest.mark.parametrize("auth", AUTHS)
    def test_sheet_of_a_vendor_has_every_address_and_scope(self, write: Write, vendor: str, auth: dict[str, Any]) -> None:
        done = run("County General", "--format", vendor, "--launch-file", write({**ENTRY, "auth": auth}))
        assert done.exit_code == 0, done.output
        lines = [line.strip() for line in done.output.splitlines()]
        assert lines[0] == f"County General: registering Rapport with {VENDORS[vendor]}"
        assert f"Launch URL      {SITE}/launch" in lines
        assert f"Redirect URI    {SITE}/callback" in lines
        assert (f"JWKS URL        {SITE}/.well-known/jwks.json" in lines) == (auth["method"] == "private_key_jwt")
        assert set(load_registration().client.scope.split()) <= set(lines)
        assert ("never into launch.json itself" in done.output) == ("secret_env" in auth)
        assert all(len(line) <= 120 for line in done.output.splitlines())
        assert "[CS]" not in done.output

    # SMART B5
    def test_entry_that_may_be_started_at_is_registered_with_its_scope(self, write: Write) -> None:
        file = write({**ENTRY, "standalone": True})
        body = simplejson.loads(run("county general", "--launch-file", file).stdout)
        sheet = run("county general", "--launch-file", file, "--format", "meditech").stdout
        assert {"launch", "launch/patient"} <= set(body["scope"].split())
        assert "\n  launch/patient\n" in sheet
        assert "standalone launch" in sheet
        assert "standalone launch" not in run("county general", "--launch-file", write(ENTRY), "--format", "epic").stdout

    def test_unknown_name_lists_those_there_are(self, write: Write) -> None:
        done = run("Elsewhere", "--launch-file", write(ENTRY))
        assert done.exit_code == 1
        assert "'County General'" in done.output

    def test_open_server_is_not_registered_with(self, write: Write) -> None:
        entry = {"name": "Open", "iss": ISS, "auth": {"method": "open"}, "synthetic_data": True}
        for form in ("rfc7591", "epic"):
            done = run("Open", "--format", form, "--launch-file", write(entry))
            assert done.exit_code == 1
            assert "takes no registration" in done.output

    # SMART A2
    def test_address_no_ehr_takes_is_refused(self, write: Write) -> None:
        done = run("County General", "--base-url", "http://rapport.example.org", "--launch-file", write(ENTRY))
        assert done.exit_code == 1
        assert "https" in done.output

    @pytest.mark.parametrize(
        "arguments", [[], ["--iss", ISS], ["County General", "--secret-file", "x"], ["County General", "--dynamic", "--iss", ISS]]
    )
    def test_half_a_command_is_a_usage_error(self, arguments: list[str]) -> None:
        assert run(*arguments).exit_code == 2


class TestDynamic:
    def entry(self, done: Result, write: Write) -> Any:
        """The printed entry, as the app reads it, switched on."""
        assert done.exit_code == 0, done.output
        printed = simplejson.loads(done.stdout)
        assert printed["enabled"] is False
        (issuer,) = load_registration(write({**printed, "enabled": True})).issuers
        return issuer

    # SMART A6
    # IG 23, 292
    def test_secret_goes_into_its_file_and_the_entry_names_it(self, write: Write, wire: responses.RequestsMock, tmp_path: Path) -> None:
        discovery(wire, token_endpoint_auth_methods_supported=["client_secret_basic"])
        answering(wire)
        done = run("--dynamic", "--iss", ISS, "--secret-file", tmp_path / "secret")
        issuer = self.entry(done, write)
        assert (issuer.client_id, issuer.auth) == ("given-1", SecretBasic(secret_file=tmp_path / "secret"))
        assert (tmp_path / "secret").read_text() == "hush-hush\n"
        assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
        assert "hush" not in done.output

    # SMART A6
    # IG 22, 291, 292, 298, 299
    def test_key_client_registers_where_its_keys_are(self, write: Write, wire: responses.RequestsMock, tmp_path: Path) -> None:
        CliRunner().invoke(main, ["keys", "new", str(tmp_path / "keys.json")])
        discovery(wire, token_endpoint_auth_methods_supported=["private_key_jwt", "client_secret_basic"])
        answering(wire, client_secret=None)
        done = run("--dynamic", "--iss", ISS, "--key-file", tmp_path / "keys.json")
        assert self.entry(done, write).auth == PrivateKeyJwt(key_file=tmp_path / "keys.json")
        body = simplejson.loads(wire.calls[-1].request.body or "")
        assert (body["token_endpoint_auth_method"], body["jwks_uri"]) == ("private_key_jwt", f"{SITE}/.well-known/jwks.json")

    def test_entry_there_is_keeps_what_it_says(self, write: Write, wire: responses.RequestsMock) -> None:
        given = {**ENTRY, "hosts": ["login.example.org"], "frame_ancestors": ["https://ehr.example.org"], "scope": "launch openid"}
        discovery(wire)
        answering(wire, scope="launch")
        done = run("County General", "--dynamic", "--launch-file", write(given))
        issuer = self.entry(done, write)
        assert (issuer.name, issuer.hosts, issuer.frame_ancestors, issuer.scope) == (
            "County General",
            ("login.example.org",),
            ("https://ehr.example.org",),
            "launch",
        )
        assert issuer.auth == PublicClient()
        assert "Scopes not registered: openid" in done.stderr

    def test_entry_that_may_be_started_at_stays_so(self, write: Write, wire: responses.RequestsMock) -> None:
        discovery(wire)
        wire.post(REGISTER, json={"client_id": "given-1"}, status=201)
        done = run("county general", "--dynamic", "--launch-file", write({**ENTRY, "standalone": True}))
        assert done.exit_code == 0, done.output
        entry = simplejson.loads(done.stdout)
        assert "launch/patient" in simplejson.loads(wire.calls[-1].request.body or b"")["scope"].split()
        assert entry["standalone"] is True
        assert "scope" not in entry

    # SMART A6
    def test_endpoint_on_another_host_gets_nothing(self, wire: responses.RequestsMock) -> None:
        discovery(wire, registration_endpoint="https://evil.example/register")
        done = run("--dynamic", "--iss", ISS)
        assert done.exit_code == 1
        assert "evil.example" in done.output
        assert [call.request.method for call in wire.calls] == ["GET"]
        wire.post("https://evil.example/register", status=201, json={"client_id": "listed"})
        assert run("--dynamic", "--iss", ISS, "--host", "evil.example").exit_code == 0

    def test_ehr_without_an_endpoint_is_said(self, wire: responses.RequestsMock) -> None:
        discovery(wire, registration_endpoint=None)
        done = run("--dynamic", "--iss", ISS)
        assert done.exit_code == 1
        assert "takes no dynamic registration" in done.output

    def test_endpoint_of_a_capability_statement_is_found(self, wire: responses.RequestsMock) -> None:
        parts = [
            {"url": "authorize", "valueUri": "https://ehr.example.org/a"},
            {"url": "token", "valueUri": "https://ehr.example.org/t"},
            {"url": "register", "valueUri": REGISTER},
        ]
        extension = {"url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris", "extension": parts}
        wire.get(f"{ISS}/.well-known/smart-configuration", status=404)
        wire.get(f"{ISS}/metadata", json={"rest": [{"security": {"extension": [extension]}}]})
        answering(wire, client_secret=None)
        assert run("--dynamic", "--iss", ISS).exit_code == 0

    def test_file_that_is_there_stops_before_anything_is_sent(self, wire: responses.RequestsMock, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("older")
        done = run("--dynamic", "--iss", ISS, "--secret-file", tmp_path / "secret")
        assert done.exit_code == 1
        assert len(wire.calls) == 0
        assert (tmp_path / "secret").read_text() == "older"
        assert run("--dynamic", "--iss", ISS, "--secret-file", tmp_path / "absent" / "secret").exit_code == 1
        assert len(wire.calls) == 0

    def test_failed_registration_leaves_no_empty_secret(self, wire: responses.RequestsMock, tmp_path: Path) -> None:
        discovery(wire)
        wire.post(REGISTER, status=400, json={"error": "invalid_client_metadata"})
        done = run("--dynamic", "--iss", ISS, "--secret-file", tmp_path / "secret")
        assert done.exit_code == 1
        assert "invalid_client_metadata" in done.output
        assert not list(tmp_path.iterdir())

    def test_secret_nobody_asked_for_is_not_lost_in_silence(self, wire: responses.RequestsMock) -> None:
        discovery(wire)
        answering(wire, token_endpoint_auth_method="client_secret_basic")
        done = run("--dynamic", "--iss", ISS)
        assert done.exit_code == 1
        assert "--secret-file" in done.output
        assert "hush" not in done.output

    def test_initial_access_token_comes_from_the_environment(self, wire: responses.RequestsMock) -> None:
        discovery(wire)
        answering(wire, client_secret=None)
        assert run("--dynamic", "--iss", ISS, "--token-env", "INITIAL").exit_code == 1
        assert len(wire.calls) == 0
        assert run("--dynamic", "--iss", ISS, "--token-env", "INITIAL", INITIAL="let-me").exit_code == 0
        assert wire.calls[-1].request.headers["Authorization"] == "Bearer let-me"

    @pytest.mark.parametrize("iss", ["http://ehr.example.org/fhir", "https://u@ehr.example.org", "nonsense"])
    def test_address_that_is_no_fhir_base_is_refused(self, wire: responses.RequestsMock, iss: str) -> None:
        assert run("--dynamic", "--iss", iss).exit_code == 2
        assert len(wire.calls) == 0
