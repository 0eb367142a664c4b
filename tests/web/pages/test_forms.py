import gzip

import pytest

from tests.support.clock import Clock
from tests.support.page import read
from tests.web.clinic import ITEMS, OWN, SITE, SLUG, Clinic


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
    assert page.form("/check/")["key"] == fields["key"]
    boxes = [str(box["name"]) for box in page.soup.select("input[type=checkbox]")]
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
    address = f"{chart}check/{SLUG}/patient"
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
    answer = rapport.send(chart, rapport.filled(chart))
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


def test_the_same_form_twice_is_stored_once(rapport: Clinic) -> None:
    chart = rapport.launch()
    fields = rapport.filled(chart)
    first, second = rapport.send(chart, fields), rapport.send(chart, fields)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 1


# SMART 6.3.2
# SMART P
def test_answers_for_another_patient_are_refused(rapport: Clinic) -> None:
    first, second = rapport.launch(patient="pat-1"), rapport.launch(patient="pat-2")
    own = rapport.form(second).form("/check/")
    page = read(rapport.send(second, rapport.filled(first) | {"csrf": own["csrf"]}))
    assert page.status == 403
    assert "another patient" in page.text
    assert "not stored" in page.text or "nothing was stored" in page.text
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
def test_a_post_from_elsewhere_stores_nothing(rapport: Clinic, headers: dict[str, str], csrf: str | None) -> None:
    chart = rapport.launch()
    fields = rapport.filled(chart)
    if csrf is not None:
        fields["csrf"] = csrf
    page = read(rapport.send(chart, fields, **headers))
    assert page.status == 403
    assert rapport.ehr.posts() == []


# SMART 6.3.5
@pytest.mark.parametrize(("origin", "status"), [("null", 303), (SITE, 303), ("https://evil.example", 403)])
def test_without_fetch_metadata_the_origin_decides(rapport: Clinic, origin: str, status: int) -> None:
    chart = rapport.launch()
    fields = rapport.filled(chart)
    answer = rapport.client.post(f"{chart}check/{SLUG}/patient", data=fields, base_url=SITE, headers={"Origin": origin})
    assert answer.status_code == status


# SMART 6.3.5
def test_the_token_of_one_launch_does_not_fit_another(rapport: Clinic) -> None:
    first, second = rapport.launch(), rapport.launch()
    fields = rapport.filled(second) | {"csrf": rapport.form(first).form("/check/")["csrf"]}
    assert rapport.send(second, fields).status_code == 403


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
    assert rapport.get(answer.headers["Location"]).soup.select("form.check")


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
