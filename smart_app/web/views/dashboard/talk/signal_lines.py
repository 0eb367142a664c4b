"""What the newest ratings say, in the clinician's words: the line above "What changed", and what stands with a pair's own chart. What the
patient said comes first, then what the numbers did; nothing is concluded, and where there is nothing to say nothing is said."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from fhir_mappings.instruments.instrument import Scale
from fhir_mappings.reliable_change.change_sentences import shown
from fhir_mappings.reliable_change.findings import ItemFall, ScoreChange
from fhir_mappings.reliable_change.measurement_error import ErrorKind
from fhir_mappings.reliable_change.pooled_scores import PooledChange, PooledPart
from fhir_mappings.reliable_change.signals import signal_sentences
from fhir_mappings.reliable_change.signals.dyad_signals import Signal
from fhir_mappings.reliable_change.signals.rating_judge import AnswerGiven, CutoffReached, Judgement, Looked
from fhir_mappings.reliable_change.signals.rule_rows import RuleKind
from fhir_mappings.sentence import Sentence, Value, capitalised, counted, joined
from smart_app.care.dashboard.history import AsideReason, Dyad, History, PutAside
from smart_app.web import formats
from smart_app.web.languages.unbroken import Unbroken
from smart_app.web.views.banner import name_in_passing
from smart_app.web.views.dashboard.talk.aside_words import ASIDE_REASONS

_A_LITTLE = "a-little"
# Whose an error is: of the total a sentence is about, and by itself.
_ITS_ERROR: Mapping[ErrorKind, Sentence] = {
    "assumed": Sentence("its assumed error"),
    "published": Sentence("its published error"),
    "site": Sentence("the error this site declared"),
}
_THE_ERROR: Mapping[ErrorKind, Sentence] = {
    "assumed": Sentence("the assumed error"),
    "published": Sentence("the published error"),
    "site": Sentence("the error this site declared"),
}
_OWN_UPS_AND_DOWNS = Sentence("this person’s own ups and downs")
_WHOSE = Sentence("The form names no clinician, so this belongs to whoever took the form.")


class SignalUrls(Struct, frozen=True, kw_only=True):
    """Where the lines lead; "" where there is nothing. `why` is the page without a place on it, `put_aside` and `take_back` take a POST."""

    options: str
    why: str
    put_aside: str
    take_back: str


class SignalContext(Struct, frozen=True, kw_only=True):
    """What the words depend on besides the signals themselves: `signed_in` is the reference of whoever reads them."""

    history: History
    urls: SignalUrls
    signed_in: str
    today: date

    @property
    def patient(self) -> str:
        """Whom a sentence is about."""
        return name_in_passing(self.history.patient) or Sentence("the patient")

    def why(self, place: int) -> str:
        """Where the signal of that place is explained."""
        return f"{self.urls.why}#why-{place}" if self.urls.why else ""

    def at_the_top(self, signal: Signal) -> bool:
        """Whether it is a reason to talk for whoever reads: their own, a role's that the site names, or nobody's in particular."""
        owner = signal.owner
        whose = owner.clinician.reference if owner.clinician else ""
        return signal.level == "discuss" and (owner.kind != "clinician" or whose == self.signed_in)


class TalkLine(Struct, frozen=True, kw_only=True):
    """One reason to talk: whose it is, what was said and measured, and where to read why. `source` is what is put aside."""

    lead: Sentence
    said: Sentence
    why: str
    source: str


class LineAside(Struct, frozen=True, kw_only=True):
    """One that whoever is signed in has put aside: since when and why."""

    said: Sentence
    why: str
    source: str


class ReasonAside(Struct, frozen=True, kw_only=True):
    """A reason to choose: what goes back, and what is read."""

    code: AsideReason
    words: Sentence


class ToTalkAbout(Struct, frozen=True, kw_only=True):
    """The box above "What changed". `put_aside` and `take_back` are "" where the sign-in is nobody's or there is no such address."""

    lines: tuple[TalkLine, ...]
    aside: tuple[LineAside, ...]
    options: str
    put_aside: str
    take_back: str
    reasons: tuple[ReasonAside, ...]


