"""What Rapport publishes, on HAPI FHIR JPA: found by address and version, and a response by its form."""

import pytest
import requests
from click.testing import CliRunner

from fhir_mappings.definitions.published_definitions import definitions
from fhir_mappings.instruments.library import Library
from fhir_mappings.r4.json_types import Json
from fhir_mappings.submission.questionnaire_response import questionnaire_response
from smart_app.care.definition_deployment import Deployed, deploy, r4_capabilities
from smart_app.cli import main
from smart_app.fhir.client import FhirClient
from smart_app.http import new_session
from tests.fhir_mappings.definitions.test_published_definitions import GERMAN, NEWER, OPEN
from tests.fhir_mappings.invented import INVENTED, worded
from tests.fhir_mappings.samples import CHECK_IN, submission

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]
BASE = "https://rapport.example.org/fhir"
FRESH = {"Cache-Control": "no-cache"}


def found(base: str, kind: str, **query: str) -> list[dict[str, object]]:
    with requests.Session() as session:
        answer = session.get(f"{base}/{kind}", params=query, headers=FRESH, timeout=60)
    assert answer.status_code == 200, answer.text[:500]
    return [entry["resource"] for entry in answer.json().get("entry", [])]


def deployed(base: str, made: list[Json]) -> list[Deployed]:
    with new_session(pool=1) as http:
        client = FhirClient(base=base, http=http, token=None, timeout=60, page_limit=5)
        return list(deploy(client, made, capabilities=r4_capabilities(client)))


def test_every_definition_is_found_by_address_and_version_also_beside_other_versions(hapi_base: str) -> None:
    several = Library((*INVENTED, NEWER, GERMAN, worded(CHECK_IN, "Wort", scopes=OPEN, language="de"), CHECK_IN))
    made = definitions(several, base=BASE)
    assert [one for one in deployed(hapi_base, made) if not one.placed] == []
    assert {one.deed for one in deployed(hapi_base, made)} == {"unchanged"}
    for one in made:
        [there] = found(hapi_base, str(one["resourceType"]), url=str(one["url"]), version=str(one["version"]))
        assert there["title"] == one["title"]
    versions = [one["version"] for one in found(hapi_base, "Questionnaire", url=f"{BASE}/Questionnaire/negative-patient")]
    assert sorted(map(str, versions)) == ["1.0.0", "1.10.0"]


def test_the_command_puts_the_shipped_definitions_there_once(hapi_base: str) -> None:
    for said in ("created", "unchanged"):
        done = CliRunner().invoke(main, ["definitions", "deploy", "--fhir", hapi_base])
        assert done.exit_code == 0, done.output
        assert said in done.output.splitlines()[-1]


def test_a_response_is_found_by_its_form(hapi_base: str) -> None:
    made = questionnaire_response(submission(encounter=None), base=BASE)
    content = {key: value for key, value in made.items() if key not in {"subject", "author", "source", "extension"}}
    assert deployed(hapi_base, definitions(Library((CHECK_IN,)), base=BASE))
    with new_session(pool=1) as http:
        written = FhirClient(base=hapi_base, http=http, token=None, timeout=60, page_limit=1).create(content)
    canonical = str(made["questionnaire"])
    responses = found(hapi_base, "QuestionnaireResponse", questionnaire=canonical)
    assert written.reference in [f"QuestionnaireResponse/{one['id']}" for one in responses]
    url, _, version = canonical.partition("|")
    [form] = found(hapi_base, "Questionnaire", url=url, version=version)
    assert form["title"] == "Rapport check-in, patient form"
