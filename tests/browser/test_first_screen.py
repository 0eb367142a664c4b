"""The first screen: in a tab and in the low windows that EHRs give to a frame, the sentences, the alliance's total and HbA1c with its axis
are seen without scrolling."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.accessible import keep_picture
from tests.browser.chart import in_tab, patient_rates, to_history
from tests.support.fhir_calls import FhirCalls, body_of
from tests.support.stands import Clinic

pytestmark = pytest.mark.system

WINDOWS: tuple[ViewportSize, ...] = ({"width": 1280, "height": 800}, {"width": 1280, "height": 640}, {"width": 1024, "height": 640})
PERSONAS = (
    "strained-repaired", "falling-slowly", "views-differ", "ceiling", "new-clinician", "mixed-units", "missing-items", "entered-in-error",
    "twelve-years", "sparse-banner", "difficult-visit", "steady-slide", "unchanged-ceiling",
)  # fmt: skip
# 120 characters in two scripts; a clinician with four names.
FAMILY = "Featherstonehaugh-Cholmondeley von und zu Hohenlohe-Schillingsfürst"
GIVEN = "Wolfeschlegelsteinhausen 司馬相如歐陽修諸葛孔明上官婉兒東方朔公孫龍"
CLINICIAN = "Maria Konstantina Papadopoulou-Hatzigeorgiou Lindqvist"


def last_of_hba1c(tab: Page) -> float:
    """Where what closes HbA1c's panel ends, from the top of the page: its plot, then the axis under it."""
    expect(tab.locator("section[aria-labelledby=hba1c] svg.axis")).to_be_visible()
    ends: float = tab.evaluate(
        """() => {
          const drawn = [...document.querySelectorAll("section[aria-labelledby=hba1c] svg.plot")];
          return Math.max(...drawn.map(one => one.getBoundingClientRect().bottom + scrollY));
        }"""
    )
    return ends


def off_the_screen(tab: Page, name: str) -> list[str]:
    """The windows in which HbA1c's axis is not wholly seen, or something is wider than the window."""
    found = []
    for window in WINDOWS:
        tab.set_viewport_size(window)
        keep_picture(tab, f"first-{name}-{window['width']}x{window['height']}")
        end, wide = last_of_hba1c(tab), tab.evaluate("document.documentElement.scrollWidth")
        if end > window["height"] or wide > window["width"]:
            found.append(f"{window['width']}x{window['height']}: ends at {end}, {wide} wide")
        # However long the name: age and gender were pushed off a header by one (projectbuendia/client#325).
        for fact in tab.locator(".banner dd").all():
            place = fact.bounding_box()
            assert place
            assert place["x"] + place["width"] <= window["width"]
            assert place["y"] + place["height"] <= tab.locator(".banner").evaluate("one => one.getBoundingClientRect().bottom")
        for line in tab.locator(".changes > div > p:first-child").all():
            expect(line).to_be_visible()
    return found


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_persona_is_seen_whole(tab: Page, reading_room: Clinic, persona: str) -> None:
    in_tab(tab, reading_room, persona)
    assert off_the_screen(tab, persona) == []


def renamed(resource: dict[str, Any], **name: object) -> dict[str, Any]:
    return {**resource, "name": [{"use": "official", **name}]}


def put(record: FhirCalls, resource: dict[str, Any]) -> None:
    answered = record.send("PUT", f"{resource['resourceType']}/{resource['id']}", resource)
    assert answered.status in {200, 201}, answered.body


def read(record: FhirCalls, reference: str) -> dict[str, Any]:
    return body_of(record.send("GET", reference))


def ratings(record: FhirCalls, patient: str) -> Iterator[dict[str, Any]]:
    for kind in ("QuestionnaireResponse", "Observation"):
        for entry in record.search(kind, ("patient", patient), ("_count", "200")).get("entry", []):
            if kind == "QuestionnaireResponse" or "focus" in entry["resource"]:
                yield entry["resource"]


def rated_by_another_pair(record: FhirCalls, patient: str, clinician: str) -> None:
    """The same history once more, of another clinician: a second pair."""
    for resource in list(ratings(record, patient)):
        text = str(resource)
        copied = {key: value for key, value in resource.items() if key not in {"id", "meta", "identifier", "hasMember", "derivedFrom"}}
        if "sofia-lindqvist" in text and resource["resourceType"] == "Observation":
            record.create({**copied, "focus": [{"reference": clinician}]})


def test_the_longest_names_two_pairs_and_a_notice_are_seen_whole(tab: Page, here: Clinic) -> None:
    patient = "falling-slowly"
    put(here.record, renamed(read(here.record, f"Patient/{patient}"), family=FAMILY, given=GIVEN.split(), prefix=["Prof."]))
    put(here.record, renamed(read(here.record, "Practitioner/sofia-lindqvist"), text=CLINICIAN))
    rated_by_another_pair(here.record, patient, "Practitioner/tomas-weiss")
    in_tab(tab, here, patient)
    patient_rates(tab, 3)
    to_history(tab)
    expect(tab.locator(".notice").first).to_be_visible()
    expect(tab.get_by_role("region", name="To talk about")).to_be_visible()
    expect(tab.locator("h2", has_text="Alliance with")).to_have_count(2)
    assert off_the_screen(tab, "longest") == []


@pytest.mark.parametrize("size", [{"width": 390, "height": 844}, {"width": 844, "height": 390}], ids=["upright", "across"])
def test_on_a_phone_nothing_folds_as_nothing_is_gained_by_it(tab: Page, reading_room: Clinic, size: ViewportSize) -> None:
    tab.set_viewport_size(size)
    in_tab(tab, reading_room, "falling-slowly")
    assert "n1" in (tab.locator("body").get_attribute("class") or "")
    for verdict in tab.locator(".judged").all():
        expect(verdict).to_be_visible()
    expect(tab.get_by_text("The latest lies within the band").locator("visible=true")).to_have_count(1)
    place, heading = (tab.locator(one).bounding_box() for one in (".from", ".opening .heading"))
    assert place
    assert heading
    assert heading["y"] <= place["y"] <= heading["y"] + heading["height"]