class DyadLines(Struct, frozen=True, kw_only=True):
    """What stands with one pair's chart, and where it is explained; `lines` may be empty, as what was looked at has a page of its own."""

    lines: tuple[Sentence, ...]
    why: str


def to_talk_about(shown_to: SignalContext) -> ToTalkAbout | None:
    """What is for whoever is signed in, for a role or for whoever took a form; None where that is nothing."""
    history, urls = shown_to.history, shown_to.urls
    own = [(place, one) for place, one in enumerate(history.signals, 1) if shown_to.at_the_top(one)]
    if not own:
        return None
    aside = {one.source: history.aside[one.source] for _, one in own if one.source in history.aside}
    return ToTalkAbout(
        lines=tuple(
            TalkLine(lead=_lead(one), said=_discussed(one, shown_to), why=shown_to.why(place), source=one.source)
            for place, one in own
            if one.source not in aside
        ),
        aside=tuple(
            LineAside(said=_put_aside(aside[one.source], history), why=shown_to.why(place), source=one.source)
            for place, one in own
            if one.source in aside
        ),
        options=urls.options,
        put_aside=urls.put_aside if history.personal else "",
        take_back=urls.take_back if history.personal else "",
        reasons=tuple(ReasonAside(code=code, words=words) for code, words in ASIDE_REASONS.items()),
    )


def dyad_lines(dyad: Dyad, shown_to: SignalContext) -> DyadLines | None:
    """What stands with the chart of one pair on one form; None where nothing of it was judged. Facts that count for nothing by themselves
    stand on the page that says why, and nowhere here."""
    place, signal = next(((place, one) for place, one in enumerate(shown_to.history.signals, 1) if _is_of_pair(one, dyad)), (0, None))
    if signal is None:
        return None
    versions = {dyad.instrument.version, *dyad.older}
    judged = [one for one in signal.judgements if one.instrument.slug == dyad.instrument.slug and one.rating.version in versions]
    gone = [one for one in signal.not_judged if one.rating.instrument == dyad.instrument.slug]
    if not (judged or gone):
        return None
    lines = [*_for_another(signal, judged, shown_to), *(line for one in judged for line in _beside_the_chart(one))]
    return DyadLines(lines=(*lines, *([signal_sentences.VERSION_GONE] if gone else [])), why=shown_to.why(place))


def _is_of_pair(signal: Signal, dyad: Dyad) -> bool:
    if signal.clinician is not None and dyad.clinician is not None:
        return signal.clinician.reference == dyad.clinician.reference
    # Nobody is rated: each form is a pair of its own with nobody.
    return signal.clinician is dyad.clinician and any(one.instrument == dyad.instrument.slug for one in signal.ratings)


# Whose it is


def _lead(signal: Signal) -> Sentence:
    role = signal.owner.role
    return Sentence("To talk about, for {role}.", role=role) if role else Sentence("To talk about.")


def _for_another(signal: Signal, judged: Sequence[Judgement], shown_to: SignalContext) -> Iterator[Sentence]:
    """What is another clinician's to talk about, where it may be read: quietly, with their own chart."""
    if signal.level != "discuss" or shown_to.at_the_top(signal) or signal.clinician is None:
        return
    if said := _reasons(judged, shown_to, several=_several(signal)):
        yield Sentence("To talk about, for {name}: {said}", name=signal.clinician.called, said=joined(" ", said))


def _put_aside(one: PutAside, history: History) -> Sentence:
    day = one.at.astimezone(history.read_at.tzinfo).date()
    reason = ASIDE_REASONS[one.reason]
    said = Sentence("Put aside on {day}: “{reason}”. It stays so until the next rating.", day=Unbroken(day), reason=reason)
    return joined(" ", [said, *one.since])


# What was said


