"""A FHIR server at the wire whose searches have pages: it sorts or not, goes by dates or not, and refuses what real ones refuse."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
import responses

from tests.care.ehr import Answer, Ehr, json_answer, statement
from tests.care.support import patient

Query = list[tuple[str, str]]
LOINC = "http://loinc.org"
_DATES = ("date", "authored", "authoredon")
METER, IN_RANGE, WEIGHT, LDL = "41653-7", "97510-2", "29463-7", "13457-7"


def told_by_date() -> dict[str, Any]:
    """A statement that offers dates too."""
    made = statement()
    for one in made["rest"][0]["resource"]:
        one["searchParam"] += [{"name": name} for name in _DATES]
    return made


def result(identity: str, value: str, day: date, *, code: str = METER, unit: str = "mg/dL", category: str = "laboratory") -> dict[str, Any]:
    quantity = {"value": float(value), "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation", "id": identity, "status": "final", "code": {"coding": [{"system": LOINC, "code": code}]},
        "category": [{"coding": [{"system": system, "code": category}]}], "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": day.isoformat(), "valueQuantity": quantity,
    }  # fmt: skip


def series(number: int, last: date, *, apart: int = 1, **more: Any) -> list[dict[str, Any]]:
    """Results at even distances, oldest first; the value tells the place."""
    code = more.get("code", METER)
    return [
        result(f"{code}-{place:05}", value_at(place), last - timedelta(days=apart * (number - place)), **more)
        for place in range(1, number + 1)
    ]


def value_at(place: int) -> str:
    """A value that every unit here may have."""
    return str(60 + place / 10000)


@dataclass
class LongRecord(Ehr):
    """`size` entries a page; `sorts` by `_sort`; `dates` are gone by; `refuses` may refuse a query, with what it says; `total` counts."""

    metadata: dict[str, Any] = field(default_factory=told_by_date)
    size: int = 200
    sorts: bool = True
    dates: bool = True
    total: bool = True
    refuses: Callable[[str, dict[str, str]], Answer | None] | None = None
    asked: list[tuple[str, Query]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def requests_made(self) -> int:
        """At the wire, whatever they asked."""
        return len(self.log)

    def searches(self, kind: str = "Observation") -> list[dict[str, str]]:
        return [dict(query) for path, query in self.asked if path == kind]

    def _answer(self, request: requests.PreparedRequest) -> Answer:
        self.asked.append((urlsplit(str(request.url)).path.removeprefix("/fhir").strip("/"), parse_qsl(urlsplit(str(request.url)).query)))
        self.headers.append({str(name): str(value) for name, value in request.headers.items()})
        self.current = self.asked[-1][1]
        return super()._answer(request)

    def _get(self, path: str, query: dict[str, str]) -> Answer:
        if path == "metadata" or "/" in path:
            return super()._get(path, query)
        refused = self.refuses(path, query) if self.refuses else None
        return refused or self._page(path, query)

    def _page(self, path: str, query: dict[str, str]) -> Answer:
        matches = [one for one in self.of_type(path) if self._matches(one, query) and self._is_in(one, query)]
        if self.sorts and "_sort" in query:
            matches.sort(key=_day_of, reverse=query["_sort"].startswith("-"))
        offset, size = int(query.get("_page", 0)), min(self.size, int(query.get("_count", 10)))
        shown = matches[offset : offset + size]
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
        bundle["entry"] = [{"resource": one, "search": {"mode": "match"}} for one in shown]
        if self.total:
            bundle["total"] = len(matches)
        if offset + size < len(matches):
            following = urlencode({**query, **self._windows(query), "_page": str(offset + size)})
            bundle["link"] = [{"relation": "next", "url": f"{self.base}/{path}?{following}"}]
        return json_answer(200, bundle)

    def _matches(self, resource: dict[str, Any], query: dict[str, str]) -> bool:
        """Without a look at more than is searched for: a record here is long."""
        asked = {name: set(query[name].split(",")) for name in ("code", "category") if name in query}
        return all(_tokens(resource.get(name)) & wanted for name, wanted in asked.items())

    def _windows(self, query: dict[str, str]) -> dict[str, str]:
        """Both ends of a window in one parameter, as a server writes its own next page."""
        return {name: ";".join(values) for name in _DATES if (values := self._ends(query, name))}

    def _ends(self, query: dict[str, str], name: str) -> list[str]:
        return query[name].split(";") if ";" in query.get(name, "") else [value for key, value in self.current if key == name]

    def _is_in(self, resource: dict[str, Any], query: dict[str, str]) -> bool:
        day = _day_of(resource)
        ends = [end for name in _DATES for end in self._ends(query, name)] if self.dates else []
        return all(day >= end[2:] if end.startswith("ge") else day < end[2:] for end in ends)


def _tokens(concepts: Any) -> set[str]:
    listed = concepts if isinstance(concepts, list) else [concepts or {}]
    return {f"{coding['system']}|{coding['code']}" for one in listed for coding in one.get("coding", [])}


def _day_of(resource: dict[str, Any]) -> str:
    named = (resource.get(name) for name in ("effectiveDateTime", "authored", "authoredOn", "start", "performedDateTime"))
    return str(next(filter(None, named), None) or resource.get("period", {}).get("start") or "")


@contextmanager
def served() -> Iterator[LongRecord]:
    """One at the wire, with the patient of the tests in it."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake = LongRecord()
        fake.attach(mock)
        fake.put(patient())
        yield fake
