"""The banner's facts of a Patient resource. Lenient, and total: what cannot be read is absent, nothing raises."""

from collections.abc import Iterator
from datetime import UTC, date, tzinfo

from msgspec import Struct

from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.json_types import FhirJson


class PatientFields(Struct, frozen=True, kw_only=True):
    """What the banner shows. `names` are "" and the rest None where nothing is recorded. `identifier` is (label, value)."""

    id: str
    family: str
    given: str
    title: str
    born: date | None
    born_text: str | None
    gender: str | None
    identifier: tuple[str, str] | None
    deceased: str | None


def read_patient(resource: FhirJson, *, zone: tzinfo = UTC) -> PatientFields:
    """The banner's facts of a Patient resource; whatever cannot be read is absent, nothing raises. `zone` is the clinic's."""
    name = _official(resource.get("name"))
    born = parse_moment(resource.get("birthDate"))
    gender = resource.get("gender")
    return PatientFields(
        id=str(resource.get("id", "")),
        family=_word(name.get("family")) or _word(name.get("text")),
        given=" ".join(_words(name.get("given"))),
        title=" ".join(_words(name.get("prefix"))),
        born=born.day if born and born.precision == "day" else None,
        born_text=born.text if born else None,
        gender=gender if isinstance(gender, str) and gender else None,
        identifier=_record_number(resource.get("identifier")),
        deceased=_deceased(resource, zone),
    )


def _official(names: object) -> FhirJson:
    """The name to address a person by: official, else usual, else the first that is not old."""
    given = [name for name in names if isinstance(name, dict)] if isinstance(names, list) else []
    for use in ("official", "usual"):
        for name in given:
            if name.get("use") == use:
                return name
    return next((name for name in given if name.get("use") not in ("old", "maiden")), {})


def _words(parts: object) -> Iterator[str]:
    yield from (word for part in parts if (word := _word(part))) if isinstance(parts, list) else ()


def _word(part: object) -> str:
    return " ".join(part.split()) if isinstance(part, str) else ""


def _record_number(identifiers: object) -> tuple[str, str] | None:
    """The medical record number where one is marked so, else the usual identifier, else none."""
    given = [one for one in identifiers if isinstance(one, dict) and one.get("value")] if isinstance(identifiers, list) else []
    for one in given:
        if "MR" in _type_codes(one):
            return "MRN", str(one["value"])
    usual = next((one for one in given if one.get("use") in ("usual", "official")), None)
    return ("ID", str(usual["value"])) if usual else None


def _type_codes(identifier: FhirJson) -> list[object]:
    kind = identifier.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    return [one.get("code") for one in codings if isinstance(one, dict)] if isinstance(codings, list) else []


def _deceased(resource: FhirJson, zone: tzinfo) -> str | None:
    """The date of death: of an instant the day in `zone`, else as written; "yes" without one, None for the living."""
    when = resource.get("deceasedDateTime")
    if isinstance(when, str) and when:
        moment = parse_moment(when, zone)
        return moment.day.isoformat() if moment and moment.instant else when
    return "yes" if resource.get("deceasedBoolean") is True else None
