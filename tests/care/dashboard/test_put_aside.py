"""What a rating says put aside by one clinician: until the next rating, for a reason, and only what they may see."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.kept_aside import aside_of
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.dashboard.put_aside import ASIDE_LASTS, put_aside, take_back
from smart_app.care.record.closed_visits import reveal
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.submit import submit
from smart_app.errors import SessionError
from smart_app.launch.context.launch_context import LaunchContext, User
from smart_app.services import AppServices
from smart_app.store.audit_trail.audit import Audit
from tests.care.ehr import Ehr, refusal
from tests.care.support import SLUG, Clock, answers, asked_for, context, in_launch, patient

SOFIA = context()
TOMAS = context(user=User(reference="Practitioner/tomas", name="Tomas Weiss", issuer="https://ehr.example", subject="tomas"))
NOBODY = context(user=replace(SOFIA.user, subject=""))


@pytest.fixture(autouse=True)
def chart(ehr: Ehr) -> None:
    ehr.put(patient())


def by(services: AppServices, launch: LaunchContext = SOFIA) -> ChartRecord:
    return in_launch(services, launch)


def rate(services: AppServices, informant: Any, **extra: str) -> None:
    opened, key = by(services), str(uuid4())
    fields = answers() | {name: [value] for name, value in extra.items()}
    assert submit(opened, asked_for(opened, SLUG, informant), key=key, patient="p1", fields=fields) == key


def difficult(services: AppServices, answer: str = "yes", *, seen: bool = True) -> str:
    """The source of what the patient said of a visit with Sofia, who has rated it too where it is `seen`."""
    rate(services, "patient", difficult=answer)
    found = load_history(by(replace(services, settings=services.settings.model_copy(update={"blind_entry": False}))), years="2")
    if seen:
        rate(services, "clinician")
    return found.signals[0].source


def history(services: AppServices, launch: LaunchContext = SOFIA) -> History:
    return load_history(by(services, launch), years="2")


def events(services: AppServices) -> list[str]:
    return [one.event for one in services.store.audit.entries()]


def refused(record: ChartRecord, source: str, reason: str = "talked") -> str:
    """In which words."""
    with pytest.raises(SessionError) as caught:
        put_aside(record, source=source, reason=reason)
    assert caught.value.denies
    return str(caught.value.user_message)


class TestWhatIsPutAside:
    def test_is_kept_with_its_reason_its_time_and_the_rules_that_spoke(self, services: AppServices) -> None:
        source = difficult(services)
        assert history(services).aside == {}
        put_aside(by(services), source=source, reason="patient-declines")
        found = history(services)
        put = found.aside[source]
        assert (put.reason, put.at, put.rules) == ("patient-declines", found.read_at, (("own-answer", 1),))
        # The signal is still there: how it is shown is the page's to say.
        assert (found.signals[0].source, found.signals[0].level) == (source, "discuss")

    def test_is_put_aside_for_nobody_else(self, services: AppServices) -> None:
        source = difficult(services)
        put_aside(by(services), source=source, reason="talked")
        theirs = history(services, TOMAS)
        assert ([one.source for one in theirs.signals], theirs.aside) == ([source], {})
        put_aside(by(services, TOMAS), source=source, reason="later")
        assert [history(services, one).aside[source].reason for one in (SOFIA, TOMAS)] == ["talked", "later"]

    def test_ends_by_itself_with_the_next_rating(self, services: AppServices, clock: Clock) -> None:
        source = difficult(services)
        put_aside(by(services), source=source, reason="talked")
        clock.now += timedelta(days=90)
        again = difficult(services, "a-little")
        found = history(services)
        assert [(one.source, one.level, one.source in found.aside) for one in found.signals] == [(again, "discuss", False)]
        assert again != source

    def test_stays_while_the_next_rating_is_kept_back_and_tells_nothing_of_it(self, services: AppServices, clock: Clock) -> None:
        source = difficult(services)
        put_aside(by(services), source=source, reason="talked")
        clock.now += timedelta(days=90)
        difficult(services, "a-little", seen=False)
        found = history(services)
        assert ([one.source for one in found.signals], list(found.aside)) == ([source], [source])

    def test_is_put_aside_anew_for_another_reason(self, services: AppServices, clock: Clock) -> None:
        source = difficult(services)
        for reason in ("later", "does-not-fit"):
            clock.now += timedelta(minutes=1)
            put_aside(by(services), source=source, reason=reason)
        assert [(one.reason, one.at.minute) for one in aside_of(by(services)).values()] == [("does-not-fit", clock.now.minute)]

    def test_can_be_taken_back(self, services: AppServices) -> None:
        source = difficult(services)
        put_aside(by(services), source=source, reason="talked")
        take_back(by(services, TOMAS), source=source)
        assert list(history(services).aside) == [source]
        take_back(by(services), source=source)
        take_back(by(services), source=source)
        assert history(services).aside == {}
        assert [one for one in events(services) if one.startswith("signal_")] == ["signal_put_aside", "signal_taken_back"]

    def test_is_kept_for_as_long_as_two_ratings_are_compared(self, services: AppServices, clock: Clock) -> None:
        terms = services.terms
        assert {one.longest_gap_days for one in terms.limits} == {ASIDE_LASTS.days}
        put_aside(by(services), source=difficult(services), reason="talked")
        clock.now += ASIDE_LASTS - timedelta(minutes=1)
        assert aside_of(by(services))
        clock.now += timedelta(minutes=1)
        assert aside_of(by(services)) == {}
        assert services.store.purge(clock.now) >= 1

    def test_is_told_the_trail_without_what_or_why(self, services: AppServices) -> None:
        put_aside(by(services), source=difficult(services), reason="talked")
        [entry] = [one for one in services.store.audit.entries() if one.event == "signal_put_aside"]
        assert (entry.user, entry.detail) == ("Practitioner/sofia", {})

    def test_is_kept_with_its_event_or_not_at_all(self, services: AppServices, monkeypatch: pytest.MonkeyPatch) -> None:
        source = difficult(services)

        def fails(*_: object, **__: object) -> None:
            raise OSError

        with monkeypatch.context() as patched:
            patched.setattr(Audit, "add", fails)
            with pytest.raises(OSError):
                put_aside(by(services), source=source, reason="talked")
        assert aside_of(by(services)) == {}
        put_aside(by(services), source=source, reason="talked")
        with monkeypatch.context() as patched:
            patched.setattr(Audit, "add", fails)
            with pytest.raises(OSError):
                take_back(by(services), source=source)
        assert list(aside_of(by(services))) == [source]

    def test_for_a_reason_that_is_none_any_more_is_not_put_aside(self, services: AppServices, monkeypatch: pytest.MonkeyPatch) -> None:
        source = difficult(services)
        with monkeypatch.context() as patched:
            patched.setattr("smart_app.care.dashboard.put_aside.REASON_CODES", {"because"})
            put_aside(by(services), source=source, reason="because")
        assert aside_of(by(services)) == {}


class TestRefused:
    def test_in_the_same_words_what_is_kept_back_unknown_quiet_or_cannot_be_read(
        self, ehr: Ehr, services: AppServices, clock: Clock
    ) -> None:
        quiet = difficult(services, "no")
        clock.now += timedelta(days=90)
        waiting = difficult(services, seen=False)
        said = {refused(by(services), source) for source in (quiet, waiting, "QuestionnaireResponse/none", "")}
        assert said == {"As the record reads now there is nothing here to put aside, so nothing was done. Open the history again."}
        rate(services, "clinician")
        ehr.faults.append(lambda method, path: refusal(500, "down") if path == "QuestionnaireResponse" else None)
        assert refused(by(services), waiting) in said
        ehr.faults.clear()
        assert aside_of(by(services)) == {}
        assert "signal_put_aside" not in events(services)
        put_aside(by(services), source=waiting, reason="talked")

    def test_what_only_a_colleague_has_chosen_to_see(self, services: AppServices) -> None:
        source = difficult(services, seen=False)
        reveal(by(services, TOMAS), clinician="Practitioner/sofia", visit="2026-11-22", reason="cover")
        put_aside(by(services, TOMAS), source=source, reason="colleague")
        assert "nothing here to put aside" in refused(by(services), source)

    @pytest.mark.parametrize("reason", ["", "because", "Talked"])
    def test_without_a_reason_there_is(self, services: AppServices, reason: str) -> None:
        source = difficult(services)
        said = {refused(by(services), one, reason) for one in (source, "QuestionnaireResponse/none")}
        assert said == {"No reason was chosen, so nothing was put aside. Go back and choose one."}
        assert aside_of(by(services)) == {}

    def test_where_the_sign_in_says_of_nobody_whose_it_would_be(self, services: AppServices) -> None:
        source = difficult(services)
        assert "does not say which person you are" in refused(by(services, NOBODY), source)
        with pytest.raises(SessionError, match="does not say which person"):
            take_back(by(services, NOBODY), source=source)
        put_aside(by(services), source=source, reason="talked")
        assert aside_of(by(services, NOBODY)) == {}


def test_the_two_reads_that_tell_it_are_the_only_ones(ehr: Ehr, services: AppServices) -> None:
    source = difficult(services)
    ehr.log.clear()
    put_aside(by(services), source=source, reason="talked")
    assert sorted(path for _, path in ehr.log) == ["Observation", "Patient/p1", "QuestionnaireResponse"]
