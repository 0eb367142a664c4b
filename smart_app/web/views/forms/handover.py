"""The page between the chart and the patient's own page."""

from collections.abc import Collection, Sequence
from datetime import date, tzinfo

from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence, counted
from smart_app.care.handover.lend import IDENTIFIERS_NEEDED, Identifier, identifiers
from smart_app.care.record.patient_in_context import Patient
from smart_app.care.submission.begin import BlankForm
from smart_app.store import Loan
from smart_app.web import formats
from smart_app.web.views.banner import Banner, clinician_banner, plain_name
from smart_app.web.views.forms.form_page import clinician_name
from smart_app.web.views.forms.not_today import NotToday
from smart_app.web.views.staff_links.own_phone import OwnPhone

_BLIND = Sentence("You see their rating of this visit once you have rated it yourself.")


class IdentifierBox(Struct, frozen=True, kw_only=True):
    """One thing to ask the patient, and the box staff tick when it agrees."""

    name: str
    text: Sentence
    checked: bool


class HandoverView(Struct, frozen=True, kw_only=True):
    """Whom the device goes to, and what has to agree first; `stopped` says why it goes nowhere, "" where it does. `code` is what takes it
    back, "" where the site wants none, and goes along sealed; `problem` what is wrong with what was sent; `notes` what to know before;
    `own_phone` is the other way, by a link, None where nothing is handed over. `unanswered` says that
    the form was not answered at this visit, so that staff confirm before it is asked after all; `not_today` are the reasons for which it is
    not."""

    banner: Banner
    title: Sentence
    lead: Sentence
    lines: tuple[str, ...]
    warning: str
    stopped: Sentence
    action: str
    back: str
    patient: str
    boxes: tuple[IdentifierBox, ...] = ()
    code: str = ""
    sealed_code: str = ""
    problem: Sentence = NOTHING
    notes: tuple[Sentence, ...] = ()
    own_phone: OwnPhone | None = None
    unanswered: Sentence = NOTHING
    not_today: NotToday | None = None


class HandoverCode(Struct, frozen=True, kw_only=True):
    """The return code in the clear, and sealed for the form; both "" where the site wants none."""

    text: str
    sealed: str


def handover_view(
    draft: BlankForm,
    *,
    action: str,
    back: str,
    today: date,
    blind: bool,
    code: HandoverCode,
    lasts: str = "",
    ticked: Collection[str] = (),
    problem: Sentence = NOTHING,
    notes: tuple[Sentence, ...] = (),
    own_phone: OwnPhone | None = None,
    unanswered: Sentence = NOTHING,
    not_today: NotToday | None = None,
) -> HandoverView:
    """Names the patient once more, so that the device does not go to another; `lasts` says until when answers can be sent, where that is
    known. `ticked` are the identifiers that agreed when it was sent before; `unanswered` as in the view."""
    boxes = tuple(_box(kind, draft.patient, checked=kind in ticked) for kind in identifiers(draft.patient))
    too_few = len(boxes) < IDENTIFIERS_NEEDED
    if draft.stopped or too_few:
        return HandoverView(
            banner=clinician_banner(draft.patient, today=today),
            title=Sentence("Nothing is handed over"),
            lead=NOTHING,
            lines=(),
            warning="",
            stopped=draft.stopped or _TOO_FEW,
            action=action,
            back=back,
            patient=draft.patient.id,
            not_today=None if draft.stopped else not_today,
        )
    return HandoverView(
        banner=clinician_banner(draft.patient, today=today),
        title=Sentence("Hand over to {patient}", patient=plain_name(draft.patient)),
        lead=_next_page(draft),
        lines=(
            Sentence(
                "From then on this device shows their questions and nothing else: Back, reload, other tabs and the chart's own link too."
            ),
            Sentence("When they have sent their answers, they are asked to hand the device back."),
            _WAY_BACK_BY_CODE if code.text else _WAY_BACK,
            *((_BLIND,) if blind and draft.clinician else ()),
            *((lasts,) if lasts else ()),
        ),
        warning=draft.why_not_write or "",
        stopped=NOTHING,
        action=action,
        back=back,
        patient=draft.patient.id,
        boxes=boxes,
        code=f"{code.text[:3]} {code.text[3:]}" if code.text else "",
        sealed_code=code.sealed,
        problem=problem,
        notes=notes,
        own_phone=own_phone,
        unanswered=unanswered,
        not_today=not_today,
    )


def handover_notes(out: Sequence[Loan], *, framed: bool, disowned: bool, zone: tzinfo) -> tuple[Sentence, ...]:
    """What to know before the device changes hands: that somebody said of a device that it is not this patient's (`disowned`), that a page
    of theirs is out already, and that a frame is not all of a screen."""
    said = [_IN_A_FRAME] if framed else []
    if disowned:
        said.append(_NOT_THEM)
    if out:
        since = formats.clock(out[0].since, zone)
        said.append(Sentence("A page of this patient is out on a device already, since {time}: answers may come from both.", time=since))
    return tuple(said)


_IN_A_FRAME = Sentence(
    "The record system's own tabs and menus stay around the patient's page here, and Rapport cannot lock them. To hand over this device, "
    "open Rapport in a window of its own, or lock the record system first."
)
_NOT_THEM = Sentence(
    "A device is out whose holder said that they are not this patient. Its page was closed and what was typed was deleted. Take it back, "
    "and ask again who this is."
)
TICK_TWO = Sentence("Fewer than two are ticked, so nothing was handed over.")
ASK_AFTER_ALL = Sentence("It was not confirmed that the patient is asked after all, so nothing was handed over.")
_TOO_FEW = Sentence(
    "The record has fewer than two of name, birth date and record number, so it cannot be made sure here that the right patient answers."
)
_WAY_BACK_BY_CODE = Sentence("Your way back is the return code, signing in again on it, or calling it back from another device.")
_WAY_BACK = Sentence("Your way back is signing in again on it, or calling it back from another device.")


def _box(kind: Identifier, patient: Patient, *, checked: bool) -> IdentifierBox:
    if kind == "name":
        text = Sentence("Name: {name}", name=plain_name(patient))
    elif kind == "born":
        text = Sentence("Born: {day}", day=formats.short_date(patient.born) if patient.born else "")
    else:
        label, number = patient.identifier or ("", "")
        text = Sentence("{label}: {number}", label=label, number=number)
    return IdentifierBox(name=kind, text=text, checked=checked)


def _next_page(draft: BlankForm) -> Sentence:
    """What the patient will be asked, and how long it takes where that is known."""
    number, minutes = len(draft.instrument.items), draft.instrument.forms["patient"].minutes
    sentences = counted("{n} sentence about {subject}", "{n} sentences about {subject}", number, subject=_subject(draft))
    if not minutes:
        return Sentence("The next page is theirs: {sentences}.", sentences=sentences)
    return counted(
        "The next page is theirs: {sentences}, about {n} minute.",
        "The next page is theirs: {sentences}, about {n} minutes.",
        minutes,
        sentences=sentences,
    )


def _subject(draft: BlankForm) -> Sentence:
    """What the patient's sentences are about."""
    if draft.instrument.rated == "clinician":
        return Sentence("working with {clinician}", clinician=clinician_name(draft))
    return Sentence("the care they receive") if draft.instrument.rated == "team" else Sentence("living with diabetes")
