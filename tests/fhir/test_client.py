import threading
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from requests import Session
from requests.exceptions import ConnectionError as Broken

from smart_app.errors import Conflict, FhirError, Forbidden, NotFound, NotSent, Refused, Unauthorized, Unavailable, Unreachable
from smart_app.fhir.client import search_value
from smart_app.fhir.wire import under_base
from tests.fhir.support import BASE, client, notice, observation, outcome, page, raw_server

SEARCH = f"{BASE}/Observation"


# SMART K1
# IG 93
@responses.activate
def test_read_sends_the_token_and_keeps_the_digits(session: Session) -> None:
    text = '{"resourceType": "Observation", "id": "o1", "valueQuantity": {"value": 7.10}}'
    responses.get(f"{BASE}/Observation/o1", body=text, content_type="application/fhir+json")
    resource = client(session).read("Observation", "o1")
    assert str(resource["valueQuantity"]["value"]) == "7.10"  # type: ignore[index]  # raw JSON
    request = responses.calls[0].request
    assert request.headers["Authorization"] == "Bearer secret-token"
    assert request.headers["Accept"] == "application/fhir+json"


@pytest.mark.parametrize(("fresh", "sent"), [(True, "no-cache"), (False, None)])
@responses.activate
def test_what_was_just_written_is_read_past_every_cache(session: Session, fresh: bool, sent: str | None) -> None:
    responses.get(f"{BASE}/Observation/o1", json=observation(1))
    client(session).read_reference("Observation/o1", fresh=fresh)
    assert responses.calls[0].request.headers.get("Cache-Control") == sent


@responses.activate
def test_read_refuses_another_resource_than_asked_for(session: Session) -> None:
    responses.get(f"{BASE}/Patient/p1", json={"resourceType": "Patient", "id": "p2"})
    with pytest.raises(FhirError, match="another entry"):
        client(session).read("Patient", "p1")


# SMART K1
@pytest.mark.parametrize("identity", ["..", "../metadata", "p1/_history/1", "p1?_format=xml", "", "p1#x", "p" * 65])
@responses.activate
def test_what_cannot_be_an_id_is_never_part_of_an_address(session: Session, identity: str) -> None:
    with pytest.raises(NotFound):
        client(session).read("Patient", identity)
    assert len(responses.calls) == 0


# SMART K1
@pytest.mark.parametrize(
    "reference", ["Patient/p1", "Patient/p1/_history/2", f"{BASE}/Patient/p1", "HTTPS://EHR.example:443/fhir/Patient/p1"]
)
@responses.activate
def test_reference_to_this_server_is_read_from_it(session: Session, reference: str) -> None:
    responses.get(f"{BASE}/Patient/p1", json={"resourceType": "Patient", "id": "p1"})
    assert client(session).read_reference(reference)["id"] == "p1"


# SMART K1
@pytest.mark.parametrize("reference", ["https://other.example/fhir/Patient/p1", "../Patient/p1", "Patient", "#p1", "Patient/p1?x", ""])
@responses.activate
def test_reference_to_anywhere_else_is_never_asked_for(session: Session, reference: str) -> None:
    with pytest.raises(NotFound):
        client(session).read_reference(reference)
    assert len(responses.calls) == 0


# SMART K7
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (405, Refused),
        (409, Conflict),
        (410, NotFound),
        (412, Conflict),
        (422, Refused),
        (500, Unavailable),
        (501, Refused),
        (302, FhirError),
    ],
)
@responses.activate
def test_status_becomes_its_error_with_the_servers_words(session: Session, status: int, kind: type[FhirError]) -> None:
    headers = {"Location": "https://elsewhere.example/"} if status == 302 else {}
    responses.get(f"{BASE}/Patient/p1", json=outcome("Row 7 is locked"), status=status, headers=headers)
    with pytest.raises(kind) as caught:
        client(session).read("Patient", "p1")
    assert caught.value.status == status
    assert type(caught.value) is kind
    assert caught.value.diagnostics == ("" if status == 302 else "Row 7 is locked")
    assert "Row 7" not in str(caught.value)
    assert len(responses.calls) == 1


