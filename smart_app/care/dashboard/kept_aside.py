"""What whoever is signed in has put aside of this patient's ratings, as the history shows it."""

from collections.abc import Mapping
from typing import cast, get_args

from smart_app.care.dashboard.history import AsideReason, PutAside
from smart_app.care.record.closed_visits import is_personal
from smart_app.care.record.record import ChartRecord
from smart_app.store import author_of

REASON_CODES: frozenset[str] = frozenset(get_args(AsideReason))


def aside_of(record: ChartRecord) -> Mapping[str, PutAside]:
    """By the source of the signal; theirs alone, and nothing where the sign-in does not say whose it would be. The store is asked once."""
    if not is_personal(record.context.user):
        return {}
    kept = record.services.store.aside_notes.of(author_of(record.context))
    return {
        source: PutAside(reason=cast("AsideReason", one.reason), at=one.at.astimezone(record.zone), rules=one.rules)
        for source, one in kept.items()
        # One that this version has no words for puts nothing aside.
        if one.reason in REASON_CODES
    }
