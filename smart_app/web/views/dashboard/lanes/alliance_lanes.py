"""A dyad as lanes: patient and clinician on the instrument's full scale, never averaged; one series per version and informant."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.instruments.instrument import Cutoff, Informant, Instrument, Scale
from fhir_mappings.instruments.scores import Score
from fhir_mappings.options.offered_options import DIRECT_QUESTION, SAYS_YES
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment, is_known_earlier, position
from fhir_mappings.ratings.not_answered_reader import NotAnswered
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.sentence import Language, Sentence, Value, counted, full_sentence, joined, listed
from smart_app.care.dashboard.history import Dyad
from smart_app.web import formats
from smart_app.web.charts import plot
from smart_app.web.charts.rail import NumberedRail, Rail, Unusable, numbered_rail, rail, with_numbers, with_rail
from smart_app.web.languages.offered_languages import LanguageName
from smart_app.web.views.dashboard.lanes.baseline_band import BaselineBand
from smart_app.web.views.dashboard.lanes.focus_cells import StoodThen, none_then, rated_then, told_then
from smart_app.web.views.dashboard.lanes.measure_lanes import NONE_IN_RANGE, LaneFrame
from smart_app.web.views.dashboard.lanes.unanswered_words import IN_A_CELL, why
from smart_app.web.views.parts import Lane, Reading, Table, Words

# A line over more than 13 months would draw a visit that was not there (design notes); 13 months are at most 397 days.
# What of a form began with a rating.
FirstOf = Literal["version", "language", "words"]
LONGEST_LINE_DAYS = 397
_PAIR = 2
_INFORMANTS: tuple[Informant, ...] = ("clinician", "patient", "observer")  # drawing order: the patient's dots on top
_SPOKEN: tuple[Informant, ...] = ("patient", "clinician", "observer")
_MARKS: dict[Informant, plot.Mark] = {"patient": "dot", "clinician": "diamond", "observer": "square"}
# Who rated, where it begins a line, and inside of a sentence.
NAMES: Mapping[str, Sentence] = {"patient": Sentence("Patient"), "clinician": Sentence("Clinician"), "observer": Sentence("Observer")}
WHO: Mapping[str, Sentence] = {"patient": Sentence("patient"), "clinician": Sentence("clinician"), "observer": Sentence("observer")}
_UNSCORED: Mapping[str, Sentence] = {
    "patient": Sentence("patient not scored"),
    "clinician": Sentence("clinician not scored"),
    "observer": Sentence("observer not scored"),
}
_ONE_LINE: Mapping[str, Sentence] = {
    "patient": Sentence("the patient’s line"),
    "clinician": Sentence("the clinician’s line"),
    "observer": Sentence("the observer’s line"),
}
# By whom a patient's form was answered on a device of theirs, where that changes how it is to be taken.
ANSWERED_BY: Mapping[Answering, Sentence] = {
    "helped": Sentence("answered with somebody’s help"),
    "proxy": Sentence("answered by somebody for the patient"),
}
STANDINGS: Mapping[str, Sentence] = {
    "amended": Sentence("amended"),
    "corrected": Sentence("corrected"),
    "preliminary": Sentence("preliminary"),
}
NOT_SCORED, _NOT_RATED, _NONE = Sentence("not scored"), Sentence("not rated"), Sentence("none")


class VisitRatings(Struct, frozen=True, kw_only=True):
    """One row of the table: when the visit began, who rated it, and the patient's form where it was not answered."""

    when: Moment
    ratings: Mapping[Informant, Rating]
    unanswered: NotAnswered | None


class Drawing(Struct, frozen=True, kw_only=True):
    """How large a lane is drawn and how much it says."""

    height: int
    tall: bool


TOTAL = Drawing(height=124, tall=True)
ELEMENT = Drawing(height=52, tall=False)


def person(who: Person) -> str:
    """A rated person's name; where the record gives none, words that say so, with the reference that tells two of them apart."""
    return who.name or Sentence("{who} ({reference})", who=who.called, reference=who.reference)


def total_scale(instrument: Instrument) -> Scale:
    """The scale called `total`, else the first."""
    return next((scale for scale in instrument.scales if scale.key == "total"), instrument.scales[0])


def element_scales(instrument: Instrument) -> tuple[Scale, ...]:
    """Every scale but the total: goal, task, bond."""
    total = total_scale(instrument)
    return tuple(scale for scale in instrument.scales if scale is not total)


def not_validated(instrument: Instrument) -> str:
    """`Rapport check-in, not validated`; the bare title of a validated instrument."""
    return instrument.title if instrument.validated else Sentence("{instrument}, not validated", instrument=instrument.title)