# SMART K1
# IG 97
@responses.activate
def test_token_never_follows_a_redirect(session: Session) -> None:
    responses.get(f"{BASE}/Patient/p1", status=307, headers={"Location": "https://elsewhere.example/fhir/Patient/p1"})
    with pytest.raises(FhirError):
        client(session).read("Patient", "p1")
    assert [call.request.url for call in responses.calls] == [f"{BASE}/Patient/p1"]


HALF_A_PAIR = '{"resourceType": "Patient", "id": "p1", "gender": "\\ud800"}'
NOT_A_NUMBER = '{"resourceType": "Patient", "id": "p1", "multipleBirthInteger": NaN}'


@pytest.mark.parametrize(
    "body",
    ["<html>Sign in</html>", "[]", '{"id": "p1"}', '{"resourceType": "Patient"', "", "[" * 100_000, HALF_A_PAIR, NOT_A_NUMBER],
)
@responses.activate
def test_answer_that_is_not_fhir_json_is_said(session: Session, body: str) -> None:
    responses.get(f"{BASE}/Patient/p1", body=body)
    with pytest.raises(FhirError):
        client(session).read("Patient", "p1")


@responses.activate
def test_answer_may_begin_with_a_byte_order_mark(session: Session) -> None:
    responses.get(f"{BASE}/Patient/p1", body=b"\xef\xbb\xbf" + b'{"resourceType": "Patient", "id": "p1"}')
    assert client(session).read("Patient", "p1")["id"] == "p1"


@responses.activate
def test_next_page_that_is_not_encoded_is_encoded_before_it_is_asked_for(session: Session) -> None:
    responses.get(SEARCH, json=page(observation(1), following=f"{BASE}?page=a|b c", total=2))
    responses.get(BASE, json=page(observation(2), total=2))
    assert client(session).search("Observation", [("patient", "p1")]).complete
    assert responses.calls[1].request.url == f"{BASE}?page=a%7Cb%20c"


@responses.activate
def test_values_of_a_search_are_encoded_so_that_a_front_can_merge_no_slashes(session: Session) -> None:
    responses.get(SEARCH, json=page())
    asked = [("patient", "p1"), ("code", "http://loinc.org|4548-4,http://snomed.info/sct|43396009")]
    client(session).search("Observation", asked)
    query = urlsplit(str(responses.calls[0].request.url)).query
    assert ("/" in query, ":" in query) == (False, False)
    assert parse_qs(query) == {name: [value] for name, value in asked}


@responses.activate
def test_next_page_is_asked_for_without_slashes_that_a_front_could_merge(session: Session) -> None:
    responses.get(SEARCH, json=page(observation(1), following=f"{SEARCH}?code=http://loinc.org|4548-4&page=2", total=2))
    responses.get(SEARCH, json=page(observation(2), total=2))
    assert client(session).search("Observation", [("patient", "p1")]).complete
    assert responses.calls[1].request.url == f"{SEARCH}?code=http:%2F%2Floinc.org%7C4548-4&page=2"


LABS = "http://loinc.org|4548-4,http://loinc.org|17856-6"


