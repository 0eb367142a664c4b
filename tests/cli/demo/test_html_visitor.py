import pytest
from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from smart_app.cli.demo.html_visitor import HtmlVisitor, Page
from tests.support.serving import serving

PAGE = """<!doctype html><title>t</title><main><h1>Form</h1>
<a href="/handover/x">Hand over</a>
<form action="/send" method="post"><input type="hidden" name="key" value="k1">
<input type="radio" name="goal-1" value="1"><input type="radio" name="goal-1" value="2" checked></form></main>
<script>var a = "not text";</script>"""


def app() -> Flask:
    site = Flask(__name__)

    @site.get("/start")
    def start() -> Response:
        answer = redirect("/form", 303)
        answer.headers.add("Set-Cookie", "__Host-one=v1; Secure; HttpOnly; Path=/; SameSite=None; Partitioned")
        return answer

    @site.get("/form")
    def form() -> str:
        return PAGE + str(request.cookies.get("__Host-one"))

    @site.post("/send")
    def send() -> str:
        return "|".join([*sorted(f"{name}={value}" for name, value in request.form.items()), request.headers["Sec-Fetch-Site"]])

    return site


def test_redirects_are_followed_and_secure_cookies_come_back_over_loopback() -> None:
    with serving(app()) as base:
        page = HtmlVisitor().get(f"{base}/start")
    assert page.url.endswith("/form")
    assert page.text.endswith("v1")


def test_a_form_is_sent_with_its_hidden_fields_as_a_same_origin_navigation() -> None:
    with serving(app()) as base:
        visitor = HtmlVisitor()
        page = visitor.get(f"{base}/form")
        answer = visitor.send(page, page.form(going_to="/send"), {"goal-1": "2"})
    assert answer.html == "goal-1=2|key=k1|same-origin"


def test_cookies_of_one_origin_never_reach_another() -> None:
    with serving(app()) as one, serving(app()) as other:
        visitor = HtmlVisitor()
        visitor.get(f"{one}/start")
        assert visitor.get(f"{other}/form").text.endswith("None")


def test_a_page_is_read_as_a_person_reads_it() -> None:
    page = Page(url="http://x/", status=200, html=PAGE)
    assert page.form(going_to="/send").radios == {"goal-1": ["1", "2"]}
    assert page.checked == {"goal-1": "2"}
    assert page.link(going_to="/handover/") == "http://x/handover/x"
    assert "not text" not in page.text


def test_what_a_page_does_not_have_is_named() -> None:
    page = Page(url="http://x/y", status=200, html=PAGE)
    with pytest.raises(LookupError, match="/y has no form that goes to '/elsewhere'"):
        page.form(going_to="/elsewhere")


def test_notices_and_the_heading_are_read_apart_from_the_rest() -> None:
    html = """<h1>What <b>changed</b></h1><h1>Second</h1><div><p>before</p></div>
    <div class="big notice"><div><p><strong>This page is incomplete.</strong> One read</p></div> failed.
    <a href="/again">Try again</a></div>
    <p>between</p><div class="notice waiting"><p>The patient rated.</p></div><div class="notices">none</div>
    <div class="notice">Second one</div></div>after"""
    page = Page(url="http://x/", status=200, html=html)
    assert page.heading == "What changed"
    assert page.notices == ["This page is incomplete. One read failed. Try again", "Second one"]
    assert Page(url="http://x/", status=200, html="<p>plain</p>").heading == ""
