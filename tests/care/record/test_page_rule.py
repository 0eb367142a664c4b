"""One rule decides what a page offers. Every combination is walked; what must hold is stated here from the outside, one rule at a time.

What is said stands here in full, beside the facts it is said of: it keeps somebody from handing a tablet to the wrong person or from
rating twice, and a word of it that changes is to be seen.
"""

from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from fhir_mappings.people.patient import Standing
from smart_app.care.record.page_rule import (
    CONFIRM,
    Fate,
    Known,
    Offered,
    PageFacts,
    PageOffers,
    Place,
    WaitingFacts,
    WaitingOffers,
    of_another_form,
    of_visit_before,
    offers_for,
    waiting_offers,
)

YES_NO = (True, False)
DAY, WHO = "10-Nov-2026", "Dr. Okafor"
SAID: dict[str, Any] = {"day": date(2026, 11, 10), "waited": 9, "who": WHO}


def every_page() -> Iterator[tuple[PageFacts, PageOffers]]:
    parts = (get_args(Standing), YES_NO, get_args(Place), get_args(Known), get_args(Known), get_args(Fate), YES_NO)
    for standing, can_write, place, mine, theirs, sent, blind in product(*parts):
        facts = PageFacts(
            standing=standing, can_write=can_write, place=place, clinician_rated=mine, patient_rated=theirs, sent=sent, blind=blind
        )  # fmt: skip
        yield facts, offers_for(facts)


def every_waiting() -> Iterator[tuple[WaitingFacts, WaitingOffers]]:
    names = ("mine", "named", "here", "today", "can_write", "personal", "overdue")
    for values in product(*[YES_NO] * len(names), get_args(Offered), get_args(Offered)):
        facts = WaitingFacts(**SAID, **dict(zip((*names, "rate", "late"), values, strict=True)))
        yield facts, waiting_offers(facts)


# Made anew for each test: what was made when this file was imported would hold whatever the rule has become since.
def clinic_pages() -> Iterator[tuple[PageFacts, PageOffers]]:
    return ((facts, offers) for facts, offers in every_page() if facts.place != "home")


def home_pages() -> Iterator[tuple[PageFacts, PageOffers]]:
    return ((facts, offers) for facts, offers in every_page() if facts.place == "home")


# Two ways of confirming a second rating.
AGAIN = ("again", "after-seen")


def again(facts: PageFacts) -> str:
    """That it counts for less once the patient's rating can be seen is confirmed by itself."""
    return "after-seen" if facts.patient_rated == "yes" else "again"


def test_all_combinations_are_there() -> None:
    assert (len([*every_page()]), len([*every_waiting()])) == (4 * 2 * 3 * 3 * 3 * 5 * 2, 2**7 * 3 * 3)


def test_nobody_dead_and_no_record_out_of_use_is_offered_the_tablet() -> None:
    for facts, offers in clinic_pages():
        assert (offers.hand_over == "no") == (facts.standing != "current")
        assert bool(offers.stopped) == (facts.standing != "current")
        assert bool(offers.hand_over_words) == (offers.hand_over != "no")


def test_staff_are_asked_about_a_record_that_is_not_to_be_written_into() -> None:
    for facts, offers in clinic_pages():
        assert [one for one in offers.confirm if one not in AGAIN] == ([] if facts.standing == "current" else [facts.standing])
        assert set(offers.confirm) <= set(CONFIRM)


def test_a_visit_that_was_rated_says_so_and_is_rated_again_only_on_purpose() -> None:
    for facts, offers in clinic_pages():
        rated = facts.clinician_rated == "yes" or facts.sent == "stored"
        visitless = facts.standing == "dead" and facts.place == "day"
        assert (offers.rate == "again") == (rated and not visitless)
        assert (offers.stands == "You rated this visit: {score}.") == (rated and not visitless)
        assert [one for one in offers.confirm if one in AGAIN] == ([again(facts)] if offers.rate == "again" else [])
        assert "first" not in offers.note or not rated


