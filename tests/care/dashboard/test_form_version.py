"""Ratings by a form of another version stand on the same chart and are another series: nothing is compared across."""

from itertools import pairwise
from uuid import uuid4

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments.library import Library
from fhir_mappings.ratings.rating import Rating
from smart_app.care.dashboard.history import Dyad
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.submission.submit import submit
from smart_app.services import AppServices
from tests.care.ehr import Ehr
from tests.care.support import SLUG, answers, asked_for, context, in_launch, patient

DAYS = ("2026-01-05", "2026-02-05", "2026-03-05", "2026-04-05")
FIRST, SECOND = "0.1.0", "0.2.0"


def rated(ehr: Ehr, services: AppServices, versions: list[str]) -> list[Dyad]:
    """The dyads of one rating a month by forms of these versions."""
    ehr.put(patient())
    for place in range(len(versions)):
        opened = in_launch(services, context(encounter=f"e{place}"))
        submit(opened, asked_for(opened, SLUG, "clinician"), key=str(uuid4()), patient="p1", fields=answers(2 + place % 3))
    for form, day, version in zip(ehr.of_type("QuestionnaireResponse"), DAYS, versions, strict=False):
        address = form["questionnaire"].partition("|")[0]
        ehr.put(form | {"authored": day, "questionnaire": f"{address}|{version}"})
    return list(load_history(in_launch(services, context()), years="5").dyads)


def day_of(found: Rating | None) -> str | None:
    return None if found is None else found.when.text


def test_two_versions_are_one_dyad_and_the_first_of_the_newer_has_none_before(ehr: Ehr, services: AppServices) -> None:
    [dyad] = rated(ehr, services, [FIRST, FIRST, SECOND])
    assert (dyad.instrument.version, set(dyad.older), dyad.total) == (SECOND, {FIRST}, 3)
    assert (dyad.previous, dyad.unordered) == ({}, {})
    assert dyad.version_breaks == dyad.breaks == {dyad.latest["clinician"].source}
    assert [dyad.form_of(one).version for one in dyad.ratings] == [FIRST, FIRST, SECOND]


@pytest.mark.parametrize(
    ("versions", "before"),
    [([FIRST, SECOND, SECOND], DAYS[1]), ([SECOND, FIRST, SECOND], DAYS[0]), ([FIRST, FIRST], DAYS[0]), ([SECOND, SECOND], DAYS[0])],
)
def test_what_is_compared_is_of_the_same_version(ehr: Ehr, services: AppServices, versions: list[str], before: str) -> None:
    [dyad] = rated(ehr, services, versions)
    assert day_of(dyad.previous.get("clinician")) == before
    assert len(dyad.version_breaks) == sum(one != other for one, other in pairwise(versions))


def test_versions_whose_scores_have_another_range_stand_on_charts_of_their_own(ehr: Ehr, services: AppServices) -> None:
    wide = [replace(one, scales=tuple(replace(scale, high=9) for scale in one.scales)) if one.version == SECOND else one
            for one in services.library.instruments if one.slug == SLUG]  # fmt: skip
    found = rated(ehr, replace(services, library=Library(tuple(wide))), [FIRST, SECOND])
    assert [(dyad.instrument.version, dyad.total, dyad.breaks) for dyad in found] == [(SECOND, 1, frozenset()), (FIRST, 1, frozenset())]
