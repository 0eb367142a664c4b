"""A FHIR server at the wire that keeps of a write what it likes and answers what it likes, and otherwise offers what its statement says."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import requests
import responses
import simplejson
from requests.exceptions import ConnectionError as Broken
from requests.exceptions import ReadTimeout
from urllib3.exceptions import MaxRetryError, NewConnectionError

from tests.care.ehr import Answer, Ehr, json_answer, refusal, statement
from tests.care.submission.table.server_answers import SOUND, ServerAnswer

Ability = Literal["conditional", "search", "neither"]
Way = Literal["transaction", "separate", "answers"]
_IDENTIFIED = ("QuestionnaireResponse?identifier", "Observation?identifier")
_CARRIER = "QuestionnaireResponse"
_HTML = "<!doctype html><title>Welcome</title><p>Please sign in."
_CUT_OFF = '{"resourceType": "Bundle", "type": "transaction-response", "ent'


def offers(ability: Ability, way: Way) -> dict[str, Any]:
    """The statement of a server of that ability, to which the fullest way of writing is `way`."""
    lacking = [*(_IDENTIFIED if ability == "neither" else ()), *(("Observation.create", "Provenance.create") if way == "answers" else ())]
    return statement(transaction=way == "transaction", conditional=ability == "conditional", without=lacking)


@dataclass
class FaultyServer(Ehr):
    """`answer` is how it answers writes from now on, until it is changed; `ability` what it can tell apart by."""

    answer: ServerAnswer = SOUND
    ability: Ability = "conditional"

    def attach(self, mock: responses.RequestsMock) -> None:
        for method in ("GET", "POST", "PUT"):
            mock.add_callback(method, re.compile(re.escape(self.base) + r"(?!/\.well-known)"), callback=self._answer)

    def _answer(self, request: requests.PreparedRequest) -> Answer:
        if request.method == "GET" and not self.answer.reads:
            raise Broken("reset")
        return super()._answer(request)

    def _matches(self, resource: dict[str, Any], query: dict[str, str]) -> bool:
        """A parameter it does not know it ignores, as servers do."""
        ignored = {"identifier"} if self.ability == "neither" else set()
        return super()._matches(resource, {name: value for name, value in query.items() if name not in ignored})

    def _create(self, body: dict[str, Any], condition: str | None) -> tuple[dict[str, Any], bool]:
        return super()._create(body, condition if self.ability == "conditional" else None)

    def _post(self, path: str, request: requests.PreparedRequest) -> Answer:
        if self.answer.reply == "refused connection":
            raise Broken(MaxRetryError(None, self.base, NewConnectionError(None, "refused")))  # type: ignore[arg-type]
        body = simplejson.loads(request.body or b"", use_decimal=True)
        done = self._updated(path, body, request) if request.method == "PUT" else self._written(path, body, request)
        return self._said(done)

    def _written(self, path: str, body: dict[str, Any], request: requests.PreparedRequest) -> Answer:
        if not path:
            return json_answer(200, self._transaction(body))
        if not self._keeps(body):
            return self._refused()
        resource, created = self._create(body, request.headers.get("If-None-Exist"))
        return json_answer(201 if created else 200, None, **self._place(f"{self.base}/{path}/{resource['id']}", "Location"))

    def _updated(self, path: str, body: dict[str, Any], request: requests.PreparedRequest) -> Answer:
        if not self._keeps(body):
            return self._refused()
        version = str(self.resources[path]["meta"]["versionId"])
        if request.headers.get("If-Match") != f'W/"{version}"':
            return refusal(412, "another version")
        self.resources[path] = {**body, "meta": {"versionId": str(int(version) + 1)}}
        return json_answer(200, None)

    def _said(self, done: Answer) -> Answer:
        """What comes back, whatever was done."""
        status = self.answer.status
        match self.answer.reply:
            case "reset":
                raise Broken("reset")
            case "late":
                raise ReadTimeout("too late")
            case "status":
                return refusal(status, "told to fail") if status >= 400 else (status, {"Location": "https://elsewhere.example/"}, "")
            case "empty":
                return status, {}, ""
            case "outcome":
                return refusal(status, "told to fail")
            case "html":
                return status, {"Content-Type": "text/html"}, _HTML
            case "truncated":
                return status, {"Content-Type": "application/fhir+json"}, _CUT_OFF
            case _:
                return done

    def _transaction(self, bundle: dict[str, Any]) -> dict[str, Any]:
        """Entry by entry. What it takes refers to what it refused, too, as if that were there."""
        given = [(entry, self._taken(entry)) for entry in bundle["entry"]]
        places = {entry["fullUrl"]: place for entry, (place, _) in given}
        for place in (place for _, (place, kept) in given if kept):
            text = simplejson.dumps(self.resources[place], use_decimal=True)
            for urn, other in places.items():
                text = text.replace(urn, other)
            self.resources[place] = simplejson.loads(text, use_decimal=True)
        answers = [{"response": self._entry(place) if kept else self._failed_entry()} for _, (place, kept) in given]
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": answers}

    def _taken(self, entry: dict[str, Any]) -> tuple[str, bool]:
        """Where it is, or would have been, and whether it is there."""
        resource = entry["resource"]
        if self._keeps(resource):
            stored, _ = self._create(resource, entry["request"].get("ifNoneExist"))
            return f"{stored['resourceType']}/{stored['id']}", True
        self.count += 1
        return f"{resource['resourceType']}/{self.count}", False

    def _keeps(self, resource: dict[str, Any]) -> bool:
        kept = self.answer.keeps
        return kept == "all" or (kept != "nothing" and (kept == "answers") == (resource["resourceType"] == _CARRIER))

    def _entry(self, place: str) -> dict[str, Any]:
        return {"status": "201 Created", **self._place(place, "location")}

    def _failed_entry(self) -> dict[str, Any]:
        return {"status": f"{self.answer.status} told to fail"}

    def _refused(self) -> Answer:
        return refusal(self.answer.status, "told to fail")

    def _place(self, place: str, name: str) -> dict[str, str]:
        return {} if self.answer.reply == "without place" else {name: f"{place}/_history/1"}
