"""The embedded EHR is honest: fhirclient (PyPI) completes an EHR launch against it, knowing nothing of ours. In a browser, fhirclient (npm)
does in `tests/browser/test_honest_double.py`."""

from collections.abc import Iterator
from contextlib import closing

import pytest
import requests

from smart_app.sandbox.authorization.clients import Client, ClientAuth, Public, SecretBasic
from smart_app.sandbox.embedded_ehr import create_sandbox
from smart_app.sandbox.fhir_server.server import LocalServer
from tests.sandbox.smart_ward import Late, chart_resources
from tests.support.foreign_apps import PythonApp
from tests.support.serving import serving

pytestmark = pytest.mark.enable_socket
SCOPE = "launch openid fhirUser online_access patient/Patient.r patient/Observation.rs"


@pytest.fixture(params=[Public(), SecretBasic(secret="s3cret")], ids=["public", "confidential"])
def python_app(request: pytest.FixtureRequest) -> Iterator[tuple[str, PythonApp]]:
    """An EHR's address, and the app registered with it."""
    auth: ClientAuth = request.param
    # Its own words for what it asks; the launch scope it adds itself.
    app = PythonApp(client_id="foreign", scope=SCOPE.removeprefix("launch "), secret=auth.secret if isinstance(auth, SecretBasic) else None)
    late, backend = Late(), LocalServer()
    with closing(app), closing(backend), serving(app.app) as address, serving(late) as ehr:
        app.address = address
        known = Client(name="Foreign", redirect_uris=(f"{address}/callback",), launch_url=f"{address}/launch", auth=auth)
        backend.load(chart_resources())
        late.app = create_sandbox(backend, base_url=ehr, clients={"foreign": known})
        yield ehr, app


def launched(ehr: str, *faults: str) -> requests.Response:
    """Where a browser ends that opens the app from the chart."""
    with requests.Session() as browser:
        made = browser.post(f"{ehr}/launches", json={"patient": "p1", "options": {"faults": list(faults)}})
        return browser.get(made.json()["launch_url"])


def test_fhirclient_of_pypi_completes_an_ehr_launch_reads_the_patient_and_renews(python_app: tuple[str, PythonApp]) -> None:
    ehr, app = python_app
    answer = launched(ehr)
    assert (answer.status_code, answer.text) == (200, "Ada Berg")
    (client,) = app.clients
    assert client.launch_context["encounter"] == "e1"
    first = client.server.auth.access_token
    assert client.reauthorize()
    assert client.server.auth.access_token != first
    client._patient = None
    assert client.patient.id == "p1"


def test_fhirclient_of_pypi_is_refused_when_the_launch_is_told_to_be(python_app: tuple[str, PythonApp]) -> None:
    ehr, app = python_app
    assert launched(ehr, "refuse=access_denied").status_code == 500
    assert app.clients == []
