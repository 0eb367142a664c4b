"""What is said about change: the published figures, the patterns a series can have, and that nothing is claimed too early or too far."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import asdict, replace

from fhir_mappings.instruments.instrument import Instrument, Reliability
from fhir_mappings.instruments.scores import Score
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.change_rules import findings
from fhir_mappings.reliable_change.change_sentences import caveats, gap, not_said, refused, sentence
from fhir_mappings.reliable_change.findings import Findings, ItemFall, NotSaid, Rule, ScoreChange, WhyNotSaid
from fhir_mappings.reliable_change.measurement_error import Precision, own_range, own_spread, precision_of, reliable_change, standard_error
from fhir_mappings.reliable_change.score_series import Origin, ScorePoint, ScoreSeries, SeriesRefused, series_of
from tests.fhir_mappings.samples import LIBRARY

CHECK_IN, WAI_SR, WAI_GP = LIBRARY.get("rapport-check-in"), LIBRARY.get("wai-sr"), LIBRARY.get("wai-gp")
ALL_RULES = {"previous", "baseline", "peak", "own-range", "left-ceiling", "item-fall"}
RELIABLE: tuple[Rule, ...] = ("previous", "baseline", "peak")


def entry(**fields: Any) -> Reliability:
    """A reliability entry of the patient's total: SD 0.80, retest .92 (SEM .226, 0.63 at 95 %), unless told otherwise."""
    told: dict[str, Any] = {
        "sd": Decimal("0.80"),
        "r": Decimal("0.92"),
        "r_type": "retest",
        "mdc": None,
        "interval": "two weeks",
        "population": "somebody",
        "n": 10,
    } | fields
    return Reliability(**{"scale": "total", "informant": "patient", "citation": "A study.", "certainty": "verified", **told})


OBSERVATION = "An observation, not a change: no measurement error was published for it, and it is common where nothing has changed."


def known(*entries: Reliability) -> Instrument:
    """The check-in, as if these had been published for it."""
    return replace(CHECK_IN, reliability=entries)


RELIABLE_CHECK_IN = known(entry())


def point(place: int, value: str | Decimal | None, **fields: Any) -> ScorePoint:
    """The score of one visit; visits are three months apart. `origin` takes changes of the usual one."""
    day = date(2024, 1, 10) + timedelta(days=91 * place)
    usual = Origin(instrument="rapport-check-in", version="0.2.0", language="en", informant="patient", clinician="Practitioner/sofia")
    told = {"prorated": False, "reason": None if value is not None else "1 of 3 answered, the rule needs 2", "answers": {}} | fields
    told["origin"] = replace(usual, **told.get("origin", {}))
    return ScorePoint(
        when=Moment(day, day.isoformat(), "day"),
        source=f"QuestionnaireResponse/{place}",
        value=None if value is None else Decimal(value),
        **told,
    )


def series(*values: str | Decimal | None, **fields: Any) -> ScoreSeries:
    return ScoreSeries(scale="total", points=tuple(point(place, value, **fields) for place, value in enumerate(values)))


def of(instrument: Instrument, given: ScoreSeries) -> ScoreSeries:
    """The series as that instrument's."""
    origin = replace(given.points[0].origin, instrument=instrument.slug, version=instrument.version, language=instrument.language)
    return replace(given, points=tuple(replace(one, origin=origin) for one in given.points))


def said(instrument: Instrument, given: ScoreSeries, **fields: Any) -> Findings:
    found = findings(instrument, given, **fields)
    assert isinstance(found, Findings)
    return found


def scores(found: Findings) -> dict[str, ScoreChange]:
    return {one.rule: one for one in found.findings if isinstance(one, ScoreChange)}


def claimed(found: Findings) -> list[str]:
    return [one.rule for one in found.findings if one.claimed]


def silent(found: Findings) -> dict[str, str]:
    return {one.rule: one.code for one in found.not_said}


def answers(signs: str) -> dict[str, int]:
    return {item.link_id: int(sign) for item, sign in zip(CHECK_IN.items, signs.replace(" ", ""), strict=True) if sign.isdigit()}


def rounded(number: Decimal, printed: str) -> str:
    """The number with as many digits as a printed one."""
    return f"{number.quantize(Decimal(printed), ROUND_HALF_UP):f}"


# Published and worked figures

# SD, reliability; SEM, 95 % and 90 %. The third row's 0.385 is also found cut off, as 0.38.
WORKED = [
    ("WAI-SR", "0.80", "0.92", ".226", "0.63", "0.53"),
    ("WAI-SR, retest", "0.80", "0.70", ".438", "1.21", "1.02"),
    ("WAI-GP", "0.67", "0.957", ".139", "0.385", "0.32"),
    ("WAI-GP, retest", "0.67", "0.70", ".367", "1.02", "0.85"),
    ("PAID", "15.1", "0.89", "5.01", "13.9", "11.7"),
    ("PAID-5", "4.5", "0.81", "2.0", "5.4", "4.6"),
]
# The same on a sum of twelve items.
SUMS = [("0.80", "0.92", "7.5", "6.3"), ("0.80", "0.70", "14.6", "12.2"), ("0.67", "0.957", "4.6", "3.9"), ("0.67", "0.70", "12.2", "10.2")]


@pytest.mark.parametrize(("sd", "r", "sem", "at_95", "at_90"), [row[1:] for row in WORKED], ids=[row[0] for row in WORKED])
def test_worked_thresholds_reproduce(sd: str, r: str, sem: str, at_95: str, at_90: str) -> None:
    error = standard_error(Decimal(sd), Decimal(r))
    low, high = reliable_change(error, None)
    assert (low.level, high.level) == ("90 %", "95 %")
    assert Decimal(rounded(error, sem)) == Decimal(sem)
    assert (rounded(high.size, at_95), rounded(low.size, at_90)) == (at_95, at_90)


@pytest.mark.parametrize(("sd", "r", "at_95", "at_90"), SUMS)
def test_worked_thresholds_of_sums_are_twelve_times_those_of_means(sd: str, r: str, at_95: str, at_90: str) -> None:
    low, high = reliable_change(standard_error(12 * Decimal(sd), Decimal(r)), None)
    assert (rounded(high.size, at_95), rounded(low.size, at_90)) == (at_95, at_90)


