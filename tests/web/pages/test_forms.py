import gzip
from typing import Any

import pytest

from smart_app.care.forms.asked_form import ask
from smart_app.care.forms.saved_drafts import ticket_for
from smart_app.care.record.record import Record
from smart_app.launch.context.launch_context import LaunchId
from tests.support.clock import Clock
from tests.support.page import read
from tests.web.clinic import ITEMS, OWN, SITE, SLUG, Clinic

BOTH = pytest.mark.parametrize("informant", ["patient", "clinician"])


def test_the_patients_page_shows_nothing_of_the_chart(rapport: Clinic) -> None:
    chart = rapport.launch()
    page = rapport.form(chart)
    assert page.status == 200
    assert page.soup.h2 is not None
    assert page.soup.h2.get_text() == "Who will see your answers and why"
    assert "HALVORSEN, Ingrid" in page.text
    assert "14 March 1968" in page.text
    assert "Gender" not in page.text
    assert chart not in page.links()
    assert "Not a validated instrument" in page.text
    assert "{" not in page.text


def test_the_clinicians_form_has_the_full_banner(rapport: Clinic) -> None:
    page = rapport.form(rapport.launch(), "clinician")
    assert "Gender" in page.text
    assert "Ingrid Halvorsen had a say" in page.text


def test_every_item_is_a_group_of_five_radios_and_the_question_is_optional(rapport: Clinic) -> None:
    page = rapport.form(rapport.launch())
    for item in ITEMS:
        assert len(page.soup.select(f"fieldset#{item} > .options input[type=radio][name={item}]")) == 5
    assert len(page.soup.select("input[name=difficult]")) == 4
    assert not page.soup.select("input[required]")
    assert [tag.get("src") for tag in page.soup.select("script")] == [None]


@pytest.mark.parametrize("informant", ["patient", "clinician"])
def test_the_first_paint_waits_for_a_place_that_exists_after_the_last_radio(rapport: Clinic, informant: str) -> None:
    soup = rapport.form(rapport.launch(), informant).soup
    expected = soup.select_one("head > link[rel=expect][blocking=render]")
    assert expected is not None
    (place,) = soup.select(str(expected["href"]))
    assert place.find_next("input", type="radio") is None


def test_incomplete_answers_come_back_with_links_to_what_is_missing(rapport: Clinic) -> None:
    chart = rapport.launch()
    fields = rapport.filled(chart)
    del fields["goal-1"], fields["bond-3"]
    page = read(rapport.send(chart, fields | {"difficult": "a-little"}))
    assert page.status == 422
    assert [link for link in page.links() if link.startswith("#") and link != "#main"] == ["#goal-1", "#bond-3"]
    assert page.checked() == dict.fromkeys((item for item in ITEMS if item not in {"goal-1", "bond-3"}), "4") | {"difficult": "a-little"}
    assert page.form("/answers")["key"] == fields["key"]
    boxes = [str(box["name"]) for box in page.soup.select(".decline:not(.turn) input")]
    assert boxes == ["goal-1.declined", "bond-3.declined"]
    assert "2 questions have no answer yet" in page.text
    assert rapport.ehr.posts() == []


def test_a_part_without_a_name_is_said_and_loses_no_answer(rapport: Clinic) -> None:
    chart = rapport.launch()
    named = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in rapport.filled(chart).items()
    )
    body = f"{named}--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    address = f"{rapport.lent(chart).start}answers"
    page = read(rapport.client.post(address, data=body.encode(), content_type=kind, base_url=SITE, headers=OWN))
    assert page.status == 422
    assert "form has no question" in page.text
    assert page.checked()["goal-1"] == "4"
    assert rapport.ehr.posts() == []


def test_a_declined_item_can_be_sent(rapport: Clinic) -> None:
    chart = rapport.launch()
    fields = rapport.filled(chart) | {"goal-1.declined": "yes"}
    del fields["goal-1"]
    assert rapport.send(chart, fields).status_code == 303