def total_lane(dyad: Dyad, frame: LaneFrame, *, named: bool = True, band: BaselineBand | None = None) -> Lane:
    """The dyad's total: both lines by name, the band around the patient's first ratings, latest values and, for one and the same visit,
    their difference; with the instrument's name where no heading says it (`named`)."""
    scale = total_scale(dyad.instrument)
    name = (not_validated(dyad.instrument),) if named else ()
    about = (_made_of(scale), *_cutoffs(dyad.instrument, scale), *name)
    return _lane(dyad, scale, frame, drawing=TOTAL, about=about, band=band)


def cutoffs_table(instrument: Instrument) -> Table | None:
    """The cut-offs that were published, each with its population and source; those nobody has checked are left out."""
    rows = tuple(
        (instrument.scale(cut.scale).title, _threshold(cut), cut.meaning, full_sentence(cut.population), cut.citation)
        for cut in instrument.cutoffs
        if cut.certainty == "verified"
    )
    head = (Sentence("Score"), Sentence("Published cut-off"), Sentence("Said to mean"), Sentence("In whom"), Sentence("Source"))
    return Table(summary=Sentence("Published cut-offs ({n})", n=len(rows)), style="plain", head=head, rows=rows) if rows else None


def _cutoffs(instrument: Instrument, scale: Scale) -> tuple[str, ...]:
    """A line for each published cut-off of that score; the table says in whom, and where that stands."""
    mine = [cut for cut in instrument.cutoffs if cut.scale == scale.key and cut.certainty == "verified"]
    return (Sentence("published cut-offs:"), *(joined(", ", [_threshold(cut), cut.meaning]) for cut in mine)) if mine else ()


def _threshold(cut: Cutoff) -> Sentence:
    if cut.side == "at least":
        return Sentence("at least {value}", value=cut.value)
    return Sentence("at most {value}", value=cut.value) if cut.side == "at most" else Sentence("below {value}", value=cut.value)


def _made_of(scale: Scale) -> str:
    """`mean of 9 items, 1–5`."""
    ends, items = _range(scale), len(scale.items)
    if scale.method == "sum":
        return counted("sum of {n} item, {range}", "sum of {n} items, {range}", items, range=ends)
    return counted("mean of {n} item, {range}", "mean of {n} items, {range}", items, range=ends) if items else ends


def _range(scale: Scale) -> str:
    """`1–5`; `−48 to +48` on a scale with both signs."""
    if scale.low >= 0:
        return f"{scale.low}–{scale.high}"
    low, high = f"−{-scale.low}", f"{scale.high:+}"
    return Sentence("{low} to {high}", low=low, high=high)


def element_lane(dyad: Dyad, scale: Scale, frame: LaneFrame) -> Lane:
    """One element (goal, task or bond), both lines again, smaller."""
    return _lane(dyad, scale, frame, drawing=ELEMENT, about=(scale.about,) if scale.about else ())


def ratings_table(dyad: Dyad, *, opens: Callable[[str], str] | None = None, unanswered: Sequence[NotAnswered] = ()) -> Table:
    """One row per visit, newest first: every score of each informant as stored, then what was out of the ordinary. `opens` is where a
    rating is shown as it was answered, by its source: that of each row's first in the order they are spoken of, which leads on to the
    others. The patient's forms that were `unanswered` stand there in a word; a visit with nothing else has a row for it."""
    visits = _rows(dyad.ratings, unanswered)
    informants = _informants(dyad)
    total = total_scale(dyad.instrument)
    scales = (total, *element_scales(dyad.instrument))
    shown = len(dyad.ratings)
    return Table(
        summary=_summary(shown, of=dyad.total),
        style="scores",
        head=(Sentence("Visit"), *_score_heads(informants, scales), Sentence("Remarks")),
        rows=tuple(_visit_row(visit, informants, scales, dyad) for visit in visits),
        opens=tuple(_leads(visit, opens) for visit in visits) if opens else (),
    )


def _leads(visit: VisitRatings, opens: Callable[[str], str]) -> str:
    """Where a row's date leads; "" where nobody rated."""
    first = next((visit.ratings[who].source for who in _SPOKEN if who in visit.ratings), None)
    return opens(first) if first else ""


def _summary(shown: int, *, of: int) -> Sentence:
    if shown == of:
        return counted("Table of {n} rating", "Table of {n} ratings", shown)
    return counted("Table of the {n} rating in this range, of {all}", "Table of the {n} ratings in this range, of {all}", shown, all=of)


