import threading
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_mappings.people.person import Person
from smart_app.care.dashboard.history import History, Panel
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.record.closed_visits import reveal
from smart_app.care.record.reads import ReadReport
from smart_app.care.submission.submit import submit
from smart_app.errors import FhirError, Forbidden
from smart_app.services import AppServices
from smart_app.settings import Settings
from tests.care.ehr import BASE, Ehr, json_answer, refusal, statement
from tests.care.support import CANONICAL, SLUG, Clock, answers, asked_for, context, hba1c, in_launch, patient, settings

READS = {"patient", "answers", "scores", "hba1c", "glucose", "vitals", "labs"}


def history(services: AppServices, **more: Any) -> History:
    return load_history(in_launch(services, context(**more)), years="2")


def report(found: History, key: str) -> ReadReport:
    return next(read for read in found.reads if read.key == key)


def panel(found: History, key: str = "hba1c") -> Panel:
    return next(panel for panel in found.panels if panel.measure.key == key)


def rate(services: AppServices, informant: Any, fields: dict[str, list[str]], **launch: Any) -> str:
    key = str(uuid4())
    opened = in_launch(services, context(**launch))
    found = submit(opened, asked_for(opened, SLUG, informant), key=key, patient="p1", fields=fields)
    assert found == key
    return key


@pytest.fixture(autouse=True)
def record(ehr: Ehr) -> None:
    ehr.put(patient())


def test_all_reads_go_out_at_once(ehr: Ehr, services: AppServices) -> None:
    together = threading.Barrier(len(READS))
    services.capabilities.of(context().iss, wait=60)

    def wait_for_the_others(method: str, path: str) -> None:
        together.wait(60)

    ehr.faults.append(wait_for_the_others)
    ehr.log.clear()
    found = history(services)
    assert {read.key for read in found.reads} == READS
    assert {read.state for read in found.reads} == {"complete"}
    assert len(ehr.log) == len(READS)


def test_latest_and_previous_are_of_all_dates_and_points_of_the_range(ehr: Ehr, services: AppServices) -> None:
    ehr.put(hba1c("a", "7.1", day="2012-05-01"), hba1c("b", "8.2", day="2014-05-01"))
    lane = panel(history(services))
    assert lane.points == []
    assert lane.latest is not None
    assert lane.previous is not None
    assert (lane.latest.reported.text, lane.previous.reported.text, lane.total) == ("8.2", "7.1", 2)


@pytest.mark.parametrize("identity", [["a"], {"value": "a"}, 7, None, ""])
def test_resource_with_an_id_that_is_none_hides_no_other(ehr: Ehr, services: AppServices, identity: object) -> None:
    ehr.put(hba1c("a", "7.1", day="2014-05-01"))
    ehr.resources["Observation/odd"] = hba1c("odd", "8.2", day="2014-06-01") | {"id": identity}
    ehr.resources["Observation/odd too"] = hba1c("odd", "8.3", day="2014-07-01") | {"id": identity}
    lane = panel(history(services, patient="p1"))
    assert (lane.total, lane.latest and lane.latest.reported.text) == (3, "8.3")


def test_patient_whose_id_has_an_underscore_has_results(ehr: Ehr, services: AppServices) -> None:
    ehr.put(patient("p_1"), hba1c("a_1", "7.1", day="2014-05-01", who="p_1"))
    found = history(services, patient="p_1")
    assert (panel(found).total, list(found.skipped)) == (1, [])


@pytest.mark.parametrize(
    ("years", "start"), [("1", date(2025, 11, 22)), ("2", date(2024, 11, 22)), ("5", date(2021, 11, 22)), ("all", date(2012, 5, 1))]
)
def test_range_begins_where_it_says(ehr: Ehr, services: AppServices, years: Any, start: date) -> None:
    ehr.put(hba1c("a", "7.1", day="2012-05-01"))
    found = load_history(in_launch(services), years=years)
    assert (found.start, found.end) == (start, date(2026, 11, 22))


