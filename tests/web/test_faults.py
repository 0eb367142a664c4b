"""The negative matrix: the whole app beside the embedded EHR, which misbehaves in every way of its table, one launch at a time.

Each row ends as the table says a right client makes it end, and in every one of them nothing is asked of another host, no token request is
made where none may be, no launch is left open where none was opened, and nothing is stored that should not be, or twice.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from smart_app.registration import load_registration
from smart_app.registration.features import catalogue
from smart_app.sandbox.faults.fault import Ends, Fault
from smart_app.sandbox.faults.fault_catalogue import BY_NAME, TABLE
from smart_app.sandbox.faults.sign_in import OAUTH_ERRORS
from smart_app.sandbox.faults.whole_ehr import WHOLE_EHR
from tests.support.faulty_clinic import CLIENT_TYPES, ENVIRON, ITEMS, SITE, SLUG, Arrival, FaultyClinic, faulty_clinic
from tests.support.page import Page, read

pytestmark = pytest.mark.enable_socket

# What takes as long as its name says is tried with less, below, or in a system test.
_TAKES_LONG = {"late-authorize=20", "late-read=20", "token-unanswered=25", "write-answered-late=20", "write-lost=20"}
_IDENTITY = "launch openid fhirUser patient/Patient.r"
# Every launch that stops: its status, its code, and how many token requests there were.
STOPS: dict[str, tuple[int, str, int]] = {
    **{f"refuse={error}": (403, "authorization_refused", 0) for error in OAUTH_ERRORS},
    "refuse=access_denied": (403, "authorization_declined", 0),
    "refuse=invalid_scope": (403, "scope_refused", 0),
    "refuse=server_error": (403, "authorization_unavailable", 0),
    "refuse=temporarily_unavailable": (403, "authorization_unavailable", 0),
    "refuse-with-help": (403, "scope_refused", 0),
    "refuse-and-code": (403, "authorization_declined", 0),
    "state-other": (400, "state_unknown", 0),
    "state-missing": (400, "state_missing", 0),
    "state-doubled": (400, "parameter_repeated", 0),
    "iss-wrong": (403, "issuer_differs", 0),
    "code-missing": (400, "code_missing", 0),
    "code-doubled": (400, "parameter_repeated", 0),
    "code-unknown": (400, "code_refused", 1),
    "grant-nothing": (403, "scope_insufficient", 1),
    "grant-no-record": (403, "scope_insufficient", 1),
    "grant-no-identity": (403, "scope_insufficient", 1),
    "token-status=400": (400, "code_refused", 1),
    "token-status=401": (400, "token_refused", 1),
    "token-status": (502, "token_unreachable", 1),
    "token-redirected": (502, "token_invalid", 1),
    "token-not-json": (502, "token_invalid", 1),
    "token-huge": (502, "token_invalid", 1),
    "token-type": (502, "token_invalid", 1),
    "access-token-missing": (502, "token_invalid", 1),
    "patient-missing": (400, "patient_missing", 1),
    "patient-by-visit": (400, "patient_of_visit_unknown", 1),
    "patient-malformed": (400, "patient_missing", 1),
    "expires-malformed": (502, "token_invalid", 1),
    "user-is-patient": (403, "user_not_permitted", 1),
    "user-missing": (403, "user_not_permitted", 1),
    "user-malformed": (403, "user_not_permitted", 1),
}
# Where a launch goes wrong on the EHR's or its network's side; opening it again is what helps.
_AGAIN = "open Rapport again from the patient's chart"


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyClinic]:
    with faulty_clinic(tmp_path_factory.mktemp("faults"), log_level="ERROR") as standing:
        yield standing


@pytest.fixture(autouse=True)
def quiet_elsewhere(clinic: FaultyClinic) -> Iterator[None]:
    """Whatever the EHR does, nobody else is asked anything."""
    clinic.ehr.heard.clear()
    yield
    assert clinic.stranger.heard == []


def asked_for(ends: Ends, name: str = "") -> list[str]:
    """Every way to ask for the faults that end so, or for the one of that name."""
    mine = [fault for fault in TABLE if fault.ends == ends and name in {"", fault.name}]
    return [text for fault in mine for text in fault.texts() if text not in _TAKES_LONG]


def expected(text: str) -> tuple[int, str, int]:
    """What the table above says of a launch that stops; the id_token faults share one line."""
    fault = BY_NAME[text.partition("=")[0]]
    found = STOPS.get(text) or STOPS.get(fault.name)
    return found or ((403, "id_token_invalid", 1) if fault.group == "id_token" else (0, "", -1))


def here(text: str, clinic: FaultyClinic) -> str:
    """The fault with the listening stranger in place of the address nobody answers at."""
    return text.replace("https://elsewhere.example", clinic.elsewhere)


def check_nothing_hostile(page: Page) -> None:
    assert "<script>alert" not in page.html
    assert "<b>Refused" not in page.html
    assert "planted" not in page.headers.get("Set-Cookie", "")
    assert all(not str(link).startswith("javascript:") for link in page.links())


def check_says_what_to_do(page: Page) -> None:
    steps = [step.get_text() for step in page.soup.select("ol li")]
    assert "Close this page" in steps[0]
    assert "Carry on in the chart. Nothing on this page has to be saved." in " ".join(steps)
    assert "Reference code RP-" in page.text
    assert "Nothing was opened" in page.text


def check_nothing_stored(clinic: FaultyClinic, patient: str) -> None:
    assert clinic.stored(patient) == {"QuestionnaireResponse": 0, "Observation": 0}


class TestNoLaunch:
    # SMART E1
    # SMART E3
    # SMART B6
    # SMART F4
    # SMART F5
    # SMART H1
    # SMART H5
    # SMART O
    @pytest.mark.parametrize("text", asked_for("stops"))
    def test_launch_stops_with_its_own_page_and_leaves_nothing(self, clinic: FaultyClinic, text: str) -> None:
        status, code, token_requests = expected(text)
        patient, open_before = clinic.admit(), clinic.open_launches()
        arrival = clinic.launch(here(text, clinic), patient=patient)
        assert (arrival.chart, arrival.page.status) == (None, status)
        assert f"Error launch.{code} " in arrival.page.text
        assert clinic.token_requests() == token_requests
        assert clinic.open_launches() == open_before
        assert [one for one in clinic.ehr.heard if patient in one.path or patient in one.query] == []
        check_nothing_stored(clinic, patient)
        check_nothing_hostile(arrival.page)
        check_says_what_to_do(arrival.page)

    def test_every_fault_that_stops_a_launch_has_an_expected_code(self) -> None:
        assert [text for text in asked_for("stops") if expected(text)[1] == ""] == []

    # SMART O
    @pytest.mark.parametrize(
        "text", ["refuse=access_denied", "refuse=temporarily_unavailable", "code-unknown", "state-other", "nonce-other"]
    )
    def test_what_opening_it_again_may_mend_says_so(self, clinic: FaultyClinic, text: str) -> None:
        assert _AGAIN in clinic.launch(text).page.text

    # SMART O
    def test_help_of_the_ehr_is_linked_on_its_own_host_alone(self, clinic: FaultyClinic) -> None:
        own = clinic.launch("refuse-with-help").page
        assert f"{clinic.url}/help/refused" in own.links()
        for text in ("refuse-with-help=https://elsewhere.example/help", "refuse-with-help=javascript:alert(1)", "refuse"):
            links = clinic.launch(text).page.links()
            assert not [link for link in links if ":" in link]

    # SMART E3
    def test_words_of_the_ehr_are_shown_as_text_and_cut_short(self, clinic: FaultyClinic) -> None:
        page = clinic.launch("refuse=access_denied").page
        assert "access_denied: <script>alert('said by the EHR')</script>" in page.text
        assert "x" * 300 not in page.text
        assert "\u202e" not in page.html

    # SMART O
    def test_code_that_comes_back_too_late_is_refused_and_says_so(self, clinic: FaultyClinic) -> None:
        arrival = clinic.launch(signing_in=lambda: clinic.clock.forward(minutes=2))
        assert (arrival.chart, arrival.page.status) == (None, 400)
        assert "Error launch.code_refused " in arrival.page.text
        assert "it took too long, or was used before" in arrival.page.text
        assert _AGAIN in arrival.page.text
        assert clinic.token_requests() == 1

    # SMART D3
    # SMART E1
    def test_state_is_good_for_ten_minutes(self, clinic: FaultyClinic) -> None:
        arrival = clinic.launch(signing_in=lambda: clinic.clock.forward(minutes=11))
        assert arrival.chart is None
        assert "Error launch.state_unknown " in arrival.page.text
        assert clinic.token_requests() == 0


class TestOpens:
    # SMART D6
    # SMART H1
    # SMART H5
    # SMART I
    @pytest.mark.parametrize(
        "text",
        [
            "launch-with-space",
            "kid-missing",
            "azp-app",
            "user-relative",
            "user-as-profile",
            "user-elsewhere",
            "iss-right",
            "late-authorize=1",
            "late-token=1",
            "token-type-upper",
            "expires-unsaid",
            "expires=70",
            "expires=5",
            "refresh-none",
            "refresh-kept",
        ],
    )
    def test_what_is_unusual_and_right_opens_the_whole_chart(self, clinic: FaultyClinic, text: str) -> None:
        arrival = clinic.launch(here(text, clinic))
        assert arrival.page.status == 200
        assert "8.0 %" in arrival.page.text
        assert "incomplete" not in arrival.page.text

    # SMART H3
    def test_key_set_with_a_padded_key_is_read(self, tmp_path: Path) -> None:
        """At an EHR of its own, as a key set is kept for all launches."""
        with faulty_clinic(tmp_path, log_level="ERROR") as clinic:
            arrival = clinic.launch("keys-padded")
            assert clinic.http.get(f"{clinic.url}/oauth/jwks").json()["keys"][1]["n"].endswith("=")
            assert arrival.page.status == 200
            assert "8.0 %" in arrival.page.text
            clinic.launch()
            assert len(clinic.http.get(f"{clinic.url}/oauth/jwks").json()["keys"]) == 1

    # SMART K1
    @pytest.mark.parametrize(
        "text",
        [
            "read-status=401",
            "read-status=403",
            "read-status=404",
            "read-status=429",
            "read-status=503",
            "read-other-patient",
            "read-redirected",
            "read-not-fhir",
            "patient-unknown",
        ],
    )
    def test_without_the_patient_nothing_of_a_record_is_shown(self, clinic: FaultyClinic, text: str) -> None:
        patient = clinic.admit()
        page = clinic.launch(here(text, clinic), patient=patient).page
        assert page.status == 502
        assert "Nothing is shown, because part of a record can look like all of it" in page.text
        assert all(word not in page.text for word in ("8.0 %", "STRANGER", "somebody-else", patient))
        check_nothing_hostile(page)

    # SMART G3
    # SMART G4
    # SMART K2
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("observations-forbidden", "HbA1c may not be read in this launch"),
            ("search-altered", "searched for something else than it was asked"),
            ("paging-elsewhere", "next page lies outside its own address"),
            ("grant-only", "This sign-in does not include permission to search Observation"),
            (f"grant-only={_IDENTITY} patient/QuestionnaireResponse.rs", "This sign-in does not include permission to search Observation"),
            (f"grant-only={_IDENTITY} patient/Observation.rs?category=laboratory", "This sign-in covers only some of Observation"),
        ],
    )
    def test_partial_read_never_looks_like_none(self, clinic: FaultyClinic, text: str, says: str) -> None:
        page = clinic.launch(here(text, clinic)).page
        assert page.status == 200
        assert "This page is incomplete" in page.text
        assert says in page.text
        assert "for this patient, and every search finished" not in page.text

    # SMART G4
    @pytest.mark.parametrize("text", asked_for("opens", "search-withheld"))
    def test_what_the_server_says_it_keeps_back_is_said_in_its_words_and_never_called_none(self, clinic: FaultyClinic, text: str) -> None:
        page = clinic.launch(text).page
        assert page.status == 200
        assert "This page is incomplete" in page.text
        assert "The server said: “Results of this kind are withheld from this application." in page.text
        assert all(words not in page.text for words in ("None found", "every search finished", "Search complete", "Searches complete"))
        check_nothing_hostile(page)

    # SMART G4
    def test_a_notice_that_comes_with_every_answer_is_shown_once_and_misses_nothing(self, clinic: FaultyClinic) -> None:
        page = clinic.launch("search-notice").page
        assert "8.0 %" in page.text
        assert "incomplete" not in page.text
        assert page.text.count("It may not contain the entire record.") == 1

    # SMART G4
    @pytest.mark.parametrize("text", ["search-unsorted=1", "search-short-pages=1"])
    def test_of_many_results_the_newest_are_shown_and_none_is_called_first_that_need_not_be(self, clinic: FaultyClinic, text: str) -> None:
        patient = clinic.admit()
        clinic.add_results(patient, 40)
        page = clinic.launch(text, patient=patient).page
        assert page.status == 200
        assert "8.0 %" in page.text
        assert "HbA1c is complete from " in page.text
        assert "first value" not in page.text
        assert "The first HbA1c" not in page.text
        assert clinic.fhir_requests() <= 16

    @pytest.mark.parametrize("text", ["search-short-pages=10", "search-unsorted=200"])
    def test_results_that_fit_into_the_requests_of_a_page_are_read_whole(self, clinic: FaultyClinic, text: str) -> None:
        patient = clinic.admit()
        clinic.add_results(patient, 40)
        page = clinic.launch(text, patient=patient).page
        assert "43 results" in page.text
        assert "incomplete" not in page.text

    # SMART G4
    @pytest.mark.parametrize("text", ["sort-refused", "codes-refused", "category-wanted"])
    def test_a_server_is_asked_again_the_way_it_wants(self, clinic: FaultyClinic, text: str) -> None:
        page = clinic.launch(text).page
        assert page.status == 200
        assert "8.0 %" in page.text
        assert "HbA1c is incomplete" not in page.text
        assert "HbA1c did not load" not in page.text
        assert clinic.fhir_requests() <= 16

    # SMART G4
    def test_what_was_just_saved_is_shown_by_a_server_that_remembers_its_answers(self, clinic: FaultyClinic) -> None:
        arrival = clinic.launch("search-remembered")
        assert "8.0 %" in arrival.page.text
        assert "Saved in the record" in clinic.rate(arrival).text
        assert "1 visit" in clinic.get(arrival).text

    # SMART G4
    def test_what_was_just_saved_is_said_by_the_receipt_where_searches_are_stale(self, clinic: FaultyClinic) -> None:
        patient = clinic.admit()
        arrival = clinic.launch("search-stale", patient=patient)
        assert "Saved in the record" in clinic.rate(arrival).text
        assert clinic.get(arrival).status == 200
        assert clinic.stored(patient) == {"QuestionnaireResponse": 1, "Observation": 5}

    # SMART G4
    def test_result_that_pages_of_a_search_repeat_is_shown_once(self, clinic: FaultyClinic) -> None:
        page = clinic.launch("pages-overlap=2").page
        assert page.status == 200
        assert "8.0 %" in page.text
        assert "HbA1c is incomplete." in page.text
        assert "2 results" in page.text

    # SMART G4
    def test_silently_filtered_result_is_called_not_found_and_never_not_there(self, clinic: FaultyClinic) -> None:
        page = clinic.launch("read-filtered").page
        assert page.status == 200
        assert "HbA1c None found" in page.text
        assert "None recorded" not in page.text
        assert "no hba1c" not in page.text.lower()

    def test_no_search_holds_slashes_that_a_front_may_merge(self, clinic: FaultyClinic) -> None:
        clinic.launch()
        searches = [one.query for one in clinic.ehr.heard if one.path == "/fhir/Observation"]
        assert searches
        assert [query for query in searches if "//" in query] == []

    # SMART P
    def test_results_of_another_patient_are_not_shown(self, clinic: FaultyClinic) -> None:
        page = clinic.launch("read-others").page
        assert "3 resources the server returned belong to other patients" in page.text
        assert "8.0 %" not in page.text

    # SMART P
    @pytest.mark.parametrize("subject", ["identifier", "elsewhere", "contained", "missing"])
    def test_results_tied_to_nobody_are_listed_and_no_other_patients_data_is_claimed(self, clinic: FaultyClinic, subject: str) -> None:
        page = clinic.launch(f"read-untied={subject}").page
        assert page.status == 200
        assert "3 results could not be tied to this patient" in page.text
        assert "other patients" not in page.text
        assert "Nothing was left out" not in page.text
        assert "every search finished" not in page.text
        assert "8.0 %" not in page.text
        assert page.text.count("IT: ") >= 3

    # SMART G2
    def test_nothing_is_asked_that_was_not_granted(self, clinic: FaultyClinic) -> None:
        clinic.launch("grant-only")
        asked = {one.path for one in clinic.ehr.heard if one.authorization}
        assert asked == {f"/fhir/Patient/pat-{next(clinic.numbers) - 1}"}

    # SMART H5
    # SMART K1
    def test_user_on_another_host_is_named_and_that_host_not_asked(self, clinic: FaultyClinic) -> None:
        arrival = clinic.launch(here("user-elsewhere=https://elsewhere.example/fhir", clinic))
        assert arrival.page.status == 200
        assert "Lindqvist" in clinic.rate(arrival).text

    def test_every_fault_that_lets_a_launch_open_is_tried_here(self) -> None:
        """A new row needs a line in a test of its own; what only a renewal or a wait shows is below."""
        tried = Path(__file__).read_text()
        assert [fault.name for fault in TABLE if f'"{fault.name}' not in tried and fault.ends == "opens"] == []


WITH_VISITS = {"scope": f"{load_registration().client.scope} patient/Encounter.r user/Practitioner.r"}


@pytest.fixture(scope="module")
def reading_visits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyClinic]:
    with faulty_clinic(tmp_path_factory.mktemp("visits"), entry=WITH_VISITS, log_level="ERROR") as standing:
        yield standing


class TestWhoItIs:
    """The patient and the clinician, where the EHR names them by a reference alone."""

    # SMART I
    @pytest.mark.parametrize(
        ("subject", "status", "says"),
        [
            ("own", 200, "8.0 %"),
            ("elsewhere", 400, "the Encounter was read, and its subject is on another server"),
            ("group", 400, "the Encounter was read, and its subject is no Patient"),
            ("nobody", 400, "the Encounter was read, and it has no subject"),
        ],
    )
    def test_patient_of_the_visit_is_opened_where_the_visit_is_a_patients_of_this_server(
        self, reading_visits: FaultyClinic, subject: str, status: int, says: str
    ) -> None:
        patient = reading_visits.admit()
        about = {"reference": f"Patient/{patient}"}
        reading_visits.backend.load({"resourceType": "Encounter", "id": f"visit-of-{patient}", "status": "in-progress", "subject": about})
        arrival = reading_visits.launch(f"patient-by-visit={subject}", patient=patient)
        assert arrival.page.status == status
        assert says in arrival.page.text

    def test_visit_that_may_not_be_read_names_what_the_ehr_has_to_send(self, clinic: FaultyClinic) -> None:
        page = clinic.launch("patient-by-visit").page
        assert "reading Encounter not granted" in page.text
        assert "Have the EHR send patient with it" in page.text.replace("`", "")
        assert "again" not in page.text.partition("For the IT team")[0].lower()
        assert "choose" not in page.text.lower()

    # SMART H6
    def test_clinician_without_a_name_is_read_where_that_is_granted(self, reading_visits: FaultyClinic) -> None:
        arrival = reading_visits.launch("name-missing")
        assert "Signed in: Sofia Lindqvist" in arrival.page.text

    # SMART H6
    def test_clinician_without_a_name_is_called_by_no_id(self, clinic: FaultyClinic) -> None:
        arrival = clinic.launch("name-missing")
        assert "Signed in: the signed-in clinician" in arrival.page.text
        receipt = clinic.rate(arrival)
        note = receipt.soup.select_one(".note pre")
        assert note is not None
        assert "rated: the signed-in clinician" in note.get_text()
        assert "dr-1" not in note.get_text()
        assert "Practitioner/dr-1" not in clinic.get(arrival).text
        assert "Practitioner/dr-1" not in receipt.text

    # SMART J6
    def test_sign_in_that_cannot_be_renewed_says_until_when_it_lasts_and_what_keeps_the_work(self, clinic: FaultyClinic) -> None:
        arrival = clinic.launch("refresh-none", "expires=70")
        assert re.search(r"Signed in: Sofia Lindqvist until \d\d:\d\d", arrival.page.text)
        assert re.search(r"This sign-in ends at \d\d:\d\d and cannot be renewed", arrival.page.text)
        assert "What is chosen in a form is kept as you go" in arrival.page.text
        form = read(arrival.client.get(f"{arrival.chart}check/{SLUG}/clinician", base_url=SITE))
        assert re.search(r"This sign-in lasts until \d\d:\d\d", form.text)
        fields = form.form("/check/") | dict.fromkeys(ITEMS, "4")
        clinic.clock.forward(seconds=80)
        receipt = clinic.post(arrival, form.action("/check/"), fields)
        assert "kept in Rapport" in receipt.text

    def test_sign_in_that_can_be_renewed_says_nothing_of_an_end(self, clinic: FaultyClinic) -> None:
        line = clinic.launch("expires=70").page.soup.select_one(".context")
        assert line is not None
        assert "until" not in line.get_text()


class TestScopesRefused:
    """An EHR that refuses scopes is asked again, for less, three times at most; what is off is said."""

    def off(self, page: Page) -> dict[str, str]:
        """What the page's part for the IT team says is off, with why."""
        rows = page.soup.select("#sources details:last-of-type tbody tr")
        return {row.select("th, td")[0].get_text(): row.select("th, td")[1].get_text() for row in rows}

    def asked(self, clinic: FaultyClinic) -> list[set[str]]:
        """The scopes of each authorization request."""
        return [set(parse_qs(one.query)["scope"][0].split()) for one in clinic.ehr.to("/oauth/authorize")]

    # SMART E1
    # SMART G2
    @pytest.mark.parametrize(
        ("text", "title", "kept"),
        [
            ("scope-refused=patient/Provenance.c", "Who entered it (Provenance)", "patient/Observation.crus"),
            ("scope-refused=patient/QuestionnaireResponse.u", "Correcting what was stored", "patient/QuestionnaireResponse.crs"),
            ("scope-refused=online_access", "Staying signed in", "patient/Provenance.crs"),
            ("scope-refused-late=patient/Provenance.c", "Who entered it (Provenance)", "patient/Observation.crus"),
        ],
    )
    def test_feature_that_is_named_is_left_out_and_nothing_else(self, clinic: FaultyClinic, text: str, title: str, kept: str) -> None:
        patient = clinic.admit()
        arrival = clinic.launch(text, patient=patient)
        assert arrival.page.status == 200
        assert "8.0 %" in arrival.page.text
        first, second = self.asked(clinic)
        assert kept in second
        assert first != second
        assert {title} == {what for what, why in self.off(arrival.page).items() if "refused" in why}
        assert "Saved in the record" in clinic.rate(arrival).text

    @pytest.mark.parametrize(
        ("text", "tries", "off"),
        [
            ("scope-refused-unnamed=patient/Provenance.c", 2, {"forms", "corrections", "provenance"}),
            (
                "scope-refused-unnamed=patient/Observation.c",
                3,
                {"forms", "corrections", "provenance", "renewal", "answers", "scores"},
            ),
        ],
    )
    def test_without_a_name_optional_features_go_in_their_order(self, clinic: FaultyClinic, text: str, tries: int, off: set[str]) -> None:
        page = clinic.launch(text).page
        assert page.status == 200
        assert "8.0 %" in page.text
        assert len(self.asked(clinic)) == tries
        titles = {feature.title for feature in catalogue().feature if feature.key in off}
        assert {what for what, why in self.off(page).items() if "refused" in why} == titles

    # SMART E1
    def test_ehr_that_refuses_whatever_it_is_asked_is_asked_three_times(self, clinic: FaultyClinic) -> None:
        page = clinic.launch("refuse=invalid_scope").page
        assert page.status == 403
        assert "launch.scope_refused" in page.text
        assert len(self.asked(clinic)) == 3

    def test_next_launch_asks_for_everything_again(self, clinic: FaultyClinic) -> None:
        clinic.launch("scope-refused=online_access")
        clinic.ehr.heard.clear()
        page = clinic.launch().page
        (only,) = self.asked(clinic)
        assert "online_access" in only
        assert "Staying signed in" not in self.off(page)

    # SMART G2
    def test_grant_of_less_says_what_is_off_and_why(self, clinic: FaultyClinic) -> None:
        found = self.off(clinic.launch("grant-read-only").page)
        assert found["Storing answers"] == "Asked for, and not granted"
        assert found["The visit"] == "Not among the features of its entry in launch.json"
        assert "Results and scores" not in found

    def test_renewal_that_was_granted_and_brought_nothing_is_off(self, clinic: FaultyClinic) -> None:
        assert self.off(clinic.launch("refresh-none").page)["Staying signed in"] == "Granted, and no refresh token came with it"


