"""The pages of a site with several instruments: typed in from paper, not scored, rating nobody."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest
import responses

import smart_app.app
from fhir_mappings.instruments.library import Library, load_library
from smart_app.errors import ConfigurationError
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.support.questionnaires import CANARY, confirmed, with_wording
from tests.web.clinic import OWN, SITE, SLUG, Clinic, clinic

USED = (SLUG, "wai-sr", "dds-17", "care-empathy", "blri-os-64", "haq2-alliance", "pacic-20")
LONG = "blri-os-64"
LARGEST_FORM = 15 * 1024


class Opens(Protocol):
    def __call__(self, library: Library, *instruments: str) -> AbstractContextManager[Clinic]: ...


@pytest.fixture
def opens(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Opens:
    """A clinic with a library of its own."""
    return partial(_with_library, partial(clinic, wire, server, clock, folder=tmp_path), monkeypatch)


def _with_library(
    start: Callable[..., AbstractContextManager[Clinic]], monkeypatch: pytest.MonkeyPatch, library: Library, *instruments: str
) -> AbstractContextManager[Clinic]:
    monkeypatch.setattr(smart_app.app, "load_library", lambda: library)
    return start(instruments=instruments)


@pytest.fixture
def several(opens: Opens) -> Iterator[Clinic]:
    """Seven instruments, three keys confirmed."""
    with opens(confirmed(("wai-sr", "dds-17", "care-empathy")), *USED) as standing:
        yield standing


def form(here: Clinic, chart: str, slug: str, informant: str = "patient") -> Page:
    return here.get(place(here, chart, slug, informant))


def place(here: Clinic, chart: str, slug: str, informant: str) -> str:
    """The form's address: of a patient's that is not on paper, under a loan."""
    if informant == "patient" and not here.services.library.get(slug).from_paper("patient"):
        return here.lent(chart, slug).page
    return f"{chart}check/{slug}/{informant}"


def post(here: Clinic, chart: str, slug: str, fields: Any, informant: str = "patient") -> Any:
    address = place(here, chart, slug, informant)
    on_loan = address.startswith("/p/")
    to = f"{here.lent(chart, slug).start}answers" if on_loan else address
    answer = here.client.post(to, data=fields, base_url=SITE, headers=OWN)
    return here.take_back(chart) if answer.status_code == 303 and on_loan else answer


def filled(here: Clinic, chart: str, slug: str, code: str = "3", informant: str = "patient") -> dict[str, str]:
    items = [item.link_id for item in here.services.library.get(slug).items]
    page, address = form(here, chart, slug, informant), place(here, chart, slug, informant)
    return page.form("/answers" if address.startswith("/p/") else "/check/") | dict.fromkeys(items, code)


def sent(here: Clinic, chart: str, slug: str, code: str = "3", informant: str = "patient") -> Page:
    answer = post(here, chart, slug, filled(here, chart, slug, code, informant), informant)
    assert answer.status_code == 303
    return here.get(answer.headers["Location"])


def panel(page: Page, heading: str) -> Any:
    """The section below that heading."""
    return page.soup.select_one(f"[aria-labelledby={heading}]")


# From paper


def test_the_page_for_a_sheet_says_whose_answers_and_which_sheet(several: Clinic) -> None:
    page = form(several, several.launch(), LONG)
    facts = {
        div.dt.get_text(): div.dd.get_text() for div in page.soup.select("dl.sheet > div") if div.dt is not None and div.dd is not None
    }
    assert page.soup.h1 is not None
    assert page.soup.h1.get_text() == "Ingrid Halvorsen’s answers, from paper"
    assert facts["Answered by"] == "Ingrid Halvorsen, the patient"
    assert facts["Typed in by"].endswith("(you)")
    assert facts["Licensed sheet"] == "Barrett-Lennard Relationship Inventory, form OS-64, the patient’s form; structure version 1.0.0"
    assert facts["Rights"].startswith("Barrett-Lennard (author); Wiley")
    assert "Gender" in page.text, "it is the clinician who looks at it"
    assert "Who will see your answers" not in page.text


def test_items_stand_by_number_with_numbered_options_and_true_minus_signs(several: Clinic) -> None:
    soup = form(several, several.launch(), LONG).soup
    rows = soup.select("form.paper fieldset")
    assert [row.legend.get_text() for row in rows if row.legend] == [f"Item {number}" for number in range(1, 65)]
    assert [label.get_text() for label in rows[0].select(".options label")] == ["−3", "−2", "−1", "+1", "+2", "+3"]
    assert len(soup.select("form.paper input[type=radio]")) == 64 * 6
    assert soup.select("form.paper h2") == []


def test_the_longest_form_with_its_assets_is_small_and_paints_when_whole(several: Clinic) -> None:
    page = form(several, several.launch(), LONG)
    assets = [str(tag.get("href") or tag.get("src")) for tag in page.soup.select("link[rel=icon], link[rel=stylesheet], script[src]")]
    parts = [several.client.get(asset, base_url=SITE, headers={"Accept-Encoding": "gzip"}).data for asset in assets]
    assert any(asset.endswith("paper.js") for asset in assets)
    assert len(gzip.compress(page.html.encode(), 6)) + sum(map(len, parts)) <= LARGEST_FORM
    expected = page.soup.select_one("head > link[rel=expect][blocking=render]")
    assert expected is not None
    (place,) = page.soup.select(str(expected["href"]))
    assert place.find_next("input", type="radio") is None


def test_a_form_without_wording_is_not_handed_over(several: Clinic) -> None:
    chart = several.launch()
    answer = several.client.get(f"{chart}handover/dds-17", base_url=SITE)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{chart}check/dds-17/patient")


def test_after_typing_in_the_clinician_gets_the_receipt(several: Clinic) -> None:
    page = sent(several, several.launch(), "dds-17")
    assert page.soup.h1 is not None
    assert page.soup.h1.get_text() == "Saved in the record"
    assert "Answered by the patient" in page.text
    assert "Typed in from paper by" in page.text
    assert "Clinician rated" not in page.text
    assert "3.00 of 6" in page.text


def test_the_clinicians_own_sheet_is_typed_in_as_theirs(several: Clinic) -> None:
    chart = several.launch()
    page = form(several, chart, "haq2-alliance", "clinician")
    assert page.soup.h1 is not None
    assert page.soup.h1.get_text() == "Your answers, from paper"
    assert sent(several, chart, "haq2-alliance", informant="clinician").soup.select("svg.tick")
    (response,) = several.ehr.of_type("QuestionnaireResponse")
    assert response["source"] == response["author"]


def test_wording_with_leave_to_be_shown_is_handed_over_as_the_shipped_one_is(opens: Opens) -> None:
    with opens(with_wording("dds-17", ("display",)), "dds-17") as here:
        chart = here.launch()
        handover = here.get(f"{chart}handover/dds-17")
        assert "17 sentences about living with diabetes" in handover.text
        assert "You see their rating" not in handover.text
        page = form(here, chart, "dds-17")
        assert page.text.count(CANARY) == 17
        assert "They are about your work together" not in page.text
        assert page.soup.select("form.paper") == []
        assert "/receipt/" in post(here, chart, "dds-17", filled(here, chart, "dds-17")).headers["Location"]


def test_wording_without_leave_to_be_shown_is_not_shown(opens: Opens) -> None:
    with opens(with_wording("dds-17", ("store",)), "dds-17") as here:
        page = form(here, here.launch(), "dds-17")
        assert CANARY not in page.html
        assert len(page.soup.select("form.paper fieldset")) == 17


# What comes back


def test_sixty_four_missing_answers_are_summed_up(several: Clinic) -> None:
    chart = several.launch()
    page = read(post(several, chart, LONG, form(several, chart, LONG).form("/check/")))
    (summary,) = page.soup.select("#problems")
    lines = [line.get_text() for line in summary.select("li")]
    assert page.status == 422
    assert summary.h2 is not None
    assert summary.h2.get_text() == "64 items have no answer yet"
    assert len(lines) == 11
    assert (lines[0], lines[-1]) == ("Item 1: not answered yet", "and 54 more")
    assert len(page.soup.select("input[type=checkbox]")) == 64
    assert "Left empty on the sheet" in page.text
    assert len(gzip.compress(page.html.encode(), 6)) <= LARGEST_FORM


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"item-65": "1"}, "The patient's form has no question “item-65”."),
        ({"item-9": ["1", "2"]}, "Item 9: Two answers were sent for this question. Choose one."),
        ({"item-9": "4"}, "Item 9: “4” is not one of the answers on offer. Choose one of them."),
        ({"item-9": "0"}, "Item 9: “0” is not one of the answers on offer."),
        ({"item-9": "strongly agree"}, "Item 9: “strongly agree” is not one of the answers on offer."),
        ({"item-9": ""}, "Item 9: “” is not one of the answers on offer."),
    ],
    ids=["unknown item", "two values", "out of range", "zero", "text", "empty"],
)
def test_what_a_long_form_cannot_take_is_named_and_the_rest_kept(several: Clinic, changed: dict[str, Any], sentence: str) -> None:
    chart = several.launch()
    fields = filled(several, chart, LONG, "minus-3")
    page = read(post(several, chart, LONG, fields | changed))
    assert page.status == 422
    assert sentence in page.text
    kept = {name: value for name, value in page.checked().items() if name not in changed}
    assert kept == {f"item-{number}": "minus-3" for number in range(1, 65) if f"item-{number}" not in changed}
    assert page.form("/check/")["key"] == fields["key"]
    assert several.ehr.posts() == []


def test_ten_megabytes_are_refused_and_the_form_can_be_sent_after_all(several: Clinic) -> None:
    chart = several.launch()
    fields = filled(several, chart, LONG)
    page = read(post(several, chart, LONG, fields | {"item-9": "1" * 10_000_000}))
    assert page.status == 413
    assert several.ehr.posts() == []
    assert post(several, chart, LONG, fields).status_code == 303
    assert len(several.ehr.of_type("QuestionnaireResponse")) == 1


def test_a_thousand_strange_fields_make_a_short_page(several: Clinic) -> None:
    chart = several.launch()
    page = read(post(several, chart, LONG, filled(several, chart, LONG) | {f"x{number}": "1" for number in range(1000)}))
    assert page.status == 422
    assert len(page.soup.select("#problems li")) == 11
    assert "and 990 more" in page.text


def test_an_answer_that_does_not_apply_goes_all_the_way(several: Clinic) -> None:
    chart = several.launch()
    fields = filled(several, chart, "care-empathy") | {"item-2": "does-not-apply"}
    assert "Does not apply" in form(several, chart, "care-empathy").text
    assert post(several, chart, "care-empathy", fields).status_code == 303
    sent(several, chart, SLUG, informant="clinician")
    page = several.get(chart)
    assert "patient: 1 item “Does not apply”" in page.text
    assert "30 (9 of 10)" in page.text


# The dashboard


def test_every_questionnaire_is_offered_with_what_it_is(several: Clinic) -> None:
    chart = several.launch()
    page = several.get(chart)
    offered = {row.b.get_text(): row for row in page.soup.select("details.others li") if row.b is not None}
    assert [link.get_text() for link in page.soup.select(".actions > a")] == ["Hand over to patient", "Rate this visit"]
    assert len(offered) == len(USED) - 1
    dds, haq = offered["Diabetes Distress Scale (DDS-17)"], offered["Helping Alliance questionnaire II (HAq-II)"]
    assert [about.get_text() for about in dds.select("span.quiet")] == ["17 items, from paper"]
    assert [link["href"] for link in dds.select("a")] == [f"{chart}check/dds-17/patient"]
    assert [about.get_text() for about in haq.select("span.quiet")] == ["19 items, from paper, stored but not scored"]
    assert [link["href"] for link in haq.select("a")] == [f"{chart}check/haq2-alliance/{who}" for who in ("patient", "clinician")]


def test_a_site_whose_first_form_has_no_wording_enters_it_from_paper(opens: Opens) -> None:
    with opens(load_library(), "wai-gp") as here:
        chart = here.launch()
        page = here.get(chart)
        assert [(link.get_text(), link["href"]) for link in page.soup.select(".actions > a")] == [
            ("Enter from paper", f"{chart}check/wai-gp/patient"),
            ("Rate this visit", f"{chart}check/wai-gp/clinician"),
        ]
        assert page.soup.select("details.others") == []


def test_an_unscored_rating_is_said_and_tabled_never_drawn(several: Clinic) -> None:
    chart = several.launch()
    receipt = sent(several, chart, LONG, "minus-2")
    assert "Stored as answered, not scored: no scoring key is known for it." in receipt.text
    sent(several, chart, SLUG, informant="clinician")
    section = panel(several.get(chart), "alliance-2")
    text = " ".join(section.get_text(" ").split())
    assert section.select("svg.plot") == []
    assert "Barrett-Lennard Relationship Inventory, form OS-64" in text
    assert "1 form stored as answered, not scored No scoring key is known for it." in text
    assert "64 of 64 answered" in text
    rows = [[cell.get_text() for cell in row.select("th, td")] for row in section.select("table tr")]
    assert rows[0][0] == "Item"
    assert rows[0][1].endswith(", patient")
    assert rows[1:] == [[f"Item {number}", "−2"] for number in range(1, 65)]


def test_an_unscored_rating_of_the_first_instrument_stands_where_the_chart_would(opens: Opens) -> None:
    with opens(load_library(), "calpas-t") as here:
        chart = here.launch()
        sent(here, chart, "calpas-t", informant="clinician")
        page = here.get(chart)
        assert "1 form stored as answered, not scored" in panel(page, "alliance").get_text(" ")
        assert panel(page, "alliance").select("svg.plot") == []
        assert len(page.soup.select("table.answers tbody tr")) == 24


def test_questionnaires_about_nobody_stand_below_the_alliance_with_their_subscales_and_cutoffs(several: Clinic) -> None:
    chart = several.launch()
    sent(several, chart, "dds-17")
    sent(several, chart, "pacic-20")
    page = several.get(chart)
    section = panel(page, "companions")
    text = " ".join(section.get_text(" ").split())
    assert section.h2.get_text() == "Questionnaires about living with diabetes"
    headings = [heading.get_text() for heading in page.soup.select("h2")]
    assert headings.index("Questionnaires about living with diabetes") > headings.index("HbA1c")
    titles = [each.get_text() for each in section.select(".companion > .heading h3")]
    assert titles == ["Diabetes Distress Scale (DDS-17)", "Patient Assessment of Chronic Illness Care (PACIC)"]
    assert "Patient 3.00" in text
    assert "Emotional burden, physician distress, regimen distress and interpersonal distress" in text
    assert "published cut-offs: at least 2.0, moderate distress; worth acting on at least 3.0, high distress" in text
    assert "Fisher 2012, Diabetes Care (abstract)." in text
    assert "1 form stored as answered, not scored" in text
    assert "kept back" not in page.text
    assert "Alliance with" in page.text
    assert "None found" in panel(page, "alliance").get_text(" ")


def test_the_panels_say_which_instrument_they_are_of_only_where_there_are_several(several: Clinic) -> None:
    chart = several.launch()
    sent(several, chart, SLUG, informant="clinician")
    assert "(you), " not in several.get(chart).soup.select_one("#alliance").get_text()  # type: ignore[union-attr]
    sent(several, chart, "wai-sr")
    page = several.get(chart)
    assert [panel(page, key).h2.get_text().split("(you), ")[1] for key in ("alliance", "alliance-2")] == [
        "Rapport check-in",
        "Working Alliance Inventory, short revised (WAI-SR)",
    ]


# The setting


@pytest.mark.parametrize(
    ("slug", "why", "more"),
    [
        ("wai-99", "There is no instrument 'wai-99'.", "rapport-check-in"),
        ("paid-20", "The instrument 'paid-20' has no items here: it is only described, so it cannot be filled in.", "Ask Joslin"),
    ],
)
def test_an_instrument_that_cannot_be_filled_in_stops_the_start(opens: Opens, slug: str, why: str, more: str) -> None:
    with pytest.raises(ConfigurationError) as stopped, opens(load_library(), SLUG, slug):
        pass
    assert stopped.value.user_message == why
    assert stopped.value.where == "RAPPORT_INSTRUMENTS"
    assert more in str(stopped.value.detail)