def test_result_of_the_future_is_not_the_latest(ehr: Ehr, services: AppServices) -> None:
    ehr.put(hba1c("a", "7.1", day="2026-05-01"), hba1c("b", "9.9", day="2027-05-01"))
    found = history(services)
    assert panel(found).latest is not None
    assert panel(found).latest.source == "Observation/a"  # type: ignore[union-attr]  # asserted above
    assert [skip.code for skip in panel(found).skipped] == ["future_date"]


def test_a_date_before_birth_is_listed_and_stretches_no_axis(ehr: Ehr, services: AppServices) -> None:
    ehr.put(hba1c("none", "8.1", day="0001-01-01T00:00:00Z"), hba1c("a", "8.8", day="2026-01-10"))
    found = load_history(in_launch(services), years="all")
    lane = panel(found)
    assert (lane.latest and lane.latest.source, lane.previous, lane.total) == ("Observation/a", None, 1)
    assert [(skip.source, skip.code) for skip in lane.skipped] == [("Observation/none", "before_birth")]
    assert found.start == date(2025, 11, 22)
    assert [(change.earlier, change.moved) for change in found.changes] == [(None, None)]


@pytest.mark.parametrize("born", ["1968", "1968-03", None, "", "2031-01-01", "0001-01-01"])
def test_whatever_the_birth_date_a_value_of_this_year_is_drawn_and_of_year_one_none(ehr: Ehr, services: AppServices, born: Any) -> None:
    ehr.put(patient() | {"birthDate": born}, hba1c("none", "8.1", day="0001-01-01"), hba1c("a", "8.8", day="2026-01-10"))
    lane = panel(history(services))
    assert (lane.latest and lane.latest.source, len(lane.skipped)) == ("Observation/a", 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [("2026", "2026-03-01"), ("2026-03", "2026-03-20"), ("2026-03-01", "2026-03-01"), ("2026-03-01", "2026-03-01T09:00:00Z")],
)
def test_values_in_no_known_order_have_no_latest_before_another(ehr: Ehr, services: AppServices, one: str, other: str) -> None:
    ehr.put(hba1c("old", "7.0", day="2024-05-05"), hba1c("a", "6.5", day=one), hba1c("b", "9.9", day=other))
    found = history(services)
    lane = panel(found)
    assert lane.previous is None
    assert lane.latest is not None
    assert {lane.latest.source, *(beside.source for beside in lane.unordered)} == {"Observation/a", "Observation/b"}
    assert [change.moved for change in found.changes] == [None]
    assert [change.ordered for change in found.changes] == [False]


def test_results_of_two_methods_of_one_sample_are_not_set_against_each_other(ehr: Ehr, services: AppServices) -> None:
    at = "2026-03-01T09:00:00Z"
    jds: dict[str, Any] = {"code": {"coding": [{"system": "http://loinc.org", "code": "62388-4"}]}}
    ehr.put(hba1c("old", "7.0", day="2024-05-05"), hba1c("b", "9.9", day=at), hba1c("a", "9.5", day=at, **jds))
    lane = panel(history(services))
    assert (lane.latest and lane.latest.source, lane.previous and lane.previous.source, list(lane.unordered)) == (
        "Observation/b", "Observation/old", [],
    )  # fmt: skip


def test_a_value_of_a_year_before_stays_the_one_before(ehr: Ehr, services: AppServices) -> None:
    ehr.put(hba1c("a", "6.5", day="2025"), hba1c("b", "9.9", day="2026-03-01"))
    lane = panel(history(services))
    assert (lane.previous and lane.previous.source, list(lane.unordered)) == ("Observation/a", [])


def test_ratings_in_no_known_order_have_none_before_the_other(ehr: Ehr, services: AppServices) -> None:
    rate(services, "clinician", answers(4))
    rate(services, "clinician", answers(2), encounter="e2")
    for form, authored in zip(ehr.of_type("QuestionnaireResponse"), ("2026", "2026-03-01"), strict=True):
        ehr.put(form | {"authored": authored, "encounter": None})
    [dyad] = history(services).dyads
    assert dyad.previous == {}
    assert {dyad.latest["clinician"].when.text, dyad.unordered["clinician"].when.text} == {"2026", "2026-03-01"}


