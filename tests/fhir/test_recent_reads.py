from datetime import timedelta

from smart_app.fhir.recent_reads import FRESH, RecentReads
from tests.support.clock import Clock

BASE = "https://ehr.example.org/fhir"
PATIENT = {"resourceType": "Patient", "id": "p1"}


def test_what_was_read_moments_ago_is_remembered_for_that_sign_in_alone() -> None:
    recent = RecentReads(Clock())
    recent.keep(BASE, "Patient/p1", "token", PATIENT)
    assert recent.get(BASE, "Patient/p1", "token") == PATIENT
    assert recent.get(BASE, "Patient/p1", "another token") is None
    assert recent.get(BASE, "Patient/p1", None) is None
    assert recent.get(BASE, "Patient/p2", "token") is None
    assert recent.get(f"{BASE}2", "Patient/p1", "token") is None


def test_what_is_older_is_read_anew() -> None:
    clock = Clock()
    recent = RecentReads(clock)
    recent.keep(BASE, "Patient/p1", "token", PATIENT)
    clock.now += FRESH + timedelta(seconds=1)
    assert recent.get(BASE, "Patient/p1", "token") is None


def test_it_never_grows_without_bound() -> None:
    recent = RecentReads(Clock())
    for number in range(2000):
        recent.keep(BASE, f"Patient/{number}", "token", PATIENT)
    assert recent.get(BASE, "Patient/0", "token") is None
    assert recent.get(BASE, "Patient/1999", "token") == PATIENT
