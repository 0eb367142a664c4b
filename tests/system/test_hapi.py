"""The whole job on HAPI FHIR JPA, a server nobody here wrote: behind the embedded EHR's launch, and directly."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
import requests
from click.testing import CliRunner

from smart_app.cli.demo.check import Subject, Walk, run
from smart_app.cli.demo.check_steps import Steps
from smart_app.cli.demo.command import demo
from smart_app.cli.demo.environment import DemoEnvironment
from smart_app.cli.demo.html_visitor import Page, PageForm
from smart_app.sandbox.personas.persona_canonicals import BASE
from smart_app.sandbox.seeding.seed import REMOVAL_ORDER
from tests.support.stands import foreign, opened, seeded, utc_today

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]
# HAPI answers an equal search from its memory for a minute unless told not to.
FRESH = {"Cache-Control": "no-cache"}


@pytest.fixture
def patient(hapi_base: str) -> Iterator[str]:
    """One persona on HAPI, removed afterwards."""
    with seeded(hapi_base, "falling-slowly") as choices:
        yield choices.patients[0].id


@pytest.fixture(params=["relayed", "direct"])
def stand(request: pytest.FixtureRequest, hapi_base: str) -> Iterator[DemoEnvironment]:
    with foreign(hapi_base, request.param) as standing:
        yield standing


def stored(base: str, query: str) -> list[dict[str, object]]:
    """What a fresh search finds, its first page: enough for one patient's day."""
    with requests.Session() as session:
        answer = session.get(f"{base}/{query}&_count=500", headers=FRESH, timeout=60)
    assert answer.status_code == 200, answer.text[:500]
    return [entry["resource"] for entry in answer.json().get("entry", [])]


def todays(base: str, patient: str) -> list[dict[str, object]]:
    """The patient's QuestionnaireResponses of today."""
    found = stored(base, f"QuestionnaireResponse?patient=Patient/{patient}")
    return [one for one in found if str(one["authored"]).startswith(utc_today().isoformat())]


def filled(walk: Walk) -> tuple[Page, PageForm, dict[str, str]]:
    """The patient's form, and a whole set of answers to it."""
    page, form = walk.form("patient")
    return page, form, {name: values[2] for name, values in form.radios.items() if name[-1].isdigit()}


def test_the_whole_job_holds_on_hapi(stand: DemoEnvironment, patient: str) -> None:
    steps = Steps()
    run(stand, Subject(patient=patient), steps)
    assert steps.failed == []
    assert steps.passed >= 7


def test_a_form_sent_twice_is_stored_once(stand: DemoEnvironment, patient: str, hapi_base: str) -> None:
    with opened(stand, patient) as walk:
        page, form, answers = filled(walk)
        first, again = (walk.visitor.send(page, form, answers) for _ in range(2))
    assert (first.status, again.status, again.url) == (200, 200, first.url)
    (response,) = todays(hapi_base, patient)
    assert len(stored(hapi_base, f"Observation?derived-from=QuestionnaireResponse/{response['id']}")) == 5
    assert len(stored(hapi_base, f"Provenance?target=QuestionnaireResponse/{response['id']}")) == 1


def test_a_form_sent_by_two_clicks_at_once_is_stored_once(stand: DemoEnvironment, patient: str, hapi_base: str) -> None:
    with opened(stand, patient) as walk, ThreadPoolExecutor(2) as pool:
        page, form, answers = filled(walk)
        sent = [pool.submit(walk.visitor.send, page, form, answers) for _ in range(2)]
        assert [one.result().status for one in sent] == [200, 200]
    assert len(todays(hapi_base, patient)) == 1


def test_a_form_declined_twice_is_stored_once_and_shown_as_a_word(stand: DemoEnvironment, patient: str, hapi_base: str) -> None:
    with opened(stand, patient) as walk:
        shown = walk.visitor.get(walk.again().url.partition("?")[0] + "handover/rapport-check-in")
        form = shown.form(going_to="/not-today/")
        receipts = [walk.visitor.send(shown, form, {"reason": "patient-declined"}) for _ in range(2)]
        assert [one.status for one in receipts] == [200, 200]
        assert "the patient declined" in walk.again().html
    (response,) = todays(hapi_base, patient)
    assert (response["status"], "item" in response) == ("stopped", False)
    assert len(stored(hapi_base, f"Observation?derived-from=QuestionnaireResponse/{response['id']}")) == 1


def test_a_copy_of_the_page_is_filed_once_and_found_by_its_identifier(patient: str, hapi_base: str) -> None:
    with foreign(hapi_base, "relayed") as stand, opened(stand, patient) as walk:
        printed = walk.visitor.get(walk.again().url.partition("?")[0] + "print")
        shown = walk.visitor.get(printed.link(going_to="/print/file"))
        form = shown.form(going_to="/print/file")
        receipts = [walk.visitor.send(shown, form, {}) for _ in range(2)]
    assert [(one.status, "The copy is in the record" in one.html) for one in receipts] == [(200, True)] * 2
    (document,) = stored(hapi_base, f"DocumentReference?patient=Patient/{patient}")
    (identifier,) = cast("list[dict[str, str]]", document["identifier"])
    assert len(stored(hapi_base, f"DocumentReference?identifier={identifier['system']}|{identifier['value']}")) == 1


def test_a_search_result_kept_by_the_server_does_not_hide_what_was_just_stored(stand: DemoEnvironment, patient: str) -> None:
    with opened(stand, patient) as walk:
        before = walk.again().html
        page, form, answers = filled(walk)
        walk.visitor.send(page, form, answers)
        walk.take_back()
        assert "notice waiting" not in before
        assert "notice waiting" in walk.again().html


def test_cleaning_takes_out_everything_a_demo_wrote(patient: str, hapi_base: str) -> None:
    with foreign(hapi_base, "relayed") as stand, opened(stand, patient) as walk:
        page, form, answers = filled(walk)
        walk.visitor.send(page, form, answers)
    assert len(todays(hapi_base, patient)) == 1
    cleaned = CliRunner().invoke(demo, ["--fhir", hapi_base, "--clean"])
    assert cleaned.exit_code == 0, cleaned.output
    tag = f"_tag={BASE}/CodeSystem/tag|rapport-demo"
    assert {kind: len(stored(hapi_base, f"{kind}?{tag}")) for kind in REMOVAL_ORDER} == dict.fromkeys(REMOVAL_ORDER, 0)
