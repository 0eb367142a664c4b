"""`rapport seal`: under which keys the database is sealed, and a change of keys."""

from collections.abc import Mapping
from datetime import timedelta

import click

from smart_app.cli.database import existing_store
from smart_app.settings import Settings, read_settings
from smart_app.store import Rotation, Store

_KEYS = "RAPPORT_SECRET_KEYS"
_WHAT_HELPS = f"Put the key back at the end of {_KEYS} and run `rapport seal rotate`."
_GONE = "Where it is gone for good, `rapport seal give-up` discards the submissions among them; launches and drafts run out by themselves."


@click.group()
def seal() -> None:
    """Change the keys the database is sealed under. Settings come from the environment, as for the app."""


@seal.command()
def status() -> None:
    """Count rows by the key they were sealed under; exits 1 where no configured key opens some. Opens and changes nothing."""
    with existing_store() as store:
        found, configured = store.rows_by_key(), store.key_ids
    for place, name in enumerate(configured, 1):
        click.echo(f"key {name}, number {place} in {_KEYS}: {_listed(found.get(name, {}))}")
    missing = [name for name in found if name not in configured]
    for name in missing:
        click.echo(f"key {name}, not in {_KEYS}: {_listed(found[name])}")
    if missing:
        click.echo(f"{_WHAT_HELPS} {_GONE}")
        raise SystemExit(1)


@seal.command()
def rotate() -> None:
    """Seal every row anew under the first key, beside the running app, which must have the same keys already; the audit trail stays as it
    is. May be stopped and run again. Says which key can be taken away; exits 1 where none can yet."""
    with existing_store() as store:
        done = store.rotate()
        click.echo(f"key {store.key_ids[0]}: sealed anew under it: {_listed(done.resealed)}")
        _say_left(store, done)
        if done.not_opened or done.unsettled or (done.not_proven and len(store.key_ids) > 1):
            raise SystemExit(1)
        for name in store.key_ids[1:]:
            _say_of_old(name, trail=store.rows_by_key().get(name, {}).get("audit", 0))


@seal.command("give-up")
@click.option("--by", required=True, metavar="NAME", help="Who decides that.")
@click.option("--why", required=True, metavar="REASON", help="Why, such as where the key was lost.")
def give_up(by: str, why: str) -> None:
    """Discard the submissions on their way that no configured key opens. They stay as they were sealed, for a key that is found again.
    Whose they are is sealed in them, so that nobody can be told."""
    if not by.strip() or not why.strip():
        raise click.UsageError("--by and --why want a name and a reason.")
    with existing_store() as store:
        given_up = store.give_up(by=by.strip(), why=why.strip())
    click.echo(f"{given_up} {'submission' if given_up == 1 else 'submissions'} discarded")


def _say_left(store: Store, done: Rotation) -> None:
    """What is in the way of taking the old key away, and what to do."""
    _say_not_opened(store, done.not_opened)
    if done.not_proven and len(store.key_ids) > 1:
        click.echo(
            f"left as they were: {_listed(done.not_proven)}, sealed by an earlier version that did not seal who sent them. Only the "
            "key they were found by so far finds them: keep every key until they are in the record, and run this again then."
        )
    if done.unsettled:
        click.echo(
            f"written under another key meanwhile: {_listed(done.unsettled)}. A Rapport with another first key is running: restart it with "
            f"the {_KEYS} of this command, and run this again."
        )


def _say_not_opened(store: Store, rows: Mapping[str, int]) -> None:
    """Those of other keys, which a key opens, and those that none does any more."""
    of_others = {table: count for table, count in store.not_opened().rows.items() if table in rows}
    strangers = [name for name, counted in store.rows_by_key().items() if name not in store.key_ids and rows.keys() & counted.keys()]
    changed = {table: count - of_others.get(table, 0) for table, count in rows.items() if count > of_others.get(table, 0)}
    if of_others:
        under = ", ".join(strangers)
        click.echo(f"left, opened by no configured key: {_listed(of_others)} (sealed under {under}). {_WHAT_HELPS} {_GONE}")
    if changed:
        click.echo(f"left, changed since they were sealed by something other than Rapport: {_listed(changed)}. A backup may have them.")


def _say_of_old(name: str, *, trail: int) -> None:
    settings = read_settings(Settings)
    hours = -(-settings.form_lasts // timedelta(hours=1))
    rows = "1 row" if trail == 1 else f"{trail} rows"
    needed = f"Keep it as long as {rows} of the audit trail, written with it, should be readable and verified." if trail else ""
    click.echo(f"key {name}: no launch, submission, draft or reveal needs it. {needed}".rstrip())
    click.echo(f"  Forms opened before every process had the new key may be sent for {hours} hours: take it away after that.")


def _listed(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{table} {count}" for table, count in rows.items()) or "nothing"
