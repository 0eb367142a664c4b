"""The rule of blind entry, for every page that shows something of a patient's rating: which visits are still closed to the clinician."""

from collections.abc import Iterable

from fhir_mappings.instruments.instrument import Informant
from smart_app.care.record.record import ChartRecord

# The rated clinician's reference ("" where nobody is rated) and the visit: what pairs the two informants' ratings.
Visit = tuple[str, str]


def closed_visits(record: ChartRecord, ratings: Iterable[tuple[Informant, Visit]]) -> set[Visit]:
    """The visits whose patient's rating is kept back: of these ratings, by whom and of which visit, there is none by the clinician, and
    nobody chose to see the patient's without. One question to the store, none without such a visit."""
    services, context = record.services, record.context
    if not services.settings.blind_entry:
        return set()
    given = set(ratings)
    rated = {visit for informant, visit in given if informant == "clinician"}
    # Without a rated clinician there is no other rating to wait for.
    waiting = {visit for informant, visit in given if informant == "patient" and visit[0]} - rated
    return waiting - services.store.reveals.among(context.iss, context.patient, waiting) if waiting else set()
