"""Where everything came from: the reads, the forms and their terms, and what is off in this launch."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.sentence import Sentence, counted, full_sentence, joined
from smart_app.care.dashboard.history import History
from smart_app.care.record.reads import LoadState, ReadReport
from smart_app.launch.oauth.granted_features import FeatureOff, WhyOff
from smart_app.web import formats
from smart_app.web.views.dashboard.account.incomplete import untied_resources
from smart_app.web.views.dashboard.lanes.alliance_lanes import not_validated
from smart_app.web.views.dashboard.lanes.measure_lanes import LaneFrame
from smart_app.web.views.parts import untied_words

_READ_WORDS: Mapping[LoadState, Sentence] = {
    "complete": Sentence("complete"),
    "partial": Sentence("incomplete"),
    "failed": Sentence("failed"),
    "unsupported": Sentence("not offered by the server"),
    "not_permitted": Sentence("not permitted"),
}
_WHY_OFF: Mapping[WhyOff, Sentence] = {
    "refused": Sentence("The EHR refused to be asked for it, so it was asked without"),
    "not_granted": Sentence("Asked for, and not granted"),
    "no_token": Sentence("Granted, and no refresh token came with it"),
    "not_asked": Sentence("Not among the features of its entry in launch.json"),
}


class Sources(Struct, frozen=True, kw_only=True):
    """Where everything came from: one sentence, a row per read, what the server says beside its answers, and what IT may want to know: in
    sentences, and in `off` a row per feature that this launch lacks."""

    sentence: Sentence
    rows: tuple[tuple[str, ...], ...]
    instruments: tuple[Sentence, ...]
    notes: tuple[str, ...]
    for_it: tuple[str, ...]
    off: tuple[tuple[str, ...], ...] = ()


def sources(history: History, frame: LaneFrame, off: Sequence[FeatureOff]) -> Sources:
    """All of it; `off` are the features that the launch lacks."""
    untied = untied_resources(history)
    left = [full_sentence(untied_words(untied))] if untied else []
    read_from = Sentence(
        "Read from {server} (FHIR R4) on {day} at {time}.",
        server=history.server,
        day=history.read_at.astimezone(frame.zone).date(),
        time=formats.clock(history.read_at, frame.zone),
    )
    shown = [one for dyad in [*history.dyads, *history.companions] for one in (dyad.instrument, *dyad.older.values())]
    instruments = {(one.slug, one.version): one for one in shown}.values()
    return Sources(
        sentence=joined(" ", [read_from, _tally(history.reads), *left]),
        rows=tuple((read.title, _outcome(read), str(read.count), formats.clock(read.finished, frame.zone)) for read in history.reads),
        instruments=tuple(_rights(each) for each in instruments),
        notes=tuple(dict.fromkeys(note for read in history.reads for note in read.notes)),
        for_it=tuple(history.for_it),
        off=tuple(map(_off_row, off)),
    )


def _off_row(off: FeatureOff) -> tuple[str, ...]:
    """What is off, why, what that means, and the scopes it needs."""
    return (off.feature.title, _WHY_OFF[off.why], off.feature.without, " ".join(off.feature.scopes))


def _outcome(read: ReadReport) -> Sentence:
    return Sentence("complete from {day} on", day=read.since) if read.since is not None else _READ_WORDS[read.state]


def _tally(reads: Sequence[ReadReport]) -> Sentence:
    whole, number = sum(read.whole for read in reads), len(reads)
    if whole == number:
        return counted("All {n} read complete.", "All {n} reads complete.", number)
    return counted("{whole} of {n} read complete.", "{whole} of {n} reads complete.", number, whole=whole)


def _rights(instrument: Instrument) -> Sentence:
    """What a form is called, in which version, whose it is, and on what terms."""
    rights = instrument.rights
    return Sentence(
        "{form}, version {version}. {holder}, {licence}.",
        form=not_validated(instrument),
        version=instrument.version,
        holder=rights.holder,
        licence=rights.licence,
    )
