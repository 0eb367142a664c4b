"""An alliance rating as read from the record: who rated whom, at which visit, with which scores."""

from collections.abc import Mapping

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.scores import Score
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment
from fhir_mappings.sentence import Sentence


class Rating(Struct, frozen=True, kw_only=True):
    """One informant's rating of one visit.

    `clinician` is the rated person of the dyad for both informants, None for a questionnaire about a team or about nobody. `visit` is
    the encounter reference, else the day (`2026-11-22`), and pairs the two informants' ratings. `answers` maps link id to the option
    value; a declined or missing item is absent. `extra` maps a link id to its option code: of an unscored question, or of an item
    answered with an option without a value. `source` is the QuestionnaireResponse (or, where only scores were stored, the panel
    Observation). `observer` is the reference of who answered an observer's form, None of the other forms and where it is not told.
    """

    instrument: str
    version: str
    informant: Informant
    clinician: Person | None
    when: Moment
    visit: str
    encounter: str | None
    scores: Mapping[str, Score]
    answers: Mapping[str, int]
    declined: tuple[str, ...]
    extra: Mapping[str, str]
    standing: str
    source: str
    language: str | None = None
    observer: str | None = None


def form_named(title: str, informant: Informant) -> Sentence:
    """What a row of a list calls one informant's form of that instrument."""
    if informant == "patient":
        return Sentence("{instrument}, patient's form", instrument=title)
    if informant == "clinician":
        return Sentence("{instrument}, clinician's form", instrument=title)
    return Sentence("{instrument}, observer's form", instrument=title)
