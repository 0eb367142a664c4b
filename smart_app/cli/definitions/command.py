"""`rapport definitions`: what Rapport publishes, as a list, as a FHIR package, or onto a server."""

import os
import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import click

from fhir_mappings.definitions.fhir_package import NAME, archive, package_files
from fhir_mappings.definitions.published_definitions import definitions as every_definition
from fhir_mappings.r4.json_types import Json
from smart_app import __version__
from smart_app.care.definition_deployment import Deployed, in_words, r4_capabilities
from smart_app.care.definition_deployment import deploy as deploy_definitions
from smart_app.cli.definitions.consent import agreed, on_this_machine
from smart_app.cli.instruments.site import this_site
from smart_app.errors import ConfigurationError, FhirError
from smart_app.fhir.client import FhirClient
from smart_app.http import new_session
from smart_app.launch.keys.client_secrets import bearer_token
from smart_app.registration import normalise_iss
from smart_app.settings import PublicSettings, read_settings

# Seconds: HAPI takes up to 17 for the first resource it validates.
_PATIENCE = 60.0
# A search by address and version has one match; what needs more pages has ignored one of them.
_MOST_PAGES = 5


def _address(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Without the slash at its end; None where it is not given. BadParameter unless it is an http(s) address that can stand in a
    canonical."""
    if value is None:
        return None
    if not re.fullmatch(r"https?://[^\s|#]+", value):
        raise click.BadParameter(f"{value!r} is no http(s) address")
    return value.rstrip("/")


_CANONICAL_BASE = click.option(
    "--canonical-base",
    callback=_address,
    metavar="URL",
    help="Where the definitions' own addresses begin; RAPPORT_CANONICAL_BASE when not given.",
)


@click.group()
def definitions() -> None:
    """Publish the forms, codes and extensions that Rapport's records refer to."""


@definitions.command(name="list")
@_CANONICAL_BASE
def list_them(canonical_base: str | None) -> None:
    """List what would be published: type, address, version, title."""
    for one in _definitions(canonical_base):
        draft = "" if one["status"] == "active" else f" ({one['status']})"
        click.echo(f"{one['resourceType']:<20} {one['url']}|{one['version']}  {one['title']}{draft}")


@definitions.command()
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to; made when missing.")
@_CANONICAL_BASE
def package(output: Path, canonical_base: str | None) -> None:
    """Write a FHIR package, and its files beside it."""
    base = _canonical_base(canonical_base)
    files = package_files(_definitions(base), version=__version__, base=base)
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


def _fhir_base(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """As `launch.json` would have it. BadParameter when it is no FHIR base address, or one a token must not be sent to."""
    base = normalise_iss(value)
    if base is None:
        raise click.BadParameter("must be a FHIR base address: https (http only on this machine), no user info, query or fragment")
    return base


@definitions.command()
@click.option("--fhir", "base", callback=_fhir_base, metavar="BASE", required=True, help="A FHIR R4 server.")
@click.option("--token-env", metavar="NAME", help="Variable (or NAME_FILE) with the access token the server asks for.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=_PATIENCE,
    show_default=True,
    metavar="SECONDS",
    help="How long one request may take; a server that validates can need many.",
)
@click.option("--yes", is_flag=True, help="Write to a server that is not on this machine.")
@_CANONICAL_BASE
def deploy(base: str, token_env: str | None, timeout: float, yes: bool, canonical_base: str | None) -> None:
    """Put every definition on a FHIR server; what is there already is left alone. Exit 1 unless all are there."""
    if not (on_this_machine(base) or yes or agreed(base, "Write Rapport's definitions there?")):
        raise click.ClickException(f"{base} is not on this machine. Definitions are written there only after an explicit yes. Say --yes.")
    made = _definitions(canonical_base, besides=[token_env] if token_env else [])
    try:
        token = bearer_token(token_env, os.environ) if token_env is not None else None
        with new_session(pool=1) as http:
            client = FhirClient(base=base, http=http, token=token, timeout=timeout, page_limit=_MOST_PAGES)
            done = [_told(one) for one in deploy_definitions(client, made, capabilities=r4_capabilities(client))]
    except FhirError as failed:
        raise click.ClickException(f"{base} cannot be used: {in_words(failed)}") from failed
    except ConfigurationError as wrong:
        raise click.ClickException(str(wrong)) from wrong
    _conclude(base, done)


def _told(one: Deployed) -> Deployed:
    """The same, once its line is printed."""
    click.echo(f"{one.deed:<10} {one.canonical}  {one.said}")
    return one


def _conclude(base: str, done: Sequence[Deployed]) -> None:
    """How many of each. ClickException unless the server has all of them."""
    counts = Counter(one.deed for one in done)
    click.echo(f"{base}: {', '.join(f'{count} {deed}' for deed, count in sorted(counts.items()))}.")
    missing = sum(not one.placed for one in done)
    if missing:
        raise click.ClickException(f"{missing} of {len(done)} are not there, or not known to be. Another run leaves alone what is there.")


def _canonical_base(given: str | None, *, besides: Collection[str] = ()) -> str:
    """What was given, else what the settings say."""
    return given or read_settings(PublicSettings, besides=besides).canonical_base


def _definitions(canonical_base: str | None, *, besides: Collection[str] = ()) -> list[Json]:
    """Those of the site: with its confirmed keys, and the wording whose permission says that it may be published. `besides` as for
    `read_settings`."""
    base = _canonical_base(canonical_base, besides=besides)
    installed = this_site(besides=besides).installed
    if installed.broken:
        raise click.ClickException(f"Nothing is published while a wording pack is broken: {installed.broken[0]}")
    return every_definition(installed.library, base=base)
