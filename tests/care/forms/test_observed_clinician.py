"""An observer's form: whom it can be about, and what becomes of it. A third line, blind to the patient's and hiding nothing of it."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments.answers import Invalid
from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.people.person import Person
from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.forms.observed_clinician import Candidates, candidates, choose, chosen
from smart_app.care.submission.begin import begin_form
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.receipt import Receipt
from smart_app.care.submission.submit import submit
from smart_app.errors import FhirError, SessionError
from smart_app.launch.context.launch_context import LaunchContext, LaunchId, User
from smart_app.services import AppServices
from tests.care.ehr import Ehr, json_answer, refusal, statement
from tests.care.support import LAUNCH, SLUG, asked_for, context, in_launch, patient, settings
from tests.support.questionnaires import confirmed

RATED = "https://w3id.org/rapport/fhir/StructureDefinition/rated-clinician"
TOMAS = Person(reference="Practitioner/tomas", name="Tomas Weiss")
FORM: tuple[str, Informant] = ("wai-36", "observer")
SUBJECT = {"subject": {"reference": "Patient/p1"}}


@pytest.fixture
def site(services: AppServices) -> AppServices:
    """Uses the WAI-36, its key confirmed."""
    return replace(services, settings=settings(instruments=(SLUG, "wai-36")), library=confirmed(("wai-36",)))


def practitioner(identity: str, family: str, given: str) -> dict[str, Any]:
    return {"resourceType": "Practitioner", "id": identity, "name": [{"family": family, "given": [given]}]}


def visit(*participants: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Encounter", "id": "e1", "status": "in-progress", "participant": list(participants), **SUBJECT, **more}


def taking_part(reference: str, **more: Any) -> dict[str, Any]:
    return {"individual": {"reference": reference, **more}}


def at_visit(**more: Any) -> LaunchContext:
    return context(encounter="e1", **more)


@pytest.fixture(autouse=True)
def record(ehr: Ehr) -> None:
    """Tomas is at the visit with Sofia, who is signed in; Leila is the general practitioner, and Noor in the care team."""
    general = {"generalPractitioner": [{"reference": "Practitioner/leila", "display": "Leila Osei"}, {"reference": "Organization/1"}]}
    team = {
        "resourceType": "CareTeam",
        "id": "t1",
        "status": "active",
        "participant": [
            {"role": [{"text": "Podiatrist"}], "member": {"reference": "Practitioner/noor"}},
            {"member": {"reference": "Practitioner/sofia"}},
        ],
        **SUBJECT,
    }
    ehr.put(
        patient() | general,
        visit(taking_part("Practitioner/sofia"), taking_part(TOMAS.reference) | {"type": [{"text": "attender"}]}),
        team,
        practitioner("tomas", "Weiss", "Tomas"),
        practitioner("noor", "Haddad", "Noor"),
    )


def people(found: Candidates) -> list[tuple[str, str | None]]:
    return [(one.person.reference, one.person.name) for one in found.choices]


def ticked(site: AppServices, value: str) -> dict[str, list[str]]:
    return {item.link_id: [value] for item in site.library.get("wai-36").items}


def send(
    site: AppServices, *, informant: Informant = "observer", value: str = "5", key: str = "k" * 20, launch: LaunchContext | None = None,
    rated: Person | None = TOMAS,
) -> Receipt:  # fmt: skip
    opened = in_launch(site, launch or at_visit())
    asked = asked_for(opened, "wai-36", informant, rated=rated if informant == "observer" else None)
    sent = submit(opened, asked, key=key, patient="p1", fields=ticked(site, value))
    assert not isinstance(sent, Invalid), sent.errors
    return receipt(opened, key=key)


def tomas_opens() -> LaunchContext:
    return at_visit(user=User(reference=TOMAS.reference, name=TOMAS.name, issuer="https://ehr.example", subject="tomas"))


def history(site: AppServices, launch: LaunchContext | None = None) -> History:
    return load_history(in_launch(site, launch or at_visit()), years="2")


def test_everybody_the_record_connects_with_the_patient_can_be_chosen_but_the_observer(site: AppServices) -> None:
    found = candidates(in_launch(site, at_visit()))
    assert people(found) == [
        ("Practitioner/leila", "Leila Osei"),
        ("Practitioner/noor", "Noor Haddad"),
        ("Practitioner/tomas", "Tomas Weiss"),
    ]
    assert [one.roles for one in found.choices] == [("general practitioner",), ("care team, Podiatrist",), ("this visit, attender",)]
    assert found.patient.family == "Halvorsen"
    assert dict(found.looked)["rated here before"] == "nobody besides you"


def test_an_observer_known_by_a_whole_address_is_no_candidate_either(site: AppServices) -> None:
    sofia = User(reference="https://ehr.example/fhir/Practitioner/sofia", name=None, issuer="https://ehr.example", subject="sofia")
    assert "Practitioner/sofia" not in dict(people(candidates(in_launch(site, at_visit(user=sofia)))))


def test_who_was_rated_before_can_be_chosen_also_outside_of_a_visit(ehr: Ehr, site: AppServices) -> None:
    send(site, informant="clinician", launch=tomas_opens())
    ehr.put(patient())
    del ehr.resources["CareTeam/t1"]
    found = candidates(in_launch(site))
    assert people(found) == [(TOMAS.reference, TOMAS.name)]
    assert found.choices[0].roles == ("rated here before",)
    assert dict(found.looked)["this visit"] == "this launch belongs to no visit"


def test_a_role_is_its_practitioner_so_that_one_person_is_one_dyad(ehr: Ehr, site: AppServices) -> None:
    role = {"resourceType": "PractitionerRole", "id": "9", "code": [{"text": "Endocrinologist"}]}
    own = {"resourceType": "PractitionerRole", "id": "8", "practitioner": {"reference": "Practitioner/sofia"}}
    ehr.put(role | {"practitioner": {"reference": TOMAS.reference}}, own)
    ehr.put(visit(taking_part("PractitionerRole/9"), taking_part(TOMAS.reference), taking_part("PractitionerRole/8")))
    choices = {one.person.reference: one.roles for one in candidates(in_launch(site, at_visit())).choices}
    assert choices[TOMAS.reference] == ("this visit, Endocrinologist", "this visit")
    assert not any(reference.startswith("PractitionerRole/") for reference in choices)


def test_a_role_that_cannot_be_read_stays_a_role_unless_it_has_the_observers_name(ehr: Ehr, site: AppServices) -> None:
    own, other = (taking_part(f"PractitionerRole/{one}", display=name) for one, name in (("8", "Sofia Lindqvist"), ("9", "Dr Weiss")))
    ehr.put(visit(own, other))
    assert ("PractitionerRole/9", "Dr Weiss") in people(candidates(in_launch(site, at_visit())))
    assert ("PractitionerRole/8", "Sofia Lindqvist") not in people(candidates(in_launch(site, at_visit())))


@pytest.mark.parametrize(
    "encounter",
    [
        visit(taking_part(TOMAS.reference), subject={"reference": "Patient/p2"}),
        visit(taking_part(TOMAS.reference), status="entered-in-error"),
        visit(taking_part(f"https://elsewhere.example/fhir/{TOMAS.reference}")),
        visit(taking_part("RelatedPerson/tomas"), taking_part("Practitioner/../tomas")),
        visit(participant="Tomas"),
    ],
    ids=["another patient", "void", "another server", "no clinician", "junk"],
)
def test_nobody_is_taken_from_what_does_not_speak_of_this_patient_and_this_server(ehr: Ehr, site: AppServices, encounter: Any) -> None:
    ehr.put(encounter)
    assert TOMAS.reference not in dict(people(candidates(in_launch(site, at_visit()))))


def test_a_place_that_fails_hides_no_other_and_is_said(ehr: Ehr, site: AppServices) -> None:
    ehr.faults.append(lambda _, path: refusal(500, "broken") if path.startswith(("CareTeam", "Practitioner/")) else None)
    found = candidates(in_launch(site, at_visit()))
    assert people(found) == [("Practitioner/leila", "Leila Osei"), (TOMAS.reference, None)]
    assert "could not be read" in dict(found.looked)["care team"]


def test_nothing_is_asked_that_was_not_granted(ehr: Ehr, site: AppServices) -> None:
    narrow = at_visit(scope="patient/Patient.r patient/QuestionnaireResponse.crus patient/Observation.crus")
    found = candidates(in_launch(site, narrow))
    assert people(found) == [("Practitioner/leila", "Leila Osei")]
    assert "does not include permission to search CareTeam" in dict(found.looked)["care team"]
    asked = {path.split("/")[0] for _, path in ehr.log}
    assert asked <= {"metadata", "Patient", "QuestionnaireResponse", "Observation"}


def test_a_server_without_care_teams_is_not_asked_for_them(ehr: Ehr, site: AppServices) -> None:
    ehr.metadata = statement(without=["CareTeam.search-type"])
    candidates(in_launch(site, at_visit()))
    assert ("GET", "CareTeam") not in ehr.log


def test_a_patient_that_cannot_be_read_ends_it(ehr: Ehr, site: AppServices) -> None:
    ehr.faults.append(lambda _, path: json_answer(200, patient("p2")) if path == "Patient/p1" else None)
    with pytest.raises(FhirError):
        candidates(in_launch(site, at_visit()))


def test_only_a_choice_among_those_found_is_noted_and_the_note_holds_for_one_form_of_one_launch(site: AppServices) -> None:
    found, opened = candidates(in_launch(site, at_visit())), at_visit()
    for reference in ("Practitioner/sofia", "Practitioner/eve", "", "Organization/1"):
        assert choose(in_launch(site, opened), found=found, reference=reference, form=FORM) is None
    note = choose(in_launch(site, opened), found=found, reference=TOMAS.reference, form=FORM)
    assert note
    assert "tomas" not in note.casefold()
    assert chosen(in_launch(site, opened), note=note, form=FORM) == TOMAS
    other: tuple[str, Informant] = ("wai-s", "observer")
    for form, launch in ((other, LAUNCH), (FORM, LaunchId("another"))):
        with pytest.raises(SessionError, match="damaged or belongs to another launch"):
            chosen(in_launch(site, opened, launch_id=launch), note=note, form=form)
    with pytest.raises(SessionError, match="another patient"):
        chosen(in_launch(site, at_visit(patient="p2")), note=note, form=FORM)


@pytest.mark.parametrize("note", ["x", "é", "Practitioner/tomas", "A" * 200, "===="])
def test_a_note_nobody_here_wrote_is_refused(site: AppServices, note: str) -> None:
    with pytest.raises(SessionError):
        chosen(in_launch(site, at_visit()), note=note, form=FORM)


@pytest.mark.parametrize("rated", [None, Person(reference="Practitioner/sofia", name="Sofia Lindqvist")])
def test_an_observers_form_without_another_clinician_is_neither_begun_nor_stored(ehr: Ehr, site: AppServices, rated: Person | None) -> None:
    opened = in_launch(site, at_visit())
    with pytest.raises(SessionError, match="does not say whom"):
        begin_form(opened, asked_for(opened, "wai-36", "observer", rated=rated))
    with pytest.raises(SessionError, match="does not say whom"):
        send(site, rated=rated)
    assert ehr.posts() == []


def test_the_observer_answers_and_the_other_clinician_is_rated(ehr: Ehr, site: AppServices) -> None:
    found = send(site)
    [response] = ehr.of_type("QuestionnaireResponse")
    assert response["questionnaire"].endswith("/Questionnaire/wai-36-observer|1.0.0")
    assert response["source"] == response["author"] == {"reference": "Practitioner/sofia"}
    rated = {"reference": "Practitioner/tomas", "display": "Tomas Weiss"}
    assert [one["valueReference"] for one in response["extension"] if one["url"] == RATED] == [rated]
    scores = ehr.of_type("Observation")
    assert len(scores) == 5
    assert all(one["focus"] == [rated] and one["performer"] == [{"reference": "Practitioner/sofia"}] for one in scores)
    assert all(one["code"]["coding"][0]["code"].startswith("wai-36.observer.") for one in scores)
    [provenance] = ehr.of_type("Provenance")
    assert [one["who"].get("reference") for one in provenance["agent"]] == ["Practitioner/sofia", None]
    assert (found.outcome, found.clinician) == ("saved", TOMAS)
    assert "observer's form" in found.note_text
    assert "rated: Tomas Weiss" in found.note_text


def test_with_a_key_nobody_confirmed_an_observers_answers_are_stored_and_not_scored(ehr: Ehr, site: AppServices) -> None:
    found = send(replace(site, library=confirmed(())))
    assert ehr.of_type("Observation") == []
    assert found.unscored
    [dyad] = history(replace(site, library=confirmed(()))).dyads
    assert (dyad.clinician, set(dyad.latest)) == (TOMAS, {"observer"})


def test_an_observers_rating_is_a_third_view_of_the_rated_clinicians_dyad(site: AppServices) -> None:
    send(site, informant="patient", value="6", key="p" * 20, launch=tomas_opens())
    send(site, informant="clinician", value="4", key="c" * 20, launch=tomas_opens())
    send(site, value="5")
    for launch, mine in ((at_visit(), False), (tomas_opens(), True)):
        [dyad] = history(site, launch).dyads
        assert (dyad.clinician, dyad.mine) == (TOMAS, mine)
        answered = {informant: set(rating.answers.values()) for informant, rating in dyad.latest.items()}
        assert answered == {"patient": {6}, "clinician": {4}, "observer": {5}}
        assert dyad.latest["observer"].observer == "Practitioner/sofia"
        assert dyad.visits == 1


def test_an_observers_rating_neither_opens_the_patients_nor_waits_for_the_clinicians(site: AppServices) -> None:
    send(site, informant="patient", value="6", key="p" * 20, launch=tomas_opens())
    send(site)
    for launch in (at_visit(), tomas_opens()):
        shown = history(site, launch)
        assert [line.clinician for line in shown.hidden] == [TOMAS]
        [dyad] = shown.dyads
        assert set(dyad.latest) == {"observer"}
    send(site, informant="clinician", value="4", key="c" * 20, launch=tomas_opens())
    shown = history(site)
    assert (shown.hidden, set(shown.dyads[0].latest)) == ((), {"patient", "clinician", "observer"})


def test_an_observers_rating_is_no_rating_of_their_own_work(site: AppServices) -> None:
    """Sofia's own dyad waits for Sofia's own rating, whatever she observed of another's."""
    send(site, informant="patient", value="6", key="p" * 20)
    send(site)
    shown = history(site)
    assert [(line.clinician.reference, line.mine) for line in shown.hidden] == [("Practitioner/sofia", True)]
    assert [dyad.clinician for dyad in shown.dyads] == [TOMAS]


def test_another_observers_rating_is_no_earlier_view_of_the_latest_observers(site: AppServices) -> None:
    leila = at_visit(user=User(reference="Practitioner/leila", name="Leila Osei", issuer="i", subject="leila"))
    send(site, value="2", key="l" * 20, launch=leila)
    send(site, value="5")
    [dyad] = history(site).dyads
    assert {rating.observer for rating in dyad.ratings} == {"Practitioner/leila", "Practitioner/sofia"}
    assert "observer" not in dyad.previous


def test_the_same_answers_about_another_clinician_are_not_the_same_submission(ehr: Ehr, site: AppServices) -> None:
    send(site)
    opened = in_launch(site, at_visit())
    asked = asked_for(opened, "wai-36", "observer", rated=Person(reference="Practitioner/noor", name="Noor Haddad"))
    again = submit(opened, asked, key="k" * 20, patient="p1", fields=ticked(site, "5"))
    assert isinstance(again, Invalid)
    assert len(ehr.of_type("QuestionnaireResponse")) == 1
