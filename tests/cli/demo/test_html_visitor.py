import pytest
from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from smart_app.cli.demo.html_visitor import HtmlVisitor, Page, PageForm
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

    @site.get("/round")
    def around() -> Response:
        return redirect("/round?again=1", 302)

    @site.post("/moved")
    def moved() -> Response:
        answer = redirect("/heard", 307)
        answer.headers.add("Set-Cookie", "two=v2; Path=/; Max-Age=60")
        answer.headers.add("Set-Cookie", "gone=v3; Path=/")
        return answer

    @site.get("/heard")
    def heard() -> Response:
        answer = Response(f"{request.method} {sorted(request.cookies.items())} {request.headers.get('Origin')}", content_type="text/html")
        answer.headers.add("Set-Cookie", "gone=; Path=/; Max-Age=0")
        answer.status_code = 203
        return answer

    @site.post("/said")
    def spoken() -> str:
        names = ("Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Cookie", "Content-Type")
        return "|".join(str(request.headers.get(name)) for name in names)

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


FIELDS = """<input type="hidden" name="early" value="0"><form action="/a" method="POST">
<input name="free" value="x"><input type="hidden" name="key"><input type="hidden" value="nameless">
<input type="checkbox" name="meant" value="yes" required><input type="checkbox" name="other" value="no">
<input type="checkbox" value="b" required>
<input type="radio" name="one" value="1" checked><input type="radio" name="one" value="2"><input type="radio" name="two">
<input type="radio" value="3"></form><form><input type="hidden" name="second" value="s"></form>"""


def test_fields_of_a_form_are_read_by_their_kind() -> None:
    page = Page(url="http://x/here", status=200, html=FIELDS)
    first, second = page.forms
    assert (first.action, first.method, second.action, second.method) == ("/a", "post", "", "get")
    assert first.hidden == {"key": "", "": "nameless"}
    assert second.hidden == {"second": "s"}
    assert first.boxes == {"meant": "yes", "": "b"}
    assert first.radios == {"one": ["1", "2"], "two": [""], "": ["3"]}
    assert page.checked == {"one": "1"}


def test_link_or_form_is_named_with_the_path_of_its_page_and_found_by_a_part_of_its_address() -> None:
    page = Page(
        url="http://x/here/", status=200, html='<a>none</a><a href="one?a=1">one</a><a href="/two">two</a><form action="on"></form>'
    )
    assert page.links == [("one", "one?a=1"), ("two", "/two")]
    assert page.link(going_to="two") == "http://x/two"
    assert page.link(going_to="one") == "http://x/here/one?a=1"
    assert page.form(going_to="/here/on").action == "on"
    with pytest.raises(LookupError) as wrong:
        page.link(going_to="/three")
    assert wrong.value.args == ("the page at /here/ has no link that goes to '/three'",)
    with pytest.raises(LookupError) as wrong:
        page.form(going_to="/two")
    assert wrong.value.args == ("the page at /here/ has no form that goes to '/two'",)


def test_text_of_scripts_and_styles_is_no_text_and_frames_are_named() -> None:
    page = Page(url="http://x/", status=200, html='<style>a</style><p>one  two</p><iframe src="/f"></iframe><iframe></iframe> three')
    assert page.text == "one two three"
    assert page.frames == ["/f", ""]


def test_cells_are_read_by_row_and_region_without_their_end_tags() -> None:
    html = """<div role="region" aria-label="A"><table><tr><th>h<td>1 <b>2</b><tr><td>3</table></div><p>x</p>
    <div aria-label="B"><table><td>lost<tr><td></td>between<td>4</td></tr></table>after</div>"""
    first, second = Page(url="http://x/", status=200, html=html).tables
    assert (first.label, first.rows) == ("A", [["h", "1 2"], ["3"]])
    assert (second.label, second.rows) == ("", [["", "4"]])


def test_going_round_in_circles_ends_with_where() -> None:
    with serving(app()) as base, pytest.raises(LookupError) as wrong:
        HtmlVisitor().get(f"{base}/round")
    assert wrong.value.args == ("more than 10 redirects, the last to /round",)


def test_cookies_are_kept_and_dropped_as_the_server_says_and_a_redirected_form_is_a_get() -> None:
    with serving(app()) as base:
        visitor = HtmlVisitor()
        start = visitor.get(f"{base}/form")
        heard = visitor.send(start, PageForm(action="/moved", method="post", hidden={"a": "1"}), {})
        again = visitor.get(f"{base}/heard")
        visitor.close()
    assert (heard.url, heard.status) == (f"{base}/heard", 203)
    assert heard.html == "GET [('gone', 'v3'), ('two', 'v2')] None"
    assert again.html == "GET [('two', 'v2')] None"


def test_a_form_without_an_address_goes_to_its_page_with_what_a_browser_sends() -> None:
    with serving(app()) as base:
        visitor = HtmlVisitor()
        page = Page(url=f"{base}/said", status=200, html="")
        bare = visitor.send(page, PageForm(action="", method="post"), {})
        visitor.send(page, PageForm(action="/moved", method="post"), {})
        full = visitor.send(page, PageForm(action="", method="post"), {"a": "1"})
    assert bare.html == f"{base}|same-origin|navigate|None|None"
    assert full.html == f"{base}|same-origin|navigate|two=v2|application/x-www-form-urlencoded"


def test_what_follows_a_link_a_head_cell_or_a_nested_script_is_none_of_it() -> None:
    html = '<a href="/one">one</a> more<table><tr><th>h</th>lost<td>c</tr>lost too</table><style>a<script>b</script></style> end'
    page = Page(url="http://x/", status=200, html=html)
    assert page.links == [("one", "/one")]
    assert page.tables[0].rows == [["h", "c"]]
    assert page.text == "one more h lost c lost too end"


def test_an_attribute_without_a_value_is_there_and_empty() -> None:
    html = '<a href>here</a><form action method><input type="hidden" name="key" value><input type=checkbox name="meant" required></form>'
    page = Page(url="http://x/here", status=200, html=html)
    assert page.links == [("here", "")]
    (form,) = page.forms
    assert (form.action, form.method, form.hidden, form.boxes) == ("", "get", {"key": ""}, {"meant": ""})


def test_no_proxy_of_the_environment_stands_between(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(app()) as base:
        assert HtmlVisitor().get(f"{base}/heard").status == 203


def test_what_stands_before_any_region_or_link_is_in_none() -> None:
    page = Page(url="http://x/", status=200, html='before<table><tr><td>1</td></tr></table><a href="/x">x</a>')
    assert ([table.label for table in page.tables], page.links) == ([""], [("x", "/x")])
