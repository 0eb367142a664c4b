"""What is stored is put right in place where the server changes it, and nothing that stood there is lost."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_mappings.instruments.answers import Answers
from fhir_mappings.people.person import Person
from fhir_mappings.ratings.corrections import AnswerBefore, answers_before
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.submission.amendment import amended_bundle, entered_in_error_bundle, replacing_bundle, retraction
from fhir_mappings.submission.corrected_parts import CorrectionCause
from fhir_mappings.submission.submission import Submission
from tests.fhir_mappings.samples import AT, BASE, CHECK_IN, submission
from tests.fhir_mappings.submission.correcting import Conflict, Keeping, answering, keeping

LATER = AT + timedelta(hours=1)
BY_PATIENT = CorrectionCause(reason="patient-changed", at=LATER, by="Patient/p1")
WRONG = CorrectionCause(reason="wrong-patient", at=LATER, by="Practitioner/ada")
SIGNS = st.text(alphabet="12345x.", min_size=9, max_size=9).filter(lambda signs: any(sign.isdigit() for sign in signs))


def only(server: Keeping) -> Rating:
    [rating], skipped = server.read()
    assert [one.code for one in skipped if one.code != "replaced"] == []
    return rating


def put_right(server: Keeping, corrected: Submission, change: CorrectionCause = BY_PATIENT) -> Rating:
    stored = server.stored(only(server))
    if server.changes:
        server.take(amended_bundle(stored, corrected, change, base=BASE))
    else:
        server.take(replacing_bundle(stored, replace(corrected, key=f"{corrected.key}b"), change, base=BASE))
    return only(server)


def texts(rating: Rating) -> dict[str, str | None]:
    return {key: one.text for key, one in rating.scores.items()}


def written(bundle: Mapping[str, Any]) -> list[str]:
    return [entry["request"]["url"] for entry in bundle["entry"]]


@pytest.mark.parametrize("changes", [True, False], ids=["a server that changes", "one that does not"])
@given(first=SIGNS, then=SIGNS)
def test_the_answers_are_the_corrected_ones_and_the_first_are_told(changes: bool, first: str, then: str) -> None:
    made, corrected = submission(first), submission(then)
    server = keeping(made, changes=changes)
    rating = put_right(server, corrected)
    now = Answers(values=rating.answers, declined=rating.declined, extra=rating.extra)
    assert (now.values, set(now.declined), now.extra) == (
        corrected.answers.values,
        set(corrected.answers.declined),
        corrected.answers.extra,
    )
    assert texts(rating) == {key: one.text for key, one in corrected.scores.items()}
    before = answers_before(CHECK_IN, now, rating.corrections)
    assert (before.values, set(before.declined)) == (made.answers.values, set(made.answers.declined))
    assert rating.when.instant == AT


def test_it_says_why_when_by_whom_and_what_stood_there() -> None:
    rating = put_right(keeping(submission("444 3x5 55.")), submission("444 3x5 552"))
    [correction] = rating.corrections
    assert (correction.reason, correction.by, correction.at.instant) == ("patient-changed", "Patient/p1", LATER)
    assert correction.answers == {"bond-3": AnswerBefore(code=None)}
    assert (correction.when, correction.encounter, correction.clinician, correction.after_seen) == (None, None, None, False)
    assert rating.standing == "amended"


def test_only_what_changes_is_written_each_by_its_version() -> None:
    server = keeping(submission("444 345 554"))
    bundle: Any = amended_bundle(server.stored(only(server)), submission("544 345 554"), BY_PATIENT, base=BASE)
    kinds = [(entry["request"]["method"], entry["resource"]["resourceType"]) for entry in bundle["entry"]]
    # The goal and the total, not the task, the bond and the panel.
    assert kinds == [("PUT", "QuestionnaireResponse"), ("PUT", "Observation"), ("PUT", "Observation"), ("POST", "Provenance")]
    assert {entry["request"].get("ifMatch") for entry in bundle["entry"][:-1]} == {'W/"1"'}
    provenance = bundle["entry"][-1]["resource"]
    assert [one["reference"] for one in provenance["target"]] == written(bundle)[:-1]
    assert provenance["entity"][0]["what"]["reference"].endswith("/_history/1")


def test_what_others_wrote_into_it_stays() -> None:
    server = keeping(submission("444 345 554"))
    place = only(server).source
    response = server.resources[place]
    foreign = {"linkId": "ehr-note", "answer": [{"valueString": "kept"}]}
    response |= {"text": {"status": "generated", "div": "<div/>"}, "item": [*response["item"], foreign]}
    response["item"][0]["item"][0]["extension"] = [{"url": "urn:other", "valueString": "kept"}]
    bundle: Any = amended_bundle(server.stored(_drawn(server)), submission("454 345 554"), BY_PATIENT, base=BASE)
    amended = bundle["entry"][0]["resource"]
    assert amended["text"] == response["text"]
    assert amended["item"][-1] == foreign
    assert amended["item"][0]["item"][0]["extension"] == [{"url": "urn:other", "valueString": "kept"}]


def _drawn(server: Keeping) -> Rating:
    return server.read()[0][0]


def test_a_score_that_the_answers_do_not_allow_any_more_is_a_gap_and_one_that_they_now_allow_is_new() -> None:
    server = keeping(submission("444 ... 554"))
    assert put_right(server, submission("... 345 554")).scores["goal"].text is None
    rating = only(server)
    assert rating.scores["task"].text == "4.00"
    goal = next(one for one in server.resources.values() if str(one.get("identifier")).endswith(".goal'}]"))
    assert (goal["status"], "valueQuantity" in goal) == ("amended", False)
    panel = next(one for one in server.resources.values() if "hasMember" in one)
    assert {one["reference"] for one in panel["hasMember"]} <= set(server.resources)


@pytest.mark.parametrize("changes", [True, False], ids=["a server that changes", "one that does not"])
def test_a_wrong_day_takes_the_right_one_and_the_old_one_stays_told(changes: bool) -> None:
    made = submission()
    right = replace(made, authored=AT - timedelta(days=3), encounter="e0")
    rating = put_right(keeping(made, changes=changes), right, replace(WRONG, reason="wrong-day", reported_by="Practitioner/sofia"))
    assert (rating.when.instant, rating.visit) == (AT - timedelta(days=3), "Encounter/e0")
    [correction] = rating.corrections
    assert correction.when is not None
    assert (correction.when.instant, correction.encounter, correction.reported_by) == (AT, "Encounter/e1", "Practitioner/sofia")
    assert correction.answers == {}


@pytest.mark.parametrize("changes", [True, False], ids=["a server that changes", "one that does not"])
def test_the_wrong_person_rated_gives_way_to_the_right_one_in_answers_and_scores(changes: bool) -> None:
    made, tomas = submission(), Person(reference="Practitioner/tomas", name="Tomas Weiss")
    server = keeping(made, changes=changes)
    rating = put_right(server, replace(made, clinician=tomas), replace(WRONG, reason="wrong-clinician"))
    assert rating.clinician == tomas
    [correction] = rating.corrections
    assert correction.clinician is not None
    assert correction.clinician.reference == "Practitioner/sofia"
    used = [one for one in server.resources.values() if {"reference": rating.source} in one.get("derivedFrom", ())]
    assert {one["focus"][0]["reference"] for one in used} == {"Practitioner/tomas"}


@pytest.mark.parametrize("changes", [True, False], ids=["a server that changes", "one that does not"])
def test_what_is_changed_after_the_other_was_seen_is_told_and_counts_for_nothing(changes: bool) -> None:
    made = submission("333 333 333", informant="clinician")
    server = keeping(made, changes=changes)
    seen = CorrectionCause(reason="author-changed", at=LATER, by="Practitioner/sofia", after_seen=True)
    now = submission("555 555 555", informant="clinician")
    for corrected, change in ((now, seen), (submission("111 555 555", informant="clinician"), replace(seen, after_seen=False))):
        rating = put_right(server, replace(corrected, scores=made.scores), change)
        assert rating.answers == made.answers.values
        assert texts(rating) == {key: one.text for key, one in made.scores.items()}
        assert rating.after_seen is not None
        assert rating.after_seen.values == corrected.answers.values


def test_a_second_one_who_puts_it_right_from_what_was_is_refused_by_the_server() -> None:
    server = keeping(submission("444 345 554"))
    stored = server.stored(only(server))
    server.take(amended_bundle(stored, submission("544 345 554"), BY_PATIENT, base=BASE))
    with pytest.raises(Conflict):
        server.take(amended_bundle(stored, submission("144 345 554"), BY_PATIENT, base=BASE))
    assert only(server).answers["goal-1"] == 5


def test_of_two_that_stand_in_the_same_place_the_later_is_drawn_and_the_other_listed() -> None:
    server = keeping(submission("444 345 554"), changes=False)
    stored = server.stored(only(server))
    for key, signs in (("second", "544 345 554"), ("third", "144 345 554")):
        server.take(replacing_bundle(stored, submission(signs, key=key), BY_PATIENT, base=BASE))
    [rating], skipped = server.read()
    assert rating.answers["goal-1"] == 1
    assert [one.code for one in skipped] == ["replaced", "replaced"]


def test_the_wrong_patients_is_entered_in_error_with_all_its_scores() -> None:
    server = keeping(submission())
    server.take(entered_in_error_bundle(server.stored(only(server)), submission(), WRONG, base=BASE))
    ratings, skipped = server.read()
    assert (ratings, [one.code for one in skipped]) == ([], ["entered_in_error"])
    kept = [one for one in server.resources.values() if one["resourceType"] != "Provenance"]
    assert {one["status"] for one in kept} == {"entered-in-error"}


def test_where_nothing_can_be_changed_it_is_taken_back_with_all_it_stood_in_the_place_of() -> None:
    server = keeping(submission("444 345 554"), changes=False)
    put_right(server, submission("544 345 554"))
    server.create(retraction(server.stored(only(server)), submission(key="taken"), WRONG, base=BASE))
    ratings, skipped = server.read()
    assert (ratings, [one.code for one in skipped]) == ([], ["retracted", "retracted"])
    assert "still stored in the EHR" in skipped[0].reason


def test_what_is_taken_back_by_mistake_stands_again_once_that_is_taken_back() -> None:
    server = keeping(submission(), changes=False)
    stored = server.stored(only(server))
    server.create(retraction(stored, submission(key="taken"), WRONG, base=BASE))
    taken = next(one for one in server.resources.values() if "retraction" in str(one.get("questionnaire")))
    server.create(retraction(replace(stored, response=taken), submission(key="again"), WRONG, base=BASE))
    assert only(server).answers == answering(submission(), submission().answers).answers.values


def test_one_that_stands_in_its_own_place_or_in_a_circle_is_drawn_once() -> None:
    server = keeping(submission("444 345 554"), changes=False)
    put_right(server, submission("544 345 554"))
    first, second = [one for one in server.resources.values() if one["resourceType"] == "QuestionnaireResponse"]
    named = {"url": f"{BASE}/StructureDefinition/replaces", "valueReference": {"reference": f"QuestionnaireResponse/{second['id']}"}}
    first["extension"] = [*first["extension"], named]
    second["extension"] = [*second["extension"], named]
    ratings, _ = server.read()
    assert len(ratings) == 1


def test_of_a_form_whose_file_is_gone_no_answer_is_made_up_from_what_was_corrected() -> None:
    server = keeping(submission("333 333 333", informant="clinician"))
    seen = CorrectionCause(reason="author-changed", at=LATER, by="Practitioner/sofia", after_seen=True)
    put_right(server, submission("555 555 555", informant="clinician"), seen)
    response = server.resources[only(server).source]
    response["questionnaire"] = response["questionnaire"].partition("|")[0] + "|0.0.1"
    ratings, _ = server.read()
    assert [(one.answers, one.declined, one.extra, one.after_seen) for one in ratings] == [({}, (), {}, None)]
