"""The six lines for the note, in their order: visit and form, totals, change, what the patient answered of difficulty, HbA1c, source.

Each stands alone, with its dates, as whoever reads a note later has neither the chart nor the line above. Everything is of the pair of
whoever is signed in, as the history shows it now; what is kept back from them is in no line. What is not there says so."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant, Instrument, Scale
from fhir_mappings.instruments.scores import Score
from fhir_mappings.measures.measure import Measure
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.options.offered_options import DIRECT_QUESTION
from fhir_mappings.r4.dates import Moment, position
from fhir_mappings.ratings.not_answered_reader import NotAnswered
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.latest_change import Change
from fhir_mappings.reliable_change.longest_move import MoveSince
from fhir_mappings.sentence import Sentence, Value, counted, full_sentence, joined, listed
from smart_app.care.dashboard.history import Dyad, History, Panel
from smart_app.care.record.reads import ReadReport
from smart_app.web import formats
from smart_app.web.views.dashboard.change_verdicts import judged, of_move, of_step
from smart_app.web.views.dashboard.course_sentences import course, move_in_range, unscored_newest
from smart_app.web.views.dashboard.lanes import remark_words
from smart_app.web.views.dashboard.lanes.alliance_lanes import NAMES, element_scales, not_validated, total_scale
from smart_app.web.views.dashboard.lanes.measure_lanes import NOT_RESULTS, in_other_unit, said
from smart_app.web.views.dashboard.lanes.unanswered_words import of_dyad, why
from smart_app.web.views.dashboard.summary import is_of
from smart_app.web.views.parts import NO_REASON

# What a clinician may leave out.
LeaveOut = Literal["difficulty", "elements"]
_HBA1C = "hba1c"
_RATERS: tuple[Informant, ...] = ("patient", "clinician")
# The answers of the shipped question in the third person; a site's own by its label.
_ANSWERS: Mapping[str, Sentence] = {
    "no": Sentence("No"),
    "a-little": Sentence("Yes, a little"),
    "yes": Sentence("Yes"),
    "rather-not-say": Sentence("would rather not say"),
}


class NotedVisit(Struct, frozen=True, kw_only=True):
    """The last visit of the pair that is shown: its ratings by rater, and the day of the first of them."""

    dyad: Dyad
    when: Moment
    ratings: Mapping[str, Rating]

    @property
    def form(self) -> Instrument:
        """As it was answered there."""
        return self.dyad.form_of(next(iter(self.ratings.values())))


def note_lines(
    history: History, *, clinician: str, me: str, zone: tzinfo | None, synthetic: bool, without: frozenset[LeaveOut] = frozenset()
) -> tuple[Sentence, ...]:
    """The lines. `clinician` is whoever is signed in, by name, and `me` by reference; `without` what they leave out."""
    visit = noted_visit(history)
    lines = (
        joined(" ", [_visit(visit, history, clinician), *_not_answered(visit, history, me)]),
        _totals(visit, elements="elements" not in without),
        _change(visit, history),
        None if "difficulty" in without else _difficulty(visit),
        _hba1c(history),
        _source(history, zone, synthetic=synthetic),
    )
    return tuple(line for line in lines if line is not None)


def noted_visit(history: History) -> NotedVisit | None:
    """That of the pair whose changes the history states: on the first scored form of whoever is signed in that the patient has answered,
    else one that they have answered themself. None where none of theirs is known to be the last."""
    own = [dyad for dyad in history.dyads if dyad.mine and dyad.latest]
    scored = [dyad for dyad in own if _is_scored(dyad)]
    dyad = next(iter([*(one for one in scored if "patient" in one.latest), *scored, *own]), None)
    return _last_visit(dyad) if dyad else None


def _is_scored(dyad: Dyad) -> bool:
    return dyad.instrument.why_unscored is None and bool(dyad.instrument.scales)


def _last_visit(dyad: Dyad) -> NotedVisit | None:
    """A visit is as old as its first rating: one that was rated long after it is not newer for that."""
    known = sorted({one.source: one for one in (*dyad.ratings, *dyad.latest.values())}.values(), key=lambda one: position(one.when))
    begun: dict[str, Moment] = {}
    for rating in known:
        begun.setdefault(rating.visit, rating.when)
    raters = [one for one in _RATERS if one in dyad.latest]
    if not raters:
        return None
    last = max((dyad.latest[one].visit for one in raters), key=lambda visit: position(begun[visit]))
    ratings = {one.informant: one for one in known if one.visit == last and one.informant in raters}
    return NotedVisit(dyad=dyad, when=begun[last], ratings={who: ratings[who] for who in _RATERS if who in ratings})


# Visit and form


def _visit(visit: NotedVisit | None, history: History, clinician: str) -> Sentence:
    if visit is None:
        return _no_visit(history, clinician)
    named: dict[str, Value] = {
        "clinician": clinician,
        "day": formats.short_moment(visit.when),
        "form": not_validated(visit.form),
        "version": visit.form.version,
    }
    if not _is_scored(visit.dyad):
        return Sentence("Working alliance with {clinician}, visit of {day}. {form}, version {version}, not scored.", **named)
    scale = total_scale(visit.form)
    return Sentence(
        "Working alliance with {clinician}, visit of {day}. {form}, version {version}, total from {low} to {high}, {direction}.",
        **named,
        low=scale.low,
        high=scale.high,
        direction=visit.form.direction,
    )


def _no_visit(history: History, clinician: str) -> Sentence:
    if any(not read.whole for read in _rating_reads(history)):
        return Sentence("Working alliance with {clinician}: the last rating is not known, as not all could be read.", clinician=clinician)
    return Sentence("Working alliance with {clinician}: no rating to show.", clinician=clinician)


def _not_answered(visit: NotedVisit | None, history: History, me: str) -> Iterator[Sentence]:
    """That the patient's form was not answered at that visit, or at one after it."""
    held = (
        of_dyad(history, visit.dyad) if visit else [one for one in history.not_answered if one.clinician and one.clinician.reference == me]
    )
    one = next((one for one in reversed(held) if one.informant == "patient"), None)
    if one is not None and not (visit and _is_before(one, visit)):
        yield Sentence("The patient’s form of {day}: {what}.", day=formats.short_moment(one.when), what=why(one))


