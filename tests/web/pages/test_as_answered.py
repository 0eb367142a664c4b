"""A rating as it was answered, as a clinician opens it from the history: by what they may see and no more."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import responses

import smart_app.app
from fhir_mappings.instruments.instrument import Scope
from fhir_mappings.instruments.library import load_library
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page
from tests.support.questionnaires import CANARY, with_wording
from tests.web.clinic import ITEMS, SLUG, Clinic, clinic
from tests.web.pages.test_options import rated
from tests.web.pages.test_questionnaires import LONG, sent
from tests.web.pages.test_reveal import NOOR, REASON, SOFIA, TOMAS, opens, shows

BEFORE = dict.fromkeys(ITEMS, "4") | {"difficult": "no"}
NOW = BEFORE | {"goal-2": "3", "task-1": "2", "bond-3": "5", "difficult": "yes"}
NONE_HERE = "There is no rating here that you may see."


def twice(rapport: Clinic, clock: Clock, *, blind: bool = False) -> str:
    """The chart after two visits; of the second the patient's rating waits where the clinician is `blind` to it."""
    rapport.server.token["encounter"] = "visit-1"
    rated(rapport, BEFORE)
    clock.forward(days=91)
    rapport.server.token["encounter"] = "visit-2"
    return rated(rapport, NOW, blind=blind)


def addresses(page: Page) -> list[str]:
    """Where the rows of the table of ratings lead, the newest first."""
    return [str(one["href"]) for one in page.soup.select("table.scores tbody th a")]


def opened(rapport: Clinic, chart: str, row: int = 0) -> Page:
    return rapport.get(addresses(rapport.get(chart))[row])


def groups(page: Page) -> list[str]:
    return [one.get_text() for one in page.soup.select(".answered .group")]


def rows(page: Page) -> list[list[str]]:
    found = page.soup.select(".answered tbody tr:not(.group)")
    return [[" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")] for row in found]


class TestFromTheHistory:
    def test_every_row_opens_the_patients_rating_with_what_changed_first(self, rapport: Clinic, clock: Clock) -> None:
        chart = twice(rapport, clock)
        page = rapport.get(chart)
        assert len(addresses(page)) == len(page.soup.select("table.scores tbody tr")) == 2
        assert "A date opens the rating as it was answered." in page.text
        found = opened(rapport, chart)
        assert (found.status, found.title) == (200, "A rating as answered – Rapport")
        assert groups(found) == ["Asked beside the items, never scored", "Changed: 3 of 9", "The same: 6 of 9"]
        said = rows(found)
        assert said[0][:1] == ["+ Was anything difficult between you and Sofia Lindqvist today?"]
        assert said[0][2:4] == ["No", "Yes"]
        assert [(row[0].split()[0], row[1], *row[2:4], row[-1]) for row in said[1:4]] == [
            ("2", "goal", "Mostly", "Partly", "1 step lower"),
            ("4", "task", "Mostly", "A little", "2 steps lower"),
            ("9", "bond", "Mostly", "Completely", "1 step higher"),
        ]
        assert {row[-1] for row in said[4:]} == {"the same"}
        assert "9 of 9 items answered" in found.text
        assert "entered by Ingrid Halvorsen" in found.text
        assert "not validated" in found.text

    def test_both_answers_are_marked_on_the_options_and_one_mark_stands_where_they_are_the_same(
        self, rapport: Clinic, clock: Clock
    ) -> None:
        found = opened(rapport, twice(rapport, clock))
        strips = found.soup.select(".answered .strip")
        marks = [[(str(one["class"][0]), str(one["cx"])) for one in strip.select("circle")] for strip in strips]
        assert marks[0] == [("before", "95"), ("now", "66")]
        assert marks[-1] == [("now", "95")]
        assert {str(one["aria-hidden"]) for one in strips} == {"true"}
        assert "Not at all ··· Completely" in found.text

    def test_scores_stand_beside_those_before(self, rapport: Clinic, clock: Clock) -> None:
        found = opened(rapport, twice(rapport, clock))
        cells = [[cell.get_text() for cell in row.select("th, td")] for row in found.soup.select(".scored tbody tr")]
        assert cells == [["Total", "4.00", "3.78"], ["Goal", "4.00", "3.67"], ["Task", "4.00", "3.33"], ["Bond", "4.00", "4.33"]]

    def test_it_leads_to_the_rating_before_and_to_what_the_clinician_said_of_the_visit(self, rapport: Clinic, clock: Clock) -> None:
        found = opened(rapport, twice(rapport, clock))
        links = {one.get_text(): str(one["href"]) for one in found.soup.select(".end a")}
        [before] = [to for words, to in links.items() if words.startswith("The rating before, ")]
        first = rapport.get(before)
        assert "It is the first of those that you may see" in first.text
        assert groups(first) == ["Asked beside the items, never scored", "9 items"]
        own = rapport.get(links["The same visit, rated by the clinician"])
        assert [one.get_text()[:15] for one in own.soup.select("h1")] == ["Your rating of "]
        assert "between you and Ingrid Halvorsen" in own.text

    def test_each_informants_rating_of_every_row_is_reached(self, rapport: Clinic, clock: Clock) -> None:
        chart = twice(rapport, clock)
        for row in (0, 1):
            found = opened(rapport, chart, row)
            own = {one.get_text(): str(one["href"]) for one in found.soup.select(".end a")}["The same visit, rated by the clinician"]
            assert "Your rating of " in rapport.get(own).soup.select("h1")[0].get_text()

    def test_whoever_may_write_begins_from_it_what_the_history_offers(self, rapport: Clinic, clock: Clock) -> None:
        chart = twice(rapport, clock)
        offered = [(one.get_text(), one["href"]) for one in rapport.get(chart).soup.select(".actions a.button")]
        buttons = [(one.get_text(), one["href"]) for one in opened(rapport, chart).soup.select(".buttons a")]
        assert [words for words, _ in buttons] == ["Copy for the note", "Hand over again", "Rate it again", "Print one page"]
        assert set(buttons[1:3]) <= set(offered)
        assert [rapport.get(str(to)).status for _, to in buttons] == [200] * 4

    def test_who_opens_it_is_recorded_and_nothing_of_it_is_logged(
        self, rapport: Clinic, clock: Clock, capsys: pytest.CaptureFixture[str]
    ) -> None:
        opened(rapport, twice(rapport, clock))
        assert "rating_read" in [entry.event for entry in rapport.services.store.audit.entries()]
        said = capsys.readouterr()
        assert not [word for word in ("pat-1", "Halvorsen", "difficult", "dr-1") if word in said.out + said.err]