# SMART P
def test_other_patients_resources_are_counted_and_nothing_of_them_is_shown(ehr: Ehr, services: AppServices) -> None:
    ehr.ignores_search = True
    ehr.put(hba1c("a", "7.1", day="2026-05-01"), hba1c("secret", "13.7", day="2026-06-01", who="p2"))
    ehr.put({"resourceType": "QuestionnaireResponse", "id": "theirs", "subject": {"reference": "Patient/p2"}, "status": "completed"})
    found = history(services)
    assert panel(found).total == 1
    assert sum(read.foreign for read in found.reads) == 2
    assert [skip.code for skip in found.skipped].count("foreign_patient") == 1
    assert "13.7" not in repr(found)
    assert "theirs" not in repr(found)
    assert "p2" not in repr(found)


def test_a_resource_that_several_searches_returned_counts_once(ehr: Ehr, services: AppServices) -> None:
    ehr.ignores_search = True
    ehr.put(hba1c("theirs", "13.7", day="2026-06-01", who="p2"), hba1c("too", "13.8", day="2026-06-01", who="p2"))
    ehr.put(hba1c("whose", "7.7", day="2026-06-02", subject={"identifier": {"system": "urn:example:mrn", "value": "M1"}}))
    found = history(services)
    assert sum(read.foreign for read in found.reads) == 2
    assert [skip.source for skip in found.skipped if skip.code == "untied"] == ["Observation/whose"]


# SMART P
@pytest.mark.parametrize(
    "subject",
    [{"identifier": {"system": "urn:example:mrn", "value": "M1"}}, {"reference": "http://inner.example/fhir/Patient/p1"}],
)
def test_a_result_tied_to_nobody_is_listed_and_is_no_other_patients(ehr: Ehr, services: AppServices, subject: dict[str, Any]) -> None:
    ehr.ignores_search = True
    ehr.put(hba1c("a", "7.1", day="2026-05-01"), hba1c("b", "13.7", day="2026-06-01", subject=subject))
    found = history(services)
    assert [(skip.code, skip.source, skip.measure) for skip in found.skipped] == [("untied", "Observation/b", None)]
    assert sum(read.foreign for read in found.reads) == 0
    assert (report(found, "hba1c").count, [skip.source for skip in report(found, "hba1c").untied]) == (1, ["Observation/b"])
    assert report(found, "answers").untied == ()
    assert "13.7" not in repr(found)


@pytest.mark.parametrize(("form", "listed"), [(f"{CANONICAL}/Questionnaire/check-in-patient|1.0.0", 1), ("urn:intake", 0)])
def test_of_forms_tied_to_nobody_only_ours_are_this_pages_business(ehr: Ehr, services: AppServices, form: str, listed: int) -> None:
    ehr.ignores_search = True
    ehr.put({"resourceType": "QuestionnaireResponse", "id": "q", "questionnaire": form, "status": "completed"})
    assert [skip.source for skip in history(services).skipped] == ["QuestionnaireResponse/q"] * listed


def egfr(identity: str, value: int, code: str, *, day: str) -> dict[str, Any]:
    quantity = {"value": value, "unit": code, "system": "http://unitsofmeasure.org", "code": code}
    kind = {"coding": [{"system": "http://loinc.org", "code": "98979-8"}]}
    return hba1c(identity, "7.0", day=day) | {"code": kind, "valueQuantity": quantity}


def test_a_unit_with_a_line_of_its_own_is_no_successor_of_the_others(ehr: Ehr, services: AppServices) -> None:
    ehr.put(egfr("e1", 48, "mL/min/{1.73_m2}", day="2025-12-01"), egfr("e2", 82, "mL/min", day="2026-05-01"))
    lane = panel(history(services), "egfr")
    assert lane.latest is not None
    assert lane.apart is not None
    assert (lane.latest.reported.text, lane.previous, lane.apart.reported.text, lane.total) == ("48", None, "82", 2)
    assert len({point.method for point in lane.points}) == 2


def test_values_of_such_a_unit_alone_have_a_latest_and_an_earlier_one(ehr: Ehr, services: AppServices) -> None:
    ehr.put(egfr("e1", 80, "mL/min", day="2025-12-01"), egfr("e2", 82, "mL/min", day="2026-05-01"))
    lane = panel(history(services), "egfr")
    assert lane.latest is not None
    assert lane.previous is not None
    assert (lane.latest.reported.text, lane.previous.reported.text, lane.apart) == ("82", "80", None)


