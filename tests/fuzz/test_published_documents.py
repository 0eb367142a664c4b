"""The addresses machines read are what `docs/openapi.json` says, whatever they are asked with (schemathesis)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup

from smart_app.registration import Issuer, PrivateKeyJwt
from tests.documentation.generated_pages import openapi_file
from tests.fuzz.hostile import queries
from tests.fuzz.watch import Watch, watched
from tests.support.authorization_server import BASE, ec_key, rsa_key
from tests.support.examples import share

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """The app with one key of each kind."""
    keys = {"keys": [key.as_dict(private=True) for key in (ec_key("P-384"), rsa_key())]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EHR_KEYS", json.dumps(keys))
        issuer = Issuer(name="Example EHR", iss=BASE, client_id="rapport", auth=PrivateKeyJwt(key_env="EHR_KEYS"))
        with watched(tmp_path_factory.mktemp("signing"), issuer=issuer) as standing:
            yield standing


def test_the_published_description_is_the_one_made_from_the_code() -> None:
    assert PUBLISHED.read_text() == openapi_file(), "run make docs"


def test_every_address_with_an_answer_for_machines_is_described(signing: Watch) -> None:
    rules = {rule.rule for rule in signing.clinic.app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())}
    for_machines = {rule for rule in rules if signing.ask("GET", rule).mimetype in {"application/json", "text/plain"}}
    described = set(json.loads(PUBLISHED.read_text())["paths"])
    assert for_machines == {path for path in described if "{" not in path}
    # What opens within a launch alone: tests/web/pages/test_why.py holds what it answers there to the description.
    assert described - for_machines == {"/l/{launch_id}/why.json"}


SCHEMA: Any = schemathesis.openapi.from_dict(json.loads(PUBLISHED.read_text()))
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
CONFORMS = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.path)
@share(1 / 4)
@given(
    data=st.data(),
    query=queries("iss", "launch", "_format", "callback"),
    accept=st.sampled_from(["", "*/*", "text/html", "application/xml;q=1"]),
)
def test_every_described_address_answers_as_described(
    signing: Watch, operation: Any, data: st.DataObject, query: bytes, accept: str
) -> None:
    signing.fresh()
    case = data.draw(operation.as_strategy())
    answer = signing.ask(case.method, case.formatted_path, query=query, headers={**(case.headers or {}), "Accept": accept})
    if answer.status_code != 400:
        case.validate_response(answer, checks=CONFORMS)
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.path)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_no_described_address_takes_another_method(signing: Watch, operation: Any, method: str) -> None:
    answer = signing.ask(method, operation.path)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_the_check_of_the_description_can_fail(signing: Watch) -> None:
    """A published private key would be noticed: the description of a key is closed."""
    keys = next(operation for operation in OPERATIONS if operation.path.endswith("jwks.json"))
    answer = signing.ask("GET", keys.path)
    answer.set_data(json.dumps({"keys": [ec_key("P-384").as_dict(private=True) | {"use": "sig", "alg": "ES384"}]}))
    with pytest.raises(FailureGroup):
        keys.Case().validate_response(answer, checks=CONFORMS)
