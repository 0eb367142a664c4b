from tests.support.page import read
from tests.web.clinic import OWN, SITE, Clinic


def _rated_by_patient(rapport: Clinic) -> str:
    chart = rapport.launch()
    assert rapport.send(chart, rapport.filled(chart)).status_code == 303
    return chart


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


def test_rating_the_visit_shows_the_patients_rating(rapport: Clinic) -> None:
    chart = _rated_by_patient(rapport)
    rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
    assert "/reveal" not in rapport.get(chart).html
