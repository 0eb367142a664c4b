"""What becomes of answers that are typed and not sent: kept as they are typed, offered again, taken up only when somebody says so.

They are offered to the same user at the same patient of the same EHR, in the same version of the same form, and to nobody else. What a
patient has not sent is nobody's to read: where staff go on with the patient's own form, it says that an item is answered, never how. The
patient themself, on a lent device, sees it once they have said that they began it.

That they would rather not answer is kept in the same way, in the place of what they had answered: staff read it, and it is offered to
nobody as answers.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.answers import answered, completed, understood
from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.sentence import Sentence
from smart_app.care.forms.asked_form import AskedForm, form_of, forms_offered
from smart_app.care.record.record import ChartRecord, who_answers
from smart_app.clinic_time import day_ends
from smart_app.errors import FROM_CHART_AGAIN, OPEN_AGAIN, OtherBrowser, SessionError, WrongPatient
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.services import AppServices
from smart_app.store import Draft, FormPlace, Ticket
from smart_app.store.seal import digest

Fields = Mapping[str, Sequence[str]]
# Nobody answers faster; what comes faster is no person.
_APART = timedelta(milliseconds=200)
# What is kept in the place of answers: no field of any form.
_REFUSAL: Mapping[str, str] = {"": "rather-not"}
_PATIENT_SIDE = {"Patient", "RelatedPerson"}


class KeptAnswers(Struct, frozen=True, kw_only=True):
    """What is kept of a form: `answered` of `of` items, until `until`, in the clinic's zone. `state` "nothing": nothing was answered;
    "sent": the form was sent already, so this was not kept again; "too_soon": what was kept a moment ago stands. `refused`: it is that
    the patient would rather not answer."""

    state: Literal["kept", "nothing", "sent", "too_soon"]
    answered: int
    of: int
    until: datetime
    refused: bool = False


class SavedDraft(Struct, frozen=True, kw_only=True):
    """A draft as it is offered, or gone on with. `hidden`: what was answered may be known, how it was answered may not.
    `encounter` is the visit it was begun in, `other_visit`: that is another one than the one open now. `refused`: there are no answers,
    the patient would rather not."""

    key: str
    answers: Mapping[str, str]
    answered: int
    of: int
    saved: datetime
    hidden: bool
    other_visit: bool
    encounter: str | None = None
    refused: bool = False


class PostedForm(Struct, frozen=True, kw_only=True):
    """What a page sends of a form that is not finished. `cookie` is the launch's as the browser sent it, "" for none; `completes`: answers
    of before, which are not on the page, are to complete it; `confirmed` is what was ticked beside the answers; `declines`: it says that
    the patient would rather not answer."""

    place: FormPlace
    ticket: str
    patient: str
    fields: Fields
    cookie: str
    completes: bool
    confirmed: frozenset[str] = frozenset()
    declines: bool = False


def ticket_for(record: ChartRecord, asked: AskedForm, *, key: str, cookie: str) -> str:
    """What the form of that key carries so that its answers can be kept when the launch has ended meanwhile."""
    ticket = Ticket(
        author=who_answers(record),
        version=asked.instrument.version,
        encounter=record.context.encounter,
        issued=record.services.clock(),
        binding=digest(cookie),
        rated=asked.chosen.reference if asked.chosen else None,
        loan=asked.loan,
    )
    place = FormPlace(launch_id=record.launch, slug=asked.slug, informant=asked.informant, key=key)
    return record.services.store.drafts.issue(place, ticket)


def keep(
    services: AppServices, typed: PostedForm, *, asked: AskedForm | None = None, why: str = "", held_back: bool = False
) -> KeptAnswers:
    """Keep what was typed into a form, `asked` where a launch has let it in. `why` the launch could not take it, "" while it is open;
    `held_back`: not more often than somebody types.

    Whose it is, the form's ticket says: a launch may have ended, its cookie with it. Where the browser still has the cookie it must be
    the launch's own. SessionError when the ticket is wrong or too old, for another patient, or for a form that is no more."""
    ticket = _checked(services, typed)
    instrument = asked.instrument if asked else form_of(services, typed.place.slug, _informant(typed.place))
    if instrument.version != ticket.version:
        raise SessionError(
            Sentence("This form has been changed since it was opened, so nothing was kept."),
            undenied=Sentence("This form has been changed since it was opened."),
            next_step=Sentence("Open it again from the history."),
        )
    answers = _REFUSAL if typed.declines else understood(instrument, _whole(services, typed, ticket))
    ttl = _lasts(services, ticket)
    until = (services.clock() + ttl).astimezone(services.zone(ticket.author.iss))
    kept = KeptAnswers(state="kept", answered=answered(instrument, answers), of=len(instrument.items), until=until, refused=typed.declines)
    if services.store.outbox.knows(typed.place.key):
        return replace(kept, state="sent")
    if not answers:
        return replace(kept, state="nothing")
    return kept if _saved(services, typed, ticket, answers, ttl=ttl, why=why, held_back=held_back) else replace(kept, state="too_soon")


