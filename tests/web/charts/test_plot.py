"""Geometry: one x per date, broken lines where nothing may be joined, words that keep clear of each other."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.sentence import ENGLISH, Language, Sentence
from smart_app.web.charts import plot as charts
from smart_app.web.charts.label_placement import WIDTH, Room, Segment
from smart_app.web.charts.plot import Cross, PlotSeries, Point, TimeScale, ValueScale, draw
from smart_app.web.languages.pseudo_language import PseudoLanguage

TIME = TimeScale(start=date(2024, 11, 22), end=date(2026, 11, 22))
VALUES = ValueScale(low=1, high=5, height=150)
DAYS = [date(2025, 1, 1) + timedelta(days=60 * index) for index in range(6)]


def plot(*points: Point, gap_days: int = 100, breaks: tuple[date, ...] = (), crosses: tuple[Cross, ...] = ()) -> charts.Plot:
    return draw([PlotSeries(style="measure", points=points, gap_days=gap_days, breaks=breaks)], time=TIME, values=VALUES, crosses=crosses)


def lines(drawn: charts.Plot) -> list[str]:
    return [piece for stroke in drawn.lines for piece in re.findall(r"M[^M]+", stroke.d)]


def line_ends(drawn: charts.Plot) -> list[tuple[int, int]]:
    """First and last x of each unbroken line."""
    places = [[int(x) for x in re.findall(r"[ML](\d+)", piece)] for piece in lines(drawn)]
    return [(xs[0], xs[-1]) for xs in places]


@given(st.dates(min_value=TIME.start, max_value=TIME.end), st.dates(min_value=TIME.start, max_value=TIME.end))
def test_time_is_proportional_and_the_same_date_stands_at_the_same_place(one: date, other: date) -> None:
    span = (TIME.end - TIME.start).days
    distance = TIME.x(other) - TIME.x(one)
    assert distance == pytest.approx((other - one).days * WIDTH / span, abs=1)


@given(st.floats(min_value=-100, max_value=100))
def test_values_never_leave_the_plot(value: float) -> None:
    assert VALUES.margin <= VALUES.y(value) <= VALUES.height - VALUES.margin


def test_higher_values_stand_higher() -> None:
    assert VALUES.y(5) < VALUES.y(3) < VALUES.y(1)


def test_neighbours_are_joined_by_one_line() -> None:
    drawn = plot(*(Point(day=day, value=3) for day in DAYS))
    assert line_ends(drawn) == [(TIME.x(DAYS[0]), TIME.x(DAYS[-1]))]


def test_no_line_over_a_gap_longer_than_the_measures() -> None:
    days = [DAYS[0], DAYS[1], DAYS[4], DAYS[5]]
    drawn = plot(*(Point(day=day, value=3) for day in days), gap_days=100)
    assert line_ends(drawn) == [(TIME.x(DAYS[0]), TIME.x(DAYS[1])), (TIME.x(DAYS[4]), TIME.x(DAYS[5]))]


def test_no_line_touches_a_bound_or_a_preliminary_value() -> None:
    points = [Point(day=day, value=3, joined=index != 2, mark="less" if index == 2 else "dot") for index, day in enumerate(DAYS)]
    assert line_ends(plot(*points)) == [(TIME.x(DAYS[0]), TIME.x(DAYS[1])), (TIME.x(DAYS[3]), TIME.x(DAYS[5]))]


def test_no_line_crosses_a_day_with_a_value_that_cannot_be_used() -> None:
    drawn = plot(*(Point(day=day, value=3) for day in DAYS), breaks=(DAYS[2] + timedelta(days=9),))
    assert line_ends(drawn) == [(TIME.x(DAYS[0]), TIME.x(DAYS[2])), (TIME.x(DAYS[3]), TIME.x(DAYS[5]))]


def test_points_given_as_columns_are_drawn_as_points_are() -> None:
    values = [1.5, 3, 3, 9, 4.1, 2]
    marks: list[charts.Mark] = ["dot", "converted", "dot", "dot", "square", "converted"]
    columns = charts.plain_columns(DAYS, values, marks)
    by_columns = draw([PlotSeries(style="measure", points=columns, gap_days=100)], time=TIME, values=VALUES)
    assert by_columns == plot(*map(Point, DAYS, values, marks))


@pytest.mark.parametrize(("crossed", "style"), [(True, []), (False, ["name"])])
def test_words_are_held_against_every_line_they_could_meet(crossed: bool, style: list[str]) -> None:
    long = [Segment(0, 75, WIDTH, 75)] if crossed else []
    short = [Segment(x, 140, x + 10, 140) for x in range(0, WIDTH, 10)]
    found = Room(150, marks=[], segments=[*short, *long]).put("7.4 %", WIDTH // 2, 84, style="name", sides=("above",))
    assert [label.style for label in found] == style


def test_two_methods_are_two_lines() -> None:
    both = [PlotSeries(style="measure", points=[Point(day=day, value=3) for day in DAYS[index::2]], gap_days=200) for index in (0, 1)]
    assert len(draw(both, time=TIME, values=VALUES).lines) == 2


def test_dots_of_a_series_are_one_path() -> None:
    drawn = plot(*(Point(day=day, value=3) for day in DAYS))
    assert len(drawn.dots) == 1
    assert drawn.dots[0].d.count("h0") == len(DAYS)


def test_a_value_off_the_scale_is_a_triangle_at_the_edge_with_its_number() -> None:
    drawn = plot(Point(day=DAYS[1], value=17.8, label="17.8, off scale", weight=2))
    assert [(mark.shape, mark.y) for group in drawn.symbols for mark in group.symbols] == [("above", "7")]
    assert [label.text for label in drawn.labels] == ["17.8, off scale"]


def test_pairs_are_bars_from_lower_to_higher_and_never_joined() -> None:
    drawn = plot(*(Point(day=day, value=4, paired=2) for day in DAYS))
    assert [stroke.style for stroke in drawn.lines] == ["measure bar"]
    assert drawn.lines[0].d.count("V") == len(DAYS)


def test_a_bar_that_leaves_the_axis_below_carries_a_triangle() -> None:
    drawn = plot(Point(day=DAYS[0], value=4, paired=0.5))
    assert [mark.shape for group in drawn.symbols for mark in group.symbols] == ["below"]


def test_corrected_values_carry_a_ring_beside_their_dot() -> None:
    drawn = plot(Point(day=DAYS[0], value=3, ring=True))
    assert [mark.shape for group in drawn.symbols for mark in group.symbols] == ["ring"]
    assert drawn.dots


def test_many_points_are_drawn_small() -> None:
    many = [Point(day=TIME.start + timedelta(days=10 * index), value=3, mark="converted") for index in range(60)]
    assert {mark.shape for group in plot(*many).symbols for mark in group.symbols} == {"small-converted"}


def test_a_cross_stands_where_no_line_runs_and_says_why() -> None:
    drawn = plot(*(Point(day=day, value=2.1) for day in DAYS), crosses=(Cross(day=DAYS[3], words="not scored"),))
    cross = drawn.symbols[-1].symbols[0]
    assert cross.shape == "cross"
    assert abs(float(cross.y) - VALUES.y(2.1)) > 8
    assert [label.text for label in drawn.labels] == ["not scored"]


@given(st.lists(st.floats(min_value=1, max_value=5), min_size=2, max_size=40))
def test_labels_never_cover_each_other(values: list[float]) -> None:
    points = [Point(day=TIME.start + timedelta(days=18 * index), value=each, label="4.17", weight=2) for index, each in enumerate(values)]
    labels = plot(*points).labels
    boxes = [(float(label.x[:-1]) * 5.2, float(label.y)) for label in labels]
    starts = {"start": 0.0, "middle": -13.4, "end": -26.8}
    lefts = [x + float(label.dx) + starts[label.anchor] for (x, _), label in zip(boxes, labels, strict=True)]
    for one in range(len(labels)):
        for other in range(one):
            assert abs(lefts[one] - lefts[other]) > 26.5 or abs(boxes[one][1] - boxes[other][1]) > 12.5


@pytest.mark.parametrize(
    ("start", "first", "count"),
    [(date(2025, 11, 22), "Dec", 12), (date(2024, 11, 22), "Jan", 8), (date(2021, 11, 22), "Jan", 10), (date(2014, 11, 22), "2015", 12)],
)
def test_ticks_fit_every_range(start: date, first: str, count: int) -> None:
    ticks = charts.time_ticks(TimeScale(start=start, end=date(2026, 11, 22)))
    assert (ticks[0].text, len(ticks)) == (first, count)


def test_side_ticks_that_would_touch_are_left_out() -> None:
    scale = ValueScale(low=0, high=40, height=60)
    assert [tick.text for tick in scale.ticks([0, 3, 30], ["0", "3", "30"])] == ["0", "30"]


def test_the_year_stands_over_the_first_month_and_each_january() -> None:
    assert [(tick.text, tick.strong) for tick in charts.time_ticks(TIME) if tick.strong] == [("Jan", "2025"), ("Jan", "2026")]


def test_an_empty_range_of_one_day_draws_without_error() -> None:
    day = TimeScale(start=date(2026, 1, 1), end=date(2026, 1, 1))
    assert day.x(date(2026, 1, 1)) == 0
    assert charts.time_ticks(day) == ()


def test_no_words_are_put_across_a_mark_that_keeps_its_place() -> None:
    room = Room(150, marks=[], segments=[])
    room.reserve(WIDTH // 2, 100)
    assert room.put("7.4 %, converted", WIDTH // 2, 112, style="note", sides=("above",)) == []
    assert room.put("7.4 %, converted", WIDTH // 2, 60, style="note", sides=("above",))


@pytest.mark.parametrize(
    ("words", "language", "fits"),
    [
        (Sentence("converted"), ENGLISH, True),
        (Sentence("converted"), PseudoLanguage(code="en-XA"), False),
        # What a record says is as long in every language.
        ("converted", PseudoLanguage(code="en-XA"), True),
    ],
)
def test_words_take_the_room_that_they_have_in_the_language_of_the_page(words: str, language: Language, *, fits: bool) -> None:
    room = Room(150, marks=[(1330, 60)], segments=[], language=language)
    assert bool(room.put(words, WIDTH // 2, 60, style="note", sides=("right",))) is fits


@pytest.mark.parametrize(("value", "shape"), [(20.0, "noted"), (99.0, "noted-below")])
def test_what_somebody_commented_on_has_a_bubble_that_stays_inside_and_that_no_words_cover(value: float, shape: str) -> None:
    day = date(2026, 3, 10)
    time, values = TimeScale(start=date(2026, 1, 1), end=date(2026, 12, 31)), ValueScale(low=0, high=100, height=150)
    point = Point(day, value, label="62 (7.8 %)", weight=3, noted=True)
    drawn = draw([PlotSeries(style="measure", points=[point], gap_days=10)], time=time, values=values)
    [bubble] = [symbol for group in drawn.symbols for symbol in group.symbols]
    assert bubble.shape == shape
    [label] = drawn.labels
    middle = float(bubble.y) + (15 if shape == "noted-below" else -15)
    assert not middle - 6 < float(label.y) - 3 < middle + 6 or label.anchor != "middle"
