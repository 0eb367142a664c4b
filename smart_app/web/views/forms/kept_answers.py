"""What is said of answers that reached a launch which could not take them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.sentence import Sentence, counted, joined
from smart_app.care.forms.saved_drafts import KeptAnswers, SavedDraft
from smart_app.care.submission.build_receipt import REASON_WORDS
from smart_app.care.submission.delivery import LeftBehind
from smart_app.care.submission.sealed_submission import SealedSubmission
from smart_app.errors import GaveWay, RapportError
from smart_app.web import formats
from smart_app.web.views.error import ErrorFact, ErrorView, error_facts, told
from smart_app.web.views.parts import Link, Notice
from smart_app.web.views.ways_back import Kind, WayBack

SENT = Sentence("This form had been sent before, and what was sent then stands. Nothing was added.")


def kept_view(kept: KeptAnswers, over: RapportError, *, reference: str, way: WayBack | None = None) -> ErrorView:
    """The page after sending a form to a launch that has ended. It names nobody: whoever reads it now may be anybody. `way` is the
    way back of a launch that did not begin in a chart, or may not have."""
    if kept.state == "sent":
        return ErrorView(
            headline=Sentence("This form was sent already"),
            lead=joined(" ", (told(over, way), SENT)),
            steps=(*_PATIENT, _stored(way)),
            reference=reference,
            facts=error_facts(over.code),
            retry=way.href if way else None,
            retry_words=way.button if way else Sentence("Try again"),
        )
    return ErrorView(
        headline=Sentence("It is kept that you would rather not answer")
        if kept.refused
        else Sentence("Your answers are kept, and not sent yet"),
        lead=joined(" ", (told(over, way), _refusal_until(kept) if kept.refused else _held_until(kept))),
        steps=(*_PATIENT, _staff_of_refusal(way) if kept.refused else _staff(way)),
        reference=reference,
        facts=(*error_facts(over.code), _KEPT_FOR),
        retry=way.href if way else None,
        retry_words=way.button if way else Sentence("Try again"),
    )


def handed_over_view(kept: KeptAnswers, over: RapportError, *, reference: str, hand_over: str) -> ErrorView:
    """The page after sending the patient's own form from a page of the chart. What was answered waits for the hand-over."""
    return ErrorView(
        headline=Sentence("Your answers are kept, and not sent yet"),
        lead=joined(" ", (over.happened, _held_until(kept))),
        steps=(
            *_PATIENT,
            Sentence("Staff: hand the device over, with the button below. The patient's page offers to go on with these answers."),
        ),
        reference=reference,
        facts=(*error_facts(over.code), _KEPT_FOR),
        retry=hand_over,
        retry_words=Sentence("Hand over to patient"),
    )


def kept_words(kept: KeptAnswers, over: RapportError, *, way: WayBack | None = None) -> Sentence:
    """The same in a line, for a form that is still on the screen."""
    if kept.state == "sent":
        return SENT
    ended = over.why if isinstance(over, GaveWay) else Sentence("This page's session has ended.")
    held = Sentence("{how_many} until {moment}.", how_many=how_many(kept), moment=moment_words(kept.until, kept.until))
    return joined(" ", (ended, held, _HAND_OVER[way.kind if way else "chart"]))


_HAND_OVER: Mapping[Literal["chart"] | Kind, Sentence] = {
    "chart": Sentence("Please hand the device to a member of staff: they open Rapport again from the chart, and the form offers to go on."),
    "start": Sentence(
        "Please hand the device to a member of staff: they start again on Rapport's own page, sign in as the same person, choose the same "
        "patient, and the form offers to go on."
    ),
    "picker": Sentence(
        "Please hand the device to a member of staff: they choose the same patient from the list, and the form offers to go on."
    ),
    "either": Sentence(
        "Please hand the device to a member of staff: they open Rapport again from the same patient's chart, or, where it began without "
        "one, from its start page, signed in as the same person, and the form offers to go on."
    ),
}


def saved_draft_notices(
    left: Sequence[tuple[Instrument, Informant, SavedDraft]],
    address: Callable[[Instrument, Informant, SavedDraft], str | None],
    *,
    now: datetime,
) -> tuple[Notice, ...]:
    """For the clinician's page: what was begun and not sent. How many answers there are and never which: a patient has not sent
    them. `address` is where to go on, None where the form is not offered now."""
    return tuple(
        _saved_notice(instrument, informant, kept, address(instrument, informant, kept), now) for instrument, informant, kept in left
    )


