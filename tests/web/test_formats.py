"""Dates, spans and numbers as people read them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.r4.dates import Moment, Precision, parse_moment
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.sentence import full_sentence, listed
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
    assert listed(words) == text


@pytest.mark.parametrize(("text", "said"), [("no unit", "No unit."), ("Stop.", "Stop."), ("", ""), ("why?", "Why?")])
def test_reasons_become_sentences(text: str, said: str) -> None:
    assert full_sentence(text) == said


@pytest.mark.parametrize(("code", "word"), [("female", "Female"), ("unknown", "Not known"), (None, "Not recorded"), ("x-code", "x-code")])
def test_gender_is_a_word(code: str | None, word: str) -> None:
    assert formats.gender(code) == word


@pytest.mark.parametrize(
    ("text", "decimals", "short"),
    [
        ("7.10", 0, "7.10"),
        ("7.1", 1, "7.1"),
        ("5.8296822753908435", 0, "5.83"),
        ("119.37737354123001", 0, "119"),
        ("84.123456", 1, "84.1"),
        ("0.123456", 1, "0.123"),
        ("0.00004", 1, "0.00004"),
        ("0.000000", 1, "0.000"),
        ("12345.6789", 0, "12346"),
        ("7,23456", 0, "7.23"),
        ("7,2", 0, "7,2"),
        ("many", 0, "many"),
        ("-3.14159", 0, "-3.14"),
    ],
)
def test_a_number_is_said_with_the_places_somebody_measured(text: str, decimals: int, short: str) -> None:
    assert formats.few_places(text, decimals) == short


@pytest.mark.parametrize(
    ("pair", "short"),
    [
        (("119.37737354123001", "82.5391562434058"), ("119", "83")),
        (("119", "82.5391562434058"), ("119", "83")),
        (("119.5", "82"), ("119.5", "82")),
    ],
)
def test_the_numbers_of_a_pair_are_rounded_alike(pair: tuple[str, str], short: tuple[str, str]) -> None:
    assert formats.few_places_of_pair(*pair, 0) == short


@given(st.decimals(min_value=0, max_value=1000, places=12), st.integers(0, 3))
def test_nothing_is_said_with_more_than_two_places_beyond_a_measures_nor_as_nothing(number: Decimal, decimals: int) -> None:
    said = Decimal(formats.few_places(f"{number:f}", decimals))
    places = -int(said.as_tuple().exponent)
    assert places <= decimals + 2 or said == number
    assert (said == 0) == (number == 0)
    assert abs(said - number) <= Decimal(1).scaleb(-min(places, decimals)) / 2 or said == number


@pytest.mark.parametrize(
    ("text", "on", "some_time", "since"),
    [
        ("2026", "in 2026", "some time in 2026", "some time in 2026"),
        ("2026-03", "in Mar-2026", "some time in Mar-2026", "some time in Mar-2026"),
        ("2026-11-20", "on 20-Nov-2026", "on 20-Nov-2026", "2 days ago"),
        ("0200", "in 0200", "some time in 0200", "some time in 0200"),
        ("0001-01-01", "on 01-Jan-0001", "on 01-Jan-0001", "2025 years ago"),
    ],
)
def test_a_date_is_said_no_more_precisely_than_it_is_known(text: str, on: str, some_time: str, since: str) -> None:
    moment = parse_moment(text)
    assert moment is not None
    assert (formats.on(moment), formats.some_time(moment), formats.since(moment, date(2026, 11, 22))) == (on, some_time, since)
