"""On the clinician's page: what was sent and the record has not, each called what it is; colleagues' without anything it says; and what
somebody discarded."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from fhir_mappings.sentence import Sentence, Value, capitalised, counted, full_sentence, joined
from smart_app.care.submission.delivery import Undelivered
from smart_app.care.undelivered.colleagues_items import ColleaguesItem, Standing
from smart_app.care.undelivered.decisions import Discarded
from smart_app.web import formats
from smart_app.web.views.forms.kept_answers import sent_words
from smart_app.web.views.parts import Link, Notice

Address = Callable[[str], str]
# So many are read at a glance; the others are behind one line.
_AT_A_GLANCE = 3


class LeftOverUrls(Struct, frozen=True, kw_only=True):
    """Where each of them leads, by its key."""

    receipt: Address
    send: Address
    seen: Address


class ColleaguesLine(Struct, frozen=True, kw_only=True):
    """One of a colleague or of the patient: `send` is where it is sent for them, None where it cannot be."""

    title: Sentence
    text: str
    send: str | None


class DiscardedLine(Struct, frozen=True, kw_only=True):
    """One that was discarded: `seen` is where it is noted that it was read."""

    text: Sentence
    seen: str


class LeftOver(Struct, frozen=True, kw_only=True):
    """Everything the page says of it. `heading` stands over several of one's own, `older_words` over those that are folded in, and
    `more_words` over colleagues' that are."""

    heading: str
    own: tuple[Notice, ...]
    older_words: Sentence | None
    older: tuple[Notice, ...]
    others: tuple[ColleaguesLine, ...]
    more_words: Sentence | None
    more: tuple[ColleaguesLine, ...]
    discarded: tuple[DiscardedLine, ...]


def left_over(
    own: Sequence[Undelivered], others: Sequence[ColleaguesItem], discarded: Sequence[Discarded], *, urls: LeftOverUrls, now: datetime
) -> LeftOver | None:
    """What is said; None where there is nothing. What was answered stays on the receipt, and so does what the server said."""
    if not (own or others or discarded):
        return None
    lines = tuple(_own(one, urls, now, alone=len(own) == 1) for one in own)
    theirs = tuple(_colleagues(one, urls, now) for one in others)
    return LeftOver(
        heading=_heading(len(own)) if len(own) > 1 else "",
        own=lines[:_AT_A_GLANCE],
        older_words=_older(lines),
        older=lines[_AT_A_GLANCE:],
        others=theirs[:_AT_A_GLANCE],
        more_words=_of_colleagues(theirs),
        more=theirs[_AT_A_GLANCE:],
        discarded=tuple(DiscardedLine(text=_discarded(one, now), seen=urls.seen(one.key)) for one in discarded),
    )


def _older(lines: Sequence[object]) -> Sentence | None:
    """How many are not read at a glance; None for none."""
    more = len(lines) - _AT_A_GLANCE
    return counted("{n} older one", "{n} older ones", more) if more > 0 else None


def _of_colleagues(lines: Sequence[object]) -> Sentence | None:
    more = len(lines) - _AT_A_GLANCE
    return counted("{n} older one of colleagues", "{n} older ones of colleagues", more) if more > 0 else None


def _heading(number: int) -> Sentence:
    return counted("You have sent {n} form that is kept in Rapport:", "You have sent {n} forms that are kept in Rapport:", number)


def _own(one: Undelivered, urls: LeftOverUrls, now: datetime, *, alone: bool) -> Notice:
    sent = sent_words(one.sealed, now)
    kept = [Sentence("It is kept in Rapport.")] if alone else []
    asked = [Sentence("IT asked for it to be tried again.")] if one.due else []
    return Notice(
        title=_how_it_stands(one),
        text=joined(" ", [sent, *kept, *asked]),
        action=Link(href=urls.receipt(one.sealed.key), text=Sentence("See how it stands")),
    )


def _how_it_stands(one: Undelivered) -> Sentence:
    """What is not known is never called "not in the record"."""
    return _STANDS.get(one.state, _NOT_YET)


_NOT_YET = Sentence("Not in the record yet:")
_STANDS: Mapping[str, Sentence] = {
    "accepted": Sentence("Accepted by the record, not found again:"),
    "sending": Sentence("Being sent at this moment:"),
    "unknown": Sentence("Not known whether it is in the record:"),
    "partly": Sentence("Not all of it is in the record:"),
    "refused": Sentence("The record did not take it:"),
}
_SENDABLE: frozenset[Standing] = frozenset({"waiting", "unknown"})


