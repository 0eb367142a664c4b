"""Why something is said, and what is not: each rule that looked with what went in, its formula and numbers, its error, how often it speaks
by chance, what it misses, and what it did not use."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Scale
from fhir_mappings.r4.dates import Moment
from fhir_mappings.ratings.rating import Rating, form_named
from fhir_mappings.reliable_change.change_sentences import shown
from fhir_mappings.reliable_change.findings import ItemFall, ScoreChange
from fhir_mappings.reliable_change.pooled_scores import PooledPart
from fhir_mappings.reliable_change.signals.explanation import WhyInput, WhyPart
from fhir_mappings.reliable_change.signals.pooled_steps import PooledStep
from fhir_mappings.reliable_change.signals.rating_judge import AnswerGiven, CutoffReached, Judgement, Moves
from fhir_mappings.reliable_change.signals.rule_rows import Side
from fhir_mappings.reliable_change.signals.signal_sentences import SILENCE, VERSION_GONE, unused
from fhir_mappings.reliable_change.signals.unchanged_rates import Rate
from fhir_mappings.sentence import NOTHING, Sentence, counted, joined, listed
from smart_app.care.dashboard.why_said import RuleLooked, SignalWhy, WhySaid
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web import formats
from smart_app.web.views.banner import Banner, ContextLine, context_line, page_banner
from smart_app.web.views.why.why_words import ELEMENTS_SHOWN, LEVELS, LEVELS_OTHERWISE, NO_MEASURE, ROLES, answered, asked, beside

# What is older is folded.
ROWS_OPEN = 12


class WhyUrls(Struct, frozen=True, kw_only=True):
    """Back, the same for machines, and where the launch is closed."""

    history: str
    data: str
    end: str


class InputTable(Struct, frozen=True, kw_only=True):
    """What went in, the newest first; `older` are folded behind `summary`."""

    label: Sentence
    style: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    older: tuple[tuple[str, ...], ...]
    summary: Sentence


class WhyFact(Struct, frozen=True, kw_only=True):
    """One line of what is behind a rule: `strong` is what matters most in it, `source` whose words they are, in English."""

    label: Sentence
    strong: Sentence
    lines: tuple[Sentence, ...]
    source: str = ""


class OwnAnswer(Struct, frozen=True, kw_only=True):
    """A question and its answer in the words of the form, in its `language`, and when that was."""

    question: str
    answer: str
    language: str
    when: Sentence


class RuleCard(Struct, frozen=True, kw_only=True):
    """One rule and one rating: the title, which rule in which version, how loud, what came of it."""

    anchor: str
    title: Sentence
    version: Sentence
    level: Sentence
    form: Sentence
    outcome: Sentence
    answer: OwnAnswer | None
    inputs: InputTable | None
    facts: tuple[WhyFact, ...]


class NotUsedThing(Struct, frozen=True, kw_only=True):
    """What was not used; of a rule, which one in which version."""

    title: Sentence
    version: Sentence = NOTHING


class NotUsedLine(Struct, frozen=True, kw_only=True):
    """What was not used for one and the same reason."""

    what: tuple[NotUsedThing, ...]
    reason: Sentence


class SignalSection(Struct, frozen=True, kw_only=True):
    """One signal: what it is about, what is `said`, what is only `shown`, the `quiet` rules, what was not used."""

    anchor: str
    heading: Sentence
    about: tuple[Sentence, ...]
    gone: tuple[Sentence, ...]
    said: tuple[RuleCard, ...]
    shown: tuple[RuleCard, ...]
    quiet: tuple[RuleCard, ...]
    not_used: tuple[NotUsedLine, ...]


class WhyView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `incomplete` where a rating may be missing, "" elsewhere."""

    banner: Banner | None
    context: ContextLine
    title: Sentence
    incomplete: Sentence
    silence: Sentence
    signals: tuple[SignalSection, ...]
    history: str
    data: str


TALK = Sentence("Why “to talk about” is said")
OTHERWISE = Sentence("Why this is said, and what is not")


def why_view(found: WhySaid, *, context: LaunchContext, now: datetime, urls: WhyUrls) -> WhyView:
    """The page."""
    return WhyView(
        banner=page_banner(found.patient, context, today=now.date()),
        context=context_line(found.patient, context, now=now, end=urls.end),
        title=TALK if any(one.signal.level == "discuss" for one in found.signals) else OTHERWISE,
        incomplete=NOTHING if found.whole else _INCOMPLETE,
        silence=SILENCE,
        signals=tuple(_section(one, now) for one in found.signals),
        history=urls.history,
        data=urls.data,
    )


