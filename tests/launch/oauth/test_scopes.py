"""What granted scopes allow, in both grammars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app.launch.oauth.scopes import Interaction, allows, has, narrowed, parse

SURVEY = "http://terminology.hl7.org/CodeSystem/observation-category|survey"
LABORATORY = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"


EVERY: tuple[Interaction, ...] = ("c", "r", "u", "d", "s")
RESOURCES = ("Patient", "Observation", "QuestionnaireResponse", "Provenance")
letters = st.sets(st.sampled_from(EVERY), min_size=1).map(lambda chosen: "".join(letter for letter in EVERY if letter in chosen))
contexts = st.sampled_from(["patient", "user", "*"])
named = st.sampled_from([*RESOURCES, "*"])
narrowings = st.sampled_from(["", "", f"?category={SURVEY}", "?category=laboratory", "?category=survey&status=final", "?code=x|y"])
scope_texts = st.builds("{}/{}.{}{}".format, contexts, named, letters | st.sampled_from(["read", "write", "*"]), narrowings)
noise = st.sampled_from(["launch", "openid", "fhirUser", "system/*.cruds", "patient/Observation.sr", "patient.*.read", "nonsense", "/."])
grants = st.lists(scope_texts | noise, max_size=6)


def rights(granted: str) -> set[tuple[str, str, tuple[str, ...]]]:
    """Everything a grant allows, of some resources and categories."""
    carried = ((), (SURVEY,), (LABORATORY,), (SURVEY, LABORATORY))
    return {
        (resource, letter, categories)
        for resource in RESOURCES
        for letter in EVERY
        for categories in carried
        if allows(granted, resource, letter, categories=categories)
    }


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
    assert "".join(letter for letter in EVERY if allows(granted, "Observation", letter)) == letters


# SMART G2
def test_write_grant_does_not_imply_reading() -> None:
    assert not allows("patient/Observation.cu", "Observation", "r")


# SMART G1
# SMART G5
# SMART G2
def test_narrowed_scope_reads_something_and_writes_its_category_only() -> None:
    granted = f"patient/Observation.crs?category={LABORATORY}"
    assert allows(granted, "Observation", "s")
    assert not allows(granted, "Observation", "c")
    assert allows(granted, "Observation", "c", categories=[LABORATORY])
    assert not allows(granted, "Observation", "c", categories=[SURVEY])
    assert not allows(granted, "Observation", "s", categories=[SURVEY])
    assert allows(f"{granted} patient/Observation.c?category=survey", "Observation", "c", categories=[SURVEY])
    assert not allows(f"{granted}&status=final", "Observation", "c", categories=[LABORATORY])
    assert allows(f"{granted} patient/Observation.c", "Observation", "c", categories=[SURVEY])


# IG 220
def test_plain_scopes_are_whole_words() -> None:
    assert has("launch openid", "openid")
    assert has("http://smarthealthit.org/fhir/scopes/launch http://openid.net/specs/openid-connect-core-1_0#openid", "openid")
    assert has("http://smarthealthit.org/fhir/scopes/openid", "openid")
    assert not has("openid2 launch/openid", "openid")


# SMART G1
@pytest.mark.parametrize("query", ["category", "category=", "=x", "&", "category=survey&status", "category=survey&=", ";"])
def test_narrowing_that_cannot_be_read_grants_nothing(query: str) -> None:
    assert rights(f"patient/*.cruds?{query}") == set()


# SMART G1
def test_every_condition_of_a_repeated_parameter_must_hold() -> None:
    granted = f"patient/Observation.c?category={LABORATORY}&category=survey"
    assert not allows(granted, "Observation", "c", categories=[SURVEY])
    assert allows(granted, "Observation", "c", categories=[SURVEY, LABORATORY])


# SMART G4
def test_reading_is_narrowed_only_when_no_scope_covers_all() -> None:
    laboratory = f"patient/Observation.rs?category={LABORATORY}"
    assert narrowed(laboratory, "Observation", "s")
    assert narrowed(f"{laboratory} patient/Observation.rs?category={SURVEY}", "Observation", "s")
    assert not narrowed(f"{laboratory} patient/*.s", "Observation", "s")
    assert not narrowed(laboratory, "Patient", "s")


# SMART G2
@given(grants, grants)
def test_two_grants_together_allow_what_either_does(one: list[str], other: list[str]) -> None:
    together = rights(" ".join([*one, *other]))
    assert together == rights(" ".join(one)) | rights(" ".join(other))
    assert together == rights("  ".join([*other, *one, *other]))


# SMART G2
@given(contexts, named, letters, narrowings)
def test_split_scope_allows_the_same_as_whole(context: str, resource: str, chosen: str, query: str) -> None:
    split = " ".join(f"{context}/{resource}.{letter}{query}" for letter in chosen)
    assert rights(split) == rights(f"{context}/{resource}.{chosen}{query}")


# SMART G1
@given(contexts, named, narrowings)
def test_both_versions_say_the_same(context: str, resource: str, query: str) -> None:
    for old, new in (("read", "rs"), ("write", "cud"), ("*", "cruds")):
        assert rights(f"{context}/{resource}.{old}{query}") == rights(f"{context}/{resource}.{new}{query}")


# SMART G1
@given(grants)
def test_address_form_says_the_same(scopes: list[str]) -> None:
    assert rights(" ".join(f"http://smarthealthit.org/fhir/scopes/{scope}" for scope in scopes)) == rights(" ".join(scopes))


# SMART G2
@given(contexts, named, letters, narrowings)
def test_narrowing_never_adds_a_right(context: str, resource: str, chosen: str, query: str) -> None:
    assert rights(f"{context}/{resource}.{chosen}{query}") <= rights(f"{context}/{resource}.{chosen}")


# SMART G1
@given(st.text(max_size=60))
def test_any_text_is_read_without_error(text: str) -> None:
    assert all(scope.interactions <= set("cruds") for scope in parse(text))
