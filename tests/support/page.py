"""A page as a browser would read it: parsed strictly and checked for what every page of Rapport promises."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import html5lib
from bs4 import BeautifulSoup


def nonce_of(headers: Mapping[str, str]) -> str:
    """What a page's own styles and scripts say, and nothing put into it can know."""
    (found,) = set(re.findall(r"'nonce-([^']*)'", headers["Content-Security-Policy"]))
    return str(found)


# As templates write it, not as somebody may type it into a form: `{{7*7}}`.
_UNRENDERED = re.compile(r"\{\{[ -]|\{%")
_INLINE = re.compile(r"\s(?:on[a-z]+|style)=", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer. `soup` for looking things up, `text` as read."""

    status: int
    html: str
    headers: dict[str, str]
    soup: BeautifulSoup

    @property
    def text(self) -> str:
        return " ".join(self.soup.get_text(" ").split())

    @property
    def title(self) -> str:
        return self.soup.title.get_text() if self.soup.title else ""

    def links(self) -> list[str]:
        return [str(a["href"]) for a in self.soup.select("a[href]")]

    def form(self, going_to: str) -> dict[str, str]:
        """The hidden fields of the form whose action contains `going_to`."""
        form = next(form for form in self.soup.select("form[method=post]") if going_to in str(form["action"]))
        return {str(field["name"]): str(field["value"]) for field in form.select("input[type=hidden]")}

    def goes(self, going_to: str) -> bool:
        """Whether there is a form whose action contains that."""
        return any(going_to in str(form["action"]) for form in self.soup.select("form[method=post]"))

    def action(self, going_to: str) -> str:
        return next(str(form["action"]) for form in self.soup.select("form[method=post]") if going_to in str(form["action"]))

    def checked(self) -> dict[str, str]:
        return {str(field["name"]): str(field["value"]) for field in self.soup.select("input[checked]")}


def read(response: Any) -> Page:
    """The page of a Flask test response, checked."""
    html = response.get_data(as_text=True)
    html5lib.HTMLParser(strict=True).parse(html)
    page = Page(status=response.status_code, html=html, headers=dict(response.headers), soup=BeautifulSoup(html, "html.parser"))
    _check_markup(page)
    _check_headers(page)
    return page


def _check_markup(page: Page) -> None:
    # All in one go: a selector for each takes as long as the page.
    tags = page.soup.find_all(True)
    ids = [str(tag["id"]) for tag in tags if tag.has_attr("id")]
    assert len(ids) == len(set(ids)), f"repeated ids: {sorted(one for one in ids if ids.count(one) > 1)}"
    assert len([tag for tag in tags if tag.name == "h1"]) == 1
    assert any(tag.name == "html" and tag.has_attr("lang") for tag in tags)
    assert not _UNRENDERED.search(page.html)
    assert not _INLINE.search(re.sub(r">[^<]*<", "><", page.html))
    ours = [tag for tag in tags if tag.name in {"script", "style"} or (tag.name == "link" and "stylesheet" in (tag.get("rel") or ()))]
    assert {str(one.get("nonce")) for one in ours} == {nonce_of(page.headers)}
    labelled = {str(tag["for"]) for tag in tags if tag.name == "label" and tag.has_attr("for")}
    shown = [tag for tag in tags if tag.name == "input" and str(tag.get("type", "")).lower() != "hidden"]
    assert all(str(field.get("id", "")) in labelled or field.find_parent("label") is not None for field in shown)
    links = [str(tag["href"]) for tag in tags if tag.name == "a" and tag.has_attr("href")]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)


def _check_headers(page: Page) -> None:
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
