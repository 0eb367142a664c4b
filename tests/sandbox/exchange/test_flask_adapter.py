from flask import Flask

from smart_app.sandbox.exchange.flask_adapter import Authorize, fhir_blueprint
from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse
from smart_app.sandbox.fhir_server.server import LocalServer

ANNA = {"resourceType": "Patient", "id": "anna"}


def client_of(server: LocalServer, *, authorize: Authorize | None = None, prefix: str = "/fhir") -> Flask:
    app = Flask(__name__)
    app.register_blueprint(fhir_blueprint(server, authorize, prefix=prefix))
    return app


def test_method_path_query_headers_and_body_reach_the_backend(server: LocalServer) -> None:
    browser = client_of(server).test_client()
    created = browser.put("/fhir/Patient/anna", json=ANNA, headers={"Prefer": "return=minimal"})
    assert (created.status_code, created.data, created.headers.get("Content-Type")) == (201, b"", None)
    assert created.headers["Location"] == "http://localhost/fhir/Patient/anna/_history/1"
    searched = browser.get("/fhir/Patient?_id=x&_id=anna%2Cy&_lastUpdated=ge2000-01-01T00:00:00%2B01:00")
    assert b"http://localhost/fhir/Patient?_id=x&_id=anna%2Cy&_lastUpdated=ge2000-01-01T00%3A00%3A00%2B01%3A00" in searched.data
    assert searched.content_type == "application/fhir+json; charset=utf-8"


def test_the_base_is_served_with_and_without_a_slash(server: LocalServer) -> None:
    browser = client_of(server).test_client()
    for address in ("/fhir", "/fhir/"):
        answered = browser.post(address, json={"resourceType": "Bundle", "type": "batch"})
        assert answered.json == {"resourceType": "Bundle", "type": "batch-response"}


def test_every_failure_is_an_outcome_and_keeps_its_headers(server: LocalServer) -> None:
    browser = client_of(server).test_client()
    patched = browser.patch("/fhir/Patient/anna", json=[])
    assert (patched.status_code, patched.headers["Allow"]) == (405, "GET, HEAD, PUT, DELETE")
    assert b"OperationOutcome" in patched.data
    assert b"OperationOutcome" in browser.get("/fhir/Patient/anna/%24x").data


def test_head_has_headers_and_no_body(server: LocalServer) -> None:
    server.load(ANNA)
    answered = client_of(server).test_client().head("/fhir/Patient/anna")
    assert (answered.status_code, answered.headers["ETag"], answered.data) == (200, 'W/"1"', b"")


def test_the_guard_sees_every_request_first(server: LocalServer) -> None:
    seen: list[FhirRequest] = []

    def guard(request: FhirRequest) -> FhirResponse | None:
        seen.append(request)
        return None if "authorization" in request.headers else FhirResponse(status=401, headers={"WWW-Authenticate": "Bearer"})

    browser = client_of(server, authorize=guard, prefix="/r4").test_client()
    refused = browser.get("/r4/Patient?name=ek")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert browser.get("/r4/Patient", headers={"Authorization": "Bearer x"}).status_code == 200
    assert (seen[0].path, seen[0].base, seen[0].query) == ("Patient", "http://localhost/r4", (("name", "ek"),))
