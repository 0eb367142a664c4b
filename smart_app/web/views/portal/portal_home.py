"""The page of a patient who has signed in themself: what they can answer, who will see it, what they have sent. No score, ever."""

from collections.abc import Callable
from datetime import date, datetime

from msgspec import Struct

from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment
from smart_app.care.patient_portal import PortalForm, PortalHome, Sent
from smart_app.care.submission.delivery import Undelivered
from smart_app.care.undelivered.decisions import Discarded
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.store import OutboxState
from smart_app.web import formats
from smart_app.web.views.banner import Banner, patient_banner, plain_name
from smart_app.web.views.forms.form_page import NOT_WATCHED, YOUR_CHOICE, spoken_of, words_with
from smart_app.web.views.parts import Statement
from smart_app.web.views.sign_in_end import lasts_until

_SHOWN = 50
Address = Callable[[str, Person | None], str]


class Answerable(Struct, frozen=True, kw_only=True):
    """One form: what it is called, what it takes and when it was last answered, and where it begins. `language` is that of its
    title."""

    title: str
    about: str
    href: str
    language: str


class SentForm(Struct, frozen=True, kw_only=True):
    """When a form was sent, and which."""

    day: str
    what: str


class LeftForm(Struct, frozen=True, kw_only=True):
    """Answers that are not in the record: when they were sent, how they stand, and where the patient can see to it."""

    day: str
    what: str
    href: str


class PortalDiscarded(Struct, frozen=True, kw_only=True):
    """Answers that somebody decided not to send; `seen` is where it is noted that the patient has read it."""

    text: str
    seen: str


class PortalUrls(Struct, frozen=True, kw_only=True):
    """Where the page leads: a form, what became of a submission, where a decision is noted as read, and out."""

    form: Address
    sent: Callable[[str], str]
    seen: Callable[[str], str]
    end: str


