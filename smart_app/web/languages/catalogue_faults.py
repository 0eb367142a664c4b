"""What keeps a catalogue from being offered: a text without a translation or not sure of it, other places, tags or numbers than the
English, another number of plural forms than the language has."""

import re
from collections.abc import Collection, Iterator

from babel.messages.catalog import Catalog, Message
from babel.messages.plurals import get_plural

# `{name}` of code, `%(name)s` of templates, tags, and what begins or ends markup without being one: texts of templates are put out as they
# are, in attributes too, which a straight quotation mark would end. A percent sign more would begin a place when the page is put out.
# Numbers, because they are limits and scales: with the digits that the record's have, 1.73 and not 1,73.
_PLACE = re.compile(r"\{\w*\}|%%|%(?:\(\w+\)[sd])?|</?[a-z][^>]*>|[<>\"]|\d+(?:[.,]\d+)*")


def faults_of(catalogue: Catalog, template: Catalog, *, lacking: Collection[str] = ()) -> list[str]:
    """Each as a line for the translator, in the template's order; empty for a complete catalogue. It may be without the texts `lacking`."""
    expected = [(wanted, catalogue.get(_key(wanted))) for wanted in template if wanted.id]
    there = [(wanted, found) for wanted, found in expected if _key(wanted) not in lacking or (found and _is_begun(found))]
    found = [fault for pair in there for fault in _faults(*pair)]
    plurals = get_plural(catalogue.locale).num_plurals
    return found if catalogue.num_plurals == plurals else [f"Plural-Forms: {catalogue.num_plurals}, the language has {plurals}", *found]


def _faults(wanted: Message, found: Message | None) -> Iterator[str]:
    name = _key(wanted)
    if found is None:
        yield f"missing: {name!r}"
        return
    if found.fuzzy:
        yield f"fuzzy: {name!r}"
    if isinstance(wanted.id, str) != isinstance(found.id, str):
        yield f"plural differs: {name!r}"
        return
    for form in forms_of(found):
        if not form.strip():
            yield f"empty: {name!r}"
        elif _places(form) not in [_places(text) for text in _originals(wanted)]:
            yield f"other places, tags or numbers: {name!r} has {form!r}"


def _is_begun(found: Message) -> bool:
    return any(form.strip() for form in forms_of(found))


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else str(message.id[0])


def _originals(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def forms_of(message: Message) -> tuple[str, ...]:
    """What stands in the catalogue: one form, or as many as the language has plurals."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _places(text: str) -> list[str]:
    return sorted(_PLACE.findall(text))
