"""A file of FHIR resources loads whole or is refused by name and place."""

import gzip
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from smart_app.sandbox.seeding.data_file import ResourceFileError, launch_choices, load_bytes, load_file

SYNTHEA = Path(__file__).parents[3].parent / "shared" / "data" / "synthea" / "Estrella_Daugherty.json"
SYNTHEA_BESIDE_WORKTREES = Path(__file__).parents[4].parent / "shared" / "data" / "synthea" / "Estrella_Daugherty.json"
PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Doe", "given": ["Ann"]}]}
NURSE = {"resourceType": "Practitioner", "id": "n1", "name": [{"text": "Nurse One"}]}


def observation(**parts: object) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}} | parts


def bundle(*entries: object, kind: str = "collection") -> bytes:
    return simplejson.dumps({"resourceType": "Bundle", "type": kind, "entry": list(entries)}, use_decimal=True).encode()


def load(content: bytes, name: str = "data.json") -> dict[str, dict[str, Any]]:
    return {f"{one['resourceType']}/{one['id']}": one for one in load_bytes(content, name=name).resources}


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "reference")
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from references(value)


@pytest.fixture
def synthea() -> Path:
    for path in (SYNTHEA, SYNTHEA_BESIDE_WORKTREES):
        if path.exists():
            return path
    pytest.skip("no shared/data beside the checkout")


def test_a_synthea_transaction_loads_whole_with_its_ids(synthea: Path) -> None:
    loaded = load_file(synthea)
    assert loaded.notes == ()
    assert len(loaded.resources) == 297
    there = {f"{one['resourceType']}/{one['id']}" for one in loaded.resources}
    assert "Patient/9eb43ac3-7c1e-4e25-94cd-4b2c43f7234e" in there
    assert all(reference in there for reference in references(list(loaded.resources)) if not reference.startswith("#"))


def test_synthea_offers_a_patient_a_visit_and_a_practitioner_to_launch_with(synthea: Path) -> None:
    choices = launch_choices(load_file(synthea).resources)
    assert len(choices.patients) == len(choices.practitioners) == 1
    assert choices.patients[0].encounter


def test_urn_uuid_references_become_type_and_id_and_missing_ids_come_from_the_full_url() -> None:
    uuid = "urn:uuid:9eb43ac3-7c1e-4e25-94cd-4b2c43f7234e"
    anonymous = {"resourceType": "Patient"}
    loaded = load(bundle({"fullUrl": uuid, "resource": anonymous}, {"resource": observation(id="o1", subject={"reference": uuid})}))
    assert loaded["Observation/o1"]["subject"]["reference"] == "Patient/9eb43ac3-7c1e-4e25-94cd-4b2c43f7234e"


def test_absolute_versioned_and_conditional_references_are_resolved() -> None:
    nurse = NURSE | {"identifier": [{"system": "urn:npi", "value": "7"}]}
    subject = {"reference": "https://ehr.example/fhir/Patient/p1/_history/3"}
    seen = observation(id="o1", subject=subject, performer=[{"reference": "Practitioner?identifier=urn:npi|7"}])
    loaded = load(bundle({"fullUrl": "https://ehr.example/fhir/Patient/p1", "resource": PATIENT}, {"resource": nurse}, {"resource": seen}))
    assert list(references(loaded["Observation/o1"])) == ["Patient/p1/_history/3", "Practitioner/n1"]


def test_references_to_contained_resources_stay_and_others_are_counted() -> None:
    seen = observation(subject={"reference": "#inside"}, encounter={"reference": "urn:uuid:nowhere"})
    loaded = load_bytes(bundle({"resource": PATIENT}, {"resource": NURSE}, {"resource": seen}), name="x.json")
    assert loaded.notes == ("1 references lead to nothing in the file and were left as they are, the first to urn:uuid:nowhere.",)


def test_ids_assigned_from_content_are_the_same_each_time_and_differ_between_equal_resources() -> None:
    content = bundle({"resource": observation()}, {"resource": observation()}, {"resource": PATIENT})
    assert list(load(content)) == list(load(content))
    assert sum(key.startswith("Observation/d-") for key in load(content)) == 2


def test_an_id_no_server_would_take_is_replaced_and_its_references_follow() -> None:
    loaded = load(bundle({"resource": PATIENT | {"id": "p_1"}}, {"resource": observation(id="o1", subject={"reference": "Patient/p_1"})}))
    patient = next(key for key in loaded if key.startswith("Patient/"))
    assert loaded["Observation/o1"]["subject"]["reference"] == patient != "Patient/p_1"


def test_numbers_keep_their_digits() -> None:
    content = b'{"resourceType": "Observation", "id": "o", "valueQuantity": {"value": 7.10}}'
    assert str(load(content)["Observation/o"]["valueQuantity"]["value"]) == "7.10"
    assert isinstance(load(content)["Observation/o"]["valueQuantity"]["value"], Decimal)


@pytest.mark.parametrize("name", ["all.ndjson", "all.json"])
def test_ndjson_is_recognised_by_name_and_by_content(name: str) -> None:
    lines = "\n".join(simplejson.dumps(one) for one in (PATIENT, NURSE, observation(id="o1"))) + "\n"
    assert list(load(lines.encode(), name)) == ["Patient/p1", "Practitioner/n1", "Observation/o1"]


