"""One-time links as staff see them: how one is made, what is shown of it once, and how those of this visit stand."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence, counted, joined
from smart_app.care.handover.message import BY_HAND, Message
from smart_app.store import LinkState, OneTimeLink
from smart_app.store.lending.one_time_links import BIRTH_DATES
from smart_app.web.views.sign_in_end import on_its_day, until_words
from smart_app.web.views.staff_links.qr_code import QrCode, qr_code


class LinkLine(Struct, frozen=True, kw_only=True):
    """One link: to which form, "" where that is the page's own; when and by whom it was made, how it stands, and where it is ended, ""
    where it is over."""

    form: str
    made: Sentence
    stands: Sentence
    end: str


class ShownLink(Struct, frozen=True, kw_only=True):
    """A link that was just made, which is shown nowhere else: its `address`, its `code`, until when it is good; the page to print, and the
    text to send where it was made to be sent."""

    address: str
    code: QrCode
    until: Sentence
    slip: str
    to_copy: Sentence


class OwnPhone(Struct, frozen=True, kw_only=True):
    """The part of the hand-over page. `why_not` says why no link is made, "" where one is; `lasts` how long one to send lasts, "" where the
    site makes none. `unanswered`: the form was not answered at this visit, so that staff confirm before there is a link after all;
    `problem` says that they did not."""

    why_not: Sentence
    make: str
    lasts: Sentence
    shown: ShownLink | None
    links: tuple[LinkLine, ...]
    unanswered: bool = False
    problem: Sentence = NOTHING


NO_LINK_UNCONFIRMED = Sentence("It was not confirmed that the patient is asked after all, so no link was made.")


class LinkUrls(Struct, frozen=True, kw_only=True):
    """Where a link is made, and ended."""

    make: str
    end: Callable[[OneTimeLink], str]


class SlipView(Struct, frozen=True, kw_only=True):
    """A piece of paper with the code and the clinic, and nothing of anybody."""

    clinic: str
    address: str
    code: QrCode
    until: Sentence
    back: str


def own_phone(
    links: Sequence[OneTimeLink],
    *,
    why_not: Sentence,
    form_of: Callable[[OneTimeLink], str],
    urls: LinkUrls,
    hours: int,
    shown: ShownLink | None,
    now: datetime,
    unanswered: bool = False,
    problem: Sentence = NOTHING,
) -> OwnPhone:
    """The part, with the links of this visit; `form_of` is the title of another form than the page's, "" of its own. The rest as in the
    view."""
    return OwnPhone(
        why_not=why_not,
        make=urls.make,
        lasts=_lasts(hours),
        shown=shown,
        links=tuple(_line(one, form_of(one), urls, now) for one in links),
        unanswered=unanswered,
        problem=problem,
    )


def shown_link(link: OneTimeLink, *, address: str, slip: str, clinic: str, now: datetime) -> ShownLink:
    """What is shown of a new one. Of one to send there is a text."""
    message = Message(clinic=clinic, address=address, until=on_its_day(link.expires, now=now))
    to_copy = NOTHING if link.in_room else BY_HAND.hand_on(message).to_copy
    return ShownLink(address=address, code=qr_code(address), until=_until(link, now), slip=slip, to_copy=to_copy)


def slip_view(link: OneTimeLink, *, address: str, clinic: str, back: str, now: datetime) -> SlipView:
    """The page to print."""
    return SlipView(clinic=clinic, address=address, code=qr_code(address), until=on_its_day(link.expires, now=now), back=back)


def clinic_of(link: OneTimeLink, site_name: str) -> str:
    """Its name for patients."""
    return site_name or link.context.issuer_name


def _lasts(hours: int) -> Sentence:
    if not hours:
        return NOTHING
    days, rest = divmod(hours, 24)
    return counted("{n} hour", "{n} hours", hours) if rest else counted("{n} day", "{n} days", days)


def _until(link: OneTimeLink, now: datetime) -> Sentence:
    return Sentence("{time}", time=until_words(link.expires, now=now))


def _line(link: OneTimeLink, form: str, urls: LinkUrls, now: datetime) -> LinkLine:
    time, who = until_words(link.created, now=now), link.context.user.called
    made = (
        Sentence("Made at {time} by {who}, for use in the room.", time=time, who=who)
        if link.in_room
        else Sentence("Made at {time} by {who}, to be sent.", time=time, who=who)
    )
    live = link.live and link.expires > now
    wrong = BIRTH_DATES - link.tries
    tried = (counted("{n} wrong birth date so far.", "{n} wrong birth dates so far.", wrong),) if live and wrong else ()
    return LinkLine(form=form, made=made, stands=joined(" ", [_stands(link, now, live=live), *tried]), end=urls.end(link) if live else "")


def _stands(link: OneTimeLink, now: datetime, *, live: bool) -> Sentence:
    if link.live and not live:
        return Sentence("Not used in time.")
    until = until_words(link.expires, now=now)
    if link.state == "open":
        return Sentence("Not opened yet; good until {time}.", time=until)
    if link.state == "opened":
        return Sentence("Opened, and nothing sent yet; good until {time}.", time=until)
    return _OVER[link.state]


_OVER: dict[LinkState, Sentence] = {
    "used": Sentence("Answered."),
    "dead": Sentence("Closed after five wrong birth dates."),
    "ended": Sentence("Ended."),
}
