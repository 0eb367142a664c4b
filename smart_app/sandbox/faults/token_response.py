"""Faults of the answers to a code, to a refresh token, and to a token given back."""

import time
from collections.abc import Callable
from dataclasses import replace

from smart_app.sandbox.exchange.json_text import parsed, written
from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse
from smart_app.sandbox.exchange.refusal import refusal
from smart_app.sandbox.faults.fault import Answer, Case, Fault, Forward, Raw

_HUGE = 3_000_000
_RETRY_AFTER = ("Retry-After", "2")
_JSON = ("Content-Type", "application/json")
NOBODY = "nobody-of-this-id"


def _late(answer: Answer, case: Case) -> Answer:
    time.sleep(case.seconds)
    return answer


def _with(**changes: object) -> Callable[[Answer, Case], Answer]:
    """The answer with members changed; None takes one out."""

    def changed(answer: Answer, _case: Case) -> Answer:
        return {name: value for name, value in {**answer, **changes}.items() if value is not None}

    return changed


def _member(name: str) -> Callable[[Answer, Case], Answer]:
    """The answer with one member set to the fault's value."""
    return lambda answer, case: {**answer, name: case.value}


def _sent(raw: Raw) -> Callable[[Answer, Case], Raw]:
    return lambda _answer, _case: raw


def _visit_alone(answer: Answer, _case: Case) -> Answer:
    """The visit that is open, or one that nobody has, and no patient."""
    return {**{name: value for name, value in answer.items() if name != "patient"}, "encounter": answer.get("encounter") or NOBODY}


_VISIT_SUBJECTS = {
    "elsewhere": {"reference": "https://elsewhere.example/fhir/Patient/1"},
    "group": {"reference": "Group/1"},
    "nobody": {"display": "Somebody"},
}


