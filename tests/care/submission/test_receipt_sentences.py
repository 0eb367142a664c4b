"""What is sealed of words, and the pages that show it, said in another language: nothing stays English but data."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal, get_args

import pytest
import simplejson
from msgspec import Struct
from msgspec.structs import replace
from requests.exceptions import ConnectTimeout, ReadTimeout

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.library import load_library
from fhir_mappings.people.person import Person
from fhir_mappings.sentence import NOTHING, Sentence
from smart_app.care.forms.late_visit import LateVisit
from smart_app.care.forms.saved_drafts import KeptAnswers, SavedDraft
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import LeftBehind, send_again
from smart_app.care.submission.receipt import NotWritten, Outcome, ReadBack, Receipt, StoredPart
from smart_app.care.submission.sealed_submission import Decision, ScoreLine, SealedSubmission, from_payload, to_payload
from smart_app.care.submission.submit import submit
from smart_app.care.undelivered.decisions import REASONS, Lacking, Undecided, Way, decide, undecided
from smart_app.errors import GaveWay, NotOpened, RapportError, SessionError
from smart_app.services import AppServices
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, PseudoLanguage
from smart_app.web.views.forms.decision_page import decision_view
from smart_app.web.views.forms.kept_answers import kept_view, kept_words, saved_draft_notices, unread_notices
from smart_app.web.views.forms.receipt_page import ReceiptUrls, receipt_view
from smart_app.web.views.ways_back import Kind, WayBack
from tests.care.ehr import Ehr, json_answer, refusal, statement
from tests.care.submission.parcel import parcel
from tests.care.support import NOW, SLUG, answers, asked_for, context, in_launch, patient
from tests.web.views.dashboard.test_dashboard_sentences import texts_of

PSEUDO = PseudoLanguage(code=LEFT_TO_RIGHT)
KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90"
URLS = ReceiptUrls(history="/h", check_again="/c", copied="/n", discard="/d")
INNERMOST = re.compile("⟦[^⟦⟧]*⟧")
# Names, the server's own words, days, codes of errors; and the words of the rules of deciding.
DATA = ("Northfield General", "Sofia Lindqvist", "NO SUCH CODE", KEY, "Nov", "ANN", "session_ended", "gave_way", *REASONS.values())
# Codes, ids and addresses.
NO_WORDS = {
    "Receipt.key", "Receipt.outcome", "Receipt.informant", "Receipt.version", "Receipt.visit", "StoredPart.reference",
    "StoredPart.read_back", "Person.reference", "LateVisit.encounter", "Decision.by", "Decision.why", "Decision.told", "StoredRow.id",
    "Link.href", "ReceiptView.patient_id", "ReceiptView.history", "ReceiptView.check_again", "DecisionView.action", "DecisionView.back",
    "DecisionView.seen", "DecisionView.patient_id", "ReasonChoice.code", "ErrorView.reference", "ErrorView.retry", "ErrorFact.label",
}  # fmt: skip


def in_english(thing: object) -> list[tuple[str, str]]:
    """The texts of a page in which something stands in no brackets, the data aside."""
    found = []
    for field, text in texts_of(thing):
        said = text.said(PSEUDO) if isinstance(text, Sentence) else text
        while INNERMOST.search(said):
            said = INNERMOST.sub("", said)
        for one in DATA:
            said = said.replace(one, "")
        if field not in NO_WORDS and any(sign.isalpha() for sign in said):
            found.append((field, text))
    return found


def shown(services: AppServices, **more: Any) -> list[tuple[str, str]]:
    """The receipt as it stands, and its page."""
    record = in_launch(services, context(**more))
    found = receipt(record, key=KEY)
    page = receipt_view(found, context=record.context, patient=None, urls=URLS, now=record.now())
    return [*in_english(found), *in_english(page)]


def send(services: AppServices, *, informant: Informant = "patient", **more: Any) -> None:
    record = in_launch(services, context(**more))
    submit(record, asked_for(record, SLUG, informant), key=KEY, patient="p1", fields=answers())


def no_scores(method: str, path: str) -> Any:
    return refusal(422, "NO SUCH CODE") if (method, path) == ("POST", "Observation") else None


@pytest.fixture(autouse=True)
def record(ehr: Ehr) -> None:
    ehr.put(patient())


class TestAReceipt:
    @pytest.mark.parametrize("scope", ["patient/*.cruds", "patient/*.rs", "patient/*.rs patient/QuestionnaireResponse.c"])
    def test_of_what_was_stored_or_may_not_be(self, services: AppServices, scope: str) -> None:
        send(services, scope=scope)
        assert shown(services, scope=scope) == []

    @pytest.mark.parametrize("answered", [401, 403, 404, 409, 422, 429, 500])
    def test_of_what_the_server_refused(self, ehr: Ehr, services: AppServices, answered: int) -> None:
        ehr.faults.append(lambda method, _path: refusal(answered, "NO SUCH CODE") if method == "POST" else None)
        send(services, informant="clinician")
        assert shown(services) == []

    @pytest.mark.parametrize("lost", [ConnectTimeout, ReadTimeout])
    def test_of_what_was_lost_and_cannot_be_searched_for(self, ehr: Ehr, services: AppServices, lost: type[Exception]) -> None:
        ehr.metadata = statement(without=["QuestionnaireResponse.search-type", "Observation.search-type", "Provenance.search-type"])
        ehr.faults.append(lambda method, _path: lost() if method == "POST" else None)
        send(services)
        assert shown(services) == []
        ehr.faults.clear()
        send_again(in_launch(services), key=KEY)
        assert shown(services) == []

    def test_of_what_went_one_by_one_and_not_all(self, ehr: Ehr, services: AppServices) -> None:
        ehr.metadata = statement(transaction=False)
        ehr.faults.append(no_scores)
        send(services)
        assert shown(services) == []

    def test_of_what_was_answered_entry_by_entry(self, ehr: Ehr, services: AppServices) -> None:
        entries = [{"response": {"status": status, "outcome": OUTCOME}} for status in ("422", "503", "429", "302", "403", "422")]
        answer = json_answer(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
        ehr.faults.append(lambda method, path: answer if (method, path) == ("POST", "") else None)
        send(services)
        assert shown(services) == []

    def test_of_what_says_something_else_or_cannot_be_read_back(self, ehr: Ehr, services: AppServices) -> None:
        send(services)
        for one in ehr.of_type("Observation"):
            one["status"] = "amended"
        ehr.resources.pop(next(name for name in ehr.resources if name.startswith("Provenance/")))
        assert shown(services) == []
        ehr.faults.append(lambda method, path: refusal(500, "down") if method == "GET" and path.startswith("Observation/") else None)
        assert shown(services) == []

    @pytest.mark.parametrize("way", get_args(Way))
    def test_of_what_was_decided_over_by_somebody_without_a_name(self, ehr: Ehr, services: AppServices, way: Way) -> None:
        ehr.faults.append(lambda method, _path: refusal(422, "NO SUCH CODE") if method == "POST" else None)
        user = replace(context().user, name=None)
        send(services, user=user)
        record = in_launch(services, context(user=user))
        found = undecided(record, key=KEY)
        view = decision_view(found, way=way, context=record.context, patient=None, action="/a", back="/b", now=NOW, lacking=True)
        assert in_english(view) == []
        decide(record, key=KEY, way=way, reason="by_mistake" if way == "discarded" else "", seen=found.seen)
        assert shown(services, user=user) == []


OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": "NO SUCH CODE"}]}


def made(outcome: Outcome, informant: Informant, *, read_back: ReadBack = "same", parts: int = 1, **more: Any) -> Receipt:
    part = StoredPart(what=Sentence("Answers"), value=NOTHING, reference="Observation/1", version="1", read_back=read_back)
    lacking = NotWritten(what=Sentence("Answers"), scored=parts > 2, why=NOTHING, now=NOTHING, todo=NOTHING)
    fields: dict[str, Any] = {
        "key": KEY, "outcome": outcome, "informant": informant, "clinician": Person(reference="Practitioner/9", name=None),
        "instrument_title": Sentence("Check-in"), "version": "1.0.0", "answered": 9, "of": 9, "visit": "v", "submitted": NOW,
        "step": Sentence("answers only"), "written": (part,) * parts, "not_written": (lacking,) * parts, "note_text": NOTHING,
        "reason": Sentence("No."), "repeated": True, "from_paper": True, "unscored": Sentence("No scoring key is known for it."),
        "completable": outcome == "partly_saved", "late": LateVisit(encounter="e1", day=NOW.date() - timedelta(days=parts)),
        "decision": Decision(by="ANN", why="in_note", at=NOW),
    }  # fmt: skip
    return Receipt(**{**fields, **more})


def receipts() -> Iterator[Receipt]:
    for outcome in get_args(Outcome):
        for informant in get_args(Informant):
            for read_back in get_args(ReadBack):
                yield from (made(outcome, informant, read_back=read_back, parts=parts) for parts in (1, 2, 3, 13))


def test_of_every_page_of_a_receipt() -> None:
    for found in receipts():
        assert in_english(receipt_view(found, context=context(), patient=None, urls=URLS, now=NOW)) == []


@pytest.mark.parametrize("way", get_args(Way))
@pytest.mark.parametrize("informant", get_args(Informant))
def test_of_every_page_before_a_decision(way: Way, informant: Informant) -> None:
    rest = (Lacking(name=Sentence("Total"), uncertain=True), Lacking(name=Sentence("Answers"), uncertain=False))
    for outcomes in ({}, {"response": {"reference": "QuestionnaireResponse/1"}}):
        sealed = from_payload({**to_payload(parcel(informant=informant)), "fates": outcomes})
        one = Undecided(sealed=sealed, seen="s", reasons=("by_mistake",), rest=rest)
        view = decision_view(one, way=way, context=context(), patient=None, action="/a", back="/b", now=NOW, lacking=True)
        assert in_english(view) == []


def test_of_what_is_kept_without_its_launch() -> None:
    # What a page of errors says of a launch that began without a chart is another room's.
    ended: tuple[RapportError, ...] = (SessionError(Sentence("It ended.")), GaveWay(Sentence("It ended.")))
    states: tuple[Literal["kept", "sent"], ...] = ("kept", "sent")
    kept = [KeptAnswers(state=one, answered=n, of=of, until=NOW) for one in states for n in (1, 2) for of in (1, 9)]
    for over in ended:
        for one in kept:
            assert in_english(kept_view(one, over, reference="r")) == []
            for kind in (None, *get_args(Kind)):
                way = WayBack(kind=kind, href="/w") if kind else None
                assert in_english([kept_words(one, over, way=way)]) == []


def test_of_what_is_kept_and_not_sent() -> None:
    instrument = load_library().get(SLUG)
    draft = SavedDraft(key="k", answers={}, answered=3, of=9, saved=NOW, hidden=False, other_visit=False)
    left = [(instrument, who, draft) for who in get_args(Informant)]
    assert in_english(saved_draft_notices(left, lambda *_of: "/go", now=NOW)) == []
    for strange in (1, 2):
        assert in_english(unread_notices(LeftBehind(items=(), unread=(NOW,), strange=strange), now=NOW)) == []


class TestAPayload:
    """What is sealed, sealed and opened again."""

    def rich(self) -> SealedSubmission:
        reason = Sentence("The server did not store it (HTTP {status}).", status=422)
        lines = (
            ScoreLine(
                role="goal", title=Sentence("Goal"), text=None, high=5, reason=Sentence("{answered} of {of} answered", answered=1, of=3)
            ),
            ScoreLine(role="task", title=Sentence("{own}", own="ANN"), text="4.25", high=5, reason=None),
        )
        return parcel(
            instrument_title=Sentence("Rapport check-in"), direction=Sentence("higher = better"), scores=lines, reason=reason,
            notes=(Sentence("Not as {way}: {reason}", way=Sentence("answers only"), reason=reason),),
            unscored=Sentence("No scoring key is known for it."), late=LateVisit(encounter="e1", day=date(2026, 11, 10)),
            decision=Decision(by="ANN", called=Sentence("the signed-in clinician"), why="by_mistake", at=NOW),
        )  # fmt: skip

    def test_is_said_as_before(self) -> None:
        sealed = self.rich()
        opened = from_payload(simplejson.loads(simplejson.dumps(to_payload(sealed))))
        assert opened == sealed
        before, after = ([text.said(PSEUDO) for text in sentences(one)] for one in (sealed, opened))
        assert before == after
        assert len(after) == 9

    def test_that_was_sealed_in_english_is_said_by_its_texts(self) -> None:
        sealed = self.rich()
        old = {
            **to_payload(sealed),
            **{name: str(getattr(sealed, name)) for name in ("reason", "direction", "unscored", "instrument_title")},
        }
        old |= {"notes": [str(note) for note in sealed.notes], "fates": {"response": {"why": "The server said no: {x}"}}}
        opened = from_payload(simplejson.loads(simplejson.dumps(old)))
        assert (opened.reason, opened.notes) == (sealed.reason, sealed.notes)
        assert opened.outcome_of("response").why == "The server said no: {x}"
        assert opened.unscored is not None
        assert sealed.unscored is not None
        assert opened.unscored.said(PSEUDO) == sealed.unscored.said(PSEUDO)

    @pytest.mark.parametrize(
        "reason", [{"kind": "text"}, {"kind": "song"}, 7, {"kind": "text", "text": "{a}", "values": {"b": "Halvorsen"}}]
    )
    def test_with_a_sentence_that_is_none_is_another_versions(self, reason: object) -> None:
        with pytest.raises(NotOpened, match="another version of Rapport"):
            from_payload({**to_payload(self.rich()), "reason": reason})


def sentences(thing: object) -> Iterator[Sentence]:
    if isinstance(thing, Struct):
        yield from (text for _, text in texts_of(thing) if isinstance(text, Sentence))
