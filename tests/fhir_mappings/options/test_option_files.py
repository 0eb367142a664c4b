"""The file of options, and a site's own beside it: what is wrong in either is said with the file and the place."""

import re
import tomllib
from collections import Counter
from importlib.resources import files

import pytest

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.options.option_files import load_options, read_options, with_site_options
from fhir_mappings.options.practice_option import ELEMENTS
from fhir_mappings.sentence import Sentence

TEXT = (files("fhir_mappings.options") / "files" / "practice.toml").read_text(encoding="utf-8")
NEW = """
[[source]]
key = "team"
cite = "Our team, 2026"
mark = "G"

[[option]]
id = "OUR-1"
element = "bond"
sentence = "Walk them to the door."
when = "end of the visit"
strength = ["G"]
basis = "our team's habit"
sources = ["team"]
"""
GERMAN = """
language = "de"

[[option]]
id = "G1"
sentence = "Fragen, was ihnen gerade am wichtigsten ist."
when = "zu Beginn"
basis = "beobachtet"
"""


def wrong(text: str, said: str) -> None:
    with pytest.raises(DataFileError, match=said) as caught:
        read_options(text, file="own.toml")
    assert caught.value.page == "docs/options.md"


def site(text: str, said: str) -> None:
    with pytest.raises(DataFileError, match=said):
        with_site_options(load_options(), text, file="site.toml")


class TestWhatShips:
    def test_it_has_the_options_of_each_element(self) -> None:
        counted = Counter(one.element for one in load_options().options)
        assert counted == {"goal": 4, "task": 6, "bond": 5, "withdrawal": 3, "confrontation": 3, "hurtful": 3, "any": 2}
        assert set(counted) == set(ELEMENTS)

    def test_each_has_a_source_and_is_short_and_tells_a_clinician_something(self) -> None:
        for one in load_options().options:
            assert one.sources, one.id
            assert len(one.sentence.split()) <= 20, one.id
            assert one.when, one.id
            assert one.basis, one.id

    def test_each_text_is_a_sentence_that_can_be_said_in_another_language(self) -> None:
        for one in load_options().options:
            assert {type(text) for text in (one.sentence, one.when, one.basis, *([one.caution] if one.caution else []))} == {Sentence}
            assert one.language is None

    def test_none_speaks_of_who_somebody_is_or_meant(self) -> None:
        said = " ".join(f"{one.sentence} {one.when} {one.caution}" for one in load_options().options)
        personal = r"\b(ethnic|race|racial|gender|sex|culture|religion|they wanted|on purpose|difficult patient)\b"
        assert not re.search(personal, said, re.IGNORECASE)

    def test_the_two_guides_are_read_and_not_cited(self) -> None:
        book = load_options()
        assert [guide.by[:5] for guide in book.reading] == ["Jones", "Wampo"]
        cited = " ".join(source.cite for one in book.options for source in one.sources)
        assert "Wampold" not in cited
        assert "Vallis" not in cited
        assert {guide.address for guide in book.reading}.isdisjoint(source.address for one in book.options for source in one.sources)

    def test_what_is_our_own_says_so(self) -> None:
        for one in load_options().options:
            assert ("G" in one.strength) == one.basis.startswith("ours"), one.id


