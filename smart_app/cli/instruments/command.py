"""`rapport instruments`: what there is, what a site has installed, what is missing and how to get it; and confirming a scoring key."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from fhir_mappings.data_files.text_rules import LONGEST_LINE, flaw
from fhir_mappings.instruments.instrument import Confirmation, Informant, Instrument
from fhir_mappings.instruments.scoring_key import fingerprint, verified
from fhir_mappings.site import key_confirmations
from fhir_mappings.site.installation import Installed
from fhir_mappings.site.key_confirmations import Confirmed, as_toml, read_confirmations
from fhir_mappings.site.wording_pack_template import pack_template
from fhir_mappings.site.wording_packs import LANGUAGE
from smart_app.cli.instruments.site import Misused, SiteInstruments, this_site, today
from smart_app.cli.instruments.text import description, entry, in_words, key_lines, pack_line, structures, wrapped


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@click.group()
def instruments() -> None:
    """Say what instruments there are, check wording packs, confirm scoring keys."""


@instruments.command("list")
def list_all() -> None:
    """List every instrument: wording, scoring, and how to get what is missing."""
    site = this_site()
    library = site.installed.library
    for one in structures(library):
        offered = one.slug in site.settings.instruments and one is library.get(one.slug)
        _say((*entry(library, one, offered=offered), ""))
    _say(_unused(site.installed))


def _unused(installed: Installed) -> Iterator[str]:
    """What lies in the folder and is not in use."""
    yield from (wrapped(f"wrong     {broken}") for broken in installed.broken)
    yield from (wrapped(f"not used  {one.file}: {one.reason}") for one in installed.set_aside)
    yield from (wrapped(f"not read  {name}: its name does not end in .toml") for name in installed.passed_over)


@instruments.command()
@click.argument("slug")
@click.option("--version", help="That version instead of the newest.")
@click.option("--language", help="With the wording and key of that language's pack.")
def show(slug: str, version: str | None, language: str | None) -> None:
    """Show everything known of one instrument, with its key and every source."""
    site = this_site()
    found = site.structure(slug, version)
    if language is not None:
        found = _in_language(site, found, language)
    packs = [pack for pack in site.installed.packs if (pack.slug, pack.version) == (found.slug, found.version)]
    _say(description(found, packs))


def _in_language(site: SiteInstruments, structure: Instrument, language: str) -> Instrument:
    worded = in_words(site.installed.library, structure)
    found = next((one for one in worded if one.language == language), None)
    if found is None:
        known = ", ".join(str(one.language) for one in worded) or "no language"
        raise Misused(f"{structure.slug} {structure.version} has no wording in {language!r}, only in {known}.")
    return found


@instruments.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
def check(folder: Path | None) -> None:
    """Check every pack and confirmation in FOLDER (RAPPORT_PACKS when not given); exit 1 when something is wrong."""
    site = this_site(folder)
    if folder is None and site.settings.packs is None:
        raise Misused("There is no folder to check: name one, or set RAPPORT_PACKS.")
    found = site.installed
    _say(wrapped(f"ok        {pack_line(pack)}") for pack in found.packs)
    _say(wrapped(f"ok        {_confirmed_line(one)}") for one in found.confirmations if _in_use(one, found))
    _say(_unused(found))
    if not (found.packs or found.confirmations or found.broken or found.set_aside):
        click.echo("There is no pack and no confirmation in it.")
    if found.broken or found.set_aside:
        raise SystemExit(1)


def _in_use(one: Confirmed, installed: Installed) -> bool:
    return any(one.fits(each) for each in installed.library.instruments if each.wording is None)


def _confirmed_line(one: Confirmed) -> str:
    said = one.confirmation
    return f"{key_confirmations.FILE}: key of {one.slug} {one.version}, confirmed by {said.by} on {said.on}, against: {said.source}"


@instruments.command("pack-template")
@click.argument("slug")
@click.option("--language", required=True, help="Language of the wording: de, pt-BR.")
@click.option(
    "--informant",
    "informants",
    multiple=True,
    type=click.Choice(["patient", "clinician", "observer"]),
    help="Only this form; may be given more than once. All forms when not given.",
)
@click.option("--version", help="For that version instead of the newest.")
def template(slug: str, language: str, informants: tuple[Informant, ...], version: str | None) -> None:
    """Print a wording pack to fill in."""
    if not re.fullmatch(LANGUAGE, language):
        raise Misused("--language is a code of two letters, with a country where it matters: de, pt-BR.")
    found = this_site().structure(slug, version)
    if not found.items:
        raise Misused(f"{slug} is only described, it has no items to put words to; choose another instrument.")
    without = next((one for one in informants if one not in found.forms), None)
    if without is not None:
        raise Misused(f"{slug} has no form for the {without}; choose one of {', '.join(found.forms)}.")
    click.echo(pack_template(found, language=language, informants=informants or tuple(found.forms)), nl=False)


@instruments.command()
@click.argument("slug")
@click.option("--by", required=True, help="Who compared the key with its source.")
@click.option("--source", required=True, help="What it was compared with: sheet, manual or paper, with the page.")
@click.option("--version", help="That version instead of the newest.")
def confirm(slug: str, by: str, source: str, version: str | None) -> None:
    """Record that you compared an instrument's scoring key with its source and that it is right."""
    for option, text in (("--by", by), ("--source", source)):
        problem = flaw(text, longest=LONGEST_LINE)
        if problem is not None:
            raise Misused(f"{option} {problem}; give it again.")
    site = this_site()
    folder = site.settings.packs
    if folder is None:
        raise Misused("There is nowhere to record it: set RAPPORT_PACKS to the folder of your wording packs.")
    found = site.structure(slug, version)
    _check_confirmable(found, site.installed)
    said = Confirmation(by=by, on=today(), source=source)
    _say(key_lines(found))
    _record(folder / key_confirmations.FILE, Confirmed(slug=slug, version=found.version, key=fingerprint(found), confirmation=said))
    click.echo(
        f"\nRecorded in {folder / key_confirmations.FILE}: confirmed by {by} on {said.on}. It counts from the next start of Rapport."
    )


def _check_confirmable(found: Instrument, installed: Installed) -> None:
    """ClickException when there is nothing to confirm, or nowhere to write it."""
    name = f"{found.slug} {found.version}"
    broken = next((one for one in installed.broken if one.file == key_confirmations.FILE), None)
    if broken is not None:
        raise click.ClickException(f"{broken}; put that right first.")
    if not found.scales:
        raise click.ClickException(f"No scoring key of {name} is known; a pack may bring it, see [key] in docs/wording-packs.md.")
    if verified(found):
        raise click.ClickException(f"The key of {name} is verified; there is nothing to confirm.")
    if found.confirmation is not None:
        said = found.confirmation
        raise click.ClickException(f"The key of {name} was confirmed by {said.by} on {said.on}; there is nothing to add.")


def _record(file: Path, one: Confirmed) -> None:
    """Append to the file so that it is either as before or complete. ClickException where it cannot be written."""
    beside = file.with_name(f".{file.name}.new")
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        text = f"{before.rstrip()}\n\n{as_toml(one)}".lstrip()
        read_confirmations(text, file=file.name, today=today())
        # Exclusive: a second `confirm` at the same moment is refused, and loses nothing of the first.
        with beside.open("x", encoding="utf-8") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        beside.replace(file)
    except FileExistsError as error:
        raise click.ClickException(f"Another confirmation is being written; if none is, remove {beside} and try again.") from error
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error
