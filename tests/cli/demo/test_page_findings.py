"""What the check says of a page: nothing of one that has all that was given, and one sentence for each thing that is not there."""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.measures.catalogue import load_measures
from smart_app.cli.demo.html_visitor import Page
from smart_app.cli.demo.page_findings import (
    SentRating,
    ratings_not_found,
    reads_not_whole,
    receipt_findings,
    results_not_found,
    totals_shown,
)
from smart_app.cli.demo.seeded_results import SeededResult, day_text, numbers_of, results_in, unit_in, value_in_words

UTC = ZoneInfo("UTC")
TODAY = date(2026, 11, 29)
RATING_HEAD = ("Visit", "Patient total", "goal", "Clinician total", "goal", "Remarks")
ALL_READ = "<p>Read from here. All 2 reads complete.</p>"


def page(*parts: str) -> Page:
    return Page(url="http://x/", status=200, html="".join(parts))


def table(label: str, head: tuple[str, ...], *rows: tuple[str, ...]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in (head, *rows))
    return f'<div role="region" aria-label="{label}"><table>{lines}</table></div>'


def values(*rows: tuple[str, ...], title: str = "Laboratory HbA1c") -> str:
    return table(f"{title}: Table of {len(rows)} values", ("Date", "As reported", "Converted", "Source"), *rows)


def given(name: str = "a", code: str = "4548-4", day: str = "2026-02-01", **fields: Any) -> dict[str, Any]:
    usual = {"valueQuantity": {"value": Decimal("7.2"), "unit": "%"}, "effectiveDateTime": day}
    coded = {"coding": [{"system": "http://loinc.org", "code": code}]}
    return {"resourceType": "Observation", "id": name, "code": coded, "subject": {"reference": "Patient/p"}} | usual | fields


def results(*observations: dict[str, Any]) -> tuple[SeededResult, ...]:
    found = results_in([{"resourceType": "Patient", "id": "p"}, *observations], load_measures(), base="http://ehr/fhir")
    return tuple(found.by_patient["p"])


def not_found(html: str, *observations: dict[str, Any]) -> list[str]:
    return results_not_found(page(html), results(*observations), UTC)


