"""Things people try, as a clinician opens them: two or three, by what they may see, and ticks that are theirs alone."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import responses

from smart_app.care.dashboard import things_to_try
from smart_app.errors import ConfigurationError
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, OWN, SITE, Clinic, clinic
from tests.web.pages.test_reveal import NOOR, SOFIA, TOMAS, opens

LOW_TASK = {name: "2" if name.startswith("task") else "4" for name in ITEMS}
SAME = dict.fromkeys(ITEMS, "4")
TRY = "Things people try"


def rated(rapport: Clinic, answers: dict[str, str], *, blind: bool = False) -> str:
    """The chart of the clinician whom the patient has rated so, and who has rated the visit unless they are `blind` to it."""
    chart = opens(rapport, SOFIA)
    form = rapport.blank(chart) | answers
    assert rapport.send(chart, form).status_code == 303
    if not blind:
        assert rapport.send(chart, rapport.filled(chart, "clinician"), "clinician").status_code == 303
    return chart


def tried(page: Page) -> list[str]:
    return [one.get_text() for one in page.soup.select(".tries li b") if one.find_parent(class_="founded") is None]


def heading(page: Page) -> str:
    found = page.soup.select_one(".tries h2")
    assert found is not None
    return found.get_text()


def keeps(rapport: Clinic, page: Page, *ticked: str, **more: str) -> Page:
    """What comes of keeping these ticks of the page."""
    fields: dict[str, str | list[str]] = {**page.form("/options/ticked"), **more}
    shown = [str(one["value"]) for one in page.soup.select("input[name=shown]")]
    fields |= {"shown": shown, "ticked": list(ticked)}
    answer = rapport.client.post(page.action("/options/ticked"), data=fields, base_url=SITE, headers=OWN)
    return read(rapport.client.get(answer.headers["Location"], base_url=SITE)) if answer.status_code == 303 else read(answer)


def ticks(page: Page) -> list[str]:
    return [str(one["value"]) for one in page.soup.select("input[name=ticked][checked]")]


class TestWhatIsOffered:
    def test_the_history_leads_there_in_small_letters(self, rapport: Clinic) -> None:
        chart = rated(rapport, SAME)
        [link] = [one for one in rapport.get(chart).soup.select("main a") if one.get_text() == TRY]
        assert link.get("class") == ["small"]
        page = rapport.get(str(link["href"]))
        assert page.title == f"{TRY} – Rapport"
        assert "Halvorsen" not in page.title
        assert "A choice, not an instruction" in page.text

    def test_without_an_answer_or_a_low_element_what_goes_with_anything_stands_open(self, rapport: Clinic) -> None:
        page = rapport.get(f"{rated(rapport, SAME)}options")
        assert heading(page) == "Whatever it is about"
        assert len(tried(page)) == 2
        assert "leads anywhere else" in page.text

    def test_a_clearly_lowest_element_opens_and_says_that_this_is_assumed(self, rapport: Clinic) -> None:
        page = rapport.get(f"{rated(rapport, LOW_TASK)}options")
        assert heading(page) == "Steps (task)"
        assert len(tried(page)) == 3
        assert "2.00 below the next. That 0.5 is enough is assumed; no error is known for single elements." in page.text

    @pytest.mark.parametrize("answer", ["yes", "a-little"])
    def test_the_patients_own_answer_comes_first(self, rapport: Clinic, answer: str) -> None:
        page = rapport.get(f"{rated(rapport, LOW_TASK | {'difficult': answer})}options")
        assert heading(page) == "From the patient’s own answer"
        assert "“something was difficult: " in page.text
        assert "Thank them for telling you, and say sorry for how it landed." in tried(page)
        assert len(tried(page)) == 3

    @pytest.mark.parametrize("answer", ["no", "rather-not-say"])
    def test_any_other_answer_is_not_spoken_of(self, rapport: Clinic, answer: str) -> None:
        page = rapport.get(f"{rated(rapport, LOW_TASK | {'difficult': answer})}options")
        assert heading(page) == "Steps (task)"
        assert "difficult" not in page.text.replace("anything was difficult", "")
        assert heading(rapport.get(f"{page_address(page)}?show=answer")) == "Steps (task)"

    @pytest.mark.parametrize(
        ("section", "title", "numbers"),
        [
            ("goal", "Goals (goal)", [2, 2]),
            ("task", "Steps (task)", [3, 3]),
            ("bond", "Working together (bond)", [3, 2]),
            ("withdrawal", "Less is said than before", [3]),
            ("confrontation", "There is anger or reproach", [3]),
            ("hurtful", "Something hurtful was said", [3]),
        ],
    )
    def test_each_section_opens_by_a_link_two_or_three_at_a_time(
        self, rapport: Clinic, section: str, title: str, numbers: list[int]
    ) -> None:
        first = rapport.get(f"{rated(rapport, SAME)}options")
        [address] = [one for one in first.links() if f"show={section}" in one]
        page = rapport.get(address)
        found = [len(tried(page))]
        while len(found) < len(numbers):
            page = rapport.get(next(str(one["href"]) for one in page.soup.select(".more a")))
            found.append(len(tried(page)))
        assert (heading(page), found) == (title, numbers)

    def test_each_option_says_when_how_well_founded_by_what_and_what_to_mind(self, rapport: Clinic) -> None:
        page = rapport.get(f"{rated(rapport, SAME)}options?show=goal&part=2")
        [first] = [one for one in page.soup.select(".tries li") if "Offer two or three real choices" in one.get_text()]
        said = " ".join(first.get_text(" ").split())
        for part in ("a treatment decision is due", "Trial in diabetes", "Karagiannis et al. 2019", "(abstract read)", "say so."):
            assert part in said

    def test_the_guides_are_links_and_said_not_to_be_drawn_on(self, rapport: Clinic) -> None:
        page = rapport.get(f"{rated(rapport, SAME)}options")
        guides = page.soup.select(".guides a")
        assert [str(one["href"]) for one in guides] == ["https://doi.org/10.1155/2016/2830910", "https://doi.org/10.1002/wps.21035"]
        assert {str(one["rel"]) for one in page.soup.select("a[target]")} == {str(["noopener", "noreferrer"])}
        assert "No sentence on this page was taken from them." in page.text

    @pytest.mark.parametrize("query", ["?show=nothing", "?show=task&part=9", "?show=task&part=x", "?part=99999999999", "?show=answer"])
    def test_an_address_that_leads_nowhere_leads_to_what_there_is(self, rapport: Clinic, query: str) -> None:
        page = rapport.get(f"{rated(rapport, SAME)}options{query}")
        assert page.status == 200
        assert tried(page)

    def test_a_colleague_is_led_nowhere_by_what_the_patient_said_of_another(self, rapport: Clinic) -> None:
        rated(rapport, LOW_TASK | {"difficult": "yes"})
        page = rapport.get(f"{opens(rapport, NOOR)}options")
        assert heading(page) == "Whatever it is about"
        assert "“something was difficult" not in page.text

    def test_a_chart_without_a_rating_has_them_too(self, rapport: Clinic) -> None:
        chart = opens(rapport, SOFIA)
        assert TRY in rapport.get(chart).text
        assert heading(rapport.get(f"{chart}options")) == "Whatever it is about"

    def test_it_is_no_patients_page(self, rapport: Clinic) -> None:
        chart = opens(rapport, {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "pat"})
        page = rapport.get(f"{chart.partition('own/')[0]}options")
        assert page.status == 403
        assert TRY not in page.text

    def test_who_opens_it_is_recorded_and_nothing_of_it_is_logged(self, rapport: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
        rapport.get(f"{rated(rapport, LOW_TASK)}options?show=hurtful")
        assert "options_read" in [entry.event for entry in rapport.services.store.audit.entries()]
        said = capsys.readouterr()
        assert not [word for word in ("pat-1", "Halvorsen", "hurtful", "dr-1") if word in said.out + said.err]


def page_address(page: Page) -> str:
    return urlsplit(next(one for one in page.links() if "/options?" in one)).path


class TestTicks:
    def test_stay_for_that_user_and_patient_with_their_day_and_end(self, rapport: Clinic) -> None:
        chart = rated(rapport, SAME)
        page = keeps(rapport, rapport.get(f"{chart}options?show=bond"), "B1", "B3")
        assert (heading(page), ticks(page)) == ("Working together (bond)", ["B1", "B3"])
        note = page.soup.select_one(".aside section")
        assert note is not None
        assert re.search(r"Name one effort .* \d\d-\w{3}-\d{4}.*Kept until \d\d-\w{3}-\d{4}\.", " ".join(note.get_text(" ").split()))
        assert ticks(rapport.get(f"{opens(rapport, SOFIA)}options?show=bond")) == ["B1", "B3"]

    def test_of_another_section_are_left_as_they_are_and_those_shown_can_go(self, rapport: Clinic) -> None:
        chart = rated(rapport, SAME)
        keeps(rapport, rapport.get(f"{chart}options?show=bond"), "B1", "B3")
        keeps(rapport, rapport.get(f"{chart}options?show=task"), "T2")
        page = keeps(rapport, rapport.get(f"{chart}options?show=bond"), "B3")
        assert ticks(page) == ["B3"]
        assert len(page.soup.select(".ticked li")) == 2

    def test_are_shown_to_nobody_else_and_at_no_other_patients(self, rapport: Clinic) -> None:
        keeps(rapport, rapport.get(f"{rated(rapport, SAME)}options?show=bond"), "B1")
        assert "Nothing is ticked." in rapport.get(f"{opens(rapport, TOMAS)}options?show=bond").text
        rapport.server.claims |= SOFIA
        assert "Nothing is ticked." in rapport.get(f"{rapport.launch(patient='pat-2')}options?show=bond").text

    def test_are_written_into_no_record_and_into_no_trail(self, rapport: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
        chart = rated(rapport, SAME)
        before = [*rapport.ehr.posts()]
        keeps(rapport, rapport.get(f"{chart}options?show=hurtful"), "H1")
        assert rapport.ehr.posts() == before
        [entry] = [one for one in rapport.services.store.audit.entries() if one.event == "options_ticked"]
        assert entry.detail == {}
        said = capsys.readouterr()
        assert "H1" not in said.out + said.err

    def test_of_another_patient_without_a_token_or_from_elsewhere_are_refused(self, rapport: Clinic) -> None:
        chart = rated(rapport, SAME)
        page = rapport.get(f"{chart}options?show=bond")
        for wrong in ({"patient": "pat-2"}, {"csrf": ""}, {"csrf": "x"}):
            assert keeps(rapport, page, "B1", **wrong).status == 403
        assert ticks(rapport.get(f"{chart}options?show=bond")) == []

    def test_of_what_is_no_option_or_was_not_shown_are_left_out(self, rapport: Clinic) -> None:
        chart = rated(rapport, SAME)
        page = keeps(rapport, rapport.get(f"{chart}options?show=bond"), "B1", "T1", "<b>", "Z9")
        assert ticks(page) == ["B1"]
        assert len(page.soup.select(".ticked li")) == 1

    def test_are_not_offered_and_not_taken_where_the_sign_in_says_of_nobody_whose(
        self, rapport: Clinic, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        chart = rated(rapport, SAME)
        personal = rapport.get(f"{chart}options?show=bond")
        monkeypatch.setattr(things_to_try, "is_personal", lambda _user: False)
        page = rapport.get(f"{chart}options?show=bond")
        assert tried(page) == tried(personal)
        assert not page.soup.select("input[name=ticked], .aside form, main button")
        refused = keeps(rapport, personal, "B1")
        assert (refused.status, "nothing was kept" in refused.text) == (403, True)


class TestBlind:
    """Until the visit is rated the page is the same whatever the patient answered (tests/web/blind holds every address to it)."""

    @pytest.fixture
    def room(self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
        with clinic(wire, server, clock, folder=tmp_path) as standing:
            yield standing

    def test_once_rated_it_does(self, room: Clinic) -> None:
        chart = rated(room, LOW_TASK | {"difficult": "yes"}, blind=True)
        before = heading(room.get(f"{chart}options"))
        room.send(chart, room.filled(chart, "clinician"), "clinician")
        assert (before, heading(room.get(f"{chart}options"))) == ("Whatever it is about", "From the patient’s own answer")

    def test_a_colleagues_look_opens_it_for_nobody(self, room: Clinic) -> None:
        rated(room, LOW_TASK | {"difficult": "yes"}, blind=True)
        page = room.get(opens(room, TOMAS))
        fields = page.form("/reveal") | {"reason": "cover"}
        room.client.post(page.action("/reveal"), data=fields, base_url=SITE, headers=OWN)
        assert heading(room.get(f"{opens(room, TOMAS)}options")) == "Whatever it is about"
        assert heading(room.get(f"{opens(room, SOFIA)}options")) == "Whatever it is about"


class TestASitesOwn:
    def test_are_offered_in_their_own_language_and_marked_as_such(
        self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
    ) -> None:
        file = tmp_path / "own.toml"
        file.write_text('language = "de"\n[[option]]\nid = "X2"\nsentence = "Darüber <b>reden</b>."\nwhen = "bald"\nbasis = "wir"\n')
        with clinic(wire, server, clock, folder=tmp_path, options=file) as here:
            page = here.get(f"{here.launch()}options")
        [own] = page.soup.select(".tries li[lang=de]")
        assert "Darüber <b>reden</b>." in own.get_text()
        assert next(str(one["lang"]) for one in own.select("[lang]")) == "en"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('[[option]]\nid = "OUR-1"\n', r"own\.toml: option\.OUR-1: is new here, so it needs element"),
            (None, r"own\.toml: \(file\): cannot be read: No such file"),
        ],
    )
    def test_a_file_that_cannot_be_used_stops_the_start_and_says_why(
        self, text: str | None, said: str, *, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
    ) -> None:
        file = tmp_path / "own.toml"
        if text is not None:
            file.write_text(text)
        with pytest.raises(ConfigurationError, match=said) as caught, clinic(wire, server, clock, folder=tmp_path, options=file):
            raise AssertionError("it started")
        assert caught.value.where == "RAPPORT_OPTIONS"
