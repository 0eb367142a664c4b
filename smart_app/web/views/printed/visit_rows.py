"""The last visits of a pair, as they are printed: a row for each rater, the newest visit first."""

from collections.abc import Sequence

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.scores import Score
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.r4.dates import Moment, position
from fhir_mappings.ratings.not_answered_reader import NotAnswered
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.sentence import Sentence, counted
from smart_app.care.dashboard.history import Dyad, Panel
from smart_app.web import formats
from smart_app.web.views.dashboard.lanes.alliance_lanes import NAMES, element_scales, total_scale
from smart_app.web.views.dashboard.lanes.measure_lanes import said
from smart_app.web.views.dashboard.lanes.unanswered_words import IN_A_CELL, at_visit
from smart_app.web.views.note.note_lines import asks_directly, direct_answer

MOST_VISITS = 4
_RATERS: tuple[Informant, ...] = ("patient", "clinician")


class VisitRow(Struct, frozen=True, kw_only=True):
    """One rater at one visit. `visit` and `result` stand in the first row of a visit, "" in the others; `scores` are the total and the
    elements, `words` what stands in their place; `answer` is that to the direct question, "" where the form does not ask."""

    visit: str
    rater: Sentence
    scores: tuple[str, ...]
    words: str
    answer: str
    result: str


class LastVisits(Struct, frozen=True, kw_only=True):
    """The table: what it is called, its scores by name, and its rows. `asks`: some form asks the direct question; `results`: some visit has
    an HbA1c on or before it."""

    title: Sentence
    scores: tuple[str, ...]
    rows: tuple[VisitRow, ...]
    asks: bool
    results: bool


class _Drawn(Struct, frozen=True, kw_only=True):
    """What the rows are made of."""

    dyad: Dyad
    keys: Sequence[str]
    hba1c: Panel | None
    unanswered: Sequence[NotAnswered]


def last_visits(dyad: Dyad, hba1c: Panel | None, unanswered: Sequence[NotAnswered] = ()) -> LastVisits | None:
    """None where nothing is drawn, or where the form is not scored. `unanswered` are the patient's forms that were not answered."""
    visits = _visits(dyad)
    if not visits or dyad.instrument.why_unscored is not None or not dyad.instrument.scales:
        return None
    scales = (total_scale(dyad.instrument), *element_scales(dyad.instrument))
    raters = [one for one in _RATERS if one in dyad.instrument.forms]
    drawn = _Drawn(dyad=dyad, keys=[scale.key for scale in scales], hba1c=hba1c, unanswered=unanswered)
    rows = [row for visit in visits for row in _rows(visit, raters, drawn)]
    return LastVisits(
        title=counted("The last visit", "The last {n} visits", len(visits)) if dyad.visits > len(visits) else Sentence("All visits drawn"),
        scores=tuple(scale.title for scale in scales),
        rows=tuple(rows),
        asks=any(row.answer for row in rows),
        results=any(row.result for row in rows),
    )


def _visits(dyad: Dyad) -> list[dict[str, Rating]]:
    """A visit is as old as its first rating; of two ratings of one visit by one rater the later counts."""
    found: dict[str, dict[str, Rating]] = {}
    for rating in reversed(dyad.ratings):
        if rating.informant in _RATERS:
            found.setdefault(rating.visit, {}).setdefault(rating.informant, rating)
    return sorted(found.values(), key=lambda visit: position(_begun(visit)), reverse=True)[:MOST_VISITS]


def _begun(visit: dict[str, Rating]) -> Moment:
    return min((one.when for one in visit.values()), key=position)


def _rows(visit: dict[str, Rating], raters: Sequence[Informant], drawn: _Drawn) -> list[VisitRow]:
    when = _begun(visit)
    heads = [(formats.short_moment(when), _result_before(when, drawn.hba1c)), *([("", "")] * len(raters))]
    return [_row(visit, who, drawn, head) for who, head in zip(raters, heads, strict=False)]


def _row(visit: dict[str, Rating], who: Informant, drawn: _Drawn, head: tuple[str, str]) -> VisitRow:
    rating = visit.get(who)
    if rating is None:
        words = _unrated(visit, who, drawn.unanswered)
        return VisitRow(visit=head[0], rater=NAMES[who], scores=(), words=words, answer="", result=head[1])
    form = drawn.dyad.form_of(rating)
    answer = (direct_answer(form, rating) or Sentence("not answered")) if asks_directly(form) else ""
    scores = tuple(_cell(rating.scores.get(key)) for key in drawn.keys)
    return VisitRow(visit=head[0], rater=NAMES[who], scores=scores, words="", answer=answer, result=head[1])


def _unrated(visit: dict[str, Rating], who: Informant, unanswered: Sequence[NotAnswered]) -> Sentence:
    """What stands where there is no rating: why, where the patient's form was not answered."""
    left = at_visit(unanswered, next(iter(visit.values())).visit) if who == "patient" else None
    return IN_A_CELL[left.reason] if left else Sentence("not rated")


def _cell(score: Score | None) -> str:
    """As stored, but for places that no scale has; how many answers there were where it was not all."""
    if score is None:
        return ""
    if score.text is None:
        return Sentence("{answered} of {of}", answered=score.answered, of=score.of) if score.answered else Sentence("none")
    text = formats.few_places(score.text, 0)
    return Sentence("{score} ({answered} of {of})", score=text, answered=score.answered, of=score.of) if score.prorated else text


def _result_before(when: Moment, hba1c: Panel | None) -> str:
    """The last HbA1c that is known to be of that day or before, with its own day."""
    if hba1c is None or not formats.is_whole_day(when):
        return ""
    before = [one for one in hba1c.points if formats.is_whole_day(one.when) and one.when.day <= when.day]
    return _dated(before[-1], hba1c) if before else ""


def _dated(result: Measurement, hba1c: Panel) -> Sentence:
    return Sentence("{value} ({day})", value=said(hba1c.measure, result), day=formats.short_moment(result.when))