class TestTheAddress:
    def test_says_nothing_of_the_rating_or_of_anybody(self, rapport: Clinic, clock: Clock) -> None:
        chart = twice(rapport, clock)
        found = addresses(rapport.get(chart))
        assert all(re.fullmatch(f"{re.escape(chart)}rating/[0-9a-f]{{16}}", one) for one in found)
        assert len(set(found)) == 2
        ids = [one["id"] for one in rapport.ehr.of_type("QuestionnaireResponse")]
        assert not [one for one in found for identity in ids if identity in one]

    def test_is_another_one_in_another_launch(self, rapport: Clinic, clock: Clock) -> None:
        chart = twice(rapport, clock)
        first = [one.rpartition("/")[2] for one in addresses(rapport.get(chart))]
        other = opens(rapport, SOFIA)
        assert not set(first) & {one.rpartition("/")[2] for one in addresses(rapport.get(other))}
        page = rapport.get(f"{other}rating/{first[0]}")
        assert (page.status, NONE_HERE in page.text) == (403, True)

    @pytest.mark.parametrize("key", ["0" * 16, "nothing", "%00", "../why", "<b>"])
    def test_that_is_nobodys_says_so(self, rapport: Clinic, key: str) -> None:
        page = rapport.get(f"{rated(rapport, BEFORE)}rating/{key}")
        assert page.status in {403, 404}
        assert not rows(page)

    def test_is_no_patients_and_no_other_browsers(self, rapport: Clinic, clock: Clock) -> None:
        [address, _] = addresses(rapport.get(twice(rapport, clock)))
        assert rapport.get(address, rapport.browser()).status == 403
        home = opens(rapport, {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "pat"})
        page = rapport.get(f"{home.partition('own/')[0]}rating/{address.rpartition('/')[2]}")
        assert (page.status, rows(page)) == (403, [])

    def test_of_a_chart_that_cannot_be_read_whole_says_that(self, rapport: Clinic, clock: Clock) -> None:
        [address, _] = addresses(rapport.get(twice(rapport, clock)))
        rapport.ehr.faults.append(lambda _method, path: (500, {}, "") if path in {"QuestionnaireResponse", "Observation"} else None)
        page = rapport.get(address)
        assert (page.status, NONE_HERE in page.text) == (403, False)
        assert "Not all ratings could be read, and this one is not among those that were." in page.text


class TestBlind:
    """Every address of a launch in which a rating waits is held to it in tests/web/blind."""

    def test_what_is_kept_back_has_no_row_and_no_page_until_the_visit_is_rated(self, rapport: Clinic, clock: Clock) -> None:
        chart = twice(rapport, clock, blind=True)
        waiting = addresses(rapport.get(chart))
        assert len(waiting) == 1
        rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
        both = addresses(rapport.get(chart))
        assert both[1:] == waiting
        assert "Changed: 3 of 9" in groups(rapport.get(both[0]))

    def test_its_address_answers_as_one_that_is_nobodys(self, rapport: Clinic, clock: Clock) -> None:
        """Reached by a reveal, and asked for by somebody to whom nothing was revealed."""
        twice(rapport, clock, blind=True)
        colleague = opens(rapport, TOMAS)
        shows(rapport, rapport.get(colleague), **REASON)
        [address, _] = addresses(rapport.get(colleague))
        assert "Changed: 3 of 9" in groups(rapport.get(address))
        own = opens(rapport, SOFIA)
        key = address.rpartition("/")[2]
        kept, nobodys = (rapport.get(f"{own}rating/{one}") for one in (key, "0" * 16))
        assert kept.status == nobodys.status == 403
        assert NONE_HERE in kept.text

    def test_a_colleague_reads_what_is_open_to_everybody(self, rapport: Clinic, clock: Clock) -> None:
        twice(rapport, clock)
        found = opened(rapport, opens(rapport, NOOR))
        assert "Changed: 3 of 9" in groups(found)
        assert "about Sofia Lindqvist" in found.text


