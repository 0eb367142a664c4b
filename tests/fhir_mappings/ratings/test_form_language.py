"""The language of a form as it was answered is stored, read back, and sets its ratings apart."""

from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.library import Library
from fhir_mappings.ratings.rating import Rating, language_breaks
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.submission.questionnaire_response import questionnaire_response
from tests.fhir_mappings.invented import NEGATIVE, worded
from tests.fhir_mappings.records import WHO
from tests.fhir_mappings.samples import BASE, CHECK_IN, LIBRARY, stored, submission

GERMAN = worded(CHECK_IN, "Wort", scopes=frozenset({"display", "store"}), language="de")


def read(*responses: Any, library: Library = LIBRARY) -> list[Rating]:
    return read_ratings(library, responses, [], patient=WHO, base=BASE)[0]


@pytest.mark.parametrize(("form", "language"), [(CHECK_IN, "en"), (GERMAN, "de"), (replace(NEGATIVE, forms=CHECK_IN.forms), None)])
def test_the_response_says_in_which_language_the_form_was(form: Instrument, language: str | None) -> None:
    made = replace(submission("... ... ..."), instrument=form)
    assert questionnaire_response(made, base=BASE).get("language") == language


def test_a_form_in_another_language_is_read_back_in_it() -> None:
    responses = [stored(submission("444 345 554", key=key, instrument=form))["response"] for key, form in (("a", CHECK_IN), ("b", GERMAN))]
    both = Library((*LIBRARY.instruments, GERMAN))
    assert {one.source[-10:-9]: one.language for one in read(*responses, library=both)} == {"a": "en", "b": "de"}
    for one in responses:
        del one["language"]
    assert {one.source[-10:-9]: one.language for one in read(*responses, library=both)} == {"a": "en", "b": "de"}


@pytest.mark.parametrize(
    ("written", "language"),
    [
        ("de", "de"),
        (" DE ", "de"),
        ("de-at", "de-AT"),
        ("en-US", "en"),
        ("EN", "en"),
        *((wrong, "en") for wrong in ("", "German", "d", "de_DE", "de-DE-x-y", "de<b>", 7, None, ["de"], {"code": "de"})),
    ],
)
def test_what_a_response_says_of_its_language_counts_where_it_is_one(written: object, language: str) -> None:
    response = stored(submission("444 345 554"))["response"] | {"language": written}
    assert [one.language for one in read(response)] == [language]


@pytest.mark.parametrize(
    ("languages", "broken"),
    [
        ("", ""),
        ("en en", ""),
        ("en - en", ""),
        ("- -", ""),
        ("en de de", "1"),
        ("en de en", "1 2"),
        ("en - de", "1 2"),
    ],
)
def test_a_form_that_goes_on_in_another_language_breaks_the_series(languages: str, broken: str) -> None:
    [one] = read(stored(submission("444 345 554"))["response"])
    given = [
        replace(one, source=str(place), language=None if language == "-" else language) for place, language in enumerate(languages.split())
    ]
    assert language_breaks(given) == frozenset(broken.split())
