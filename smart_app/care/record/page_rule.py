"""What a page offers, and in which words: one rule for every page, and for what is sent from it. Pure: the facts go in, the offers come
out.

Whoever shows something asks here, and whoever takes what was sent asks here again, so that nothing is taken that no page would have
offered.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.not_answered import NotAnsweredReason
from fhir_mappings.people.patient import Standing
from fhir_mappings.sentence import NOTHING, Sentence, counted, joined

# "unknown" where not everything could be read.
Known = Literal["yes", "no", "unknown"]
# The launch belongs to a visit the EHR names, or to none but the day; or the patient has signed in by themself, wherever they are.
Place = Literal["visit", "day", "home"]
# What became of the last submission: "kept" will be sent again, "unknown" may be in the record.
Fate = Literal["none", "stored", "kept", "unknown", "refused"]
# "again": there is one already, and a second is a deliberate act.
Offered = Literal["yes", "again", "no"]
# What staff have to confirm before anything of theirs is stored.
# "after-seen": a second one of a visit whose patient's rating is open to whoever has rated it.
Confirmation = Literal["dead", "inactive", "replaced", "again", "after-seen"]
AFTER_SEEN: Confirmation = "after-seen"
AGAIN: tuple[Confirmation, ...] = ("again", AFTER_SEEN)
# Whether one may see a rating kept back without waiting: as the rated clinician, as a colleague who says why, or not at all.
Reveal = Literal["own", "with_reason", "no"]


class PageFacts(Struct, frozen=True, kw_only=True):
    """What decides. `can_write`: this launch may store answers. `clinician_rated`: whoever is signed in has rated this visit by the form in
    question; `patient_rated` the same of the patient; `sent` what became of the rating that whoever is signed in last sent of it. `blind`:
    a patient's rating waits for the clinician's here. `not_answered`: why the patient's form was not answered at this visit."""

    standing: Standing
    can_write: bool
    place: Place
    clinician_rated: Known
    patient_rated: Known
    sent: Fate
    blind: bool
    not_answered: NotAnsweredReason | None = None


class PageOffers(Struct, frozen=True, kw_only=True):
    """`hand_over` and `rate` are what staff can begin, with the words of each ("" where there is nothing to begin); `enter`: staff may type
    in what was answered elsewhere, or rate as observers; `answer`: a patient may answer at home. `confirm` is what staff have to confirm.
    `stands` says how this clinician's rating of this visit stands, `note` what follows for the patient's, `stopped` why a patient can
    answer nothing, to staff, `stopped_home` to the patient. `unanswered` says that the patient's form was not answered at this visit: they
    are not asked a second time, but for who confirms it."""

    hand_over: Offered
    hand_over_words: Sentence
    rate: Offered
    rate_words: Sentence
    enter: bool
    answer: bool
    confirm: tuple[Confirmation, ...]
    stands: Sentence
    note: Sentence
    stopped: Sentence
    stopped_home: Sentence
    unanswered: Sentence = NOTHING


def offers_for(facts: PageFacts) -> PageOffers:
    """What the page offers under these facts."""
    clinic, current = facts.place != "home", facts.standing == "current"
    rate = _rate(facts) if clinic else "no"
    hand_over = _hand_over(facts) if clinic else "no"
    unanswered = _unanswered(facts) if hand_over != "no" else None
    return PageOffers(
        hand_over=hand_over,
        hand_over_words=_hand_over_words(hand_over, after_all=unanswered is not None, stored=facts.can_write),
        rate=rate,
        rate_words=_RATE[rate] if facts.can_write else _RATE_UNSTORED[rate],
        enter=clinic,
        answer=not clinic and current and facts.can_write,
        confirm=_confirmations(facts, rate) if clinic else (),
        stands=_stands(facts) if clinic else NOTHING,
        note=_note(facts, rate),
        stopped=STOPPED[facts.standing] if clinic else NOTHING,
        stopped_home=_stopped_home(facts) if not clinic else NOTHING,
        unanswered=UNANSWERED[unanswered] if unanswered else NOTHING,
    )


def of_another_form(facts: PageFacts) -> PageFacts:
    """The facts for a form of which it was not asked whether this visit was rated by it."""
    return replace(facts, clinician_rated="unknown", patient_rated="unknown", sent="none", not_answered=None)


