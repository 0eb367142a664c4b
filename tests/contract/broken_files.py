"""Resources of ours with one defect each: `broken/manifest.toml` says which, the JSON files beside it are what the checkers are given.

`python -m tests.contract.broken_files` writes the files anew from the manifest and what Rapport writes today.
"""

import copy
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import simplejson

from fhir_mappings.definitions.published_definitions import definitions
from fhir_mappings.submission.transaction import submission_bundle
from tests.fhir_mappings.samples import BASE, LIBRARY, stored, submission

FOLDER = Path(__file__).parent / "broken"
Json = dict[str, Any]


class Refusal(NamedTuple):
    """What HAPI's validator must say: message id, location, and words of it where the id is missing or says too little."""

    id: str
    at: str
    says: str = ""


class Broken(NamedTuple):
    """One file and its defect.

    `gate` is the place at which `fhir_mappings.r4.validation` refuses it, `hapi` what HAPI's validator says; None where that
    checker is not asked. `medplum` and `fhirpath` say whether those must refuse it.
    """

    file: str
    of: str
    wrong: str
    change: tuple[Json, ...]
    gate: str | None = None
    hapi: Refusal | None = None
    medplum: bool = False
    fhirpath: bool = False
    trap: int | None = None


def manifest() -> tuple[Broken, ...]:
    """The manifest's entries, in its order. TypeError for an unknown key."""
    found = tomllib.loads((FOLDER / "manifest.toml").read_text(), parse_float=Decimal)["broken"]
    return tuple(_entry(one) for one in found)


def _entry(given: Json) -> Broken:
    hapi = given.pop("hapi", None)
    return Broken(**given | {"change": tuple(given["change"]), "hapi": Refusal(**hapi) if hapi else None})


def valid() -> Mapping[str, Json]:
    """Name to resource, as Rapport writes them today: one submission as stored, its transaction, and definitions."""
    known = {one["url"].removeprefix(f"{BASE}/"): one for one in map(dict[str, Any], definitions(LIBRARY, base=BASE))}
    made = submission("444 3x5 554")
    return {
        **stored(made),
        "bundle": _read(written(submission_bundle(made, base=BASE))),
        "form": known["Questionnaire/rapport-check-in-patient"],
        "options": known["CodeSystem/rapport-check-in-options"],
        "value-set": known["ValueSet/rapport-check-in-options"],
        "extension": known["StructureDefinition/rated-clinician"],
    }


def broken(one: Broken, good: Mapping[str, Json]) -> Json:
    """The good resource with the defect."""
    resource = copy.deepcopy(good[one.of])
    for change in one.change:
        _apply(resource, change)
    return resource


def _apply(resource: Json, change: Json) -> None:
    """One step at a path such as `item/0/linkId`: `put` a value, put a `copy` of what stands at another path, `empty` it to null,
    or `drop` it; `-` appends."""
    *way, last = change["at"].split("/")
    node = _at(resource, way)
    if "drop" in change:
        del node[_key(node, last)]
        return
    value = copy.deepcopy(_at(resource, change["copy"].split("/"))) if "copy" in change else change.get("put")
    if last == "-":
        node.append(value)
    else:
        node[_key(node, last)] = value


def _at(node: Any, way: Iterable[str]) -> Any:
    for step in way:
        node = node[_key(node, step)]
    return node


def _key(node: Any, step: str) -> Any:
    return int(step) if isinstance(node, list) else step


def written(resource: Mapping[str, object]) -> str:
    """The JSON of a file, numbers with their digits."""
    return simplejson.dumps(resource, use_decimal=True, indent=1, ensure_ascii=False) + "\n"


def _read(text: str) -> Json:
    return dict(simplejson.loads(text, use_decimal=True))


def main() -> None:
    """Write every file of the manifest and remove what it does not name."""
    good = valid()
    wanted = {one.file: written(broken(one, good)) for one in manifest()}
    for stale in {path.name for path in FOLDER.glob("*.json")} - wanted.keys():
        (FOLDER / stale).unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