class PortalView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. `none` says why there is nothing to answer, empty where there is; `incomplete` what the list of answers
    sent lacks; `unread` what was sent and cannot be opened here; `who` as in the form; `lasts` until when a sign-in does that cannot be
    renewed, "" for any other."""

    banner: Banner
    signed_in: str
    lasts: str
    synthetic: bool
    end: str
    forms: tuple[Answerable, ...]
    none: str
    who: tuple[Statement, ...]
    left: tuple[LeftForm, ...]
    unread: tuple[str, ...]
    discarded: tuple[PortalDiscarded, ...]
    patient_id: str
    sent: tuple[SentForm, ...]
    nothing_sent: str
    incomplete: str
    footer: str


def portal_view(page: PortalHome, *, context: LaunchContext, site_name: str, urls: PortalUrls, now: datetime) -> PortalView:
    """The page; `now` is aware and gives the zone."""
    forms = tuple(_answerable(form, page, urls.form, now.date()) for form in page.forms) if page.can_send else ()
    whole = page.read.whole
    return PortalView(
        banner=patient_banner(page.patient),
        signed_in=context.user.name or plain_name(page.patient),
        lasts=lasts_until(context, now=now),
        synthetic=context.synthetic,
        end=urls.end,
        forms=forms,
        none="" if forms else _why_none(page),
        who=_who(site_name),
        left=tuple(_left(one, urls, now) for one in page.left.items),
        unread=_unread(page, now),
        discarded=tuple(_discarded(one, urls, now) for one in page.discarded),
        patient_id=context.patient,
        sent=tuple(_line(one) for one in page.sent[:_SHOWN]),
        nothing_sent="Nothing yet." if whole and not page.sent else "",
        incomplete="" if whole else _incomplete(page),
        footer=NOT_WATCHED,
    )


def _answerable(form: PortalForm, page: PortalHome, address: Address, today: date) -> Answerable:
    instrument = form.instrument
    own = instrument.forms["patient"]
    say = words_with(clinician=spoken_of(form.clinician), patient=plain_name(page.patient))
    minutes = f", about {formats.count(own.minutes, 'minute')}" if own.minutes else ""
    return Answerable(
        title=say(own.title),
        about=f"{formats.count(len(instrument.items), 'short question')}{minutes}. {_last(form.last, page, today)}",
        href=address(instrument.slug, form.clinician),
        language=instrument.language or "",
    )


def _last(last: Moment | None, page: PortalHome, today: date) -> str:
    """When it was answered before; no word of "never" where that is not known."""
    if last is not None:
        known = "last " if page.read.covers(last.day) else ""
        return "You answered it today." if last.day == today else f"You {known}answered it on {_long(last)}."
    return "You have not answered it yet." if page.read.whole else ""


def _why_none(page: PortalHome) -> str:
    next_visit = "Your clinic can ask you at your next visit."
    if not page.can_send:
        return page.stopped if "ask your clinic" in page.stopped else f"{page.stopped} {next_visit}"
    if page.nobody_known:
        return f"Your record, as far as this page may read it, does not say which clinician looks after you. {_ASK} {next_visit}"
    return f"Your clinic has no questions that can be answered here. {next_visit}"


_ASK = "Ask the clinic you go to, or your general practitioner, to enter who looks after you; then you can answer here."


def _who(site_name: str) -> tuple[Statement, ...]:
    """What holds for every form; each says it again with the name of the clinician."""
    at = f" at {site_name}" if site_name else ""
    return (
        Statement(
            before="The clinician a form is about ",
            strong="sees your answers",
            after=f", and so can other staff who treat you{at}.",
        ),
        Statement(before="Your answers become part of ", strong="your health record", after="."),
        Statement(before="We ask so that you can talk together about what helps and what does not.", strong="", after=""),
        YOUR_CHOICE,
    )


def _left(one: Undelivered, urls: PortalUrls, now: datetime) -> LeftForm:
    sealed = one.sealed
    sent = sealed.authored.astimezone(now.tzinfo)
    return LeftForm(
        day=f"{formats.long_date(sent.date())}, {formats.clock(sent, now.tzinfo)}",
        what=f"{sealed.instrument_title}. {_HOW_IT_STANDS[one.state]}",
        href=urls.sent(sealed.key),
    )


def _unread(page: PortalHome, now: datetime) -> tuple[str, ...]:
    """What is kept and cannot be opened: the patient's own with its moment, and what may be theirs or somebody else's without."""
    sent = (moment.astimezone(now.tzinfo) for moment in page.left.unread)
    own = tuple(_CANNOT_BE_OPENED.format(when=f"{formats.long_date(one.date())}, {formats.clock(one, now.tzinfo)}") for one in sent)
    return (*own, _PERHAPS_YOURS) if page.left.strange else own


_CANNOT_BE_OPENED = (
    "Something you sent on {when} is kept safely here, but it cannot be opened just now, so this page cannot tell whether it is in your "
    "health record. Nothing is lost. Please do not fill it in again. Ask your clinic about it, with the day and time."
)
_PERHAPS_YOURS = (
    "Something that was sent from here, by you or by somebody else, is kept safely but cannot be opened just now, and this page cannot "
    "tell whose it is. If you sent answers that you do not find below, please do not fill them in again. Ask your clinic about them."
)
_HOW_IT_STANDS: dict[OutboxState, str] = {
    "sealed": "It is not in your health record yet, and kept safely here.",
    "sending": "It is being sent at this moment.",
    "unknown": "It is not known yet whether it arrived. Please do not fill it in again.",
    "refused": "Your health record did not take it. It is kept safely here.",
    "partly": "It is in your health record. What is worked out from it is not all there yet.",
    "accepted": "Your health record accepted it and does not show it just now. Please do not fill it in again.",
}


def _discarded(one: Discarded, urls: PortalUrls, now: datetime) -> PortalDiscarded:
    sent, at = (formats.long_date(moment.astimezone(now.tzinfo).date()) for moment in (one.sent, one.at))
    why = f": {one.why[:1].lower()}{one.why[1:]}" if one.why else ""
    stands = _CLOSED if one.in_record else "were not put into your health record."
    text = f"Your answers of {sent} ({one.instrument_title}) {stands} {one.by} decided that on {at}{why}."
    return PortalDiscarded(text=text, seen=urls.seen(one.key))


_CLOSED = "are in your health record and stay there. Not all that is worked out from them is there, and it is not sent any more."


def _line(sent: Sent) -> SentForm:
    """When, and what: never what was answered."""
    about = f", about working with {spoken_of(sent.clinician)}" if sent.clinician else ""
    return SentForm(day=_long(sent.when), what=f"{sent.instrument.title}{about}")


def _long(when: Moment) -> str:
    """A date for patients, as precise as it was written."""
    return formats.long_date(when.day) if when.precision in {"day", "instant"} else formats.short_moment(when)


def _incomplete(page: PortalHome) -> str:
    """Why the list may lack something; "just now" only where another day may be better."""
    read = page.read
    if read.since is not None:
        return f"This list is complete from {formats.long_date(read.since)} on. What you sent before that is not shown."
    if read.state == "partial" and read.lasting:
        return "This list is not complete: your record system shows this page only some of what you have sent."
    if read.state == "partial":
        return "This list is not complete: not everything could be read just now."
    if read.untied:
        return "This list may not be complete: your record does not say clearly whose some of the answers in it are."
    if read.state in {"not_permitted", "unsupported"}:
        return "What you have sent before cannot be shown here: your record system does not let this page read it."
    return "What you have sent before cannot be shown just now."