def _is_before(one: NotAnswered, visit: NotedVisit) -> bool:
    here = {rating.visit for rating in visit.ratings.values()}
    return one.visit not in here and position(one.when) < position(visit.when)


# Totals


def _totals(visit: NotedVisit | None, *, elements: bool) -> Sentence:
    if visit is None:
        return Sentence("Working alliance, totals: none to show.")
    if not _is_scored(visit.dyad):
        return Sentence("Working alliance, totals: this form is not scored.")
    raters = [_total(visit, who, elements=elements) for who in _RATERS if who in visit.dyad.instrument.forms]
    return joined(" ", [Sentence("Working alliance, totals."), *raters])


def _total(visit: NotedVisit, who: Informant, *, elements: bool) -> Sentence:
    rating, last = visit.ratings.get(who), visit.dyad.latest.get(who)
    if rating is None and last is None:
        return Sentence("{who}: no rating to show.", who=NAMES[who])
    if rating is None or last is None:
        shown = last or visit.ratings[who]
        none = Sentence("none at the visit of {day}, last {score}", day=formats.short_moment(visit.when), score=_dated(shown, visit))
        return Sentence("{who}: {what}.", who=NAMES[who], what=none)
    what = [_dated(rating, visit, elements=elements), _before(visit, rating, who)]
    return Sentence("{who}: {what}.", who=NAMES[who], what=joined("; ", what))


def _before(visit: NotedVisit, rating: Rating, who: Informant) -> Sentence:
    """The one before, only where it is known to be and may be compared."""
    dyad = visit.dyad
    if dyad.latest[who].source != rating.source:
        return Sentence("another visit was rated later")
    if who in dyad.unordered:
        return Sentence("which one was before is not known")
    previous = dyad.previous.get(who)
    if previous is not None:
        return Sentence("before {score}", score=_dated(previous, visit))
    return Sentence("none before to compare with") if dyad.whole else Sentence("what was before is not known")


def _dated(rating: Rating, visit: NotedVisit, *, elements: bool = False) -> Sentence:
    """`3.00 (goal 3.67, task 2.00, bond 3.33) on 01-Dec-2026`."""
    form = visit.dyad.form_of(rating)
    score: Value = _score(rating.scores.get(total_scale(form).key))
    parts = [_element(scale, rating) for scale in element_scales(form)] if elements else []
    if parts:
        score = Sentence("{score} ({elements})", score=score, elements=joined(", ", parts))
    return Sentence("{score} {day}", score=score, day=formats.on(rating.when))


