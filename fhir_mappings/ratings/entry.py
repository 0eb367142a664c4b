"""Who entered the answers of a stored form, which need not be who gave them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.people.person import Person
from fhir_mappings.r4.json_types import objects_in
from fhir_mappings.r4.references import literal_reference
from fhir_mappings.r4.systems import COMPLETION_MODE, PARTICIPATION_MODES


class Entry(Struct, frozen=True, kw_only=True):
    """`by` is the author, None where the record names none that can be read, and `kind` what that is (`Practitioner`, "" where a name alone
    is given); `on_paper`: the answers were given on paper."""

    by: Person | None
    kind: str
    on_paper: bool


def entry_of(response: Mapping[str, Any], *, base: str) -> Entry:
    """Of a QuestionnaireResponse of the server at `base`. Never raises."""
    author = response.get("author")
    node = author if isinstance(author, dict) else {}
    named, display = literal_reference(node.get("reference"), base=base), node.get("display")
    name = " ".join(display.split()) if isinstance(display, str) else ""
    by = Person(reference=named.text if named else "", name=name or None) if named or name else None
    return Entry(by=by, kind=named.type if named else "", on_paper="WRITTEN" in set(_modes(response)))


def with_name(entry: Entry, people: Iterable[Person]) -> Entry:
    """With the name by which one of these people is known, where the form gives none."""
    by = entry.by
    if by is None or by.name:
        return entry
    name = next((one.name for one in people if one.reference == by.reference and one.name), None)
    return replace(entry, by=replace(by, name=name)) if name else entry


def _modes(response: Mapping[str, Any]) -> Iterator[str]:
    """The codes of how the form was completed."""
    for extension in objects_in(response.get("extension")):
        concept = extension.get("valueCodeableConcept")
        if extension.get("url") == COMPLETION_MODE and isinstance(concept, dict):
            codings = objects_in(concept.get("coding"))
            yield from (str(one.get("code")) for one in codings if one.get("system") == PARTICIPATION_MODES)