class TestRenewal:
    # SMART J5
    # SMART I
    # SMART J3
    @pytest.mark.parametrize("text", asked_for("over"))
    def test_launch_is_over_when_the_ehr_says_so(self, clinic: FaultyClinic, text: str) -> None:
        patient = clinic.admit()
        arrival = clinic.launch(text, "expires=70", patient=patient)
        open_before = clinic.open_launches()
        clinic.ehr.heard.clear()
        clinic.clock.forward(seconds=60)
        page = clinic.get(arrival)
        assert page.status == 403
        assert "Open Rapport again from the patient's chart" in page.text
        assert clinic.open_launches() < open_before
        assert {one.path for one in clinic.ehr.heard} == {"/oauth/token"}
        check_nothing_stored(clinic, patient)

    # SMART J1
    # SMART J2
    def test_refresh_token_that_is_not_rotated_is_used_again(self, clinic: FaultyClinic) -> None:
        arrival = clinic.launch("refresh-kept", "expires=70")
        for renewed in (2, 3):
            clinic.clock.forward(seconds=60)
            assert clinic.get(arrival).status == 200
            assert clinic.token_requests() == renewed

    # SMART J2
    def test_refresh_token_that_is_rotated_is_used_once(self, clinic: FaultyClinic) -> None:
        arrival = clinic.launch("expires=70")
        for renewed in (2, 3):
            clinic.clock.forward(seconds=60)
            assert clinic.get(arrival).status == 200
            assert clinic.token_requests() == renewed

    # SMART J1
    def test_without_a_refresh_token_the_sign_in_ends_with_its_access_token(self, clinic: FaultyClinic) -> None:
        arrival = clinic.launch("refresh-none", "expires=70")
        clinic.clock.forward(seconds=60)
        assert clinic.get(arrival).status == 200
        clinic.clock.forward(seconds=20)
        page = clinic.get(arrival)
        assert page.status == 502
        assert "no longer accepts this sign-in" in page.text
        assert "Open Rapport again from the patient's chart" in page.text

    @pytest.mark.parametrize("text", ["refresh-status=503", "refresh-status=429", "refresh-status=500"])
    def test_renewal_that_fails_is_no_end_while_the_old_token_lasts(self, clinic: FaultyClinic, text: str) -> None:
        arrival = clinic.launch(text, "expires=70")
        clinic.clock.forward(seconds=30)
        assert clinic.get(arrival).status == 200
        clinic.clock.forward(seconds=50)
        page = clinic.get(arrival)
        assert page.status == 502
        assert "token_unreachable" in page.text

    # SMART G2
    def test_renewed_token_that_allows_less_takes_what_it_does_not_allow_from_the_page(self, clinic: FaultyClinic) -> None:
        arrival = clinic.launch("refresh-narrower", "expires=70")
        assert "8.0 %" in arrival.page.text
        clinic.clock.forward(seconds=60)
        page = clinic.get(arrival)
        assert "This sign-in does not include permission to search Observation" in page.text
        assert "Answers cannot be stored in this record" in page.text

    # SMART J4
    def test_401_to_a_read_renews_once_and_asks_once_more(self, clinic: FaultyClinic) -> None:
        arrival = clinic.launch("read-401-once")
        assert arrival.page.status == 200
        assert "8.0 %" in arrival.page.text
        assert "incomplete" not in arrival.page.text
        assert clinic.token_requests() == 2
        assert clinic.get(arrival).status == 200
        assert clinic.token_requests() == 2

    # SMART J4
    def test_401_to_every_read_renews_once_and_not_for_ever(self, clinic: FaultyClinic) -> None:
        page = clinic.launch("read-status=401").page
        assert clinic.token_requests() == 2
        assert "Open Rapport again from the patient's chart" in page.text

    # SMART J4
    def test_401_without_a_refresh_token_is_said(self, clinic: FaultyClinic) -> None:
        page = clinic.launch("read-status=401", "refresh-none").page
        assert clinic.token_requests() == 1
        assert "no longer accepts this sign-in" in page.text

    # SMART I
    # SMART J4
    def test_401_whose_renewal_is_for_another_patient_ends_the_launch(self, clinic: FaultyClinic) -> None:
        open_before = clinic.open_launches()
        page = clinic.launch("read-401-once", "refresh-other-patient").page
        assert page.status == 403
        assert "switched to another patient" in page.text
        assert "8.0 %" not in page.text
        assert clinic.open_launches() == open_before