def _element(scale: Scale, rating: Rating) -> Sentence:
    return Sentence("{element} {score}", element=scale.title_within, score=_score(rating.scores.get(scale.key)))


def _score(score: Score | None) -> str:
    """As stored, but for places that no scale has; how many answers there were where that is not all, and why there is none."""
    if score is None:
        return Sentence("not recorded")
    if score.text is None:
        counts = Sentence("{answered} of {of} answered", answered=score.answered, of=score.of)
        return Sentence("not scored ({why})", why=counts if score.answered or not score.reason else score.reason)
    text = formats.few_places(score.text, 0)
    if not score.prorated:
        return text
    return Sentence("{score} ({answered} of {of} answered)", score=text, answered=score.answered, of=score.of)


# Change


def _change(visit: NotedVisit | None, history: History) -> Sentence:
    none = Sentence("Change in the patient’s total: none to state.")
    if visit is None or "patient" not in visit.dyad.latest:
        return joined(" ", [none, Sentence("There is no patient’s rating to show.")])
    if not _is_scored(visit.dyad):
        return joined(" ", [none, Sentence("This form is not scored.")])
    newest = unscored_newest(history)
    change = next((one for one in history.changes if one.kind == "alliance" and is_of(one, visit.dyad)), None)
    if newest is not None or change is None or not isinstance(change.later, Rating):
        unknown = _NOT_COMPARED if visit.dyad.whole else _BEFORE_UNKNOWN
        return joined(" ", [none, newest.said if newest else unknown])
    if not change.ordered:
        return joined(" ", [none, Sentence("Which of the last two ratings was first is not known.")])
    step = of_step(judged(history, change.later, ""), change) or _not_judged(history)
    if not isinstance(change.earlier, Rating):
        return joined(" ", [none, step])
    return joined(" ", [_from_to(change, change.earlier, change.later), step, *_move(change, change.earlier, change.later, visit, history)])


_BEFORE_UNKNOWN = Sentence("What was before is not known, as not all could be read.")
_NOT_COMPARED = Sentence("This form has no total.")


def _from_to(change: Change, earlier: Rating, later: Rating) -> Sentence:
    key = change.scale or "total"
    return Sentence(
        "Change in the patient’s total: {before} ({then}) to {value} ({day}).",
        before=_score(earlier.scores.get(key)),
        then=formats.short_moment(earlier.when),
        value=_score(later.scores.get(key)),
        day=formats.short_moment(later.when),
    )


def _not_judged(history: History) -> Sentence:
    if any(not read.whole for read in _rating_reads(history)):
        return Sentence("Not judged, as not all ratings could be read.")
    return Sentence("Not judged.")


def _move(change: Change, earlier: Rating, later: Rating, visit: NotedVisit, history: History) -> Iterator[Sentence]:
    """The longest move of the range with its verdict, where it is another than the last step."""
    says = judged(history, later, "")
    move = move_in_range(visit.dyad, later, says)
    if move is None or (isinstance(move, MoveSince) and move.turn[0].source == earlier.source):
        return
    scale = visit.dyad.form_of(later).scale(change.scale or "total")
    yield course(move, scale)
    if (verdict := of_move(says, move, scale.key)) is not None:
        yield verdict


# Difficulty


def _difficulty(visit: NotedVisit | None) -> Sentence:
    """The patient's own answer to the direct question, of the visit and of no other."""
    rating = visit.ratings.get("patient") if visit else None
    if visit is None:
        return Sentence("Something difficult between patient and clinician: no patient’s answer to show.")
    day = formats.short_moment(rating.when if rating else visit.when)
    if rating is None:
        return Sentence("Something difficult between patient and clinician, visit of {day}: no patient’s answer to show.", day=day)
    if not asks_directly(form := visit.dyad.form_of(rating)):
        return Sentence("Something difficult between patient and clinician: not asked on the patient’s form of {day}.", day=day)
    answer = direct_answer(form, rating)
    if answer is None:
        return Sentence("Something difficult between patient and clinician: not answered on the patient’s form of {day}.", day=day)
    return Sentence(
        "Something difficult between patient and clinician, the patient’s own answer of {day}: {answer}.", day=day, answer=answer
    )


def asks_directly(form: Instrument) -> bool:
    """Whether a form asks in so many words if anything was difficult."""
    return any(one.link_id == DIRECT_QUESTION for one in form.questions)


