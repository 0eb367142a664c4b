"""The sentences of "What changed": the last step, the longest move with its turning point, HbA1c. Facts of the record, each with what the
rules say of it in a line of its own; nothing is explained."""

from collections.abc import Iterator

from msgspec import Struct

from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.people.person import Person
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.latest_change import Change
from fhir_mappings.reliable_change.longest_move import MoveSince, MoveTurned
from fhir_mappings.sentence import Sentence, Value, capitalised, counted, joined
from smart_app.care.dashboard.history import Dyad, History, Panel
from smart_app.web import formats
from smart_app.web.languages.offered_languages import LanguageName
from smart_app.web.languages.unbroken import Unbroken
from smart_app.web.views.banner import name_in_passing
from smart_app.web.views.dashboard.change_verdicts import EXTREMES, NOT_THE_NEWEST, Judged, judged, of_move, of_step
from smart_app.web.views.dashboard.course_sentences import UnscoredNewest, among_results, course, move_in_range, unscored_newest
from smart_app.web.views.dashboard.lanes import remark_words
from smart_app.web.views.dashboard.lanes.alliance_lanes import NOT_SCORED, WHO, FirstOf, first_of_form, person
from smart_app.web.views.dashboard.lanes.measure_lanes import as_reported, both_units, both_units_in_full, said

_MOST_SENTENCES = 3


class ChangeLine(Struct, frozen=True, kw_only=True):
    """One sentence, in which dates and values with their units stay on one line, the verdict on it, what else is known `beside` it, which a
    low window leaves out, and the address of why ("" without)."""

    text: Sentence
    verdict: Sentence | None = None
    beside: Sentence | None = None
    why: str = ""


class Summary(Struct, frozen=True, kw_only=True):
    """`lines` at most three, and one more where the newest form has no total; `rows` says which values they compare and where these are
    stored."""

    lines: tuple[ChangeLine, ...]
    rows: tuple[tuple[str, ...], ...]


class _Told(Struct, frozen=True, kw_only=True):
    """A line with the rows of evidence behind it."""

    line: ChangeLine
    rows: tuple[tuple[str, ...], ...]


def summary(history: History, *, why: str = "") -> Summary:
    """What changed in words; without any change, what was looked for and whether the search finished. `why` is the address of the page of
    reasons, "" without one."""
    newest = unscored_newest(history)
    told = list(_all_told(history, newest, why))[:_MOST_SENTENCES]
    if newest is not None:
        told.insert(0, _of_newest(newest, history, why))
    if not told:
        return Summary(lines=(ChangeLine(text=_nothing(history)),), rows=())
    return Summary(lines=tuple(one.line for one in told), rows=tuple(row for one in told for row in one.rows))


def dated_steps(history: History) -> tuple[Sentence, ...]:
    """Each change in a sentence that holds on any day: nothing of elements or longer moves, and nothing judged."""
    return tuple(_sentence(change, history) for change in history.changes if change.kind != "element")


def _all_told(history: History, newest: UnscoredNewest | None, why: str) -> Iterator[_Told]:
    changes = list(history.changes) if newest is None else [*newest.before, *(one for one in history.changes if one.kind == "measure")]
    for place, change in enumerate(changes):
        after = changes[place + 1] if place + 1 < len(changes) else None
        element = after if after is not None and after.kind == "element" and after.later is change.later else None
        if change.kind == "alliance":
            yield _step(change, element, history, newest, why)
            if (move := _move(change, history, why)) is not None:
                yield move
        elif change.kind == "measure":
            line = ChangeLine(text=_sentence(change, history), beside=among_results(change.later, history))
            yield _Told(line=line, rows=(_row(change, history),))
        elif not place or changes[place - 1].later is not change.later:
            yield _Told(line=ChangeLine(text=_element(change)), rows=(_row(change, history),))


def _of_newest(newest: UnscoredNewest, history: History, why: str) -> _Told:
    """That the newest form has no total, and what of it moved all the same."""
    moved = [change for change in history.changes if change.kind == "element"]
    text = joined(" ", [newest.said, *map(_element, moved), newest.follows])
    rows = tuple(_row(change, history) for change in moved)
    return _Told(line=ChangeLine(text=text, why=judged(history, newest.rating, why).why), rows=rows)