class TestSignOut:
    # SMART J8
    @pytest.mark.parametrize(
        ("text", "says"),
        [("kid-missing", "has confirmed"), ("revocation-ignored=page", "did not confirm"), ("revocation-ignored=empty", "did not confirm")],
    )
    def test_withdrawal_is_called_confirmed_only_where_the_token_is_refused(self, clinic: FaultyClinic, text: str, says: str) -> None:
        arrival = clinic.launch(text)
        page = clinic.post(arrival, f"{arrival.chart}end", clinic.get(arrival).form("/end"))
        assert "Rapport is closed" in page.text
        assert says in page.text


class TestWriting:
    # SMART G1
    # SMART G2
    # SMART J4
    # SMART K3
    @pytest.mark.parametrize("text", asked_for("stored"))
    @pytest.mark.parametrize("one_by_one", [False, True], ids=["transaction", "one by one"])
    def test_submission_is_stored_once(self, clinic: FaultyClinic, text: str, one_by_one: bool) -> None:
        patient = clinic.admit()
        arrival = clinic.launch(text, *(["transaction-refused"] if one_by_one else []), patient=patient)
        receipt = clinic.rate(arrival)
        stored = clinic.stored(patient)
        if "Not known whether this was saved" in receipt.text:
            receipt = check_again(clinic, arrival, receipt)
        assert "Saved in the record" in receipt.text
        assert clinic.stored(patient) == stored == {"QuestionnaireResponse": 1, "Observation": 5}

    # SMART G3
    # SMART O
    @pytest.mark.parametrize("text", asked_for("kept"))
    def test_submission_that_is_refused_is_kept_with_the_text_for_the_note(self, clinic: FaultyClinic, text: str) -> None:
        patient = clinic.admit()
        receipt = clinic.rate(clinic.launch(text, patient=patient))
        assert "kept in Rapport" in receipt.text
        assert "Saved in the record" not in receipt.text
        assert "Text for the note" in receipt.text
        check_nothing_stored(clinic, patient)
        check_nothing_hostile(receipt)

    # SMART K4
    # SMART O
    @pytest.mark.parametrize("text", asked_for("unknown"))
    def test_outcome_nobody_knows_is_not_called_saved_nor_sent_twice(self, clinic: FaultyClinic, text: str) -> None:
        patient = clinic.admit()
        receipt = clinic.rate(clinic.launch(text, patient=patient))
        assert "Not known whether this was saved. Do not enter it again." in receipt.text
        assert sum(one.method == "POST" and one.path.startswith("/fhir") for one in clinic.ehr.heard) == 1
        check_nothing_stored(clinic, patient)
        check_nothing_hostile(receipt)

    # SMART K3
    @pytest.mark.parametrize("text", asked_for("accepted"))
    def test_submission_that_is_accepted_and_not_found_again_is_called_that(self, clinic: FaultyClinic, text: str) -> None:
        patient = clinic.admit()
        arrival = clinic.launch(text, patient=patient)
        receipt = clinic.rate(arrival)
        assert "Accepted by the record, not found again" in receipt.text
        assert "Saved in the record" not in receipt.text
        assert "Not in the record" not in receipt.text
        assert "not found again" in check_again(clinic, arrival, receipt).text
        assert clinic.stored(patient) == {"QuestionnaireResponse": 1, "Observation": 5}
        assert "Accepted by the record, not found again:" in clinic.get(arrival).text
        check_nothing_hostile(receipt)

    # SMART G3
    def test_page_says_before_the_form_that_answers_cannot_be_stored(self, clinic: FaultyClinic) -> None:
        page = clinic.launch("grant-read-only").page
        assert "Answers cannot be stored in this record" in page.text
        assert "permission to create QuestionnaireResponse" in page.text

    # SMART G1
    # SMART G3
    @pytest.mark.parametrize("text", [text for fault in WHOLE_EHR for text in fault.texts()])
    @pytest.mark.parametrize("trusted", [(), ("QuestionnaireResponse", "Observation")], ids=["not trusted", "trusted"])
    def test_what_the_statement_leaves_out_is_written_where_the_entry_says_so(
        self, tmp_path: Path, text: str, trusted: tuple[str, ...]
    ) -> None:
        """At an EHR of its own, as its statement is everybody's."""
        with faulty_clinic(tmp_path, entry={"trust_scopes_for": trusted}, ehr_faults=[text], log_level="ERROR") as clinic:
            said = clinic.http.get(f"{clinic.url}/fhir/metadata").json()["rest"][0]["resource"]
            told = {one["type"]: {each["code"] for each in one["interaction"]} for one in said}
            assert not {kind for kind in ("QuestionnaireResponse", "Observation") if "create" in told.get(kind, ())}
            assert ("QuestionnaireResponse" in told) == (text == "statement-understates=create")
            patient = clinic.admit()
            arrival = clinic.launch(patient=patient)
            assert ("Answers cannot be stored in this record" in arrival.page.text) != bool(trusted)
            assert "trust_scopes_for" in arrival.page.text
            receipt = clinic.rate(arrival)
            assert ("Saved in the record" if trusted else "kept in Rapport") in receipt.text
            kept = {"QuestionnaireResponse": 1, "Observation": 5} if trusted else {"QuestionnaireResponse": 0, "Observation": 0}
            assert clinic.stored(patient) == kept

    # SMART J5
    def test_401_to_a_write_whose_renewal_is_refused_keeps_what_was_sent(self, clinic: FaultyClinic) -> None:
        patient = clinic.admit()
        receipt = clinic.rate(clinic.launch("write-401-once", "refresh-refused", patient=patient))
        assert "kept in Rapport" in receipt.text
        check_nothing_stored(clinic, patient)

    # SMART K6
    def test_busy_server_is_not_pressed(self, clinic: FaultyClinic) -> None:
        receipt = clinic.rate(clinic.launch("write-status=429"))
        assert "kept in Rapport" in receipt.text
        assert sum(one.method == "POST" and one.path.startswith("/fhir") for one in clinic.ehr.heard) == 1