@pytest.mark.parametrize(("name", "mdc", "sem", "printed"), [("PAID", "11.86", "4.28", "11.9"), ("WHO-5", "18.56", "6.70", "18.6")])
def test_a_published_detectable_change_is_the_threshold_itself(name: str, mdc: str, sem: str, printed: str) -> None:
    found = precision_of(known(entry(sd=None, r=None, r_type=None, mdc=Decimal(mdc))), "total", "patient")
    assert isinstance(found, Precision)
    assert rounded(found.sem, sem) == sem
    assert reliable_change(found.sem, None)[1].size == Decimal(mdc)
    assert rounded(Decimal(mdc), printed) == printed


# Slug: informant, kind of the entry used, threshold at 95 %.
SHIPPED = {
    "wai-sr": ("patient", "icc", "1.21"), "wai-gp": ("patient", "icc", "1.02"), "who-5": ("patient", "mdc", "18.6"),
}  # fmt: skip


@pytest.mark.parametrize("slug", SHIPPED)
def test_a_shipped_instrument_is_measured_by_its_best_entry(slug: str) -> None:
    informant, kind, at_95 = SHIPPED[slug]
    found = precision_of(LIBRARY.get(slug), "total", informant)  # type: ignore[arg-type]
    assert isinstance(found, Precision)
    assert ("mdc" if found.measured else found.entry.r_type) == kind
    assert found.optimistic == (kind == "alpha")
    assert rounded(reliable_change(found.sem, None)[1].size, at_95) == at_95


def test_no_other_shipped_instrument_has_a_threshold() -> None:
    every = [(one, scale.key, informant) for one in LIBRARY.instruments for scale in one.scales for informant in one.forms]
    assert {one.slug for one, scale, informant in every if isinstance(precision_of(one, scale, informant), Precision)} == set(SHIPPED)


def test_no_threshold_rests_on_a_figure_that_nobody_saw_in_a_source() -> None:
    every = [precision_of(one, scale.key, informant) for one in LIBRARY.instruments for scale in one.scales for informant in one.forms]
    used = [one.entry for one in every if isinstance(one, Precision)]
    assert used
    assert [one.citation for one in used if "background knowledge" in one.citation.lower()] == []


def test_every_shipped_reliability_says_over_which_time_it_was_measured() -> None:
    entries = [(instrument.slug, one) for instrument in LIBRARY.instruments for one in instrument.reliability]
    assert {one.interval for _, one in entries if one.r_type == "alpha"} == {"none, answered once"}
    assert all(one.interval != "none, answered once" for _, one in entries if one.r_type != "alpha")
    assert {slug for slug, one in entries if one.interval == "3 months"} == {"hccq-6", "pacic-20"}


def test_the_usual_wai_sr_threshold_names_whom_its_spread_is_of_and_its_interval() -> None:
    found = scores(said(WAI_SR, of(WAI_SR, series("4.40", "4.40", "3.00"))))["previous"]
    assert found.precision is not None
    assert "chatbot (Woebot), who rated it and no clinician" in found.precision.entry.population
    assert any("days, between the first assessment and the second session" in one for one in caveats(WAI_SR, found))


# Which entry


ALPHA = entry(r_type="alpha", population="alpha people")
RETEST = entry(r=Decimal("0.70"), population="retest people")
ICC = entry(r=Decimal("0.80"), r_type="icc", population="icc people")
MDC = entry(sd=None, r=None, r_type=None, mdc=Decimal("0.90"), population="measured people")


@pytest.mark.parametrize(
    ("entries", "best"),
    [
        ((ALPHA, RETEST), RETEST),
        ((ALPHA, ICC, RETEST), ICC),
        ((RETEST, ICC, ALPHA), RETEST),
        ((ALPHA, RETEST, MDC), MDC),
        ((ALPHA,), ALPHA),
    ],
)
def test_measured_change_goes_before_retest_and_retest_before_alpha(entries: tuple[Reliability, ...], best: Reliability) -> None:
    found = precision_of(known(*entries), "total", "patient")
    assert isinstance(found, Precision)
    assert found.entry is best


@pytest.mark.parametrize(
    ("choice", "chosen"), [(0, ALPHA), (1, RETEST), ("alpha people", ALPHA), ("retest people", RETEST), (None, RETEST)]
)
def test_a_site_chooses_by_place_or_by_population(choice: int | str | None, chosen: Reliability) -> None:
    found = scores(said(known(ALPHA, RETEST), series("4.4", "4.4", "3.6"), choice=choice))["previous"]
    assert found.precision is not None
    assert found.precision.entry is chosen


@pytest.mark.parametrize("choice", [2, -1, "nobody"])
def test_a_choice_that_is_not_there_is_said_and_nothing_else_used(choice: int | str) -> None:
    found = said(known(ALPHA, RETEST), series("4.4", "4.4", "1.0"), choice=choice)
    assert {silent(found)[rule] for rule in RELIABLE} == {"choice_unknown"}


@pytest.mark.parametrize(
    "broken",
    [
        {"sd": None},
        {"r": None},
        {"r_type": None},
        {"sd": Decimal(0)},
        {"r": Decimal(1)},
        {"sd": Decimal("NaN")},
        {"r": Decimal("Infinity")},
    ],
)
def test_an_entry_that_leaves_no_error_to_compute_gives_no_threshold(broken: dict[str, Any]) -> None:
    found = said(known(entry(**broken)), series("4.4", "4.4", "1.0"))
    assert {silent(found)[rule] for rule in RELIABLE} == {"reliability_incomplete"}
    assert isinstance(precision_of(known(entry(**broken), ALPHA), "total", "patient"), Precision)


def test_entries_of_another_score_or_informant_are_not_used() -> None:
    found = said(known(entry(scale="goal"), entry(informant="clinician")), series("4.4", "4.4", "1.0"))
    assert {silent(found)[rule] for rule in RELIABLE} == {"no_reliability"}


# Patterns


