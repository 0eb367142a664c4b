"""A record that tests copy: whole, and each one's own."""

from contextlib import closing
from datetime import date

from smart_app.cli.demo.environment import local_backend
from smart_app.sandbox.fhir_server.server import LocalServer
from tests.support.everybody import everybody
from tests.support.fhir_calls import FhirCalls

DAY = date(2026, 11, 22)


def everything(backend: LocalServer) -> dict[str, object]:
    """What is stored, each resource by its reference, but when."""
    calls = FhirCalls(backend)
    kinds = ("Patient", "Practitioner", "Encounter", "QuestionnaireResponse", "Observation", "Provenance")
    pages = [calls.search(kind, ("_count", "5000")) for kind in kinds]
    found = [entry["resource"] for page in pages for entry in page.get("entry", [])]
    for one in found:
        del one["meta"]["lastUpdated"]
    return {f"{one['resourceType']}/{one['id']}": one for one in found}


def test_it_is_what_the_demo_stores_and_a_write_is_in_no_other() -> None:
    with closing(everybody(DAY)) as first, closing(everybody(DAY)) as second, closing(local_backend([], today=DAY, store=None)) as stored:
        whole = everything(stored)
        assert everything(first) == everything(second) == whole
        created = FhirCalls(first).create({"resourceType": "Patient"})
        FhirCalls(first).send("DELETE", "Patient/falling-slowly")
        assert set(everything(first)) == {*whole, f"Patient/{created['id']}"} - {"Patient/falling-slowly"}
        assert everything(second) == whole
    with closing(everybody(DAY)) as third:
        assert everything(third) == whole
    with closing(everybody(date(2026, 11, 23))) as next_day:
        assert everything(next_day) != whole
