"""Dates, spans and numbers as people read them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.r4.dates import Moment, Precision
from fhir_mappings.r4.quantity import Quantity
from smart_app.web import formats

TODAY = date(2026, 11, 22)


def test_staff_dates_name_the_month_and_patient_dates_spell_it_out() -> None:
    assert formats.short_date(date(2026, 3, 5)) == "05-Mar-2026"
    assert formats.long_date(date(1968, 3, 14)) == "14 March 1968"


@pytest.mark.parametrize(
    ("precision", "text"), [("year", "2026"), ("month", "Mar-2026"), ("day", "05-Mar-2026"), ("instant", "05-Mar-2026")]
)
def test_a_partial_date_is_never_shown_more_precise_than_written(precision: Precision, text: str) -> None:
    assert formats.short_moment(Moment(day=date(2026, 3, 5), text="", precision=precision)) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "today"),
        (1, "yesterday"),
        (12, "12 days ago"),
        (60, "60 days ago"),
        (92, "3 months ago"),
        (800, "2 years ago"),
        (-1, "dated in the future"),
    ],
)
def test_recency_is_said_in_words(days: int, text: str) -> None:
    assert formats.ago(TODAY - timedelta(days=days), TODAY) == text


@pytest.mark.parametrize(
    ("born", "text"),
    [(date(1968, 3, 14), "58 y"), (date(1968, 11, 23), "57 y"), (date(2025, 10, 1), "13 months"), (TODAY, "0 months")],
)
def test_age_counts_completed_years_and_months_below_two_years(born: date, text: str) -> None:
    assert formats.age(born, TODAY) == text


def test_clock_is_in_the_zone_of_the_reader() -> None:
    instant = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
    assert formats.clock(instant, timezone(timedelta(hours=4, minutes=30))) == "17:32"


def test_a_reported_quantity_keeps_its_digits() -> None:
    assert formats.quantity(Quantity(text="7.10", unit="%", label="%")) == "7.10 %"


@pytest.mark.parametrize(("value", "decimals", "text"), [("7.85", 1, "7.9"), ("57.5", 0, "58"), ("-0.5", 0, "-1"), ("6", 1, "6.0")])
def test_computed_numbers_round_halves_away_from_zero(value: str, decimals: int, text: str) -> None:
    assert formats.rounded(Decimal(value), decimals) == text


@given(st.decimals(min_value=-10_000, max_value=10_000, places=3))
def test_plain_numbers_keep_their_value(value: Decimal) -> None:
    assert Decimal(formats.plain(value)) == value


@pytest.mark.parametrize(("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_lists_read_as_english(words: list[str], text: str) -> None:
    assert formats.listed(words) == text


@pytest.mark.parametrize(("text", "said"), [("no unit", "No unit."), ("Stop.", "Stop."), ("", ""), ("why?", "Why?")])
def test_reasons_become_sentences(text: str, said: str) -> None:
    assert formats.sentence(text) == said


@pytest.mark.parametrize(("code", "word"), [("female", "Female"), ("unknown", "Not known"), (None, "Not recorded"), ("x-code", "x-code")])
def test_gender_is_a_word(code: str | None, word: str) -> None:
    assert formats.gender(code) == word