class TestResults:
    def test_what_is_there_is_no_finding(self) -> None:
        assert not_found(values(("01-Feb-2026", "7.2 %", "55 mmol/mol", "Lab")), given()) == []

    def test_nothing_was_given_and_nothing_is_looked_for(self) -> None:
        assert not_found("") == []

    def test_empty_page_names_every_result_with_its_value_day_and_id(self) -> None:
        assert not_found("", given("a"), given("b", day="2026-03-02")) == [
            "HbA1c 7.2 % of 01-Feb-2026 (Observation/a) is not on the page and not listed as not shown; the page has no table of HbA1c.",
            "HbA1c 7.2 % of 02-Mar-2026 (Observation/b) is not on the page and not listed as not shown; the page has no table of HbA1c.",
        ]

    def test_what_stands_there_instead_is_named(self) -> None:
        rows = ("01-Feb-2026", "8.0 %", "64 mmol/mol", ""), ("01-Feb-2026", "9.0 %", "", "Lab"), ("02-Feb-2026", "7.2 %", "", "")
        (said,) = not_found(values(*rows), given())
        assert said.endswith("; its table of HbA1c has “8.0 %, 64 mmol/mol; 9.0 %, Lab” for that day.")

    def test_day_without_a_row_is_said(self) -> None:
        (said,) = not_found(values(("02-Feb-2026", "7.2 %", "", "")), given())
        assert said.endswith("(Observation/a) is not on the page and not listed as not shown; its table of HbA1c has nothing of that day.")

    def test_other_measures_table_is_not_what_stands_there(self) -> None:
        row = ("01-Feb-2026", "7.2 %", "", "")
        for title in ("Glucose", "xHbA1c"):
            (said,) = not_found(values(row, title=title), given())
            assert said.endswith("; the page has no table of HbA1c.")
        assert not_found(values(row, title="HbA1c"), given()) == []

    def test_table_that_is_none_of_values_or_left_out_counts_for_nothing(self) -> None:
        row = ("01-Feb-2026", "7.2 %", "Observation/a")
        (said,) = not_found(table("HbA1c", ("Date", "x", "y"), row), given())
        assert said.endswith("; the page has no table of HbA1c.")

    def test_value_and_day_of_different_rows_make_no_result(self) -> None:
        (said,) = not_found(values(("01-Feb-2026", "8.0 %", "", ""), ("02-Feb-2026", "7.2 %", "", "")), given())
        assert said.startswith("HbA1c 7.2 % of 01-Feb-2026 (Observation/a)")

    def test_second_result_of_a_day_needs_a_row_of_its_own(self) -> None:
        row = ("01-Feb-2026", "7.2 %", "", "")
        (said,) = not_found(values(row), given("a"), given("b"))
        assert "(Observation/b)" in said
        assert said.endswith("; its table of HbA1c has “7.2 %” for that day.")
        assert not_found(values(row, row), given("a"), given("b")) == []

    def test_result_without_a_day_is_looked_for_by_its_id_alone(self) -> None:
        dayless = given(effectiveDateTime=None)
        (said,) = not_found(values(("01-Feb-2026", "7.2 %", "", "")), dayless)
        assert said.startswith("HbA1c 7.2 % of no day (Observation/a) ")
        assert not_found(table("More that is not shown", ("Date", "Source"), ("", "Observation/a, version 1")), dayless) == []

    def test_either_of_two_days_will_do_and_both_are_said(self) -> None:
        twice = given(effectiveDateTime=None, effectivePeriod={"start": "2026-01-31", "end": "2026-02-01"})
        assert not_found(values(("01-Feb-2026", "7.2 %", "", "")), twice) == []
        assert not_found(values(("31-Jan-2026", "7.2 %", "", "")), twice) == []
        assert not_found("", twice)[0].startswith("HbA1c 7.2 % of 31-Jan-2026 or 01-Feb-2026 (")

    @pytest.mark.parametrize(
        ("unit", "cell", "found"),
        [
            ("%", "60 mmol/mol", False),
            ("mmol/mol", "60 %", False),
            ("mmol/mol", "60 mmol/mol", True),
            ("%{HbA1c}", "60 %", True),
            ("percent", "60 %", True),
            ("%", "60", True),
            ("%", "60.0 %, preliminary", True),
            ("%", "160 %", False),
            ("%", "6 %", False),
        ],
    )
    def test_one_unit_does_not_stand_for_the_other(self, unit: str, cell: str, found: bool) -> None:
        observation = given(valueQuantity={"value": 60, "unit": unit})
        assert (not_found(values(("01-Feb-2026", cell, "", "")), observation) == []) == found

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"valueQuantity": {"value": Decimal("7.20"), "unit": "%", "comparator": ">"}}, "> 7.20 %"),
            ({"valueQuantity": {"value": 55, "code": "mmol/mol"}}, "55 mmol/mol"),
            ({"valueQuantity": {"value": 55}}, "55"),
            ({"valueQuantity": None, "valueString": "high"}, "high"),
            ({"valueQuantity": None, "dataAbsentReason": {}}, "no value of its own"),
        ],
    )
    def test_value_is_said_as_it_was_given(self, fields: dict[str, Any], words: str) -> None:
        assert value_in_words(given(**fields)) == words
        assert not_found("", given(**fields))[0].startswith(f"HbA1c {words} of ")

    def test_pair_is_found_in_its_order_and_not_by_its_first_number(self) -> None:
        parts = [{"valueQuantity": {"value": number, "unit": "mmHg"}} for number in (134, 84)]
        pressure = given("a", "85354-9", valueQuantity=None, component=parts)
        row = ("01-Feb-2026", "134/84 mmHg", "", "")
        assert not_found(values(row, title="Blood pressure"), pressure) == []
        for cell in ("134/85 mmHg", "133/84 mmHg"):
            assert len(not_found(values(("01-Feb-2026", cell, "", ""), title="Blood pressure"), pressure)) == 1

    def test_day_is_the_clinics(self) -> None:
        late = results(given(day="2026-02-01T23:30:00Z"))
        html, zone = values(("02-Feb-2026", "7.2 %", "", "")), ZoneInfo("Pacific/Kiritimati")
        assert results_not_found(page(html), late, zone) == []
        assert results_not_found(page(), late, zone)[0].startswith("HbA1c 7.2 % of 02-Feb-2026 (")

    @pytest.mark.parametrize("day", ["２０２６", "２０２６-02", "2026-13", "soon"])
    def test_what_is_no_day_of_a_calendar_is_no_day(self, day: str) -> None:
        assert not_found("", given(day=day))[0].startswith("HbA1c 7.2 % of no day (")

    def test_day_in_a_cell_is_no_number(self) -> None:
        assert len(not_found(values(("2026", "7.2 %", "", "")), given(day="2026", valueQuantity={"value": 2026}))) == 1

    @pytest.mark.parametrize("own", [{"valueString": "7.2 %"}, {"component": []}, {"dataAbsentReason": {}}])
    def test_group_with_something_of_its_own_is_a_result(self, own: dict[str, Any]) -> None:
        bare = {key: value for key, value in given().items() if key != "valueQuantity"}
        members = {"hasMember": [{"reference": "Observation/b"}]}
        assert len(results({**bare, **members, **own})) == 1
        assert results({**bare, **members}) == ()
        assert len(results(bare)) == 1

    def test_resource_of_another_kind_is_no_result_and_each_that_names_nobody_is_counted(self) -> None:
        patient = {"resourceType": "Patient", "id": "p"}
        report = given("r") | {"resourceType": "DiagnosticReport"}
        strange = given("s", subject={"reference": "Patient/q"})
        found = results_in([patient, report, given("a"), given("b"), strange], load_measures(), base="http://ehr/fhir")
        assert [one.reference for one in found.by_patient["p"]] == ["Observation/a", "Observation/b"]
        assert found.untied == 1

    def test_hba1c_is_told_from_other_results(self) -> None:
        found = results(given("a"), given("b", "29463-7"), given("c", "71875-9"))
        assert [one.reference for one in found if one.is_hba1c] == ["Observation/a", "Observation/c"]

    def test_two_measures_of_one_code_are_both_named(self) -> None:
        one = SeededResult(titles=frozenset({"Weight", "BMI"}), observation=given())
        (said,) = results_not_found(page(), [one], UTC)
        assert said.startswith("BMI or Weight 7.2 % of ")
        assert said.endswith("; the page has no table of BMI or Weight.")


