"""A visit of before, rated now: which one it is, and that everything is checked and stored of it."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments.answers import Invalid
from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.forms.asked_form import ask
from smart_app.care.forms.late_visit import LateVisit, at_visit, late_note, late_visit, looked_up, visit_answered_about
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.submit import submit
from smart_app.errors import NotOffered, SessionError
from smart_app.launch.context.launch_context import LaunchId
from smart_app.services import AppServices
from tests.care.ehr import Ehr, refusal, statement
from tests.care.support import NOW, SLUG, Clock, answers, asked_for, context, in_launch, patient

THEN = date(2026, 11, 10)
LATE = LateVisit(encounter="e1", day=THEN)


@pytest.fixture(autouse=True)
def admitted(ehr: Ehr) -> None:
    ehr.put(patient())


def chart(services: AppServices, **more: Any) -> ChartRecord:
    return in_launch(services, context(**{"encounter": "e2", **more}))


def encounter(**changed: Any) -> dict[str, Any]:
    own = {"subject": {"reference": "Patient/p1"}, "period": {"start": "2026-11-09T15:00:00Z"}, "status": "finished"}
    return {"resourceType": "Encounter", "id": "e1", **own, **changed}


def patient_rated(services: AppServices, clock: Clock, **where: Any) -> None:
    """Twelve days ago, in a visit the clinician did not rate."""
    clock.now = NOW.replace(day=10)
    record = chart(services, **{"encounter": "e1", **where})
    submit(record, asked_for(record, SLUG, "patient"), key=services.new_id(), patient="p1", fields=answers(3))
    clock.now = NOW


def rate(services: AppServices, late: LateVisit = LATE, **more: Any) -> str | Invalid:
    record = chart(services)
    asked = ask(record, slug=SLUG, informant="clinician", late=late_note(record, late, form=("rapport-check-in", "clinician")))
    return submit(at_visit(record, asked.late), asked, key=services.new_id(), patient="p1", fields=answers(4), **more)


def history(services: AppServices, **more: Any) -> History:
    return load_history(chart(services, **more), years="2")


@pytest.mark.parametrize("visit", ["2026-11-10", "Encounter/", "Encounter/..", "Appointment/a1", ""])
def test_only_a_visit_the_ehr_names_can_be_rated_later(visit: str) -> None:
    assert visit_answered_about(visit, THEN) is None
    assert visit_answered_about("Encounter/e1", THEN) == LATE


def test_the_note_is_of_its_launch_form_and_patient(services: AppServices) -> None:
    record = chart(services)
    note = late_note(record, LATE, form=("rapport-check-in", "clinician"))
    assert "e1" not in note
    assert late_visit(record, note, form=("rapport-check-in", "clinician")) == LATE
    other_launch = in_launch(services, context(), launch_id=LaunchId("another"))
    for wrong, form in (
        (chart(services, patient="p2"), "clinician"),
        (other_launch, "clinician"),
        (record, "patient"),
    ):
        with pytest.raises(SessionError):
            late_visit(wrong, note, form=("rapport-check-in", form))  # type: ignore[arg-type]
    with pytest.raises(SessionError):
        ask(record, slug=SLUG, informant="clinician", late="made-up")
    with pytest.raises(SessionError):
        ask(record, slug=SLUG, informant="patient", late=note)


class TestTheDayOfTheVisit:
    @pytest.mark.parametrize(
        ("period", "day"),
        [
            ({"start": "2026-11-09T15:00:00Z"}, date(2026, 11, 9)),
            ({"start": "2026-11-09"}, date(2026, 11, 9)),
            ({"start": "2026-11"}, None),
            ({"start": "2031-01-01"}, None),
            ({}, None),
            ("x", None),
        ],
    )
    def test_is_its_own_where_the_record_tells_it(self, ehr: Ehr, services: AppServices, period: Any, day: date | None) -> None:
        ehr.put(encounter(period=period))
        assert looked_up(chart(services), LATE) == (replace(LATE, day=day, dated=True) if day else LATE)

    def test_is_else_the_one_on_which_the_patient_answered(self, ehr: Ehr, services: AppServices) -> None:
        assert looked_up(chart(services), LATE) == LATE
        ehr.put(encounter())
        assert looked_up(chart(services, scope="patient/Patient.rs patient/QuestionnaireResponse.crs"), LATE) == LATE
        ehr.faults.append(lambda _method, path: refusal(503, "later") if path == "Encounter/e1" else None)
        assert looked_up(chart(services), LATE) == LATE

    def test_is_not_asked_of_a_server_that_does_not_offer_it(self, ehr: Ehr, services: AppServices) -> None:
        ehr.metadata = statement(without=["Encounter.read"])
        ehr.put(encounter())
        assert looked_up(chart(services), LATE) == LATE
        assert ("GET", "Encounter/e1") not in ehr.log

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"subject": {"reference": "Patient/p2"}}, "is this patient’s"),
            ({"subject": {"display": "Somebody"}}, "is this patient’s"),
            ({"status": "entered-in-error"}, "entered in error"),
        ],
    )
    def test_of_no_visit_of_this_patient_there_is_none(self, ehr: Ehr, services: AppServices, changed: dict[str, Any], why: str) -> None:
        ehr.put(encounter(**changed))
        with pytest.raises(NotOffered, match=why):
            looked_up(chart(services), LATE)


def test_it_is_stored_with_its_visit_and_dated_as_it_is_given(ehr: Ehr, services: AppServices, clock: Clock) -> None:
    patient_rated(services, clock)
    key = rate(services, replace(LATE, dated=True))
    assert isinstance(key, str)
    mine = [one for one in ehr.of_type("QuestionnaireResponse") if one["source"] == {"reference": "Practitioner/sofia"}]
    assert [(one["encounter"], one["authored"][:10]) for one in mine] == [({"reference": "Encounter/e1"}, "2026-11-22")]
    assert {one["encounter"]["reference"] for one in ehr.of_type("Observation")} == {"Encounter/e1"}
    found = receipt(chart(services), key=key)
    assert (found.outcome, found.visit, found.late) == ("saved", "Encounter/e1", replace(LATE, dated=True))
    assert ", 22-Nov-2026, about the visit of 10-Nov-2026, rated: Sofia Lindqvist." in found.note_text


def test_it_opens_the_patients_rating_of_that_visit_and_leaves_this_visit_to_be_rated(
    ehr: Ehr, services: AppServices, clock: Clock
) -> None:
    patient_rated(services, clock)
    [waiting] = history(services).hidden
    assert (waiting.visit, waiting.late_from("Encounter/e2"), waiting.late_from("Encounter/e1")) == ("Encounter/e1", True, False)
    rate(services)
    found = history(services)
    assert found.hidden == ()
    assert {(one.informant, one.visit) for one in found.dyads[0].ratings} == {("patient", "Encounter/e1"), ("clinician", "Encounter/e1")}
    assert (found.facts.clinician_rated, found.facts.sent) == ("no", "none")


def test_of_one_visit_the_first_is_drawn_and_one_that_was_given_since_listed(ehr: Ehr, services: AppServices, clock: Clock) -> None:
    patient_rated(services, clock)
    rate(services)
    assert isinstance(rate(services), Invalid)
    assert isinstance(rate(services, confirmed=("after-seen",)), str)
    found = history(services)
    assert [one.informant for one in found.dyads[0].ratings].count("clinician") == 1
    assert [one.code for one in found.skipped] == ["rated_after_seen"]


@pytest.mark.parametrize(
    ("standing", "box"),
    [
        ({"deceasedBoolean": True}, "dead"),
        ({"active": False}, "inactive"),
        ({"link": [{"type": "replaced-by", "other": {"reference": "Patient/p9"}}]}, "replaced"),
    ],
)
def test_the_record_is_asked_about_as_for_every_rating(
    ehr: Ehr, services: AppServices, clock: Clock, standing: dict[str, Any], box: str
) -> None:
    patient_rated(services, clock)
    ehr.put(patient() | standing)
    services.recent.keep(context().iss, "Patient/p1", "token", patient() | standing)
    refused = rate(services)
    assert isinstance(refused, Invalid)
    assert [one.link_id for one in refused.errors] == [f"confirmed-{box}"]
    assert isinstance(rate(services, confirmed=(box,)), str)


def test_one_that_may_be_on_its_way_is_not_entered_again(ehr: Ehr, services: AppServices, clock: Clock) -> None:
    patient_rated(services, clock)
    ehr.faults.append(lambda method, _path: refusal(429, "busy") if method == "POST" else None)
    rate(services)
    [waiting] = history(services).hidden
    assert waiting.sent == "kept"
    with pytest.raises(NotOffered, match="is kept in Rapport"):
        rate(services)


def test_without_a_visit_only_that_day_could_be_rated(ehr: Ehr, services: AppServices, clock: Clock) -> None:
    patient_rated(services, clock, encounter=None)
    [waiting] = history(services).hidden
    assert (waiting.visit, waiting.late_from("Encounter/e2")) == ("2026-11-10", False)
