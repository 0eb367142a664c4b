"""A visit of before, rated now. Its clinician did not rate it then, and the patient's rating of it waits.

Only a visit that the EHR names can be rated later: a rating carries the moment it is given, so that without a visit it is of that day.
Which visit a form is about is carried sealed from the history to the form and back, and the use cases of that form are handed the record
as if it had been opened from that visit: whatever they check and store then, they check and store of it."""

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.r4.dates import Moment, parse_moment
from fhir_mappings.r4.references import by_owner, is_id
from fhir_mappings.sentence import Sentence, Value
from smart_app.care.record.access import patient_on_server, permissions, reader
from smart_app.care.record.record import ChartRecord
from smart_app.errors import FROM_CHART_AGAIN, FhirError, NotOffered, SessionError
from smart_app.fhir.client import Resource

_PREFIX = "Encounter/"


class LateVisit(Struct, frozen=True, kw_only=True):
    """An Encounter's id, and a day: the visit's own where it is `dated`, else the one on which the patient answered about it."""

    encounter: str
    day: date
    dated: bool = False

    def called(self, day: Value) -> Sentence:
        """The visit in words, with its day as it is written where they stand."""
        if self.dated:
            return Sentence("the visit of {day}", day=day)
        return Sentence("the visit that the patient answered about on {day}", day=day)


def visit_answered_about(visit: str, day: date) -> LateVisit | None:
    """The visit (`Encounter/x`) that the patient answered about on that day; None where it is none that the EHR names."""
    encounter = visit.removeprefix(_PREFIX)
    return LateVisit(encounter=encounter, day=day) if visit.startswith(_PREFIX) and is_id(encounter) else None


def late_note(record: ChartRecord, late: LateVisit, *, form: tuple[str, Informant]) -> str:
    """A sealed note of which visit that form (slug, informant) is about, for its pages in this launch."""
    content = {"encounter": late.encounter, "day": late.day.isoformat(), "dated": late.dated, "patient": record.context.patient}
    return record.services.store.launches.carry(record.launch, content, purpose=_purpose(form))


def late_visit(record: ChartRecord, note: str, *, form: tuple[str, Informant]) -> LateVisit:
    """Which visit a note from `late_note` names. SessionError for a note of another launch, form or patient, or of nobody's."""
    content = record.services.store.launches.carried(record.launch, note, purpose=_purpose(form))
    if content["patient"] != record.context.patient:
        raise SessionError(
            Sentence("The visit was chosen for another patient, so nothing was stored."),
            undenied=Sentence("The visit was chosen for another patient."),
            reopen=FROM_CHART_AGAIN,
        )
    return LateVisit(encounter=content["encounter"], day=date.fromisoformat(content["day"]), dated=content["dated"])


def looked_up(record: ChartRecord, late: LateVisit) -> LateVisit:
    """The visit with its own day, where the record may be asked and tells it; as it is where it does not answer. NotOffered where it says
    that there was no such visit of this patient."""
    if permissions(record).why_not("Encounter", "read") is not None:
        return late
    try:
        found = reader(record).read("Encounter", late.encounter)
    except FhirError:
        return late
    if not by_owner([found], patient_on_server(record.context)).own:
        raise NotOffered(Sentence("The record does not say that this visit is this patient’s, so it is not rated."))
    if found.get("status") == "entered-in-error":
        raise NotOffered(Sentence("The record says that this visit was entered in error, so it is not rated."))
    began = _began(record, found)
    known = began is not None and began.precision in {"day", "instant"} and began.day <= record.now().date()
    return replace(late, day=began.day, dated=True) if known and began else late


def at_visit(record: ChartRecord, late: LateVisit | None) -> ChartRecord:
    """The record as it is opened from that visit; as it is where there is none."""
    return replace(record, context=replace(record.context, encounter=late.encounter)) if late else record


def _began(record: ChartRecord, encounter: Resource) -> Moment | None:
    period = encounter.get("period")
    return parse_moment(period.get("start"), record.zone) if isinstance(period, dict) else None


def _purpose(form: tuple[str, Informant]) -> str:
    return f"late {form[0]} {form[1]}"
