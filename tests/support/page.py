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
    ids = [str(tag["id"]) for tag in page.soup.select("[id]")]
    assert len(ids) == len(set(ids)), f"repeated ids: {sorted(one for one in ids if ids.count(one) > 1)}"
    assert len(page.soup.select("h1")) == 1
    assert page.soup.select_one("html[lang]")
    assert not _UNRENDERED.search(page.html)
    assert not _INLINE.search(re.sub(r">[^<]*<", "><", page.html))
    ours = page.soup.select("script, style, link[rel=stylesheet]")
    assert {str(one.get("nonce")) for one in ours} == {nonce_of(page.headers)}
    assert all(_labelled(field, page.soup) for field in page.soup.select("input:not([type=hidden])"))
    assert all(str(link["href"])[1:] in ids for link in page.soup.select("a[href^='#']"))


def _labelled(field: Any, soup: BeautifulSoup) -> bool:
    return field.find_parent("label") is not None or bool(field.get("id") and soup.select_one(f"label[for='{field['id']}']"))


def _check_headers(page: Page) -> None:
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
