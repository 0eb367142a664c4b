"""Who may put what right is what the table in the docs says."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.ratings.rating import Rating
from smart_app.care.correction.who_may_correct import Mistake, OpenToUser, Typed, who_may_correct
from smart_app.launch.context.launch_context import User

DOC = Path(__file__).resolve().parents[3] / "docs" / "corrections.md"
TODAY = date(2026, 12, 1)
PATIENT, SOFIA, TOMAS = "Patient/p1", "Practitioner/sofia", "Practitioner/tomas"
MISTAKES: tuple[Mistake, ...] = ("answer", "patient", "visit", "clinician")
WHEN = parse_moment("2026-11-22T14:20:00Z")
assert WHEN is not None
RATING = Rating(
    instrument="rapport-check-in",
    version="0.2.0",
    informant="patient",
    clinician=Person(reference=SOFIA, name="Sofia Lindqvist"),
    when=WHEN,
    visit="Encounter/e1",
    encounter="Encounter/e1",
    scores={},
    answers={},
    declined=(),
    extra={},
    standing="completed",
    source="QuestionnaireResponse/r1",
)
WHOSE: dict[str, dict[str, Any]] = {
    "a clinician's own": {"informant": "clinician"},
    "an observer's": {"informant": "observer", "clinician": Person(reference="Practitioner/ada", name=None)},
    "the patient's": {},
    "the patient's, from a sheet": {},
    "the patient's, about a team": {"clinician": None},
}
# Who is signed in, and who typed it in and when, of a sheet.
WHO: dict[str, tuple[str, str, int]] = {
    "its author": (SOFIA, "", 0),
    "the patient": (PATIENT, "", 0),
    "the rated clinician": (SOFIA, TOMAS, 0),
    "a colleague": (TOMAS, SOFIA, 0),
    "the rated clinician, who typed it in today": (SOFIA, SOFIA, 0),
    "a colleague who typed it in today": (TOMAS, TOMAS, 0),
    "a colleague who typed it in before": (TOMAS, TOMAS, 1),
    "a colleague who did not type it in": (TOMAS, SOFIA, 1),
}
REASONS = {"at the patient's word": "patients-word", "what was typed wrong": "typed-wrong"}


def rows() -> list[list[str]]:
    table = (line for line in DOC.read_text().splitlines() if line.startswith("| "))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in list(table)[1:]]


def signed_in(reference: str) -> User:
    return User(reference=reference, name=None, issuer="https://ehr.example.org", subject="s1")


def found(whose: str, who: str) -> OpenToUser:
    user, by, ago = WHO[who]
    rating = replace(RATING, **WHOSE[whose])
    author = SOFIA if rating.informant != "patient" else by or PATIENT
    typed = Typed(by=by, day=TODAY - timedelta(days=ago)) if "sheet" in whose else None
    return who_may_correct(rating, author=author, typed=typed, user=signed_in(user), patient=PATIENT, today=TODAY)


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]}, {row[1]}")
def test_it_is_what_the_table_says(row: list[str]) -> None:
    whose, who, *cells = row
    open_to = found(whose, who)
    said = {"yes": "correct", "reports": "report"}
    expected = {one: said[cell.partition(",")[0]] for one, cell in zip(MISTAKES, cells, strict=True) if cell != "–"}
    assert open_to.rights == expected
    words = cells[0].partition(", ")[2]
    assert words == "" or open_to.reason == REASONS[words]
    assert (open_to.reason is None) == ("answer" not in expected)


def test_every_row_there_can_be_is_in_the_table() -> None:
    assert {row[0] for row in rows()} == set(WHOSE)
    assert {row[1] for row in rows()} == set(WHO)


@pytest.mark.parametrize("user", ["RelatedPerson/r1", "Person/x", "Patient/p2", ""])
def test_nobody_else_may_do_anything(user: str) -> None:
    assert who_may_correct(RATING, author=PATIENT, typed=None, user=signed_in(user), patient=PATIENT, today=TODAY).rights == {}


def test_a_clinician_whose_entry_is_on_another_server_is_one() -> None:
    elsewhere = signed_in("https://other.example.org/fhir/Practitioner/x")
    assert who_may_correct(RATING, author=PATIENT, typed=None, user=elsewhere, patient=PATIENT, today=TODAY).reason == "patients-word"
