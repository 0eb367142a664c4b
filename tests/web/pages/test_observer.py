"""The pages of an observer's form: whom it is about, from paper and on the screen, and the third line on the chart."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import responses

import smart_app.app
from fhir_mappings.instruments.library import Library
from tests.fhir_mappings import packed
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.support.questionnaires import CANARY, confirmed, with_wording
from tests.web.clinic import OWN, SITE, SLUG, Clinic, clinic, patient

WAI = "wai-36"
TOMAS = "Practitioner/tomas"
Start = Callable[..., AbstractContextManager[Clinic]]


@pytest.fixture
def start(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Start:
    return partial(clinic, wire, server, clock, folder=tmp_path, instruments=(SLUG, WAI))


def named(here: Clinic, *practitioners: tuple[str, str]) -> None:
    """The patient's general practitioners, as (id, name)."""
    listed = [{"reference": f"Practitioner/{identity}", "display": name} for identity, name in practitioners]
    here.ehr.put(patient("pat-1", "Halvorsen", "Ingrid") | ({"generalPractitioner": listed} if listed else {}))


@pytest.fixture
def ward(start: Start, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    """The WAI-36 from paper, its key confirmed; Tomas Weiss can be rated."""
    monkeypatch.setattr(smart_app.app, "load_library", lambda: confirmed((WAI,)))
    with start() as here:
        named(here, ("tomas", "Tomas Weiss"), ("leila", "Leila Osei"))
        yield here


def whom(here: Clinic, chart: str) -> Page:
    return here.get(f"{chart}check/{WAI}/observer")


def choice(here: Clinic, chart: str, **fields: str) -> Any:
    given = whom(here, chart).form("/rated/") | fields
    return here.client.post(f"{chart}rated/{WAI}/observer", data=given, base_url=SITE, headers=OWN)


def observers_form(here: Clinic, chart: str, clinician: str = TOMAS) -> Page:
    return here.get(choice(here, chart, clinician=clinician).headers["Location"])


def filled(page: Page, value: str = "5") -> dict[str, str]:
    return page.form("/check/") | {f"item-{number}": value for number in range(1, 37)}


def sent(here: Clinic, chart: str, fields: dict[str, str]) -> Any:
    return here.client.post(f"{chart}check/{WAI}/observer", data=fields, base_url=SITE, headers=OWN)


def test_the_menu_leads_to_the_question_whom_it_is_about(ward: Clinic) -> None:
    chart = ward.launch()
    [link] = [each for each in ward.get(chart).soup.select("details.others a") if "as observer" in each.get_text()]
    page = ward.get(str(link["href"]))
    assert page.soup.h1
    assert page.soup.h1.get_text() == "Whom do you rate?"
    labels = [" ".join(label.get_text(" ").split()) for label in page.soup.select("fieldset label")]
    assert labels == ["Leila Osei General practitioner.", "Tomas Weiss General practitioner."]
    assert not page.soup.select("input[checked]")
    assert "HALVORSEN, Ingrid" in page.text
    assert "Halvorsen" not in page.title


def test_the_address_of_the_form_names_nobody(ward: Clinic) -> None:
    answer = choice(ward, ward.launch(), clinician=TOMAS)
    assert answer.status_code == 303
    assert "tomas" not in answer.headers["Location"].casefold()


def test_a_sheet_of_the_observer_says_who_types_it_in_and_about_whom_it_is(ward: Clinic) -> None:
    page = observers_form(ward, ward.launch())
    assert page.soup.select_one("form.paper")
    assert "You rate how Tomas Weiss and Ingrid Halvorsen work together." in page.text
    facts = {row.dt.get_text(): row.dd.get_text() for row in page.soup.select("dl.sheet > div") if row.dt and row.dd}
    assert facts["About"] == "how Tomas Weiss and the patient work together"
    assert facts["Answered by"].endswith("(you)")
    assert "the observer’s form" in facts["Licensed sheet"]


def test_an_observers_sheet_is_stored_and_drawn_as_a_third_line_of_the_rated_clinician(ward: Clinic) -> None:
    chart = ward.launch()
    receipt = ward.get(sent(ward, chart, filled(observers_form(ward, chart))).headers["Location"])
    assert "Saved in the record" in receipt.text
    assert "Clinician rated Tomas Weiss" in receipt.text
    [response] = ward.ehr.of_type("QuestionnaireResponse")
    assert response["source"] != {"reference": TOMAS}
    assert {one["focus"][0]["reference"] for one in ward.ehr.of_type("Observation")} == {TOMAS}
    page = ward.get(chart)
    assert page.soup.select("svg.plot path.observer.dots")
    [reading] = [each for each in page.soup.select(".latest > div") if each.select("g.observer") and "Observer" in each.get_text()]
    assert reading.select("rect")
    assert "patient, clinician and observer as three lines" in page.html
    assert "Observer total" in page.text


def test_an_incomplete_form_comes_back_about_the_same_clinician(ward: Clinic) -> None:
    chart = ward.launch()
    form = observers_form(ward, chart)
    again = read(sent(ward, chart, filled(form) | {"item-4": ""}))
    assert again.status == 422
    assert all(again.form("/check/")[name] == form.form("/check/")[name] for name in ("key", "patient", "rated"))
    assert "You rate how Tomas Weiss" in again.text
    assert sent(ward, chart, filled(again)).status_code == 303


def test_what_was_posted_as_the_clinician_is_believed_only_when_it_was_chosen_here(ward: Clinic) -> None:
    chart = ward.launch()
    fields = filled(observers_form(ward, chart))
    other = ward.launch(patient="pat-2")
    ward.ehr.put(patient("pat-2", "Okafor", "Chidi") | {"generalPractitioner": [{"reference": TOMAS, "display": "Tomas Weiss"}]})
    foreign = observers_form(ward, other).form("/check/")["rated"]
    chart = ward.launch()
    for rated in (TOMAS, "", "x" * 80, foreign):
        assert sent(ward, chart, fields | {"rated": rated, "csrf": whom(ward, chart).form("/rated/")["csrf"]}).status_code >= 400
    assert ward.ehr.of_type("QuestionnaireResponse") == []


@pytest.mark.parametrize(
    ("clinician", "says"),
    [(None, "Choose the clinician you rate."), ("Practitioner/eve", "not among those the record names now")],
)
def test_a_choice_that_is_none_comes_back_with_what_is_wrong(ward: Clinic, clinician: str | None, says: str) -> None:
    chart = ward.launch()
    page = read(choice(ward, chart, **({"clinician": clinician} if clinician else {})))
    assert page.status == 422
    problem = page.soup.select_one("#problem")
    assert problem
    assert says in problem.get_text()
    assert page.title.startswith("Error: ")


def test_a_choice_for_another_patient_or_from_another_site_is_refused(ward: Clinic) -> None:
    chart = ward.launch()
    assert choice(ward, chart, clinician=TOMAS, patient="pat-2").status_code >= 400
    assert choice(ward, chart, clinician=TOMAS, csrf="").status_code >= 400


def test_where_nobody_can_be_rated_the_page_says_so_and_what_to_do(ward: Clinic) -> None:
    named(ward)
    page = whom(ward, ward.launch())
    assert page.status == 200
    assert "names no clinician but you" in page.text
    assert page.soup.select("ol li")
    assert not page.soup.select("form")
    looked = {row.dt.get_text(): row.dd.get_text() for row in page.soup.select("dl.facts > div") if row.dt and row.dd}
    assert looked["General practitioner"] == "Nobody besides you."
    assert set(looked) == {"This visit", "General practitioner", "Care team", "Rated here before"}


def test_two_of_one_name_are_told_apart_and_a_name_is_text(ward: Clinic) -> None:
    named(ward, ("tomas", "Tomas Weiss"), ("tomas-2", "Tomas Weiss"), ("odd", "<script>x</script>"))
    page = whom(ward, ward.launch())
    assert "Tomas Weiss (Practitioner/tomas-2)" in page.text
    assert "<script>x" not in page.html


def test_on_the_screen_the_packs_words_name_the_rated_clinician(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smart_app.app, "load_library", lambda: with_wording(WAI, ("display",)))
    with start() as here:
        named(here, ("tomas", "Tomas Weiss"))
        chart = here.launch()
        page = observers_form(here, chart)
        assert not page.soup.select("form.paper")
        assert CANARY in page.text
        assert "You rate how Tomas Weiss and Ingrid Halvorsen work together." in page.text
        answer = sent(here, chart, filled(page))
        assert answer.status_code == 303
        assert "not scored" in here.get(answer.headers["Location"]).text


def kept(here: Clinic, chart: str, page: Page, value: str) -> None:
    """Two items typed and not sent."""
    fields = page.form(f"/check/{WAI}/observer") | {"item-1": value, "item-2": value}
    assert here.client.post(f"{chart}draft/{WAI}/observer", data=fields, base_url=SITE, headers=OWN).status_code == 204


def test_answers_not_sent_are_offered_again_about_the_same_clinician_and_about_no_other(ward: Clinic) -> None:
    chart = ward.launch()
    kept(ward, chart, observers_form(ward, chart), "6")
    chart = ward.launch()
    assert "Continue with them" not in observers_form(ward, chart, "Practitioner/leila").text
    offered = observers_form(ward, chart)
    assert "2 of 36" in offered.text
    going = offered.form("/continue")
    answer = ward.client.post(offered.action("/continue"), data=going, base_url=SITE, headers=OWN)
    page = ward.get(answer.headers["Location"])
    assert "You rate how Tomas Weiss and Ingrid Halvorsen work together." in page.text
    assert page.checked() == {"item-1": "6", "item-2": "6"}
    assert sent(ward, chart, filled(page)).status_code == 303
    assert {one["focus"][0]["reference"] for one in ward.ehr.of_type("Observation")} == {TOMAS}


def test_discarded_answers_leave_an_empty_form_about_the_same_clinician(ward: Clinic) -> None:
    chart = ward.launch()
    kept(ward, chart, observers_form(ward, chart), "6")
    offered = observers_form(ward, chart)
    answer = ward.client.post(offered.action("/discard"), data=offered.form("/discard"), base_url=SITE, headers=OWN)
    page = ward.get(answer.headers["Location"])
    assert "You rate how Tomas Weiss" in page.text
    assert page.checked() == {}
    assert "Continue with them" not in observers_form(ward, chart).text


OBSERVED = packed.STRUCTURE.replace("[form.clinician]", "[form.clinician]\n[form.observer]")
KEYED = packed.PACK.replace('"patient", "clinician"', "") + packed.KEY


def test_a_key_that_a_sites_pack_confirms_scores_the_observers_answers(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole way: an invented instrument with an observer's form, scored by the key in the site's pack."""
    monkeypatch.setattr(smart_app.app, "load_library", lambda: Library((packed.structure(OBSERVED),)))
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "de.toml").write_text(KEYED)
    with start(instruments=("wai-sr",), packs=tmp_path / "packs", language="de") as here:
        named(here, ("tomas", "Tomas Weiss"))
        chart = here.launch()
        hidden = here.get(f"{chart}check/wai-sr/observer").form("/rated/") | {"clinician": TOMAS}
        place = here.client.post(f"{chart}rated/wai-sr/observer", data=hidden, base_url=SITE, headers=OWN).headers["Location"]
        fields = here.get(place).form("/check/") | {f"item-{number}": "3" for number in range(1, 5)}
        answer = here.client.post(f"{chart}check/wai-sr/observer", data=fields, base_url=SITE, headers=OWN)
        assert "Saved in the record" in here.get(answer.headers["Location"]).text
        values = {one["code"]["coding"][0]["code"]: one.get("valueQuantity", {}).get("value") for one in here.ehr.of_type("Observation")}
        assert set(values) == {"wai-sr.observer.panel", "wai-sr.observer.total", "wai-sr.observer.first"}
        assert (float(values["wai-sr.observer.total"]), float(values["wai-sr.observer.first"])) == (2.5, 3.0)
        assert here.get(chart).soup.select("svg.plot path.observer.dots")


def test_in_another_language_the_question_comes_back_with_who_was_chosen_so_far(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smart_app.app, "load_library", lambda: confirmed((WAI,)))
    with start(languages=("en", "en-XA")) as here:
        named(here, ("tomas", "Tomas Weiss"), ("leila", "Leila Osei"))
        chart = here.launch()
        assert {(str(one["form"]), str(one["value"])) for one in whom(here, chart).soup.select(".languages button")} == {
            ("form", "en"),
            ("form", "en-XA"),
        }
        for fields, chosen in (({"clinician": TOMAS}, {"clinician": TOMAS}), ({}, {}), ({"clinician": "Practitioner/nobody"}, {})):
            page = read(choice(here, chart, language="en-XA", **fields))
            assert (page.status, page.headers["Content-Language"], page.checked()) == (200, "en-XA", chosen)
            assert page.soup.select_one("[role=alert]") is None
        # And where something was wrong with it.
        page = read(choice(here, chart))
        assert (page.status, page.headers["Content-Language"]) == (422, "en-XA")
        assert page.soup.select_one(".languages button[value=en]") is not None


def test_where_nobody_can_be_rated_another_language_is_a_link(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smart_app.app, "load_library", lambda: confirmed((WAI,)))
    with start(languages=("en", "en-XA")) as here:
        named(here)
        page = whom(here, here.launch())
        assert page.soup.select("form[id], .languages button") == []
        assert len(page.soup.select(".languages a")) == 2
