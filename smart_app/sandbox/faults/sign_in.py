"""Faults of the way back from authorization: refusals, a state that is not the app's, the RFC 9207 `iss`, a code that is none."""

import time

from smart_app.sandbox.faults.fault import Case, Fault, Pairs

# RFC 6749 4.1.2.1 and OpenID Connect Core 3.1.2.6.
OAUTH_ERRORS = (
    "access_denied",
    "invalid_request",
    "unauthorized_client",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "login_required",
    "interaction_required",
    "consent_required",
)
HOSTILE = "<script>alert('said by the EHR')</script>\"'>\r\nSet-Cookie: planted=1 \u202etxet " + "x" * 2000
_HELP = "/help/refused"


def _with_space(value: str, _case: Case) -> str:
    """As of an EHR that names patient and visit in it."""
    return f"pat-{value[:8]} enc-{value[8:]}"


def _without(answer: Pairs, *names: str) -> Pairs:
    return [pair for pair in answer if pair[0] not in names]


def _refused(answer: Pairs, case: Case, _issuer: str) -> Pairs:
    return [("error", case.value), ("error_description", HOSTILE), *_without(answer, "code")]


def _refused_with_help(answer: Pairs, case: Case, issuer: str) -> Pairs:
    address = issuer + _HELP if case.value == "own" else case.value
    return [("error", "invalid_scope"), ("error_uri", address), *_without(answer, "code")]


def _refused_and_code(answer: Pairs, _case: Case, _issuer: str) -> Pairs:
    return [*answer, ("error", "access_denied")]


def _late(answer: Pairs, case: Case, _issuer: str) -> Pairs:
    time.sleep(case.seconds)
    return answer


def _other_state(answer: Pairs, _case: Case, _issuer: str) -> Pairs:
    return [*_without(answer, "state"), ("state", "somebody-elses-state-of-forty-three-characters")]


def _no_state(answer: Pairs, _case: Case, _issuer: str) -> Pairs:
    return _without(answer, "state")


def _two_states(answer: Pairs, _case: Case, _issuer: str) -> Pairs:
    return [*answer, ("state", "a-second-one")]


def _right_issuer(answer: Pairs, _case: Case, issuer: str) -> Pairs:
    return [*answer, ("iss", issuer)]


def _wrong_issuer(answer: Pairs, case: Case, _issuer: str) -> Pairs:
    return [*answer, ("iss", case.value)]


def _no_code(answer: Pairs, _case: Case, _issuer: str) -> Pairs:
    return _without(answer, "code")


def _two_codes(answer: Pairs, _case: Case, _issuer: str) -> Pairs:
    return [*answer, ("code", "a-second-one")]


def _unknown_code(answer: Pairs, _case: Case, _issuer: str) -> Pairs:
    return [*_without(answer, "code"), ("code", "a-code-nobody-issued")]


_NO_LAUNCH = "Opens no launch, asks for no token"
SIGN_IN = (
    Fault(
        name="launch-with-space",
        group="Sign-in",
        does="Sends a launch value with a space in it, encoded as a form does (+), and knows it in no other spelling.",
        expected="Opens: sends the value back with the space.",
        ends="opens",
        launch=_with_space,
    ),
    Fault(
        name="refuse",
        group="Sign-in",
        does="Sends the app back with this OAuth error and a hostile error_description.",
        expected=f"{_NO_LAUNCH}. Says that the EHR refused, and shows the description as text, cut short.",
        ends="stops",
        values=OAUTH_ERRORS,
        callback=_refused,
        launch_stays=True,
    ),
    Fault(
        name="refuse-with-help",
        group="Sign-in",
        does="Refuses with an error_uri: on its own host (own), on another, or a script.",
        expected=f"{_NO_LAUNCH}. Links the address only where it is on the EHR's own or a registered host.",
        ends="stops",
        values=("own", "https://elsewhere.example/help", "javascript:alert(1)"),
        free=True,
        callback=_refused_with_help,
        launch_stays=True,
    ),
    Fault(
        name="refuse-and-code",
        group="Sign-in",
        does="Sends back an error and a code at once.",
        expected=f"{_NO_LAUNCH}: the error counts.",
        ends="stops",
        callback=_refused_and_code,
    ),
    Fault(
        name="late-authorize",
        group="Sign-in",
        does="Answers the authorization request after this many seconds.",
        expected="Opens: people take their time to sign in.",
        ends="opens",
        values=("1", "20"),
        numeric=True,
        callback=_late,
    ),
    Fault(
        name="state-other",
        group="Sign-in",
        does="Comes back with another state than the app's.",
        expected=f"{_NO_LAUNCH}. Says to open the app from the chart again.",
        ends="stops",
        callback=_other_state,
    ),
    Fault(
        name="state-missing",
        group="Sign-in",
        does="Comes back without a state.",
        expected=f"{_NO_LAUNCH}. Says to open the app from the chart again.",
        ends="stops",
        callback=_no_state,
    ),
    Fault(
        name="state-doubled",
        group="Sign-in",
        does="Comes back with the app's state and a second one.",
        expected=f"{_NO_LAUNCH}: which of the two counts is not guessed.",
        ends="stops",
        callback=_two_states,
    ),
    Fault(
        name="iss-right",
        group="Sign-in",
        does="Names itself on the way back (RFC 9207), as servers on Keycloak do.",
        expected="Opens. The iss is not mistaken for a FHIR base.",
        ends="opens",
        callback=_right_issuer,
    ),
    Fault(
        name="iss-wrong",
        group="Sign-in",
        does="Comes back in the name of another authorization server (RFC 9207 mix-up).",
        expected=f"{_NO_LAUNCH}. Says that the sign-in came back from another server.",
        ends="stops",
        values=("https://elsewhere.example",),
        free=True,
        callback=_wrong_issuer,
    ),
    Fault(
        name="code-missing",
        group="Sign-in",
        does="Comes back with neither code nor error.",
        expected=f"{_NO_LAUNCH}. Says that the sign-in came back incomplete.",
        ends="stops",
        callback=_no_code,
    ),
    Fault(
        name="code-doubled",
        group="Sign-in",
        does="Comes back with two codes.",
        expected=f"{_NO_LAUNCH}: which of the two counts is not guessed.",
        ends="stops",
        callback=_two_codes,
    ),
    Fault(
        name="code-unknown",
        group="Sign-in",
        does="Comes back with a code that the token endpoint then refuses (invalid_grant), as it does one that is too old.",
        expected="Opens no launch. Asks for a token once, and says that the EHR did not complete the sign-in.",
        ends="stops",
        callback=_unknown_code,
    ),
)
