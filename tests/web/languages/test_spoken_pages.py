"""Which language a page speaks, to whom, and what becomes of it when somebody chooses another."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import responses

from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, OWN, SITE, SLUG, Clinic, clinic, patient
from tests.web.languages.catalogues import install

# The first is none that any browser or record below asks for.
LANGUAGES = ("pt-BR", "de", "es", "en")
GERMAN_BROWSER = {"Accept-Language": "de-AT,en;q=0.5"}
Opened = Callable[..., AbstractContextManager[Clinic]]


@pytest.fixture
def opened(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Opened:
    install(tmp_path / "locales", monkeypatch)
    return lambda **more: clinic(wire, server, clock, folder=tmp_path, **{"languages": LANGUAGES, **more})


@pytest.fixture
def rapport(opened: Opened) -> Iterator[Clinic]:
    """Chidi Okafor speaks Spanish, of Ingrid Halvorsen it is not recorded."""
    with opened() as standing:
        standing.ehr.put(speaking("pat-2", {"coding": [{"code": "es-419"}]}))
        yield standing


def speaking(identity: str, *languages: object) -> dict[str, Any]:
    """A patient; of several languages the last is the preferred."""
    listed = [{"language": one, "preferred": place == len(languages)} for place, one in enumerate(languages, 1)]
    return {**patient(identity, "Okafor", "Chidi"), "communication": listed}


def get(rapport: Clinic, path: str, **headers: str) -> Page:
    return read(rapport.client.get(path, base_url=SITE, headers=headers))


def spoken(page: Page) -> str:
    """The language of a page, which markup and header name alike."""
    root = page.soup.select_one("html")
    assert root is not None
    assert page.headers["Content-Language"] == root["lang"]
    return str(root["lang"])


def offers(page: Page) -> dict[str, str]:
    """The switch: each language's name as written, marked as its own language."""
    return {str(one["lang"]): one.get_text() for one in page.soup.select(".languages > [lang]")}


def handed_over(rapport: Clinic, chart: str, **headers: str) -> Page:
    return get(rapport, rapport.lent(chart).page, **headers)