def _step(change: Change, element: Change | None, history: History, newest: UnscoredNewest | None, why: str) -> _Told:
    """The last step: the patient's total with the element that moved most, and the clinician's own."""
    says = (
        judged(history, newest.rating if newest else change.later, why) if isinstance(change.later, Rating) else Judged(found=None, why="")
    )
    own = _own_step(change, history)
    text = _total(change, element, history, first=newest is None)
    verdict = (NOT_THE_NEWEST if says.found else None) if newest else of_step(says, change)
    shown = [change, *([element] if element else []), *([own] if own else [])]
    line = ChangeLine(text=text, verdict=verdict, beside=_own(own, change) if own else None, why=says.why)
    return _Told(line=line, rows=tuple(_row(one, history) for one in shown))


def _move(change: Change, history: History, why: str) -> _Told | None:
    """The longest move of the range, where it is another than the last step."""
    dyad = _dyad(change, history)
    if dyad is None or not isinstance(change.later, Rating) or change.informant != "patient":
        return None
    says = judged(history, change.later, why)
    move = move_in_range(dyad, change.later, says)
    if move is None or (
        isinstance(move, MoveSince) and isinstance(change.earlier, Rating) and move.turn[0].source == change.earlier.source
    ):
        return None
    ends = [move.turn, move.latest] if isinstance(move, MoveSince) else [move.start, move.turn]
    earlier, later = (next(one for one in dyad.ratings if one.source == point.source) for point, _ in ends)
    scale = dyad.form_of(change.later).scale("total")
    verdict = of_move(says, move, scale.key)
    # Said where one may take the ends for more than they are: without a verdict nothing is made of them.
    beside = EXTREMES if verdict and isinstance(move, MoveTurned) else None
    line = ChangeLine(text=course(move, scale), verdict=verdict, beside=beside, why=says.why)
    evidence = Change(kind="alliance", title=scale.title, informant="patient", earlier=earlier, later=later, scale="total")
    return _Told(line=line, rows=(_row(evidence, history),))


def _nothing(history: History) -> Sentence:
    ratings = sum(dyad.total for dyad in [*history.dyads, *history.companions])
    values = sum(panel.total for panel in history.panels)
    if not (ratings or values):
        return _none_at_all(history)
    found = {
        "ratings": counted("{n} rating", "{n} ratings", ratings),
        "results": counted("{n} diabetes result", "{n} diabetes results", values),
    }
    if all(read.whole or read.since for read in history.result_reads):
        return Sentence("Nothing to compare yet: {ratings} and {results} so far.", **found)
    return Sentence(
        "Nothing is compared: not everything could be read, so later or earlier ones may be missing. {ratings} and {results} were read.",
        **found,
    )


def _none_at_all(history: History) -> Sentence:
    """How far "none" can be said."""
    if any(read.state != "complete" for read in history.result_reads):
        return Sentence(
            "Nothing to compare yet. No alliance ratings and no diabetes results were found for this patient, "
            "but not everything could be read, so there may be some."
        )
    if any(read.untied for read in history.result_reads):
        return Sentence(
            "Nothing to compare yet. No alliance ratings and no diabetes results were found for this patient, "
            "but not all that was found could be tied to this patient, so there may be some."
        )
    return Sentence(
        "Nothing to compare yet. No alliance ratings and no diabetes results were found for this patient, and every search finished."
    )


def _sentence(change: Change, history: History) -> Sentence:
    return joined(" ", [_moved(change, history), *_remarked(change, history)])


def _total(change: Change, element: Change | None, history: History, *, first: bool) -> Sentence:
    """The patient's total before and now, in one sentence with the element that moved most. Not `first`: where there is none before it,
    one may be outside of what is drawn."""
    if change.earlier is None and not first:
        value, day = _value(change.later, change, history), _on(change.later)
        return Sentence("{series} was {value} {day}.", series=_series(change, history), value=value, day=day)
    if change.moved is None or change.earlier is None:
        return joined(" ", [_moved(change, history), *([_element(element)] if element else [])])
    before, now = _value(change.earlier, change, history), _value(change.later, change, history)
    places: dict[str, Value] = {"series": _series(change, history), "value": now}
    if str(before) == str(now):
        places |= {"before": Unbroken(_when(change.earlier)), "day": Unbroken(_when(change.later))}
    else:
        places |= {"before": before, "then": _on(change.earlier), "when": _today_or_on(change.later, history)}
    if element is None or element.earlier is None:
        if change.moved == "stayed" or str(before) == str(now):
            return _moved(change, history)
        return Sentence("{series} went from {before} {then} to {value} {when}.", **places)
    places |= {"element": _ELEMENTS.get(element.scale or "", element.title)}
    places |= {"was": _score_text(element.earlier, element), "now": _score_text(element.later, element)}
    if str(before) == str(now):
        return Sentence("{series} is unchanged at {value} ({before} and {day}); {element} moved most, {was} to {now}.", **places)
    return Sentence("{series} went from {before} {then} to {value} {when}; {element} moved most, {was} to {now}.", **places)


