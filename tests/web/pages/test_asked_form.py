"""A form is looked up once in a request, at either door, and whom it is about is sealed in one way."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import responses

import smart_app.app
from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.library import Library
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.support.questionnaires import confirmed
from tests.web.clinic import ITEMS, OWN, SITE, SLUG, Clinic, clinic, patient

TOMAS = {"reference": "Practitioner/tomas", "display": "Tomas Weiss"}
LEILA = {"reference": "Practitioner/leila", "display": "Leila Osei"}
OBSERVED = "wai-36"


@pytest.fixture
def here(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Clinic]:
    """The site asks patients, clinicians and observers; the patient's entry names two clinicians besides the one signed in."""
    monkeypatch.setattr(smart_app.app, "load_library", lambda: confirmed((OBSERVED,)))
    with clinic(wire, server, clock, folder=tmp_path, instruments=(SLUG, OBSERVED)) as standing:
        standing.ehr.put(patient("pat-1", "Halvorsen", "Ingrid") | {"generalPractitioner": [TOMAS, LEILA]})
        yield standing


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The instruments looked up, in order."""
    found: list[str] = []
    get = Library.get

    def counting(library: Library, slug: str, **more: Any) -> Instrument:
        found.append(slug)
        return get(library, slug, **more)

    monkeypatch.setattr(Library, "get", counting)
    return found


def posted(here: Clinic, address: str, fields: dict[str, str]) -> Any:
    return here.client.post(address, data=fields, base_url=SITE, headers=OWN)


def patient_signs_in(here: Clinic) -> str:
    """The path of the patient's own page."""
    here.server.claims |= {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "patient-1"}
    return here.launch()


def own_form(here: Clinic, home: str) -> str:
    """The address of the patient's form about Tomas."""
    [link] = [each for each in here.get(home).soup.select("a[href*='/own/answer/']") if TOMAS["display"] in str(each["aria-label"])]
    return str(link["href"])


def filled(page: Page) -> dict[str, str]:
    return page.form("/own/answer/") | dict.fromkeys(ITEMS, "4")


def observers_form(here: Clinic, chart: str) -> str:
    """The address of the observer's form, once a clinician was chosen."""
    fields = here.get(f"{chart}check/{OBSERVED}/observer").form("/rated/") | {"clinician": TOMAS["reference"]}
    return str(posted(here, f"{chart}rated/{OBSERVED}/observer", fields).headers["Location"])


class TestLookedUpOnce:
    """Counted after the same was done before, so that nothing is built for the first time."""

    @contextmanager
    def once(self, lookups: list[str], slug: str = SLUG) -> Iterator[None]:
        lookups.clear()
        yield
        assert lookups == [slug]

    @pytest.mark.parametrize("informant", ["patient", "clinician"])
    def test_at_the_clinics_door(self, here: Clinic, lookups: list[str], informant: str) -> None:
        chart = here.launch()
        here.form(chart, informant)
        with self.once(lookups):
            fields = here.filled(chart, informant)
        with self.once(lookups):
            assert here.send(chart, fields | {ITEMS[0]: ""}, informant).status_code == 422
        with self.once(lookups):
            sent = here.patient_sends(chart, fields) if informant == "patient" else here.send(chart, fields, informant)
        assert sent.status_code == 303

    def test_when_the_device_is_handed_over(self, here: Clinic, lookups: list[str]) -> None:
        chart = here.launch()
        here.get(f"{chart}handover/{SLUG}")
        with self.once(lookups):
            assert here.get(f"{chart}handover/{SLUG}").status == 200

    def test_by_an_observer(self, here: Clinic, lookups: list[str]) -> None:
        chart = here.launch()
        address = observers_form(here, chart)
        with self.once(lookups, OBSERVED):
            asking = here.get(f"{chart}check/{OBSERVED}/observer")
        with self.once(lookups, OBSERVED):
            posted(here, f"{chart}rated/{OBSERVED}/observer", asking.form("/rated/") | {"clinician": TOMAS["reference"]})
        with self.once(lookups, OBSERVED):
            form = here.get(address).form("/check/")
        with self.once(lookups, OBSERVED):
            assert posted(here, f"{chart}check/{OBSERVED}/observer", form).status_code == 422
        with self.once(lookups, OBSERVED):
            sent = posted(here, f"{chart}check/{OBSERVED}/observer", form | {f"item-{number}": "5" for number in range(1, 37)})
        assert sent.status_code == 303

    def test_at_the_patients_own_door(self, here: Clinic, lookups: list[str]) -> None:
        address = own_form(here, patient_signs_in(here))
        with self.once(lookups):
            fields = filled(here.get(address))
        with self.once(lookups):
            assert posted(here, address, fields | {ITEMS[0]: ""}).status_code == 422
        with self.once(lookups):
            assert posted(here, address, fields).status_code == 303

    def test_while_it_is_typed(self, here: Clinic, lookups: list[str]) -> None:
        chart = here.launch()
        fields = here.filled(chart, "clinician")
        with self.once(lookups):
            assert posted(here, f"{chart}draft/{SLUG}/clinician", fields).status_code == 204
        fields = here.filled(chart)
        with self.once(lookups):
            assert posted(here, f"{here.lent(chart).start}draft", fields).status_code == 204

    def test_where_the_launch_has_ended_meanwhile(self, here: Clinic, lookups: list[str]) -> None:
        chart = here.launch()
        fields = here.filled(chart)
        here.server.clock.forward(minutes=31)
        with self.once(lookups):
            assert "are kept" in read(here.send(chart, fields)).text


class TestAboutWhom:
    """At the patient's own door; the observer's is in test_observer."""

    def test_the_form_names_nobody_by_reference_and_is_believed_only_as_it_was_given_out(self, here: Clinic) -> None:
        home = patient_signs_in(here)
        address = own_form(here, home)
        page = here.get(address)
        assert "Practitioner/" not in page.html
        fields = filled(page)
        for note in ("x" * 80, TOMAS["reference"], fields["rated"].swapcase()):
            page = read(posted(here, address, fields | {"rated": note}))
            assert (page.status, "This page is damaged or belongs to another launch" in page.text) == (403, True)
        assert here.ehr.posts() == []
        assert posted(here, address, fields).status_code == 303

    def test_a_note_of_another_launch_is_not_believed(self, here: Clinic) -> None:
        first, second = patient_signs_in(here), patient_signs_in(here)
        foreign = here.get(own_form(here, first)).form("/own/answer/")["rated"]
        address = own_form(here, second)
        assert posted(here, address, filled(here.get(address)) | {"rated": foreign}).status_code == 403
        assert here.ehr.posts() == []

    def test_answers_on_a_form_that_says_it_in_another_way_are_refused_and_not_lost(self, here: Clinic) -> None:
        """A page that an earlier version made, and that was open while the app was updated."""
        home = patient_signs_in(here)
        address = own_form(here, home)
        fields = filled(here.get(address))
        fields.pop("rated")
        before = {"clinician": TOMAS["reference"], "clinician_name": TOMAS["display"], "clinician_seal": "0" * 64}
        page = read(posted(here, address, fields | before))
        assert page.status == 403
        assert "does not say which clinician it is about, so nothing was stored" in page.text
        assert here.ehr.posts() == []
        again = here.get(address)
        assert "9 of 9 were answered" in again.text
        onward = posted(here, again.action("/continue"), again.form("/continue"))
        assert here.get(onward.headers["Location"]).checked() == dict.fromkeys(ITEMS, "4")
