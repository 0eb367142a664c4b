"""`rapport keys`: nothing secret on the screen, nothing written over, nothing half done."""

import base64
import stat
from pathlib import Path

import pytest
import simplejson
from click.testing import CliRunner, Result

from smart_app.cli import main
from smart_app.jose import sign, signing_keys, verified_claims
from tests.support.authorization_server import ec_key, rsa_key


def run(*arguments: str | Path, **environ: str) -> Result:
    return CliRunner().invoke(main, ["keys", *map(str, arguments)], env=environ)


def kids(file: Path) -> list[str]:
    return [key.kid for key in signing_keys(file.read_text())]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "keys.json"
    assert run("new", made, "--kid", "first").exit_code == 0
    return made


def test_a_secret_is_256_bits_and_new_each_time() -> None:
    made = [run("secret").output.strip() for _ in range(2)]
    assert made[0] != made[1]
    assert all(len(base64.urlsafe_b64decode(one)) == 32 for one in made)


# IG 290, 295
@pytest.mark.parametrize("alg", ["ES384", "RS384"])
@pytest.mark.parametrize("form", [[], ["--pem"]])
def test_new_key_is_in_a_file_of_its_owner_and_not_on_the_screen(tmp_path: Path, alg: str, form: list[str]) -> None:
    file = tmp_path / "key"
    done = run("new", file, "--alg", alg, *form)
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (key,) = signing_keys(file.read_text())
    assert key.algorithm == alg
    assert f"kid {key.kid}" in done.output
    assert not any(line in done.output for line in file.read_text().splitlines() if len(line) > 40)


# IG 295
def test_nothing_is_written_over(file: Path) -> None:
    before = file.read_text()
    done = run("new", file)
    assert done.exit_code == 1
    assert "never written over" in done.output
    assert file.read_text() == before


# SMART A4
def test_rotated_key_signs_and_the_old_one_stays_published_until_removed(file: Path) -> None:
    file.chmod(0o640)
    assert run("rotate", file, "--kid", "second").exit_code == 0
    assert kids(file) == ["second", "first"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    document = simplejson.loads(run("public", file).output)
    for key in signing_keys(file.read_text()):
        assert verified_claims(sign({"a": 1}, key), document) == {"a": 1}
    assert run("remove", file, "--kid", "first").exit_code == 0
    assert kids(file) == ["second"]
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_rotation_keeps_the_algorithm_unless_told(file: Path) -> None:
    run("rotate", file)
    run("rotate", file, "--alg", "RS384", "--kid", "rsa")
    assert [key.algorithm for key in signing_keys(file.read_text())] == ["RS384", "ES384", "ES384"]


def test_single_jwk_becomes_a_set_and_keeps_its_id(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    nameless = {name: value for name, value in ec_key("P-384").as_dict(private=True).items() if name != "kid"}
    file.write_text(simplejson.dumps(nameless))
    (before,) = kids(file)
    run("rotate", file, "--kid", "next")
    assert kids(file) == ["next", before]


def test_what_cannot_be_rotated_or_removed_is_said_and_left_alone(tmp_path: Path, file: Path) -> None:
    pem, junk = tmp_path / "key.pem", tmp_path / "junk.json"
    pem.write_text(rsa_key().as_pem(private=True).decode())
    junk.write_text('{"keys": [{"kty": "oct", "k": "c2VjcmV0LXZhbHVl"}]}')
    for arguments, said in (
        (("rotate", pem), "PEM"),
        (("rotate", junk), "cannot be used"),
        (("rotate", file, "--kid", "first"), "one id"),
        (("remove", file, "--kid", "first"), "only key"),
        (("remove", file, "--kid", "other"), "has no key other. It has: first"),
        (("public", junk), "cannot be used"),
    ):
        before = [one.read_text() for one in (pem, junk, file)]
        done = run(*arguments)
        assert done.exit_code == 1
        assert said in done.output
        assert "c2VjcmV0" not in done.output
        assert [one.read_text() for one in (pem, junk, file)] == before


# SMART A4
# IG 293, 300, 304
def test_public_set_has_no_private_member(file: Path) -> None:
    run("rotate", file, "--alg", "RS384")
    document = simplejson.loads(run("public", file).output)
    assert [sorted(key) for key in document["keys"]] == [
        ["alg", "e", "kid", "kty", "n", "use"],
        ["alg", "crv", "kid", "kty", "use", "x", "y"],
    ]


def test_public_set_of_the_registration_file_is_what_the_app_serves(tmp_path: Path, file: Path) -> None:
    document = simplejson.loads((Path(__file__).parents[3] / "launch.json").read_text())
    document["issuers"] = [
        {
            "name": "EHR",
            "iss": "https://ehr.example.org/fhir",
            "client_id": "x",
            "auth": {"method": "private_key_jwt", "key_env": "EHR_KEY"},
        }
    ]
    registration = tmp_path / "launch.json"
    registration.write_text(simplejson.dumps(document))
    done = run("public", "--launch-file", registration, EHR_KEY_FILE=str(file))
    assert [key["kid"] for key in simplejson.loads(done.output)["keys"]] == ["first"]
    missing = run("public", "--launch-file", registration)
    assert missing.exit_code == 1
    assert "EHR_KEY" in missing.output