def saved_refusal(record: ChartRecord, asked: AskedForm) -> SavedDraft | None:
    """That the patient would rather not answer this form at the visit open now, where that was kept and is not sent."""
    about, today = asked.chosen.reference if asked.chosen else None, record.now().date()
    found = _unsent(record, asked.instrument, asked.informant, about=about, refusals=True)
    of_now = found and not found.other_visit and (found.encounter or found.saved.astimezone(record.zone).date() == today)
    return found if found and found.refused and of_now else None


def saved_draft(record: ChartRecord, asked: AskedForm, *, key: str | None = None) -> SavedDraft | None:
    """What this user last left unsent in this patient's form, or the draft of that key; of one that was told whom it is about, about that
    clinician and no other. None where there is nothing, or it was sent."""
    about = asked.chosen.reference if asked.chosen else None
    return _unsent(record, asked.instrument, asked.informant, key=key, about=about, by_patient=bool(asked.loan))


def saved_drafts(record: ChartRecord) -> tuple[tuple[Instrument, Informant, SavedDraft], ...]:
    """Every form of this patient that this user began and has not sent, in the site's order, or that the patient would rather not answer.
    One look when there is none."""
    if not record.services.store.drafts.of(who_answers(record)):
        return ()
    found = ((one, who, _unsent(record, one, who, refusals=True)) for one, who in forms_offered(record.services))
    return tuple((instrument, informant, left) for instrument, informant, left in found if left)


def take_up(record: ChartRecord, *, key: str) -> None:
    """Record that somebody goes on with a draft."""
    draft = record.services.store.drafts.get(key, who_answers(record))
    if draft is None:
        raise SessionError(
            Sentence("These answers are not kept any more: they were sent, discarded, or their time was over. Open the form again.")
        )
    detail = {"key": key, "form": draft.slug, "from": draft.launch}
    record.services.store.audit.add("draft_adopted", launch_id=record.launch_id, context=record.context, detail=detail)


def discard(record: ChartRecord, *, key: str) -> None:
    """Forget a draft; one that is gone already stays gone."""
    store = record.services.store
    draft = store.drafts.get(key, who_answers(record))
    if draft is None:
        return
    with store.database.begin() as together:
        store.drafts.drop(key, within=together)
        detail = {"key": key, "form": draft.slug}
        store.audit.add("draft_discarded", launch_id=record.launch_id, context=record.context, detail=detail, within=together)


def keeps_refusal(draft: Draft) -> bool:
    """Whether what is kept is that the patient would rather not answer."""
    return draft.answers == _REFUSAL


def with_earlier(fields: Fields, earlier: SavedDraft | None) -> Fields:
    """The fields of a form, completed by what it had before."""
    return completed(fields, earlier.answers) if earlier else fields


def _unsent(
    record: ChartRecord,
    instrument: Instrument,
    informant: Informant,
    *,
    key: str | None = None,
    about: str | None = None,
    by_patient: bool = False,
    refusals: bool = False,
) -> SavedDraft | None:
    store = record.services.store
    wanted = (instrument.slug, informant, instrument.version, about)
    for draft in store.drafts.of(who_answers(record)):
        same_form = (draft.slug, draft.informant, draft.version, draft.rated) == wanted
        if not same_form or key not in {None, draft.key} or (keeps_refusal(draft) and not refusals):
            continue
        if not store.outbox.knows(draft.key):
            shown = _shown(record.context, instrument, informant, draft)
            return replace(shown, hidden=False) if by_patient else shown
        store.drafts.drop(draft.key)
    return None


