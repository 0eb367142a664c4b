"""How often each rule speaks up in people whose view has not changed, as the simulation in the tests measured it and wrote it down."""

from decimal import Decimal

from msgspec import Struct

from fhir_mappings.data_files.strict_toml import Strict, parse_toml

PAGE = "docs/reliable-change.md"
# The retest that stands beside a signal, the one of the published figures; the others stand on the page.
USUAL_RETEST = Decimal("0.70")


class Rate(Struct, frozen=True, kw_only=True):
    """Of 100 unchanged people with three to eight visits in two years, how many a rule speaks up about at least once (`people`), and at how
    many of 100 visits from the third on (`visits`), by that form, its error and that retest."""

    rule: str
    version: int
    instrument: str
    error: Decimal
    retest: Decimal
    people: Decimal
    visits: Decimal


class Power(Struct, frozen=True, kw_only=True):
    """Of 100 people whose view did change in that way (`course`), how many a rule had spoken up about by the visit at which it was complete
    (`at`), and by the next."""

    rule: str
    version: int
    instrument: str
    error: Decimal
    retest: Decimal
    course: str
    at: Decimal
    next: Decimal


class Regression(Struct, frozen=True, kw_only=True):
    """How far the second score of unchanged people lies from a first one that was high, or low: negative where it fell."""

    instrument: str
    retest: Decimal
    high: Decimal
    low: Decimal


class Simulated(Struct, frozen=True, kw_only=True):
    """The figures of one run: how many people of each kind, and by which seeds."""

    people: int
    seeds: tuple[int, ...]
    rates: tuple[Rate, ...]
    powers: tuple[Power, ...]
    regressions: tuple[Regression, ...]

    def rates_of(self, rule: str, version: int, instrument: str, error: Decimal | None) -> tuple[Rate, ...]:
        """What was measured of a rule on a form with that error, the lowest retest first; a rule that needs no error has
        the same with any."""
        own = [one for one in self.rates if (one.rule, one.version, one.instrument) == (rule, version, instrument)]
        return tuple(one for one in own if error is None or _same(one.error, error))

    def powers_of(self, rule: str, version: int, instrument: str, error: Decimal | None) -> tuple[Power, ...]:
        """What a rule found of people whose view did change, on a form with that error, in the order of the run."""
        own = [one for one in self.powers if (one.rule, one.version, one.instrument) == (rule, version, instrument)]
        return tuple(one for one in own if error is None or _same(one.error, error))

    def regression_of(self, instrument: str) -> Regression | None:
        """What becomes of an extreme first score of that form, at the usual retest."""
        return next((one for one in self.regressions if (one.instrument, one.retest) == (instrument, USUAL_RETEST)), None)


def _same(written: Decimal, error: Decimal) -> bool:
    """Whether an error is the one that was simulated, which is written with three digits."""
    return abs(written - error) < Decimal("0.001")


class _RateRow(Strict):
    rule: str
    version: int
    instrument: str
    error: Decimal
    retest: Decimal
    people: Decimal
    visits: Decimal


class _PowerRow(Strict):
    rule: str
    version: int
    instrument: str
    error: Decimal
    retest: Decimal
    course: str
    at: Decimal
    next: Decimal


class _RegressionRow(Strict):
    instrument: str
    retest: Decimal
    high: Decimal
    low: Decimal


class _RatesFile(Strict):
    people: int
    seeds: tuple[int, ...]
    rate: tuple[_RateRow, ...] = ()
    power: tuple[_PowerRow, ...] = ()
    regression: tuple[_RegressionRow, ...] = ()


def read_rates(text: str, *, file: str) -> Simulated:
    """The figures of a file. DataFileError names the first thing that is wrong."""
    part = parse_toml(text, _RatesFile, file=file, page=PAGE)
    return Simulated(
        people=part.people,
        seeds=part.seeds,
        rates=tuple(Rate(**row.model_dump()) for row in part.rate),
        powers=tuple(Power(**row.model_dump()) for row in part.power),
        regressions=tuple(Regression(**row.model_dump()) for row in part.regression),
    )