def test_a_patient_is_thanked_and_sees_no_score(rapport: Clinic) -> None:
    chart = rapport.launch()
    answer = rapport.patient_sends(chart, rapport.filled(chart))
    assert answer.status_code == 303
    assert "/thanks/" in answer.headers["Location"]
    page = rapport.get(answer.headers["Location"])
    assert "Your answers are in your health record" in page.text
    assert "Hand" in page.text or "hand" in page.text
    assert "4.00" not in page.text
    assert "Observation" not in page.text
    assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 1


def test_a_clinician_gets_a_receipt_of_every_resource_read_back(rapport: Clinic) -> None:
    chart = rapport.launch()
    answer = rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
    page = rapport.get(answer.headers["Location"])
    assert page.soup.h1 is not None
    assert page.soup.h1.get_text() == "Saved in the record"
    for kind in ("QuestionnaireResponse", "Observation", "Provenance"):
        for resource in rapport.ehr.of_type(kind):
            assert f"{kind}/{resource['id']}" in page.text
    assert page.soup.select_one("svg.tick")
    assert "4.00 of 5" in page.text


def sends(rapport: Clinic, chart: str, fields: dict[str, str], informant: str, **headers: str) -> Any:
    """The form sent at its door, and nothing else."""
    if informant == "patient":
        return rapport.patient_sends(chart, fields, **headers)
    return rapport.send(chart, fields, informant, **headers)


@BOTH
def test_the_same_form_twice_is_stored_once(rapport: Clinic, informant: str) -> None:
    chart = rapport.launch()
    fields = rapport.filled(chart, informant)
    first, second = (sends(rapport, chart, fields, informant) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 1


# SMART 6.3.2
# SMART P
@BOTH
def test_answers_for_another_patient_are_refused(rapport: Clinic, informant: str) -> None:
    first, second = rapport.launch(patient="pat-1"), rapport.launch(patient="pat-2")
    fields = rapport.filled(first, informant)
    if informant == "patient":
        rapport.take_back(first)
    page = read(sends(rapport, second, fields | {"csrf": rapport.blank(second, informant)["csrf"]}, informant))
    assert page.status == 403
    if informant == "clinician":
        assert "another patient" in page.text
        assert "not stored" in page.text or "nothing was stored" in page.text
    else:
        # Why is the staff's to read, once the device is back.
        assert "give the device back to a member of staff" in page.text
    assert rapport.ehr.posts() == []


# SMART 6.3.5
@pytest.mark.parametrize(
    ("headers", "csrf"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, None),
        ({"Sec-Fetch-Site": "same-site"}, None),
        ({"Sec-Fetch-Site": "same-origin"}, ""),
        ({"Sec-Fetch-Site": "same-origin"}, "0" * 64),
    ],
)
@BOTH
def test_a_post_from_elsewhere_stores_nothing(rapport: Clinic, informant: str, headers: dict[str, str], csrf: str | None) -> None:
    chart = rapport.launch()
    fields = rapport.filled(chart, informant)
    if csrf is not None:
        fields["csrf"] = csrf
    page = read(sends(rapport, chart, fields, informant, **headers))
    assert page.status == 403
    assert rapport.ehr.posts() == []


# SMART 6.3.5
@pytest.mark.parametrize(("origin", "status"), [("null", 303), (SITE, 303), ("https://evil.example", 403)])
@BOTH
def test_without_fetch_metadata_the_origin_decides(rapport: Clinic, informant: str, origin: str, status: int) -> None:
    chart = rapport.launch()
    fields = rapport.filled(chart, informant)
    address = f"{rapport.lent(chart).start}answers" if informant == "patient" else f"{chart}check/{SLUG}/clinician"
    answer = rapport.client.post(address, data=fields, base_url=SITE, headers={"Origin": origin})
    assert answer.status_code == status


# SMART 6.3.5
def test_the_token_of_one_launch_does_not_fit_another(rapport: Clinic) -> None:
    first, second = rapport.launch(), rapport.launch()
    fields = rapport.filled(second, "clinician") | {"csrf": rapport.blank(first, "clinician")["csrf"]}
    assert rapport.send(second, fields, "clinician").status_code == 403


