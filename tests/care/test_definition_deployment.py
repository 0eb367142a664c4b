"""Definitions on servers as awkward as those that exist: each placed once, or told why it is not."""

import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import requests
import responses

from fhir_mappings.definitions.published_definitions import definitions
from fhir_mappings.instruments.library import Library
from smart_app.care.definition_deployment import Deployed, deploy, r4_capabilities
from smart_app.errors import FhirError
from smart_app.fhir.client import FhirClient
from smart_app.http import new_session
from tests.fhir_mappings.samples import CHECK_IN
from tests.support.definition_server import DefinitionServer, refused, said

ELSEWHERE = "https://fhir.example.org/r4"
PAGE = (200, {"Content-Type": "text/html"}, "<html>Sign in</html>")


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@cache
def made(base: str = "https://rapport.example.org/fhir") -> tuple[dict[str, Any], ...]:
    return tuple(definitions(Library((CHECK_IN,)), base=base))


def deployed(
    server: DefinitionServer, *, token: str | None = None, timeout: float = 60, of: tuple[dict[str, Any], ...] | None = None
) -> list[Deployed]:
    with new_session(pool=1) as http:
        client = FhirClient(base=server.base, http=http, token=token, timeout=timeout, page_limit=5)
        return list(deploy(client, of or made(), capabilities=r4_capabilities(client)))


def deeds(done: list[Deployed]) -> list[str]:
    return [one.deed for one in done]


def words(done: list[Deployed]) -> str:
    return "\n".join(one.said for one in done if not one.placed)


def altered(server: DefinitionServer, kind: str) -> str:
    """Where one of that type is, after somebody has changed it."""
    place = next(place for place in server.stored if place.startswith(f"{kind}/"))
    server.stored[place] = {**server.stored[place], "title": "Somebody else's", "meta": {"versionId": "7"}}
    return place


class TestAccess:
    """Tokens that end or do not reach, and answers that would lead a token away."""

    def test_a_token_that_ends_half_way_leaves_the_rest_untried(self, mock: responses.RequestsMock) -> None:
        server = DefinitionServer(token="short").attach(mock)
        server.after_write = lambda one: setattr(server, "token", "newer" if one["resourceType"] == "ValueSet" else "short")
        done = deployed(server, token="short")
        assert list(dict.fromkeys(deeds(done))) == ["created", "not tried"]
        assert deeds(done).count("created") == len(server.stored)
        assert "401 The access token is missing or not accepted. who are you" in words(done)

    def test_what_the_token_does_not_cover_is_said_and_the_rest_is_written(self, mock: responses.RequestsMock) -> None:
        server = DefinitionServer(refuses={"CodeSystem": 403}).attach(mock)
        assert "403 CodeSystem is not kept here" in words(deployed(server))
        assert {place.split("/")[0] for place in server.stored} == {"StructureDefinition", "ValueSet", "Questionnaire"}

    @pytest.mark.parametrize("method", ["GET", "PUT"])
    def test_a_redirect_is_not_followed_and_the_token_goes_nowhere_else(self, mock: responses.RequestsMock, method: str) -> None:
        server = DefinitionServer(says={(method, "Questionnaire"): (307, {"Location": f"{ELSEWHERE}/Questionnaire"}, "")}).attach(mock)
        other = DefinitionServer(base=ELSEWHERE).attach(mock)
        assert "307 The health record answered with another address, which is not followed." in words(deployed(server, token="secret"))
        assert other.asked == []
        assert not any(place.startswith("Questionnaire/") for place in server.stored)


