"""`rapport keys`: make, rotate, remove and publish the keys a deployment needs."""

import base64
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Any, get_args

import click
import simplejson

from smart_app.errors import ConfigurationError
from smart_app.jose import SigningAlgorithm, new_private_key, private_pem, signing_keys
from smart_app.launch.keys.signing_keys import published
from smart_app.registration import load_registration
from smart_app.settings import PublicSettings, read_settings

_ALGORITHM = click.Choice(get_args(SigningAlgorithm))
_KID = click.option("--kid", metavar="ID", help="The key's id; its RFC 7638 thumbprint when not given.")
_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
_THERE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
_LAUNCH_FILE = click.option(
    "--launch-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The registration file; RAPPORT_LAUNCH_FILE when not given, else the one shipped with Rapport.",
)
_OWNER_ONLY = 0o600


def new_secret() -> str:
    """A fresh 256-bit sealing key in base64url."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@click.group()
def keys() -> None:
    """Make and rotate keys."""


@keys.command()
def secret() -> None:
    """Print a fresh key for RAPPORT_SECRET_KEYS."""
    click.echo(new_secret())


@keys.command()
@_FILE
@click.option("--alg", type=_ALGORITHM, default="ES384", show_default=True, help="What the key signs with.")
@_KID
@click.option("--pem", is_flag=True, help="Write PEM instead of a JWK set. A PEM holds one key and cannot be rotated in place.")
def new(file: Path, alg: SigningAlgorithm, kid: str | None, pem: bool) -> None:
    """Make a private key that EHRs know the app by, in a new FILE that only you can read."""
    made = new_private_key(alg, kid=kid)
    # A PEM has no room for an id, so whoever reads it goes by the thumbprint unless launch.json names another.
    write_private(file, private_pem(made) if pem else _key_set([made]))
    click.echo(f"{file}: {alg}, kid {made['kid']}. Keep it secret; name it in launch.json as key_file.")


@keys.command()
@_THERE
@click.option("--alg", type=_ALGORITHM, help="What the new key signs with; as the newest key when not given.")
@_KID
def rotate(file: Path, alg: SigningAlgorithm | None, kid: str | None) -> None:
    """Put a new key before the others in FILE: it signs from now on, the others stay published."""
    try:
        old = signing_keys(_text(file))
        made = new_private_key(alg or old[0].algorithm, kid=kid)
        changed = _key_set([made, *_members(file)])
        signing_keys(changed)
    except ConfigurationError as wrong:
        raise click.ClickException(f"{file}: {wrong}") from wrong
    _replace(file, changed)
    click.echo(f"{file}: kid {made['kid']} ({made['alg']}) signs now; still published: {', '.join(key.kid for key in old)}.")
    click.echo("Remove an old one with `rapport keys remove` when no EHR can be holding an older copy of the key set.")


@keys.command()
@_THERE
@click.option("--kid", metavar="ID", required=True, help="The id of the key to remove.")
def remove(file: Path, kid: str) -> None:
    """Take an old key out of FILE: it is not published any more. The last key stays."""
    members = _members(file)
    kept = [member for member in members if member.get("kid") != kid]
    if len(kept) == len(members):
        raise click.ClickException(f"{file} has no key {kid}. It has: {', '.join(str(member.get('kid')) for member in members)}.")
    if not kept:
        raise click.ClickException(f"{kid} is the only key in {file}. Rotate first.")
    _replace(file, _key_set(kept))
    click.echo(f"{file}: {kid} is gone; {len(kept)} left, {kept[0].get('kid')} signs.")


@keys.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=False)
@_LAUNCH_FILE
def public(file: Path | None, launch_file: Path | None) -> None:
    """Print the public key set of FILE, or of the entries of launch.json: what the app serves as its JWKS."""
    registered = launch_file if file or launch_file else read_settings(PublicSettings).launch_file
    try:
        if file is None:
            found = published(load_registration(registered), os.environ)
        else:
            found = {"keys": [dict(key.public) for key in signing_keys(_text(file))]}
    except ConfigurationError as wrong:
        raise click.ClickException(str(wrong)) from wrong
    click.echo(simplejson.dumps(found, indent=2))


def write_private(file: Path, text: str) -> None:
    """A new file only its owner can read. ClickException when there is one already."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as there:
        raise click.ClickException(f"{file} is there already and is never written over.") from there
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error


def _replace(file: Path, text: str) -> None:
    """New contents in one step, with the mode and owner it had: a half-written key file would stop every launch."""
    target = file.resolve()
    before = target.stat()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if os.geteuid() != before.st_uid:
            os.chown(temporary, before.st_uid, before.st_gid)
        Path(temporary).chmod(stat.S_IMODE(before.st_mode))
        Path(temporary).replace(target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise click.ClickException(f"{file} cannot be written, and is as it was: {error.strerror}") from error


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} cannot be read: {type(error).__name__}") from error


def _members(file: Path) -> list[dict[str, Any]]:
    """The JWKs of a key file, a single one with the id it is known by. ClickException for a PEM."""
    text = _text(file)
    try:
        known = signing_keys(text)
    except ConfigurationError as wrong:
        raise click.ClickException(f"{file}: {wrong}") from wrong
    if not text.lstrip().startswith("{"):
        raise click.ClickException(f"{file} is a PEM, which has room for one key. Make a JWK set with `rapport keys new`.")
    document = simplejson.loads(text)
    return [{**member, "kid": key.kid} for member, key in zip(document.get("keys", [document]), known, strict=True)]


def _key_set(members: list[dict[str, Any]]) -> str:
    return f"{simplejson.dumps({'keys': members}, indent=2)}\n"