def _discussed(signal: Signal, shown_to: SignalContext) -> Sentence:
    said = _reasons(signal.judgements, shown_to, several=_several(signal))
    return joined(" ", [*said, _WHOSE] if signal.owner.kind == "taker" else said)


def _several(signal: Signal) -> bool:
    """Whether it is about several forms, so that each has to be named."""
    return len({one.instrument.slug for one in signal.judgements}) > 1


def _reasons(judged: Sequence[Judgement], shown_to: SignalContext, *, several: bool) -> list[Sentence]:
    """The reasons to talk in some judgements, the patient's own words first."""
    loud = [(one, looked) for one in judged for looked in one.raised if looked.rule.level == "discuss"]
    loud.sort(key=lambda one: not isinstance(one[1].fact, AnswerGiven))
    said: list[Sentence] = []
    for one, looked in loud:
        if isinstance(looked.fact, AnswerGiven):
            said.append(_answered(one, looked.fact, shown_to))
        elif isinstance(looked.fact, PooledChange):
            said.append(_pooled(one, looked.fact, shown_to, also=bool(said), several=several))
        elif isinstance(looked.fact, CutoffReached):
            said.append(_at_cutoff(one, looked, looked.fact, shown_to))
    return said


def _answered(judged: Judgement, fact: AnswerGiven, shown_to: SignalContext) -> Sentence:
    """The patient's own answer to the direct question; that it was a little is theirs too."""
    rated, little = judged.rating.clinician, fact.option == _A_LITTLE
    named: dict[str, Value] = {"when": capitalised(_when(judged, shown_to)), "patient": shown_to.patient}
    if rated is None or rated.reference == shown_to.signed_in:
        if little:
            return Sentence("{when} {patient} answered that something was a little difficult between you.", **named)
        return Sentence("{when} {patient} answered that something was difficult between you.", **named)
    named["clinician"] = rated.called
    if little:
        return Sentence("{when} {patient} answered that something was a little difficult between them and {clinician}.", **named)
    return Sentence("{when} {patient} answered that something was difficult between them and {clinician}.", **named)


def _when(judged: Judgement, shown_to: SignalContext) -> Sentence:
    """`on 12-Nov-2026`, `today`, `in Nov-2026`."""
    when = judged.rating.when
    if not formats.is_whole_day(when):
        return formats.on(when)
    return Sentence("today") if when.day == shown_to.today else Sentence("on {day}", day=Unbroken(when.day))


# What the numbers did


def _pooled(judged: Judgement, fact: PooledChange, shown_to: SignalContext, *, also: bool, several: bool) -> Sentence:
    """That the total went the way that is worse, by more than the error of the form; whose error that is is said."""
    scale, part = judged.instrument.scale(fact.scale), next(one for one in fact.parts if one.reached)
    named: dict[str, Value] = {
        "before": _first_scores(part, scale),
        "after": _last_scores(part, scale),
        "error": _ITS_ERROR[judged.error.kind if judged.error else "assumed"],
    }
    form = judged.instrument.title
    if also:
        named["total"] = Sentence("The total of the {form}", form=form) if several else Sentence("The total")
        if scale.better == "lower":
            return Sentence("{total} has also risen, from {before} to {after}, by more than {error}.", **named)
        return Sentence("{total} has also fallen, from {before} to {after}, by more than {error}.", **named)
    named |= {"total": _whose_total(judged, shown_to, form if several else ""), "when": _when(judged, shown_to)}
    if scale.better == "lower":
        return Sentence("{total} has risen, from {before} to {after} {when}, by more than {error}.", **named)
    return Sentence("{total} has fallen, from {before} to {after} {when}, by more than {error}.", **named)


def _whose_total(judged: Judgement, shown_to: SignalContext, form: str) -> Sentence:
    """What moved, at the beginning of a sentence; with the form's name where that has to be told."""
    rated, patient = judged.rating.clinician, capitalised(shown_to.patient)
    if rated is None:
        return Sentence("{patient}’s rating", patient=patient)
    if rated.reference == shown_to.signed_in:
        whose = Sentence("{patient}’s rating of the alliance with you", patient=patient)
    else:
        whose = Sentence("{patient}’s rating of the alliance with {clinician}", patient=patient, clinician=rated.called)
    return joined("", [whose, f" ({form})"]) if form else whose