def test_what_is_on_its_way_or_may_have_arrived_is_not_entered_again() -> None:
    for facts, offers in clinic_pages():
        if facts.sent in {"kept", "unknown"} and facts.clinician_rated != "yes":
            assert offers.rate == "no"
            assert offers.stands


def test_a_death_leaves_only_visits_that_were() -> None:
    for facts, offers in clinic_pages():
        if facts.standing == "dead" and facts.place == "day":
            assert offers.rate == "no"
            assert offers.stands


def test_where_nothing_can_be_rated_the_reason_stands_by_itself() -> None:
    """It is also what is said to whoever asks for the form all the same."""
    for _, offers in clinic_pages():
        assert offers.rate != "no" or (offers.stands and "{" not in offers.stands)


def test_otherwise_a_clinician_can_rate() -> None:
    for facts, offers in clinic_pages():
        held = facts.sent in {"kept", "unknown"} and facts.clinician_rated != "yes"
        visitless = facts.standing == "dead" and facts.place == "day"
        assert (offers.rate == "no") == (held or visitless)
        assert bool(offers.rate_words) == (offers.rate != "no")


def test_nothing_is_called_rating_the_visit_where_nothing_can_be_written() -> None:
    for facts, offers in clinic_pages():
        if not facts.can_write:
            assert "Rate this visit" not in offers.rate_words
            assert offers.note == ""
            assert "Rapport only" in offers.hand_over_words or offers.hand_over == "no"
        elif offers.rate == "yes":
            assert offers.rate_words == "Rate this visit"


def test_who_rates_first_is_said_only_to_who_can_still_be_first() -> None:
    for facts, offers in clinic_pages():
        first = offers.rate == "yes" and facts.can_write and facts.blind
        assert ("You rate first" in offers.note) == first


def test_a_rating_whose_outcome_is_not_known_is_not_called_absent() -> None:
    for facts, offers in clinic_pages():
        if facts.sent == "unknown":
            assert "not in the record" not in offers.stands
            assert "did not take" not in offers.stands
        if facts.clinician_rated != "yes" and facts.sent == "unknown" and not (facts.standing == "dead" and facts.place == "day"):
            assert "not known" in offers.stands


def test_somebody_at_home_is_offered_an_answer_or_a_reason_and_nothing_of_the_clinics() -> None:
    for facts, offers in home_pages():
        assert (offers.hand_over, offers.rate, offers.enter, offers.confirm, offers.stands, offers.note) == ("no", "no", False, (), "", "")
        assert offers.answer == (facts.standing == "current" and facts.can_write)
        assert bool(offers.stopped_home) != offers.answer
        words = f"{offers.stopped_home} {offers.stopped}"
        assert "visit" not in words
        assert "died" not in words


def test_a_form_nobody_was_asked_about_is_neither_rated_nor_held_back() -> None:
    for facts, _ in clinic_pages():
        other = offers_for(of_another_form(facts))
        assert other.rate == ("no" if facts.standing == "dead" and facts.place == "day" else "yes")


def test_of_another_form_nothing_is_known_and_all_else_stays() -> None:
    for facts, _ in every_page():
        other = of_another_form(facts)
        assert (other.clinician_rated, other.patient_rated, other.sent) == ("unknown", "unknown", "none")
        kept = {"clinician_rated": facts.clinician_rated, "patient_rated": facts.patient_rated, "sent": facts.sent}
        assert replace(other, **kept) == facts


USUAL = PageFacts(standing="current", can_write=True, place="visit", clinician_rated="no", patient_rated="no", sent="none", blind=True)
_NOT_KNOWN = "Whether you rated this visit is not known: not every rating could be read."
_VISITLESS = "The record says that this person has died. A rating needs a visit, and Rapport was opened from none."
_UNCERTAIN = "Whether your rating of this visit is in the record is not known yet. Do not enter it again."


