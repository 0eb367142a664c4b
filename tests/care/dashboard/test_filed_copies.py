"""A copy of the page is filed once, as it was shown, and told as it ended."""

from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.filed_copies import (
    FiledCopy,
    PageToFile,
    check_copy,
    copy_of,
    file_copy,
    filed_before,
    is_switched_on,
    keep_shown,
    shown_file,
    why_not_file,
)
from smart_app.care.record.record import ChartRecord
from smart_app.errors import NotOffered, OutcomeNotKept, StoreError
from smart_app.launch.context.launch_context import Author
from smart_app.registration import Issuer, PublicClient
from smart_app.registration.features import default_features, scope_of_features
from smart_app.services import AppServices
from smart_app.store import FilingState, author_of
from smart_app.store.audit_trail.audit import Audit
from tests.care.dashboard.test_put_aside import SOFIA, TOMAS
from tests.care.ehr import BASE, Answer, Ehr, json_answer, refusal, statement
from tests.care.support import NOW, Clock, context, in_launch, patient

PDF = b"%PDF-1.7 of what was shown"
WITH_COPIES = scope_of_features((*default_features(), "file_page"))
PATH = "DocumentReference"
SHOWN: tuple[FilingState, ...] = ("shown",)


@pytest.fixture(autouse=True)
def chart(ehr: Ehr) -> None:
    ehr.put(patient())


def entry(scope: str) -> Issuer:
    return Issuer(name="Northfield General", iss=BASE, client_id="rapport", auth=PublicClient(), scope=scope)


def switched(services: AppServices, scope: str = WITH_COPIES) -> AppServices:
    return replace(services, registration=services.registration.with_issuer(entry(scope)))


@pytest.fixture
def record(services: AppServices) -> ChartRecord:
    return in_launch(switched(services), replace(SOFIA, encounter="e1"))


def shown(record: ChartRecord, content: str = "same") -> str:
    page = PageToFile(
        pdf=PDF, title="Alliance and diabetes history", language="en", made=NOW, start=NOW - timedelta(days=9), end=NOW, content=content
    )  # fmt: skip
    return keep_shown(record, page)


def filed(record: ChartRecord) -> FiledCopy:
    key = shown(record)
    file_copy(record, key)
    return copy_of(record, key)


def once(answer: Answer | Exception, *, method: str = "POST") -> Callable[[str, str], Answer | Exception | None]:
    """What is answered to the first such request, in the server's own place."""
    left = [answer]
    return lambda asked, path: left.pop() if left and (asked, path) == (method, PATH) else None


def events(record: ChartRecord) -> list[dict[str, Any]]:
    return [dict(one.detail) for one in record.services.store.audit.entries() if one.event == "page_filed"]


class TestFiling:
    def test_what_is_filed_is_what_was_shown(self, record: ChartRecord, ehr: Ehr) -> None:
        key = shown(record)
        assert shown_file(record, key) == PDF
        assert ehr.of_type(PATH) == []
        file_copy(record, key)
        [stored] = ehr.of_type(PATH)
        assert b64decode(stored["content"][0]["attachment"]["data"]) == PDF
        assert stored["subject"] == {"reference": "Patient/p1"}
        assert stored["context"]["encounter"] == [{"reference": "Encounter/e1"}]
        assert stored["author"] == [{"reference": "Practitioner/sofia"}]
        copy = copy_of(record, key)
        assert (copy.state, copy.place, copy.since) == ("filed", f"{PATH}/{stored['id']}", NOW)

    def test_a_second_click_files_nothing(self, record: ChartRecord, ehr: Ehr) -> None:
        key = shown(record)
        for _ in range(3):
            file_copy(record, key)
        assert ehr.posts() == [PATH]
        assert len(events(record)) == 1

    def test_it_is_no_submission_and_the_trail_says_what_became_of_it(self, record: ChartRecord) -> None:
        copy = filed(record)
        assert record.services.store.outbox.of_patient(author(record)).own == []
        assert events(record) == [{"key": copy.key, "outcome": "filed", "status": None, "place": copy.place, "sent": True}]

    def test_the_file_is_not_kept_here_once_it_is_in_the_record(self, record: ChartRecord) -> None:
        with pytest.raises(NotOffered):
            shown_file(record, filed(record).key)

    def test_nobody_else_files_what_one_was_shown(self, record: ChartRecord) -> None:
        key = shown(record)
        for other in (TOMAS, context(patient="p2")):
            with pytest.raises(NotOffered):
                copy_of(replace(record, context=other), key)

    def test_whoever_is_shown_the_same_is_told_that_it_was_filed(self, record: ChartRecord) -> None:
        tomas = replace(record, context=TOMAS)
        assert filed_before(tomas, "same") is None
        copy = filed(record)
        assert filed_before(tomas, "same") == copy
        assert filed_before(tomas, "another") is None

    def test_it_is_created_on_its_identifier_unless_the_server_says_it_cannot(self, record: ChartRecord, ehr: Ehr) -> None:
        key = shown(record)
        ehr.put({"resourceType": PATH, "id": "there", "subject": {"reference": "Patient/p1"}, "identifier": [identifier(key)]})
        file_copy(record, key)
        assert copy_of(record, key).place == f"{PATH}/there"
        assert len(ehr.of_type(PATH)) == 1