def _first_scores(part: PooledPart, scale: Scale) -> Sentence:
    score = shown(part.before.value, scale)
    return counted("{score} (the first)", "{score} (mean of the first {n})", len(part.before.points), score=score)


def _last_scores(part: PooledPart, scale: Scale) -> Value:
    score, many = shown(part.now.value, scale), len(part.now.points)
    return counted("{score} (the last)", "{score} (mean of the last {n})", many, score=score) if many > 1 else score


def _at_cutoff(judged: Judgement, looked: Looked, fact: CutoffReached, shown_to: SignalContext) -> Sentence:
    """A score that its author's own cut-off is about."""
    scale = judged.instrument.scale(fact.scale)
    return Sentence(
        "{when} “{scale}” of the {form} was {score}: {threshold}, the cut-off of the form’s author.",
        when=capitalised(_when(judged, shown_to)),
        scale=scale.title,
        form=judged.instrument.title,
        score=shown(fact.score, scale),
        threshold=_threshold(looked, fact),
    )


def _threshold(looked: Looked, fact: CutoffReached) -> Sentence:
    if looked.rule.side == "at most":
        return Sentence("at most {value}", value=fact.cutoff)
    return Sentence("below {value}", value=fact.cutoff) if looked.rule.side == "below" else Sentence("at least {value}", value=fact.cutoff)


# Beside the chart


def _beside_the_chart(judged: Judgement) -> Iterator[Sentence]:
    """What was noticed in the patient's newest answers, and what makes them tell little."""
    seen = [said for one in judged.raised if one.rule.level == "note" and (said := _noticed(judged, one)) is not None]
    if seen:
        yield Sentence("Also seen: {what}.", what=joined("; ", seen))
    if judged.rating.informant != "patient" or judged.rating.clinician is None:
        return
    yield from signal_sentences.uninformative(judged)
    if judged.error is None and judged.n > 1:
        yield signal_sentences.error_named(None, judged.instrument.scale("total"))


def _noticed(judged: Judgement, looked: Looked) -> Sentence | None:
    """One note, inside of a sentence."""
    fact = looked.fact
    if isinstance(fact, ItemFall):
        many = len(fact.items)
        return counted(
            "{n} answer moved for the worse by two options or more", "{n} answers moved for the worse by two options or more", many
        )
    if not isinstance(fact, ScoreChange):
        return None
    if looked.rule.kind == "own-range":
        return Sentence("outside of this person’s own range so far")
    limit = next((one for one in fact.thresholds if one.level == looked.rule.at), None)
    if limit is None:
        return None
    kind = judged.error.kind if judged.error else "assumed"
    error = _OWN_UPS_AND_DOWNS if limit.decided_by == "spread" else _THE_ERROR[kind]
    named: dict[str, Value] = {"error": error, "size": shown(limit.size, judged.instrument.scale(fact.scale))}
    return _below(looked.rule.kind, named) if fact.moved == "fell" else _above(looked.rule.kind, named)


def _below(kind: RuleKind, named: Mapping[str, Value]) -> Sentence:
    if kind == "previous":
        return Sentence("below the previous score by more than {error} ({size})", **named)
    if kind == "baseline":
        return Sentence("below the mean of the first scores by more than {error} ({size})", **named)
    return Sentence("below the last highest score by more than {error} ({size})", **named)


def _above(kind: RuleKind, named: Mapping[str, Value]) -> Sentence:
    if kind == "previous":
        return Sentence("above the previous score by more than {error} ({size})", **named)
    if kind == "baseline":
        return Sentence("above the mean of the first scores by more than {error} ({size})", **named)
    return Sentence("above the last lowest score by more than {error} ({size})", **named)