def of_visit_before(facts: PageFacts, *, sent: Fate) -> PageFacts:
    """The facts for a visit of before that the EHR names and the patient has rated: of whoever is signed in no rating of it was read, and
    `sent` is what became of the one they last sent."""
    place: Place = "home" if facts.place == "home" else "visit"
    return replace(facts, place=place, clinician_rated="unknown", patient_rated="yes", sent=sent)


_RATE: Mapping[Offered, Sentence] = {"yes": Sentence("Rate this visit"), "again": Sentence("Rate it again"), "no": NOTHING}
_RATE_UNSTORED: Mapping[Offered, Sentence] = {
    "yes": Sentence("Rate for the note"),
    "again": Sentence("Rate again for the note"),
    "no": NOTHING,
}
_HAND_OVER: Mapping[Offered, Sentence] = {"yes": Sentence("Hand over to patient"), "again": Sentence("Hand over again"), "no": NOTHING}
_HAND_OVER_UNSTORED: Mapping[Offered, Sentence] = {
    "yes": Sentence("Hand over, kept in Rapport only"),
    "again": Sentence("Hand over again, kept in Rapport only"),
    "no": NOTHING,
}
# How it stands with the patient's form of this visit where it was not answered: to staff.
UNANSWERED: Mapping[NotAnsweredReason, Sentence] = {
    "patient-declined": Sentence("The patient would rather not answer at this visit."),
    "no-time": Sentence("There was no time for the patient’s form at this visit."),
    "not-offered": Sentence("The patient’s form was not offered at this visit."),
    "could-not": Sentence("The patient could not answer at this visit."),
}
# Why a patient is not asked here: to staff.
STOPPED: Mapping[Standing, Sentence] = {
    "current": NOTHING,
    "inactive": Sentence("This record is marked as not in use, so no form is handed over here. Open the patient’s current record."),
    "replaced": Sentence("This record was replaced, so no form is handed over here. Open Rapport from the other record."),
    "dead": Sentence("The record says that this person has died, so no form is handed over."),
}
# Why what is kept is not sent after all.
NOT_SENT_INTO: Mapping[Standing, Sentence] = {
    "inactive": Sentence("This record is marked as not in use, so what is kept in Rapport is not sent into it. It stays kept."),
    "replaced": Sentence("This record was replaced, so what is kept in Rapport is not sent into it. It stays kept."),
    "dead": Sentence("The record was closed to answers meanwhile, so what is kept in Rapport is not sent into it. It stays kept."),
}
_ASK_CLINIC = Sentence("Please ask your clinic.")


def _hand_over(facts: PageFacts) -> Offered:
    if facts.standing != "current":
        return "no"
    return "again" if facts.patient_rated == "yes" or _unanswered(facts) else "yes"


def _unanswered(facts: PageFacts) -> NotAnsweredReason | None:
    """Answers that are there count for more than that there were none before."""
    return None if facts.patient_rated == "yes" else facts.not_answered


def _hand_over_words(offered: Offered, *, after_all: bool, stored: bool) -> Sentence:
    if after_all:
        return Sentence("Hand over after all") if stored else Sentence("Hand over after all, kept in Rapport only")
    return _HAND_OVER[offered] if stored else _HAND_OVER_UNSTORED[offered]


def _rate(facts: PageFacts) -> Offered:
    """A rating of somebody who has died needs a visit that was: without one it would be of a day after."""
    if _visitless(facts):
        return "no"
    if _has_rated(facts):
        return "again"
    # What is on its way, or may have arrived, would be there twice.
    return "no" if facts.sent in {"kept", "unknown"} else "yes"


def _visitless(facts: PageFacts) -> bool:
    return facts.standing == "dead" and facts.place == "day"


def _has_rated(facts: PageFacts) -> bool:
    """What was stored counts also where a read does not bring it back: some servers answer a search from before the write."""
    return facts.clinician_rated == "yes" or facts.sent == "stored"


def _confirmations(facts: PageFacts, rate: Offered) -> tuple[Confirmation, ...]:
    own: tuple[Confirmation, ...] = () if facts.standing == "current" else (facts.standing,)
    if rate != "again":
        return own
    return (*own, AFTER_SEEN if facts.patient_rated == "yes" else "again")


