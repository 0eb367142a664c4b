"""The dyads and HbA1c as panels: heading, lanes, elements and tables; and what stands in their place where there is nothing."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.r4.dates import Moment
from fhir_mappings.ratings.not_answered_reader import NotAnswered
from fhir_mappings.sentence import Sentence, capitalised, counted, joined, listed
from smart_app.care.dashboard.history import Dyad, History, Panel
from smart_app.care.record.reads import ReadReport
from smart_app.web import formats
from smart_app.web.views.dashboard.lanes.alliance_lanes import (
    NOT_SCORED,
    cutoffs_table,
    element_lane,
    element_scales,
    latest_in_words,
    latest_moment,
    not_validated,
    person,
    ratings_table,
    total_lane,
    total_scale,
)
from smart_app.web.views.dashboard.lanes.baseline_band import baseline_band
from smart_app.web.views.dashboard.lanes.measure_lanes import LaneFrame, measure_lane
from smart_app.web.views.dashboard.lanes.unanswered_words import of_dyad, of_nobody_shown, under_lane
from smart_app.web.views.dashboard.lanes.unscored_lanes import answered_in_words, answered_lane, answers_table
from smart_app.web.views.dashboard.summary import is_of
from smart_app.web.views.dashboard.talk.signal_lines import DyadLines, SignalContext, dyad_lines
from smart_app.web.views.parts import Lane, Notice, Table, Words, read_notice

HBA1C_HEIGHT = 106
_MOST_PLACES = 2


class AlliancePanel(Struct, frozen=True, kw_only=True):
    """One dyad: heading, total lane, elements and the table of ratings. `line` says it all in one line while folded, `said` is what its
    newest ratings say."""

    key: str
    title: str
    direction: str
    standing: Sentence
    line: Sentence
    total: Lane
    elements_title: Sentence
    elements: tuple[Lane, ...]
    elements_open: bool
    table: Table | None
    cutoffs: Table | None
    said: DyadLines | None = None


class MeasurePanel(Struct, frozen=True, kw_only=True):
    """HbA1c, with its heading."""

    title: str
    direction: str
    standing: Sentence
    lane: Lane


def alliance_with(name: str | None) -> Sentence:
    """The heading of an alliance, with whom where that is known."""
    return Sentence("Alliance with {clinician}", clinician=name) if name else Sentence("Alliance")


def alliance_panel(dyad: Dyad, spoken: SignalContext, frame: LaneFrame, *, key: str) -> AlliancePanel:
    """One rated clinician on one instrument, which is named where there is more than one."""
    several = len({each.instrument.slug for each in spoken.history.dyads}) > 1
    title = _dyad_title(dyad, dyad.instrument.title if several else "")
    return _panel(dyad, spoken, frame, key=key, title=title)


def _dyad_title(dyad: Dyad, instrument: str) -> Sentence:
    """`instrument` is "" where it need not be said."""
    whom = _whom(dyad)
    if not dyad.mine:
        return (
            Sentence("Alliance with {clinician}, {instrument}", clinician=whom, instrument=instrument)
            if instrument
            else alliance_with(whom)
        )
    if instrument:
        return Sentence("Alliance with {clinician} (you), {instrument}", clinician=whom, instrument=instrument)
    return Sentence("Alliance with {clinician} (you)", clinician=whom)


def _whom(dyad: Dyad) -> str:
    if dyad.clinician is None:
        return Sentence("nobody")
    return dyad.clinician.name or Sentence("the signed-in clinician") if dyad.mine else person(dyad.clinician)


def companion_panel(dyad: Dyad, spoken: SignalContext, frame: LaneFrame, *, key: str) -> AlliancePanel:
    """A questionnaire about living with diabetes, or about the care received: its title says what it is."""
    return _panel(dyad, spoken, frame, key=key, title=not_validated(dyad.instrument))


def _panel(dyad: Dyad, spoken: SignalContext, frame: LaneFrame, *, key: str, title: str) -> AlliancePanel:
    history, instrument, when = spoken.history, dyad.instrument, latest_moment(dyad)
    last = _last_rated(dyad, when, frame) if dyad.clinician else _last_answered(dyad, when, frame)
    scored = instrument.why_unscored is None
    scales = element_scales(instrument) if scored else ()
    unanswered = of_dyad(history, dyad)
    band = baseline_band(dyad, total_scale(instrument), history) if scored else None
    named = dyad.clinician is not None
    total = total_lane(dyad, frame, named=named, band=band) if scored else answered_lane(dyad, then=frame.then)
    read = f"{history.server}, {formats.clock(history.read_at, frame.zone)}"
    return AlliancePanel(
        key=key,
        title=title,
        direction=instrument.direction if scored else NOT_SCORED,
        standing=joined(" · ", [joined(", ", [_how_many(dyad), last]), read]),
        line=_line(dyad, last),
        total=replace(total, notice=_alliance_notice(history, frame), unanswered=under_lane(unanswered)),
        elements_title=capitalised(listed([scale.title_within for scale in scales])),
        elements=tuple(element_lane(dyad, scale, frame) for scale in scales) if dyad.ratings else (),
        elements_open=any(is_of(change, dyad) for change in history.changes if change.kind == "element"),
        table=_table(dyad, unanswered, frame) if dyad.ratings else None,
        cutoffs=cutoffs_table(instrument) if scored else None,
        said=dyad_lines(dyad, spoken),
    )


def _table(dyad: Dyad, unanswered: Sequence[NotAnswered], frame: LaneFrame) -> Table:
    if dyad.instrument.why_unscored is None:
        return ratings_table(dyad, opens=frame.answered, unanswered=unanswered)
    return answers_table(dyad, opens=frame.answered)


def _last_rated(dyad: Dyad, when: Moment | None, frame: LaneFrame) -> Sentence:
    if when is not None:
        return Sentence("last rated {day}", day=formats.since(when, frame.today))
    return Sentence("not rated yet") if dyad.whole else Sentence("when last rated is not known")


def _last_answered(dyad: Dyad, when: Moment | None, frame: LaneFrame) -> Sentence:
    if when is not None:
        return Sentence("last answered {day}", day=formats.since(when, frame.today))
    return Sentence("not answered yet") if dyad.whole else Sentence("when last answered is not known")


def _line(dyad: Dyad, last: Sentence) -> Sentence:
    """All in one line, with the latest of each informant where any can be called so."""
    own = [] if dyad.mine or dyad.clinician is None else [Sentence("A clinician’s ratings are a line of their own.")]
    if not dyad.latest:
        return joined(" ", [counted("{n} rating, {last}.", "{n} ratings, {last}.", dyad.total, last=last), *own])
    scores = latest_in_words(dyad) if dyad.instrument.why_unscored is None else answered_in_words(dyad)
    said = counted("{n} rating, {last}: {scores}.", "{n} ratings, {last}: {scores}.", dyad.total, last=last, scores=scores)
    return joined(" ", [said, *own])


def _how_many(dyad: Dyad) -> Sentence:
    """Visits, as two people may rate one; forms, where nobody is rated."""
    return counted("{n} visit", "{n} visits", dyad.visits) if dyad.clinician else counted("{n} form", "{n} forms", dyad.total)


def alliance_reads(history: History) -> list[ReadReport]:
    """The reads no measure came from, the patient's own aside."""
    measured = {panel.read.key for panel in history.panels}
    return [read for read in history.result_reads if read.key not in measured and read.key.lower() != "patient"]


