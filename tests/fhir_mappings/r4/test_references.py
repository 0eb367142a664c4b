from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.r4 import references
from fhir_mappings.r4.references import (
    About,
    LiteralReference,
    Ownership,
    PatientOnServer,
    _server,
    by_owner,
    identifiers_in,
    is_id,
    literal_reference,
    local_reference,
    references_in,
    server_base,
    source_of,
    whose,
    whose_reference,
)
from tests.fhir_mappings.records import JUNK

BASE = "https://ehr.example/fhir"
WHO = PatientOnServer(id="p1", base=BASE)
UUID = "urn:uuid:c0ffee00-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def no_address_remembered() -> None:
    server_base.cache_clear()
    _server.cache_clear()


# SMART K1
# IG 98
@pytest.mark.parametrize(
    "written",
    [
        "Patient/p1",
        "/Patient/p1",
        "Patient/p1/",
        "Patient/p1/_history/2",
        f"{BASE}/Patient/p1",
        f"{BASE}/Patient/p1/_history/2",
        f"{BASE}//Patient/p1",
        "HTTPS://EHR.Example/fhir/Patient/p1",
        "https://ehr.example:443/fhir/Patient/p1",
        "http://ehr.example/fhir/Patient/p1",
        "http://ehr.example:80/fhir/Patient/p1",
        "https://ehr.example/%66hir/Patient/p%31",
    ],
)
@pytest.mark.parametrize("base", [BASE, f"{BASE}/", "HTTPS://EHR.example:443/fhir", "https://ehr.example/f%68ir"])
def test_subject_is_the_patient_in_every_spelling_of_their_server(written: str, base: str) -> None:
    assert whose_reference({"reference": written}, PatientOnServer(id="p1", base=base)) == Ownership(owner="own")
    assert whose_reference({"reference": written}, PatientOnServer(id="p2", base=base)) == Ownership(owner="another_patient")


# SMART K1
@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://other.example/fhir/Patient/p1", "https://other.example/fhir"),
        ("http://inner.example/fhir/Patient/p1/_history/2", "http://inner.example/fhir"),
        ("HTTP://Inner.example:80//fhir/Patient/p1", "http://inner.example//fhir"),
        ("https://ehr.example/Patient/p1", "https://ehr.example"),
        ("https://ehr.example/FHIR/Patient/p1", "https://ehr.example/FHIR"),
        ("https://ehr.example:8443/fhir/Patient/p1", "https://ehr.example:8443/fhir"),
        ("http://ehr.example:443/fhir/Patient/p1", "http://ehr.example:443/fhir"),
        ("https://ehr.example/fhir/../fhir/Patient/p1", "https://ehr.example/fhir/../fhir"),
        ("https://ehr.example/%2e%2e/fhir/Patient/p1", "https://ehr.example/../fhir"),
        ("https://ehr.example/fhir%2f/Patient/p1", "https://ehr.example/fhir%2F"),
        ("https://ehr.example.evil.example/fhir/Patient/p1", "https://ehr.example.evil.example/fhir"),
        (f"{BASE}/Patient/Patient/p1", f"{BASE}/Patient"),
        ("https://[::1]:8080/fhir/Patient/p1", "https://[::1]:8080/fhir"),
    ],
)
def test_subject_on_another_server_is_tied_to_nobody_here(written: str, address: str) -> None:
    assert whose_reference({"reference": written}, WHO) == Ownership(owner="untied", why="elsewhere", address=address)


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        ({"type": "Patient", "identifier": {"system": "urn:example:mrn", "value": "M1"}}, "identifier"),
        ({"reference": "#p1"}, "contained"),
        ({"reference": UUID}, "urn"),
        ({"reference": "urn:oid:1.2.3"}, "urn"),
        ({"reference": "Group/p1"}, "no_patient"),
        ({"reference": f"{BASE}/Device/p1"}, "no_patient"),
        ({"reference": "p1", "type": "Patient"}, "unreadable"),
        ({"reference": "Patient/"}, "unreadable"),
        ({"reference": "Patient/.."}, "unreadable"),
        ({"reference": "Patient/Patient/p1"}, "unreadable"),
        ({"reference": "Patient/p1?_format=json"}, "unreadable"),
        ({"reference": "Patient?identifier=urn:example:mrn|M1"}, "unreadable"),
        ({"reference": "Patient/p1#x"}, "unreadable"),
        ({"reference": "Patient/p1 "}, "unreadable"),
        ({"reference": "Patient/p1\n"}, "unreadable"),
        ({"reference": "patient/p1"}, "unreadable"),
        ({"reference": "other/Patient/p1"}, "unreadable"),
        ({"reference": "//ehr.example/fhir/Patient/p1"}, "unreadable"),
        ({"reference": "https://user@ehr.example/fhir/Patient/p1"}, "unreadable"),
        ({"reference": "https://ehr.example:99999/fhir/Patient/p1"}, "unreadable"),
        ({"reference": "ftp://ehr.example/fhir/Patient/p1"}, "unreadable"),
        ({"reference": "https://Patient/p1"}, "unreadable"),
        ({"reference": 7}, "unreadable"),
        ({"display": "p1"}, "missing"),
        ({}, "missing"),
        (None, "missing"),
        ("Patient/p1", "missing"),
        ([{"reference": "Patient/p1"}], "missing"),
    ],
)
def test_subject_that_names_no_patient_of_the_server_says_why(subject: object, why: Any) -> None:
    assert whose_reference(subject, WHO) == Ownership(owner="untied", why=why)