def test_a_fall_larger_than_chance_says_everything_it_rests_on() -> None:
    found = scores(said(RELIABLE_CHECK_IN, series("4.40", "4.40", "3.60")))["previous"]
    assert (found.change, found.moved, found.worse, found.reached, found.claimed, found.n) == (
        Decimal("-0.80"),
        "fell",
        True,
        "95 %",
        True,
        3,
    )
    assert (found.before.value, found.score, found.after.source) == (Decimal("4.40"), Decimal("3.60"), "QuestionnaireResponse/2")
    assert [one.when.text for one in (*found.before.points, found.after)] == ["2024-04-10", "2024-07-10"]
    assert [(one.level, rounded(one.size, "0.01"), one.decided_by) for one in found.thresholds] == [
        ("90 %", "0.53", "precision"), ("95 %", "0.63", "precision"),
    ]  # fmt: skip
    assert found.precision is not None
    assert found.precision.entry == entry()
    assert (
        sentence(RELIABLE_CHECK_IN, found)
        == "Total fell by 0.80, to 3.60 from the previous 4.40: more than the 0.63 that chance alone explains in 95 of 100 comparisons."
    )
    assert caveats(RELIABLE_CHECK_IN, found) == (
        "Interval of the retest behind the threshold: two weeks. Between visits further apart more varies by itself.",
    )


def test_a_smaller_fall_reaches_only_the_lower_level_and_a_still_smaller_one_none() -> None:
    lower, none = (scores(said(RELIABLE_CHECK_IN, series("4.40", "4.40", value)))["previous"] for value in ("3.80", "4.00"))
    assert (lower.reached, lower.claimed) == ("90 %", True)
    assert (none.reached, none.claimed) == (None, False)
    assert "0.40 is not more than the 0.53 that chance alone explains in 90 of 100 comparisons." in sentence(RELIABLE_CHECK_IN, none)


def test_a_fall_just_beyond_the_threshold_shows_the_digits_that_make_the_difference() -> None:
    found = scores(said(RELIABLE_CHECK_IN, series("4.40", "4.40", "3.77")))["previous"]
    assert found.reached == "95 %"
    assert "fell by 0.630" in sentence(RELIABLE_CHECK_IN, found)
    assert "more than the 0.627" in sentence(RELIABLE_CHECK_IN, found)


def test_alpha_and_unchecked_figures_are_labelled_in_every_result() -> None:
    found = scores(said(known(entry(r_type="alpha", certainty="unverified")), series("4.40", "4.40", "3.60")))
    for rule in RELIABLE:
        assert "(optimistic: internal consistency; figures unverified)" in sentence(CHECK_IN, found[rule])
        assert [caveat.split(":")[0] for caveat in caveats(CHECK_IN, found[rule])[:2]] == ["Optimistic", "Unverified"]
    assert caveats(CHECK_IN, found["peak"])[2] == "The best of several scores is partly luck, so a fall from it looks larger than it is."


def test_a_v_shape_falls_and_comes_back() -> None:
    shape = ("4.40", "4.50", "4.40", "3.20", "4.40")
    assert claimed(said(RELIABLE_CHECK_IN, series(*shape[:4]))) == ["previous", "baseline", "peak"]
    back = scores(said(RELIABLE_CHECK_IN, series(*shape)))
    assert (back["previous"].moved, back["previous"].worse, back["previous"].claimed) == ("rose", False, True)
    assert not back["baseline"].claimed
    assert not back["peak"].claimed


def test_a_slide_in_two_steps_is_seen_from_the_last_peak_and_not_from_the_previous_score() -> None:
    found = scores(said(RELIABLE_CHECK_IN, series("3.90", "4.40", "4.00", "3.75")))
    assert (found["previous"].claimed, found["baseline"].claimed, found["peak"].claimed) == (False, False, True)
    assert (found["peak"].before.value, found["peak"].change) == (Decimal("4.40"), Decimal("-0.65"))
    assert "from its last highest point of 4.40" in sentence(RELIABLE_CHECK_IN, found["peak"])


def test_small_ups_on_the_way_down_are_no_peak_and_a_rise_beyond_chance_begins_a_new_one() -> None:
    drifting = scores(said(RELIABLE_CHECK_IN, series("4.60", "4.20", "4.25", "3.90")))["peak"]
    assert drifting.before.value == Decimal("4.60")
    renewed = scores(said(RELIABLE_CHECK_IN, series("4.80", "2.00", "3.50", "3.40")))["peak"]
    assert renewed.before.value == Decimal("3.50")


def test_a_rise_beyond_the_last_peak_is_said_by_the_other_rules() -> None:
    found = scores(said(RELIABLE_CHECK_IN, series("3.00", "3.00", "3.00", "4.90")))
    assert (found["previous"].claimed, found["peak"].claimed, found["peak"].reached) == (True, False, None)
    assert sentence(RELIABLE_CHECK_IN, found["peak"]).endswith("It has not moved away from it for the worse.")


def test_after_a_single_outlier_only_the_way_back_is_a_change() -> None:
    found = said(RELIABLE_CHECK_IN, series("4.40", "4.30", "4.40", "4.50", "2.00", "4.40"))
    # Five earlier scores: the outlier widens this person's own range, which then decides.
    assert {one.decided_by for one in scores(found)["previous"].thresholds} == {"spread"}
    assert "this person's own ups and downs" in sentence(RELIABLE_CHECK_IN, scores(found)["previous"])
    assert "baseline" not in claimed(found)
    assert "own-range" not in claimed(found)


def test_at_the_top_throughout_nothing_is_claimed_and_the_badge_says_why() -> None:
    top = series(*["5.00"] * 7, answers=answers("555 555 555"))
    found = said(RELIABLE_CHECK_IN, top)
    assert claimed(found) == []
    assert found.badges == ("straight-line", "at-ceiling")
    assert sentence(RELIABLE_CHECK_IN, scores(found)["previous"]) == "Total is 5.00, the same as the previous 5.00."
    assert silent(said(CHECK_IN, top)) == dict.fromkeys((*RELIABLE, "own-range"), "no_reliability")


@pytest.mark.parametrize(
    ("last", "signs", "held"),
    [("5.00", "555 555 555", "straight-line"), ("5.00", "", "at-ceiling"), ("4.00", "444 444 444", "straight-line")],
)
def test_a_rise_is_held_back_at_the_ceiling_or_when_all_answers_are_alike(last: str, signs: str, held: str) -> None:
    given = series("2.00", "2.00", "2.00", last)
    marked = replace(given.points[-1], answers=answers(signs) if signs else {})
    found = scores(said(RELIABLE_CHECK_IN, replace(given, points=(*given.points[:-1], marked))))["previous"]
    assert (found.reached, found.held_back, found.claimed) == ("95 %", held, False)
    assert "It is not taken as a change" in sentence(RELIABLE_CHECK_IN, found)


