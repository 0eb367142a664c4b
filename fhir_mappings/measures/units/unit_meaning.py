"""Which unit of a measure a code or a text means, and whether the two contradict each other."""

from collections.abc import Mapping, Sequence

from fhir_mappings.measures.measure import Unit
from fhir_mappings.measures.units.ucum import canonical, is_one_unit, notes_in
from fhir_mappings.measures.units.unit_words import plain_words, unit_named

# What a text holds that is meant as a UCUM expression; a letter or word alone may be anything.
_SIGNS = frozenset("/.%[*")


def unit_coded(code: str, accepted: Mapping[str, Unit], units: Sequence[Unit]) -> Unit | None:
    """The unit that UCUM says the code is. `accepted` are those of the place by code, `units` all of the measure."""
    return _meant(code, accepted, units, said=plain_words(notes_in(code)))


def unit_written(text: str, accepted: Mapping[str, Unit], units: Sequence[Unit]) -> Unit | None:
    """The unit that a text names where nothing is coded."""
    named = unit_named(text)
    return _meant(named, accepted, units, said=plain_words(text)) if named else None


def contradicts(text: str, unit: Unit, accepted: Mapping[str, Unit], units: Sequence[Unit]) -> bool:
    """Whether the text beside a coded unit names another one. Words that name no unit known here say nothing against the code (a local
    name, the test's, another language); nor does one that breaks off: "mg" beside mg/dL."""
    said, named = plain_words(text), unit_named(text) or _expression(text)
    if named is None:
        return _is_unlike(unit, said)
    meant = _meant(named, accepted, units, said=said)
    return meant is not unit if meant else not _breaks_off(named, unit.code)


def _meant(code: str, accepted: Mapping[str, Unit], units: Sequence[Unit], *, said: str) -> Unit | None:
    """By UCUM, and by what is `said` beside it, in plain words: 1.73 m² of body surface, JDS and not NGSP."""
    marked = [unit for unit in units if _is_marked(code, unit, said)]
    usual = [unit for unit in units if unit.mark is None and is_one_unit(code, unit.code)]
    found = next((accepted.get(unit.code) for unit in marked or usual), None)
    return None if found is None or _is_unlike(found, said) else found


def _is_unlike(unit: Unit, said: str) -> bool:
    """Whether it is said that the unit is another one than UCUM can tell."""
    return any(word.casefold() in said for word in unit.unlike)


def _is_marked(code: str, unit: Unit, said: str) -> bool:
    """Whether a unit that needs more than UCUM's equality is meant."""
    if any(is_one_unit(code, equal) for equal in unit.equal):
        return True
    return unit.mark is not None and unit.mark.casefold() in said and is_one_unit(code, unit.code)


def _expression(text: str) -> str | None:
    """A text that is UCUM itself."""
    return text.strip() if _SIGNS.intersection(text) and canonical(text.strip()) else None


def _breaks_off(named: str, code: str) -> bool:
    """Whether the words are what a ratio begins with."""
    first, slash, _ = code.partition("/")
    return bool(slash) and is_one_unit(named, first)
