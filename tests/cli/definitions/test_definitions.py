"""`rapport definitions`: what it lists, writes and deploys, and what it says about it."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import responses
from click.testing import CliRunner, Result

from fhir_mappings.instruments.library import load_library
from fhir_mappings.site.wording_pack_template import pack_template
from smart_app.cli import main
from tests.cli.instruments.test_instruments import filled
from tests.support.definition_server import DefinitionServer, refused

HERE = "http://127.0.0.1:8080/fhir"
ELSEWHERE = "https://fhir.example.org/r4"


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def ran(*words: str) -> Result:
    return CliRunner().invoke(main, ["definitions", *words])


def deployed(base: str = HERE, *words: str, **environ: str) -> Result:
    return CliRunner().invoke(main, ["definitions", "deploy", "--fhir", base, *words], env=environ)


def test_the_list_names_every_definition_under_the_sites_own_addresses() -> None:
    done = CliRunner().invoke(main, ["definitions", "list"], env={"RAPPORT_CANONICAL_BASE": "https://clinic.example.org/fhir/"})
    assert done.exit_code == 0
    assert "https://clinic.example.org/fhir/Questionnaire/rapport-check-in-patient|" in done.output
    assert "https://clinic.example.org/fhir/Questionnaire/rapport-check-in-clinician-scoring|" in done.output
    assert "w3id.org" not in done.output


def test_a_sites_confirmed_key_and_its_publishable_wording_are_among_them(tmp_path: Path) -> None:
    wording = pack_template(load_library().get("who-5"), language="de", informants=("patient",))
    granted = filled(wording).replace('scopes = ["display"]', 'scopes = ["display", "redistribute"]')
    (tmp_path / "who-5.de.toml").write_text(granted, encoding="utf-8")
    done = CliRunner().invoke(main, ["definitions", "list"], env={"RAPPORT_PACKS": str(tmp_path)})
    assert done.exit_code == 0, done.output
    assert "/Questionnaire/who-5-patient-de|" in done.output
    package = CliRunner().invoke(main, ["definitions", "package", "--output", str(tmp_path / "out")], env={"RAPPORT_PACKS": str(tmp_path)})
    assert package.exit_code == 0, package.output
    [form] = (tmp_path / "out" / "package").glob("Questionnaire-*who-5-patient-de-1*.json")
    assert '"text": "Item 1"' not in form.read_text(encoding="utf-8")


def test_nothing_is_published_while_a_pack_is_broken(tmp_path: Path) -> None:
    (tmp_path / "who-5.de.toml").write_text("[pack]", encoding="utf-8")
    done = CliRunner().invoke(main, ["definitions", "package", "--output", str(tmp_path / "out")], env={"RAPPORT_PACKS": str(tmp_path)})
    assert done.exit_code == 1
    assert "who-5.de.toml" in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("base", ["rapport", "ftp://x.example.org", "https://x.example.org/a|b", "https://x.example.org/#a", ""])
def test_a_base_that_is_no_address_is_refused(base: str) -> None:
    done = ran("list", "--canonical-base", base)
    assert done.exit_code == 2
    assert "is no http(s) address" in done.output


def test_the_package_and_its_files_are_written_the_same_each_time(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        done = ran("package", "--output", str(tmp_path / folder))
        assert done.exit_code == 0, done.output
    [packed] = (tmp_path / "one").glob("rapport.fhir-*.tgz")
    assert packed.read_bytes() == (tmp_path / "two" / packed.name).read_bytes()
    with tarfile.open(packed) as tar:
        for member in tar.getmembers():
            content = tar.extractfile(member)
            assert content is not None
            assert content.read() == (tmp_path / "one" / member.name).read_bytes()


def test_files_left_from_an_earlier_package_are_named_and_kept(tmp_path: Path) -> None:
    left = tmp_path / "package" / "Questionnaire-rapport-old.json"
    left.parent.mkdir()
    left.write_text("{}")
    done = ran("package", "--output", str(tmp_path))
    assert f"left from before: {left}" in done.output
    assert left.exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "package").write_text("a file where a folder should be")
    done = ran("package", "--output", str(tmp_path))
    assert done.exit_code == 1
    assert f"{tmp_path} cannot be written" in done.output


def test_deploying_writes_everything_once(mock: responses.RequestsMock) -> None:
    server = DefinitionServer().attach(mock)
    first, writes = deployed(), len(server.written())
    second = deployed()
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert writes == len(server.stored) > 10
    assert len(server.written()) == writes
    assert f"{HERE}: {writes} created." in first.output
    assert f"{HERE}: {writes} unchanged." in second.output
    kinds = [path.split("/")[0] for _, path in server.written()]
    assert kinds == sorted(kinds, key=["StructureDefinition", "CodeSystem", "ValueSet", "Questionnaire"].index)


def test_what_differs_under_the_same_address_and_version_is_replaced_where_it_is(mock: responses.RequestsMock) -> None:
    server = DefinitionServer(chooses_ids=405).attach(mock)
    deployed()
    place, kept = next((place, one) for place, one in server.stored.items() if one["resourceType"] == "Questionnaire")
    server.stored[place] = {**kept, "title": "Somebody else's"}
    done = deployed()
    assert "updated" in done.output
    assert server.stored[place]["title"] == kept["title"]
    assert server.written()[-1] == ("PUT", place)


def test_a_narrative_that_says_something_else_is_replaced(mock: responses.RequestsMock) -> None:
    server = DefinitionServer().attach(mock)
    deployed()
    place, kept = next((place, one) for place, one in server.stored.items() if one["resourceType"] == "CodeSystem")
    server.stored[place] = {**kept, "text": {"status": "generated", "div": kept["text"]["div"].replace("Code", "Cod")}}
    done = deployed()
    assert "1 updated" in done.output
    assert server.stored[place]["text"] == kept["text"]


def test_another_version_stays(mock: responses.RequestsMock) -> None:
    server = DefinitionServer().attach(mock)
    old = {"resourceType": "CodeSystem", "id": "old", "url": "https://w3id.org/rapport/fhir/CodeSystem/alliance", "version": "0.0.1"}
    server.stored["CodeSystem/old"] = old
    deployed()
    assert server.stored["CodeSystem/old"] == old


def test_an_id_that_another_resource_has_is_not_overwritten(mock: responses.RequestsMock) -> None:
    server = DefinitionServer().attach(mock)
    deployed()
    taken = next(place for place in server.stored if place.startswith("Questionnaire/"))
    server.stored = {
        taken: {"resourceType": "Questionnaire", "id": taken.split("/")[1], "url": "https://other.example.org", "version": "1"}
    }
    done = deployed()
    assert done.exit_code == 0
    assert server.stored[taken]["url"] == "https://other.example.org"


def test_a_server_whose_search_is_late_is_read_instead(mock: responses.RequestsMock) -> None:
    server = DefinitionServer(indexed=False).attach(mock)
    deployed()
    writes = len(server.written())
    assert "unchanged" in deployed().output
    assert len(server.written()) == writes


def test_a_server_that_cannot_be_searched_by_address_is_left_alone(mock: responses.RequestsMock) -> None:
    server = DefinitionServer(searches=False).attach(mock)
    server.stored["StructureDefinition/x"] = {
        "resourceType": "StructureDefinition",
        "id": "x",
        "url": "https://x.example.org",
        "version": "1",
    }
    done = deployed()
    assert done.exit_code == 1
    assert "cannot be searched by address" in done.output
    assert server.written() == []


def test_what_a_server_does_not_take_is_said_and_the_rest_is_written(mock: responses.RequestsMock) -> None:
    server = DefinitionServer(refuses={"ValueSet": 422}).attach(mock)
    done = deployed()
    assert done.exit_code == 1
    assert "ValueSet is not kept here" in done.output
    assert any(place.startswith("Questionnaire/") for place in server.stored)


def test_an_address_beyond_this_machine_is_not_even_asked_without_a_yes(mock: responses.RequestsMock) -> None:
    server = DefinitionServer(base=ELSEWHERE).attach(mock)
    refused = deployed(ELSEWHERE)
    assert refused.exit_code == 1
    assert "Say --yes" in refused.output
    assert server.asked == []
    assert deployed(ELSEWHERE, "--yes").exit_code == 0
    assert server.stored


@pytest.mark.parametrize("base", ["http://fhir.example.org/r4", "https://u:p@x.example.org/r4", "https://x.example.org/r4?a=1", "nonsense"])
def test_a_base_that_launch_json_would_not_take_is_not_asked(mock: responses.RequestsMock, base: str) -> None:
    done = deployed(base, "--yes")
    assert done.exit_code == 2
    assert "must be a FHIR base address" in done.output
    assert len(mock.calls) == 0


def test_without_the_token_a_server_asks_for_nothing_is_written_and_that_is_said(mock: responses.RequestsMock) -> None:
    server = DefinitionServer(token="let-me-in").attach(mock)
    done = deployed()
    assert done.exit_code == 1
    assert f"{HERE} cannot be used: 401 The access token is missing or not accepted. who are you" in done.output
    assert server.written() == []


def test_the_token_comes_from_a_variable_or_a_file_and_is_never_shown(mock: responses.RequestsMock, tmp_path: Path) -> None:
    server = DefinitionServer(token="let-me-in").attach(mock)
    (tmp_path / "token").write_text("let-me-in\n")
    first = deployed(HERE, "--token-env", "DEPLOY_TOKEN", DEPLOY_TOKEN="let-me-in")
    second = deployed(HERE, "--token-env", "DEPLOY_TOKEN", DEPLOY_TOKEN_FILE=str(tmp_path / "token"))
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert "let-me-in" not in first.output + second.output
    assert all(one.headers["Authorization"] == "Bearer let-me-in" for one in server.sent)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "schlüssel"])
def test_a_token_that_is_missing_or_cannot_be_sent_is_named_by_its_place(mock: responses.RequestsMock, token: str) -> None:
    done = deployed(HERE, "--token-env", "DEPLOY_TOKEN", DEPLOY_TOKEN=token)
    assert done.exit_code == 1
    assert "DEPLOY_TOKEN" in done.output
    assert not token or token not in done.output
    assert len(mock.calls) == 0


def test_a_run_that_breaks_off_says_how_much_is_missing(mock: responses.RequestsMock) -> None:
    server = DefinitionServer(says={("GET", "ValueSet"): refused(503, "going down")}).attach(mock)
    done = deployed()
    assert done.exit_code == 1
    placed, every = len(server.stored), sum(line.count("|") for line in done.output.splitlines())
    assert f"{HERE}: {placed} created, {every - placed} not tried." in done.output
    assert f"{every - placed} of {every} are not there, or not known to be." in done.output
    assert done.output.count("503 going down") == every - placed


def test_a_page_in_place_of_fhir_is_no_server(mock: responses.RequestsMock) -> None:
    page = (200, {"Content-Type": "text/html"}, "<html>Sign in</html>")
    server = DefinitionServer(says={("GET", "metadata"): page}).attach(mock)
    done = deployed()
    assert done.exit_code == 1
    assert f"{HERE} cannot be used: 200 The health record answered with something that is not FHIR JSON." in done.output
    assert server.written() == []