def test_a_fall_of_answers_all_alike_is_claimed_all_the_same() -> None:
    found = said(RELIABLE_CHECK_IN, series("4.00", "4.00", "4.00", "1.00", answers=answers("111 111 111")))
    assert scores(found)["previous"].claimed
    assert found.badges == ("straight-line",)


def test_leaving_the_top_is_an_observation_without_any_threshold() -> None:
    left = scores(said(CHECK_IN, series("4.00", "5.00", "4.89")))["left-ceiling"]
    assert (left.claimed, left.observed, left.thresholds, left.precision) == (False, True, (), None)
    assert sentence(CHECK_IN, left) == "Total left the end of its scale: 5.00 before, 4.89 now."
    assert caveats(CHECK_IN, left) == (OBSERVATION,)
    for values in (("5.00", "4.00", "3.00"), ("5.00", "5.00", "5.00"), ("4.00", "4.00", "5.00")):
        assert not scores(said(CHECK_IN, series(*values)))["left-ceiling"].observed


def test_more_distress_is_worse_and_its_ceiling_is_the_lowest_score() -> None:
    distress = LIBRARY.get("dds-17")
    instrument = replace(distress, reliability=(entry(),))
    found = scores(said(instrument, of(instrument, series("1.00", "1.20", "1.00", "2.50"))))
    assert (found["previous"].moved, found["previous"].worse, found["previous"].claimed) == ("rose", True, True)
    assert sentence(instrument, found["previous"]).startswith("Total rose by 1.50, to 2.50 from the previous 1.00 (higher = more distress)")
    assert found["left-ceiling"].observed
    assert found["peak"].claimed
    assert "lowest point" in sentence(instrument, found["peak"])
    back = said(instrument, of(instrument, series("3.00", "3.00", "3.00", "1.00")))
    assert back.badges == ("at-ceiling",)
    assert (scores(back)["previous"].reached, scores(back)["previous"].claimed) == ("95 %", False)


def test_where_no_end_is_called_better_nothing_is_called_worse() -> None:
    scales = tuple(replace(scale, better=None) for scale in CHECK_IN.scales)
    found = said(replace(RELIABLE_CHECK_IN, scales=scales), series("4.40", "4.40", "3.60", answers=answers("444 345 554")))
    assert (scores(found)["previous"].worse, scores(found)["previous"].claimed) == (None, True)
    assert {rule: code for rule, code in silent(found).items() if rule != "own-range"} == dict.fromkeys(
        ("peak", "left-ceiling", "item-fall"), "direction_unknown"
    )


@pytest.mark.parametrize(("size", "baseline", "value"), [(5, 3, "4.20"), (5, 2, "4.10"), (5, 1, "4.00"), (3, 3, "4.10")])
def test_the_baseline_is_the_mean_of_the_first_scores_and_never_of_the_latest(size: int, baseline: Any, value: str) -> None:
    values = ("4.00", "4.20", "4.40", "4.40", "3.00")
    found = scores(said(RELIABLE_CHECK_IN, series(*values[: size - 1], "3.00"), baseline=baseline))["baseline"]
    assert found.before.value == Decimal(value)
    assert len(found.before.points) == min(baseline, size - 1)
    assert "the first score" in sentence(RELIABLE_CHECK_IN, found) or f"the mean of the first {min(baseline, size - 1)} scores" in sentence(
        RELIABLE_CHECK_IN, found
    )


@pytest.mark.parametrize("values", [(), ("4.4",), ("5.0", "1.0"), ("5.0", None, "1.0"), (None, None, None, "5.0", "1.0")])
def test_below_three_scores_nothing_is_claimed_and_what_is_needed_is_said(values: tuple[str | None, ...]) -> None:
    found = said(RELIABLE_CHECK_IN, series(*values, answers=answers("555 111 555")))
    n = sum(value is not None for value in values)
    assert found.findings == ()
    assert silent(found) == dict.fromkeys(ALL_RULES, "too_few_points")
    assert not_said(found.not_said[0]) == f"Too few points: {n} of the 3 scores needed before anything is said about change."


def test_a_rating_without_a_score_is_a_gap_and_not_a_zero() -> None:
    found = said(RELIABLE_CHECK_IN, series("4.40", "4.50", None, "4.40"))
    assert scores(found)["previous"].before.value == Decimal("4.50")
    assert [(one.point.source, gap(RELIABLE_CHECK_IN, found.scale, one)) for one in found.gaps] == [
        ("QuestionnaireResponse/2", "1 of 3 answered, the rule needs 2")
    ]
    assert (found.n, claimed(found)) == (3, [])


def test_when_the_latest_rating_has_no_score_an_earlier_change_is_not_its_own() -> None:
    found = said(RELIABLE_CHECK_IN, series("4.40", "4.40", "2.00", None))
    assert silent(found) == dict.fromkeys(ALL_RULES - {"item-fall"}, "latest_not_scored") | {"item-fall": "no_answers"}


@pytest.mark.parametrize("odd", ["5.01", "-1", "0.99", "NaN", "Infinity", "sNaN"])
def test_a_number_outside_the_scale_is_a_gap(odd: str) -> None:
    found = said(RELIABLE_CHECK_IN, series("4.40", odd, "4.40", "4.40"))
    assert [gap(RELIABLE_CHECK_IN, found.scale, one) for one in found.gaps] == ["its score lies outside 1 to 5"]
    assert found.n == 3


def test_prorated_scores_are_used_and_flagged() -> None:
    given = series("4.40", "4.40", "4.40", "3.60")
    marked = replace(given.points[-1], prorated=True)
    found = scores(said(RELIABLE_CHECK_IN, replace(given, points=(*given.points[:-1], marked))))
    assert all(
        "A score in this comparison is prorated, because items were left out." in caveats(RELIABLE_CHECK_IN, one) for one in found.values()
    )
    assert found["previous"].claimed


def test_a_key_that_nobody_vouches_for_is_said() -> None:
    found = said(WAI_SR, of(WAI_SR, series("4.40", "4.40", "3.00")))
    assert all(caveats(WAI_SR, one)[0] == WAI_SR.why_unscored for one in found.findings)