def answering(self_link: str, *resources: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    """A page that says what it was asked."""
    bundle = page(*resources, following=following)
    return {**bundle, "link": [{"relation": "self", "url": self_link}, *bundle["link"]]}


@pytest.mark.parametrize(
    "shown",
    [
        f"{SEARCH}?patient=p1&code={LABS.replace('//', '/')}&_count=200",
        f"{SEARCH}?patient=p1&code=http://loinc.org|4548-4",
        f"{SEARCH}?patient=p2&code={LABS}",
        f"{SEARCH}?patient=p1&code=",
        "Observation?code=glucose",
    ],
)
@responses.activate
def test_answer_to_another_question_than_the_one_asked_is_not_complete(session: Session, shown: str) -> None:
    responses.get(SEARCH, json=answering(shown))
    found = client(session).search("Observation", [("patient", "p1"), ("code", LABS), ("_count", "200")])
    assert not found.complete
    assert "searched for something else than it was asked" in str(found.reason)


@pytest.mark.parametrize(
    "shown",
    [
        f"{SEARCH}?patient=p1&code={LABS}&_count=200",
        f"http://inner.example:8080/r4/Observation?_count=50&code={quote(LABS, safe='')}&patient=Patient%2Fp1",
        f"{SEARCH}?patient={BASE}/Patient/p1&code=http://loinc.org|17856-6,%20http://loinc.org|4548-4,http://loinc.org|41995-2",
        f"{SEARCH}?patient=p1&code=4548-4,17856-6",
        f"{SEARCH}?subject=Patient/p1",
        f"{BASE}?_getpages=abc",
        "http://[",
        "",
    ],
)
@responses.activate
def test_same_question_in_other_words_is_no_other(session: Session, shown: str) -> None:
    responses.get(SEARCH, json=answering(shown))
    assert client(session).search("Observation", [("patient", "p1"), ("code", LABS), ("_count", "200")]).complete


@responses.activate
def test_further_page_that_answers_another_question_is_said(session: Session) -> None:
    further = f"{SEARCH}?code={LABS}&page=2"
    responses.get(SEARCH, json=answering(f"{SEARCH}?code={LABS}", observation(1), following=further))
    responses.get(SEARCH, json=answering(f"{SEARCH}?code={LABS.replace('//', '/')}&page=2", observation(2)))
    found = client(session).search("Observation", [("code", LABS)])
    assert (len(found.resources), found.complete) == (2, False)


# SMART K2
# SMART K9
@responses.activate
def test_search_follows_the_opaque_pages_of_hapi_at_the_base(session: Session) -> None:
    responses.get(SEARCH, json=page(observation(1), observation(2), following=f"{BASE}?_getpages=abc&_getpagesoffset=2", total=3))
    responses.get(BASE, json=page(observation(3), total=3))
    found = client(session).search("Observation", [("patient", "p1"), ("code", "http://loinc.org|4548-4,http://loinc.org|17856-6")])
    assert [resource["id"] for resource in found.resources] == ["o1", "o2", "o3"]
    assert (found.complete, found.pages, found.reason) == (True, 2, None)
    assert "%7C4548-4," in str(responses.calls[0].request.url)


# SMART K1
# SMART K2
# IG 97, 98
@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/fhir?_getpages=abc",
        "http://ehr.example/fhir?_getpages=abc",
        "https://ehr.example:8443/fhir?_getpages=abc",
        "https://ehr.example/other?_getpages=abc",
        "https://ehr.example/fhir/../admin",
        "https://ehr.example/fhir/%2e%2e/admin",
        "https://ehr.example/fhirx/Observation",
        "https://user@ehr.example/fhir/Observation",
        "//evil.example/fhir",
    ],
)
@responses.activate
def test_next_page_elsewhere_is_not_opened_and_said(session: Session, link: str) -> None:
    responses.get(SEARCH, json=page(observation(1), following=link))
    found = client(session).search("Observation", [("patient", "p1")])
    assert [resource["id"] for resource in found.resources] == ["o1"]
    assert not found.complete
    assert "outside" in str(found.reason)
    assert len(responses.calls) == 1


@responses.activate
def test_relative_next_link_is_followed(session: Session) -> None:
    responses.get(SEARCH, json=page(observation(1), following="Observation?page=2"))
    responses.get(f"{SEARCH}?page=2", json=page(observation(2)))
    assert len(client(session).search("Observation", []).resources) == 2


# SMART K2
@responses.activate
def test_pages_in_a_circle_end(session: Session) -> None:
    responses.get(SEARCH, json=page(observation(1), following=f"{SEARCH}?page=2"))
    responses.get(f"{SEARCH}?page=2", json=page(observation(2), following=f"{SEARCH}?page=2"))
    found = client(session).search("Observation", [])
    assert (len(found.resources), found.complete) == (2, False)


