"""Sentences as values: English with named places, and what stands in them, so that a page can say them in another language.

A `Sentence` *is* its English text (a `str`, as `markupsafe.Markup` is one): logs, the command line and users of the library print it and
need nothing else. Beside the text it keeps how it was made, and another `Language` says it anew from that. What the methods of `str` make
of it is a plain `str`, which has no language but English; `joined`, `listed`, `full_sentence` and `capitalised` give sentences.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Protocol, Self, TypeVar, cast

# How exactly a day is said: `22-Nov-2026`, `Nov-2026`, `2026`, `Nov` at an axis, and `22 November 2026` where a patient reads it.
DateForm = Literal["day", "month", "year", "month_name", "long"]
Conjunction = Literal["and", "or"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Language(Protocol):
    """A language."""

    @property
    def code(self) -> str:
        """Its BCP 47 tag, as in `lang` of a page."""

    def text(self, text: str) -> str:
        """A text with named places, in this language, with the same places."""

    def counted(self, one: str, many: str, n: int) -> str:
        """The form of a text that goes with the number."""

    def date(self, day: date, form: DateForm) -> str:
        """A day."""

    def listed(self, parts: list[str], conjunction: Conjunction) -> str:
        """`a`, `a and b`, `a, b and c`."""


class Speaks(Protocol):
    """What can be said in any language."""

    def said(self, language: Language) -> str:
        """It, in that language."""


_NUMBERS = (int, Decimal)
# What may stand in a sentence. Text is a record's or a site's, and is never translated.
Value = str | int | Decimal | date | Speaks


class English:
    """The language that everything is written in."""

    code = "en"

    def text(self, text: str) -> str:
        """As it was written."""
        return text

    def counted(self, one: str, many: str, n: int) -> str:
        """One of two forms."""
        return one if n == 1 else many

    def date(self, day: date, form: DateForm) -> str:
        """`22-Nov-2026`, the form for staff whatever the locale (NHS CUI D+Ta-0002)."""
        if form == "long":
            return f"{day.day} {_LONG_MONTHS[day.month - 1]} {day.year}"
        if form == "year":
            return f"{day.year:04}"
        name = MONTHS[day.month - 1]
        if form == "month_name":
            return name
        month = f"{name}-{day.year:04}"
        return month if form == "month" else f"{day.day:02}-{month}"

    def listed(self, parts: list[str], conjunction: Conjunction) -> str:
        """Without a comma before the last."""
        return f" {conjunction} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


ENGLISH = English()


def said(value: Value, language: Language) -> str:
    """A value in a language; numbers with the digits that they have."""
    if isinstance(value, str):
        # A sentence is its English: it is not made again for an English page, nor what stands in one for the sentence around it.
        return value if isinstance(language, English) or not isinstance(value, Sentence) else value.said(language)
    if isinstance(value, date):
        return language.date(value, "day")
    return str(value) if isinstance(value, _NUMBERS) else value.said(language)


class Sentence(str):
    """`Sentence("rose from {before} to {after}", before=a, after=b)`: the English text, and what it was made of.

    Values are filled in as they are, so braces in them mean nothing. KeyError for a place without a value."""

    __slots__ = ("pattern", "values")
    pattern: str
    values: dict[str, Value]

    def __new__(cls, text: str, /, **values: Value) -> Self:
        """A sentence of a text."""
        return _made(cls, _filled(text, values, ENGLISH), pattern=text, values=values)

    def said(self, language: Language) -> str:
        """The sentence in a language."""
        return _filled(language.text(self.pattern), self.values, language)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copied and pickled with what it is made of."""
        return _made, (type(self), str(self)), (None, {name: getattr(self, name) for name in _slots(type(self))})


class Counted(Sentence):
    """A sentence that has another form for one."""

    __slots__ = ("many", "n")
    many: str
    n: int

    def said(self, language: Language) -> str:
        """The form of the language's own plural."""
        return _filled(language.counted(self.pattern, self.many, self.n), self.values, language)


