"""The stored scores as they should be: each resource changed where it is another score, moment, visit or clinician now, else left alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from fhir_mappings.r4 import systems
from fhir_mappings.r4.json_types import FhirJson, Json, instant
from fhir_mappings.submission.amended_response import is_moment, names
from fhir_mappings.submission.score_observations import observations
from fhir_mappings.submission.submission import Submission

_OF_THE_RATING = ("valueQuantity", "dataAbsentReason", "focus", "encounter", "effectiveDateTime", "hasMember")


def amended_scores(
    stored: Mapping[str, FhirJson], corrected: Submission, *, places: Mapping[str, str], base: str
) -> list[tuple[str, Json]]:
    """Role and Observation of those to be written: changed ones, those there was none of before, and, as a gap with its reason, those that
    the rule does not allow any more. `places` are the urns of what is stored."""
    right = {role: cast("Json", _placed(one, places)) for role, one in observations(corrected, base=base)}
    made = [(role, _amended(stored.get(role), one)) for role, one in right.items()]
    gone = [(role, _gap(one, corrected, role)) for role, one in stored.items() if role not in right]
    return [*((role, one) for role, one in made if one is not None), *gone]


def _amended(stored: FhirJson | None, right: Json) -> Json | None:
    """None where it stays as it is."""
    if stored is None:
        return right
    if all(_same(stored.get(key), right.get(key)) for key in _OF_THE_RATING):
        return None
    kept = {key: value for key, value in stored.items() if key not in _OF_THE_RATING}
    return {**kept, **{key: right[key] for key in _OF_THE_RATING if key in right}, "status": "amended", "issued": right["issued"]}


def _same(one: object, other: object) -> bool:
    """Numbers by value, references by what they name, moments by the moment."""
    if isinstance(one, dict) and isinstance(other, dict):
        if "reference" in one or "reference" in other:
            return names(one, cast("str | None", other.get("reference")))
        return bool(one.get("value") == other.get("value"))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(any(_same(each, right) for each in one) for right in other)
    if isinstance(one, str) and isinstance(other, str):
        return is_moment(one, datetime.fromisoformat(other))
    return one == other


def _gap(stored: FhirJson, corrected: Submission, role: str) -> Json:
    """A score that the answers do not allow any more: its number goes, and why there is none is said."""
    kept = {key: value for key, value in stored.items() if key not in {"valueQuantity", "hasMember"}}
    found = corrected.scores.get(role)
    code = found.absent if found is not None and found.absent else "not-performed"
    absent = {"coding": [{"system": systems.ABSENT_REASONS, "code": code}]}
    return {**kept, "status": "amended", "issued": instant(corrected.issued), "dataAbsentReason": absent}


def _placed(node: object, places: Mapping[str, str]) -> object:
    if isinstance(node, dict):
        return {key: _placed(value, places) for key, value in node.items()}
    if isinstance(node, list):
        return [_placed(value, places) for value in node]
    return places.get(node, node) if isinstance(node, str) else node
