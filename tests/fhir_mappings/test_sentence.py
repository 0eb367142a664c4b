"""A sentence is its English and keeps what it was made of."""

import copy
import pickle
from datetime import UTC, date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.sentence import (
    ENGLISH,
    Conjunction,
    DateForm,
    Sentence,
    Value,
    capitalised,
    counted,
    dated,
    full_sentence,
    joined,
    listed,
    said,
)


class Shouting:
    """A language that shows what is a text and what is a value."""

    code = "en-XB"

    def text(self, text: str) -> str:
        """Everything but the places."""
        return "".join(part if part.startswith("{") else part.upper() for part in text.replace("}", "}\0").replace("{", "\0{").split("\0"))

    def counted(self, one: str, many: str, n: int) -> str:
        """With three forms."""
        return self.text({0: "not one of " + many, 1: one}.get(n, many))

    def date(self, day: date, form: DateForm) -> str:
        """As ISO 8601."""
        return f"<{form} {day.isoformat()}>"

    def listed(self, parts: list[str], conjunction: Conjunction) -> str:
        """With signs."""
        return {"and": " & ", "or": " | "}[conjunction].join(parts)


LOUD = Shouting()
DAY = date(2026, 11, 22)


def test_a_sentence_is_its_english() -> None:
    assert Sentence("rose from {before} to {after}", before=Decimal("4.00"), after=Decimal("4.22")) == "rose from 4.00 to 4.22"
    assert Sentence("Not recorded") == "Not recorded"


def test_it_is_said_anew_in_another_language_with_values_as_they_are() -> None:
    sentence = Sentence("{who} said it on {day}", who="Ann", day=DAY)
    assert sentence == "Ann said it on 22-Nov-2026"
    assert sentence.said(LOUD) == "Ann SAID IT ON <day 2026-11-22>"


@pytest.mark.parametrize(
    ("value", "english", "loud"),
    [
        (Decimal("7.10"), "7.10", "7.10"),
        (3, "3", "3"),
        ("as in the record", "as in the record", "as in the record"),
        (DAY, "22-Nov-2026", "<day 2026-11-22>"),
        (dated(DAY, "long"), "22 November 2026", "<long 2026-11-22>"),
        (dated(DAY, "month_name"), "Nov", "<month_name 2026-11-22>"),
        (parse_moment("2026-11", UTC), "Nov-2026", "<month 2026-11-01>"),
        (parse_moment("2026", UTC), "2026", "<year 2026-01-01>"),
        (parse_moment("2026-11-22T08:00:00Z", UTC), "22-Nov-2026", "<day 2026-11-22>"),
        (Quantity("7.10", "%", "%"), "7.10 %", "7.10 %"),
        (Sentence("missing"), "missing", "MISSING"),
        (joined(" · ", [Sentence("missing"), "Ann"]), "missing · Ann", "MISSING · Ann"),
        (listed(["Ann", Sentence("nobody"), "Bo"]), "Ann, nobody and Bo", "Ann & NOBODY & Bo"),
        (listed(["Ann", "Bo"], "or"), "Ann or Bo", "Ann | Bo"),
        (listed(["Ann"]), "Ann", "Ann"),
        (listed([]), "", ""),
        (full_sentence(Sentence(" nobody is there")), "Nobody is there.", "NOBODY IS THERE."),
        (full_sentence(Sentence("is it?")), "Is it?", "IS IT?"),
        (full_sentence(""), "", ""),
        (capitalised(listed(["goal", Sentence("task")])), "Goal and task", "Goal & TASK"),
        (capitalised(""), "", ""),
        (counted("{n} result", "{n} results", 1), "1 result", "1 RESULT"),
        (counted("{n} result", "{n} results", 0), "0 results", "NOT ONE OF 0 RESULTS"),
        (counted("{n} result of {who}", "{n} results of {who}", 9, who="Ann"), "9 results of Ann", "9 RESULTS OF Ann"),
    ],
)
def test_values_are_formatted_late(value: Value, english: str, loud: str) -> None:
    assert said(value, ENGLISH) == english
    assert said(value, LOUD) == loud
    assert Sentence("It is {value}!", value=value) == f"It is {english}!"
    assert Sentence("It is {value}!", value=value).said(LOUD) == f"IT IS {loud}!"


@given(st.text())
def test_braces_of_a_record_mean_nothing(text: str) -> None:
    assert Sentence("It says {text}.", text=text) == f"It says {text}."
    assert Sentence("{outer}", outer=Sentence("It says {text}.", text=text)) == f"It says {text}."


def test_a_place_without_a_value_is_a_mistake_of_the_code() -> None:
    with pytest.raises(KeyError, match="after"):
        Sentence("rose from {before} to {after}", before=1)


@pytest.mark.parametrize(
    "sentence",
    [
        Sentence("on {day}", day=DAY),
        counted("{n} result", "{n} results", 9),
        joined(", ", [Sentence("a"), dated(DAY)]),
        listed(["Ann", Sentence("nobody")], "or"),
        full_sentence(Sentence("nobody")),
        capitalised(Sentence("nobody")),
    ],
)
def test_a_copy_can_be_said_too(sentence: Sentence) -> None:
    for other in (copy.copy(sentence), copy.deepcopy(sentence), pickle.loads(pickle.dumps(sentence))):
        assert other == sentence
        assert other.said(LOUD) == sentence.said(LOUD)


def test_sentences_that_say_the_same_are_the_same() -> None:
    assert len({Sentence("on {day}", day=DAY), Sentence("on {day}", day=DAY), "on 22-Nov-2026"}) == 1


def test_it_is_never_written_as_json_by_accident_without_what_it_was_made_of() -> None:
    with pytest.raises(TypeError):
        msgspec.json.encode({"reason": Sentence("missing")})
