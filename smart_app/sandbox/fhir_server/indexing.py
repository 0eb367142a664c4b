"""What a search can find of a resource: its tokens, references, strings and dates, one row each."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from smart_app.sandbox.exchange.json_text import FhirJson
from smart_app.sandbox.fhir_server.date_ranges import DateRange, span_of_element
from smart_app.sandbox.fhir_server.search_parameters import RESOURCE_TYPES, SEARCH_PARAMETERS, SearchParameter

_REFERENCE = re.compile(r"(?:(?P<base>.+)/)?(?P<type>[A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")
_NAME_PARTS = frozenset({"family", "given", "prefix", "suffix", "text", "line", "city", "district", "state", "postalCode", "country"})


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference points to: a type and id (`base` empty on this server), or any other address with no type."""

    base: str
    type: str
    id: str
    version: str = ""


@dataclass(slots=True)
class IndexRows:
    """Rows without the resource's key, ready for the four index tables."""

    token: list[dict[str, object]] = field(default_factory=list)
    reference: list[dict[str, object]] = field(default_factory=list)
    string: list[dict[str, object]] = field(default_factory=list)
    date: list[dict[str, object]] = field(default_factory=list)


def index_rows(resource: FhirJson, *, base: str) -> IndexRows:
    """All rows of a resource. A date that is none gives no row: it was refused on the way in, or loaded on purpose."""
    rows = IndexRows()
    for parameter in SEARCH_PARAMETERS[str(resource["resourceType"])].values():
        for value in parameter_values(resource, parameter):
            _ROWS[parameter.kind](rows, parameter, value, base)
    return rows


def parameter_values(resource: FhirJson, parameter: SearchParameter) -> Iterator[object]:
    """The elements a parameter looks at."""
    for path in parameter.paths:
        yield from values_at(resource, path)


def values_at(element: object, path: str) -> Iterator[object]:
    """Every value at a dotted element path, lists flattened."""
    head, _, rest = path.partition(".")
    found = element.get(head) if isinstance(element, Mapping) else None
    for value in found if isinstance(found, list) else [found]:
        if value is not None:
            yield from values_at(value, rest) if rest else [value]


def target_of(reference: str, *, base: str) -> Target | None:
    """What a literal reference means on the server at `base`; None inside its own resource (`#contained`) and for conditional ones."""
    if reference.startswith("#") or "?" in reference:
        return None
    parts = _REFERENCE.fullmatch(reference.removeprefix(f"{base}/"))
    if parts and parts["type"] in RESOURCE_TYPES:
        return Target(parts["base"] or "", parts["type"], parts["id"])
    return Target("", "", reference)


def fold(text: str) -> str:
    """Without case and accents, as string searches compare."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))


def tokens_of(value: object) -> Iterator[tuple[str, str]]:
    """(system, code) of a code, boolean, Coding, CodeableConcept, Identifier or ContactPoint; "" where there is no system."""
    if isinstance(value, bool):
        yield "", str(value).lower()
    elif isinstance(value, str):
        yield "", value
    elif isinstance(value, Mapping):
        codings = (coding for coding in _listed(value.get("coding") or value) if isinstance(coding, Mapping))
        pairs = ((coding.get("system"), coding.get("code", coding.get("value"))) for coding in codings)
        yield from ((system if isinstance(system, str) else "", code) for system, code in pairs if isinstance(code, str))


def strings_of(value: object) -> Iterator[str]:
    """The texts of a string, HumanName or Address."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        parts = (part for name in _NAME_PARTS & value.keys() for part in _listed(value[name]))
        yield from (part for part in parts if isinstance(part, str))


def _listed(value: object) -> Iterable[object]:
    """`value` when it is a list, a list of it otherwise."""
    return value if isinstance(value, list) else [value]


def _token(rows: IndexRows, parameter: SearchParameter, value: object, _base: str) -> None:
    rows.token += [{"parameter": parameter.key, "system": system, "code": code} for system, code in tokens_of(value)]


def _reference(rows: IndexRows, parameter: SearchParameter, value: object, base: str) -> None:
    literal = value.get("reference") if isinstance(value, Mapping) else None
    target = target_of(literal, base=base) if isinstance(literal, str) else None
    if target and parameter.target in (None, target.type):
        rows.reference.append(_reference_row(parameter, target))


def _canonical(rows: IndexRows, parameter: SearchParameter, value: object, _base: str) -> None:
    if isinstance(value, str):
        url, _, version = value.partition("|")
        rows.reference.append(_reference_row(parameter, Target("", "", url, version)))


def _reference_row(parameter: SearchParameter, target: Target) -> dict[str, object]:
    return {
        "parameter": parameter.key,
        "target_base": target.base,
        "target_type": target.type,
        "target_id": target.id,
        "target_version": target.version,
    }


def _string(rows: IndexRows, parameter: SearchParameter, value: object, _base: str) -> None:
    rows.string += [{"parameter": parameter.key, "folded": fold(text), "exact": text} for text in strings_of(value)]


def _date(rows: IndexRows, parameter: SearchParameter, value: object, _base: str) -> None:
    span = _span_or_none(value)
    if span:
        rows.date.append({"parameter": parameter.key, "low": span.low, "high": span.high})


def _span_or_none(value: object) -> DateRange | None:
    try:
        return span_of_element(value)
    except ValueError:
        return None


_ROWS = {"token": _token, "uri": _token, "reference": _reference, "canonical": _canonical, "string": _string, "date": _date}
