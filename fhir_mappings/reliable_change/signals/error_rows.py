"""The errors that scores are measured by, as dated rows: published, assumed where nobody published one, or declared by a site. A row is
never edited: it is retired, and another is added."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import AfterValidator, Field

from fhir_mappings.data_files.certainty import Certainty
from fhir_mappings.data_files.strict_toml import DataFileError, Strict, parse_toml
from fhir_mappings.data_files.text_rules import Line
from fhir_mappings.instruments.instrument import Informant, Reliability
from fhir_mappings.instruments.library import Library
from fhir_mappings.reliable_change.measurement_error import ErrorKind, Precision, precision_from
from fhir_mappings.reliable_change.signals.rule_rows import PAGE, Slug, overlap, retired_before, unknown_instrument
from fhir_mappings.sentence import shipped_text

# The fewest people whose answers a site may draw an error from.
FEWEST_PEOPLE = 50
_Number = Annotated[Decimal, Field(gt=0, le=100)]
_ShownLine = Annotated[Line, AfterValidator(shipped_text)]


class DeclaredError(Struct, frozen=True, kw_only=True):
    """One row: the error of one form's scale, and what it rests on. `interval_days` says how far apart the answers behind it were given,
    None where none were or nobody said; `people` and `signed_by` are those of a site's own. In force up to the day before `retired`."""

    id: str
    instrument: str
    scale: str
    informant: Informant
    kind: ErrorKind
    precision: Precision
    valid_from: date
    retired: date | None
    interval_days: int | None = None
    people: int | None = None
    signed_by: str | None = None

    def valid_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.valid_from <= day and (self.retired is None or day < self.retired)

    def shorter_than(self, days: int) -> bool:
        """Whether it was measured over a shorter time than that between two visits, in which less varies."""
        return self.interval_days is not None and self.interval_days < days


class SeriesLimits(Struct, frozen=True, kw_only=True):
    """Of one form, what is assumed about its series: how many days apart two ratings may lie before they begin anew, and from where on a
    first score is so high, or so low, that the next is nearer the middle by itself."""

    instruments: tuple[str, ...]
    longest_gap_days: int
    first_high: Decimal | None
    first_low: Decimal | None
    source: str
    valid_from: date
    retired: date | None

    def valid_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.valid_from <= day and (self.retired is None or day < self.retired)


class _ErrorRow(Strict):
    id: Slug
    instrument: Slug
    scale: Slug
    informant: Informant = "patient"
    kind: Literal["published", "assumed"]
    sem: _Number | None = None
    sd: _Number | None = None
    r: Decimal | None = Field(default=None, ge=0, lt=1)
    r_type: Literal["retest", "icc"] | None = None
    mdc: _Number | None = None
    interval: _ShownLine
    interval_days: int | None = Field(default=None, ge=1)
    population: Line
    source: Line
    certainty: Certainty
    valid_from: date
    retired: date | None = None


class _LimitsRow(Strict):
    instruments: tuple[Slug, ...] = ()
    longest_gap_days: int = Field(ge=1)
    first_high: Decimal | None = None
    first_low: Decimal | None = None
    source: Line
    valid_from: date
    retired: date | None = None


class _ErrorsFile(Strict):
    error: tuple[_ErrorRow, ...]
    series: tuple[_LimitsRow, ...]


class SiteErrorRow(Strict):
    """A site's own error as it stands in its file."""

    instrument: Slug
    scale: Slug = "total"
    informant: Informant = "patient"
    value: _Number
    people: int = Field(ge=FEWEST_PEOPLE)
    interval: Line
    interval_days: int = Field(ge=1)
    source: Line
    signed_by: Line
    valid_from: date
    until: date | None = None


