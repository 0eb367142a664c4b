"""Instruments as a site may have them: with a key it has confirmed, or with wording it has leave for."""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Confirmation, Instrument, Scope, Wording
from fhir_mappings.instruments.library import Library, load_library

CANARY = "quetzal"
CONFIRMED = Confirmation(by="Sofia Lindqvist", on=date(2026, 11, 1), source="the licensed form")


def confirmed(slugs: Iterable[str]) -> Library:
    """The shipped instruments, those keys confirmed."""
    chosen = frozenset(slugs)
    return Library(tuple(replace(one, confirmation=CONFIRMED) if one.slug in chosen else one for one in load_library().instruments))


def with_wording(slug: str, scopes: Iterable[Scope]) -> Library:
    """The shipped instruments, that one worded as by a site's pack; every item has the canary word."""
    return Library(tuple(_worded(one, frozenset(scopes)) if one.slug == slug else one for one in load_library().instruments))


def _worded(instrument: Instrument, scopes: frozenset[Scope]) -> Instrument:
    texts = dict.fromkeys(instrument.forms, f"A sentence with a {CANARY}.")
    items = tuple(replace(item, text=texts) for item in instrument.items)
    leave = Wording(granted_by="Its holder", granted_on=date(2026, 10, 1), reference="letter 7", scopes=scopes)
    return replace(instrument, items=items, wording=leave, language="en")