class TestAnswers:
    """What a server may answer instead of what it should."""

    @pytest.mark.parametrize("status", [400, 409, 412, 422])
    def test_a_refusal_is_told_in_the_servers_words_and_once_more_is_not_doubled(self, mock: responses.RequestsMock, status: int) -> None:
        server = DefinitionServer(refuses={"ValueSet": status}).attach(mock)
        done = deployed(server)
        assert {*deeds(done)} == {"created", "refused"}
        assert f"{status} ValueSet is not kept here" in words(done)
        placed = dict(server.stored)
        assert {*deeds(deployed(server))} == {"unchanged", "refused"}
        assert server.stored == placed

    def test_what_is_wrong_with_a_definition_is_not_tried_twice(self, mock: responses.RequestsMock) -> None:
        server = DefinitionServer(refuses={"ValueSet": 422}).attach(mock)
        deployed(server)
        assert {method for method, path in server.written() if path.startswith("ValueSet")} == {"PUT"}

    def test_a_server_that_renumbers_what_is_put_says_where_it_is(self, mock: responses.RequestsMock) -> None:
        elsewhere = (201, {"Location": "https://upstream.example.org/r4/ValueSet/n9/_history/1"}, "")
        server = DefinitionServer(says={("PUT", "ValueSet"): elsewhere}).attach(mock)
        assert {one.said for one in deployed(server) if "/ValueSet/" in one.canonical} == {"ValueSet/n9"}

    def test_a_write_answered_with_a_page_is_not_called_placed(self, mock: responses.RequestsMock) -> None:
        server = DefinitionServer(says={("PUT", "ValueSet"): PAGE}).attach(mock)
        done = deployed(server)
        assert {*deeds(done)} == {"created", "unknown"}
        assert "200 The health record answered with something that is not FHIR JSON." in words(done)

    def test_a_fault_over_one_definition_does_not_keep_the_others_back(self, mock: responses.RequestsMock) -> None:
        server = DefinitionServer(refuses={"CodeSystem": 500}).attach(mock)
        done = deployed(server)
        assert {*deeds(done)} == {"created", "unknown"}
        assert any(place.startswith("Questionnaire/") for place in server.stored)

    @pytest.mark.parametrize("odd", [{"id": "../metadata"}, {"id": None}, {"meta": "1", "text": []}, {"meta": {"versionId": "\n"}}])
    def test_what_makes_no_sense_is_not_written_over(self, mock: responses.RequestsMock, odd: dict[str, Any]) -> None:
        server = DefinitionServer().attach(mock)
        form = {**next(one for one in made() if one["resourceType"] == "Questionnaire"), "title": "Somebody else's", **odd}
        found = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": form}]}
        server.says["GET", "Questionnaire"] = said(200, found)
        assert {*deeds(deployed(server))} <= {"created", "updated", "refused", "unknown", "not tried"}
        assert not any("None" in path or ".." in path for _, path in server.written())

    def test_a_read_that_fails_before_the_write_leaves_nothing_unknown(self, mock: responses.RequestsMock) -> None:
        form = next(one["id"] for one in made() if one["resourceType"] == "CodeSystem")
        server = DefinitionServer(says={("GET", f"CodeSystem/{form}"): refused(503, "going down")}).attach(mock)
        done = deployed(server)
        assert list(dict.fromkeys(deeds(done))) == ["created", "not tried"]
        assert not any(path.startswith("CodeSystem") for _, path in server.written())

    def test_a_server_of_another_fhir_version_is_left_alone(self, mock: responses.RequestsMock) -> None:
        statement = said(200, {"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"})
        server = DefinitionServer(says={("GET", "metadata"): statement}).attach(mock)
        with pytest.raises(FhirError, match=r"no FHIR R4 server \(fhirVersion '5.0.0'\)"):
            deployed(server)
        assert server.written() == []

    def test_more_than_can_be_read_is_given_up(self, mock: responses.RequestsMock) -> None:
        server = DefinitionServer(says={("GET", "CodeSystem"): (200, {}, " " * 32_000_001)}).attach(mock)
        done = deployed(server)
        assert list(dict.fromkeys(deeds(done))) == ["created", "not tried"]
        assert "more than can be read" in words(done)

    def test_words_that_would_steer_a_terminal_are_told_without_that(self, mock: responses.RequestsMock) -> None:
        server = DefinitionServer(says={("PUT", "ValueSet"): refused(409, "no\x1b[2J\r\nhttps://x.example.org: 30 created.")}).attach(mock)
        assert "409 no [2J https://x.example.org: 30 created." in words(deployed(server)).splitlines()

    def test_a_server_that_stalls_is_given_up_and_the_next_run_finds_what_it_had_stored(self) -> None:
        server, patience = DefinitionServer(), threading.Event()
        with server.on_a_socket():
            server.after_write = lambda one: _stall(patience) if one["resourceType"] == "ValueSet" else None
            first = deployed(server, timeout=0.5)
            patience.set()
            server.after_write = None
            stored = len(server.stored)
            second = deployed(server)
        assert "unknown" in deeds(first)
        assert "The health record did not answer completely." in words(first)
        assert {*deeds(second)} <= {"unchanged", "created"}
        assert deeds(second).count("unchanged") == stored
        assert len(server.stored) == len(made())


def _stall(patience: threading.Event) -> None:
    patience.wait(30)


