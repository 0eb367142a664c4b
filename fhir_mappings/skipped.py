"""What is not drawn and not scored, and why."""

from collections.abc import Mapping

from msgspec import Struct

from fhir_mappings.r4.dates import Moment
from fhir_mappings.r4.display import cut
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.references import Ownership, Untied, source_of
from fhir_mappings.sentence import Sentence


class Skipped(Struct, frozen=True, kw_only=True):
    """A resource, or part of one, that is not drawn and not scored: what it was, when, and why, in a sentence for people.

    `measure` is the measure's or instrument's key where known; `shown` the value as the source wrote it ("61 %");
    `code` is stable for logs and tests (`unit_missing`, `foreign_patient`, `untied` …); `remedy` says what would settle it.
    """

    source: str
    measure: str | None
    what: Sentence
    when: Moment | None
    shown: str | None
    reason: Sentence
    code: str
    remedy: Sentence | None = None


class UntiedResource(Struct, frozen=True, kw_only=True):
    """A resource whose `subject` names no patient of its server, and nothing of it but type, id and what is the matter ("missing"). It may
    be the patient's and may be somebody else's: it is never used, and no list is called whole without it."""

    source: str
    subject: Sentence
    remedy: Sentence


# IT's part, by what is the matter. Another address is nearly always the server's own, written by one that stands behind a proxy.
_REMEDIES: Mapping[Untied, Sentence] = {
    "elsewhere": Sentence("IT: if that is this server's own address (inside, behind a proxy), have it write the one the app uses."),
    "identifier": Sentence(
        "IT: have the server or the source write subject.reference (Patient/id), for which an identifier is no substitute."
    ),
}
_REFILED = Sentence("IT: have the source file it under the Patient it is about (subject.reference).")
_SUBJECTS: Mapping[Untied, Sentence] = {
    "identifier": Sentence("given by identifier only"),
    "contained": Sentence("inside the resource itself"),
    "urn": Sentence("a urn of a bundle"),
    "no_patient": Sentence("not a Patient"),
    "missing": Sentence("missing"),
}
_UNREADABLE = Sentence("written in a way that cannot be read")


def untied_resource(resource: FhirJson, ownership: Ownership) -> UntiedResource:
    """What may be said of a resource that is tied to no patient here. The address of another server is said, as IT needs it; the id there
    is not."""
    why: Untied = ownership.why or "unreadable"
    elsewhere = Sentence("under another address ({address})", address=cut(ownership.address))
    return UntiedResource(
        source=_source(resource),
        subject=elsewhere if why == "elsewhere" else _SUBJECTS.get(why, _UNREADABLE),
        remedy=_REMEDIES.get(why, _REFILED),
    )


def untied(one: UntiedResource) -> Skipped:
    """Its row among what is not shown."""
    return Skipped(
        source=one.source,
        measure=None,
        what=Sentence("Could not be tied to this patient"),
        when=None,
        shown=None,
        reason=Sentence("Its subject is {subject}.", subject=one.subject),
        code="untied",
        remedy=one.remedy,
    )


def not_own(resource: FhirJson, ownership: Ownership) -> Skipped:
    """A resource that is another patient's, or tied to nobody."""
    return foreign(resource) if ownership.owner == "another_patient" else untied(untied_resource(resource, ownership))


def foreign(resource: FhirJson) -> Skipped:
    """A resource of another patient of the same server: its id and nothing else."""
    return Skipped(
        source=_source(resource),
        measure=None,
        what=Sentence("A resource of another patient"),
        when=None,
        shown=None,
        reason=Sentence("The server returned it although it was asked for this patient only. Nothing of it is used."),
        code="foreign_patient",
        remedy=Sentence("IT: the server does not honour the patient search parameter."),
    )


def _source(resource: FhirJson) -> str:
    return source_of(resource, cut(resource.get("resourceType", "Resource")))
