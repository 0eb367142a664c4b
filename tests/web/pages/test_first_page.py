"""A launch leads to the page it was made for; what it asked for beyond that is said, and never echoed."""

from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import simplejson

from tests.support.page import Page
from tests.web.clinic import SITE, SLUG, Clinic

CHECK_IN = f"https://w3id.org/rapport/fhir/Questionnaire/{SLUG}-clinician"
NASTY = '</script><script>alert("zqnasty")</script>'


def landed(rapport: Clinic, **token: Any) -> str:
    """Where a launch with these members in its token response leads, without the launch's own part."""
    rapport.server.token = {"patient": "pat-1", **token}
    callback = rapport.server.authorize(rapport.begin().headers["Location"])
    address = rapport.client.get(f"/callback?{urlencode(callback, doseq=True)}", base_url=SITE).headers["Location"]
    parts = urlsplit(address)
    assert parts.path.startswith("/l/")
    return f"{'/'.join(parts.path.split('/')[:3])}/ {'/'.join(parts.path.split('/')[3:])}?{parts.query}".removesuffix("?")


def page(rapport: Clinic, **token: Any) -> Page:
    return rapport.get(landed(rapport, **token).replace(" ", ""))


# SMART B7
# SMART I
# IG 193
@pytest.mark.parametrize(
    ("token", "place"),
    [
        ({}, ""),
        ({"intent": "new-assessment"}, f"handover/{SLUG}"),
        ({"intent": "rate-visit"}, f"check/{SLUG}/clinician"),
        ({"intent": "history"}, ""),
        ({"fhirContext": [{"canonical": CHECK_IN, "type": "Questionnaire"}]}, f"check/{SLUG}/clinician"),
        ({"appContext": '{"page": "form", "informant": "clinician"}'}, f"check/{SLUG}/clinician"),
        ({"appContext": '{"page": "form"}', "intent": "history"}, f"handover/{SLUG}"),
        ({"appContext": "xyz"}, "?at=launch"),
        ({"intent": "reconcile-medications"}, "?at=launch"),
        ({"fhirContext": [{"reference": "QuestionnaireResponse/r1"}]}, "?at=launch"),
        ({"fhirContext": [{"reference": "Task/1"}]}, ""),
    ],
)
def test_launch_leads_to_what_it_was_made_for(rapport: Clinic, token: dict[str, Any], place: str) -> None:
    assert landed(rapport, **token).partition(" ")[2] == place
    assert rapport.get(landed(rapport, **token).replace(" ", "")).status == 200


# SMART I
# IG 5, 193
@pytest.mark.parametrize("token", [{"appContext": NASTY}, {"appContext": simplejson.dumps({"page": NASTY})}, {"intent": NASTY}])
def test_what_is_not_understood_is_said_and_not_repeated(
    rapport: Clinic, capsys: pytest.CaptureFixture[str], token: dict[str, Any]
) -> None:
    shown = page(rapport, **token)
    assert shown.status == 200
    assert "zqnasty" not in shown.text
    assert not shown.soup.select("script:not([src])")
    assert "zqnasty" not in capsys.readouterr().err
    assert ("does not know" in shown.text) == ("appContext" in token)


# SMART I
def test_value_left_out_is_logged_by_name_without_its_content(rapport: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    landed(rapport, intent=NASTY, tenant=7, fhirContext=[{"reference": "zqnasty"}])
    lines = [simplejson.loads(line) for line in capsys.readouterr().err.splitlines()]
    logged = [line["reason_code"] for line in lines if line["event"] == "launch_value_ignored"]
    assert logged == ["tenant", "fhirContext[0]", "intent"]


# SMART I
def test_history_begins_at_the_response_it_was_opened_for(rapport: Clinic) -> None:
    chart = rapport.launch()
    for offset in (0, 1):
        rapport.server.clock.forward(minutes=60 * 24 * 7 * offset)
        rapport.server.token["encounter"] = f"of-day-{offset}"
        chart = rapport.launch()
        rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
    responses = [one for one in rapport.ehr.resources.values() if one["resourceType"] == "QuestionnaireResponse"]
    first = min(responses, key=lambda one: str(one["authored"]))
    shown = page(rapport, fhirContext=[{"reference": f"QuestionnaireResponse/{first['id']}"}])
    assert shown.soup.select_one("#focus output").get_text() == "04-Mar-2026"  # type: ignore[union-attr]
    latest = page(rapport, fhirContext=[{"reference": "QuestionnaireResponse/of-somebody-else"}])
    assert latest.soup.select_one("#focus output").get_text() == "11-Mar-2026"  # type: ignore[union-attr]
    assert "not among those shown here" in latest.text


# SMART I
def test_two_patients_in_one_launch_open_nothing(rapport: Clinic) -> None:
    rapport.server.token = {"patient": "pat-1", "fhirContext": [{"reference": "Patient/pat-2"}]}
    callback = rapport.server.authorize(rapport.begin().headers["Location"])
    shown = rapport.get(f"/callback?{urlencode(callback, doseq=True)}")
    assert shown.status == 403
    assert "two patients" in shown.text
    assert "pat-2" not in shown.text


# SMART I
@pytest.mark.parametrize("informant", ["patient", "clinician"])
def test_without_a_banner_the_forms_and_the_receipt_still_say_whose_they_are(rapport: Clinic, informant: str) -> None:
    rapport.server.token["need_patient_banner"] = False
    chart = rapport.launch()
    history = rapport.get(chart)
    assert not history.soup.select(".banner")
    assert "HALVORSEN, Ingrid" in history.text
    form = rapport.form(chart, informant)
    sent = rapport.send(chart, rapport.filled(chart, informant), informant)
    key = urlsplit(sent.headers["Location"]).path.rpartition("/")[2]
    for shown in (form, rapport.get(f"{chart}receipt/{key}")):
        banner = shown.soup.select_one(".banner")
        assert banner is not None
        assert "HALVORSEN" in banner.get_text()
        assert "Mar" in banner.get_text()
