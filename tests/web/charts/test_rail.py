"""What cannot be drawn: numbers on a line beneath the plot, in order of time, none over another at any width, and their words."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.r4.dates import Moment
from fhir_mappings.sentence import Sentence
from smart_app.web.charts.label_placement import WIDTH
from smart_app.web.charts.plot import TimeScale, ValueScale, draw
from smart_app.web.charts.rail import NumberedRail, Unusable, numbered_rail, numbers_alone, rail, with_numbers, with_rail

TIME = TimeScale(start=date(2024, 11, 22), end=date(2026, 11, 22))
LONG = TimeScale(start=date(2014, 11, 22), end=date(2026, 11, 22))
EMPTY = draw([], time=TIME, values=ValueScale(low=1, high=5, height=100))
WORDS = Sentence("recorded as “7.9”, no unit")
DRAWN_WIDE = {"number": 16, "numbers": 32, "many-numbers": 54}
days_in = st.lists(st.dates(min_value=LONG.start, max_value=LONG.end), min_size=1, max_size=60)


def unusable(*days: date) -> list[Unusable]:
    return [Unusable(Moment(day=day, text=day.isoformat(), precision="day"), WORDS) for day in days]


def beneath(*days: date, time: TimeScale = TIME) -> NumberedRail:
    return numbered_rail(unusable(*days), time=time)


def numbers_of(text: str) -> list[int]:
    first, _, last = text.partition("–")
    return list(range(int(first), int(last or first) + 1))


@given(days_in, st.sampled_from([TIME, LONG]))
def test_each_is_on_the_rail_once_in_order_of_time_whatever_order_they_came_in(days: list[date], time: TimeScale) -> None:
    found = beneath(*days, time=time)
    for marks in (found.wide, found.narrow):
        assert [number for mark in marks for number in numbers_of(mark.text)] == list(range(1, len(days) + 1))
        assert [mark.x for mark in marks] == sorted(mark.x for mark in marks)
        for mark in marks:
            places = time.across(sorted(days)[numbers_of(mark.text)[0] - 1 : numbers_of(mark.text)[-1]])
            assert places[0] <= mark.x <= places[-1]


@given(days_in, st.sampled_from([TIME, LONG]))
def test_no_number_lies_over_another(days: list[date], time: TimeScale) -> None:
    found = beneath(*days, time=time)
    for marks, narrowest in ((found.wide, 430), (found.narrow, 196)):
        for pixels in (narrowest, 700, 1100):
            for one, other in pairwise(marks):
                between = (other.x - one.x) * pixels / WIDTH
                assert between >= (DRAWN_WIDE[one.shape] + DRAWN_WIDE[other.shape]) / 2


@given(days_in)
def test_the_words_stand_in_the_same_order_with_their_days_and_of_many_the_first(days: list[date]) -> None:
    words = beneath(*days).words
    assert [number for one in words for number in numbers_of(one.number)] == list(range(1, len(days) + 1))
    assert [one.words for one in words[:5]] == [f"{day:%d-%b-%Y}: recorded as “7.9”, no unit." for day in sorted(days)[:5]]
    assert [one.words for one in words[5:]] == ([f"{len(days) - 5} more in “Not shown”."] if len(days) > 5 else [])


def test_why_is_said_below_where_the_words_on_the_line_do_not() -> None:
    [one] = unusable(TIME.end)
    found = numbered_rail([one._replace(why=Sentence("No unit is recorded."))], time=TIME)
    assert [each.words for each in found.words] == ["22-Nov-2026: recorded as “7.9”, no unit. No unit is recorded."]
    assert found.told() == "Not drawn: 22-Nov-2026: recorded as “7.9”, no unit. No unit is recorded."
    assert found.beside
    assert found.beside.text == WORDS


@pytest.mark.parametrize(
    ("day", "anchor"), [(date(2026, 11, 22), "end"), (date(2024, 12, 1), "start")], ids=["late: words before", "early: words after"]
)
def test_the_words_of_a_single_one_stand_beside_it(day: date, anchor: str) -> None:
    drawn = with_numbers(EMPTY, beneath(day))
    assert [(label.text, label.anchor) for label in drawn.labels] == [(WORDS, anchor), ("1", "middle")]


def test_the_words_of_several_or_of_one_without_room_stand_below() -> None:
    assert beneath(TIME.start, TIME.end).beside is None
    long = Unusable(
        unusable(date(2025, 11, 22))[0].when, Sentence("recorded without a unit, in so many words that no plot has room for them")
    )
    assert numbered_rail([long], time=TIME).beside is None


def test_the_rail_is_a_line_of_its_own_under_the_plot_and_under_the_rail_of_answers() -> None:
    answers = rail([TIME.end], Sentence("something was difficult"), time=TIME)
    found = beneath(TIME.end)
    drawn = with_numbers(with_rail(EMPTY, answers), found)
    assert drawn.height == EMPTY.height + answers.height + found.height
    marks = [(mark.shape, float(mark.y)) for group in drawn.symbols for mark in group.symbols]
    assert marks == [("more", EMPTY.height + 9), ("number", EMPTY.height + 27)]
    assert [stroke.style for stroke in drawn.back] == ["rail"]


def test_one_drawing_serves_every_width_where_no_numbers_would_meet() -> None:
    far = numbers_alone(beneath(*(TIME.start + timedelta(days=180 * index) for index in range(4))))
    assert [group.style for group in far.symbols] == ["note"]
    near = numbers_alone(beneath(date(2026, 5, 1), date(2026, 6, 15)))
    assert [(group.style, len(group.symbols)) for group in near.symbols] == [("note wide", 2), ("note narrow", 1)]
    assert far.height == near.height == 18
