"""One rating as it was answered, beside the one before: of those ratings alone that whoever is signed in may see."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.library import Library
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import is_known_earlier
from fhir_mappings.ratings.entry import Entry, entry_of, with_name
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.load_dashboard import SeenRatings, before_latest, seen_ratings
from smart_app.care.record.access import base_of
from smart_app.care.record.page_rule import PageFacts
from smart_app.care.record.patient_in_context import Patient
from smart_app.care.record.record import ChartRecord
from smart_app.errors import NotOffered
from smart_app.launch.context.launch_context import User

# Why nothing stands beside a rating: it is the first; the one before was answered in another version, another language or with other words;
# another may be missing between the two; or nobody can tell which came first.
Alone = Literal["first", "version", "language", "words", "missing", "order"]
# What of the answers there is: they themselves, scores alone, nothing that can be read, or answers to a form whose file is gone.
Kept = Literal["answers", "scores", "nothing", "version-gone"]


class AsAnswered(Struct, frozen=True, kw_only=True):
    """What the page is made of. `before` is the rating before by the same person on the same form, of which `alone` says why there is none;
    `entry` who entered it, None where there is no form; `beside` what others said of the same visit on the same questionnaire; `by_reader`:
    it is their own. `facts` decide what the page offers."""

    patient: Patient
    rating: Rating
    instrument: Instrument
    before: Rating | None
    alone: Alone | None
    kept: Kept
    entry: Entry | None
    beside: tuple[Rating, ...]
    by_reader: bool
    facts: PageFacts | None = None


def as_answered(record: ChartRecord, *, key: str, key_of: Callable[[str], str]) -> AsAnswered:
    """The rating whose source `key_of` calls by that key. NotOffered where they may see none of that name, whether or not there is one;
    FhirError only when the Patient cannot be read or is another."""
    seen = seen_ratings(record)
    rating = next((one for one in seen.ratings if key_of(one.source) == key), None)
    if rating is None:
        raise _not_there(seen)
    services, context = record.services, record.context
    return laid_out(rating, seen, library=services.library, language=services.settings.language, reader=context.user, base=base_of(context))


def laid_out(rating: Rating, seen: SeenRatings, *, library: Library, language: str | None, reader: User, base: str) -> AsAnswered:
    """One of the ratings seen, in the words it was answered in where there are such, else in the site's `language`; `reader` is who is
    signed in, `base` the address of the server."""
    before, alone = rating_before(rating, seen)
    form = seen.forms.get(rating.source)
    return AsAnswered(
        patient=seen.patient,
        rating=rating,
        instrument=library.as_answered(rating.instrument, version=rating.version, language=rating.language or language),
        before=before,
        alone=alone,
        kept=_kept(rating, library, stored=form is not None),
        entry=with_name(entry_of(form, base=base), _known_people(reader, seen.ratings)) if form is not None else None,
        beside=tuple(_beside(rating, seen.ratings)),
        by_reader=rating.informant == "clinician" and _rated(rating) == reader.reference,
        facts=seen.facts,
    )


def rating_before(rating: Rating, seen: SeenRatings) -> tuple[Rating | None, Alone | None]:
    """The one before by the same person on the same form, of those seen; else why none stands beside it."""
    others = [
        one for one in seen.ratings if one is not rating and _by_the_same(one, rating) and not is_known_earlier(rating.when, one.when)
    ]
    before = before_latest([*others, rating])
    if before is None:
        return None, _why_alone(rating, others, seen)
    if not is_known_earlier(before.when, rating.when):
        return None, "order"
    return (before, None) if all(read.covers(before.when.day) for read in seen.reads) else (None, "missing")


def _why_alone(rating: Rating, others: Sequence[Rating], seen: SeenRatings) -> Alone:
    if not others:
        return "first" if all(read.whole for read in seen.reads) else "missing"
    last = others[-1]
    if (last.version, last.version_told) != (rating.version, rating.version_told):
        return "version"
    return "language" if last.language != rating.language else "words"


def _by_the_same(one: Rating, other: Rating) -> bool:
    """By the same person of the same one, on the same questionnaire."""
    return _who(one) == _who(other)


def _who(rating: Rating) -> tuple[str, str, str | None, str | None]:
    return rating.instrument, rating.informant, rating.observer, _rated(rating)


def _rated(rating: Rating) -> str | None:
    return rating.clinician.reference if rating.clinician else None


def _beside(rating: Rating, ratings: Sequence[Rating]) -> list[Rating]:
    """What others said of the same visit."""
    same = (rating.instrument, _rated(rating), rating.visit)
    return [one for one in ratings if one is not rating and (one.instrument, _rated(one), one.visit) == same]


def _kept(rating: Rating, library: Library, *, stored: bool) -> Kept:
    if not any((one.slug, one.version) == (rating.instrument, rating.version) for one in library.instruments):
        return "version-gone"
    if rating.answers or rating.extra or rating.declined:
        return "answers"
    return "nothing" if stored else "scores"


def _known_people(reader: User, ratings: Sequence[Rating]) -> Iterator[Person]:
    """Whose names the sign-in and the ratings give."""
    yield Person(reference=reader.reference, name=reader.name)
    yield from (one.clinician for one in ratings if one.clinician)


def _not_there(seen: SeenRatings) -> NotOffered:
    """The same whether it is not there or kept back."""
    again = Sentence("Open the history again.")
    if not all(read.whole for read in seen.reads):
        return NotOffered(Sentence("Not all ratings could be read, and this one is not among those that were."), next_step=again)
    return NotOffered(Sentence("There is no rating here that you may see."), next_step=again)
