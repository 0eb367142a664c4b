"""No page denies what was sealed: whatever a form's answers, or a button on what is kept, run into, once they are sealed no sentence says
that they were not stored."""

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import responses
from msgspec import Struct
from msgspec.structs import replace

from smart_app.care.submission import delivery
from smart_app.care.submission.sealed_submission import from_payload, to_payload
from smart_app.services import AppServices
from tests.care.submission.table.database_faults import locked
from tests.support.authorization_server import ISSUER, AuthorizationServer
from tests.support.clock import Clock
from tests.support.faulty_clinic import faulty_clinic
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, OWN, SITE, SLUG, Clinic
from tests.web.pages.undelivered.test_item_pages import INGRID, SOFIA, TOMAS, keeps, opens, refuses

DENIED = re.compile(r"(?i)nothing (?:was|is|has been) (?:stored|sent|saved|kept|waiting)|\bnot (?:been )?(?:stored|sent|saved|kept)\b")
KEPT = "The answers of this form are kept, sealed in Rapport: do not enter them again."


class Stands(Struct, frozen=True, kw_only=True):
    """The app, and where its database is."""

    services: AppServices
    folder: Path


def check_denies_nothing(page: Page) -> None:
    assert page.status >= 400
    assert DENIED.findall(page.text) == []


class TestAForm:
    @pytest.fixture
    def chart(self, rapport: Clinic) -> str:
        refuses(rapport)
        return opens(rapport, SOFIA)

    def sent_twice(self, rapport: Clinic, chart: str, clock: Clock, **changed: str) -> Page:
        """Sent, and sent again when the launch is over, changed so."""
        fields = rapport.filled(chart, "clinician")
        assert rapport.send(chart, fields, "clinician").status_code == 303
        clock.forward(minutes=31)
        return read(rapport.send(chart, fields | changed, "clinician"))

    @pytest.mark.parametrize("changed", [{}, {"ticket": "of another Rapport"}, {"patient": "pat-2"}], ids=["same", "ticket", "patient"])
    def test_sent_again_to_a_launch_that_is_over(self, rapport: Clinic, chart: str, clock: Clock, changed: dict[str, str]) -> None:
        page = self.sent_twice(rapport, chart, clock, **changed)
        check_denies_nothing(page)
        assert ("This form was sent already" in page.text) if not changed else (KEPT in page.text)

    @pytest.mark.parametrize("changed", [{"patient": "pat-2"}, {"csrf": ""}], ids=["patient", "csrf"])
    def test_sent_again_and_refused_for_the_page_it_comes_from(self, rapport: Clinic, chart: str, changed: dict[str, str]) -> None:
        fields = rapport.filled(chart, "clinician")
        assert rapport.send(chart, fields, "clinician").status_code == 303
        page = read(rapport.send(chart, fields | changed, "clinician"))
        check_denies_nothing(page)
        assert KEPT in page.text

    def test_begun_once_and_sent_from_two_launches(self, rapport: Clinic, chart: str) -> None:
        """The draft of one launch, gone on with in another: both forms have the same key."""
        fields = rapport.filled(chart, "clinician")
        assert rapport.client.post(f"{chart}draft/{SLUG}/clinician", data=fields, base_url=SITE, headers=OWN).status_code == 204
        browser, other = rapport.client, rapport.launch()
        offered = rapport.form(other, "clinician").form("/continue")
        again = rapport.client.post(f"{other}draft/{SLUG}/clinician/continue", data=offered, base_url=SITE, headers=OWN)
        theirs = rapport.get(again.headers["Location"]).form("/check/") | dict.fromkeys(ITEMS, "4")
        assert theirs["key"] == fields["key"]
        rapport.client = browser
        assert rapport.send(chart, fields, "clinician").status_code == 303
        page = read(rapport.send(other, theirs, "clinician"))
        check_denies_nothing(page)
        assert KEPT in page.text

    def test_that_was_never_sealed_is_still_called_not_stored(self, rapport: Clinic, chart: str, clock: Clock) -> None:
        fields = rapport.filled(chart, "clinician") | {"ticket": "of another Rapport"}
        clock.forward(minutes=31)
        assert "What was sent from this page was not stored." in read(rapport.send(chart, fields, "clinician")).text

    def test_sent_by_a_patient_at_home_again(self, rapport: Clinic, clock: Clock) -> None:
        rapport.ehr.put({**rapport.ehr.resources["Patient/pat-1"], "generalPractitioner": [{"reference": "Practitioner/dr-1"}]})
        home = opens(rapport, INGRID)
        address = next(link for link in rapport.get(home).links() if "/own/answer/" in link)
        fields = rapport.get(address).form("/own/answer/") | dict.fromkeys(ITEMS, "4")
        assert rapport.client.post(address, data=fields, base_url=SITE, headers=OWN).status_code == 303
        clock.forward(minutes=31)
        page = read(rapport.client.post(address, data=fields | {"ticket": "of another Rapport"}, base_url=SITE, headers=OWN))
        check_denies_nothing(page)
        assert "Your answers are kept safely here. Please do not fill in the form again." in page.text

    def test_sent_again_while_the_database_takes_nothing(self, rapport: Clinic, tmp_path: Path) -> None:
        """A disk that is full, or another process that writes: what was sealed before can be read."""
        fields = rapport.filled(chart := opens(rapport, SOFIA), "clinician")
        assert rapport.send(chart, fields, "clinician").status_code == 303
        with locked(Stands(services=rapport.services, folder=tmp_path)):
            page = read(rapport.send(chart, fields, "clinician"))
        assert "could not be taken" not in page.text
        assert "The next time Rapport is opened here, it says how it stands." in page.text
        check_denies_nothing(page)

    @pytest.mark.enable_socket
    def test_whose_ehr_switches_to_another_patient_as_it_is_sent(self, tmp_path: Path) -> None:
        with faulty_clinic(tmp_path, log_level="ERROR") as clinic:
            page = clinic.rate(clinic.launch("write-401-once", "refresh-other-patient"))
            assert "switched to another patient" in page.text
            assert KEPT in page.text
            check_denies_nothing(page)


