"""A patient's rating that is kept back, as the page tells of it, and who has seen it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.history import HiddenRating, History, LookedAt
from smart_app.care.record.closed_visits import REASONS
from smart_app.care.record.page_rule import PageOffers, WaitingFacts, WaitingOffers, of_visit_before, offers_for, waiting_offers
from smart_app.web import formats
from smart_app.web.views.dashboard.lanes.alliance_lanes import person
from smart_app.web.views.dashboard.lanes.measure_lanes import LaneFrame
from smart_app.web.views.parts import Link


class RevealReason(Struct, frozen=True, kw_only=True):
    """Why a colleague looks: what goes back, and what is read."""

    code: str
    words: str


class WithheldRating(Struct, frozen=True, kw_only=True):
    """A patient's rating kept back: what is asked ("" for nothing), the sentence, what to post to see it without rating, and who saw it
    before. `late` begins a rating of its visit, where that is of before; `reasons` to choose from where one has to be given; without
    `shown` it cannot be seen from here."""

    title: str
    text: str
    clinician: str
    visit: str
    shown: bool
    reasons: tuple[RevealReason, ...]
    seen: tuple[Sentence, ...]
    late: Link | None = None


def offers_of_waiting(history: History, rule: PageOffers, frame: LaneFrame, late: Mapping[str, str]) -> tuple[WaitingOffers, ...]:
    """What is offered of each rating kept back; `late` leads to a rating of a visit of before, by the visit."""
    return tuple(waiting_offers(_facts(hidden, history, rule, frame, late)) for hidden in history.hidden)


def withheld_ratings(
    history: History, offers: Sequence[WaitingOffers], frame: LaneFrame, late: Mapping[str, str]
) -> tuple[WithheldRating, ...]:
    """Every rating kept back, with its offers."""
    return tuple(_withheld(hidden, offer, history, frame, late) for hidden, offer in zip(history.hidden, offers, strict=True))


def seen_before_rated(history: History, frame: LaneFrame) -> tuple[Sentence, ...]:
    """Who else saw the patient's ratings that do not wait any more."""
    waiting = {hidden.visit for hidden in history.hidden}
    return tuple(_seen_before(one, frame) for one in history.looked if one.visit not in waiting)


def _facts(hidden: HiddenRating, history: History, rule: PageOffers, frame: LaneFrame, late: Mapping[str, str]) -> WaitingFacts:
    rate_late = offers_for(of_visit_before(history.facts, sent=hidden.sent)).rate if hidden.visit in late else "no"
    return WaitingFacts(
        day=hidden.day,
        waited=(frame.today - hidden.day).days,
        who=person(hidden.clinician),
        mine=hidden.mine,
        named=hidden.encounter is not None,
        here=hidden.visit == history.visit,
        today=hidden.day == frame.today,
        rate=rule.rate,
        late=rate_late,
        can_write=history.can_write,
        personal=history.personal,
        overdue=hidden.overdue,
    )


def _withheld(hidden: HiddenRating, offer: WaitingOffers, history: History, frame: LaneFrame, late: Mapping[str, str]) -> WithheldRating:
    """A rating kept back, in the rule's words."""
    return WithheldRating(
        title=offer.title,
        text=offer.text,
        clinician=hidden.clinician.reference,
        visit=hidden.visit,
        late=Link(href=late[hidden.visit], text=offer.late_words) if offer.rate_late else None,
        shown=offer.reveal != "no",
        reasons=tuple(RevealReason(code=code, words=words) for code, words in REASONS.items()) if offer.reveal == "with_reason" else (),
        seen=tuple(_seen(one, frame) for one in history.looked if hidden.mine and one.visit == hidden.visit),
    )


def _seen(one: LookedAt, frame: LaneFrame) -> Sentence:
    """Who looked, when, and why; somebody whose name was not kept is a colleague, and no id."""
    at = one.by.at.astimezone(frame.zone)
    reason = REASONS.get(one.by.reason or "", "")
    who, day, time = one.by.name or Sentence("A colleague"), formats.short_date(at.date()), formats.clock(at, frame.zone)
    if reason:
        return Sentence("{who} saw it on {day} at {time}: “{reason}”.", who=who, day=day, time=time, reason=reason)
    return Sentence("{who} saw it on {day} at {time}.", who=who, day=day, time=time)


def _seen_before(one: LookedAt, frame: LaneFrame) -> Sentence:
    """The same of a rating that is rated by now."""
    return Sentence("The patient’s rating of {day}, before you had rated: {seen}", day=one.day, seen=_seen(one, frame))