def _checked(services: AppServices, typed: PostedForm) -> Ticket:
    """The form's ticket, once it fits everything else that came with it."""
    ticket = services.store.drafts.read(typed.ticket, typed.place)
    if typed.patient != ticket.author.patient:
        raise WrongPatient(
            Sentence("This form was opened for another patient, so nothing was kept."),
            undenied=Sentence("This form was opened for another patient."),
            reopen=FROM_CHART_AGAIN,
        )
    if typed.cookie and digest(typed.cookie) != ticket.binding:
        raise OtherBrowser(
            Sentence("This form belongs to another browser, so nothing was kept."),
            undenied=Sentence("This form belongs to another browser."),
            detail="the launch's cookie differs",
        )
    if services.clock() - ticket.issued > services.settings.form_lasts:
        raise SessionError(
            Sentence("This form was opened too long ago, so nothing was kept."),
            undenied=Sentence("This form was opened too long ago."),
            reopen=OPEN_AGAIN,
        )
    return ticket


def _lasts(services: AppServices, ticket: Ticket) -> timedelta:
    """How long it is kept: what a patient types on a lent device no longer than the clinic's day, as the device goes through many hands."""
    longest = timedelta(hours=services.settings.draft_hours)
    return min(longest, day_ends(services.now(ticket.author.iss)) - services.clock()) if ticket.loan else longest


def _saved(
    services: AppServices, typed: PostedForm, ticket: Ticket, answers: Mapping[str, str], *, ttl: timedelta, why: str, held_back: bool
) -> bool:
    """Save and record, in one transaction: the first time, and whenever a launch could not take it. False when it came too soon."""
    store = services.store
    apart = _APART if held_back else timedelta()
    others = _deleted_by(services, typed, ticket)
    with store.database.begin() as together:
        saved = store.drafts.save(typed.place, ticket, answers, ttl=ttl, apart=apart, within=together)
        for other in others:
            store.drafts.drop(other, within=together)
        if saved == "new" or why:
            detail = {"key": typed.place.key, "form": typed.place.slug, "answers": len(answers), "why": why}
            store.audit.add("draft_saved", launch_id=typed.place.launch_id, context=ticket.author, detail=detail, within=together)
    return saved != "too_soon"


def _deleted_by(services: AppServices, typed: PostedForm, ticket: Ticket) -> list[str]:
    """What else was typed into a form that is declined: the patient was told that it is deleted."""
    if not typed.declines:
        return []
    form = (typed.place.slug, typed.place.informant, ticket.rated)
    every = services.store.drafts.of(ticket.author)
    return [one.key for one in every if (one.slug, one.informant, one.rated) == form and one.key != typed.place.key]


def _whole(services: AppServices, typed: PostedForm, ticket: Ticket) -> Fields:
    """The fields, completed by what the form had before where that is not on the page."""
    before = services.store.drafts.get(typed.place.key, ticket.author) if typed.completes else None
    return completed(typed.fields, before.answers) if before else typed.fields


def _shown(context: LaunchContext, instrument: Instrument, informant: Informant, draft: Draft) -> SavedDraft:
    own = informant == "patient" and not instrument.from_paper(informant)
    return SavedDraft(
        key=draft.key,
        answers=draft.answers,
        answered=answered(instrument, draft.answers),
        of=len(instrument.items),
        saved=draft.saved,
        hidden=own and context.user.reference.split("/")[0] not in _PATIENT_SIDE,
        other_visit=draft.encounter != context.encounter,
        encounter=draft.encounter,
        refused=keeps_refusal(draft),
    )


def _informant(place: FormPlace) -> Informant:
    match place.informant:
        case "patient" | "clinician" | "observer":
            return place.informant
        case _:
            raise SessionError(Sentence("There is no such form."))
