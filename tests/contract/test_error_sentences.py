"""What an error says on a page can be said in every language: mypy holds each place where one is raised to the types that are held here."""

from collections.abc import Iterator
from inspect import signature

import pytest

from fhir_mappings.sentence import Sentence
from smart_app.errors import FhirError, GaveWay, LaunchError, RapportError, SessionError, StoreError


def with_all_below(kind: type[RapportError]) -> Iterator[type[RapportError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from with_all_below(below)


@pytest.mark.parametrize("kind", [one for above in (LaunchError, SessionError, FhirError, StoreError) for one in with_all_below(above)])
def test_an_error_that_a_page_shows_is_made_of_a_sentence(kind: type[RapportError]) -> None:
    assert signature(kind).parameters["user_message"].annotation is Sentence


def test_it_is_kept_as_it_was_made() -> None:
    why = Sentence("{why} Open Rapport again.", why=GaveWay.why)
    assert SessionError(why, detail="why").user_message.values == {"why": GaveWay.why}
    assert str(FhirError(why, detail="for IT")) == f"{why} for IT"
