"""What goes with the focus line at every stop, of one read: the same as the page of that day has, byte for byte."""

from datetime import date

import pytest
from bs4 import BeautifulSoup, Tag

from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.read_mark import read_mark
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.languages.pseudo_language import RIGHT_TO_LEFT, PseudoLanguage
from smart_app.web.rendering.templates import environment
from smart_app.web.views.dashboard.focus_stops import stops_view
from tests.web.states_history import STATES
from tests.web.support_history import CONTEXT, NOW, URLS
from tests.web.support_page import dashboard_html

# What of a page goes with the line, in its order; and the links that lead on from there.
MOVING = "main :is(.latest, .cells, .compact summary > span:first-child)"
LINKS = ".ranges a, #focus a"
# Of twelve years' stops every sixth: to read a page takes its time.
MANY, FEW = 12, 6
LANGUAGES = {"english": ENGLISH_PAGE, "right-to-left": PseudoLanguage(code=RIGHT_TO_LEFT)}


def stops_of(shown: History, language: PageLanguage) -> list[Tag]:
    view = stops_view(shown, page=URLS.page, signed_in=CONTEXT.user.reference, now=NOW, language=language)
    page = BeautifulSoup(environment(language).get_template("pages/stops.html").render(view=view), "html.parser")
    assert page.main
    assert page.main["data-read"] == read_mark(shown)
    return page.select("section")


def page_of(shown: History, language: PageLanguage, day: str = "") -> BeautifulSoup:
    html = dashboard_html(shown, focus=date.fromisoformat(day) if day else None, language=language)
    return BeautifulSoup(html, "html.parser")


def hrefs(links: list[Tag]) -> list[object]:
    return [link.get("href") for link in links]


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=list(LANGUAGES))
@pytest.mark.parametrize("name", STATES)
def test_every_stop_is_what_the_page_of_its_day_has(name: str, language: PageLanguage) -> None:
    shown = STATES[name]()
    usual = page_of(shown, language)
    unmoved, stepper = usual.select(MOVING), usual.select_one("#focus")
    stops = stops_of(shown, language)
    assert [stop["data-day"] for stop in stops] == (
        [one.partition(",")[2] for one in str(stepper["data-stops"]).split()] if stepper else []
    )
    for stop in stops[:: FEW if len(stops) > MANY else 1]:
        page = page_of(shown, language, str(stop["data-day"]))
        links, *told = stop.find_all(recursive=False)
        cells = page.select(MOVING)
        still = [cell for cell, own in zip(cells, told, strict=True) if own.name == "hr"]
        # What the line leaves as it is, it does leave.
        assert all(cell in unmoved for cell in still)
        moved = [(cell, own) for cell, own in zip(cells, told, strict=True) if own.name != "hr"]
        assert [own.decode_contents() for _, own in moved] == [cell.decode_contents() for cell, _ in moved]
        assert hrefs(links.find_all("a")) == hrefs(page.select(LINKS))
        assert stop["data-said"] == page.select_one("#focus output").get_text()  # type: ignore[union-attr]


def test_without_a_stop_there_is_nothing_to_tell() -> None:
    assert stops_of(STATES["new"](), ENGLISH_PAGE) == []