_INCOMPLETE = Sentence("Not all ratings could be read. What may be older than a missing one is not compared, and of some nothing is said.")


def _section(found: SignalWhy, now: datetime) -> SignalSection:
    cards = [(one, _card(one, found, now)) for one in found.rules]
    return SignalSection(
        anchor=found.anchor,
        heading=_who(found),
        about=tuple(_form_on(one.rating, one.instrument.title) for one in found.signal.judgements),
        gone=tuple(joined(": ", [_version_on(one.rating), VERSION_GONE]) for one in found.signal.not_judged),
        said=tuple(card for one, card in cards if one.why.speaks and one.why.level != "shown"),
        shown=tuple(card for one, card in cards if one.why.speaks and one.why.level == "shown"),
        quiet=tuple(card for one, card in cards if not one.why.speaks),
        not_used=tuple(_not_used(found)),
    )


def _who(found: SignalWhy) -> Sentence:
    if found.mine:
        return Sentence("The patient and you")
    if found.signal.clinician is not None:
        return Sentence("The patient and {clinician}", clinician=found.signal.clinician.called)
    return Sentence("The patient, with nobody rated")


def _form_on(rating: Rating, title: str) -> Sentence:
    """`Rapport check-in, patient's form, 01-Dec-2026`."""
    return joined(", ", [form_named(title, rating.informant), formats.short_moment(rating.when)])


def _version_on(rating: Rating) -> Sentence:
    """The same of a form there is no file of, which has no title here."""
    return _form_on(rating, f"{rating.instrument} {rating.version}")


# One rule


def _card(one: RuleLooked, found: SignalWhy, now: datetime) -> RuleCard:
    rule, judged = one.looked.rule, one.judgement
    return RuleCard(
        anchor=one.anchor,
        title=rule.title,
        version=Sentence("rule {rule}, version {version}", rule=rule.id, version=rule.version),
        level=LEVELS[rule.level] if one.why.speaks else LEVELS_OTHERWISE[rule.level],
        form=_form_on(judged.rating, judged.instrument.title),
        outcome=_outcome(one),
        answer=_own_answer(one),
        inputs=_pooled_table(one, found, now) if one.steps else _input_table(one, found, now),
        facts=tuple(_facts(one)),
    )


def _outcome(one: RuleLooked) -> Sentence:
    if not one.why.speaks:
        return Sentence("It looked, and is silent.")
    if one.why.level == "shown":
        return Sentence("A fact beside the chart. It is no reason to raise anything.")
    return Sentence("Enough alone.") if one.why.level == "discuss" else Sentence("A line beside the chart.")


def _own_answer(one: RuleLooked) -> OwnAnswer | None:
    """What the patient answered, as the form asked it."""
    if not isinstance(one.looked.fact, AnswerGiven):
        return None
    [given] = one.why.inputs
    question, language = asked(one.judgement, given)
    return OwnAnswer(question=question, answer=answered(one.judgement, given), language=language, when=formats.on(given.when))


# What went in


def _input_table(one: RuleLooked, found: SignalWhy, now: datetime) -> InputTable | None:
    inputs, judged = one.why.inputs, one.judgement
    if not inputs or isinstance(one.looked.fact, AnswerGiven):
        return None
    days = _days([each.when for each in inputs], now)
    rows = [(day, asked(judged, each)[0], answered(judged, each), _roles(each)) for each, day in zip(inputs, days, strict=True)]
    head = (Sentence("Rated on"), Sentence("What"), Sentence("Value"), Sentence("What for"))
    return _table(one, found, head, rows, style="inputs")


def _roles(one: WhyInput) -> Sentence:
    return joined(", ", [ROLES[role] for role in one.roles])


def _pooled_table(one: RuleLooked, found: SignalWhy, now: datetime) -> InputTable:
    """Each score with what it was in both parts of the rule."""
    scale, roles = one.judgement.instrument.scale(one.looked.rule.scale), {each.source: each for each in one.why.inputs}
    days = _days([step.point.when for step in one.steps], now)
    rows = []
    for step, day in zip(one.steps, days, strict=True):
        parts = {part.name: part for part in step.parts}
        since = _signed(step.since, scale) if step.since is not None else ""
        moves = [_moved(parts.get("latest"), scale), _moved(parts.get("last-two"), scale)]
        rows.append((day, shown(step.value, scale), since, *moves, _roles(roles[step.point.source]), _step_outcome(step)))
    head = (
        Sentence("Rated on"), scale.title, Sentence("Since the one before"), Sentence("Against the first (limit)"),
        Sentence("Last two against the first (limit)"), Sentence("What for"), Sentence("Outcome"),
    )  # fmt: skip
    return _table(one, found, head, rows, style="steps")


