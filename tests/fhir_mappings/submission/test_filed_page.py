"""A page goes into the record as a document that says what it is, and nothing that nobody knows."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha1
from typing import Any

import pytest
import simplejson
from msgspec.structs import replace

from fhir_mappings.r4.validation import InvalidResource, check
from fhir_mappings.submission.filed_page import FiledPage, filed_page, page_identifier
from tests.fhir_mappings.samples import AT, BASE

PAGE = FiledPage(
    patient="p1", encounter="e1", author="Practitioner/sofia", pdf=b"%PDF-1.7\n%\xc3\xa4", title="Alliance and diabetes history",
    language="en", made=AT, filed=AT + timedelta(minutes=2), start=AT.replace(year=2024), end=AT, key="k1",
)  # fmt: skip


def written(**changes: Any) -> Any:
    return filed_page(replace(PAGE, **changes), base=BASE)


def test_it_holds_the_file_and_says_how_long_it_is_and_its_sha_1() -> None:
    held = written()["content"][0]["attachment"]
    assert b64decode(held["data"]) == PAGE.pdf
    assert (held["contentType"], held["size"]) == ("application/pdf", len(PAGE.pdf))
    assert b64decode(held["hash"]) == sha1(PAGE.pdf, usedforsecurity=False).digest()


def test_it_is_a_clinical_note_of_the_patient_and_the_visit() -> None:
    page = written()
    assert (page["status"], page["docStatus"]) == ("current", "final")
    assert [one["code"] for one in page["type"]["coding"]] == ["34133-9"]
    assert page["category"][0]["coding"][0]["code"] == "clinical-note"
    assert page["subject"] == {"reference": "Patient/p1"}
    assert page["author"] == [{"reference": "Practitioner/sofia"}]
    assert page["context"]["encounter"] == [{"reference": "Encounter/e1"}]


def test_every_date_has_a_time_and_a_zone() -> None:
    page = written()
    dates = [page["date"], page["content"][0]["attachment"]["creation"], *page["context"]["period"].values()]
    assert dates == ["2026-11-22T14:22:00+00:00", "2026-11-22T14:20:00+00:00", "2024-11-22T14:20:00+00:00", "2026-11-22T14:20:00+00:00"]


def test_it_is_found_by_its_own_identifier() -> None:
    system, value = page_identifier("k1", base=BASE)
    assert written()["identifier"] == [{"system": system, "value": value}]
    assert value == "k1.page"


def test_what_is_not_known_is_left_out() -> None:
    page = written(encounter=None, author="Person/x")
    assert "encounter" not in page["context"]
    assert not {"author", "meta", "custodian", "securityLabel", "text"} & page.keys()
    assert written(tags=(("https://example.org/tags", "demo"),))["meta"] == {
        "tag": [{"system": "https://example.org/tags", "code": "demo"}]
    }


def test_it_names_nobody_but_by_reference() -> None:
    assert "display" not in simplejson.dumps({**written(), "type": None, "category": None})


def _wrong(change: Callable[[Any], object]) -> str:
    page = written()
    change(page)
    with pytest.raises(InvalidResource) as refused:
        check(page)
    return refused.value.path


def test_what_would_not_be_valid_does_not_leave() -> None:
    held = "content[0].attachment"
    assert _wrong(lambda page: page.update(status="final")) == "status"
    assert _wrong(lambda page: page.update(docStatus="current")) == "docStatus"
    assert _wrong(lambda page: page.update(subject={"reference": "Practitioner/p1"})) == "subject"
    assert _wrong(lambda page: page["content"][0]["attachment"].update(size=3)) == f"{held}.size"
    assert _wrong(lambda page: page["content"][0]["attachment"].update(hash=b64encode(b"x" * 20).decode())) == f"{held}.hash"
    assert _wrong(lambda page: page["content"][0]["attachment"].pop("contentType")) == f"{held}.contentType"
    assert _wrong(lambda page: page.update(content=[])) == "DocumentReference.content"
