"""docs/reliable-change.md: its prose, and its tables from the rules, the errors and the figures that the simulation wrote down."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from fhir_mappings.instruments.library import load_library
from fhir_mappings.reliable_change.change_sentences import shown
from fhir_mappings.reliable_change.signals.error_rows import DeclaredError
from fhir_mappings.reliable_change.signals.rule_rows import SignalRule
from fhir_mappings.reliable_change.signals.signal_terms import Terms, load_terms
from tests.documentation.reliable_change_prose import BEGIN, CHOICES, ERRORS, FIGURES, FILES, RULES, SOURCES

_RETESTS = tuple(map(Decimal, ("0.55", "0.70", "0.775", "0.85")))
_FORMS = {"rapport-check-in": "check-in, error 0.40 (assumed)", "wai-sr": "WAI-SR, error 0.438 (published)"}
_TOGETHER = {"any-note": "any note", "any-note-before": "any note, had none been made to be shown only"}


def reliable_change_page() -> str:
    """The text of the page."""
    terms = load_terms()
    tables = [_rules(terms), _errors(terms), _rates(terms)]
    rules, errors, rates = ("\n".join(one) for one in tables)
    parts = (BEGIN, RULES, rules, ERRORS, errors, FIGURES, rates, CHOICES, FILES, SOURCES)
    return "\n".join(parts)


def _rules(terms: Terms) -> Iterator[str]:
    yield "| rule | level | forms | what it looks for | parameters and source |"
    yield "|---|---|---|---|---|"
    for rule in terms.rules:
        forms = ", ".join(f"`{one}`" for one in rule.instruments) or "every form that rates somebody"
        version = f"`{rule.id}` {rule.version}" + (f", retired {rule.retired}" if rule.retired else "")
        yield f"| {version} | {rule.level} | {forms} | {rule.title} | {'; '.join((*_parameters(rule), rule.source))} |"


def _parameters(rule: SignalRule) -> Iterator[str]:
    if rule.options:
        yield f"`{rule.question}` answered {' or '.join(f'`{one}`' for one in rule.options)}"
    if rule.latest_z:
        yield f"{rule.latest_z} and {rule.pair_z} standard errors"
    if rule.value is not None:
        yield f"`{rule.scale}` {rule.side} {rule.value}"
    if rule.at:
        yield f"{rule.at}, {rule.direction}"


def _errors(terms: Terms) -> Iterator[str]:
    yield "| form | error | 95 % of two scores | whose | over which time | source |"
    yield "|---|---|---|---|---|---|"
    for one in terms.errors:
        scale = load_library().get(one.instrument).scale(one.scale)
        size = shown(one.precision.sem, scale, more=1)
        limit = shown(one.precision.sem * Decimal("2.772"), scale)
        yield f"| `{one.instrument}` | {size} | {limit} | {one.kind} | {one.precision.entry.interval} | {_source(one)} |"


def _source(one: DeclaredError) -> str:
    return f"{one.precision.entry.population}. {one.precision.entry.citation}"


def _rates(terms: Terms) -> Iterator[str]:
    found = terms.simulated
    levels = {(rule.id, form): rule.level for rule in terms.rules for form in _FORMS if not rule.instruments or form in rule.instruments}
    for form, named in _FORMS.items():
        own = [one for one in found.rates if one.instrument == form and one.error == _error_of(form)]
        yield f"**Of 100 unchanged people, how many are spoken up about at least once** (of 100 visits from the third on): {named}\n"
        yield from _heading("rule", _RETESTS)
        for rule in dict.fromkeys(one.rule for one in own):
            if (rule, form) in levels or rule in _TOGETHER:
                cells = [f"{one.people} ({one.visits})" for one in own if one.rule == rule]
                yield f"| {_TOGETHER.get(rule) or f'`{rule}`, {levels[rule, form]}'} | {' | '.join(cells)} |"
        yield ""
    yield "**What the pooled rule finds of 100 people whose view has changed**, retest .775, by the visit that completes it / by the next\n"
    yield from _heading("course", _FORMS.values())
    for course in dict.fromkeys(one.course for one in found.powers):
        yield f"| {course} | {' | '.join(f'{one.at} / {one.next}' for one in found.powers if one.course == course)} |"
    yield "\n**The pooled rule on the check-in with another error, as a site might declare it**: of 100 unchanged people\n"
    yield from _heading("error", _RETESTS)
    pooled = [one for one in found.rates if (one.instrument, one.rule) == ("rapport-check-in", "pooled")]
    for error in sorted({one.error for one in pooled}):
        yield f"| {error} | {' | '.join(str(one.people) for one in pooled if one.error == error)} |"
    yield "\n**An extreme first score and the second**: points on average, nobody's view having changed\n"
    yield from _heading("form", (f"retest {one}: first 4.75 or more / below 4.00" for one in _RETESTS))
    for form, named in _FORMS.items():
        steps = [f"{one.high} / +{one.low}" for one in found.regressions if one.instrument == form]
        yield f"| {named} | {' | '.join(steps)} |"
    yield ""


def _error_of(form: str) -> Decimal:
    return {"rapport-check-in": Decimal("0.400"), "wai-sr": Decimal("0.438")}[form]


def _heading(first: str, others: Iterable[object]) -> Iterator[str]:
    cells = [str(one) for one in others]
    yield f"| {first} | {' | '.join(cells)} |"
    yield f"|---|{'---|' * len(cells)}"