@responses.activate
def test_server_that_repeats_a_page_under_new_addresses_is_noticed(session: Session) -> None:
    responses.get(SEARCH, json=page(observation(1), following=f"{SEARCH}?page=2"))
    responses.get(f"{SEARCH}?page=2", json=page(observation(1), following=f"{SEARCH}?page=3"))
    found = client(session).search("Observation", [])
    assert (len(found.resources), found.complete, found.pages) == (1, False, 2)
    assert "twice" in str(found.reason)


@responses.activate
def test_pages_that_overlap_leave_out_as_many_as_they_repeat(session: Session) -> None:
    """As where something was entered, or the order is not the same twice, while the pages were read."""
    responses.get(SEARCH, json=page(observation(1), observation(2), total=4, following=f"{SEARCH}?page=2"))
    responses.get(f"{SEARCH}?page=2", json=page(observation(2), observation(3), total=4))
    found = client(session).search("Observation", [])
    assert [one["id"] for one in found.resources] == ["o1", "o2", "o3"]
    assert found.reason == "The server counts 4 results and gave 3."


@responses.activate
def test_pages_that_overlap_and_leave_nothing_out_are_complete(session: Session) -> None:
    responses.get(SEARCH, json=page(observation(1), observation(2), total=3, following=f"{SEARCH}?page=2"))
    responses.get(f"{SEARCH}?page=2", json=page(observation(2), observation(3), total=3))
    assert client(session).search("Observation", []).complete


# SMART K2
@responses.activate
def test_page_limit_is_said(session: Session) -> None:
    for number in range(4):
        query = f"?page={number}" if number else ""
        responses.get(f"{SEARCH}{query}", json=page(observation(number), following=f"{SEARCH}?page={number + 1}"))
    found = client(session, pages=3).search("Observation", [])
    assert (len(found.resources), found.pages, found.complete) == (3, 3, False)
    assert found.reason == "Only the first 3 pages were read."


# SMART K2
@responses.activate
def test_failing_later_page_keeps_what_was_read(session: Session) -> None:
    responses.get(SEARCH, json=page(observation(1), following=f"{SEARCH}?page=2"))
    responses.get(f"{SEARCH}?page=2", status=500)
    found = client(session).search("Observation", [])
    assert (len(found.resources), found.complete) == (1, False)
    assert str(found.reason).startswith("Page 2 could not be read.")


@responses.activate
def test_total_larger_than_what_came_is_said(session: Session) -> None:
    responses.get(SEARCH, json=page(observation(1), total=7))
    assert client(session).search("Observation", []).reason == "The server counts 7 results and gave 1."


@responses.activate
def test_included_and_outcome_entries_are_told_apart(session: Session) -> None:
    bundle = page(observation(1))
    bundle["entry"] += [
        {"resource": {"resourceType": "Practitioner", "id": "x"}, "search": {"mode": "include"}},
        {"resource": observation(9), "search": {"mode": "include"}},
        {"resource": notice("May not contain the entire record"), "search": {"mode": "outcome"}},
        {"resource": observation(2)},
        {"resource": None},
        "nonsense",
    ]
    responses.get(SEARCH, json=bundle)
    found = client(session).search("Observation", [])
    assert [resource["id"] for resource in found.resources] == ["o1", "o2"]
    assert [resource["id"] for resource in found.included] == ["x", "o9"]
    assert (found.notes, found.complete) == (("May not contain the entire record",), True)


# SMART K1
# SMART K3
@responses.activate
def test_create_takes_the_id_from_location_when_the_body_is_empty(session: Session) -> None:
    upstream = "https://upstream.example/r4/Observation/77/_history/3"
    responses.post(SEARCH, status=201, headers={"Location": upstream, "ETag": 'W/"3"'})
    value = {"resourceType": "Observation", "valueQuantity": {"value": Decimal("4.50")}}
    stored = client(session).create(value, if_none_exist="identifier=s|k")
    assert (stored.reference, stored.version, stored.created) == ("Observation/77", "3", True)
    request = responses.calls[0].request
    assert "4.50" in str(request.body)
    assert request.headers["If-None-Exist"] == "identifier=s|k"
    assert request.headers["Content-Type"] == "application/fhir+json"