def test_resource_without_a_subject_is_judged_by_its_patient() -> None:
    assert whose({"patient": {"reference": "Patient/p1"}}, WHO).owner == "own"
    assert whose({"subject": {"reference": "Patient/p2"}, "patient": {"reference": "Patient/p1"}}, WHO).owner == "another_patient"


def test_what_a_server_returned_is_told_apart_by_whose_it_is() -> None:
    own, theirs, nobodys, again = (
        {"subject": {"reference": reference}} for reference in ("/Patient/p1", "Patient/p2", "#p1", "Patient/p1")
    )
    assert by_owner([again, nobodys, theirs, own], WHO) == ([again, own], [theirs], [(nobodys, Ownership(owner="untied", why="contained"))])


@pytest.mark.parametrize(
    ("written", "found"),
    [(f"{BASE}/Observation/a/_history/2", "Observation/a"), ("https://other.example/fhir/Observation/a", None), (7, None)],
)
def test_only_references_on_this_server_count(written: object, found: str | None) -> None:
    assert local_reference(written, base=BASE) == found
    assert list(references_in([{"reference": written}, None, {}], base=BASE)) == ([found] if found else [])


@pytest.mark.parametrize(
    ("text", "can_be"),
    [
        ("a", True),
        ("A-1.b_2", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ("..", False),
        (".", False),
        ("a/b", False),
        ("a b", False),
    ],
)
def test_an_id_is_nothing_else_when_it_stands_in_an_address(text: str, *, can_be: bool) -> None:
    assert is_id(text) is can_be
    assert source_of({"id": text}, "Observation") == (f"Observation/{text}" if can_be else "Observation/(no id)")


@pytest.mark.parametrize(
    ("written", "version", "base"),
    [
        ("Observation/a/_history/2", "2", None),
        ("Observation/a", None, None),
        (f"{BASE}/Observation/a/_history/2", "2", None),
        ("https://other.example:443/fhir/Observation/a/_history/x", "x", "https://other.example/fhir"),
    ],
)
def test_a_literal_reference_names_type_id_version_and_server(written: str, version: str | None, base: str | None) -> None:
    named = literal_reference(written, base=BASE)
    assert named == LiteralReference(type="Observation", id="a", version=version, base=base)
    assert named.text == ("Observation/a" if base is None else f"{base}/Observation/a")


@pytest.mark.parametrize("node", [None, "Observation/a", {"reference": "Observation/a"}, 7, [], ["Observation/a"], [{"reference": 7}]])
def test_what_is_no_list_of_references_holds_none(node: object) -> None:
    assert list(references_in(node, base=BASE)) == []


LAB, FEED = {"system": "urn:lab", "value": "1"}, {"system": "urn:feed", "value": "2"}


@pytest.mark.parametrize(
    ("node", "values"),
    [
        (LAB, ["1"]),
        ([FEED, LAB, {"system": "urn:lab", "value": "3"}], ["1", "3"]),
        ([{"value": "1"}, {"system": "urn:lab"}, {"system": "urn:lab", "value": 7}, "urn:lab|1", None], []),
        (None, []),
        ("urn:lab|1", []),
    ],
)
def test_an_identifier_counts_in_its_own_system_alone(node: object, values: list[str]) -> None:
    assert list(identifiers_in(node, "urn:lab")) == values


def test_every_way_of_writing_a_subject_is_judged_once_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """All resources of a read are looked at, and nearly all name their subject alike."""
    judged: list[object] = []

    def watched(node: object, patient: PatientOnServer) -> Ownership:
        judged.append(node)
        return whose_reference(node, patient)

    monkeypatch.setattr(references, "whose_reference", watched)
    about = About(WHO)
    written = ["Patient/p1", "Patient/p2", "Patient/p1", "Patient/p2", "Patient/p1"]
    owners = [about.whose({"subject": {"reference": reference}}).owner for reference in written]
    assert owners == ["own" if reference == "Patient/p1" else "another_patient" for reference in written]
    assert judged == [{"reference": "Patient/p1"}, {"reference": "Patient/p2"}]
    assert [about.holds({"subject": {"reference": reference}}) for reference in ("Patient/p1", "Patient/p2", "#p1")] == [True, False, False]


IDS = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True).filter(is_id)
PATHS = st.lists(st.from_regex(r"[A-Za-z0-9~_-]{1,8}", fullmatch=True), max_size=3).map(lambda parts: "".join(f"/{part}" for part in parts))
SERVERS = st.builds(
    lambda scheme, host, port, path: f"{scheme}://{host}{port}{path}",
    st.sampled_from(["https", "http"]),
    st.sampled_from(["ehr.example", "other.example", "[::1]", "127.0.0.1"]),
    st.sampled_from(["", ":8080", ":443", ":80"]),
    PATHS,
)


