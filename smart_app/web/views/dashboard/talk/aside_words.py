"""Why what a rating says is put aside, in words: where one chooses, and where it is read again."""

from collections.abc import Mapping

from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.history import AsideReason

# In the order they are offered.
ASIDE_REASONS: Mapping[AsideReason, Sentence] = {
    "talked": Sentence("We have talked about it"),
    "later": Sentence("Not now: other things come first"),
    "patient-declines": Sentence("The patient would rather not"),
    "colleague": Sentence("A colleague follows it up"),
    "does-not-fit": Sentence("It does not fit what I know"),
}