def colleagues_words(one: ColleaguesItem, now: datetime) -> Sentence:
    """How it stands: `A rating by Sofia Lindqvist of 04-Mar-2026 has not reached the record.`."""
    return full_sentence(_colleagues_standing(one.standing, _what(one, now)))


def colleagues_heading(one: ColleaguesItem, now: datetime) -> Sentence:
    """The same as a heading."""
    return capitalised(_colleagues_standing(one.standing, _what(one, now)))


def _colleagues_standing(standing: Standing, what: Sentence) -> Sentence:
    if standing == "waiting":
        return Sentence("{what} has not reached the record", what=what)
    if standing == "sending":
        return Sentence("{what} is being sent at this moment", what=what)
    if standing == "unknown":
        return Sentence("whether {what} is in the record is not known", what=what)
    if standing == "placed":
        return Sentence("{what} is in the record", what=what)
    return Sentence("{what} is not sent any more: that was decided meanwhile", what=what)


def may_be_sent(one: ColleaguesItem) -> bool:
    """Whether a colleague may send it as it stands."""
    return one.standing in _SENDABLE and not one.why_not


def _what(one: ColleaguesItem, now: datetime) -> Sentence:
    """Whose it is and of which day, and nothing that would tell what it says."""
    day = formats.short_date(one.sent.astimezone(now.tzinfo).date())
    by = one.author or Sentence("a colleague")
    if one.stopped:
        return _entry(by, day, by_patient=one.by_patient)
    if one.from_paper:
        return Sentence("a questionnaire typed in by {who} on {day}", who=by, day=day)
    if one.informant != "patient":
        return Sentence("a rating by {who} of {day}", who=by, day=day)
    if one.by_patient:
        return Sentence("the patient’s rating of {day}", day=day)
    return Sentence("the patient’s rating of {day}, given with {who},", day=day, who=by)


def _entry(by: Value, day: Sentence, *, by_patient: bool) -> Sentence:
    if by_patient:
        return Sentence("the entry of {day} that the patient’s form was not answered", day=day)
    return Sentence("the entry by {who} of {day} that the patient’s form was not answered", who=by, day=day)


def _colleagues(one: ColleaguesItem, urls: LeftOverUrls, now: datetime) -> ColleaguesLine:
    return ColleaguesLine(title=colleagues_words(one, now), text=one.why_not, send=urls.send(one.key) if may_be_sent(one) else None)


def _discarded(one: Discarded, now: datetime) -> Sentence:
    """By whom and why: `Your rating of 04-Mar-2026 was discarded by Mona Fell on 05-Mar-2026: it was entered by mistake.`."""
    sent, at = (formats.short_date(moment.astimezone(now.tzinfo).date()) for moment in (one.sent, one.at))
    why = one.because
    if one.in_record:
        return _closed(one, sent, at)
    if one.not_answered:
        return _entry_discarded(one, sent, at)
    patients = one.informant == "patient"
    if not why:
        if patients:
            return Sentence("The patient’s rating of {sent} was discarded by {who} on {day}.", sent=sent, who=one.by, day=at)
        return Sentence("Your rating of {sent} was discarded by {who} on {day}.", sent=sent, who=one.by, day=at)
    if patients:
        return Sentence("The patient’s rating of {sent} was discarded by {who} on {day}: {why}.", sent=sent, who=one.by, day=at, why=why)
    return Sentence("Your rating of {sent} was discarded by {who} on {day}: {why}.", sent=sent, who=one.by, day=at, why=why)


def _entry_discarded(one: Discarded, sent: Sentence, at: Sentence) -> Sentence:
    if not one.because:
        return Sentence(
            "The entry of {sent} that the patient’s form was not answered was discarded by {who} on {day}.", sent=sent, who=one.by, day=at
        )
    return Sentence(
        "The entry of {sent} that the patient’s form was not answered was discarded by {who} on {day}: {why}.",
        sent=sent,
        who=one.by,
        day=at,
        why=one.because,
    )


def _closed(one: Discarded, sent: Sentence, at: Sentence) -> Sentence:
    """What is in the record without all that belongs beside it."""
    why = one.because
    if one.not_answered:
        whole = Sentence("The entry of {sent} that the patient’s form was not answered is in the record and stays there.", sent=sent)
    elif one.informant == "patient":
        whole = Sentence("The patient’s rating of {sent} is in the record and stays there.", sent=sent)
    else:
        whole = Sentence("Your rating of {sent} is in the record and stays there.", sent=sent)
    if not why:
        return joined(" ", [whole, Sentence("What was missing beside it was closed by {who} on {day}.", who=one.by, day=at)])
    return joined(" ", [whole, Sentence("What was missing beside it was closed by {who} on {day}: {why}.", who=one.by, day=at, why=why)])
