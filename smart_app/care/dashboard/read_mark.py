"""A mark of what a history is made of: two reads of a record bear the same one as long as nothing that a page says of it is another."""

from collections.abc import Iterator
from hashlib import blake2b

from msgspec import json

from fhir_mappings.ratings.rating import Rating
from smart_app.care.dashboard.history import Dyad, EventLane, History, Panel
from smart_app.care.record.reads import ReadReport

_BYTES = 12


def read_mark(history: History) -> str:
    """Of what may be seen alone, as the history holds nothing else: whatever a rating that is kept back says, the mark is the same. Not of
    the moment of the read."""
    found = blake2b(digest_size=_BYTES)
    for part in _parts(history):
        found.update(json.encode(part, enc_hook=str, order="deterministic"))
    return found.hexdigest()


def _parts(history: History) -> Iterator[object]:
    yield history.patient.id, history.years, history.start, history.end, history.visit
    yield history.hidden, history.looked, history.skipped, history.not_answered
    yield from map(_of_dyad, (*history.dyads, *history.companions))
    yield from map(_of_panel, history.panels)
    yield from map(_of_events, history.events)


def _of_dyad(dyad: Dyad) -> object:
    form = (dyad.instrument.slug, dyad.instrument.version, dyad.clinician, dyad.mine)
    told = (dyad.total, dyad.whole, dyad.since, dyad.breaks, _sources(dyad.latest), _sources(dyad.previous), _sources(dyad.unordered))
    return form, told, dyad.before_range, dyad.ratings


def _sources(ratings: dict[str, Rating]) -> dict[str, str]:
    return {informant: rating.source for informant, rating in ratings.items()}


def _of_panel(panel: Panel) -> object:
    stated = [one and one.source for one in (panel.latest, panel.previous, panel.apart, *panel.unordered)]
    return panel.measure.key, _of_read(panel.read), stated, panel.skipped, panel.older, panel.points


def _of_events(lane: EventLane) -> object:
    return lane.kind, list(map(_of_read, lane.reads)), lane.events


def _of_read(read: ReadReport) -> object:
    return read.key, read.state, read.whole, read.since