def test_numbers_keep_sign_pair_and_unit() -> None:
    (number,) = numbers_of(given(valueQuantity=None, valueString=" >= 7,2 % "))
    assert (number.sign, number.number, number.second, number.unit) == (">=", Decimal("7.2"), None, "%")
    (coded,) = numbers_of(given(valueQuantity={"value": 55, "code": "mmol/mol", "comparator": "<"}))
    assert (coded.sign, coded.number, coded.unit) == ("<", Decimal(55), "mmol/mol")
    assert numbers_of(given(valueQuantity={"value": "many"})) == []
    assert numbers_of(given(valueQuantity=None, valueString="positive")) == []
    assert [unit_in(text) for text in ("mmol/mol", "% of Hb", "mg/mmol", "")] == ["mmol/mol", "%", "", ""]


def test_day_is_written_as_the_page_writes_it() -> None:
    assert [day_text(date(2026, month, 1)) for month in (1, 12)] == ["01-Jan-2026", "01-Dec-2026"]


def rating(informant: str = "patient", *answers: str) -> SentRating:
    return SentRating(informant=informant, answers={f"item-{place}": one for place, one in enumerate(answers or ("3", "4"))}, day=TODAY)


def ratings(*rows: tuple[str, ...], label: str = "Alliance with Sofia (you): Table of 2 ratings") -> str:
    return table(label, RATING_HEAD, *rows)


