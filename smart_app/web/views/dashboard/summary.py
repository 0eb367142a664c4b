"""The sentences of "What changed": what, from and to, when. Facts of the record; nothing is judged, nothing is explained."""

from msgspec import Struct

from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.people.person import Person
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.latest_change import Change
from smart_app.care.dashboard.history import Dyad, History, Panel
from smart_app.web import formats
from smart_app.web.views.banner import plain_name
from smart_app.web.views.dashboard import remark_words
from smart_app.web.views.dashboard.alliance_lanes import person
from smart_app.web.views.dashboard.measure_lanes import as_reported, both_units, both_units_in_full, said

_MOST_SENTENCES = 3
_SEAM = "\x1f"  # stands in a sentence before and after what must not break over two lines


class Summary(Struct, frozen=True, kw_only=True):
    """`sentences` at most three, each as pieces of which every second one (a date, a value with its unit) stays on one line;
    `rows` says for each which values it compares and where they are stored."""

    sentences: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[str, ...], ...]


def summary(history: History) -> Summary:
    """The first three changes in words; without any, what was looked for and whether the search finished."""
    changes = list(history.changes)[:_MOST_SENTENCES]
    if not changes:
        return Summary(sentences=((_nothing(history),),), rows=())
    return Summary(
        sentences=tuple(tuple(_sentence(change, history).split(_SEAM)) for change in changes),
        rows=tuple(_row(change, history) for change in changes),
    )


def _nothing(history: History) -> str:
    ratings = sum(dyad.total for dyad in [*history.dyads, *history.companions])
    values = sum(panel.total for panel in history.panels)
    if (ratings or values) and not all(read.whole or read.since for read in history.reads):
        found = f"{formats.count(ratings, 'rating')} and {formats.count(values, 'diabetes result')}"
        return f"Nothing is compared: not everything could be read, so later or earlier ones may be missing. {found} were read."
    if ratings or values:
        return f"Nothing to compare yet: {formats.count(ratings, 'rating')} and {formats.count(values, 'diabetes result')} so far."
    return f"Nothing to compare yet. No alliance ratings and no diabetes results were found for this patient, {_how_sure(history)}"


def _how_sure(history: History) -> str:
    """How far "none" can be said."""
    if any(read.state != "complete" for read in history.reads):
        return "but not everything could be read, so there may be some."
    if any(read.untied for read in history.reads):
        return "but not all that was found could be tied to this patient, so there may be some."
    return "and every search finished."


def _sentence(change: Change, history: History) -> str:
    if change.kind == "element":
        return _element(change)
    subject, first = (_rating_subject if isinstance(change.later, Rating) else _measure_subject)(change, history)
    return _moved(change, history, subject, first) + _remarked(change, history)


def _moved(change: Change, history: History, subject: str, first: str) -> str:
    """What it was and is; only what is known to be in that order."""
    later, on = _kept(_value(change.later, change, history)), _kept(_when(change.later))
    if change.earlier is None:
        return f"{first} is {later} ({on})."
    earlier, since = _kept(_value(change.earlier, change, history)), _kept(_when(change.earlier))
    if not change.ordered:
        places = [_kept(formats.some_time(one.when)) for one in (change.later, change.earlier)]
        why = formats.unknown_order(change.later.when, change.earlier.when)
        return f"{subject}: {later} {places[0]}; {earlier} {places[1]}{_more(change, history)}; {why}."
    if change.moved is None:
        return f"{subject} was {earlier} {_on(change.earlier)} and is {later} {_on(change.later)}."
    if change.moved == "stayed":
        return f"{subject} is unchanged at {later} ({since} and {on})."
    if later == earlier:
        return f"{subject} is unchanged at {later} when rounded ({since} and {on})."
    return f"{subject} {change.moved} from {earlier} to {later} between {since} and {on}."


def _more(change: Change, history: History) -> str:
    """How many values besides are in no known order with the latest."""
    panel = _panel_of(change.later, history) if isinstance(change.later, Measurement) else None
    more = len(panel.unordered) - 1 if panel is not None else 0
    return f" and {formats.count(more, 'value')} more" if more > 0 else ""


def _remarked(change: Change, history: History) -> str:
    """That a value comes with a comment or the like, a sentence for each: `5.1 % comes with a comment by the laboratory`."""
    found = []
    for side in (change.earlier, change.later):
        panel = _panel_of(side, history) if isinstance(side, Measurement) else None
        if panel is not None and isinstance(side, Measurement) and (remarked := remark_words.in_sentence(panel.measure, side)):
            found.append(f" {_kept(said(panel.measure, side))} {remarked}.")
    return "".join(found)


def _rating_subject(change: Change, history: History) -> tuple[str, str]:
    """Whose rating of whom, and the same for a first one."""
    dyad = _dyad(change, history)
    mine = dyad is not None and dyad.mine
    name = plain_name(history.patient)
    rated = "you" if mine else person(dyad.clinician) if dyad and dyad.clinician else "this clinician"
    if change.informant == "patient":
        return f"{_possessive(name)} rating of the alliance with {rated}", f"{_possessive(name)} first rating of the alliance with {rated}"
    whose = "Your own" if mine else _possessive(rated)
    return f"{whose} rating of the alliance", f"{whose} first rating of the alliance"


def _measure_subject(change: Change, history: History) -> tuple[str, str]:  # noqa: ARG001 -- same shape as _rating_subject
    return change.title, f"The first {change.title}"


def _possessive(name: str) -> str:
    name = name[:1].upper() + name[1:]
    return f"{name}’s"


def _element(change: Change) -> str:
    """What moved most: `Task moved most: from 3.92 to 2.25.`."""
    later = _score_text(change.later, change)
    if change.earlier is None:
        return f"{change.title}: {later}."
    return f"{change.title} moved most: from {_score_text(change.earlier, change)} to {later}."


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
        return _stored_score(value, change) or "not scored"
    panel = _panel_of(value, history)
    return both_units_in_full(panel.measure, value) if panel else as_reported(value)


def _panel_of(value: Measurement, history: History) -> Panel | None:
    return next((panel for panel in history.panels if panel.measure.key == value.measure), None)


def _score_text(value: Measurement | Rating, change: Change) -> str:
    stored = _stored_score(value, change)
    return formats.few_places(stored, 0) if stored else "not scored"


def _stored_score(value: Measurement | Rating, change: Change) -> str | None:
    score = value.scores.get(change.scale or "total") if isinstance(value, Rating) else None
    return score.text if score else None


def _when(value: Measurement | Rating) -> str:
    reported = isinstance(value, Measurement) and remark_words.is_dated_by_report(value)
    return f"{formats.short_moment(value.when)}{' (date of the report)' if reported else ''}"


def _on(value: Measurement | Rating) -> str:
    return f"{'on' if formats.is_whole_day(value.when) else 'in'} {_kept(_when(value))}"


def _kept(text: str) -> str:
    return f"{_SEAM}{text}{_SEAM}"


def _row(change: Change, history: History) -> tuple[str, ...]:
    """Title, earlier, later, records; the evidence behind one sentence."""
    who = f", {change.informant}" if change.informant else ""
    sides = [change.earlier, change.later]
    return (
        f"{change.title}{who}",
        *(f"{_value_in_full(side, change, history)} {formats.on(side.when)}" if side else "none before" for side in sides),
        ", ".join(source for side in sides if side for source in _sources(side)),
    )


def _sources(side: Measurement | Rating) -> tuple[str, ...]:
    """Every resource that the value stands in."""
    return side.sources if isinstance(side, Measurement) else (side.source,)