@pytest.mark.parametrize(
    ("facts", "stands"),
    [
        ({}, ""),
        ({"place": "day"}, ""),
        ({"standing": "dead"}, ""),
        ({"clinician_rated": "yes"}, "You rated this visit: {score}."),
        ({"sent": "stored"}, "You rated this visit: {score}."),
        ({"clinician_rated": "unknown"}, _NOT_KNOWN),
        ({"clinician_rated": "unknown", "sent": "unknown"}, _UNCERTAIN),
        ({"sent": "unknown"}, _UNCERTAIN),
        ({"sent": "kept"}, "Your rating of this visit is kept in Rapport and is not in the record yet."),
        ({"sent": "refused"}, "The record did not take your rating of this visit; it is kept in Rapport."),
        ({"standing": "dead", "place": "day"}, _VISITLESS),
        ({"standing": "dead", "place": "day", "clinician_rated": "yes"}, _VISITLESS),
        ({"place": "home", "clinician_rated": "yes"}, ""),
    ],
)
def test_how_the_rating_of_a_visit_stands(facts: dict[str, Any], stands: str) -> None:
    assert offers_for(replace(USUAL, **facts)).stands == stands


def test_nothing_else_is_said_of_how_a_rating_stands_than_is_read_here() -> None:
    said = {offers.stands for _, offers in every_page()}
    assert said == {
        "",
        "You rated this visit: {score}.",
        "Your rating of this visit is kept in Rapport and is not in the record yet.",
        "The record did not take your rating of this visit; it is kept in Rapport.",
        _NOT_KNOWN,
        _UNCERTAIN,
        _VISITLESS,
    }


@pytest.mark.parametrize(
    ("facts", "rate", "hand_over"),
    [
        ({}, "Rate this visit", "Hand over to patient"),
        ({"clinician_rated": "yes", "patient_rated": "yes"}, "Rate it again", "Hand over again"),
        ({"can_write": False}, "Rate for the note", "Hand over, kept in Rapport only"),
        (
            {"can_write": False, "clinician_rated": "yes", "patient_rated": "yes"},
            "Rate again for the note",
            "Hand over again, kept in Rapport only",
        ),
        ({"standing": "dead"}, "Rate this visit", ""),
        ({"sent": "kept"}, "", "Hand over to patient"),
        ({"place": "home"}, "", ""),
        ({"place": "home", "can_write": False}, "", ""),
    ],
)
def test_what_can_be_begun_is_called(facts: dict[str, Any], rate: str, hand_over: str) -> None:
    offers = offers_for(replace(USUAL, **facts))
    assert (offers.rate_words, offers.hand_over_words) == (rate, hand_over)


def test_only_a_patients_own_rating_makes_handing_over_a_second_time() -> None:
    for facts, offers in clinic_pages():
        assert (offers.hand_over == "again") == (facts.standing == "current" and facts.patient_rated == "yes")
        assert offers.enter


def test_who_waits_for_whom_is_said_in_full() -> None:
    said = {offers.note for _, offers in every_page()}
    assert said == {"", "You rate first. The patient’s rating of a visit appears once yours is saved."}


@pytest.mark.parametrize(
    ("standing", "staff", "home"),
    [
        ("current", "", ""),
        (
            "inactive",
            "This record is marked as not in use, so no form is handed over here. Open the patient’s current record.",
            "This record is marked as not in use, so nothing can be answered here. Please ask your clinic.",
        ),
        (
            "replaced",
            "This record was replaced, so no form is handed over here. Open Rapport from the other record.",
            "This record was replaced by another one, so nothing can be answered here. Please ask your clinic.",
        ),
        (
            "dead",
            "The record says that this person has died, so no form is handed over.",
            "Your record is marked in a way that closes it to answers. Please ask your clinic.",
        ),
    ],
)
def test_staff_and_patient_each_read_why_nothing_is_asked_and_neither_the_others(standing: Standing, staff: str, home: str) -> None:
    for facts, offers in every_page():
        if facts.standing == standing and facts.can_write:
            assert (offers.stopped, offers.stopped_home) == (("", home) if facts.place == "home" else (staff, ""))