# SMART 6.3.5
def test_the_token_of_one_loan_does_not_fit_another_nor_its_chart(rapport: Clinic) -> None:
    chart = rapport.launch()
    of_chart = rapport.blank(chart, "clinician")["csrf"]
    of_before = rapport.blank(chart)["csrf"]
    rapport.take_back(chart)
    fields = rapport.filled(chart)
    for other in (of_chart, of_before):
        assert rapport.patient_sends(chart, fields | {"csrf": other}).status_code == 403
    assert rapport.patient_sends(chart, fields).status_code == 303


# SMART O
# SMART K4
def test_an_unknown_outcome_has_no_tick_and_can_be_checked_again(rapport: Clinic) -> None:
    chart = rapport.launch()
    fields = rapport.filled(chart, "clinician")
    rapport.ehr.faults.append(_down)
    location = rapport.send(chart, fields, "clinician").headers["Location"]
    page = rapport.get(location)
    assert "Do not enter it again" in page.text
    assert not page.soup.select("svg.tick")
    rapport.ehr.faults.clear()
    again = page.action("check-again")
    answer = rapport.client.post(again, data=page.form("check-again"), base_url=SITE, headers=OWN)
    assert answer.status_code == 303
    assert rapport.get(answer.headers["Location"]).soup.select("svg.tick")


def _down(method: str, path: str) -> tuple[int, dict[str, str], str] | None:
    """Every write and search fails with a 500."""
    return (500, {}, "down") if method == "POST" or path in {"QuestionnaireResponse", "Observation", "Provenance"} else None


def test_handover_leads_to_the_patients_page(rapport: Clinic) -> None:
    chart = rapport.launch()
    page = rapport.get(f"{chart}handover/{SLUG}")
    assert "Ingrid Halvorsen" in page.text
    agreed = page.form("/handover/") | {"identified-name": "yes", "identified-born": "yes"}
    answer = rapport.client.post(page.action("/handover/"), data=agreed, base_url=SITE, headers=OWN)
    assert "Is this you?" in rapport.get(answer.headers["Location"]).text


