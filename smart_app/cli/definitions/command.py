"""`rapport definitions`: what Rapport publishes, as a list, as a FHIR package, or onto a server."""

import re
from collections import Counter
from pathlib import Path

import click
import requests

from fhir_mappings.definitions.fhir_package import NAME, archive, package_files
from fhir_mappings.definitions.published_definitions import definitions as every_definition
from fhir_mappings.r4.json_types import Json
from smart_app import __version__
from smart_app.cli.definitions.consent import agreed
from smart_app.cli.instruments.site import this_site
from smart_app.cli.publishing import publish
from smart_app.sandbox.seeding.remote_server import RemoteError, RemoteServer, is_loopback
from smart_app.settings import Settings


def _address(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """Without the slash at its end. BadParameter unless it is an http(s) address that can stand in a canonical."""
    if not re.fullmatch(r"https?://[^\s|#]+", value):
        raise click.BadParameter(f"{value!r} is no http(s) address")
    return value.rstrip("/")


_CANONICAL_BASE = click.option(
    "--canonical-base",
    callback=_address,
    envvar="RAPPORT_CANONICAL_BASE",
    default=str(Settings.model_fields["canonical_base"].default),
    show_default=True,
    metavar="URL",
    help="Where the definitions' own addresses begin.",
)


@click.group()
def definitions() -> None:
    """Publish the forms, codes and extensions that Rapport's records refer to."""


@definitions.command(name="list")
@_CANONICAL_BASE
def list_them(canonical_base: str) -> None:
    """List what would be published: type, address, version, title."""
    for one in _definitions(canonical_base):
        draft = "" if one["status"] == "active" else f" ({one['status']})"
        click.echo(f"{one['resourceType']:<20} {one['url']}|{one['version']}  {one['title']}{draft}")


@definitions.command()
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to; made when missing.")
@_CANONICAL_BASE
def package(output: Path, canonical_base: str) -> None:
    """Write a FHIR package, and its files beside it."""
    files = package_files(_definitions(canonical_base), version=__version__, base=canonical_base)
    try:
        for name, content in files.items():
            file = output / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        packed = output / f"{NAME}-{__version__}.tgz"
        packed.write_bytes(archive(files))
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"{packed}: {len(files) - 2} definitions, the same as files in {output / 'package'}.")
    for file in sorted((output / "package").glob("*.json")):
        if f"package/{file.name}" not in files:
            click.echo(f"Not of this package, left from before: {file}")


@definitions.command()
@click.option("--fhir", metavar="BASE", required=True, help="An open FHIR R4 server.")
@click.option("--yes", is_flag=True, help="Write to a server that is not on this machine.")
@_CANONICAL_BASE
def deploy(fhir: str, yes: bool, canonical_base: str) -> None:
    """Put every definition on an open FHIR server; what is there already is left alone."""
    base = fhir.rstrip("/")
    if not (is_loopback(base) or yes or agreed(base, "Write Rapport's definitions there?")):
        raise click.ClickException(f"{base} is not on this machine. Definitions are written there only after an explicit yes. Say --yes.")
    done: Counter[str] = Counter()
    with requests.Session() as session:
        server = RemoteServer(base=base, session=session)
        try:
            server.capabilities()
            for one in publish(server, _definitions(canonical_base)):
                done[one.deed] += 1
                click.echo(f"{one.deed:<10} {one.canonical}  {one.said}")
        except RemoteError as failed:
            raise click.ClickException(f"{base} cannot be used: {failed}") from failed
    click.echo(f"{base}: {', '.join(f'{count} {deed}' for deed, count in sorted(done.items()))}.")
    if done["refused"]:
        raise SystemExit(1)


def _definitions(canonical_base: str) -> list[Json]:
    """Those of the site: with its confirmed keys, and the wording whose permission says that it may be published."""
    installed = this_site().installed
    if installed.broken:
        raise click.ClickException(f"Nothing is published while a wording pack is broken: {installed.broken[0]}")
    return every_definition(installed.library, base=canonical_base)
