"""Blind entry on the page: a patient's rating waits, whoever chooses to see it sees it alone, and who is rated reads who looked."""

import re

import pytest

from tests.support.page import Page, read
from tests.web.clinic import ITEMS, OWN, SITE, Clinic

SOFIA = {"fhirUser": "Practitioner/dr-1", "name": "Sofia Lindqvist", "sub": "user-1"}
TOMAS = {"fhirUser": "Practitioner/dr-2", "name": "Tomas Weiss", "sub": "user-2"}
NOOR = {"fhirUser": "Practitioner/dr-3", "name": "Noor Haddad", "sub": "user-3"}
REASON = {"reason": "cover"}


def opens(rapport: Clinic, who: dict[str, str]) -> str:
    """The chart as that clinician opens it, in a browser of their own."""
    rapport.server.claims |= who
    rapport.client = rapport.browser()
    return rapport.launch()


def _rated_by_patient(rapport: Clinic, value: str = "4") -> str:
    """The chart of the clinician the patient has just rated."""
    chart = opens(rapport, SOFIA)
    assert rapport.send(chart, rapport.blank(chart) | dict.fromkeys(ITEMS, value)).status_code == 303
    return chart


def shows(rapport: Clinic, page: Page, **more: str) -> Page:
    answer = rapport.client.post(page.action("/reveal"), data=page.form("/reveal") | more, base_url=SITE, headers=OWN)
    return read(rapport.client.get(answer.headers["Location"], base_url=SITE)) if answer.status_code == 303 else read(answer)


def waits(page: Page) -> bool:
    return bool(page.soup.select(".waiting"))


def test_a_patients_rating_is_kept_back_until_it_is_asked_for(rapport: Clinic) -> None:
    chart = _rated_by_patient(rapport)
    page = rapport.get(chart)
    answer = rapport.client.post(page.action("/reveal"), data=page.form("/reveal"), base_url=SITE, headers=OWN)
    assert answer.status_code == 303
    assert "/reveal" not in rapport.get(chart).html
    assert "reveal" in [entry.event for entry in rapport.services.store.audit.entries()]


def test_a_reveal_for_another_patient_or_without_a_visit_does_nothing(rapport: Clinic) -> None:
    chart = _rated_by_patient(rapport)
    page = rapport.get(chart)
    fields = page.form("/reveal")
    for wrong in ({"patient": "pat-2"}, {"visit": ""}, {"csrf": ""}):
        assert read(rapport.client.post(page.action("/reveal"), data=fields | wrong, base_url=SITE, headers=OWN)).status == 403
    assert "/reveal" in rapport.get(chart).html


@pytest.mark.parametrize("wrong", [{"visit": "2031-01-01"}, {"clinician": "Practitioner/dr-9"}])
def test_nothing_is_opened_before_it_is_there(rapport: Clinic, wrong: dict[str, str]) -> None:
    chart = _rated_by_patient(rapport)
    assert shows(rapport, rapport.get(chart), **wrong).status == 403
    assert "reveal" not in [entry.event for entry in rapport.services.store.audit.entries()]


def test_rating_the_visit_shows_the_patients_rating(rapport: Clinic) -> None:
    chart = _rated_by_patient(rapport)
    rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
    assert "/reveal" not in rapport.get(chart).html


class TestAColleague:
    def test_sees_it_for_a_reason_and_the_rated_clinicians_view_stays_closed(self, rapport: Clinic) -> None:
        _rated_by_patient(rapport)
        page = rapport.get(opens(rapport, TOMAS))
        assert "The patient rated today’s visit with Sofia Lindqvist, who has not rated it yet." in page.text
        assert not waits(shows(rapport, page, **REASON))
        assert waits(rapport.get(opens(rapport, SOFIA)))

    def test_is_read_of_by_the_rated_clinician_before_and_after_they_rate(self, rapport: Clinic) -> None:
        _rated_by_patient(rapport)
        shows(rapport, rapport.get(opens(rapport, TOMAS)), **REASON)
        chart = opens(rapport, SOFIA)
        said = re.compile(r"Tomas Weiss saw it on \d\d-\w{3}-\d{4} at \d\d:\d\d: “I see this patient in place of the clinician”\.")
        assert said.search(rapport.get(chart).soup.select(".waiting")[0].get_text(" "))
        rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
        page = rapport.get(chart)
        assert not waits(page)
        assert said.search(page.text)

    def test_is_not_told_of_by_others_and_not_to_others(self, rapport: Clinic) -> None:
        _rated_by_patient(rapport)
        shows(rapport, rapport.get(opens(rapport, TOMAS)), **REASON)
        page = rapport.get(opens(rapport, NOOR))
        assert waits(page)
        assert "Tomas Weiss" not in page.text

    @pytest.mark.parametrize("reason", [{}, {"reason": ""}, {"reason": "curiosity"}])
    def test_without_a_reason_sees_nothing(self, rapport: Clinic, reason: dict[str, str]) -> None:
        _rated_by_patient(rapport)
        chart = opens(rapport, TOMAS)
        refused = shows(rapport, rapport.get(chart), **reason)
        assert refused.status == 403
        assert "a reason" in refused.text
        assert waits(rapport.get(chart))

    def test_who_is_rated_needs_no_reason_and_opens_only_their_own_view(self, rapport: Clinic) -> None:
        chart = _rated_by_patient(rapport)
        assert not waits(shows(rapport, rapport.get(chart)))
        assert waits(rapport.get(opens(rapport, TOMAS)))

    def test_the_reason_is_sealed_and_in_no_log(self, rapport: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
        _rated_by_patient(rapport)
        shows(rapport, rapport.get(opens(rapport, TOMAS)), **REASON)
        [entry] = [entry for entry in rapport.services.store.audit.entries() if entry.event == "reveal"]
        assert (entry.user, entry.detail["reason"]) == ("Practitioner/dr-2", "cover")
        said = capsys.readouterr()
        assert not [word for word in ("cover", "Tomas", "dr-2", "dr-1", "pat-1") if word in said.out + said.err]


def test_a_receipt_follows_the_same_rule(rapport: Clinic) -> None:
    chart, sofias = opens(rapport, SOFIA), rapport.client
    key = rapport.blank(chart)["key"]
    rapport.send(chart, rapport.blank(chart) | dict.fromkeys(ITEMS, "4") | {"key": key})
    shows(rapport, rapport.get(opens(rapport, TOMAS)), **REASON)
    rapport.client = sofias
    assert "kept back" in rapport.get(f"{chart}receipt/{key}").text
