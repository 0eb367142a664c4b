"""Visits, education and medicines: drawn as the record has them, or listed with the reason; never guessed, and nothing of anybody else."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.events.education_codes import load_education_codes, read_education_codes
from fhir_mappings.events.education_reader import read_education
from fhir_mappings.r4.references import About, whose
from fhir_mappings.r4.systems import SNOMED
from tests.fhir_mappings.events.records_of_events import (
    ABSENT,
    ATTENDED,
    COMPLETED,
    CONTEXT,
    DECLINED,
    REFERRAL,
    booking,
    education,
    encounter,
    medicine,
    medicines,
    procedure,
    reasons,
    referral,
    visits,
)
from tests.fhir_mappings.records import JUNK, WHO, coded, mutated

ANOTHER = {"reference": "Patient/p2"}
SAMPLES = (encounter(), referral(), booking(), procedure(), medicine())
ROW = '[[code]]\nsystem = "http://snomed.info/sct"\ncode = "1"\nname = "n"\nstep = "attended"\ncertainty = "verified"\nsource = "s"\n'


class TestVisits:
    def test_a_visit_says_when_with_whom_and_what_for(self) -> None:
        [visit] = visits(encounter()).events
        assert (visit.kind, visit.when.day, visit.what, visit.status) == ("visit", date(2026, 3, 14), "Diabetes review", "finished")
        assert [(one.reference, one.name) for one in visit.people] == [("Practitioner/tomas", "Dr Tomas Weiss")]
        assert (visit.until, visit.source) == (None, "Encounter/e1")

    @pytest.mark.parametrize(
        ("period", "day", "text"),
        [
            ({"start": "2026-03"}, date(2026, 3, 1), "2026-03"),
            ({"start": "2026"}, date(2026, 1, 1), "2026"),
            ({"end": "2026-03-14"}, date(2026, 3, 14), "2026-03-14"),
            ({"start": "2026-05-01", "end": "2026"}, date(2026, 5, 1), "2026-05-01"),
        ],
    )
    def test_a_partial_date_stays_one_and_an_end_alone_dates_a_visit(self, period: Any, day: date, text: str) -> None:
        [visit] = visits(encounter(period=period)).events
        assert (visit.when.day, visit.when.text) == (day, text)

    def test_a_stay_has_its_end(self) -> None:
        [stay] = visits(encounter(period={"start": "2026-03-14", "end": "2026-03-17"})).events
        assert stay.until is not None
        assert stay.until.day == date(2026, 3, 17)

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"period": None}, "date_missing"),
            ({"period": {}}, "date_missing"),
            ({"period": {"start": "14/03/2026"}}, "date_missing"),
            ({"period": {"start": "2026-03-14", "end": "2026-03-13"}}, "period_reversed"),
            ({"period": {"start": "1949-03-14"}}, "before_birth"),
            ({"period": {"start": "2031-03-14"}}, "future_date"),
            ({"status": "entered-in-error"}, "entered_in_error"),
            ({"status": "cancelled"}, "status_cancelled"),
            ({"status": "planned", "period": {"start": "2031-03-14"}}, "status_planned"),
            ({"status": None}, "status_unknown"),
            ({"status": ["finished"]}, "status_unknown"),
            ({"status": "done"}, "status_unknown"),
            ({"modifierExtension": [{"url": "https://ehr.example.org/not"}]}, "modified"),
            ({"subject": ANOTHER}, "foreign_patient"),
            ({"subject": None}, "untied"),
        ],
    )
    def test_what_is_no_visit_of_theirs_is_listed_with_the_reason(self, changed: Any, code: str) -> None:
        assert reasons(visits(encounter(**changed))) == [("Encounter/e1", code)]

    def test_of_anothers_visit_nothing_is_kept(self) -> None:
        [skip] = visits(encounter(subject=ANOTHER)).skipped
        assert (skip.shown, skip.when) == (None, None)

    def test_who_is_on_another_server_is_not_who_is_called_so_here(self) -> None:
        elsewhere = {"individual": {"reference": "https://other.example.org/fhir/Practitioner/tomas"}}
        relative = {"individual": {"reference": "RelatedPerson/r1", "display": "A daughter"}}
        [visit] = visits(encounter(participant=[elsewhere, relative])).events
        assert visit.people == ()

    def test_what_nobody_named_is_named_by_its_class(self) -> None:
        [visit] = visits(encounter(type=None)).events
        assert visit.what == "ambulatory"


class TestEducation:
    def test_a_course_in_order_of_time(self) -> None:
        found = education(procedure(), booking(status="noshow", start="2026-05-20"), referral()).events
        assert [(one.step, one.status, one.when.text) for one in found] == [
            ("referred", "active", "2026-04-02"),
            ("no_show", "noshow", "2026-05-20"),
            ("attended", "completed", "2026-06-10"),
        ]

    @pytest.mark.parametrize(
        ("changed", "step"),
        [
            ({"status": "draft"}, "proposed"),
            ({"intent": "proposal"}, "proposed"),
            ({"intent": ["order"]}, "proposed"),
            ({"status": "on-hold"}, "waiting"),
            ({"status": "revoked"}, "withdrawn"),
            ({"status": "completed"}, "referred"),
            ({"code": coded(DECLINED, SNOMED)}, "declined"),
        ],
    )
    def test_a_request_is_a_referral_where_it_is_an_order(self, changed: Any, step: str) -> None:
        [event] = education(referral(**changed)).events
        assert event.step == step

    @pytest.mark.parametrize(
        ("status", "step"),
        [("booked", "booked"), ("fulfilled", "came"), ("arrived", "came"), ("cancelled", "cancelled"), ("proposed", "requested")],
    )
    def test_a_booking_says_what_its_status_says(self, status: str, step: str) -> None:
        events = education(referral(), booking(status=status)).events
        assert (events[-1].step, events[-1].status) == (step, status)

    def test_a_booking_may_lie_ahead_and_nothing_else_may(self) -> None:
        read = education(referral(), booking(start="2027-01-12T10:00:00Z"), procedure(performedDateTime="2027-01-12"))
        assert [one.step for one in read.events] == ["referred", "booked"]
        assert [one.code for one in read.skipped] == ["future_date"]

    @pytest.mark.parametrize(
        ("code", "status", "step"),
        [
            (ATTENDED, "completed", "attended"),
            (COMPLETED, "completed", "completed"),
            (DECLINED, "completed", "declined"),
            (ABSENT, "unknown", "did_not_attend"),
            (ATTENDED, "not-done", "not_done"),
            (ATTENDED, "in-progress", "under_way"),
        ],
    )
    def test_a_procedure_says_what_its_code_says_unless_it_was_not_done(self, code: str, status: str, step: str) -> None:
        [event] = education(procedure(code, status=status)).events
        assert event.step == step

    def test_a_procedure_made_for_a_referral_may_be_one_session_of_several(self) -> None:
        events = education(referral(), procedure(None, basedOn=[{"reference": "ServiceRequest/s1"}])).events
        assert [one.step for one in events] == ["referred", "done"]

    def test_of_several_codes_the_furthest_counts_in_any_order(self) -> None:
        for codes in permutations([ATTENDED, COMPLETED, REFERRAL]):
            concept = {"coding": [{"system": SNOMED, "code": one} for one in codes]}
            [event] = education(procedure(None) | {"code": concept}).events
            assert event.step == "completed"

    def test_what_has_nothing_to_do_with_education_is_passed_over(self) -> None:
        other = {"coding": [{"system": SNOMED, "code": "698360004", "display": "Diabetes education"}]}
        read = education(
            referral(code=other), booking(), procedure(None) | {"code": other}, booking(basedOn=None, status="entered-in-error")
        )
        assert read == ((), ())

    def test_a_booking_without_a_status_is_neither_booked_nor_cancelled(self) -> None:
        read = education(referral(), booking(status=None))
        assert [(one.source, one.code) for one in read.skipped] == [("Appointment/a1", "status_unknown")]

    @pytest.mark.parametrize(
        ("resource", "code"),
        [
            (referral(authoredOn=None, occurrenceDateTime="2026-04-02"), "date_missing"),
            (referral(status="entered-in-error"), "entered_in_error"),
            (referral(doNotPerform=True), "do_not_perform"),
            (procedure(performedDateTime=None, performedString="in spring"), "date_missing"),
            (procedure(performedDateTime=None, performedPeriod={"start": "2026-06-10", "end": "2026-05-10"}), "period_reversed"),
            (booking(basedOn=None, serviceType=[coded(REFERRAL, SNOMED)], start=None), "date_missing"),
            (procedure(subject=ANOTHER), "foreign_patient"),
        ],
    )
    def test_what_is_not_drawn_has_its_reason(self, resource: Any, code: str) -> None:
        assert [one.code for one in education(resource).skipped] == [code]


class TestBookingsAreTheirs:
    def group(self, *people: str | None) -> dict[str, Any]:
        return booking(participant=[{"actor": {"reference": one}} if one else {} for one in people])

    @pytest.mark.parametrize(
        ("people", "owner", "why"),
        [
            (["Patient/p1"], "own", None),
            (["Patient/p2", "Practitioner/tomas", "Patient/p1", "Patient/p3"], "own", None),
            (["Patient/p2", "Location/room"], "another_patient", None),
            (["Practitioner/tomas", None], "untied", "missing"),
            (["https://other.example.org/fhir/Patient/p1"], "untied", "elsewhere"),
            ([], "untied", "missing"),
        ],
    )
    def test_by_who_takes_part(self, people: list[str | None], owner: str, why: str | None) -> None:
        found = whose(self.group(*people), WHO)
        assert (found.owner, found.why) == (owner, why)
        assert About(WHO).whose(self.group(*people)) == found


class TestMedicines:
    def test_each_stands_once_at_its_earliest_request(self) -> None:
        later, sooner = medicine(id="m2", authoredOn="2026-09-01"), medicine(id="m1", authoredOn="2026-05-04", status="stopped")
        for order in ([later, sooner], [sooner, later]):
            [event] = medicines(*order).events
            assert (event.when.text, event.requests, event.source, event.status) == ("2026-05-04", 2, "MedicationRequest/m1", "stopped")

    def test_without_a_code_the_name_tells_them_apart_whatever_its_case(self) -> None:
        read = medicines(medicine("Metformin", None, id="a"), medicine("METFORMIN", None, id="b"), medicine("Gliclazide", None, id="c"))
        assert sorted((one.what, one.requests) for one in read.events) == [("Gliclazide", 1), ("Metformin", 2)]

    def test_one_that_has_the_codes_of_two_makes_them_one(self) -> None:
        both = {"coding": [{"system": "urn:a", "code": "1"}, {"system": "urn:b", "code": "2"}]}
        one, other = {"coding": [both["coding"][0]]}, {"coding": [both["coding"][1]]}
        for order in permutations([one, other, both]):
            [event] = medicines(*(medicine(id=f"m{n}", medicationCodeableConcept=concept) for n, concept in enumerate(order))).events
            assert event.requests == 3

    def test_a_code_that_says_that_there_is_none_is_no_code(self) -> None:
        none = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}]}
        read = medicines(*(medicine(id=f"m{n}", medicationCodeableConcept={"text": f"Drug {n}", **none}) for n in range(3)))
        assert len(read.events) == 3

    def test_what_nobody_names_is_never_joined_with_another(self) -> None:
        read = medicines(*(medicine(id=f"m{n}", medicationCodeableConcept=None) for n in range(2)), medicine("Metformin"))
        assert [one.what for one in read.events].count("") == 2

    def test_a_medication_inside_the_request_or_named_beside_the_reference_has_its_name(self) -> None:
        inside = medicine(
            medicationCodeableConcept=None,
            medicationReference={"reference": "#med"},
            contained=[{"resourceType": "Medication", "id": "med", "code": {"text": "Insulin glargine"}}],
        )
        beside = medicine(
            id="m2", medicationCodeableConcept=None, medicationReference={"reference": "Medication/x", "display": "Gliclazide"}
        )
        again = medicine(
            id="m3", medicationCodeableConcept=None, medicationReference={"reference": "Medication/x"}, authoredOn="2025-01-01"
        )
        assert [(one.what, one.requests) for one in medicines(inside, beside, again).events] == [("Gliclazide", 2), ("Insulin glargine", 1)]

    def test_one_with_a_code_alone_is_called_by_it(self) -> None:
        [event] = medicines(
            medicine(medicationCodeableConcept={"coding": [{"system": "http://www.whocc.no/atc", "code": "A10BA02"}]})
        ).events
        assert event.what == "A10BA02"

    def test_the_latest_of_several_requests_is_known_with_its_status(self) -> None:
        [event] = medicines(
            medicine(status="stopped"), medicine(id="m2", authoredOn="2026-09-01"), medicine(id="m3", authoredOn="2026-07-01")
        ).events
        assert event.latest is not None
        assert (event.when.text, event.status, event.latest.text, event.latest_status) == ("2026-05-04", "stopped", "2026-09-01", "active")

    def test_a_request_without_a_date_makes_the_first_uncertain(self) -> None:
        read = medicines(medicine(), medicine(id="m2", authoredOn=None), medicine("Metformin", "6809", id="m3"))
        assert [(one.what, one.certain) for one in read.events] == [("Empagliflozin 10 mg", False), ("Metformin", True)]
        assert [(one.source, one.code) for one in read.skipped] == [("MedicationRequest/m2", "date_missing")]

    def test_one_that_replaces_an_earlier_one_or_was_reported_says_so(self) -> None:
        [replaces] = medicines(medicine(priorPrescription={"reference": "MedicationRequest/m0"})).events
        [reported] = medicines(medicine(reportedBoolean=True)).events
        assert (replaces.replaces, replaces.reported, reported.replaces, reported.reported) == (True, False, False, True)

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"status": "entered-in-error"}, "entered_in_error"),
            ({"status": "cancelled"}, "status_cancelled"),
            ({"status": "draft"}, "status_draft"),
            ({"intent": "plan"}, "not_ordered"),
            ({"doNotPerform": True}, "do_not_perform"),
            ({"authoredOn": "2031-01-01"}, "future_date"),
            ({"subject": ANOTHER}, "foreign_patient"),
        ],
    )
    def test_what_was_not_prescribed_is_listed(self, changed: Any, code: str) -> None:
        assert reasons(medicines(medicine(**changed))) == [("MedicationRequest/m1", code)]

    def test_sixty_medicines_with_twenty_requests_each(self) -> None:
        requests = [
            medicine(f"Medicine {kind}", str(kind), id=f"m{kind}-{n}", authoredOn=f"2026-{n % 12 + 1:02}-01")
            for kind in range(60)
            for n in range(20)
        ]
        read = medicines(*requests)
        assert [(one.requests, one.when.text) for one in read.events] == [(20, "2026-01-01")] * 60


@given(st.sampled_from(SAMPLES).flatmap(mutated))
def test_whatever_stands_in_a_resource_it_is_drawn_or_listed_or_none_of_ours(resource: Any) -> None:
    for read in (visits(resource), medicines(resource), read_education(*[[resource]] * 3, codes=load_education_codes(), context=CONTEXT)):
        assert len(read.events) + len(read.skipped) <= 3
        assert all(event.when.day.year >= 1961 for event in read.events)


@given(st.lists(JUNK, max_size=4))
def test_what_is_no_resource_is_passed_over_or_tied_to_nobody(junk: list[Any]) -> None:
    for read in (visits(*junk), medicines(*junk), read_education(junk, junk, junk, codes=load_education_codes(), context=CONTEXT)):
        assert not read.events


class TestCodes:
    def test_the_five_steps_are_there_and_nothing_that_was_refuted(self) -> None:
        codes = load_education_codes()
        assert codes[SNOMED, REFERRAL] == "referred"
        assert {codes[SNOMED, one] for one in (DECLINED, ABSENT, ATTENDED, COMPLETED)} == {
            "declined",
            "did_not_attend",
            "attended",
            "completed",
        }
        refuted = {"698360004", "385804009", "735985000", "1269545001", "88475-0", "6143009"}
        assert not refuted & {code for _, code in codes}

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (ROW.replace('"verified"', '"unverified"'), "code.1: is not verified"),
            (ROW + ROW, "code.1: stands twice"),
            (ROW.replace('"attended"', '"came"'), "code.0.step"),
            (ROW.replace('code = "1"', 'code = "1,2"'), "code.0.code"),
            (ROW.replace('source = "s"\n', ""), "code.0.source"),
            ("", "code"),
        ],
    )
    def test_a_file_that_is_wrong_says_where(self, text: str, said: str) -> None:
        with pytest.raises(DataFileError, match=said):
            read_education_codes(text, file="own.toml")