def _moved(part: PooledPart | None, scale: Scale) -> str:
    """`−1.44 (1.19)`: how far, and from how far on it would be more than chance."""
    if part is None:
        return ""
    return f"{_signed(part.now.value - part.before.value, scale)} ({shown(part.limit, scale)})"


def _signed(number: Decimal, scale: Scale) -> str:
    size = shown(abs(number), scale)
    return size if not number else f"{'−' if number < 0 else '+'}{size}"


def _step_outcome(step: PooledStep) -> Sentence:
    """What the rule made of the scores up to that one."""
    if not step.parts:
        return Sentence("too few scores")
    reached = [part.name for part in step.parts if part.reached]
    if len(reached) == len(_PARTS):
        return Sentence("both beyond")
    return _PARTS[reached[0]] if reached else Sentence("within")


_PARTS: Mapping[str, Sentence] = {"latest": Sentence("the latest beyond"), "last-two": Sentence("the last two beyond")}


def _table(one: RuleLooked, found: SignalWhy, head: Sequence[str], rows: Sequence[tuple[str, ...]], *, style: str) -> InputTable:
    older = rows[ROWS_OPEN:]
    form = _form_on(one.judgement.rating, one.judgement.instrument.title)
    return InputTable(
        label=joined(", ", [Sentence("What went in"), one.looked.rule.title, form, _who(found)]),
        style=style,
        head=tuple(head),
        rows=tuple(rows[:ROWS_OPEN]),
        older=tuple(older),
        summary=counted("{n} older row", "{n} older rows", len(older)),
    )


def _days(moments: Sequence[Moment], now: datetime) -> list[Sentence]:
    """Each day; with the time of those of which there is one and that share their day with another time."""
    several = {one.day for one in moments if len({each.text for each in moments if each.day == one.day}) > 1}
    return [_day(one, now, timed=one.day in several) for one in moments]


def _day(moment: Moment, now: datetime, *, timed: bool) -> Sentence:
    day = formats.short_moment(moment)
    if not timed or moment.instant is None:
        return day
    return Sentence("{day}, {time}", day=day, time=formats.clock(moment.instant, now.tzinfo))


# What is behind it


def _facts(one: RuleLooked) -> Iterator[WhyFact]:
    why = one.why
    for place, part in enumerate(why.parts):
        label = _PART_LABELS[place] if len(why.parts) > 1 and one.steps else _LOOKS_AT
        yield WhyFact(label=label, strong=_numbers(one, part, place), lines=(part.formula,))
    yield WhyFact(label=Sentence("Threshold, and its source"), strong=_thresholds(one), lines=(), source=why.threshold_source)
    if why.error_said is not None:
        yield _error(one)
    chance = tuple(_at_retest(rate) for rate in why.rates)
    yield WhyFact(label=Sentence("How often by chance"), strong=NOTHING, lines=(why.how_often, *([_all_rates(chance)] if chance else [])))
    yield WhyFact(label=Sentence("What it misses"), strong=NOTHING, lines=(*why.misses, why.silence))
    if why.caveats:
        yield WhyFact(label=Sentence("To know beside it"), strong=NOTHING, lines=tuple(note.said for note in why.caveats))
    yield WhyFact(label=Sentence("What would change it"), strong=NOTHING, lines=tuple(note.said for note in why.would_change))
    yield WhyFact(label=Sentence("Kept as it was"), strong=NOTHING, lines=(_kept(one),))


_LOOKS_AT = Sentence("The rule")
_PART_LABELS = (Sentence("First part"), Sentence("Second part"))


def _numbers(one: RuleLooked, part: WhyPart, place: int) -> Sentence:
    """One comparison in numbers, with what came of it."""
    fact, judged = one.looked.fact, one.judgement
    # As typeset: numbers are made with the sign that a machine writes.
    numbers = part.numbers.replace("-", "−")
    if isinstance(fact, AnswerGiven):
        return Sentence("“{answer}”", answer=answered(judged, one.why.inputs[0]))
    if isinstance(fact, CutoffReached):
        return _cutoff(fact, one.looked.rule.side, judged.instrument.scale(fact.scale))
    if isinstance(fact, ItemFall):
        return Sentence("{n} of {all} answers; {least} needed", n=len(fact.items), all=fact.compared, least=one.looked.rule.items or 1)
    if isinstance(fact, Moves):
        return Sentence("{scale}: {numbers}", scale=judged.instrument.scale(fact.moves[place].scale).title, numbers=numbers)
    if part.reached:
        return Sentence("{numbers}: reached", numbers=numbers)
    if isinstance(fact, ScoreChange) and part.threshold is not None and abs(fact.change) > part.threshold:
        return Sentence("{numbers}: in the other direction", numbers=numbers)
    return Sentence("{numbers}: not reached", numbers=numbers)


