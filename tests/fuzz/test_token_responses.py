"""Whatever a token endpoint answers, to a code or to a refresh token: an open chart of that patient, or a page with the reason."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from smart_app.errors import SessionError
from tests.fuzz.hostile import answers, mutated
from tests.fuzz.watch import MARKER, Watch
from tests.support.examples import share

# `id_token` is put in at the time: it holds the nonce.
TOKEN = {
    "access_token": "access-9",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "launch openid fhirUser online_access patient/Patient.r patient/Observation.rs?category=laboratory",
    "patient": "pat-1",
    "encounter": "enc-1",
    "refresh_token": "refresh-9",
    "need_patient_banner": True,
    "intent": "new-assessment",
    "tenant": "north",
    "smart_style_url": "https://ehr.example.org/style.json",
    "appContext": '{"a": 1}',
    "fhirContext": [{"reference": "Observation/1", "canonical": "https://x.example/q", "type": "Questionnaire", "role": "launch"}],
    "error": MARKER,
}
CLAIMS = {"sub": "user-1", "fhirUser": "Practitioner/dr-1", "name": MARKER, "profile": "Practitioner/dr-1"}


def _opened(watch: Watch, answer: Any) -> None:
    """An open chart is the patient's of the answer and has a page; anything else is an error of the launch."""
    if answer.status_code != 303:
        assert answer.status_code in {400, 403, 502}
        assert "launch." in answer.get_data(as_text=True)
        return
    first_page = watch.path_of(answer)
    assert watch.ask("GET", first_page).status_code in {200, 502}
    chart = "/".join([*first_page.split("/")[:3], ""])
    assert watch.context(chart).patient in {"pat-1", "pat-2"} or watch.ask("GET", chart).status_code == 502
    # A patient who signs in as themself has no business with the clinician's form.
    for_clinicians = 403 if watch.context(chart).user.reference.startswith("Patient/") else 200
    assert watch.ask("GET", f"{chart}check/rapport-check-in/clinician").status_code in {for_clinicians, 502}


# SMART F5
@share(1 / 2)
@given(said=answers(mutated(TOKEN)), signed=st.booleans())
def test_any_answer_to_a_code_opens_a_chart_or_says_why_not(watch: Watch, said: Any, signed: bool) -> None:
    watch.fresh()
    callback = watch.ehr.authorize(watch.begin())
    status, headers, body = said
    if signed:
        body = body.replace(b'"token_type"', f'"id_token": "{watch.ehr.id_token()}", "token_type"'.encode(), 1)
    watch.ehr.says["token"] = status, headers, body
    _opened(watch, watch.come_back(callback))


@share(1 / 2)
@example(claims={**CLAIMS, "fhirUser": "Patient/pat-1"})
@given(claims=mutated(CLAIMS))
def test_any_person_signs_in_or_is_told_why_not(watch: Watch, claims: Any) -> None:
    watch.fresh()
    watch.ehr.claims = claims if isinstance(claims, dict) else {}
    _opened(watch, watch.sign_in())


# SMART J2
# SMART P
@share(1 / 2)
@given(said=answers(mutated({**TOKEN, "id_token": "a.b.c"})))
def test_any_answer_to_a_refresh_token_renews_or_ends_the_launch(watch: Watch, said: Any) -> None:
    watch.fresh()
    chart = watch.open_chart()
    before = watch.context(chart)
    watch.ehr.says["token"] = said
    watch.clock.forward(seconds=280)
    answer = watch.ask("GET", f"{chart}check/rapport-check-in/clinician")
    try:
        after = watch.context(chart)
    except SessionError:
        assert answer.status_code == 403
        return
    assert (after.patient, after.user, after.iss) == (before.patient, before.user, before.iss)
    assert answer.status_code in {200, 502}
