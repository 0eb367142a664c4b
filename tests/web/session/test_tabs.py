"""What an open page's script is told, and how it keeps its launch in use."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import Clock
from tests.support.page import read
from tests.web.clinic import OWN, SITE, SLUG, Clinic


def told(rapport: Clinic, path: str) -> dict[str, Any]:
    """The data of the page's session script."""
    script = rapport.get(path).soup.select_one("script[data-launch]")
    assert script is not None
    return {name.removeprefix("data-"): value for name, value in script.attrs.items() if name.startswith("data-")}


def stay(rapport: Clinic, chart: str, **headers: str) -> Any:
    data = told(rapport, chart)
    return rapport.client.post(data["stay"], data={"csrf": data["csrf"]}, base_url=SITE, headers={**OWN, **headers})


# SMART 6.3.7
def test_pages_of_one_launch_agree_and_another_patients_differ(rapport: Clinic) -> None:
    chart, same, other = rapport.launch(), rapport.launch(), rapport.launch(patient="pat-2")
    page, form = told(rapport, chart), told(rapport, f"{chart}check/{SLUG}/clinician")
    assert (page["launch"], page["patient"]) == (form["launch"], form["patient"])
    lent = told(rapport, rapport.lent(chart).page)
    rapport.take_back(chart)
    assert (lent["launch"], lent["patient"]) == (page["launch"], page["patient"])
    assert told(rapport, same)["patient"] == page["patient"]
    assert told(rapport, same)["launch"] != page["launch"]
    assert told(rapport, other)["patient"] != page["patient"]


# SMART 6.3.7
def test_what_tabs_tell_each_other_names_nobody_and_opens_nothing(rapport: Clinic) -> None:
    chart = rapport.launch()
    data = told(rapport, chart)
    assert "pat-1" not in data["patient"]
    assert data["launch"] not in chart
    assert rapport.get(f"/l/{data['launch']}/").status == 403


# SMART J8
@pytest.mark.parametrize(
    ("page", "idle"), [("", "1740"), (f"handover/{SLUG}", "1740"), ("on loan", "720"), (f"check/{SLUG}/clinician", "1740")]
)
def test_every_page_of_a_launch_knows_when_it_ends(rapport: Clinic, clock: Clock, page: str, idle: str) -> None:
    """In a patient's hands a page is asked about after ten minutes already, and closed two later."""
    chart = rapport.launch()
    clock.forward(minutes=10)
    data = told(rapport, rapport.lent(chart).page if page == "on loan" else f"{chart}{page}")
    assert (data["idle"], data["left"]) == (idle, "28200")


# SMART J8
def test_a_page_that_asks_to_stay_keeps_the_launch_open(rapport: Clinic, clock: Clock) -> None:
    chart = rapport.launch()
    for _ in range(3):
        clock.forward(minutes=25)
        assert stay(rapport, chart).status_code == 204
    assert rapport.get(chart).status == 200


def test_only_our_own_page_may_ask(rapport: Clinic) -> None:
    chart = rapport.launch()
    assert stay(rapport, chart, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert rapport.client.post(f"{chart}stay", base_url=SITE, headers=OWN).status_code == 403


# SMART 6.3.7
def test_the_page_that_closes_a_launch_tells_its_other_tabs(rapport: Clinic) -> None:
    chart = rapport.launch()
    data = told(rapport, chart)
    page = read(rapport.client.post(f"{chart}end", data=rapport.get(chart).form("/end"), base_url=SITE, headers=OWN))
    script = page.soup.select_one("script[data-ended]")
    assert script is not None
    assert script["data-ended"] == data["launch"]


def test_a_page_outside_of_launches_has_no_script(rapport: Clinic) -> None:
    assert rapport.get("/l/never-given/").soup.select("script") == []


def test_the_script_stays_small() -> None:
    script = Path(__file__).parents[3] / "smart_app" / "web" / "static" / "session.js"
    assert script.stat().st_size <= 5_000
