"""What is not drawn and not scored, and why."""

from msgspec import Struct

from fhir_mappings.r4.dates import Moment
from fhir_mappings.r4.display import cut
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.references import source_of


class Skipped(Struct, frozen=True, kw_only=True):
    """A resource, or part of one, that is not drawn and not scored: what it was, when, and why, in a sentence for people.

    `measure` is the measure's or instrument's key where known; `shown` the value as the source wrote it ("61 %");
    `code` is stable for logs and tests (`unit_missing`, `foreign_patient` …); `remedy` says what would settle it.
    """

    source: str
    measure: str | None
    what: str
    when: Moment | None
    shown: str | None
    reason: str
    code: str
    remedy: str | None = None


def foreign(resource: FhirJson) -> Skipped:
    """A resource that is not about the patient in context: its id and nothing else."""
    return Skipped(
        source=_source(resource),
        measure=None,
        what="A resource of another patient, or of nobody named",
        when=None,
        shown=None,
        reason="The server returned it although it was asked for this patient only. Nothing of it is used.",
        code="foreign_patient",
        remedy="IT: the server does not honour the patient search parameter.",
    )


def _source(resource: FhirJson) -> str:
    return source_of(resource, cut(resource.get("resourceType", "Resource")))
