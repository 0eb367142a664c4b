"""`rapport instruments`, as a site's person uses it: each command says what is so, what is wrong and what to do."""

import re
import shlex
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.library import Library, load_library
from fhir_mappings.instruments.scoring_key import fingerprint
from fhir_mappings.instruments.toml_reader import read_instrument
from fhir_mappings.site.wording_pack_template import pack_template
from smart_app.cli import main
from tests.contract.test_documentation import ROOT
from tests.documentation.generated_pages import instruments_page
from tests.fhir_mappings.packed import CANARY, KEY, PACK, STRUCTURE, keyless, structure

Rapport = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "packs"
    made.mkdir()
    return made


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts other instruments in place of those that ship."""

    def put(*instruments: Instrument) -> None:
        # The package names the command as the module is named, so the module is asked for by name.
        monkeypatch.setattr(import_module("smart_app.cli.instruments.site"), "load_library", lambda: Library(instruments))

    put(structure())
    return put


@pytest.fixture
def rapport(folder: Path, shipped: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Rapport:
    monkeypatch.setenv("RAPPORT_PACKS", str(folder))
    monkeypatch.setenv("RAPPORT_INSTRUMENTS", "wai-sr")

    def run(*words: str) -> Result:
        done = CliRunner().invoke(main, ["instruments", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


def filled(template: str) -> str:
    """A template with something in every place."""
    days = re.sub(r'"<<day[^>]*>>"', "2026-01-15", template)
    return re.sub("<<[^>]*>>", CANARY, days.replace("<<display; beside it store and redistribute, if granted>>", "display"))


def confirm(rapport: Rapport, *more: str) -> Result:
    return rapport("confirm", "wai-sr", "--by", "S. Lindqvist", "--source", 'scoring sheet, "page 2"', *more)


def test_the_list_says_what_is_missing_and_how_to_get_it(rapport: Rapport) -> None:
    done = rapport("list")
    assert done.exit_code == 0
    assert "wai-sr 1.0.0  Invented scale" in done.output
    assert "needs confirmation; offered here" in done.output
    assert "none, filled in from the licensed sheet" in done.output
    assert "Write to the Society for Invented Scales." in done.output
    assert "rapport instruments confirm wai-sr" in done.output


def test_the_list_tells_the_four_standings_apart(rapport: Rapport, shipped: Callable[..., None]) -> None:
    def named(slug: str, text: str) -> Instrument:
        return read_instrument(text.replace('"wai-sr"', f'"{slug}"'), file=f"{slug}.toml")

    described = named("described", STRUCTURE[: STRUCTURE.index("[[option]]")])
    shipped(structure(), named("sure", STRUCTURE.replace('"unverified"', '"verified"')), described, _renamed(keyless(), "bare"))
    said = {one.split(" ", 1)[0]: one for one in rapport("list").output.split("\n\n")}
    assert "needs confirmation" in said["wai-sr"]
    assert "  scored; not offered here" in said["sure"]
    assert "described only" in said["described"]
    assert "no key" in said["bare"]


def _renamed(instrument: Instrument, slug: str) -> Instrument:
    return read_instrument(STRUCTURE[: STRUCTURE.index("[[scale]]")].replace('"wai-sr"', f'"{slug}"'), file=f"{instrument.slug}.toml")


def test_every_line_fits_a_terminal(rapport: Rapport, folder: Path, shipped: Callable[..., None]) -> None:
    shipped(*load_library().instruments, structure())
    (folder / "de.toml").write_text(PACK)
    (folder / "bad.toml").write_text("[pack]\nx = 1")
    for words in (["list"], ["check"], ["show", "wai-sr"], ["show", "wai-sr", "--language", "de"], ["show", "rapport-check-in"]):
        assert max(len(line) for line in rapport(*words).output.splitlines()) <= 100


def test_an_instrument_is_shown_with_its_key_every_source_and_every_number(rapport: Rapport, folder: Path) -> None:
    (folder / "de.toml").write_text(PACK)
    shown = rapport("show", "wai-sr").output
    one_line = " ".join(shown.split())
    assert "\n  2. (reversed)\n" in shown
    assert "has not confirmed it. Not verified: reversal." in one_line
    assert "total: sum of items 1, 2, 3, 4; 4 to 12; needs 4 of 4 answered" in one_line
    assert "reversal: unverified. Invented." in one_line
    assert "SD 2.10, r (retest) 0.80; interval: two weeks; nobody, n = 10" in one_line
    assert f"Fingerprint of the key: {fingerprint(structure())}" in shown
    assert "de.toml: wai-sr 1.0.0 in de; display, store; granted to Northfield General" in one_line
    assert CANARY not in shown
    assert CANARY in rapport("show", "wai-sr", "--language", "de").output


def test_a_filled_in_template_is_a_pack_and_an_empty_one_is_none(rapport: Rapport, folder: Path) -> None:
    template = rapport("pack-template", "wai-sr", "--language", "de").output
    (folder / "de.toml").write_text(template)
    refused = rapport("check")
    assert refused.exit_code == 1
    assert "de.toml" in refused.output
    (folder / "de.toml").write_text(filled(template))
    done = rapport("check")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("ok        de.toml: wai-sr 1.0.0 in de; display; granted to")


TEMPLATE = pack_template(structure(), language="de", informants=("patient",))
PLACES = sorted({place for line in TEMPLATE.splitlines() if not line.startswith("#") for place in re.findall("<<[^>]*>>", line)})


@pytest.mark.parametrize("place", PLACES)
def test_each_placeholder_left_in_a_template_is_refused(rapport: Rapport, folder: Path, place: str) -> None:
    before, after = TEMPLATE.split(place, 1)
    (folder / "de.toml").write_text(filled(before) + place + filled(after))
    assert rapport("check").exit_code == 1


def test_a_template_with_its_key_filled_in_brings_the_key(rapport: Rapport, folder: Path, shipped: Callable[..., None]) -> None:
    shipped(keyless())
    template = rapport("pack-template", "wai-sr", "--language", "de").output
    at = template.index("# [key]")
    key = "\n".join(line.removeprefix("# ") for line in template[at:].splitlines())
    key = key.replace('"<<true or false>>"', "false").replace("<<mean or sum>>", "sum")
    (folder / "de.toml").write_text(filled(template[:at] + key))
    assert rapport("check").exit_code == 0
    assert "no key (de: scored)" in rapport("list").output


def test_a_template_may_be_for_one_form_and_shows_the_wording_that_ships(rapport: Rapport, shipped: Callable[..., None]) -> None:
    one = rapport("pack-template", "wai-sr", "--language", "de", "--informant", "patient").output
    assert "text.patient" in one
    assert "clinician" not in one
    shipped(*load_library().instruments)
    assert "# en: What we are aiming for fits my life." in rapport("pack-template", "rapport-check-in", "--language", "de").output


def test_check_names_everything_that_is_wrong_or_not_used(rapport: Rapport, folder: Path, tmp_path: Path) -> None:
    (folder / "de.toml").write_text(PACK)
    (folder / "fr.toml").write_text(PACK.replace('"de"', '"fr"').replace("2026-12-31", "2026-01-31"))
    (folder / "it.toml").write_text(PACK.replace('"de"', '"it"').replace("number = 4", "number = 5"))
    (folder / "wai.txt").write_text("")
    done = rapport("check")
    assert done.exit_code == 1
    assert [line.split(":")[0] for line in done.output.splitlines() if not line.startswith(" ")] == [
        "ok        de.toml",
        "wrong     it.toml",
        "not used  fr.toml",
        "not read  wai.txt",
    ]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert rapport("check", str(empty)).exit_code == 0


def test_confirming_shows_the_key_and_is_recorded(rapport: Rapport, folder: Path) -> None:
    done = confirm(rapport)
    assert done.exit_code == 0, done.output
    assert "total: sum of items 1, 2, 3, 4" in done.output
    assert [file.name for file in folder.iterdir()] == ["confirmations.toml"]
    assert "scored; offered here" in rapport("list").output
    assert "confirmed by S. Lindqvist on" in " ".join(rapport("check").output.split())
    again = confirm(rapport)
    assert again.exit_code == 1
    assert "was confirmed by S. Lindqvist" in again.output


def test_a_confirmation_is_added_to_those_there_are(rapport: Rapport, folder: Path, shipped: Callable[..., None]) -> None:
    assert confirm(rapport).exit_code == 0
    before = (folder / "confirmations.toml").read_text()
    shipped(structure(STRUCTURE.replace("reverse = true", "reverse = false")))
    assert "not used" in rapport("check").output
    assert confirm(rapport).exit_code == 0
    assert (folder / "confirmations.toml").read_text().startswith(before)
    assert rapport("check").exit_code == 0


def test_nothing_is_recorded_where_there_is_nothing_to_confirm(rapport: Rapport, folder: Path, shipped: Callable[..., None]) -> None:
    for instrument, why in ((keyless(), "No scoring key"), (structure(STRUCTURE.replace('"unverified"', '"verified"')), "is verified")):
        shipped(instrument)
        done = confirm(rapport)
        assert (done.exit_code, why in done.output) == (1, True)
    assert list(folder.iterdir()) == []


def test_a_confirmation_under_way_or_a_broken_file_loses_nothing(rapport: Rapport, folder: Path) -> None:
    (folder / ".confirmations.toml.new").write_text("half")
    done = confirm(rapport)
    assert (done.exit_code, "remove" in done.output) == (1, True)
    (folder / ".confirmations.toml.new").unlink()
    (folder / "confirmations.toml").write_text("[[confirmation")
    assert confirm(rapport).exit_code == 1
    assert (folder / "confirmations.toml").read_text() == "[[confirmation"


@pytest.mark.parametrize(
    "words",
    [
        ["show", "none-such"],
        ["show", "../../etc/passwd"],
        ["show", "wai-sr", "--version", "9.0.0"],
        ["show", "wai-sr", "--language", "it"],
        ["pack-template", "wai-sr", "--language", 'de"\n'],
        ["pack-template", "wai-sr", "--language", "de", "--informant", "observer"],
        ["confirm", "wai-sr", "--by", "", "--source", "s"],
        ["confirm", "wai-sr", "--by", "me", "--source", "a\u202eb"],
        ["confirm", "wai-sr"],
        ["check", "no-such-folder"],
    ],
)
def test_a_command_called_wrongly_ends_with_two_and_says_why(rapport: Rapport, words: list[str]) -> None:
    done = rapport(*words)
    assert done.exit_code == 2
    assert "Error: " in done.output


def test_without_a_folder_nothing_is_checked_or_confirmed(rapport: Rapport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAPPORT_PACKS")
    for done in (rapport("check"), confirm(rapport)):
        assert (done.exit_code, "RAPPORT_PACKS" in done.output) == (2, True)
    monkeypatch.setenv("RAPPORT_PACKS", "/no/such/folder")
    assert rapport("list").exit_code == 2
    monkeypatch.setenv("RAPPORT_LANGUAGE", "German")
    assert "RAPPORT_LANGUAGE" in rapport("list").output


def test_the_page_about_wording_packs_can_be_followed(rapport: Rapport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "wording-packs.md").read_text()
    commands = [line for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    assert len(commands) >= 6
    for command in commands:
        words, _, target = command.partition(" > ")
        done = rapport(*shlex.split(words)[2:])
        assert done.exit_code == 0, f"{command}: {done.output}"
        if target:
            (tmp_path / target).write_text(filled(done.output))
    assert "scored" in rapport("show", "wai-sr", "--language", "de").output


def test_the_page_of_instruments_is_what_their_files_say() -> None:
    assert (ROOT / "docs" / "instruments.md").read_text() == instruments_page(load_library())


def test_the_page_of_instruments_says_why_one_is_not_scored() -> None:
    page = instruments_page(Library((structure(), keyless())))
    assert "Not before the site confirms its key. Not verified: reversal." in page
    assert "no scoring key is known" in page
    assert KEY not in page
