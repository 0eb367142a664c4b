"""Every setting as the environment may have it. The cases are held to the settings there are, so that a new one brings its own."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from smart_app.cli import main
from smart_app.errors import ConfigurationError
from smart_app.settings import InstrumentSettings, PublicSettings, Settings, read_settings, secret_variables, variable_of
from smart_app.settings.setting_words import wanted

KEY = "A" * 43
FIELDS = Settings.model_fields
# Values that are none, in the form of each.
WRONG: dict[str, list[str]] = {
    "instruments": [",", " , ", ""],
    "packs": ["/no/such/folder", "{file}"],
    "pdf_fonts": ["/no/such/folder", "{file}"],
    "measure_codes": ["/no/such/codes.toml", "{folder}"],
    "options": ["/no/such/options.toml", "{folder}"],
    "signals": ["/no/such/signals.toml", "{folder}"],
    "language": ["German", "DE", "de_DE", ""],
    "languages": ["German", "DE", "de_DE", "de;es", "en,x", ",", ""],
    "time_zone": [],
    "base_url": ["rapport.example.org", "ftp://rapport.example.org", "https://", "https://u:hush@", ""],
    "launch_file": ["/no/such/launch.json", "{folder}"],
    "canonical_base": ["w3id.org/rapport", ""],
    "secret_keys": [",", "", "  "],
    "database_url": ["", " \t"],
    "blind_entry": ["perhaps", "2", ""],
    "return_code": ["perhaps", "2", ""],
    "link_hours": ["3 days", "-1", "169", "1.5", ""],
    "rate_within_days": ["a week", "0", "366", "1.5", ""],
    "site_name": [],
    "read_timeout": ["5s", "5,0", "0", "-1", "601", "nan", "inf", ""],
    "read_deadline": ["PT8S", "0", "601", "nan", ""],
    "read_workers": ["many", "1.5", "0", "33", "-3", "0x8", ""],
    "page_limit": ["all", "0", "1001", ""],
    "log_level": ["info", "VERBOSE", "10", ""],
    "idle_minutes": ["30m", "0", "10081", "9" * 40, ""],
    "absolute_minutes": ["8h", "0", "10081", ""],
    "draft_hours": ["1 day", "0", "721", ""],
}


@pytest.fixture(autouse=True)
def _environment(clean: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_SECRET_KEYS", KEY)


def refused(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as wrong:
        read_settings(Settings)
    assert wrong.value.__cause__ is None or "hush" not in str(wrong.value.__cause__)
    return wrong.value.user_message


def cases() -> Iterator[tuple[str, str]]:
    for name, values in WRONG.items():
        yield from ((name, value) for value in [*values, f'"{wanted(FIELDS[name]).example}"', "'hush'", '""'])
        if not wanted(FIELDS[name]).secret:
            yield name, "a\x1bb"


def test_every_setting_has_its_cases() -> None:
    assert set(WRONG) == set(FIELDS)


@pytest.mark.parametrize(("name", "value"), list(cases()))
def test_a_value_that_is_none_is_one_line_with_the_variable_what_it_has_to_be_and_an_example(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    (tmp_path / "file").touch()
    value = value.format(file=tmp_path / "file", folder=tmp_path)
    variable, one = variable_of(name), wanted(FIELDS[name])
    said = refused(monkeypatch, **{variable: value})
    assert said.startswith(f"{variable} ")
    assert f"it has to be {one.words}" in said
    assert (f"{variable}={one.example}" if one.example else one.helps) in said
    assert "\n" not in said
    assert "\x1b" not in said
    assert "hush" not in said
    assert "Value error" not in said


@pytest.mark.parametrize("name", FIELDS)
def test_its_example_and_white_space_around_it_are_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    one = wanted(FIELDS[name])
    (tmp_path / "file").touch()
    value = {"file": str(tmp_path / "file"), "folder": str(tmp_path), None: one.example or KEY}[one.path_of]
    monkeypatch.setenv(variable_of(name), f" {value}\r")
    assert getattr(read_settings(Settings), name) is not None


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.default in {None, ""}])
def test_empty_is_not_set_where_that_is_the_default(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(variable_of(name), " ")
    assert getattr(read_settings(Settings), name) == FIELDS[name].default


def test_everything_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(monkeypatch, RAPPORT_READ_WORKERS="many", RAPPORT_LOG_LEVEL="loud", RAPPORT_BLIND_ENTRY="perhaps")
    assert [name in said for name in ("RAPPORT_READ_WORKERS", "RAPPORT_LOG_LEVEL", "RAPPORT_BLIND_ENTRY")] == [True] * 3


def test_bounds_are_in_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "it has to be a whole number from 1 to 32," in refused(monkeypatch, RAPPORT_READ_WORKERS="0")
    monkeypatch.delenv("RAPPORT_READ_WORKERS")
    assert "it has to be a number above 0, 600 at most," in refused(monkeypatch, RAPPORT_READ_TIMEOUT="nan")


def test_a_missing_key_is_said_with_what_looks_like_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAPPORT_SECRET_KEYS")
    said = refused(monkeypatch, FILE__RAPPORT_SECRET_KEYS="/run/secrets/keys")
    assert "RAPPORT_SECRET_KEYS is not set. There is FILE__RAPPORT_SECRET_KEYS: is that meant to be it?" in said
    assert "RAPPORT_SECRET_KEYS_FILE" in said
    assert "`rapport keys secret`" in said


def test_what_needs_no_key_asks_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAPPORT_SECRET_KEYS")
    assert read_settings(InstrumentSettings).language == "en"
    assert read_settings(PublicSettings).launch_file is None


def test_what_the_caller_gives_is_not_looked_for_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_BASE_URL", "nonsense")
    monkeypatch.delenv("RAPPORT_SECRET_KEYS")
    assert Settings(base_url="https://rapport.example.org", secret_keys=(SecretStr(KEY),)).base_url == "https://rapport.example.org"


def test_no_secret_is_in_the_text_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_DATABASE_URL", "postgresql://rapport:hush@db/rapport")
    assert make_url(read_settings(Settings).database_url).password == "hush"
    assert "hush" not in repr(read_settings(Settings))
    assert KEY not in repr(read_settings(Settings))


def test_a_setting_that_holds_a_secret_by_its_type_or_name_is_marked_as_one() -> None:
    secret = {variable_of(name) for name, field in FIELDS.items() if "SecretStr" in repr(field.annotation)}
    named = {variable_of(name) for name in FIELDS if re.search(r"secret|password|token|database", name)}
    assert secret | named == set(secret_variables(Settings))


@pytest.mark.parametrize("name", FIELDS)
def test_every_command_that_is_said_to_help_exists(name: str) -> None:
    for words in re.findall(r"`rapport ([a-z -]+)", wanted(FIELDS[name]).helps):
        command: click.Command = main
        for word in words.split():
            assert isinstance(command, click.Group)
            command = command.commands[word]
