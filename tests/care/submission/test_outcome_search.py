"""Whether the parts of a submission are in the record, as a server tells asked for each by its own identifier: what counts as found,
what as certainly not there, and what stays unknown."""

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
import simplejson
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence
from smart_app.care.submission.outcome_search import Found, OutcomeSearch
from smart_app.care.submission.sealed_submission import SealedSubmission, WriteOutcome
from smart_app.fhir.capability import Capabilities, parse_capabilities, unstated
from tests.care.ehr import BASE, refusal, statement
from tests.care.submission.parcel import KEY, PLACES, RECORDED, ROLES, SYSTEM, all_but, at, identifier, parcel, placed, resource_of
from tests.fhir.support import client, page

OFFERED = parse_capabilities(statement())
NOT_STATED = unstated(Sentence("The server's CapabilityStatement was not read."))
SCORES = ("goal", "task", "panel")


def offered(*lacking: str) -> Capabilities:
    """All but these, such as `Observation?identifier`."""
    return parse_capabilities(statement(without=lacking))


def there(role: str, **more: Any) -> dict[str, Any]:
    """That part as a server has it."""
    meta = {"versionId": "2"}
    if role == "provenance":
        return {"resourceType": "Provenance", "id": "v1", "meta": meta, "target": at("response"), "recorded": RECORDED, **more}
    return {**resource_of(role), "id": PLACES[role].partition("/")[2], "meta": meta, **more}


def found_at(*roles: str) -> dict[str, WriteOutcome]:
    return {role: WriteOutcome(reference=PLACES[role], version="2") for role in roles}


def certain(found: Found) -> tuple[dict[str, WriteOutcome], set[str]]:
    """What is there, and what is not."""
    return dict(found.outcomes), set(found.absent)


class Server:
    """Answers a search of a type with what it has of it, whatever it is asked. `provenances` are found by a place; `refuses` a type with
    that status; `short` of a type says that it has more than it gives."""

    def __init__(self, mock: responses.RequestsMock, session: requests.Session, pool: Executor) -> None:
        self.mock = mock
        self.has: list[dict[str, Any]] = []
        self.provenances: dict[str, list[dict[str, Any]]] = {}
        self.refuses: dict[str, int] = {}
        self.short: set[str] = set()
        self.search = OutcomeSearch(
            client=client(session), capabilities=OFFERED, pool=pool, seconds=30, settled=datetime.max.replace(tzinfo=UTC)
        )
        mock.add_callback(responses.GET, re.compile(re.escape(BASE)), self._answer)

    def _answer(self, request: Any) -> tuple[int, Mapping[str, str], str]:
        kind, asked = urlsplit(request.url).path.rpartition("/")[2], parse_qs(urlsplit(request.url).query)
        if kind in self.refuses:
            return refusal(self.refuses[kind], "told to fail")
        given = self.provenances.get(asked["target"][0], []) if kind == "Provenance" else self.has
        more: dict[str, Any] = {"total": 99} if kind in self.short else {}
        return 200, {}, simplejson.dumps(page(*given, **more), use_decimal=True)

    def asked(self, kind: str) -> list[dict[str, list[str]]]:
        """The parameters of each search of that type."""
        made = [urlsplit(str(call.request.url)) for call in self.mock.calls]
        return [parse_qs(one.query) for one in made if one.path.endswith(f"/{kind}")]

    def find(self, sealed: SealedSubmission, capabilities: Capabilities | None = None, *, seconds: float = 30) -> Found:
        return replace(self.search, capabilities=capabilities or OFFERED, seconds=seconds).find(sealed)


@pytest.fixture
def server() -> Iterator[Server]:
    with (
        responses.RequestsMock(assert_all_requests_are_fired=False) as mock,
        requests.Session() as session,
        ThreadPoolExecutor(2) as pool,
    ):
        yield Server(mock, session, pool)


