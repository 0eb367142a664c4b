"""`rapport keys`: make the keys a deployment needs."""

import base64
import secrets

import click


def new_secret() -> str:
    """A fresh 256-bit sealing key in base64url."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@click.group()
def keys() -> None:
    """Make keys."""


@keys.command()
def secret() -> None:
    """Print a fresh key for RAPPORT_SECRET_KEYS."""
    click.echo(new_secret())
