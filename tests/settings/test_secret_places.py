"""A secret in a file, in the shapes that people and their tools give it; for the settings and for what `launch.json` names alike."""

import os
from pathlib import Path

import pytest

from smart_app.errors import ConfigurationError
from smart_app.launch.keys.client_secrets import bearer_token, secret
from smart_app.registration import PrivateKeyJwt, SecretBasic
from smart_app.settings import Settings, read_settings, secret_variables
from smart_app.settings.secret_places import NoSecret, contents, kept, open_to_all

KEY = "A" * 43
HELD = {"RAPPORT_SECRET_KEYS": KEY, "RAPPORT_DATABASE_URL": "postgresql+psycopg://rapport:hush@db/rapport"}
# By the name a test is known by: what is in the file.
WELL = {
    "as it is": b"%s",
    "line break of an editor": b"%s\n",
    "line break of Windows": b"%s\r\n",
    "byte order mark": b"\xef\xbb\xbf%s\n",
    "blank lines around": b"\n  %s  \n\n",
}
ILL = {
    "empty": (b"", "the file is empty"),
    "a line break alone": (b"\n", "the file is empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "the file is empty"),
    "UTF-16 of PowerShell": ("hush-hush".encode("utf-16"), "no UTF-8 text"),
    "a NUL in it": (b"hush\0hush", "no text"),
    "too large": (b"hush" * 20_000, "larger than any secret"),
}


def test_every_secret_setting_is_tried() -> None:
    assert set(secret_variables(Settings)) == set(HELD)


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("shape", WELL)
def test_every_secret_setting_may_be_in_a_file(clean: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, shape: str) -> None:
    (tmp_path / "secret").write_bytes(WELL[shape].replace(b"%s", HELD[name].encode()))
    monkeypatch.setenv("RAPPORT_SECRET_KEYS", KEY)
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    settings = read_settings(Settings)
    assert [one.get_secret_value() for one in settings.secret_keys] == [KEY]
    assert name != "RAPPORT_DATABASE_URL" or settings.database_url == HELD[name]


def test_keys_in_a_file_may_have_a_line_each(clean: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{KEY}\r\n{'B' * 43},{'C' * 43}\n")
    monkeypatch.setenv("RAPPORT_SECRET_KEYS_FILE", str(tmp_path / "keys"))
    assert [one.get_secret_value()[0] for one in read_settings(Settings).secret_keys] == ["A", "B", "C"]


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("shape", [*ILL, "a folder", "nothing", "quotes"])
def test_a_file_without_a_secret_is_a_sentence_with_the_variable_and_the_path(
    clean: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, shape: str
) -> None:
    file = tmp_path / "secret"
    if shape == "a folder":
        file.mkdir()
    elif shape != "nothing":
        file.write_bytes(b'"hush"' if shape == "quotes" else ILL[shape][0])
    monkeypatch.setenv("RAPPORT_SECRET_KEYS", KEY)
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{name}_FILE", str(file))
    with pytest.raises(ConfigurationError) as wrong:
        read_settings(Settings)
    said = wrong.value.user_message
    assert name in said
    assert shape == "quotes" or f"{name}_FILE leads to {file}" in said
    assert {"a folder": "is a folder", "nothing": "No such file", "quotes": "quotation mark"}.get(
        shape, ILL.get(shape, ("", ""))[1]
    ) in said
    assert "hush" not in said


@pytest.mark.parametrize("name", HELD)
def test_both_places_at_once_are_refused_and_an_empty_variable_is_none(
    clean: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "secret").write_text(HELD[name])
    monkeypatch.setenv("RAPPORT_SECRET_KEYS", KEY)
    monkeypatch.setenv(name, HELD[name])
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    with pytest.raises(ConfigurationError, match=f"{name} and {name}_FILE are both set"):
        read_settings(Settings)
    monkeypatch.setenv(name, "")
    assert read_settings(Settings)
    monkeypatch.setenv(name, HELD[name])
    monkeypatch.setenv(f"{name}_FILE", "")
    assert read_settings(Settings)
    monkeypatch.delenv(name)
    with pytest.raises(ConfigurationError, match=f"{name}_FILE is set and empty"):
        read_settings(Settings)


@pytest.mark.parametrize("shape", ILL)
def test_what_launch_json_names_follows_the_same_rule(tmp_path: Path, shape: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"\xef\xbb\xbfhush\r\n")
    environ = {"EHR_FILE": str(file)}
    assert (
        secret(SecretBasic(secret_env="EHR"), environ) == secret(PrivateKeyJwt(key_file=file), {}) == bearer_token("EHR", environ) == "hush"
    )
    with pytest.raises(ConfigurationError, match="EHR and EHR_FILE: are both set"):
        secret(SecretBasic(secret_env="EHR"), {**environ, "EHR": "hush"})
    file.write_bytes(ILL[shape][0])
    for auth, place in ((PrivateKeyJwt(key_env="EHR"), "EHR_FILE"), (SecretBasic(secret_file=file), str(file))):
        with pytest.raises(ConfigurationError, match=ILL[shape][1]) as wrong:
            secret(auth, environ)
        assert place in str(wrong.value)
        assert "hush" not in str(wrong.value)


def test_where_neither_is_set_there_is_none() -> None:
    assert kept("NAME", {}) is None
    with pytest.raises(NoSecret, match="NAME: is set and empty"):
        kept("NAME", {"NAME": " "})


@pytest.mark.parametrize("value", ['"hush"', "'hush'", '""'])
def test_quotation_marks_that_docker_hands_on_are_refused_in_every_secret(value: str) -> None:
    with pytest.raises(ConfigurationError, match="EHR: begins and ends with a quotation mark") as wrong:
        secret(SecretBasic(secret_env="EHR"), {"EHR": value})
    assert "hush" not in str(wrong.value)


def test_a_device_is_not_read_to_its_end() -> None:
    with pytest.raises(NoSecret, match="larger than any secret"):
        contents(Path("/dev/zero"), where="NAME_FILE")


def test_a_file_that_this_user_may_not_read_says_who_has_to_be_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kept_from_us(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", kept_from_us)
    with pytest.raises(NoSecret, match=f"user {os.geteuid()} may not read it"):
        contents(tmp_path / "secret", where="NAME_FILE")


def test_a_file_that_every_user_may_read_is_found(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("hush")
    file.chmod(0o644)
    assert open_to_all(file)
    file.chmod(0o640)
    assert not open_to_all(file)
    assert not open_to_all(tmp_path / "absent")
