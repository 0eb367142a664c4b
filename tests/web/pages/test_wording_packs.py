"""A site's wording on the form, in the record and at the start of the app."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import responses
from msgspec.structs import replace
from pydantic import SecretStr

from fhir_mappings.instruments.library import Library, load_library
from fhir_mappings.site.wording_pack_template import pack_template
from smart_app.app import create_app
from smart_app.errors import ConfigurationError
from smart_app.registration import load_registration
from smart_app.settings import Settings
from smart_app.web.rendering.static_files import load_static
from tests.cli.instruments.test_instruments import filled
from tests.fhir_mappings import packed
from tests.fhir_mappings.packed import CANARY, keyless
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.fresh_database import fresh_database
from tests.web.clinic import OWN, SITE, Clinic, clinic

CHECK_IN = load_library().get("rapport-check-in")
# Wording is shown letter by letter as it was licensed, a small one at the start too.
LOWER = "ich"
SCRIPT = "<script>alert(1)</script>"
PACK = filled(pack_template(CHECK_IN, language="de", informants=("patient", "clinician"))).replace(
    f'text.patient = "{CANARY}"', f'text.patient = "{LOWER} {CANARY} {SCRIPT}"'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "packs"
    made.mkdir()
    return made


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(secret_keys=(SecretStr("a" * 43),), database_url=fresh_database(folder), packs=folder, **more)


Opened = Callable[..., AbstractContextManager[Clinic]]


@pytest.fixture
def opened(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, folder: Path, tmp_path: Path) -> Opened:
    """The app with one pack in German, in any language."""

    def start(language: str, pack: str = PACK, **more: Any) -> AbstractContextManager[Clinic]:
        (folder / "de.toml").write_text(pack)
        return clinic(wire, server, clock, folder=tmp_path, packs=folder, language=language, **more)

    return start


@pytest.fixture
def worded(opened: Opened) -> Iterator[Clinic]:
    with opened("de") as standing:
        yield standing


def test_the_form_shows_the_packs_wording_as_text(worded: Clinic) -> None:
    page = worded.form(worded.launch())
    assert f"{LOWER} {CANARY} {SCRIPT}" in page.text
    assert SCRIPT not in page.html
    (script,) = page.soup.select("script")
    assert script.text == "\n".join(load_static().text(name) for name in ("session.js", "turn.js"))
    assert "What we are aiming for" not in page.text


def test_a_screen_reader_is_told_which_words_are_in_the_packs_language(worded: Clinic) -> None:
    page = worded.form(worded.launch())
    for words in page.soup.select("h1, .block h2, fieldset legend, .options"):
        assert words["lang"] == "de"
    assert {place["lang"] for place in page.soup.select("legend > span")} == {"en"}


def test_a_form_in_the_pages_own_language_needs_no_mark(opened: Opened) -> None:
    with opened("en") as standing:
        assert not standing.form(standing.launch()).soup.select("main [lang]")


def test_wording_that_may_be_shown_only_reaches_no_stored_resource(worded: Clinic) -> None:
    chart = worded.launch()
    assert worded.send(chart, worded.filled(chart)).status_code == 303
    [response] = worded.ehr.of_type("QuestionnaireResponse")
    assert response["questionnaire"].endswith(f"/Questionnaire/rapport-check-in-patient-de|{CHECK_IN.version}")
    stored = [one for kind in ("QuestionnaireResponse", "Observation", "Provenance") for one in worded.ehr.of_type(kind)]
    assert len(stored) > 2
    assert CANARY not in repr(stored)


def test_what_was_answered_in_the_packs_language_is_in_the_history(worded: Clinic) -> None:
    chart = worded.launch()
    worded.send(chart, worded.filled(chart, "clinician"), "clinician")
    assert "4.00" in worded.get(chart).text


def test_in_another_language_the_instrument_is_shown_as_it_ships(opened: Opened) -> None:
    with opened("fr") as standing:
        assert "What we are aiming for fits my life." in standing.form(standing.launch()).text


def test_a_pack_whose_permission_has_ended_is_logged_and_not_shown(opened: Opened, clock: Clock, capfd: pytest.CaptureFixture[str]) -> None:
    ended = (clock() - timedelta(days=1)).date()
    with opened("de", PACK.replace("# expires = 2027-11-22", f"expires = {ended}")) as standing:
        [line] = [line for line in capfd.readouterr().err.splitlines() if "pack_not_used" in line]
        assert all(part in line for part in ("permission_expired", "rapport-check-in", '"warning"'))
        assert CANARY not in standing.form(standing.launch()).html


@pytest.mark.parametrize(
    ("name", "text"), [("de.toml", PACK.replace("number = 4", "number = 5")), ("confirmations.toml", "[[confirmation]]\nwho = 1")]
)
def test_a_broken_file_stops_the_start_and_is_named(clock: Clock, folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(ConfigurationError, match=r"docs/wording-packs\.md") as caught:
        create_app(settings(folder), registration=replace(load_registration(), issuers=()), clock=clock)
    assert caught.value.where == name


@pytest.mark.parametrize(
    ("more", "where"), [({"packs": Path("/no/such/folder")}, "RAPPORT_PACKS"), ({"instruments": ("none-such",)}, "RAPPORT_INSTRUMENTS")]
)
def test_a_setting_that_names_nothing_stops_the_start(clock: Clock, folder: Path, more: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        create_app(settings(folder).model_copy(update=more), registration=replace(load_registration(), issuers=()), clock=clock)
    assert caught.value.where == where


def test_a_folder_left_blank_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_PACKS", "")
    assert Settings(secret_keys=(SecretStr("a" * 43),)).packs is None


def test_a_key_only_a_pack_brings_is_scored_stored_and_drawn(opened: Opened, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smart_app.app.load_library", lambda: Library((keyless(),)))
    with opened("de", packed.PACK + packed.KEY, instruments=("wai-sr",)) as standing:
        chart = standing.launch()
        page = standing.get(f"{chart}check/wai-sr/clinician")
        fields = page.form("/check/") | {f"item-{number}": "3" for number in range(1, 5)}
        answer = standing.client.post(f"{chart}check/wai-sr/clinician", data=fields, base_url=SITE, headers=OWN)
        assert answer.status_code == 303
        assert "2.50 of 3" in standing.get(answer.headers["Location"]).text
        assert "2.50" in standing.get(chart).text