class TestRatings:
    @pytest.mark.parametrize(("answers", "total"), [("34", "3.50"), ("344", "3.67"), ("334", "3.33"), ("33333344", "3.25"), ("5", "5.00")])
    def test_total_is_the_mean_of_what_was_answered(self, answers: str, total: str) -> None:
        assert rating("patient", *answers).total == total

    def test_half_a_hundredth_is_rounded_up(self) -> None:
        assert rating("patient", *("3" * 7 + "4")).total == "3.13"

    def test_both_ratings_of_the_day_are_found(self) -> None:
        html = ratings(("29-Nov-2026", "3.50", "3.00", "4.00", "4.00", ""))
        assert ratings_not_found(page(html), [rating(), rating("clinician", "4")]) == []

    def test_no_rating_given_is_no_finding(self) -> None:
        assert ratings_not_found(page(), []) == []

    def test_page_without_ratings_is_said_for_each(self) -> None:
        assert ratings_not_found(page(), [rating(), rating("clinician", "4")]) == [
            "The patient's rating of 29-Nov-2026, total 3.50, is not on the page; no table of ratings has a column “Patient total”.",
            "The clinician's rating of 29-Nov-2026, total 4.00, is not on the page; no table of ratings has a column “Clinician total”.",
        ]

    def test_day_without_a_row_is_said(self) -> None:
        html = ratings(("28-Nov-2026", "3.50", "", "4.00", "", "said again on 29-Nov-2026"))
        (said,) = ratings_not_found(page(html), [rating()])
        assert said == "The patient's rating of 29-Nov-2026, total 3.50, is not on the page; for that day its table has no row."

    @pytest.mark.parametrize("cell", ["not rated", "3.56", "3.50 (8 of 9)", ""])
    def test_other_total_of_that_day_is_named(self, cell: str) -> None:
        (said,) = ratings_not_found(page(ratings(("29-Nov-2026", cell, "3.50", "3.50", "3.50", ""))), [rating()])
        assert said.endswith(f"is not on the page; for that day its table has “{cell}”.")

    def test_one_persons_total_does_not_stand_for_the_others(self) -> None:
        html = ratings(("29-Nov-2026", "4.00", "", "3.50", "", ""))
        assert len(ratings_not_found(page(html), [rating(), rating("clinician", "4")])) == 2

    def test_every_row_and_table_of_that_day_is_looked_at(self) -> None:
        other = ratings(("29-Nov-2026", "2.00", "", "2.00", "", ""), label="Alliance with Anna: Table of 1 rating")
        html = ratings(("29-Nov-2026 09:00", "1.00", "", "1.00", "", ""), ("29-Nov-2026 14:00", "3.50", "", "4.00", "", ""))
        assert ratings_not_found(page(other, html), [rating(), rating("clinician", "4")]) == []
        (said,) = ratings_not_found(page(other, ratings(("29-Nov-2026", "1.00", "", "", "", ""))), [rating()])
        assert said.endswith("for that day its table has “2.00” and “1.00”.")

    def test_day_is_the_one_in_the_first_column(self) -> None:
        (said,) = ratings_not_found(page(ratings(("28-Nov-2026", "see 29-Nov-2026", "", "4.00", "", ""))), [rating("clinician", "4")])
        assert said.endswith("for that day its table has no row.")

    def test_totals_of_a_day_are_those_of_both(self) -> None:
        html = ratings(("29-Nov-2026", "3.50", "3.00", "4.00", "4.10", ""), ("28-Nov-2026", "1.00", "", "2.00", "", ""))
        assert totals_shown(page(html), TODAY) == {"3.50", "4.00"}
        assert totals_shown(page(), TODAY) == set()

    def test_row_that_ends_before_the_column_has_nothing_there(self) -> None:
        (said,) = ratings_not_found(page(ratings(("29-Nov-2026", "3.50", "4.00"))), [rating("clinician", "4")])
        assert said.endswith("for that day its table has “”.")

    def test_table_without_rows_or_columns_is_passed_over(self) -> None:
        html = '<div role="region" aria-label="Empty"><table></table></div>' + ratings(("29-Nov-2026", "3.50", "", "", "", ""))
        assert ratings_not_found(page(html), [rating()]) == []


def reads(*rows: tuple[str, ...]) -> str:
    return table("What was searched", ("Read", "Outcome", "Used", "Time"), *(rows or (("Patient", "complete"), ("HbA1c", "complete"))))


def notice(text: str, kind: str = "notice") -> str:
    return f'<div class="{kind}"><p><strong>{text}</strong></p></div>'


