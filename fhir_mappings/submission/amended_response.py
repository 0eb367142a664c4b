"""The stored response as it should be: what was put right of it is changed, and whatever else stands in it stays as its server has it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import cast

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.r4 import systems
from fhir_mappings.r4.json_types import FhirJson, Json, objects_in
from fhir_mappings.submission.questionnaire_response import questionnaire_response
from fhir_mappings.submission.submission import Submission, person

_DAY = len("2026-11-22")


def amended_response(response: FhirJson, corrected: Submission, *, base: str) -> Json:
    """With the answers, the moment, the visit and the clinician of `corrected`, and the status amended."""
    fresh = questionnaire_response(corrected, base=base)
    kept = {key: value for key, value in response.items() if key not in {"encounter", "item"}}
    moved = {} if is_moment(response.get("authored"), corrected.authored) else {"authored": fresh["authored"]}
    visit = _same_or(response, fresh, "encounter")
    return _rating(
        {**kept, **moved, **visit, "status": "amended", "item": _items(response, fresh, corrected.instrument)}, corrected, base=base
    )


def is_moment(written: object, moment: datetime) -> bool:
    """Whether what is written is that moment; a date without a time, which names none, is that day's."""
    try:
        found = datetime.fromisoformat(str(written))
    except ValueError:
        return False
    return found.date() == moment.date() if len(str(written)) == _DAY else found == moment


def names(node: object, reference: str | None) -> bool:
    """Whether a Reference, as whoever wrote it wrote it, is that one; none is none."""
    written = node.get("reference") if isinstance(node, dict) else None
    return written == reference or (isinstance(written, str) and reference is not None and written.endswith(f"/{reference}"))


def rated(response: FhirJson, base: str) -> FhirJson | None:
    """The Reference of whom a response is about."""
    url = canonicals.rated_clinician(base)
    return next((one.get("valueReference") for one in objects_in(response.get("extension")) if one.get("url") == url), None)


def _same_or(response: FhirJson, fresh: Json, key: str) -> Json:
    """The stored reference where it names the same, else the right one; none where there is none."""
    right = cast("FhirJson | None", fresh.get(key))
    if names(response.get(key), right["reference"] if right else None):
        return {key: response[key]} if key in response else {}
    return {key: right} if right else {}


def _rating(response: Json, corrected: Submission, *, base: str) -> Json:
    """With the extension of whom it is about as it should be."""
    if corrected.clinician is None or names(rated(response, base), corrected.clinician.reference):
        return response
    url = canonicals.rated_clinician(base)
    others = [one for one in objects_in(response.get("extension")) if one.get("url") != url]
    return {**response, "extension": [{"url": url, "valueReference": person(corrected.clinician)}, *others]}


def _items(response: FhirJson, fresh: Json, instrument: Instrument) -> list[Json]:
    """The form's items, each as it was stored where its answer is the same; after them whatever else stands there, which answers none of
    the form's questions."""
    stored = dict(_leaves(response.get("item")))
    asked = {*(one.link_id for one in instrument.items), *(one.link_id for one in instrument.questions)}
    strangers = (dict(one) for one in objects_in(response.get("item")) if asked.isdisjoint(link_id for link_id, _ in _leaves([one])))
    return [*(_item(one, stored) for one in cast("list[Json]", fresh["item"])), *strangers]


def _item(right: Json, stored: Mapping[str, FhirJson]) -> Json:
    if "item" in right:
        return {**right, "item": [_item(one, stored) for one in cast("list[Json]", right["item"])]}
    before = stored.get(str(right["linkId"]))
    return dict(before) if before is not None and _says(before) == _says(right) else right


def _says(item: FhirJson) -> tuple[list[object], bool]:
    """What an item's answer is, in codes, and whether it was declined."""
    codings = (one.get("valueCoding") for one in objects_in(item.get("answer")))
    declined = any(one.get("url") == systems.DATA_ABSENT_REASON for one in objects_in(item.get("extension")))
    return [one.get("code") for one in codings if isinstance(one, dict)], declined


def _leaves(items: object) -> Iterator[tuple[str, FhirJson]]:
    for item in objects_in(items):
        if item.get("item"):
            yield from _leaves(item["item"])
        else:
            yield str(item.get("linkId")), item
