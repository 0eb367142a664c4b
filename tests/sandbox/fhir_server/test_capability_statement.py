"""What the capability statement promises, the server does: each promise is tried."""

from typing import Any

import pytest

from smart_app.sandbox.fhir_server.search_parameters import RESOURCE_TYPES
from tests.support.fhir_calls import BASE, FhirCalls, Json, body_of

VALUES = {"token": "a", "reference": "Patient/1", "uri": "urn:a", "string": "a", "date": "2026"}


def statement(fhir: FhirCalls) -> Json:
    return body_of(fhir.send("GET", "metadata"))


def resources(fhir: FhirCalls) -> list[Any]:
    listed: list[Any] = statement(fhir)["rest"][0]["resource"]
    return listed


def test_statement_names_the_version_the_base_and_every_type(fhir: FhirCalls) -> None:
    told = statement(fhir)
    assert (told["fhirVersion"], told["implementation"]["url"], told["kind"]) == ("4.0.1", BASE, "instance")
    assert {one["type"] for one in resources(fhir)} == RESOURCE_TYPES
    assert {"Observation", "QuestionnaireResponse", "Provenance", "Patient"} <= RESOURCE_TYPES


def test_every_promised_search_parameter_is_searched(fhir: FhirCalls) -> None:
    for resource in resources(fhir):
        for parameter in resource["searchParam"]:
            answered = fhir.search(resource["type"], (parameter["name"], VALUES[parameter["type"]]), ("_sort", parameter["name"]))
            assert answered["total"] == 0


def test_every_promised_include_is_carried_out(fhir: FhirCalls) -> None:
    for resource in resources(fhir):
        includes = [("_include", one) for one in resource.get("searchInclude", [])]
        assert fhir.search(resource["type"], *includes, *(("_revinclude", one) for one in resource["searchRevInclude"]))["total"] == 0


def test_every_type_is_created_updated_and_deleted_as_promised(fhir: FhirCalls) -> None:
    assert {one["code"] for one in resources(fhir)[0]["interaction"]} == {
        "read",
        "vread",
        "update",
        "delete",
        "history-instance",
        "create",
        "search-type",
    }
    for resource in resources(fhir):
        body = {"resourceType": resource["type"], "id": "a", "language": "en"}
        answered = fhir.send("PUT", f"{resource['type']}/a", body)
        assert answered.status in {201, 422}, answered.body


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "Patient/1"), ("PUT", "Patient"), ("DELETE", "Patient"), ("GET", "Patient/_history"), ("GET", "_history")],
)
def test_what_is_not_promised_is_refused(fhir: FhirCalls, method: str, path: str) -> None:
    assert fhir.send(method, path, {}).status in {404, 405}