class TestAsked:
    def test_each_part_is_looked_for_by_its_own_identifier_among_the_patients(self, server: Server) -> None:
        server.find(parcel())
        assert server.asked("QuestionnaireResponse") == [{"identifier": [f"{SYSTEM}|{KEY}.response"], "patient": ["p1"]}]
        own = ",".join(f"{SYSTEM}|{KEY}.{role}" for role in SCORES)
        assert server.asked("Observation") == [{"identifier": [own], "patient": ["p1"]}]

    def test_what_is_known_to_be_stored_is_not_looked_for(self, server: Server) -> None:
        server.find(parcel(all_but("task")))
        assert server.asked("QuestionnaireResponse") == server.asked("Provenance") == []
        assert server.asked("Observation") == [{"identifier": [f"{SYSTEM}|{KEY}.task"], "patient": ["p1"]}]

    def test_no_answer_from_a_cache_is_taken(self, server: Server) -> None:
        server.find(parcel(placed("response")))
        assert {call.request.headers.get("Cache-Control") for call in server.mock.calls} == {"no-cache"}
        assert len(server.asked("Provenance")) == 1

    def test_server_that_does_not_state_what_it_can_is_asked_by_identifier_alone(self, server: Server) -> None:
        found = server.find(parcel(), NOT_STATED)
        assert [list(asked) for asked in (*server.asked("QuestionnaireResponse"), *server.asked("Observation"))] == [["identifier"]] * 2
        assert found == Found(outcomes={}, absent=frozenset(ROLES), reason=None)

    def test_server_that_searches_by_identifier_and_not_by_patient_is_asked_so(self, server: Server) -> None:
        server.find(parcel(), offered("Observation?patient"))
        assert [list(asked) for asked in server.asked("Observation")] == [["identifier"]]


class TestFound:
    def test_parts_are_where_the_server_lists_them(self, server: Server) -> None:
        server.has = [there(role) for role in ("response", *SCORES)]
        server.provenances[PLACES["response"]] = [there("provenance")]
        assert server.find(parcel()) == Found(outcomes=found_at(*ROLES), absent=frozenset(), reason=None)

    def test_what_a_complete_search_does_not_list_is_certainly_not_there(self, server: Server) -> None:
        server.has = [there("response"), there("goal")]
        assert server.find(parcel()) == Found(
            outcomes=found_at("response", "goal"), absent=frozenset({"task", "panel", "provenance"}), reason=None
        )

    def test_server_without_versions_has_them_all_the_same(self, server: Server) -> None:
        server.has = [there("response", meta=None), there("goal", meta={"lastUpdated": RECORDED})]
        outcomes = server.find(parcel()).outcomes
        assert outcomes == {role: WriteOutcome(reference=PLACES[role]) for role in ("response", "goal")}

    def test_identifiers_that_a_server_adds_do_not_hide_ours(self, server: Server) -> None:
        server.has = [there("goal", identifier=[{"system": "urn:ehr", "value": "1"}, "odd", identifier("goal")])]
        assert "goal" in server.find(parcel()).outcomes

    def test_patient_named_by_their_whole_address_is_the_same(self, server: Server) -> None:
        server.has = [there("goal", subject={"reference": f"{BASE}/Patient/p1"})]
        assert "goal" in server.find(parcel()).outcomes

    @pytest.mark.parametrize(
        "other",
        [
            there("goal", subject={"reference": "Patient/p2"}),
            there("goal", subject={"reference": "https://other.example/fhir/Patient/p1"}),
            there("goal", subject=None),
            there("goal", identifier=[{**identifier("goal"), "system": "urn:another"}]),
            there("goal", identifier=[{**identifier("goal"), "value": f"{KEY}x.goal"}]),
            there("goal", identifier=None),
            there("goal", id=None),
            there("goal", resourceType="QuestionnaireResponse"),
        ],
        ids=["another's", "on another server", "nobody's", "other system", "other key", "none", "no id", "another type"],
    )
    def test_server_may_list_anything_and_only_the_part_itself_is_it(self, server: Server, other: dict[str, Any]) -> None:
        # Parameters a server does not know are passed over: https://github.com/awslabs/fhir-works-on-aws-deployment/issues/242
        server.has = [other, there("task")]
        found = server.find(parcel(placed("response", "panel", "provenance")))
        assert certain(found) == (found_at("task"), {"goal"})

    def test_place_of_the_answers_is_not_that_of_a_score_with_their_identifier(self, server: Server) -> None:
        server.has = [there("goal", identifier=[identifier("goal"), identifier("response")])]
        found = server.find(parcel())
        assert "response" in found.absent
        assert found.outcomes == found_at("goal")


