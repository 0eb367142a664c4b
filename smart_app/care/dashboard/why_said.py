"""Why something is said of the patient's ratings, and what is not: the signals of the history, each with every rule that looked and why it
spoke or stayed silent, and what no rule used."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.signals.dyad_signals import Signal
from fhir_mappings.reliable_change.signals.explanation import Why, explain
from fhir_mappings.reliable_change.signals.pooled_steps import PooledStep, pooled_steps
from fhir_mappings.reliable_change.signals.rating_judge import Judgement, Looked
from fhir_mappings.reliable_change.signals.rule_rows import LEVELS
from fhir_mappings.reliable_change.signals.unchanged_rates import Simulated
from smart_app.care.dashboard.load_dashboard import SeenSignals, seen_signals
from smart_app.care.record.patient_in_context import Patient
from smart_app.care.record.reads import ReadReport
from smart_app.care.record.record import ChartRecord

# Ratings that no rule about the patient's view used: the clinician's own, what was said of other clinicians, an observer's, and those
# without a score.
Beside = Literal["clinicians-ratings", "other-clinicians", "observers-ratings", "not-scored"]


class RatingsBeside(Struct, frozen=True, kw_only=True):
    """Ratings that were not used, and why; at least one."""

    code: Beside
    ratings: tuple[Rating, ...]


class RuleLooked(Struct, frozen=True, kw_only=True):
    """One rule that looked at one rating: `anchor` is where it stands (`why-1-pooled`), `steps` the scores of a pooled rule, the newest
    first."""

    anchor: str
    judgement: Judgement
    looked: Looked
    why: Why
    steps: tuple[PooledStep, ...]


class SignalWhy(Struct, frozen=True, kw_only=True):
    """One signal: `anchor` is where it stands (`why-1`), `rules` what looked, what spoke first and loudest, then the silent ones."""

    anchor: str
    signal: Signal
    mine: bool
    rules: tuple[RuleLooked, ...]
    beside: tuple[RatingsBeside, ...]


class WhySaid(Struct, frozen=True, kw_only=True):
    """What the page and its data are made of. `whole`: all ratings there are were read."""

    patient: Patient
    signals: tuple[SignalWhy, ...]
    reads: tuple[ReadReport, ...]

    @property
    def whole(self) -> bool:
        """Whether no rating can be missing."""
        return all(read.whole for read in self.reads)


def why_said(record: ChartRecord) -> WhySaid:
    """By what whoever is signed in may see. FhirError only when the Patient cannot be read or is another."""
    return explained(seen_signals(record), mine=record.context.user.reference, simulated=record.services.terms.simulated)


def explained(seen: SeenSignals, *, mine: str, simulated: Simulated) -> WhySaid:
    """Everything behind the signals; `mine` is the reference of whoever is signed in."""
    found = [
        SignalWhy(
            anchor=f"why-{place}",
            signal=signal,
            mine=_of(signal) == mine,
            rules=tuple(_rules(signal, f"why-{place}", simulated)),
            beside=tuple(_beside(signal, seen.ratings)),
        )
        for place, signal in enumerate(seen.signals, 1)
    ]
    return WhySaid(patient=seen.patient, signals=tuple(found), reads=seen.reads)


def _rules(signal: Signal, anchor: str, simulated: Simulated) -> Iterator[RuleLooked]:
    """Every rule that looked, the loudest first, of one loudness in the order of the forms and rows."""
    raised = [(judged, looked) for judged in signal.judgements for looked in judged.raised]
    quiet = [(judged, looked) for judged in signal.judgements for looked in judged.quiet]
    times: dict[str, int] = {}
    for judged, looked in (*sorted(raised, key=lambda one: LEVELS.index(one[1].rule.level)), *quiet):
        times[looked.rule.id] = times.get(looked.rule.id, 0) + 1
        yield RuleLooked(
            anchor=_anchor(anchor, looked, times[looked.rule.id]),
            judgement=judged,
            looked=looked,
            why=explain(judged, looked, simulated),
            steps=pooled_steps(looked, judged.instrument),
        )


def _anchor(signal: str, looked: Looked, time: int) -> str:
    """`why-1-pooled`; `why-1-pooled-2` where the same rule looked at a second form."""
    return f"{signal}-{looked.rule.id}" if time == 1 else f"{signal}-{looked.rule.id}-{time}"


def _beside(signal: Signal, ratings: Sequence[Rating]) -> Iterator[RatingsBeside]:
    """What no rule about the patient's view of this pair used, by why."""
    forms = {judged.instrument.slug for judged in signal.judgements if judged.rating.informant == "patient"}
    totals = {judged.instrument.slug for judged in signal.judgements if any(scale.key == "total" for scale in judged.instrument.scales)}
    own = [one for one in ratings if _rated(one) == _of(signal)]
    yield from _group("clinicians-ratings", (one for one in own if one.informant == "clinician"))
    yield from _group("observers-ratings", (one for one in own if one.informant == "observer"))
    others = (one for one in ratings if one.instrument in forms and one.informant == "patient" and _rated(one) not in {None, _of(signal)})
    yield from _group("other-clinicians", others)
    theirs = (one for one in own if one.informant == "patient" and one.instrument in totals)
    yield from _group("not-scored", (one for one in theirs if "total" not in one.scores or one.scores["total"].value is None))


def _group(code: Beside, ratings: Iterable[Rating]) -> Iterator[RatingsBeside]:
    found = tuple(ratings)
    if found:
        yield RatingsBeside(code=code, ratings=found)


def _rated(rating: Rating) -> str | None:
    return rating.clinician.reference if rating.clinician else None


def _of(signal: Signal) -> str | None:
    return signal.clinician.reference if signal.clinician else None
