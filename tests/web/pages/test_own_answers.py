"""What a patient who has signed in reads of their own answers, and whatever must never be among it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from fhir_mappings.r4.systems import COMPLETION_MODE, DATA_ABSENT_REASON, PARTICIPATION_MODES
from tests.care.ehr import refusal
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page
from tests.web.clinic import ITEMS, Clinic, clinic
from tests.web.pages.test_portal_pages import INGRID, LINDQVIST, answered, clinician_signs_in, filled, form_address, send

CANONICAL = "https://w3id.org/rapport/fhir"
ADA = {"reference": "Practitioner/dr-1", "display": "Dr Ada Example"}
# Of scores, of change and of judging: nothing of it is a patient's to read here.
SCORED = re.compile(r"score|total|mean|reverse|4\.00|of 5|higher|lower|changed since|rating", re.IGNORECASE)


@pytest.fixture
def rapport(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
    """The patient signs in; their entry names one clinician."""
    server.claims |= {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "patient-1"}
    with clinic(wire, server, clock, folder=tmp_path, site_name="Northfield General", instruments="rapport-check-in,wai-sr") as standing:
        standing.ehr.put(INGRID)
        yield standing


def patient_signs_in(rapport: Clinic) -> str:
    """The patient's own page."""
    rapport.server.claims |= {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "patient-1"}
    return rapport.launch()


def response(identity: str = "r1", **more: Any) -> dict[str, Any]:
    """The patient's answers about Sofia Lindqvist as the record has them, two of nine given."""
    chosen = {"goal-1": "4", "goal-2": "2"}
    system = f"{CANONICAL}/CodeSystem/rapport-check-in-options"
    items = [{"linkId": link_id, "answer": [{"valueCoding": {"system": system, "code": code}}]} for link_id, code in chosen.items()]
    return {
        "resourceType": "QuestionnaireResponse",
        "id": identity,
        "status": "completed",
        "questionnaire": f"{CANONICAL}/Questionnaire/rapport-check-in-patient|0.2.0",
        "subject": {"reference": "Patient/pat-1"},
        "authored": "2026-03-02T09:30:00Z",
        "author": {"reference": "Patient/pat-1"},
        "source": {"reference": "Patient/pat-1"},
        "extension": [{"url": f"{CANONICAL}/StructureDefinition/rated-clinician", "valueReference": LINDQVIST}],
        "item": [{"linkId": "goal", "item": items}],
    } | more


def coded(name: str, code: str, system: str | None = None) -> dict[str, Any]:
    coding = {"system": f"{CANONICAL}/CodeSystem/{system or name}", "code": code}
    return {"url": f"{CANONICAL}/StructureDefinition/{name}", "valueCodeableConcept": {"coding": [coding]}}