_ELEMENTS = {
    "goal": Sentence("the goals (goal)"),
    "task": Sentence("the steps (task)"),
    "bond": Sentence("working together (bond)"),
}


def _today_or_on(value: Measurement | Rating, history: History) -> Sentence:
    today = formats.is_whole_day(value.when) and value.when.day == history.read_at.date()
    return Sentence("today") if today else _on(value)


def _own_step(change: Change, history: History) -> Change | None:
    """The step of the clinician who reads, where both of their ratings have a total and their order is known."""
    dyad = _dyad(change, history) if change.informant == "patient" else None
    if dyad is None or not dyad.mine or not {"clinician"} <= {*dyad.latest} & {*dyad.previous}:
        return None
    earlier, later = dyad.previous["clinician"], dyad.latest["clinician"]
    own = Change(kind="alliance", title=change.title, informant="clinician", earlier=earlier, later=later, scale=change.scale)
    return own if own.moved else None


def _own(own: Change, change: Change) -> Sentence:
    """The same visits as the patient's need no days."""
    if own.earlier is None:
        return _NONE_BEFORE
    before, now = _score_text(own.earlier, own), _score_text(own.later, own)
    same = _visits(own) == _visits(change)
    if before == now and same:
        return Sentence("Yours is unchanged at {value}.", value=now)
    if before == now:
        then, day = Unbroken(_when(own.earlier)), Unbroken(_when(own.later))
        return Sentence("Yours is unchanged at {value} ({before} and {day}).", value=now, before=then, day=day)
    if same:
        return Sentence("Your own went from {before} to {value}.", before=before, value=now)
    return Sentence(
        "Your own went from {before} {then} to {value} {when}.",
        before=before,
        then=_on(own.earlier),
        value=now,
        when=_on(own.later),
    )


def _visits(change: Change) -> list[str]:
    return [side.visit for side in (change.earlier, change.later) if isinstance(side, Rating)]


def _moved(change: Change, history: History) -> Sentence:
    """What it was and is; only what is known to be in that order."""
    later, on = Unbroken(_value(change.later, change, history)), Unbroken(_when(change.later))
    if change.earlier is None:
        if (first := _first_by_form(change, history)) is not None:
            return _first_of_its_form(change, history, value=later, day=on, first=first)
        return Sentence("{series} is {value} ({day}).", series=_first_of(change, history), value=later, day=on)
    series, earlier, since = _series(change, history), Unbroken(_value(change.earlier, change, history)), Unbroken(_when(change.earlier))
    if not change.ordered:
        return _side_by_side(change, history)
    if change.moved is None:
        was, now = _on(change.earlier), _on(change.later)
        return Sentence("{series} was {before} {then} and is {value} {day}.", series=series, before=earlier, then=was, value=later, day=now)
    if change.moved == "stayed":
        return Sentence("{series} is unchanged at {value} ({before} and {day}).", series=series, value=later, before=since, day=on)
    if str(later.part) == str(earlier.part):
        return Sentence(
            "{series} is unchanged at {value} when rounded ({before} and {day}).", series=series, value=later, before=since, day=on
        )
    if change.moved == "rose":
        return Sentence(
            "{series} rose from {before} to {value} between {then} and {day}.",
            series=series,
            before=earlier,
            value=later,
            then=since,
            day=on,
        )
    return Sentence(
        "{series} fell from {before} to {value} between {then} and {day}.", series=series, before=earlier, value=later, then=since, day=on
    )


def _first_by_form(change: Change, history: History) -> FirstOf | None:
    """Whether there were ratings before, by a form of another version, in another language or with other words for its answers."""
    dyad = _dyad(change, history) if isinstance(change.later, Rating) else None
    return first_of_form(dyad, change.later) if dyad is not None and isinstance(change.later, Rating) else None


