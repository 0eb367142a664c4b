"""What granted scopes allow, in both grammars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app.launch.scopes import Interaction, allows, has, parse

SURVEY = "http://terminology.hl7.org/CodeSystem/observation-category|survey"
LABORATORY = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"


# SMART G1
# SMART G2
# IG 219
@pytest.mark.parametrize(
    ("granted", "letters"),
    [
        ("patient/Observation.read", "rs"),
        ("patient/Observation.write", "cud"),
        ("patient/Observation.*", "cruds"),
        ("patient/*.read", "rs"),
        ("user/*.*", "cruds"),
        ("*/Observation.read", "rs"),
        ("patient/Observation.rs", "rs"),
        ("patient/Observation.c patient/Observation.rs", "crs"),
        ("patient/Observation.cruds", "cruds"),
        ("user/Observation.c", "c"),
        ("http://smarthealthit.org/fhir/scopes/patient/Observation.read", "rs"),
        ("launch openid unknown:thing patient/Observation.r", "r"),
        ("patient/Observation.sr", ""),
        ("patient/Observation.rr", ""),
        ("patient/Observation.", ""),
        ("patient/Observation", ""),
        ("patient/Observation.Read", ""),
        ("system/Observation.rs", ""),
        ("patient/Patient.rs", ""),
        ("xpatient/Observation.rs", ""),
        ("patient/Observation.rs;x", ""),
        ("", ""),
    ],
)
def test_granted_scope_allows_exactly_its_letters(granted: str, letters: str) -> None:
    every: tuple[Interaction, ...] = ("c", "r", "u", "d", "s")
    assert "".join(letter for letter in every if allows(granted, "Observation", letter)) == letters


# SMART G2
def test_write_grant_does_not_imply_reading() -> None:
    assert not allows("patient/Observation.cu", "Observation", "r")


# SMART G2
# SMART G5
def test_narrowed_scope_reads_something_and_writes_its_category_only() -> None:
    granted = f"patient/Observation.crs?category={LABORATORY}"
    assert allows(granted, "Observation", "s")
    assert not allows(granted, "Observation", "c")
    assert allows(granted, "Observation", "c", category=LABORATORY)
    assert not allows(granted, "Observation", "c", category=SURVEY)
    assert not allows(granted, "Observation", "s", category=SURVEY)
    assert allows(f"{granted} patient/Observation.c?category=survey", "Observation", "c", category=SURVEY)
    assert not allows(f"{granted}&status=final", "Observation", "c", category=LABORATORY)
    assert allows(f"{granted} patient/Observation.c", "Observation", "c", category=SURVEY)


def test_plain_scopes_are_whole_words() -> None:
    assert has("launch openid", "openid")
    assert not has("openid2 launch/openid", "openid")


# SMART G1
@given(st.text(max_size=60))
def test_any_text_is_read_without_error(text: str) -> None:
    assert all(scope.interactions <= set("cruds") for scope in parse(text))