# How a rating stands that is there; `{score}` is the page's to fill, which may not know it.
RATED = Sentence("You rated this visit: {score}.")


def _stands(facts: PageFacts) -> Sentence:
    """How the rating of this visit stands; nothing where there is none and it is known."""
    if _visitless(facts):
        return Sentence("The record says that this person has died. A rating needs a visit, and Rapport was opened from none.")
    if _has_rated(facts):
        return RATED
    if facts.sent in _SENT:
        return _SENT[facts.sent]
    if facts.clinician_rated == "unknown":
        return Sentence("Whether you rated this visit is not known: not every rating could be read.")
    return NOTHING


_SENT: Mapping[Fate, Sentence] = {
    "kept": Sentence("Your rating of this visit is kept in Rapport and is not in the record yet."),
    "unknown": Sentence("Whether your rating of this visit is in the record is not known yet. Do not enter it again."),
    "refused": Sentence("The record did not take your rating of this visit; it is kept in Rapport."),
}


def _note(facts: PageFacts, rate: Offered) -> Sentence:
    """What a clinician who has not rated yet, and can, is told of the order of things."""
    if rate != "yes" or not facts.blind or not facts.can_write:
        return NOTHING
    return Sentence("You rate first. The patient’s rating of a visit appears once yours is saved.")


def _stopped_home(facts: PageFacts) -> Sentence:
    """Why somebody at home can answer nothing. What a record says of a death is the clinic's to tell or to put right."""
    if facts.standing == "dead":
        return Sentence("Your record is marked in a way that closes it to answers. {ask_clinic}", ask_clinic=_ASK_CLINIC)
    if facts.standing == "replaced":
        return Sentence("This record was replaced by another one, so nothing can be answered here. {ask_clinic}", ask_clinic=_ASK_CLINIC)
    if facts.standing == "inactive":
        return Sentence("This record is marked as not in use, so nothing can be answered here. {ask_clinic}", ask_clinic=_ASK_CLINIC)
    return NOTHING if facts.can_write else Sentence("Your record system does not let you send answers from here.")


# What staff confirm, and what they read beside it.
CONFIRM: Mapping[Confirmation, Sentence] = {
    "dead": Sentence("The record says that this person has died. I have checked that these answers belong in it."),
    "inactive": Sentence("This record is marked as not in use. I have checked that these answers belong in it."),
    "replaced": Sentence(
        "This record was replaced; newer entries are in the other one. I have checked that these answers belong in this one."
    ),
    "again": Sentence(
        "I rated this visit before. I want a second rating, which is drawn in place of the first; the first stays in the record."
    ),
    "after-seen": Sentence(
        "I rated this visit before, and the patient’s rating of it has been open to me since. I want a second rating stored: it says so, "
        "and the first stays the one that is drawn and compared."
    ),
}


# A patient's rating that waits


class WaitingFacts(Struct, frozen=True, kw_only=True):
    """What decides about a patient's rating that is kept back: whose visit it is (`mine`), whether the EHR names the visit (`named`) and
    the launch belongs to it (`here`), whether it was `today`, what rating is offered here (`rate`) and would be of a visit of before
    (`late`), whether one could be stored, whether the sign-in says which person it is (`personal`), and whether it has waited for longer
    than the site asks its clinicians to rate within (`overdue`). `day` is the visit's, `waited` the days since, and `who` the clinician it
    was with, in words: they decide nothing and are said."""

    day: date
    waited: int
    who: str
    mine: bool
    named: bool
    here: bool
    today: bool
    rate: Offered
    late: Offered
    can_write: bool
    personal: bool
    overdue: bool


class WaitingOffers(Struct, frozen=True, kw_only=True):
    """`rate_first`: rating opens it, from here; `rate_late`: so does a rating of its visit, which is over or another one, in `late_words`
    ("" where it is not offered). `title` asks for the rating, and once more where it is overdue ("" where none from here opens it)."""

    title: Sentence
    rate_first: bool
    rate_late: bool
    late_words: Sentence
    reveal: Reveal
    text: Sentence