def score_in_words(score: Score | None) -> str:
    """A score as a reading has it: as stored, or why there is none."""
    return _text(score)


def latest_in_words(dyad: Dyad) -> Sentence:
    """`patient 3.83, clinician 3.67`."""
    key = total_scale(dyad.instrument).key
    scores = {informant: _text(dyad.latest[informant].scores.get(key)) for informant in _SPOKEN if informant in dyad.latest}
    return joined(", ", [Sentence("{who} {score}", who=WHO[informant], score=score) for informant, score in scores.items()])


def latest_moment(dyad: Dyad) -> Moment | None:
    """When the dyad was last rated by anybody."""
    moments = [rating.when for rating in (*dyad.latest.values(), *dyad.unordered.values())]
    return formats.latest_possible(moments) if moments else None


def _informants(dyad: Dyad) -> tuple[Informant, ...]:
    """Whose ratings belong to the dyad: everybody's whose form there is, an observer's only where somebody observed."""
    observed = "observer" in dyad.latest or any(rating.informant == "observer" for rating in dyad.ratings)
    return tuple(one for one in _SPOKEN if one in dyad.instrument.forms and (one != "observer" or observed))


class _Beneath(Struct, frozen=True, kw_only=True):
    """What stands beneath a plot: the patient's own answers that something was difficult, and what cannot be drawn."""

    difficult: Rail | None
    not_drawn: NumberedRail | None

    def room(self, language: Language) -> int:
        """How much of a plot's room it takes."""
        return (self.difficult.height if self.difficult else 0) + (self.not_drawn.room(language) if self.not_drawn else 0)

    def under(self, drawn: plot.Plot) -> plot.Plot:
        """The plot with both."""
        if self.difficult:
            drawn = with_rail(drawn, self.difficult)
        return with_numbers(drawn, self.not_drawn) if self.not_drawn else drawn


def _lane(
    dyad: Dyad,
    scale: Scale,
    frame: LaneFrame,
    *,
    drawing: Drawing,
    about: tuple[str, ...],
    band: BaselineBand | None = None,
) -> Lane:
    difficult = _said_difficult(dyad) if drawing.tall else []
    under = _triangles(difficult) if difficult else None
    beneath = _beneath(dyad, scale, frame, difficult)
    drawn = _plot(dyad, scale, frame, drawing=drawing, beneath=beneath, band=band) if dyad.ratings else None
    in_plot, listed = _said_of_band(band, drawn) if band and drawn else ((), ())
    spoken = [_alt(dyad, scale), *in_plot, under, beneath.not_drawn.told() if beneath.not_drawn else None]
    return Lane(
        title=scale.title,
        unit="",
        about=about,
        readings=score_cells(dyad, scale, frame, drawing=drawing),
        alt=joined(" ", [one for one in spoken if one]),
        below=(*in_plot, *listed, *(_broken(dyad) if drawing.tall else ())),
        plot=drawn,
        words=None if dyad.ratings else _words_for_none(dyad),
        under=under,
        listed=listed,
        not_drawn=beneath.not_drawn.words if beneath.not_drawn else (),
        beside=beneath.not_drawn is not None and beneath.not_drawn.beside is not None,
    )


def _said_of_band(band: BaselineBand, drawn: plot.Plot) -> tuple[tuple[Sentence, ...], tuple[Sentence, ...]]:
    """What is said of the band: what the plot has room for, which narrow pages have no room for there, and what stands below on any."""
    words, within = full_sentence(band.words), (band.within,) if band.within else ()
    return ((words,), within) if any(label.text == band.words for label in drawn.labels) else ((), (words, *within))


def _beneath(dyad: Dyad, scale: Scale, frame: LaneFrame, difficult: Sequence[Rating]) -> _Beneath:
    days = [one.when.day for one in difficult]
    answers = rail(days, _own_answer(difficult), time=frame.time, language=frame.language) if days else None
    return _Beneath(difficult=answers, not_drawn=_not_drawn(dyad, scale, frame))


def _not_drawn(dyad: Dyad, scale: Scale, frame: LaneFrame) -> NumberedRail | None:
    """The ratings without a score."""
    unscored = [
        Unusable(rating.when, joined(", ", [_UNSCORED[rating.informant], _counted(score)]))
        for rating in dyad.ratings
        if (score := rating.scores.get(scale.key)) is not None and score.value is None
    ]
    return numbered_rail(unscored, time=frame.time, language=frame.language, more=_in_table) if unscored else None


def _in_table(more: int) -> Sentence:
    return counted("{n} more in the table of ratings.", "{n} more in the table of ratings.", more)


