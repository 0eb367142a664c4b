"""Seeding writes once, tells all, stays on this machine unless told otherwise, and cleans up after itself alone."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
import requests
import responses
from flask import Flask

from smart_app.sandbox.exchange.flask_adapter import fhir_blueprint
from smart_app.sandbox.fhir_server.server import LocalServer
from smart_app.sandbox.fhir_server.storage import Storage
from smart_app.sandbox.personas.build import build, build_staff, load_personas
from smart_app.sandbox.seeding.remote_server import RemoteError, RemoteServer, SearchIgnoredError, is_loopback
from smart_app.sandbox.seeding.seed import CleanReport, NotConfirmedError, SeedReport, clean, in_order, local_reference, references_in, seed
from tests.support.open_server import KINDS, OpenServer, refused, said
from tests.support.serving import serving

TODAY = date(2026, 11, 22)
FEW = [load_personas()["missing-items"], load_personas()["new-patient"]]
LOCAL = [*build_staff(), *(resource for persona in FEW for resource in build(persona, TODAY))]
SEARCHABLE = tuple(kind for kind in KINDS if kind != "QuestionnaireResponse")


def like_sekmet(*, knows_tags: bool = True) -> OpenServer:
    return OpenServer(conditional=SEARCHABLE, searched=SEARCHABLE, knows_tags=knows_tags)


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def seeded(server: OpenServer, session: requests.Session, *, today: date = TODAY) -> SeedReport:
    return seed(server.base, today, session=session, personas=FEW)


def cleaned(server: OpenServer, session: requests.Session) -> CleanReport:
    return clean(server.base, session=session)


def kinds(references: Iterable[str]) -> Counter[str]:
    return Counter(one.partition("/")[0] for one in references)


def dangling(server: OpenServer) -> set[str]:
    return {target for one in server.stored.values() for target in references_in(one)} - set(server.stored)


def test_a_server_with_transactions_gets_one_for_the_staff_and_one_per_persona(
    mock: responses.RequestsMock, session: requests.Session
) -> None:
    server = OpenServer().attach(mock)
    report = seeded(server, session)
    assert [asked for asked in server.asked if asked[0] == "POST"] == [("POST", "")] * 3
    assert kinds(report.written) == kinds(map(local_reference, LOCAL))
    assert (report.found, report.problems, report.notes, report.verified) == ((), (), (), True)
    assert dangling(server) == set()


def test_a_server_without_transactions_gets_single_conditional_creates_in_order(
    mock: responses.RequestsMock, session: requests.Session
) -> None:
    server = OpenServer(transaction=False).attach(mock)
    report = seeded(server, session)
    assert kinds(report.written) == kinds(map(local_reference, LOCAL))
    assert report.notes == ("The server does not offer transactions; resources were written one by one.",)
    assert report.verified
    assert dangling(server) == set()


@pytest.mark.parametrize(
    "server",
    [OpenServer(), OpenServer(transaction=False), OpenServer(conditional=()), like_sekmet()],
    ids=["transactions", "single", "no conditional create", "QuestionnaireResponse neither searched nor conditional"],
)
def test_a_second_run_on_another_day_writes_nothing(server: OpenServer, mock: responses.RequestsMock, session: requests.Session) -> None:
    server.attach(mock)
    first = seeded(server, session)
    there = dict(server.stored)
    second = seeded(server, session, today=TODAY + timedelta(days=40))
    assert second.written == ()
    assert server.stored == there
    assert second.ids == first.ids
    assert any("keeps the dates of the day it was first written" in note for note in second.notes)


def test_what_a_server_cannot_promise_is_said(mock: responses.RequestsMock, session: requests.Session) -> None:
    server = like_sekmet().attach(mock)
    report = seeded(server, session)
    assert report.verified
    assert "does not promise to create QuestionnaireResponse conditionally" in report.notes[0]
    assert "found only by what is derived from it" in report.notes[1]


def test_a_type_the_server_does_not_take_is_told_and_its_links_are_left_out(
    mock: responses.RequestsMock, session: requests.Session
) -> None:
    server = OpenServer(refuse={"QuestionnaireResponse": "not stored here"}).attach(mock)
    report = seeded(server, session)
    assert kinds(one.reference for one in report.problems) == {"QuestionnaireResponse": 14}
    assert {one.reason for one in report.problems} == {"422 not stored here"}
    assert any(note.startswith("A transaction was not taken (422 the transaction was rolled back)") for note in report.notes)
    assert "derivedFrom was left out where the QuestionnaireResponse it names could not be written." in report.notes
    assert not report.verified
    assert dangling(server) == set()


def test_nothing_of_a_patient_who_could_not_be_written_is_written(mock: responses.RequestsMock, session: requests.Session) -> None:
    server = OpenServer(refuse={"Patient": "no patients here"}).attach(mock)
    report = seeded(server, session)
    assert kinds(report.written) == {"Organization": 3, "Practitioner": 3}
    assert {one.reason for one in report.problems} == {"422 no patients here", "what it refers to could not be written"}
    assert report.choices.patients == ()


def test_a_lost_race_is_run_again(mock: responses.RequestsMock, session: requests.Session) -> None:
    server = OpenServer(races=2).attach(mock)
    assert seeded(server, session).notes == ()


def test_patients_and_visits_to_launch_with_have_the_servers_ids(mock: responses.RequestsMock, session: requests.Session) -> None:
    server = OpenServer().attach(mock)
    choices = seeded(server, session).choices
    patient = choices.patients[1]
    assert server.stored[f"Patient/{patient.id}"]["name"][0]["family"] == patient.label.partition(",")[0] == "Nyberg"
    assert server.stored[f"Encounter/{patient.encounter}"]["status"] == "in-progress"
    assert patient.about == load_personas()["new-patient"].purpose


def test_a_server_that_ignores_tags_is_read_by_id_instead(mock: responses.RequestsMock, session: requests.Session) -> None:
    server = OpenServer(knows_tags=False).attach(mock)
    server.stored["Patient/1"] = {"resourceType": "Patient", "id": "1"}
    report = seeded(server, session)
    assert report.verified
    assert "Patient is not searched by tag here; each was read by its id instead." in report.notes


def test_doubles_on_the_server_are_told(mock: responses.RequestsMock, session: requests.Session) -> None:
    server = OpenServer().attach(mock)
    seeded(server, session)
    patient = next(one for one in server.stored.values() if one["resourceType"] == "Patient")
    server.stored["Patient/copy"] = patient | {"id": "copy"}
    assert any(note.startswith("Some Patient are on the server twice") for note in seeded(server, session).notes)


def test_the_report_says_what_was_written_and_is_there(mock: responses.RequestsMock, session: requests.Session) -> None:
    server = OpenServer().attach(mock)
    first, second = ("\n".join(seeded(server, session).lines()) for _ in range(2))
    assert "wrote 3 Organization, 3 Practitioner, 2 Patient, 9 Encounter, 14 QuestionnaireResponse" in first.replace("85 Observation, ", "")
    assert "wrote nothing; already there: 3 Organization" in second
    assert first.endswith("All of it was read back.")


@pytest.mark.parametrize("server", [OpenServer(), OpenServer(knows_tags=False)], ids=["by tag", "by identifier"])
def test_cleaning_removes_what_carries_the_tag_and_nothing_else(
    server: OpenServer, mock: responses.RequestsMock, session: requests.Session
) -> None:
    server.attach(mock)
    theirs = {f"{kind}/theirs": {"resourceType": kind, "id": "theirs"} for kind in KINDS}
    server.stored |= theirs
    written = seeded(server, session).written
    report = cleaned(server, session)
    assert sorted(report.removed) == sorted(written)
    assert report.problems == ()
    assert server.stored == theirs
    assert cleaned(server, session).removed == ()


def test_cleaning_finds_responses_by_what_is_derived_from_them_where_they_cannot_be_searched(
    mock: responses.RequestsMock, session: requests.Session
) -> None:
    server = like_sekmet(knows_tags=False).attach(mock)
    server.stored |= {f"{kind}/theirs": {"resourceType": kind, "id": "theirs"} for kind in KINDS}
    seeded(server, session)
    cleaned(server, session)
    assert sorted(server.stored) == sorted(f"{kind}/theirs" for kind in KINDS)


def test_cleaning_names_what_others_refer_to_and_leaves_it(mock: responses.RequestsMock, session: requests.Session) -> None:
    server = OpenServer().attach(mock)
    patient = seeded(server, session).ids["Patient/new-patient"]
    server.stored["Observation/theirs"] = {"resourceType": "Observation", "id": "theirs", "subject": {"reference": patient}}
    report = cleaned(server, session)
    assert patient in {one.reference for one in report.problems}
    assert f"Left: {patient}: 409 {patient} is referred to" in list(report.lines())


def test_an_identifier_of_ours_without_our_tag_is_not_removed(mock: responses.RequestsMock, session: requests.Session) -> None:
    server = OpenServer(knows_tags=False).attach(mock)
    claimed = {"resourceType": "Patient", "id": "1", "identifier": LOCAL[6]["identifier"]}
    server.stored["Patient/1"] = claimed
    assert cleaned(server, session).removed == ()
    assert server.stored == {"Patient/1": claimed}


@pytest.mark.parametrize(
    "base", ["https://hapi.example/fhir", "http://127.0.0.1.example/fhir", "http://localhost.example", "http://10.0.0.1/"]
)
def test_an_address_beyond_this_machine_is_not_even_asked_without_a_yes(
    base: str, mock: responses.RequestsMock, session: requests.Session
) -> None:
    with pytest.raises(NotConfirmedError, match="only after an explicit yes"):
        seed(base, TODAY, session=session)
    with pytest.raises(NotConfirmedError, match="only after an explicit yes"):
        clean(base, session=session)
    assert len(mock.calls) == 0


def test_an_address_beyond_this_machine_is_written_to_after_a_yes(mock: responses.RequestsMock, session: requests.Session) -> None:
    server = OpenServer(base="https://fhir.example/fhir").attach(mock)
    assert seed(f"{server.base}/", TODAY, session=session, personas=[FEW[1]], confirmed=True).verified
    assert clean(server.base, session=session, confirmed=True).problems == ()


@pytest.mark.parametrize("base", ["http://localhost:8080/fhir", "http://127.0.0.1/fhir", "http://127.9.9.9:1/", "http://[::1]:8080/fhir"])
def test_addresses_of_this_machine_are_known(base: str) -> None:
    assert is_loopback(base)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, {}, "<html>"), "not FHIR JSON"),
        ((200, {}, '{"resourceType": "CapabilityStatement", "fhirVersion": "3.0.2"}'), "not the CapabilityStatement of a FHIR R4 server"),
        ((401, {}, refused(401, "who are you")[2]), "401 who are you"),
        ((302, {"Location": "https://elsewhere.example"}, ""), "302"),
    ],
)
def test_a_server_that_is_no_open_r4_server_is_told_apart(
    answer: tuple[int, dict[str, str], str], message: str, mock: responses.RequestsMock, session: requests.Session
) -> None:
    mock.add(responses.GET, "http://127.0.0.1:8080/fhir/metadata", status=answer[0], headers=answer[1], body=answer[2])
    with pytest.raises(RemoteError, match=message):
        seed("http://127.0.0.1:8080/fhir", TODAY, session=session)


def test_a_server_that_does_not_answer_is_named(mock: responses.RequestsMock, session: requests.Session) -> None:
    mock.add(responses.GET, "http://127.0.0.1:8080/fhir/metadata", body=requests.ConnectionError("refused"))
    with pytest.raises(RemoteError, match="gave no complete answer to GET metadata"):
        seed("http://127.0.0.1:8080/fhir", TODAY, session=session)


def test_a_next_page_on_another_server_is_not_asked_for(mock: responses.RequestsMock, session: requests.Session) -> None:
    link = {"relation": "next", "url": "https://elsewhere.example/fhir?page=2"}
    mock.add(responses.GET, "http://127.0.0.1:8080/fhir/Patient", body=said(200, {"resourceType": "Bundle", "link": [link]})[2])
    server = RemoteServer(base="http://127.0.0.1:8080/fhir", session=session)
    with pytest.raises(RemoteError, match="another server"):
        list(server.search("Patient", "_tag=x", wanted=lambda _: True))


def test_a_search_answered_with_others_is_not_taken_for_a_find(mock: responses.RequestsMock, session: requests.Session) -> None:
    server = OpenServer(searched=()).attach(mock)
    server.stored["Patient/1"] = {"resourceType": "Patient", "id": "1"}
    with pytest.raises(SearchIgnoredError, match="cannot be searched by identifier"):
        RemoteServer(base=server.base, session=session).find("Patient", ("urn:x", "1"))


def test_resources_come_after_those_they_refer_to() -> None:
    seen: set[str] = set()
    for resource in in_order(LOCAL[::-1]):
        assert set(references_in(resource)) <= seen
        seen.add(local_reference(resource))
    assert len(seen) == len(LOCAL)


def test_progress_is_told_group_by_group(mock: responses.RequestsMock, session: requests.Session) -> None:
    told: list[str] = []
    server = OpenServer().attach(mock)
    seed(server.base, TODAY, session=session, personas=[FEW[1]], say=told.append)
    clean(server.base, session=session, say=told.append)
    assert told == [
        "staff: 6 of 6 written",
        "new-patient: 2 of 2 written",
        "found 1 Encounter, 1 Patient, 3 Practitioner, 3 Organization",
    ]


def test_the_sandboxs_own_server_is_seeded_and_cleaned_over_http(session: requests.Session) -> None:
    numbers, app = count(1), Flask("sandbox")
    backend = LocalServer(Storage(), clock=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC), new_id=lambda: f"n{next(numbers)}")
    app.register_blueprint(fhir_blueprint(backend))
    with serving(app) as address:
        first, second = (seed(f"{address}/fhir", TODAY, session=session, personas=FEW) for _ in range(2))
        removed = clean(f"{address}/fhir", session=session)
    assert kinds(first.written) == kinds(map(local_reference, LOCAL))
    assert (first.notes, first.verified, second.written) == ((), True, ())
    assert sorted(removed.removed) == sorted(first.written)