def _first_of_its_form(change: Change, history: History, *, value: Unbroken, day: Unbroken, first: FirstOf) -> Sentence:
    named: dict[str, Value] = {"series": _series(change, history), "value": value, "day": day}
    if first == "version":
        return Sentence(
            "{series} is {value} ({day}). It is the first with version {version} of the form, so it is compared with none before.",
            **named,
            version=_version(change),
        )
    if first == "words":
        return Sentence(
            "{series} is {value} ({day}). It is the first with these words for the answers, so it is compared with none before.", **named
        )
    if (language := _language(change)) is None:
        return Sentence("{series} is {value} ({day}). The language of the form is not known, so it is compared with none before.", **named)
    return Sentence(
        "{series} is {value} ({day}). It is the first with the form in {language}, so it is compared with none before.",
        **named,
        language=LanguageName(language),
    )


def _language(change: Change) -> str | None:
    return change.later.language if isinstance(change.later, Rating) else None


def _version(change: Change) -> str:
    return change.later.version if isinstance(change.later, Rating) else ""


def _side_by_side(change: Change, history: History) -> Sentence:
    """Two values of which nobody knows which was first, and how many besides are in no known order with the latest."""
    later, earlier = change.later, change.earlier or change.later
    panel = _panel_of(later, history) if isinstance(later, Measurement) else None
    more = len(panel.unordered) - 1 if panel is not None else 0
    one, other = (
        {"value": Unbroken(_value(side, change, history)), "day": Unbroken(formats.some_time(side.when))} for side in (later, earlier)
    )
    first, second = Sentence("{value} {day}", **one), Sentence("{value} {day}", **other)
    why = formats.unknown_order(later.when, earlier.when)
    series = _series(change, history)
    if more < 1:
        return Sentence("{series}: {value}; {other}; {why}.", series=series, value=first, other=second, why=why)
    return counted(
        "{series}: {value}; {other} and {n} value more; {why}.",
        "{series}: {value}; {other} and {n} values more; {why}.",
        more,
        series=series,
        value=first,
        other=second,
        why=why,
    )


def _remarked(change: Change, history: History) -> list[Sentence]:
    """That a value comes with a comment or the like, a sentence for each: `5.1 % comes with a comment by the laboratory`."""
    found = []
    for side in (change.earlier, change.later):
        panel = _panel_of(side, history) if isinstance(side, Measurement) else None
        if panel is not None and isinstance(side, Measurement) and (remarked := remark_words.in_sentence(panel.measure, side)):
            found.append(Sentence("{value} {remarked}.", value=Unbroken(said(panel.measure, side)), remarked=remarked))
    return found


def _series(change: Change, history: History) -> str:
    """What moved: a measure, or whose rating of whom."""
    if not isinstance(change.later, Rating):
        return change.title
    dyad, patient = _dyad(change, history), _patient(history)
    if change.informant != "patient":
        return _clinicians_rating(dyad)
    if dyad is not None and dyad.mine:
        if patient:
            return Sentence("{patient}’s rating of the alliance with you", patient=patient)
        return Sentence("The patient’s rating of the alliance with you")
    rated = _rated(dyad)
    if patient:
        return Sentence("{patient}’s rating of the alliance with {clinician}", patient=patient, clinician=rated)
    return Sentence("The patient’s rating of the alliance with {clinician}", clinician=rated)


def _first_of(change: Change, history: History) -> Sentence:
    """The same of a first value."""
    if not isinstance(change.later, Rating):
        return Sentence("The first {measure}", measure=change.title)
    dyad, patient = _dyad(change, history), _patient(history)
    if change.informant != "patient":
        return _clinicians_first(dyad)
    if dyad is not None and dyad.mine:
        if patient:
            return Sentence("{patient}’s first rating of the alliance with you", patient=patient)
        return Sentence("The patient’s first rating of the alliance with you")
    rated = _rated(dyad)
    if patient:
        return Sentence("{patient}’s first rating of the alliance with {clinician}", patient=patient, clinician=rated)
    return Sentence("The patient’s first rating of the alliance with {clinician}", clinician=rated)


def _clinicians_rating(dyad: Dyad | None) -> Sentence:
    if dyad is not None and dyad.mine:
        return Sentence("Your own rating of the alliance")
    return Sentence("{clinician}’s rating of the alliance", clinician=capitalised(_rated(dyad)))


