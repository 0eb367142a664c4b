"""An alliance rating as read from the record: who rated whom, at which visit, with which scores."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.r4.moment import Moment

# Why a score has no value, in http://terminology.hl7.org/CodeSystem/data-absent-reason; docs/fhir-shapes.md quotes the definitions.
# The rule asks for more answers than there are, so it was not applied: "the observation procedure (test, etc.) was not performed".
RULE_NOT_MET: Final = "not-performed"
# Nobody here vouches for a key to score by: "The source system wasn't capable of supporting this element".
NO_KEY: Final = "unsupported"
# Neither the number nor the answers were found: "The value is expected to exist but is not known".
NOT_FOUND: Final = "unknown"


class Score(Struct, frozen=True, kw_only=True):
    """A score, or why there is none: the `reason` in words, and `absent`, its FHIR data-absent-reason code. `text` is the number as stored
    or computed ("4.33"); `prorated` says that the rule allowed a score with items missing; `answered` of `of` items were answered."""

    key: str
    value: Decimal | None
    text: str | None
    answered: int
    of: int
    prorated: bool
    reason: str | None
    absent: str | None = None


class Person(Struct, frozen=True, kw_only=True):
    """A rated or rating person: the FHIR reference (`Practitioner/x`) and the name the record gives, if any."""

    reference: str
    name: str | None


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
