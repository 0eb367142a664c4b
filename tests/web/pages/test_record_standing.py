"""A record that was replaced or is out of use, and a person who has died: said on every page, and before anything is handed over or
stored."""

from typing import Any

import pytest

from tests.support.page import Page, read
from tests.web.clinic import AGREED, ITEMS, OWN, SITE, SLUG, Clinic, patient

OTHER = "marlow-2"
REPLACED = {"active": False, "link": [{"type": "replaced-by", "other": {"reference": f"Patient/{OTHER}", "display": "Ines Marlow"}}]}
DEAD = {"deceasedDateTime": "2026-03-02"}
SAID = {"replaced": "This record was replaced; newer entries are in the other one.", "inactive": "not in use", "dead": "Died 02-Mar-2026"}
RECORDS = [
    pytest.param(REPLACED, "replaced", id="replaced"),
    pytest.param({"active": False}, "inactive", id="inactive"),
    pytest.param(DEAD, "dead", id="dead"),
]


def opened(rapport: Clinic, record: dict[str, Any], encounter: str | None = "e1") -> str:
    rapport.ehr.put({**patient("pat-1", "Halvorsen", "Ingrid"), **record})
    rapport.server.token["encounter"] = encounter
    return rapport.launch()


def becomes(rapport: Clinic, chart: str, record: dict[str, Any]) -> None:
    """The record changes while a form of it is open, and the chart is looked at meanwhile."""
    rapport.ehr.put({**patient("pat-1", "Halvorsen", "Ingrid"), **record})
    rapport.get(chart)


def stored(rapport: Clinic) -> int:
    return len(rapport.ehr.of_type("QuestionnaireResponse"))


@pytest.mark.parametrize(("record", "why"), RECORDS)
class TestRecordsNotToWriteInto:
    def test_every_page_says_so_and_none_names_the_other_record(self, rapport: Clinic, record: dict[str, Any], why: str) -> None:
        chart = opened(rapport, record)
        sent = rapport.send(chart, rapport.filled(chart, "clinician") | {"confirmed": why}, "clinician")
        pages = [
            rapport.get(chart),
            rapport.get(f"{chart}handover/{SLUG}"),
            rapport.form(chart, "clinician"),
            rapport.get(sent.headers["Location"]),
        ]
        for page in pages:
            assert page.status == 200
            assert SAID[why] in page.soup.select("header.banner")[0].get_text(" ")
            assert OTHER not in page.html
            assert "Marlow" not in page.html

    def test_it_is_said_where_the_ehr_shows_the_banner(self, rapport: Clinic, record: dict[str, Any], why: str) -> None:
        rapport.server.token["need_patient_banner"] = False
        assert SAID[why] in rapport.get(opened(rapport, record)).text

    def test_the_tablet_is_not_handed_over(self, rapport: Clinic, record: dict[str, Any], why: str) -> None:
        chart = opened(rapport, record)
        page = rapport.get(chart)
        assert not [link for link in page.links() if "/handover/" in link]
        asked = rapport.get(f"{chart}handover/{SLUG}")
        assert "Nothing is handed over" in asked.text
        assert not [link for link in asked.links() if "/check/" in link or "/p/" in link]
        assert not asked.soup.select("form[action*='/handover/']")
        fields = rapport.blank(chart, "clinician") | AGREED
        assert rapport.client.post(f"{chart}handover/{SLUG}", data=fields, base_url=SITE, headers=OWN).status_code == 403

    def test_a_patients_answers_that_come_all_the_same_are_kept_and_not_stored(
        self, rapport: Clinic, record: dict[str, Any], why: str
    ) -> None:
        chart = opened(rapport, {})
        fields = rapport.filled(chart)
        becomes(rapport, chart, record)
        # Nobody looks at the chart meanwhile, and what was read a moment ago is believed for a while.
        rapport.server.clock.forward(minutes=10)
        page = read(rapport.send(chart, fields))
        assert (page.status, stored(rapport)) == (403, 0)
        assert "give the device back to a member of staff" in page.text
        assert chart not in page.links()
        rapport.take_back(chart)
        begun = rapport.get(chart)
        assert "Begun and not sent:" in begun.text
        assert "Go on" not in begun.text
        becomes(rapport, chart, {})
        assert "9 of 9 were answered" in rapport.form(chart).text

    def test_a_clinician_confirms_before_anything_is_stored(self, rapport: Clinic, record: dict[str, Any], why: str) -> None:
        chart = opened(rapport, record)
        fields = rapport.filled(chart, "clinician")
        page = read(rapport.send(chart, fields, "clinician"))
        assert (page.status, stored(rapport)) == (422, 0)
        assert f"#confirmed-{why}" in page.html
        assert page.checked() | dict.fromkeys(ITEMS, "4") == page.checked()
        assert read(rapport.send(chart, fields | {"confirmed": "again"}, "clinician")).status == 422
        assert rapport.send(chart, fields | {"confirmed": why}, "clinician").status_code == 303
        assert stored(rapport) == 1

    def test_a_record_that_changes_while_the_form_is_open_is_asked_about(self, rapport: Clinic, record: dict[str, Any], why: str) -> None:
        chart = opened(rapport, {})
        fields = rapport.filled(chart, "clinician")
        becomes(rapport, chart, record)
        page = read(rapport.send(chart, fields, "clinician"))
        assert (page.status, stored(rapport)) == (422, 0)
        assert SAID[why] in page.text


