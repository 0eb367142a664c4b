"""What is said of a signal that was put aside and whose rule was retired or switched off since."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from fhir_mappings.reliable_change.signals.dyad_signals import Signal, signals
from fhir_mappings.reliable_change.signals.signal_terms import Terms, load_terms, with_site_terms
from smart_app.care.dashboard.aside_lines import aside_lines
from smart_app.care.dashboard.history import PutAside
from tests.care.test_care_sentences import left_in_english
from tests.fhir_mappings.reliable_change.signals.test_judgement import rating, sliding
from tests.fhir_mappings.samples import LIBRARY

TERMS = load_terms()
OWN, POOLED = ("own-answer", 1), ("pooled", 1)
TITLES = {rule.id: rule.title for rule in TERMS.rules}
OFF = '[[off]]\nrule = "{rule}"\nvalid_from = {begin}\nby = "A. Person"\nreason = "Asked for."\n'


def says(terms: Terms) -> Signal:
    """A slide whose last visit the patient called difficult."""
    visits = sliding()
    [found] = signals([*visits[:-1], replace(visits[-1], extra={"difficult": "yes"})], library=LIBRARY, terms=terms)
    return found


def put(*rules: tuple[str, int]) -> PutAside:
    return PutAside(reason="talked", at=datetime(2025, 2, 1, 10, tzinfo=UTC), rules=rules)


def retired(rule: str, day: date, *, successor: bool = False) -> Terms:
    rules = [replace(one, retired=day) if one.id == rule else one for one in TERMS.rules]
    again = [replace(one, version=2, valid_from=day) for one in TERMS.rules if one.id == rule] if successor else []
    return replace(TERMS, rules=(*rules, *again))


def switched_off(rule: str, begin: date) -> Terms:
    return with_site_terms(TERMS, OFF.format(rule=rule, begin=begin), file="own.toml", library=LIBRARY)


LAST = says(TERMS).ratings[-1].when.day


def test_of_rules_that_speak_as_they_did_nothing_is_said() -> None:
    signal = says(TERMS)
    assert {(one.rule.id, one.rule.version) for one in signal.reasons if one.rule.level == "discuss"} == {OWN, POOLED}
    assert aside_lines(put(OWN, POOLED), signal, TERMS) == ()


def test_a_rule_retired_later_still_speaks_and_is_said_to_be_retired() -> None:
    terms = retired("pooled", date(2026, 1, 1))
    [line] = aside_lines(put(OWN, POOLED), says(terms), terms)
    assert line == f"The rule “{TITLES['pooled']}” is retired from 01-Jan-2026 on; this rating is still judged by it."


@pytest.mark.parametrize("successor", [False, True])
def test_a_rule_retired_back_to_a_day_before_says_nothing_any_more(*, successor: bool) -> None:
    terms = retired("pooled", LAST, successor=successor)
    [line] = aside_lines(put(OWN, POOLED), says(terms), terms)
    assert line.startswith(f"The rule “{TITLES['pooled']}” is retired from ")
    assert line.endswith(", and says nothing of this rating any more.")


def test_a_rule_switched_off_back_to_a_day_before_says_nothing_any_more_and_the_other_goes_on() -> None:
    terms = switched_off("own-answer", date(2024, 1, 1))
    signal = says(terms)
    assert signal.level == "discuss"
    [line] = aside_lines(put(OWN, POOLED), signal, terms)
    assert line == f"This site has switched off the rule “{TITLES['own-answer']}” for that day: it says nothing of this rating any more."


def test_with_its_only_rule_switched_off_it_is_still_said_why_it_is_silent() -> None:
    terms = switched_off("own-answer", date(2024, 1, 1))
    [signal] = signals([rating(0, 40, extra={"difficult": "yes"})], library=LIBRARY, terms=terms)
    assert (signal.level, len(aside_lines(put(OWN), signal, terms))) == (None, 1)


def test_one_switched_off_from_a_later_day_on_speaks_as_it_did() -> None:
    terms = switched_off("own-answer", date(2026, 1, 1))
    assert aside_lines(put(OWN, POOLED), says(terms), terms) == ()


def test_a_reason_that_came_after_it_was_put_aside_is_not_hidden() -> None:
    visits = sliding()
    last = replace(visits[-1], extra={"difficult": "yes"})
    [before] = signals([*visits[:-1], last], library=LIBRARY, terms=TERMS, complete=False)
    assert [one.rule.id for one in before.reasons if one.rule.level == "discuss"] == ["own-answer"]
    [line] = aside_lines(put(OWN), says(TERMS), TERMS)
    assert line == f"The rule “{TITLES['pooled']}” speaks about this rating now, and did not when it was put aside."
    assert left_in_english(line) == ""


def test_a_rule_that_wants_something_else_or_is_in_no_file_has_no_line() -> None:
    [signal] = signals([rating(0, 40)], library=LIBRARY, terms=TERMS)
    assert aside_lines(put(OWN, POOLED, ("gone", 7)), signal, TERMS) == ()


def test_without_a_signal_of_that_rating_it_has_ended_by_itself() -> None:
    assert aside_lines(put(OWN), None, retired("own-answer", LAST)) == ()


@pytest.mark.parametrize("terms", [retired("pooled", date(2026, 1, 1)), retired("pooled", LAST), switched_off("pooled", date(2024, 1, 1))])
def test_every_line_can_be_said_in_another_language(terms: Terms) -> None:
    [line] = aside_lines(put(OWN, POOLED), says(terms), terms)
    assert left_in_english(line) == ""