def _alliance_notice(history: History, frame: LaneFrame) -> Notice | None:
    unread = next((read for read in alliance_reads(history) if not read.whole), None)
    at = formats.clock(unread.finished, frame.zone) if unread else ""
    return read_notice(unread, unread.title, frame.retry, at=at, several=True) if unread else None


def no_alliance(history: History, frame: LaneFrame) -> Lane:
    """What stands in the alliance's place without any rating: a failed read is not "none"."""
    notice = _alliance_notice(history, frame)
    at = formats.clock(history.read_at, frame.zone)
    title = Sentence("Ratings")
    unanswered = of_nobody_shown(history)
    if notice:
        return Lane(title=title, unit="", about=(), readings=(), notice=notice, unanswered=unanswered)
    if history.hidden:
        kept_back = Sentence("The patient’s rating is kept back until the visit is rated.")
        words = Words(lead=Sentence("None to show yet"), lines=(kept_back,))
    else:
        searched = Sentence("All dates, by patient and by clinician. Search complete, {time}.", time=at)
        words = Words(lead=Sentence("None found"), lines=(searched,))
    return Lane(title=title, unit="", about=(), readings=(), words=words, unanswered=unanswered)


def hba1c_panel(panel: Panel, history: History, frame: LaneFrame) -> MeasurePanel:
    """HbA1c: how many results, the last, from where, and its lane."""
    late = [one.when for one in (panel.latest, *panel.unordered) if one is not None]
    last = [Sentence("last {day}", day=formats.since(formats.latest_possible(late), frame.today))] if late else []
    source = joined(", ", [_laboratories(panel) or history.server, formats.clock(panel.read.finished, frame.zone)])
    return MeasurePanel(
        title=panel.measure.title,
        direction=panel.measure.direction,
        standing=joined(" · ", [joined(", ", [_results(panel), *last]), source]),
        lane=_under_heading(measure_lane(panel, frame, height=HBA1C_HEIGHT, tall=True), panel),
    )


def _laboratories(panel: Panel) -> Sentence | None:
    """Who reported what is drawn, by name where they are few; None where nobody is named."""
    places = list(dict.fromkeys(point.performer for point in panel.points if point.performer))
    if len(places) > _MOST_PLACES:
        return counted("{n} laboratory", "{n} laboratories", len(places))
    return listed(places) if places else None


def _results(panel: Panel) -> Sentence:
    if panel.read.whole:
        return counted("{n} result", "{n} results", panel.total)
    return counted("{n} result read", "{n} results read", panel.total) if panel.total else Sentence("not known")


def _under_heading(lane: Lane, panel: Panel) -> Lane:
    """The panel's heading already carries the title and the direction word."""
    measure = panel.measure
    about = tuple(line for line in lane.about if line not in {measure.direction, measure.about})
    return replace(lane, title=measure.about or measure.title, unit="", about=about)