def test_a_record_in_use_is_asked_nothing(rapport: Clinic) -> None:
    chart = opened(rapport, {"active": True, "link": [{"type": "seealso", "other": {"reference": "Patient/x"}}], "deceasedBoolean": False})
    form = rapport.form(chart, "clinician")
    assert 'name="confirmed"' not in form.html
    assert form.soup.select("header.banner p") == []
    assert rapport.send(chart, rapport.filled(chart, "clinician"), "clinician").status_code == 303


def test_somebody_who_has_died_is_rated_only_in_a_visit_that_was(rapport: Clinic) -> None:
    chart = opened(rapport, DEAD, encounter=None)
    page = rapport.get(chart)
    assert not [link for link in page.links() if "/check/" in link]
    assert "A rating needs a visit" in page.text
    assert rapport.form(chart, "clinician").status == 403


@pytest.mark.parametrize(("record", "why"), RECORDS)
def test_what_is_kept_is_not_sent_into_a_record_out_of_use(rapport: Clinic, record: dict[str, Any], why: str) -> None:
    chart = opened(rapport, {})
    fields = rapport.filled(chart, "clinician")
    busy = [True]
    rapport.ehr.faults.append(lambda method, _path: (429, {}, "") if method == "POST" and busy[0] else None)
    receipt = rapport.send(chart, fields, "clinician").headers["Location"]
    busy[0] = False
    page = rapport.get(receipt)
    becomes(rapport, chart, record)
    again = read(rapport.client.post(page.action("/check-again"), data=page.form("/check-again"), base_url=SITE, headers=OWN))
    assert (again.status, "It stays kept." in again.text, stored(rapport)) == (403, True, 0)
    becomes(rapport, chart, {})
    assert rapport.client.post(page.action("/check-again"), data=page.form("/check-again"), base_url=SITE, headers=OWN).status_code == 303
    assert stored(rapport) == 1


def test_a_record_that_does_not_answer_loses_no_answers(rapport: Clinic) -> None:
    chart = opened(rapport, {})
    fields = rapport.filled(chart, "clinician")
    rapport.ehr.faults.append(lambda _method, path: (503, {}, "") if path.startswith("Patient/") else None)
    assert rapport.send(chart, fields, "clinician").status_code == 303
    assert stored(rapport) == 1


class TestAtHome:
    @pytest.fixture
    def home(self, rapport: Clinic) -> Clinic:
        rapport.server.claims |= {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "patient-1"}
        return rapport

    def put(self, rapport: Clinic, record: dict[str, Any]) -> None:
        named = {"generalPractitioner": [{"reference": "Practitioner/dr-1", "display": "Sofia Lindqvist"}]}
        rapport.ehr.put({**patient("pat-1", "Halvorsen", "Ingrid"), **named, **record})

    @pytest.mark.parametrize(("record", "why"), RECORDS)
    def test_nothing_can_be_answered_and_the_page_says_whom_to_ask(self, home: Clinic, record: dict[str, Any], why: str) -> None:
        self.put(home, {})
        own = home.launch()
        address = next(link for link in home.get(own).links() if "/answer/" in link)
        fields = home.get(address).form("/own/answer/") | dict.fromkeys(ITEMS, "4")
        self.put(home, record)
        page: Page = home.get(own)
        assert not [link for link in page.links() if "/answer/" in link]
        assert "ask your clinic" in page.text
        assert "died" not in page.text.lower()
        answer = home.client.post(address, data=fields, base_url=SITE, headers=OWN)
        assert (answer.status_code, stored(home)) == (403, 0)

    def test_the_form_speaks_of_no_visit_of_today(self, home: Clinic) -> None:
        self.put(home, {})
        address = next(link for link in home.get(home.launch()).links() if "/answer/" in link)
        text = home.get(address).text
        assert "today" not in text.replace("I would rather not do this today", "")
        assert "Think about your last visit to Sofia Lindqvist." in text
