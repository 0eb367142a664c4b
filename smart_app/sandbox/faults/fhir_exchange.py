"""Faults of the FHIR base: reads that are refused, slow, filtered or somebody else's; writes that are refused, lost or oddly answered."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from smart_app.sandbox.exchange.json_text import parsed, written
from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse
from smart_app.sandbox.exchange.refusal import IssueType, refusal
from smart_app.sandbox.faults.fault import Case, Fault, Forward

_CODES: Mapping[int, IssueType] = {
    400: "invalid",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    410: "deleted",
    412: "conflict",
    422: "processing",
}
_WAIT = ("429", "503")
_ID = re.compile(r"[A-Za-z]+/[A-Za-z0-9.-]{1,64}")
# What an app writes, and reads back.
_WRITTEN = ("QuestionnaireResponse", "Observation", "Provenance")
STRANGER = "somebody-else"
HOSTILE_WORDS = "<script>alert('said by the FHIR server')</script> as the tester asked"


def _is_read(request: FhirRequest) -> bool:
    return request.method == "GET" or request.path.endswith("_search")


def _is_write(request: FhirRequest) -> bool:
    return not _is_read(request)


def _searches(request: FhirRequest, resource_type: str) -> bool:
    return request.method == "GET" and request.path == resource_type


def _refused(status: int) -> FhirResponse:
    """A refusal in the FHIR server's words, markup in them."""
    challenge = 'Bearer error="invalid_token"' if status == 401 else ""  # noqa: PLR2004
    answer = refusal(status, _CODES.get(status, "login" if challenge else "transient"), HOSTILE_WORDS, authenticate=challenge)
    return replace(answer, headers={**answer.headers, "Retry-After": "1"}) if str(status) in _WAIT else answer


def _refuses(applies: Callable[[FhirRequest], bool]) -> Callable[[FhirRequest, Forward, Case], FhirResponse]:
    """Those requests are answered with the fault's status."""
    return lambda request, forward, case: _refused(int(case.value)) if applies(request) else forward(request)


def _refuses_once(applies: Callable[[FhirRequest], bool]) -> Callable[[FhirRequest, Forward, Case], FhirResponse]:
    """The first of those requests is answered 401."""
    return lambda request, forward, case: _refused(401) if applies(request) and case.first() else forward(request)