def test_from_the_usual_high_score_no_rise_could_be_told_from_chance() -> None:
    found = scores(said(WAI_GP, of(WAI_GP, series("4.27", "4.27", "4.27", "4.90"))))
    limit = "No rise could be told from chance: from 4.27 it takes more than {}, and the scale ends at 5."
    assert limit.format("1.02") in caveats(WAI_GP, found["previous"])
    assert limit.format("0.83") in caveats(WAI_GP, found["baseline"])
    assert not any("No fall" in caveat for one in found.values() for caveat in caveats(WAI_GP, one))


# This person's own spread


def test_own_spread_is_the_mean_moving_range_over_1_128_and_needs_five_earlier_scores() -> None:
    values = [Decimal(value) for value in ("4.0", "4.4", "4.0", "4.4", "4.0")]
    assert own_spread(values[:4]) is None
    assert rounded(own_spread(values) or Decimal(0), "0.0001") == "0.3546"
    short, long = (said(RELIABLE_CHECK_IN, series(*values[:size], "3.0")) for size in (4, 5))
    assert silent(short)["own-range"] == "too_few_points"
    assert "own-range" in scores(long)


def test_the_larger_of_the_two_spreads_decides() -> None:
    calm, unsteady = ("4.4", "4.4", "4.5", "4.4", "4.4"), ("4.9", "3.9", "4.9", "3.9", "4.9")
    found = {values: scores(said(RELIABLE_CHECK_IN, series(*values, "3.7")))["previous"] for values in (calm, unsteady)}
    assert [(one.decided_by, rounded(one.size, "0.01")) for one in found[calm].thresholds] == [("precision", "0.53"), ("precision", "0.63")]
    assert [(one.decided_by, rounded(one.size, "0.01")) for one in found[unsteady].thresholds] == [("spread", "2.06"), ("spread", "2.46")]
    assert (found[calm].claimed, found[unsteady].claimed) == (True, False)


def test_the_usual_range_has_its_centre_and_limits_from_earlier_scores_only() -> None:
    earlier = ("4.4", "4.2", "4.4", "4.2", "4.4")
    found = [scores(said(RELIABLE_CHECK_IN, series(*earlier, last)))["own-range"] for last in ("3.0", "1.0")]
    assert {one.before.value for one in found} == {Decimal("4.32")}
    assert {one.spread for one in found} == {own_spread([Decimal(value) for value in earlier])}
    assert [one.reached for one in found] == ["3 sigma", "3 sigma"]
    assert [one.level for one in found[0].thresholds] == ["2 sigma", "3 sigma"]
    assert "the mean of the 5 earlier scores" in sentence(CHECK_IN, found[0])


def test_limits_are_floored_at_the_measurement_error() -> None:
    sem = Decimal("0.226")
    assert [rounded(one.size, "0.001") for one in own_range(sem, Decimal("0.001"))] == ["0.526", "0.678"]
    assert [one.decided_by for one in own_range(sem, Decimal("0.3"))] == ["spread", "spread"]
    assert [one.decided_by for one in own_range(sem, Decimal("0.25"))] == ["precision", "spread"]


def test_without_an_error_nearly_constant_scores_leave_no_range_to_fall_out_of() -> None:
    found = said(CHECK_IN, series("5.00", "5.00", "4.89", "5.00", "5.00", "4.67"))
    assert silent(found)["own-range"] == "no_reliability"
    measured = scores(said(RELIABLE_CHECK_IN, series("5.00", "5.00", "4.89", "5.00", "5.00", "4.67")))["own-range"]
    assert (measured.claimed, rounded(measured.thresholds[-1].size, "0.01")) == (False, "0.68")


def test_the_error_of_a_baseline_counts_how_many_scores_are_in_it() -> None:
    found = scores(said(RELIABLE_CHECK_IN, series("4.40", "4.40", "4.40", "3.60")))
    assert [rounded(one.size, "0.001") for one in found["baseline"].thresholds] == ["0.430", "0.512"]
    assert [rounded(one.size, "0.001") for one in found["previous"].thresholds] == ["0.526", "0.627"]


def test_an_error_that_is_handed_over_goes_before_the_file_and_says_whose_it_is() -> None:
    for kind, caveat, label in (("assumed", "assumed", "error assumed, none published"), ("site", "site", "error declared by this site")):
        error = Precision(entry=entry(certainty="unverified"), sem=Decimal("0.10"), measured=False, kind=kind)  # type: ignore[arg-type]
        found = scores(said(known(ALPHA), series("4.40", "4.40", "4.00"), error=error))["previous"]
        assert found.claimed
        assert caveat in found.caveats
        assert f"({label})" in sentence(CHECK_IN, found)


# Items


def items_after(before: str, after: str, instrument: Instrument = CHECK_IN) -> ItemFall | NotSaid:
    given = series("4.0", "4.0", "4.0")
    points = (given.points[0], replace(given.points[1], answers=answers(before)), replace(given.points[2], answers=answers(after)))
    found = said(instrument, replace(given, points=points))
    return next(one for one in (*found.findings, *found.not_said) if one.rule == "item-fall" and not isinstance(one, ScoreChange))


def test_an_item_that_fell_by_two_options_is_named() -> None:
    found = items_after("544 444 444", "334 444 444")
    assert isinstance(found, ItemFall)
    assert [(one.link_id, one.number, one.before, one.after, one.options) for one in found.items] == [("goal-1", 1, 5, 3, 2)]
    assert (found.claimed, found.observed, found.compared) == (False, True, 9)
    assert caveats(CHECK_IN, found) == (OBSERVATION,)
    assert sentence(CHECK_IN, found) == "1 of 9 items moved for the worse by two options or more since the previous rating: item 1 (by 2)."


def test_a_step_of_one_a_rise_and_a_missing_item_are_no_fall() -> None:
    found = items_after("54. x15 444", "4x. 155 444")
    assert isinstance(found, ItemFall)
    assert (found.items, found.observed, found.compared) == ((), False, 6)
    assert caveats(CHECK_IN, found) == ()


def test_without_a_shared_answer_items_are_not_compared() -> None:
    found = items_after("444 ... ...", "... 111 111")
    assert isinstance(found, NotSaid)
    assert found.code == "no_answers"


