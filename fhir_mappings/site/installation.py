"""The instruments of one site: those that ship, with its confirmations applied, and a worded one for each of its wording packs.
Both come as the texts of the site's files. None is passed over in silence: it is used, set aside with a reason, or broken."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from msgspec import Struct, field

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.data_files.text_rules import shown
from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.library import Library
from fhir_mappings.sentence import Sentence
from fhir_mappings.site import key_confirmations as confirmations
from fhir_mappings.site.key_confirmations import Confirmed, confirmed, read_confirmations
from fhir_mappings.site.wording_packs import PAGE, Pack, read_pack, silenced, worded_by


class SetAside(Struct, frozen=True, kw_only=True):
    """A pack or confirmation that is in order but not used: `code` for logs, `reason` for people."""

    file: str
    slug: str
    version: str
    code: Literal["permission_expired", "instrument_unknown", "version_unknown", "key_changed"]
    reason: Sentence


class Installed(Struct, frozen=True, kw_only=True):
    """What a site's files make of the instruments that ship. `packs` are those in use; `broken` hinder the app from starting;
    `passed_over` are names of files that are no TOML, where somebody read a folder of them."""

    library: Library
    packs: tuple[Pack, ...]
    confirmations: tuple[Confirmed, ...]
    set_aside: tuple[SetAside, ...]
    broken: tuple[DataFileError, ...]
    passed_over: tuple[str, ...] = ()


# Slug, version and language.
_Identity = tuple[str, str, str]


class _SiteReading(Struct, kw_only=True):
    """What has been found so far; `silent` are the instruments of packs whose permission has ended."""

    today: date
    structures: tuple[Instrument, ...]
    worded: dict[_Identity, Instrument] = field(default_factory=dict)
    silent: dict[_Identity, Instrument] = field(default_factory=dict)
    packs: list[Pack] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    broken: list[DataFileError] = field(default_factory=list)


def install(shipped: Library, files: Iterable[tuple[str, str]], *, today: date) -> Installed:
    """The shipped instruments with everything in the site's files applied, each given as (name, text): a pack, or the confirmations under
    their own name. What is wrong in a file is collected and raises nothing."""
    reading = _SiteReading(today=today, structures=shipped.instruments)
    given = tuple(files)
    known = _confirmations(reading, next((text for name, text in given if name == confirmations.FILE), None))
    for name, text in given:
        if name != confirmations.FILE:
            _add_pack(reading, name, text)
    return Installed(
        library=Library((*_unreplaced(reading), *(reading.silent | reading.worded).values())),
        packs=tuple(reading.packs),
        confirmations=known,
        set_aside=tuple(reading.set_aside),
        broken=tuple(reading.broken),
    )


def _unreplaced(reading: _SiteReading) -> tuple[Instrument, ...]:
    """What ships, without a translation in whose place the site has put its own words."""
    own = reading.worded
    return tuple(one for one in reading.structures if one.translation is None or (one.slug, one.version, one.language) not in own)


def _confirmations(reading: _SiteReading, text: str | None) -> tuple[Confirmed, ...]:
    """Apply what the site has confirmed; what no longer fits is set aside, unless a later confirmation took its place."""
    if text is None:
        return ()
    try:
        known = read_confirmations(text, file=confirmations.FILE, today=reading.today)
    except DataFileError as broken:
        reading.broken.append(broken)
        return ()
    fitting = {one.slug for one in known if any(one.fits(each) for each in reading.structures)}
    for one in known:
        if one.slug not in fitting:
            reading.set_aside.append(_unfit(one, reading.structures))
    reading.structures = confirmed(reading.structures, known)
    return known


def _unfit(one: Confirmed, structures: Iterable[Instrument]) -> SetAside:
    """Why a confirmation is not used."""
    unknown = _unknown(confirmations.FILE, one.slug, one.version, structures)
    changed = Sentence(
        "the key of {instrument} {version} is not the one confirmed on {day}; compare it again and run "
        "`rapport instruments confirm {instrument}`",
        instrument=shown(one.slug),
        version=shown(one.version),
        day=one.confirmation.on.isoformat(),
    )
    return unknown or SetAside(file=confirmations.FILE, slug=one.slug, version=one.version, code="key_changed", reason=changed)


def _unknown(file: str, slug: str, version: str, structures: Iterable[Instrument]) -> SetAside | None:
    """Why a file is for nothing known here; None when it is."""
    versions = {one.slug: [each.version for each in structures if each.slug == one.slug] for one in structures}
    if slug not in versions:
        reason = Sentence(
            "there is no instrument {instrument}; known are {known}", instrument=repr(shown(slug)), known=", ".join(sorted(versions))
        )
        return SetAside(file=file, slug=slug, version=version, code="instrument_unknown", reason=reason)
    if version not in versions[slug]:
        reason = Sentence(
            "there is no version {version} of {instrument}; known: {known}",
            version=repr(shown(version)),
            instrument=slug,
            known=", ".join(versions[slug]),
        )
        return SetAside(file=file, slug=slug, version=version, code="version_unknown", reason=reason)
    return None


def _add_pack(reading: _SiteReading, name: str, text: str) -> None:
    """Read one pack and put the worded instrument beside the others."""
    try:
        pack = read_pack(text, file=shown(name), today=reading.today)
        unknown = _unknown(pack.file, pack.slug, pack.version, reading.structures)
        if unknown is not None:
            reading.set_aside.append(unknown)
            return
        _install(reading, pack)
    except DataFileError as broken:
        reading.broken.append(broken)


def _install(reading: _SiteReading, pack: Pack) -> None:
    """DataFileError when the pack and its instrument differ, or another pack is for the same."""
    structure = next(one for one in reading.structures if (one.slug, one.version) == (pack.slug, pack.version))
    worded = worded_by(pack, structure)
    identity = (pack.slug, pack.version, pack.language)
    if pack.expired(reading.today):
        reading.set_aside.append(_ended(pack))
        reading.silent[identity] = silenced(pack, worded, structure)
        return
    if identity in reading.worded:
        problem = f"another pack has wording of {pack.slug} {pack.version} in {pack.language!r} already; keep one of the two"
        raise DataFileError(pack.file, "pack", problem, page=PAGE)
    reading.worded[identity] = worded
    reading.packs.append(pack)


def _ended(pack: Pack) -> SetAside:
    # As it is written in the file.
    day = pack.expires.isoformat() if pack.expires else ""
    reason = Sentence(
        "its permission ended on {day}; ask {holder} to extend it and write the new day into [permission]",
        day=day,
        holder=pack.wording.granted_by,
    )
    return SetAside(file=pack.file, slug=pack.slug, version=pack.version, code="permission_expired", reason=reason)