def test_an_older_value_of_such_a_unit_is_not_said_to_be_later(ehr: Ehr, services: AppServices) -> None:
    ehr.put(egfr("e1", 82, "mL/min", day="2025-12-01"), egfr("e2", 48, "mL/min/{1.73_m2}", day="2026-05-01"))
    lane = panel(history(services), "egfr")
    assert lane.latest is not None
    assert (lane.latest.reported.text, lane.previous, lane.apart) == ("48", None, None)


def test_a_result_about_somebody_else_is_neither_the_latest_nor_the_one_before(ehr: Ehr, services: AppServices) -> None:
    ehr.put(hba1c("own", "7.1", day="2026-05-01"), hba1c("donor", "5.2", day="2026-06-01", focus=[{"reference": "RelatedPerson/r"}]))
    lane = panel(history(services))
    assert lane.latest is not None
    assert (lane.latest.source, lane.previous, lane.total) == ("Observation/own", None, 1)
    assert [(skip.code, skip.source) for skip in lane.skipped] == [("about_another", "Observation/donor")]


# SMART K1
@pytest.mark.parametrize(
    "subject",
    ["/Patient/p1", "Patient/p1/_history/2", "HTTPS://EHR.Example:443/fhir/Patient/p1", f"{BASE}//Patient/p1", f"{BASE}/Patient/p%31"],
)
def test_result_is_the_patients_however_their_server_writes_the_subject(ehr: Ehr, services: AppServices, subject: str) -> None:
    ehr.ignores_search = True
    ehr.put(hba1c("a", "7.1", day="2026-05-01", subject={"reference": subject}))
    found = history(services)
    assert (panel(found).total, report(found, "hba1c").foreign, list(found.skipped)) == (1, 0, [])


# SMART H5
def test_clinician_of_another_server_is_not_the_one_here_who_has_the_same_id(ehr: Ehr, services: AppServices) -> None:
    address = "https://directory.example/fhir/Practitioner/sofia"
    elsewhere = replace(context().user, reference=address)
    rate(services, "clinician", answers(4), user=elsewhere)
    [theirs] = history(services).dyads
    assert (theirs.clinician and theirs.clinician.reference, theirs.mine) == (address, False)
    assert [dyad.mine for dyad in history(services, user=elsewhere).dyads] == [True]


# SMART I
# SMART P
def test_another_patients_entry_opens_nothing(ehr: Ehr, services: AppServices) -> None:
    ehr.faults.append(lambda method, path: json_answer(200, patient("p2")) if path == "Patient/p1" else None)
    with pytest.raises(FhirError, match="another entry"):
        history(services)


# SMART I
# SMART O
def test_unreadable_patient_opens_nothing(ehr: Ehr, services: AppServices) -> None:
    ehr.faults.append(lambda method, path: refusal(403, "no") if path == "Patient/p1" else None)
    with pytest.raises(Forbidden):
        history(services)


# SMART G3
# SMART O
# IG 147
def test_patient_without_scope_opens_nothing(ehr: Ehr, services: AppServices) -> None:
    with pytest.raises(Forbidden):
        history(services, scope="patient/Observation.rs")
    assert not any(path.startswith("Patient") for _, path in ehr.log)


# SMART G4
def test_failed_read_is_said_in_its_own_report(ehr: Ehr, services: AppServices) -> None:
    ehr.put(hba1c("a", "7.1", day="2026-05-01"))
    ehr.faults.append(lambda method, path: refusal(500, "index broken") if path == "QuestionnaireResponse" else None)
    found = history(services)
    assert report(found, "answers").state == "failed"
    assert report(found, "answers").reason
    assert report(found, "hba1c").state == "complete"
    assert panel(found).total == 1


# SMART G4
def test_refused_search_is_told_apart_from_a_failure(ehr: Ehr, services: AppServices) -> None:
    ehr.faults.append(lambda method, path: refusal(403, "no") if path == "QuestionnaireResponse" else None)
    assert report(history(services), "answers").state == "not_permitted"


