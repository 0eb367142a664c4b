"""Ratings of an instrument that is not scored: that they exist, from when, how complete, why there is no score, and the answers."""

from fhir_mappings.instruments.instrument import Informant, Instrument, Item
from fhir_mappings.ratings.rating import Rating
from smart_app.care.dashboard.history import Dyad
from smart_app.web import formats
from smart_app.web.views.parts import Lane, Reading, Table, Words

_PAIR: tuple[Informant, ...] = ("patient", "clinician")


def answered_lane(dyad: Dyad) -> Lane:
    """In place of a chart: an empty one would look like "none", and a zero like a score."""
    instrument = dyad.instrument
    return Lane(
        title="As answered",
        unit="",
        about=(formats.count(len(instrument.items), "item"),),
        readings=tuple(_reading(informant, dyad.latest[informant], instrument) for informant in _PAIR if informant in dyad.latest),
        words=Words(
            lead=f"{formats.count(dyad.total, 'form')} stored as answered, not scored",
            lines=(instrument.why_unscored or "", _where(dyad)),
        ),
    )


def answered_in_words(dyad: Dyad) -> str:
    """`patient 24 of 24 items answered, not scored`."""
    parts = [
        f"{informant} {_count(dyad.latest[informant], dyad.instrument)} items answered" for informant in _PAIR if informant in dyad.latest
    ]
    return f"{', '.join(parts)}, not scored"


def answers_table(dyad: Dyad) -> Table:
    """One row per item, one column per form, newest first: the option as it was chosen."""
    ratings = list(reversed(dyad.ratings))
    things = formats.count(len(ratings), "form")
    return Table(
        summary=f"Answers of {things}" if len(ratings) == dyad.total else f"Answers of the {things} in this range, of {dyad.total}",
        style="answers",
        head=("Item", *(f"{formats.short_moment(rating.when)}, {rating.informant}" for rating in ratings)),
        rows=tuple(
            (f"Item {item.number}", *(_given(rating, item, dyad.instrument) for rating in ratings)) for item in dyad.instrument.items
        ),
    )


def _where(dyad: Dyad) -> str:
    if dyad.ratings:
        return "What was chosen for each item is in the table below."
    return "None of them is in this range; choose a longer one to see the answers."


def _reading(informant: Informant, latest: Rating, instrument: Instrument) -> Reading:
    return Reading(
        mark="patient" if informant == "patient" else "clinician",
        name=informant.capitalize(),
        value=_count(latest, instrument),
        unit="answered",
        notes=(formats.short_moment(latest.when),),
    )


def _count(rating: Rating, instrument: Instrument) -> str:
    answered = sum(item.link_id in rating.answers or item.link_id in rating.extra for item in instrument.items)
    return f"{answered} of {len(instrument.items)}"


def _given(rating: Rating, item: Item, instrument: Instrument) -> str:
    """The option's label where it may be shown, else its number."""
    if item.link_id in rating.declined:
        return "declined"
    value, code = rating.answers.get(item.link_id), rating.extra.get(item.link_id)
    chosen = (one for one in instrument.options if (one.value == value if value is not None else one.code == code))
    option = next(chosen, None) if value is not None or code is not None else None
    if option is None:
        return "no answer"
    signed = any(one.value is not None and one.value < 0 for one in instrument.options)
    number = formats.option_number(option, signed=signed)
    return f"{number} {option.label}" if option.label and option.value is not None and instrument.may("display") else number
