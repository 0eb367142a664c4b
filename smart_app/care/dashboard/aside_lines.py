"""What has become of the rules behind a signal that was put aside, in sentences."""

from collections.abc import Iterator

from fhir_mappings.reliable_change.signals.dyad_signals import Signal
from fhir_mappings.reliable_change.signals.rule_rows import SignalRule
from fhir_mappings.reliable_change.signals.signal_terms import Terms
from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.history import PutAside


def aside_lines(put: PutAside, signal: Signal | None, terms: Terms) -> tuple[Sentence, ...]:
    """One for each rule behind it that is retired, or that a site has since switched off for the day of the rating, and for each that gives
    a reason to talk only since. Empty where all speak as they did, where what is missing is something else (a score, an earlier rating),
    and without a `signal` of that source: what was put aside has ended by itself then."""
    return (*_lines(put, signal, terms), *_new(put, signal)) if signal else ()


def _lines(put: PutAside, signal: Signal, terms: Terms) -> Iterator[Sentence]:
    speaking = {(one.rule.id, one.rule.version) for one in signal.reasons}
    days = [one.when.day for one in signal.ratings]
    for rule in (one for pair in put.rules for one in terms.rules if (one.id, one.version) == pair):
        if (rule.id, rule.version) in speaking:
            yield from _still(rule)
        elif rule.retired is not None and not any(rule.valid_on(day) for day in days):
            yield Sentence(
                "The rule “{rule}” is retired from {day} on, and says nothing of this rating any more.", rule=rule.title, day=rule.retired
            )
        elif any(terms.switched_off(rule, day) for day in days):
            yield Sentence(
                "This site has switched off the rule “{rule}” for that day: it says nothing of this rating any more.", rule=rule.title
            )


def _still(rule: SignalRule) -> Iterator[Sentence]:
    """A rating is judged by the rules of its day, whatever became of them."""
    if rule.retired is not None:
        yield Sentence("The rule “{rule}” is retired from {day} on; this rating is still judged by it.", rule=rule.title, day=rule.retired)


def _new(put: PutAside, signal: Signal) -> Iterator[Sentence]:
    """A rating that was corrected, or read whole only later, can say more than it did; another version of a rule is no other reason."""
    known = {name for name, _ in put.rules}
    for rule in (one.rule for one in signal.reasons if one.rule.level == "discuss" and one.rule.id not in known):
        yield Sentence("The rule “{rule}” speaks about this rating now, and did not when it was put aside.", rule=rule.title)
