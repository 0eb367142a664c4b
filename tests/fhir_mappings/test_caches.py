"""What the mapping remembers: a bounded number of things, each under what it says, so that no instrument is answered from another's."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments import scoring
from fhir_mappings.instruments.canonicals import questionnaire
from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.library import Library, load_library
from fhir_mappings.instruments.scoring import by_key
from fhir_mappings.instruments.toml_reader import read_instrument
from fhir_mappings.measures.catalogue import load_measures, read_measures
from fhir_mappings.measures.code_index import code_index
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.r4 import element_cache, models
from fhir_mappings.ratings import answers_reader
from fhir_mappings.ratings.answers_reader import read_answers
from tests.fhir_mappings.measures.test_catalogue import FILES
from tests.fhir_mappings.packed import STRUCTURE, structure
from tests.fhir_mappings.records import WHO, observation

ANSWERED = {"item": [{"linkId": "item-1", "answer": [{"valueCoding": {"code": "3"}}]}]}
# Every cache of more than one entry, by what it is asked.
CACHES: dict[str, Any] = {
    "answers": answers_reader._asked,
    "scores": scoring._prepared,
    "measures": code_index,
    "elements": element_cache._remembered,
    "element models": element_cache._element,
    "models": models.model,
}


def again(old: str, new: str) -> Instrument:
    """The same slug, version and language, from a file that says something else."""
    assert old in STRUCTURE
    return structure(STRUCTURE.replace(old, new, 1))


def test_an_instrument_in_another_ones_place_is_read_by_its_own_file() -> None:
    before, after = structure(), again('code = "3"\nvalue = 3', 'code = "3"\nvalue = 4')
    assert [read_answers(one, ANSWERED)[0].values for one in (before, after, before)] == [{"item-1": 3}, {"item-1": 4}, {"item-1": 3}]


def test_an_instrument_in_another_ones_place_is_scored_by_its_own_key() -> None:
    before, after = structure(), again("reverse = true", "reverse = false")
    answers = {f"item-{number}": 1 for number in range(1, 5)}
    assert [by_key(one, answers)["total"].text for one in (before, after, before)] == ["6", "4", "6"]


def test_measures_in_the_place_of_others_are_read_by_their_own_file() -> None:
    text = FILES["hba1c.toml"]
    assert 'high = "20"' in text
    after = read_measures((FILES | {"hba1c.toml": text.replace('high = "20"', 'high = "7"')}).items())
    found = [read_measurements(one, [observation()], patient=WHO) for one in (load_measures(), after, load_measures())]
    assert [len(values) for values, _ in found] == [1, 0, 1]


def test_what_differs_in_anything_is_another_instrument() -> None:
    plain = structure()
    for other in (
        again("[[item]]", "# a comment changes nothing\n[[item]]"),
        read_instrument(STRUCTURE, file="elsewhere.toml"),
        replace(plain),
    ):
        assert (other, other.identity, hash(other)) == (plain, plain.identity, hash(plain))
    for other in (
        replace(plain, recall="today"),
        replace(plain, language="de"),
        again("sum of the items", "the sum"),
        replace(plain, scales=()),
    ):
        assert other != plain
        assert other.identity != plain.identity
    assert plain.identity[:3] == (plain.slug, plain.version, plain.language)
    assert plain != "wai-sr"


def test_what_says_the_same_is_prepared_once() -> None:
    for cache, asked in ((answers_reader._asked, answers_reader._asked), (scoring._prepared, scoring._prepared)):
        asked(structure())
        before = cache.cache_info().misses
        asked(read_instrument(STRUCTURE, file="elsewhere.toml"))
        assert cache.cache_info().misses == before


@pytest.mark.parametrize("cache", CACHES.values(), ids=CACHES)
def test_a_cache_has_a_bound(cache: Any) -> None:
    assert 0 < cache.cache_info().maxsize <= 1024


@pytest.mark.parametrize("ask", [answers_reader._asked, scoring._prepared])
def test_the_instrument_nobody_asked_for_longest_is_forgotten(ask: Any) -> None:
    plain, most = structure(), ask.cache_info().maxsize
    for one in _many(plain, most + 1):
        ask(one)
    assert ask.cache_info().currsize == most
    missed = ask.cache_info().misses
    ask(replace(plain, recall="0"))
    assert ask.cache_info().misses == missed + 1


def _many(plain: Instrument, count: int) -> Iterator[Instrument]:
    return (replace(plain, recall=str(number)) for number in range(count))


def test_a_library_remembers_the_forms_of_a_few_bases_only() -> None:
    library = Library(load_library().instruments)
    form = library.get("rapport-check-in")
    bases = [f"https://{number}.example/fhir" for number in range(30)]
    asks: tuple[Callable[[str], object], ...] = (
        lambda base: library.for_questionnaire(questionnaire(form, "patient", base=base), base),
        lambda base: library.knows_form(questionnaire(form, "patient", base=base), base),
    )
    for ask in asks:
        assert all(map(ask, bases))
    caches: tuple[Any, ...] = (library._by_canonical, library._by_url)
    for known in caches:
        assert known.cache_info().currsize == known.cache_info().maxsize < len(bases)
