"""Dates, spans, numbers and quantities in the words people read. A reported number is rounded only where it has more places than anybody
measures, and never in a table."""

import re
from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from fhir_mappings.instruments.instrument import Option
from fhir_mappings.r4.dates import Moment, last_day
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.sentence import ENGLISH, Sentence, counted, dated

NOT_RECORDED = Sentence("Not recorded")
_DAYS_SPOKEN, _MONTHS_SPOKEN = 60, 24  # beyond these, the next larger unit
_STEPS = tuple(Decimal(1).scaleb(-places) for places in range(7))
_PLACES_BEYOND, _DIGITS = 2, 3
_WRITTEN_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?", re.ASCII)
_GENDERS = {"male": Sentence("Male"), "female": Sentence("Female"), "other": Sentence("Other"), "unknown": Sentence("Not known")}
_NUMBER_WORDS = (
    Sentence("no"), Sentence("one"), Sentence("two"), Sentence("three"), Sentence("four"), Sentence("five"), Sentence("six"),
    Sentence("seven"), Sentence("eight"), Sentence("nine"), Sentence("ten"), Sentence("eleven"), Sentence("twelve"),
)  # fmt: skip


@lru_cache(maxsize=8192)  # some twenty years of days: one page's lanes, tables and tooltips name the same ones
def short_date(day: date) -> Sentence:
    """`22-Nov-2026`, the form for staff whatever the locale (NHS CUI D+Ta-0002)."""
    return dated(day)


def long_date(day: date) -> Sentence:
    """`14 March 1968`, the form for patients."""
    return dated(day, "long")


def month_name(day: date) -> Sentence:
    """`Mar`, at an axis."""
    return dated(day, "month_name")


def short_moment(moment: Moment) -> Sentence:
    """A FHIR date as precise as it was written: `22-Nov-2026`, `Nov-2026` or `2026`."""
    day, _, precision, _ = moment
    return dated(day, precision) if precision in {"month", "year"} else short_date(day)


def long_moment(moment: Moment) -> Sentence:
    """The same for patients: `14 March 1968`, as precise as it was written."""
    return long_date(moment.day) if is_whole_day(moment) else short_moment(moment)


def is_whole_day(moment: Moment) -> bool:
    """Whether the day is known; a year or a month stands for any day in it."""
    return moment.precision in {"day", "instant"}


def on(moment: Moment) -> Sentence:
    """`on 22-Nov-2026`, `in Nov-2026`, `in 2026`."""
    day = short_moment(moment)
    return Sentence("on {day}", day=day) if is_whole_day(moment) else Sentence("in {month_or_year}", month_or_year=day)


def some_time(moment: Moment) -> Sentence:
    """`on 22-Nov-2026`, `some time in 2026`, where it stands beside others of which it may be before or after."""
    return on(moment) if is_whole_day(moment) else Sentence("some time in {month_or_year}", month_or_year=short_moment(moment))


def unknown_order(one: Moment, other: Moment) -> Sentence:
    """Why two of which none is known to be earlier are not compared, as the end of a sentence."""
    at_once = one.instant is not None and one.instant == other.instant
    return Sentence("both bear the same time") if at_once else Sentence("their order is not known")


def since(moment: Moment, today: date) -> Sentence:
    """How long ago, as far as that is known: `19 days ago`; `some time in 2026`."""
    return ago(moment.day, today) if is_whole_day(moment) else some_time(moment)


def latest_possible(moments: Iterable[Moment]) -> Moment:
    """Of several of which none is known to be the last, the one that may be the latest; at least one is given."""
    return max(moments, key=last_day)


def clock(instant: datetime, zone: tzinfo | None) -> str:
    """`14:02` in `zone`."""
    local = instant.astimezone(zone)
    return f"{local.hour:02}:{local.minute:02}"


def ago(day: date, today: date) -> Sentence:
    """How long ago `day` was, in the largest unit that still says something: days to 60, months to 24, then years."""
    days = (today - day).days
    if days < 0:
        return Sentence("dated in the future")
    if days <= 1:
        return Sentence("yesterday") if days else Sentence("today")
    if days <= _DAYS_SPOKEN:
        return counted("{n} day ago", "{n} days ago", days)
    months = whole_months(day, today)
    if months < _MONTHS_SPOKEN:
        return counted("{n} month ago", "{n} months ago", months)
    return counted("{n} year ago", "{n} years ago", months // 12)


def whole_months(first: date, last: date) -> int:
    """Complete calendar months from `first` to `last`."""
    return (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)


def age(born: date, on: date) -> Sentence:
    """`58 y`; below two years in months, as a banner shows it (NHS CUI PAB)."""
    months = whole_months(born, on)
    if months >= _MONTHS_SPOKEN:
        return Sentence("{years} y", years=months // 12)
    return counted("{n} month", "{n} months", max(months, 0))


def gender(code: str | None) -> str:
    """An administrative-gender code in words; unknown codes as they are."""
    return _GENDERS.get(code, code) if code else NOT_RECORDED


def in_words(number: int) -> Sentence:
    """Small numbers as words, larger ones as digits."""
    return _NUMBER_WORDS[number] if 0 <= number < len(_NUMBER_WORDS) else Sentence("{n}", n=number)


def rounded(value: Decimal, decimals: int) -> str:
    """A computed number with exactly `decimals` places, halves away from zero as laboratories round."""
    return str(value.quantize(_STEPS[decimals], ROUND_HALF_UP))


def few_places(text: str, decimals: int) -> str:
    """A reported number with the places it was written with, where these are no more than two beyond the measure's `decimals`; else, as
    sensors and generated records write `5.8296822753908435`, rounded to three digits within these bounds. Never to nothing: 0.0004 is not
    0."""
    return few_places_of_pair(text, None, decimals)[0]


def few_places_of_pair(text: str, paired: str | None, decimals: int) -> tuple[str, str | None]:
    """The same of two numbers that belong together, which then have equally many places."""
    most = decimals + _PLACES_BEYOND
    numbers = [number for one in (text, paired) if one is not None and (number := number_of(one)) is not None]
    if len(numbers) < 1 + (paired is not None) or all(-_exponent(number) <= most for number in numbers):
        return text, paired
    places = min(max(_DIGITS - 1 - numbers[0].adjusted(), decimals), most)
    short = [rounded(number, places) if number == 0 or abs(number) >= _STEPS[places] else f"{number:f}" for number in numbers]
    return short[0], short[1] if paired is not None else None


def number_of(text: str) -> Decimal | None:
    """A reported number, which may have a decimal comma."""
    written = text.replace(",", ".")
    return Decimal(written) if _WRITTEN_NUMBER.fullmatch(written) else None


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def plain(value: Decimal) -> str:
    """A number from a data file without exponent or trailing zeros, for axis ticks."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(reported: Quantity) -> str:
    """Number and unit as reported: `7.10 %`."""
    return reported.said(ENGLISH)


# What the option without a value of a shipped form is called; those of a site's own form by their code.
_WITHOUT_VALUE = {"does-not-apply": Sentence("Does not apply")}


def option_number(option: Option, *, signed: bool) -> str:
    """An answer as it is printed on a sheet: `4`; `−3` and `+3` on a scale with both signs; an option without a value by its code."""
    if option.value is None:
        return _WITHOUT_VALUE.get(option.code) or option.code.replace("-", " ").capitalize()
    sign = ("−" if option.value < 0 else "+") if signed and option.value else ""
    return f"{sign}{abs(option.value)}"