# SMART G3
# IG 147
def test_missing_scope_is_not_asked_for(ehr: Ehr, services: AppServices) -> None:
    found = history(services, scope="patient/Patient.r patient/Observation.rs")
    assert report(found, "answers").state == "not_permitted"
    assert "permission" in str(report(found, "answers").reason)
    assert ("GET", "QuestionnaireResponse") not in ehr.log
    assert (found.can_write, bool(found.why_not_write)) == (False, True)


# SMART G4
# SMART G5
def test_sign_in_to_some_categories_makes_the_other_reads_partial(ehr: Ehr, services: AppServices) -> None:
    ehr.put(hba1c("a", "7.9", day="2026-10-01"))
    category = "http://terminology.hl7.org/CodeSystem/observation-category"
    granular = f"patient/Observation.rs?category={category}|laboratory patient/Observation.rs?category={category}|survey"
    found = history(services, scope=f"patient/Patient.r patient/QuestionnaireResponse.rs {granular}")
    states = {report.key: report.state for report in found.reads}
    assert states == dict.fromkeys(("patient", "answers", "scores", "hba1c", "labs"), "complete") | dict.fromkeys(
        ("glucose", "vitals"), "partial"
    )
    partial = next(report for report in found.reads if report.key == "vitals")
    assert partial.reason == "This sign-in covers only some of Observation, so others may be missing."


def test_search_not_offered_is_not_asked_for(ehr: Ehr, services: AppServices) -> None:
    ehr.metadata = statement(without=["QuestionnaireResponse.search-type", "Observation?code"])
    found = history(services)
    assert {read.key: read.state for read in found.reads} == {
        "patient": "complete", "answers": "unsupported", "scores": "complete",
        "hba1c": "unsupported", "glucose": "unsupported", "vitals": "unsupported", "labs": "unsupported",
    }  # fmt: skip


def test_server_without_a_statement_is_asked_all_the_same(ehr: Ehr, services: AppServices) -> None:
    ehr.faults.append(lambda method, path: refusal(404, "none") if path == "metadata" else None)
    ehr.put(hba1c("a", "7.1", day="2026-05-01"))
    assert panel(history(services)).total == 1


def test_slow_read_fails_alone_and_the_page_keeps_its_time(ehr: Ehr, services: AppServices) -> None:
    release = threading.Event()

    def hang(method: str, path: str) -> None:
        if path == "QuestionnaireResponse":
            release.wait(10)

    ehr.faults.append(hang)
    quick = replace(services, settings=settings(read_deadline=3))
    try:
        found = history(quick)
        assert not release.is_set()
    finally:
        release.set()
    assert report(found, "answers").state == "failed"
    assert "No answer within" in str(report(found, "answers").reason)
    assert report(found, "hba1c").state == "complete"


def test_later_page_that_fails_makes_the_read_partial(ehr: Ehr, services: AppServices) -> None:
    first = {"resourceType": "Bundle", "entry": [{"resource": hba1c("a", "7.1", day="2026-05-01")}]}
    first["link"] = [{"relation": "next", "url": "https://elsewhere.example/page2"}]
    ehr.metadata = statement(without=["Observation?category"])
    ehr.faults.append(lambda method, path: json_answer(200, first) if path == "Observation" else None)
    found = history(services)
    assert (report(found, "hba1c").state, panel(found).total) == ("partial", 1)
    assert "outside" in str(report(found, "hba1c").reason)


def says(severity: str, code: str) -> dict[str, Any]:
    said = {"severity": severity, "code": code, "details": {"text": "Results of this kind are withheld from this application."}}
    entry = {"resource": {"resourceType": "OperationOutcome", "issue": [said]}, "search": {"mode": "outcome"}}
    return {"resourceType": "Bundle", "type": "searchset", "entry": [entry]}


# SMART G4
def test_results_that_the_server_says_it_withholds_make_each_read_partial(ehr: Ehr, services: AppServices) -> None:
    ehr.faults.append(lambda method, path: json_answer(200, says("warning", "suppressed")) if path == "Observation" else None)
    found = history(services)
    withheld = [read for read in found.reads if read.key not in {"patient", "answers"}]
    assert {(read.state, read.whole, read.lasting) for read in withheld} == {("partial", False, True)}
    assert {read.reason for read in withheld} == {"The server said: “Results of this kind are withheld from this application”."}


