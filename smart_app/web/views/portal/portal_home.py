"""The page of a patient who has signed in themself: what they can answer, who will see it, what they have sent. No score, ever."""

from collections.abc import Callable, Mapping
from datetime import date, datetime

from msgspec import Struct

from fhir_mappings.people.person import Person
from fhir_mappings.sentence import NOTHING, Sentence, counted, joined
from smart_app.care.patient_portal.load_portal import PortalForm, PortalHome
from smart_app.care.patient_portal.own_responses import OwnItem, OwnRefusal, OwnResponse, OwnUnshown, WhyNotShown
from smart_app.care.submission.delivery import Undelivered
from smart_app.care.undelivered.decisions import Discarded
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.store import OutboxState
from smart_app.web import formats
from smart_app.web.views.banner import Banner, patient_banner, plain_name
from smart_app.web.views.forms.form_page import NOT_WATCHED, YOUR_CHOICE, spoken_of, words_with
from smart_app.web.views.parts import Statement
from smart_app.web.views.portal.given_by import how_given, how_refused
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
    """When a form was sent, which, and how it came into the record or why it is not shown; `href` is where it is read, "" where it is
    not."""

    day: str
    what: str
    how: str
    href: str = ""


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
    """Where the page leads: a form, what was answered by its source, what became of a submission, where a decision is noted as read, and
    out."""

    form: Address
    answers: Callable[[str], str]
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
    older: tuple[SentForm, ...]
    older_words: str
    nothing_sent: str
    incomplete: str
    footer: str


def portal_view(page: PortalHome, *, context: LaunchContext, site_name: str, urls: PortalUrls, now: datetime) -> PortalView:
    """The page; `now` is aware and gives the zone."""
    forms = tuple(_answerable(form, page, urls.form, now.date()) for form in page.forms) if page.can_send else ()
    whole = page.read.whole
    sent = tuple(_line(one, urls) for one in page.own)
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
        sent=sent[:_SHOWN],
        older=sent[_SHOWN:],
        older_words=counted("Show {n} older entry", "Show {n} older entries", len(sent[_SHOWN:])),
        nothing_sent=Sentence("Nothing yet.") if whole and not page.own else "",
        incomplete="" if whole else _incomplete(page),
        footer=NOT_WATCHED,
    )


def _answerable(form: PortalForm, page: PortalHome, address: Address, today: date) -> Answerable:
    instrument = form.instrument
    own = instrument.forms["patient"]
    say = words_with(clinician=spoken_of(form.clinician), patient=plain_name(page.patient))
    questions = counted("{n} short question", "{n} short questions", len(instrument.items))
    about = (
        counted("{questions}, about {n} minute.", "{questions}, about {n} minutes.", own.minutes, questions=questions)
        if own.minutes
        else None
    )
    return Answerable(
        title=say(own.title),
        about=joined(" ", [about or Sentence("{questions}.", questions=questions), _last(form, page, today)]),
        href=address(instrument.slug, form.clinician),
        language=instrument.language or "",
    )


def _last(form: PortalForm, page: PortalHome, today: date) -> Sentence:
    """When it was answered before; no word of "never" where that is not known."""
    last = form.last
    if last is None:
        return Sentence("You have not answered it yet.") if page.read.whole and not form.unsure else NOTHING
    if last.day == today:
        return Sentence("You answered it today.")
    if page.read.covers(last.day) and not form.unsure:
        return Sentence("You last answered it on {day}.", day=formats.long_moment(last))
    return Sentence("You answered it on {day}.", day=formats.long_moment(last))


def _why_none(page: PortalHome) -> Sentence:
    next_visit = Sentence("Your clinic can ask you at your next visit.")
    if not page.can_send:
        return page.stopped if page.asks_clinic else joined(" ", [page.stopped, next_visit])
    if page.nobody_known:
        unnamed = Sentence("Your record, as far as this page may read it, does not say which clinician looks after you.")
        return joined(" ", [unnamed, _ASK, next_visit])
    return joined(" ", [Sentence("Your clinic has no questions that can be answered here."), next_visit])


_ASK = Sentence("Ask the clinic you go to, or your general practitioner, to enter who looks after you; then you can answer here.")


def _who(site_name: str) -> tuple[Statement, ...]:
    """What holds for every form; each says it again with the name of the clinician."""
    others = Sentence(", and so can other staff who treat you.")
    if site_name:
        others = Sentence(", and so can other staff who treat you at {site}.", site=site_name)
    return (
        Statement(
            before=Sentence("The clinician a form is about "),
            strong=Sentence("sees your answers"),
            after=others,
        ),
        Statement(before=Sentence("Your answers become part of "), strong=Sentence("your health record"), after="."),
        Statement(before=Sentence("We ask so that you can talk together about what helps and what does not."), strong="", after=""),
        YOUR_CHOICE,
    )


def _left(one: Undelivered, urls: PortalUrls, now: datetime) -> LeftForm:
    sealed = one.sealed
    sent = sealed.authored.astimezone(now.tzinfo)
    return LeftForm(
        day=_day_and_time(sent, now),
        what=_left_words(one),
        href=urls.sent(sealed.key),
    )


def _left_words(one: Undelivered) -> Sentence:
    said = {"form": one.sealed.instrument_title, "stands": _HOW_IT_STANDS[one.state]}
    return Sentence("{form}, not answered. {stands}", **said) if one.sealed.not_answered else Sentence("{form}. {stands}", **said)


