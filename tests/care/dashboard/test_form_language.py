"""Ratings by a form in another language are another series: what was before is not what it changed from."""

from typing import Any
from uuid import uuid4

import pytest

from fhir_mappings.ratings.rating import Rating
from smart_app.care.dashboard.history import Dyad
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.submission.submit import submit
from smart_app.services import AppServices
from tests.care.ehr import Ehr
from tests.care.support import SLUG, answers, asked_for, context, in_launch, patient

DAYS = ("2026-01-05", "2026-02-05", "2026-03-05", "2026-04-05")


def rated(ehr: Ehr, services: AppServices, languages: list[str | None], informant: Any = "clinician") -> Dyad:
    """The dyad of one rating a month by forms in these languages."""
    ehr.put(patient())
    for place in range(len(languages)):
        opened = in_launch(services, context(encounter=f"e{place}"))
        submit(opened, asked_for(opened, SLUG, informant), key=str(uuid4()), patient="p1", fields=answers(2 + place % 3))
    for form, day, language in zip(ehr.of_type("QuestionnaireResponse"), DAYS, languages, strict=False):
        kept = {name: value for name, value in form.items() if name != "language"}
        ehr.put(kept | {"authored": day} | ({"language": language} if language else {}))
    [dyad] = load_history(in_launch(services, context()), years="5").dyads
    return dyad


def day_of(found: Rating | None) -> str | None:
    return None if found is None else found.when.text


def test_the_first_in_another_language_has_none_before(ehr: Ehr, services: AppServices) -> None:
    dyad = rated(ehr, services, ["en", "de"])
    assert (dyad.previous, dyad.unordered) == ({}, {})
    assert dyad.language_breaks == {dyad.latest["clinician"].source}


def test_what_is_compared_is_of_the_same_language(ehr: Ehr, services: AppServices) -> None:
    dyad = rated(ehr, services, ["en", "de", "de", "en"])
    assert day_of(dyad.previous.get("clinician")) == DAYS[0]
    assert {one.when.text for one in dyad.ratings if one.source in dyad.language_breaks} == {DAYS[1], DAYS[3]}


@pytest.mark.parametrize("languages", [["en", "en"], [None, None], ["en-GB", "en-US"], [None, "en"]])
def test_one_language_is_one_series(ehr: Ehr, services: AppServices, languages: list[str | None]) -> None:
    dyad = rated(ehr, services, languages)
    assert (day_of(dyad.previous.get("clinician")), dyad.language_breaks) == (DAYS[0], frozenset())
