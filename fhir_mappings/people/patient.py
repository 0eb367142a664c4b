"""The banner's facts of a Patient resource. Lenient, and total: what cannot be read is absent, nothing raises."""

from collections.abc import Iterator
from datetime import UTC, date, tzinfo
from typing import Literal

from msgspec import Struct

from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.sentence import Sentence

# Whether a record is the one to write into: of two that speak against it the graver. "inactive" is `active: false` alone.
Standing = Literal["current", "inactive", "replaced", "dead"]


class PatientFields(Struct, frozen=True, kw_only=True):
    """What the banner shows. `names` are "" and the rest None where nothing is recorded. `identifier` is (label, value). `deceased` is a
    date of death as a day, or as far as it is known; "yes" without one. `active` is False only where the record says so; `replaced`:
    another record has taken its place (`link` of type `replaced-by`), which is never named. `languages` are the codes and names of those
    the patient speaks, as written, the preferred first."""

    id: str
    family: str
    given: str
    title: str
    born: date | None
    born_text: str | None
    gender: str | None
    identifier: tuple[str, str] | None
    deceased: str | None
    active: bool = True
    replaced: bool = False
    languages: tuple[str, ...] = ()

    def standing(self, today: date) -> Standing:
        """Of the record, on that day at the clinic. A death dated later is a mistake of the record, and nobody's death: public generators
        write the one that a simulation has in store."""
        if self.deceased is not None and not self.died_later(today):
            return "dead"
        if self.replaced:
            return "replaced"
        return "current" if self.active else "inactive"

    def died_later(self, today: date) -> bool:
        """Whether the recorded day of death has not come yet."""
        moment = parse_moment(self.deceased)
        return moment is not None and moment.day > today


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
        active=resource.get("active") is not False,
        replaced=_replaced(resource),
        languages=tuple(_languages(resource.get("communication"))) if "communication" in resource else (),
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


def _record_number(identifiers: object) -> tuple[Sentence, str] | None:
    """The medical record number where one is marked so, else the usual identifier, else none."""
    given = [one for one in identifiers if isinstance(one, dict) and one.get("value")] if isinstance(identifiers, list) else []
    for one in given:
        if "MR" in _type_codes(one):
            return Sentence("MRN"), str(one["value"])
    usual = next((one for one in given if one.get("use") in ("usual", "official")), None)
    return (Sentence("ID"), str(usual["value"])) if usual else None


def _type_codes(identifier: FhirJson) -> list[object]:
    kind = identifier.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    return [one.get("code") for one in codings if isinstance(one, dict)] if isinstance(codings, list) else []


def _replaced(resource: FhirJson) -> bool:
    """Whether another record has taken this one's place; a link that names this very record says nothing."""
    links = resource.get("link")
    own = f"Patient/{resource.get('id')}"
    named = (link.get("other") for link in links if isinstance(link, dict) and _is_replaced_by(link)) if isinstance(links, list) else ()
    return any(not (isinstance(other, dict) and other.get("reference") == own) for other in named)


def _languages(listed: object) -> Iterator[str]:
    """Of each language its codes, its text, and what its codes mean: EHRs fill in the one or the other."""
    given = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    for one in sorted(given, key=lambda one: one.get("preferred") is not True):
        concept = one.get("language")
        codings = concept.get("coding") if isinstance(concept, dict) else None
        known = [coding for coding in codings if isinstance(coding, dict)] if isinstance(codings, list) else []
        text = concept.get("text") if isinstance(concept, dict) else None
        yield from _words([*(coding.get("code") for coding in known), text, *(coding.get("display") for coding in known)])


def _is_replaced_by(link: FhirJson) -> bool:
    kind = link.get("type")
    return isinstance(kind, str) and kind.strip() == "replaced-by"


def _deceased(resource: FhirJson, zone: tzinfo) -> str | None:
    """The date of death: of an instant the day in `zone`, else as written; "yes" without one, None for the living."""
    when = resource.get("deceasedDateTime")
    if isinstance(when, str) and when.strip():
        moment = parse_moment(when, zone)
        return moment.day.isoformat() if moment and moment.instant else when
    return "yes" if resource.get("deceasedBoolean") is True else None
