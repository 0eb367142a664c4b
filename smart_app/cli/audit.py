"""`rapport audit`: read the audit trail, and see whether it is whole."""

from datetime import UTC, datetime

import click
import simplejson

from smart_app.cli.database import existing_store
from smart_app.store import AuditEntry


@click.group()
def audit() -> None:
    """Look at the audit trail. Settings come from the environment, as for the app; nothing is changed."""


@audit.command()
@click.option(
    "--contains",
    metavar="NUMBER:HASH",
    help="A head this command printed before, kept outside the database. Only that shows a database set back to an earlier day.",
)
def verify(contains: str | None) -> None:
    """See whether every row is there and as it was written; exits 1 at the first that is not."""
    seen = None if contains is None else _seen(contains)
    with existing_store() as store:
        found = store.verify_audit(contains=seen)
    if found.finding is not None:
        click.echo(f"row {found.finding.sequence}: {found.finding.words} ({found.finding.fault})")
        click.echo(f"{found.rows} rows before it fit")
        raise SystemExit(1)
    click.echo(f"{found.rows} rows fit, from {found.first} to {found.head.sequence}")
    click.echo(f"head {found.head.sequence}:{found.head.hash}")


@audit.command("list")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="Only events from this moment (UTC) on.")
@click.option("--iss", metavar="BASE", help="With --patient: the FHIR base the patient is of.")
@click.option("--patient", metavar="ID", help="Only events about this patient; not those of before the trail had a chain.")
def listed(since: datetime | None, iss: str | None, patient: str | None) -> None:
    """Print events, oldest first, one JSON object a line. They say who looked at whom: keep the output as you keep the record."""
    if (iss is None) != (patient is None):
        raise click.UsageError("--patient and --iss need each other.")
    moment = since.replace(tzinfo=UTC) if since else None
    with existing_store() as store, store.audit.reading(since=moment, iss=iss or "", patient=patient) as entries:
        for entry in entries:
            click.echo(_line(entry))


def _seen(text: str) -> tuple[int, str]:
    number, colon, value = text.partition(":")
    if not (colon and number.isascii() and number.isdecimal() and value):
        raise click.UsageError("--contains wants NUMBER:HASH, as `rapport audit verify` prints its head.")
    return int(number), value


def _line(entry: AuditEntry) -> str:
    content = {
        "sequence": entry.sequence,
        "at": entry.at.isoformat(timespec="milliseconds"),
        "event": entry.event,
        "launch": entry.launch,
        "iss": entry.iss,
        "user": entry.user,
        "user_key": entry.user_key,
        "patient": entry.patient,
        "detail": dict(entry.detail),
    }
    return simplejson.dumps(content, use_decimal=True)
