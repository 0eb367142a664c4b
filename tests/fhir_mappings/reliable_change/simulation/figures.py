"""What one run measures, and the file it is written to: `python -m tests.fhir_mappings.reliable_change.simulation`."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache

import numpy as np

from fhir_mappings.reliable_change.signals.rule_rows import SignalRule
from fhir_mappings.reliable_change.signals.signal_terms import load_terms
from fhir_mappings.reliable_change.signals.unchanged_rates import Power, Rate, Regression, Simulated
from tests.fhir_mappings.reliable_change.simulation.people import CHECK_IN, COURSES, FORMS, RETESTS, Form, changed, unchanged
from tests.fhir_mappings.reliable_change.simulation.quick_rules import Spoken, scores_of, spoken

PEOPLE, SEEDS = 2_000, (1, 2, 3)
ERRORS = {"rapport-check-in": Decimal("0.400"), "wai-sr": Decimal("0.438")}
# What a site might declare for the check-in.
OTHER_ERRORS = tuple(map(Decimal, ("0.300", "0.350", "0.450", "0.500")))
# Any of the rules that are a note on that form; and with those that were made to be shown only.
ANY_NOTE, ANY_NOTE_AT_FIRST = "any-note", "any-note-before"
NOTES_AT_FIRST = ("previous", "baseline", "peak", "own-range", "item-fall-three")
# The retest at which changed people are drawn.
POWER_RETEST = 0.775


@cache
def rules_of(slug: str) -> tuple[SignalRule, ...]:
    """The rules of today for a form; their rates are what is measured."""
    newest = {rule.id: rule for rule in sorted(load_terms().rules, key=lambda rule: rule.version) if rule.retired is None}
    return tuple(rule for rule in newest.values() if not rule.instruments or slug in rule.instruments)


def notes_of(slug: str) -> tuple[str, ...]:
    """The rules that are a note on a form."""
    return tuple(rule.id for rule in rules_of(slug) if rule.level == "note")


def sem_of(slug: str) -> float:
    """The error that the product uses, with all its digits."""
    error = next(one for one in load_terms().errors if one.instrument == slug and one.retired is None)
    return float(error.precision.sem)


@cache
def figures(people: int = PEOPLE, seeds: tuple[int, ...] = SEEDS) -> Simulated:
    """Everything that is measured, the mean over the seeds."""
    return Simulated(
        people=people,
        seeds=seeds,
        rates=tuple(_rates(people, seeds)),
        powers=tuple(_powers(people, seeds)),
        regressions=tuple(_regressions(people, seeds)),
    )


def _rates(people: int, seeds: tuple[int, ...]) -> Iterator[Rate]:
    versions = {rule.id: rule.version for rule in load_terms().rules}
    for form in FORMS:
        others = OTHER_ERRORS if form is CHECK_IN else ()
        for error, retest in ((error, retest) for error in (ERRORS[form.slug], *others) for retest in RETESTS):
            own = error == ERRORS[form.slug]
            by_rule = rates_of(people, seeds, form, retest, sem_of(form.slug) if own else float(error))
            for rule, (ever, visits) in by_rule.items():
                if own or rule == "pooled":
                    yield Rate(
                        rule=rule, version=versions.get(rule, 1), instrument=form.slug, error=error, retest=_said(retest),
                        people=_percent(ever), visits=_percent(visits),
                    )  # fmt: skip


def rates_of(people: int, seeds: Sequence[int], form: Form, retest: float, sem: float) -> dict[str, tuple[float, float]]:
    """By rule: the share of people it ever speaks up about, and that of visits from the third on."""
    ever: dict[str, int] = {}
    at: dict[str, int] = {}
    visits = 0
    for group in (one for seed in seeds for one in unchanged(seed, form, retest, people)):
        visits += len(group) * (group.shape[1] - 2)
        for rule, speaks in _with_notes(spoken(group, sem), form.slug).items():
            ever[rule] = ever.get(rule, 0) + int(speaks.any(axis=1).sum())
            at[rule] = at.get(rule, 0) + int(speaks.sum())
    return {rule: (ever[rule] / people / len(seeds), at[rule] / visits) for rule in ever}


def _with_notes(found: dict[str, Spoken], slug: str) -> dict[str, Spoken]:
    """The rules, and any of the notes together."""
    nothing = np.zeros(found["pooled"].shape, dtype=bool)
    together = {ANY_NOTE: notes_of(slug), ANY_NOTE_AT_FIRST: NOTES_AT_FIRST}
    return found | {name: np.logical_or.reduce([found.get(rule, nothing) for rule in rules]) for name, rules in together.items()}


def _powers(people: int, seeds: tuple[int, ...]) -> Iterator[Power]:
    for form in FORMS:
        for course in COURSES:
            groups = [spoken(changed(seed, form, POWER_RETEST, people, course), sem_of(form.slug))["pooled"] for seed in seeds]
            found = np.concatenate(groups)[:, course.begins :]
            here = course.complete - course.begins + 1
            yield Power(
                rule="pooled", version=1, instrument=form.slug, error=ERRORS[form.slug], retest=_said(POWER_RETEST), course=course.name,
                at=_percent(found[:, :here].any(axis=1).mean()), next=_percent(found[:, : here + 1].any(axis=1).mean()),
            )  # fmt: skip


def _regressions(people: int, seeds: tuple[int, ...]) -> Iterator[Regression]:
    for form in FORMS:
        for retest in RETESTS:
            pairs = np.concatenate([scores_of(group)[:, :2] for seed in seeds for group in unchanged(seed, form, retest, people)])
            first, step = pairs[:, 0], pairs[:, 1] - pairs[:, 0]
            high, low = step[first >= 4.75].mean(), step[first < 4].mean()
            yield Regression(instrument=form.slug, retest=_said(retest), high=_said(high), low=_said(low))


def _percent(share: float) -> Decimal:
    return Decimal(f"{100 * share:.1f}")


def _said(number: float) -> Decimal:
    return Decimal(f"{number:.3f}") if number == POWER_RETEST else Decimal(f"{number:.2f}")


def as_toml(found: Simulated) -> str:
    """The file `unchanged_rates.toml`."""
    lines = [
        "# Written by the simulation in the tests, never by hand: how often each rule speaks up in drawn people whose view has not changed",
        "# (of 100 people, and of 100 visits from the third on), what the pooled rule finds of those whose view has, and how far a second",
        "# score lies from an extreme first one. docs/reliable-change.md says how they are drawn.",
        f"people = {found.people}",
        f"seeds = {list(found.seeds)}",
    ]
    for name, rows in (("rate", found.rates), ("power", found.powers), ("regression", found.regressions)):
        for row in rows:
            lines += ["", f"[[{name}]]", *(_pair(key, getattr(row, key)) for key in row.__struct_fields__)]
    return "\n".join(lines) + "\n"


def _pair(key: str, value: object) -> str:
    return f"{key} = {value}" if isinstance(value, int) else f'{key} = "{value}"'
