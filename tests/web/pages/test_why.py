"""Why something is said, as a clinician opens it: a page and the same as data, by what they may see and no more."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import responses
import schemathesis
import simplejson
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup

from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page
from tests.web.clinic import ITEMS, SITE, Clinic, clinic
from tests.web.pages.test_options import rated
from tests.web.pages.test_reveal import NOOR, SOFIA, opens

DOCS = Path(__file__).resolve().parents[3] / "docs"
SAME = dict.fromkeys(ITEMS, "4")
OWN_ANSWER, BELOW = "The patient's own answer: something was difficult", "well below the first"
# Sums of nine answers, three months apart.
SLIDE = (45, 42, 36, 33, 27)


def sheet(total: int, **more: str) -> dict[str, str]:
    """Answers that make a sum, as even as can be."""
    return {item: str(total // 9 + (place < total % 9)) for place, item in enumerate(ITEMS)} | more


@pytest.fixture
def room(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
    """Without blind entry, so that the patient alone answers."""
    with clinic(wire, server, clock, folder=tmp_path, blind_entry=False) as standing:
        yield standing


def slid(room: Clinic, clock: Clock, *, difficult: str = "yes") -> str:
    """The chart of a clinician whom the patient has rated lower and lower."""
    for place, total in enumerate(SLIDE):
        room.server.token["encounter"] = f"visit-{place}"
        chart = opens(room, SOFIA)
        assert room.send(chart, room.blank(chart) | sheet(total, difficult=difficult if place else "no")).status_code == 303
        clock.forward(days=91)
    return opens(room, SOFIA)


def data(room: Clinic, chart: str) -> Any:
    answer = room.client.get(f"{chart}why.json", base_url=SITE)
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "application/json", "no-store")
    return simplejson.loads(answer.get_data(as_text=True))


def section(page: Page, identity: str) -> str:
    found = page.soup.find(id=identity)
    assert found is not None, identity
    return " ".join(found.get_text(" ").split())


class TestASlide:
    """Two reasons, each enough alone, and everything behind them."""

    @pytest.fixture
    def chart(self, room: Clinic, clock: Clock) -> str:
        return slid(room, clock)

    def test_the_page_and_its_data_say_why(self, room: Clinic, chart: str, capsys: pytest.CaptureFixture[str]) -> None:
        page = room.get(f"{chart}why")
        assert page.title == "Why “to talk about” is said – Rapport"
        assert page.headers["Cache-Control"] == "no-store"
        assert "Nothing here says that something went wrong, who caused it, or that it has to do with HbA1c." in page.text
        self.check_reasons(page)
        self.check_quiet(page)
        self.check_not_used(page)
        self.check_data(data(room, chart), page)
        self.check_description(room, chart)
        entries = [entry.event for entry in room.services.store.audit.entries()]
        assert entries.count("why_read") == 3
        said = capsys.readouterr()
        assert not [word for word in ("pat-1", "Halvorsen", "difficult", "dr-1") if word in said.out + said.err]

    def check_description(self, room: Clinic, chart: str) -> None:
        """Every key is in docs/openapi.json, and no other one is."""
        schema: Any = schemathesis.openapi.from_dict(json.loads((DOCS / "openapi.json").read_text()))
        described = next(one for one in (found.ok() for found in schema.get_all_operations()) if one.path.endswith("why.json"))
        answer = room.client.get(f"{chart}why.json", base_url=SITE)
        checks = CHECKS.get_by_names(["status_code_conformance", "content_type_conformance", "response_schema_conformance"])
        asked = described.Case(path_parameters={"launch_id": chart.split("/")[2]})
        asked.validate_response(answer, checks=checks)
        answer.set_data(answer.get_data(as_text=True).replace('"rule":', '"rules":'))
        with pytest.raises(FailureGroup):
            asked.validate_response(answer, checks=checks)

    def check_reasons(self, page: Page) -> None:
        [first, second, *rest] = page.soup.select(".signal > .rule h3")
        assert first.get_text() == OWN_ANSWER
        assert second.get_text().endswith(BELOW)
        assert all("below" in one.get_text().lower() for one in rest)
        answer = section(page, "why-1-own-answer")
        assert "“Was anything difficult between you and" in answer
        assert re.search(r"” Yes , on \d\d-\w{3}-2027", answer)
        assert "difficult ”" not in answer
        pooled = section(page, "why-1-pooled")
        for part in (
            "rule pooled, version 1", "To talk about", "Enough alone.",
            "4.56 → 3.00: 1.557; 2.58 × 0.400 × √(1 + 1/3) = 1.192: reached", "1.19 and 0.72", "This project's own rule (assumed)",
            "Error 0.40: assumed; none published.", "spoke up about 7.4 of 100", "13.5 of 100 at a retest of 0.55",
            "21.9 were named by that visit and 53.6 by the next", "Silence is no all-clear", "A score of ", "With an error of ",
            "Rule pooled 1 and error 0.40 as they were in force on ", "Later rules, errors and settings do not rewrite it.",
        ):  # fmt: skip
            assert part in pooled, part
        rows = [[cell.get_text() for cell in row.select("th, td")][1:] for row in page.soup.select("#why-1-pooled tbody tr")]
        assert rows == [
            ["3.00", "−0.67", "−1.56 (1.19)", "−1.22 (0.72)", "the latest, one of the last two", "both beyond"],
            ["3.67", "−0.33", "−0.89 (1.19)", "−1.00 (0.78)", "one of the last two", "the last two beyond"],
            ["4.00", "−0.67", "−0.84 (1.26)", "", "one of the first", "within"],
            ["4.67", "−0.33", "", "", "one of the first", "too few scores"],
            ["5.00", "", "", "", "one of the first", "too few scores"],
        ]

    def check_quiet(self, page: Page) -> None:
        folded = page.soup.select(".signal > details")
        assert folded
        assert not [one for one in folded if one.has_attr("open")]
        silent = [one for one in folded if "It looked, and is silent." in one.get_text()]
        assert {str(each["id"]) for one in silent for each in one.select(".rule")} >= {"why-1-previous", "why-1-item-fall"}
        assert "4.56 → 3.00: −1.557; 1.96 × 0.400 × √(1 + 1/3) = 0.905: in the other direction" in section(page, "why-1-rise-baseline")
        assert "would be a note · rule previous, version 1" in section(page, "why-1")
        assert "Goal: 3.00 − 4.00 = −1.00" in section(page, "why-1-elements")

    def check_not_used(self, page: Page) -> None:
        unused = " ".join(" ".join(one.get_text(" ") for one in page.soup.select(".unused > div")).split())
        for part in (
            "rule own-range, version 1 · Rapport check-in, patient's form",
            "never counted",
            "HbA1c, weight",
            "No part of any rule.",
        ):
            assert part in unused, part

    def check_data(self, document: Any, page: Page) -> None:
        assert (document["version"], document["complete"]) == (1, True)
        [one] = document["signals"]
        assert (one["id"], one["own"], one["level"], one["owner"]) == ("why-1", True, "discuss", {"kind": "clinician", "role": None})
        assert [rule["rule"] for rule in one["rules"]][:2] == ["own-answer", "pooled"]
        assert {rule["id"] for rule in one["rules"]} == {str(each["id"]) for each in page.soup.select(".rule[id]")}
        answer, pooled = one["rules"][:2]
        [given] = answer["inputs"]
        assert (given["of"], given["value"], given["value_text"]) == ("difficult", "yes", "Yes")
        assert given["of_text"].startswith("Was anything difficult between you and")
        assert [part["threshold"] for part in pooled["parts"]] == ["1.1917", "0.7157"]
        assert [each["value"] for each in pooled["inputs"]] == ["3.00", "3.67", "4.00", "4.67", "5.00"]
        assert pooled["inputs"][0]["when"].startswith("2027-03-03T")
        assert pooled["steps"][1]["last_two"] == {"fall": "1.0000", "limit": "0.7840", "reached": True}
        assert [each["retest"] for each in pooled["how_often"]["rates"]] == ["0.55", "0.70", "0.775", "0.85"]
        assert pooled["error"]["kind"] == "assumed"
        assert {"another-score", "another-error", "later-rating"} == {each["code"] for each in pooled["would_change"]}
        assert {"elements", "measures"} <= {each["what"] for each in one["not_used"]}
        for word in ("Halvorsen", "Ingrid", "pat-1", "1968"):
            assert word not in json.dumps(document)


def test_without_a_reason_to_talk_the_page_says_what_is_not_said(rapport: Clinic) -> None:
    page = rapport.get(f"{rated(rapport, SAME)}why")
    assert page.title == "Why this is said, and what is not – Rapport"
    assert "No rule speaks up here." in page.text
    unused = " ".join(page.soup.select(".unused")[0].get_text(" ").split())
    assert "1 rating by the clinician The patient’s and the clinician’s lines are never mixed." in unused
    assert "Too few scores" in unused


def test_of_a_chart_without_ratings_there_is_nothing_to_say(rapport: Clinic) -> None:
    chart = opens(rapport, SOFIA)
    assert "There is no rating that you may see and that a rule could look at." in rapport.get(f"{chart}why").text
    assert data(rapport, chart)["signals"] == []


def test_what_was_said_of_another_clinician_stands_under_their_name_and_own_first(rapport: Clinic, clock: Clock) -> None:
    rated(rapport, SAME | {"difficult": "no"})
    clock.forward(days=1)
    chart = opens(rapport, NOOR)
    assert rapport.send(chart, rapport.blank(chart) | SAME).status_code == 303
    assert rapport.send(chart, rapport.filled(chart, "clinician"), "clinician").status_code == 303
    page = rapport.get(f"{opens(rapport, SOFIA)}why")
    assert [one.get_text() for one in page.soup.select(".signal h2")] == ["The patient and you", "The patient and Noor Haddad"]
    assert "1 rating of other clinicians Another clinician is another baseline, judged apart." in section(page, "why-1")


def test_where_ratings_may_be_missing_both_say_so(rapport: Clinic) -> None:
    chart = rated(rapport, SAME)
    rapport.ehr.faults.append(lambda _method, path: (500, {}, "") if path == "QuestionnaireResponse" else None)
    assert "Not all ratings could be read." in rapport.get(f"{chart}why").text
    assert data(rapport, chart)["complete"] is False


@pytest.mark.parametrize("address", ["why", "why.json"])
def test_it_is_no_patients_page(rapport: Clinic, address: str) -> None:
    chart = opens(rapport, {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "pat"})
    page = rapport.get(f"{chart.partition('own/')[0]}{address}")
    assert page.status == 403
    assert "is said" not in page.text


@pytest.mark.parametrize("address", ["why", "why.json"])
def test_another_browser_is_let_in_by_no_address(rapport: Clinic, address: str) -> None:
    chart = rated(rapport, SAME)
    page = rapport.get(f"{chart}{address}", rapport.browser())
    assert page.status == 403
    assert "signals" not in page.html


def test_of_a_rating_kept_back_nothing_is_said_until_the_visit_is_rated(rapport: Clinic) -> None:
    chart = rated(rapport, SAME | {"difficult": "yes"}, blind=True)
    assert OWN_ANSWER not in rapport.get(f"{chart}why").text
    rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
    assert OWN_ANSWER in rapport.get(f"{chart}why").text
