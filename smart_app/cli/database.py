"""The deployment's own database, opened by a command."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import NoReturn

import click
from pydantic import ValidationError

from smart_app.errors import RapportError
from smart_app.settings import Settings
from smart_app.store import Store, open_existing, parse_key


@contextmanager
def existing_store() -> Iterator[Store]:
    """The deployment's database, as it is. Whatever is wrong with it ends the program with one sentence."""
    try:
        settings = Settings()
        keys = [parse_key(key.get_secret_value()) for key in settings.secret_keys]
        with closing(open_existing(settings.database_url, keys, clock=_now)) as store:
            yield store
    except ValidationError as wrong:
        _end(", ".join(f"RAPPORT_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in wrong.errors(include_input=False)))
    except RapportError as wrong:
        _end(str(wrong))


def _end(sentence: str) -> NoReturn:
    """Exit status 2: 1 is left for what a command found."""
    click.echo(f"Error: {sentence}", err=True)
    raise SystemExit(2)


def _now() -> datetime:
    return datetime.now(UTC)
