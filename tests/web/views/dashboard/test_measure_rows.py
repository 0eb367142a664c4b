"""The measures beside HbA1c as low rows: what stands in them, what they open to, and what has none."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measure import Unit
from fhir_mappings.measures.measurement import Measurement, Remark
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import Panel
from smart_app.web.views.dashboard.dashboard_page import dashboard_view
from smart_app.web.views.dashboard.lanes.measure_rows import MeasureRow, MeasuresPanel
from tests.web.support_history import CONTEXT, MEASURES, NOW, TODAY, URLS, dyad, history, moment, panel, rating, read, spread, value

TIR, GLUCOSE, PRESSURE, WEIGHT, LDL, EGFR, UACR = MEASURES


def measures(*panels: Panel) -> MeasuresPanel:
    found = dashboard_view(history(panels=panels), context=CONTEXT, urls=URLS, now=NOW).measures
    assert found
    return found


def row(of: Panel) -> MeasureRow:
    [group] = measures(of).groups
    [found] = group.rows
    return found


def skipped(shown: str | None, day: date, code: str = "unit_missing", measure: str = "weight") -> Skipped:
    return Skipped(
        source=f"Observation/{measure}-{day}", measure=measure, what=Sentence("Weight"), when=moment(day), shown=shown, code=code,
        reason=Sentence("No unit recorded"),
    )  # fmt: skip


def ticks(shown: MeasureRow) -> list[str]:
    return [tick.text for tick in shown.plot.left]


# A row


def test_a_row_stands_on_the_persons_own_range_and_opens_to_the_lane() -> None:
    shown = row(panel(WEIGHT, spread(WEIGHT, ("85.2", "86.0", "90.6"))))
    assert ticks(shown) == ["84", "92"]
    assert shown.plot.height < 36
    assert (shown.title, shown.unit, shown.about, shown.count) == ("Weight", "kg", "no direction set", "3")
    assert [(cell.value, cell.unit) for cell in shown.cells] == [("86.0", ""), ("90.6", "")]
    assert [cell.day for cell in shown.cells] == ["18-Aug-2026", "10-Nov-2026"]
    assert shown.lane.plot
    assert [tick.text for tick in shown.lane.plot.left] == ["60", "90", "120"]
    assert shown.lane.table
    assert len(shown.lane.table.rows) == 3


def test_one_value_is_no_line_along_an_edge_and_what_was_done_is_said() -> None:
    found = measures(panel(WEIGHT, spread(WEIGHT, ("85.2",))))
    [shown] = found.groups[0].rows
    assert ticks(shown) == ["82", "88"]
    assert found.widened
    assert [(cell.value, cell.day) for cell in shown.cells] == [("", "first value"), ("85.2", "10-Nov-2026")]
    assert measures(panel(WEIGHT, spread(WEIGHT, ("80", "90")))).widened is None


def test_a_pair_is_a_bar_and_its_range_holds_both_numbers() -> None:
    shown = row(panel(PRESSURE, spread(PRESSURE, ("138/84", "136/79"))))
    assert [stroke.style for stroke in shown.plot.lines] == ["measure small bar"]
    low, high = map(Decimal, ticks(shown))
    assert low <= 79
    assert high >= 138
    assert shown.cells[-1].value == "136/79"


def test_a_bound_is_an_open_triangle_with_words_that_no_line_reaches() -> None:
    values = spread(UACR, ("1.0", "1.8", "2.9"))
    values[0] = values[0]._replace(comparator="<")
    shown = row(panel(UACR, values))
    assert [symbol.shape for group in shown.plot.symbols for symbol in group.symbols] == ["less"]
    assert "< 1.0" in [label.text for label in shown.plot.labels]
    assert shown.plot.lines[0].d.count("L") == 1


IN_MG = Unit(code="mg/dL", label="mg/dL", slope=Decimal("0.0555"), intercept=Decimal(0), low=Decimal(9), high=Decimal(1080), spellings=())
BOTH = replace(GLUCOSE, units=(*GLUCOSE.units, IN_MG))


def in_mg(day: date, text: str) -> Measurement:
    drawn = value(BOTH, day, str(Decimal(text) * IN_MG.slope))
    return drawn._replace(reported=Quantity(text, "mg/dL", "mg/dL"), converted=True)


def test_values_all_reported_in_one_other_unit_are_drawn_in_it() -> None:
    shown = row(panel(BOTH, [in_mg(TODAY - timedelta(days=90), "120"), in_mg(TODAY, "200")]))
    assert (shown.unit, ticks(shown)) == ("mg/dL", ["120", "200"])
    assert [(cell.value, cell.unit) for cell in shown.cells] == [("120", ""), ("200", "")]
    assert shown.plot.symbols == ()
    assert "all reported in mg/dL, drawn converted" in shown.lane.about


def test_a_value_in_another_unit_than_the_rows_names_it_and_has_the_mark() -> None:
    shown = row(panel(BOTH, [value(BOTH, TODAY - timedelta(days=90), "7.0"), in_mg(TODAY, "200")]))
    assert shown.unit == "mmol/L"
    assert [(cell.value, cell.unit, cell.long) for cell in shown.cells] == [("7.0", "", False), ("200", "mg/dL", False)]
    assert [symbol.shape for group in shown.plot.symbols for symbol in group.symbols] == ["small-converted"]


def test_the_same_unit_otherwise_spelled_is_not_named_again() -> None:
    written = [one._replace(reported=Quantity("80", "kg", "KG")) for one in spread(WEIGHT, ("80", "81"))]
    assert [cell.unit for cell in row(panel(WEIGHT, written)).cells] == ["", ""]


def test_long_numbers_have_short_ticks_and_a_power_in_words() -> None:
    shown = row(panel(replace(WEIGHT, label="/L", unit="/L"), spread(WEIGHT, ("123456789", "131000000"))))
    assert (shown.unit, ticks(shown)) == ("/L, axis × 10⁶", ["122", "132"])
    assert shown.cells[-1].long


@pytest.mark.parametrize(
    ("latest", "about"),
    [
        ({"standing": "preliminary"}, "latest preliminary"),
        ({"standing": "corrected"}, "latest corrected"),
        ({"remarks": (Remark("comment", "Haemolysed."),)}, "latest with a remark"),
        ({"method": "fasting"}, "latest: fasting"),
        ({}, "no direction set"),
    ],
)
def test_what_must_be_known_of_the_latest_value_stands_before_its_number(latest: dict[str, object], about: str) -> None:
    values = spread(WEIGHT, ("80", "81"))
    values[-1] = values[-1]._replace(**latest)  # type: ignore[arg-type]  # fields of a measurement
    assert row(panel(WEIGHT, values)).about == about


def test_nothing_is_the_latest_where_a_later_one_may_be_missing() -> None:
    report = read("vitals", "Vitals", state="partial", reason="Only the first page was read")
    part = replace(panel(WEIGHT, spread(WEIGHT, ("80", "81")), report=report), latest=None, previous=None)
    shown = row(part)
    assert (shown.cells, shown.said) == ((), "latest value not known")


def test_values_in_no_known_order_are_not_called_the_one_before() -> None:
    first, other = spread(WEIGHT, ("80", "81"))
    shown = row(replace(panel(WEIGHT, [first, other]), previous=None, unordered=(first,)))
    assert shown.about == "order not known"


def test_a_crowd_of_values_keeps_its_highest_and_lowest_and_the_lane_all() -> None:
    many = [value(GLUCOSE, TODAY - timedelta(days=index % 700), f"{4 + index % 9}.{index % 10}") for index in range(10_000)]
    many.sort(key=lambda one: one.when.day)
    shown = row(panel(GLUCOSE, many))
    assert sum(stroke.d.count("M") for stroke in shown.plot.dots) <= 2 * 401
    assert ticks(shown) == ["4", "14"]
    assert shown.count == "10000"
    assert shown.lane.plot
    assert sum(stroke.d.count("M") for stroke in shown.lane.plot.dots) == 10_000


# Many rows


def many(number: int) -> Sequence[Panel]:
    shipped = [one for one in load_measures() if one.key != "hba1c"]
    more = [replace(shipped[0], key=f"more-{index}", title=Sentence(f"More {index}"), section=None) for index in range(number)]
    return [panel(one, spread(one, ("5", "6"))) for one in [*shipped, *more][:number]]


def test_up_to_eight_rows_need_no_headings() -> None:
    [group] = measures(*many(8)).groups
    assert (group.title, len(group.rows)) == ("", 8)


def test_more_than_eight_stand_under_headings_in_the_order_of_the_files() -> None:
    groups = measures(*many(14)).groups
    assert [group.title for group in groups] == ["Glucose", "Heart", "Kidney", "Body", "Glucose and time in range"]
    assert [row.title for row in groups[2].rows] == ["eGFR", "Urine ACR"]
    assert sum(len(group.rows) for group in groups) == 14


def test_what_has_no_value_in_the_range_makes_no_heading_and_is_named_in_a_sentence() -> None:
    shown = list(many(9))
    old = [replace(each, points=[]) if each.measure.section and each.measure.section.key == "kidney" else each for each in shown]
    more = many(10)[9:]
    found = measures(*old, *more)
    assert "Kidney" not in [group.title for group in found.groups]
    assert found.older
    assert [line.partition(":")[0] for line in found.older.lines] == ["eGFR", "Urine albumin/creatinine"]
    assert found.everything == "/l/abc/?years=all"


# What has no row


def test_none_is_said_of_whole_searches_only() -> None:
    failed = read("labs", "Labs", state="failed", reason="The server answered 503 twice")
    found = measures(panel(WEIGHT, []), panel(LDL, [], report=failed), panel(EGFR, [], report=failed))
    assert found.empty
    assert found.empty.lead == "No results in this record for: Weight."
    [notice] = found.notices
    assert notice.title == "LDL cholesterol and eGFR did not load."
    assert notice.action


def test_one_notice_for_each_read_that_is_not_whole() -> None:
    part = read("labs", "Labs", state="partial", reason="Only the first page was read")
    since = replace(read("vitals", "Vitals", state="partial"), since=date(2025, 5, 3))
    shown = [panel(one, spread(one, ("5", "6")), report=part) for one in (LDL, EGFR)]
    shown += [panel(one, spread(one, ("80", "81")), report=since) for one in (WEIGHT, GLUCOSE)]
    assert [one.title for one in measures(*shown).notices] == [
        "LDL cholesterol and eGFR are incomplete.",
        "Weight and Glucose are complete from 03-May-2025 on.",
    ]


def test_what_was_found_and_cannot_be_used_is_not_called_none() -> None:
    found = measures(panel(WEIGHT, [], skipped=[skipped("85", TODAY)]), panel(LDL, [], skipped=[skipped(None, TODAY, "foreign_patient")]))
    assert found.unusable
    assert found.unusable.lead == "No value that can be used: Weight."
    assert found.empty
    assert found.empty.lead == "No results in this record for: LDL cholesterol."


# The rail


def test_what_cannot_be_drawn_is_numbered_on_one_rail_in_order_of_time() -> None:
    first, second = date(2025, 6, 24), date(2026, 5, 12)
    weight = panel(WEIGHT, spread(WEIGHT, ("80", "81")), skipped=[skipped("8.52", second)])
    ldl = panel(LDL, spread(LDL, ("2", "3")), skipped=[skipped("2.111111111", first, measure="ldl")])
    found = measures(weight, ldl)
    assert found.not_drawn
    assert [(one.number, str(one.words).partition("“")[2]) for one in found.not_drawn.words] == [
        ("1", "2.111…”. No unit recorded."),
        ("2", "8.52”. No unit recorded."),
    ]
    assert found.not_drawn.number == "2 values"
    assert not [group for each in found.groups for one in each.rows for group in one.plot.symbols]


def test_a_line_does_not_pass_what_could_not_be_used() -> None:
    shown = row(panel(WEIGHT, spread(WEIGHT, ("80", "81", "82")), skipped=[skipped("8.52", TODAY - timedelta(days=50))]))
    assert shown.plot.lines[0].d.count("L") == 1


@pytest.mark.parametrize("code", ["entered_in_error", "foreign_patient", "before_birth"])
def test_what_is_no_result_has_no_number(code: str) -> None:
    assert measures(panel(WEIGHT, spread(WEIGHT, ("80", "81")), skipped=[skipped("8.52", TODAY, code)])).not_drawn is None


# The focus line


def on(day: date, of: Panel) -> MeasuresPanel:
    visits = [rating("patient", visit, ("3.00", "3.00", "3.00")) for visit in (day, TODAY)]
    found = dashboard_view(history(panels=[of], dyads=[dyad(visits)]), context=CONTEXT, urls=URLS, now=NOW, focus=day).measures
    assert found
    return found


def test_with_the_line_moved_a_row_says_what_stood_on_that_day_and_the_latest() -> None:
    found = on(date(2026, 7, 7), panel(WEIGHT, spread(WEIGHT, ("85", "86", "87", "90.6"))))
    assert found.heads == ("On 07-Jul-2026", "Latest")
    [shown] = found.groups[0].rows
    assert [(cell.value, cell.day) for cell in shown.cells] == [("86", "26-May-2026"), ("90.6", "10-Nov-2026")]


def test_before_the_first_value_none_is_said_for_that_day() -> None:
    [shown] = on(date(2025, 1, 7), panel(WEIGHT, spread(WEIGHT, ("85", "86")))).groups[0].rows
    assert [(cell.value, cell.day) for cell in shown.cells] == [("", "none by 07-Jan-2025"), ("86", "10-Nov-2026")]
