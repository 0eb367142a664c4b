"""The embedded EHR is honest: fhirclient (npm), in two static pages in Chromium, completes an EHR launch against it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from smart_app.sandbox.authorization.clients import Client
from smart_app.sandbox.embedded_ehr import create_sandbox
from smart_app.sandbox.fhir_server.server import LocalServer
from tests.sandbox.smart_ward import Late, chart_resources
from tests.support.foreign_apps import javascript_app
from tests.support.serving import serving

pytestmark = pytest.mark.system
SCOPE = "launch openid fhirUser online_access patient/Patient.r patient/Observation.rs"


@pytest.fixture
def framed() -> bool:
    """Whether the app runs within the chart; tests override it by parametrising."""
    return False


@pytest.fixture
def javascript_ehr(framed: bool) -> Iterator[str]:
    """The address of an EHR with the app registered. The app is on another site, as in life; within the chart on the same, because it keeps
    its state in sessionStorage, which a browser that blocks third-party cookies denies to frames of other sites."""
    with ExitStack() as stack:
        late = Late()
        ehr = stack.enter_context(serving(late))
        app = stack.enter_context(serving(javascript_app(client_id="foreign", scope=SCOPE)))
        app = app if framed else app.replace("127.0.0.1", "localhost")
        known = Client(name="Foreign", redirect_uris=(f"{app}/index.html",), launch_url=f"{app}/launch.html")
        backend = stack.enter_context(closing(LocalServer()))
        backend.load(chart_resources())
        late.app = create_sandbox(backend, base_url=ehr, clients={"foreign": known})
        yield ehr


def told(view: Page | Frame) -> dict[str, object]:
    out = view.locator("#out")
    expect(out).not_to_have_text("waiting", timeout=20_000)
    text = out.text_content() or ""
    assert text.startswith("{"), text
    answer: dict[str, object] = json.loads(text)
    return answer


@pytest.mark.parametrize("framed", [False, True], ids=["tab", "chart"])
def test_fhirclient_of_npm_completes_an_ehr_launch_reads_the_patient_and_renews(
    chromium: Browser, javascript_ehr: str, framed: bool
) -> None:
    with chromium.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{javascript_ehr}/chart/p1" if framed else f"{javascript_ehr}/chart/p1/open")
        view: Page | Frame = tab
        if framed:
            frame = tab.locator("iframe.app").element_handle().content_frame()
            assert frame is not None
            view = frame
        assert told(view) == {
            "said": ["p1 Berg 1968-03-14"] * 2,
            "user": "Practitioner/sofia",
            "found": ["a1", "a2"],
            "encounter": "e1",
            "rotated": True,
            "renewed": True,
        }


def test_fhirclient_of_npm_goes_on_with_a_refresh_token_that_is_not_rotated(chromium: Browser, javascript_ehr: str) -> None:
    with chromium.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{javascript_ehr}/chart/p1/open?fault=refresh-kept")
        assert told(tab)["renewed"]