class TestPatientsFormAtTheChartsDoor:
    """A device changes hands by being lent, and in no other way."""

    def test_asked_for_it_leads_to_the_hand_over(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        for query in ("", "?draft=any", "?rated=any"):
            answer = rapport.client.get(f"{chart}check/{SLUG}/patient{query}", base_url=SITE)
            assert (answer.status_code, answer.headers["Location"]) == (303, f"{chart}handover/{SLUG}")

    def test_of_thanks_there_is_no_page(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        key = rapport.send(chart, rapport.filled(chart)).headers["Location"].rpartition("/")[2]
        assert rapport.get(f"{chart}thanks/{key}").status == 404

    def test_what_is_sent_there_is_kept_for_the_hand_over_and_offered_on_it(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        fields = opened_before(rapport, chart) | dict.fromkeys(ITEMS[:5], "4")
        page = read(to_the_chart(rapport, chart, fields))
        assert page.status == 403
        assert "Your answers are kept, and not sent yet" in page.text
        assert "5 of 9 answers are kept, sealed, until" in page.text
        assert f"{chart}handover/{SLUG}" in page.links()
        assert not [name for name in ("alvorsen", "HALVORSEN", "pat-1") if name in page.html]
        assert rapport.ehr.posts() == []
        (saved,) = [one for one in rapport.services.store.audit.entries() if one.event == "draft_saved"]
        assert (saved.patient, saved.detail["why"]) == ("pat-1", "not_handed_over")
        offered = rapport.form(chart)
        assert "5 of 9 were answered" in offered.text
        answer = rapport.client.post(offered.action("/continue"), data=offered.form("/continue"), base_url=SITE, headers=OWN)
        page = rapport.get(answer.headers["Location"])
        gone_on = page.form("/answers") | page.checked() | dict.fromkeys(ITEMS[5:], "2")
        assert rapport.patient_sends(chart, gone_on).status_code == 303
        assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 1

    def test_all_answered_it_is_not_taken_either(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        page = read(to_the_chart(rapport, chart, opened_before(rapport, chart) | dict.fromkeys(ITEMS, "4")))
        assert (page.status, "9 of 9 answers are kept" in page.text, rapport.ehr.posts()) == (403, True, [])

    def test_sent_already_on_the_lent_device_it_is_said_to_stand(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        fields = opened_before(rapport, chart) | dict.fromkeys(ITEMS, "4")
        rapport.send(chart, rapport.filled(chart) | {"key": fields["key"]})
        page = read(to_the_chart(rapport, chart, fields))
        assert (page.status, "This form was sent already" in page.text) == (403, True)
        assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 1

    @pytest.mark.parametrize(
        "forged", [{"csrf": "guess"}, {"patient": "pat-2"}, {"ticket": "of another form"}, dict.fromkeys(ITEMS, "")], ids=str
    )
    def test_what_cannot_be_kept_or_says_nothing_is_not_called_kept(self, rapport: Clinic, forged: dict[str, str]) -> None:
        chart = rapport.launch()
        page = read(to_the_chart(rapport, chart, opened_before(rapport, chart) | dict.fromkeys(ITEMS, "4") | forged))
        assert page.status == 403
        assert "kept" not in page.text
        assert rapport.ehr.posts() == []

    def test_a_launch_that_has_ended_keeps_it_as_before(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch()
        fields = opened_before(rapport, chart) | dict.fromkeys(ITEMS[:5], "4")
        clock.forward(minutes=31)
        page = read(to_the_chart(rapport, chart, fields))
        assert "5 of 9 answers are kept" in page.text
        assert "/l/" not in page.html

    def test_what_its_script_saves_meanwhile_is_kept_too(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        fields = opened_before(rapport, chart) | dict.fromkeys(ITEMS[:5], "4")
        assert rapport.client.post(f"{chart}draft/{SLUG}/patient", data=fields, base_url=SITE, headers=OWN).status_code == 204
        assert "5 of 9 were answered" in rapport.form(chart).text


def to_the_chart(rapport: Clinic, chart: str, fields: dict[str, str]) -> Any:
    return rapport.client.post(f"{chart}check/{SLUG}/patient", data=fields, base_url=SITE, headers=OWN)


def opened_before(rapport: Clinic, chart: str) -> dict[str, str]:
    """What a page of the patient's form sends that was opened in the chart when it still showed one."""
    services, launch = rapport.services, LaunchId(chart.split("/")[2])
    cookie = services.store.launches.cookie_in({one.key: one.value for one in (rapport.client._cookies or {}).values()}, launch)
    record = Record(context=services.store.launches.reread(launch), services=services, launch_id=launch)
    key = services.new_id()
    ticket = ticket_for(record, ask(record, slug=SLUG, informant="patient"), key=key, cookie=cookie)
    return {"csrf": rapport.blank(chart, "clinician")["csrf"], "key": key, "patient": record.context.patient, "ticket": ticket}


def test_unknown_forms_are_not_found(rapport: Clinic) -> None:
    chart = rapport.launch()
    assert rapport.get(f"{chart}check/{SLUG}/nobody").status == 404
    assert rapport.get(f"{chart}check/other/patient").status == 403
    assert rapport.get(f"{chart}receipt/no-such-key-0000000").status == 403


def test_ending_forgets_the_launch(rapport: Clinic) -> None:
    chart = rapport.launch()
    fields = rapport.get(chart).form("/end")
    page = read(rapport.client.post(f"{chart}end", data=fields, base_url=SITE, headers=OWN))
    assert "Rapport is closed" in page.text
    assert rapport.get(chart).status == 403


def test_the_form_page_with_its_assets_is_small(rapport: Clinic, clock: Clock) -> None:
    page = rapport.form(rapport.launch())
    assets = [str(tag.get("href") or tag["src"]) for tag in page.soup.select("link[rel=icon], link[rel=stylesheet], script[src]")]
    size = len(gzip.compress(page.html.encode(), 6))
    for asset in assets:
        answer = rapport.client.get(asset, base_url=SITE, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        size += len(answer.data)
    assert size <= 8 * 1024, size