@responses.activate
def test_create_that_matched_an_existing_resource_says_so(session: Session) -> None:
    responses.post(SEARCH, status=200, json={"resourceType": "Observation", "id": "5", "meta": {"versionId": "1"}})
    stored = client(session).create({"resourceType": "Observation"}, if_none_exist="identifier=s|k")
    assert (stored.reference, stored.created) == ("Observation/5", False)


# SMART K5
@responses.activate
def test_update_names_the_version_it_replaces(session: Session) -> None:
    responses.put(f"{SEARCH}/o1", status=409, json=outcome("version"))
    with pytest.raises(Conflict):
        client(session).update({"resourceType": "Observation", "id": "o1"}, if_match="2")
    assert responses.calls[0].request.headers["If-Match"] == 'W/"2"'


@responses.activate
def test_update_of_what_is_not_there_yet_names_no_version(session: Session) -> None:
    responses.put(f"{SEARCH}/o1", status=201, headers={"Location": f"{SEARCH}/o1/_history/1"})
    stored = client(session).update({"resourceType": "Observation", "id": "o1"}, if_match=None)
    assert (stored.reference, stored.version, stored.created) == ("Observation/o1", "1", True)
    assert "If-Match" not in responses.calls[0].request.headers


@pytest.mark.parametrize("identity", ["..", "p1/_history/1", "p1?_format=xml", ""])
@responses.activate
def test_what_cannot_be_an_id_is_not_written_to(session: Session, identity: str) -> None:
    with pytest.raises(NotFound):
        client(session).update({"resourceType": "Observation", "id": identity}, if_match="1")
    assert len(responses.calls) == 0


@responses.activate
def test_signs_that_mean_something_in_a_search_are_escaped_in_a_value(session: Session) -> None:
    responses.get(SEARCH, json=page())
    client(session).search("Observation", [("url", search_value("https://x.example.org/a,b|c$d\\e"))])
    assert parse_qs(urlsplit(str(responses.calls[0].request.url)).query) == {"url": [r"https://x.example.org/a\,b\|c\$d\\e"]}