class TestOnceMore:
    """Nothing is doubled, and what stands between is told."""

    @pytest.mark.parametrize("chooses_ids", [None, 400])
    def test_a_run_that_breaks_off_is_finished_by_the_next(self, mock: responses.RequestsMock, chooses_ids: int | None) -> None:
        server = DefinitionServer(chooses_ids=chooses_ids).attach(mock)

        def broken(one: dict[str, Any]) -> None:
            if one["resourceType"] == "ValueSet":
                server.says["GET", "ValueSet"] = refused(503, "going down")
                raise requests.ConnectionError

        server.after_write = broken
        first = deployed(server)
        assert list(dict.fromkeys(deeds(first))) == ["created", "unknown", "not tried"]
        server.after_write, server.says, stored = None, {}, len(server.stored)
        second = deployed(server)
        assert deeds(second).count("unchanged") == stored == deeds(first).count("created") + 1
        assert deeds(second).count("created") == len(made()) - stored
        assert {*deeds(deployed(server))} == {"unchanged"}
        assert len(server.stored) == len(made())

    def test_an_earlier_searchs_answer_is_not_taken_for_the_present(self, mock: responses.RequestsMock) -> None:
        server = DefinitionServer(chooses_ids=400, remembers=True).attach(mock)
        assert {*deeds(deployed(server))} == {"created"}
        assert {*deeds(deployed(server))} == {"unchanged"}
        assert len(server.stored) == len(made())

    def test_one_that_is_there_twice_is_named_and_left_alone(self, mock: responses.RequestsMock) -> None:
        server = DefinitionServer().attach(mock)
        deployed(server)
        place = altered(server, "Questionnaire")
        server.stored["Questionnaire/copy"] = {**server.stored[place], "id": "copy"}
        writes = len(server.written())
        assert f"It is there 2 times: {place}, Questionnaire/copy. Remove all but one." in words(deployed(server))
        assert len(server.written()) == writes

    def test_a_write_names_the_version_it_replaces(self, mock: responses.RequestsMock) -> None:
        server = DefinitionServer(versioned=True).attach(mock)
        deployed(server)
        place = altered(server, "CodeSystem")
        assert {*deeds(deployed(server))} == {"unchanged", "updated"}
        assert server.stored[place].get("title") != "Somebody else's"
        assert [one.headers["If-Match"] for one in server.sent if "If-Match" in one.headers] == ['W/"7"']

    def test_where_the_version_is_no_search_parameter_other_versions_are_told_apart(self, mock: responses.RequestsMock) -> None:
        server = DefinitionServer(knows_version=False).attach(mock)
        old = next({**one, "id": "old", "version": "0.0.1"} for one in made() if one["resourceType"] == "CodeSystem")
        server.stored["CodeSystem/old"] = old
        assert {*deeds(deployed(server))} == {"created"}
        assert server.stored["CodeSystem/old"] == old

    def test_a_comma_in_an_address_is_no_second_address(self, mock: responses.RequestsMock) -> None:
        server, odd = DefinitionServer(chooses_ids=405).attach(mock), made("https://clinic.example.org/a,b$c/fhir")
        assert {*deeds(deployed(server, of=odd))} == {"created"}
        assert {*deeds(deployed(server, of=odd))} == {"unchanged"}
        assert len(server.stored) == len(odd)


class TestWhatAServerSaysOfItself:
    """Its CapabilityStatement is believed where it says no, and a list it says is not whole shows nothing to be absent."""

    def test_a_type_it_does_not_keep_is_not_sent(self, mock: responses.RequestsMock) -> None:
        kept = ("StructureDefinition", "CodeSystem", "ValueSet")
        server = DefinitionServer(offers=[{"type": kind} for kind in kept]).attach(mock)
        assert "The server says that it keeps no Questionnaire." in words(deployed(server))
        assert {path.split("/")[0] for _, path in server.asked} == {"metadata", *kept}

    def test_a_type_that_cannot_be_searched_by_address_is_not_sent(self, mock: responses.RequestsMock) -> None:
        plain = [{"type": kind, "interaction": [{"code": "create"}, {"code": "read"}]} for kind in ("StructureDefinition", "Questionnaire")]
        server = DefinitionServer(offers=plain).attach(mock)
        assert "Questionnaire cannot be searched by address" in words(deployed(server))
        assert server.written() == []

    def test_a_list_that_is_not_whole_shows_nothing_to_be_absent(self, mock: responses.RequestsMock) -> None:
        part = said(200, {"resourceType": "Bundle", "type": "searchset", "total": 3, "entry": []})
        server = DefinitionServer(says={("GET", "ValueSet"): part}).attach(mock)
        assert "Whether it is there cannot be told. The server counts 3 results and gave 0." in words(deployed(server))
        assert not any(path.startswith("ValueSet") for _, path in server.written())