class TestNotKnown:
    def test_list_that_is_not_whole_proves_nothing_of_what_is_not_on_it(self, server: Server) -> None:
        server.has, server.short = [there("goal")], {"Observation"}
        found = server.find(parcel())
        assert found.outcomes == found_at("goal")
        assert found.absent == {"response", "provenance"}
        assert "could not be searched" in str(found.reason)

    def test_search_that_fails_leaves_its_own_parts_unknown_and_no_others(self, server: Server) -> None:
        server.has, server.refuses = [there("response")], {"Observation": 503}
        found = server.find(parcel())
        assert found.outcomes == found_at("response")
        assert found.absent == {"provenance"}
        assert "could not be searched" in str(found.reason)

    def test_where_only_the_patients_can_be_listed_the_end_of_the_list_proves_nothing(self, server: Server) -> None:
        server.has = [there("response"), there("goal")]
        found = server.find(parcel(placed("response")), offered("Observation?identifier"))
        assert server.asked("Observation") == [{"patient": ["p1"]}]
        assert found.outcomes == found_at("goal")
        assert found.absent == {"provenance"}
        assert "could not be searched" in str(found.reason)

    def test_server_that_searches_by_neither_is_not_asked(self, server: Server) -> None:
        found = server.find(parcel(placed("response")), offered("Observation?identifier", "Observation?patient"))
        assert server.asked("Observation") == []
        assert found.absent == {"provenance"}
        assert "could not be searched" in str(found.reason)

    def test_search_that_has_no_time_left_proves_nothing(self, server: Server) -> None:
        found = server.find(parcel(), seconds=0)
        assert certain(found) == ({}, set())
        assert "could not be searched" in str(found.reason)