def with_extensions(*extensions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return response(extension=[*response()["extension"], *extensions], **more)


def listed(page: Page) -> list[str]:
    return [" ".join(one.get_text(" ", strip=True).split()) for one in page.soup.select(".own-sent li")]


def addresses(page: Page) -> list[str]:
    return [link for link in page.links() if "/own/given/" in link]


def given(page: Page) -> dict[str, str]:
    """Each question's words with its answer."""
    rows = page.soup.select(".given dl > div")
    return {str(row.select("dt > span")[-1].get_text(strip=True)): row.dd.get_text(strip=True) for row in rows if row.dd}


def opened(rapport: Clinic) -> Page:
    """The one form of the patient's that can be read."""
    (address,) = addresses(rapport.get(patient_signs_in(rapport)))
    return rapport.get(address)


class TestTheAnswers:
    def test_every_question_stands_with_what_was_chosen_and_nothing_is_scored(self, rapport: Clinic) -> None:
        home = rapport.launch()
        address = form_address(rapport.get(home))
        fields = filled(rapport.get(address)) | {ITEMS[0]: "2"}
        sent = send(rapport, address, fields).headers["Location"]
        (link,) = addresses(rapport.get(sent))
        page = rapport.get(link)
        assert page.status == 200
        assert [*given(page).values()] == ["A little", *["Mostly"] * 8]
        assert "Question 1 of 9" in page.text
        assert "Sofia Lindqvist" in page.text
        assert SCORED.search(page.soup.main.get_text()) is None if page.soup.main else False
        assert home in page.links()

    def test_it_says_which_form_when_about_whom_and_who_can_read_it(self, rapport: Clinic) -> None:
        rapport.ehr.put(response())
        page = opened(rapport)
        assert "Your answers of 2 March 2026" in page.text
        assert "Rapport check-in, version 0.2.0 · not validated" in page.text
        assert "2 March 2026, 09:30" in page.text
        assert "Sofia Lindqvist can read these answers, and so can other staff who treat you at Northfield General." in page.text
        assert "HALVORSEN, Ingrid" in page.text
        assert "14 March 1968" in page.text

    def test_a_clinician_whom_the_form_does_not_name_is_called_by_the_name_the_others_give(self, rapport: Clinic) -> None:
        nameless = {"reference": f"{BASE}/{LINDQVIST['reference']}"}
        extension = [{"url": f"{CANONICAL}/StructureDefinition/rated-clinician", "valueReference": nameless}]
        rapport.ehr.put(response(extension=extension, authored="2026-04-02"), response("r2"))
        page = rapport.get(patient_signs_in(rapport))
        assert all("about working with Sofia Lindqvist" in one for one in listed(page))
        assert "Sofia Lindqvist knows what matters most to me at the moment." in given(rapport.get(addresses(page)[0]))

    def test_what_was_left_open_and_what_was_left_out_are_told_apart(self, rapport: Clinic) -> None:
        one = response()
        declined = {"url": DATA_ABSENT_REASON, "valueCode": "asked-declined"}
        one["item"][0]["item"][1] = {"linkId": "goal-2", "extension": [declined]}
        rapport.ehr.put(one)
        assert [*given(opened(rapport)).values()] == ["Mostly", "I would rather not answer this one", *["Not answered"] * 7]

    @pytest.mark.parametrize("answers", [[{"valueString": "Mostly"}], [{"valueCoding": {"code": "99"}}], [{"valueBoolean": True}]])
    def test_an_answer_that_cannot_be_read_is_not_called_none(self, rapport: Clinic, answers: list[dict[str, Any]]) -> None:
        one = response()
        one["item"][0]["item"][1]["answer"] = answers
        rapport.ehr.put(one)
        page = opened(rapport)
        assert "Something in these answers is stored in a way that this page cannot read." in page.text
        assert [*given(page).values()] == ["Mostly", *["No answer that can be read"] * 8]

    def test_it_stands_in_the_language_it_was_answered_in(self, rapport: Clinic) -> None:
        rapport.ehr.put(response(language="de", questionnaire=f"{CANONICAL}/Questionnaire/rapport-check-in-patient-de|0.2.0"))
        page = opened(rapport)
        assert "Your answers of 2 March 2026" in page.text
        assert page.soup.select_one(".given dd span[lang=de]") is not None

    def test_of_an_older_version_it_stands_in_that_versions_words(self, rapport: Clinic) -> None:
        rapport.ehr.put(response(questionnaire=f"{CANONICAL}/Questionnaire/rapport-check-in-patient|0.1.0"))
        assert "I can say in my own words what I want from my diabetes care." in given(opened(rapport))

    def test_what_it_was_called_then_stands_and_is_said(self, rapport: Clinic) -> None:
        one = response()
        one["item"][0]["item"][0]["answer"][0]["valueCoding"]["display"] = "Nearly always"
        rapport.ehr.put(one)
        page = opened(rapport)
        assert next(iter(given(page).values())) == "Nearly always"
        assert "They stand as they were stored." in page.text

    def test_the_words_of_a_form_that_may_not_be_shown_are_not(self, rapport: Clinic) -> None:
        system = f"{CANONICAL}/CodeSystem/wai-sr-options"
        items = [
            {"linkId": f"i{number}", "text": "SECRET", "answer": [{"valueCoding": {"system": system, "code": "3", "display": "SECRET"}}]}
            for number in (1, 2)
        ]
        known = rapport.services.library.get("wai-sr")
        for item, one in zip(items, known.items, strict=False):
            item["linkId"] = one.link_id
        rapport.ehr.put(response(questionnaire=f"{CANONICAL}/Questionnaire/wai-sr-patient|{known.version}", item=items))
        page = opened(rapport)
        assert "The words of this form may not be shown here." in page.text
        assert given(page)["Item 1"] == "3"
        assert "SECRET" not in page.html

    def test_nothing_of_it_is_in_the_title_the_address_or_a_cache(self, rapport: Clinic) -> None:
        rapport.ehr.put(response())
        (address,) = addresses(rapport.get(patient_signs_in(rapport)))
        answer = rapport.client.get(address, base_url="https://rapport.example.org")
        assert "no-store" in answer.headers["Cache-Control"]
        title = re.search(r"<title>(.*?)</title>", answer.get_data(as_text=True))
        assert title is not None
        assert title[1] == "Your answers – Rapport"
        assert not [one for one in ("r1", "pat-1", "check-in", "2026", "dr-1") if one in address.removeprefix("/l/").partition("/")[2]]

    def test_reading_it_is_in_the_audit_trail_without_what_it_says(self, rapport: Clinic) -> None:
        rapport.ehr.put(response())
        opened(rapport)
        last = rapport.services.store.audit.entries()[-1]
        assert (last.event, last.user, last.detail) == ("own_answers_read", "Patient/pat-1", {})


class TestHowTheyCameThere:
    """As the record tells, and never guessed."""

    @pytest.mark.parametrize(
        ("one", "said"),
        [
            (response(), "Answered by you."),
            (response(author=None, source=None), "Who entered it is not recorded."),
            (response(author=None), "Answered by you. Who entered it is not recorded."),
            (response(source=None), "Entered by you."),
            (response(author=ADA), "Answered by you. Entered by Dr Ada Example."),
            (
                response(author={"reference": "Practitioner/dr-9"}),
                "Answered by you. Entered by a member of staff whose name is not recorded.",
            ),
            (response(author={"reference": "RelatedPerson/x"}, source={"reference": "RelatedPerson/x"}), "Entered by a related person."),
            (response(author={"reference": f"{BASE}/Patient/pat-1"}, source={"reference": f"{BASE}/Patient/pat-1"}), "Answered by you."),
            (
                response(author={"reference": "https://other.example/fhir/Patient/pat-1"}, source=None),
                "Entered by somebody whose name is not recorded.",
            ),
            (with_extensions(coded("answering", "self")), "Answered by you, on your own device."),
            (with_extensions(coded("answering", "helped")), "Answered by you with somebody’s help, on your own device."),
            (with_extensions(coded("answering", "proxy"), author=None, source=None), "Answered by somebody for you."),
        ],
    )
    def test_is_said_as_the_record_tells(self, rapport: Clinic, one: dict[str, Any], said: str) -> None:
        rapport.ehr.put({name: value for name, value in one.items() if value is not None})
        home = patient_signs_in(rapport)
        assert listed(rapport.get(home)) == [f"2 March 2026 Rapport check-in, about working with Sofia Lindqvist {said}"]
        assert said in opened(rapport).text

    def test_from_paper_it_says_who_typed_it_in(self, rapport: Clinic) -> None:
        on_paper = {
            "url": COMPLETION_MODE,
            "valueCodeableConcept": {"coding": [{"system": PARTICIPATION_MODES, "code": "WRITTEN"}]},
        }
        declined = {"url": DATA_ABSENT_REASON, "valueCode": "asked-declined"}
        one = with_extensions(on_paper, author=ADA)
        one["item"][0]["item"][1] = {"linkId": "goal-2", "extension": [declined]}
        rapport.ehr.put(one)
        page = opened(rapport)
        assert "Answered by you, on paper. Entered by Dr Ada Example." in page.text
        assert [*given(page).values()][:2] == ["Mostly", "Left empty on the sheet"]

    def test_changed_afterwards_it_says_so(self, rapport: Clinic) -> None:
        rapport.ehr.put(response(status="amended"))
        assert "Answered by you. Changed after it was first sent." in rapport.get(patient_signs_in(rapport)).text
        assert "Changed after it was first sent." in opened(rapport).text


class TestTheList:
    def test_is_newest_first_with_those_without_a_day_last(self, rapport: Clinic) -> None:
        undated = response("r4")
        del undated["authored"]
        rapport.ehr.put(
            response("r1", authored="2026-01-02"), undated, response("r2", authored="2026-02-02"), response("r3", authored="2024-05")
        )
        found = listed(rapport.get(patient_signs_in(rapport)))
        assert [one.split(" Rapport")[0] for one in found] == ["2 February 2026", "2 January 2026", "May-2024", "Without a day"]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"status": "entered-in-error"}, "It was marked as entered by mistake, so it is not shown as yours."),
            ({"status": "in-progress"}, "It was not finished, so it is not shown here."),
            ({"questionnaire": f"{CANONICAL}/Questionnaire/rapport-check-in-patient|0.0.1"}, "a version of the form that cannot be shown"),
            ({"questionnaire": f"{CANONICAL}/Questionnaire/rapport-check-in-patient"}, "a version of the form that cannot be shown"),
            ({"authored": "yesterday"}, "It bears no day that can be read, so it is not shown here."),
            ({"extension": []}, "It does not say which clinician it is about, so it is not shown here."),
        ],
    )
    def test_says_of_what_cannot_be_shown_that_it_is_there_and_why(self, rapport: Clinic, change: dict[str, Any], said: str) -> None:
        rapport.ehr.put(response(**change))
        page = rapport.get(patient_signs_in(rapport))
        (line,) = listed(page)
        assert said in line
        assert "Sofia" not in line
        assert addresses(page) == []
        assert "Nothing yet" not in page.text
        assert ("not answered it yet" in page.text) is (change.get("status") is not None)

    def test_which_was_the_last_is_said_only_where_that_is_known(self, rapport: Clinic) -> None:
        rapport.ehr.put(response("r1"), response("r2", status="entered-in-error", authored="2026-04-02"))
        assert "You last answered it on 2 March 2026." in rapport.get(patient_signs_in(rapport)).text
        rapport.ehr.put(response("r3", questionnaire=f"{CANONICAL}/Questionnaire/rapport-check-in-patient|0.0.1", authored="2026-05-02"))
        assert "You answered it on 2 March 2026." in rapport.get(patient_signs_in(rapport)).text

    def test_a_form_that_was_declined_stands_by_its_word(self, rapport: Clinic) -> None:
        reason = coded("not-answered-reason", "patient-declined")
        rapport.ehr.put(with_extensions(reason, status="stopped", item=[]))
        page = rapport.get(patient_signs_in(rapport))
        assert listed(page) == ["2 March 2026 Rapport check-in, about working with Sofia Lindqvist You would rather not answer it."]
        assert addresses(page) == []

    def test_a_refusal_that_staff_entered_says_who(self, rapport: Clinic) -> None:
        reason = coded("not-answered-reason", "patient-declined")
        rapport.ehr.put(with_extensions(reason, status="stopped", item=[], author=ADA))
        assert listed(rapport.get(patient_signs_in(rapport)))[0].endswith("You would rather not answer it. Entered by Dr Ada Example.")

    @pytest.mark.parametrize("code", ["no-time", "not-offered", "could-not"])
    def test_what_staff_did_not_ask_is_no_answer_of_theirs(self, rapport: Clinic, code: str) -> None:
        rapport.ehr.put(with_extensions(coded("not-answered-reason", code), status="stopped", item=[], source=ADA, author=ADA))
        assert listed(rapport.get(patient_signs_in(rapport))) == []

    def test_beyond_fifty_the_older_ones_fold_and_none_is_missing(self, rapport: Clinic) -> None:
        rapport.ehr.put(*(response(f"r{number}", authored=f"{1960 + number}-03-02") for number in range(53)))
        page = rapport.get(patient_signs_in(rapport))
        assert len(set(addresses(page))) == 53
        assert "Show 3 older entries" in page.text
        assert len(page.soup.select("details .own-sent li")) == 3

    def test_what_could_not_all_be_read_is_said(self, rapport: Clinic) -> None:
        rapport.ehr.put(response(), response("r2", subject={"identifier": {"value": "M1"}}))
        rapport.ehr.ignores_search = True
        page = rapport.get(patient_signs_in(rapport))
        assert "This list may not be complete" in page.text
        assert len(addresses(page)) == 1


