"""Geometry: one x per date, broken lines where nothing may be joined, words that keep clear of each other."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.sentence import ENGLISH, Language, Sentence
from smart_app.web.charts import plot as charts
from smart_app.web.charts.label_placement import WIDTH, Room, Segment
from smart_app.web.charts.plot import Band, Columns, PlotSeries, Point, TimeScale, ValueScale, draw
from smart_app.web.languages.pseudo_language import PseudoLanguage

TIME = TimeScale(start=date(2024, 11, 22), end=date(2026, 11, 22))
VALUES = ValueScale(low=1, high=5, height=150)
DAYS = [date(2025, 1, 1) + timedelta(days=60 * index) for index in range(6)]


def plot(*points: Point, gap_days: int = 100, breaks: tuple[date, ...] = ()) -> charts.Plot:
    return draw([PlotSeries(style="measure", points=points, gap_days=gap_days, breaks=breaks)], time=TIME, values=VALUES)


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


@given(
    st.lists(st.tuples(st.dates(min_value=TIME.start, max_value=TIME.end), st.floats(min_value=1, max_value=5)), min_size=1, max_size=40),
    st.sampled_from([TIME, TimeScale(start=date(2014, 11, 22), end=TIME.end)]),
)
def test_no_line_goes_straight_up_or_down(results: list[tuple[date, float]], time: TimeScale) -> None:
    days, values = zip(*sorted(results), strict=True)
    points: Columns = charts.plain_columns(days, values, ["dot"] * len(days))
    drawn = draw([PlotSeries(style="patient", points=points, gap_days=397)], time=time, values=VALUES)
    for piece in lines(drawn):
        xs = [int(x) for x in re.findall(r"[ML](\d+)", piece)]
        assert len(xs) > 1
        assert all(one < other for one, other in pairwise(xs))
    assert drawn.dots[0].d.count("h0") == len(results)


def test_two_of_one_day_are_both_marked_and_the_line_goes_on_from_the_later() -> None:
    days = [DAYS[0], DAYS[1], DAYS[1], DAYS[2]]
    drawn = plot(*(Point(day=day, value=value) for day, value in zip(days, [3, 2, 4, 3], strict=True)))
    assert line_ends(drawn) == [(TIME.x(DAYS[0]), TIME.x(DAYS[1])), (TIME.x(DAYS[1]), TIME.x(DAYS[2]))]
    assert drawn.dots[0].d.count("h0") == len(days)


def banded(words: str, *values: float, low: float = 3.25, high: float = 5.63, since: date | None = None) -> charts.Plot:
    points = [Point(day=TIME.start + timedelta(days=100 * index), value=value) for index, value in enumerate(values)]
    series = [PlotSeries(style="patient", points=points, gap_days=397)] if points else []
    return draw(series, time=TIME, values=VALUES, band=Band(low=low, middle=(low + high) / 2, high=high, since=since), aside=words)


def test_a_band_lies_behind_everything_and_ends_where_the_axis_does() -> None:
    behind = {stroke.style: stroke.d for stroke in banded("", 4.4, 4.5).back}
    foot, middle = VALUES.y(3.25), VALUES.y(4.44)
    assert behind == {"band": f"M0 7H2000V{foot:g}H0z", "baseline": f"M0 {middle:g}H2000"}


def test_a_band_of_ratings_that_began_within_the_range_begins_there() -> None:
    assert banded("", since=DAYS[2]).back[0].d.startswith(f"M{TIME.x(DAYS[2])} ")


def test_words_of_a_band_stand_under_it_where_there_is_room() -> None:
    [label] = [label for label in banded("band: 4.44 ± 1.19", 4.4, 4.5).labels if label.style == "note"]
    assert (label.text, label.anchor, label.x) == ("band: 4.44 ± 1.19", "start", "0%")
    assert VALUES.y(3.25) < float(label.y) < VALUES.y(3.25) + 20


def test_words_of_a_band_that_would_meet_lines_at_every_side_are_left_out() -> None:
    zigzag = banded("so many words of a band that they take the whole width", *([5, 1] * 4), low=2, high=4)
    assert not [label for label in zigzag.labels if label.style == "note"]


def test_words_in_place_of_a_band_stand_low_in_the_plot() -> None:
    drawn = draw([], time=TIME, values=VALUES, aside="no band yet")
    assert [(label.text, label.y) for label in drawn.labels] == [("no band yet", "146")]
    assert drawn.back == ()


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


def test_a_name_that_finds_no_free_place_stands_over_a_line_and_not_over_words() -> None:
    room = Room(60, marks=[(x, 30) for x in range(0, WIDTH, 10)], segments=[])
    middle = WIDTH // 2
    first, second = (room.force(name, [(middle, 30), (middle + 100, 30)], style="name") for name in ("usual method", "capillary"))
    assert first.y != second.y
    # Where there is nowhere else, it is named all the same.
    assert all(room.force(name, [(middle, 30)], style="name").x == "50%" for name in ("a", "capillary blood") * 9)


def test_words_keep_clear_of_the_unit_over_the_axis() -> None:
    room = Room(60, marks=[], segments=[])
    room.reserve_corner("mmol/mol", -40)
    assert room.put("> 14.0 %", 0, 6, style="value", sides=("right", "above")) == []
    assert room.put("> 14.0 %", 200, 6, style="value", sides=("right",))


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
