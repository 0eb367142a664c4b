"""One clock: the day of a visit, today, and every clock time on a page are those of the clinic, wherever the process runs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import responses
import simplejson
from msgspec.structs import replace

from smart_app.errors import ConfigurationError
from tests.care.ehr import refusal
from tests.care.support import hba1c
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page
from tests.web.clinic import ITEMS, OWN, SITE, SLUG, Clinic, clinic, registered

LOS_ANGELES, AUCKLAND, BERLIN = "America/Los_Angeles", "Pacific/Auckland", "Europe/Berlin"
# In Los Angeles it is a day earlier than in UTC, in Auckland a day later.
EVENING, MORNING = "2026-11-22T17:30-08:00", "2026-11-23T11:30+13:00"
Open = Callable[..., Clinic]


@pytest.fixture
def opened(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Open]:
    """A clinic in a zone, at a time; `own` is the zone of its EHR's entry, other words are settings. Its EHR names no Encounter, so that
    the day alone says which visit it is."""
    server.token["encounter"] = None
    with ExitStack() as stack:

        def at(time: str, zone: str, *, own: str | None = None, **more: Any) -> Clinic:
            clock.now = datetime.fromisoformat(time).astimezone(UTC)
            issuer = replace(registered(), time_zone=ZoneInfo(own) if own else None)
            return stack.enter_context(clinic(wire, server, clock, folder=tmp_path, issuer=issuer, time_zone=zone, **more))

        yield at


def wait_until(rapport: Clinic, time: str) -> None:
    rapport.server.clock.now = datetime.fromisoformat(time).astimezone(UTC)


def rated(rapport: Clinic, chart: str, informant: str = "patient") -> str:
    """Rate; the path of the page that follows."""
    answer = rapport.send(chart, rapport.filled(chart, informant), informant)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


def stored(rapport: Clinic, kind: str, name: str) -> set[str]:
    return {resource[name] for resource in rapport.ehr.of_type(kind)}


def offers_rating(page: Page) -> bool:
    return "Rate this visit to see it" in page.text and any(link.endswith(f"/check/{SLUG}/clinician") for link in page.links())


@pytest.mark.parametrize(("time", "zone"), [(EVENING, LOS_ANGELES), (MORNING, AUCKLAND)])
class TestADayThatIsAnotherOneInUtc:
    def test_a_rating_of_today_is_called_so_and_can_be_rated(self, opened: Open, time: str, zone: str) -> None:
        rapport = opened(time, zone)
        chart = rapport.launch()
        rated(rapport, chart)
        page = rapport.get(chart)
        assert "The patient answered today. Rate this visit to see it" in page.text
        assert offers_rating(page)

    def test_everything_written_carries_the_clinics_offset(self, opened: Open, time: str, zone: str) -> None:
        rapport = opened(time, zone)
        rated(rapport, rapport.launch())
        written = {datetime.fromisoformat(time).isoformat()}
        assert stored(rapport, "QuestionnaireResponse", "authored") == written
        assert stored(rapport, "Observation", "effectiveDateTime") == stored(rapport, "Observation", "issued") == written
        assert stored(rapport, "Provenance", "recorded") == written

    def test_both_ratings_are_of_one_visit_of_that_day(self, opened: Open, time: str, zone: str) -> None:
        rapport = opened(time, zone)
        chart = rapport.launch()
        rated(rapport, chart)
        rated(rapport, chart, "clinician")
        page = rapport.get(chart)
        assert "1 visit, last rated today" in page.text
        assert day_of(time) in page.text
        assert "dated in the future" not in page.text

    def test_the_receipt_tells_the_day_and_the_time_of_the_clinic(self, opened: Open, time: str, zone: str) -> None:
        rapport = opened(time, zone)
        page = rapport.get(rated(rapport, rapport.launch(), "clinician"))
        assert f"{time[11:16]}, {day_of(time)}" in page.text
        assert f"Rapport check-in (clinician's form, not a validated instrument), {day_of(time)}" in page.text

    def test_so_do_the_pages_of_a_patient_who_has_signed_in(self, opened: Open, server: AuthorizationServer, time: str, zone: str) -> None:
        server.claims |= {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "patient-1"}
        rapport = opened(time, zone)
        rapport.ehr.put(ingrid(generalPractitioner=[{"reference": "Practitioner/dr-1", "display": "Sofia Lindqvist"}]))
        home = rapport.launch()
        address = next(link for link in rapport.get(home).links() if "/own/answer/" in link)
        fields = rapport.get(address).form("/own/answer/") | dict.fromkeys(ITEMS, "4")
        answer = rapport.client.post(address, data=fields, base_url=SITE, headers=OWN)
        assert f"{int(time[8:10])} November 2026, {time[11:16]}" in rapport.get(answer.headers["Location"]).text
        assert "You answered it today." in rapport.get(home).text

    def test_what_is_kept_of_a_form_is_kept_until_a_time_of_the_clinic(self, opened: Open, time: str, zone: str) -> None:
        rapport = opened(time, zone)
        chart = rapport.launch()
        fields = rapport.blank(chart, "clinician") | dict.fromkeys(ITEMS[:5], "4")
        rapport.server.clock.forward(minutes=31)
        answer = rapport.client.post(f"{chart}draft/{SLUG}/clinician", data=fields, base_url=SITE, headers=OWN)
        until = f"until {int(time[11:13]) + (time[14:16] == '30'):02}:01"
        assert answer.status_code == 410
        assert until in answer.get_data(as_text=True)
        assert until in rapport.send(chart, fields, "clinician").get_data(as_text=True)

    def test_what_is_not_in_the_record_was_sent_at_a_time_of_the_clinic(self, opened: Open, time: str, zone: str) -> None:
        rapport = opened(time, zone)
        rapport.ehr.faults.append(lambda method, _: refusal(503, "busy") if method == "POST" else None)
        chart = rapport.launch()
        rated(rapport, chart)
        assert f"sent at {time[11:16]}, {day_of(time)}. It is kept in Rapport." in rapport.get(chart).text

    def test_age_is_that_of_the_clinics_today(self, opened: Open, time: str, zone: str) -> None:
        rapport = opened(time, zone)
        rapport.ehr.put(ingrid(birthDate=f"1968-{time[5:10]}"))
        assert "(58 y)" in rapport.get(rapport.launch()).text


def day_of(time: str) -> str:
    return f"{time[8:10]}-Nov-2026"


def ingrid(**more: Any) -> dict[str, Any]:
    name = [{"use": "official", "family": "Halvorsen", "given": ["Ingrid"]}]
    return {"resourceType": "Patient", "id": "pat-1", "name": name, "birthDate": "1968-03-14", "gender": "female", **more}


class TestWhoseZone:
    def test_the_entry_of_the_ehr_overrides_the_setting(self, opened: Open) -> None:
        rapport = opened(MORNING, LOS_ANGELES, own=AUCKLAND)
        rated(rapport, rapport.launch())
        assert stored(rapport, "QuestionnaireResponse", "authored") == {"2026-11-23T11:30:00+13:00"}

    def test_the_page_does_not_look_at_the_zone_of_the_process(self, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        rapport = opened(EVENING, LOS_ANGELES)
        assert "Opened from the chart at 17:30, 22-Nov-2026" in rapport.get(rapport.launch()).text


class TestTheStart:
    def test_a_name_that_is_none_stops_it(self, opened: Open) -> None:
        with pytest.raises(ConfigurationError, match="set RAPPORT_TIME_ZONE to the IANA name of a time zone"):
            opened(EVENING, "Los Angeles")

    def test_it_says_which_zone_counts(self, opened: Open, capfd: pytest.CaptureFixture[str]) -> None:
        opened(EVENING, LOS_ANGELES)
        assert started(capfd) == ("info", "time_zone", LOS_ANGELES)

    def test_it_warns_where_nobody_set_one_and_patients_are_real(
        self, opened: Open, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        opened(EVENING, "")
        assert started(capfd) == ("warning", "time_zone_not_set", "Asia/Tokyo")
        opened(EVENING, "", own=AUCKLAND)
        assert started(capfd) == ("info", "time_zone", "Asia/Tokyo")


def started(capfd: pytest.CaptureFixture[str]) -> tuple[str, str, str]:
    """Level, event and zone of the line about it."""
    [line] = [simplejson.loads(line) for line in capfd.readouterr().err.splitlines() if '"time_zone"' in line]
    return line["level"], line["event"], line["time_zone"]


class TestDatesOfTheRecord:
    """An instant has its day in the clinic's zone; a bare date is that day everywhere."""

    @pytest.mark.parametrize("written", ["2026-11-21T17:30:00-08:00", "2026-11-22T01:30:00Z", "2026-11-22T14:30:00+13:00", "2026-11-21"])
    def test_a_result_stands_at_the_clinics_day_however_it_was_written(self, opened: Open, written: str) -> None:
        rapport = opened(EVENING, LOS_ANGELES)
        rapport.ehr.put(hba1c("h1", "7.4", day=written, who="pat-1"))
        text = rapport.get(rapport.launch()).text
        assert "1 result, last yesterday" in text
        assert "21-Nov-2026" in text

    def test_a_rating_stored_in_utc_counts_for_the_visit_of_its_day_at_the_clinic(self, opened: Open) -> None:
        rapport = opened(EVENING, LOS_ANGELES)
        chart = rapport.launch()
        rated(rapport, chart)
        [response] = rapport.ehr.of_type("QuestionnaireResponse")
        rapport.ehr.put({**response, "authored": "2026-11-23T01:30:00Z"})
        assert offers_rating(rapport.get(chart))

    def test_a_death_at_a_time_is_of_the_clinics_day(self, opened: Open) -> None:
        rapport = opened(EVENING, LOS_ANGELES)
        rapport.ehr.put(ingrid(deceasedDateTime="2026-11-02T03:00:00Z"))
        assert "Died 01-Nov-2026" in rapport.get(rapport.launch()).text