def spelled(address: str, data: st.DataObject) -> str:
    """The same address, some of its host in capitals, some of the rest encoded, with slashes at the end."""
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    capital = "".join(sign.upper() if data.draw(st.booleans()) else sign for sign in host)
    encoded = "".join(f"%{ord(sign):02x}" if sign != "/" and data.draw(st.booleans()) else sign for sign in path)
    return f"{scheme.upper()}://{capital}{slash}{encoded}{'/' * data.draw(st.integers(0, 2))}"


@given(st.data(), SERVERS, IDS, IDS, st.none() | IDS)
def test_every_spelling_of_an_address_is_judged_alike(
    data: st.DataObject, base: str, identity: str, other: str, version: str | None
) -> None:
    who = PatientOnServer(id=identity, base=spelled(base, data))
    history = f"/_history/{version}" if version else ""
    for place in ("", "/", f"{spelled(base, data)}/"):
        assert whose_reference({"reference": f"{place}Patient/{identity}{history}"}, who).owner == "own"
        assert (whose_reference({"reference": f"{place}Patient/{other}{history}"}, who).owner == "own") == (other == identity)


@given(SERVERS, SERVERS, IDS)
def test_same_id_on_two_servers_is_one_patient_only_where_the_servers_are_one(one: str, other: str, identity: str) -> None:
    judged = whose_reference({"reference": f"{other}/Patient/{identity}"}, PatientOnServer(id=identity, base=one))
    same = str(server_base(one)).partition(":")[2] == str(server_base(other)).partition(":")[2]
    assert judged == (Ownership(owner="own") if same else Ownership(owner="untied", why="elsewhere", address=server_base(other)))


@given(SERVERS, st.sampled_from(["Patient", "Encounter"]), IDS)
def test_what_a_reference_names_is_named_by_its_own_text(base: str, kind: str, identity: str) -> None:
    for written in (f"{kind}/{identity}", f"{base}/{kind}/{identity}/_history/1"):
        named = literal_reference(written, base=BASE)
        assert named is not None
        assert literal_reference(named.text, base=BASE) == literal_reference(written.partition("/_history")[0], base=BASE)


@given(JUNK | st.builds(lambda junk: {"subject": junk}, JUNK) | st.builds(lambda junk: {"subject": {"reference": junk}}, JUNK))
def test_no_json_is_somebodys_by_accident(resource: object) -> None:
    assert whose(resource if isinstance(resource, dict) else {"subject": resource}, WHO).owner == "untied"


WRITTEN = [
    "Patient/p1",
    f"{BASE}/Patient/p1",
    "https://other.example/Patient/p1",
    "Patient/p1/_history/3",
    "Patient/p_1",
    "Group/p1",
    "p1",
    "",
]
SUBJECTS = st.sampled_from(WRITTEN).map(lambda written: {"reference": written}) | JUNK | st.builds(lambda junk: {"reference": junk}, JUNK)


@given(st.sampled_from(["p1", "p11", "p_1", ""]), st.lists(SUBJECTS, max_size=8))
def test_whose_resources_are_is_judged_alike_one_by_one_and_in_a_row(patient: str, subjects: list[object]) -> None:
    who = PatientOnServer(id=patient, base=BASE)
    resources = [{"subject": subject} for subject in (*subjects, *subjects)]
    about = About(who)
    assert [about.whose(resource) for resource in resources] == [whose(resource, who) for resource in resources]