class TestStaff:
    def test_read_in_what_their_browser_asks_for(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        for path in (chart, f"{chart}handover/{SLUG}", f"{chart}check/{SLUG}/clinician", "/start", "/no-such-page"):
            page = get(rapport, path, **GERMAN_BROWSER)
            assert spoken(page) == "de", path
            assert "Accept-Language" in page.headers["Vary"]

    @pytest.mark.parametrize("header", ["", "fr", "*", "de;q=0", "\xff;q", "de," * 3500])
    def test_in_the_sites_first_where_it_asks_for_none_that_is_offered(self, rapport: Clinic, header: str) -> None:
        assert spoken(get(rapport, rapport.launch(), **{"Accept-Language": header})) == "pt-BR"

    def test_in_what_they_chose_for_as_long_as_the_launch_lasts(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        assert offers(get(rapport, chart)) == {"pt-BR": "Português (Brasil)", "de": "Deutsch", "es": "Español", "en": "English"}
        page = get(rapport, f"{chart}?years=5")
        chosen = next(str(one["href"]) for one in page.soup.select(".languages a") if one["lang"] == "es")
        assert chosen == "?years=5&language=es"
        page = get(rapport, chart + chosen)
        assert spoken(page) == "es"
        assert [one["lang"] for one in page.soup.select(".languages [aria-current]")] == ["es"]
        assert spoken(get(rapport, chart, **GERMAN_BROWSER)) == "es"
        # Not for another chart in the same browser.
        assert spoken(get(rapport, rapport.launch(patient="pat-2"), **GERMAN_BROWSER)) == "de"

    @pytest.mark.parametrize("code", ["xx", "fr", "DE", "", "//evil.example", "de%0d%0aSet-Cookie:a=b", "%ff", "d" * 5000])
    def test_a_code_that_is_not_offered_changes_nothing_and_leads_nowhere(self, rapport: Clinic, code: str) -> None:
        chart = rapport.launch()
        answer = rapport.client.get(f"{chart}?language={code}", base_url=SITE, headers=GERMAN_BROWSER)
        assert answer.status_code in {200, 400}
        assert "Location" not in answer.headers
        assert not [line for line in answer.headers.getlist("Set-Cookie") if "language" in line]
        assert spoken(get(rapport, chart, **GERMAN_BROWSER)) == "de"

    def test_no_address_leads_to_another_host(self, rapport: Clinic) -> None:
        for path in ("//evil.example/?language=de", "/%2f/evil.example?language=de", "/start?language=de&next=https://evil.example"):
            answer = rapport.client.get(path, base_url=SITE)
            assert "Location" not in answer.headers
            assert all(str(one["href"]).startswith("?") for one in read(answer).soup.select(".languages a"))

    def test_what_is_kept_of_a_choice_is_a_code_for_one_launch(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        answer = rapport.client.get(f"{chart}?language=de", base_url=SITE)
        (kept,) = [line for line in answer.headers.getlist("Set-Cookie") if "language" in line]
        parts = {part.strip() for part in kept.split(";")}
        assert {"__Secure-rapport-language-staff=de", f"Path={chart}", "Secure", "HttpOnly", "SameSite=None", "Partitioned"} <= parts
        # Nothing of a launch that does not let this browser in.
        stranger = rapport.browser().get(f"{chart}?language=de", base_url=SITE)
        assert (stranger.headers["Content-Language"], stranger.headers.getlist("Set-Cookie")) == ("de", [])

    def test_an_address_that_a_launch_comes_back_to_is_not_offered_once_more(self, rapport: Clinic) -> None:
        page = get(rapport, "/callback?code=c&state=s", **GERMAN_BROWSER)
        assert (spoken(page), offers(page)) == ("de", {})
        assert "state=s" not in page.html


class TestPatientOnTheTablet:
    @pytest.mark.parametrize(
        ("languages", "code"),
        [
            (({"coding": [{"system": "urn:ietf:bcp:47", "code": "es"}]},), "es"),
            # The system that Synthea once wrote, and a text alone.
            (({"coding": [{"system": "http://id.loc.gov/vocabulary/iso639-1", "code": "es"}], "text": "Spanish"},), "es"),
            (({"text": "German"},), "de"),
            (({"coding": [{"code": "es"}]}, {"coding": [{"code": "de-CH"}]}), "de"),
            (({"coding": [{"code": "es"}]}, {"coding": [{"code": "vi"}]}), "es"),
            (({"coding": [{"code": "en-US", "display": "English"}], "text": "English"},), "en"),
            (({"coding": [{"code": "vi"}], "text": "Vietnamese"},), "pt-BR"),
            (({"coding": [{"code": 7}, "es", None], "text": ["es"]}, "es", None, 3), "pt-BR"),
            ((), "pt-BR"),
        ],
    )
    def test_reads_in_their_own_language_whatever_the_clinics_browser_asks_for(
        self, rapport: Clinic, languages: tuple[object, ...], code: str
    ) -> None:
        rapport.ehr.put(speaking("pat-1", *languages))
        page = handed_over(rapport, rapport.launch(), **GERMAN_BROWSER)
        assert spoken(page) == code
        assert "Accept-Language" not in page.headers.get("Vary", "")
        assert len(offers(page)) == len(LANGUAGES)

    @pytest.mark.parametrize("listed", ["es", 3, {"language": "es"}, [None, {}, {"language": {"coding": {"code": "es"}}}]])
    def test_a_list_that_is_none_is_as_if_it_were_not_recorded(self, rapport: Clinic, listed: object) -> None:
        rapport.ehr.put({**patient("pat-1", "Halvorsen", "Ingrid"), "communication": listed})
        assert spoken(handed_over(rapport, rapport.launch())) == "pt-BR"

    def test_thanks_and_a_form_with_something_wrong_are_in_it_too(self, rapport: Clinic) -> None:
        chart = rapport.launch(patient="pat-2")
        fields = rapport.filled(chart)
        page = read(rapport.send(chart, {**fields, ITEMS[0]: "no such answer"}))
        assert (page.status, spoken(page)) == (422, "es")
        answer = rapport.patient_sends(chart, fields)
        assert spoken(get(rapport, answer.headers["Location"], **GERMAN_BROWSER)) == "es"
        rapport.take_back(chart)
        assert spoken(get(rapport, chart, **GERMAN_BROWSER)) == "de"

    def test_what_they_choose_loses_nothing_and_is_neither_staffs_nor_the_next_patients(self, rapport: Clinic) -> None:
        chart = rapport.launch(patient="pat-2")
        form = handed_over(rapport, chart)
        given = {ITEMS[0]: "4", ITEMS[1]: "2", f"{ITEMS[2]}.declined": "yes"}
        page = read(rapport.send(chart, {**form.form("/answers"), **given, "language": "de"}))
        assert (page.status, spoken(page)) == (200, "de")
        assert {name: value for name, value in page.checked().items() if name in given} == given
        assert page.form("/answers")["key"] == form.form("/answers")["key"]
        assert page.soup.select_one("#problems") is None
        # Kept as while it is typed, so it is offered should the page be gone; and sent from here as from any form.
        assert "answered" in handed_over(rapport, chart).text
        answer = rapport.patient_sends(chart, {**page.form("/answers"), **dict.fromkeys(ITEMS, "4")})
        assert spoken(get(rapport, answer.headers["Location"])) == "de"
        rapport.take_back(chart)
        assert spoken(get(rapport, chart)) == "pt-BR"
        assert spoken(handed_over(rapport, rapport.launch(patient="pat-1"))) == "pt-BR"

    def test_an_untouched_form_still_offers_what_was_begun_before(self, rapport: Clinic) -> None:
        chart = rapport.launch(patient="pat-2")
        begun = {**handed_over(rapport, chart).form("/answers"), ITEMS[0]: "4", "language": "es"}
        assert spoken(read(rapport.send(chart, begun))) == "es"
        form = handed_over(rapport, chart)
        for code in ("de", "es"):
            page = read(rapport.send(chart, {**form.form("/answers"), "language": code}))
            assert (page.status, spoken(page), page.checked()) == (200, code, {})
            assert len(page.soup.select("form[action*='/draft/']")) == 2

    def test_what_staff_chose_is_not_theirs(self, rapport: Clinic) -> None:
        chart = rapport.launch(patient="pat-2")
        get(rapport, f"{chart}?language=de")
        assert spoken(handed_over(rapport, chart)) == "es"

    def test_its_buttons_send_the_form_and_enter_does_not_press_them(self, rapport: Clinic) -> None:
        page = handed_over(rapport, rapport.launch())
        form = page.soup.select_one("form.check")
        assert form is not None
        first, *choices = page.soup.select(f"button[form={form['id']}]")
        assert (first.get("name"), first.get("aria-hidden"), first.get("tabindex")) == (None, "true", "-1")
        assert {(one["name"], one["value"]) for one in choices} == {("language", code) for code in LANGUAGES}
        assert all(one.has_attr("formnovalidate") for one in choices)

    @pytest.mark.parametrize("code", ["xx", "", "de'\"><script>"])
    def test_a_forged_code_sends_the_form_as_it_is(self, rapport: Clinic, code: str) -> None:
        chart = rapport.launch()
        page = read(rapport.send(chart, {**handed_over(rapport, chart).form("/answers"), ITEMS[0]: "4", "language": code}))
        assert (page.status, spoken(page)) == (422, "pt-BR")
        assert "<script>" not in page.html.replace(page.html[page.html.rfind("<script ") :], "")

    def test_nothing_is_brought_back_to_another_page_than_our_own(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        fields = {**handed_over(rapport, chart).form("/answers"), "language": "de"}
        assert rapport.send(chart, {**fields, "csrf": "forged"}).status_code == 403
        assert rapport.send(chart, {**fields, "patient": "pat-2"}).status_code >= 400

    def test_the_language_it_was_read_in_goes_on_where_the_launch_has_ended(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch(patient="pat-2")
        fields = rapport.filled(chart)
        clock.forward(minutes=31)
        page = read(rapport.send(chart, fields, **GERMAN_BROWSER))
        assert (page.status >= 400, spoken(page)) == (True, "es")


class TestQuestions:
    def test_are_said_to_be_in_another_language_and_marked_so(self, rapport: Clinic) -> None:
        page = handed_over(rapport, rapport.launch())
        assert spoken(page) == "pt-BR"
        assert "inglês" in page.text
        assert {str(one.get("lang")) for one in page.soup.select("h1, fieldset legend, .options")} == {"en"}
        assert {str(one.get("lang")) for one in page.soup.select("legend span")} <= {"pt-BR"}

    def test_nothing_is_said_where_they_are_not(self, rapport: Clinic) -> None:
        rapport.ehr.put(speaking("pat-1", {"text": "English"}))
        page = handed_over(rapport, rapport.launch())
        assert spoken(page) == "en"
        assert "questions are in" not in page.text
        assert not page.soup.select("form.check [lang]")


class TestPatientWhoSignedIn:
    @pytest.fixture(autouse=True)
    def _signs_in(self, server: AuthorizationServer) -> None:
        server.claims |= {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "patient-1"}

    def test_reads_in_their_own_language_else_in_their_browsers(self, rapport: Clinic) -> None:
        home = rapport.launch()
        page = get(rapport, home, **GERMAN_BROWSER)
        assert spoken(page) == "de"
        assert "Accept-Language" in page.headers["Vary"]
        rapport.ehr.put({**speaking("pat-1", {"text": "Español"})})
        assert spoken(get(rapport, home, **GERMAN_BROWSER)) == "es"
        # An error page waits for no server, and no page of a moment ago was lost.
        assert spoken(get(rapport, f"{home}sent/{'k' * 20}", **GERMAN_BROWSER)) == "es"
        assert spoken(get(rapport, f"{home}?language=de")) == "de"
        assert spoken(get(rapport, home)) == "de"

    def test_a_form_comes_back_in_another_and_nothing_of_it_is_kept(self, rapport: Clinic) -> None:
        doctor = [{"reference": "Practitioner/dr-1", "display": "Sofia Lindqvist"}]
        rapport.ehr.put({**patient("pat-1", "Halvorsen", "Ingrid"), "generalPractitioner": doctor})
        address = next(link for link in get(rapport, rapport.launch()).links() if "/own/answer/" in link)
        fields = {**get(rapport, address).form("/own/answer/"), ITEMS[0]: "4", "language": "es"}
        page = read(rapport.client.post(address, data=fields, base_url=SITE, headers=OWN))
        assert (page.status, spoken(page), page.checked().get(ITEMS[0])) == (200, "es", "4")
        again = get(rapport, address)
        assert spoken(again) == "es"
        assert again.soup.select_one("[aria-label='Answers not sent']") is None


def test_a_site_that_offers_english_alone_has_no_switch_and_keeps_nothing(opened: Opened) -> None:
    with opened(languages=("en",)) as rapport:
        chart = rapport.launch(patient="pat-2")
        for path in (f"{chart}?language=de", f"{chart}handover/{SLUG}", "/start", ""):
            answer = rapport.client.get(path or rapport.lent(chart).page, base_url=SITE, headers=GERMAN_BROWSER)
            page = read(answer)
            assert (spoken(page), offers(page), answer.headers.getlist("Set-Cookie")) == ("en", {}, [])
            assert "Accept-Language" not in answer.headers.get("Vary", "")


def test_the_language_of_tests_is_on_every_page_and_from_right_to_left_on_request(opened: Opened) -> None:
    with opened(languages=("ar-XB", "en-XA")) as rapport:
        page = handed_over(rapport, rapport.launch())
        assert spoken(page) == "ar-XB"
        assert "⟦The questions are in English.~" in page.text
        assert page.soup.select_one("html[dir=rtl]") is not None


class TestTheFormsOwnWords:
    """A form is in the language of the page that asks for it, where it has words in that."""

    def test_are_the_patients_and_nothing_says_they_are_not(self, rapport: Clinic) -> None:
        page = handed_over(rapport, rapport.launch(patient="pat-2"))
        assert "Pude decir todo lo que quería decir." in page.text
        assert "not reviewed by clinicians or patients" in page.text
        assert page.soup.select("legend[lang]") == []

    def test_are_stored_with_their_language_and_with_who_has_read_them_over(self, rapport: Clinic) -> None:
        chart = rapport.launch(patient="pat-2")
        rapport.send(chart, {**handed_over(rapport, chart).form("/answers"), **dict.fromkeys(ITEMS, "4")})
        [stored] = rapport.ehr.of_type("QuestionnaireResponse")
        assert (stored["language"], stored["questionnaire"].rpartition("-")[2]) == ("es", "es|0.2.0")
        assert "not reviewed by clinicians or patients" in [one.get("valueString") for one in stored["extension"]]

    def test_change_with_the_page_and_what_is_sent_is_what_was_read(self, rapport: Clinic) -> None:
        chart = rapport.launch(patient="pat-2")
        page = read(rapport.send(chart, {**handed_over(rapport, chart).form("/answers"), ITEMS[0]: "4", "language": "de"}))
        assert "Ich konnte alles sagen, was ich sagen wollte." in page.text
        rapport.send(chart, {**page.form("/answers"), **dict.fromkeys(ITEMS, "4")})
        assert [one["language"] for one in rapport.ehr.of_type("QuestionnaireResponse")] == ["de"]

    def test_are_the_sites_where_there_are_none_in_the_pages_language(self, rapport: Clinic) -> None:
        page = handed_over(rapport, rapport.launch())
        assert (spoken(page), "I had a say in the next steps." in page.text) == ("pt-BR", True)