class TestWhoseTheyAre:
    """Nothing but this patient's own answers has an address."""

    def key(self, rapport: Clinic, source: str) -> str:
        """An address of that response in this launch, were it the patient's: the other patient's own page has one such."""
        home = patient_signs_in(rapport)
        rapport.ehr.put(response(source))
        (address,) = addresses(rapport.get(home))
        return address

    @pytest.mark.parametrize(
        "change",
        [
            {"subject": {"reference": "Patient/pat-2"}},
            {"subject": {"reference": "https://other.example/fhir/Patient/pat-1"}},
            {"subject": {"identifier": {"value": "M1"}}},
            {"subject": {"reference": "#p"}, "contained": [{"resourceType": "Patient", "id": "p"}]},
            {"questionnaire": f"{CANONICAL}/Questionnaire/rapport-check-in-clinician|0.2.0"},
            {"questionnaire": "https://elsewhere.example/Questionnaire/phq-9|1.0"},
            {"questionnaire": "#q", "contained": [{"resourceType": "Questionnaire", "id": "q", "status": "active"}]},
            {"status": "entered-in-error"},
            {"status": "stopped"},
        ],
    )
    def test_anything_else_is_not_reached_by_its_address(self, rapport: Clinic, change: dict[str, Any]) -> None:
        address = self.key(rapport, "r9")
        rapport.ehr.put(response("r9", **change))
        rapport.ehr.ignores_search = True
        page = rapport.get(address)
        assert page.status == 403
        assert "not_offered" in page.text
        assert not [one for one in ("Mostly", "Lindqvist", "alvorsen") if one in page.text]

    def test_an_address_of_another_launch_opens_nothing(self, rapport: Clinic) -> None:
        address = self.key(rapport, "r9")
        other = patient_signs_in(rapport)
        page = rapport.get(f"{other}given/{address.rsplit('/', 1)[1]}")
        assert (page.status, "Mostly" in page.text) == (403, False)

    def test_a_clinicians_rating_is_never_among_them(self, rapport: Clinic) -> None:
        chart = clinician_signs_in(rapport)
        assert rapport.send(chart, rapport.filled(chart, "clinician"), "clinician").status_code == 303
        page = rapport.get(patient_signs_in(rapport))
        assert (listed(page), addresses(page)) == ([], [])

    def test_what_was_answered_on_the_clinics_device_is_the_patients(self, rapport: Clinic) -> None:
        chart = clinician_signs_in(rapport)
        assert rapport.send(chart, rapport.filled(chart)).status_code == 303
        page = opened(rapport)
        assert "Answered by you." in page.text
        assert [*given(page).values()] == ["Mostly"] * 9

    def test_a_lent_browser_does_not_reach_it_though_the_patient_had_signed_in_there(self, rapport: Clinic) -> None:
        address = self.key(rapport, "r9")
        rapport.server.claims |= {"fhirUser": "Practitioner/dr-1", "name": "Dr Ada Example", "sub": "user-1"}
        rapport.lent(rapport.launch())
        page = rapport.get(address)
        assert page.soup.h1 is not None
        assert "On loan to the patient" in page.text
        assert not [one for one in ("Mostly", "Lindqvist", "alvorsen") if one in page.text]

    def test_another_browser_that_has_the_address_does_not_reach_it(self, rapport: Clinic) -> None:
        address = self.key(rapport, "r9")
        page = rapport.get(address, rapport.browser())
        assert (page.status, [one for one in ("Mostly", "Lindqvist", "alvorsen") if one in page.text]) == (403, [])

    def test_neither_the_form_of_a_lent_device_nor_its_thanks_leads_there(self, rapport: Clinic) -> None:
        chart = clinician_signs_in(rapport)
        form = rapport.form(chart)
        thanks = rapport.get(rapport.patient_sends(chart, rapport.filled(chart)).headers["Location"])
        assert thanks.status == 200
        assert not [link for page in (form, thanks) for link in page.links() if "/own/" in link]


