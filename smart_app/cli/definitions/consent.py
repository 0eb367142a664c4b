"""Nothing is written beyond this machine before a person has said yes."""

import sys

import click

from smart_app.sandbox.seeding.remote_server import is_loopback


def agreed(base: str, question: str) -> bool:
    """Whether a person at a terminal said yes to writing at `base`. Nobody is asked about an address of this machine: False."""
    if is_loopback(base) or not sys.stdin.isatty():
        return False
    return click.confirm(f"{base} is not on this machine. {question}", default=False)
