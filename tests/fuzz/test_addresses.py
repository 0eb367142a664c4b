"""Whatever a browser sends to Rapport's addresses: queries, cookies, paths, forms."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.hostile import encodable, mostly, queries
from tests.fuzz.watch import MARKER, Watch
from tests.support.authorization_server import BASE, ISSUER
from tests.support.examples import share
from tests.support.page import read
from tests.web.clinic import OWN, SLUG

# What a browser may put into a header: RFC 9110 5.5 leaves it no control characters.
_header = encodable.map(lambda said: "".join(sign for sign in said if sign.isprintable()).encode().decode("latin-1"))
_LAUNCH = {
    "iss": st.sampled_from([BASE, f"{BASE}/", BASE.replace("https", "HTTPS"), f"{BASE}/x", f"{BASE}?x", ISSUER]),
    "launch": st.just("abc+/=="),
}


def _named(answer: Any) -> bool:
    """The page says which rule of the launch was broken, or that the query is no text at all."""
    page = answer.get_data(as_text=True)
    return "launch." in page or "http.400" in page


# SMART B2
@share(1 / 2)
@given(query=queries("iss", "launch", known=_LAUNCH))
def test_any_launch_query_goes_to_the_ehr_or_is_refused(watch: Watch, query: bytes) -> None:
    watch.fresh()
    answer = watch.ask("GET", "/launch", query=query)
    assert answer.status_code in {200, 303, 400, 403}
    if answer.status_code == 303:
        assert answer.headers["Location"].startswith(f"{ISSUER}/authorize?")
    elif answer.status_code == 200:
        # Too long for an address, and the EHR takes a form.
        assert read(answer).action("") == f"{ISSUER}/authorize"
    else:
        assert _named(answer)
        assert "Set-Cookie" not in answer.headers


_CALLBACK = {
    "state": st.sampled_from(["STATE", "state", "STATESTATE"]),
    "code": st.sampled_from(["code-1", "code-2"]),
    "iss": st.sampled_from([ISSUER, BASE]),
    "error": st.sampled_from(["access_denied", MARKER]),
    "error_description": encodable,
    "error_uri": st.sampled_from(["https://ehr.example.org/why", "https://evil.example.org/", "javascript:alert(1)"]),
}


# SMART E1
# SMART E3
@share(1 / 2)
@given(query=queries("state", "code", "error", "error_description", "error_uri", "iss", known=_CALLBACK))
def test_any_callback_query_opens_the_chart_or_says_why_not(watch: Watch, query: bytes) -> None:
    watch.fresh()
    state = watch.ehr.authorize(watch.begin())["state"][0]
    watch.secrets.append(state)
    answer = watch.ask("GET", "/callback", query=query.replace(b"STATE", state.encode()))
    if answer.status_code == 303:
        watch.ask("GET", watch.path_of(answer))
    else:
        assert answer.status_code in {400, 403}
        assert _named(answer)


# SMART E2
# SMART 6.3.3
@share(1 / 2)
@given(cookie=_header, named=st.booleans())
def test_no_cookie_but_its_own_opens_a_chart(watch: Watch, cookie: str, named: bool) -> None:
    watch.fresh()
    chart = watch.open_chart()
    name = watch.clinic.services.store.launches.cookie_name_for(chart.split("/")[2])  # type: ignore[arg-type]
    watch.clinic.client = watch.clinic.browser()
    answer = watch.ask("GET", chart, environ={"HTTP_COOKIE": f"{name}={cookie}" if named else cookie})
    assert answer.status_code == 403
    assert "alvorsen" not in answer.get_data(as_text=True)


@share(1 / 2)
@given(
    parts=st.lists(
        st.one_of(encodable, st.sampled_from(["l", "static", "check", SLUG, "patient", "receipt", "launch", ".well-known", "healthz"])),
        max_size=6,
    ),
    query=queries("years", "at", "iss", "name", "id"),
    method=st.sampled_from(["GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"]),
    host=st.one_of(st.just("rapport.example.org"), _header),
)
def test_any_address_has_an_answer(watch: Watch, parts: list[str], query: bytes, method: str, host: str) -> None:
    watch.fresh()
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    answer = watch.ask(method, path, query=query, environ={"HTTP_HOST": host})
    assert answer.status_code in {200, 304, 400, 403, 404, 405, 413, 415}


@share(1 / 2)
@given(
    path=st.lists(
        st.one_of(
            encodable,
            st.sampled_from(
                [
                    "check",
                    SLUG,
                    "patient",
                    "clinician",
                    "receipt",
                    "loans",
                    "handover",
                    "options",
                    "why",
                    "why.json",
                    "rating",
                    "note",
                    "print",
                    "print.pdf",
                    "file",
                    "file.pdf",
                    "filed",
                ]
            ),
        ),
        max_size=4,
    ),
    query=queries("years", "at", known={"years": st.sampled_from(["2", "all"]), "at": st.sampled_from(["2026-01-01", "9999-12-31"])}),
)
def test_any_address_within_a_chart_has_an_answer(watch: Watch, path: list[str], query: bytes) -> None:
    watch.fresh()
    chart = watch.open_chart()
    answer = watch.ask("GET", chart + "/".join(quote(part, safe="") for part in path), query=query)
    assert answer.status_code in {200, 303, 400, 403, 404, 405}


_LINK = st.sampled_from(
    [
        f"check/{SLUG}/patient",
        f"check/{SLUG}/clinician",
        f"check/{MARKER}/patient",
        f"draft/{SLUG}/patient",
        f"draft/{SLUG}/clinician/continue",
        f"draft/{SLUG}/patient/discard",
        f"not-today/{SLUG}",
        "reveal",
        "aside",
        "aside/taken-back",
        "stay",
        "end",
        "receipt/{key}/check-again",
    ]
)


_OF_PATIENT = st.sampled_from(
    ["begin", "not-me", "keep", "answers", "decline", "declined", "draft", "draft/continue", "draft/discard", "stay", "thanks/x"]
)


@st.composite
def _fields(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Fields of our forms and others, repeated, with any value."""
    names = [
        "goal-1", "task-2", "bond-3", "patient", "key", "csrf", "clinician", "visit", "difficult", "comment", "declined",
        "source", "reason",
    ]  # fmt: skip
    pair = st.tuples(mostly(st.sampled_from(names), encodable), mostly(st.sampled_from(["1", "4", "pat-1", "pat-2", "no-time"]), encodable))
    return draw(st.lists(pair, max_size=12))