def _unread(page: PortalHome, now: datetime) -> tuple[Sentence, ...]:
    """What is kept and cannot be opened: the patient's own with its moment, and what may be theirs or somebody else's without."""
    sent = (moment.astimezone(now.tzinfo) for moment in page.left.unread)
    own = tuple(_cannot_be_opened(_day_and_time(one, now)) for one in sent)
    return (*own, _PERHAPS_YOURS) if page.left.strange else own


def _day_and_time(at: datetime, now: datetime) -> Sentence:
    return joined(", ", [formats.long_date(at.date()), formats.clock(at, now.tzinfo)])


def _cannot_be_opened(when: Sentence) -> Sentence:
    return Sentence(
        "Something you sent on {when} is kept safely here, but it cannot be opened just now, so this page cannot tell whether it is in "
        "your health record. Nothing is lost. Please do not fill it in again. Ask your clinic about it, with the day and time.",
        when=when,
    )


_PERHAPS_YOURS = Sentence(
    "Something that was sent from here, by you or by somebody else, is kept safely but cannot be opened just now, and this page cannot "
    "tell whose it is. If you sent answers that you do not find below, please do not fill them in again. Ask your clinic about them."
)
_HOW_IT_STANDS: dict[OutboxState, Sentence] = {
    "sealed": Sentence("It is not in your health record yet, and kept safely here."),
    "sending": Sentence("It is being sent at this moment."),
    "unknown": Sentence("It is not known yet whether it arrived. Please do not fill it in again."),
    "refused": Sentence("Your health record did not take it. It is kept safely here."),
    "partly": Sentence("It is in your health record. What is worked out from it is not all there yet."),
    "accepted": Sentence("Your health record accepted it and does not show it just now. Please do not fill it in again."),
}


def _discarded(one: Discarded, urls: PortalUrls, now: datetime) -> PortalDiscarded:
    sent, at = (formats.long_date(moment.astimezone(now.tzinfo).date()) for moment in (one.sent, one.at))
    stands = (_refusal_discarded if one.not_answered else _answers_discarded)(one, sent)
    decided = Sentence("{who} decided that on {day}.", who=one.by, day=at)
    if one.because:
        decided = Sentence("{who} decided that on {day}: {why}.", who=one.by, day=at, why=one.because)
    text = joined(" ", [stands, decided])
    return PortalDiscarded(text=text, seen=urls.seen(one.key))


def _answers_discarded(one: Discarded, sent: Sentence) -> Sentence:
    said = {"sent": sent, "form": one.instrument_title}
    if one.in_record:
        return Sentence(
            "Your answers of {sent} ({form}) are in your health record and stay there. Not all that is worked out from them is there, and "
            "it is not sent any more.",
            **said,
        )
    return Sentence("Your answers of {sent} ({form}) were not put into your health record.", **said)


def _refusal_discarded(one: Discarded, sent: Sentence) -> Sentence:
    said = {"sent": sent, "form": one.instrument_title}
    if one.in_record:
        return Sentence("That you did not answer {form} on {sent} is in your health record and stays there.", **said)
    return Sentence("That you did not answer {form} on {sent} was not put into your health record.", **said)


def _line(one: OwnItem, urls: PortalUrls) -> SentForm:
    """When, which and how: never what was answered."""
    match one:
        case OwnResponse():
            how = joined(" ", [how_given(one.given), *([CHANGED_LATER] if one.amended else [])])
            return SentForm(day=formats.long_moment(one.when), what=_about(one), how=how, href=urls.answers(one.source))
        case OwnRefusal():
            return SentForm(day=formats.long_moment(one.when), what=_about(one), how=how_refused(one.given))
        case OwnUnshown():
            day = formats.long_moment(one.when) if one.when else Sentence("Without a day")
            return SentForm(day=day, what=one.instrument.title, how=_NOT_SHOWN[one.why])


def _about(one: OwnResponse | OwnRefusal) -> Sentence:
    if one.clinician is None:
        return one.instrument.title
    return Sentence("{form}, about working with {who}", form=one.instrument.title, who=spoken_of(one.clinician))


CHANGED_LATER = Sentence("Changed after it was first sent.")
_NOT_SHOWN: Mapping[WhyNotShown, Sentence] = {
    "withdrawn": Sentence("It was marked as entered by mistake, so it is not shown as yours."),
    "unfinished": Sentence("It was not finished, so it is not shown here."),
    "version-gone": Sentence("It was answered on a version of the form that cannot be shown here any more."),
    "undated": Sentence("It bears no day that can be read, so it is not shown here."),
    "about-nobody": Sentence("It does not say which clinician it is about, so it is not shown here."),
}


def _incomplete(page: PortalHome) -> Sentence:
    """Why the list may lack something; "just now" only where another day may be better."""
    read = page.read
    if read.since is not None:
        day = formats.long_date(read.since)
        return Sentence("This list is complete from {day} on. What you sent before that is not shown.", day=day)
    if read.state == "partial" and read.lasting:
        return Sentence("This list is not complete: your record system shows this page only some of what you have sent.")
    if read.state == "partial":
        return Sentence("This list is not complete: not everything could be read just now.")
    if read.untied:
        return Sentence("This list may not be complete: your record does not say clearly whose some of the answers in it are.")
    if read.state in {"not_permitted", "unsupported"}:
        return Sentence("What you have sent before cannot be shown here: your record system does not let this page read it.")
    return Sentence("What you have sent before cannot be shown just now.")
