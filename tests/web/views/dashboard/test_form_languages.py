"""A form that goes on in another language: a visible break, words that say so, and nothing compared across it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.latest_change import rating_changes
from fhir_mappings.sentence import Sentence, joined
from smart_app.care.dashboard.history import Dyad
from smart_app.web.charts import plot
from smart_app.web.languages.offered_languages import LanguageName
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, PseudoLanguage
from smart_app.web.languages.unbroken import pieces_of
from smart_app.web.views.dashboard.dashboard_page import dashboard_view
from smart_app.web.views.dashboard.panels import AlliancePanel
from tests.web.support_history import CONTEXT, NOW, URLS, dyad, history, rating

DAYS = (date(2026, 3, 10), date(2026, 4, 28), date(2026, 6, 16), date(2026, 11, 10))
PSEUDO = PseudoLanguage(code=LEFT_TO_RIGHT)


def given(who: Any, languages: Sequence[str | None]) -> list[Rating]:
    return [replace(rating(who, day, ("3.00", "3.50", "4.00")), language=language) for day, language in zip(DAYS, languages, strict=False)]


def turned(patient: Sequence[str | None], clinician: Sequence[str | None] = (), *, breaks: Sequence[int] = (1,)) -> Dyad:
    """A dyad as it is loaded whose forms go on in another language at these places."""
    several = [given("patient", patient), given("clinician", clinician)]
    broken = frozenset(one[place].source for one in several for place in breaks if place < len(one))
    made = dyad(sorted([*several[0], *several[1]], key=lambda one: one.when.day))
    before = {who: one for who, one in made.previous.items() if one.language == made.latest[who].language}
    return replace(made, previous=before, language_breaks=broken)


def panel(of: Dyad) -> AlliancePanel:
    found = dashboard_view(history(dyads=[of]), context=CONTEXT, urls=URLS, now=NOW).alliance
    assert found
    return found


def drawn(of: AlliancePanel) -> plot.Plot:
    assert of.total.plot
    return of.total.plot


def lines(of: plot.Plot, style: str) -> list[int]:
    """How many stretches each path of a style has."""
    return [stroke.d.count("M") for stroke in of.lines if stroke.style == style]


def test_no_line_joins_two_languages_and_a_break_is_drawn() -> None:
    one = drawn(panel(turned(["en", "en", "en", "en"], breaks=())))
    two = drawn(panel(turned(["en", "en", "de", "de"], breaks=(2,))))
    assert (lines(one, "patient"), lines(one, "break")) == ([1], [])
    assert (lines(two, "patient"), lines(two, "break")) == ([1, 1], [1])
    alone = drawn(panel(turned(["en", "de"])))
    assert (lines(alone, "patient"), lines(alone, "break")) == ([], [1])


def test_every_lane_is_broken_and_the_large_one_says_why() -> None:
    found = panel(turned(["en", "de", "de"]))
    small = [each.plot for each in found.elements]
    assert [lines(one, "break") for one in small if one] == [[1], [1], [1]]
    assert "Patient: form in German from here" in [label.text for label in drawn(found).labels]
    assert not [label for one in small if one for label in one.labels if "German" in label.text]
    assert found.total.alt.endswith("Where the form goes on in another language, no line joins it to the ratings before.")


@pytest.mark.parametrize(
    ("dyad", "words"),
    [
        (turned(["en", "de"], ["en", "de"]), "Form in German from here"),
        (turned(["en", "de"], ["en", "en"], breaks=()), None),
        (turned(["de", "pt-BR"]), "Patient: form in Portuguese (Brazil) from here"),
        (turned([], ["en", "xx-QQ"]), "Clinician: form in xx-QQ from here"),
        (turned([], ["en", None]), "Clinician: language of the form not known from here"),
        (turned(["en", None], ["en", None]), "Language of the form not known from here"),
    ],
)
def test_the_words_name_whose_form_and_the_language(dyad: Dyad, words: str | None) -> None:
    notes = [label.text for label in drawn(panel(dyad)).labels if label.style == "note"]
    assert notes == ([words] if words else [])


def test_the_table_says_it_at_the_first_of_them() -> None:
    table = panel(turned(["en", "de", "de"])).table
    assert table
    assert ["German" in row[-1] for row in table.rows] == [False, True, False]


def test_the_latest_value_is_called_the_first_in_its_language() -> None:
    [first] = panel(turned(["en", "de"])).total.readings
    assert first.notes == ("first with the form in German, 28-Apr-2026",)
    [unknown] = panel(turned(["en", None])).total.readings
    assert unknown.notes == ("language of the form not known, 28-Apr-2026",)
    [second] = panel(turned(["en", "de", "de"])).total.readings
    assert second.notes[0].startswith("was 3.50 on 28-Apr-2026")


@pytest.mark.parametrize(
    ("language", "said", "before"),
    [
        ("de", "It is the first with the form in German, so it is compared with none before.", "none before with the form in German"),
        (None, "The language of the form is not known, so it is compared with none before.", "none before"),
    ],
)
def test_what_changed_is_not_computed_across(language: str | None, said: str, before: str) -> None:
    of = turned(["en", language])
    changes = rating_changes(of.instrument, later=of.latest["patient"], earlier=of.previous.get("patient"))
    found = dashboard_view(history(dyads=[of], changes=changes), context=CONTEXT, urls=URLS, now=NOW).summary
    assert found.lines[0].text.endswith(f"rating of the alliance with you is 3.50 (28-Apr-2026). {said}")
    assert found.rows[0][1] == before


def test_a_language_is_called_as_the_pages_language_calls_it() -> None:
    class Spoken(PseudoLanguage, frozen=True):
        """German without a catalogue."""

    german, sentence = Spoken(code="de"), Sentence("Form in {language} from here", language=LanguageName("es"))
    assert sentence.said(german) == "⟦Form in Spanisch from here~~~~~~⟧"
    assert pieces_of(joined(" ", [sentence]), german) == [sentence.said(german)]
    assert "Spanish" in sentence.said(PSEUDO)


def test_answers_that_are_not_scored_stand_under_the_language_of_their_form() -> None:
    of = turned(["en", "de"])
    unscored = replace(of, instrument=replace(of.instrument, scales=()))
    table = panel(unscored).table
    assert table
    assert [str(head) for head in table.head[1:]] == ["28-Apr-2026, patient, form in German", "10-Mar-2026, patient, form in English"]
