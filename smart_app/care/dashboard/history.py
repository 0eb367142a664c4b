"""What the dashboard is made of: the patient, the dyads, the measures, and an honest account of how it was read."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from fhir_mappings.events.record_event import EventKind, RecordEvent
from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.measures.measure import Measure
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.people.person import Person
from fhir_mappings.ratings.not_answered_reader import NotAnswered
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.latest_change import Change
from fhir_mappings.reliable_change.signals.dyad_signals import Signal
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped
from smart_app.care.record.page_rule import Fate, PageFacts
from smart_app.care.record.patient_in_context import Patient
from smart_app.care.record.reads import ReadReport
from smart_app.store import Revealed

Years = Literal["1", "2", "5", "all"]


class Panel(Struct, frozen=True, kw_only=True):
    """One measure's lane. `points` are in range, oldest first; `latest` and `previous` are of all dates read, so that an older
    latest value is stated even when the range holds none, and None where a later one may be missing; `skipped` of this measure. `apart`
    is a later value in a unit with a line of its own (an eGFR not per 1.73 m²), which is no successor of the others. `unordered` are the
    values of its method of which nobody can tell whether they are earlier than `latest`; where there is one there is no `previous`.
    `older` are the values before the range, oldest first."""

    measure: Measure
    read: ReadReport
    points: Sequence[Measurement]
    latest: Measurement | None
    previous: Measurement | None
    total: int
    skipped: Sequence[Skipped]
    apart: Measurement | None = None
    unordered: Sequence[Measurement] = ()
    older: Sequence[Measurement] = ()


class Dyad(Struct, frozen=True, kw_only=True):
    """The patient and one rated clinician (None: a questionnaire about a team or about nobody), on one instrument. `ratings` in range
    oldest first, all informants; `latest` maps an informant to that informant's latest rating of all dates, `previous` to the one
    before, or `unordered` to one of which nobody can tell whether it was before; none after which one may be missing, and none of a form
    in another language or version. `language_breaks` and `version_breaks` are the sources of the ratings from which on somebody's form
    is in another one, `word_breaks` of those from which on its answers have other words. `instrument` is of the version of the latest
    rating, `older` maps the other versions to theirs. `whole`: all there are were read, `since`: else the day from which on none is
    missing. `before_range` are the ratings before the drawn range, oldest first. Hidden ratings are in none of them."""

    clinician: Person | None
    instrument: Instrument
    mine: bool
    ratings: Sequence[Rating]
    latest: dict[str, Rating]
    previous: dict[str, Rating]
    visits: int
    total: int
    unordered: dict[str, Rating] = {}
    whole: bool = True
    language_breaks: frozenset[str] = frozenset()
    version_breaks: frozenset[str] = frozenset()
    word_breaks: frozenset[str] = frozenset()
    older: Mapping[str, Instrument] = {}
    since: date | None = None
    before_range: Sequence[Rating] = ()

    def covers(self, day: date) -> bool:
        """Whether no rating of that day or later can be missing."""
        return self.whole or (self.since is not None and day >= self.since)

    @property
    def breaks(self) -> frozenset[str]:
        """The sources of the ratings from which on nothing is compared with what was before."""
        return self.language_breaks | self.version_breaks | self.word_breaks

    def form_of(self, rating: Rating) -> Instrument:
        """The instrument in the version a rating was answered on."""
        return self.older.get(rating.version, self.instrument)


class HiddenRating(Struct, frozen=True, kw_only=True):
    """A patient's rating kept back until the clinician has rated that visit, or chosen to see it without (blind entry).
    Holds nothing of the rating but where and when. `sent` is what became of the rating of that visit that whoever is signed in last
    sent; `overdue`: it has waited for longer than the site asks its clinicians to rate within."""

    clinician: Person
    mine: bool
    visit: str
    day: date
    encounter: str | None
    sent: Fate = "none"
    overdue: bool = False

    def late_from(self, visit: str) -> bool:
        """Whether a rating of it by whoever is signed in would be one of a visit of before, where that `visit` is rated."""
        return self.mine and self.encounter is not None and self.visit != visit


# Why what was said is put aside.
AsideReason = Literal["talked", "later", "patient-declines", "colleague", "does-not-fit"]


class PutAside(Struct, frozen=True, kw_only=True):
    """That whoever is signed in put what a rating says aside until there is a newer one: why, and when. `rules` are those that spoke then,
    as (id, version); `since` says what has become of them."""

    reason: AsideReason
    at: datetime
    rules: tuple[tuple[str, int], ...]
    since: tuple[Sentence, ...] = ()


class LookedAt(Struct, frozen=True, kw_only=True):
    """That somebody else saw the patient's rating of this clinician's `visit`, of that `day`, without its being rated."""

    visit: str
    day: date
    by: Revealed


class EventLane(Struct, frozen=True, kw_only=True):
    """The events of one kind that were read, of all dates and in order of time, and the reads they came by."""

    kind: EventKind
    events: Sequence[RecordEvent]
    reads: Sequence[ReadReport]

    @property
    def whole(self) -> bool:
        """Whether "none" and "first" may be said of them."""
        return all(read.whole for read in self.reads)


class History(Struct, frozen=True, kw_only=True):
    """Everything one dashboard shows. `dyads` have a rated clinician, `companions` have none. `start` to `end` is the drawn range
    (`years`); `reads` covers every read made; `changes` are what "What changed" states; `for_it` is about the server, not the patient.
    `facts` decide what the page offers: about `visit`, which is rated from here, and, where this clinician has rated it, `own_score`.
    `signals` are what the newest ratings say that this user may see, the own dyad's first; none of where a later rating may be missing.
    `aside` maps the source of a signal to that this user put it aside.
    `personal`: the sign-in says which person it is. `looked` is who else has seen what the patient said of this clinician.
    `events` are of the kinds that the entry asks for and the launch was granted. `not_answered` are the forms of the range that were not
    answered: nothing is computed or said of them but that."""

    patient: Patient
    years: Years
    start: date
    end: date
    read_at: datetime
    server: str
    dyads: Sequence[Dyad]
    hidden: Sequence[HiddenRating]
    panels: Sequence[Panel]
    changes: Sequence[Change]
    skipped: Sequence[Skipped]
    reads: Sequence[ReadReport]
    why_not_write: str | None
    facts: PageFacts
    own_score: str | None = None
    visit: str = ""
    personal: bool = True
    looked: Sequence[LookedAt] = ()
    companions: Sequence[Dyad] = ()
    for_it: Sequence[str] = ()
    signals: Sequence[Signal] = ()
    aside: Mapping[str, PutAside] = {}
    events: Sequence[EventLane] = ()
    not_answered: Sequence[NotAnswered] = ()

    @property
    def result_reads(self) -> Sequence[ReadReport]:
        """The reads that ratings and results come of."""
        return [read for read in self.reads if not read.of_events]

    @property
    def can_write(self) -> bool:
        """Whether answers can be stored."""
        return self.facts.can_write
