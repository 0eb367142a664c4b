"""Submissions and what a server makes of them, for the tests of the mapping."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.library import load_library
from fhir_mappings.instruments.scoring import score
from fhir_mappings.people.person import Person
from fhir_mappings.submission.submission import Submission
from fhir_mappings.submission.transaction import submission_bundle

BASE = "https://example.org/fhir"
LIBRARY = load_library()
CHECK_IN = LIBRARY.get("rapport-check-in")
AT = datetime(2026, 11, 22, 14, 20, tzinfo=UTC)
Json = dict[str, Any]


def values(signs: str) -> dict[str, int]:
    """Nine signs such as `444 3x5 55.` as item values; anything but a digit is left out."""
    return {item.link_id: int(sign) for item, sign in zip(CHECK_IN.items, signs.replace(" ", ""), strict=True) if sign.isdigit()}


def submission(signs: str = "444 345 554", *, informant: Informant = "patient", key: str = "k1", **changes: Any) -> Submission:
    """One submission; `x` is a declined item, `.` one left open."""
    given = values(signs)
    marks = zip(CHECK_IN.items, signs.replace(" ", ""), strict=True)
    declined = tuple(item.link_id for item, sign in marks if sign == "x")
    by = "Patient/p1" if informant == "patient" else "Practitioner/sofia"
    made = Submission(
        instrument=CHECK_IN, informant=informant, answers=Answers(values=given, declined=declined, extra={"difficult": "no"}),
        scores=score(CHECK_IN, given), patient="p1", clinician=Person(reference="Practitioner/sofia", name="Sofia Lindqvist"),
        answered_by=by, recorded_by=by, encounter="e1", authored=AT, issued=AT, key=key, app_version="0.1.0",
    )  # fmt: skip
    return replace(made, **changes)


def stored(made: Submission) -> dict[str, Json]:
    """Role to resource as a server keeps it: with ids, and references to them."""
    bundle: Json = submission_bundle(made, base=BASE)
    places: dict[str, str] = {}
    for entry in bundle["entry"]:
        role = entry.get("request", {}).get("ifNoneExist", ".provenance").rpartition(".")[2]
        places[entry["fullUrl"]] = f"{entry['resource']['resourceType']}/{made.key}-{role}"
    return {
        places[entry["fullUrl"]].rpartition("-")[2]: {"id": places[entry["fullUrl"]].split("/")[1], **_resolved(entry["resource"], places)}
        for entry in bundle["entry"]
    }


def _resolved(node: Any, places: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _resolved(value, places) for key, value in node.items()}
    if isinstance(node, list):
        return [_resolved(value, places) for value in node]
    return places.get(node, node) if isinstance(node, str) else node
