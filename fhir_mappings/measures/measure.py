"""What a diabetes measure is: codes, unit, conversions, plausibility, axis; what it is read with and what it is shown under. One row in
`files/` each."""

from decimal import Decimal
from functools import cached_property

from msgspec import Struct

from fhir_mappings.data_files.certainty import Certainty
from fhir_mappings.data_files.content_hash import content_hash
from fhir_mappings.sentence import Sentence

# The part that a code stands for which holds both numbers of a pair.
PANEL = "panel"


class Unit(Struct, frozen=True, kw_only=True):
    """An accepted unit: drawing value = reported × slope + intercept. `low` and `high` are plausibility bounds in this unit,
    `spellings` unit texts accepted when no UCUM code is given, `method` what keeps its results on a line of their own.

    `mark` is what braces or words must hold for this unit to be meant and no other that UCUM calls the same ("1.73"), `unlike` what they
    must not hold ("IFCC" beside %), `equal` further UCUM expressions of it. Below `unlikely_below`, above `unlikely_above`, and with
    decimals below `whole_below`, a value is suspect if its number is a likely one in another unit of the measure.
    """

    code: str
    label: str
    slope: Decimal
    intercept: Decimal
    low: Decimal
    high: Decimal
    spellings: tuple[str, ...]
    method: str | None = None
    mark: str | None = None
    unlike: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()
    unlikely_below: Decimal | None = None
    unlikely_above: Decimal | None = None
    whole_below: Decimal | None = None


class MeasureCode(Struct, frozen=True, kw_only=True):
    """A code whose Observations belong to the measure.

    `within` lists panel codes where it is a component; `part` says which number of a pair the code stands for, by its name in the measure's
    `parts`, or that it is the panel of both; `method` keeps results of that code on a line of their own; `units` narrows the accepted units
    (UCUM codes); `reads_as` is the unit that `%` stands for under this code; `sufficiency` names the code that says on how much the value
    rests, and the least it must be for it to count; `exclude` says why a code of the family is no result (goal, mass per volume); `meter`
    that its results are readings of a meter, of which two alike at one instant may be two. `source` is where the code was seen.
    """

    system: str
    code: str
    display: str
    within: tuple[str, ...]
    method: str | None
    units: tuple[str, ...] | None
    reads_as: str | None
    sufficiency: tuple[str, Decimal] | None
    exclude: str | None
    source: str
    certainty: Certainty
    meter: bool = False
    part: str | None = None


class Axis(Struct, frozen=True, kw_only=True):
    """Fixed value scale in the drawing unit; values beyond it are drawn at the edge and named. `ticks` are labelled."""

    low: Decimal
    high: Decimal
    ticks: tuple[Decimal, ...]


class SecondUnit(Struct, frozen=True, kw_only=True):
    """A unit shown beside the drawing unit: second = drawing × slope + intercept, rounded to `decimals`; `ticks` mirror Axis.ticks."""

    code: str
    label: str
    slope: Decimal
    intercept: Decimal
    decimals: int


class Jump(Struct, frozen=True, kw_only=True):
    """How many times as high or low as the others of its time no value is; told only where those are at least `least` (drawing unit)."""

    times: Decimal
    least: Decimal


class MeasureGroup(Struct, frozen=True, kw_only=True):
    """Measures that are read with one search. `title` names that read for people ("HbA1c"), `order` its place among the groups, low first.
    `categories` are the Observation categories (FHIR's observation-category) under which records file every one of its results; empty
    where records differ. `source` is where that was seen. `reporter` is who reports every one of its results ("the laboratory"), and so
    wrote a comment that names nobody; None where that differs."""

    key: str
    title: Sentence
    order: int
    categories: tuple[str, ...]
    source: str
    certainty: Certainty
    reporter: Sentence | None = None


class MeasureSection(Struct, frozen=True, kw_only=True):
    """What measures are shown under where there are many: its heading, and its `order` among the others, low first."""

    key: str
    title: Sentence
    order: int


class Measure(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """One lane. Two are the same when everything in them is. `group` is what it is read with, `section` what it is shown under (None: the
    title of its group, after the sections); `short` is what it is called where a row is too low for its title (None: that); `direction` is
    the direction word ("lower = nearer target"); `decimals` rounds converted values only, reported ones are never rounded; `gap_days` is
    the longest span a line may cross; `parts` are the names of the two numbers where a value has two, the first one the higher."""

    key: str
    title: Sentence
    about: Sentence
    group: MeasureGroup
    direction: Sentence
    unit: str
    label: str
    decimals: int
    axis: Axis
    second: SecondUnit | None
    units: tuple[Unit, ...]
    codes: tuple[MeasureCode, ...]
    gap_days: int
    citations: tuple[str, ...]
    parts: tuple[Sentence, Sentence] | None = None
    jump: Jump | None = None
    section: MeasureSection | None = None
    short: Sentence | None = None

    @cached_property
    def apart(self) -> frozenset[str]:
        """The units whose results are on a line of their own, whatever their code."""
        return frozenset(unit.code for unit in self.units if unit.method)

    @cached_property
    def identity(self) -> tuple[str, str]:
        """What no other measure has: key, and the hash of everything in it. What is made of measures is kept under it."""
        return self.key, content_hash(self)

    def __hash__(self) -> int:
        """Of its identity."""
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        """By identity."""
        return isinstance(other, Measure) and self.identity == other.identity
