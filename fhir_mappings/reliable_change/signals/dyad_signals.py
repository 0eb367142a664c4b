"""One signal for each pair of people: what the newest ratings say, joined, so that a new one is at most one reason to talk."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.library import Library
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import position
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.signals.rating_judge import Judgement, Looked, NotJudged, judge
from fhir_mappings.reliable_change.signals.rule_rows import LEVELS, SignalLevel
from fhir_mappings.reliable_change.signals.signal_terms import Terms

_SPEAKERS: tuple[Informant, ...] = ("patient", "clinician", "observer")


class SignalOwner(Struct, frozen=True, kw_only=True):
    """Whose it is: the rated clinician's, a role's that the site names, or, where no clinician is rated, of whoever took the form."""

    kind: Literal["clinician", "role", "taker"]
    clinician: Person | None = None
    role: str | None = None


class Signal(Struct, frozen=True, kw_only=True):
    """What the newest ratings of one pair say, loudest first, or of one form that rates nobody: `level` None is nothing at all, which is no
    all-clear. `visit` is the one the patient rated last, else the clinician; `source` is that rating's. `judgements`
    have the whole of it, one for each rating."""

    clinician: Person | None
    visit: str
    source: str
    owner: SignalOwner
    level: SignalLevel | None
    reasons: tuple[Looked, ...]
    judgements: tuple[Judgement, ...]
    not_judged: tuple[NotJudged, ...]

    @property
    def ratings(self) -> tuple[Rating, ...]:
        """Those it is about, judged or not."""
        return (*(one.rating for one in self.judgements), *(one.rating for one in self.not_judged))


def signals(ratings: Iterable[Rating], *, library: Library, terms: Terms, complete: bool = True) -> tuple[Signal, ...]:
    """One for each clinician who was rated, and for each form that rates nobody, the newest first. `ratings` are those that this user may
    see: of one that is kept back nothing is said, nor that there is one. Not `complete`: older ones may be missing, as for `judge`."""
    every = tuple(ratings)
    groups: dict[object, list[Rating]] = {}
    for rating in every:
        # A form about a team or about nobody is a pair with nobody.
        groups.setdefault(rating.clinician.reference if rating.clinician else (rating.instrument,), []).append(rating)
    found = [(max(map(_place, group)), _signal(group, every, library, terms, complete=complete)) for group in groups.values()]
    return tuple(signal for _, signal in sorted(found, key=lambda one: one[0], reverse=True))


def _place(rating: Rating) -> tuple[object, str]:
    return position(rating.when), rating.source


def _signal(group: list[Rating], every: tuple[Rating, ...], library: Library, terms: Terms, *, complete: bool) -> Signal:
    # The clinician's own rating of a later visit is no newer word of the patient.
    last = [max((one for one in group if one.informant == by), key=_place) for by in _SPEAKERS if any(one.informant == by for one in group)]
    newest = last[0]
    of_visits = {(one.informant, one.visit) for one in last}
    outcomes = [
        judge(one, every, library=library, terms=terms, complete=complete)
        for one in sorted(group, key=_place)
        if (one.informant, one.visit) in of_visits
    ]
    judged = tuple(one for one in outcomes if isinstance(one, Judgement))
    reasons = sorted((each for one in judged for each in one.raised), key=lambda each: LEVELS.index(each.rule.level))
    return Signal(
        clinician=newest.clinician,
        visit=newest.visit,
        source=newest.source,
        owner=_owner(newest, reasons, terms),
        level=reasons[0].rule.level if reasons else None,
        reasons=tuple(reasons),
        judgements=judged,
        not_judged=tuple(one for one in outcomes if isinstance(one, NotJudged)),
    )


def _owner(newest: Rating, reasons: list[Looked], terms: Terms) -> SignalOwner:
    if newest.clinician is None or (reasons and reasons[0].rule.owner == "taker"):
        return SignalOwner(kind="taker")
    role = terms.role_on(newest.when.day)
    return SignalOwner(kind="role", role=role) if role else SignalOwner(kind="clinician", clinician=newest.clinician)
