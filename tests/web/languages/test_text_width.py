"""How much room a text takes: in signs, of which some are as wide as two."""

from unicodedata import category, east_asian_width

from hypothesis import given
from hypothesis import strategies as st

from smart_app.web.languages.text_width import columns


@given(st.text())
def test_every_sign_counts_by_its_own_width(text: str) -> None:
    assigned = "".join(sign for sign in text if category(sign) != "Cn")
    assert columns(assigned) == sum(2 if east_asian_width(sign) in "WF" else 1 for sign in assigned)


def test_no_sign_of_a_short_text_is_taken_for_two() -> None:
    """Looked up one by one only from there on."""
    assert all(east_asian_width(chr(code)) not in "WF" for code in range(0x1100) if category(chr(code)) != "Cn")


def test_nothing_takes_no_room() -> None:
    assert columns("") == 0
