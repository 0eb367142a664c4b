"""Features by scopes in any words, and asking for less of them."""

import pytest

from smart_app.launch.oauth.granted_features import MOST_TRIES, features_of, features_off, is_asked_by_name, with_less
from smart_app.registration.features import catalogue, default_features, scope_of_features

DEFAULT = scope_of_features(default_features())
SIGN_IN = "launch openid fhirUser patient/Patient.r"
V1 = "launch openid fhirUser patient/*.read patient/*.write"
SURVEY = "?category=http://terminology.hl7.org/CodeSystem/observation-category|survey"
LABORATORY = SURVEY.replace("survey", "laboratory")


def keys(scope: str) -> set[str]:
    return {feature.key for feature in features_of(scope)}


def test_every_feature_is_in_what_it_asks_for_and_in_nothing_less() -> None:
    for feature in catalogue().feature:
        assert feature.key in keys(scope_of_features([feature.key]))
        assert keys(scope_of_features([])) == set()


# SMART G1
@pytest.mark.parametrize(
    ("scope", "has", "lacks"),
    [
        (DEFAULT, set(default_features()), {"visit", "team", "names", "education", "medicines", "file_page"}),
        (V1, {"ratings", "answers", "results", "scores", "corrections", "provenance", "forms", "visit"}, {"renewal"}),
        ("launch openid patient/*.cruds online_access", set(default_features()), set()),
        (f"{SIGN_IN} user/Observation.rs", {"results"}, {"scores"}),
        (f"{SIGN_IN} patient/Observation.r patient/Observation.s", {"results"}, {"scores"}),
        (f"{SIGN_IN} patient/Observation.rs{LABORATORY} patient/Observation.c{SURVEY}", {"results", "scores"}, {"corrections"}),
        (f"{SIGN_IN} patient/Observation.crs{LABORATORY}", {"results"}, {"scores"}),
        (f"{SIGN_IN} patient/QuestionnaireResponse.rus", {"ratings"}, {"answers", "corrections"}),
    ],
)
def test_features_follow_from_scopes_in_any_words(scope: str, has: set[str], lacks: set[str]) -> None:
    assert has <= keys(scope)
    assert not lacks & keys(scope)


# SMART E1
@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ("invalid_scope: patient/Provenance.crs", {"provenance"}),
        ("HTTP 400 invalid_scope: Scope patient/Provenance.c is unknown", {"provenance"}),
        ('Invalid scope "online_access"', {"renewal"}),
        ("The app may not use Provenance", {"provenance"}),
        ("patient/Observation.crus", {"corrections"}),
        ("patient/QuestionnaireResponse.c", {"answers"}),
        ("patient/Observation.u", {"corrections"}),
        ("patient/Questionnaire.read and patient/Provenance.crs", {"forms", "provenance"}),
    ],
)
def test_the_feature_an_ehr_names_goes_and_no_other(words: str, gone: set[str]) -> None:
    found = with_less(DEFAULT, words=words, tries=1)
    assert found is not None
    scope, left_out = found
    assert set(left_out) == gone
    assert keys(DEFAULT) - keys(scope) == gone
    assert set(SIGN_IN.split()) <= set(scope.split())


@pytest.mark.parametrize("words", ["", "Requested scope not authorized", f"invalid_scope: {DEFAULT}", "patient/Condition.rs", "<script>"])
def test_without_a_name_the_order_of_the_file_decides(words: str) -> None:
    first = with_less(DEFAULT, words=words, tries=1)
    assert first is not None
    assert set(first[1]) == {"forms", "corrections", "provenance"}
    second = with_less(first[0], words=words, tries=2)
    assert second is not None
    assert keys(second[0]) == {"ratings", "results"}
    assert with_less(second[0], words=words, tries=MOST_TRIES) is None


@pytest.mark.parametrize(
    ("scope", "words", "less"),
    [
        (V1, "", None),
        (f"{SIGN_IN} patient/Provenance.write patient/Observation.read", "patient/Provenance.write", None),
        (f"{SIGN_IN} online_access patient/*.cruds", "online_access", f"{SIGN_IN} patient/*.cruds"),
        (f"{SIGN_IN} patient/Observation.rus{SURVEY} patient/QuestionnaireResponse.crus", "patient/Observation.u",
         f"{SIGN_IN} patient/Observation.rs{SURVEY} patient/QuestionnaireResponse.crs"),
        (f"{SIGN_IN} patient/Provenance.* patient/Observation.read", "patient/Provenance.*", f"{SIGN_IN} patient/Observation.read"),
        (f"{SIGN_IN} site/special", "site/special", None),
        (SIGN_IN, "patient/Patient.r", None),
    ],
)  # fmt: skip
def test_scopes_written_out_lose_what_can_be_said_with_less(scope: str, words: str, less: str | None) -> None:
    found = with_less(scope, words=words, tries=1)
    assert (found[0] if found else None) == less


def test_no_try_asks_for_the_same_or_for_more() -> None:
    for scope in (DEFAULT, V1, SIGN_IN, scope_of_features([one.key for one in catalogue().feature])):
        asked, tries = scope, 1
        while (found := with_less(asked, words="refused", tries=tries)) is not None:
            assert keys(found[0]) < keys(asked)
            asked, tries = found[0], tries + 1
        assert tries <= MOST_TRIES


def test_what_is_off_says_why() -> None:
    granted = scope_of_features(["renewal", "ratings", "answers", "results"])
    found = {one.feature.key: one.why for one in features_off(asked=DEFAULT, granted=granted, refused=["provenance"], renewable=False)}
    assert found == {
        "renewal": "no_token",
        "forms": "not_granted",
        "scores": "not_granted",
        "corrections": "not_granted",
        "provenance": "refused",
        "visit": "not_asked",
        "team": "not_asked",
        "names": "not_asked",
        "education": "not_asked",
        "medicines": "not_asked",
        "file_page": "not_asked",
    }


@pytest.mark.parametrize(
    ("scope", "asked"),
    [
        (scope_of_features(["file_page"]), True),
        (f"{SIGN_IN} patient/DocumentReference.crus", True),
        (f"{SIGN_IN} user/DocumentReference.cs", True),
        (f"{SIGN_IN} patient/DocumentReference.cs?category=clinical-note", True),
        (f"{SIGN_IN} patient/DocumentReference.cs?category=imaging", False),
        (f"{SIGN_IN} patient/*.cruds patient/DocumentReference.read patient/DocumentReference.write", True),
        (f"{SIGN_IN} patient/*.cruds", False),
        (f"{SIGN_IN} patient/*.* patient/DocumentReference.rs", False),
        (DEFAULT, False),
    ],
)
def test_a_scope_for_every_type_asks_for_nothing_by_name(scope: str, asked: bool) -> None:
    assert is_asked_by_name(scope, "file_page") is asked


def test_what_was_granted_unasked_is_not_off() -> None:
    granted = f"{DEFAULT} user/Practitioner.r"
    assert "names" not in {one.feature.key for one in features_off(asked=DEFAULT, granted=granted, refused=(), renewable=True)}
