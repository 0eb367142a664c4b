"""What a clinician may try with this patient: which options stand open first, by what they may see, and which they have ticked for
themself."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.options.offered_options import DIRECT_QUESTION, Opening, opening
from fhir_mappings.r4.dates import Moment
from fhir_mappings.ratings.rating import Rating
from smart_app.care.dashboard.load_dashboard import SeenOfOwn, seen_of_own
from smart_app.care.record.closed_visits import is_personal
from smart_app.care.record.patient_in_context import Patient
from smart_app.care.record.record import ChartRecord
from smart_app.store import author_of

# A note about what was tried serves until the next visit or the one after.
NOTE_LASTS = timedelta(days=180)


class OwnNote(Struct, frozen=True, kw_only=True):
    """What whoever is signed in has ticked: ids of options with the days they were ticked on, and until when it is kept (None: nothing
    is)."""

    ticked: Mapping[str, str]
    until: datetime | None


class ThingsToTry(Struct, frozen=True, kw_only=True):
    """What the page is made of. `said` is how the patient answered the direct question, in the words of its form ("" where they did not),
    `rated` when. `note` is None where the sign-in says of nobody whose it would be."""

    patient: Patient
    opening: Opening
    said: str
    rated: Moment | None
    note: OwnNote | None


def things_to_try(record: ChartRecord) -> ThingsToTry:
    """By the patient's latest rating of whoever is signed in that they may see. FhirError as for `seen_of_own`."""
    seen = seen_of_own(record)
    answer = seen.rating.extra.get(DIRECT_QUESTION) if seen.rating else None
    return ThingsToTry(
        patient=seen.patient,
        opening=opening(answer, _elements(seen)),
        said=_option_label(seen.instrument, answer) if seen.instrument and answer else "",
        rated=seen.rating.when if seen.rating else None,
        note=own_note(record),
    )


def own_note(record: ChartRecord) -> OwnNote | None:
    """What whoever is signed in has ticked about this patient."""
    if not is_personal(record.context.user):
        return None
    kept = record.services.store.option_notes.of(author_of(record.context))
    return OwnNote(ticked=kept.ticked, until=kept.expires) if kept else OwnNote(ticked={}, until=None)


def tick(record: ChartRecord, *, shown: Collection[str], ticked: Collection[str]) -> bool:
    """Keep which of the options that were `shown` are `ticked`; the others stay as they were. False where the sign-in says of nobody whose
    it would be, and nothing is kept."""
    before = own_note(record)
    if before is None:
        return False
    today, known = record.now().date().isoformat(), {one.id for one in record.services.options.options}
    kept = {key: day for key, day in before.ticked.items() if key in known and (key not in shown or key in ticked)}
    kept |= {key: today for key in ticked if key in known and key in shown and key not in kept}
    store = record.services.store
    with store.database.begin() as together:
        store.option_notes.keep(author_of(record.context), kept, ttl=NOTE_LASTS, within=together)
        # That somebody did, and not what: the note is theirs alone.
        store.audit.add("options_ticked", launch_id=record.launch_id, context=record.context, within=together)
    return True


def _elements(seen: SeenOfOwn) -> dict[str, Decimal | None]:
    """The patient's scores by element, where they are means of one scale, of a form that is scored: half a point means nothing else."""
    instrument, rating = seen.instrument, seen.rating
    if rating is None or instrument is None or instrument.why_unscored:
        return {}
    scales = [scale for scale in instrument.scales if scale.key in _WANTED]
    if len({(scale.method, scale.factor, scale.low, scale.high) for scale in scales} | {_ONE_TO_FIVE}) > 1:
        return {}
    return {scale.key: _value(rating, scale.key) for scale in scales}


def _value(rating: Rating, key: str) -> Decimal | None:
    score = rating.scores.get(key)
    return score.value if score else None


def _option_label(instrument: Instrument, answer: str) -> str:
    question = next((one for one in instrument.questions if one.link_id == DIRECT_QUESTION), None)
    return next((one.label or "" for one in question.options if one.code == answer), "") if question else ""


_WANTED = frozenset({"goal", "task", "bond"})
# The 0.5 is assumed for these alone.
_ONE_TO_FIVE = ("mean", Decimal(1), 1, 5)
