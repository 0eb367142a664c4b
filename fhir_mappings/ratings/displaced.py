"""Which responses of a patient others stand in the place of, or take back: on a server that changes no response, what is put right is
stored beside what was wrong. Total: nothing raises, and of responses that name each other in a circle one stands."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from fhir_mappings.instruments import canonicals
from fhir_mappings.r4.json_types import FhirJson, objects_in
from fhir_mappings.r4.references import identifiers_in, reference_in, source_of
from fhir_mappings.ratings.grouping import rank

_KIND = "QuestionnaireResponse"
_STANDING = frozenset({"completed", "amended"})


class Displaced(Struct, frozen=True, kw_only=True):
    """Responses by their `Type/id`. `replaced` leads to what stands in their place, `retracted` to what takes them back."""

    replaced: Mapping[str, str]
    retracted: Mapping[str, str]


_NOTHING = Displaced(replaced={}, retracted={})


def displaced(responses: Iterable[Mapping[str, Any]], *, base: str, server: str) -> Displaced:
    """Among the responses of one patient, in whatever order. What is entered in error, or is taken back itself, displaces nothing; what
    stands in the place of something that was taken back is taken back with it."""
    given = [one for one in responses if _status(one) in _STANDING]
    links = (canonicals.replaces(base), canonicals.retracts(base))
    if not any(one.get("url") in links for response in given for one in objects_in(response.get("extension"))):
        return _NOTHING
    standing = sorted(given, key=_place, reverse=True)
    names = _Names(standing, base=base, server=server)
    named = {names.source(one): tuple(names.named_by(one, canonicals.replaces(base))) for one in standing}
    retracted = _retracted(standing, names, base=base)
    _spread(retracted, named)
    return Displaced(replaced=_replaced({one: others for one, others in named.items() if one not in retracted}), retracted=retracted)


def _retracted(standing: Iterable[FhirJson], names: "_Names", *, base: str) -> dict[str, str]:
    """The later first: a retraction that was taken back later takes nothing back."""
    found: dict[str, str] = {}
    for one in filter(names.is_retraction, standing):
        if names.source(one) not in found:
            for other in names.named_by(one, canonicals.retracts(base)):
                found.setdefault(other, names.source(one))
    return found


def _spread(retracted: dict[str, str], named: Mapping[str, tuple[str, ...]]) -> None:
    """To whatever stands in the place of what was taken back, through however many."""
    while more := {
        one: retracted[other] for one, others in named.items() if one not in retracted for other in others if other in retracted
    }:
        retracted.update(more)


def _replaced(named: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What leads to what, the later first: of two that stand in the same place the later does, and the other one gives way to it too."""
    found: dict[str, str] = {}
    for one, others in named.items():
        for other in others:
            if _leads_to(found, one, other):
                continue
            later = found.setdefault(other, one)
            if later != one and one not in found and not _leads_to(found, later, one):
                found[one] = later
    return found


def _leads_to(replaced: Mapping[str, str], start: str, end: str) -> bool:
    """Whether one stands, through however many, in the place of the other."""
    at: str | None = start
    while at is not None and at != end:
        at = replaced.get(at)
    return at == end


class _Names:
    """What responses are called by others: their place, or the identifier of their submission."""

    def __init__(self, responses: Iterable[FhirJson], *, base: str, server: str) -> None:
        self._base, self._server, self._system = base, server, canonicals.submission_system(base)
        self._by_identifier = {
            value: source_of(one, _KIND) for one in responses for value in identifiers_in(one.get("identifier"), self._system)
        }

    def source(self, response: FhirJson) -> str:
        return source_of(response, _KIND)

    def is_retraction(self, response: FhirJson) -> bool:
        canonical = response.get("questionnaire")
        return isinstance(canonical, str) and canonical.partition("|")[0] == canonicals.retraction_url(self._base)

    def named_by(self, response: FhirJson, url: str) -> Iterator[str]:
        for one in objects_in(response.get("extension")):
            node = one.get("valueReference") if one.get("url") == url else None
            place = reference_in(node, base=self._server) or self._identified(node)
            if place is not None:
                yield place

    def _identified(self, node: object) -> str | None:
        values = identifiers_in(node.get("identifier"), self._system) if isinstance(node, dict) else ()
        return next((self._by_identifier[value] for value in values if value in self._by_identifier), None)


def _status(response: FhirJson) -> str:
    status = response.get("status")
    return status.strip() if isinstance(status, str) else ""


def _place(response: FhirJson) -> tuple[float, str]:
    """When it was stored: what stands in another's place, or takes it back, is not changed afterwards itself."""
    return rank(response)[1:]