def read_errors(text: str, *, file: str, library: Library) -> tuple[tuple[DeclaredError, ...], tuple[SeriesLimits, ...]]:
    """The errors and limits of the file that ships. DataFileError names the row and what is wrong with it."""
    part = parse_toml(text, _ErrorsFile, file=file, page=PAGE)
    errors = tuple(_error(row, file, place) for place, row in enumerate(part.error))
    check_errors(errors, file=file, library=library)
    limits = tuple(SeriesLimits(**row.model_dump()) for row in part.series)
    for place, one in enumerate(limits):
        for problem in (problem for slug in one.instruments if (problem := unknown_instrument(slug, library))):
            raise DataFileError(file, f"series.{place}.instruments", problem, page=PAGE)
    return errors, limits


def _error(row: _ErrorRow, file: str, place: int) -> DeclaredError:
    entry = Reliability(
        scale=row.scale,
        informant=row.informant,
        sd=row.sd,
        r=row.r,
        r_type=row.r_type,
        mdc=row.mdc,
        interval=shipped_text(row.interval),
        population=row.population,
        n=None,
        citation=row.source,
        certainty=row.certainty,
    )
    assumed = Precision(entry=entry, sem=row.sem, measured=False, kind="assumed") if row.sem is not None else None
    precision = precision_from(entry) if row.kind == "published" else assumed
    if precision is None or (row.kind == "published") == (row.sem is not None):
        problem = "an assumed error has `sem` alone, a published one `mdc`, or `sd`, `r` and `r_type`"
        raise DataFileError(file, f"error.{place}", f"{row.id}: {problem}", page=PAGE)
    return DeclaredError(
        id=row.id,
        instrument=row.instrument,
        scale=row.scale,
        informant=row.informant,
        kind=row.kind,
        precision=precision,
        valid_from=row.valid_from,
        retired=row.retired,
        interval_days=row.interval_days,
    )


def site_error(row: SiteErrorRow) -> DeclaredError:
    """A site's row. Rapport does not compute it, and takes the site's word for it."""
    entry = Reliability(
        scale=row.scale,
        informant=row.informant,
        sd=None,
        r=None,
        r_type=None,
        mdc=None,
        interval=shipped_text(row.interval),
        population="people of this site",
        n=row.people,
        citation=row.source,
        certainty="unverified",
    )
    return DeclaredError(
        id=f"site-{row.instrument}-{row.scale}",
        instrument=row.instrument,
        scale=row.scale,
        informant=row.informant,
        kind="site",
        precision=Precision(entry=entry, sem=row.value, measured=False, kind="site"),
        valid_from=row.valid_from,
        retired=row.until,
        interval_days=row.interval_days,
        people=row.people,
        signed_by=row.signed_by,
    )


def check_errors(errors: Sequence[DeclaredError], *, file: str, library: Library) -> None:
    """DataFileError for the first row that fits no form, ends before it begins, or stands beside another of the same day."""
    for place, one in enumerate(errors):
        for key, problem in _problems(one, library):
            raise DataFileError(file, f"error.{place}.{key}", f"{one.id}: {problem}", page=PAGE)
    for one, other in combinations(errors, 2):
        same = (one.instrument, one.scale, one.informant, one.kind) == (other.instrument, other.scale, other.informant, other.kind)
        if same and overlap(one.valid_from, one.retired, other.valid_from, other.retired):
            problem = f"{one.id} and {other.id} are both valid on {max(one.valid_from, other.valid_from)}; let one of the two end"
            raise DataFileError(file, "error", problem, page=PAGE)


def _problems(one: DeclaredError, library: Library) -> Iterator[tuple[str, str]]:
    unknown = unknown_instrument(one.instrument, library)
    if unknown:
        yield "instrument", unknown
        return
    if one.scale not in {scale.key for scale in library.get(one.instrument).scales}:
        yield "scale", f"{one.instrument} has no scale {one.scale!r}"
    if retired_before(one.valid_from, one.retired):
        yield "until" if one.kind == "site" else "retired", f"ends on {one.retired}, and is valid only from {one.valid_from}"
