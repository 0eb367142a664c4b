"""What was granted decides what a page offers, in whatever form it was granted; what is not to be had is said with its reason."""

from urllib.parse import urlencode

import pytest
import responses
from msgspec.structs import replace

from smart_app.launch.context.launch_context import LaunchId
from smart_app.launch.oauth.scopes import parse
from tests.web.clinic import ITEMS, SCOPE, Clinic

SIGN_IN = "launch openid fhirUser"
URI = "http://smarthealthit.org/fhir/scopes/"
CATEGORY = "?category=http://terminology.hl7.org/CodeSystem/observation-category|"
ALL = ("reads", "writes")
GRANTS: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "as asked": (SCOPE, ALL),
    "absent": (None, ALL),
    "version 1": (f"{SIGN_IN} patient/*.*", ALL),
    "version 1, reading": (f"{SIGN_IN} patient/*.read", ("reads",)),
    "as addresses": (" ".join(f"{URI}{scope}" for scope in f"{SIGN_IN} patient/*.rs".split()), ("reads",)),
    "split": (f"{SIGN_IN} patient/*.r patient/*.s patient/*.c patient/*.u", ALL),
    "wider": (f"{SIGN_IN} patient/*.cruds user/*.cruds system/*.* patient/Observation.rs launch/encounter", ALL),
    "answers alone": (f"{SIGN_IN} patient/Patient.r patient/QuestionnaireResponse.crs", ("writes",)),
    "writing without reading": (f"{SIGN_IN} patient/Patient.r patient/QuestionnaireResponse.c patient/Observation.c", ("writes",)),
    "granular": (
        (
            f"{SIGN_IN} patient/Patient.r patient/QuestionnaireResponse.crs patient/Observation.rs{CATEGORY}laboratory "
            f"patient/Observation.crs{CATEGORY}survey"
        ),
        ALL,
    ),
    "wrong order of letters": (f"{SIGN_IN} patient/Patient.r patient/QuestionnaireResponse.src patient/Observation.sr", ()),
}


def opened(rapport: Clinic, scope: str | None) -> str:
    rapport.server.token["scope"] = scope
    return rapport.launch()


# SMART G1
# SMART G2
# SMART G3
@pytest.mark.parametrize(("scope", "can"), GRANTS.values(), ids=GRANTS)
def test_pages_offer_what_was_granted(rapport: Clinic, wire: responses.RequestsMock, scope: str | None, can: tuple[str, ...]) -> None:
    chart = opened(rapport, scope)
    page = rapport.get(chart)
    assert page.status == 200
    searched = [str(call.request.url) for call in wire.calls if "/fhir/Observation?" in str(call.request.url)]
    assert bool(searched) == ("reads" in can)
    assert ("does not include permission to search Observation" in page.text) != ("reads" in can)
    form = rapport.form(chart, "clinician")
    assert ("cannot be stored in this record" in form.text) != ("writes" in can)
    before = len(rapport.ehr.resources)
    rapport.send(chart, form.form("/check/") | dict.fromkeys(ITEMS, "4"), "clinician")
    assert (len(rapport.ehr.resources) > before) == ("writes" in can)


@pytest.mark.parametrize("scope", [f"{SIGN_IN} patient/Patient.r patient/QuestionnaireResponse.crs", GRANTS["granular"][0]])
def test_what_was_not_granted_is_not_said_to_have_failed(rapport: Clinic, scope: str) -> None:
    page = rapport.get(opened(rapport, scope))
    assert "did not complete" not in page.text
    assert any(words in page.text for words in ("may not be made in this launch", "which trying again would not change"))
    assert not [link for link in page.soup.select("a.button, button") if link.get_text() == "Try again"]


@pytest.mark.parametrize("clinician", [True, False])
def test_a_record_that_may_not_be_read_any_more_offers_no_second_try(rapport: Clinic, clinician: bool) -> None:
    """A renewed token may be granted less than the first one."""
    rapport.server.claims["fhirUser"] = "Practitioner/dr-1" if clinician else "Patient/pat-1"
    place = rapport.launch()
    rapport.ehr.log.clear()
    launches = rapport.services.store.launches
    launch_id = LaunchId(place.split("/")[2])
    launches.replace(launch_id, replace(launches.reread(launch_id), scope=f"{SIGN_IN} patient/QuestionnaireResponse.crs"))
    page = rapport.get(place)
    words, _, for_it = page.text.partition("For the IT team")
    assert page.status == 403
    assert "again" not in words.lower()
    assert "did not give" not in words
    assert ("scope_insufficient" in for_it, "HTTP" in for_it) == (True, False)
    assert rapport.ehr.log == []


# SMART G2
@pytest.mark.parametrize("scope", ["", " ", "launch", "openid fhirUser", "nonsense"])
def test_empty_grant_opens_nothing_and_says_why(rapport: Clinic, scope: str) -> None:
    assert parse(scope) == ()
    rapport.server.token["scope"] = scope
    callback = rapport.server.authorize(rapport.begin().headers["Location"])
    page = rapport.get(f"/callback?{urlencode(callback, doseq=True)}")
    assert page.status == 403
    assert "does not permit Rapport to read the patient" in page.text
    assert "launch.scope_insufficient" in page.text
    assert "again" not in page.text.partition("For the IT team")[0].lower()
    assert not [path for _, path in rapport.ehr.log if path.startswith(("Patient", "Observation", "QuestionnaireResponse"))]


EVENTS = ("Encounter", "ServiceRequest", "Appointment", "Procedure", "MedicationRequest")


def test_with_every_feature_a_page_asks_sixteen_things_at_most(rapport: Clinic, wire: responses.RequestsMock) -> None:
    chart = opened(rapport, SCOPE)
    before = len(wire.calls)
    page = rapport.get(chart)
    asked = [str(call.request.url) for call in list(wire.calls)[before:] if "/fhir/" in str(call.request.url)]
    assert len(asked) <= 16
    assert [sum(f"/{kind}?" in url for url in asked) for kind in EVENTS] == [1] * 5
    assert "Visits, education and medicines" in page.text


def test_of_events_what_was_refused_is_off_as_a_whole_and_said(rapport: Clinic, wire: responses.RequestsMock) -> None:
    kinds = " ".join(f"patient/{kind}.rs" for kind in ("ServiceRequest", "Procedure"))
    page = rapport.get(opened(rapport, f"{SIGN_IN} patient/Patient.r patient/QuestionnaireResponse.crus patient/Observation.crus {kinds}"))
    assert not [call for call in wire.calls if any(f"/{kind}?" in str(call.request.url) for kind in EVENTS)]
    assert "Visits, education and medicines" not in page.text
    for said in ("No visits are drawn on the timeline.", "No referral to diabetes education", "No medicines are drawn on the timeline."):
        assert said in page.text