def _saved_notice(instrument: Instrument, informant: Informant, kept: SavedDraft, place: str | None, now: datetime) -> Notice:
    moment = moment_words(kept.saved, now)
    if kept.refused:
        return Notice(
            title=Sentence("The patient would rather not answer:"),
            text=Sentence("{form}, said at {moment} and not in the record yet.", form=instrument.title, moment=moment),
            action=Link(href=place, text=Sentence("Enter it under “Not today”")) if place else None,
        )
    return Notice(
        title=Sentence("Begun and not sent:"),
        text=Sentence(
            "{form}, {whose}, {answered} of {count} answered by {moment}.",
            form=instrument.title,
            whose=WHOSE[informant],
            answered=kept.answered,
            count=kept.of,
            moment=moment,
        ),
        action=Link(href=place, text=Sentence("Go on")) if place else None,
    )


def unread_notices(left: LeftBehind, *, now: datetime) -> tuple[Notice, ...]:
    """For the clinician's page: what of theirs cannot be read here, and what of whomsoever cannot be opened."""
    own = tuple(_unread(moment_words(one, now)) for one in left.unread)
    strange = (_strange(left.strange),) if left.strange else ()
    return tuple(Notice(title=Sentence("Kept and not readable here:"), text=text) for text in (*own, *strange))


def _unread(moment: Sentence) -> Sentence:
    return Sentence(
        "A form sent at {moment} was sealed by another version of Rapport, or changed since, and this one cannot read it. It is kept. Tell "
        "whoever looks after Rapport, and do not enter it again before they have looked.",
        moment=moment,
    )


def _strange(number: int) -> Sentence:
    return counted(
        "{n} form sent from here, by whomever and of whichever patient: the key they were sealed with is missing, so whose they are "
        "cannot be told. Nothing is lost. Tell whoever looks after Rapport, and do not enter again what you sent and find nowhere.",
        "{n} forms sent from here, by whomever and of whichever patient: the key they were sealed with is missing, so whose they are "
        "cannot be told. Nothing is lost. Tell whoever looks after Rapport, and do not enter again what you sent and find nowhere.",
        number,
    )


def _held_until(kept: KeptAnswers) -> Sentence:
    held = Sentence("{how_many}, sealed, {until}.", how_many=how_many(kept), until=until(kept))
    return joined(" ", (held, Sentence("They are not in the record.")))


def _refusal_until(kept: KeptAnswers) -> Sentence:
    return Sentence(
        "That you would rather not answer today is kept {until}, and what you had answered is deleted. It is not in the record yet.",
        until=until(kept),
    )


_KEPT_FOR = ErrorFact(label="KeptAnswers", value=Sentence("For the same user and patient only; RAPPORT_DRAFT_HOURS says how long"))
WHOSE: Mapping[Informant, Sentence] = {
    "patient": Sentence("the patient’s"),
    "clinician": Sentence("yours"),
    "observer": Sentence("the observer’s"),
}


def sent_words(sealed: SealedSubmission, now: datetime) -> Sentence:
    """What was sent, whose and when; of a form that was not answered why."""
    form, whose, moment = sealed.instrument_title, WHOSE[sealed.informant], moment_words(sealed.authored, now)
    if sealed.not_answered:
        why = REASON_WORDS[sealed.not_answered]
        return Sentence("{form}, {whose}, not answered ({why}), entered at {moment}.", form=form, whose=whose, why=why, moment=moment)
    return Sentence("{form}, {whose}, sent at {moment}.", form=form, whose=whose, moment=moment)


_FROM_CHART = Sentence("open Rapport again from the same patient's chart, signed in as the same person")
_PATIENT = (Sentence("If you are a patient, hand the device back to a member of staff."),)


def _staff_of_refusal(way: WayBack | None) -> Sentence:
    return Sentence(
        "Staff: {come_back}. The history shows it, and “Not today” on the hand-over page enters it.",
        come_back=way.staff if way else _FROM_CHART,
    )


def _staff(way: WayBack | None) -> Sentence:
    return Sentence(
        "Staff: {come_back}, and open the same form. It offers to go on with these answers.", come_back=way.staff if way else _FROM_CHART
    )


def _stored(way: WayBack | None) -> Sentence:
    again = way.step if way else Sentence("Open Rapport again from the patient's chart.")
    return joined(" ", (Sentence("Staff: the history shows what was stored."), again))


def how_many(kept: KeptAnswers) -> Sentence:
    """`5 of 9 answers are kept`."""
    if kept.answered == 1:
        return counted("{answered} of {n} answer is kept", "{answered} of {n} answers is kept", kept.of, answered=kept.answered)
    return counted("{answered} of {n} answer are kept", "{answered} of {n} answers are kept", kept.of, answered=kept.answered)


def until(kept: KeptAnswers) -> Sentence:
    """`until 10:12, 04-Nov-2026`."""
    return Sentence("until {moment}", moment=moment_words(kept.until, kept.until))


def moment_words(at: datetime, now: datetime) -> Sentence:
    """`14:02, 22-Nov-2026` at the clinic."""
    local = at.astimezone(now.tzinfo)
    return joined(", ", (formats.clock(local, now.tzinfo), formats.short_date(local.date())))