class TestWhereItCannotBeRead:
    # SMART G3
    def test_without_the_scope_nothing_broken_is_offered(self, rapport: Clinic) -> None:
        rapport.server.token["scope"] = "launch openid fhirUser patient/Patient.r patient/QuestionnaireResponse.c"
        home = rapport.launch()
        page = rapport.get(home)
        assert addresses(page) == []
        assert "your record system does not let this page read it" in page.text
        sent = rapport.get(answered(rapport, home))
        assert addresses(sent) == []
        gone = rapport.get(f"{home}given/{'0' * 16}")
        assert "Your record system does not let this page read what you answered." in gone.text

    @pytest.mark.parametrize("fault", [refusal(500, "broken"), requests.ConnectionError("down")])
    def test_a_server_that_fails_shows_no_part_of_it(self, rapport: Clinic, fault: Any) -> None:
        rapport.ehr.put(response())
        home = patient_signs_in(rapport)
        (address,) = addresses(rapport.get(home))
        rapport.ehr.faults.append(lambda _method, path: fault if path == "QuestionnaireResponse" else None)
        page = rapport.get(address)
        assert "Not all of your answers could be read" in page.text
        assert home in page.links()
        rapport.ehr.faults[-1] = lambda _method, path: fault if path == "Patient/pat-1" else None
        page = rapport.get(address)
        assert (page.status, "Mostly" in page.text) == (502, False)

    def test_what_was_sent_and_is_not_in_the_record_has_no_link(self, rapport: Clinic) -> None:
        rapport.ehr.faults.append(lambda method, _path: refusal(429, "busy") if method == "POST" else None)
        assert addresses(rapport.get(answered(rapport, rapport.launch()))) == []
