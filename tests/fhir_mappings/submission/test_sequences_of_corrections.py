"""However often something is put right, taken back and entered again, one rating is one point, and its first answers are never lost."""

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.scoring import score
from fhir_mappings.ratings.corrections import answers_before
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.submission.amendment import amended_bundle, entered_in_error_bundle, replacing_bundle, retraction
from fhir_mappings.submission.corrected_parts import CorrectionCause
from fhir_mappings.submission.submission import Submission
from fhir_mappings.submission.transaction import submission_bundle
from tests.fhir_mappings.samples import AT, BASE, CHECK_IN, submission
from tests.fhir_mappings.submission.correcting import Keeping

SIGNS = st.text(alphabet="135x.", min_size=9, max_size=9).filter(lambda signs: any(sign.isdigit() for sign in signs))


class Known(Struct, kw_only=True):
    """What the model knows of one rating: as it was first sent, as it stands, and the answers that count."""

    first: Submission
    now: Submission
    counted: Answers
    seen: bool = False


class Corrections(RuleBasedStateMachine):
    """A clinician's ratings of one visit a day."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: list[Known] = []
        self.sent = 0

    @initialize(changes=st.booleans())
    def stand(self, changes: bool) -> None:
        self.server = Keeping(changes=changes)

    @rule(signs=SIGNS)
    def rate(self, signs: str) -> None:
        self.enter(submission(signs, informant="clinician", encounter=f"e{self.sent}"))

    @precondition(lambda self: self.alive)
    @rule(signs=SIGNS, seen=st.booleans(), moved=st.booleans(), at=st.integers(0, 9))
    def put_right(self, signs: str, seen: bool, moved: bool, at: int) -> None:
        known, rating = self.one(at)
        counted = known.counted if seen or known.seen else submission(signs).answers
        corrected = submission(signs, informant="clinician", key=known.now.key, encounter=known.now.encounter, authored=known.now.authored)
        corrected = replace(corrected, scores=score(CHECK_IN, counted.values))
        if moved:
            corrected = replace(corrected, authored=known.now.authored - timedelta(days=1))
        change = self.change("author-changed", after_seen=seen)
        if self.server.changes:
            # Whatever is changed after something was seen, the scores are still those that count.
            change = replace(change, after_seen=seen or known.seen)
            self.server.take(amended_bundle(self.server.stored(rating), corrected, change, base=BASE))
        else:
            corrected = replace(corrected, key=self.key())
            self.server.take(replacing_bundle(self.server.stored(rating), corrected, change, base=BASE))
        known.now, known.counted, known.seen = corrected, counted, seen or known.seen

    @precondition(lambda self: self.alive)
    @rule(at=st.integers(0, 9), again=st.booleans())
    def take_back(self, at: int, again: bool) -> None:
        known, rating = self.one(at)
        stored, change = self.server.stored(rating), self.change("wrong-patient")
        if self.server.changes:
            self.server.take(entered_in_error_bundle(stored, known.now, change, base=BASE))
        else:
            self.server.create(retraction(stored, replace(known.now, key=self.key()), change, base=BASE))
        self.alive.remove(known)
        if again:
            self.enter(replace(known.now, scores=score(CHECK_IN, known.now.answers.values)))

    @invariant()
    def each_is_one_point_and_nothing_is_lost(self) -> None:
        if not hasattr(self, "server"):
            return
        ratings, _ = self.server.read()
        assert len(ratings) == len(self.alive)
        for known in self.alive:
            rating = self.rating(known)
            assert alike(counted(rating), known.counted)
            stands = rating.after_seen or counted(rating)
            assert alike(stands, known.now.answers)
            assert alike(answers_before(CHECK_IN, stands, rating.corrections), known.first.answers)
            assert {key: one.text for key, one in rating.scores.items()} == {
                key: one.text for key, one in score(CHECK_IN, known.counted.values).items()
            }
            assert rating.when.instant == known.now.authored

    def enter(self, made: Submission) -> None:
        made = replace(made, key=self.key())
        self.server.take(submission_bundle(made, base=BASE))
        self.alive.append(Known(first=made, now=made, counted=made.answers))

    def one(self, at: int) -> tuple[Known, Rating]:
        known = self.alive[at % len(self.alive)]
        return known, self.rating(known)

    def rating(self, known: Known) -> Rating:
        found = [one for one in self.server.read()[0] if self.key_of(one) == known.now.key]
        [rating] = found
        return rating

    def key_of(self, rating: Rating) -> str:
        return str(self.server.resources[rating.source]["identifier"]["value"]).partition(".")[0]

    def key(self) -> str:
        self.sent += 1
        return f"key{self.sent}"

    def change(self, reason: Any, **changes: Any) -> CorrectionCause:
        self.sent += 1
        return CorrectionCause(reason=reason, at=AT + timedelta(minutes=self.sent), by="Practitioner/sofia", **changes)


def counted(rating: Rating) -> Answers:
    return Answers(values=rating.answers, declined=rating.declined, extra=rating.extra)


def alike(one: Answers, other: Answers) -> bool:
    return (one.values, set(one.declined), one.extra) == (other.values, set(other.declined), other.extra)


TestCorrections = Corrections.TestCase
TestCorrections.settings = settings(max_examples=20, stateful_step_count=10, deadline=None)
