"""What a use case dates, it dates by the clinic's day: here an evening in Los Angeles, when UTC is a day ahead."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.forms.observed_clinician import candidates
from smart_app.care.forms.saved_drafts import PostedForm, keep, ticket_for
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import send_again
from smart_app.care.submission.receipt import Receipt
from smart_app.care.submission.submit import submit
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.registration import Issuer, PublicClient
from smart_app.services import AppServices
from smart_app.settings import Settings
from smart_app.store import FormPlace
from tests.care.ehr import BASE, Ehr, refusal
from tests.care.support import LAUNCH, SLUG, Clock, answers, asked_for, hba1c, in_launch, patient, settings

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90"
EVENING = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture
def chosen() -> Settings:
    return settings(time_zone="America/Los_Angeles")


@pytest.fixture(autouse=True)
def evening(ehr: Ehr, clock: Clock) -> None:
    ehr.put(patient())
    clock.now = EVENING


def rate(services: AppServices, informant: Any = "patient", *, key: str = KEY, launch: LaunchContext | None = None) -> Receipt:
    opened = in_launch(services, launch)
    assert submit(opened, asked_for(opened, SLUG, informant), key=key, patient="p1", fields=answers()) == key
    return receipt(opened, key=key)


def history(services: AppServices) -> History:
    return load_history(in_launch(services), years="2")


def test_a_visit_is_of_the_day_at_the_clinic(ehr: Ehr, services: AppServices) -> None:
    found = rate(services)
    assert found.visit == "2026-11-22"
    assert found.submitted.utcoffset() == timedelta(hours=-8)
    assert found.submitted == EVENING
    assert ", 22-Nov-2026, rated" in found.note_text


def test_what_is_stored_says_the_clinics_offset(ehr: Ehr, services: AppServices) -> None:
    rate(services)
    assert {one["authored"] for one in ehr.of_type("QuestionnaireResponse")} == {"2026-11-22T17:30:00-08:00"}
    assert {one["effectiveDateTime"] for one in ehr.of_type("Observation")} == {"2026-11-22T17:30:00-08:00"}


def test_the_rating_kept_back_is_of_todays_visit(ehr: Ehr, services: AppServices) -> None:
    rate(services)
    [hidden] = history(services).hidden
    assert (hidden.day, hidden.visit) == (TODAY, "2026-11-22")


@pytest.mark.parametrize("rewritten", ["2026-11-23T01:30:00Z", "2026-11-23T02:30:00+01:00"])
def test_a_server_that_writes_instants_in_its_own_zone_makes_no_other_visit(ehr: Ehr, services: AppServices, rewritten: str) -> None:
    rate(services)
    for one in [*ehr.of_type("QuestionnaireResponse"), *ehr.of_type("Observation")]:
        ehr.put(one | ({"authored": rewritten} if "authored" in one else {"effectiveDateTime": rewritten}))
    [hidden] = history(services).hidden
    assert hidden.visit == "2026-11-22"
    rate(services, "clinician", key=f"{KEY}-2")
    found = history(services)
    assert found.hidden == ()
    assert {rating.visit for rating in found.dyads[0].ratings} == {"2026-11-22"}


def test_the_drawn_range_ends_today_and_what_is_dated_later_than_tomorrow_is_left_out(ehr: Ehr, services: AppServices) -> None:
    ehr.put(hba1c("a", "7.0", day="2026-11-23"), hba1c("b", "7.1", day="2026-11-24"), hba1c("c", "7.2", day="2026-11-24T07:59:00Z"))
    found = history(services)
    [panel] = [panel for panel in found.panels if panel.measure.key == "hba1c"]
    assert {point.source for point in panel.points} == {"Observation/a", "Observation/c"}
    assert {skip.source: skip.code for skip in panel.skipped} == {"Observation/b": "future_date"}


def test_the_last_day_in_a_care_team_is_the_clinics(ehr: Ehr, services: AppServices) -> None:
    def member(name: str, end: str) -> dict[str, Any]:
        return {"member": {"reference": f"Practitioner/{name}", "display": name}, "period": {"end": end}}

    people = [member("Ada", "2026-11-22"), member("Bo", "2026-11-22T09:00:00Z"), member("Cy", "2026-11-22T07:59:00Z")]
    ehr.put({"resourceType": "CareTeam", "id": "t1", "status": "active", "participant": people, "subject": {"reference": "Patient/p1"}})
    assert [one.person.name for one in candidates(in_launch(services)).choices] == ["Ada", "Bo"]


def test_what_is_sent_again_after_midnight_stays_of_the_day_it_was_answered(ehr: Ehr, clock: Clock, services: AppServices) -> None:
    clock.now = datetime(2026, 11, 23, 7, 55, tzinfo=UTC)
    ehr.faults.append(lambda method, _: refusal(503, "busy") if method == "POST" else None)
    assert rate(services).outcome == "unknown"
    assert not ehr.of_type("QuestionnaireResponse")
    ehr.faults.clear()
    clock.now += timedelta(minutes=10)
    send_again(in_launch(services), key=KEY)
    found = receipt(in_launch(services), key=KEY)
    assert (found.outcome, found.visit) == ("saved", "2026-11-22")
    assert [one["authored"] for one in ehr.of_type("QuestionnaireResponse")] == ["2026-11-22T23:55:00-08:00"]


def test_an_entry_has_its_own_zone_and_every_launch_of_it_goes_by_that(services: AppServices) -> None:
    tokyo = Issuer(name="Another", iss=BASE, client_id="rapport", auth=PublicClient(), time_zone=ZoneInfo("Asia/Tokyo"))
    there = replace(services, registration=services.registration.with_issuer(tokyo))
    assert there.now(f"{BASE}/").isoformat() == "2026-11-23T10:30:00+09:00"
    assert there.now("https://elsewhere.example/fhir").isoformat() == "2026-11-22T17:30:00-08:00"
    assert there.clock().tzinfo is UTC


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (datetime(2026, 3, 8, 8, 0, tzinfo=UTC), "2026-03-09T01:00:00-07:00"),
        (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), "2026-11-01T23:00:00-08:00"),
    ],
)
def test_hours_are_hours_over_a_change_to_summer_time_and_back(clock: Clock, services: AppServices, now: datetime, until: str) -> None:
    clock.now = now
    place = FormPlace(launch_id=LAUNCH, slug=SLUG, informant="patient", key=KEY)
    record = in_launch(services)
    ticket = ticket_for(record, asked_for(record, SLUG, "patient"), key=KEY, cookie="c")
    typed = PostedForm(place=place, ticket=ticket, patient="p1", fields=answers(), cookie="c", completes=False)
    kept = keep(services, typed)
    assert kept.until.isoformat() == until
    assert kept.until.astimezone(UTC) - now == timedelta(hours=24)
