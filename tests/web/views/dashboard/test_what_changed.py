"""What the three sentences of "What changed" say of a course, and what stands on each: by the rules of the day, in plain words."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.measures.measurement import Measurement, Remark
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.latest_change import measure_change, rating_changes
from fhir_mappings.reliable_change.signals.dyad_signals import signals
from fhir_mappings.reliable_change.signals.signal_terms import Terms, load_terms, with_site_terms
from smart_app.care.dashboard.history import History
from smart_app.web.views.dashboard.summary import ChangeLine, summary
from tests.fhir_mappings.samples import LIBRARY
from tests.web.support_history import CHECK_IN, HBA1C, TODAY, dyad, history, panel, rating, read, spread, value

TERMS = load_terms()
ASSUMED = "the assumed error (1.11)"
Scores = Sequence[str | None]


def on(visit: int, of: int) -> date:
    return TODAY - timedelta(days=70 * (of - 1 - visit))


def patients(*totals: str | Scores | None, **fields: Any) -> list[Rating]:
    """A visit each ten weeks, the last today: a total for all three elements, three of them, or a form declined whole."""
    found = []
    for visit, total in enumerate(totals):
        scores: Scores = [total] * 3 if isinstance(total, str) or total is None else total
        given = rating("patient", on(visit, len(totals)), scores)
        declined = tuple(item.link_id for item in CHECK_IN.items) if total is None else given.declined
        found.append(replace(given, declined=declined, answers={}, **fields))
    return found


def clinicians(*totals: str) -> list[Rating]:
    return [rating("clinician", on(visit, len(totals)), [total] * 3) for visit, total in enumerate(totals)]


def course(ratings: Sequence[Rating], *, terms: Terms = TERMS, complete: bool = True) -> History:
    """The history of these ratings, as the page has it."""
    ordered = sorted(ratings, key=lambda one: one.when.day)
    mine = dyad(ordered)
    changes = rating_changes(mine.instrument, later=mine.latest["patient"], earlier=mine.previous.get("patient"))
    found = signals(ordered, library=LIBRARY, terms=terms, complete=complete)
    return replace(history(dyads=[mine], changes=changes), signals=found)


def lines(shown: History) -> list[ChangeLine]:
    return list(summary(shown, why="/l/abc/why").lines)


def verdicts(*totals: str | Scores | None, **how: Any) -> list[str | None]:
    return [line.verdict for line in lines(course(patients(*totals), **how))]


def site(text: str) -> Terms:
    return with_site_terms(TERMS, text, file="signals.toml", library=LIBRARY)


# The last step


def test_the_last_step_names_the_element_that_moved_most_and_today() -> None:
    [step, *_] = lines(course(patients("4.00", ("4.00", "4.00", "4.00"), ("4.00", "3.00", "3.50"))))
    assert step.text == (
        "Ingrid Halvorsen’s rating of the alliance with you went from 4.00 on 13-Sep-2026 to 3.50 today; the steps (task) moved most, "
        "4.00 to 3.00."
    )
    assert (step.verdict, step.why) == (f"This step alone is within {ASSUMED}.", "/l/abc/why#why-1")


def test_elements_that_moved_against_each_other_are_said_of_a_total_that_did_not() -> None:
    [step] = lines(course(patients(("4.00", "4.00", "4.00"), ("3.00", "5.00", "4.00"))))
    assert step.text.endswith("is unchanged at 4.00 (13-Sep-2026 and 22-Nov-2026); the goals (goal) moved most, 4.00 to 3.00.")


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (("4.00", "3.67"), "Your own went from 4.00 to 3.67."),
        (("4.00", "4.00"), "Yours is unchanged at 4.00."),
        (("4.00",), None),
        ((), None),
    ],
)
def test_the_clinicians_own_step_stands_beside_it_and_is_not_judged(own: tuple[str, ...], said: str | None) -> None:
    step = lines(course([*patients("4.00", "3.00"), *clinicians(*own)]))[0]
    assert step.beside == said


def test_of_other_visits_than_the_patients_the_days_are_said() -> None:
    own = [replace(one, visit=f"Encounter/{one.source}") for one in clinicians("4.00", "4.00", "3.67")]
    assert lines(course([*patients("4.00", "3.00", "3.00"), *own[1:]]))[0].beside == (
        "Your own went from 4.00 on 13-Sep-2026 to 3.67 on 22-Nov-2026."
    )
    assert (
        lines(course([*patients("4.00", "3.00", "3.00"), *own[:2]]))[0].beside
        == "Yours is unchanged at 4.00 (05-Jul-2026 and 13-Sep-2026)."
    )


def test_the_verdict_on_the_step_is_the_engines_and_says_whose_error_it_is() -> None:
    more = "This step alone is more than the assumed error (1.11; none is published for this form)."
    assert verdicts("4.00", "4.00", "2.00")[0] == more
    assert verdicts("2.00", "2.00", "4.00")[0] == more
    assert verdicts("4.00", "4.00", "4.00")[0] == f"This step alone is within {ASSUMED}."
    own = site("""
        [[error]]
        instrument = "rapport-check-in"
        value = "0.20"
        people = 60
        interval = "three months"
        interval_days = 90
        source = "Our own count"
        signed_by = "N. Hale"
        valid_from = 2020-01-01
    """)
    assert verdicts("4.00", "4.00", "3.00", terms=own)[0] == "This step alone is more than the error this site declared (0.55)."


def test_where_somebodys_own_ups_and_downs_are_wider_that_is_said() -> None:
    assert verdicts("4.00", "2.00", "4.00", "2.00", "4.00", "2.00", "3.00")[0] == (
        "This step alone is within this person’s own ups and downs (4.91)."
    )


def test_a_size_that_rounding_hides_is_shown_with_more_digits() -> None:
    assert (
        verdicts("4.00", "4.11", ("3.00", "3.00", "3.00"))[0]
        == "This step alone is more than the assumed error (1.109; none is published for this form)."
    )


def test_a_form_without_an_error_says_to_look_at_the_answers() -> None:
    without = replace(TERMS, errors=())
    assert set(verdicts("4.00", "4.40", "2.00", terms=without)) == {"No error is known for this form: look at the answers."}


def test_a_rule_that_this_site_switched_off_says_so_in_words() -> None:
    off = site("""
        [[off]]
        rule = "previous"
        valid_from = 2020-01-01
        by = "N. Hale"
        reason = "Too many."
    """)
    assert verdicts("4.00", "4.00", "2.00", terms=off)[0] == "This site had switched it off on that day."
    assert verdicts("2.00", "2.00", "4.00", terms=off)[0] == (
        "This step alone is more than the assumed error (1.11; none is published for this form)."
    )


def test_where_older_ratings_may_be_missing_nothing_is_judged() -> None:
    assert verdicts("4.00", "4.00", "2.00", complete=False)[0] == "Not all ratings could be read, so that an earlier one may be missing."


def test_a_version_whose_file_is_gone_is_shown_and_not_judged() -> None:
    gone = course(patients("4.00", "4.00", "2.00", version="0.0.1"))
    assert lines(gone)[0].verdict == "This version of the form is not installed any more, so its scores are shown and not judged."


def test_without_a_signal_nothing_is_said_of_a_step_and_nothing_links_to_why() -> None:
    shown = replace(course(patients("4.00", "4.00", "2.00")), signals=())
    assert {(line.verdict, line.beside, line.why) for line in lines(shown)} == {(None, None, "")}
    assert {line.why for line in summary(course(patients("4.00", "2.00"))).lines} == {""}


def test_after_a_form_without_a_score_the_step_is_judged_against_the_last_one_with_one() -> None:
    shown = course(patients("4.00", "4.11", ("4.00", None, "4.00"), "2.67"))
    [step, *_] = lines(shown)
    assert "was not scored on 13-Sep-2026 and is 2.67" in step.text
    assert step.verdict == (
        "Against 4.11 on 05-Jul-2026, the last score before it: more than the assumed error (1.11; none is published for this form)."
    )


# The longest move


def test_a_slide_is_judged_against_the_first_scores_as_the_engine_does() -> None:
    step, move = lines(course(patients("4.33", "4.56", "4.44", "4.11", "4.00", "3.56", "3.00")))
    assert step.verdict == f"This step alone is within {ASSUMED}."
    assert move.text == "The patient’s rating was highest at 4.56 on 07-Dec-2025 and has been lower at each of the five visits since."
    assert move.verdict == (
        "The latest is 1.44 below the mean of the first three ratings: more than the assumed error (1.19; none is published for this form)."
    )
    assert move.why == step.why


def test_the_mean_of_the_last_two_is_said_where_it_is_what_the_rule_reached() -> None:
    assert verdicts("4.44", "4.22", "3.89", "3.56", "3.22")[1] == (
        "The mean of the last two is 0.79 below that of the first three ratings: more than the assumed error (0.72; none is published for "
        "this form)."
    )


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        (("4.56", None, "4.00", "3.56"), "was highest at 4.56 on 26-Apr-2026 and has been lower at each of the two scored visits since."),
        (("3.00", "3.56", None, "4.00"), "was lowest at 3.00 on 26-Apr-2026 and has been higher at each of the two scored visits since."),
        (("4.44", "4.56", None, "3.56"), "was highest at 4.56 on 05-Jul-2026 and has been lower at the scored visit since."),
    ],
)
def test_a_visit_without_a_score_is_none_at_which_it_was_lower(totals: tuple[str | None, ...], said: str) -> None:
    assert lines(course(patients(*totals)))[1].text == f"The patient’s rating {said}"


def test_strained_and_then_repaired_reads_as_what_it_is() -> None:
    _, move = lines(course(patients("4.22", "4.00", "3.67", "3.22", "3.00", "3.44", "3.89", "4.22")))
    assert move.text == "The patient’s rating fell from 4.22 to 3.00 by 26-Apr-2026 and has risen since to 4.22."
    assert move.verdict == "1.22 between these two ratings: more than the assumed error (1.11; none is published for this form)."
    assert move.beside == "The highest or lowest of several is partly chance."


def test_what_came_back_and_went_again_is_not_called_repaired() -> None:
    _, move = lines(course(patients("4.56", "2.44", "4.22", "3.00")))
    assert move.text == "The patient’s rating fell from 4.56 to 2.44 by 05-Jul-2026, had risen to 4.22 on 13-Sep-2026, and is 3.00 now."


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        (("3.00", "3.11", "3.56", "4.00"), "was lowest at 3.00 on 26-Apr-2026 and has been higher at each of the three visits since."),
        (("3.00", "4.33", "4.00", "3.67"), "rose from 3.00 to 4.33 by 05-Jul-2026 and has fallen since to 3.67."),
        (("2.44", "4.56", "2.78", "4.00"), "rose from 2.44 to 4.56 by 05-Jul-2026, had fallen to 2.78 on 13-Sep-2026, and is 4.00 now."),
    ],
)
def test_a_rise_is_told_alike(totals: tuple[str, ...], said: str) -> None:
    assert lines(course(patients(*totals)))[1].text == f"The patient’s rating {said}"


def test_a_rise_is_judged_by_the_rule_for_rises() -> None:
    off = site("""
        [[off]]
        rule = "baseline"
        valid_from = 2020-01-01
        by = "N. Hale"
        reason = "Too many."
    """)
    assert verdicts("3.00", "3.11", "3.56", "4.00", terms=off)[1] == (
        "The latest is 0.78 above the mean of the first three ratings: within the assumed error (0.91)."
    )
    assert verdicts("4.00", "3.89", "3.56", "3.33", terms=off)[1] == "This site had switched it off on that day."


def test_the_move_is_not_said_where_it_is_the_last_step_or_there_is_none() -> None:
    assert [len(verdicts(*totals)) for totals in (("4.00", "4.00", "3.00"), ("4.00", "4.00", "4.00"), ("4.00", "3.00"))] == [1, 1, 1]


def test_only_what_is_drawn_and_comparable_makes_the_move() -> None:
    every = patients("5.00", "4.00", "4.22", "3.00")
    shown = course(every)
    [mine] = shown.dyads
    drawn = replace(shown, dyads=[replace(mine, ratings=every[1:])])
    assert [len(lines(one)) for one in (shown, drawn)] == [2, 1], "from 4.22 to 3.00 is the last step"
    apart = course([*patients("5.00", "4.00", "4.22", version="0.0.9")[:2], *every[2:]])
    assert len(lines(apart)) == 1


def test_a_long_time_without_a_rating_begins_the_course_anew() -> None:
    shown = course([rating("patient", TODAY - timedelta(days=700), ["5.00"] * 3), *patients("4.00", "3.67", "3.33")])
    assert lines(shown)[1].text.startswith("The patient’s rating was highest at 4.00")


def test_every_value_that_a_sentence_compares_has_a_row_with_its_records() -> None:
    shown = course([*patients("4.33", "4.56", "4.00", "3.00"), *clinicians("4.00", "4.00", "4.00", "3.67")])
    rows = {tuple(row[-1].split(", ")) for row in summary(shown).rows}
    sources = {one.when.day: one.source for one in shown.dyads[0].ratings if one.informant == "patient"}
    assert (sources[on(1, 4)], sources[on(3, 4)]) in rows
    assert any("clinician" in source for row in rows for source in row)


# People with sentences of their own


def test_at_the_top_of_the_scale_it_is_said_what_can_be_seen() -> None:
    top = "It stands at the top of its scale: a fall can be seen, a rise cannot; ask openly."
    assert verdicts("5.00", "5.00", "5.00") == [top]
    assert verdicts("4.00", "4.00", "5.00")[0] == top
    assert top not in verdicts("5.00", "5.00", "3.00")


def test_two_ratings_are_too_few_and_one_has_none_to_compare_with() -> None:
    assert verdicts("4.00", "2.00") == ["Two ratings: too few to tell a run from chance."]
    [one] = lines(course(patients("4.00")))
    assert one.text == "Ingrid Halvorsen’s first rating of the alliance with you is 4.00 (22-Nov-2026)."
    assert one.verdict == "One rating: there is none to compare it with yet."


def test_all_answers_alike_are_said_to_tell_little() -> None:
    alike = {item.link_id: 4 for item in CHECK_IN.items}
    ratings = patients("3.00", "3.33", "4.00")
    [step, *_] = lines(course([*ratings[:2], replace(ratings[2], answers=alike)]))
    assert step.verdict == f"This step alone is within {ASSUMED}. Every answer is the same: not informative, ask openly."


@pytest.mark.parametrize(
    ("newest", "said"),
    [
        (None, "was declined."),
        ((None, "3.00", "4.00"), "has no total. Task moved most: from 4.00 to 3.00."),
        ((None, None, None), "could not be scored."),
    ],
)
def test_a_newest_form_without_a_total_is_said_and_hides_nothing(newest: Scores | None, said: str) -> None:
    given = patients("4.33", "4.56", "4.22", "4.00", newest)
    if newest == (None, None, None):
        given[-1] = replace(given[-1], declined=())
    first, step, move = lines(course(given))
    assert first.text == f"The newest form, of 22-Nov-2026, {said} What follows is about the last one that has a total."
    assert step.text.startswith("Ingrid Halvorsen’s rating of the alliance with you went from 4.22 on 05-Jul-2026 to 4.00 on 13-Sep-2026")
    assert step.verdict == "Not judged: only the newest form is."
    assert move.text.startswith("The patient’s rating was highest at 4.56")
    assert {first.why, step.why} == {"/l/abc/why#why-1"}


def test_a_newest_form_without_a_total_and_none_before_it_is_all_that_is_said() -> None:
    [only] = lines(course(patients("4.00", None)[1:]))
    assert only.text == "The newest form, of 22-Nov-2026, was declined. None before it has a total."
    [said, before] = lines(course(patients("4.00", None)))
    assert said.text.endswith("What follows is about the last one that has a total.")
    assert before.text == "Ingrid Halvorsen’s rating of the alliance with you was 4.00 on 13-Sep-2026."


# HbA1c


def result(*texts: str, others: Mapping[int, Measurement] | None = None, whole: bool = True) -> ChangeLine:
    values = spread(HBA1C, texts)
    for place, one in (others or {}).items():
        values[place] = one._replace(when=values[place].when)
    change = measure_change(HBA1C, later=values[-1], earlier=values[-2])
    report = read("hba1c", "HbA1c", state="complete" if whole else "partial")
    [line] = lines(history(panels=[panel(HBA1C, values, report=report)], changes=[change]))
    return line


def test_hba1c_is_said_as_it_was_with_its_place_among_the_results_of_the_range() -> None:
    line = result("58", "60", "62", "78")
    assert line.text == "HbA1c rose from 62 mmol/mol (7.8 %) to 78 mmol/mol (9.3 %) between 18-Aug-2026 and 10-Nov-2026."
    assert (line.verdict, line.why) == (None, "")
    assert line.beside == "The highest of 4 comparable results in this range; lowest 58 mmol/mol (7.5 %) on 03-Mar-2026."
    assert (
        result("78", "60", "58").beside == "The lowest of 3 comparable results in this range; highest 78 mmol/mol (9.3 %) on 26-May-2026."
    )
    assert result("78", "58", "60").beside == (
        "Of 3 comparable results in this range the highest is 78 mmol/mol (9.3 %) on 26-May-2026, the lowest 58 mmol/mol (7.5 %) on "
        "18-Aug-2026."
    )


def test_what_is_no_comparable_result_is_not_counted() -> None:
    plain = value(HBA1C, TODAY, "120")
    kinds = [
        plain._replace(comparator=">"),
        plain._replace(method="point of care"),
        plain._replace(standing="preliminary"),
        plain._replace(remarks=(Remark("disagrees", "does not agree"),)),
    ]
    for one in kinds:
        assert result("58", "60", "61", "78", others={1: one}).beside == (
            "The highest of 3 comparable results in this range; lowest 58 mmol/mol (7.5 %) on 03-Mar-2026."
        )


def test_two_results_results_all_alike_and_a_range_not_read_whole_have_no_place() -> None:
    assert result("58", "78").beside is result("58", "58", "58").beside is result("58", "60", "78", whole=False).beside is None
