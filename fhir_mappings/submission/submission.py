"""Everything one submission is made of, before it becomes FHIR."""

from collections.abc import Mapping
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from msgspec import Struct

from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.instruments.not_answered import NotAnsweredReason
from fhir_mappings.instruments.scores import Score
from fhir_mappings.people.person import Person
from fhir_mappings.r4.json_types import Json


class Submission(Struct, frozen=True, kw_only=True):
    """`patient` and `encounter` are ids, `answered_by` and `recorded_by` references (`Patient/x`, `Practitioner/y`). `clinician` is who is
    rated: None for a questionnaire about a team or about nobody. `from_paper`: the answers were typed in from a sheet. `answering` is who
    said that they answer, None where it was not asked; somebody else than the patient is no reference: `answered_by` and `recorded_by` are
    None. `not_answered` is why there are no answers; `answered_by` is then whoever decided so, and `recorded_by` whoever entered it.
    `after_seen`: it is a second rating of a visit whose other rating its author had seen.

    `authored` and `issued` are aware. `key` is the submission key: every resource's identifier is the key plus its role.
    """

    instrument: Instrument
    informant: Informant
    answers: Answers
    scores: Mapping[str, Score]
    patient: str
    clinician: Person | None
    answered_by: str | None
    recorded_by: str | None
    encounter: str | None
    authored: datetime
    issued: datetime
    key: str
    app_version: str
    tags: tuple[tuple[str, str], ...] = ()
    from_paper: bool = False
    answering: Answering | None = None
    not_answered: NotAnsweredReason | None = None
    after_seen: bool = False

    def urn(self, role: str) -> str:
        """The full URL of one resource in the bundle: the same for the same key, so that a repeated build is the same bundle."""
        return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{self.key}.{role}')}"

    def identifier(self, role: str, *, system: str) -> Json:
        """The resource's own identifier."""
        return {"system": system, "value": f"{self.key}.{role}"}

    def scored(self) -> tuple[str, ...]:
        """Keys of the scales that have a score, in the file's order."""
        return tuple(key for key, found in self.scores.items() if found.value is not None)

    def meta(self) -> Json:
        """`meta` with the tags; empty when there is none."""
        return {"meta": {"tag": [{"system": system, "code": code} for system, code in self.tags]}} if self.tags else {}

    def visit(self) -> Json:
        """`encounter`, where the launch had one."""
        return {"encounter": {"reference": f"Encounter/{self.encounter}"}} if self.encounter else {}


def person(who: Person) -> Json:
    """A reference to a person, with the name where there is one."""
    named: Json = {"display": who.name} if who.name else {}
    return {"reference": who.reference, **named}
