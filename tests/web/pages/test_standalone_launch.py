"""Rapport's own way in: which EHRs are on offer, and that nothing else can be started at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import responses
from msgspec.structs import replace

from smart_app.store import parse_key
from smart_app.web.session.csrf import Csrf
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import OWN, SITE, SLUG, Clinic, asked, clinic, registered


@pytest.fixture
def rapport(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
    with clinic(wire, server, clock, folder=tmp_path, issuer=replace(registered(), standalone=True)) as standing:
        yield standing


def start(rapport: Clinic, iss: str = BASE, **headers: str) -> Any:
    fields = {**rapport.get("/start").form("/start"), "iss": iss}
    return rapport.client.post("/start", data=fields, base_url=SITE, headers={**OWN, **headers})


def onward(page: Page) -> str:
    """Where the page leads by itself."""
    tag = page.soup.select_one("meta[http-equiv=refresh]")
    assert tag is not None
    return str(tag["content"]).removeprefix("0;url=")


def come_back(rapport: Clinic, page: Page) -> Any:
    callback = rapport.server.authorize(onward(page))
    return rapport.client.get(f"/callback?{urlencode(callback, doseq=True)}", base_url=SITE)


# SMART B5
def test_only_ehrs_that_allow_it_are_on_offer(rapport: Clinic) -> None:
    page = rapport.get("/start")
    assert [button["aria-label"] for button in page.soup.select("button")] == ["Sign in at Example EHR"]
    assert page.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
    assert "Start without a chart" in rapport.get("/").text


def test_without_any_the_pages_say_so(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> None:
    with clinic(wire, server, clock, folder=tmp_path) as standing:
        assert "No record system is set up" in standing.get("/start").text
        assert "/start" not in standing.get("/").links()


# SMART B5
# SMART D1
def test_the_chosen_ehr_is_asked_to_sign_in_and_to_settle_the_patient(rapport: Clinic) -> None:
    page = read(start(rapport))
    sent = parse_qs(urlsplit(onward(page)).query)
    assert (sent["aud"], sent["scope"][0].split()[0], "launch" in sent) == ([BASE], "launch/patient", False)
    assert onward(page) in page.links()


def test_a_clinician_comes_back_to_the_history_of_the_chosen_patient(rapport: Clinic) -> None:
    answer = come_back(rapport, read(start(rapport)))
    page = rapport.get(urlsplit(answer.headers["Location"]).path)
    assert "HALVORSEN, Ingrid" in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_two_starts_are_two_launches(rapport: Clinic) -> None:
    first, second = read(start(rapport)), read(start(rapport))
    places = {come_back(rapport, page).headers["Location"] for page in (first, second)}
    assert len(places) == 2


# SMART B2
@pytest.mark.parametrize("iss", ["https://evil.example.org/fhir", f"{BASE}/r4", "x", "<script>"])
def test_an_address_not_on_offer_is_refused_without_any_request(rapport: Clinic, wire: responses.RequestsMock, iss: str) -> None:
    page = read(start(rapport, iss))
    assert page.status == 403
    assert "launch.iss_not_listed" in page.text
    assert asked(wire) == []


def test_a_registered_ehr_that_does_not_allow_it_is_refused_without_any_request(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
) -> None:
    with clinic(wire, server, clock, folder=tmp_path) as standing:
        token = Csrf(keys=[parse_key("a" * 43)], base_url=SITE).token("start")
        page = read(standing.client.post("/start", data={"csrf": token, "iss": BASE}, base_url=SITE, headers=OWN))
    assert page.status == 403
    assert "launch.iss_not_listed" in page.text
    assert asked(wire) == []


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
def test_another_sites_page_cannot_start_it(rapport: Clinic, wire: responses.RequestsMock, headers: dict[str, str]) -> None:
    answer = start(rapport, **headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert asked(wire) == []


def test_a_form_without_its_token_starts_nothing(rapport: Clinic, wire: responses.RequestsMock) -> None:
    answer = rapport.client.post("/start", data={"iss": BASE}, base_url=SITE, headers=OWN)
    assert answer.status_code == 403
    assert asked(wire) == []


def begun_here(rapport: Clinic) -> str:
    """The path of the history of a launch without a chart."""
    return str(urlsplit(come_back(rapport, read(start(rapport))).headers["Location"]).path)


def check_leads_back(page: Page, words: str = "Start again") -> None:
    """To the start page, and to no chart."""
    assert [str(link.get_text()) for link in page.soup.select("a.button[href='/start']")] == [words]
    assert "chart" not in page.text.partition("For the IT team")[0]


def test_form_of_another_patient_leads_back_to_the_start(rapport: Clinic) -> None:
    chart = begun_here(rapport)
    page = read(rapport.send(chart, rapport.filled(chart, "clinician") | {"patient": "pat-2"}, "clinician"))
    assert page.status == 403
    check_leads_back(page)


@pytest.mark.parametrize("status", [401, 403])
def test_record_that_cannot_be_read_does_not_lead_to_a_chart(rapport: Clinic, status: int) -> None:
    chart = begun_here(rapport)
    rapport.ehr.faults.append(lambda _method, path: (status, {}, "") if path.startswith("Patient/") else None)
    page = rapport.get(chart)
    assert page.status >= 400
    if status == 401:
        check_leads_back(page)
    assert "chart" not in page.text.partition("For the IT team")[0]


def test_sign_in_that_the_ehr_ends_leads_back_to_the_start(rapport: Clinic) -> None:
    chart = begun_here(rapport)
    rapport.server.refresh_tokens.append("rotated-away")
    rapport.server.clock.forward(seconds=290)
    check_leads_back(rapport.get(chart))


def test_answers_kept_when_the_sign_in_ends_lead_back_to_the_start(rapport: Clinic) -> None:
    chart = begun_here(rapport)
    typed = rapport.filled(chart, "clinician")
    rapport.server.refresh_tokens.append("rotated-away")
    rapport.server.clock.forward(seconds=290)
    page = read(rapport.send(chart, typed, "clinician"))
    assert "Your answers are kept, and not sent yet" in page.text
    check_leads_back(page)


def test_closing_leads_back_to_the_start(rapport: Clinic) -> None:
    chart = begun_here(rapport)
    answer = rapport.client.post(f"{chart}end", data=rapport.get(chart).form("/end"), base_url=SITE, headers=OWN)
    page = read(answer)
    assert "Rapport is closed" in page.text
    check_leads_back(page)


def test_pages_script_is_told_the_same_way_back(rapport: Clinic) -> None:
    told = rapport.get(begun_here(rapport)).soup.select_one("script[data-launch]")
    assert told is not None
    assert str(told["data-again"]).startswith("Start again on Rapport's own page")
    from_chart = rapport.get(rapport.launch()).soup.select_one("script[data-launch]")
    assert from_chart is not None
    assert not from_chart.has_attr("data-again")


def test_launch_that_is_forgotten_leads_to_either_way_in(rapport: Clinic) -> None:
    chart = begun_here(rapport)
    rapport.server.clock.forward(minutes=31)
    page = rapport.get(chart)
    assert page.status == 403
    assert "from the patient's chart, or, where you began without one, from its start page" in page.text
    assert "/start" in page.links()


def test_launch_from_a_chart_leads_back_to_it(rapport: Clinic) -> None:
    chart = rapport.launch()
    page = read(rapport.send(chart, rapport.filled(chart, "clinician") | {"patient": "pat-2"}, "clinician"))
    assert "Open Rapport again from the patient's chart" in page.text
    assert "/start" not in page.links()


# SMART I
def test_without_a_patient_the_page_says_to_choose_one_and_leads_back(rapport: Clinic) -> None:
    rapport.server.document["capabilities"] = ["launch-standalone", "context-standalone-patient"]
    rapport.server.token |= {"patient": None, "encounter": None}
    page = read(come_back(rapport, read(start(rapport))))
    assert page.status == 400
    assert "choose a patient" in page.text
    assert "/start" in page.links()
    assert "chart" not in page.text.partition("For the IT team")[0]


def test_a_sign_in_given_up_leads_back_to_the_start(rapport: Clinic) -> None:
    state = parse_qs(urlsplit(onward(read(start(rapport)))).query)["state"][0]
    page = rapport.get(f"/callback?{urlencode({'state': state, 'error': 'access_denied'})}")
    assert page.status == 403
    assert "/start" in page.links()


def test_page_still_open_is_told_the_way_back_that_its_launch_has(rapport: Clinic) -> None:
    chart = begun_here(rapport)
    fields = rapport.filled(chart, "clinician")
    rapport.server.refresh_tokens.append("rotated-away")
    rapport.server.clock.forward(seconds=290)
    answer = rapport.client.post(f"{chart}draft/{SLUG}/clinician", data=fields, base_url=SITE, headers=OWN)
    assert answer.status_code == 410
    assert "start again on Rapport's own page" in answer.text
    assert "chart" not in answer.text


def test_page_still_open_of_a_launch_that_is_forgotten_is_told_both_ways(rapport: Clinic) -> None:
    chart = begun_here(rapport)
    fields = rapport.filled(chart, "clinician")
    rapport.server.clock.forward(minutes=31)
    answer = rapport.client.post(f"{chart}draft/{SLUG}/clinician", data=fields, base_url=SITE, headers=OWN)
    assert answer.status_code == 410
    assert "from the same patient's chart, or, where it began without one, from its start page" in answer.text
    page = read(rapport.send(chart, fields, "clinician"))
    assert "from the same patient's chart, or, where it began without one, from its start page" in page.text
    assert "/start" in page.links()


@pytest.fixture
def patient_signs_in(rapport: Clinic) -> Clinic:
    rapport.server.claims |= {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "patient-1"}
    return rapport


def test_patients_own_page_leads_back_to_the_start_when_the_sign_in_ends(patient_signs_in: Clinic) -> None:
    home = begun_here(patient_signs_in)
    patient_signs_in.server.refresh_tokens.append("rotated-away")
    patient_signs_in.server.clock.forward(seconds=290)
    check_leads_back(patient_signs_in.get(home))


def test_patients_own_page_of_a_launch_that_is_forgotten_leads_to_the_portal_or_the_start(patient_signs_in: Clinic) -> None:
    home = begun_here(patient_signs_in)
    patient_signs_in.server.clock.forward(minutes=31)
    page = patient_signs_in.get(home)
    assert "from your patient portal, or from its start page" in page.text
    check_leads_back(page, "Start page")


# SMART I
def test_without_a_patient_and_without_a_choice_of_one_the_page_speaks_of_none(rapport: Clinic) -> None:
    rapport.server.token |= {"patient": None, "encounter": None}
    page = read(come_back(rapport, read(start(rapport))))
    assert page.status == 400
    assert "launch.patient_not_offered" in page.text
    people = page.text.partition("For the IT team")[0].lower()
    assert "again" not in people
    assert "choose" not in people
    assert "/start" not in page.links()


# SMART I
def test_a_patient_whose_record_the_ehr_does_not_name_is_sent_to_no_choice(patient_signs_in: Clinic) -> None:
    patient_signs_in.server.token |= {"patient": None, "encounter": None}
    page = read(come_back(patient_signs_in, read(start(patient_signs_in))))
    assert page.status == 400
    assert "Give your clinic the reference code" in page.text
    assert "again" not in page.text.partition("For the IT team")[0].lower()


# SMART G2
def test_what_starting_again_cannot_mend_does_not_lead_there(rapport: Clinic) -> None:
    rapport.server.token["scope"] = "launch"
    page = read(come_back(rapport, read(start(rapport))))
    assert "launch.scope_insufficient" in page.text
    assert "again" not in page.text.partition("For the IT team")[0].lower()
    assert "/start" not in page.links()