def _said_difficult(dyad: Dyad) -> list[Rating]:
    """The ratings drawn in which the patient answered that something was difficult, oldest first."""
    return [one for one in dyad.ratings if one.informant == "patient" and one.extra.get(DIRECT_QUESTION) in SAYS_YES]


def _triangles(difficult: Sequence[Rating]) -> Sentence:
    """What the marks beneath the plot are."""
    days = listed([formats.short_moment(one.when) for one in difficult])
    return Sentence("Triangle beneath the plot: something was difficult, by the patient’s own answer ({days}).", days=days)


def _own_answer(difficult: Sequence[Rating]) -> Sentence:
    if all(one.extra.get(DIRECT_QUESTION) == "a-little" for one in difficult):
        return Sentence("something was a little difficult: the patient’s own answer")
    return Sentence("something was difficult: the patient’s own answer")


def _words_for_none(dyad: Dyad) -> Words:
    when = latest_moment(dyad)
    if when is None and not dyad.whole:
        others = counted("{n} rating read; there may be others.", "{n} ratings read; there may be others.", dyad.total)
        return Words(lead=NONE_IN_RANGE, lines=(others,))
    if when is None:
        return Words(lead=Sentence("None found"), lines=(Sentence("All dates, by patient and by clinician."),))
    older = counted(
        "{n} older rating, the last {day}: {scores}.",
        "{n} older ratings, the last {day}: {scores}.",
        dyad.total,
        day=formats.on(when),
        scores=latest_in_words(dyad),
    )
    return Words(lead=NONE_IN_RANGE, lines=(older,))


