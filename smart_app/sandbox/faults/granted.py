"""Faults of what is granted: less, more, nothing, other words for the same, or not said."""

import json
from collections.abc import Callable

from smart_app.sandbox.faults.fault import Answer, Case, Fault, Raw
from smart_app.sandbox.smart_scopes import CONTEXT_SCOPES, ResourceScope, parse_scope, parse_scopes

_URI = "http://smarthealthit.org/fhir/scopes/"
_WRITING = "cud"
_V1 = (("read", "rs"), ("write", "cud"))


def _reads_only(granted: str, _case: Case) -> str:
    kept = []
    for token in granted.split():
        scope = parse_scope(token)
        letters = "".join(letter for letter in scope.letters if letter not in _WRITING) if scope else ""
        kept += [token] if scope is None else [_v2(scope, letters)] if letters else []
    return " ".join(kept)


def _named(_granted: str, case: Case) -> str:
    return case.value


def _nothing(_granted: str, _case: Case) -> str:
    return ""


def _wider(granted: str, _case: Case) -> str:
    return f"{granted} patient/*.cruds user/*.cruds"


def _split(granted: str, _case: Case) -> str:
    return _resources_as(granted, lambda scope: [_v2(scope, letter) for letter in scope.letters])


def _v1_words(granted: str, _case: Case) -> str:
    """v1 has no words for a single letter: what a letter is part of is granted whole."""
    return _resources_as(
        granted,
        lambda scope: [f"{scope.level}/{scope.resource}.{word}" for word, letters in _V1 if set(letters) & set(scope.letters)],
    )


def _without_record(granted: str, _case: Case) -> str:
    return " ".join(token for token in granted.split() if token in CONTEXT_SCOPES)


def _as_uris(granted: str, _case: Case) -> str:
    """Said as URIs, granted all the same: the token keeps its own words."""
    return " ".join(token if token in CONTEXT_SCOPES else f"{_URI}{token}" for token in granted.split())


def _without_openid(granted: str, _case: Case) -> str:
    return " ".join(token for token in granted.split() if token not in {"openid", "fhirUser"})


def _resources_as(granted: str, words: Callable[[ResourceScope], list[str]]) -> str:
    tokens: list[str] = []
    for token in granted.split():
        scope = parse_scope(token)
        tokens += words(scope) if scope else [token]
    return " ".join(dict.fromkeys(tokens))


def _v2(scope: ResourceScope, letters: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in scope.params)
    return f"{scope.level}/{scope.resource}.{letters}" + (f"?{query}" if query else "")


def _asks_for(asked: str, value: str) -> bool:
    """Whether that scope, or each of its letters, is asked for or granted."""
    wanted = parse_scope(value)
    if wanted is None:
        return value in asked.split()
    held = [scope for scope in parse_scopes(asked) if (scope.level, scope.resource) == (wanted.level, wanted.resource)]
    return any(letter in scope.letters for scope in held for letter in wanted.letters)


def _refuses_by_name(asked: str, case: Case) -> str | None:
    return f"The scope {case.value} is not allowed for this app." if _asks_for(asked, case.value) else None


def _refuses_unnamed(asked: str, case: Case) -> str | None:
    return "Requested scope not authorized" if _asks_for(asked, case.value) else None


def _refused_late(answer: Answer, case: Case) -> Answer | Raw:
    """The code is given, and the token not."""
    words = _refuses_by_name(str(answer.get("scope", "")), case)
    return answer if words is None else Raw(status=400, body=json.dumps({"error": "invalid_scope", "error_description": words}))


def _unsaid(answer: Answer, _case: Case) -> Answer:
    return {name: value for name, value in answer.items() if name != "scope"}


def _said_as_uris(answer: Answer, case: Case) -> Answer:
    return {**answer, "scope": _as_uris(str(answer.get("scope", "")), case)}