def _cutoff(fact: CutoffReached, side: Side | None, scale: Scale) -> Sentence:
    """A score beside its author's cut-off."""
    score, cutoff = shown(fact.score, scale), shown(fact.cutoff, scale)
    if side == "at least":
        return Sentence("{score}; the cut-off is {cutoff} or more", score=score, cutoff=cutoff)
    if side == "at most":
        return Sentence("{score}; the cut-off is {cutoff} or less", score=score, cutoff=cutoff)
    return Sentence("{score}; the cut-off is below {cutoff}", score=score, cutoff=cutoff)


def _thresholds(one: RuleLooked) -> Sentence:
    """The threshold of each part that has one."""
    judged, fact = one.judgement, one.looked.fact
    sizes = [part.threshold for part in one.why.parts if part.threshold is not None]
    if not sizes:
        return Sentence("None")
    if isinstance(fact, ItemFall):
        least = one.looked.rule.items or 1
        return counted("{n} answer", "{n} answers", least)
    scale = judged.instrument.scale(one.looked.rule.scale)
    return listed([shown(size, scale) for size in sizes])


def _error(one: RuleLooked) -> WhyFact:
    """The error of one rating, and whose it is."""
    label, said = Sentence("Error of one rating"), one.why.error_said or NOTHING
    if one.why.error is None:
        return WhyFact(label=label, strong=said, lines=())
    entry = one.why.error.precision.entry
    people = f" People: {entry.population}." if one.why.error.kind == "published" else ""
    return WhyFact(label=label, strong=said, lines=(), source=f"{entry.citation}{people}")


def _at_retest(rate: Rate) -> Sentence:
    return Sentence("{people} of 100 at a retest of {retest}", people=rate.people, retest=rate.retest)


def _all_rates(rates: Sequence[Sentence]) -> Sentence:
    return Sentence("By how alike two ratings of an unchanged person are: {rates}.", rates=joined("; ", rates))


def _kept(one: RuleLooked) -> Sentence:
    """That nothing later rewrites it."""
    rule, judged, error = one.looked.rule, one.judgement, one.why.error
    day = formats.on(judged.rating.when)
    if error is None:
        return Sentence(
            "Rule {rule} {version} as it was in force {day}. Later rules and settings do not rewrite it.",
            rule=rule.id,
            version=rule.version,
            day=day,
        )
    return Sentence(
        "Rule {rule} {version} and error {error} as they were in force {day}. Later rules, errors and settings do not rewrite it.",
        rule=rule.id,
        version=rule.version,
        error=shown(error.precision.sem, judged.instrument.scale(rule.scale)),
        day=day,
    )


# What was not used


def _not_used(found: SignalWhy) -> Iterator[NotUsedLine]:
    """Rules first, then ratings, then what never is."""
    for judged in found.signal.judgements:
        yield from _unused_rules(judged)
    for each in found.beside:
        what, why = beside(each)
        yield NotUsedLine(what=(NotUsedThing(title=what),), reason=why)
    yield NotUsedLine(what=(NotUsedThing(title=Sentence("Elements and single answers")),), reason=ELEMENTS_SHOWN)
    yield NotUsedLine(what=(NotUsedThing(title=Sentence("HbA1c, weight and all other measures")),), reason=NO_MEASURE)


def _unused_rules(judged: Judgement) -> Iterator[NotUsedLine]:
    """Each reason once."""
    form = form_named(judged.instrument.title, judged.rating.informant)
    by_reason: dict[Sentence, list[NotUsedThing]] = {}
    for one in judged.not_used:
        version = Sentence("rule {rule}, version {version}", rule=one.rule.id, version=one.rule.version)
        thing = NotUsedThing(title=one.rule.title, version=joined(" · ", [version, form]))
        by_reason.setdefault(unused(judged, one), []).append(thing)
    yield from (NotUsedLine(what=tuple(what), reason=reason) for reason, what in by_reason.items())