@dataclass(frozen=True, kw_only=True)
class _Form:
    """One POST: where to, and with what."""

    going_to: str
    fields: list[tuple[str, str]]
    key: str
    multipart: bool


# SMART 6.3.5
@pytest.mark.parametrize("own", [True, False], ids=["our page", "another page"])
@share(1 / 2)
@given(form=st.builds(_Form, going_to=_LINK, fields=_fields(), key=encodable, multipart=st.booleans()))
def test_any_form_is_taken_or_refused(watch: Watch, own: bool, form: _Form) -> None:
    watch.fresh()
    chart = watch.open_chart()
    posted: dict[str, Any] = {}
    for name, value in form.fields:
        posted.setdefault(name, []).append(value)
    if own:
        form_of_page = watch.clinic.blank(chart, "clinician")
        posted = {**form_of_page, **posted, "csrf": form_of_page["csrf"]}
    path = chart + quote(form.going_to.replace("{key}", form.key))
    kind = {"content_type": "multipart/form-data"} if form.multipart else {}
    answer = watch.ask("POST", path, data=posted, headers=OWN, **kind)
    assert answer.status_code in ({200, 204, 303, 400, 403, 404, 405, 413, 422} if own else {403, 404, 405, 413})


# SMART 6.3.5
@pytest.mark.parametrize("own", [True, False], ids=["our page", "another page"])
@share(1 / 2)
@given(form=st.builds(_Form, going_to=_OF_PATIENT, fields=_fields(), key=st.just(""), multipart=st.booleans()))
def test_any_form_of_a_lent_device_is_taken_or_refused(watch: Watch, own: bool, form: _Form) -> None:
    watch.fresh()
    chart = watch.open_chart()
    # Where an example before has declined, staff confirm that the patient is asked after all.
    handed = watch.clinic.lent(chart, after_all=True)
    posted: dict[str, Any] = {}
    for name, value in form.fields:
        posted.setdefault(name, []).append(value)
    if own:
        # Where an example before has kept answers, the page asks about them first.
        page = watch.clinic.get(handed.page)
        form_of_page = page.form("/answers" if page.goes("/answers") else "/draft/continue")
        posted = {**form_of_page, **posted, "csrf": form_of_page["csrf"]}
    kind = {"content_type": "multipart/form-data"} if form.multipart else {}
    answer = watch.ask("POST", f"{handed.start}{form.going_to}", data=posted, headers=OWN, **kind)
    # No example leaves a device with a patient: it would lock the next one's chart.
    watch.clinic.take_back(chart)
    assert answer.status_code in ({200, 204, 303, 400, 403, 404, 405, 413, 422, 429} if own else {403, 404, 405, 413})


_KINDS = ["multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=utf-7", "application/json"]
_bodies = st.one_of(st.binary(max_size=200), st.binary(max_size=20).map(lambda part: part * 5000))


@share(1 / 2)
@given(body=_bodies, kind=st.one_of(_header, st.sampled_from(_KINDS)))
def test_any_body_is_refused(watch: Watch, body: bytes, kind: str) -> None:
    watch.fresh()
    chart = watch.open_chart()
    answer = watch.ask("POST", f"{chart}check/{SLUG}/clinician", data=body, content_type=kind, headers=OWN)
    assert answer.status_code in {400, 403, 413, 415}