def test_a_reversed_item_falls_when_its_answer_rises() -> None:
    turned = replace(CHECK_IN, items=tuple(replace(item, reverse=item.number == 1) for item in CHECK_IN.items))
    rose, fell = items_after("144 444 444", "444 444 444", turned), items_after("544 444 444", "144 444 444", turned)
    assert isinstance(rose, ItemFall)
    assert isinstance(fell, ItemFall)
    assert [one.options for one in rose.items] == [3]
    assert fell.items == ()


def test_where_lower_is_better_an_item_falls_when_its_answer_rises() -> None:
    distress = replace(CHECK_IN, scales=tuple(replace(scale, better="lower") for scale in CHECK_IN.scales))
    found = items_after("144 444 444", "441 444 444", distress)
    assert isinstance(found, ItemFall)
    assert [one.number for one in found.items] == [1]


def test_options_are_counted_in_their_order_and_those_without_a_value_are_not() -> None:
    signed = [-3, -2, -1, 1, 2]
    options = tuple(replace(option, value=value) for option, value in zip(CHECK_IN.options, signed, strict=True))
    unasked = replace(CHECK_IN, options=(*options, replace(options[0], code="does-not-apply", value=None)))
    items = {item.link_id: 1 for item in CHECK_IN.items}
    points = [replace(one, answers=items) for one in series("1", "1", "1").points]
    points[-1] = replace(points[-1], answers=items | {"goal-1": -1, "goal-2": -2, "goal-3": 99})
    [found] = [one for one in said(unasked, ScoreSeries(scale="total", points=tuple(points))).findings if isinstance(one, ItemFall)]
    assert [(one.link_id, one.options) for one in found.items] == [("goal-2", 2)]


def test_items_are_compared_even_when_the_latest_rating_has_no_score() -> None:
    given = series("4.0", "4.0", "4.0", None)
    points = (
        *given.points[:2],
        replace(given.points[2], answers=answers("555 555 555")),
        replace(given.points[3], answers=answers("1xx xxx xxx")),
    )
    found = said(CHECK_IN, replace(given, points=points))
    assert [one.rule for one in found.findings if isinstance(one, ItemFall) and one.observed] == ["item-fall"]
    assert claimed(found) == []


# What is not compared


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"instrument": "wai-sr"}, "mixed_instruments"), ({"version": "0.1.0"}, "mixed_versions"), ({"language": "sv"}, "mixed_languages"),
        ({"informant": "clinician"}, "mixed_informants"), ({"clinician": "Practitioner/tomas"}, "mixed_clinicians"),
    ],
)  # fmt: skip
def test_scores_of_two_kinds_are_refused(change: dict[str, str], code: str) -> None:
    given = series("4.4", "4.4", "4.4")
    found = findings(RELIABLE_CHECK_IN, replace(given, points=(*given.points, point(3, "1.0", origin=change))))
    assert isinstance(found, SeriesRefused)
    assert found.code == code
    assert refused(RELIABLE_CHECK_IN, found).endswith("so they are not compared.")


def test_a_language_that_is_not_recorded_contradicts_none_and_is_said() -> None:
    given = series("4.4", "4.4", "4.4")
    found = said(RELIABLE_CHECK_IN, replace(given, points=(*given.points, point(3, "1.0", origin={"language": None}))))
    assert "The language of one of the ratings is not recorded." in caveats(RELIABLE_CHECK_IN, scores(found)["previous"])


@pytest.mark.parametrize(
    ("instrument", "code"),
    [(WAI_SR, "other_form"), (replace(CHECK_IN, version="9.0.0"), "other_form"), (replace(CHECK_IN, language="sv"), "other_language")],
)
def test_scores_of_another_form_than_the_rules_are_refused(instrument: Instrument, code: str) -> None:
    found = findings(instrument, series("4.4", "4.4", "4.4"))
    assert isinstance(found, SeriesRefused)
    assert found.code == code


def test_disorder_a_rating_twice_and_an_unknown_scale_are_refused() -> None:
    given = series("4.4", "4.4", "4.4")
    broken = (
        replace(given, points=given.points[::-1]),
        replace(given, points=(*given.points, given.points[-1])),
        replace(given, scale="elsewhere"),
    )
    found = [findings(CHECK_IN, one) for one in broken]
    assert [one.code for one in found if isinstance(one, SeriesRefused)] == ["not_in_order", "rating_twice", "scale_unknown"]


@pytest.mark.parametrize("written", ["2026", "2026-01"])
def test_scores_of_which_nobody_can_tell_which_was_first_are_refused(written: str) -> None:
    given = series("4.4", "4.4", "4.4")
    moment = Moment(given.points[-1].when.day, written, "year" if written == "2026" else "month")
    points = (*given.points[:-1], replace(given.points[-1], when=moment))
    later = replace(point(3, "1.0"), when=Moment(moment.day, moment.day.isoformat(), "day"))
    found = findings(CHECK_IN, replace(given, points=(*points, later)))
    assert isinstance(found, SeriesRefused)
    assert found.code == "order_unknown"
    assert refused(CHECK_IN, found) == "Which of two scores was first is not known, so they are not compared."


# From ratings


def rating(place: int, *, clinician: str = "sofia", language: str | None = "en", **fields: Any) -> Rating:
    score = Score(key="total", value=Decimal("4.00"), text="4.00", answered=9, of=9, prorated=False, reason=None)
    told: dict[str, Any] = {
        "instrument": "rapport-check-in",
        "version": "0.2.0",
        "informant": "patient",
        "scores": {"total": score},
    } | fields
    return Rating(
        clinician=Person(reference=f"Practitioner/{clinician}", name=None), when=point(place, None).when, visit=f"v{place}", encounter=None,
        answers={"goal-1": 4}, declined=(), extra={}, standing="final", source=f"QuestionnaireResponse/{place}", language=language, **told,
    )  # fmt: skip


def sources(found: Iterable[ScoreSeries]) -> list[list[str]]:
    return [[one.source.rpartition("/")[2] for one in each.points] for each in found]


def test_ratings_become_one_series_for_each_dyad_informant_instrument_and_version() -> None:
    given = [
        rating(5),
        rating(1, clinician="tomas"),
        rating(2, informant="clinician"),
        rating(3, instrument="wai-sr"),
        rating(4, version="0.1.0"),
        rating(0),
    ]
    assert sources(series_of(given, "total")) == [["0", "5"], ["1"], ["2"], ["3"], ["4"]]


