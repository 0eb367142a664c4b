"""The check-in in German and Spanish: the same form in other words, said everywhere to be read over by nobody."""

from collections.abc import Iterator
from importlib.resources import files

import pytest

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.scoring_key import fingerprint
from fhir_mappings.instruments.translation_reader import read_translation
from fhir_mappings.ratings.rating_reader import read_ratings
from tests.fhir_mappings.records import WHO
from tests.fhir_mappings.samples import BASE, CHECK_IN, LIBRARY, stored, submission

TRANSLATED = [one for one in LIBRARY.instruments if one.translation is not None]
GERMAN = (files("fhir_mappings.instruments") / "translations" / "rapport-check-in.de.toml").read_text(encoding="utf-8")
REVIEW = "not reviewed by clinicians or patients"


def texts(of: Instrument) -> Iterator[tuple[str, str]]:
    """Every text by its place."""
    for who, form in of.forms.items():
        yield from ((f"{who} {name}", getattr(form, name)) for name in ("title", "intro", "intro_home"))
        yield from ((f"{item.link_id} {who}", item.text[who]) for item in of.items)
        yield from ((f"{question.link_id} {who}", question.text[who]) for question in of.questions)
        yield from ((f"{one.key} {who}", f"{one.title[who]} {one.help[who]}") for one in of.sections)
    labelled = [*of.options, *(option for one in of.questions for option in one.options)]
    yield from ((f"option {place}", option.label or "") for place, option in enumerate(labelled))


def test_the_newest_check_in_is_there_in_german_and_spanish() -> None:
    assert {(one.slug, one.version, one.language) for one in TRANSLATED} == {
        (CHECK_IN.slug, CHECK_IN.version, code) for code in ("de", "es")
    }
    assert LIBRARY.get(CHECK_IN.slug) is CHECK_IN
    assert LIBRARY.get(CHECK_IN.slug, language="es").language == "es"
    assert LIBRARY.get(CHECK_IN.slug, language="sv") is CHECK_IN


@pytest.mark.parametrize("one", TRANSLATED, ids=[str(one.language) for one in TRANSLATED])
def test_it_says_the_same_with_the_same_names_in_it_and_counts_the_same(one: Instrument) -> None:
    own, english = dict(texts(one)), dict(texts(CHECK_IN))
    names = ("{clinician}", "{patient}")
    assert [place for place in english if [name in own[place] for name in names] != [name in english[place] for name in names]] == []
    assert [place for place in english if bool(own[place]) != bool(english[place])] == []
    assert [place for place in english if own[place] and own[place] == english[place]] in ([], ["option 5"])
    assert fingerprint(one) == fingerprint(CHECK_IN)


@pytest.mark.parametrize("one", TRANSLATED, ids=[str(one.language) for one in TRANSLATED])
def test_an_answer_on_it_is_another_form_and_says_that_nobody_has_read_it_over(one: Instrument) -> None:
    response = stored(submission(instrument=one))["response"]
    assert response["language"] == one.language
    assert response["questionnaire"] == f"{BASE}/Questionnaire/rapport-check-in-patient-{one.language}|0.2.0"
    url = canonicals.wording_review(BASE)
    assert [each["valueString"] for each in response["extension"] if each["url"] == url] == [REVIEW]
    [rating], skipped = read_ratings(LIBRARY, [response], [], patient=WHO, base=BASE)
    assert (rating.language, rating.version, rating.scores["total"].text, skipped) == (one.language, "0.2.0", "4.22", [])
    assert url not in str(stored(submission())["response"])


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('version = "0.2.0"', 'version = "9.9.9"', "translation.instrument"),
        ('link_id = "goal-2"', 'link_id = "goal-9"', "item"),
        ('code = "5"', 'code = "6"', "option"),
        ('code = "a-little"', 'code = "some"', "question.option"),
        ('key = "bond"', 'key = "trust"', "section"),
        ("[form.clinician]", "[form.observer]", "form"),
        (f'review = "{REVIEW}"\n', "", "translation.review"),
    ],
)
def test_a_translation_of_another_shape_is_refused(old: str, new: str, key: str) -> None:
    assert old in GERMAN
    with pytest.raises(DataFileError) as caught:
        read_translation(GERMAN.replace(old, new, 1), LIBRARY.instruments, file="mine.toml")
    assert (caught.value.file, caught.value.key) == ("mine.toml", key)