_LESS = "Asks once more without the feature it names; opens, and says which feature is off and why"
REFUSED_SCOPES = (
    Fault(
        name="scope-refused",
        group="Granted scopes",
        does="Refuses to authorize as long as this scope is asked for (invalid_scope), and names it.",
        expected=f"{_LESS}.",
        ends="opens",
        values=("patient/Provenance.c", "patient/QuestionnaireResponse.u", "online_access"),
        free=True,
        refuses=_refuses_by_name,
        launch_stays=True,
    ),
    Fault(
        name="scope-refused-unnamed",
        group="Granted scopes",
        does="Refuses to authorize as long as this scope is asked for (invalid_scope), and does not say which it is.",
        expected="Asks again without optional features, twice at most; opens, and says which features are off and why.",
        ends="opens",
        values=("patient/Provenance.c", "patient/Observation.c"),
        free=True,
        refuses=_refuses_unnamed,
        launch_stays=True,
    ),
    Fault(
        name="scope-refused-late",
        group="Granted scopes",
        does="Authorizes, and refuses the token as long as this scope was asked for (invalid_scope).",
        expected=f"{_LESS}.",
        ends="opens",
        values=("patient/Provenance.c",),
        free=True,
        token=_refused_late,
        launch_stays=True,
    ),
)

GRANTED = (
    *REFUSED_SCOPES,
    Fault(
        name="grant-read-only",
        group="Granted scopes",
        does="Grants what was asked, without the letters for writing.",
        expected="Opens. Offers no form whose answers could not be stored, or says beforehand that they will only be kept.",
        ends="kept",
        scope=_reads_only,
    ),
    Fault(
        name="grant-only",
        group="Granted scopes",
        does="Grants exactly these scopes, whatever was asked.",
        expected="Opens with what it may read, and says what is missing and why; asks for nothing it was not granted.",
        ends="opens",
        values=(
            "launch openid fhirUser patient/Patient.r",
            "launch openid fhirUser patient/Patient.r patient/QuestionnaireResponse.rs",
            "launch openid fhirUser patient/Patient.r patient/Observation.rs?category=laboratory",
        ),
        free=True,
        scope=_named,
    ),
    Fault(
        name="grant-nothing",
        group="Granted scopes",
        does="Grants an empty scope.",
        expected="Opens no launch. Says that the EHR granted too little.",
        ends="stops",
        scope=_nothing,
    ),
    Fault(
        name="grant-no-record",
        group="Granted scopes",
        does="Grants the launch and who is signed in, and nothing of the record.",
        expected="Opens no launch. Says that the EHR granted too little, and what was missing.",
        ends="stops",
        scope=_without_record,
    ),
    Fault(
        name="grant-no-identity",
        group="Granted scopes",
        does="Keeps openid and fhirUser back.",
        expected="Opens no launch: nobody may use the clinician's pages who cannot be named.",
        ends="stops",
        scope=_without_openid,
    ),
    Fault(
        name="grant-wider",
        group="Granted scopes",
        does="Grants everything besides what was asked.",
        expected="Opens, and does no more than with what it asked for.",
        ends="stored",
        scope=_wider,
    ),
    Fault(
        name="grant-split",
        group="Granted scopes",
        does="Grants each letter as a scope of its own (.c .r .u …).",
        expected="Opens and stores, as with the scope in one piece.",
        ends="stored",
        scope=_split,
    ),
    Fault(
        name="grant-v1",
        group="Granted scopes",
        does="Grants in the words of version 1 (.read, .write).",
        expected="Opens and stores, as with version 2.",
        ends="stored",
        scope=_v1_words,
    ),
    Fault(
        name="grant-as-uri",
        group="Granted scopes",
        does="Names the granted scopes as URIs (http://smarthealthit.org/fhir/scopes/…).",
        expected="Opens and stores: it is the same grant.",
        ends="stored",
        token=_said_as_uris,
    ),
    Fault(
        name="scope-unsaid",
        group="Granted scopes",
        does="Grants what was asked and leaves `scope` out of the token response.",
        expected="Opens and stores: what is not said is as asked (RFC 6749 5.1).",
        ends="stored",
        token=_unsaid,
    ),
)