def _clinicians_first(dyad: Dyad | None) -> Sentence:
    if dyad is not None and dyad.mine:
        return Sentence("Your own first rating of the alliance")
    return Sentence("{clinician}’s first rating of the alliance", clinician=capitalised(_rated(dyad)))


def _rated(dyad: Dyad | None) -> str:
    return person(dyad.clinician) if dyad and dyad.clinician else Sentence("this clinician")


def _patient(history: History) -> str:
    """The patient's name, at the beginning of a sentence; "" without one, and where it is too long for any."""
    name = name_in_passing(history.patient)
    return name[:1].upper() + name[1:]


def _element(change: Change) -> Sentence:
    """What moved most: `Task moved most: from 3.92 to 2.25.`."""
    later = _score_text(change.later, change)
    if change.earlier is None:
        return Sentence("{scale}: {value}.", scale=change.title, value=later)
    before = _score_text(change.earlier, change)
    return Sentence("{scale} moved most: from {before} to {value}.", scale=change.title, before=before, value=later)


def is_of(change: Change, dyad: Dyad) -> bool:
    """Whether it is a change of that dyad's ratings."""
    later = change.later
    return (
        isinstance(later, Rating) and later.instrument == dyad.instrument.slug and _reference(later.clinician) == _reference(dyad.clinician)
    )


def _dyad(change: Change, history: History) -> Dyad | None:
    """Whose ratings moved, by the name the history gives them."""
    return next((dyad for dyad in history.dyads if is_of(change, dyad)), None)


def _reference(person: Person | None) -> str | None:
    return person.reference if person else None


def _value(value: Measurement | Rating, change: Change, history: History) -> str:
    if isinstance(value, Rating):
        return _score_text(value, change)
    panel = _panel_of(value, history)
    return both_units(panel.measure, value) if panel else as_reported(value)


def _value_in_full(value: Measurement | Rating, change: Change, history: History) -> str:
    """For the table behind the sentence: every digit that was recorded."""
    if isinstance(value, Rating):
        return _stored_score(value, change) or NOT_SCORED
    panel = _panel_of(value, history)
    return both_units_in_full(panel.measure, value) if panel else as_reported(value)


def _panel_of(value: Measurement, history: History) -> Panel | None:
    return next((panel for panel in history.panels if panel.measure.key == value.measure), None)


def _score_text(value: Measurement | Rating, change: Change) -> str:
    stored = _stored_score(value, change)
    return formats.few_places(stored, 0) if stored else NOT_SCORED


def _stored_score(value: Measurement | Rating, change: Change) -> str | None:
    score = value.scores.get(change.scale or "total") if isinstance(value, Rating) else None
    return score.text if score else None


def _when(value: Measurement | Rating) -> Sentence:
    if isinstance(value, Measurement) and remark_words.is_dated_by_report(value):
        return Sentence("{day} (date of the report)", day=value.when)
    return formats.short_moment(value.when)


def _on(value: Measurement | Rating) -> Sentence:
    day = Unbroken(_when(value))
    return Sentence("on {day}", day=day) if formats.is_whole_day(value.when) else Sentence("in {month_or_year}", month_or_year=day)


def _row(change: Change, history: History) -> tuple[str, ...]:
    """Title, earlier, later, records; the evidence behind one sentence."""
    sides = [change.earlier, change.later]
    return (
        joined(", ", [change.title, WHO.get(change.informant, change.informant)]) if change.informant else change.title,
        *(
            joined(" ", [_value_in_full(side, change, history), formats.on(side.when)]) if side else _none_before(change, history)
            for side in sides
        ),
        ", ".join(source for side in sides if side for source in _sources(side)),
    )


def _none_before(change: Change, history: History) -> Sentence:
    language, first = _language(change), _first_by_form(change, history)
    if first == "version":
        return Sentence("none before with version {version} of the form", version=_version(change))
    if first == "words":
        return Sentence("none before with these words for the answers")
    if language is not None and first == "language":
        return Sentence("none before with the form in {language}", language=LanguageName(language))
    return _NONE_BEFORE


_NONE_BEFORE = Sentence("none before")


def _sources(side: Measurement | Rating) -> tuple[str, ...]:
    """Every resource that the value stands in."""
    return side.sources if isinstance(side, Measurement) else (side.source,)
