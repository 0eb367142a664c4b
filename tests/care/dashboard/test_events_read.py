"""Visits, education and medicines in the history: read where the entry asks for them and the launch may, within what a page may ask."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from smart_app.care.dashboard.history import EventLane, History
from smart_app.care.dashboard.load_dashboard import load_history, seen_of_own
from smart_app.care.record.newest_first import DaySpan, day_spans
from smart_app.care.record.reads import ReadReport
from smart_app.clinic_time import zone_named
from smart_app.registration import Issuer, PublicClient
from smart_app.registration.features import default_features, scope_of_features
from smart_app.services import AppServices
from smart_app.settings import Settings
from tests.care.ehr import BASE, Ehr, refusal, statement
from tests.care.long_record import LongRecord, result, served
from tests.care.support import context, in_launch, patient, settings
from tests.fhir_mappings.events.records_of_events import booking, encounter, medicine, procedure, referral

EVENTS = ("visit", "education", "medicines")
ALL_FEATURES = (*default_features(), *EVENTS)
ALL_OF_THEM = (encounter(), referral(), booking(), procedure(), medicine())
TODAY = date(2026, 11, 22)
MOST = 16


def asking(services: AppServices, *features: str) -> AppServices:
    entry = Issuer(name="Northfield General", iss=BASE, client_id="app", auth=PublicClient(), scope=scope_of_features(features))
    return replace(services, registration=services.registration.with_issuer(entry))


def history(services: AppServices, *features: str, granted: tuple[str, ...] | None = None) -> History:
    scope = scope_of_features(features if granted is None else granted)
    return load_history(in_launch(asking(services, *features), context(scope=scope)), years="2")


def lanes(found: History) -> dict[str, list[tuple[str, Any]]]:
    return {lane.kind: [(one.source, one.step) for one in lane.events] for lane in found.events}


def lane(found: History, kind: str) -> EventLane:
    return next(one for one in found.events if one.kind == kind)


def report(found: History, key: str) -> ReadReport:
    return next(read for read in found.reads if read.key == key)


def response(identity: str, day: date) -> dict[str, Any]:
    subject = {"reference": "Patient/p1"}
    return {"resourceType": "QuestionnaireResponse", "id": identity, "status": "completed", "subject": subject, "authored": day.isoformat()}


def asked(ehr: Ehr) -> set[str]:
    return {path for _, path in ehr.log if path != "metadata" and "/" not in path}


class TestWhatAnEntryAsksFor:
    @pytest.fixture(autouse=True)
    def record(self, ehr: Ehr) -> None:
        ehr.put(patient(), *ALL_OF_THEM)

    def test_a_usual_entry_asks_for_none_of_it(self, ehr: Ehr, services: AppServices) -> None:
        found = history(services, *default_features(), granted=ALL_FEATURES)
        assert found.events == ()
        assert asked(ehr) == {"QuestionnaireResponse", "Observation"}

    def test_all_of_it_is_read_and_drawn(self, services: AppServices) -> None:
        found = history(services, *ALL_FEATURES)
        assert lanes(found) == {
            "visit": [("Encounter/e1", None)],
            "education": [("ServiceRequest/s1", "referred"), ("Procedure/p1", "attended"), ("Appointment/a1", "booked")],
            "medicine": [("MedicationRequest/m1", None)],
        }
        assert all(one.whole for one in found.events)
        assert found.skipped == []

    @pytest.mark.parametrize(
        ("feature", "types"),
        [
            ("visit", {"Encounter"}),
            ("education", {"ServiceRequest", "Appointment", "Procedure"}),
            ("medicines", {"MedicationRequest"}),
        ],
    )
    def test_each_feature_asks_for_its_own_and_no_more(self, ehr: Ehr, services: AppServices, feature: str, types: set[str]) -> None:
        found = history(services, *default_features(), feature)
        assert len(found.events) == 1
        assert asked(ehr) - {"QuestionnaireResponse", "Observation"} == types

    def test_what_was_not_granted_is_off_as_a_whole_and_asks_nothing(self, ehr: Ehr, services: AppServices) -> None:
        without = scope_of_features(ALL_FEATURES).replace("patient/Appointment.rs", "").replace("patient/Encounter.rs", "")
        found = load_history(in_launch(asking(services, *ALL_FEATURES), context(scope=without)), years="2")
        assert set(lanes(found)) == {"medicine"}
        assert asked(ehr) == {"QuestionnaireResponse", "Observation", "MedicationRequest"}

    def test_no_other_page_reads_them(self, ehr: Ehr, services: AppServices) -> None:
        seen_of_own(in_launch(asking(services, *ALL_FEATURES), context(scope=scope_of_features(ALL_FEATURES))))
        assert asked(ehr) == {"QuestionnaireResponse", "Observation"}


class TestWhatComesOfThem:
    def test_what_is_not_drawn_is_listed_with_its_reason(self, ehr: Ehr, services: AppServices) -> None:
        ehr.put(patient(), encounter(period=None), encounter(id="e2", status="entered-in-error"))
        found = history(services, *ALL_FEATURES)
        assert {(one.source, one.code) for one in found.skipped} == {("Encounter/e1", "date_missing"), ("Encounter/e2", "entered_in_error")}
        assert lane(found, "visit").events == ()

    def test_nothing_of_another_patient_is_used(self, ehr: Ehr, services: AppServices) -> None:
        ehr.ignores_search = True
        theirs = {"reference": "Patient/p2"}
        ehr.put(
            patient(),
            *(one | {"subject": theirs} for one in (encounter(), referral(), procedure(), medicine())),
            booking(participant=[{"actor": theirs}]),
        )
        found = history(services, *ALL_FEATURES)
        assert [one.events for one in found.events] == [(), (), ()]
        assert sum(read.foreign for read in found.reads) == 5

    def test_other_bookings_count_for_nothing(self, ehr: Ehr, services: AppServices) -> None:
        ehr.put(patient(), referral(), booking(), booking(id="a2", basedOn=None), booking(id="a3", basedOn=None))
        found = history(services, *ALL_FEATURES)
        assert report(found, "education-bookings").count == 1

    def test_a_server_without_a_search_by_code_is_asked_for_all_and_sorted_out_here(self, ehr: Ehr, services: AppServices) -> None:
        ehr.metadata = statement(without=["ServiceRequest?code", "Procedure?code"])
        ehr.put(patient(), referral(), referral(id="s2", code={"text": "Podiatry"}), procedure(None, id="p9"))
        found = history(services, *ALL_FEATURES)
        assert lanes(found)["education"] == [("ServiceRequest/s1", "referred")]
        assert report(found, "education-referrals").count == 1

    @pytest.mark.parametrize("kind", ["Encounter", "ServiceRequest", "Appointment", "Procedure", "MedicationRequest"])
    def test_a_read_that_fails_is_no_none_and_takes_no_result_with_it(self, ehr: Ehr, services: AppServices, kind: str) -> None:
        ehr.put(patient(), *ALL_OF_THEM)
        ehr.faults.append(lambda _, path: refusal(500, "broken") if path == kind else None)
        found = history(services, *ALL_FEATURES)
        assert [one.kind for one in found.events if not one.whole] == [
            {"Encounter": "visit", "MedicationRequest": "medicine"}.get(kind, "education")
        ]
        assert {read.state for read in found.result_reads} == {"complete"}
        assert [read.state for read in found.reads if read.of_events].count("failed") == 1

    def test_a_server_that_does_not_offer_bookings_is_not_asked_for_them(self, ehr: Ehr, services: AppServices) -> None:
        ehr.metadata["rest"][0]["resource"] = [one for one in ehr.metadata["rest"][0]["resource"] if one["type"] != "Appointment"]
        ehr.put(patient(), *ALL_OF_THEM)
        found = history(services, *ALL_FEATURES)
        assert report(found, "education-bookings").state == "unsupported"
        assert lanes(found)["education"] == [("ServiceRequest/s1", "referred"), ("Procedure/p1", "attended")]
        assert "Appointment" not in asked(ehr)


class TestWhatAPageMayAsk:
    @pytest.fixture
    def chosen(self) -> Settings:
        return settings(read_deadline=120, read_timeout=60)

    @pytest.fixture
    def ehr(self) -> Iterator[LongRecord]:
        with served() as fake:
            yield fake

    @pytest.mark.parametrize("size", [1, 200])
    @pytest.mark.parametrize("sorts", [True, False])
    def test_sixteen_things_at_most_whatever_the_record_holds(self, ehr: LongRecord, services: AppServices, size: int, sorts: bool) -> None:
        ehr.size, ehr.sorts = size, sorts
        days = [TODAY - timedelta(days=place) for place in range(300)]
        ehr.put(
            *(encounter(id=f"e{n}", period={"start": day.isoformat()}) for n, day in enumerate(days)),
            *(medicine(id=f"m{n}", authoredOn=day.isoformat()) for n, day in enumerate(days)),
            *(booking(id=f"a{n}", start=f"{day.isoformat()}T10:00:00Z") for n, day in enumerate(days)),
            *(result(f"r{n}", "61", day) for n, day in enumerate(days)),
        )
        found = history(services, *ALL_FEATURES)
        assert ehr.requests_made() <= MOST
        assert not lane(found, "visit").whole

    def test_what_is_read_of_results_comes_before_further_pages_of_events(self, ehr: LongRecord, services: AppServices) -> None:
        ehr.size = 40
        days = [TODAY - timedelta(days=place) for place in range(120)]
        ehr.put(
            *(encounter(id=f"e{n}", period={"start": day.isoformat()}) for n, day in enumerate(days)),
            *(medicine(id=f"m{n}", authoredOn=day.isoformat()) for n, day in enumerate(days)),
            *(response(f"r{n}", day) for n, day in enumerate(days)),
        )
        found = history(services, *ALL_FEATURES)
        assert report(found, "answers").whole
        assert not lane(found, "visit").whole
        assert ehr.requests_made() <= MOST

    def test_an_ordinary_record_takes_one_request_for_each_read(self, ehr: LongRecord, services: AppServices) -> None:
        services.capabilities.of(BASE, wait=60)
        ehr.log.clear()
        ehr.put(*ALL_OF_THEM)
        history(services, *ALL_FEATURES)
        assert ehr.requests_made() == 12


class TestServersThatWantMoreThanThePatient:
    """What real ones refuse: http://fhir.cerner.com (a booking's dates), athenahealth (the intent of a request, and only two of them)."""

    @pytest.fixture
    def ehr(self) -> Iterator[LongRecord]:
        with served() as fake:
            fake.put(*ALL_OF_THEM)
            yield fake

    def test_bookings_are_asked_for_between_dates_and_nothing_is_missing(self, ehr: LongRecord, services: AppServices) -> None:
        ehr.refuses = lambda path, query: refusal(400, "date is required") if path == "Appointment" and "date" not in query else None
        found = history(services, *ALL_FEATURES)
        assert report(found, "education-bookings").whole
        assert ("Appointment/a1", "booked") in lanes(found)["education"]
        [_, asked] = [query for path, query in ehr.asked if path == "Appointment"]
        assert [value for name, value in asked if name == "date"] == ["ge1900-01-01T00:00:00Z", "lt2200-01-01T00:00:00Z"]

    def test_medicines_are_asked_for_by_intent_and_are_then_no_whole(self, ehr: LongRecord, services: AppServices) -> None:
        def refuses(path: str, query: dict[str, str]) -> Any:
            by_intent = path != "MedicationRequest" or query.get("intent") == "order,plan"
            return None if by_intent else refusal(400, "Either _id, or patient and intent, must be given")

        ehr.refuses = refuses
        _offer(ehr, "MedicationRequest", "intent")
        found = history(services, *ALL_FEATURES)
        assert lanes(found)["medicine"] == [("MedicationRequest/m1", None)]
        read = report(found, "medicines")
        assert (read.state, read.lasting, lane(found, "medicine").whole) == ("partial", True, False)
        assert "requests of another kind may be missing" in str(read.reason)

    @pytest.mark.parametrize("kind", ["ServiceRequest", "Procedure"])
    def test_one_that_takes_no_list_of_codes_is_asked_for_all_and_sorted_out_here(
        self, ehr: LongRecord, services: AppServices, kind: str
    ) -> None:
        ehr.put(referral(id="s2", code={"text": "Podiatry"}), procedure(None, id="p9"))
        ehr.refuses = lambda path, query: refusal(400, "code: one value only") if path == kind and "," in query.get("code", "") else None
        found = history(services, *ALL_FEATURES)
        assert lane(found, "education").whole
        assert {source for source, _ in lanes(found)["education"]} == {"ServiceRequest/s1", "Procedure/p1", "Appointment/a1"}

    def test_nobody_is_asked_for_what_is_not_offered(self, ehr: LongRecord, services: AppServices) -> None:
        ehr.refuses = lambda path, query: refusal(400, "no") if path == "MedicationRequest" else None
        found = history(services, *ALL_FEATURES)
        assert report(found, "medicines").state == "failed"
        assert not [query for query in ehr.searches("MedicationRequest") if "intent" in query]


def _offer(ehr: LongRecord, kind: str, parameter: str) -> None:
    for one in ehr.metadata["rest"][0]["resource"]:
        if one["type"] == kind:
            one["searchParam"].append({"name": parameter})


@pytest.mark.parametrize(
    ("resource", "span"),
    [
        (encounter(), DaySpan(date(2026, 3, 14), date(2026, 3, 14))),
        (encounter(period={"start": "2026-03"}), DaySpan(date(2026, 3, 1), date(2026, 3, 31))),
        (referral(), DaySpan(date(2026, 4, 2), date(2026, 4, 2))),
        (booking(), DaySpan(date(2026, 6, 10), date(2026, 6, 10))),
        (procedure(), DaySpan(date(2026, 6, 10), date(2026, 6, 10))),
        (procedure(performedDateTime=None, performedPeriod={"end": "2026-06-12"}), DaySpan(date(2026, 6, 12), date(2026, 6, 12))),
        (medicine(), DaySpan(date(2026, 5, 4), date(2026, 5, 4))),
    ],
)
def test_the_order_of_events_is_judged_by_their_dates(resource: dict[str, Any], span: DaySpan) -> None:
    assert day_spans([resource], zone=zone_named("UTC")) == [span]
