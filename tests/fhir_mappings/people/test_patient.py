"""Whether a record is the one to write into: in use, in its own place, and of somebody alive."""

from datetime import date
from typing import Any

import pytest

from fhir_mappings.people.patient import read_patient

TODAY = date(2026, 11, 22)


def standing(**more: Any) -> str:
    return read_patient({"resourceType": "Patient", "id": "p1", **more}).standing(TODAY)


def link(kind: object, other: object = None) -> dict[str, Any]:
    return {"link": [{"type": kind, "other": other or {"reference": "Patient/p2"}}]}


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, "current"),
        ({"active": True, "deceasedBoolean": False}, "current"),
        ({"active": False}, "inactive"),
        ({"active": False, **link("replaced-by")}, "replaced"),
        (link("replaced-by"), "replaced"),
        (link("replaced-by", {"identifier": {"value": "2"}}), "replaced"),
        (link("replaced-by", {"reference": "https://elsewhere.example/fhir/Patient/p1"}), "replaced"),
        (link("replaced-by", {"reference": "Patient/p1"}), "current"),
        (link("replaces"), "current"),
        (link("seealso"), "current"),
        (link("refer"), "current"),
        (link(None), "current"),
        ({"link": "replaced-by"}, "current"),
        ({"link": [None, 3, {"type": ["replaced-by"]}]}, "current"),
        ({"deceasedBoolean": True}, "dead"),
        ({"deceasedBoolean": True, "active": False, **link("replaced-by")}, "dead"),
        ({"deceasedDateTime": "2026"}, "dead"),
        ({"deceasedDateTime": "2026-11-22"}, "dead"),
        ({"deceasedDateTime": "2026-11-23"}, "current"),
        ({"deceasedDateTime": "2061-01-01T00:00:00Z"}, "current"),
        ({"deceasedDateTime": "last spring"}, "dead"),
        ({"deceasedDateTime": " "}, "current"),
    ],
)
def test_the_graver_of_what_speaks_against_a_record_stands(fields: dict[str, Any], found: str) -> None:
    assert standing(**fields) == found


@pytest.mark.parametrize(
    ("listed", "languages"),
    [
        (
            [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "es", "display": "Spanish"}], "text": "español"}}],
            ("es", "español", "Spanish"),
        ),
        (
            [
                {"language": {"coding": [{"code": "en"}]}},
                {"language": {"coding": [{"code": "de"}]}, "preferred": True},
                {"language": {"text": "Thai"}},
            ],
            ("de", "en", "Thai"),
        ),
        ([{"language": {"coding": [{"code": " de \n"}, {"code": ""}]}}], ("de",)),
        ([{"language": {"coding": [{"code": 7}, None, "de"], "text": ["de"]}}, {"language": "de"}, {}, None, 3], ()),
        ({"language": {"text": "German"}}, ()),
        ("de", ()),
        (None, ()),
    ],
)
def test_the_languages_a_patient_speaks_as_written_the_preferred_first(listed: object, languages: tuple[str, ...]) -> None:
    assert read_patient({"resourceType": "Patient", "id": "a", "communication": listed}).languages == languages
