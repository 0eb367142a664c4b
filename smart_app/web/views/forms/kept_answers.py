"""What is said of answers that reached a launch which could not take them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from fhir_mappings.instruments.instrument import Informant, Instrument
from smart_app.care.forms.saved_drafts import KeptAnswers, SavedDraft
from smart_app.care.submission.delivery import LeftBehind
from smart_app.errors import GaveWay, RapportError
from smart_app.web import formats
from smart_app.web.views.error import ErrorFact, ErrorView, error_facts, told
from smart_app.web.views.parts import Link, Notice
from smart_app.web.views.ways_back import WayBack

SENT = "This form had been sent before, and what was sent then stands. Nothing was added."


def kept_view(kept: KeptAnswers, over: RapportError, *, reference: str, way: WayBack | None = None) -> ErrorView:
    """The page after sending a form to a launch that has ended. It names nobody: whoever reads it now may be anybody. `way` is the
    way back of a launch that did not begin in a chart, or may not have."""
    if kept.state == "sent":
        return ErrorView(
            headline="This form was sent already",
            lead=f"{told(over, way)} {SENT}",
            steps=(*_PATIENT, _stored(way)),
            reference=reference,
            facts=error_facts(over.code),
            retry=way.href if way else None,
            retry_words=way.button if way else "Try again",
        )
    return ErrorView(
        headline="Your answers are kept, and not sent yet",
        lead=f"{told(over, way)} {how_many(kept)}, sealed, {until(kept)}. They are not in the record.",
        steps=(*_PATIENT, _staff(way)),
        reference=reference,
        facts=(*error_facts(over.code), _KEPT_FOR),
        retry=way.href if way else None,
        retry_words=way.button if way else "Try again",
    )


def kept_words(kept: KeptAnswers, over: RapportError, *, way: WayBack | None = None) -> str:
    """The same in a line, for a form that is still on the screen."""
    if kept.state == "sent":
        return SENT
    ended = over.why if isinstance(over, GaveWay) else "This page's session has ended."
    return (
        f"{ended} {how_many(kept)} {until(kept)}. Please hand the device to a member of staff: they "
        f"{way.staff if way else 'open Rapport again from the chart'}, and the form offers to go on."
    )


def saved_draft_notices(
    left: Sequence[tuple[Instrument, Informant, SavedDraft]],
    address: Callable[[Instrument, Informant, SavedDraft], str | None],
    *,
    now: datetime,
) -> tuple[Notice, ...]:
    """For the clinician's page: what was begun and not sent. How many answers there are and never which: a patient has not sent
    them. `address` is where to go on, None where the form is not offered now."""
    return tuple(
        Notice(
            title="Begun and not sent:",
            text=f"{instrument.title}, {WHOSE[informant]}, {kept.answered} of {kept.of} answered by {moment_words(kept.saved, now)}.",
            action=Link(href=place, text="Go on") if (place := address(instrument, informant, kept)) else None,
        )
        for instrument, informant, kept in left
    )


def unread_notices(left: LeftBehind, *, now: datetime) -> tuple[Notice, ...]:
    """For the clinician's page: what of theirs cannot be read here, and what of whomsoever cannot be opened."""
    own = tuple(_UNREAD.format(moment=moment_words(one, now)) for one in left.unread)
    strange = (_STRANGE.format(forms=formats.count(left.strange, "form")),) if left.strange else ()
    return tuple(Notice(title="Kept and not readable here:", text=text) for text in (*own, *strange))


_UNREAD = (
    "A form sent at {moment} was sealed by another version of Rapport, or changed since, and this one cannot read it. It is kept. Tell "
    "whoever looks after Rapport, and do not enter it again before they have looked."
)
_STRANGE = (
    "{forms} sent from here, by whomever and of whichever patient: the key they were sealed with is missing, so whose they are cannot be "
    "told. Nothing is lost. Tell whoever looks after Rapport, and do not enter again what you sent and find nowhere."
)
_KEPT_FOR = ErrorFact(label="KeptAnswers", value="For the same user and patient only; RAPPORT_DRAFT_HOURS says how long")
WHOSE: Mapping[Informant, str] = {"patient": "the patient’s", "clinician": "yours", "observer": "the observer’s"}
_FROM_CHART = "open Rapport again from the same patient's chart, signed in as the same person"
_PATIENT = ("If you are a patient, hand the device back to a member of staff.",)


def _staff(way: WayBack | None) -> str:
    return f"Staff: {way.staff if way else _FROM_CHART}, and open the same form. It offers to go on with these answers."


def _stored(way: WayBack | None) -> str:
    again = way.step if way else "Open Rapport again from the patient's chart."
    return f"Staff: the history shows what was stored. {again}"


def how_many(kept: KeptAnswers) -> str:
    """`5 of 9 answers are kept`."""
    verb = "is" if kept.answered == 1 else "are"
    return f"{kept.answered} of {formats.count(kept.of, 'answer')} {verb} kept"


def until(kept: KeptAnswers) -> str:
    """`until 10:12, 04-Nov-2026`."""
    return f"until {moment_words(kept.until, kept.until)}"


def moment_words(at: datetime, now: datetime) -> str:
    """`14:02, 22-Nov-2026` at the clinic."""
    local = at.astimezone(now.tzinfo)
    return f"{formats.clock(local, now.tzinfo)}, {formats.short_date(local.date())}"