class TestAcrossMidnight:
    def test_a_form_begun_before_midnight_and_sent_after_is_of_the_day_it_was_sent(self, opened: Open) -> None:
        rapport = opened("2026-11-22T23:55-08:00", LOS_ANGELES)
        chart = rapport.launch()
        fields = rapport.filled(chart)
        wait_until(rapport, "2026-11-23T00:05-08:00")
        assert rapport.send(chart, fields).status_code == 303
        assert stored(rapport, "QuestionnaireResponse", "authored") == {"2026-11-23T00:05:00-08:00"}
        assert offers_rating(rapport.get(chart))

    def test_the_day_before_is_not_today(self, opened: Open) -> None:
        rapport = opened("2026-11-22T23:55-08:00", LOS_ANGELES)
        chart = rapport.launch()
        rated(rapport, chart)
        wait_until(rapport, "2026-11-23T00:05-08:00")
        page = rapport.get(chart)
        assert "The patient answered on 22-Nov-2026. It belongs to no visit that the record names" in page.text
        assert not offers_rating(page)

    def test_a_visit_the_ehr_names_can_still_be_rated_after_midnight(self, opened: Open, server: AuthorizationServer) -> None:
        server.token["encounter"] = "e1"
        rapport = opened("2026-11-22T23:55-08:00", LOS_ANGELES)
        chart = rapport.launch()
        rated(rapport, chart)
        wait_until(rapport, "2026-11-23T00:05-08:00")
        page = rapport.get(chart)
        assert "The patient rated the visit of 22-Nov-2026. Rate this visit to see it" in page.text
        assert offers_rating(page)
        rated(rapport, chart, "clinician")
        assert "/reveal" not in rapport.get(chart).html