def test_two_languages_are_two_series_and_an_unknown_one_joins_a_single_other() -> None:
    assert sources(series_of([rating(0), rating(1, language=None), rating(2)], "total")) == [["0", "1", "2"]]
    mixed = [rating(0), rating(1, language="sv"), rating(2, language=None), rating(3)]
    assert sources(series_of(mixed, "total")) == [["0", "3"], ["1"], ["2"]]


def test_a_rating_without_that_score_is_a_point_without_a_value() -> None:
    [found] = series_of([rating(0), rating(1, scores={})], "total")
    assert [one.value for one in found.points] == [Decimal("4.00"), None]
    assert gap(CHECK_IN, "total", said(CHECK_IN, found).gaps[0]) == "it has no score of this scale"


# Facts and words


def texts_in(fact: object) -> list[str]:
    """Every text of ours in a fact: a published entry, and what a rating says of itself, are not ours."""
    if isinstance(fact, str):
        return [fact]
    if isinstance(fact, Reliability | ScorePoint | None):
        return []
    parts = asdict(fact).values() if isinstance(fact, Struct) else fact if isinstance(fact, tuple) else ()
    return [text for part in parts for text in texts_in(part)]


def test_the_rules_return_codes_and_no_words() -> None:
    found: list[Findings | SeriesRefused] = [
        said(RELIABLE_CHECK_IN, series("4.40", "4.40", "3.60", answers=answers("444 345 554"))),
        said(CHECK_IN, series("4.40", None, "9.00", "4.40", "4.40")),
        said(WAI_SR, of(WAI_SR, series("4.40", "4.40", "4.40", None))),
        said(known(ALPHA), series("4.40", "4.40", "4.40"), choice="nobody"),
    ]
    refusals = [findings(CHECK_IN, replace(series("4.4", "4.4"), scale="elsewhere")), findings(WAI_SR, series("4.4", "4.4", "4.4"))]
    texts = {text for one in (*found, *refusals) for text in texts_in(one)} - {"nobody"}
    assert {"no_reliability", "choice_unknown", "other_form"} <= texts
    assert [text for text in sorted(texts) if not re.fullmatch(r"[a-z_-]+|\d\d %|\d sigma", text)] == []


def test_every_reason_for_saying_nothing_has_its_sentence() -> None:
    flat, short = series("4.40", "4.40", "4.40"), series("4.40", "4.40")
    directionless = replace(CHECK_IN, scales=tuple(replace(scale, better=None) for scale in CHECK_IN.scales))
    given = [
        said(CHECK_IN, flat),
        said(CHECK_IN, short),
        said(known(entry(sd=None)), flat),
        said(known(ALPHA), flat, choice="nobody"),
        said(CHECK_IN, series("4.40", "4.40", "4.40", None)),
        said(CHECK_IN, series(*["4.40"] * 6)),
        said(replace(directionless, reliability=(entry(),)), flat),
    ]
    assert {not_said(one) for each in given for one in each.not_said} == {
        "Too few points: 2 of the 3 scores needed before anything is said about change.",
        "2 earlier scores; this person's own spread needs 5.",
        "No reliability has been published for this score and informant.",
        "A reliability has been published, but no spread to compute with.",
        "There is no reliability entry “nobody” for this score.",
        "The latest rating has no score, and an earlier change is not passed off as the latest.",
        "The instrument does not say which end of the scale is better.",
        "The two latest ratings share no answered item.",
    }
    assert {one.code for each in given for one in each.not_said} == set(get_args(WhyNotSaid))


def test_every_refusal_has_its_sentence() -> None:
    given = series("4.4", "4.4", "4.4")
    asked = [
        (CHECK_IN, replace(given, scale="elsewhere")),
        (CHECK_IN, replace(given, points=(*given.points, point(3, "1.0", origin={"version": "2", "language": "sv"})))),
        (WAI_SR, given),
        (replace(CHECK_IN, language="sv"), given),
        (CHECK_IN, replace(given, points=given.points[::-1])),
        (CHECK_IN, replace(given, points=(*given.points, given.points[-1]))),
    ]
    found = [(instrument, findings(instrument, one)) for instrument, one in asked]
    assert [refused(instrument, one) for instrument, one in found if isinstance(one, SeriesRefused)] == [
        "Rapport check-in has no scale “elsewhere”.",
        "The scores are of several versions and languages, so they are not compared.",
        f"The scores are not of {WAI_SR.title} {WAI_SR.version}.",
        "The scores are not of the sv form.",
        "The scores are not in the order of time.",
        "One rating is there twice.",
    ]


# Properties

NUMBERS = st.decimals(min_value=1, max_value=5, places=2)
WILD = st.one_of(st.none(), NUMBERS, st.decimals(), st.decimals(allow_nan=False, allow_infinity=False, min_value=-100, max_value=100))
ENTRIES = st.builds(
    entry,
    sd=st.none() | st.decimals(), r=st.none() | st.decimals(), mdc=st.none() | st.decimals(),
    r_type=st.sampled_from(["retest", "icc", "alpha", None]), certainty=st.sampled_from(["verified", "unverified"]),
)  # fmt: skip
ANSWERS = st.dictionaries(st.sampled_from([*(item.link_id for item in CHECK_IN.items), "elsewhere"]), st.integers(-2, 9))
ORIGINS = st.fixed_dictionaries(
    {},
    optional={
        "instrument": st.just("wai-sr"), "version": st.just("0.2.0"), "language": st.sampled_from(["sv", None]),
        "informant": st.sampled_from(["clinician", "observer"]), "clinician": st.just("Practitioner/tomas"),
    },
)  # fmt: skip
SHEETS = st.lists(st.tuples(WILD, ANSWERS, st.booleans()), max_size=9)


def sheet_points(sheets: Sequence[tuple[Decimal | None, Mapping[str, int], bool]]) -> tuple[ScorePoint, ...]:
    return tuple(point(place, value, answers=given, prorated=prorated) for place, (value, given, prorated) in enumerate(sheets))


