"""`rapport outbox`: what was sent and the record has not taken, for whoever runs the site. Never what was answered, or by or about whom."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import click

from fhir_mappings.sentence import Sentence
from smart_app.care.submission.judgement import for_want_of_permission
from smart_app.care.submission.sealed_submission import SealedSubmission, from_payload, readable
from smart_app.care.submission.write_ladder import step_words
from smart_app.care.undelivered.decisions import REASONS, discard_for_site, why_not_decide
from smart_app.cli.database import existing_store
from smart_app.errors import NotOffered
from smart_app.registration import Registration, load_registration
from smart_app.settings import Settings
from smart_app.store import OutboxEntry, OutboxState, Store

_SHORTEST_PREFIX = 6
_BY = click.option("--by", "name", required=True, metavar="NAME", help="Who decides it, by name: the audit trail keeps it.")
_STANDS: dict[OutboxState, str] = {
    "sealed": "not sent yet",
    "sending": "being sent",
    "stored": "stored",
    "partly": "partly stored",
    "accepted": "accepted, not found again",
    "refused": "refused",
    "unknown": "not known",
    "discarded": "discarded",
    "copied": "copied to the note",
}
_NOT_SENT_AGAIN: dict[OutboxState, str] = {
    "sending": "It is being sent at this moment.",
    "stored": "It is in the record.",
    "accepted": "The record has said that it took it, so it is only looked for, and never sent again.",
    "discarded": "It was discarded.",
    "copied": "It was copied to the note.",
}


@click.group()
def outbox() -> None:
    """Look after what was sent and the record has not taken. Settings come from the environment, as for the app. What was answered, and by
    or about whom, is never shown."""


@outbox.command("list")
def listed() -> None:
    """Print each of them, oldest first: its key, how it stands, what the server answered, its age, the form and who answers it, the tries,
    and whether it is due. Exits 1 where there are some that no configured key opens, or that another version sealed."""
    with existing_store() as store:
        found = store.outbox.open_entries()
        registration = _registration()
        read = list(readable(found.entries))
        for entry, sealed in read:
            click.echo("  ".join(_line(entry, sealed, registration, _now())))
    unread = len(found.entries) - len(read)
    click.echo(f"{len(read)} in the outbox")
    if unread:
        click.echo(f"{unread} more that another version of Rapport sealed and this one cannot read; they are kept")
    if found.unopened:
        click.echo(f"{found.unopened} more that no configured key opens; set the key they were sealed with in RAPPORT_SECRET_KEYS again")
    if unread or found.unopened:
        raise SystemExit(1)


@outbox.command()
@click.argument("key_prefix")
@click.option("--server-words", is_flag=True, help="Also what the server said, word for word: it may name the patient or an answer.")
def show(key_prefix: str, *, server_words: bool) -> None:
    """Print how one stands, part by part. KEY_PREFIX is the beginning of its key, as `list` prints it."""
    with existing_store() as store:
        entry = _found(store, key_prefix)
        for label, value in _facts(entry, _registration(), _now(), words=server_words):
            click.echo(f"{label:<12}{value}")


@outbox.command()
@click.argument("key")
@_BY
def retry(key: str, *, name: str) -> None:
    """Mark one as due: to be tried again. Its author reads so at their next launch of that patient, where it is sent with their sign-in."""
    with existing_store() as store:
        entry = _found(store, key, whole=True)
        if why_not := _why_not_retry(entry, _registration()):
            raise NotOffered(Sentence("{why_not} Nothing was marked.", why_not=why_not))
        with store.database.begin() as together:
            if not store.outbox.ask_again(key, within=together):
                raise NotOffered(Sentence("How it stands has changed meanwhile. Nothing was marked."))
            store.audit.add("submission_due", launch_id=None, context=entry.author, detail={"key": key, "by": name}, within=together)
    who = "its author alone" if for_want_of_permission(from_payload(entry.payload)) else "its author, or a colleague"
    click.echo(f"due: it goes out when {who} opens Rapport from that chart and tries again")


@outbox.command()
@click.argument("key")
@click.option("--reason", required=True, type=click.Choice(list(REASONS)), help="Why; its author, and the patient, are told.")
@_BY
def discard(key: str, *, reason: str, name: str) -> None:
    """Discard one for a reason. It is never sent; a sealed copy stays. Of what is partly stored only the rest is discarded, for a reason
    that holds of it; what is in the record stays there. Its author is told at their next launch of that patient, and the patient on their
    own page where the answers are theirs, with the name given."""
    with existing_store() as store:
        entry = _found(store, key, whole=True)
        discard_for_site(store, entry, reason=reason, by=name, now=_now())
    done = "closed; what is in the record stays there, and the rest is not sent" if from_payload(entry.payload).placed else "discarded"
    click.echo(f"{done}; its author is told at their next launch of that patient")


def _found(store: Store, text: str, *, whole: bool = False) -> OutboxEntry:
    """The one of that key, or whose key begins so. NotOffered where there is none, or several."""
    if whole:
        entry = store.outbox.get(text)
        if entry is None:
            raise NotOffered(Sentence("There is nothing of that key in the outbox. `rapport outbox list` prints the keys."))
        return entry
    if len(text) < _SHORTEST_PREFIX:
        raise click.UsageError(f"Give at least {_SHORTEST_PREFIX} characters of the key.")
    return _only([entry for entry in store.outbox.open_entries().entries if entry.key.startswith(text)])


def _only(entries: Sequence[OutboxEntry]) -> OutboxEntry:
    if len(entries) == 1:
        return entries[0]
    several, none = Sentence("Several keys begin so. Give more of it."), Sentence("No key of what is open begins so.")
    raise NotOffered(several if entries else none)


def _why_not_retry(entry: OutboxEntry, registration: Registration) -> str:
    """Why it cannot be sent again; "" where it can."""
    if why_not := _NOT_SENT_AGAIN.get(entry.state):
        return why_not
    return "" if _is_registered(entry, registration) else "Its server is not in launch.json any more, so it can be sent nowhere."


def _is_registered(entry: OutboxEntry, registration: Registration) -> bool:
    return registration.find(from_payload(entry.payload).base) is not None


def _line(entry: OutboxEntry, sealed: SealedSubmission, registration: Registration, now: datetime) -> tuple[str, ...]:
    due = ("due",) if entry.due else ()
    gone = () if _is_registered(entry, registration) else ("server not registered",)
    form = f"{sealed.slug} ({sealed.informant})"
    return entry.key, _STANDS[entry.state], _answers(sealed), _age(now - entry.created), form, f"tried {sealed.attempt}", *due, *gone


def _facts(entry: OutboxEntry, registration: Registration, now: datetime, *, words: bool) -> Sequence[tuple[str, str]]:
    """Label and value of each line of `show`."""
    sealed = from_payload(entry.payload)
    registered = "" if _is_registered(entry, registration) else ", not in launch.json any more"
    refused = ", for want of permission: only its author can send it" if for_want_of_permission(sealed) else ""
    return (
        ("key", entry.key),
        ("stands", f"{_STANDS[entry.state]}{refused}"),
        ("sealed", f"{entry.created.isoformat(timespec='seconds')}, {_age(now - entry.created)} ago"),
        ("form", f"{sealed.slug} {sealed.instrument_version}, the {sealed.informant}'s"),
        ("server", f"{sealed.base}{registered}"),
        ("way", step_words(sealed.step)),
        ("tried", str(sealed.attempt)),
        ("due", "yes" if entry.due else "no"),
        ("retry", _why_not_retry(entry, registration) or "can be tried again"),
        ("discard", why_not_decide(entry.state) or f"can be {'closed without the rest' if sealed.placed else 'discarded'}"),
        *_parts(sealed),
        *((("said", said) for said in _said(sealed)) if words else ()),
    )


def _answers(sealed: SealedSubmission) -> str:
    """What became of the answers: the kind, and the server's status where it gave one."""
    return next(answer for _, answer in _parts(sealed))


def _parts(sealed: SealedSubmission) -> Sequence[tuple[str, str]]:
    """Each kind of resource with what became of it, none by its score."""
    kinds: dict[str, set[str]] = {}
    for part in sealed.parts:
        outcome = sealed.outcome_of(part.role)
        status = f" {outcome.status}" if outcome.status else ""
        became = "stored" if outcome.reference else f"{(outcome.became or 'not sent').replace('_', ' ')}{status}"
        kinds.setdefault(_KINDS.get(part.type, part.type), set()).add(became)
    return tuple((kind, ", ".join(sorted(each))) for kind, each in kinds.items())


_KINDS = {"QuestionnaireResponse": "answers", "Observation": "scores", "Provenance": "provenance"}


def _said(sealed: SealedSubmission) -> Sequence[str]:
    """What the server said, each once."""
    said = (sealed.reason, *(outcome.why for outcome in sealed.outcomes.values()))
    return tuple(dict.fromkeys(" ".join(words.split()) for words in said if words))


def _age(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{span.days} d" if span.days > 1 else f"{hours} h"


def _registration() -> Registration:
    return load_registration(Settings().launch_file)


def _now() -> datetime:
    return datetime.now(UTC)
