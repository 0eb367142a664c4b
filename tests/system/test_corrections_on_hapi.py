"""What is put right is put right on HAPI FHIR JPA too: in place, by its version, with its scores, and never over what another changed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import simplejson
from msgspec.structs import replace

from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.canonicals import demo_tag
from fhir_mappings.instruments.scoring import score
from fhir_mappings.people.person import Person
from fhir_mappings.r4.references import PatientOnServer
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.submission.amendment import StoredRating, amended_bundle, entered_in_error_bundle, replacing_bundle, retraction
from fhir_mappings.submission.corrected_parts import CorrectionCause
from fhir_mappings.submission.submission import Submission
from fhir_mappings.submission.transaction import submission_bundle
from smart_app.sandbox.personas.persona_canonicals import BASE as DEMO
from tests.fhir_mappings.samples import BASE, CHECK_IN, LIBRARY, submission
from tests.support.stands import seeded

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]
AT = datetime(2026, 11, 22, 14, 20, tzinfo=UTC)
JSON = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json", "Cache-Control": "no-cache"}


class OnHapi:
    """One rating of one patient on HAPI."""

    def __init__(self, base: str, patient: str, clinician: str) -> None:
        self.base, self.patient, self.clinician, self.session = base, patient, clinician, requests.Session()

    def submission(self, signs: str, *, key: str = "hapi-correction-1", **changes: Any) -> Submission:
        who, sofia = f"Patient/{self.patient}", Person(reference=self.clinician, name="Sofia Lindqvist")
        made = submission(signs, key=f"{key}-{self.patient}", patient=self.patient, clinician=sofia, encounter=None)
        return replace(made, answered_by=who, recorded_by=who, authored=AT, issued=AT, tags=(demo_tag(DEMO),), **changes)

    def send(self, bundle: Any) -> int:
        text = simplejson.dumps(bundle, use_decimal=True)
        return self.session.post(self.base, data=text.encode(), headers=JSON, timeout=60).status_code

    def create(self, resource: Any) -> int:
        place = f"{self.base}/{resource['resourceType']}"
        return self.session.post(place, data=simplejson.dumps(resource, use_decimal=True).encode(), headers=JSON, timeout=60).status_code

    def found(self, kind: str, **params: str) -> list[dict[str, Any]]:
        query = {"patient": self.patient, "_count": "200", **params}
        answer = self.session.get(f"{self.base}/{kind}", params=query, headers=JSON, timeout=60)
        return [one["resource"] for one in simplejson.loads(answer.text, use_decimal=True).get("entry", [])]

    def rating(self) -> Rating:
        who = PatientOnServer(id=self.patient, base=self.base)
        ratings, _ = read_ratings(LIBRARY, self.found("QuestionnaireResponse"), self.found("Observation"), patient=who, base=BASE)
        [rating] = [one for one in ratings if one.when.instant == AT]
        return rating

    def stored(self, source: str, answers: Answers) -> StoredRating:
        response = simplejson.loads(self.session.get(f"{self.base}/{source}", headers=JSON, timeout=60).text, use_decimal=True)
        derived = self.found("Observation", **{"derived-from": source})
        roles = {one["identifier"][0]["value"].rpartition(".")[2]: one for one in derived}
        return StoredRating(server=self.base, response=response, observations=roles, answers=answers)


@pytest.fixture
def hapi_record(hapi_base: str) -> Iterator[OnHapi]:
    with seeded(hapi_base, "new-patient") as choices:
        yield OnHapi(hapi_base, choices.patients[0].id, f"Practitioner/{choices.practitioners[0].id}")


def by_patient(record: OnHapi, **changes: Any) -> CorrectionCause:
    cause = CorrectionCause(reason="patient-changed", at=AT + timedelta(hours=1), by=f"Patient/{record.patient}")
    return replace(cause, **changes)


def test_an_answer_is_changed_in_place_with_its_scores(hapi_record: OnHapi) -> None:
    made, now = hapi_record.submission("444 345 554"), hapi_record.submission("244 345 554")
    assert hapi_record.send(submission_bundle(made, base=BASE)) == 200
    there = hapi_record.stored(hapi_record.rating().source, made.answers)
    bundle = amended_bundle(there, now, by_patient(hapi_record), base=BASE)
    assert hapi_record.send(bundle) == 200
    rating = hapi_record.rating()
    assert (rating.answers, rating.standing) == (now.answers.values, "amended")
    assert {key: one.value for key, one in rating.scores.items()} == {
        key: one.value for key, one in score(CHECK_IN, now.answers.values).items()
    }
    assert rating.corrections[0].answers["goal-1"].code == "4"
    # Whoever starts from what was there before changes nothing any more.
    assert hapi_record.send(amended_bundle(there, made, by_patient(hapi_record), base=BASE)) in {409, 412}
    assert hapi_record.rating().answers == now.answers.values


def test_the_wrong_patients_is_entered_in_error_with_all_its_scores(hapi_record: OnHapi) -> None:
    made = hapi_record.submission("444 345 554")
    assert hapi_record.send(submission_bundle(made, base=BASE)) == 200
    source = hapi_record.rating().source
    wrong = by_patient(hapi_record, reason="wrong-patient")
    assert hapi_record.send(entered_in_error_bundle(hapi_record.stored(source, made.answers), made, wrong, base=BASE)) == 200
    after = hapi_record.stored(source, made.answers)
    assert {one["status"] for one in (after.response, *after.observations.values())} == {"entered-in-error"}
    assert len(after.observations) == 5


def test_what_stands_in_its_place_and_what_takes_it_back_are_kept_and_read(hapi_record: OnHapi) -> None:
    made, now = hapi_record.submission("444 345 554"), hapi_record.submission("244 345 554", key="hapi-correction-2")
    assert hapi_record.send(submission_bundle(made, base=BASE)) == 200
    there = hapi_record.stored(hapi_record.rating().source, made.answers)
    assert hapi_record.send(replacing_bundle(there, now, by_patient(hapi_record), base=BASE)) == 200
    rating = hapi_record.rating()
    assert rating.answers == now.answers.values
    back = hapi_record.submission("444 345 554", key="hapi-correction-3")
    wrong = by_patient(hapi_record, reason="wrong-patient")
    assert hapi_record.create(retraction(hapi_record.stored(rating.source, now.answers), back, wrong, base=BASE)) == 201
    with pytest.raises(ValueError, match="not enough values"):
        hapi_record.rating()
