"""A form is taken whole or sent back with what is wrong; what was understood is never asked twice."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.instruments.answers import Answers, Invalid, parse
from tests.fhir_mappings.samples import CHECK_IN

ITEMS = [item.link_id for item in CHECK_IN.items]
WHOLE = {link_id: ["4"] for link_id in ITEMS}


def invalid(changes: dict[str, list[str]], *, drop: str = "") -> Invalid:
    fields = {name: value for name, value in WHOLE.items() if name != drop} | changes
    found = parse(CHECK_IN, "patient", fields)
    assert isinstance(found, Invalid)
    return found


def test_a_whole_form_is_taken() -> None:
    found = parse(CHECK_IN, "patient", WHOLE | {"difficult": ["a-little"]})
    assert found == Answers(values=dict.fromkeys(ITEMS, 4), declined=(), extra={"difficult": "a-little"})


def test_a_declined_item_is_taken_and_a_question_may_stay_open() -> None:
    fields = {name: value for name, value in WHOLE.items() if name != "task-1"} | {"task-1.declined": ["yes"]}
    found = parse(CHECK_IN, "patient", fields)
    assert isinstance(found, Answers)
    assert found.declined == ("task-1",)
    assert "task-1" not in found.values


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"goal-1": ["4", "5"]}, "goal-1"),
        ({"goal-1": ["6"]}, "goal-1"),
        ({"goal-1": ["0"]}, "goal-1"),
        ({"goal-1": ["four"]}, "goal-1"),
        ({"goal-1": ["4.0"]}, "goal-1"),
        ({"goal-1": [""]}, "goal-1"),
        ({"goal-1": []}, "goal-1"),
        ({"goal-1.declined": ["yes"]}, "goal-1"),
        ({"difficult": ["perhaps"]}, "difficult"),
        ({"difficult": ["yes", "no"]}, "difficult"),
        ({"goal-4": ["4"]}, "goal-4"),
        ({"difficult.declined": ["yes"]}, "difficult.declined"),
    ],
)
def test_what_cannot_be_taken_is_named_and_the_rest_is_kept(changes: dict[str, list[str]], named: str) -> None:
    found = invalid(changes)
    assert [error.link_id for error in found.errors] == [named]
    assert all(error.message for error in found.errors)
    assert {link_id: "4" for link_id in ITEMS if link_id not in changes}.items() <= found.kept.items()


@pytest.mark.parametrize("ticked", [{}, {"task-2.declined": ["no"]}, {"task-2.declined": ["yes", "yes"]}])
def test_an_item_neither_answered_nor_declined_is_asked_again(ticked: dict[str, list[str]]) -> None:
    assert [error.link_id for error in invalid(ticked, drop="task-2").errors] == ["task-2"]


def test_a_long_text_is_cut_in_the_message() -> None:
    [error] = invalid({"goal-1": ["9" * 5000]}).errors
    assert len(error.message) < 120


NAMES = st.sampled_from([*ITEMS, *(f"{link_id}.declined" for link_id in ITEMS), "difficult"]) | st.text(max_size=8)
FIELDS = st.dictionaries(NAMES, st.lists(st.sampled_from(["1", "5", "yes", "no"]) | st.text(max_size=6), max_size=3))


@given(FIELDS)
def test_every_form_is_taken_or_answered_with_what_is_wrong(fields: dict[str, list[str]]) -> None:
    found: Any = parse(CHECK_IN, "clinician", WHOLE | fields)
    if isinstance(found, Invalid):
        assert found.errors
        assert all(fields[name] == [code] or WHOLE.get(name) == [code] for name, code in found.kept.items() if name in fields)
    else:
        assert set(found.values) | set(found.declined) == set(ITEMS)
        assert not set(found.values) & set(found.declined)