def direct_answer(form: Instrument, rating: Rating) -> str | None:
    """What was answered, in the third person; None where nothing was."""
    given = rating.extra.get(DIRECT_QUESTION)
    if given is None:
        return None
    options = [option for one in form.questions if one.link_id == DIRECT_QUESTION for option in one.options]
    own = next((one.label for one in options if one.code == given and one.label), given)
    return _ANSWERS.get(given, own)


# HbA1c


def _hba1c(history: History) -> Sentence:
    panel = next((one for one in history.panels if one.measure.key == _HBA1C), None)
    if panel is None:
        return Sentence("HbA1c: not among the measures of this site.")
    latest = panel.latest
    if latest is None:
        return joined(" ", [_no_result(panel), *_unusable(panel, history)])
    series = Sentence("{measure}: {results}.", measure=panel.measure.title, results=joined("; ", _results(panel, latest)))
    remarked = [remark for one in (latest, panel.previous) if one and (remark := _remarked(panel.measure, one))]
    return joined(" ", [series, *remarked, *_unusable(panel, history)])


def _no_result(panel: Panel) -> Sentence:
    if panel.total:
        return Sentence("HbA1c: the last result is not known, as not all could be read.")
    if panel.read.whole:
        return Sentence("HbA1c: none found, all dates searched.")
    return Sentence("HbA1c: not known. {why}", why=full_sentence(panel.read.reason or NO_REASON))


def _results(panel: Panel, latest: Measurement) -> list[Sentence]:
    newest = _result(panel.measure, latest)
    if panel.unordered:
        other = panel.unordered[-1]
        why = formats.unknown_order(latest.when, other.when)
        more = len(panel.unordered) - 1
        beside = [_result(panel.measure, other), *([counted("{n} value more", "{n} values more", more)] if more else []), why]
        return [newest, *beside]
    if panel.previous is not None:
        return [newest, Sentence("before {score}", score=_result(panel.measure, panel.previous))]
    return [newest, Sentence("none before to compare with") if panel.read.whole else Sentence("what was before is not known")]


def _result(measure: Measure, one: Measurement) -> Sentence:
    """`78 mmol/mol (9.3 %, converted) on 24-Nov-2026, point of care`."""
    value, other = said(measure, one), in_other_unit(measure, one)
    if other:
        shown = other if one.also_reported else Sentence("{value}, converted", value=other)
        value = Sentence("{value} ({other})", value=value, other=shown)
    day = formats.on(one.when)
    if remark_words.is_dated_by_report(one):
        day = Sentence("{day} (date of the report)", day=day)
    dated = Sentence("{value} {day}", value=value, day=day)
    known = [*([one.method] if one.method else []), *([Sentence("preliminary")] if one.standing == "preliminary" else [])]
    return joined(", ", [dated, *known]) if known else dated


def _remarked(measure: Measure, one: Measurement) -> Sentence | None:
    remark = remark_words.in_sentence(measure, one)
    return Sentence("{value} {remarked}.", value=said(measure, one), remarked=remark) if remark else None


def _unusable(panel: Panel, history: History) -> list[Sentence]:
    """Results in the range that could not be used: a newer one may be among them."""
    shown = [skip for skip in panel.skipped if skip.code not in NOT_RESULTS and skip.when]
    number = sum(history.start <= skip.when.day <= history.end for skip in shown if skip.when)
    if not number:
        return []
    return [counted("{n} HbA1c value in the record could not be used.", "{n} HbA1c values in the record could not be used.", number)]


# Source and time


def _source(history: History, zone: tzinfo | None, *, synthetic: bool) -> Sentence:
    at = history.read_at.astimezone(zone)
    read = Sentence("Read by Rapport from {server} on {day} at {time}.", server=history.server, day=at.date(), time=formats.clock(at, zone))
    missing = listed([each.title for each in history.reads if not each.whole])
    parts = [read]
    if missing:
        parts.append(Sentence("Not everything could be read ({which}).", which=missing))
    if synthetic:
        parts.append(Sentence("Synthetic data."))
    return joined(" ", [*parts, Sentence("One person’s history cannot show cause.")])


def _rating_reads(history: History) -> Sequence[ReadReport]:
    """Those no measure came from, the patient's own aside."""
    measured = {panel.read.key for panel in history.panels}
    return [read for read in history.reads if read.key not in measured and read.key.lower() != "patient"]
