"""The deployment's own database, opened by a command."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import NoReturn

import click

from smart_app.errors import StoreError
from smart_app.settings import Settings, read_settings
from smart_app.store import Store, is_relative, open_existing, parse_key, place_of, store_failure


@contextmanager
def existing_store() -> Iterator[Store]:
    """The deployment's database, as it is. Whatever is wrong with it ends the program with one sentence. Where the address is relative,
    stderr says which file it is: another folder, another database."""
    settings = read_settings(Settings)
    keys = [parse_key(key.get_secret_value()) for key in settings.secret_keys]
    try:
        with closing(open_existing(settings.database_url, keys, clock=_now)) as store:
            if is_relative(settings.database_url):
                click.echo(f"Database: {place_of(settings.database_url)}", err=True)
            yield store
    except StoreError as failed:
        _end(store_failure(failed, settings.database_url))


def _end(sentence: str) -> NoReturn:
    """Exit status 2: 1 is left for what a command found."""
    click.echo(f"Error: {sentence}", err=True)
    raise SystemExit(2)


def _now() -> datetime:
    return datetime.now(UTC)
