"""`rapport register`: what to tell an EHR about the app, to be pasted, mailed or sent."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import simplejson

from smart_app.cli.registration.keys import write_private
from smart_app.cli.registration.vendor_notes import VENDORS, vendor_notes
from smart_app.errors import ConfigurationError, RapportError
from smart_app.http import new_session
from smart_app.jose import SigningKey
from smart_app.launch.discovery.smart_configuration import Discovery
from smart_app.launch.keys.client_secrets import bearer_token
from smart_app.launch.keys.signing_keys import keys_of
from smart_app.launch.oauth.client_metadata import addresses, client_metadata, method_of
from smart_app.launch.oauth.dynamic_registration import Registered, choose_method
from smart_app.launch.oauth.dynamic_registration import register as send
from smart_app.registration import Issuer, PrivateKeyJwt, PublicClient, Registration, load_registration, normalise_iss
from smart_app.settings import PublicSettings, read_settings

_RFC7591 = "rfc7591"


@click.command()
@click.argument("issuer_name", metavar="ISSUER-NAME", required=False)
@click.option("--format", "form", type=click.Choice([_RFC7591, *VENDORS]), default=_RFC7591, show_default=True, help="What to print.")
@click.option("--dynamic", is_flag=True, help="Send it to the EHR's registration endpoint, and print the entry for launch.json.")
@click.option("--iss", metavar="URL", help="With --dynamic: the FHIR base of an EHR that has no entry yet.")
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="With --iss: a further host its sign-in is on. May be repeated.")
@click.option("--key-file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="With --iss: sign with this key file.")
@click.option("--secret-file", type=click.Path(path_type=Path, dir_okay=False), help="With --dynamic: new file for a client secret.")
@click.option(
    "--token-env", metavar="NAME", help="With --dynamic: variable (or NAME_FILE) with the initial access token some EHRs ask for."
)
@click.option("--base-url", metavar="URL", help="Where browsers reach Rapport; RAPPORT_BASE_URL when not given.")
@click.option(
    "--launch-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The registration file; RAPPORT_LAUNCH_FILE when not given, else the one shipped with Rapport.",
)
def register(
    issuer_name: str | None,
    form: str,
    dynamic: bool,
    iss: str | None,
    hosts: Sequence[str],
    key_file: Path | None,
    secret_file: Path | None,
    token_env: str | None,
    base_url: str | None,
    launch_file: Path | None,
) -> None:
    """Print what the EHR of ISSUER-NAME, an entry of launch.json, has to be told about the app."""
    if not dynamic and (iss or hosts or key_file or secret_file or token_env):
        raise click.UsageError("--iss, --host, --key-file, --secret-file and --token-env need --dynamic.")
    if (issuer_name is None) == (iss is None):
        raise click.UsageError("Say the name of an entry of launch.json" + (", or --iss." if dynamic else "."))
    settings = read_settings(PublicSettings, besides=[token_env] if token_env else [])
    address = (base_url or settings.base_url).rstrip("/")
    try:
        registration = load_registration(launch_file or settings.launch_file)
        if issuer_name is not None:
            issuer = _entry(registration, issuer_name)
        else:
            issuer = _unlisted(str(iss), hosts=hosts, key_file=key_file, scope=registration.client.scope)
        if dynamic:
            initial_token = None if token_env is None else bearer_token(token_env, os.environ)
            _send(registration, issuer, address, secret_file=secret_file, initial_token=initial_token)
        else:
            click.echo(_text(form, registration, issuer, address), nl=False)
    except RapportError as wrong:
        raise click.ClickException(str(wrong)) from wrong


def _entry(registration: Registration, name: str) -> Issuer:
    """The entry of that name, on or off. ClickException naming those there are."""
    found = [issuer for issuer in registration.issuers if issuer.name.casefold() == name.casefold()]
    if len(found) == 1:
        return found[0]
    known = ", ".join(repr(issuer.name) for issuer in registration.issuers)
    raise click.ClickException(f"launch.json has {len(found) or 'no'} entries of the name {name!r}. It has: {known}.")


def _unlisted(iss: str, *, hosts: Sequence[str], key_file: Path | None, scope: str) -> Issuer:
    """An EHR that has no entry yet, as the operator describes it."""
    normal = normalise_iss(iss)
    if normal is None:
        raise click.BadParameter("must be a FHIR base address: https (http only on this machine), no user info, query or fragment")
    auth = PrivateKeyJwt(key_file=key_file.resolve()) if key_file else PublicClient()
    return Issuer(name=normal.split("/")[2], iss=normal, client_id="", auth=auth, scope=scope, hosts=tuple(hosts))


def _text(form: str, registration: Registration, issuer: Issuer, base_url: str) -> str:
    """What to paste or mail."""
    at, method = addresses(registration, base_url), method_of(issuer.auth)
    if form == _RFC7591:
        return _json(client_metadata(registration.client, at, method=method, scope=issuer.registered_scope))
    return vendor_notes(form, client=registration.client, at=at, issuer=issuer)


def _send(registration: Registration, issuer: Issuer, base_url: str, *, secret_file: Path | None, initial_token: str | None) -> None:
    """Register, keep the secret, print the entry. What people should know goes to stderr, so that the entry can be piped."""
    if issuer.iss_prefix is not None:
        raise click.ClickException(f"{issuer.name!r} stands for many addresses. Say --iss.")
    with new_session(pool=1) as http, _reserved(secret_file):
        discovery = Discovery(http, clock=lambda: datetime.now(UTC))
        endpoint = discovery.registration_endpoint(issuer)
        if endpoint is None:
            raise click.ClickException(f"{issuer.iss} takes no dynamic registration. Print a sheet for its portal with --format.")
        algorithms = [key.algorithm for key in _keys(issuer)]
        method = choose_method(discovery.endpoints(issuer), algorithms=algorithms, keeps_secret=secret_file is not None)
        metadata = client_metadata(registration.client, addresses(registration, base_url), method=method, scope=issuer.registered_scope)
        done = send(http, endpoint, metadata, initial_token=initial_token)
        click.echo(f"Registered at {endpoint} as {done.client_id} ({done.method}).", err=True)
        _keep(done, secret_file)
    for note in done.notes:
        click.echo(note, err=True)
    click.echo(_json(_new_entry(issuer, done, secret_file, default_scope=registration.client.scope)), nl=False)


@contextmanager
def _reserved(secret_file: Path | None) -> Iterator[None]:
    """A new file for the secret, made before anything is sent: a secret that cannot be written is lost, the EHR tells it once. Gone
    again when nothing came to be in it."""
    if secret_file is None:
        yield
        return
    write_private(secret_file, "")
    try:
        yield
    finally:
        if not secret_file.stat().st_size:
            secret_file.unlink()


def _keys(issuer: Issuer) -> tuple[SigningKey, ...]:
    return keys_of(issuer.auth, os.environ) if isinstance(issuer.auth, PrivateKeyJwt) else ()


def _keep(done: Registered, secret_file: Path | None) -> None:
    """The client secret, in a file of its own; never on the screen."""
    if done.client_secret is None:
        return
    if secret_file is None:
        raise click.ClickException(
            f"The EHR gave {done.client_id} a secret although none was asked for. Register again with --secret-file."
        )
    secret_file.write_text(f"{done.client_secret}\n", encoding="utf-8")
    until = f"until {datetime.fromtimestamp(done.secret_expires, UTC):%Y-%m-%d %H:%M} UTC" if done.secret_expires else "without end"
    click.echo(f"Its secret is in {secret_file}, good {until}.", err=True)


def _new_entry(issuer: Issuer, done: Registered, secret_file: Path | None, *, default_scope: str) -> dict[str, Any]:
    """The entry for launch.json. It is off until somebody has looked at it."""
    scope = issuer.scope if done.scope in {None, issuer.registered_scope} else str(done.scope)
    return {
        "name": issuer.name,
        "iss": issuer.iss,
        "client_id": done.client_id,
        "auth": _auth(issuer, done.method, secret_file),
        **({"scope": scope} if scope != default_scope else {}),
        **({"hosts": list(issuer.hosts)} if issuer.hosts else {}),
        **({"frame_ancestors": list(issuer.frame_ancestors)} if issuer.frame_ancestors else {}),
        **({"standalone": True} if issuer.standalone else {}),
        **({"synthetic_data": True} if issuer.synthetic_data else {}),
        "enabled": False,
    }


def _auth(issuer: Issuer, method: str, secret_file: Path | None) -> dict[str, str]:
    if method in {"client_secret_basic", "client_secret_post"} and secret_file is not None:
        return {"method": method, "secret_file": str(secret_file.resolve())}
    if method != "private_key_jwt":
        return {"method": method}
    if not isinstance(issuer.auth, PrivateKeyJwt):
        raise ConfigurationError("The EHR wants the app to sign, and there is no key.", where="--key-file", detail="rapport keys new")
    if issuer.auth.key_file is not None:
        return {"method": method, "key_file": str(issuer.auth.key_file)}
    return {"method": method, "key_env": str(issuer.auth.key_env)}


def _json(document: dict[str, Any]) -> str:
    return f"{simplejson.dumps(document, indent=2)}\n"
