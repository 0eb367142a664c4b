"""A sealed submission of four small resources, and a server that remembers what it was sent and can take a transaction by halves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import requests
import simplejson

from fhir_mappings.sentence import shipped_text
from smart_app.care.submission.sealed_submission import SealedSubmission, WriteOutcome
from tests.care.ehr import Answer, Ehr, json_answer
from tests.care.submission.parcel import sealed

KEY = "0f6f7a52-3c0e-4d0c-9f1b-6b7a1c2d3e4f"
SYSTEM = "https://w3id.org/rapport/submission"
ROLES = ("response", "panel", "goal", "provenance")
# Where another request has put a part.
PLACE = {"response": "QuestionnaireResponse/7", "panel": "Observation/9", "goal": "Observation/8", "provenance": "Provenance/7"}
SEALED_AT = datetime(2026, 11, 22, 14, 20, tzinfo=UTC)


def urn(role: str) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-00000000000{ROLES.index(role)}"


def _to(*roles: str) -> list[dict[str, str]]:
    return [{"reference": urn(role)} for role in roles]


def _observation(role: str, **more: Any) -> dict[str, Any]:
    identifier = [{"system": SYSTEM, "value": f"{KEY}.{role}"}]
    coding = {"coding": [{"system": "https://w3id.org/rapport/scores", "code": role}]}
    return {"resourceType": "Observation", "identifier": identifier, "status": "final", "code": coding,
            "subject": {"reference": "Patient/p1"}, "derivedFrom": _to("response"), **more}  # fmt: skip


def resources() -> dict[str, dict[str, Any]]:
    """By role: answers that refer to nothing, a panel with one score, and who entered them."""
    response = {
        "resourceType": "QuestionnaireResponse", "identifier": {"system": SYSTEM, "value": f"{KEY}.response"}, "status": "completed",
        "subject": {"reference": "Patient/p1"}, "authored": "2026-11-22T14:20:00+00:00",
    }  # fmt: skip
    agent = {"type": {"coding": [{"code": "author"}]}, "who": {"reference": "Practitioner/sofia"}}
    provenance = {
        "resourceType": "Provenance", "target": _to("response", "panel", "goal"), "recorded": "2026-11-22T14:20:00+00:00", "agent": [agent],
    }  # fmt: skip
    return {
        "response": response,
        "panel": _observation("panel", hasMember=_to("goal")),
        "goal": _observation("goal", valueQuantity={"value": Decimal("4.10"), "unit": "score"}),
        "provenance": provenance,
    }


def bundle() -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(role, one) for role, one in resources().items()]}


def _entry(role: str, resource: dict[str, Any]) -> dict[str, Any]:
    request = {"method": "POST", "url": resource["resourceType"]}
    if role != "provenance":
        request["ifNoneExist"] = condition(role)
    return {"fullUrl": urn(role), "resource": resource, "request": request}


def condition(role: str) -> str:
    return f"identifier={SYSTEM}|{KEY}.{role}"


def small(outcomes: Mapping[str, WriteOutcome] | None = None, **changed: Any) -> SealedSubmission:
    """As sealed, with those outcomes so far. Its text is laid out as nobody writes it by chance."""
    content = simplejson.dumps(bundle(), use_decimal=True, indent=1)
    given: dict[str, Any] = {"direction": "higher", "visit": "v1", "authored": SEALED_AT, "outcomes": outcomes or {}}
    return sealed(content, key=KEY, **{**given, **changed})


def stored(role: str) -> WriteOutcome:
    return WriteOutcome(reference=PLACE[role], version="1")


def became(word: Any, why: str = "So it was.", status: int | None = None) -> WriteOutcome:
    return WriteOutcome(why=shipped_text(why), became=word, status=status)


def role_of(resource: Mapping[str, Any]) -> str | None:
    """Of which part of the submission a resource is; None for any other."""
    if resource["resourceType"] == "Provenance":
        return "provenance"
    given = resource.get("identifier", [])
    values = [one["value"] for one in (given if isinstance(given, list) else [given])]
    return next((value.removeprefix(f"{KEY}.") for value in values if value.startswith(f"{KEY}.")), None)


@dataclass
class ListeningEhr(Ehr):
    """`asked` is each request. Of a transaction it does not take the roles of `statuses`, and answers those entries with them.
    `silent`: it does not say where it put what it was sent by itself."""

    asked: list[requests.PreparedRequest] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    silent: bool = False

    def places(self) -> dict[str, str]:
        """Role to place of what it holds of the submission."""
        return {role: place for place, one in self.resources.items() if (role := role_of(one)) is not None}

    def bodies(self) -> list[Any]:
        """What was posted, in turn."""
        posts = [one for one in self.asked if one.method == "POST"]
        return [simplejson.loads(one.body or b"", use_decimal=True) for one in posts]

    def hold(self, role: str, **elsewhere: str) -> None:
        """One part as another request stored it, its references real; those to a role named here lead there."""
        _, _, number = PLACE[role].partition("/")
        text = simplejson.dumps({**resources()[role], "id": number, "meta": {"versionId": "1"}}, use_decimal=True)
        for other, place in {**PLACE, **elsewhere}.items():
            text = text.replace(urn(other), place)
        self.put(simplejson.loads(text, use_decimal=True))

    def _answer(self, request: requests.PreparedRequest) -> Answer:
        self.asked.append(request)
        return super()._answer(request)

    def _post(self, path: str, request: Any) -> Answer:
        status, headers, text = super()._post(path, request)
        return (status, {"Content-Type": headers["Content-Type"]}, "") if self.silent and path else (status, headers, text)

    def _transaction(self, bundle: dict[str, Any]) -> dict[str, Any]:
        taken = [entry for entry in bundle["entry"] if role_of(entry["resource"]) not in self.statuses]
        answers = iter(super()._transaction({**bundle, "entry": taken})["entry"])
        roles = [role_of(entry["resource"]) for entry in bundle["entry"]]
        given = [{"response": {"status": str(self.statuses[role])}} if role in self.statuses else next(answers) for role in roles]
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": given}


def nowhere(status: int) -> Answer:
    """That answer with a word of the server's."""
    issue = [{"severity": "error", "diagnostics": "no"}]
    return json_answer(status, {"resourceType": "OperationOutcome", "issue": issue})
