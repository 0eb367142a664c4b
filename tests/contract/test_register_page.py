"""docs/register-with-an-ehr.md: every command on it, run in order by somebody who follows the page."""

import re
import shlex
from pathlib import Path

import pytest
import responses
import simplejson
from click.testing import CliRunner

from smart_app.assets import launch_file
from smart_app.cli import main
from smart_app.jose import signing_keys
from smart_app.registration import PrivateKeyJwt, SecretBasic, SecretPost, load_registration
from smart_app.registration.features import catalogue

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "register-with-an-ehr.md").read_text()
ISS = "https://ehr.example.org/fhir"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def commands() -> list[list[str]]:
    lines = [line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line]


@pytest.fixture
def followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the registration file the page asks for."""
    entry = blocks("json")[0]
    document = {**simplejson.loads(launch_file().read_text()), "issuers": [simplejson.loads(entry)]}
    (tmp_path / "launch.json").write_text(simplejson.dumps(document))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAPPORT_LAUNCH_FILE", str(tmp_path / "launch.json"))
    monkeypatch.setenv("RAPPORT_BASE_URL", "https://rapport.example.org")
    return tmp_path


# SMART A5
# SMART A6
# IG 298
def test_every_command_does_what_the_page_says(followed: Path) -> None:
    given = {"client_id": "given-1", "client_secret": "hush-hush", "client_secret_expires_at": 0}
    told = {
        "authorization_endpoint": f"{ISS}/authorize",
        "token_endpoint": f"{ISS}/token",
        "registration_endpoint": f"{ISS}/register",
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }
    output = {}
    with responses.RequestsMock() as wire:
        wire.get(f"{ISS}/.well-known/smart-configuration", json=told)
        wire.post(f"{ISS}/register", status=201, json=given)
        for command in commands():
            done = CliRunner().invoke(main, command)
            assert done.exit_code == 0, f"{' '.join(command)}: {done.output}"
            output[" ".join(command[:2] if command[0] == "keys" else command[-2:])] = done.stdout
    assert "Launch URL      https://rapport.example.org/launch" in output["--format epic"]
    assert simplejson.loads(output["register County General"])["jwks_uri"] == "https://rapport.example.org/.well-known/jwks.json"
    assert simplejson.loads(output["--secret-file county-secret"])["client_id"] == "given-1"
    assert (followed / "county-secret").read_text() == "hush-hush\n"
    assert [key["kid"] for key in simplejson.loads(output["keys public"])["keys"]] == ["2027-a", "2026-a"]
    assert [key.kid for key in signing_keys((followed / "keys.json").read_text())] == ["2027-a"]


def test_every_client_type_of_the_table_is_one_the_file_takes(followed: Path) -> None:
    methods = [simplejson.loads(text) for text in re.findall(r"^\| `(\{.*?\})` \|", PAGE, re.MULTILINE)]
    assert [one["method"] for one in methods] == ["private_key_jwt", "client_secret_basic", "client_secret_post", "none", "open"]
    document = simplejson.loads((followed / "launch.json").read_text())
    document["issuers"] = [
        {
            "name": auth["method"],
            "iss": f"https://{number}.example.org",
            "client_id": "x",
            "auth": {name: f"{value}{number}" if value == "/…" else value for name, value in auth.items()},
            "synthetic_data": True,
        }
        for number, auth in enumerate(methods)
    ]
    (followed / "launch.json").write_text(simplejson.dumps(document))
    found = [type(issuer.auth) for issuer in load_registration(followed / "launch.json").issuers]
    assert found[:3] == [PrivateKeyJwt, SecretBasic, SecretPost]


def test_every_feature_stands_in_the_table_as_the_file_has_it() -> None:
    rows = [f"| `{one.key}` | {'yes' if one.default else 'no'} | `{' '.join(one.scopes)}` | {one.without} |" for one in catalogue().feature]
    assert [row for row in rows if row not in PAGE] == []
    assert f"`{' '.join(catalogue().sign_in)}`" in PAGE


def test_the_order_in_which_features_are_given_up_is_the_files() -> None:
    (sentence,) = re.findall(r"else without (.*?), and then also without (.*?)\. It is", PAGE.replace("\n", " "))
    said = [set(re.findall(r"`(\w+)`", part)) for part in sentence]
    assert said == [{one.key for one in catalogue().feature if one.given_up == number} for number in (1, 2)]