def test_a_patient_whose_record_takes_nothing_reads_that_and_nothing_else() -> None:
    for facts, offers in home_pages():
        if facts.standing == "current":
            said = "" if facts.can_write else "Your record system does not let you send answers from here."
            assert offers.stopped_home == said


# A patient's rating that waits


def test_every_waiting_rating_has_a_way_out_for_whoever_is_somebody() -> None:
    for facts, offers in every_waiting():
        assert (offers.reveal == "no") == (not facts.personal)
        assert offers.reveal != "no" or "sign-in" in offers.text or offers.rate_first or offers.rate_late
        assert "until that visit is rated" not in offers.text


def test_a_colleague_gives_a_reason_and_the_rated_clinician_none() -> None:
    for facts, offers in every_waiting():
        if facts.personal:
            assert offers.reveal == ("own" if facts.mine else "with_reason")


def test_rating_is_offered_to_open_it_only_where_that_opens_it() -> None:
    for facts, offers in every_waiting():
        opens = facts.mine and facts.here and facts.rate == "yes" and facts.can_write
        assert offers.rate_first == opens
        assert ("Rate this visit to see it" in offers.text) == (opens and not facts.overdue)


def test_a_visit_of_before_is_rated_later_by_its_own_clinician_where_the_ehr_names_it_and_it_can_be_stored() -> None:
    """A rating is dated as it is given, so without a visit it would be one of that day."""
    for facts, offers in every_waiting():
        late = facts.mine and facts.named and not facts.here and facts.late == "yes" and facts.can_write
        assert offers.rate_late == late
        assert offers.late_words == ("Rate this visit now" if late else "")
        assert ("Rate it now to see it" in offers.text) == (late and not facts.overdue)
        assert not (offers.rate_late and offers.rate_first)
        if late and facts.personal:
            assert (offers.reveal, "show without rating (recorded)" in offers.text) == ("own", True)


def test_where_no_rating_opens_what_waits_for_its_own_clinician_the_reason_is_the_true_one() -> None:
    for facts, offers in every_waiting():
        if facts.mine and not (offers.rate_first or offers.rate_late):
            nameless = not facts.named and not facts.here
            assert ("no visit that the record names" in offers.text) == nameless
            assert ("cannot be stored" in offers.text) == (not nameless and not facts.can_write)
            assert ("appears once your own rating is in the record" in offers.text) == (not nameless and facts.can_write)


@pytest.mark.parametrize("sent", get_args(Fate))
def test_a_visit_of_before_follows_the_rule_of_every_visit(sent: Fate) -> None:
    for facts, _ in every_page():
        offers = offers_for(of_visit_before(facts, sent=sent))
        if facts.place == "home":
            assert offers.rate == "no"
            continue
        assert offers.rate == {"kept": "no", "unknown": "no", "stored": "again"}.get(sent, "yes")
        assert [one for one in offers.confirm if one not in AGAIN] == ([] if facts.standing == "current" else [facts.standing])