class TestAFileThatIsWrong:
    def test_an_option_without_a_source(self) -> None:
        wrong(TEXT.replace('sources = ["caft"]\ncaution = "No second lecture."\n', ""), r"own\.toml: option\.4\.sources: Field required")
        wrong(TEXT.replace('sources = ["karagiannis-2019"]', "sources = []"), r"own\.toml: option\.2\.sources")

    def test_a_source_there_is_not(self) -> None:
        wrong(TEXT.replace('sources = ["karagiannis-2019"]', 'sources = ["nobody"]'), "option.G3.sources: there is no source 'nobody'")

    def test_an_element_there_is_not(self) -> None:
        wrong(TEXT.replace('element = "any"', 'element = "mood"', 1), "option.X1.element: there is no element 'mood'; known are goal, task")

    def test_an_id_that_stands_twice(self) -> None:
        wrong(TEXT.replace('id = "G2"', 'id = "G1"'), r"own\.toml: option\.G1: stands twice")
        wrong(TEXT.replace('key = "hendrieckx-2020"', 'key = "lafata-2013"'), r"own\.toml: source\.lafata-2013: stands twice")

    def test_a_source_that_nothing_cites(self) -> None:
        wrong(TEXT + '\n[[source]]\nkey = "idle"\ncite = "Idle 2020"\nmark = "A"\n', "source.idle: is cited by no option")

    @pytest.mark.parametrize("key", ["W1", "C1", "T1"])
    def test_nothing_but_what_an_answer_may_lead_to_follows_from_one(self, key: str) -> None:
        wrong(TEXT.replace('after_answer = ["X1"', f'after_answer = ["{key}"'), f"{key} is of .*, which follows from no answer")

    def test_an_answer_leads_to_nothing_that_is_not_there(self) -> None:
        wrong(TEXT.replace('after_answer = ["X1"', 'after_answer = ["X9"'), "after_answer: there is no option 'X9'")

    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            ('strength = ["T"]', 'strength = ["A"]', "strength"),
            ('strength = ["T"]', "strength = []", "strength"),
            ('mark = "S"', 'mark = "V"', "mark"),
            ('id = "G1"', 'id = "1 <b>"', "id"),
            ("https://doi.org/10.1155", "javascript:alert(1)//", "address"),
            ('when = "opening of the visit"', 'when = ""', "when: is empty"),
            ('caution = "One question, then wait."', 'directive = "Do it."', "directive"),
            ("[[option]]", "[[option", "syntax"),
        ],
    )
    def test_anything_else(self, before: str, after: str, said: str) -> None:
        wrong(TEXT.replace(before, after, 1), said)


class TestASite:
    def test_adds_one(self) -> None:
        book = with_site_options(load_options(), NEW, file="site.toml")
        added = book.get("OUR-1")
        assert added is not None
        assert (added.element, added.language, [one.cite for one in added.sources]) == ("bond", "en", ["Our team, 2026"])
        assert book.about("bond")[-1] == added
        assert book.options[:-1] == load_options().options

    def test_translates_one_whole_and_keeps_what_it_rests_on(self) -> None:
        book = with_site_options(load_options(), GERMAN, file="site.toml")
        before, after = load_options().get("G1"), book.get("G1")
        assert before is not None
        assert after is not None
        assert (after.language, after.when, after.caution) == ("de", "zu Beginn", "")
        assert (after.sources, after.strength, after.element) == (before.sources, before.strength, before.element)
        assert not isinstance(after.sentence, Sentence)

    def test_changes_what_one_rests_on(self) -> None:
        book = with_site_options(load_options(), '[[option]]\nid = "G1"\nstrength = ["C"]\nsources = ["caft"]', file="site.toml")
        after = book.get("G1")
        assert after is not None
        assert (after.strength, after.sources[0].key, after.language) == (("C",), "caft", None)

    def test_leaves_some_out_and_no_answer_leads_there(self) -> None:
        book = with_site_options(load_options(), 'leave_out = ["X2", "W3"]', file="site.toml")
        assert book.get("X2") is None
        assert book.after_answer == ("X1", "H1")

    def test_is_told_what_is_wrong(self) -> None:
        site(NEW.replace('sources = ["team"]\n', ""), "option.OUR-1: is new here, so it needs sources")
        site(NEW.replace('"bond"', '"mood"'), "option.OUR-1.element: there is no element 'mood'")
        site(NEW.replace('["team"]', '["nobody"]'), "option.OUR-1.sources: there is no source 'nobody'")
        site(GERMAN.replace('when = "zu Beginn"\n', ""), "option.G1: changes some of its words, so it needs when too")
        site('leave_out = ["Z9"]', "leave_out: there is no option 'Z9'")
        site('leave_out = ["X1", "X2", "H1"]\nafter_answer = ["H2"]', "there is no option of any left")
        site('after_answer = ["W1"]', "W1 is of withdrawal")
        site('heading = "Do this"', "heading")
        site(NEW + NEW, "stands twice")


def test_every_mark_and_strength_of_the_file_is_one_that_pages_have_words_for() -> None:
    part = tomllib.loads(TEXT)
    assert {one["mark"] for one in part["source"]} == {"A", "R", "S"}
    assert {strength for one in part["option"] for strength in one["strength"]} == {"T", "t", "O", "o", "C", "G"}
