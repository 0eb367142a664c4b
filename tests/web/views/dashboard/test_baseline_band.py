"""The band around a patient's first ratings: the rule's own figures, whose error it is, and in its place why there is none."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as drawn_by
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.pooled_scores import PooledChange
from fhir_mappings.reliable_change.signals.dyad_signals import signals
from smart_app.care.dashboard.history import Dyad, History
from smart_app.web.charts.plot import Plot, ValueScale
from smart_app.web.views.dashboard.lanes.alliance_lanes import TOTAL, total_scale
from smart_app.web.views.dashboard.lanes.baseline_band import BaselineBand, baseline_band
from smart_app.web.views.parts import Lane
from tests.fhir_mappings.samples import LIBRARY
from tests.web.support_history import SOFIA, TOMAS
from tests.web.views.dashboard.test_signal_lines import DECLARED, TERMS, given, of, site, view

# The last two lie far below the first three, each of them within the band around these.
INSIDE = (40, 40, 40, 31, 32)
SWITCHED_OFF = """
[[off]]
rule = "pooled"
valid_from = 2020-01-01
by = "A. Person"
reason = "Not here."
"""


def band_of(shown: History, dyad: Dyad | None = None) -> BaselineBand | None:
    each = dyad or shown.dyads[0]
    return baseline_band(each, total_scale(each.instrument), shown)


def words(shown: History) -> str:
    found = band_of(shown)
    assert found
    assert found.band is None
    return found.words


def total(shown: History) -> Lane:
    panel = view(shown).alliance
    assert panel
    return panel.total


def plot_of(lane: Lane) -> Plot:
    assert lane.plot
    return lane.plot


@drawn_by(st.lists(st.integers(min_value=9, max_value=45), min_size=3, max_size=7))
def test_it_is_the_baseline_of_the_rule_and_its_limit_and_never_of_the_rating_that_is_judged(sums: list[int]) -> None:
    shown = of(given(sums))
    found = band_of(shown)
    assert found
    assert found.band
    facts = [looked.fact for one in shown.signals[0].judgements for looked in (*one.raised, *one.quiet)]
    [fact] = [one for one in facts if isinstance(one, PooledChange)]
    first = [Decimal(one) / 9 for one in sums[: min(3, len(sums) - 1)]]
    assert found.band.middle == pytest.approx(float(sum(first) / len(first)), abs=0.005)
    assert found.band.high - found.band.middle == pytest.approx(float(fact.parts[0].limit))
    outside = Decimal(found.band.low) > fact.score
    assert outside == fact.parts[0].reached
    assert (found.within is not None) == (fact.reached and not outside and fact.score <= Decimal(found.band.high))


def test_the_words_name_baseline_limit_and_whose_error_it_is() -> None:
    assumed, declared, published = (
        band_of(of(given((40, 41, 39, 40)))),
        band_of(of(given((40, 41, 39, 40)), terms=site(DECLARED))),
        band_of(of(given((48, 48, 48), instrument="wai-sr"))),
    )
    assert assumed
    assert assumed.words == "band: baseline 4.44 (first three) ± 1.19, error assumed"
    assert declared
    assert declared.words == "band: baseline 4.44 (first three) ± 1.04, error declared by this site"
    assert published
    assert published.words.startswith("band: baseline ")
    assert published.words.endswith(", error published")
    assert "(first two)" in published.words


def test_where_the_second_part_spoke_although_the_latest_lies_inside_a_sentence_says_so_at_every_width() -> None:
    lane = total(of(given(INSIDE)))
    said = (
        "The latest lies within the band; the mean of the last two is 0.94 below that of the first three, more than the assumed error "
        "(0.72)."
    )
    assert said in lane.listed
    assert band_of(of(given((40, 40, 40, 40, 24)))).within is None  # type: ignore[union-attr]


def test_it_stops_at_the_ends_of_the_scale_with_its_words_in_the_plot_below_on_a_phone_and_in_the_alternative() -> None:
    lane = total(of(given((40, 41, 39, 40))))
    plot = plot_of(lane)
    values = ValueScale(low=1, high=5, height=TOTAL.height)
    assert [stroke.d.split("H")[0] for stroke in plot.back] == [f"M0 {values.y(5):g}", f"M0 {values.y(40 / 9):g}"]
    assert "band: baseline 4.44 (first three) ± 1.19, error assumed" in [label.text for label in plot.labels]
    said = "Band: baseline 4.44 (first three) ± 1.19, error assumed."
    assert said in lane.below
    assert said in lane.alt
    assert said not in lane.listed


@pytest.mark.parametrize(
    ("ratings", "why"),
    [
        (given((40, 40)), "no band yet: it takes three ratings with a score"),
        ([*given((40, 40, 40))[:2], replace(given((40, 40, 40))[2], scores={})], "no band: the latest rating has no score"),
    ],
    ids=["two ratings", "latest not scored"],
)
def test_without_one_a_short_line_says_why(ratings: Sequence[Rating], why: str) -> None:
    shown = of(ratings)
    assert words(shown) == why


def test_a_site_that_switched_the_rule_off_has_no_band() -> None:
    assert words(of(given((40, 40, 40)), terms=site(SWITCHED_OFF))) == "no band: this site does not use the rule"


def test_no_error_no_band() -> None:
    without: Any = replace(TERMS, errors=())
    assert words(of(given((40, 40, 40)), terms=without)) == "no band: no error is published for this form, and none is assumed"


def test_where_earlier_or_later_ratings_may_be_missing_there_is_none() -> None:
    ratings = given((40, 40, 40, 40))
    shown = replace(of(ratings), signals=signals(ratings, library=LIBRARY, terms=TERMS, complete=False))
    assert words(shown) == "no band: ratings may be missing"
    later = replace(shown.dyads[0], latest={}, previous={}, whole=False)
    assert words(replace(shown, dyads=[later], signals=())) == "no band: ratings may be missing"


def test_a_new_version_has_a_baseline_of_its_own_that_begins_with_it() -> None:
    ratings = given((40, 40, 20, 20, 20, 20))
    other = [replace(one, version="0.0.9") for one in ratings[:2]]
    shown = of([*other, *ratings[2:]])
    found = band_of(shown)
    assert found
    assert found.band
    assert found.band.middle == pytest.approx(20 / 9, abs=0.005)
    assert found.band.since == ratings[2].when.day


def test_each_clinician_has_their_own_and_the_clinicians_own_line_none() -> None:
    mine = given((40, 40, 40))
    theirs = [replace(one, source=f"{one.source}-theirs") for one in given((20, 20, 20), clinician=TOMAS)]
    own = [replace(one, informant="clinician", source=f"{one.source}-own") for one in given((45, 45, 45))]
    shown = of([*mine, *own], theirs)
    bands = [band_of(shown, each) for each in shown.dyads]
    assert [one.band.middle for one in bands if one and one.band] == [pytest.approx(40 / 9, abs=0.005), pytest.approx(20 / 9, abs=0.005)]
    assert band_of(of(own)) is None


def test_a_form_about_nobody_has_none_and_says_nothing() -> None:
    distress = given((34, 34, 34, 34), instrument="dds-17", clinician=None)
    shown = of(given((40,), clinician=SOFIA))
    companion = replace(shown.dyads[0], clinician=None, ratings=distress, instrument=LIBRARY.get("dds-17"))
    assert band_of(replace(shown, companions=[companion]), companion) is None