def waiting_offers(facts: WaitingFacts) -> WaitingOffers:
    """What is said of a rating that waits, and what can be done about it. Every visit has a way out of waiting, but for who is nobody."""
    rate_first = facts.mine and facts.here and facts.rate == "yes" and facts.can_write
    # A rating carries the moment it is given: without a visit that the EHR names it would be of that day.
    rate_late = facts.mine and facts.named and not facts.here and facts.late == "yes" and facts.can_write
    return WaitingOffers(
        title=_asks(facts) if rate_first or rate_late else NOTHING,
        rate_first=rate_first,
        rate_late=rate_late,
        late_words=Sentence("Rate this visit now") if rate_late else NOTHING,
        reveal="no" if not facts.personal else "own" if facts.mine else "with_reason",
        text=joined(" ", (_rated(facts), _way_to_see(facts, rate_first=rate_first, rate_late=rate_late))),
    )


def _asks(facts: WaitingFacts) -> Sentence:
    if not facts.overdue:
        return Sentence("The patient has answered; rate first.")
    return counted(
        "The patient’s answers have waited {n} day for your rating.",
        "The patient’s answers have waited {n} days for your rating.",
        facts.waited,
    )


def _rated(facts: WaitingFacts) -> Sentence:
    """A visit is one that the EHR names: where it names none, the patient may have been at home."""
    if not facts.named:
        return _answered(facts)
    if facts.mine:
        if facts.today:
            return Sentence("The patient rated today’s visit.")
        return Sentence("The patient rated the visit of {day}.", day=facts.day)
    if facts.today:
        return Sentence("The patient rated today’s visit with {who}, who has not rated it yet.", who=facts.who)
    return Sentence("The patient rated the visit of {day} with {who}, who has not rated it yet.", day=facts.day, who=facts.who)


def _answered(facts: WaitingFacts) -> Sentence:
    if facts.mine:
        return Sentence("The patient answered today.") if facts.today else Sentence("The patient answered on {day}.", day=facts.day)
    if facts.today:
        return Sentence("The patient answered today about working with {who}, who has not rated yet.", who=facts.who)
    return Sentence("The patient answered on {day} about working with {who}, who has not rated yet.", day=facts.day, who=facts.who)


def _way_to_see(facts: WaitingFacts, *, rate_first: bool, rate_late: bool) -> Sentence:
    """What opens it: a rating from here or of its visit, else a look without."""
    if not facts.mine:
        return _OF_A_COLLEAGUE if facts.personal else _IMPERSONAL
    if facts.overdue and (rate_first or rate_late):
        return _STILL_RATE_OR_SHOW if facts.personal else joined(" ", (_STILL_RATE, _IMPERSONAL))
    if rate_first:
        return _RATE_FIRST_OR_SHOW if facts.personal else _RATE_FIRST
    if rate_late:
        return _RATE_LATE_OR_SHOW if facts.personal else _RATE_LATE
    return joined(" ", (_why_not_rated(facts), _SHOW if facts.personal else _IMPERSONAL))


_OF_A_COLLEAGUE = Sentence("It waits for them. To see it before, say why; they read who looked, when and why.")
_IMPERSONAL = Sentence("Showing it without needs a sign-in that says which person you are; this one does not.")
_RATE_FIRST = Sentence("Rate this visit to see it.")
_RATE_FIRST_OR_SHOW = Sentence("Rate this visit to see it, or show without rating (recorded).")
_RATE_LATE = Sentence("Rate it now to see it.")
_RATE_LATE_OR_SHOW = Sentence("Rate it now to see it, or show without rating (recorded).")
_STILL_RATE = Sentence("Will you still rate it?")
_STILL_RATE_OR_SHOW = Sentence("Will you still rate it? If not, see it now: show without rating (recorded).")
_SHOW = Sentence("You can see it all the same: show without rating (recorded).")


def _why_not_rated(facts: WaitingFacts) -> Sentence:
    """Why no rating from here opens it."""
    if not facts.here and not facts.named:
        return Sentence("It belongs to no visit that the record names, and a rating made now cannot be dated back.")
    if not facts.can_write:
        return Sentence("Your own rating cannot be stored in this record, so it need not wait for it.")
    return Sentence("It appears once your own rating is in the record.")
