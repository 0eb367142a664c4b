"""The receipt says a reason once, over all the parts it holds for, and names each of them."""

from tests.support.page import Page
from tests.web.clinic import Clinic
from tests.web.pages.undelivered.test_closing import takes_no_scores
from tests.web.pages.undelivered.test_item_pages import SOFIA, keeps, opens, refuses

SCORES = ["Bond, 4.00 of 5", "Goal, 4.00 of 5", "Scores together", "Task, 4.00 of 5", "Total, 4.00 of 5"]


def left_out(page: Page) -> list[tuple[str, list[str]]]:
    """Of each row what it is headed, and what it names."""
    rows = page.soup.select("section[aria-labelledby=left-out] tbody th")
    return [(row.get_text(" ", strip=True), sorted(part.get_text(strip=True) for part in row.select("li"))) for row in rows]


def test_a_refused_rating_gives_its_reason_once(rapport: Clinic) -> None:
    chart = opens(rapport, SOFIA)
    refuses(rapport)
    page = rapport.get(keeps(rapport, chart))
    [(heading, parts)] = left_out(page)
    assert heading.startswith("Seven parts:")
    assert parts == sorted([*SCORES, "Answers, 9 of 9", "Who entered it (Provenance)"])


def test_scores_the_record_does_not_take_are_one_row(rapport: Clinic) -> None:
    chart = opens(rapport, SOFIA)
    takes_no_scores(rapport)
    page = rapport.get(keeps(rapport, chart))
    [(heading, parts)] = left_out(page)
    assert heading.startswith("Five scores:")
    assert parts == SCORES


def test_what_differs_stays_a_row_of_its_own(rapport: Clinic) -> None:
    chart = opens(rapport, SOFIA)
    takes_no_scores(rapport)
    refuses_provenance = rapport.ehr.faults[-1]
    rapport.ehr.faults.append(lambda method, path: refuses_provenance(method, "Observation") if path == "Provenance" else None)
    rows = left_out(rapport.get(keeps(rapport, chart)))
    assert [parts for heading, parts in rows if heading.startswith("Five scores:")] == [SCORES]
    assert [heading for heading, _ in rows if not heading.startswith("Five")] == ["Who entered it (Provenance)"]