class TestWhatIsNotThere:
    def test_a_version_whose_file_is_gone_has_scores_and_no_answers(self, rapport: Clinic, clock: Clock) -> None:
        chart = twice(rapport, clock)
        [form] = [one for one in rapport.ehr.of_type("QuestionnaireResponse") if "difficult" in str(one) and "'yes'" in str(one)]
        rapport.ehr.put(form | {"questionnaire": f"{form['questionnaire'].partition('|')[0]}|0.0.9"})
        found = rapport.get(next(one for one in addresses(rapport.get(chart)) if "0.0.9" in rapport.get(one).text))
        assert rows(found) == []
        assert "This version of the form is not installed any more: its scores are shown, its answers cannot be." in found.text
        assert "The rating before was on another version of the form" in found.text
        assert "3.78" in found.text
        assert "Was anything difficult" not in found.text

    def test_scores_alone_say_that_the_answers_are_not_there(self, rapport: Clinic, clock: Clock) -> None:
        chart = twice(rapport, clock)
        for one in rapport.ehr.of_type("QuestionnaireResponse"):
            del rapport.ehr.resources[f"QuestionnaireResponse/{one['id']}"]
        found = opened(rapport, chart)
        assert "Only its scores are in the record: the answers behind them are not." in found.text
        assert "who entered it is not recorded" in found.text
        assert (rows(found), "3.78" in found.text) == ([], True)

    def test_declined_items_are_said_on_both_days(self, rapport: Clinic, clock: Clock) -> None:
        rapport.server.token["encounter"] = "visit-1"
        rated(rapport, BEFORE)
        clock.forward(days=91)
        rapport.server.token["encounter"] = "visit-2"
        chart = opens(rapport, SOFIA)
        form = rapport.blank(chart) | {name: "4" for name in ITEMS if name != "task-2"} | {"task-2.declined": "yes"}
        assert rapport.send(chart, form).status_code == 303
        assert rapport.send(chart, rapport.filled(chart, "clinician"), "clinician").status_code == 303
        found = opened(rapport, chart)
        [declined] = [row for row in rows(found) if row[0].startswith("5 ")]
        assert (declined[2], declined[3], declined[-1]) == ("Mostly", "declined", "changed")
        assert "8 of 9 items answered" in found.text

    def test_another_authors_hand_is_named_and_a_sheet_is_called_one(self, rapport: Clinic, clock: Clock) -> None:
        chart = twice(rapport, clock)
        for one in rapport.ehr.of_type("QuestionnaireResponse"):
            paper = {
                "url": "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-completionMode",
                "valueCodeableConcept": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode", "code": "WRITTEN"}]
                },
            }
            author = {"author": {"reference": f"{BASE}/Practitioner/dr-1"}}
            rapport.ehr.put(one | author | {"extension": [*one.get("extension", ()), paper]})
        assert "answered on paper, entered by Sofia Lindqvist" in opened(rapport, chart).text


class TestAFormThatIsNotRapports:
    @pytest.fixture
    def unscored(
        self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[[tuple[Scope, ...]], Page]:
        """The page of a rating on the longest form, worded by a site's pack with that leave."""

        def found(scopes: tuple[Scope, ...]) -> Page:
            monkeypatch.setattr(smart_app.app, "load_library", lambda: with_wording(LONG, scopes) if scopes else load_library())
            with clinic(wire, server, clock, folder=tmp_path, instruments=(SLUG, LONG), blind_entry=False) as here:
                chart = here.launch()
                sent(here, chart, LONG, "minus-2")
                heads = here.get(chart).soup.select("table.answers thead a")
                assert len(heads) == 1
                return here.get(str(heads[0]["href"]))

        return found

    @pytest.mark.parametrize("scopes", [(), ("store",)])
    def test_opens_from_the_head_of_its_column_with_the_numbers_of_its_items_alone(
        self, unscored: Callable[[tuple[Scope, ...]], Page], scopes: tuple[Scope, ...]
    ) -> None:
        found = unscored(scopes)
        said = rows(found)
        assert [row[0] for row in said] == [f"Item {number}" for number in range(1, 65)]
        assert {row[1] for row in said} == {"−2"}
        assert "−3 ··· +3" in found.text
        assert "The words of this form may not be shown here." in found.text
        assert CANARY not in found.html
        assert found.soup.select(".scored") == []

    def test_has_its_words_where_they_may_be_shown(self, unscored: Callable[[tuple[Scope, ...]], Page]) -> None:
        found = unscored(("display",))
        assert found.html.count(CANARY) == 64
        assert rows(found)[0][0] == f"1 A sentence with a {CANARY}."
