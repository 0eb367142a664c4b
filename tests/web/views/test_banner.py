"""The patient banner follows NHS CUI: order, capitals, whole names, unknown in words."""

from datetime import date

import pytest
from msgspec.structs import replace

from smart_app.web.views.banner import Banner, clinician_banner, context_line, patient_banner, plain_name
from tests.web.support_history import CONTEXT, INGRID, NOW, TODAY


def pairs(banner: Banner) -> list[tuple[str, str]]:
    return [(fact.label, fact.value) for fact in banner.facts]


def test_banner_shows_name_birth_date_gender_and_number_in_that_order() -> None:
    banner = clinician_banner(INGRID, today=TODAY)
    assert banner.name == "HALVORSEN, Ingrid (Ms)"
    assert pairs(banner) == [("Born", "14-Mar-1968 (58 y)"), ("Gender", "Female"), ("MRN", "482 7719")]
    assert banner.deceased is None


def test_unknown_facts_are_said_in_words() -> None:
    nobody = replace(INGRID, family="", given="", title="", born=None, born_text=None, gender=None, identifier=None)
    banner = clinician_banner(nobody, today=TODAY)
    assert banner.name == "Name not recorded"
    assert [value for _, value in pairs(banner)] == ["Not recorded", "Not recorded", "Not recorded"]


@pytest.mark.parametrize(
    ("family", "given", "name"),
    [("", "Ingrid", "Family name not recorded, Ingrid (Ms)"), ("Halvorsen", "", "HALVORSEN, given name not recorded (Ms)")],
)
def test_half_a_name_says_which_half_is_missing(family: str, given: str, name: str) -> None:
    assert clinician_banner(replace(INGRID, family=family, given=given), today=TODAY).name == name


def test_long_names_are_never_shortened() -> None:
    given = "Maria Aurelia " * 12
    assert given in clinician_banner(replace(INGRID, given=given), today=TODAY).name


def test_a_partial_birth_date_gets_no_age() -> None:
    partial = replace(INGRID, born=None, born_text="1968-03")
    assert pairs(clinician_banner(partial, today=TODAY))[0] == ("Born", "1968-03 (day not recorded)")


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        ("2026-03-02T10:00:00Z", "Died 02-Mar-2026"),
        ("2026-03", "Died Mar-2026"),
        ("yes", "Died, date not recorded"),
        ("in spring", "Died, date recorded as “in spring”"),
    ],
)
def test_a_deceased_patient_is_marked_and_has_no_current_age(recorded: str, said: str) -> None:
    banner = clinician_banner(replace(INGRID, deceased=recorded), today=TODAY)
    assert banner.deceased == said
    assert pairs(banner)[0] == ("Born", "14-Mar-1968")


def test_a_death_that_has_not_come_is_said_to_be_a_mistake_and_nobodys_death() -> None:
    banner = clinician_banner(replace(INGRID, deceased="2031-01-01"), today=TODAY)
    assert (banner.deceased, banner.standing) == (None, "It records a day of death that has not come yet.")
    assert pairs(banner)[0] == ("Born", "14-Mar-1968 (58 y)")


@pytest.mark.parametrize(
    ("changed", "staff", "patient"),
    [
        ({}, "", ""),
        (
            {"replaced": True, "active": False},
            "This record was replaced; newer entries are in the other one.",
            "Your clinic has replaced this record",
        ),
        ({"active": False}, "This record is marked as not in use (inactive).", "Your clinic has marked this record as not in use."),
    ],
)
def test_a_record_that_is_not_the_one_in_use_says_so_with_and_without_a_banner(changed: dict[str, bool], staff: str, patient: str) -> None:
    person = replace(INGRID, **changed)
    assert clinician_banner(person, today=TODAY).standing == staff
    assert patient_banner(person).standing.startswith(patient)
    assert context_line(person, replace(CONTEXT, need_patient_banner=False), now=NOW, end=None).standing == staff
    assert context_line(person, CONTEXT, now=NOW, end=None).standing == ""


def test_where_the_ehr_shows_the_banner_a_death_stands_in_the_context_line() -> None:
    gone = replace(INGRID, deceased="2026-03-02", replaced=True)
    line = context_line(gone, replace(CONTEXT, need_patient_banner=False), now=NOW, end=None)
    assert line.standing == "Died 02-Mar-2026. This record was replaced; newer entries are in the other one."


def test_the_patients_own_banner_holds_name_birth_date_and_number_only() -> None:
    banner = patient_banner(INGRID)
    assert banner.name == "HALVORSEN, Ingrid"
    assert pairs(banner) == [("Born", "14 March 1968"), ("MRN", "482 7719")]


def test_the_context_line_says_since_when_for_whom_and_names_the_patient_only_without_a_banner() -> None:
    line = context_line(INGRID, CONTEXT, now=NOW, end="/l/abc/end")
    assert (line.opened, line.signed_in, line.patient_name) == ("Opened from the chart at 14:02, 22-Nov-2026", "Sofia Lindqvist", None)
    embedded = context_line(INGRID, replace(CONTEXT, need_patient_banner=False, via="open"), now=NOW, end=None)
    assert (embedded.opened, embedded.patient_name) == ("Opened at 14:02, 22-Nov-2026", "HALVORSEN, Ingrid (Ms)")


def test_sentences_name_the_patient_or_say_the_patient() -> None:
    assert plain_name(INGRID) == "Ingrid Halvorsen"
    assert plain_name(replace(INGRID, family="", given="", born=date(1968, 3, 14))) == "the patient"
