"""A sentence that goes on after a colon."""

from msgspec import Struct

from fhir_mappings.sentence import English, Language, Value, said


class AfterColon(Struct, frozen=True):
    """English writes it small there, others write as it stands."""

    part: Value

    def said(self, language: Language) -> str:
        """It, in that language."""
        text = said(self.part, language)
        return text[:1].lower() + text[1:] if isinstance(language, English) else text
