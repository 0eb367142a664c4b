"""References between the parts of a submission: real ones where the parts are, none to what is not there, and those put right that a server
stored too early."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses
import simplejson

from fhir_mappings.sentence import Sentence
from smart_app.care.submission.real_references import (
    places_of,
    references_within,
    repair_references,
    with_loose,
    with_real_references,
)
from smart_app.care.submission.sealed_submission import SealedSubmission
from tests.care.ehr import BASE, refusal
from tests.care.submission.parcel import KEY, PATIENT, PLACES, ROLES, URNS, all_but, at, parcel, placed, resource_of, to
from tests.fhir.support import client

_ANY = re.compile(rf"{re.escape(BASE)}/\w+/\w+")
MAY: Callable[[str], Sentence | None] = lambda _kind: None  # noqa: E731 - every update is offered


class Shelf:
    """A FHIR server that gives what lies on it by its place and takes updates, each with the version that it was of."""

    def __init__(self, mock: responses.RequestsMock, session: requests.Session) -> None:
        self.client = client(session)
        self.held: dict[str, dict[str, Any]] = {}
        self.refuses: int | None = None
        self.mock = mock
        mock.add_callback(responses.GET, _ANY, self._get)
        mock.add_callback(responses.PUT, _ANY, self._put)

    def put(self, role: str, **more: Any) -> None:
        """That part as a server has it that took it: with its id, a version, and these."""
        kind, identity = PLACES[role].split("/")
        meta = {"versionId": "4", "lastUpdated": "2026-11-22T14:21:00Z"}
        self.held[PLACES[role]] = {**resource_of(role), "id": identity, "meta": meta, "resourceType": kind, **more}

    def _get(self, request: Any) -> tuple[int, dict[str, str], str]:
        found = self.held.get(request.url.removeprefix(f"{BASE}/"))
        return (200, {}, simplejson.dumps(found, use_decimal=True)) if found else refusal(404, "no such entry")

    def _put(self, request: Any) -> tuple[int, dict[str, str], str]:
        if self.refuses:
            return refusal(self.refuses, "told to fail")
        self.held[request.url.removeprefix(f"{BASE}/")] = simplejson.loads(request.body, use_decimal=True)
        return 200, {}, ""

    def asked(self, method: str) -> list[str]:
        return [str(call.request.url).removeprefix(f"{BASE}/") for call in self.mock.calls if call.request.method == method]

    def headers(self, method: str, name: str) -> set[str | None]:
        return {call.request.headers.get(name) for call in self.mock.calls if call.request.method == method}

    def repair(self, sealed: SealedSubmission, *earlier: str, why_not_update: Callable[[str], Sentence | None] = MAY) -> SealedSubmission:
        before = {role: PLACES[role] for role in earlier}
        return repair_references(sealed, before, client=self.client, why_not_update=why_not_update)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock, requests.Session() as session:
        yield Shelf(mock, session)


class TestBeforeSending:
    def test_parts_refer_to_each_other_by_where_they_are(self) -> None:
        panel = with_real_references(resource_of("panel"), {URNS[role]: PLACES[role] for role in URNS})
        assert panel == {**resource_of("panel"), "derivedFrom": at("response"), "hasMember": at("goal", "task")}

    def test_reference_to_a_part_that_is_not_there_is_left_out(self) -> None:
        known = {URNS["response"]: PLACES["response"], URNS["goal"]: PLACES["goal"]}
        assert with_real_references(resource_of("panel"), known) == {
            **resource_of("panel"),
            "derivedFrom": at("response"),
            "hasMember": at("goal"),
        }
        assert with_real_references({"role": "source", "what": to("task")[0]}, known) == {"role": "source"}

    # https://hl7.org/fhir/R4/json.html: an array is never empty; https://github.com/fhirbase/fhirbase-plv8/issues/139
    def test_list_that_none_is_left_of_is_left_out(self) -> None:
        panel = with_real_references(resource_of("panel"), {URNS["response"]: PLACES["response"]})
        assert isinstance(panel, dict)
        assert "hasMember" not in panel
        assert panel["derivedFrom"] == at("response")

    def test_what_refers_to_no_part_stays_as_it_is(self) -> None:
        said = {
            "subject": PATIENT,
            "valueQuantity": {"value": Decimal("4.20")},
            "performer": [{"display": "Rapport"}, {"reference": "https://other.example/fhir/Device/1"}],
            "note": ["urn:uuid:no-reference", {"reference": 7}],
        }
        sent = with_real_references(said, {})
        assert sent == said
        assert simplejson.dumps(sent, use_decimal=True) == simplejson.dumps(said, use_decimal=True)

    def test_place_of_a_part_is_known_once_it_is_stored(self) -> None:
        assert places_of(parcel(all_but("goal", "panel", became="refused"))) == {
            URNS["response"]: PLACES["response"],
            URNS["task"]: PLACES["task"],
            "urn:uuid:provenance": PLACES["provenance"],
        }

    def test_each_part_goes_after_those_it_refers_to(self) -> None:
        parts = {part.role: references_within(part) for part in reversed(parcel().parts)}
        assert sorted(parts, key=parts.__getitem__) == ["response", "task", "goal", "panel", "provenance"]
        assert parts["response"] == 0


class TestStoredTooEarly:
    def test_parts_that_name_what_is_not_there_are_remembered(self) -> None:
        sealed = with_loose(parcel(all_but("response", "task", became="refused")))
        assert sealed.loose == {
            "goal": ("response",),
            "panel": ("response", "task"),
            "provenance": ("response", "task"),
        }
        assert sealed.key == KEY

    @pytest.mark.parametrize("stored", [(), ("response",), ROLES])
    def test_nothing_is_remembered_of_parts_whose_references_are_right(self, stored: tuple[str, ...]) -> None:
        lacking = [role for role in ROLES if role not in stored]
        assert with_loose(parcel(all_but(*lacking, became="refused"))).loose == {}

    def test_part_waits_to_be_put_right_also_when_all_are_there(self) -> None:
        waiting = {"panel": ("goal", "task")}
        assert with_loose(parcel(placed(*ROLES), loose=waiting)).loose == waiting
        assert with_loose(parcel(all_but("task", became="refused"), loose=waiting)).loose == {**waiting, "provenance": ("task",)}


class TestRepair:
    def test_reference_to_an_entry_that_was_never_made_is_put_right_and_nothing_else_changed(self, shelf: Shelf) -> None:
        added = {"note": [{"text": "by the server"}], "valueQuantity": {"value": Decimal("4.20")}}
        shelf.put("panel", derivedFrom=at("response"), hasMember=[{"reference": "Observation/never-1"}, *at("task")], **added)
        sealed = shelf.repair(parcel(placed(*ROLES), loose={"panel": ("goal",)}), "panel")
        panel = shelf.held[PLACES["panel"]]
        assert (panel["hasMember"], panel["derivedFrom"]) == (at("goal", "task"), at("response"))
        assert {name: panel[name] for name in added} == added
        assert (panel["id"], panel["identifier"]) == ("n1", resource_of("panel")["identifier"])
        assert sealed == parcel(placed(*ROLES))

    def test_version_that_was_read_past_any_cache_is_the_one_that_is_changed(self, shelf: Shelf) -> None:
        shelf.put("goal", derivedFrom=[{"reference": "QuestionnaireResponse/never-1"}])
        shelf.repair(parcel(placed(*ROLES)), "goal")
        assert shelf.headers("GET", "Cache-Control") == {"no-cache"}
        assert shelf.headers("PUT", "If-Match") == {'W/"4"'}

    @pytest.mark.parametrize("meta", [None, {}, {"versionId": ""}])
    def test_server_that_tells_no_version_is_asked_for_none(self, shelf: Shelf, meta: Any) -> None:
        shelf.put("goal", derivedFrom=[{"reference": "QuestionnaireResponse/never-1"}], meta=meta)
        shelf.repair(parcel(placed(*ROLES)), "goal")
        assert shelf.headers("PUT", "If-Match") == {None}
        assert shelf.held[PLACES["goal"]]["derivedFrom"] == at("response")

    def test_references_deep_inside_are_put_right_too(self, shelf: Shelf) -> None:
        never = {"role": "source", "what": {"reference": "QuestionnaireResponse/never-1"}}
        shelf.put("provenance", target=at(*URNS), entity=[never])
        shelf.repair(parcel(placed(*ROLES)), "provenance")
        assert shelf.held[PLACES["provenance"]]["entity"] == [{"role": "source", "what": at("response")[0]}]

    @pytest.mark.parametrize(
        "members",
        [
            at("task", "goal"),
            [{"reference": f"{BASE}/{PLACES[role]}"} for role in ("goal", "task")],
            [{"reference": f"{PLACES[role]}/_history/1"} for role in ("goal", "task")],
            # HAPI and others add to a reference what they know of its target.
            [{**one, "type": "Observation", "identifier": {"value": "x"}, "display": "Goal"} for one in at("goal", "task")],
        ],
        ids=["in another order", "whole addresses", "with a version", "with more said"],
    )
    def test_references_that_are_right_are_left_alone_however_they_are_written(self, shelf: Shelf, members: Any) -> None:
        shelf.put("panel", derivedFrom=at("response"), hasMember=members)
        assert shelf.repair(parcel(placed(*ROLES)), "panel") == parcel(placed(*ROLES))
        assert (shelf.asked("GET"), shelf.asked("PUT")) == ([PLACES["panel"]], [])

    def test_references_deep_inside_are_left_alone_too(self, shelf: Shelf) -> None:
        answers = {"reference": f"{BASE}/{PLACES['response']}/_history/1"}
        shelf.put("provenance", target=at(*URNS), entity=[{"role": "source", "what": answers}])
        shelf.repair(parcel(placed(*ROLES)), "provenance")
        assert shelf.asked("PUT") == []

    def test_same_id_on_another_server_is_another_entry(self, shelf: Shelf) -> None:
        shelf.put("goal", derivedFrom=[{"reference": f"https://other.example/fhir/{PLACES['response']}"}])
        shelf.repair(parcel(placed(*ROLES)), "goal")
        assert shelf.held[PLACES["goal"]]["derivedFrom"] == at("response")

    def test_only_what_was_stored_before_and_refers_to_others_is_read(self, shelf: Shelf) -> None:
        shelf.put("goal", derivedFrom=at("response"))
        shelf.repair(parcel(placed(*ROLES)), "response", "goal")
        assert shelf.asked("GET") == [PLACES["goal"]]

    def test_members_that_are_not_there_still_are_taken_out_and_waited_for(self, shelf: Shelf) -> None:
        shelf.put(
            "panel", derivedFrom=at("response"), hasMember=[{"reference": "Observation/never-1"}, {"reference": "Observation/never-2"}]
        )
        sealed = parcel(all_but("goal", "task", became="refused"), loose={"panel": ("response", "goal", "task"), "goal": ("response",)})
        assert shelf.repair(sealed, "panel").loose == {"panel": ("goal", "task")}
        panel = shelf.held[PLACES["panel"]]
        assert panel["derivedFrom"] == at("response")
        assert "hasMember" not in panel

    def test_what_may_not_be_changed_keeps_its_place_and_says_why(self, shelf: Shelf) -> None:
        for role in ("goal", "provenance"):
            shelf.put(role, derivedFrom=[], target=[])
        allowed = {"Provenance": None, "Observation": Sentence("The server does not let Observation be changed.")}
        sealed = shelf.repair(parcel(placed(*ROLES)), "goal", "provenance", why_not_update=allowed.__getitem__)
        goal = sealed.outcome_of("goal")
        assert (goal.reference, goal.version) == (PLACES["goal"], "1")
        assert goal.why == "What it refers to could not be put right. The server does not let Observation be changed."
        assert sealed.outcome_of("provenance").why is None
        assert shelf.asked("PUT") == [PLACES["provenance"]]

    def test_what_somebody_else_changed_meanwhile_is_not_written_over(self, shelf: Shelf) -> None:
        shelf.put("goal", derivedFrom=[])
        shelf.refuses = 412
        goal = shelf.repair(parcel(placed(*ROLES)), "goal").outcome_of("goal")
        assert goal.reference == PLACES["goal"]
        assert "changed in the health record in the meantime" in str(goal.why)

    @pytest.mark.parametrize("status", [401, 408, 409, 412, 429, 500, 503])
    def test_what_could_not_be_changed_for_the_moment_waits_to_be_put_right(self, shelf: Shelf, status: int) -> None:
        shelf.put("panel", derivedFrom=at("response"), hasMember=[{"reference": "Observation/never-1"}])
        shelf.refuses = status
        waiting = {"panel": ("response", "goal", "task")}
        sealed = shelf.repair(parcel(placed(*ROLES)), "panel")
        assert sealed.loose == waiting
        assert sealed.outcome_of("panel").why is not None
        assert shelf.repair(parcel(placed(*ROLES), loose={"panel": ("goal",), "goal": ("response",)}), "panel").loose == waiting
        shelf.refuses = None
        assert shelf.repair(sealed, "panel") == parcel(placed(*ROLES))

    @pytest.mark.parametrize("status", [400, 403, 404, 422, 501])
    def test_what_the_server_says_no_to_is_not_waited_for(self, shelf: Shelf, status: int) -> None:
        shelf.put("panel", derivedFrom=at("response"), hasMember=[{"reference": "Observation/never-1"}])
        shelf.refuses = status
        sealed = shelf.repair(parcel(placed(*ROLES), loose={"panel": ("goal",)}), "panel")
        assert sealed.loose == {}
        assert "could not be put right" in str(sealed.outcome_of("panel").why)

    def test_what_cannot_be_read_keeps_nothing_else_from_being_put_right(self, shelf: Shelf) -> None:
        shelf.put("panel", derivedFrom=at("response"), hasMember=[])
        sealed = shelf.repair(parcel(placed(*ROLES)), "goal", "panel")
        assert "no such entry" in str(sealed.outcome_of("goal").why)
        assert shelf.held[PLACES["panel"]]["hasMember"] == at("goal", "task")
