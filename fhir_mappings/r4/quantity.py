"""A quantity as a record writes it."""

from typing import NamedTuple

from fhir_mappings.sentence import Language


class Quantity(NamedTuple):
    """A number and unit exactly as reported: `text` keeps `7.10` as `7.10`; `unit` is the UCUM code, `label` what people read."""

    text: str
    unit: str
    label: str

    def said(self, language: Language) -> str:  # noqa: ARG002 - digits and unit are the record's, in every language
        """Number and unit as reported: `7.10 %`."""
        return f"{self.text} {self.label}"
