"""Which names are taken for misspelt settings: those that would silently do nothing, and none that somebody else put there."""

import re
from pathlib import Path

import pytest

from smart_app.errors import ConfigurationError
from smart_app.registration import launch_schema
from smart_app.settings import Settings, read_settings, secret_variables, variable_of
from smart_app.settings.setting_names import _NAMED_IN_LAUNCH_FILE

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = [variable_of(name) for name in Settings.model_fields]


@pytest.fixture(autouse=True)
def _environment(clean: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_SECRET_KEYS", "A" * 43)


def refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str = "hush") -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as wrong:
        read_settings(Settings)
    assert "hush" not in str(wrong.value)
    return wrong.value.user_message


def misspellings(variable: str) -> set[str]:
    """A letter too few, too many, two changed places, another case, dashes, a byte order mark before it, and a prefix nearly ours."""
    middle = len(variable) // 2 + 3
    return {
        variable[:-1],
        f"{variable}S",
        variable[:middle] + variable[middle + 1 :],
        variable[:middle] + variable[middle + 1] + variable[middle] + variable[middle + 2 :],
        variable.lower(),
        variable.replace("_", "-"),
        f"\ufeff{variable}",
        variable.replace("RAPPORT", "RAPORT"),
        variable.replace("RAPPORT", "RAPPROT"),
    } - set(VARIABLES)


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_misspelt_setting_is_refused_with_the_name_it_was_meant_to_be(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    for name in misspellings(variable):
        with monkeypatch.context() as this:
            assert f"is not a setting; did you mean {variable}?" in refused(this, name), name


@pytest.mark.parametrize("name", ["RAPPORT_TZ", "RAPPORT_TIMEOUTS_OF_READS", "RAPPORT_", "RAPPORT_PORT"])
def test_a_name_like_none_is_refused_with_the_page_of_all_there_are(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert f"{name} is not a setting; take it away, or see docs/configuration.md" in refused(monkeypatch, name)


def test_what_is_no_secret_is_not_read_from_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "RAPPORT_BASE_URL is no secret and is not read from a file" in refused(monkeypatch, "RAPPORT_BASE_URL_FILE")


@pytest.mark.parametrize("variable", secret_variables(Settings))
def test_a_misspelt_file_variable_is_refused_too(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    for name in (f"{variable}_FIL", f"{variable}_FILES", f"{variable}FILE"):
        with monkeypatch.context() as this:
            assert f"did you mean {variable}_FILE?" in refused(this, name), name


def test_what_kubernetes_tells_of_a_service_called_like_the_app_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in ("RAPPORT", "RAPPORT_DB"):
        address = "tcp://10.96.0.7:8080"
        monkeypatch.setenv(f"{service}_SERVICE_HOST", "10.96.0.7")
        monkeypatch.setenv(f"{service}_SERVICE_PORT", "8080")
        monkeypatch.setenv(f"{service}_SERVICE_PORT_HTTP", "8080")
        monkeypatch.setenv(f"{service}_PORT", address)
        monkeypatch.setenv(f"{service}_PORT_8080_TCP", address)
        for what, value in (("PROTO", "tcp"), ("PORT", "8080"), ("ADDR", "10.96.0.7")):
            monkeypatch.setenv(f"{service}_PORT_8080_TCP_{what}", value)
    assert read_settings(Settings)


@pytest.mark.parametrize("name", ["SUPPORT_BASE_URL", "REPORT_LANGUAGE", "BASE_URL", "TIME_ZONE", "RAPPORTEUR_BASE_URL"])
def test_a_variable_of_another_program_is_left_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "theirs")
    assert read_settings(Settings)


def test_variables_that_launch_json_names_are_known_even_where_it_is_not_in_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "launch.json").write_text('{"issuers": [{"auth": {"secret_env": "RAPPORT_EPIC", "key_env" : "RAPPORT_SECRET_KEY"}}')
    monkeypatch.setenv("RAPPORT_LAUNCH_FILE", str(tmp_path / "launch.json"))
    for name in ("RAPPORT_EPIC", "RAPPORT_SECRET_KEY_FILE"):
        monkeypatch.setenv(name, "hush")
    assert read_settings(Settings)
    monkeypatch.setenv("RAPPORT_TOKEN", "hush")
    assert read_settings(Settings, besides=["RAPPORT_TOKEN"])
    assert "RAPPORT_EPIC_FILE" not in refused(monkeypatch, "RAPPORT_TOKEN")


def test_every_member_of_launch_json_that_names_a_variable_is_known_here() -> None:
    members = set(re.findall(r'"(\w+_env)"', str(launch_schema()).replace("'", '"')))
    assert {one for one in members if _NAMED_IN_LAUNCH_FILE.search(f'"{one}": "NAME"')} == members != set()


def test_variables_of_the_projects_own_tools_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [ROOT / "Makefile", ROOT / ".ci" / "run", *(ROOT / "tools").glob("*.py"), *(ROOT / "tests" / "peers").glob("*.py")]
    found = {name for file in files for name in re.findall(r"RAPPORT_[A-Z_]+", file.read_text())}
    assert found
    for name in found - set(VARIABLES):
        monkeypatch.setenv(name, "1")
    assert read_settings(Settings)
