"""The line above "What changed", through the app: whose page has it, and that it is made of nothing this user may not see."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import responses

from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page
from tests.web.clinic import ITEMS, OWN, SITE, Clinic, clinic
from tests.web.pages.test_reveal import NOOR, SOFIA, TOMAS, opens

FOUR = dict.fromkeys(ITEMS, "4") | {"goal-1": "5"}
_VARYING = (r"/l/[^/\"]+/", r'name="csrf" value="[^"]*"', r'data-[a-z]+="[^"]*"', r'nonce="[^"]*"', r"\d\d:\d\d", r"RP-\w{4}-\w{4}")


def answers(rapport: Clinic, difficult: str, **changed: str) -> str:
    """The chart of Sofia, whom the patient has rated now, and who has not."""
    chart = opens(rapport, SOFIA)
    form = rapport.blank(chart) | FOUR | changed | {"difficult": difficult}
    assert rapport.send(chart, form).status_code == 303
    return chart


def rates(rapport: Clinic, chart: str) -> str:
    assert rapport.send(chart, rapport.filled(chart, "clinician"), "clinician").status_code == 303
    return chart


def next_visit(rapport: Clinic, clock: Clock) -> None:
    clock.forward(days=91)
    rapport.server.token["encounter"] = "enc-2"


def lines(page: Page) -> list[str]:
    return [" ".join(one.get_text().split()) for one in page.soup.select(".talk > p")]


def blanked(page: Page) -> str:
    html = page.html
    for pattern in _VARYING:
        html = re.sub(pattern, "", html)
    return html


def test_it_says_what_the_patient_answered_and_leads_on(rapport: Clinic) -> None:
    page = rapport.get(rates(rapport, answers(rapport, "yes")))
    assert lines(page) == ["To talk about. Today Ingrid Halvorsen answered that something was difficult between you."]
    could, why = [str(one["href"]) for one in page.soup.select(".talk a")]
    assert rapport.get(could).text.count("Things people try") > 0
    assert re.fullmatch(r"/l/[^/]+/why#why-1", why)


@pytest.mark.parametrize("answer", ["no", "rather-not-say"])
def test_no_other_answer_makes_one(rapport: Clinic, answer: str) -> None:
    page = rapport.get(rates(rapport, answers(rapport, answer)))
    assert lines(page) == []
    assert "To talk about" not in page.text


def test_the_newest_rating_counts_only_once_it_may_be_seen(rapport: Clinic, clock: Clock) -> None:
    rates(rapport, answers(rapport, "a-little"))
    day = f"{clock.now:%d-%b-%Y}"
    next_visit(rapport, clock)
    chart = answers(rapport, "yes")
    older = f"To talk about. On {day} Ingrid Halvorsen answered that something was a little difficult between you."
    assert lines(rapport.get(chart)) == [older]
    assert lines(rapport.get(rates(rapport, chart))) == [
        "To talk about. Today Ingrid Halvorsen answered that something was difficult between you."
    ]


def test_a_newer_answer_that_nothing_was_difficult_leaves_no_line(rapport: Clinic, clock: Clock) -> None:
    rates(rapport, answers(rapport, "yes"))
    next_visit(rapport, clock)
    assert lines(rapport.get(rates(rapport, answers(rapport, "no")))) == []


def test_while_it_is_kept_back_the_page_is_the_same_whatever_was_answered(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
) -> None:
    seen = []
    with clinic(wire, server, clock, folder=tmp_path) as room:
        for difficult, goal in (("no", "4"), ("yes", "4"), ("a-little", "1"), ("rather-not-say", "5")):
            room.ehr.resources = {name: one for name, one in room.ehr.resources.items() if name.startswith("Patient/")}
            room.ehr.count = 100
            own = blanked(room.get(answers(room, difficult, **{"goal-2": goal})))
            seen.append((own, blanked(room.get(opens(room, NOOR)))))
    assert [one == seen[0] for one in seen] == [True] * 4


class TestAColleague:
    def test_reads_it_with_the_chart_it_is_about_and_not_at_the_top(self, rapport: Clinic) -> None:
        rates(rapport, answers(rapport, "yes"))
        page = rapport.get(opens(rapport, NOOR))
        assert lines(page) == []
        [said] = page.soup.select(".seen")
        assert "To talk about, for Sofia Lindqvist: Today Ingrid Halvorsen answered that something was difficult between them and" in (
            " ".join(said.get_text().split())
        )

    def test_who_may_see_it_alone_reads_of_it_alone(self, rapport: Clinic) -> None:
        answers(rapport, "yes")
        page = rapport.get(opens(rapport, TOMAS))
        fields = page.form("/reveal") | {"reason": "cover"}
        rapport.client.post(page.action("/reveal"), data=fields, base_url=SITE, headers=OWN)
        assert "difficult" in rapport.get(opens(rapport, TOMAS)).soup.select(".seen")[0].get_text()
        for who in (SOFIA, NOOR):
            page = rapport.get(opens(rapport, who))
            assert not page.soup.select(".seen, .talk")


class TestARole:
    @pytest.fixture
    def room(self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
        file = tmp_path / "signals.toml"
        file.write_text('[[owner]]\nrole = "psychology team"\nvalid_from = 2020-01-01\n')
        with clinic(wire, server, clock, folder=tmp_path, signals=file) as standing:
            yield standing

    def test_has_it_on_every_page_that_may_show_it(self, room: Clinic) -> None:
        chart = rates(room, answers(room, "yes"))
        assert lines(room.get(chart)) == [
            "To talk about, for psychology team. Today Ingrid Halvorsen answered that something was difficult between you."
        ]
        [theirs] = lines(room.get(opens(room, NOOR)))
        assert theirs.startswith("To talk about, for psychology team. Today Ingrid Halvorsen answered")
        assert theirs.endswith("between them and Sofia Lindqvist.")

    def test_does_not_open_what_is_kept_back(self, room: Clinic) -> None:
        answers(room, "yes")
        assert [lines(room.get(opens(room, who))) for who in (SOFIA, NOOR)] == [[], []]