def author(record: ChartRecord) -> Author:
    return author_of(record.context)


def identifier(key: str) -> dict[str, str]:
    return {"system": "https://w3id.org/rapport/fhir/sid/submission", "value": f"{key}.page"}


class TestRefused:
    @pytest.mark.parametrize(
        ("status", "words"),
        [(422, "context.encounter is required"), (403, "No security class for this document type"), (400, "Unsupported note type")],
    )
    def test_the_servers_own_reason_is_told_and_it_may_be_tried_again(self, record: ChartRecord, ehr: Ehr, status: int, words: str) -> None:
        ehr.faults.append(once(refusal(status, words)))
        copy = filed(record)
        assert (copy.state, copy.may_send, copy.may_check) == ("not_filed", True, False)
        assert words in str(copy.why)
        assert events(record)[0] | {"key": ""} == {"key": "", "outcome": "not_filed", "status": status, "place": None, "sent": True}
        file_copy(record, copy.key)
        assert copy_of(record, copy.key).state == "filed"
        assert len(ehr.of_type(PATH)) == 1

    def test_a_record_that_is_not_in_use_takes_none(self, record: ChartRecord, ehr: Ehr) -> None:
        key = shown(record)
        ehr.put(patient() | {"active": False})
        with pytest.raises(NotOffered, match="not in use"):
            file_copy(record, key)
        assert ehr.posts() == []
        assert copy_of(record, key).state == "shown"


