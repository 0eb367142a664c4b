"""Which codes hold a measure's value, and where: in the Observation itself or in a component of a panel."""

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from fhir_mappings.measures.measure import Measure, MeasureCode, Unit
from fhir_mappings.r4.json_types import FhirJson


class CodePlace(Struct, frozen=True, eq=False):
    """Where a code's value stands: in the resource itself, or in the components of a panel. Told apart by identity. `codes` are all codes
    of the measure that a resource or component may have itself."""

    measure: Measure
    code: MeasureCode
    units: Mapping[str, Unit]
    spellings: Mapping[str, Unit]
    component: bool
    codes: Mapping[str, "CodePlace"]


@lru_cache(maxsize=8)
def code_index(measures: tuple[Measure, ...]) -> Mapping[tuple[str, str], list[CodePlace]]:
    """Every code and panel code with what it may hold. To make it takes as long as forty Observations."""
    index: dict[tuple[str, str], list[CodePlace]] = {}
    for measure in measures:
        by_code = {unit.code: unit for unit in measure.units}
        own: dict[str, CodePlace] = {}
        for code in measure.codes:
            units = {name: by_code[name] for name in code.units} if code.units else dict(by_code)
            if code.reads_as:
                units = {"%": by_code[code.reads_as], code.reads_as: by_code[code.reads_as]}
            spellings = {spelling.casefold(): unit for unit in units.values() for spelling in unit.spellings}
            if code.reads_as:
                spellings["%"] = units["%"]
            for key, component in ((code.code, False), *((panel, True) for panel in code.within)):
                place = CodePlace(measure, code, units, spellings, component, own)
                if not component:
                    own[key] = place
                index.setdefault((code.system, key), []).append(place)
    return index


def places_in(observation: FhirJson, index: Mapping[tuple[str, str], list[CodePlace]]) -> list[CodePlace]:
    """What the resource's codes say it holds; each measure once."""
    code = observation.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    if not isinstance(codings, list):
        return []
    if len(codings) == 1:
        return _at(codings[0], index)
    found: dict[str, CodePlace] = {}
    for place in (place for coding in codings for place in _at(coding, index)):
        # The first coding decides, unless a later one says that this is no result.
        if place.measure.key not in found or place.code.exclude:
            found[place.measure.key] = place
    return list(found.values())


def _at(coding: object, index: Mapping[tuple[str, str], list[CodePlace]]) -> list[CodePlace]:
    if not isinstance(coding, dict):
        return []
    system, code = coding.get("system"), coding.get("code")
    return index.get((system, code), []) if isinstance(system, str) and isinstance(code, str) else []


def own_components(observation: FhirJson, place: CodePlace) -> list[tuple[FhirJson, CodePlace]]:
    """What holds values of the measure in a resource of its own code: the resource, and components that have one of the measure's codes
    themselves. Some sources write a laboratory's two units that way, and some a single value."""
    components = observation.get("component")
    found: list[tuple[FhirJson, CodePlace]] = []
    for component in components if isinstance(components, list) else ():
        own = _own_place(component, place) if isinstance(component, dict) else None
        if own is not None:
            found.append((component, own))
    if not found or any(key.startswith("value") for key in observation):
        found.insert(0, (observation, place))
    return found


def _own_place(component: FhirJson, place: CodePlace) -> CodePlace | None:
    code = component.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    listed = [one.get("code") for one in codings if isinstance(one, dict)] if isinstance(codings, list) else []
    found = [place.codes[one] for one in listed if isinstance(one, str) and one in place.codes]
    return next((one for one in found if one.code.exclude), found[0] if found else None)