class TestTheReceipt:
    def test_of_what_is_being_sent_calls_no_part_of_it_not_sent(self, rapport: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
        """As after a process that ended while it was sending, and of which nothing more is known."""
        refuses(rapport)
        receipt = keeps(rapport, opens(rapport, SOFIA))
        outbox = rapport.services.store.outbox
        entry = outbox.get(receipt.rsplit("/", 1)[1])
        assert entry is not None
        payload = to_payload(replace(from_payload(entry.payload), outcomes={}, reason=None))
        outbox.reseal(entry.key, "sending", launch_id=entry.launch_id, payload=payload, author=entry.author)
        monkeypatch.setattr(delivery, "_WAIT_FACTOR", 0)
        page = rapport.get(receipt)
        assert "Not known whether this was saved" in page.text
        assert DENIED.findall(page.text) == []


class TestAButton:
    """On what is kept, pressed in a launch that is over."""

    @pytest.mark.parametrize("address", ["receipt/{}/check-again", "receipt/{}/decision/discarded", "receipt/{}/seen", "for-author/{}"])
    def test_of_a_clinician(self, rapport: Clinic, clock: Clock, address: str) -> None:
        check_denies_nothing(self.pressed(rapport, clock, address))

    @pytest.mark.parametrize("address", ["own/sent/{}/again", "own/sent/{}/seen"])
    def test_of_a_patient(self, rapport: Clinic, clock: Clock, address: str) -> None:
        check_denies_nothing(self.pressed(rapport, clock, address))

    @pytest.mark.parametrize("address", ["receipt/{}/check-again", "receipt/{}/decision/discarded"])
    def test_of_somebody_elses(self, rapport: Clinic, address: str) -> None:
        refuses(rapport)
        key = keeps(rapport, opens(rapport, SOFIA)).rsplit("/", 1)[1]
        chart = opens(rapport, TOMAS)
        fields = rapport.get(chart).form("/end") | {"patient": "pat-1", "reason": "by_mistake"}
        check_denies_nothing(read(self.post(rapport, f"{chart}{address.format(key)}", fields)))

    def pressed(self, rapport: Clinic, clock: Clock, address: str) -> Page:
        refuses(rapport)
        chart = opens(rapport, SOFIA)
        receipt = keeps(rapport, chart)
        fields = rapport.get(receipt).form("/check-again")
        clock.forward(minutes=31)
        return read(self.post(rapport, f"{chart}{address.format(receipt.rsplit('/', 1)[1])}", fields))

    def post(self, rapport: Clinic, path: str, fields: dict[str, str]) -> Any:
        return rapport.client.post(path, data=fields, base_url=SITE, headers=OWN)


class TestALaunch:
    """That does not open, or that the EHR does not prolong, while something is kept."""

    def test_that_is_refused(self, rapport: Clinic) -> None:
        refuses(rapport)
        keeps(rapport, opens(rapport, SOFIA))
        state = rapport.server.authorize(rapport.begin().headers["Location"])["state"][0]
        check_denies_nothing(rapport.get(f"/callback?error=access_denied&state={state}"))

    @pytest.mark.parametrize("pressed", [True, False], ids=["a button", "a page"])
    def test_whose_token_is_over_and_not_renewed(
        self, rapport: Clinic, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, pressed: bool
    ) -> None:
        refuses(rapport)
        receipt = keeps(rapport, opens(rapport, SOFIA))
        page = rapport.get(receipt)
        wire.replace("POST", f"{ISSUER}/token", status=503)
        clock.forward(minutes=6)
        press = partial(rapport.client.post, page.action("/check-again"), data=page.form("/check-again"), base_url=SITE, headers=OWN)
        shown = read(press()) if pressed else rapport.get(receipt)
        assert "launch.token_unreachable" in shown.text
        check_denies_nothing(shown)