@given(SHEETS, st.lists(ENTRIES, max_size=3), ORIGINS, st.none() | st.integers(-2, 4) | st.text(max_size=3), st.sampled_from([1, 2, 3]))
def test_nothing_makes_it_raise(sheets: Any, entries: list[Reliability], origin: Any, choice: Any, baseline: Any) -> None:
    points = sheet_points(sheets)
    mixed = (*points, point(99, "3.0", origin=origin))
    for scale in ("total", "goal", "elsewhere"):
        for each in (points, mixed, points[::-1]):
            instrument = known(*entries)
            found = findings(instrument, ScoreSeries(scale=scale, points=each), choice=choice, baseline=baseline)
            assert isinstance(found, Findings | SeriesRefused)
            if isinstance(found, SeriesRefused):
                assert refused(instrument, found).endswith(".")
                continue
            assert {one.rule for one in (*found.findings, *found.not_said)} == ALL_RULES
            words = [sentence(instrument, one) for one in found.findings] + [not_said(one) for one in found.not_said]
            words += [caveat for one in found.findings for caveat in caveats(instrument, one)]
            assert all(text.endswith(".") for text in words)
            assert all(gap(instrument, found.scale, one) for one in found.gaps)


@given(st.decimals(min_value="0.01", max_value=99, places=2))
def test_a_published_detectable_change_comes_back_to_its_last_digit(mdc: Decimal) -> None:
    found = precision_of(known(entry(mdc=mdc)), "total", "patient")
    assert isinstance(found, Precision)
    assert (found.measured, reliable_change(found.sem, None)[1].size) == (True, mdc)


@given(SHEETS, st.lists(ENTRIES, max_size=3))
def test_what_has_no_error_is_never_claimed(sheets: Any, entries: list[Reliability]) -> None:
    found = said(known(*entries), ScoreSeries(scale="total", points=sheet_points(sheets)))
    for one in found.findings:
        assert not (one.claimed and one.observed)
        assert not one.claimed or (isinstance(one, ScoreChange) and one.thresholds)
        assert one.observed == ("observation" in one.caveats)


@given(SHEETS, st.lists(ENTRIES, max_size=2))
def test_nothing_is_claimed_below_three_scores(sheets: Any, entries: list[Reliability]) -> None:
    found = said(known(*entries), ScoreSeries(scale="total", points=sheet_points(sheets)))
    usable = [value for value, _, _ in sheets if value is not None and value.is_finite() and 1 <= value <= 5]
    assert found.n == len(usable)
    assert found.n + len(found.gaps) == len(sheets)
    assert len(usable) >= 3 or found.findings == ()


@given(st.lists(NUMBERS, min_size=3, max_size=9), st.integers(-50, 50))
def test_adding_a_constant_to_everything_changes_no_claim(values: list[Decimal], constant: int) -> None:
    scales = tuple(replace(scale, low=scale.low + constant, high=scale.high + constant) for scale in CHECK_IN.scales)
    here = said(RELIABLE_CHECK_IN, series(*values))
    there = said(replace(RELIABLE_CHECK_IN, scales=scales), series(*(value + constant for value in values)))
    assert [(one.rule, one.claimed, silent(here)) for one in here.findings] == [
        (one.rule, one.claimed, silent(there)) for one in there.findings
    ]
    for rule, one in scores(here).items():
        other = scores(there)[rule]
        assert abs(one.change - other.change) < Decimal("1E-30")
        assert (one.thresholds, one.reached, one.worse, one.held_back) == (other.thresholds, other.reached, other.worse, other.held_back)


@given(st.lists(NUMBERS, min_size=3, max_size=9), st.sampled_from(["higher", "lower"]))
def test_a_mirrored_scale_gives_mirrored_findings(values: list[Decimal], better: Any) -> None:
    upright = replace(RELIABLE_CHECK_IN, scales=tuple(replace(scale, better=better) for scale in CHECK_IN.scales))
    turned = replace(upright, scales=tuple(replace(scale, better="lower" if better == "higher" else "higher") for scale in CHECK_IN.scales))
    here, there = said(upright, series(*values)), said(turned, series(*(6 - value for value in values)))
    mirrored = {"fell": "rose", "rose": "fell", "stayed": "stayed"}
    assert claimed(here) == claimed(there)
    assert {rule: mirrored[one.moved] for rule, one in scores(here).items()} == {rule: one.moved for rule, one in scores(there).items()}
    assert {rule: one.worse for rule, one in scores(here).items()} == {rule: one.worse for rule, one in scores(there).items()}


@given(
    st.lists(NUMBERS, min_size=3, max_size=9),
    st.decimals(min_value="0.01", max_value=50, places=2),
    st.decimals(min_value="0.01", max_value=50, places=2),
    st.decimals(min_value=0, max_value="0.99", places=2),
)
def test_a_larger_spread_between_people_never_makes_a_threshold_smaller(
    values: list[Decimal], first: Decimal, second: Decimal, r: Decimal
) -> None:
    assume(first <= second)
    small, large = (scores(said(known(entry(sd=sd, r=r)), series(*values))) for sd in (first, second))
    for rule, one in small.items():
        assert all(less.size <= more.size for less, more in zip(one.thresholds, large[rule].thresholds, strict=True))
        assert one.claimed or not large[rule].claimed or rule == "peak"


@given(st.lists(NUMBERS, min_size=3, max_size=9), st.decimals(min_value="0.01", max_value=50, places=2))
def test_no_claim_is_larger_than_the_room_the_scale_leaves(values: list[Decimal], sd: Decimal) -> None:
    for one in scores(said(known(entry(sd=sd)), series(*values))).values():
        assert 1 <= one.before.value <= 5
        assert -4 <= one.change <= 4
        room = one.before.value - 1 if one.change < 0 else 5 - one.before.value
        assert abs(one.change) <= room
        limit = one.thresholds[-1].size if one.thresholds else Decimal(0)
        if limit >= room:
            assert one.reached not in {"95 %", "3 sigma"}


@given(st.lists(NUMBERS, min_size=3, max_size=9))
def test_every_result_names_its_rule_its_inputs_and_a_sentence_without_a_verdict(values: list[Decimal]) -> None:
    for one in said(known(entry(certainty="unverified")), series(*values, answers=answers("444 345 554"))).findings:
        assert one.n == len(values)
        assert sentence(CHECK_IN, one).endswith(".")
        assert not {"rupture", "failure", "good", "bad"} & set(sentence(CHECK_IN, one).lower().replace(".", "").split())
        if isinstance(one, ScoreChange) and one.thresholds:
            assert one.precision is not None
            assert any(caveat.startswith("Unverified") for caveat in caveats(CHECK_IN, one))
            assert one.before.points[-1].when.day < one.after.when.day