def _plot(dyad: Dyad, scale: Scale, frame: LaneFrame, *, drawing: Drawing, beneath: _Beneath, band: BaselineBand | None) -> plot.Plot:
    # Of a tall plot's own room, so that what is below stands where it stands without.
    taken = min(beneath.room(frame.language), drawing.height // 4) if drawing.tall else 0
    values = plot.ValueScale(low=scale.low, high=scale.high, height=drawing.height - taken)
    places = _ticks(scale, fine=drawing.tall)
    drawn = plot.draw(
        [series for informant in _INFORMANTS for series in _series(dyad, scale, informant, tall=drawing.tall)],
        time=frame.time,
        values=values,
        breaks=_breaks(dyad, tall=drawing.tall),
        band=band.band if band else None,
        aside=band.words if band else "",
        left=values.ticks(places, (str(place).replace("-", "−") for place in places)),
        small=not drawing.tall,
        language=frame.language,
    )
    return beneath.under(drawn)


def _ticks(scale: Scale, *, fine: bool) -> tuple[int, ...]:
    """Whole numbers over the full range: at most five in a tall lane, the ends and the middle in a low one."""
    span = scale.high - scale.low
    parts = next((parts for parts in ((4, 5, 3, 2) if fine else (2,)) if span % parts == 0), 1)
    return tuple(scale.low + span * index // parts for index in range(parts + 1))


def _series(dyad: Dyad, scale: Scale, informant: Informant, *, tall: bool) -> list[plot.PlotSeries]:
    mine = [rating for rating in dyad.ratings if rating.informant == informant and scale.key in rating.scores]
    breaks = [rating.when.day for rating in mine if rating.scores[scale.key].value is None]
    # Two observers are two people, as two versions are two forms: no line joins them.
    mine.sort(key=lambda rating: rating.observer or "")
    versions = [list(group) for _, group in groupby(mine, key=lambda rating: (rating.version, rating.observer))]
    versions = [part for group in versions for part in _in_one_language(group, dyad.language_breaks | dyad.word_breaks)]
    return [
        plot.PlotSeries(
            style=informant,
            points=_points(group, scale, informant, speak=tall and informant == "patient" and index == len(versions) - 1),
            gap_days=LONGEST_LINE_DAYS,
            breaks=breaks,
            name=NAMES[informant] if tall and index == len(versions) - 1 else "",
        )
        for index, group in enumerate(versions)
    ]


def _in_one_language(ratings: list[Rating], breaks: frozenset[str]) -> list[list[Rating]]:
    """Between two forms in different languages, or with different words for the answers, there is no line either."""
    cuts = [index for index, rating in enumerate(ratings) if index and rating.source in breaks] if breaks else []
    return [ratings[first:end] for first, end in pairwise([0, *cuts, len(ratings)])]


def _breaks(dyad: Dyad, *, tall: bool) -> list[plot.Break]:
    """Where somebody's form goes on in another version or language, with words in a tall lane."""
    breaks = dyad.breaks
    found: dict[tuple[date, str, str | None], list[Rating]] = {}
    for rating in dyad.ratings if breaks else ():
        if rating.source in breaks:
            found.setdefault((rating.when.day, rating.version, rating.language), []).append(rating)
    return [plot.Break(day=day, words=_from_here(dyad, ratings) if tall else "") for (day, *_), ratings in found.items()]


def _from_here(dyad: Dyad, ratings: Sequence[Rating]) -> Sentence:
    """`Form in German from here`, `Version 0.2.0 of the form from here`, of one person's where the other's is not."""
    first, *others = ratings
    who = None if others else NAMES[first.informant]
    if first.source not in dyad.version_breaks | dyad.language_breaks:
        return _OTHER_WORDS_FROM_HERE if who is None else Sentence("{who}: other words for the answers from here", who=who)
    if first.source not in dyad.version_breaks:
        return _language_from_here(first, who)
    return _version_from_here(first, who, told=first.language if first.source in dyad.language_breaks else None)


def _version_from_here(rating: Rating, who: Sentence | None, *, told: str | None) -> Sentence:
    """`told` is the language, where that is another one too."""
    if told is not None:
        named: dict[str, Value] = {"version": rating.version, "language": LanguageName(told)}
        if who is None:
            return Sentence("Version {version}, in {language}, from here", **named)
        return Sentence("{who}: version {version}, in {language}, from here", who=who, **named)
    if who is None:
        return Sentence("Version {version} of the form from here", version=rating.version)
    return Sentence("{who}: version {version} of the form from here", who=who, version=rating.version)


def _language_from_here(rating: Rating, who: Sentence | None) -> Sentence:
    if who is None:
        if rating.language is None:
            return Sentence("Language of the form not known from here")
        return Sentence("Form in {language} from here", language=LanguageName(rating.language))
    if rating.language is None:
        return Sentence("{who}: language of the form not known from here", who=who)
    return Sentence("{who}: form in {language} from here", who=who, language=LanguageName(rating.language))


def first_of_form(dyad: Dyad, rating: Rating) -> FirstOf | None:
    """Whether it is the first by a form of its version, in its language or with its words, and others by another one were before it."""
    if rating.informant in {*dyad.previous, *dyad.unordered}:
        return None
    if rating.source in dyad.version_breaks:
        return "version"
    if rating.source in dyad.language_breaks:
        return "language"
    return "words" if rating.source in dyad.word_breaks else None


def _points(ratings: Sequence[Rating], scale: Scale, informant: Informant, *, speak: bool) -> list[plot.Point]:
    scored = [(rating, score) for rating in ratings if (score := rating.scores[scale.key]).value is not None]
    said = _spoken([float(score.value or 0) for _, score in scored]) if speak else {}
    return [
        plot.Point(
            day=rating.when.day,
            value=float(score.value or 0),
            mark=_MARKS[informant],
            # A year or a month is drawn at its start, and a line to there would tell an order that nobody knows.
            joined=formats.is_whole_day(rating.when),
            label=_text(score),
            weight=said.get(index, 0),
        )
        for index, (rating, score) in enumerate(scored)
    ]


def _spoken(values: Sequence[float]) -> dict[int, int]:
    """First, lowest and latest get their number beside them."""
    if not values:
        return {}
    lowest = min(range(len(values)), key=lambda index: values[index])
    return {0: 2, lowest: 2, len(values) - 1: 3}


def _counted(score: Score) -> str:
    """Why a rating has no score: how many answers there were, where the rule wanted more, else what the record says."""
    if score.answered or not score.reason:
        return Sentence("{answered} of {of} answered", answered=score.answered, of=score.of)
    return score.reason


def _text(score: Score | None) -> str:
    """A score as stored, but for places that no scale has, `8.00 (8 of 9)` where prorated, words where there is none."""
    if score is None:
        return Sentence("not recorded")
    if score.text is None:
        return Sentence("not scored, {why}", why=_counted(score))
    text = formats.few_places(score.text, 0)
    if not score.prorated:
        return text
    return Sentence("{score} ({answered} of {of} answered)", score=text, answered=score.answered, of=score.of)


def score_cells(dyad: Dyad, scale: Scale, frame: LaneFrame, *, drawing: Drawing) -> tuple[Reading, ...]:
    """Each informant's two cells; in a tall lane how far apart patient and clinician are."""
    tall = drawing.tall
    if frame.then is None:
        known = tuple(_reading(dyad, scale, informant, tall=tall) for informant in _SPOKEN if informant in dyad.latest)
        return (*known, *_difference(dyad.latest, scale)) if tall else known
    given = {one.informant for one in (*dyad.before_range, *dyad.ratings)}
    stood = {informant: rated_then(dyad, informant, frame.then) for informant in _SPOKEN if informant in given}
    cells = tuple((_reading_then if tall else _low_then)(dyad, scale, informant, stood[informant], frame.then) for informant in stood)
    then: dict[str, Rating] = {informant: one.value for informant, one in stood.items() if one.value is not None}
    return (*cells, *_difference(then, scale)) if tall else cells


def _reading(dyad: Dyad, scale: Scale, informant: Informant, *, tall: bool) -> Reading:
    latest = dyad.latest[informant]
    if not tall:
        before = dyad.previous.get(informant)
        was = Sentence("was {score}", score=_text(before.scores.get(scale.key))) if before else ""
        return Reading(mark=informant, name="", value=_text(latest.scores.get(scale.key)), unit=was, notes=())
    notes = (*_before(dyad, scale, informant), *(_of_visit_before(dyad, latest) if informant == "clinician" else ()))
    return Reading(mark=informant, name=NAMES[informant], value=_text(latest.scores.get(scale.key)), unit="", notes=notes)


def _before(dyad: Dyad, scale: Scale, informant: Informant) -> tuple[Sentence, ...]:
    """What was before the latest rating, as far as that is known."""
    latest, previous, beside = dyad.latest[informant], dyad.previous.get(informant), dyad.unordered.get(informant)
    if beside is not None:
        score, why = _text(beside.scores.get(scale.key)), formats.unknown_order(latest.when, beside.when)
        other = Sentence("{score} {day}; {why}", score=score, day=formats.some_time(beside.when), why=why)
        return (formats.some_time(latest.when), other)
    if previous is None:
        return (_first_rating(dyad, latest) if dyad.whole else formats.short_moment(latest.when),)
    return (Sentence("was {score} {day}", score=_text(previous.scores.get(scale.key)), day=formats.on(previous.when)),)


def _reading_then(dyad: Dyad, scale: Scale, informant: Informant, stood: StoodThen[Rating], then: date) -> Reading:
    """The score of a day and the latest, each with its own date."""
    latest = dyad.latest.get(informant)
    told = told_then(stood, lambda one: _text(one.scores.get(scale.key)), latest=latest, in_order=informant not in dyad.unordered)
    if stood.value is None:
        return Reading(mark=informant, name=NAMES[informant], value="", unit=none_then(stood, then), notes=told)
    late = _of_visit_before(dyad, stood.value) if informant == "clinician" else ()
    changed = (_OTHER_FORM,) if latest is not None and _form_changed(dyad, stood.value, latest) else ()
    score = _text(stood.value.scores.get(scale.key))
    return Reading(mark=informant, name=NAMES[informant], value=score, unit="", notes=(*told, *changed, *late))


def _low_then(dyad: Dyad, scale: Scale, informant: Informant, stood: StoodThen[Rating], then: date) -> Reading:
    """The same in one line, as a low lane has no room for more; days are those of the total above."""
    latest = dyad.latest.get(informant)
    last = Sentence("latest not known") if latest is None else Sentence("latest {value}", value=_text(latest.scores.get(scale.key)))
    if stood.value is None:
        return Reading(mark=informant, name="", value="", unit=joined(", ", [none_then(stood, then), last]), notes=())
    own = [] if stood.value.when.day == then else [formats.on(stood.value.when)]
    unit = joined(", ", [*own, Sentence("the latest") if stood.latest else last])
    return Reading(mark=informant, name="", value=_text(stood.value.scores.get(scale.key)), unit=unit, notes=())


_OTHER_FORM = Sentence("the form has changed in between")


def _form_changed(dyad: Dyad, then: Rating, latest: Rating) -> bool:
    """Whether one of the ratings after the first, up to the second, is by another form than the one before it."""
    own = [one.source for one in (*dyad.before_range, *dyad.ratings) if one.informant == then.informant] if dyad.breaks else []
    if then.source not in own or latest.source not in own:
        return False
    return not dyad.breaks.isdisjoint(own[own.index(then.source) + 1 : own.index(latest.source) + 1])


def _first_rating(dyad: Dyad, rating: Rating) -> Sentence:
    first = first_of_form(dyad, rating)
    if first is None:
        return Sentence("first rating, {day}", day=rating.when)
    if first == "version":
        return Sentence("first with version {version} of the form, {day}", version=rating.version, day=rating.when)
    if first == "words":
        return Sentence("first with these words for the answers, {day}", day=rating.when)
    if rating.language is None:
        return Sentence("language of the form not known, {day}", day=rating.when)
    return Sentence("first with the form in {language}, {day}", language=LanguageName(rating.language), day=rating.when)


def _of_visit_before(dyad: Dyad, latest: Rating) -> tuple[Sentence, ...]:
    """That the clinician's latest rating is of a visit the patient rated days before, as others may have been since."""
    theirs = [one for one in dyad.ratings if one.informant == "patient" and one.visit == latest.visit]
    late = _days_after_patient({"patient": theirs[0], "clinician": latest}) if theirs else 0
    return (counted("rated {n} day after the patient", "rated {n} days after the patient", late),) if late else ()


def _difference(ratings: Mapping[str, Rating], scale: Scale) -> tuple[Reading, ...]:
    """How far apart the two are, stated only for one and the same visit, rated by one version of the form."""
    patient, clinician = ratings.get("patient"), ratings.get("clinician")
    if patient is None or clinician is None or (patient.visit, patient.version) != (clinician.visit, clinician.version):
        return ()
    first, second = patient.scores.get(scale.key), clinician.scores.get(scale.key)
    if first is None or second is None or first.value is None or second.value is None:
        return ()
    apart = formats.few_places(f"{abs(first.value - second.value):f}", 0)
    return (Reading(mark="", name=Sentence("Difference {points}", points=apart), value="", unit="", notes=(Sentence("same visit"),)),)


def _alt(dyad: Dyad, scale: Scale) -> Sentence:
    if not dyad.ratings:
        return Sentence("{series}: nothing to draw in this range.", series=scale.title)
    first, last = dyad.ratings[0].when, dyad.ratings[-1].when
    known = len(dyad.ratings) == 1 or first == last or is_known_earlier(first, last)
    number = len(dyad.ratings)
    span = (
        counted("{n} rating from {first} to {last}", "{n} ratings from {first} to {last}", number, first=first, last=last)
        if known
        else counted("{n} rating", "{n} ratings", number)
    )
    drawn = Sentence(
        "{scale} on a scale of {low} to {high}, {lines}, {ratings}. All values are in the table of ratings.",
        scale=scale.title,
        low=scale.low,
        high=scale.high,
        lines=_lines(dyad),
        ratings=span,
    )
    broken = _broken(dyad)
    return joined(" ", [drawn, *broken]) if broken else drawn


def _broken(dyad: Dyad) -> tuple[Sentence, ...]:
    """What the breaks that are drawn mean."""
    drawn = {rating.source for rating in dyad.ratings} & dyad.breaks
    version = (_OTHER_VERSION,) if drawn & dyad.version_breaks else ()
    language = (_OTHER_LANGUAGE,) if drawn & dyad.language_breaks else ()
    return (*version, *language, *((_OTHER_WORDS,) if drawn & dyad.word_breaks else ()))


_OTHER_WORDS_FROM_HERE = Sentence("Other words for the answers from here")
_OTHER_WORDS = Sentence("Where the answers go on in other words, no line joins them to the ratings before.")
_OTHER_VERSION = Sentence("Where the form goes on in another version, no line joins it to the ratings before.")
_OTHER_LANGUAGE = Sentence("Where the form goes on in another language, no line joins it to the ratings before.")


def _lines(dyad: Dyad) -> Sentence:
    """Whose lines are drawn."""
    forms = _informants(dyad)
    if len(forms) == 1:
        return _ONE_LINE[forms[0]]
    if not forms:
        return Sentence("no line")
    informants = listed([WHO[one] for one in forms])
    if len(forms) == _PAIR:
        return Sentence("{informants} as two lines", informants=informants)
    return Sentence("{informants} as three lines", informants=informants)


def _visits(ratings: Sequence[Rating]) -> list[dict[Informant, Rating]]:
    """Ratings paired by visit, newest visit first; a second rating of a visit by the same informant gets a row of its own. A visit is as
    old as its first rating: one that was rated long after it is not newer for that."""
    rows: list[dict[Informant, Rating]] = []
    open_rows: dict[str, dict[Informant, Rating]] = {}
    for rating in reversed(ratings):
        row = open_rows.get(rating.visit)
        if row is None or rating.informant in row:
            row = {}
            rows.append(row)
            open_rows[rating.visit] = row
        row[rating.informant] = rating
    return sorted(rows, key=lambda row: position(_first(row).when), reverse=True)


def _rows(ratings: Sequence[Rating], unanswered: Sequence[NotAnswered]) -> list[VisitRatings]:
    """The visits, with the patient's forms that were not answered there, newest first."""
    left = {one.visit: one for one in unanswered if one.informant == "patient"}
    rows = []
    for visit in _visits(ratings):
        rated = _first(visit)
        rows.append(VisitRatings(when=rated.when, ratings=visit, unanswered=None if "patient" in visit else left.pop(rated.visit, None)))
    rows += [VisitRatings(when=one.when, ratings={}, unanswered=one) for one in left.values()]
    return sorted(rows, key=lambda row: position(row.when), reverse=True)


def _first(visit: Mapping[Informant, Rating]) -> Rating:
    return min(visit.values(), key=lambda one: position(one.when))


def _days_after_patient(visit: Mapping[Informant, Rating]) -> int:
    """How many days after the patient the clinician rated the visit; 0 where it was the same day, or is not known."""
    patient, clinician = visit.get("patient"), visit.get("clinician")
    if patient is None or clinician is None or not (formats.is_whole_day(patient.when) and formats.is_whole_day(clinician.when)):
        return 0
    return max(0, (clinician.when.day - patient.when.day).days)


def _score_heads(informants: Sequence[Informant], scales: Sequence[Scale]) -> list[str]:
    return [
        Sentence("{who} {scale}", who=NAMES[informant], scale=scale.title_within) if index == 0 else scale.title_within
        for informant in informants
        for index, scale in enumerate(scales)
    ]


def _visit_row(visit: VisitRatings, informants: Sequence[Informant], scales: Sequence[Scale], dyad: Dyad) -> tuple[str, ...]:
    rated, unanswered = visit.ratings, visit.unanswered
    none = {"patient": IN_A_CELL[unanswered.reason]} if unanswered else {}
    cells = [cell for informant in informants for cell in _score_cells(rated.get(informant), scales, none.get(informant, _NOT_RATED))]
    late = _days_after_patient(rated)
    after = [_rated_after(late)] if late else []
    other_form = [_from_here(dyad, [rating]) for rating in rated.values() if rating.source in dyad.breaks]
    remarks = [*after, *other_form, *(remark for rating in rated.values() for remark in _remarks(rating, dyad.form_of(rating)))]
    remarks += [why(unanswered)] if unanswered else []
    said = remarks[0] if len(remarks) == 1 else joined("; ", remarks) if remarks else ""
    return (formats.short_moment(visit.when), *cells, said)


def _rated_after(days: int) -> Sentence:
    return counted("clinician rated {n} day after the patient", "clinician rated {n} days after the patient", days)


def _score_cells(rating: Rating | None, scales: Sequence[Scale], none: Sentence) -> list[str]:
    if rating is None:
        return [none, *([""] * (len(scales) - 1))]
    return [_cell(rating.scores.get(scale.key)) for scale in scales]


def _cell(score: Score | None) -> str:
    if score is None:
        return ""
    if score.text is None:
        if score.answered:
            return Sentence("{answered} of {of}", answered=score.answered, of=score.of)
        return Sentence("none: {why}", why=score.reason) if score.reason else _NONE
    if not score.prorated:
        return score.text
    return Sentence("{score} ({answered} of {of})", score=score.text, answered=score.answered, of=score.of)


@lru_cache(maxsize=1024)  # of forms alone: the same few answers stand in row after row
def _answer(informant: Informant, question: str, answer: str) -> Sentence:
    return Sentence("{who}, {question}: {answer}", who=WHO[informant], question=question, answer=answer)


def _remarks(rating: Rating, instrument: Instrument) -> list[Sentence]:
    """Who answered in the patient's place or with them, amended, declined items, and the answer to the direct question."""
    who = WHO[rating.informant]
    standing = [] if rating.standing in {"completed", "final"} else [STANDINGS.get(rating.standing, rating.standing)]
    declined = len(rating.declined)
    asked = [
        _answer(rating.informant, question.link_id, option.label or option.code)
        for question in instrument.questions
        for option in question.options
        if rating.extra.get(question.link_id) == option.code
    ]
    empty = [
        counted(
            "{who}: {n} item “{answer}”",
            "{who}: {n} items “{answer}”",
            count,
            who=who,
            answer=option.label or formats.option_number(option, signed=False),
        )
        for option in instrument.options
        if option.value is None and (count := sum(rating.extra.get(item.link_id) == option.code for item in instrument.items))
    ]
    return [
        *([ANSWERED_BY[rating.answering]] if rating.answering and rating.answering in ANSWERED_BY else []),
        *(Sentence("{who}: {standing}", who=who, standing=one) for one in standing),
        *([counted("{who} declined {n} item", "{who} declined {n} items", declined, who=who)] if declined else []),
        *empty,
        *asked,
    ]