def _waits(applies: Callable[[FhirRequest], bool]) -> Callable[[FhirRequest, Forward, Case], FhirResponse]:
    """Those requests are carried out at once and answered late."""

    def waiting(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
        answer = forward(request)
        if applies(request):
            time.sleep(case.seconds)
        return answer

    return waiting


def _stored_late_once(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    """The first write is carried out, and its answer comes when nobody waits for it any more."""
    answer = forward(request)
    if _is_write(request) and case.first():
        time.sleep(case.seconds)
    return answer


def _lost_once(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    """The first write never arrives: a proxy holds it and gives up."""
    if _is_read(request) or not case.first():
        return forward(request)
    time.sleep(case.seconds)
    return _refused(504)


def _no_transaction(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    return _refused(int(case.value)) if request.method == "POST" and not request.path else forward(request)


def _observations_forbidden(request: FhirRequest, forward: Forward, _case: Case) -> FhirResponse:
    return _refused(403) if _searches(request, "Observation") else forward(request)


def _rewritten(answer: FhirResponse, change: Callable[[dict[str, Any]], dict[str, Any]]) -> FhirResponse:
    """The answer with its JSON changed; as it is where it has none or is a failure."""
    body = parsed(answer.body) if answer.status < 300 and answer.body else None  # noqa: PLR2004
    return answer if body is None else replace(answer, body=written(change(dict(body))))


def _filtered(request: FhirRequest, forward: Forward, _case: Case) -> FhirResponse:
    """As if there were nothing: no entry, no note, total 0."""
    answer = forward(request)
    if not _searches(request, "Observation"):
        return answer
    kept = ("resourceType", "type", "link")
    return _rewritten(answer, lambda bundle: {**{name: bundle[name] for name in kept if name in bundle}, "total": 0})


def _merged(request: FhirRequest, forward: Forward, _case: Case) -> FhirResponse:
    """Searches lose every second slash on their way, as behind a front that merges them; the self link shows it."""
    if request.method != "GET":
        return forward(request)
    return forward(replace(request, query=tuple((name, value.replace("//", "/")) for name, value in request.query)))


def _of_others(request: FhirRequest, forward: Forward, _case: Case) -> FhirResponse:
    """Observations come back as another patient's."""

    def strange(bundle: dict[str, Any]) -> dict[str, Any]:
        entries = [
            {**entry, "resource": {**entry["resource"], "subject": {"reference": f"Patient/{STRANGER}"}}} if "resource" in entry else entry
            for entry in bundle.get("entry", [])
        ]
        return {**bundle, "entry": entries} if entries else bundle

    answer = forward(request)
    return _rewritten(answer, strange) if _searches(request, "Observation") else answer


# The inner address is what a server behind a proxy writes that was not told its outer one; `{}` is the right reference.
_UNTIED: Mapping[str, Mapping[str, Any]] = {
    "identifier": {"type": "Patient", "identifier": {"system": "urn:example:mrn", "value": "M1"}},
    "elsewhere": {"reference": "http://inner.example/fhir/{}"},
    "contained": {"reference": "#patient"},
    "missing": {"display": "Somebody"},
}


def _tied_to_nobody(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    """Observations come back with a subject that names no patient of this server."""
    subject = _UNTIED[case.value]

    def renamed(resource: dict[str, Any]) -> dict[str, Any]:
        right = resource.get("subject", {}).get("reference", "")
        return {**resource, "subject": {key: one.format(right) if key == "reference" else one for key, one in subject.items()}}

    def nobodys(bundle: dict[str, Any]) -> dict[str, Any]:
        entries = [{**entry, "resource": renamed(entry["resource"])} for entry in bundle.get("entry", []) if "resource" in entry]
        return {**bundle, "entry": entries} if entries else bundle

    answer = forward(request)
    return _rewritten(answer, nobodys) if _searches(request, "Observation") else answer


def _other_patient(request: FhirRequest, forward: Forward, _case: Case) -> FhirResponse:
    """The Patient read is answered with somebody else."""
    answer = forward(request)
    asked = request.method == "GET" and request.path.startswith("Patient/")
    return _rewritten(answer, lambda patient: {**patient, "id": STRANGER, "name": [{"family": "Stranger"}]}) if asked else answer


def _next_elsewhere(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    """Every search has a further page, on another host."""
    answer = forward(request)
    if not _is_read(request) or "/" in request.path or not request.path:
        return answer
    link = {"relation": "next", "url": case.value}
    return _rewritten(answer, lambda body: {**body, "link": [*body.get("link", []), link]} if body.get("type") == "searchset" else body)


def _redirected(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    return FhirResponse(status=307, headers={"Location": case.value}) if _is_read(request) else forward(request)


def _not_fhir(request: FhirRequest, forward: Forward, _case: Case) -> FhirResponse:
    return (
        FhirResponse(status=200, headers={"Content-Type": "text/html"}, body=b"<html>Hello</html>")
        if _is_read(request)
        else forward(request)
    )


def _where(location: str, form: str, base: str) -> str | None:
    """A created resource's address in another form."""
    found = _ID.search(location.removeprefix(base))
    reference = found[0] if found else location
    return {
        "relative": reference,
        "unversioned": f"{base}/{reference}",
        "other-host": f"https://inner.ehr.example:8443/r4/{reference}/_history/1",
        "malformed": "urn:created",
        "none": None,
    }[form]


def _located(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    """Location, and its like in a transaction's entries, in the form of the fault's value; no ETag either."""
    answer = forward(request)
    if _is_read(request) or answer.status >= 300:  # noqa: PLR2004
        return answer
    headers = {name: value for name, value in answer.headers.items() if name not in {"Location", "Content-Location", "ETag"}}
    where = _where(answer.headers["Location"], case.value, request.base) if "Location" in answer.headers else None
    sent = replace(answer, headers={**headers, **({"Location": where} if where else {})})
    return _rewritten(sent, lambda body: _entries_located(body, case.value, request.base))


def _entries_located(body: dict[str, Any], form: str, base: str) -> dict[str, Any]:
    if body.get("type") != "transaction-response":
        return body
    entries = []
    for entry in body.get("entry", []):
        response = {name: value for name, value in entry["response"].items() if name not in {"location", "etag"}}
        where = _where(str(entry["response"].get("location", "")), form, base)
        entries.append({**entry, "response": {**response, **({"location": where} if where else {})}})
    return {**body, "entry": entries}


def _emptied(request: FhirRequest, forward: Forward, _case: Case) -> FhirResponse:
    """A create's answer has nothing but its Location (Oracle Health)."""
    answer = forward(request)
    if _is_read(request) or not request.path or answer.status >= 300:  # noqa: PLR2004
        return answer
    return FhirResponse(status=answer.status, headers={"Location": answer.headers["Location"]})


def _one_entry_short(request: FhirRequest, forward: Forward, _case: Case) -> FhirResponse:
    answer = forward(request)
    return (
        _rewritten(answer, lambda body: {**body, "entry": body["entry"][:-1]}) if request.method == "POST" and not request.path else answer
    )


def _not_shown(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    """What an app may have written is stored, and not to be had by its id."""
    written_type = request.path.partition("/")[0] in _WRITTEN and "/" in request.path
    return _refused(int(case.value)) if request.method == "GET" and written_type else forward(request)


def _words_as_html(request: FhirRequest, forward: Forward, _case: Case) -> FhirResponse:
    """Refused by a proxy that speaks no FHIR."""
    return (
        FhirResponse(status=500, headers={"Content-Type": "text/html"}, body=b"<h1>Oops</h1>") if _is_write(request) else forward(request)
    )


_INCOMPLETE = "Shows what it could read and says that the page is incomplete; never that there is nothing."
_KEPT_SAFE = "Says that nothing is in the record and why; keeps the answers, with the text to copy."
FHIR = (
    Fault(
        name="read-401-once",
        group="Reading",
        does="Answers the first read with 401.",
        expected="Renews the token once, asks once more, and shows the page.",
        ends="opens",
        fhir=_refuses_once(_is_read),
    ),
    Fault(
        name="read-status",
        group="Reading",
        does="Answers every read with this status.",
        expected="Shows no part of a record, and says what the EHR answered. After 401 says to open the app from the chart again.",
        ends="opens",
        values=("401", "403", "404", "429", "503"),
        fhir=_refuses(_is_read),
    ),
    Fault(
        name="observations-forbidden",
        group="Reading",
        does="Answers searches for Observations with 403 although the scope was granted.",
        expected=_INCOMPLETE,
        ends="opens",
        fhir=_observations_forbidden,
    ),
    Fault(
        name="late-read",
        group="Reading",
        does="Answers reads after this many seconds.",
        expected="Waits a while. Then shows what has arrived and says what has not, or, without the patient, nothing.",
        ends="opens",
        values=("1", "20"),
        numeric=True,
        fhir=_waits(_is_read),
    ),
    Fault(
        name="late-observations",
        group="Reading",
        does="Answers searches for Observations after this many seconds.",
        expected=_INCOMPLETE,
        ends="opens",
        values=("1", "20"),
        numeric=True,
        fhir=_waits(lambda request: _searches(request, "Observation")),
    ),
    Fault(
        name="read-filtered",
        group="Reading",
        does="Answers searches for Observations as if there were none, with 200 and without a word.",
        expected="Says that it found none; never that none exist.",
        ends="opens",
        fhir=_filtered,
    ),
    Fault(
        name="search-altered",
        group="Reading",
        does="Searches for less than it was asked: // in the values has become / on the way, and its self link says so.",
        expected=_INCOMPLETE,
        ends="opens",
        fhir=_merged,
    ),
    Fault(
        name="read-others",
        group="Reading",
        does="Answers searches for Observations with another patient's.",
        expected="Shows none of them, and says that some belonged to others.",
        ends="opens",
        fhir=_of_others,
    ),
    Fault(
        name="read-untied",
        group="Reading",
        does="Answers searches for Observations with a subject that names no patient of the server: an identifier alone, another "
        "address (of a server behind a proxy), a contained resource, nobody.",
        expected="Shows none of them and lists their ids; says that they could not be tied to this patient, never that they are another's.",
        ends="opens",
        values=tuple(_UNTIED),
        fhir=_tied_to_nobody,
    ),
    Fault(
        name="read-other-patient",
        group="Reading",
        does="Answers the read of the patient with another patient.",
        expected="Shows nothing at all.",
        ends="opens",
        fhir=_other_patient,
    ),
    Fault(
        name="paging-elsewhere",
        group="Reading",
        does="Gives every search a next page at this address.",
        expected=f"Sends nothing there, the token least of all. {_INCOMPLETE}",
        ends="opens",
        values=("https://elsewhere.example/fhir?page=2",),
        free=True,
        fhir=_next_elsewhere,
    ),
    Fault(
        name="read-redirected",
        group="Reading",
        does="Answers every read with a redirect to this address.",
        expected="Follows none, and shows no part of a record.",
        ends="opens",
        values=("https://elsewhere.example/fhir",),
        free=True,
        fhir=_redirected,
    ),
    Fault(
        name="read-not-fhir",
        group="Reading",
        does="Answers every read with a page of HTML and status 200.",
        expected="Shows no part of a record, and says that the answer was not FHIR.",
        ends="opens",
        fhir=_not_fhir,
    ),
    Fault(
        name="write-401-once",
        group="Writing",
        does="Answers the first write with 401.",
        expected="Renews the token, sends once more, and stores once: a 401 is certain not to have been carried out.",
        ends="stored",
        fhir=_refuses_once(_is_write),
    ),
    Fault(
        name="write-status",
        group="Writing",
        does="Answers every write with this status.",
        expected=_KEPT_SAFE,
        ends="kept",
        values=("401", "403", "404", "405", "412", "422", "429"),
        fhir=_refuses(_is_write),
    ),
    Fault(
        name="write-failed",
        group="Writing",
        does="Answers every write with this status, which leaves open whether it was carried out.",
        expected="Says that the outcome is not known, searches, and sends again only what is certainly not there.",
        ends="unknown",
        values=("500", "503", "504"),
        fhir=_refuses(_is_write),
    ),
    Fault(
        name="write-failed-html",
        group="Writing",
        does="Answers every write with status 500 and a page of HTML.",
        expected="As with write-failed; nothing of the page is shown as markup.",
        ends="unknown",
        fhir=_words_as_html,
    ),
    Fault(
        name="write-answered-late",
        group="Writing",
        does="Carries out the first write and answers after this many seconds.",
        expected="Gives up waiting, finds by searching that it is stored, and stores nothing twice.",
        ends="stored",
        values=("20",),
        numeric=True,
        fhir=_stored_late_once,
    ),
    Fault(
        name="write-lost",
        group="Writing",
        does="Holds the first write back for this many seconds and never carries it out.",
        expected="Says that the outcome is not known; searches; sends again when asked to, and stores once.",
        ends="unknown",
        values=("20",),
        numeric=True,
        fhir=_lost_once,
    ),
    Fault(
        name="transaction-refused",
        group="Writing",
        does="Refuses transactions with this status.",
        expected="Stores the same one by one, and the receipt says so.",
        ends="stored",
        values=("405", "403", "404", "422"),
        fhir=_no_transaction,
    ),
    Fault(
        name="location",
        group="Writing",
        does="Names what was created in this form, without an ETag.",
        expected="Stores once and reads the id from it, whatever host it names.",
        ends="stored",
        values=("relative", "unversioned", "other-host"),
        fhir=_located,
    ),
    Fault(
        name="location-unusable",
        group="Writing",
        does="Does not say, or says unreadably, where it created what it created.",
        expected="Finds by searching what it was not told; until then it does not call it saved. Nothing is stored twice.",
        ends="stored",
        values=("none", "malformed"),
        fhir=_located,
    ),
    Fault(
        name="created-empty",
        group="Writing",
        does="Answers a single create with 201, a Location and nothing else (with transaction-refused).",
        expected="Stores once; reads the id from Location.",
        ends="stored",
        fhir=_emptied,
    ),
    Fault(
        name="transaction-short",
        group="Writing",
        does="Carries out a transaction and answers with one entry too few.",
        expected="Finds by searching what it was not told; until then it does not call it saved. Nothing is stored twice.",
        ends="stored",
        fhir=_one_entry_short,
    ),
    Fault(
        name="written-not-shown",
        group="Writing",
        does="Takes a write, names the id, and answers the read of that id with this status.",
        expected="Says that the EHR accepted it and that it was not found again; neither that it is saved nor that it is lost. Keeps a "
        "copy, and sends nothing twice.",
        ends="accepted",
        values=("404", "410"),
        fhir=_not_shown,
    ),
)