WAITS = WaitingFacts(
    **SAID, mine=True, named=True, here=True, today=True, rate="yes", late="no", can_write=True, personal=True, overdue=False
)  # fmt: skip
_SEE = "You can see it all the same: show without rating (recorded)."
_NOBODY = "Showing it without needs a sign-in that says which person you are; this one does not."
_THEIRS = "It waits for them. To see it before, say why; they read who looked, when and why."
_STILL = "Will you still rate it?"
_UNSTORED = "Your own rating cannot be stored in this record, so it need not wait for it."
_TODAY = "The patient rated today’s visit."


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, f"{_TODAY} Rate this visit to see it, or show without rating (recorded)."),
        ({"personal": False}, f"{_TODAY} Rate this visit to see it."),
        ({"overdue": True}, f"{_TODAY} {_STILL} If not, see it now: show without rating (recorded)."),
        ({"overdue": True, "personal": False}, f"{_TODAY} {_STILL} {_NOBODY}"),
        ({"overdue": True, "here": False, "late": "yes"}, f"{_TODAY} {_STILL} If not, see it now: show without rating (recorded)."),
        ({"overdue": True, "can_write": False}, f"{_TODAY} {_UNSTORED} {_SEE}"),
        ({"overdue": True, "mine": False}, f"{_TODAY[:-1]} with {WHO}, who has not rated it yet. {_THEIRS}"),
        ({"rate": "no"}, f"{_TODAY} It appears once your own rating is in the record. {_SEE}"),
        ({"rate": "no", "personal": False}, f"{_TODAY} It appears once your own rating is in the record. {_NOBODY}"),
        ({"can_write": False}, f"{_TODAY} {_UNSTORED} {_SEE}"),
        ({"can_write": False, "personal": False}, f"{_TODAY} {_UNSTORED} {_NOBODY}"),
        ({"here": False, "late": "yes"}, f"{_TODAY} Rate it now to see it, or show without rating (recorded)."),
        ({"here": False, "late": "yes", "personal": False}, f"{_TODAY} Rate it now to see it."),
        ({"here": False}, f"{_TODAY} It appears once your own rating is in the record. {_SEE}"),
        ({"here": False, "late": "yes", "can_write": False}, f"{_TODAY} {_UNSTORED} {_SEE}"),
        ({"here": False, "personal": False}, f"{_TODAY} It appears once your own rating is in the record. {_NOBODY}"),
        (
            {"here": False, "named": False},
            f"The patient answered today. It belongs to no visit that the record names, and a rating made now cannot be dated back. {_SEE}",
        ),
        (
            {"named": False, "today": False, "personal": False},
            f"The patient answered on {DAY}. Rate this visit to see it.",
        ),
        ({"mine": False}, f"The patient rated today’s visit with {WHO}, who has not rated it yet. {_THEIRS}"),
        (
            {"mine": False, "today": False, "personal": False},
            f"The patient rated the visit of {DAY} with {WHO}, who has not rated it yet. {_NOBODY}",
        ),
        (
            {"mine": False, "named": False},
            f"The patient answered today about working with {WHO}, who has not rated yet. {_THEIRS}",
        ),
        (
            {"mine": False, "named": False, "today": False},
            f"The patient answered on {DAY} about working with {WHO}, who has not rated yet. {_THEIRS}",
        ),
        (
            {"today": False, "rate": "again"},
            f"The patient rated the visit of {DAY}. It appears once your own rating is in the record. {_SEE}",
        ),
    ],
)
def test_what_is_said_of_a_rating_that_waits(facts: dict[str, Any], text: str) -> None:
    assert waiting_offers(replace(WAITS, **facts)).text == text


@pytest.mark.parametrize("today", YES_NO)
def test_a_visit_is_spoken_of_only_where_the_ehr_names_one(today: bool) -> None:
    for facts, offers in every_waiting():
        lead = offers.text.replace(WHO, "WHO").split(".")[0]
        assert ("visit" in lead) == facts.named
        if facts.today == today:
            assert ("today" in lead) == today
            assert (DAY in lead) != today
        assert ("WHO" in lead) == (not facts.mine)


def test_the_rating_is_asked_for_first_and_once_more_where_the_site_would_have_had_it() -> None:
    for facts, offers in every_waiting():
        opens = offers.rate_first or offers.rate_late
        first = "The patient has answered; rate first."
        again = "The patient’s answers have waited 9 days for your rating."
        assert offers.title == ((again if facts.overdue else first) if opens else "")
        assert (_STILL in offers.text) == (opens and facts.overdue)


def test_one_day_is_said_as_one() -> None:
    facts = replace(WAITS, overdue=True, waited=1)
    assert waiting_offers(facts).title == "The patient’s answers have waited 1 day for your rating."
