import json
from io import StringIO
from typing import get_args

import pytest

from fhir_mappings.sentence import Sentence
from smart_app.errors import Forbidden, LaunchCode, LaunchError, NotSealed, OutcomeNotKept, SessionError, StoreError
from smart_app.registration import load_registration
from smart_app.telemetry import configure_logging
from smart_app.web.views.error import ADVICE, ErrorFact, failure_view, launch_error_view, session_error_view
from smart_app.web.views.portal.portal_error import portal_error_view
from tests.support.page import read
from tests.web.clinic import OWN, SITE, Clinic


@pytest.fixture
def logged(rapport: Clinic) -> StringIO:
    stream = StringIO()
    configure_logging(stream=stream)
    return stream


# SMART O
def test_every_launch_code_has_its_own_advice() -> None:
    assert set(ADVICE) == set(get_args(LaunchCode))


# SMART O
@pytest.mark.parametrize("code", get_args(LaunchCode))
def test_every_launch_error_says_what_did_not_happen(code: LaunchCode) -> None:
    error = LaunchError(code, Sentence("It stopped."), detail="why")
    view = launch_error_view(error, reference="RP-1", iss="https://a.example", registration=load_registration())
    assert "nothing was opened" in view.lead.lower()
    # Only the visit may have been read, where the EHR names it in place of a patient.
    assert ("no patient information was read" in view.lead) == (ADVICE[code].asked != "visit")
    assert view.facts[-1].label == "Requests made"
    assert ErrorFact(label="Error", value=f"launch.{code}", is_english=True) in view.facts


def test_session_and_failure_pages_say_what_became_of_a_post() -> None:
    assert "not stored" in session_error_view(SessionError(Sentence("Over.")), reference="RP-1", posted=True).lead
    assert "not known" in failure_view(None, reference="RP-1", posted=True).lead
    assert failure_view(StoreError(Sentence("Down.")), reference="RP-1", posted=True).lead.endswith("not yours. Down.")


@pytest.mark.parametrize(
    ("error", "says"),
    [(NotSealed(Sentence("Not taken.")), "Go back to the form"), (OutcomeNotKept(Sentence("It is there.")), "how ")],
)
def test_failure_of_the_own_database_around_a_seal_says_what_is_known_and_nothing_against_it(error: StoreError, says: str) -> None:
    staff = failure_view(error, reference="RP-1", posted=True)
    patients = portal_error_view(error, reference="RP-1", posted=True, home="/own", again=None)
    for view in (staff, patients):
        assert error.user_message in view.lead
        assert "not known" not in view.lead
        assert says in " ".join(view.steps)
        assert view.headline != "Something went wrong in Rapport"


def test_no_such_page_and_no_such_method(rapport: Clinic) -> None:
    assert rapport.get("/nothing").status == 404
    answer = rapport.client.post("/launch", base_url=SITE)
    assert read(answer).status == 405
    assert "GET" in answer.headers["Allow"]


def test_a_body_too_large_is_refused(rapport: Clinic) -> None:
    chart = rapport.launch()
    answer = rapport.client.post(f"{chart}end", data={"csrf": "x" * 70_000}, base_url=SITE, headers=OWN)
    assert read(answer).status == 413


# SMART O
def test_a_chart_whose_patient_cannot_be_read_shows_nothing(rapport: Clinic) -> None:
    chart = rapport.launch()
    rapport.ehr.resources.pop("Patient/pat-1")
    page = rapport.get(chart)
    assert page.status == 502
    assert "Nothing is shown" in page.text
    assert chart in page.links()


# SMART O
def test_anything_unforeseen_is_a_page_with_its_code_in_the_log(rapport: Clinic, logged: StringIO) -> None:
    def broken() -> str:
        raise RuntimeError("Halvorsen")

    rapport.app.view_functions["healthz"] = broken
    page = rapport.get("/healthz")
    assert page.status == 500
    assert "Halvorsen" not in page.text
    assert "Halvorsen" not in logged.getvalue()
    line = json.loads(logged.getvalue().splitlines()[0])
    assert line["error_type"] == "RuntimeError"
    assert line["request_id"] in page.text


# SMART F6
def test_logs_name_routes_and_never_people_or_launches(rapport: Clinic, logged: StringIO) -> None:
    chart = rapport.launch()
    rapport.get(chart)
    rapport.send(chart, rapport.filled(chart))
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert {"/launch", "/callback", "/l/<launch_id>/"} <= {line.get("route") for line in lines}
    text = json.dumps(lines)
    for secret in ("Halvorsen", "Ingrid", "pat-1", chart.split("/")[2]):
        assert secret not in text


def test_text_is_compressed_where_the_browser_takes_it(rapport: Clinic) -> None:
    answer = rapport.client.get(rapport.launch(), base_url=SITE, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_health_and_readiness(rapport: Clinic) -> None:
    assert rapport.client.get("/healthz", base_url=SITE).data == b"ok\n"
    assert rapport.client.get("/readyz", base_url=SITE).data == b"ready\n"


def test_forbidden_by_the_record_is_a_page(rapport: Clinic) -> None:
    chart = rapport.launch()
    rapport.ehr.faults.append(lambda _method, path: (403, {}, "") if path.startswith("Patient/") else None)
    page = rapport.get(chart)
    assert page.status == Forbidden.http_status


@pytest.mark.parametrize("path", ["/launch", "/callback", "/open", "/", "/nothing"])
@pytest.mark.parametrize("query", ["iss=\xff", "\xc3=1", "launch=1&iss=\xf0\x9f"])
def test_a_query_that_is_no_text_is_refused(rapport: Clinic, path: str, query: str) -> None:
    page = read(rapport.client.get(path, base_url=SITE, environ_overrides={"QUERY_STRING": query}))
    assert page.status == 400
    assert "malformed" in page.text
