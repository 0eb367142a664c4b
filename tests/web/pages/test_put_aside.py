"""What a rating says put aside and taken back at the two addresses a page posts to."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import responses
from sqlalchemy import event

from smart_app.care.dashboard import kept_aside, put_aside
from smart_app.launch.context.launch_context import Author, User
from smart_app.store import AsideNote
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import OWN, SITE, Clinic, clinic
from tests.web.pages.test_options import SAME, rated
from tests.web.pages.test_reveal import NOOR, SOFIA, TOMAS, opens

DIFFICULT = SAME | {"difficult": "yes"}
REFUSED = "As the record reads now there is nothing here to put aside, so nothing was done."


def source_of(rapport: Clinic) -> str:
    """The patient's rating, the only one."""
    forms = [one for one in rapport.ehr.of_type("QuestionnaireResponse") if one["source"]["reference"].startswith("Patient/")]
    assert len(forms) == 1
    return f"QuestionnaireResponse/{forms[0]['id']}"


def posts(rapport: Clinic, chart: str, to: str = "aside", **fields: str) -> Any:
    """What comes of sending these to the address, from the history's page unless they say otherwise."""
    csrf = rapport.get(chart).form("/end")["csrf"]
    given = {"csrf": csrf, "patient": "pat-1", **fields}
    return rapport.client.post(f"{chart}{to}", data=given, base_url=SITE, headers=OWN)


def puts(rapport: Clinic, chart: str, **fields: str) -> None:
    answer = posts(rapport, chart, **{"source": source_of(rapport), "reason": "patient-declines", **fields})
    assert (answer.status_code, answer.headers["Location"]) == (303, chart)
    assert rapport.get(chart).status == 200


def kept(rapport: Clinic, who: dict[str, str] = SOFIA, patient: str = "pat-1") -> list[AsideNote]:
    issuer = rapport.services.store.audit.entries()[-1].user_key
    assert issuer is not None
    user = User(reference=who["fhirUser"], name=None, issuer=issuer[0], subject=who["sub"])
    return list(rapport.services.store.aside_notes.of(Author(iss=BASE, patient=patient, user=user)).values())


def test_puts_aside_and_takes_back_for_whoever_is_signed_in(rapport: Clinic) -> None:
    chart = rated(rapport, DIFFICULT)
    puts(rapport, chart)
    [note] = kept(rapport)
    assert (note.source, note.reason, note.rules) == (source_of(rapport), "patient-declines", (("own-answer", 1),))
    assert kept(rapport, TOMAS) == kept(rapport, patient="pat-2") == []
    answer = posts(rapport, chart, "aside/taken-back", source=source_of(rapport))
    assert (answer.status_code, answer.headers["Location"]) == (303, chart)
    assert kept(rapport) == []


def test_two_users_each_have_their_own(rapport: Clinic) -> None:
    puts(rapport, rated(rapport, DIFFICULT))
    chart = opens(rapport, TOMAS)
    assert kept(rapport, TOMAS) == []
    puts(rapport, chart, reason="colleague")
    posts(rapport, opens(rapport, NOOR), "aside/taken-back", source=source_of(rapport))
    assert [[one.reason for one in kept(rapport, who)] for who in (SOFIA, TOMAS, NOOR)] == [["patient-declines"], ["colleague"], []]


@pytest.mark.parametrize("to", ["aside", "aside/taken-back"])
@pytest.mark.parametrize("wrong", [{"patient": "pat-2"}, {"patient": ""}, {"csrf": ""}, {"csrf": "x"}])
def test_for_another_patient_without_a_token_or_from_elsewhere_nothing_is_done(rapport: Clinic, to: str, wrong: dict[str, str]) -> None:
    chart = rated(rapport, DIFFICULT)
    if to != "aside":
        puts(rapport, chart)
    before = kept(rapport)
    refused = read(posts(rapport, chart, to, **{"source": source_of(rapport), "reason": "talked", **wrong}))
    assert (refused.status, kept(rapport)) == (403, before)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": ""}, "No reason was chosen, so nothing was put aside."),
        ({"reason": "<b>because</b>"}, "No reason was chosen, so nothing was put aside."),
        ({"source": ""}, REFUSED),
        ({"source": "<script>1</script>"}, REFUSED),
    ],
)
def test_without_a_reason_or_a_signal_nothing_is_done_and_the_page_says_so(rapport: Clinic, fields: dict[str, str], said: str) -> None:
    chart = rated(rapport, DIFFICULT)
    page = read(posts(rapport, chart, **{"source": source_of(rapport), "reason": "talked", **fields}))
    assert (page.status, said in page.text) == (403, True)
    assert not [value for value in fields.values() if value and value in page.html]
    assert kept(rapport) == []


def test_taking_back_what_was_not_put_aside_does_nothing(rapport: Clinic) -> None:
    chart = rated(rapport, DIFFICULT)
    for source in (source_of(rapport), "QuestionnaireResponse/none", ""):
        assert posts(rapport, chart, "aside/taken-back", source=source).status_code == 303
    assert "signal_taken_back" not in [one.event for one in rapport.services.store.audit.entries()]


