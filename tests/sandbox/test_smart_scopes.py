"""The grammar of scopes and what is granted of what was asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app.sandbox.smart_scopes import ResourceScope, covering, negotiate, parse_scope, parse_scopes

LETTERS = st.sets(st.sampled_from("cruds"), min_size=1).map(lambda chosen: "".join(one for one in "cruds" if one in chosen))
TYPES = st.sampled_from(["*", "Observation", "Patient", "QuestionnaireResponse"])
SCOPES = st.builds(lambda level, kind, letters: f"{level}/{kind}.{letters}", st.sampled_from(["patient", "user"]), TYPES, LETTERS)
LISTS = st.lists(SCOPES, max_size=5).map(" ".join)


def rights(text: str) -> set[tuple[str, str, str]]:
    """Every (level, type, letter) a list of scopes gives, over the types in play."""
    types = ("Observation", "Patient", "QuestionnaireResponse", "Condition")
    return {
        (scope.level, kind, letter)
        for kind in types
        for letter in ("c", "r", "u", "d", "s")
        for scope in covering(parse_scopes(text), kind, letter)
    }


@pytest.mark.parametrize(
    ("token", "letters"),
    [("patient/Observation.read", "rs"), ("patient/Observation.write", "cud"), ("user/*.*", "cruds"), ("patient/Observation.cu", "cu")],
)
def test_both_dialects_are_read(token: str, letters: str) -> None:
    scope = parse_scope(token)
    assert scope is not None
    assert scope.letters == letters


@pytest.mark.parametrize(
    "token",
    [
        "patient/Observation",
        "patient/Observation.",
        "patient/Observation.uc",
        "patient/Observation.readwrite",
        "patient/observation.r",
        "nurse/Observation.r",
        "patient/Observation.r?",
        "patient/Observation.r?date=2020",
        "launch",
        "",
    ],
)
def test_unknown_text_is_no_scope(token: str) -> None:
    assert parse_scope(token) is None


def test_conditions_are_kept() -> None:
    scope = parse_scope("patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|survey")
    assert scope == ResourceScope(
        level="patient",
        resource="Observation",
        letters="rs",
        params=(("category", "http://terminology.hl7.org/CodeSystem/observation-category|survey"),),
    )


@given(scope=SCOPES)
def test_a_scope_reads_back_from_its_own_text(scope: str) -> None:
    parsed = parse_scope(scope)
    assert parsed is not None
    assert str(parsed) == scope


@given(requested=LISTS, allowed=LISTS)
def test_granted_is_exactly_what_was_asked_and_allowed(requested: str, allowed: str) -> None:
    assert rights(negotiate(requested, allowed=allowed)) == rights(requested) & rights(allowed)


@given(requested=LISTS, removed=st.lists(SCOPES, max_size=3))
def test_removed_rights_are_gone_and_none_is_added(requested: str, removed: list[str]) -> None:
    left = rights(negotiate(requested, allowed=None, remove=removed))
    assert left <= rights(requested) - rights(" ".join(removed))


@given(requested=LISTS)
def test_asked_spelling_is_kept(requested: str) -> None:
    assert negotiate(requested, allowed=None).split() == list(dict.fromkeys(requested.split()))


def test_v1_stays_v1_where_it_can_say_it() -> None:
    assert negotiate("patient/Observation.*", allowed="patient/Observation.rs") == "patient/Observation.read"
    assert negotiate("patient/Observation.*", allowed="patient/Observation.r") == "patient/Observation.r"
    assert negotiate("patient/*.read", allowed="patient/Observation.cruds") == "patient/Observation.read"


def test_context_scopes_pass_and_unknown_ones_drop() -> None:
    assert negotiate("launch openid fhirUser profile online_access weird/thing", allowed=None) == "launch openid fhirUser online_access"
    assert negotiate("launch openid offline_access", allowed="launch openid") == "launch openid"
