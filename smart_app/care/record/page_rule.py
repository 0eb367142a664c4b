"""What a page offers, and in which words: one rule for every page, and for what is sent from it. Pure: the facts go in, the offers come
out.

Whoever shows something asks here, and whoever takes what was sent asks here again, so that nothing is taken that no page would have
offered. The words hold places (`{score}`, `{visit}`, `{who}`) where the page puts what it knows.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.people.patient import Standing

# "unknown" where not everything could be read.
Known = Literal["yes", "no", "unknown"]
# The launch belongs to a visit the EHR names, or to none but the day; or the patient has signed in by themself, wherever they are.
Place = Literal["visit", "day", "home"]
# What became of the last submission: "kept" will be sent again, "unknown" may be in the record.
Fate = Literal["none", "stored", "kept", "unknown", "refused"]
# "again": there is one already, and a second is a deliberate act.
Offered = Literal["yes", "again", "no"]
# What staff have to confirm before anything of theirs is stored.
Confirmation = Literal["dead", "inactive", "replaced", "again"]
# Whether one may see a rating kept back without waiting: as the rated clinician, as a colleague who says why, or not at all.
Reveal = Literal["own", "with_reason", "no"]


class PageFacts(Struct, frozen=True, kw_only=True):
    """What decides. `can_write`: this launch may store answers. `clinician_rated`: whoever is signed in has rated this visit by the form in
    question; `patient_rated` the same of the patient; `sent` what became of the rating that whoever is signed in last sent of it. `blind`:
    a patient's rating waits for the clinician's here."""

    standing: Standing
    can_write: bool
    place: Place
    clinician_rated: Known
    patient_rated: Known
    sent: Fate
    blind: bool


class PageOffers(Struct, frozen=True, kw_only=True):
    """`hand_over` and `rate` are what staff can begin, with the words of each ("" where there is nothing to begin); `enter`: staff may type
    in what was answered elsewhere, or rate as observers; `answer`: a patient may answer at home. `confirm` is what staff have to confirm.
    `stands` says how this clinician's rating of this visit stands, `note` what follows for the patient's, `stopped` why a patient can
    answer nothing, to staff, `stopped_home` to the patient."""

    hand_over: Offered
    hand_over_words: str
    rate: Offered
    rate_words: str
    enter: bool
    answer: bool
    confirm: tuple[Confirmation, ...]
    stands: str
    note: str
    stopped: str
    stopped_home: str


def offers_for(facts: PageFacts) -> PageOffers:
    """What the page offers under these facts."""
    clinic, current = facts.place != "home", facts.standing == "current"
    rate = _rate(facts) if clinic else "no"
    hand_over = _hand_over(facts) if clinic else "no"
    return PageOffers(
        hand_over=hand_over,
        hand_over_words=_HAND_OVER[hand_over] if facts.can_write else _HAND_OVER_UNSTORED[hand_over],
        rate=rate,
        rate_words=_RATE[rate] if facts.can_write else _RATE_UNSTORED[rate],
        enter=clinic,
        answer=not clinic and current and facts.can_write,
        confirm=_confirmations(facts, rate) if clinic else (),
        stands=_stands(facts) if clinic else "",
        note=_note(facts, rate),
        stopped=STOPPED[facts.standing] if clinic else "",
        stopped_home=_stopped_home(facts) if not clinic else "",
    )


def of_another_form(facts: PageFacts) -> PageFacts:
    """The facts for a form of which it was not asked whether this visit was rated by it."""
    return replace(facts, clinician_rated="unknown", patient_rated="unknown", sent="none")


def of_visit_before(facts: PageFacts, *, sent: Fate) -> PageFacts:
    """The facts for a visit of before that the EHR names and the patient has rated: of whoever is signed in no rating of it was read, and
    `sent` is what became of the one they last sent."""
    place: Place = "home" if facts.place == "home" else "visit"
    return replace(facts, place=place, clinician_rated="unknown", patient_rated="yes", sent=sent)


_RATE: Mapping[Offered, str] = {"yes": "Rate this visit", "again": "Rate it again", "no": ""}
_RATE_UNSTORED: Mapping[Offered, str] = {"yes": "Rate for the note", "again": "Rate again for the note", "no": ""}
_HAND_OVER: Mapping[Offered, str] = {"yes": "Hand over to patient", "again": "Hand over again", "no": ""}
_HAND_OVER_UNSTORED: Mapping[Offered, str] = {
    "yes": "Hand over, kept in Rapport only",
    "again": "Hand over again, kept in Rapport only",
    "no": "",
}
# Why a patient is not asked here: to staff.
STOPPED: Mapping[Standing, str] = {
    "current": "",
    "inactive": "This record is marked as not in use, so no form is handed over here. Open the patient’s current record.",
    "replaced": "This record was replaced, so no form is handed over here. Open Rapport from the other record.",
    "dead": "The record says that this person has died, so no form is handed over.",
}
# Why what is kept is not sent after all.
NOT_SENT_INTO: Mapping[Standing, str] = {
    "inactive": "This record is marked as not in use, so what is kept in Rapport is not sent into it. It stays kept.",
    "replaced": "This record was replaced, so what is kept in Rapport is not sent into it. It stays kept.",
    "dead": "The record was closed to answers meanwhile, so what is kept in Rapport is not sent into it. It stays kept.",
}
_ASK_CLINIC = "Please ask your clinic."


def _hand_over(facts: PageFacts) -> Offered:
    if facts.standing != "current":
        return "no"
    return "again" if facts.patient_rated == "yes" else "yes"


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
    return (*own, "again") if rate == "again" else own


def _stands(facts: PageFacts) -> str:
    """How the rating of this visit stands; nothing where there is none and it is known."""
    if _visitless(facts):
        return "The record says that this person has died. A rating needs a visit, and Rapport was opened from none."
    if _has_rated(facts):
        return "You rated this visit: {score}."
    if facts.sent in _SENT:
        return _SENT[facts.sent]
    if facts.clinician_rated == "unknown":
        return "Whether you rated this visit is not known: not every rating could be read."
    return ""


_SENT: Mapping[Fate, str] = {
    "kept": "Your rating of this visit is kept in Rapport and is not in the record yet.",
    "unknown": "Whether your rating of this visit is in the record is not known yet. Do not enter it again.",
    "refused": "The record did not take your rating of this visit; it is kept in Rapport.",
}


def _note(facts: PageFacts, rate: Offered) -> str:
    """What a clinician who has not rated yet, and can, is told of the order of things."""
    if rate != "yes" or not facts.blind or not facts.can_write:
        return ""
    return "You rate first. The patient’s rating of a visit appears once yours is saved."


def _stopped_home(facts: PageFacts) -> str:
    """Why somebody at home can answer nothing. What a record says of a death is the clinic's to tell or to put right."""
    if facts.standing == "dead":
        return f"Your record is marked in a way that closes it to answers. {_ASK_CLINIC}"
    if facts.standing == "replaced":
        return f"This record was replaced by another one, so nothing can be answered here. {_ASK_CLINIC}"
    if facts.standing == "inactive":
        return f"This record is marked as not in use, so nothing can be answered here. {_ASK_CLINIC}"
    return "" if facts.can_write else "Your record system does not let you send answers from here."


