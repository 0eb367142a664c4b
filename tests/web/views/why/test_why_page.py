"""What stands on the page for records that a browser seldom meets: many ratings, those of one day, other forms, forms that are gone."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from fhir_mappings.r4.dates import Moment, parse_moment
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.signals.dyad_signals import signals
from fhir_mappings.reliable_change.signals.explanation import Role
from fhir_mappings.reliable_change.signals.rule_rows import SignalLevel
from fhir_mappings.reliable_change.signals.signal_sentences import VERSION_GONE
from smart_app.care.dashboard.load_dashboard import SeenSignals
from smart_app.care.dashboard.why_said import Beside, WhySaid, explained
from smart_app.web.languages.page_language import ENGLISH_PAGE
from smart_app.web.rendering.templates import environment
from smart_app.web.views.why import why_words
from smart_app.web.views.why.why_data import why_data
from smart_app.web.views.why.why_page import RuleCard, WhyUrls, WhyView, why_view
from tests.fhir_mappings.reliable_change.signals.test_judgement import SOFIA, TERMS, TOMAS, rating, sliding
from tests.fhir_mappings.samples import LIBRARY
from tests.fhir_mappings.speaking import left_over, words
from tests.web.support_history import CONTEXT, INGRID, NOW

URLS = WhyUrls(history="/l/abc/", data="/l/abc/why.json", end="/l/abc/end")


def said(ratings: Sequence[Rating], *, mine: str = SOFIA.reference, terms: Any = TERMS) -> WhySaid:
    found = signals(ratings, library=LIBRARY, terms=terms)
    return explained(SeenSignals(patient=INGRID, signals=found, ratings=tuple(ratings), reads=()), mine=mine, simulated=terms.simulated)


def view(ratings: Sequence[Rating], **more: Any) -> WhyView:
    return why_view(said(ratings, **more), context=CONTEXT, now=NOW, urls=URLS)


def cards(found: WhyView) -> dict[str, RuleCard]:
    return {card.anchor: card for one in found.signals for card in (*one.said, *one.shown, *one.quiet)}


def facts(card: RuleCard) -> dict[str, str]:
    return {one.label: " ".join([one.strong, *one.lines, one.source]).strip() for one in card.facts}


def not_used(found: WhyView) -> dict[str, str]:
    return {thing.title: one.reason for section in found.signals for one in section.not_used for thing in one.what}


def test_of_two_hundred_ratings_the_newest_stand_open_and_the_others_are_folded() -> None:
    many = [rating(visit, 40 - visit % 3, day=date(2022, 1, 1) + timedelta(days=7 * visit)) for visit in range(200)]
    table = cards(view(many))["why-1-pooled"].inputs
    assert table is not None
    assert (len(table.rows), len(table.older), table.summary) == (12, 188, "188 older rows")
    assert table.rows[0][0] == "25-Oct-2025"
    assert [table.older[-1][place] for place in (0, 5, 6)] == ["01-Jan-2022", "one of the first", "too few scores"]


def test_a_few_ratings_leave_nothing_folded() -> None:
    table = cards(view(sliding()))["why-1-pooled"].inputs
    assert table is not None
    assert (len(table.rows), table.older) == (5, ())


def test_ratings_of_one_day_have_their_times_and_without_one_their_order_is_said_not_to_be_known() -> None:
    morning, evening = (parse_moment(f"2024-07-10T{hour}:00:00Z") for hour in ("09", "17"))
    assert morning is not None
    assert evening is not None
    given = [rating(0, 45), rating(1, 44, when=morning), rating(2, 40, when=evening)]
    table = cards(view(given))["why-1-pooled"].inputs
    assert table is not None
    assert [row[0] for row in table.rows] == ["10-Jul-2024, 17:00", "10-Jul-2024, 09:00", "10-Jan-2024"]
    bare = Moment(morning.day, "2024-07-10", "day")
    unordered = not_used(view([given[0], replace(given[1], when=bare), replace(given[2], when=bare)]))
    assert "Which of two scores was first is not known" in unordered["The latest score, or the mean of the last two, well below the first"]


def test_answers_stand_in_the_words_of_the_form_and_never_under_their_link_ids() -> None:
    given = [rating(visit, sheet) for visit, sheet in enumerate(([5] * 9, [5] * 9, [3, 3, 3, *[5] * 6]))]
    table = cards(view(given))["why-1-item-fall-three"].inputs
    assert table is not None
    item = LIBRARY.get("rapport-check-in").items[0]
    latest, before = (row for row in table.rows if row[1] == item.text["patient"])
    assert (latest[3], before[3]) == ("the latest", "the one before")
    assert latest[2].startswith("3 ")
    assert not [cell for row in table.rows for cell in row if "goal-" in cell]


def test_answers_of_a_form_whose_wording_may_not_be_shown_stand_under_their_numbers() -> None:
    given = [rating(visit, sheet, instrument="wai-sr") for visit, sheet in enumerate(([5] * 12, [5] * 12, [2, *[5] * 11]))]
    table = cards(view(given))["why-1-item-fall"].inputs
    assert table is not None
    assert [row[1:] for row in table.rows] == [("Item 1", "2", "the latest"), ("Item 1", "5", "the one before")]


def test_a_cut_off_of_a_form_that_rates_nobody_says_whose_it_is() -> None:
    found = view([rating(0, [2] * 17, instrument="dds-17", clinician=None)])
    [section] = found.signals
    assert (found.title, section.heading) == ("Why “to talk about” is said", "The patient, with nobody rated")
    told = facts(cards(found)["why-1-physician-distress"])
    assert told["The rule"].startswith("2.00; the cut-off is 2.00 or more")
    assert "diabetesdistress.org" in told["Threshold, and its source"]


def test_the_same_rule_on_two_forms_of_a_visit_stands_at_two_addresses() -> None:
    other = [
        replace(one, source=f"{one.source}-w") for one in (rating(v, s, instrument="wai-sr") for v, s in enumerate((60, 56, 48, 44, 36)))
    ]
    found = cards(view([*sliding(), *other]))
    assert {"why-1-pooled", "why-1-pooled-2"} <= {*found}
    tables = [found[anchor].inputs for anchor in ("why-1-pooled", "why-1-pooled-2")]
    assert len({one.label for one in tables if one}) == 2


def test_a_version_whose_file_is_gone_is_shown_and_not_judged() -> None:
    found = view([rating(0, 40, version="9.9")])
    [section] = found.signals
    assert section.gone == (f"rapport-check-in 9.9, patient's form, 10-Jan-2024: {VERSION_GONE}",)
    assert (section.said, section.shown, section.quiet) == ((), (), ())
    assert found.title == "Why this is said, and what is not"


def test_ratings_that_no_rule_used_are_counted_each_with_its_reason() -> None:
    own = [replace(one, informant="clinician", source=f"{one.source}-c") for one in sliding()]
    elsewhere = [replace(rating(1, 40), clinician=TOMAS, source="q/tomas")]
    seen = [replace(rating(1, 40), informant="observer", observer="Practitioner/x", source="q/observer")]
    empty = [replace(rating(3, 40), scores={}, source="q/empty")]
    used = not_used(view([*sliding(), *own, *elsewhere, *seen, *empty]))
    assert used["5 ratings by the clinician"] == "The patient’s and the clinician’s lines are never mixed."
    assert used["1 rating of other clinicians"] == "Another clinician is another baseline, judged apart."
    assert used["1 rating by an observer"].startswith("An observation is nobody’s own view")
    assert used["1 rating without a score"] == "Left out, never counted as zero."


def test_it_names_the_rule_and_error_of_the_ratings_day_whatever_was_changed_since() -> None:
    changed_on = sliding()[-1].when.day + timedelta(days=1)
    rules = tuple(replace(rule, retired=changed_on) if rule.id == "pooled" else rule for rule in TERMS.rules)
    later = replace(next(rule for rule in TERMS.rules if rule.id == "pooled"), version=2, valid_from=changed_on)
    told = facts(cards(view(sliding(), terms=replace(TERMS, rules=(*rules, later))))["why-1-pooled"])
    assert told["Kept as it was"].startswith("Rule pooled 1 and error 0.40 as they were in force on 08-Jan-2025.")
    assert told == facts(cards(view(sliding()))["why-1-pooled"])


def test_every_code_has_its_words() -> None:
    assert set(why_words.ROLES) == {*get_args(Role)}
    assert set(why_words.LEVELS) == set(why_words.LEVELS_OTHERWISE) == {*get_args(SignalLevel)}
    assert set(why_words._COUNTED) == set(why_words._WHY) == {*get_args(Beside)}


CASES = {
    "slide": sliding(extra={"difficult": "yes"}),
    "clinician": [replace(one, informant="clinician") for one in sliding()],
    "items": [rating(visit, sheet) for visit, sheet in enumerate(([5] * 9, [5] * 9, [3, 3, 3, *[5] * 6]))],
    "distress": [rating(0, [2] * 17, instrument="dds-17", clinician=None)],
    "rise": [rating(visit, sheet) for visit, sheet in enumerate((18, 18, 38, 38, 40, 40, 41))],
    "published": [rating(visit, sheet, instrument="wai-sr") for visit, sheet in enumerate((60, 56, 48, 44, 36))],
    "nothing": [],
}


@pytest.mark.parametrize("case", CASES)
def test_the_template_puts_all_of_it_out_and_the_data_are_json(case: str) -> None:
    page = environment(ENGLISH_PAGE).get_template("components/why_rule.html").module
    for card in cards(view(CASES[case])).values():
        assert card.title in str(page.folded(card)).replace("&#39;", "'")  # type: ignore[attr-defined]  # a macro
    document = why_data(said(CASES[case]), simulated=TERMS.simulated, now=NOW)
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize("case", CASES)
def test_all_of_it_can_be_said_in_another_language(case: str) -> None:
    found = view(CASES[case])
    for card in cards(found).values():
        table = [cell for row in (card.inputs.head, *card.inputs.rows) for cell in row[3:]] if card.inputs else []
        lines = [each for one in card.facts for each in (one.label, *one.lines)]
        for each in (card.title, card.version, card.level, card.outcome, *lines, *table):
            assert left_over(each) <= words(card.version), each
