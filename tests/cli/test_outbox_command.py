"""`rapport outbox`: what the site reads of what is kept, what it may do about it, and what it is never shown."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import simplejson
from click.testing import CliRunner, Result

from fhir_mappings.sentence import Sentence
from smart_app.care.submission.sealed_submission import SealedSubmission, WriteOutcome, to_payload
from smart_app.cli import main
from smart_app.launch.context.launch_context import Author, LaunchId, User
from smart_app.store import OutboxState, Store, open_store, parse_key

KEY = "a" * 43
FIRST, SECOND = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90", "c2d8f103-7e8b-4f66-8b62-400d902030a1"
ISS = "https://ehr.example.org/fhir"
AUTHOR = Author(
    iss=ISS,
    patient="pat-77",
    user=User(reference="Practitioner/dr-77", name="Sofia Lindqvist", issuer="https://ehr.example.org", subject="s"),
)
SENT = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
# What may be nowhere in the output.
PRIVATE = ("pat-77", "dr-77", "Lindqvist", "Halvorsen", "4.25", "goal-1", "9 of 9")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    address = f"sqlite:///{tmp_path}/rapport.sqlite"
    monkeypatch.setenv("RAPPORT_DATABASE_URL", address)
    monkeypatch.setenv("RAPPORT_SECRET_KEYS", KEY)
    monkeypatch.setenv("RAPPORT_LAUNCH_FILE", str(launch_file(tmp_path, ISS)))
    return open_store(address, [parse_key(KEY)], clock=now)


def launch_file(folder: Path, iss: str) -> Path:
    shipped = simplejson.loads((Path(__file__).resolve().parents[2] / "launch.json").read_text())
    entry = {"name": "Example", "iss": iss, "client_id": "rapport", "auth": {"method": "none"}}
    place = folder / "launch.json"
    place.write_text(simplejson.dumps({**shipped, "issuers": [entry]}))
    return place


def sealed(key: str, **more: Any) -> SealedSubmission:
    resource = {"resourceType": "QuestionnaireResponse", "identifier": {"value": f"{key}.response"}, "item": [{"linkId": "goal-1"}]}
    entry = {"fullUrl": "urn:uuid:1", "resource": resource, "request": {"method": "POST", "url": "QuestionnaireResponse"}}
    fields: dict[str, Any] = {
        "key": key, "base": ISS, "patient": "pat-77", "slug": "rapport-check-in", "informant": "clinician",
        "instrument_title": "Rapport check-in", "instrument_version": "1.0.0", "validated": False, "direction": "",
        "clinician": "Practitioner/dr-77", "clinician_name": "Sofia Lindqvist", "answered": 9, "of": 9, "encounter": None,
        "visit": "2026-03-04", "authored": SENT, "digest": "d", "scores": (),
        "content": simplejson.dumps({"resourceType": "Bundle", "entry": [entry]}), "author": AUTHOR,
        "scope": "patient/*.cruds", "attempt": 3,
    }  # fmt: skip
    return SealedSubmission(**{**fields, **more})


def refused(status: int = 422, became: Any = "refused") -> dict[str, WriteOutcome]:
    return {"response": WriteOutcome(why=Sentence("The server said: goal-1 of Halvorsen is wrong"), became=became, status=status)}


def put(store: Store, key: str = FIRST, state: OutboxState = "refused", **more: Any) -> None:
    one = sealed(key, **{"outcomes": refused(), **more})
    store.outbox.put(key, launch_id=LaunchId("launch-1"), payload=to_payload(one), author=AUTHOR)
    store.outbox.mark(key, state)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["outbox", *arguments])


def nothing_private(result: Result) -> bool:
    return not [word for word in PRIVATE if word in result.output]


def test_the_list_says_how_each_stands_and_nothing_of_anybody(store: Store) -> None:
    put(store)
    put(store, SECOND, "unknown", outcomes={"response": WriteOutcome(became="unknown")})
    result = run("list")
    assert result.exit_code == 0, result.output
    first, second, count = result.output.splitlines()
    for words in (FIRST, "refused", "refused 422", "0 h", "rapport-check-in (clinician)", "tried 3"):
        assert words in first
    assert (SECOND in second, "not known" in second, count) == (True, True, "2 in the outbox")
    assert nothing_private(result)


def test_what_is_stored_or_decided_over_is_not_listed(store: Store) -> None:
    put(store, state="stored")
    put(store, SECOND, "discarded")
    assert run("list").output == "0 in the outbox\n"


def test_rows_that_no_key_opens_are_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store)
    monkeypatch.setenv("RAPPORT_SECRET_KEYS", "b" * 43)
    result = run("list")
    assert result.exit_code == 1
    assert "1 more that no configured key opens" in result.output


def test_what_another_version_sealed_is_counted_and_takes_none_of_the_others_with_it(store: Store) -> None:
    put(store)
    store.outbox.put("newer", launch_id=LaunchId("l"), payload={"newer": True})
    result = run("list")
    assert result.exit_code == 1
    assert FIRST in result.output
    assert "1 more that another version of Rapport sealed" in result.output


def test_one_is_shown_by_the_beginning_of_its_key(store: Store) -> None:
    put(store)
    result = run("show", FIRST[:8])
    assert result.exit_code == 0, result.output
    for words in (FIRST, "refused 422", "rapport-check-in 1.0.0", ISS, "can be tried again", "can be discarded"):
        assert words in result.output
    assert nothing_private(result)


def test_the_servers_words_are_shown_only_when_asked_for(store: Store) -> None:
    put(store)
    assert "goal-1 of Halvorsen" in run("show", FIRST[:8], "--server-words").output


@pytest.mark.parametrize(("prefix", "said"), [("abc", "at least 6"), ("ffffff", "No key of what is open begins so")])
def test_a_key_that_is_none_is_said(store: Store, prefix: str, said: str) -> None:
    put(store)
    result = run("show", prefix)
    assert result.exit_code == 2
    assert said in result.output


def test_retry_marks_it_due_and_records_who_asked(store: Store) -> None:
    put(store)
    result = run("retry", FIRST, "--by", "Mona Fell")
    assert result.exit_code == 0, result.output
    assert "its author, or a colleague" in result.output
    entry = store.outbox.get(FIRST)
    assert entry is not None
    assert (entry.due is not None, entry.state) == (True, "refused")
    [recorded] = store.audit.entries()
    assert (recorded.event, recorded.detail) == ("submission_due", {"key": FIRST, "by": "Mona Fell"})
    assert "  due" in run("list").output


def test_retry_of_what_was_not_permitted_says_that_only_its_author_can(store: Store) -> None:
    put(store, outcomes=refused(403, "forbidden"))
    assert "its author alone" in run("retry", FIRST, "--by", "Mona Fell").output
    assert "only its author can send it" in run("show", FIRST[:8]).output


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("sending", "being sent"),
        ("stored", "in the record"),
        ("accepted", "never sent again"),
        ("discarded", "was discarded"),
        ("copied", "copied to the note"),
    ],
)
def test_retry_refuses_what_cannot_be_sent_and_says_why(store: Store, state: OutboxState, why: str) -> None:
    put(store, state=state)
    result = run("retry", FIRST, "--by", "Mona Fell")
    assert (result.exit_code, why in result.output, "Nothing was marked" in result.output) == (2, True, True)
    assert store.audit.entries() == []


def test_what_is_for_a_server_that_is_not_registered_any_more_stays_kept_and_is_said(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store)
    monkeypatch.setenv("RAPPORT_LAUNCH_FILE", str(launch_file(tmp_path, "https://other.example.org/fhir")))
    assert "server not registered" in run("list").output
    result = run("retry", FIRST, "--by", "Mona Fell")
    assert (result.exit_code, "not in launch.json any more" in result.output) == (2, True)
    assert run("discard", FIRST, "--reason", "by_mistake", "--by", "Mona Fell").exit_code == 0


def test_discard_keeps_the_reason_and_the_name(store: Store) -> None:
    put(store)
    result = run("discard", FIRST, "--reason", "patient_asked", "--by", "Mona Fell")
    assert result.exit_code == 0, result.output
    entry = store.outbox.get(FIRST)
    assert entry is not None
    assert (entry.state, entry.payload["decision"]["by"], entry.payload["decision"]["why"]) == ("discarded", "Mona Fell", "patient_asked")
    [recorded] = store.audit.entries()
    assert (recorded.event, recorded.detail["by"], recorded.detail["why"]) == ("submission_decided", "Mona Fell", "patient_asked")


@pytest.mark.parametrize(
    ("state", "why"),
    [("unknown", "may be in the record"), ("sending", "being sent"), ("stored", "in the record by now"), ("copied", "before")],
)
def test_discard_refuses_what_may_be_in_the_record(store: Store, state: OutboxState, why: str) -> None:
    put(store, state=state)
    result = run("discard", FIRST, "--reason", "by_mistake", "--by", "Mona Fell")
    assert (result.exit_code, why in result.output) == (2, True)
    entry = store.outbox.get(FIRST)
    assert entry is not None
    assert entry.state == state


def test_of_what_is_partly_stored_the_rest_is_discarded_for_a_reason_that_holds(store: Store) -> None:
    put(store, state="partly", outcomes={"response": WriteOutcome(reference="QuestionnaireResponse/1")})
    refused = run("discard", FIRST, "--reason", "by_mistake", "--by", "Mona Fell")
    assert (refused.exit_code, "rest_not_taken" in refused.output) == (2, True)
    assert "can be closed without the rest" in run("show", FIRST).output
    done = run("discard", FIRST, "--reason", "rest_not_taken", "--by", "Mona Fell")
    assert (done.exit_code, "what is in the record stays there" in done.output) == (0, True)
    [recorded] = store.audit.entries()
    assert (recorded.event, recorded.detail["by"], recorded.detail["why"]) == ("submission_decided", "Mona Fell", "rest_not_taken")


@pytest.mark.parametrize(
    "arguments",
    [
        ["discard", FIRST],
        ["discard", FIRST, "--reason", "by_mistake"],
        ["discard", FIRST, "--by", "Mona Fell"],
        ["discard", FIRST, "--reason", "because", "--by", "Mona Fell"],
        ["retry", FIRST],
        ["retry", "no-such-key-at-all", "--by", "Mona Fell"],
    ],
)
def test_what_is_asked_for_must_be_said_whole(store: Store, arguments: list[str]) -> None:
    put(store)
    result = run(*arguments)
    assert result.exit_code == 2
    assert store.audit.entries() == []
