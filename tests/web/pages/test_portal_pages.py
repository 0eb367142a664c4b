"""The pages of a patient who has signed in themself, and every page they must never see."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import responses
from werkzeug.routing import Rule

from tests.care.ehr import refusal
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, OWN, SITE, SLUG, Clinic, clinic

# What a patient who has signed in themself may open; everything else below a launch is a clinician's.
PATIENTS = {
    "own",
    "own_form",
    "own_submit",
    "own_draft",
    "own_stay",
    "own_go_on",
    "own_discard",
    "own_sent",
    "own_again",
    "own_seen",
    "own_given",
    "own_decline",
    "own_rather_not",
    "own_refuse",
}
BOTH = {"end"}
LINDQVIST = {"reference": "Practitioner/dr-1", "display": "Sofia Lindqvist"}
INGRID = {
    "resourceType": "Patient",
    "id": "pat-1",
    "name": [{"family": "Halvorsen", "given": ["Ingrid"]}],
    "birthDate": "1968-03-14",
    "generalPractitioner": [LINDQVIST],
}
VALUES = {"link": "a" * 64, "loan": "a" * 64, "slug": SLUG, "informant": "patient", "key": "k" * 20, "about": "0" * 16, "way": "discarded"}


@pytest.fixture
def rapport(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
    """The patient signs in; their entry names one clinician."""
    server.claims |= {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "patient-1"}
    with clinic(wire, server, clock, folder=tmp_path, site_name="Northfield General") as standing:
        standing.ehr.put(INGRID)
        yield standing


def clinician_signs_in(rapport: Clinic) -> str:
    """The dashboard's path of a clinician's launch for the same patient, in another browser."""
    rapport.server.claims |= {"fhirUser": "Practitioner/dr-1", "name": "Dr Ada Example", "sub": "user-1"}
    rapport.client = rapport.browser()
    return rapport.launch()


def form_address(page: Page) -> str:
    return next(link for link in page.links() if "/own/answer/" in link)


def filled(form: Page) -> dict[str, str]:
    return form.form("/own/answer/") | dict.fromkeys(ITEMS, "4")


def send(rapport: Clinic, address: str, fields: dict[str, str]) -> Any:
    return rapport.client.post(address, data=fields, base_url=SITE, headers=OWN)


def answered(rapport: Clinic, home: str) -> str:
    """Answer the form of the home page; the path of what became of it."""
    address = form_address(rapport.get(home))
    answer = send(rapport, address, filled(rapport.get(address)))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


def launch_rules(rapport: Clinic) -> list[Rule]:
    return [rule for rule in rapport.app.url_map.iter_rules() if "launch_id" in rule.arguments]


def every_request(rapport: Clinic, launch_id: str) -> Iterator[tuple[Rule, str, str]]:
    """Each route below a launch with each of its methods, at an address of its own."""
    adapter = rapport.app.url_map.bind("rapport.example.org", url_scheme="https")
    for rule in launch_rules(rapport):
        values = {name: launch_id if name == "launch_id" else VALUES[name] for name in rule.arguments}
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, adapter.build(rule.endpoint, values, method=method)


class TestWhoSeesWhat:
    def test_the_launch_leads_to_the_patients_own_page(self, rapport: Clinic) -> None:
        home = rapport.launch()
        page = rapport.get(home)
        assert home.endswith("/own/")
        assert page.status == 200
        assert "HALVORSEN, Ingrid" in page.text
        assert "Signed in: Ingrid Halvorsen" in page.text

    # SMART H5
    def test_every_other_route_of_a_launch_refuses_the_patient(self, rapport: Clinic) -> None:
        home = rapport.launch()
        launch_id = home.split("/")[2]
        rapport.ehr.log.clear()
        tried = set()
        for rule, method, address in every_request(rapport, launch_id):
            if rule.endpoint in PATIENTS | BOTH:
                continue
            page = read(rapport.client.open(address, method=method, base_url=SITE, headers=OWN))
            tried.add(rule.endpoint)
            assert (page.status, "not_for_user" in page.text) == (403, True), f"{method} {rule.rule}"
            assert home in page.links()
            assert "HALVORSEN" not in page.text
        assert {"dashboard", "reveal", "handover", "form", "submit", "lend", "receipt", "check_again"} <= tried
        assert rapport.ehr.log == []

    def test_every_page_of_the_patients_refuses_a_clinician(self, rapport: Clinic) -> None:
        launch_id = clinician_signs_in(rapport).split("/")[2]
        tried = set()
        for rule, method, address in every_request(rapport, launch_id):
            if rule.endpoint in PATIENTS:
                page = read(rapport.client.open(address, method=method, base_url=SITE, headers=OWN))
                tried.add(rule.endpoint)
                assert (page.status, "not_for_user" in page.text) == (403, True), f"{method} {rule.rule}"
        assert tried == PATIENTS

    def test_the_refusal_is_in_the_audit_trail(self, rapport: Clinic) -> None:
        launch_id = rapport.launch().split("/")[2]
        rapport.get(f"/l/{launch_id}/")
        last = rapport.services.store.audit.entries()[-1]
        assert (last.event, last.user, last.detail["code"]) == ("refused", "Patient/pat-1", "not_for_user")

    # SMART B4
    def test_a_clinicians_launch_of_the_same_patient_is_another_one(self, rapport: Clinic) -> None:
        home, patients = rapport.launch(), rapport.client
        chart = clinician_signs_in(rapport)
        assert rapport.get(chart).status == 200
        assert rapport.get(home, patients).status == 200
        assert rapport.get(chart, patients).status == 403

    @pytest.mark.parametrize("fhir_user", ["Patient/pat-2", "RelatedPerson/pat-1", "Person/pat-1"])
    def test_nobody_else_gets_in_as_a_patient(self, rapport: Clinic, fhir_user: str) -> None:
        rapport.server.claims["fhirUser"] = fhir_user
        callback = rapport.server.authorize(rapport.begin().headers["Location"])
        page = rapport.get(f"/callback?code={callback['code'][0]}&state={callback['state'][0]}")
        assert page.status == 403
        assert "launch.user_not_permitted" in page.text
        assert rapport.services.store.audit.entries() == []


class TestOwnPage:
    def test_says_what_can_be_answered_who_sees_it_and_that_nobody_watches(self, rapport: Clinic) -> None:
        page = rapport.get(rapport.launch())
        assert "Your view of working with Sofia Lindqvist" in page.text
        assert "9 short questions, about 2 minutes. You have not answered it yet." in page.text
        assert "Who will see your answers and why" in page.text
        assert "other staff who treat you at Northfield General" in page.text
        assert "do not change the care you are offered" in page.text
        assert "Nobody watches this page" in page.text

    def test_lists_what_was_sent_with_its_day_and_nothing_of_what_it_says(self, rapport: Clinic, clock: Clock) -> None:
        home = rapport.launch()
        answered(rapport, home)
        page = rapport.get(home)
        day = f"{clock().day} {clock():%B %Y}"
        assert "You answered it today." in page.text
        assert f"{day} Rapport check-in, about working with Sofia Lindqvist" in page.text
        assert re.search(r"score|total|4\.00|of 5|goal|bond", page.text, re.IGNORECASE) is None

    def test_a_clinicians_rating_is_not_among_them(self, rapport: Clinic) -> None:
        chart = clinician_signs_in(rapport)
        sent = rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
        assert sent.status_code == 303
        rapport.server.claims |= {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen"}
        page = rapport.get(rapport.launch())
        assert "Nothing yet." in page.text
        assert "You have not answered it yet." in page.text

    def test_what_was_answered_on_the_clinics_device_is_among_them(self, rapport: Clinic) -> None:
        chart = clinician_signs_in(rapport)
        assert rapport.send(chart, rapport.filled(chart)).status_code == 303
        rapport.server.claims |= {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen"}
        page = rapport.get(rapport.launch())
        assert "You answered it today." in page.text

    def test_a_clinician_without_a_name_in_the_entry_is_looked_up(self, rapport: Clinic) -> None:
        rapport.ehr.put({**INGRID, "generalPractitioner": [{"reference": "Practitioner/dr-7"}]})
        rapport.ehr.put({"resourceType": "Practitioner", "id": "dr-7", "name": [{"given": ["Tom"], "family": "Aas"}]})
        assert "Your view of working with Tom Aas" in rapport.get(rapport.launch()).text

    def test_without_any_clinician_known_nothing_is_offered_and_the_page_says_why(self, rapport: Clinic) -> None:
        rapport.ehr.put({**INGRID, "generalPractitioner": []})
        page = rapport.get(rapport.launch())
        assert "does not say which clinician looks after you" in page.text
        assert not [link for link in page.links() if "/answer/" in link]

    def test_answers_that_cannot_be_read_are_not_called_none(self, rapport: Clinic) -> None:
        rapport.ehr.faults.append(lambda _method, path: refusal(500, "broken") if path == "QuestionnaireResponse" else None)
        page = rapport.get(rapport.launch())
        assert "cannot be shown just now" in page.text
        assert "Nothing yet" not in page.text
        assert "not answered it yet" not in page.text
        assert form_address(page)

    def test_answers_tied_to_nobody_are_not_called_none(self, rapport: Clinic) -> None:
        home = rapport.launch()
        answered(rapport, home)
        [sent] = rapport.ehr.of_type("QuestionnaireResponse")
        rapport.ehr.put({**sent, "subject": {"identifier": {"system": "urn:example:mrn", "value": "M1"}}})
        rapport.ehr.ignores_search = True
        page = rapport.get(home)
        assert "does not say clearly whose some of the answers in it are" in page.text
        assert "Nothing yet" not in page.text
        assert "not answered it yet" not in page.text

    # SMART G3
    def test_granted_nothing_the_patient_is_told_plainly(self, rapport: Clinic) -> None:
        rapport.server.token["scope"] = "launch openid fhirUser"
        callback = rapport.server.authorize(rapport.begin().headers["Location"])
        page = rapport.get(f"/callback?{urlencode(callback, doseq=True)}")
        assert page.status == 403
        assert "does not permit Rapport to read the patient" in page.text
        assert "Give your clinic the reference code" in page.text
        assert "chart" not in page.text
        assert "again" not in page.text

    # SMART G3
    def test_what_this_sign_in_can_never_show_is_not_called_a_matter_of_time(self, rapport: Clinic) -> None:
        rapport.server.token["scope"] = "launch openid fhirUser patient/Patient.r patient/QuestionnaireResponse.c patient/Observation.c"
        page = rapport.get(rapport.launch())
        assert "What you have sent before cannot be shown here: your record system does not let this page read it." in page.text
        assert "just now" not in page.text

    # SMART G3
    def test_granted_only_reading_nothing_is_offered(self, rapport: Clinic) -> None:
        wide = rapport.launch()
        address = form_address(rapport.get(wide))
        rapport.server.token["scope"] = "launch openid fhirUser patient/*.rs"
        home = rapport.launch()
        page = rapport.get(home)
        assert "does not let you send answers from here" in page.text
        assert "does not let you send answers" in rapport.get(address.replace(wide, home)).text

    def test_forms_that_need_a_licensed_sheet_are_not_offered(
        self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
    ) -> None:
        server.claims |= {"fhirUser": "Patient/pat-1"}
        with clinic(wire, server, clock, folder=tmp_path, instruments="wai-sr") as standing:
            home = standing.launch()
            assert "no questions that can be answered here" in standing.get(home).text
            assert "filled in on paper" in standing.get(f"{home}answer/wai-sr").text


def person(reference: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    return {"reference": reference, **({"display": name} if name else {}), **more}


def visit(
    identity: str, *people: dict[str, Any], patient: str = "pat-1", start: str = "2026-03-01T09:00:00Z", status: str = "finished"
) -> dict[str, Any]:
    members = [{"individual": one, "type": [{"text": "Physician"}]} for one in people]
    subject, period = {"reference": f"Patient/{patient}"}, {"start": start}
    return {"resourceType": "Encounter", "id": identity, "status": status, "subject": subject, "period": period, "participant": members}


def team(*people: dict[str, Any], patient: str = "pat-1", **more: Any) -> dict[str, Any]:
    members = [{"member": one, **more} for one in people]
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "CareTeam", "id": f"team-{patient}", "status": "active", "subject": subject, "participant": members}


class TestAboutWhom:
    """Whoever signs in finds somebody to answer about, wherever the record names them."""

    def titles(self, rapport: Clinic) -> list[str]:
        page = rapport.get(rapport.launch())
        assert page.status == 200
        return [heading.get_text().removeprefix("Your view of working with ") for heading in page.soup.select(".own-list h3")]

    @pytest.fixture(autouse=True)
    def nobodys_own(self, rapport: Clinic) -> None:
        rapport.ehr.put({**INGRID, "generalPractitioner": []})
        rapport.server.token["encounter"] = None

    def test_the_clinicians_of_the_visit_the_ehr_names(self, rapport: Clinic) -> None:
        rapport.server.token["encounter"] = "e1"
        rapport.ehr.put(visit("e1", person("Practitioner/dr-2", "Tomas Weiss")), visit("e0", person("Practitioner/dr-3", "Noor Haddad")))
        assert self.titles(rapport) == ["Tomas Weiss"]

    def test_at_home_those_of_the_latest_visits_that_were(self, rapport: Clinic) -> None:
        rapport.ehr.put(
            visit("e1", person("Practitioner/dr-1", "Sofia Lindqvist"), start="2025-03-01T09:00:00Z"),
            visit("e2", person("Practitioner/dr-2", "Tomas Weiss"), start="2026-03-01T09:00:00Z"),
            visit("e3", person("Practitioner/dr-3", "Noor Haddad"), start="2027-03-01T09:00:00Z", status="planned"),
            visit("e4", person("Practitioner/dr-4", "Leila Osei"), status="cancelled"),
            visit("e5", person("Practitioner/dr-5", "Anders Holm"), patient="pat-2"),
        )
        assert self.titles(rapport) == ["Tomas Weiss", "Sofia Lindqvist"]

    def test_the_care_team_by_the_people_behind_its_roles(self, rapport: Clinic) -> None:
        role = {"resourceType": "PractitionerRole", "id": "r1", "practitioner": person("Practitioner/dr-2", "Tomas Weiss")}
        rapport.ehr.put(role, team(person("PractitionerRole/r1"), person("Organization/o1", "Ward 3"), person("Patient/pat-1", "Ingrid")))
        assert self.titles(rapport) == ["Tomas Weiss"]

    def test_nobody_whose_time_in_the_team_is_over(self, rapport: Clinic) -> None:
        rapport.ehr.put(team(person("Practitioner/dr-2", "Tomas Weiss"), period={"end": "2020-01-01"}))
        assert self.titles(rapport) == []

    def test_each_once_those_rated_before_first(self, rapport: Clinic) -> None:
        rapport.ehr.put(
            {**INGRID, "generalPractitioner": [LINDQVIST]},
            visit("e1", person("Practitioner/dr-2", "Tomas Weiss"), person("Practitioner/dr-1", "S. Lindqvist")),
            team(person("Practitioner/dr-3", "Noor Haddad"), LINDQVIST),
        )
        home = rapport.launch()
        noors = next(link for link in rapport.get(home).soup.select(".own-list a") if "Noor Haddad" in str(link["aria-label"]))
        address = str(noors["href"])
        assert send(rapport, address, filled(rapport.get(address))).status_code == 303
        assert next(name.removeprefix("S. ") for name in self.titles(rapport)) == "Noor Haddad"
        assert len(self.titles(rapport)) == 3

    def test_a_role_in_the_place_of_a_name_is_nobodys_name(self, rapport: Clinic) -> None:
        rapport.ehr.put({"resourceType": "Practitioner", "id": "dr-7", "name": [{"given": ["Tom"], "family": "Aas"}]})
        rapport.ehr.put(visit("e1", person("Practitioner/dr-7", "Physician")))
        assert self.titles(rapport) == ["Tom Aas"]

    def test_who_cannot_be_named_is_no_form_without_a_name(self, rapport: Clinic) -> None:
        rapport.ehr.put(team(person("PractitionerRole/r9")))
        assert self.titles(rapport) == []

    def test_where_there_is_none_the_page_says_whom_to_ask(self, rapport: Clinic) -> None:
        page = rapport.get(rapport.launch())
        assert "Ask the clinic you go to, or your general practitioner, to enter who looks after you" in page.text
        assert "just now" not in page.text

    def test_what_was_not_granted_is_not_asked_for(self, rapport: Clinic) -> None:
        rapport.server.token["scope"] = "launch openid fhirUser patient/Patient.r patient/QuestionnaireResponse.crs"
        rapport.ehr.log.clear()
        assert self.titles(rapport) == []
        assert {path.split("/")[0] for _, path in rapport.ehr.log} <= {"metadata", "Patient", "QuestionnaireResponse"}


class TestNotGranted:
    """What is not to be had for good is never put as if it were a matter of trying again."""

    def test_a_list_that_may_not_be_read_cannot_be_shown(self, rapport: Clinic) -> None:
        rapport.server.token["scope"] = "launch openid fhirUser patient/Patient.r patient/QuestionnaireResponse.c"
        page = rapport.get(rapport.launch())
        assert "cannot be shown here: your record system does not let this page read it" in page.text
        assert "just now" not in page.text

    @pytest.mark.parametrize("answer", [refusal(403, "no"), None])
    def test_a_record_that_may_not_be_read_offers_no_second_try(self, rapport: Clinic, answer: Any) -> None:
        home = rapport.launch()
        rapport.ehr.faults.append(lambda _method, path: answer if path == "Patient/pat-1" else None)
        if answer is None:
            rapport.server.token["scope"] = "launch openid fhirUser patient/QuestionnaireResponse.crs"
            callback = rapport.server.authorize(rapport.begin().headers["Location"])
            page = rapport.get(f"/callback?{urlencode(callback, doseq=True)}")
        else:
            page = rapport.get(home)
        assert page.status in {403, 502}
        assert "again" not in page.text.partition("For the IT team")[0].lower()


class TestAnswering:
    def test_the_form_is_the_patients_own(self, rapport: Clinic) -> None:
        home = rapport.launch()
        page = rapport.get(form_address(rapport.get(home)))
        assert "Your view of working with Sofia Lindqvist" in page.text
        assert "Sofia Lindqvist will see them" in page.text
        assert "hand the device back" not in page.text.casefold()
        assert home in page.links()
        assert len(page.soup.select("fieldset")) >= len(ITEMS)

    def test_it_says_that_it_is_kept_and_that_nobody_reads_it_before_it_is_sent(self, rapport: Clinic) -> None:
        page = rapport.get(form_address(rapport.get(rapport.launch())))
        assert "While you answer, your answers are kept here. Nobody reads them before you send them" in page.text
        (script,) = page.soup.select("script[data-stay]")
        assert str(script["data-again"]) == "Open Rapport again from your patient portal."
        assert (
            rapport.client.post(str(script["data-stay"]), data={"csrf": script["data-csrf"]}, base_url=SITE, headers=OWN).status_code == 204
        )

    def test_what_is_typed_is_kept_and_waits_at_a_reload_behind_a_question(self, rapport: Clinic) -> None:
        address = form_address(rapport.get(rapport.launch()))
        form = rapport.get(address)
        save = str(form.soup.select_one("form.check")["data-save"])  # type: ignore[index]
        six = dict.fromkeys(ITEMS[:6], "4")
        assert send(rapport, save, form.form("/own/answer/") | six).status_code == 204
        again = rapport.get(address)
        assert again.soup.h1 is not None
        assert again.soup.h1.get_text() == "Did you begin this today?"
        assert not again.soup.select("input[type=radio]")
        assert "6 of 9 were answered" in again.text
        onward = send(rapport, again.action("/continue"), again.form("/continue"))
        assert rapport.get(onward.headers["Location"]).checked() == six
        assert rapport.get(onward.headers["Location"]).checked() == six

    def test_what_is_typed_after_the_sign_in_ended_is_kept_and_says_so_to_the_page(self, rapport: Clinic) -> None:
        form = rapport.get(form_address(rapport.get(rapport.launch())))
        save = str(form.soup.select_one("form.check")["data-save"])  # type: ignore[index]
        rapport.server.clock.forward(minutes=31)
        answer = send(rapport, save, form.form("/own/answer/") | dict.fromkeys(ITEMS[:6], "4"))
        assert answer.status_code == 410
        said = answer.get_data(as_text=True)
        assert "6 of 9 answers are kept until" in said
        assert "staff" not in said
        assert "chart" not in said

    def test_a_clinician_saves_nothing_there(self, rapport: Clinic) -> None:
        form = rapport.get(form_address(rapport.get(rapport.launch())))
        save = str(form.soup.select_one("form.check")["data-save"])  # type: ignore[index]
        home = clinician_signs_in(rapport)
        fields = form.form("/own/answer/") | dict.fromkeys(ITEMS[:6], "4")
        assert send(rapport, save.replace(save.split("/")[2], home.split("/")[2]), fields).status_code == 403

    def test_answers_are_the_patients_by_author_and_source_about_that_clinician(self, rapport: Clinic) -> None:
        answered(rapport, rapport.launch())
        (response,) = rapport.ehr.of_type("QuestionnaireResponse")
        assert response["author"] == response["source"] == {"reference": "Patient/pat-1"}
        assert response["subject"] == {"reference": "Patient/pat-1"}
        assert [one["valueReference"] for one in response["extension"]] == [LINDQVIST]
        assert {one["performer"][0]["reference"] for one in rapport.ehr.of_type("Observation")} == {"Patient/pat-1"}

    def test_the_last_page_is_plain_and_says_no_score(self, rapport: Clinic) -> None:
        page = rapport.get(answered(rapport, rapport.launch()))
        assert page.status == 200
        assert "Your answers are in your health record." in page.text
        assert "9 of 9 questions" in page.text
        assert re.search(r"score|total|4\.00|observation|questionnaireresponse", page.html, re.IGNORECASE) is None

    def test_an_incomplete_form_comes_back_with_what_was_given(self, rapport: Clinic) -> None:
        address = form_address(rapport.get(rapport.launch()))
        fields = filled(rapport.get(address))
        del fields[ITEMS[3]]
        page = read(send(rapport, address, fields))
        assert page.status == 422
        assert len(page.checked()) == len(ITEMS) - 1
        again = page.form("/own/answer/")
        assert (again["key"], again["rated"]) == (fields["key"], fields["rated"])
        assert "Sofia Lindqvist will see them" in page.text

    def test_the_same_form_sent_twice_is_stored_once(self, rapport: Clinic) -> None:
        address = form_address(rapport.get(rapport.launch()))
        fields = filled(rapport.get(address))
        first, second = send(rapport, address, fields), send(rapport, address, fields)
        assert first.headers["Location"] == second.headers["Location"]
        assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 1

    @pytest.mark.parametrize("change", [{"rated": "Practitioner/dr-9"}, {"rated": "x" * 80}, {"rated": ""}])
    def test_a_form_about_somebody_else_is_refused(self, rapport: Clinic, change: dict[str, str]) -> None:
        address = form_address(rapport.get(rapport.launch()))
        answer = send(rapport, address, filled(rapport.get(address)) | change)
        assert answer.status_code == 403
        assert rapport.ehr.posts() == []

    def test_a_form_that_says_nobody_is_refused(self, rapport: Clinic) -> None:
        home = rapport.launch()
        fields = filled(rapport.get(form_address(rapport.get(home))))
        answer = send(rapport, f"{home}answer/{SLUG}", fields)
        assert answer.status_code == 403
        assert rapport.ehr.posts() == []

    def test_another_patients_form_is_refused(self, rapport: Clinic) -> None:
        address = form_address(rapport.get(rapport.launch()))
        answer = send(rapport, address, filled(rapport.get(address)) | {"patient": "pat-2"})
        assert answer.status_code == 403
        assert rapport.ehr.posts() == []

    def test_a_handle_of_nobody_known_is_refused(self, rapport: Clinic) -> None:
        assert rapport.get(f"{rapport.launch()}answer/{SLUG}/{'0' * 16}").status == 403

    # SMART G3
    def test_scopes_of_the_patient_decide_how_much_is_written(self, rapport: Clinic) -> None:
        rapport.server.token["scope"] = "openid fhirUser launch patient/Patient.r patient/QuestionnaireResponse.crs"
        page = rapport.get(answered(rapport, rapport.launch()))
        assert "Your answers are in your health record." in page.text
        assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 1
        assert rapport.ehr.of_type("Observation") == []

    @pytest.mark.parametrize(
        ("fault", "headline"),
        [
            (requests.ReadTimeout("late"), "It is not known yet whether your answers arrived"),
            (refusal(429, "busy"), "Your answers are not in your health record yet"),
        ],
    )
    def test_answers_that_did_not_arrive_for_certain_are_said_to_be_kept_and_can_be_sent_again(
        self, rapport: Clinic, fault: Any, headline: str
    ) -> None:
        broken = [True]
        rapport.ehr.faults.append(lambda method, _path: fault if method == "POST" and broken[0] else None)
        sent = answered(rapport, rapport.launch())
        page = rapport.get(sent)
        assert headline in page.text
        assert "kept safely" in page.text
        broken[0] = False
        assert send(rapport, page.action("/again"), page.form("/again")).status_code == 303
        assert "Your answers are in your health record." in rapport.get(sent).text
        assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 1

    def test_another_launchs_answers_are_not_shown(self, rapport: Clinic) -> None:
        sent = answered(rapport, rapport.launch())
        other = rapport.launch()
        assert rapport.get(f"{other}sent/{sent.rsplit('/', 1)[1]}").status == 403


class TestLeaving:
    # SMART J8
    def test_signing_out_ends_the_launch(self, rapport: Clinic) -> None:
        home = rapport.launch()
        page = rapport.get(home)
        ended = read(rapport.client.post(page.action("/end"), data=page.form("/end"), base_url=SITE, headers=OWN))
        assert "You are signed out of Rapport" in ended.text
        assert "chart" not in ended.text
        assert rapport.get(home).status == 403

    def test_after_that_the_page_says_where_to_go_without_mentioning_staff(self, rapport: Clinic) -> None:
        page = rapport.get("/l/gone/own/")
        assert page.status == 403
        assert "patient portal" in page.text
        assert "chart" not in page.text
        assert "hand the device" not in page.text.casefold()

    def test_what_cannot_be_reached_is_not_called_empty(self, rapport: Clinic) -> None:
        home = rapport.launch()
        rapport.ehr.faults.append(lambda _method, _path: requests.ConnectionError("down"))
        page = rapport.get(home)
        assert page.status == 502
        assert home in page.links()
        assert "chart" not in page.text


def test_trying_again_stays_below_the_path_the_app_is_served_at(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
) -> None:
    server.claims |= {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "patient-1"}
    with clinic(wire, server, clock, folder=tmp_path, base_url=f"{SITE}/rapport") as here:
        here.ehr.put(INGRID)
        home = here.launch()
        here.ehr.faults.append(lambda _method, path: refusal(500, "broken") if path == "Patient/pat-1" else None)
        page = here.get(home)
    assert home.startswith("/rapport/l/")
    assert page.status == 502
    assert home in page.links()


class TestNotSent:
    """Answers a patient has typed and that could not be sent."""

    def begun(self, rapport: Clinic, home: str) -> tuple[str, dict[str, str]]:
        """The form's address and its fields, five of nine answered."""
        address = form_address(rapport.get(home))
        return address, rapport.get(address).form("/own/answer/") | dict.fromkeys(ITEMS[:5], "4")

    def ended(self, rapport: Clinic) -> Page:
        """The page after sending such a form half an hour too late."""
        address, fields = self.begun(rapport, rapport.launch())
        rapport.server.clock.forward(minutes=31)
        return read(send(rapport, address, fields))

    def offered(self, rapport: Clinic) -> Page:
        """The form of a new launch."""
        return rapport.get(form_address(rapport.get(rapport.launch())))

    # SMART J5
    def test_what_reaches_a_launch_that_has_ended_is_kept_and_says_so_in_a_patients_words(self, rapport: Clinic) -> None:
        page = self.ended(rapport)
        assert page.status == 403
        assert "5 of 9 answers are kept, sealed, until" in page.text
        assert "staff" not in page.text
        assert "chart" not in page.text
        assert not [name for name in ("alvorsen", "indqvist", "pat-1", "/l/") if name in page.html]
        assert rapport.ehr.posts() == []

    # SMART J5
    def test_the_next_launch_goes_on_with_it_only_when_told_to_and_sends_it_once(self, rapport: Clinic) -> None:
        self.ended(rapport)
        form = self.offered(rapport)
        assert "5 of 9 were answered" in form.text
        assert form.checked() == {}
        onward = send(rapport, form.action("/continue"), form.form("/continue"))
        assert onward.status_code == 303
        form = rapport.get(onward.headers["Location"])
        assert form.checked() == dict.fromkeys(ITEMS[:5], "4")
        address = onward.headers["Location"].split("?")[0]
        assert send(rapport, address, filled(form)).status_code == 303
        assert "were answered" not in self.offered(rapport).text
        assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 1

    def test_it_is_discarded_when_told_to(self, rapport: Clinic) -> None:
        self.ended(rapport)
        form = self.offered(rapport)
        assert send(rapport, form.action("/discard"), form.form("/discard")).status_code == 303
        assert "were answered" not in self.offered(rapport).text

    def test_an_incomplete_form_is_kept_as_well(self, rapport: Clinic) -> None:
        address, fields = self.begun(rapport, rapport.launch())
        assert send(rapport, address, fields).status_code == 422
        assert "5 of 9 were answered" in self.offered(rapport).text

    def test_the_clinician_is_not_offered_it(self, rapport: Clinic) -> None:
        self.ended(rapport)
        chart = clinician_signs_in(rapport)
        assert "not sent" not in rapport.get(chart).text
        assert "were answered" not in rapport.form(chart).text

    def test_it_is_about_the_clinician_it_was_begun_about_and_no_other(self, rapport: Clinic) -> None:
        self.ended(rapport)
        rapport.ehr.put(INGRID | {"generalPractitioner": [{"reference": "Practitioner/dr-2", "display": "Tomas Weiss"}]})
        assert "were answered" not in self.offered(rapport).text

    def test_a_form_without_its_ticket_leaves_nothing(self, rapport: Clinic) -> None:
        address, fields = self.begun(rapport, rapport.launch())
        rapport.server.clock.forward(minutes=31)
        page = read(send(rapport, address, fields | {"ticket": "x"}))
        assert "are kept" not in page.text
        assert "were answered" not in self.offered(rapport).text