# (zone, before the change, after it on the same day at the clinic)
CHANGES = [
    pytest.param(LOS_ANGELES, "2026-03-08T00:30-08:00", "2026-03-08T23:30-07:00", id="spring-forward-in-Los-Angeles"),
    pytest.param(LOS_ANGELES, "2026-11-01T00:30-07:00", "2026-11-01T23:30-08:00", id="fall-back-in-Los-Angeles"),
    pytest.param(AUCKLAND, "2026-09-27T00:30+12:00", "2026-09-27T23:30+13:00", id="spring-forward-in-Auckland"),
    pytest.param(AUCKLAND, "2026-04-05T00:30+13:00", "2026-04-05T23:30+12:00", id="fall-back-in-Auckland"),
    pytest.param(BERLIN, "2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", id="the-hour-that-comes-twice-in-Berlin"),
]


@pytest.mark.parametrize(("zone", "first", "second"), CHANGES)
class TestTheDayTheClocksChange:
    def test_ratings_before_and_after_the_change_are_of_one_visit(self, opened: Open, zone: str, first: str, second: str) -> None:
        rapport = opened(first, zone)
        rated(rapport, rapport.launch())
        wait_until(rapport, second)
        chart = rapport.launch()
        assert offers_rating(rapport.get(chart))
        rated(rapport, chart, "clinician")
        assert "/reveal" not in rapport.get(chart).html
        assert "1 visit, last rated today" in rapport.get(chart).text

    def test_each_carries_the_offset_of_its_own_time(self, opened: Open, zone: str, first: str, second: str) -> None:
        rapport = opened(first, zone)
        rated(rapport, rapport.launch())
        wait_until(rapport, second)
        rated(rapport, rapport.launch())
        written = {datetime.fromisoformat(time).isoformat() for time in (first, second)}
        assert stored(rapport, "QuestionnaireResponse", "authored") == written


def test_what_is_kept_over_the_change_is_kept_for_the_hours_the_setting_says(opened: Open) -> None:
    rapport = opened("2026-10-31T12:00-07:00", LOS_ANGELES)
    chart = rapport.launch()
    fields = rapport.blank(chart, "clinician") | dict.fromkeys(ITEMS[:5], "4")
    rapport.server.clock.forward(minutes=31)
    answer = rapport.client.post(f"{chart}draft/{SLUG}/clinician", data=fields, base_url=SITE, headers=OWN)
    assert "until 11:31, 01-Nov-2026" in answer.get_data(as_text=True)