class Joined(Sentence):
    """Several, one after the other, with a sign between them that is the same in every language."""

    __slots__ = ("parts",)
    parts: tuple[Value, ...]

    def said(self, language: Language) -> str:
        """Each part for itself."""
        return self.pattern.join([said(part, language) for part in self.parts])


class Listed(Sentence):
    """Several, listed."""

    __slots__ = ("conjunction", "parts")
    parts: tuple[Value, ...]
    conjunction: Conjunction

    def said(self, language: Language) -> str:
        """As the language lists."""
        return language.listed([said(part, language) for part in self.parts], self.conjunction)


class Whole(Sentence):
    """What may stand inside of a sentence, as one of its own."""

    __slots__ = ("part",)
    part: Value

    def said(self, language: Language) -> str:
        """With a capital and a full stop."""
        return _whole(said(self.part, language))


class Capital(Sentence):
    """What may stand inside of a sentence, at its beginning or by itself."""

    __slots__ = ("part",)
    part: Value

    def said(self, language: Language) -> str:
        """With a capital."""
        return _capital(said(self.part, language))


class Dated(Sentence):
    """A day."""

    __slots__ = ("day", "form")
    day: date
    form: DateForm

    def said(self, language: Language) -> str:
        """With the language's names of months."""
        return language.date(self.day, self.form)


def counted(one: str, many: str, n: int, **values: Value) -> Sentence:
    """`counted("{n} result", "{n} results", 9)`: `n` is a place in both."""
    filled = {"n": n, **values}
    return _made(Counted, _filled(ENGLISH.counted(one, many, n), filled, ENGLISH), pattern=one, many=many, n=n, values=filled)


def joined(sign: str, parts: Iterable[Value]) -> Sentence:
    """Parts with a sign (` · `, `, `) between them."""
    several = tuple(parts)
    return _made(Joined, sign.join([said(part, ENGLISH) for part in several]), pattern=sign, values={}, parts=several)


def listed(parts: Iterable[Value], conjunction: Conjunction = "and") -> Sentence:
    """`a`, `a and b`, `a, b and c`."""
    several = tuple(parts)
    text = ENGLISH.listed([said(part, ENGLISH) for part in several], conjunction)
    return _made(Listed, text, pattern="", values={}, parts=several, conjunction=conjunction)


def full_sentence(part: Value) -> Sentence:
    """With a capital first letter and one full stop."""
    return _made(Whole, _whole(said(part, ENGLISH)), pattern="", values={}, part=part)


def shipped_text(text: str) -> Sentence:
    """A text of a data file that ships with Rapport, as a sentence without places: braces in it mean nothing. What reads those files makes
    one, as `tools/translations.py` finds such texts in the files, and `kept_sentence` of a text that was found where it was first made."""
    return _made(Sentence, text, pattern=text, values={})


def in_small_letters(text: str) -> str:
    """A title as it stands within a sentence. Of a shipped one that is a text of its own: other languages keep their capitals."""
    small = str(text).lower()
    return shipped_text(small) if isinstance(text, Sentence) else small


def capitalised(part: Value) -> Sentence:
    """With a capital first letter, and otherwise as it is."""
    return _made(Capital, _capital(said(part, ENGLISH)), pattern="", values={}, part=part)


def dated(day: date, form: DateForm = "day") -> Sentence:
    """A day by itself."""
    return _made(Dated, ENGLISH.date(day, form), pattern="", values={}, day=day, form=form)


_Kind = TypeVar("_Kind", bound="Sentence")


def _whole(text: str) -> str:
    text = text.strip()
    return _capital(text) + ("" if text.endswith((".", "?", "!")) else ".") if text else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _filled(text: str, values: dict[str, Value], language: Language) -> str:
    return text.format_map({name: said(value, language) for name, value in values.items()}) if values else text


def _made(kind: type[_Kind], english: str, **parts: object) -> _Kind:
    new = str.__new__(kind, english)
    for name, part in parts.items():
        setattr(new, name, part)
    return new


def _slots(kind: type) -> Iterable[str]:
    return [name for one in kind.__mro__ for name in cast("tuple[str, ...]", getattr(one, "__slots__", ()))]


# Where there is nothing to say.
NOTHING = joined("", ())
