"""A form whose answers go on in other words, as a site's pack that was edited makes it: a visible break, and nothing compared across."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from fhir_mappings.ratings.rating import Rating, word_breaks
from fhir_mappings.reliable_change.latest_change import rating_changes
from smart_app.care.dashboard.history import Dyad
from smart_app.web.views.dashboard.dashboard_page import dashboard_view
from tests.web.support_history import CONTEXT, NOW, URLS, dyad, history, rating
from tests.web.views.dashboard.test_form_languages import DAYS, drawn, lines, panel

OLD, NEW = {"4": "Often", "5": "Always"}, {"4": "Mostly", "5": "Completely"}


def given(who: Any, words: Sequence[dict[str, str]]) -> list[Rating]:
    return [replace(rating(who, day, ("3.00", "3.50", "4.00")), anchors=each) for day, each in zip(DAYS, words, strict=False)]


def turned(patient: Sequence[dict[str, str]], clinician: Sequence[dict[str, str]] = ()) -> Dyad:
    several = [given("patient", patient), given("clinician", clinician)]
    made = dyad(sorted([*several[0], *several[1]], key=lambda one: one.when.day))
    before = {who: one for who, one in made.previous.items() if one.anchors == made.latest[who].anchors}
    return replace(made, previous=before, word_breaks=word_breaks(several[0]) | word_breaks(several[1]))


def test_no_line_joins_them_and_the_break_says_why() -> None:
    found = panel(turned([OLD, OLD, NEW, NEW]))
    assert (lines(drawn(found), "patient"), lines(drawn(found), "break")) == ([1, 1], [1])
    said = "Where the answers go on in other words, no line joins them to the ratings before."
    assert (found.total.below, found.total.alt.endswith(said)) == ((said,), True)


def test_the_words_of_the_break_say_whose_form_it_is() -> None:
    both, one = turned([OLD, NEW], [OLD, NEW]), turned([OLD, NEW], [NEW, NEW])
    assert [[label.text for label in drawn(panel(each)).labels if label.style == "note"] for each in (both, one)] == [
        ["Other words for the answers from here"], ["Patient: other words for the answers from here"],
    ]  # fmt: skip
    assert lines(drawn(panel(turned([OLD, {}, OLD]))), "break") == []


def test_the_latest_is_the_first_with_its_words_and_is_compared_with_none() -> None:
    of = turned([OLD, NEW])
    [first] = panel(of).total.readings
    assert first.notes == ("first with these words for the answers, 28-Apr-2026",)
    changes = rating_changes(of.instrument, later=of.latest["patient"], earlier=of.previous.get("patient"))
    found = dashboard_view(history(dyads=[of], changes=changes), context=CONTEXT, urls=URLS, now=NOW).summary
    assert found.lines[0].text.endswith("It is the first with these words for the answers, so it is compared with none before.")
    assert found.rows[0][1] == "none before with these words for the answers"