def check_again(clinic: FaultyClinic, arrival: Arrival, receipt: Page) -> Page:
    """The receipt's one button."""
    return clinic.post(arrival, receipt.action("/check-again"), receipt.form("/check-again"))


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyClinic]:
    with faulty_clinic(tmp_path_factory.mktemp("hasty"), log_level="ERROR", read_timeout=2.0, read_deadline=8.0) as standing:
        yield standing


class TestTooLate:
    """The app waits two seconds for a read here, which a busy machine needs for all that is to succeed, and three times that for a
    write. What comes too late comes well after."""

    # SMART K4
    def test_write_that_is_answered_too_late_is_found_and_not_sent_again(self, hasty: FaultyClinic) -> None:
        patient = hasty.admit()
        arrival = hasty.launch("write-answered-late=9", patient=patient)
        receipt = hasty.rate(arrival)
        if "Not known whether this was saved" in receipt.text:
            receipt = check_again(hasty, arrival, receipt)
        assert "Saved in the record" in receipt.text
        assert hasty.stored(patient) == {"QuestionnaireResponse": 1, "Observation": 5}

    # SMART K4
    def test_write_that_was_lost_is_unknown_and_then_stored_once(self, hasty: FaultyClinic) -> None:
        patient = hasty.admit()
        arrival = hasty.launch("write-lost=9", patient=patient)
        receipt = hasty.rate(arrival)
        assert "Not known whether this was saved. Do not enter it again." in receipt.text
        check_nothing_stored(hasty, patient)
        assert "Saved in the record" in check_again(hasty, arrival, receipt).text
        assert hasty.stored(patient) == {"QuestionnaireResponse": 1, "Observation": 5}

    # SMART G4
    def test_search_that_comes_too_late_leaves_a_page_that_is_called_incomplete(self, hasty: FaultyClinic) -> None:
        page = hasty.launch("late-observations=3").page
        assert page.status == 200
        assert "This page is incomplete" in page.text
        assert "HbA1c did not load" in page.text

    # SMART K4
    def test_read_that_comes_too_late_leaves_a_page_that_says_so(self, hasty: FaultyClinic) -> None:
        page = hasty.launch("late-read=5").page
        assert page.status == 502
        assert "Nothing is shown, because part of a record can look like all of it" in page.text

    # SMART F4
    @pytest.mark.system
    def test_token_request_without_an_answer_is_given_up(self, hasty: FaultyClinic) -> None:
        page = hasty.launch("token-unanswered=25").page
        assert page.status == 502
        assert "launch.token_unreachable" in page.text
        assert hasty.token_requests() == 1


