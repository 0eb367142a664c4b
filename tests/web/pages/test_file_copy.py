"""A copy of the printed page for the record, as a clinician files it: shown first, filed once, told as it ended."""

import io
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import responses
from msgspec.structs import replace
from pypdf import PdfReader

from tests.care.ehr import Answer, refusal, statement
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, OWN, SCOPE, SITE, Clinic, clinic, registered
from tests.web.pages.test_options import rated
from tests.web.pages.test_print import SAME
from tests.web.pages.test_reveal import SOFIA, opens

TOMAS = {"fhirUser": "Practitioner/dr-2", "name": "Tomas Weiss", "sub": "tomas"}
LOUD = SAME | {"difficult": "yes"}
LINK = "a[href*='/print/file']"
FILES = replace(registered(), scope=f"{SCOPE} patient/DocumentReference.cs")


@pytest.fixture
def filing(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
    """A site that has switched it on."""
    with clinic(wire, server, clock, folder=tmp_path, issuer=FILES) as standing:
        yield standing


def shown(here: Clinic, chart: str) -> Page:
    [link] = here.get(f"{chart}print").soup.select(LINK)
    page = here.get(str(link["href"]))
    assert page.status == 200, page.text
    return page


def pdf_of(here: Clinic, page: Page) -> bytes:
    [link] = page.soup.select("a[href*='file.pdf']")
    answer = here.client.get(str(link["href"]), base_url=SITE)
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    return bytes(answer.data)


def text(pdf: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def post(here: Clinic, page: Page, going_to: str) -> Page:
    """What comes of the form, after the redirect that follows it."""
    answer = here.client.post(page.action(going_to), data=page.form(going_to), base_url=SITE, headers=OWN)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return here.get(answer.headers["Location"])


def documents(here: Clinic) -> list[dict[str, Any]]:
    return here.ehr.of_type("DocumentReference")


def answers_once(here: Clinic, answer: Answer | Exception) -> None:
    left = [answer]
    here.ehr.faults.append(lambda method, path: left.pop() if left and (method, path) == ("POST", "DocumentReference") else None)


def test_what_was_shown_is_what_is_filed(filing: Clinic) -> None:
    page = shown(filing, rated(filing, SAME))
    assert "Everybody with access to this chart can read this, and the patient may through their portal." in page.text
    pdf = pdf_of(filing, page)
    receipt = post(filing, page, "/print/file")
    assert "The copy is in the record" in receipt.text
    [stored] = documents(filing)
    assert b64decode(stored["content"][0]["attachment"]["data"]) == pdf
    assert f"DocumentReference/{stored['id']}" in receipt.text
    assert "HALVORSEN" not in f"{stored['description']} {stored['content'][0]['attachment']['title']}".upper()
    assert [one.event for one in filing.services.store.audit.entries()].count("page_filed") == 1


def test_it_says_nothing_that_is_not_everybodys_to_read(filing: Clinic) -> None:
    chart = rated(filing, LOUD)
    screen, page = filing.get(f"{chart}print").text, shown(filing, chart)
    on_file = text(pdf_of(filing, page))
    assert "Patient" in on_file
    assert "3.44" in on_file or "4.00" in on_file
    for word in ("difficult", "moved most", "talk about", "Signed in", "Sofia Lindqvist (you)", "with you", "error", "today"):
        assert word not in on_file, word
    assert "difficult" in screen


def test_a_visit_that_is_closed_is_not_on_it_whoever_chose_to_see_it(filing: Clinic) -> None:
    chart = rated(filing, LOUD, blind=True)
    page = filing.get(f"{chart}print/file")
    assert "There is nothing to file yet" in page.text
    assert not page.soup.select("form[action*='/print/file']")
    history = filing.get(chart)
    assert filing.client.post(history.action("/reveal"), data=history.form("/reveal"), base_url=SITE, headers=OWN).status_code == 303
    assert "4.00" in filing.get(f"{chart}print").text
    assert "There is nothing to file yet" in filing.get(f"{chart}print/file").text


def test_it_is_the_same_file_whoever_files_it_and_whatever_was_said_at_a_visit_that_is_closed(filing: Clinic, clock: Clock) -> None:
    filing.server.token["encounter"] = "e1"
    chart = rated(filing, SAME)
    files = {pdf_of(filing, shown(filing, chart))}
    filing.server.token["encounter"] = "e2"
    for answer, value in (("yes", "1"), ("no", "5"), ("a-little", "3")):
        for one in [*filing.ehr.resources.values()]:
            if "Encounter/e2" in str(one):
                del filing.ehr.resources[f"{one['resourceType']}/{one['id']}"]
        chart = opens(filing, SOFIA)
        form = filing.blank(chart) | dict.fromkeys(ITEMS, value) | {"difficult": answer}
        assert filing.send(chart, form).status_code == 303
        for who in (SOFIA, TOMAS):
            files.add(pdf_of(filing, shown(filing, opens(filing, who))))
    assert len(files) == 1


def test_a_second_click_and_the_way_back_file_nothing_more(filing: Clinic) -> None:
    chart = rated(filing, SAME)
    page = shown(filing, chart)
    for _ in range(2):
        assert "The copy is in the record" in post(filing, page, "/print/file").text
    again = shown(filing, chart)
    assert "A copy of exactly this was filed in the record today" in again.text
    assert not again.soup.select("form[action*='/print/file']")
    assert again.soup.select("a[href*='/print/filed/']")
    colleague = shown(filing, opens(filing, TOMAS))
    assert "A copy of exactly this was filed in the record today" in colleague.text
    assert not colleague.soup.select("a[href*='/print/filed/']")
    assert len(documents(filing)) == 1


def test_where_the_record_reads_otherwise_meanwhile_it_is_shown_once_more(filing: Clinic) -> None:
    filing.server.token["encounter"] = "e1"
    chart = rated(filing, SAME)
    page = shown(filing, chart)
    for one in filing.ehr.resources.values():
        if "Practitioner/" in str(one.get("source") or one.get("performer")):
            one["status"] = "entered-in-error"
    again = post(filing, page, "/print/file")
    assert "The record reads otherwise now" in again.text
    assert documents(filing) == []


@pytest.mark.parametrize("status", [403, 422])
def test_a_refusal_is_told_in_the_servers_words_and_it_may_be_tried_again(filing: Clinic, status: int) -> None:
    page = shown(filing, rated(filing, SAME))
    answers_once(filing, refusal(status, "Encounter is required for this note type"))
    receipt = post(filing, page, "/print/file")
    assert "The copy is not in the record" in receipt.text
    assert "Encounter is required for this note type. Nothing else depends on it" in receipt.text
    assert "The copy is in the record" in post(filing, receipt, "/print/file").text
    assert len(documents(filing)) == 1


def test_a_lost_answer_is_not_known_and_is_looked_for(filing: Clinic, clock: Clock) -> None:
    page = shown(filing, rated(filing, SAME))
    answers_once(filing, requests.exceptions.ReadTimeout())
    receipt = post(filing, page, "/print/file")
    assert "It is not known whether the copy is in the record" in receipt.text
    assert not receipt.soup.select("form[action$='/print/file']")
    assert "proves nothing so soon" in post(filing, receipt, "/check").text
    clock.forward(seconds=61)
    looked = post(filing, receipt, "/check")
    assert "The copy is not in the record" in looked.text
    assert "The copy is in the record" in post(filing, looked, "/print/file").text
    assert len(documents(filing)) == 1


def test_nothing_of_it_is_there_where_the_site_has_not_switched_it_on(rapport: Clinic) -> None:
    chart = rated(rapport, SAME)
    page = rapport.get(f"{chart}print")
    assert not page.soup.select(LINK)
    assert "copy" not in page.text.lower()
    refused = rapport.get(f"{chart}print/file")
    assert (refused.status, "not switched on" in refused.text) == (403, True)


def test_where_the_record_system_does_not_take_it_the_page_says_why(filing: Clinic) -> None:
    filing.ehr.metadata = statement(without=["DocumentReference.create"])
    chart = rated(filing, SAME)
    page = filing.get(f"{chart}print")
    assert not page.soup.select(LINK)
    assert "No copy can be filed in the record here. The server does not offer" in page.text
    assert filing.get(f"{chart}print/file").status == 403


def test_where_not_everything_could_be_read_nothing_is_filed(filing: Clinic) -> None:
    chart = rated(filing, SAME)
    filing.ehr.faults.append(lambda method, path: refusal(500, "broken") if (method, path) == ("GET", "Observation") else None)
    page = filing.get(f"{chart}print/file")
    assert "could be read, so it cannot be filed now" in page.text
    assert not page.soup.select("form[action*='/print/file']")


def test_it_is_for_this_patient_and_this_user_alone(filing: Clinic) -> None:
    chart = rated(filing, SAME)
    page = shown(filing, chart)
    fields = page.form("/print/file")
    sent = filing.client.post(page.action("/print/file"), data=fields | {"patient": "pat-2"}, base_url=SITE, headers=OWN)
    assert "opened for another patient" in read(sent).text
    forged = filing.client.post(page.action("/print/file"), data=fields | {"csrf": "x"}, base_url=SITE, headers=OWN)
    assert forged.status_code == 403
    unknown = filing.client.post(page.action("/print/file"), data=fields | {"key": "nobody-s"}, base_url=SITE, headers=OWN)
    assert (unknown.status_code, "not kept here any more" in read(unknown).text) == (403, True)
    patients = opens(filing, {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "pat"}).partition("own/")[0]
    assert [filing.get(f"{patients}{one}").status for one in ("print/file", "print/file.pdf", "print/filed/x")] == [403] * 3
    assert documents(filing) == []


def test_no_address_and_no_header_names_anybody(filing: Clinic) -> None:
    page = shown(filing, rated(filing, SAME))
    answer = filing.client.post(page.action("/print/file"), data=page.form("/print/file"), base_url=SITE, headers=OWN)
    assert not any(word in urlsplit(answer.headers["Location"]).path for word in ("pat-1", "alvorsen"))
    assert "alvorsen" not in str(filing.client.get(str(page.soup.select("a[href*='file.pdf']")[0]["href"]), base_url=SITE).headers)
