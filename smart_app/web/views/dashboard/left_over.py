"""On the clinician's page: what was sent and the record has not, each called what it is; colleagues' without anything it says; and what
somebody discarded."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from smart_app.care.submission.delivery import Undelivered
from smart_app.care.undelivered.colleagues_items import ColleaguesItem, Standing
from smart_app.care.undelivered.decisions import Discarded
from smart_app.web import formats
from smart_app.web.views.forms.kept_answers import WHOSE, moment_words
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

    title: str
    text: str
    send: str | None


class DiscardedLine(Struct, frozen=True, kw_only=True):
    """One that was discarded: `seen` is where it is noted that it was read."""

    text: str
    seen: str


class LeftOver(Struct, frozen=True, kw_only=True):
    """Everything the page says of it. `heading` stands over several of one's own, `older_words` over those that are folded in, and
    `more_words` over colleagues' that are."""

    heading: str
    own: tuple[Notice, ...]
    older_words: str
    older: tuple[Notice, ...]
    others: tuple[ColleaguesLine, ...]
    more_words: str
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
        heading=f"You have sent {formats.count(len(own), 'form')} that are kept in Rapport:" if len(own) > 1 else "",
        own=lines[:_AT_A_GLANCE],
        older_words=_older(lines),
        older=lines[_AT_A_GLANCE:],
        others=theirs[:_AT_A_GLANCE],
        more_words=f"{older} of colleagues" if (older := _older(theirs)) else "",
        more=theirs[_AT_A_GLANCE:],
        discarded=tuple(DiscardedLine(text=_discarded(one, now), seen=urls.seen(one.key)) for one in discarded),
    )


def _older(lines: Sequence[object]) -> str:
    """How many are not read at a glance; "" for none."""
    more = len(lines) - _AT_A_GLANCE
    return formats.count(more, "older one") if more > 0 else ""


def _own(one: Undelivered, urls: LeftOverUrls, now: datetime, *, alone: bool) -> Notice:
    sealed = one.sealed
    asked = " IT asked for it to be tried again." if one.due else ""
    kept = " It is kept in Rapport." if alone else ""
    return Notice(
        title=_how_it_stands(one),
        text=f"{sealed.instrument_title}, {WHOSE[sealed.informant]}, sent at {moment_words(sealed.authored, now)}.{kept}{asked}",
        action=Link(href=urls.receipt(sealed.key), text="See how it stands"),
    )


def _how_it_stands(one: Undelivered) -> str:
    """What is not known is never called "not in the record"."""
    if one.state == "accepted":
        return "Accepted by the record, not found again:"
    if one.state == "sending":
        return "Being sent at this moment:"
    if one.state == "unknown":
        return "Not known whether it is in the record:"
    if one.state == "partly":
        return "Not all of it is in the record:"
    return "The record did not take it:" if one.state == "refused" else "Not in the record yet:"


_COLLEAGUES: dict[Standing, str] = {
    "waiting": "{What} has not reached the record.",
    "sending": "{What} is being sent at this moment.",
    "unknown": "Whether {what} is in the record is not known.",
    "placed": "{What} is in the record.",
    "decided": "{What} is not sent any more: that was decided meanwhile.",
}
_SENDABLE: frozenset[Standing] = frozenset({"waiting", "unknown"})


def colleagues_words(one: ColleaguesItem, now: datetime) -> str:
    """How it stands: `A rating by Sofia Lindqvist of 04-Mar-2026 has not reached the record.`."""
    what = _what(one, now)
    return _COLLEAGUES[one.standing].format(what=what, What=f"{what[:1].upper()}{what[1:]}")


def may_be_sent(one: ColleaguesItem) -> bool:
    """Whether a colleague may send it as it stands."""
    return one.standing in _SENDABLE and not one.why_not


def _what(one: ColleaguesItem, now: datetime) -> str:
    """Whose it is and of which day, and nothing that would tell what it says."""
    day = formats.short_date(one.sent.astimezone(now.tzinfo).date())
    by = one.author or "a colleague"
    if one.from_paper:
        return f"a questionnaire typed in by {by} on {day}"
    if one.informant == "patient":
        return f"the patient’s rating of {day}" if one.by_patient else f"the patient’s rating of {day}, given with {by},"
    return f"a rating by {by} of {day}"


def _colleagues(one: ColleaguesItem, urls: LeftOverUrls, now: datetime) -> ColleaguesLine:
    return ColleaguesLine(title=colleagues_words(one, now), text=one.why_not, send=urls.send(one.key) if may_be_sent(one) else None)


def _discarded(one: Discarded, now: datetime) -> str:
    """By whom and why: `Your rating of 04-Mar-2026 was discarded by Mona Fell on 05-Mar-2026: it was entered by mistake.`."""
    what = "The patient’s rating" if one.informant == "patient" else "Your rating"
    sent, at = (formats.short_date(moment.astimezone(now.tzinfo).date()) for moment in (one.sent, one.at))
    why = f": {one.why[:1].lower()}{one.why[1:]}" if one.why else ""
    if one.in_record:
        return f"{what} of {sent} is in the record and stays there. What was missing beside it was closed by {one.by} on {at}{why}."
    return f"{what} of {sent} was discarded by {one.by} on {at}{why}."
