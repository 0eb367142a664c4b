"""A sentence that is written down is said later as if it had never been: in English, and in any other language."""

from datetime import UTC, date, datetime
from typing import get_args

import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.kept_sentence import as_data, from_data, sentence_of
from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.sentence import (
    DateForm,
    Language,
    Sentence,
    Value,
    capitalised,
    counted,
    dated,
    full_sentence,
    joined,
    listed,
    shipped_text,
)
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, PseudoLanguage

PSEUDO = PseudoLanguage(code=LEFT_TO_RIGHT)
DAY = date(2026, 11, 22)

moments = st.sampled_from([parse_moment(text, UTC) for text in ("2026", "2026-11", "2026-11-22", "2026-11-22T08:00:00+01:00")])
plain: st.SearchStrategy[Value] = st.one_of(
    st.text(), st.integers(), st.decimals(), st.dates(), st.datetimes(), st.booleans(),
    moments.map(lambda moment: moment or DAY), st.builds(Quantity, st.text(), st.text(), st.text()),
)  # fmt: skip


def of(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    """Each kind of sentence over such values."""
    parts = st.lists(values, max_size=3)
    return st.one_of(
        st.text().map(shipped_text),
        values.map(lambda value: Sentence("It says {value}, {{not}} more.", value=value)),
        st.builds(lambda one, other: Sentence("from {one} to {other}", one=one, other=other), values, values),
        st.builds(lambda n, of_what: counted("{n} result of {what}", "{n} results of {what}", n, what=of_what), st.integers(), values),
        st.builds(joined, st.text(), parts),
        st.builds(listed, parts, st.sampled_from(["and", "or"])),
        values.map(full_sentence),
        values.map(capitalised),
        st.builds(dated, st.dates(), st.sampled_from(get_args(DateForm))),
    )


sentences = of(st.recursive(plain, of, max_leaves=8)).map(lambda made: made if isinstance(made, Sentence) else Sentence("nothing"))


@given(sentences)
def test_it_is_said_alike_after_it_was_sealed_and_opened(sentence: Sentence) -> None:
    opened = from_data(simplejson.loads(simplejson.dumps(as_data(sentence), use_decimal=True), use_decimal=True))
    assert type(opened) is type(sentence)
    assert str(opened) == str(sentence)
    assert opened.said(PSEUDO) == sentence.said(PSEUDO)


def test_one_without_places_is_its_text_and_a_text_is_one() -> None:
    assert as_data(Sentence("The answers were not accepted.")) == "The answers were not accepted."
    assert from_data("The answers were {not} accepted.").said(PSEUDO) == shipped_text("The answers were {not} accepted.").said(PSEUDO)


def test_it_stays_readable() -> None:
    said = Sentence("The server did not store it (HTTP {status}).", status=422)
    assert as_data(said) == {"kind": "text", "text": "The server did not store it (HTTP {status}).", "values": {"status": 422}}


class Spoken:
    """What only its own room can say."""

    def said(self, language: Language) -> str:
        return language.text("hello")


def test_what_only_its_own_room_can_say_is_kept_in_english() -> None:
    opened = from_data(as_data(Sentence("It says {what}.", what=Spoken())))
    assert opened.said(PSEUDO) == Sentence("It says {what}.", what="hello").said(PSEUDO)


def test_a_records_text_is_said_alike_everywhere_and_a_sentence_is_left_as_it_is() -> None:
    assert sentence_of("Ann").said(PSEUDO) == "Ann"
    sentence = Sentence("nobody")
    assert sentence_of(sentence) is sentence


@pytest.mark.parametrize(
    "data",
    [
        None,
        7,
        [],
        {},
        {"kind": "song", "text": "Halvorsen"},
        {"kind": "text"},
        {"kind": "text", "text": 7},
        {"kind": "text", "text": "Halvorsen", "more": 1},
        {"kind": "text", "text": "from {before}", "values": {"after": "Halvorsen"}},
        {"kind": "text", "text": "from {before", "values": {"before": "Halvorsen"}},
        {"kind": "text", "text": "from {before.x}", "values": {"before": "Halvorsen"}},
        {"kind": "text", "text": "from {before}", "values": {"before": None}},
        {"kind": "text", "text": "from {before}", "values": {"before": {"kind": "number", "digits": "Halvorsen"}}},
        {"kind": "counted", "one": "a", "many": "b", "n": 1, "values": {"many": "Halvorsen"}},
        {"kind": "listed", "conjunction": "nor", "parts": []},
        {"kind": "dated", "day": "2026-02-31", "form": "day"},
        {"kind": "joined", "sign": "", "parts": {"a": "Halvorsen"}},
        {"kind": "number", "digits": "1"},
    ],
)
def test_what_is_none_is_refused_without_repeating_it(data: object) -> None:
    with pytest.raises(ValueError, match=r"^no sentence that was kept") as refused:
        from_data(data)
    assert "Halvorsen" not in str(refused.value)


def test_a_time_is_kept_as_its_day() -> None:
    at = Sentence("on {at}", at=datetime(2026, 11, 22, 8, tzinfo=UTC))
    assert from_data(as_data(at)) == "on 22-Nov-2026"