def test_a_standing_notice_is_no_gap(ehr: Ehr, services: AppServices) -> None:
    ehr.faults.append(lambda method, path: json_answer(200, says("warning", "processing")) if path == "Observation" else None)
    found = history(services)
    assert all(read.whole for read in found.reads)
    assert report(found, "hba1c").notes == ("Results of this kind are withheld from this application.",)


def test_patients_rating_waits_for_the_clinicians(ehr: Ehr, services: AppServices) -> None:
    rate(services, "patient", answers(4, goal_1=5, bond_2=1))
    found = history(services)
    assert [(line.clinician.reference, line.mine, line.visit) for line in found.hidden] == [("Practitioner/sofia", True, "2026-11-22")]
    assert found.dyads == []
    rate(services, "clinician", answers(3))
    found = history(services)
    assert found.hidden == ()
    assert {rating.informant for rating in found.dyads[0].ratings} == {"patient", "clinician"}
    assert found.dyads[0].latest["patient"].scores["goal"].value == Decimal("4.33")


def test_revealing_shows_the_visit_and_is_recorded(ehr: Ehr, services: AppServices) -> None:
    rate(services, "patient", answers(4))
    reveal(in_launch(services), clinician="Practitioner/sofia", visit="2026-11-22")
    found = history(services)
    assert found.hidden == ()
    assert found.dyads[0].latest["patient"].scores["total"].value == 4
    assert services.store.audit.entries()[-1].event == "reveal"


def test_of_a_visit_rated_twice_the_later_is_drawn_and_the_other_listed_once_both_may_be_seen(
    ehr: Ehr, services: AppServices, clock: Clock
) -> None:
    rate(services, "patient", answers(2))
    clock.now = clock.now.replace(minute=clock.now.minute + 5)
    rate(services, "patient", answers(4))
    closed = history(services)
    assert (len(closed.hidden), list(closed.skipped), report(closed, "answers").count) == (1, [], 0)
    rate(services, "clinician", answers(3))
    found = history(services)
    assert (found.dyads[0].latest["patient"].scores["total"].text, found.dyads[0].previous, found.dyads[0].total) == ("4.00", {}, 2)
    assert [(skip.code, skip.measure) for skip in found.skipped] == [("rated_again", "rapport-check-in")]


def test_site_without_blind_entry_shows_at_once(ehr: Ehr, services: AppServices) -> None:
    rate(services, "patient", answers(4))
    found = history(replace(services, settings=settings(blind_entry=False)))
    assert found.dyads[0].total == 1


def declined() -> dict[str, list[str]]:
    return {f"{name}.declined": ["yes"] for name in answers()}


def test_a_form_declined_whole_is_no_rating_and_waits_for_nobody(ehr: Ehr, services: AppServices) -> None:
    rate(services, "patient", declined())
    found = history(services)
    assert (found.hidden, found.dyads[0].latest["patient"].answers) == ((), {})
    assert report(found, "answers").count == 1


@pytest.mark.parametrize("difficult", ["no", "yes"])
def test_one_answer_beside_declined_items_is_kept_back_like_any(ehr: Ehr, services: AppServices, difficult: str) -> None:
    rate(services, "patient", declined() | {"difficult": [difficult]})
    assert (len(history(services).hidden), history(services).dyads) == (1, [])


def test_a_form_declined_whole_beside_a_rating_of_the_visit_waits_with_it(ehr: Ehr, services: AppServices, clock: Clock) -> None:
    rate(services, "patient", answers(2))
    clock.now = clock.now.replace(minute=clock.now.minute + 5)
    rate(services, "patient", declined())
    assert (len(history(services).hidden), history(services).dyads) == (1, [])


