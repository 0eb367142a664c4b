"""The same for machines: every key is described in docs/openapi.json. English beside codes that stay; days as the record wrote them; values
as texts, so that their digits stay. Nothing in it names the patient."""

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.measurement_error import EXACT
from fhir_mappings.reliable_change.pooled_scores import PooledPart
from fhir_mappings.reliable_change.signals.error_rows import DeclaredError
from fhir_mappings.reliable_change.signals.explanation import WhyInput, WhyNote, WhyPart
from fhir_mappings.reliable_change.signals.pooled_steps import PooledStep
from fhir_mappings.reliable_change.signals.rating_judge import AnswerGiven, Judgement
from fhir_mappings.reliable_change.signals.signal_sentences import VERSION_GONE, unused
from fhir_mappings.reliable_change.signals.unchanged_rates import Power, Rate, Simulated
from smart_app.care.dashboard.why_said import RatingsBeside, RuleLooked, SignalWhy, WhySaid
from smart_app.web.views.why.why_words import ELEMENTS_SHOWN, NO_MEASURE, answered, asked, beside

# Raised when a key changes its meaning or goes; another key more is the same version.
VERSION = 1
_DIGITS = Decimal("0.0001")
Json = dict[str, object]


def why_data(found: WhySaid, *, simulated: Simulated, now: datetime) -> Json:
    """The document."""
    return {
        "version": VERSION,
        "language": "en",
        "read_at": now.isoformat(timespec="seconds"),
        "complete": found.whole,
        "simulation": {"people": simulated.people, "seeds": list(simulated.seeds)},
        "signals": [_signal(one) for one in found.signals],
    }


def _signal(found: SignalWhy) -> Json:
    signal = found.signal
    return {
        "id": found.anchor,
        "own": found.mine,
        "level": signal.level,
        "source": signal.source,
        "owner": {"kind": signal.owner.kind, "role": signal.owner.role},
        "ratings": [
            *(_rating(one.rating, None) for one in signal.judgements),
            *(_rating(one.rating, _said(one.code, VERSION_GONE)) for one in signal.not_judged),
        ],
        "rules": [_rule(one) for one in found.rules],
        "not_used": [*(each for one in signal.judgements for each in _unused(one)), *_beside(found.beside)],
    }


def _rating(rating: Rating, not_judged: Json | None) -> Json:
    return {
        "source": rating.source,
        "instrument": rating.instrument,
        "instrument_version": rating.version,
        "informant": rating.informant,
        "when": rating.when.text,
        "not_judged": not_judged,
    }


def _said(code: str, text: str) -> Json:
    """A sentence: what it is by a code that stays, and its English."""
    return {"code": code, "text": str(text)}


def _rule(one: RuleLooked) -> Json:
    why = one.why
    return {
        "id": one.anchor,
        "rule": why.rule,
        "rule_version": why.version,
        "level": why.level,
        "title": str(why.title),
        "speaks": why.speaks,
        "rating": one.judgement.rating.source,
        "inputs": [_input(one, each) for each in why.inputs],
        "steps": [_step(each) for each in one.steps],
        "parts": [_part(one, place, part) for place, part in enumerate(why.parts)],
        "threshold_source": why.threshold_source,
        "error": _error(why.error) if why.error else None,
        "error_said": str(why.error_said) if why.error_said else None,
        "caveats": _notes(why.caveats),
        "would_change": _notes(why.would_change),
        "how_often": {"text": str(why.how_often), "rates": [_rate(each) for each in why.rates]},
        "misses": {"text": [str(each) for each in why.misses], "powers": [_power(each) for each in why.powers]},
        "silence": str(why.silence),
        "in_force_on": one.judgement.rating.when.day.isoformat(),
    }


def _input(one: RuleLooked, each: WhyInput) -> Json:
    return {
        "when": each.when.text,
        "source": each.source,
        "of": each.of,
        "of_text": str(asked(one.judgement, each)[0]),
        "value": each.value,
        "value_text": str(answered(one.judgement, each)),
        "roles": list(each.roles),
    }


def _step(step: PooledStep) -> Json:
    parts = {part.name: part for part in step.parts}
    return {
        "when": step.point.when.text,
        "source": step.point.source,
        "value": str(step.value),
        "since_previous": _number(step.since),
        "latest": _compared(parts.get("latest")),
        "last_two": _compared(parts.get("last-two")),
    }


def _compared(part: PooledPart | None) -> Json | None:
    """Positive where it went towards the worse end."""
    return {"fall": _number(part.fall), "limit": _number(part.limit), "reached": part.reached} if part else None


def _part(one: RuleLooked, place: int, part: WhyPart) -> Json:
    code = one.looked.rule.kind if not one.steps else ("latest", "last-two")[place]
    numbers = answered(one.judgement, one.why.inputs[0]) if isinstance(one.looked.fact, AnswerGiven) else part.numbers
    return {
        "formula": _said(code, part.formula),
        "numbers": str(numbers),
        "threshold": _number(part.threshold),
        "reached": part.reached,
    }


def _error(error: DeclaredError) -> Json:
    entry = error.precision.entry
    return {
        "id": error.id,
        "kind": error.kind,
        "value": _number(error.precision.sem),
        "source": entry.citation,
        "population": entry.population,
        "interval": str(entry.interval),
        "certainty": entry.certainty,
        "people": error.people,
        "signed_by": error.signed_by,
        "valid_from": error.valid_from.isoformat(),
        "retired": error.retired.isoformat() if error.retired else None,
    }


def _notes(notes: Iterable[WhyNote]) -> list[Json]:
    return [_said(one.code, one.said) for one in notes]


def _rate(rate: Rate) -> Json:
    return {"retest": str(rate.retest), "people_of_100": str(rate.people), "visits_of_100": str(rate.visits)}


def _power(power: Power) -> Json:
    return {"retest": str(power.retest), "course": power.course, "at_of_100": str(power.at), "next_of_100": str(power.next)}


def _unused(judged: Judgement) -> list[Json]:
    return [
        {
            "what": "rule",
            "rule": one.rule.id,
            "rule_version": one.rule.version,
            "rating": judged.rating.source,
            "ratings": None,
            "reason": _said(one.because, unused(judged, one)),
        }
        for one in judged.not_used
    ]


def _beside(found: Iterable[RatingsBeside]) -> list[Json]:
    """Ratings that no rule used, and what no rule ever uses."""
    empty: Json = {"rule": None, "rule_version": None, "rating": None, "ratings": None}
    ratings = [{**empty, "what": "ratings", "ratings": len(one.ratings), "reason": _said(one.code, beside(one)[1])} for one in found]
    never = [("elements", ELEMENTS_SHOWN), ("measures", NO_MEASURE)]
    return [*ratings, *({**empty, "what": code, "reason": _said(code, said)} for code, said in never)]


def _number(number: Decimal | None) -> str | None:
    """To four places: more digits are the arithmetic's alone."""
    return f"{number.quantize(_DIGITS, ROUND_HALF_UP, EXACT):f}" if number is not None else None
