"""A form that goes on in another version: a visible break, words that say so, and nothing compared across it."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Option, Question
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.latest_change import rating_changes
from smart_app.care.dashboard.history import Dyad
from smart_app.web.views.dashboard.dashboard_page import dashboard_view
from tests.web.support_history import CHECK_IN, CONTEXT, NOW, URLS, dyad, history, rating
from tests.web.views.dashboard.test_form_languages import DAYS, drawn, lines, panel

OLD, NEW = "0.1.0", "0.2.0"


def given(who: Any, versions: Sequence[str]) -> list[Rating]:
    return [replace(rating(who, day, ("3.00", "3.50", "4.00")), version=version) for day, version in zip(DAYS, versions, strict=False)]


def turned(patient: Sequence[str], clinician: Sequence[str] = ()) -> Dyad:
    """A dyad as it is loaded whose forms go on in another version where the version changes."""
    several = [given("patient", patient), given("clinician", clinician)]
    broken = frozenset(b.source for one in several for a, b in pairwise(one) if a.version != b.version)
    made = dyad(sorted([*several[0], *several[1]], key=lambda one: one.when.day))
    before = {who: one for who, one in made.previous.items() if one.version == made.latest[who].version}
    newest = replace(CHECK_IN, version=NEW)
    return replace(made, instrument=newest, older={OLD: CHECK_IN}, previous=before, version_breaks=broken)


def test_no_line_joins_two_versions_and_a_break_is_drawn_in_every_lane() -> None:
    found = panel(turned([OLD, OLD, NEW, NEW]))
    assert (lines(drawn(found), "patient"), lines(drawn(found), "break")) == ([1, 1], [1])
    assert [lines(each.plot, "break") for each in found.elements if each.plot] == [[1], [1], [1]]
    assert found.total.alt.endswith("Where the form goes on in another version, no line joins it to the ratings before.")


@pytest.mark.parametrize(
    ("dyad", "words"),
    [
        (turned([OLD, NEW], [OLD, NEW]), ["Version 0.2.0 of the form from here"]),
        (turned([OLD, NEW], [NEW, NEW]), ["Patient: version 0.2.0 of the form from here"]),
        (turned([NEW, NEW], [NEW, NEW]), []),
    ],
)
def test_the_words_name_the_version_and_whose_form(dyad: Dyad, words: list[str]) -> None:
    assert [label.text for label in drawn(panel(dyad)).labels if label.style == "note"] == words
    table = panel(dyad).table
    assert table
    assert ["0.2.0" in row[-1] for row in table.rows] == [bool(words), False]


def test_a_new_version_in_another_language_is_one_break_that_says_both() -> None:
    of = turned([OLD, NEW])
    second = replace(of.ratings[1], language="de")
    both = replace(of, ratings=[of.ratings[0], second], latest={"patient": second}, language_breaks=frozenset({second.source}))
    found = drawn(panel(both))
    assert lines(found, "break") == [1]
    notes = [label.text for label in found.labels if label.style == "note"]
    assert notes == ["Patient: version 0.2.0, in German, from here"]


def test_the_latest_value_is_called_the_first_of_its_version() -> None:
    [first] = panel(turned([OLD, NEW])).total.readings
    assert first.notes == ("first with version 0.2.0 of the form, 28-Apr-2026",)
    [second] = panel(turned([OLD, NEW, NEW])).total.readings
    assert second.notes[0].startswith("was 3.50 on 28-Apr-2026")


def test_what_changed_is_not_computed_across() -> None:
    of = turned([OLD, NEW])
    changes = rating_changes(of.instrument, later=of.latest["patient"], earlier=of.previous.get("patient"))
    found = dashboard_view(history(dyads=[of], changes=changes), context=CONTEXT, urls=URLS, now=NOW).summary
    assert found.lines[0].text.endswith(
        "is 3.50 (28-Apr-2026). It is the first with version 0.2.0 of the form, so it is compared with none before."
    )
    assert found.rows[0][1] == "none before with version 0.2.0 of the form"


def test_the_two_views_of_a_visit_are_told_apart_where_their_forms_are_of_different_versions() -> None:
    same, apart = panel(turned([NEW], [NEW])), panel(turned([NEW], [OLD]))
    assert [len(one.total.readings) for one in (same, apart)] == [3, 2]


def test_an_answer_is_called_as_its_own_version_called_it() -> None:
    def asked(label: str) -> Question:
        return Question(link_id="difficult", text={}, options=(Option(code="no", value=0, label=label),))

    of = turned([OLD, NEW])
    worded = replace(
        of, instrument=replace(of.instrument, questions=(asked("Not at all"),)), older={OLD: replace(CHECK_IN, questions=(asked("No"),))}
    )
    table = panel(worded).table
    assert table
    assert [row[-1].rpartition(": ")[2] for row in table.rows] == ["Not at all", "No"]
    assert of.ratings[0].when.day == date(2026, 3, 10)


def test_where_a_phone_has_no_room_for_words_in_the_plot_they_stand_below_it() -> None:
    broken, whole = panel(turned([OLD, NEW])), panel(turned([NEW, NEW]))
    assert broken.total.below == ("Where the form goes on in another version, no line joins it to the ratings before.",)
    assert (whole.total.below, [each.below for each in broken.elements]) == ((), [(), (), ()])


def test_the_sources_name_every_version_that_is_drawn() -> None:
    shown = dashboard_view(history(dyads=[turned([OLD, NEW])]), context=CONTEXT, urls=URLS, now=NOW).sources.instruments
    assert ["version 0.2.0" in one for one in shown] == [True, False]
    assert ["version 0.1.0" in one for one in shown] == [False, True]
