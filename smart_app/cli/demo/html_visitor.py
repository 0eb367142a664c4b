"""A browser without a screen: follows redirects, keeps cookies per origin, reads forms. For `rapport demo --check`."""

from collections import defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urljoin, urlsplit

import requests

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 10
_TIMEOUT = 60


@dataclass
class PageForm:
    """One form of a page: where it goes, its hidden fields, the values each radio group offers, and the boxes that have to be ticked."""

    action: str
    method: str
    hidden: dict[str, str] = field(default_factory=dict)
    radios: dict[str, list[str]] = field(default_factory=dict)
    boxes: dict[str, str] = field(default_factory=dict)


@dataclass
class PageTable:
    """One table of a page: the label of the region it stands in ("" without), and its rows of cells, the head's among them."""

    label: str
    rows: list[list[str]] = field(default_factory=list)


class _PageReader(HTMLParser):
    """Collects forms, links, frames, tables, notices, the heading and text of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.links: list[tuple[str, str]] = []
        self.frames: list[str] = []
        self.checked: dict[str, str] = {}
        self.words: list[str] = []
        self.tables: list[PageTable] = []
        self.notices: list[str] = []
        self.heading = ""
        self._in_heading = False
        self._in_notice = 0
        self._region = ""
        self._in_cell = False
        self._href: str | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = defaultdict(str, {name: value or "" for name, value in attrs})
        self._in_heading = self._in_heading or (tag == "h1" and not self.heading)
        if tag == "div":
            self._notice(given["class"].split())
        if tag == "form":
            self.forms.append(PageForm(action=given["action"], method=(given["method"] or "get").lower()))
        elif tag == "input" and self.forms:
            self._field(given)
        elif tag == "a":
            self._href = given.get("href")
        elif tag == "iframe":
            self.frames.append(given["src"])
        elif tag in {"div", "table", "tr", "td", "th"}:
            self._table(tag, given)
        elif tag in {"script", "style"}:
            self._silent += 1

    def _notice(self, classes: list[str]) -> None:
        """A division begins: a notice, one within it, or neither. What waits for a rating is a matter of its own."""
        begins = not self._in_notice and "notice" in classes and "waiting" not in classes
        if begins:
            self.notices.append("")
        self._in_notice += begins or bool(self._in_notice)

    def _table(self, tag: str, given: defaultdict[str, str]) -> None:
        """A region, or a table, row or cell begins."""
        if tag == "div":
            self._region = given["aria-label"] if given["role"] == "region" else self._region
        elif tag == "table":
            self.tables.append(PageTable(label=self._region))
            self._region = ""
        elif self.tables and tag == "tr":
            self.tables[-1].rows.append([])
        elif self.tables and self.tables[-1].rows:
            self.tables[-1].rows[-1].append("")
        # An end tag of a cell may be left out; what follows the table is in none.
        self._in_cell = tag in {"td", "th"} and bool(self.tables and self.tables[-1].rows)

    def _field(self, given: defaultdict[str, str]) -> None:
        """Remember one input of the form being read."""
        kind, name, value = given["type"], given["name"], given["value"]
        if kind == "hidden":
            self.forms[-1].hidden[name] = value
        elif kind == "checkbox" and "required" in given:
            self.forms[-1].boxes[name] = value
        elif kind == "radio":
            self.forms[-1].radios.setdefault(name, []).append(value)
            if "checked" in given:
                self.checked[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = None
        elif tag == "h1":
            self._in_heading = False
        elif tag == "div":
            self._in_notice -= bool(self._in_notice)
        elif tag in {"td", "th", "tr", "table"}:
            self._in_cell = False
        elif tag in {"script", "style"}:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if self._silent or not text:
            return
        self.words.append(text)
        if self._in_heading:
            self.heading = f"{self.heading} {text}".strip()
        if self._in_notice:
            self.notices[-1] = f"{self.notices[-1]} {text}".strip()
        if self._in_cell:
            row = self.tables[-1].rows[-1]
            row[-1] = f"{row[-1]} {text}".strip()
        if self._href is not None:
            self.links.append((text, self._href))


@dataclass
class Page:
    """An answer as a person would meet it."""

    url: str
    status: int
    html: str

    def __post_init__(self) -> None:
        """Read the page once."""
        reader = _PageReader()
        reader.feed(self.html)
        self.forms, self.links, self.frames = reader.forms, reader.links, reader.frames
        self.checked, self.tables = reader.checked, reader.tables
        self.notices, self.heading = reader.notices, reader.heading
        self.text = " ".join(reader.words)

    def form(self, *, going_to: str) -> PageForm:
        """The form whose action contains `going_to`. LookupError when the page has none."""
        for form in self.forms:
            if going_to in urljoin(self.url, form.action):
                return form
        raise LookupError(f"the page at {urlsplit(self.url).path} has no form that goes to {going_to!r}")

    def link(self, *, going_to: str) -> str:
        """The address of the first link that contains `going_to`. LookupError when there is none."""
        for _, href in self.links:
            if going_to in href:
                return urljoin(self.url, href)
        raise LookupError(f"the page at {urlsplit(self.url).path} has no link that goes to {going_to!r}")


class HtmlVisitor:
    """Visits pages, one origin's cookies kept apart from another's, Secure ones too (loopback counts as secure in browsers)."""

    def __init__(self) -> None:
        self._http = requests.Session()
        self._http.trust_env = False
        self._cookies: dict[str, dict[str, str]] = {}

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, url: str) -> Page:
        """Open an address and follow where it leads."""
        return self._visit("GET", url, {})

    def send(self, page: Page, form: PageForm, answers: dict[str, str]) -> Page:
        """Send a form of a page, its hidden fields included."""
        return self._visit("POST", urljoin(page.url, form.action or page.url), {**form.hidden, **answers})

    def _visit(self, method: str, url: str, fields: dict[str, str]) -> Page:
        """One request and its redirects, at most ten."""
        for _ in range(_MOST_REDIRECTS):
            answer = self._request(method, url, fields)
            if answer.status_code not in _REDIRECTS:
                return Page(url=url, status=answer.status_code, html=answer.text)
            method, fields, url = "GET", {}, urljoin(url, answer.headers["Location"])
        raise LookupError(f"more than {_MOST_REDIRECTS} redirects, the last to {urlsplit(url).path}")

    def _request(self, method: str, url: str, fields: dict[str, str]) -> requests.Response:
        """One request with the origin's cookies, as a browser makes it."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        jar = self._cookies.setdefault(origin, {})
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
        if method == "POST":
            headers |= {"Origin": origin, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
        answer = self._http.request(method, url, data=fields, headers=headers, allow_redirects=False, timeout=_TIMEOUT)
        for line in answer.raw.headers.getlist("Set-Cookie"):
            self._keep(jar, line)
        self._http.cookies.clear()
        return answer

    @staticmethod
    def _keep(jar: dict[str, str], line: str) -> None:
        """Take one Set-Cookie line over; Max-Age=0 removes."""
        # http.cookies of Python 3.11 does not know Partitioned, and drops the whole line over it.
        known = ";".join(part for part in line.split(";") if part.strip().lower() != "partitioned")
        for name, morsel in SimpleCookie(known).items():
            if morsel["max-age"] == "0":
                jar.pop(name, None)
            else:
                jar[name] = morsel.value
