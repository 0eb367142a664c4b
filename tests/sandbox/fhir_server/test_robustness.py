"""Whatever arrives, the server answers with a status and an OperationOutcome, and what was loaded on purpose is served back."""

import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from smart_app.sandbox.fhir_server.search_parameters import SEARCH_PARAMETERS
from smart_app.sandbox.fhir_server.storage import Storage
from tests.support.fhir_calls import FhirCalls, Json, body_of, local_server, matches

NAMES = st.sampled_from(
    ["coding", "system", "code", "value", "reference", "start", "end", "event", "family", "line", "text", "extension", "url"]
)
TEXTS = st.one_of(st.text(max_size=8), st.sampled_from(["2026-01", "Patient/1", "urn:uuid:x", "Patient?_id=1", "#c", "a|b", "final"]))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.decimals(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
ELEMENTS = sorted({path.partition(".")[0] for one in SEARCH_PARAMETERS["Observation"].values() for path in one.paths} | {"meta", "id"})
OBSERVATIONS = st.dictionaries(st.sampled_from(ELEMENTS), JSON, max_size=4).map(lambda elements: elements | {"resourceType": "Observation"})


@settings(max_examples=60, deadline=None)
@given(resource=OBSERVATIONS, conditions=st.one_of(st.none(), TEXTS))
def test_any_json_is_answered(resource: Json, conditions: str | None) -> None:
    storage = Storage()
    fhir = FhirCalls(local_server(storage))
    entry = {
        "resource": resource,
        "request": {"method": "POST", "url": "Observation"} | ({"ifNoneExist": conditions} if conditions else {}),
    }
    whole = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    for path, body in (("Observation", resource), ("", whole)):
        answered = fhir.send("POST", path, body)
        assert answered.status in {200, 201, 400, 412, 422}
        assert answered.status < 300 or body_of(answered)["issue"][0]["diagnostics"]
    storage.close()


@settings(max_examples=60, deadline=None)
@given(resource=OBSERVATIONS)
def test_anything_loaded_is_served_as_it_was(resource: Json) -> None:
    storage = Storage()
    server = local_server(storage)
    wanted = {name: value for name, value in resource.items() if name not in {"meta", "id"}}
    server.load(wanted | {"id": "odd"})
    found = FhirCalls(server).search("Observation", ("_id", "odd"))
    storage.close()
    assert matches(found) == ["Observation/odd"]
    served = {name: value for name, value in found["entry"][0]["resource"].items() if name not in {"meta", "id"}}
    assert simplejson.dumps(served, use_decimal=True, sort_keys=True) == simplejson.dumps(wanted, use_decimal=True, sort_keys=True)


@settings(max_examples=60, deadline=None)
@given(entries=JSON, kind=st.sampled_from(["batch", "transaction"]))
def test_any_bundle_is_answered(entries: object, kind: str) -> None:
    storage = Storage()
    answered = FhirCalls(local_server(storage)).send("POST", "", {"resourceType": "Bundle", "type": kind, "entry": entries})
    storage.close()
    assert answered.status in {200, 400}


@settings(max_examples=60, deadline=None)
@given(
    name=st.one_of(
        st.sampled_from([*sorted(SEARCH_PARAMETERS["Observation"]), "_sort", "_count", "_page", "_include"]), st.text(max_size=8)
    ),
    modifier=st.sampled_from(["", ":missing", ":not", ":exact", ":contains", ":Patient", ":x"]),
    value=TEXTS,
)
def test_any_search_is_answered(name: str, modifier: str, value: str) -> None:
    storage = Storage()
    answered = FhirCalls(local_server(storage)).send("GET", "Observation", query=[(name + modifier, value)])
    storage.close()
    assert answered.status in {200, 400}