def test_a_sign_in_that_says_of_nobody_whose_it_would_be_puts_nothing_aside(rapport: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = rated(rapport, DIFFICULT)
    puts(rapport, chart)
    for module in (put_aside, kept_aside):
        monkeypatch.setattr(module, "is_personal", lambda _user: False)
    for to in ("aside", "aside/taken-back"):
        page = read(posts(rapport, chart, to, source=source_of(rapport), reason="talked"))
        assert (page.status, "does not say which person you are" in page.text) == (403, True)
    assert [one.reason for one in kept(rapport)] == ["patient-declines"]


def test_it_is_no_patients_business(rapport: Clinic) -> None:
    source = source_of(rapport) if rated(rapport, DIFFICULT) else ""
    home = opens(rapport, {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "pat"})
    for to in ("aside", "aside/taken-back"):
        fields = {"csrf": rapport.get(home).form("/end")["csrf"], "patient": "pat-1", "source": source, "reason": "talked"}
        page = read(rapport.client.post(f"{home.partition('own/')[0]}{to}", data=fields, base_url=SITE, headers=OWN))
        assert (page.status, "not_for_user" in page.text) == (403, True)


def test_nothing_of_it_can_be_read_in_the_database_in_the_log_or_in_the_record(
    rapport: Clinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chart = rated(rapport, DIFFICULT)
    source, before = source_of(rapport), [*rapport.ehr.posts()]
    puts(rapport, chart)
    read(posts(rapport, chart, source=f"{source}x", reason="patient-declines"))
    read(posts(rapport, chart, source=source, reason="does-not-fitx"))
    posts(rapport, chart, "aside/taken-back", source=source)
    puts(rapport, chart, reason="does-not-fit")
    assert rapport.ehr.posts() == before
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.name.startswith("rapport.sqlite"))
    said = capsys.readouterr()
    logged = (said.out + said.err).encode()
    assert b"aside_notes" in stored
    assert b'"event"' in logged
    words = (source, "patient-declines", "does-not-fit", "own-answer", "pat-1", "dr-1")
    assert not [(word, place) for word in words for place, text in (("file", stored), ("log", logged)) if word.encode() in text]
    assert [one.detail for one in rapport.services.store.audit.entries() if one.event.startswith("signal_")] == [{}] * 3


class TestHowOftenTheStoreIsAsked:
    def asked(self, rapport: Clinic, chart: str) -> int:
        engine, found = rapport.services.store.database.engine, list[str]()

        def noted(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            found.append(statement)

        event.listen(engine, "before_cursor_execute", noted)
        try:
            assert rapport.get(chart).status == 200
        finally:
            event.remove(engine, "before_cursor_execute", noted)
        return len([one for one in found if "aside_notes" in one])

    def test_once_where_anything_may_be_said_and_else_not(self, rapport: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
        nothing = self.asked(rapport, rapport.launch())
        chart = rated(rapport, DIFFICULT)
        once = self.asked(rapport, chart)
        puts(rapport, chart)
        kept_one = self.asked(rapport, chart)
        monkeypatch.setattr(kept_aside, "is_personal", lambda _user: False)
        assert (nothing, once, kept_one, self.asked(rapport, chart)) == (0, 1, 1, 0)


_VARYING = (r"/l/[^/\"]+/", r'name="csrf" value="[^"]*"', r'data-[a-z]+="[^"]*"', r'nonce="[^"]*"', r"\d\d:\d\d", r"RP-\w{4}-\w{4}")


def _blanked(page: Page) -> tuple[str, int, dict[str, str]]:
    html = page.html
    for pattern in _VARYING:
        html = re.sub(pattern, "", html)
    return html, page.status, {name: re.sub(r"nonce-[^']*", "", value) for name, value in page.headers.items()}


class TestBlind:
    """Until the visit is rated both addresses answer the same byte for byte, whatever the patient answered."""

    @pytest.fixture
    def room(self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
        with clinic(wire, server, clock, folder=tmp_path) as standing:
            yield standing

    def answered(self, room: Clinic, answers: dict[str, str]) -> list[tuple[str, int, dict[str, str]]]:
        """To the rated clinician and to a colleague, of the rating that waits and of one there is not."""
        room.ehr.resources = {name: one for name, one in room.ehr.resources.items() if name.startswith("Patient/")}
        room.ehr.count = 100
        rated(room, answers, blind=True)
        found = []
        for who in (SOFIA, NOOR):
            chart = opens(room, who)
            for source in (source_of(room), "QuestionnaireResponse/none"):
                found.append(_blanked(read(posts(room, chart, source=source, reason="talked"))))
                taken = posts(room, chart, "aside/taken-back", source=source)
                assert (taken.status_code, taken.headers["Location"]) == (303, chart)
        return found

    def test_it_depends_on_no_answer_and_not_on_there_being_a_rating(self, room: Clinic) -> None:
        sheets = [SAME | {"difficult": one} for one in ("no", "a-little", "yes", "rather-not-say")]
        seen = [self.answered(room, sheet) for sheet in (*sheets, dict.fromkeys(SAME, "1"), SAME)]
        assert all(len(set(map(repr, each))) == 1 for each in zip(*seen, strict=True))
        assert all(mine == none for each in seen for mine, none in zip(each[::2], each[1::2], strict=True))
        assert REFUSED in seen[0][0][0]
        assert kept(room) == []

    def test_once_rated_it_is_put_aside(self, room: Clinic) -> None:
        chart = rated(room, DIFFICULT, blind=True)
        assert posts(room, chart, source=source_of(room), reason="talked").status_code == 403
        room.send(chart, room.filled(chart, "clinician"), "clinician")
        puts(room, chart)
        assert len(kept(room)) == 1