class TestReads:
    def test_whole_reads_are_no_finding(self) -> None:
        assert reads_not_whole(page(reads(), ALL_READ)) == []
        assert reads_not_whole(page(reads(), "<p>All 1 read complete.</p>")) == []

    @pytest.mark.parametrize("html", ["", table("What was searched", ("Read", "Outcome")), reads().replace("searched", "found")])
    def test_page_that_does_not_say_what_was_read_is_a_finding(self, html: str) -> None:
        said = ["The page does not say what was read: it has no table “What was searched” with a row."]
        assert reads_not_whole(page(html, ALL_READ)) == said

    @pytest.mark.parametrize("outcome", ["incomplete", "failed", "not permitted", "complete from 01-Feb-2026 on", ""])
    def test_each_read_that_is_not_complete_is_named(self, outcome: str) -> None:
        rows = ("Patient", "complete", "1", "x"), ("HbA1c", outcome, "0", "x"), ("Glucose", "failed", "0", "x")
        assert reads_not_whole(page(reads(*rows), ALL_READ)) == [
            f"The read “HbA1c” is not complete: the page says “{outcome}”.",
            "The read “Glucose” is not complete: the page says “failed”.",
        ]

    def test_count_of_whole_reads_is_read_too(self) -> None:
        assert reads_not_whole(page(reads(), "<p>1 of 2 reads complete.</p>")) == [
            "Not every read is complete: the page counts “1 of 2 reads complete.”"
        ]
        assert reads_not_whole(page(reads())) == ["The page does not count how many reads are complete."]

    @pytest.mark.parametrize(
        "text",
        [
            "This page is incomplete. 1 of 7 reads did not complete (HbA1c).",
            "This page is incomplete. 3 HbA1c values could not be used; see “Not shown”. 1 of 7 reads did not complete (HbA1c).",
            "This page is incomplete. HbA1c is complete from 01-Feb-2026 on",
            "This page may be incomplete. 3 results could not be tied to this patient.",
            "The server returned other patients’ data. 3 resources the server returned belong to other patients.",
            "HbA1c did not load. The health record did not answer completely.",
            "HbA1c is incomplete. There may be more.",
            "HbA1c may not be read in this launch.",
            "HbA1c cannot be read from this server.",
            "HbA1c is complete from 01-Feb-2026 on.",
        ],
    )
    def test_notice_of_a_read_is_repeated(self, text: str) -> None:
        assert reads_not_whole(page(reads(), ALL_READ, notice(text))) == [f"The page says of itself: “{text}”"]

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("This page is incomplete. 3 HbA1c values could not be used; see “Not shown”.", "notice"),
            ("This page is incomplete. 1 HbA1c value could not be used; see “Not shown”.", "notice"),
            ("The patient rated today’s visit, on an incomplete form.", "notice waiting"),
            ("Rapport will close at 14:00.", "notice"),
            ("HbA1c is incomplete.", "quiet"),
        ],
    )
    def test_notice_of_something_else_is_no_finding(self, text: str, kind: str) -> None:
        assert reads_not_whole(page(reads(), ALL_READ, notice(text, kind))) == []

    def test_one_reason_is_said_once_however_many_measures_give_it(self) -> None:
        texts = [f"{title} did not load. Tried at {at}." for title, at in (("HbA1c", 1), ("Weight", 1), ("BMI", 2))]
        said = reads_not_whole(page(reads(), ALL_READ, *map(notice, texts)))
        assert said == [f"The page says of itself: “{texts[0]}”", f"The page says of itself: “{texts[2]}”"]

    def test_two_reasons_are_both_said_however_they_end(self) -> None:
        texts = [f"{title} did not load. {why}. Tried at 1." for title, why in (("HbA1c", "Too slow"), ("Weight", "Refused"))]
        assert len(reads_not_whole(page(reads(), ALL_READ, *map(notice, texts)))) == 2

    def test_everything_that_is_wrong_is_said(self) -> None:
        html = reads(("HbA1c", "failed")) + "<p>0 of 1 read complete.</p>" + notice("HbA1c did not load.")
        assert len(reads_not_whole(page(html))) == 3


PART_HEAD = ("What", "Value", "Id and version", "Read back")
LEFT_HEAD = ("What", "Why", "Where it is now", "What to do")


def receipt(*rows: tuple[str, ...], heading: str = "Saved in the record") -> str:
    return f"<h1>{heading}</h1>" + table("Table of what was written", PART_HEAD, *(rows or (("Answers", "9 of 9", "x/1", "same"),)))


class TestReceipt:
    def test_saved_and_read_back_is_no_finding(self) -> None:
        assert receipt_findings(page(receipt())) == []
        assert receipt_findings(page(receipt(("Answers", "", "x/1", "same. Status final")))) == []

    @pytest.mark.parametrize(
        "heading", ["Not in the record yet: kept in Rapport", "Saved in the record, with something left out", "Saved, but it differs", ""]
    )
    def test_other_headline_is_named(self, heading: str) -> None:
        assert receipt_findings(page(receipt(heading=heading))) == [f"The receipt does not say “Saved in the record”: it says “{heading}”."]

    def test_receipt_of_nothing_is_a_finding(self) -> None:
        assert receipt_findings(page("<h1>Saved in the record</h1>")) == ["The receipt names nothing that was written."]

    @pytest.mark.parametrize("read_back", ["differs", "not found", "not read", "differs. same day", ""])
    def test_part_that_was_not_read_back_the_same_is_named(self, read_back: str) -> None:
        rows = ("Answers", "9 of 9", "x/1", "same"), ("Total", "3.50", "x/2", read_back), ("Goal", "", "x/3", "not read")
        assert receipt_findings(page(receipt(*rows))) == [
            f"“Total” was not read back as it was sent: the receipt says “{read_back}”.",
            "“Goal” was not read back as it was sent: the receipt says “not read”.",
        ]

    def test_part_that_was_not_written_is_named_with_the_reason(self) -> None:
        left = table("Table of what was not written", LEFT_HEAD, ("Provenance", "The server refused it.", "nowhere", "nothing"))
        assert receipt_findings(page(receipt(), left)) == ["“Provenance” was not written: the receipt says “The server refused it.”."]

    def test_everything_that_is_wrong_is_said(self) -> None:
        left = table("Table of what was not written", LEFT_HEAD, ("Goal", "refused"), ("Task", "refused"))
        assert len(receipt_findings(page(left))) == 4