class TestProvenance:
    """It has no identifier in R4, so it is looked for by what it names."""

    ALONE = parcel(all_but("provenance"))
    WITHOUT_ANSWERS = parcel(placed("goal", "task"))

    def find(self, server: Server, *kept: dict[str, Any]) -> Found:
        server.provenances[PLACES["response"]] = list(kept)
        return server.find(self.ALONE)

    def test_is_the_one_that_names_the_answers_and_was_recorded_when_they_were_sent(self, server: Server) -> None:
        others = [there("provenance", id="v2", recorded="2026-11-22T14:20:01+00:00"), there("provenance", id="v3", target=at("goal"))]
        assert self.find(server, *others, there("provenance")) == Found(outcomes=found_at("provenance"), absent=frozenset(), reason=None)
        assert server.asked("Provenance") == [{"target": [PLACES["response"]]}]

    @pytest.mark.parametrize(
        "written",
        [
            {"recorded": "2026-11-22T14:20:00Z"},
            {"recorded": "2026-11-22T15:20:00.000+01:00"},
            {"target": [{"reference": f"{BASE}/{PLACES['response']}"}]},
            {"target": [*at("panel"), {"reference": f"{PLACES['response']}/_history/1"}]},
        ],
    )
    def test_is_known_however_the_server_writes_it(self, server: Server, written: dict[str, Any]) -> None:
        assert "provenance" in self.find(server, there("provenance", **written)).outcomes

    @pytest.mark.parametrize(
        "other",
        [
            {"recorded": "2026-11-22T14:19:59Z"},
            {"recorded": "yesterday"},
            {"recorded": None},
            {"target": at("goal")},
            {"target": [{"reference": f"https://other.example/fhir/{PLACES['response']}"}]},
            {"target": None},
            {"id": None},
        ],
    )
    def test_is_certainly_not_there_where_all_that_is_listed_is_another(self, server: Server, other: dict[str, Any]) -> None:
        assert self.find(server, there("provenance", **other)) == Found(outcomes={}, absent=frozenset({"provenance"}), reason=None)

    def test_of_answers_that_were_refused_is_found_by_a_score_it_names(self, server: Server) -> None:
        server.provenances[PLACES["goal"]] = [there("provenance", target=at("goal"))]
        found = server.find(self.WITHOUT_ANSWERS)
        assert found.outcomes == found_at("provenance")
        assert found.absent == {"response", "panel"}
        assert server.asked("Provenance") == [{"target": [PLACES["goal"]]}]

    def test_stored_before_its_answers_is_found_by_what_was_stored_with_it(self, server: Server) -> None:
        server.provenances[PLACES["goal"]] = [there("provenance", target=at("goal"))]
        assert server.find(self.ALONE).outcomes == found_at("provenance")

    def test_is_asked_for_by_two_places_at_most(self, server: Server) -> None:
        assert server.find(self.ALONE).absent == {"provenance"}
        assert server.asked("Provenance") == [{"target": [PLACES["response"]]}, {"target": [PLACES["goal"]]}]

    def test_is_not_there_where_nothing_is_that_it_could_name(self, server: Server) -> None:
        assert server.find(parcel(), offered("Provenance?target")) == Found(outcomes={}, absent=frozenset(ROLES), reason=None)
        assert server.asked("Provenance") == []

    def test_is_not_looked_for_while_nobody_knows_where_the_answers_are(self, server: Server) -> None:
        server.refuses = {"QuestionnaireResponse": 503}
        found = server.find(self.WITHOUT_ANSWERS)
        assert server.asked("Provenance") == []
        assert found.absent == {"panel"}

    def test_is_not_known_where_it_cannot_be_searched_for_and_nothing_else_is_less_certain(self, server: Server) -> None:
        server.has = [there("task")]
        found = server.find(parcel(placed("response")), offered("Provenance?target"))
        assert server.asked("Provenance") == []
        assert certain(found) == (found_at("task"), {"goal", "panel"})
        assert "Provenance" in str(found.reason)

    def test_is_looked_for_where_nothing_says_that_it_cannot_be(self, server: Server) -> None:
        server.provenances[PLACES["response"]] = [there("provenance")]
        assert server.find(self.ALONE, NOT_STATED).outcomes == found_at("provenance")

    def test_search_for_it_that_is_refused_takes_no_other_parts_certainty_away(self, server: Server) -> None:
        server.has, server.refuses = [there("task")], {"Provenance": 403}
        found = server.find(parcel(placed("response")))
        assert certain(found) == (found_at("task"), {"goal", "panel"})
        assert "Provenance" in str(found.reason)
        assert "does not allow this" in str(found.reason)

    def test_list_of_them_that_is_not_whole_proves_nothing(self, server: Server) -> None:
        server.has, server.short = [there("task")], {"Provenance"}
        found = server.find(parcel(placed("response")))
        assert certain(found) == (found_at("task"), {"goal", "panel"})
        assert found.reason == "The server counts 99 results and gave 0."

    @pytest.mark.parametrize("lacking", [("Provenance?target",), ()])
    @pytest.mark.parametrize("refused", [True, False])
    def test_why_the_answers_or_scores_are_not_known_is_said_first(
        self, server: Server, lacking: tuple[str, ...], *, refused: bool
    ) -> None:
        server.short = {"Observation", "Provenance"}
        server.refuses = {"Provenance": 403} if refused else {}
        found = server.find(parcel(placed("response")), offered(*lacking))
        assert "could not be searched for it completely" in str(found.reason)
        assert "Provenance" not in str(found.reason)