class TestNotKnown:
    def test_a_lost_answer_is_not_known_until_the_server_lists_it(self, record: ChartRecord, ehr: Ehr) -> None:
        kept = ehr._create

        def lost(method: str, path: str) -> Exception | None:
            if (method, path) == ("POST", PATH) and not ehr.of_type(PATH):
                kept({"resourceType": PATH, "subject": {"reference": "Patient/p1"}, "identifier": [identifier(key)]}, None)
                return requests.exceptions.ReadTimeout()
            return None

        key = shown(record)
        ehr.faults.append(lost)
        file_copy(record, key)
        copy = copy_of(record, key)
        assert (copy.state, copy.may_send, copy.may_check) == ("not_known", False, True)
        file_copy(record, key)
        assert ehr.posts() == [PATH]
        check_copy(record, key)
        assert (copy_of(record, key).state, len(ehr.of_type(PATH))) == ("filed", 1)
        assert [(one["outcome"], one["sent"]) for one in events(record)] == [("not_known", True), ("filed", False)]

    @pytest.mark.parametrize("answer", [refusal(500, "broken"), refusal(503, "busy"), (302, {"Location": "/elsewhere"}, "")])
    def test_what_the_server_does_not_list_after_a_minute_is_not_there(
        self, record: ChartRecord, ehr: Ehr, clock: Clock, answer: Answer
    ) -> None:
        ehr.faults.append(once(answer))
        key = filed(record).key
        check_copy(record, key)
        assert (copy_of(record, key).state, copy_of(record, key).may_send) == ("not_known", False)
        assert "proves nothing so soon" in str(copy_of(record, key).why)
        clock.now += timedelta(seconds=61)
        check_copy(record, key)
        assert (copy_of(record, key).state, copy_of(record, key).may_send) == ("not_filed", True)
        file_copy(record, key)
        assert copy_of(record, key).state == "filed"

    def test_a_search_that_fails_leaves_it_unknown(self, record: ChartRecord, ehr: Ehr, clock: Clock) -> None:
        ehr.faults += [once(requests.exceptions.ConnectionError()), once(refusal(500, "broken"), method="GET")]
        key = filed(record).key
        clock.now += timedelta(seconds=61)
        check_copy(record, key)
        assert copy_of(record, key).state == "not_known"

    def test_where_nothing_can_be_searched_it_is_sent_again_only_on_its_identifier(self, record: ChartRecord, ehr: Ehr) -> None:
        creates_only = replace(record, context=replace(record.context, scope="patient/Patient.r patient/DocumentReference.c"))
        for conditional in (True, False):
            ehr.metadata = statement(conditional=conditional)
            creates_only.services.capabilities._known.clear()
            ehr.faults.append(once(refusal(502, "no answer")))
            copy = filed(creates_only)
            assert (copy.state, copy.may_send, copy.may_check) == ("not_known", conditional, False)

    def test_what_was_taken_without_saying_where_is_looked_for(self, record: ChartRecord, ehr: Ehr) -> None:
        def silent(method: str, path: str) -> Answer | None:
            if (method, path) == ("POST", PATH):
                ehr.put({"resourceType": PATH, "id": "9", "subject": {"reference": "Patient/p1"}, "identifier": [identifier(key)]})
                return json_answer(201, None)
            return None

        key = shown(record)
        ehr.faults.append(silent)
        file_copy(record, key)
        assert copy_of(record, key).place == f"{PATH}/9"

    def test_what_was_taken_for_review_is_not_in_the_record_yet(self, record: ChartRecord, ehr: Ehr) -> None:
        """US Core lets a server answer 202 to a note that somebody has to look at first."""
        ehr.faults.append(once(json_answer(202, None)))
        assert (filed(record).state, ehr.of_type(PATH)) == ("not_known", [])

    def test_of_several_created_at_once_on_one_identifier_one_is_told(self, record: ChartRecord, ehr: Ehr) -> None:
        """HAPI then answers that its search matched more than one resource, which is no refusal."""
        key = shown(record)
        ehr.put(
            *(
                {"resourceType": PATH, "id": one, "subject": {"reference": "Patient/p1"}, "identifier": [identifier(key)]}
                for one in ("7", "8")
            )
        )
        ehr.faults.append(once(refusal(412, "this search matched 2 resources")))
        file_copy(record, key)
        assert (copy_of(record, key).state, copy_of(record, key).place) == ("filed", f"{PATH}/7")

    def test_another_patients_document_is_not_taken_for_it(self, record: ChartRecord, ehr: Ehr) -> None:
        key = shown(record)
        ehr.ignores_search = True
        ehr.put({"resourceType": PATH, "id": "7", "subject": {"reference": "Patient/p2"}, "identifier": [identifier(key)]})
        ehr.faults.append(once(refusal(409, "racing")))
        file_copy(record, key)
        assert copy_of(record, key).state == "not_known"

    def test_what_was_cut_off_while_it_was_sent_is_not_known(self, record: ChartRecord, clock: Clock) -> None:
        key = shown(record)
        assert record.services.store.filed_pages.claim(author(record), key, was=SHOWN, ttl=timedelta(days=1))
        assert (copy_of(record, key).state, copy_of(record, key).may_send) == ("sending", False)
        clock.now += timedelta(minutes=3)
        assert (copy_of(record, key).state, copy_of(record, key).may_check) == ("not_known", True)
        check_copy(record, key)
        assert copy_of(record, key).state == "not_filed"

    def test_where_it_cannot_be_written_down_the_page_says_how_it_ended(
        self, record: ChartRecord, ehr: Ehr, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = shown(record)

        def broken(*_: Any, **__: Any) -> None:
            raise StoreError(Sentence("no"))

        monkeypatch.setattr(Audit, "add", broken)
        with pytest.raises(OutcomeNotKept, match="Do not file it again"):
            file_copy(record, key)
        assert len(ehr.of_type(PATH)) == 1


class TestSwitchedOn:
    @pytest.mark.parametrize("scope", ["", "patient/*.cruds launch", "patient/*.*", "patient/DocumentReference.rs"])
    def test_it_is_off_unless_the_site_names_it(self, services: AppServices, scope: str) -> None:
        record = in_launch(switched(services, scope))
        assert not is_switched_on(record)
        assert why_not_file(record) is not None

    def test_where_a_site_knows_better_than_the_statement_it_is_tried(self, services: AppServices, ehr: Ehr) -> None:
        ehr.metadata = statement(without=["DocumentReference.create"])
        knows = replace(entry(WITH_COPIES), trust_scopes_for=("DocumentReference",))
        record = in_launch(replace(services, registration=services.registration.with_issuer(knows)))
        assert why_not_file(record) is None
        assert filed(record).state == "filed"

    @pytest.mark.parametrize(("category", "may"), [("clinical-note", True), ("imaging", False)])
    def test_a_scope_for_notes_alone_is_enough(self, record: ChartRecord, ehr: Ehr, category: str, may: bool) -> None:
        """As US Core recommends them to whoever writes notes."""
        scope = f"patient/Patient.r patient/DocumentReference.cs?category={category}"
        narrowed = replace(record, context=replace(record.context, scope=scope))
        assert (why_not_file(narrowed) is None) is may
        if may:
            assert filed(narrowed).state == "filed"
            assert ehr.of_type(PATH)[0]["category"][0]["coding"][0]["code"] == category

    def test_what_the_sign_in_or_the_server_lacks_is_said(self, record: ChartRecord, ehr: Ehr) -> None:
        assert why_not_file(record) is None
        without = replace(record, context=replace(record.context, scope="patient/Patient.r"))
        assert "permission to create DocumentReference" in str(why_not_file(without))
        ehr.metadata = statement(without=["DocumentReference.create"])
        record.services.capabilities._known.clear()
        assert "does not offer" in str(why_not_file(record))
        key = shown(record)
        with pytest.raises(NotOffered, match="Nothing was filed"):
            file_copy(record, key)
        assert ehr.posts() == []
