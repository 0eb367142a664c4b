"""What whoever is signed in has put aside of this patient's ratings, as the history shows it."""

from collections.abc import Mapping, Sequence
from typing import cast, get_args

from msgspec.structs import replace

from fhir_mappings.reliable_change.signals.dyad_signals import Signal
from smart_app.care.dashboard.aside_lines import aside_lines
from smart_app.care.dashboard.history import AsideReason, PutAside
from smart_app.care.record.closed_visits import is_personal
from smart_app.care.record.record import ChartRecord
from smart_app.store import author_of

REASON_CODES: frozenset[str] = frozenset(get_args(AsideReason))


def aside_of(record: ChartRecord, signals: Sequence[Signal] = ()) -> Mapping[str, PutAside]:
    """By the source of the signal; theirs alone, and nothing where the sign-in does not say whose it would be. What became of the rules
    behind it is said by the `signals` of now. The store is asked once."""
    if not is_personal(record.context.user):
        return {}
    kept = record.services.store.aside_notes.of(author_of(record.context))
    now, terms = {one.source: one for one in signals}, record.services.terms
    found = {
        source: PutAside(reason=cast("AsideReason", one.reason), at=one.at.astimezone(record.zone), rules=one.rules)
        for source, one in kept.items()
        # One that this version has no words for puts nothing aside.
        if one.reason in REASON_CODES
    }
    return {source: replace(one, since=aside_lines(one, now.get(source), terms)) for source, one in found.items()}
