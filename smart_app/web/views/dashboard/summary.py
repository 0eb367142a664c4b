"""The sentences of "What changed": what, from and to, when. Facts of the record; nothing is judged, nothing is explained."""

from typing import Literal

from msgspec import Struct

from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.people.person import Person
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.latest_change import Change
from fhir_mappings.sentence import Sentence, Value, capitalised, counted, joined
from smart_app.care.dashboard.history import Dyad, History, Panel
from smart_app.web import formats
from smart_app.web.languages.offered_languages import LanguageName
from smart_app.web.languages.unbroken import Unbroken
from smart_app.web.views.banner import recorded_name
from smart_app.web.views.dashboard import remark_words
from smart_app.web.views.dashboard.alliance_lanes import NOT_SCORED, WHO, first_of_form, person
from smart_app.web.views.dashboard.measure_lanes import as_reported, both_units, both_units_in_full, said

_MOST_SENTENCES = 3


class Summary(Struct, frozen=True, kw_only=True):
    """`sentences` at most three, in which dates and values with their units stay on one line; `rows` says for each which values it compares
    and where they are stored."""

    sentences: tuple[Sentence, ...]
    rows: tuple[tuple[str, ...], ...]


def summary(history: History) -> Summary:
    """The first three changes in words; without any, what was looked for and whether the search finished."""
    changes = list(history.changes)[:_MOST_SENTENCES]
    if not changes:
        return Summary(sentences=(_nothing(history),), rows=())
    return Summary(
        sentences=tuple(_sentence(change, history) for change in changes),
        rows=tuple(_row(change, history) for change in changes),
    )


def _nothing(history: History) -> Sentence:
    ratings = sum(dyad.total for dyad in [*history.dyads, *history.companions])
    values = sum(panel.total for panel in history.panels)
    if not (ratings or values):
        return _none_at_all(history)
    found = {
        "ratings": counted("{n} rating", "{n} ratings", ratings),
        "results": counted("{n} diabetes result", "{n} diabetes results", values),
    }
    if all(read.whole or read.since for read in history.reads):
        return Sentence("Nothing to compare yet: {ratings} and {results} so far.", **found)
    return Sentence(
        "Nothing is compared: not everything could be read, so later or earlier ones may be missing. {ratings} and {results} were read.",
        **found,
    )


def _none_at_all(history: History) -> Sentence:
    """How far "none" can be said."""
    if any(read.state != "complete" for read in history.reads):
        return Sentence(
            "Nothing to compare yet. No alliance ratings and no diabetes results were found for this patient, "
            "but not everything could be read, so there may be some."
        )
    if any(read.untied for read in history.reads):
        return Sentence(
            "Nothing to compare yet. No alliance ratings and no diabetes results were found for this patient, "
            "but not all that was found could be tied to this patient, so there may be some."
        )
    return Sentence(
        "Nothing to compare yet. No alliance ratings and no diabetes results were found for this patient, and every search finished."
    )


def _sentence(change: Change, history: History) -> Sentence:
    if change.kind == "element":
        return _element(change)
    return joined(" ", [_moved(change, history), *_remarked(change, history)])


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


def _first_by_form(change: Change, history: History) -> Literal["version", "language"] | None:
    """Whether there were ratings before, by a form of another version or in another language."""
    dyad = _dyad(change, history) if isinstance(change.later, Rating) else None
    return first_of_form(dyad, change.later) if dyad is not None and isinstance(change.later, Rating) else None


def _first_of_its_form(
    change: Change, history: History, *, value: Unbroken, day: Unbroken, first: Literal["version", "language"]
) -> Sentence:
    named: dict[str, Value] = {"series": _series(change, history), "value": value, "day": day}
    if first == "version":
        return Sentence(
            "{series} is {value} ({day}). It is the first with version {version} of the form, so it is compared with none before.",
            **named,
            version=_version(change),
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
    """The patient's name, at the beginning of a sentence; "" without one."""
    name = recorded_name(history.patient)
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
    if language is not None and first == "language":
        return Sentence("none before with the form in {language}", language=LanguageName(language))
    return _NONE_BEFORE


_NONE_BEFORE = Sentence("none before")


def _sources(side: Measurement | Rating) -> tuple[str, ...]:
    """Every resource that the value stands in."""
    return side.sources if isinstance(side, Measurement) else (side.source,)