def test_gzip_is_recognised_by_content(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(gzip.compress(bundle({"resource": PATIENT})))
    assert [one["resourceType"] for one in load_file(path).resources] == ["Patient", "Practitioner"]


def test_a_practitioner_is_added_where_there_is_none_and_said() -> None:
    loaded = load_bytes(bundle({"resource": PATIENT}), name="x.json")
    assert "Sofia Lindqvist (Practitioner/sofia-lindqvist) was added" in loaded.notes[0]
    assert [one.id for one in launch_choices(loaded.resources).practitioners] == ["sofia-lindqvist"]


def test_the_visit_in_progress_is_launched_in_before_a_later_one() -> None:
    def visit(key: str, status: str, start: str) -> dict[str, Any]:
        return {
            "resourceType": "Encounter",
            "id": key,
            "status": status,
            "subject": {"reference": "Patient/p1"},
            "period": {"start": start},
        }

    resources = [
        PATIENT,
        visit("e1", "finished", "2026-11-01"),
        visit("e2", "in-progress", "2026-10-01"),
        visit("e3", "finished", "2026-09-01"),
    ]
    assert launch_choices(resources).patients[0].encounter == "e2"
    assert launch_choices([PATIENT, resources[1], resources[3]]).patients[0].encounter == "e1"


def test_a_patient_without_a_name_can_still_be_chosen() -> None:
    assert launch_choices([{"resourceType": "Patient", "id": "p9"}]).patients[0].label == "No name recorded (p9)"


def test_a_put_without_an_id_takes_that_of_its_url() -> None:
    entry = {"resource": {"resourceType": "Patient"}, "request": {"method": "PUT", "url": "Patient/from-url"}}
    assert "Patient/from-url" in load(bundle(entry, kind="transaction"))


def test_entries_without_content_are_left_out_and_said() -> None:
    gone = {"request": {"method": "DELETE", "url": "Patient/p9"}}
    outcome = {"resource": {"resourceType": "OperationOutcome"}}
    loaded = load_bytes(bundle({"resource": PATIENT}, {"resource": NURSE}, gone, outcome, kind="batch"), name="x.json")
    assert loaded.notes == (
        "entry 3 (DELETE) holds nothing to load and was left out.",
        "entry 4 is an OperationOutcome and was left out.",
    )


def test_the_same_resource_twice_is_loaded_once_and_said() -> None:
    loaded = load_bytes(bundle({"resource": PATIENT}, {"resource": PATIENT}, {"resource": NURSE}), name="x.json")
    assert [one["id"] for one in loaded.resources] == ["p1", "n1"]
    assert loaded.notes == ("1 resources are in the file more than once and were loaded once.",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x.json: the file is empty"),
        (b'{"resourceType": "Bundle",\n "type": }', "x.json, line 2, column 10: not JSON"),
        (b"\n\xff", "x.json, line 2: not UTF-8"),
        (b"[1, 2]", "x.json, the file: not a FHIR resource but list"),
        (b'{"id": "1"}', "x.json, the file: no usable resourceType"),
        (b'{"resourceType": "Observation", "valueQuantity": {"value": NaN}}', "x.json, line 1, column 60: not JSON"),
        (b'{"resourceType": "Bundle", "type": "history"}', "x.json, the file: a Bundle of type 'history' is not loaded"),
        (bundle(), "x.json: no resource in it"),
        (bundle({"resource": PATIENT}, {"resource": {"id": "2"}}), "x.json, entry 2: no usable resourceType"),
        (bundle({"resource": PATIENT}, "text"), "x.json, entry 2: not an object"),
        (bundle({"resource": PATIENT}, {"resource": PATIENT | {"active": True}}), "x.json, entry 2: Patient/p1 is there twice"),
        (b'{"resourceType": "Patient"}\n{"resourceType": "Pat', "x.json, line 2, column"),
        (b'{"a":' * 200_000, "x.json, line 1"),
    ],
)
def test_a_broken_file_is_refused_by_name_and_place(content: bytes, message: str) -> None:
    with pytest.raises(ResourceFileError) as caught:
        load_bytes(content, name="x.json")
    assert str(caught.value).startswith(message)


def test_a_missing_file_a_folder_and_damaged_gzip_are_named(tmp_path: Path) -> None:
    damaged = tmp_path / "cut.json.gz"
    damaged.write_bytes(gzip.compress(bundle({"resource": PATIENT}))[:-12])
    for path in (tmp_path / "none.json", tmp_path, damaged):
        with pytest.raises(ResourceFileError, match=path.name):
            load_file(path)


def test_a_file_that_unpacks_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b" " * 2_000_000))
    with pytest.raises(ResourceFileError, match="more than 1000000 bytes unpacked"):
        load_file(path, max_bytes=1_000_000)


def test_more_resources_than_allowed_are_refused() -> None:
    with pytest.raises(ResourceFileError, match="2 resources; at most 1"):
        load_bytes(bundle({"resource": PATIENT}, {"resource": NURSE}), name="x.json", max_resources=1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["resource", "id", "reference", "entry", "name"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.lists(json_values, max_size=4))
def test_whatever_a_bundle_holds_it_loads_or_is_refused_by_name(entries: list[object]) -> None:
    try:
        said, loaded = "x.json", load_bytes(bundle(*entries), name="x.json").resources
    except ResourceFileError as error:
        said, loaded = str(error), [NURSE]
    assert said.startswith("x.json")
    assert launch_choices(loaded).practitioners


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["id", "name", "identifier", "period", "subject", "extension", "status"]), json_values))
def test_whatever_a_resource_holds_it_can_be_listed(parts: dict[str, object]) -> None:
    entries = [{"resource": {"resourceType": kind, **parts}} for kind in ("Patient", "Encounter", "Practitioner")]
    choices = launch_choices(load_bytes(bundle(*entries), name="x.json").resources)
    assert len(choices.patients) == len(choices.practitioners) == 1