@pytest.mark.parametrize("kind", ["QuestionnaireResponse", "Observation"])
def test_a_form_that_says_it_was_declined_whole_and_holds_what_cannot_be_read_is_kept_back(
    ehr: Ehr, services: AppServices, kind: str
) -> None:
    rate(services, "patient", declined())
    if kind == "Observation":
        [response] = ehr.of_type("QuestionnaireResponse")
        rate(services, "patient", answers(4))
        [goal] = [one for one in ehr.of_type(kind) if one["code"]["coding"][0]["code"].endswith("patient.goal")]
        ehr.resources.clear()
        of_it = {"derivedFrom": [{"reference": f"QuestionnaireResponse/{response['id']}"}]}
        ehr.put(patient(), response, {**goal, **of_it, "valueQuantity": {"value": 4.44, "unit": "bogus"}})
    else:
        odd = {"linkId": "difficult", "answer": [{"valueCoding": {"system": "urn:odd", "code": "yes, badly"}}]}
        ehr.of_type(kind)[0]["item"].append(odd)
    found = history(services)
    assert found.skipped
    assert (len(found.hidden), found.dyads) == (1, [])
    assert "badly" not in repr(found)
    assert "4.44" not in repr(found)


ITEM = st.sampled_from(["1", "2", "3", "4", "5"])


@examples(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ITEM, min_size=9, max_size=9), st.booleans(), st.booleans())
def test_nothing_of_a_hidden_rating_is_anywhere_in_the_history(
    ehr: Ehr, services: AppServices, values: list[str], broken: bool, ignoring: bool
) -> None:
    ehr.resources.clear()
    ehr.ignores_search = ignoring
    ehr.put(patient())
    rate(services, "patient", dict(zip(answers(), ([value] for value in values), strict=True)))
    scores = [str(resource["valueQuantity"]["value"]) for resource in ehr.of_type("Observation") if "valueQuantity" in resource]
    if broken:
        ehr.of_type("Observation")[-1]["valueQuantity"] = {"value": 4.44, "unit": "bogus"}
        scores.append("4.44")
    without = repr(replace(history(services), panels=()))
    assert not [score for score in scores if "." in score and score in without]
    assert "rapport-check-in.patient" not in without
    found = history(services)
    assert (found.dyads, found.changes, len(found.hidden)) == ([], (), 1)
    assert (report(found, "answers").count, report(found, "scores").count) == (0, 0)


def test_each_clinician_is_a_dyad_of_their_own_mine_first(ehr: Ehr, services: AppServices, clock: Clock) -> None:
    other = replace(context().user, reference="Practitioner/anders", name="Anders Holm")
    open_services = replace(services, settings=settings(blind_entry=False))
    rate(open_services, "patient", answers(4))
    clock.now = clock.now.replace(day=23)
    rate(open_services, "patient", answers(1), user=other)
    found = history(open_services)
    sofia, anders = found.dyads
    assert sofia.clinician == Person(reference="Practitioner/sofia", name="Sofia Lindqvist")
    assert anders.clinician is not None
    assert anders.clinician.reference == "Practitioner/anders"
    assert [(dyad.mine, dyad.total) for dyad in found.dyads] == [(True, 1), (False, 1)]
    assert found.dyads[0].latest["patient"].scores["total"].value == 4


def test_changes_are_at_most_three_facts(ehr: Ehr, services: AppServices, clock: Clock) -> None:
    open_services = replace(services, settings=settings(blind_entry=False))
    ehr.put(hba1c("a", "7.1", day="2026-05-01"), hba1c("b", "8.2", day="2026-08-01"))
    rate(open_services, "patient", answers(4))
    clock.now = clock.now.replace(day=23)
    rate(open_services, "patient", answers(4, task_1=1, bond_1=3))
    changes = history(open_services).changes
    assert [(change.kind, change.scale) for change in changes] == [("alliance", "total"), ("element", "task"), ("measure", None)]
    assert changes[2].earlier is not None


def test_new_patient_with_nothing_is_complete_and_empty(ehr: Ehr, services: AppServices) -> None:
    found = history(services)
    assert (found.dyads, found.hidden, found.changes, found.skipped) == ([], (), (), [])
    assert {read.state for read in found.reads} == {"complete"}
    assert all(lane.latest is None and lane.total == 0 for lane in found.panels)


def test_token_is_never_in_the_history(ehr: Ehr, services: AppServices) -> None:
    assert "token" not in repr(history(services)).replace("token_list", "")


@pytest.fixture
def chosen() -> Settings:
    return settings()