VERSION_1 = "launch openid fhirUser online_access patient/*.read patient/*.write"
ENTRIES: list[tuple[str, Mapping[str, str]]] = [
    *((client_type, {}) for client_type in CLIENT_TYPES),
    *((client_type, {"authorize": "post"}) for client_type in ("public", "client_secret_basic", "private_key_jwt ES384")),
    ("public", {"scope": VERSION_1}),
    ("private_key_jwt ES384", {"scope": VERSION_1}),
]
# Each way to prove who we are, each way to ask and each version of scopes once; the rest takes as long as all other faults together.
SHORT = [ENTRIES[0], ("client_secret_basic", {"authorize": "post"}), ("private_key_jwt ES384", {"scope": VERSION_1})]


@pytest.fixture
def registered_as(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyClinic]:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    client_type, entry = request.param
    with faulty_clinic(tmp_path, client_type=client_type, entry=entry, log_level="ERROR") as standing:
        yield standing


def entries() -> list[object]:
    return [pytest.param(entry, id=named(entry), marks=() if entry in SHORT else pytest.mark.system) for entry in ENTRIES]


def named(entry: tuple[str, Mapping[str, str]]) -> str:
    return " ".join([entry[0], *(f"{name} {value.split('/')[-1]}" for name, value in entry[1].items())])


