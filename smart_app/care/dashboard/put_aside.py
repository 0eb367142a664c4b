"""Putting what a rating says aside until there is a newer one: a note of whoever is signed in, which changes nothing for anybody else."""

from datetime import timedelta

from fhir_mappings.reliable_change.signals.dyad_signals import Signal
from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.kept_aside import REASON_CODES
from smart_app.care.dashboard.load_dashboard import seen_signals
from smart_app.care.record.closed_visits import is_personal
from smart_app.care.record.record import ChartRecord
from smart_app.errors import SessionError
from smart_app.store import AsideNote, author_of

# The longest time between two ratings that are still compared: whoever comes again later begins a new series.
ASIDE_LASTS = timedelta(days=400)


def put_aside(record: ChartRecord, *, source: str, reason: str) -> None:
    """Keep that whoever is signed in puts the signal of that source aside. It ends by itself: a newer rating makes a signal of another
    source. SessionError without a person or a reason, and where no reason to talk of that source is there to be seen, in the same words
    whether it is kept back, unknown or quiet. FhirError as for `seen_signals`."""
    _must_be_personal(record)
    if reason not in REASON_CODES:
        raise SessionError(Sentence("No reason was chosen, so nothing was put aside. Go back and choose one."), denies=True)
    signal = next((one for one in seen_signals(record).signals if one.source == source and one.level == "discuss"), None)
    if signal is None:
        raise SessionError(
            Sentence("As the record reads now there is nothing here to put aside, so nothing was done."),
            denies=True,
            next_step=Sentence("Open the history again."),
        )
    note = AsideNote(source=source, reason=reason, at=record.now(), rules=_spoken(signal))
    store = record.services.store
    with store.database.begin() as together:
        store.aside_notes.keep(author_of(record.context), note, ttl=ASIDE_LASTS, within=together)
        # That somebody did, and not what or why: the note is theirs alone.
        store.audit.add("signal_put_aside", launch_id=record.launch_id, context=record.context, within=together)


def take_back(record: ChartRecord, *, source: str) -> None:
    """Let the signal of that source speak again; nothing is done where it was not put aside. SessionError without a person."""
    _must_be_personal(record)
    store = record.services.store
    with store.database.begin() as together:
        if store.aside_notes.drop(author_of(record.context), source, within=together):
            store.audit.add("signal_taken_back", launch_id=record.launch_id, context=record.context, within=together)


def _must_be_personal(record: ChartRecord) -> None:
    if not is_personal(record.context.user):
        raise SessionError(Sentence("This sign-in does not say which person you are, so nothing was put aside."), denies=True)


def _spoken(signal: Signal) -> tuple[tuple[str, int], ...]:
    """The rules that gave a reason to talk: they are what is put aside."""
    return tuple((one.rule.id, one.rule.version) for one in signal.reasons if one.rule.level == "discuss")
