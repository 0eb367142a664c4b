"""A score, or why there is none."""

from decimal import Decimal
from typing import Final

from msgspec import Struct

from fhir_mappings.sentence import Sentence

# Why a score has no value, in http://terminology.hl7.org/CodeSystem/data-absent-reason; docs/fhir-shapes.md quotes the definitions.
# The rule asks for more answers than there are, so it was not applied: "the observation procedure (test, etc.) was not performed".
RULE_NOT_MET: Final = "not-performed"
# Nobody here vouches for a key to score by: "The source system wasn't capable of supporting this element".
NO_KEY: Final = "unsupported"
# Neither the number nor the answers were found: "The value is expected to exist but is not known".
NOT_FOUND: Final = "unknown"


class Score(Struct, frozen=True, kw_only=True):
    """A score, or why there is none: the `reason` in words, and `absent`, its FHIR data-absent-reason code. `text` is the number as stored
    or computed ("4.33"), `value` the same with two decimals at most; `prorated` says that the rule allowed a score with items missing;
    `answered` of `of` items were answered."""

    key: str
    value: Decimal | None
    text: str | None
    answered: int
    of: int
    prorated: bool
    reason: Sentence | None
    absent: str | None = None
