"""The launch address as an EHR calls it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app.errors import LaunchError
from smart_app.launch.oauth.parameters import LaunchRequest, callback_state, launch_request, single
from smart_app.launch.oauth.pkce import challenge, new_secret
from smart_app.registration import LaunchPlus


# SMART B3
# IG 35
@pytest.mark.parametrize(
    ("query", "launch"),
    [
        ("iss=https://e/f&launch=a+b%2Bc", "a+b+c"),
        ("launch=YWJj%2FZA%3D%3D&iss=https%3A%2F%2Fe%2Ff", "YWJj/ZA=="),
        ("iss=https://e/f&launch=YWJj/ZA==&other=1&other=2", "YWJj/ZA=="),
        ("iss=https://e/f&launch=YWJj+ZA==", "YWJj+ZA=="),
        ("iss=https://e/f&launch=pat-1%2Benc-2", "pat-1+enc-2"),
    ],
)
def test_launch_value_is_kept_to_the_byte(query: str, launch: str) -> None:
    assert launch_request(query) == LaunchRequest(iss="https://e/f", launch=launch)


@pytest.mark.parametrize(
    ("sent", "launch"),
    [
        ("pat-1+enc-2", "pat-1 enc-2"),
        ("pat-1%20enc-2", "pat-1 enc-2"),
        ("pat-1+a%2Bb", "pat-1 a+b"),
        ("YWJj==+ZA==", "YWJj== ZA=="),
        ("id:7+YWJj", "id:7 YWJj"),
    ],
)
def test_plus_is_a_space_where_the_value_cannot_be_base64(sent: str, launch: str) -> None:
    assert launch_request(f"iss=https://e/f&launch={sent}").launch == launch


@pytest.mark.parametrize(
    ("plus", "sent", "launch"),
    [("space", "pat1+enc2", "pat1 enc2"), ("space", "pat1%2Benc2", "pat1+enc2"), ("plus", "pat-1+enc-2", "pat-1+enc-2")],
)
def test_entry_says_what_a_plus_is(plus: LaunchPlus, sent: str, launch: str) -> None:
    said: dict[str, LaunchPlus] = {"https://e/f+g": plus}
    assert launch_request(f"launch={sent}&iss=https%3A%2F%2Fe/f+g", plus=said.__getitem__).launch == launch


# SMART B1
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "iss_missing"),
        ("launch=x", "iss_missing"),
        ("iss=&launch=x", "iss_missing"),
        ("iss=https://e/f", "launch_missing"),
        ("iss=https://e/f&launch=", "launch_missing"),
        ("iss=https://e/f&iss=https://g/f&launch=x", "parameter_repeated"),
        ("iss=https://e/f&launch=x&launch=x", "parameter_repeated"),
        ("iss=https://e/f&%6Caunch=x&launch=y", "parameter_repeated"),
    ],
)
def test_malformed_launch_is_refused(query: str, code: str) -> None:
    with pytest.raises(LaunchError) as refused:
        launch_request(query)
    assert refused.value.code == code


# SMART B1
@given(st.text())
def test_any_query_is_read_or_refused(query: str) -> None:
    try:
        request = launch_request(query)
    except LaunchError:
        return
    assert request.iss
    assert request.launch


def test_state_is_required_and_single() -> None:
    assert callback_state({"state": ["s"]}) == "s"
    with pytest.raises(LaunchError, match="state is missing"):
        callback_state({})
    with pytest.raises(LaunchError, match="2 times"):
        callback_state({"state": ["s", "s"]})
    assert single({"x": [""]}, "x") is None


# SMART D4
# SMART D5
# IG 13, 44
def test_challenge_is_the_one_of_the_rfc() -> None:
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert len(new_secret()) >= 43
    with pytest.raises(ValueError, match="43 to 128"):
        challenge("short")
