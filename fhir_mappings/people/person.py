"""A person as a rating names them."""

from msgspec import Struct

from fhir_mappings.sentence import Sentence

_UNNAMED = Sentence("a clinician whose name is not recorded")


class Person(Struct, frozen=True, kw_only=True):
    """A rated or rating person: the FHIR reference (`Practitioner/x`) and the name the record gives, if any."""

    reference: str
    name: str | None

    @property
    def called(self) -> str:
        """The name, else words that say that there is none: an id is no name."""
        return self.name or _UNNAMED
