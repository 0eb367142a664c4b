"""Everything Rapport publishes: forms, scoring forms, codes, value sets, extensions."""

from collections.abc import Iterator

from fhir_mappings.definitions.extensions import extensions
from fhir_mappings.definitions.questionnaire import questionnaire
from fhir_mappings.definitions.retraction_form import retraction_form
from fhir_mappings.definitions.scoring_questionnaire import scoring_questionnaire
from fhir_mappings.definitions.terminology import instrument_terminology, shared_terminology
from fhir_mappings.instruments.library import Library
from fhir_mappings.r4.json_types import Json
from fhir_mappings.r4.validation import check, check_together


def definitions(library: Library, *, base: str) -> list[Json]:
    """Everything a server should know to understand what Rapport writes, each validated; every version and language side by side.
    An instrument without items is only described and has no form."""
    found = [
        *_forms(library, base=base),
        retraction_form(base=base),
        *instrument_terminology(library, base=base),
        *shared_terminology(library, base=base),
        *extensions(base=base),
    ]
    for resource in found:
        check(resource)
    check_together(found)
    return found


def _forms(library: Library, *, base: str) -> Iterator[Json]:
    for instrument in library.instruments:
        for informant in instrument.forms if instrument.items else ():
            yield questionnaire(instrument, informant, base=base)
            if instrument.scales:
                yield scoring_questionnaire(instrument, informant, base=base)
