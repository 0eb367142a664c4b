"""Marks of events, and the words above them: in their order, never over one another, and none lost."""

from datetime import date, timedelta
from itertools import combinations
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app.web.charts.event_marks import EventMark, EventShape, draw_events
from smart_app.web.charts.label_placement import CHARACTER, Label, across
from smart_app.web.charts.plot import TimeScale

NARROWEST = 420
START = date(2024, 12, 1)
TIME = TimeScale(start=START, end=START + timedelta(days=730))
SHAPES: st.SearchStrategy[EventShape] = st.sampled_from(get_args(EventShape))
MARKS = st.lists(st.tuples(st.integers(0, 730), SHAPES, st.text("abcgh ABC糖尿病", max_size=24)), max_size=60).map(
    lambda drawn: [EventMark(START + timedelta(days=day), shape, words.strip()) for day, shape, words in sorted(drawn)]
)


def span(label: Label) -> tuple[float, float]:
    """From where to where the words stand, in pixels of the narrowest plot that has any."""
    width = across(label.text)
    left = float(label.x.rstrip("%")) * NARROWEST / 100 + float(label.dx) - {"start": 0, "middle": width / 2, "end": width}[label.anchor]
    return left, left + width


@given(MARKS)
def test_no_words_lie_over_others_and_every_word_is_drawn_or_named(marks: list[EventMark]) -> None:
    drawn = draw_events(marks, time=TIME)
    for one, other in combinations(drawn.plot.labels, 2):
        assert one.y == other.y
        assert span(one)[1] <= span(other)[0] + 0.5 or span(other)[1] <= span(one)[0] + 0.5
    worded = [place for place, mark in enumerate(marks) if mark.words]
    kept = [place for place in worded if place not in drawn.dropped]
    assert [label.text for label in drawn.plot.labels] == [marks[place].words for place in kept]


@pytest.mark.parametrize(
    ("words", "pixels"),
    [
        ("Metformin", 9 * CHARACTER),
        ("METFORMIN", 9 * 8.8),
        ("糖尿病", 36),
        ("é", CHARACTER),
        ("e\u0301", CHARACTER),
        ("\u2068إنسولين\u2069", 7 * CHARACTER),
    ],
)
def test_words_are_as_wide_as_their_signs(words: str, pixels: float) -> None:
    assert across(words) == pytest.approx(pixels)


def test_of_two_words_that_meet_the_later_is_left_out() -> None:
    marks = [EventMark(START + timedelta(days=300 + place), "square", words) for place, words in enumerate(("first", "second"))]
    drawn = draw_events(marks, time=TIME)
    assert ([label.text for label in drawn.plot.labels], drawn.dropped) == (["first"], (1,))


def test_shorter_words_stand_where_the_whole_ones_find_no_room() -> None:
    days = (START + timedelta(days=400), START + timedelta(days=630))
    marks = [
        EventMark(days[0], "square", "Empagliflozin 10 mg"),
        EventMark(days[1], "square", "Insulin glargine 100 units/…", "Insulin glargine…"),
    ]
    drawn = draw_events(marks, time=TIME)
    assert ([label.text for label in drawn.plot.labels], drawn.dropped) == (["Empagliflozin 10 mg", "Insulin glargine…"], ())


def test_filled_marks_are_paths_and_the_others_symbols_each_place_once() -> None:
    shapes = ("dot", "dot", "square", "triangle", "triangle", "open-square")
    plot = draw_events([EventMark(START, shape) for shape in shapes], time=TIME).plot  # type: ignore[arg-type]  # literals
    assert [(stroke.style, stroke.d) for stroke in plot.dots] == [("measure dots", "M0 11h0"), ("measure other dots", "M0 11h0")]
    assert [symbol.shape for group in plot.symbols for symbol in group.symbols] == ["more", "converted"]
    assert plot.height == 22


def test_a_lane_of_events_is_no_taller_than_a_row() -> None:
    assert draw_events([EventMark(START, "dot", "attended")], time=TIME).plot.height == 36
