"""The options of an item as a strip, the lowest first, with the answer before and the answer now."""

from msgspec import Struct

from fhir_mappings.instruments.instrument import Instrument, Option

WIDTH = 132
_EDGE = 8


class OptionStrip(Struct, frozen=True, kw_only=True):
    """Where each option stands, in pixels, and the two answers (None where there is none on the strip, or where both are one)."""

    width: int
    ticks: tuple[int, ...]
    before: int | None
    now: int | None


def option_strip(form: Instrument, *, now: Option | None, before: Option | None) -> OptionStrip | None:
    """Of the options with a value; None where there are no two, or neither answer is one of them."""
    values = sorted({one.value for one in form.options if one.value is not None})
    if len(values) < 2:  # noqa: PLR2004 - a strip has two ends
        return None
    places = {value: _EDGE + (WIDTH - 2 * _EDGE) * place // (len(values) - 1) for place, value in enumerate(values)}
    at, was = _place(now, places), _place(before, places)
    if at is None and was is None:
        return None
    return OptionStrip(width=WIDTH, ticks=tuple(places.values()), before=was if was != at else None, now=at)


def _place(option: Option | None, places: dict[int, int]) -> int | None:
    return places[option.value] if option is not None and option.value is not None else None
