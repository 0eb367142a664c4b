"""What is offered: two or three at a time, and first what the patient's own answer or a clearly lowest element leads to."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.options.offered_options import Opening, opening, pages_of
from fhir_mappings.options.option_files import load_options, with_site_options
from fhir_mappings.options.practice_option import ELEMENTS

SCORE = st.none() | st.decimals("1", "5", places=2)


def scores(goal: str | None, task: str | None, bond: str | None) -> dict[str, Decimal | None]:
    texts = {"goal": goal, "task": task, "bond": bond}
    return {name: Decimal(text) if text else None for name, text in texts.items()}


@pytest.mark.parametrize("answer", ["a-little", "yes"])
def test_the_patients_own_answer_comes_before_every_score(answer: str) -> None:
    assert opening(answer, scores("1", "5", "5")) == Opening(section="answer")


@pytest.mark.parametrize("answer", [None, "no", "rather-not-say", "Yes", ""])
def test_any_other_answer_leads_nowhere(answer: str | None) -> None:
    assert opening(answer, {}) == Opening(section="any")


@pytest.mark.parametrize(
    ("given", "element", "by"),
    [
        (("4.00", "3.50", "4.33"), "task", "0.50"),
        (("2.00", "3.50", "4.33"), "goal", "1.50"),
        (("4.00", "3.67", "3.00"), "bond", "0.67"),
    ],
)
def test_an_element_clearly_below_the_next_opens(given: tuple[str, str, str], element: str, by: str) -> None:
    found = opening("no", scores(*given))
    assert (found.section, found.lower_by) == (element, Decimal(by))


@pytest.mark.parametrize("given", [("4.00", "3.51", "4.00"), ("3", "3", "5"), ("5", "5", "5"), (None, "1", "5"), ("1", None, None)])
def test_none_opens_that_does_not_stand_apart_or_is_not_scored_with_the_others(given: tuple[str | None, str | None, str | None]) -> None:
    assert opening(None, scores(*given)).section == "any"


@given(st.none() | st.text(max_size=8), SCORE, SCORE, SCORE)
def test_no_answer_and_no_score_opens_withdrawal_confrontation_or_a_hurtful_remark(
    answer: str | None, goal: Decimal | None, task: Decimal | None, bond: Decimal | None
) -> None:
    found = opening(answer, {"goal": goal, "task": task, "bond": bond, "hurtful": Decimal(1), "withdrawal": Decimal(1)})
    assert found.section in {"answer", "goal", "task", "bond", "any"}
    shown = [one.element for page in pages_of(load_options(), found.section) for one in page]
    assert {"withdrawal", "confrontation"}.isdisjoint(shown)
    assert "hurtful" not in shown or answer in {"a-little", "yes"}


@pytest.mark.parametrize("section", ["answer", *ELEMENTS])
def test_two_or_three_are_offered_at_once_and_all_can_be_reached(section: str) -> None:
    book = load_options()
    pages = pages_of(book, section)  # type: ignore[arg-type]
    assert {len(page) for page in pages} <= {2, 3}
    reached = [one.id for page in pages for one in page]
    assert reached == (list(book.after_answer) if section == "answer" else [one.id for one in book.options if one.element == section])


def test_where_a_site_leaves_one_it_is_offered_alone() -> None:
    book = with_site_options(load_options(), 'leave_out = ["X2"]', file="site.toml")
    assert [[one.id for one in page] for page in pages_of(book, "any")] == [["X1"]]