# What staff confirm, and what they read beside it.
CONFIRM: Mapping[Confirmation, str] = {
    "dead": "The record says that this person has died. I have checked that these answers belong in it.",
    "inactive": "This record is marked as not in use. I have checked that these answers belong in it.",
    "replaced": "This record was replaced; newer entries are in the other one. I have checked that these answers belong in this one.",
    "again": "I rated this visit before. I want a second rating, which is drawn in place of the first; the first stays in the record.",
}


# A patient's rating that waits


class WaitingFacts(Struct, frozen=True, kw_only=True):
    """What decides about a patient's rating that is kept back: whose visit it is (`mine`), whether the EHR names the visit (`named`) and
    the launch belongs to it (`here`), whether it was `today`, what rating is offered here (`rate`) and would be of a visit of before
    (`late`), whether one could be stored, and whether the sign-in says which person it is (`personal`)."""

    mine: bool
    named: bool
    here: bool
    today: bool
    rate: Offered
    late: Offered
    can_write: bool
    personal: bool


class WaitingOffers(Struct, frozen=True, kw_only=True):
    """`rate_first`: rating opens it, from here; `rate_late`: so does a rating of its visit, which is over or another one, in `late_words`
    ("" where it is not offered). `text` holds `{visit}` (a day) and `{who}`."""

    rate_first: bool
    rate_late: bool
    late_words: str
    reveal: Reveal
    text: str


def waiting_offers(facts: WaitingFacts) -> WaitingOffers:
    """What is said of a rating that waits, and what can be done about it. Every visit has a way out of waiting, but for who is nobody."""
    rate_first = facts.mine and facts.here and facts.rate == "yes" and facts.can_write
    # A rating carries the moment it is given: without a visit that the EHR names it would be of that day.
    rate_late = facts.mine and facts.named and not facts.here and facts.late == "yes" and facts.can_write
    rating = "Rate this visit" if rate_first else "Rate it now" if rate_late else ""
    return WaitingOffers(
        rate_first=rate_first,
        rate_late=rate_late,
        late_words="Rate this visit now" if rate_late else "",
        reveal="no" if not facts.personal else "own" if facts.mine else "with_reason",
        text=f"{_rated(facts)}{_way_to_see(facts, rating)}",
    )


def _rated(facts: WaitingFacts) -> str:
    """A visit is one that the EHR names: where it names none, the patient may have been at home."""
    if facts.named:
        what = "rated today’s visit" if facts.today else "rated the visit of {visit}"
        return f"The patient {what}." if facts.mine else f"The patient {what} with {{who}}, who has not rated it yet."
    when = "answered today" if facts.today else "answered on {visit}"
    return f"The patient {when}." if facts.mine else f"The patient {when} about working with {{who}}, who has not rated yet."


def _way_to_see(facts: WaitingFacts, rating: str) -> str:
    """`rating` is how a rating that opens it is called; "" where none does."""
    show = "show without rating (recorded)"
    if not facts.mine:
        return " It waits for them. To see it before, say why; they read who looked, when and why." if facts.personal else _IMPERSONAL
    if not facts.personal:
        return f" {rating} to see it." if rating else f" {_why_not_rated(facts)}.{_IMPERSONAL}"
    if rating:
        return f" {rating} to see it, or {show}."
    return f" {_why_not_rated(facts)}. You can see it all the same: {show}."


_IMPERSONAL = " Showing it without needs a sign-in that says which person you are; this one does not."


def _why_not_rated(facts: WaitingFacts) -> str:
    """Why no rating from here opens it."""
    if not facts.here and not facts.named:
        return "It belongs to no visit that the record names, and a rating made now cannot be dated back"
    if not facts.can_write:
        return "Your own rating cannot be stored in this record, so it need not wait for it"
    return "It appears once your own rating is in the record"
