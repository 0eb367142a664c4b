"""Nothing is written beyond this machine before a person has said yes."""

import sys
from urllib.parse import urlsplit

import click

from smart_app.registration import is_loopback


def on_this_machine(base: str) -> bool:
    """Whether the address is this machine's own."""
    return is_loopback(urlsplit(base).hostname or "")


def agreed(base: str, question: str) -> bool:
    """Whether a person at a terminal said yes to writing at `base`. Nobody is asked about an address of this machine: False."""
    if on_this_machine(base) or not sys.stdin.isatty():
        return False
    return click.confirm(f"{base} is not on this machine. {question}", default=False)