def _visit_of_another_kind(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    """The Encounter with the subject of the fault's value; as it is where it is to be the patient's own."""
    answer = forward(request)
    encounter = parsed(answer.body) if request.path.startswith("Encounter/") and case.value in _VISIT_SUBJECTS else None
    return answer if encounter is None else replace(answer, body=written({**encounter, "subject": _VISIT_SUBJECTS[case.value]}))


def _status(_answer: Answer, case: Case) -> Raw:
    """An error status as servers and the proxies before them send it."""
    status = int(case.value)
    if status in {400, 401}:
        error = "invalid_client" if status == 401 else "invalid_grant"  # noqa: PLR2004
        return Raw(status=status, body=f'{{"error": "{error}", "error_description": "<b>Refused</b> as the tester asked."}}')
    return Raw(status=status, body="<html>Try later</html>", headers=(("Content-Type", "text/html"), _RETRY_AFTER))


def _redirected(_answer: Answer, case: Case) -> Raw:
    return Raw(status=307, body="", headers=(("Location", case.value),))


def _unknown_patient(request: FhirRequest, forward: Forward, _case: Case) -> FhirResponse:
    """What a server says of an id it does not have, rather than that the token does not reach it."""
    return refusal(404, "not-found", "There is no such patient.") if request.path.endswith(f"Patient/{NOBODY}") else forward(request)


def _reached_late(_answer: Answer, case: Case) -> Raw:
    time.sleep(case.seconds)
    return Raw(status=504, body="")


def _not_taken(case: Case) -> Raw:
    body = "<html>Thank you</html>" if case.value == "page" else ""
    return Raw(status=200, body=body, headers=(("Content-Type", "text/html"),))


_RESPONSE_UNUSABLE = "Opens no launch. Says that the EHR's answer cannot be used; sends the code nowhere else and never twice"
TOKEN_RESPONSE = (
    Fault(
        name="late-token",
        group="Token response",
        does="Answers the token request after this many seconds.",
        expected="Waits a moment and opens; gives up well before a person does, saying that the EHR does not answer.",
        ends="opens",
        values=("1",),
        numeric=True,
        token=_late,
    ),
    Fault(
        name="token-unanswered",
        group="Token response",
        does="Leaves the token request unanswered for this many seconds.",
        expected="Gives up in time. Opens no launch, and says that the EHR could not be reached.",
        ends="stops",
        values=("25",),
        numeric=True,
        token=_reached_late,
    ),
    Fault(
        name="token-status",
        group="Token response",
        does="Answers the token request with this status; 429 and 503 with Retry-After.",
        expected="Opens no launch, and tells a refusal (400, 401) from a server that is down. The code is not sent again.",
        ends="stops",
        values=("400", "401", "429", "500", "503"),
        token=_status,
    ),
    Fault(
        name="token-redirected",
        group="Token response",
        does="Answers the token request with a redirect to this address.",
        expected=f"{_RESPONSE_UNUSABLE}.",
        ends="stops",
        values=("https://elsewhere.example/token",),
        free=True,
        token=_redirected,
    ),
    Fault(
        name="token-not-json",
        group="Token response",
        does="Answers the token request with a page of HTML and status 200.",
        expected=f"{_RESPONSE_UNUSABLE}.",
        ends="stops",
        token=_sent(Raw(status=200, body="<html>Welcome</html>", headers=(("Content-Type", "text/html"),))),
    ),
    Fault(
        name="token-huge",
        group="Token response",
        does="Answers the token request with three megabytes of JSON.",
        expected=f"{_RESPONSE_UNUSABLE}; stops reading early.",
        ends="stops",
        token=_sent(Raw(status=200, body=f'{{"access_token": "{"x" * _HUGE}"}}', headers=(_JSON,))),
    ),
    Fault(
        name="token-type",
        group="Token response",
        does="Calls the token one of this type.",
        expected=f"{_RESPONSE_UNUSABLE}: a client must not use a token whose type it does not know (RFC 6749 7.1).",
        ends="stops",
        values=("mac",),
        free=True,
        token=_member("token_type"),
    ),
    Fault(
        name="token-type-upper",
        group="Token response",
        does="Spells the type of the token BEARER.",
        expected="Opens: it is compared without regard to case (RFC 6749 5.1).",
        ends="opens",
        token=_with(token_type="BEARER"),  # noqa: S106
    ),
    Fault(
        name="access-token-missing",
        group="Token response",
        does="Leaves access_token out.",
        expected=f"{_RESPONSE_UNUSABLE}.",
        ends="stops",
        token=_with(access_token=None),
    ),
    Fault(
        name="patient-missing",
        group="Token response",
        does="Leaves patient out although the launch is from a chart, and the visit, which would name one.",
        expected="Opens no launch: it never guesses a patient.",
        ends="stops",
        token=_with(patient=None, encounter=None),
    ),
    Fault(
        name="patient-by-visit",
        group="Token response",
        does="Names the visit and no patient; the visit's subject is the patient, on another server, a group, or not said.",
        expected="Opens the chart of the visit's subject where it may read the visit; else opens no launch, and says what the EHR has to "
        "send.",
        ends="stops",
        values=("own", *_VISIT_SUBJECTS),
        token=_visit_alone,
        fhir=_visit_of_another_kind,
    ),
    Fault(
        name="patient-malformed",
        group="Token response",
        does="Names a patient that is no FHIR id.",
        expected="Opens no launch, and asks the FHIR server for nothing of that name.",
        ends="stops",
        values=("../Practitioner/1", "1?_include=*", "a b"),
        free=True,
        token=_member("patient"),
    ),
    Fault(
        name="patient-unknown",
        group="Token response",
        does="Names a patient its FHIR server does not have, as where an external number stands in place of the id (medplum#8325).",
        expected="Shows a page without any patient's data that says the patient could not be read.",
        ends="opens",
        token=_with(patient=NOBODY),
        fhir=_unknown_patient,
    ),
    Fault(
        name="expires",
        group="Token response",
        does="Gives access tokens that end after this many seconds, and says so.",
        expected="Opens, and renews the token before it is used too late.",
        ends="opens",
        values=("70", "5"),
        numeric=True,
        lifetime=lambda case: max(1, int(case.value)),
    ),
    Fault(
        name="expires-unsaid",
        group="Token response",
        does="Leaves expires_in out.",
        expected="Opens, and takes the token for a short-lived one.",
        ends="opens",
        token=_with(expires_in=None),
    ),
    Fault(
        name="expires-malformed",
        group="Token response",
        does="Says expires_in this way.",
        expected=f"{_RESPONSE_UNUSABLE}.",
        ends="stops",
        values=("soon", "-1"),
        free=True,
        token=_member("expires_in"),
    ),
)

RENEWAL = (
    Fault(
        name="refresh-kept",
        group="Token renewal",
        does="Does not rotate: gives no new refresh token, and the first stays good (Oracle Health).",
        expected="Goes on, and uses the first one again.",
        ends="opens",
        rotates=False,
    ),
    Fault(
        name="refresh-none",
        group="Token renewal",
        does="Gives no refresh token at all.",
        expected="Opens. Says on the page until when the sign-in lasts, before its end what keeps the work, and then that it is over.",
        ends="opens",
        token=_with(refresh_token=None),
    ),
    Fault(
        name="refresh-refused",
        group="Token renewal",
        does="Refuses to renew (invalid_grant), as after a sign-out in the EHR.",
        expected="The launch ends, with a page that says to open the app from the chart again.",
        ends="over",
        renewal=_sent(Raw(status=400, body='{"error": "invalid_grant", "error_description": "The session has ended."}')),
    ),
    Fault(
        name="refresh-other-patient",
        group="Token renewal",
        does="Renews the token for another patient than the launch's.",
        expected="The launch ends at once; nothing of the other patient is asked for.",
        ends="over",
        renewal=_with(patient="somebody-else"),
    ),
    Fault(
        name="refresh-status",
        group="Token renewal",
        does="Answers a renewal with this status.",
        expected="Goes on while the old token lasts, and says that the EHR does not answer when it does not.",
        ends="opens",
        values=("503", "429", "500"),
        renewal=_status,
    ),
    Fault(
        name="refresh-narrower",
        group="Token renewal",
        does="Renews with these scopes only.",
        expected="Goes on with less: what the new token does not allow is not offered any more.",
        ends="opens",
        values=("launch openid fhirUser patient/Patient.r",),
        free=True,
        renewal=_member("scope"),
    ),
)
REVOCATION = (
    Fault(
        name="revocation-ignored",
        group="Sign-out",
        does="Answers a token that is given back with status 200, with a page of HTML or with nothing, and goes on accepting the token.",
        expected="Signs out, and does not call the permission withdrawn.",
        ends="opens",
        values=("page", "empty"),
        revocation=_not_taken,
    ),
)
