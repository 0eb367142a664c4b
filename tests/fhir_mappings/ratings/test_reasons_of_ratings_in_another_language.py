"""Why a stored rating or score is not used can be said in another language: of the English only the record's words stay."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments.library import Library
from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.possible_dates import possible_dates
from fhir_mappings.ratings.not_answered_reader import read_not_answered, standing
from fhir_mappings.ratings.one_per_visit import later_of_each_visit
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.records import WHO
from tests.fhir_mappings.samples import BASE, CHECK_IN, LIBRARY, Json, stored, submission
from tests.fhir_mappings.speaking import codes_in, left_over, words_of
from tests.fhir_mappings.submission.test_not_answered import unanswered

Change = Callable[[dict[str, Json]], None]
POSSIBLE = possible_dates(parse_moment("1971-04-09"), date(2026, 11, 23))
UNVOUCHED = Library((replace(CHECK_IN, claims=tuple(replace(one, certainty="unverified") for one in CHECK_IN.claims)),))


def set_in(role: str, **changed: Any) -> Change:
    return lambda parts: parts[role].update(changed)


def answered(*codes: str, twice: bool = False) -> Change:
    def change(parts: dict[str, Json]) -> None:
        items = parts["response"]["item"][0]["item"]
        system = items[0]["answer"][0]["valueCoding"]["system"]
        items[0]["answer"] = [{"valueCoding": {"system": system, "code": code}} for code in codes]
        items.extend([items[0]] if twice else [])

    return change


def without(*roles: str) -> Change:
    def change(parts: dict[str, Json]) -> None:
        for role in roles:
            parts.pop(role)

    return change


def nobody(parts: dict[str, Json]) -> None:
    for part in parts.values():
        for name in ("focus", "extension"):
            part.pop(name, None)


def undated(parts: dict[str, Json]) -> None:
    for part in parts.values():
        for name in ("authored", "effectiveDateTime"):
            part.pop(name, None)


def ahead(parts: dict[str, Json]) -> None:
    for part in parts.values():
        part.update({name: "2031-01-01" for name in ("authored", "effectiveDateTime") if name in part})


def withheld(parts: dict[str, Json]) -> None:
    parts["total"].pop("valueQuantity")
    parts["total"]["dataAbsentReason"] = {"text": "lost"}


def another_version(parts: dict[str, Json]) -> None:
    parts["response"]["questionnaire"] = parts["response"]["questionnaire"].partition("|")[0] + "|9.9.9"


def of_another_form(parts: dict[str, Json]) -> None:
    parts["total"]["code"]["coding"][0]["code"] = "rapport-check-in.clinician.total"


def unknown_code(parts: dict[str, Json]) -> None:
    parts["total"]["code"]["coding"][0]["code"] = "rapport-check-in.patient.zeal"


def copied(parts: dict[str, Json]) -> None:
    parts["copy"] = {**parts["response"], "id": "k1-copy"}


def put_right(name: str, **changed: Any) -> Change:
    """With a response beside it that stands in its place, or takes it back."""

    def change(parts: dict[str, Json]) -> None:
        named = {"url": f"{BASE}/StructureDefinition/{name}", "valueReference": {"reference": "QuestionnaireResponse/k1-response"}}
        identifier = {**parts["response"]["identifier"], "value": "k2.response"}
        other = {**parts["response"], "id": "k2-response", "identifier": identifier, **changed}
        parts["other"] = {**other, "extension": [*other["extension"], named]}

    return change


SPOILED: list[Change] = [
    set_in("response", status="entered-in-error"),
    set_in("response", status="in-progress"),
    put_right("replaces"),
    put_right("retracts", questionnaire=f"{BASE}/Questionnaire/retraction|0.1.0"),
    another_version,
    copied,
    answered("9"),
    answered("4", "5"),
    answered("4", twice=True),
    nobody,
    undated,
    ahead,
    withheld,
    of_another_form,
    unknown_code,
    without("response", "total", "goal", "task", "bond"),
    set_in("total", status="entered-in-error"),
    set_in("total", status="registered"),
    set_in("total", status=None),
    set_in("total", valueQuantity={"value": 9}),
    set_in("total", valueQuantity={"value": 2}),
    set_in("total", valueQuantity={"value": 4, "code": "mg"}),
    set_in("total", valueQuantity={"value": 4, "comparator": "<"}),
    set_in("total", valueQuantity={}),
]


def rows() -> Iterator[tuple[Any, Skipped]]:
    cases = [(LIBRARY, "444 345 554", change) for change in SPOILED]
    cases += [(LIBRARY, "... ... 554", set_in("bond", valueQuantity={"value": 2})), (UNVOUCHED, "444 345 554", lambda _: None)]
    for library, signs, change in cases:
        parts = stored(submission(signs))
        change(parts)
        responses = [one for one in parts.values() if one["resourceType"] == "QuestionnaireResponse"]
        scores = [one for one in parts.values() if one["resourceType"] == "Observation"]
        _, skipped = read_ratings(library, responses, scores, patient=WHO, base=BASE, possible=POSSIBLE)
        yield from ((parts, row) for row in skipped)
    yield from (([], row) for row in read_ratings(LIBRARY, [3], [4], patient=WHO, base=BASE)[1])  # type: ignore[list-item]  # whatever comes


ROWS = list(rows())


@pytest.mark.parametrize("row", range(len(ROWS)), ids=[row.code for _, row in ROWS])
def test_what_is_not_used(row: int) -> None:
    record, skipped = ROWS[row]
    for said in (skipped.what, skipped.reason, skipped.remedy):
        assert said is None or isinstance(said, Sentence)
        assert left_over(said or Sentence("")) <= words_of(record)


def test_every_reason_there_is_was_walked() -> None:
    dates = {"future_date"}
    assert {*codes_in("ratings", "ScoreRefusal", "Skipped"), *dates} - {row.code for _, row in ROWS} == {
        "rated_again",
        "not_answered_superseded",
    }


def test_a_form_that_was_not_answered_gives_way_to_its_answers_and_to_what_was_entered_later() -> None:
    first, again, rated = stored(unanswered(key="k1")), stored(unanswered("no-time", key="k2")), stored(submission(key="k3"))
    found, _ = read_not_answered(LIBRARY, [first["response"], again["response"]], [], patient=WHO, base=BASE)
    ratings, _ = read_ratings(LIBRARY, [rated["response"]], [], patient=WHO, base=BASE)
    for answered_after_all in ([], ratings):
        for row in standing(found, answered_after_all)[1]:
            assert left_over(row.what) == set()
            assert left_over(row.reason) <= words_of([first, again])


def test_a_visit_that_was_rated_again_and_a_score_that_was_never_stored() -> None:
    first, again = (stored(submission(key=key)) for key in ("k1", "k2"))
    again["response"]["authored"] = "2026-11-22T16:00:00Z"
    ratings, _ = read_ratings(LIBRARY, [first["response"], again["response"]], [], patient=WHO, base=BASE)
    for titles in ({CHECK_IN.slug: CHECK_IN}, {}):
        _, [row] = later_of_each_visit(ratings, titles)
        assert (left_over(row.what), left_over(row.reason)) == (set(), words_of("QuestionnaireResponse/k2-response"))
    [panel_alone], _ = read_ratings(LIBRARY, [], [stored(submission())["goal"]], patient=WHO, base=BASE)
    reasons = {score.reason for score in panel_alone.scores.values() if score.value is None}
    assert {str(reason) for reason in reasons} == {"no score was stored"}
    assert all(left_over(reason or "") == set() for reason in reasons)
