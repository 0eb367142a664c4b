"""A server that keeps what is sent to it, with versions and changes or without, for the tests of what is put right."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.scoring import score
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.skipped import Skipped
from fhir_mappings.submission.amendment import StoredRating
from fhir_mappings.submission.submission import Submission
from fhir_mappings.submission.transaction import submission_bundle
from tests.fhir_mappings.records import SERVER, WHO
from tests.fhir_mappings.samples import AT, BASE, CHECK_IN, LIBRARY, Json


class Conflict(Exception):
    """412: it is of another version by now."""


class Keeping:
    """Resources by `Type/id`. `changes`: whether it takes a PUT."""

    def __init__(self, *, changes: bool = True) -> None:
        self.changes, self.resources, self._at = changes, dict[str, Json](), 0

    def take(self, bundle: Mapping[str, Any]) -> None:
        """All of a transaction or nothing of it."""
        for entry in bundle["entry"]:
            self._check(entry["request"])
        places = {entry["fullUrl"]: self._place(entry) for entry in bundle["entry"] if entry["request"]["method"] == "POST"}
        for entry in bundle["entry"]:
            request = entry["request"]
            self._keep(places[entry["fullUrl"]] if request["method"] == "POST" else request["url"], _resolved(entry["resource"], places))

    def create(self, resource: Json) -> None:
        self.take({"entry": [{"fullUrl": "urn:uuid:1", "resource": resource, "request": {"method": "POST"}}]})

    def read(self) -> tuple[list[Rating], list[Skipped]]:
        of = {
            kind: [one for one in self.resources.values() if one["resourceType"] == kind]
            for kind in ("QuestionnaireResponse", "Observation")
        }
        return read_ratings(LIBRARY, of["QuestionnaireResponse"], of["Observation"], patient=WHO, base=BASE)

    def stored(self, rating: Rating) -> StoredRating:
        """What a correction of that rating starts from."""
        response = self.resources[rating.source]
        derived = [one for one in self.resources.values() if {"reference": rating.source} in one.get("derivedFrom", ())]
        now = rating.after_seen or Answers(values=rating.answers, declined=rating.declined, extra=rating.extra)
        return StoredRating(server=SERVER, response=response, observations={_role(one): one for one in derived}, answers=now)

    def _check(self, request: Mapping[str, str]) -> None:
        if request["method"] == "PUT":
            assert self.changes
            version = self.resources[request["url"]]["meta"]["versionId"]
            if request["ifMatch"] != f'W/"{version}"':
                raise Conflict(request["url"])

    def _place(self, entry: Mapping[str, Any]) -> str:
        return f"{entry['resource']['resourceType']}/r{len(self.resources)}-{entry['fullUrl'].rpartition(':')[2]}"[:60]

    def _keep(self, place: str, resource: Json) -> None:
        self._at += 1
        before = self.resources.get(place)
        version = int(before["meta"]["versionId"]) + 1 if before else 1
        meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": (AT + timedelta(seconds=self._at)).isoformat()}
        self.resources[place] = {**resource, "id": place.partition("/")[2], "meta": meta}


def keeping(made: Submission, *, changes: bool = True) -> Keeping:
    """A server that has that submission."""
    server = Keeping(changes=changes)
    server.take(submission_bundle(made, base=BASE))
    return server


def answering(made: Submission, answers: Answers, **changes: Any) -> Submission:
    """The same with those answers, and their scores."""
    return replace(made, answers=answers, scores=score(CHECK_IN, answers.values), **changes)


def _role(resource: Mapping[str, Any]) -> str:
    return str(resource["identifier"][0]["value"]).rpartition(".")[2]


def _resolved(node: Any, places: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _resolved(value, places) for key, value in node.items()}
    if isinstance(node, list):
        return [_resolved(value, places) for value in node]
    return places.get(node, node) if isinstance(node, str) else node
