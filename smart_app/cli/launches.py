"""`rapport launches`: end what people have open."""

from functools import partial

import click

from smart_app.cli.database import existing_store
from smart_app.launch.context.launch_context import LaunchContext


@click.group()
def launches() -> None:
    """Look after the launches under way. Settings come from the environment, as for the app."""


@launches.command()
@click.option("--all", "everybody", is_flag=True, help="Everybody's, as after a device or a key was lost.")
@click.option("--iss", metavar="BASE", help="With --user: the FHIR base the person signed in at, as `rapport audit list` shows it.")
@click.option("--user", metavar="REFERENCE", help="One person's, such as Practitioner/17, as `rapport audit list` shows it.")
def end(*, everybody: bool, iss: str | None, user: str | None) -> None:
    """End launches at once: their pages open nothing any more, their tokens are forgotten here. What was typed and not sent is kept as for
    any ended launch. The EHR is not told; its own sign-in ends there."""
    if everybody == bool(iss and user) or (iss is None) != (user is None):
        raise click.UsageError("Say either --all, or --user and --iss.")
    wanted = None if everybody else partial(_is_of, iss=str(iss).rstrip("/"), user=str(user))
    with existing_store() as store:
        ended = store.end_launches(wanted)
    click.echo(f"{ended} {'launch' if ended == 1 else 'launches'} ended")


def _is_of(context: LaunchContext, *, iss: str, user: str) -> bool:
    return context.iss.rstrip("/") == iss and context.user.reference == user
