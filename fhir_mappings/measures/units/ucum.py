"""Whether two UCUM expressions are one unit. Exact, and for the units that clinical measures come in: what is not known here is equal to
nothing. Why this is no library's work: docs/decisions/0001-ucum.md.

Factors are those of the UCUM specification (ucum.org, ucum-essence.xml). Other than in UCUM, an amount of substance is a dimension of its
own (there a mole is a number, so that mmol/mol and mg/g are one): a fraction of moles is never taken for one of masses.
"""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

# Longer codes are no unit of a measure, and need not be looked at.
_LONGEST = 60
_TOKEN = re.compile(
    r"\{[^{}]*\}"
    r"|(?P<atom>10[*^]|[A-Za-z%]*\[\w+\]|[A-Za-z%]+)(?P<power>[+-]?\d{1,2})?"
    r"|(?P<number>\d{1,9})"
    r"|(?P<sign>[./()])",
    re.ASCII,
)
_NOTE = re.compile(r"\{([^{}]*)\}")

_Powers = Mapping[str, int]


class _Product(NamedTuple):
    """A factor and the powers of base units. A power of 0 stays: it says what has cancelled out."""

    factor: Fraction
    powers: _Powers


class Canonical(NamedTuple):
    """A unit reduced to base units. `cancelled` are those above and below the line alike: the mole of mmol/mol, the gram of mg/g."""

    factor: Fraction
    powers: frozenset[tuple[str, int]]
    cancelled: frozenset[str]


def _of(factor: str | int, **powers: int) -> _Product:
    return _Product(Fraction(factor), powers)


_ONE = _of(1)
_PREFIXES = {
    "G": Fraction(10) ** 9, "M": Fraction(10) ** 6, "k": Fraction(10) ** 3, "h": Fraction(10) ** 2, "da": Fraction(10),
    "d": Fraction(1, 10), "c": Fraction(1, 10**2), "m": Fraction(1, 10**3), "u": Fraction(1, 10**6), "n": Fraction(1, 10**9),
    "p": Fraction(1, 10**12), "f": Fraction(1, 10**15),
}  # fmt: skip
_LITRE = _of("0.001", m=3)
_UNIT = _of(1, iU=1)
# Those that take a prefix.
_METRIC = {
    "g": _of(1, g=1), "m": _of(1, m=1), "s": _of(1, s=1), "mol": _of(1, mol=1), "L": _LITRE, "l": _LITRE, "[IU]": _UNIT, "[iU]": _UNIT,
    "Pa": _of(1000, g=1, m=-1, s=-2), "m[Hg]": _of(133322000, g=1, m=-1, s=-2), "m[H2O]": _of(9806650, g=1, m=-1, s=-2),
}  # fmt: skip
_OTHERS = {
    "%": _of("0.01"), "10*": _of(10), "10^": _of(10), "[ppth]": _of("0.001"), "[ppm]": _of("0.000001"),
    "min": _of(60, s=1), "h": _of(3600, s=1), "d": _of(86400, s=1), "[in_i]": _of("0.0254", m=1), "[ft_i]": _of("0.3048", m=1),
    "[lb_av]": _of("453.59237", g=1), "[oz_av]": _of("28.349523125", g=1), "[stone_av]": _of("6350.29318", g=1),
}  # fmt: skip
_ATOMS: Mapping[str, _Product] = {**_METRIC, **_OTHERS}


def is_one_unit(code: str, unit: str) -> bool:
    """Whether UCUM says that `code` is `unit`; braces count for nothing. A bare number (10*-3) may be a fraction of whatever the unit says,
    never the other way round: cmol/mol is no "%"."""
    one, other = canonical(code), canonical(unit)
    if one is None or other is None:
        return False
    return one.factor == other.factor and one.powers == other.powers and one.cancelled <= other.cancelled


def notes_in(code: str) -> str:
    """What stands in braces, in small letters."""
    return " ".join(_NOTE.findall(code)).casefold()


def canonical(code: str) -> Canonical | None:
    """The unit in base units; None for what is no UCUM, or holds a unit not known here."""
    return _canonical(code) if len(code) <= _LONGEST else None


@lru_cache(maxsize=256)
def _canonical(code: str) -> Canonical | None:
    tokens = _tokens(code)
    product = _Reader(tokens).whole() if tokens else None
    if product is None:
        return None
    cancelled = frozenset(base for base, power in product.powers.items() if power == 0)
    return Canonical(product.factor, frozenset((base, power) for base, power in product.powers.items() if power), cancelled)


def _tokens(code: str) -> list[re.Match[str]] | None:
    """The expression in pieces; None where something is none of UCUM's."""
    found, place = [], 0
    while place < len(code):
        token = _TOKEN.match(code, place)
        if token is None:
            return None
        found.append(token)
        place = token.end()
    return found


class _Reader:
    """UCUM's grammar, from left to right: a/b.c is (a/b).c."""

    def __init__(self, tokens: Sequence[re.Match[str]]) -> None:
        self._tokens = tokens
        self._place = 0

    def whole(self) -> _Product | None:
        """The whole expression, or None where it is none."""
        product = self._term()
        return product if self._place == len(self._tokens) else None

    def _term(self) -> _Product | None:
        """Components joined by "." and "/", the first of which may have a "/" before it."""
        product: _Product | None = _ONE
        sign: str | None = self._taken("/") or "."
        while sign and product is not None:
            component = self._component()
            product = None if component is None else _times(product, component, -1 if sign == "/" else 1)
            sign = self._taken("/") or self._taken(".")
        return product

    def _component(self) -> _Product | None:
        """Something in parentheses, or a unit, number or annotation."""
        if self._taken("("):
            inner = self._term()
            return inner if self._taken(")") else None
        if self._place == len(self._tokens) or self._tokens[self._place]["sign"]:
            return None
        token = self._tokens[self._place]
        self._place += 1
        found = _product_of(token)
        if token["atom"] or token["number"]:
            self._skip_note()
        return found

    def _skip_note(self) -> None:
        """An annotation belongs to the unit before it."""
        if self._place < len(self._tokens) and self._tokens[self._place][0].startswith("{"):
            self._place += 1

    def _taken(self, sign: str) -> str | None:
        """That sign, if it comes next."""
        if self._place == len(self._tokens) or self._tokens[self._place]["sign"] != sign:
            return None
        self._place += 1
        return sign


def _product_of(token: re.Match[str]) -> _Product | None:
    """An annotation alone counts as 1."""
    if token["number"]:
        return _Product(Fraction(int(token["number"])), {}) if int(token["number"]) else None
    if not token["atom"]:
        return _ONE
    atom = _atom(token["atom"])
    return None if atom is None else _times(_ONE, atom, int(token["power"] or 1))


def _atom(symbol: str) -> _Product | None:
    """A unit with or without a prefix."""
    if symbol in _ATOMS:
        return _ATOMS[symbol]
    for length in (1, 2):
        prefix, unit = _PREFIXES.get(symbol[:length]), _METRIC.get(symbol[length:])
        if prefix is not None and unit is not None:
            return _Product(prefix * unit.factor, unit.powers)
    return None


def _times(one: _Product, other: _Product, power: int) -> _Product:
    """`one` times `other` to that power."""
    bases = {**one.powers, **other.powers}
    return _Product(one.factor * other.factor**power, {base: one.powers.get(base, 0) + power * other.powers.get(base, 0) for base in bases})
