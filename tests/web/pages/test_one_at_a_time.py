"""One question at a time without a script: buttons of the form keep what was given, send nothing, and lead to the address of a screen."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.page import Page, read
from tests.web.clinic import ITEMS, OWN, SITE, Clinic, Handed

LAST = len(ITEMS) + 2


@pytest.fixture
def chart(rapport: Clinic) -> str:
    return rapport.launch()


@pytest.fixture
def handed(rapport: Clinic, chart: str) -> Handed:
    return rapport.lent(chart)


def turns(rapport: Clinic, page: Page, to: str, **given: str) -> Any:
    form = page.soup.select_one("form.check")
    assert form is not None
    fields = page.form(str(form["action"])) | given | {"question": to}
    return rapport.client.post(str(form["action"]), data=fields, base_url=SITE, headers=OWN)


def turned(rapport: Clinic, page: Page, to: str, **given: str) -> Page:
    answer = turns(rapport, page, to, **given)
    assert answer.status_code == 303
    return rapport.get(answer.headers["Location"])


def shown(page: Page) -> list[str]:
    return [str(one["id"]) for one in page.soup.select("fieldset.now")]


def classes(page: Page) -> list[str]:
    body = page.soup.body
    assert body is not None
    return list(body.get("class") or [])


def test_a_form_is_whole_until_somebody_chooses(rapport: Clinic, handed: Handed) -> None:
    page = rapport.get(handed.page)
    assert (classes(page), shown(page)) == ([], [])
    assert page.form("/answers")["screen"] == ""


def test_a_turn_keeps_what_was_given_and_sends_nothing(rapport: Clinic, handed: Handed) -> None:
    first = turned(rapport, rapport.get(handed.page), "1")
    assert shown(first) == [ITEMS[0]]
    second = turned(rapport, first, "2", **{ITEMS[0]: "4"})
    assert shown(second) == [ITEMS[1]]
    assert second.checked() == {ITEMS[0]: "4"}
    assert rapport.ehr.posts() == []
    assert rapport.get(handed.page).checked() == {ITEMS[0]: "4"}


def test_the_address_of_a_screen_holds_the_forms_key_and_its_number_and_nothing_of_anybody(rapport: Clinic, handed: Handed) -> None:
    location = urlsplit(turns(rapport, rapport.get(handed.page), "3").headers["Location"])
    assert sorted(parse_qs(location.query)) == ["draft", "question"]
    assert location.path == urlsplit(handed.page).path


def test_every_screen_has_every_answer_and_the_way_on(rapport: Clinic, handed: Handed) -> None:
    page = turned(rapport, rapport.get(handed.page), "4", **dict.fromkeys(ITEMS[:3], "2"))
    assert len(page.soup.select("fieldset")) == len(ITEMS) + 1
    assert page.checked() == dict.fromkeys(ITEMS[:3], "2")
    assert [str(page.soup.select_one(f".{name}")["value"]) for name in ("prior", "next")] == ["3", "5"]  # type: ignore[index]
    assert "Question 4 of 9" in str(page.soup.title)


def test_the_last_screen_leads_to_what_is_not_answered(rapport: Clinic, handed: Handed) -> None:
    given = dict.fromkeys(ITEMS, "2")
    del given[ITEMS[4]]
    page = turned(rapport, rapport.get(handed.page), str(LAST), **given)
    assert classes(page) == ["one", "last"]
    assert [(one.get_text(), str(one["value"])) for one in page.soup.select(".open button")] == [("Question 5 of 9", "5")]
    assert page.soup.select_one("#enter[name=question]") is None


def test_enter_turns_on_every_screen_before_it(rapport: Clinic, handed: Handed) -> None:
    for screen in (0, 1, LAST - 1):
        page = turned(rapport, rapport.get(handed.page), str(screen))
        assert str(page.soup.select_one("#enter")["value"]) == str(screen + 1)  # type: ignore[index]
        assert page.html.index('id="enter"') < page.html.index('class="send"')


def test_what_is_wrong_is_told_on_the_last_screen_and_leads_to_the_question(rapport: Clinic, handed: Handed) -> None:
    given = dict.fromkeys(ITEMS, "2")
    del given[ITEMS[2]]
    page = turned(rapport, rapport.get(handed.page), str(LAST), **given)
    answer = read(
        rapport.client.post(f"{handed.start}answers", data=page.form("/answers") | given, base_url=SITE, headers=OWN),
    )
    assert (answer.status, classes(answer)) == (422, ["one", "last"])
    link = next(one for one in answer.links() if one.endswith(f"#{ITEMS[2]}"))
    there = rapport.get(link.partition("#")[0])
    assert shown(there) == [ITEMS[2]]
    assert there.checked() == given
    assert there.soup.select_one(f"input[name='{ITEMS[2]}.declined']")


def test_a_question_asked_alone_may_be_left_out_there_and_then(rapport: Clinic, handed: Handed) -> None:
    page = turned(rapport, turned(rapport, rapport.get(handed.page), "1"), "2", **{f"{ITEMS[0]}.declined": "yes"})
    boxes = {str(one["name"]): one.has_attr("checked") for one in page.soup.select("input[type=checkbox]")}
    assert boxes == {f"{ITEMS[0]}.declined": True, f"{ITEMS[1]}.declined": False}


@pytest.mark.parametrize(
    ("asked", "found"),
    [("all", []), ("0", ["one", "first"]), ("999", ["one", "last"]), ("-1", []), ("²", []), ("9" * 30, []), ("2<", [])],
)
def test_an_address_that_names_no_screen_shows_the_whole_form(rapport: Clinic, handed: Handed, asked: str, found: list[str]) -> None:
    page = turned(rapport, rapport.get(handed.page), asked)
    assert classes(page) == found


def test_a_phone_begins_by_itself_where_the_patient_answers_and_not_where_a_clinician_does(rapport: Clinic, chart: str) -> None:
    own = rapport.form(chart, "clinician").soup.select_one("form.check")
    patients = rapport.form(chart).soup.select_one("form.check")
    assert own is not None
    assert patients is not None
    assert (own["data-start"], patients["data-start"]) == ("", "1")


def test_a_clinicians_own_form_turns_too(rapport: Clinic, chart: str) -> None:
    page = turned(rapport, rapport.form(chart, "clinician"), "1")
    page = turned(rapport, page, "2", **{ITEMS[0]: "4"})
    assert shown(page) == [ITEMS[1]]
    assert page.checked() == {ITEMS[0]: "4"}