@responses.activate
def test_transaction_gives_an_outcome_per_entry(session: Session) -> None:
    entries = [{"resource": {"resourceType": kind}} for kind in ("QuestionnaireResponse", "Observation", "Provenance")]
    answered = [
        {"response": {"status": "201 Created", "location": "QuestionnaireResponse/1/_history/1", "etag": 'W/"1"'}},
        {"response": {"status": "200 OK", "location": f"{SEARCH}/2/_history/4"}},
        {"response": {"status": "403", "outcome": outcome("not yours")}},
    ]
    responses.post(BASE, json={"resourceType": "Bundle", "entry": answered})
    first, second, third = client(session).transaction({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert first.stored is not None
    assert (first.stored.reference, first.stored.version, first.stored.created) == ("QuestionnaireResponse/1", "1", True)
    assert second.stored is not None
    assert (second.stored.reference, second.stored.version, second.stored.created) == ("Observation/2", "4", False)
    assert (third.stored, third.diagnostics) == (None, "not yours")


@responses.activate
def test_transaction_answered_with_fewer_entries_is_an_error(session: Session) -> None:
    responses.post(BASE, json={"resourceType": "Bundle", "entry": []})
    with pytest.raises(FhirError, match="what it stored"):
        client(session).transaction({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Observation"}}]})


# SMART K4
@responses.activate
def test_write_is_sent_once_even_when_the_transfer_breaks(session: Session) -> None:
    responses.post(BASE, body=Broken("reset"))
    with pytest.raises(Unreachable) as caught:
        client(session).transaction({"resourceType": "Bundle", "entry": []})
    assert not isinstance(caught.value, NotSent)
    assert len(responses.calls) == 1


def test_refused_connection_means_nothing_was_sent(session: Session) -> None:
    with raw_server() as base:
        pass
    with pytest.raises(NotSent):
        client(session, base=base).transaction({"resourceType": "Bundle", "entry": []})


@pytest.mark.parametrize(
    "pieces",
    [
        (b"",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",),
    ],
)
def test_broken_transfer_leaves_the_outcome_unknown(session: Session, pieces: tuple[bytes, ...]) -> None:
    with raw_server(*pieces) as base, pytest.raises(Unreachable) as caught:
        client(session, base=base).transaction({"resourceType": "Bundle", "entry": []})
    assert not isinstance(caught.value, NotSent)


def test_dripping_body_is_given_up_at_the_deadline(session: Session) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
    with raw_server(head, *[b" "] * 100, pause=threading.Event()) as base, pytest.raises(Unreachable):
        client(session, base=base, timeout=0.4).read("Patient", "p1")


def test_huge_body_is_given_up(session: Session) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    small = client(session)
    with raw_server(head, b" " * 100_000) as base, pytest.raises(Unreachable, match="more than can be read"):
        type(small)(base=base, http=session, token=None, timeout=2, page_limit=1, max_bytes=10_000).read("Patient", "p1")


# SMART K1
# IG 97
@given(st.text(max_size=40) | st.text(alphabet=":/?#@.%2eh[]\\", max_size=12))
def test_no_link_with_another_origin_counts_as_under_the_base(text: str) -> None:
    found = under_base(text, base=BASE, current=SEARCH)
    assert found is None or found.startswith(BASE)


class TestRenewal:
    # SMART J4
    @responses.activate
    def test_401_is_answered_with_a_newer_token_once(self, session: Session) -> None:
        responses.get(f"{BASE}/Patient/p1", status=401)
        responses.get(f"{BASE}/Patient/p1", json={"resourceType": "Patient", "id": "p1"})
        renewing = replace(client(session), renew={"secret-token": "newer"}.get)
        assert renewing.read("Patient", "p1")["id"] == "p1"
        assert [call.request.headers["Authorization"] for call in responses.calls] == ["Bearer secret-token", "Bearer newer"]

    # SMART J4
    @responses.activate
    def test_create_is_sent_again_after_a_401_as_it_was(self, session: Session) -> None:
        responses.post(SEARCH, status=401)
        responses.post(SEARCH, status=201, headers={"Location": f"{SEARCH}/o1/_history/1"})
        stored = replace(client(session), renew=lambda _: "newer").create(observation(1), if_none_exist="identifier=a|b")
        assert stored.reference == "Observation/o1"
        first, second = (call.request for call in responses.calls)
        assert first.body == second.body
        assert first.headers["If-None-Exist"] == second.headers["If-None-Exist"] == "identifier=a|b"

    # SMART J4
    @pytest.mark.parametrize("newer", [None, "secret-token"])
    @responses.activate
    def test_401_stays_one_where_there_is_no_newer_token(self, session: Session, newer: str | None) -> None:
        responses.get(f"{BASE}/Patient/p1", status=401)
        with pytest.raises(Unauthorized):
            replace(client(session), renew=lambda _: newer).read("Patient", "p1")
        assert len(responses.calls) == 1

    # SMART J4
    @responses.activate
    def test_second_401_is_not_answered_with_a_third_try(self, session: Session) -> None:
        responses.get(f"{BASE}/Patient/p1", status=401)
        with pytest.raises(Unauthorized):
            replace(client(session), renew=lambda _: "newer").read("Patient", "p1")
        assert len(responses.calls) == 2

    # SMART J4
    @responses.activate
    def test_write_whose_outcome_is_unknown_is_not_sent_again(self, session: Session) -> None:
        responses.post(SEARCH, body=Broken("reset"))
        with pytest.raises(Unreachable):
            replace(client(session), renew=lambda _: "newer").create(observation(1))
        assert len(responses.calls) == 1