# SMART D7
# SMART F1
# SMART F2
# SMART F3
# SMART G1
# SMART G2
# SMART J3
# SMART J4
@pytest.mark.parametrize("registered_as", entries(), indirect=True)
def test_every_way_of_being_a_client_stores_and_renews_whatever_the_words_of_the_grant(registered_as: FaultyClinic) -> None:
    """Client types, authorize by GET and POST, and asked scopes by granted ones: from the launch over the form to the renewed token."""
    for text in ("grant-wider", "grant-v1", "grant-split", "scope-unsaid"):
        patient = registered_as.admit()
        arrival = registered_as.launch(text, "expires=70", "write-401-once", patient=patient)
        asked_by = registered_as.services.registration.issuers[0].authorize
        assert registered_as.ehr.to("/oauth/authorize")[-1].method == ("POST" if asked_by == "post" else "GET")
        assert "Saved in the record" in registered_as.rate(arrival).text
        registered_as.ehr.heard.clear()
        registered_as.clock.forward(seconds=60)
        assert registered_as.get(arrival).status == 200
        assert registered_as.token_requests() == 1
        assert registered_as.stored(patient) == {"QuestionnaireResponse": 1, "Observation": 5}


# SMART G2
# SMART G3
@pytest.mark.parametrize("registered_as", entries(), indirect=True)
def test_every_way_of_being_a_client_opens_nothing_or_less_where_less_is_granted(registered_as: FaultyClinic) -> None:
    assert registered_as.launch("grant-nothing").chart is None
    patient = registered_as.admit()
    assert "kept in Rapport" in registered_as.rate(registered_as.launch("grant-read-only", patient=patient)).text
    check_nothing_stored(registered_as, patient)


def test_table_names_each_fault_once_and_says_what_is_right() -> None:
    assert len(BY_NAME) == len(TABLE)
    assert [fault.name for fault in (*TABLE, *WHOLE_EHR) if not (fault.does.endswith(".") and fault.expected.endswith("."))] == []
    assert [fault.name for fault in (*TABLE, *WHOLE_EHR) if not hooks(fault)] == []


def hooks(fault: Fault) -> bool:
    """Whether a row does anything."""
    changes = (fault.launch, fault.scope, fault.refuses, fault.callback, fault.claims, fault.sign, fault.token, fault.renewal, fault.fhir)
    return any((*changes, fault.revocation, fault.lifetime, fault.statement)) or not fault.rotates
