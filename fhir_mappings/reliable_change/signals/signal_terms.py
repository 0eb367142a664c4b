"""By which rules, errors and limits a rating is judged on its day: what ships, and what a site switched off or declared. Nothing of what
was said is stored: the same record says the same again for as long as no row is edited."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import combinations
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.data_files.strict_toml import DataFileError, Strict, parse_toml
from fhir_mappings.data_files.text_rules import Line
from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.library import Library, load_library
from fhir_mappings.reliable_change.measurement_error import ErrorKind
from fhir_mappings.reliable_change.signals.error_rows import (
    DeclaredError,
    SeriesLimits,
    SiteErrorRow,
    check_errors,
    read_errors,
    site_error,
)
from fhir_mappings.reliable_change.signals.rule_rows import PAGE, SignalRule, Slug, overlap, read_rules, retired_before
from fhir_mappings.reliable_change.signals.unchanged_rates import Simulated, read_rates

# A site's word about its own people goes before what was published about others, and that before an assumption.
_ORDER: tuple[ErrorKind, ...] = ("site", "published", "assumed")
LeftOut = Literal["not_yet", "retired", "switched_off"]


class SwitchedOff(Struct, frozen=True, kw_only=True):
    """A rule that a site does not want, from a day on, up to the day before `until`: who decided it, and why."""

    rule: str
    valid_from: date
    until: date | None
    by: str
    reason: str


class OwnerRole(Struct, frozen=True, kw_only=True):
    """The role a site names for what the rated clinician would own, from a day on, up to the day before `until`."""

    role: str
    valid_from: date
    until: date | None


class Terms(Struct, frozen=True, kw_only=True):
    """Everything that a rating is judged by, whatever its day, and what the simulation said of it."""

    rules: tuple[SignalRule, ...]
    errors: tuple[DeclaredError, ...]
    limits: tuple[SeriesLimits, ...]
    simulated: Simulated
    off: tuple[SwitchedOff, ...] = ()
    roles: tuple[OwnerRole, ...] = ()

    def rules_on(self, day: date) -> tuple[SignalRule, ...]:
        """The rules in force on a day, in their order."""
        return tuple(rule for rule in self.rules if rule.valid_on(day) and self.switched_off(rule, day) is None)

    def left_out_on(self, day: date) -> tuple[tuple[SignalRule, LeftOut], ...]:
        """The rules that are not, each with why; of a rule that has another version in force, nothing."""
        running = {rule.id for rule in self.rules if rule.valid_on(day)}
        return tuple(
            (rule, why) for rule in self.rules if (why := self._why_out(rule, day)) and (rule.valid_on(day) or rule.id not in running)
        )

    def _why_out(self, rule: SignalRule, day: date) -> LeftOut | None:
        if day < rule.valid_from:
            return "not_yet"
        if not rule.valid_on(day):
            return "retired"
        return "switched_off" if self.switched_off(rule, day) else None

    def switched_off(self, rule: SignalRule, day: date) -> SwitchedOff | None:
        """The site's word that a rule is not to speak on a day."""
        return next((one for one in self.off if one.rule == rule.id and _within(one.valid_from, one.until, day)), None)

    def error_on(self, day: date, instrument: str, scale: str, informant: Informant) -> DeclaredError | None:
        """The error to measure by on a day."""
        own = [one for one in self.errors if (one.instrument, one.scale, one.informant) == (instrument, scale, informant)]
        return min((one for one in own if one.valid_on(day)), key=lambda one: _ORDER.index(one.kind), default=None)

    def limits_on(self, day: date, instrument: str) -> SeriesLimits | None:
        """What is assumed about a form's series on a day: its own row, else the one for every form."""
        valid = [one for one in self.limits if one.valid_on(day)]
        own = [one for one in valid if instrument in one.instruments]
        return next(iter([*own, *(one for one in valid if not one.instruments)]), None)

    def role_on(self, day: date) -> str | None:
        """The role the site names on a day; None where the rated clinician owns what is said."""
        return next((one.role for one in self.roles if _within(one.valid_from, one.until, day)), None)


def _within(begin: date, end: date | None, day: date) -> bool:
    return begin <= day and (end is None or day < end)


@cache
def load_terms() -> Terms:
    """What ships, read once in a process. DataFileError when a file is wrong."""
    folder, library = files("fhir_mappings.reliable_change.signals") / "files", load_library()
    text = {name: (folder / name).read_text(encoding="utf-8") for name in ("rules.toml", "errors.toml", "unchanged_rates.toml")}
    errors, limits = read_errors(text["errors.toml"], file="errors.toml", library=library)
    return Terms(
        rules=read_rules(text["rules.toml"], file="rules.toml", library=library),
        errors=errors,
        limits=limits,
        simulated=read_rates(text["unchanged_rates.toml"], file="unchanged_rates.toml"),
    )


class _OffRow(Strict):
    rule: Slug
    valid_from: date
    until: date | None = None
    by: Line
    reason: Line


class _RoleRow(Strict):
    role: Line
    valid_from: date
    until: date | None = None


class _SiteFile(Strict):
    """`rule` is what a site may not write: it is read so that the refusal says why."""

    off: tuple[_OffRow, ...] = ()
    error: tuple[SiteErrorRow, ...] = ()
    owner: tuple[_RoleRow, ...] = ()
    rule: object = None


def with_site_terms(terms: Terms, text: str, *, file: str, library: Library) -> Terms:
    """The terms with a site's file: rules it switched off, its own errors, the role that owns what is said. Everything is dated, and stays
    in the file when it ends. DataFileError names the row and what is wrong: a rule there is not (a site invents none), or one that was
    retired."""
    part = parse_toml(text, _SiteFile, file=file, page=PAGE)
    if part.rule is not None:
        raise DataFileError(file, "rule", "a site invents no rule; it switches one off by its id, in [[off]]", page=PAGE)
    off = tuple(SwitchedOff(**row.model_dump()) for row in part.off)
    for place, one in enumerate(off):
        for key, problem in _off_problems(one, terms.rules):
            raise DataFileError(file, f"off.{place}.{key}", problem, page=PAGE)
    errors = tuple(map(site_error, part.error))
    check_errors(errors, file=file, library=library)
    roles = tuple(OwnerRole(**row.model_dump()) for row in part.owner)
    for place, role in enumerate(roles):
        if retired_before(role.valid_from, role.until):
            raise DataFileError(file, f"owner.{place}.until", _backwards(role.valid_from, role.until), page=PAGE)
    if any(overlap(one.valid_from, one.until, other.valid_from, other.until) for one, other in combinations(roles, 2)):
        raise DataFileError(file, "owner", "two roles are valid on one day; let one of the two end", page=PAGE)
    return replace(terms, errors=(*terms.errors, *errors), off=off, roles=roles)


def _off_problems(one: SwitchedOff, rules: Sequence[SignalRule]) -> Iterator[tuple[str, str]]:
    versions = [rule for rule in rules if rule.id == one.rule]
    if not versions:
        known = ", ".join(dict.fromkeys(rule.id for rule in rules))
        yield "rule", f"there is no rule {one.rule!r} to switch off; known are {known}"
    elif not any(overlap(rule.valid_from, rule.retired, one.valid_from, one.until) for rule in versions):
        last = max(versions, key=lambda rule: rule.version)
        yield "rule", f"{one.rule!r} was retired on {last.retired}; there is nothing to switch off from {one.valid_from} on"
    if retired_before(one.valid_from, one.until):
        yield "until", _backwards(one.valid_from, one.until)


def _backwards(begin: date, end: date | None) -> str:
    return f"ends on {end}, and begins only on {begin}"
