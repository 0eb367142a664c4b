"""From a filled-in form to the record: checked, scored, sealed, sent once. What became of it is the receipt's to say.

A submission is known by its key, minted with the form. One request sends it; a second one with the same key sends nothing."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256

import simplejson
from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.answers import Answers, FieldError, Invalid, parse, understood
from fhir_mappings.instruments.canonicals import Answering, demo_tag
from fhir_mappings.instruments.instrument import Informant, Instrument, Scale
from fhir_mappings.instruments.not_answered import NotAnsweredReason, is_refusal
from fhir_mappings.instruments.scores import Score
from fhir_mappings.instruments.scoring import score
from fhir_mappings.kept_sentence import sentence_of
from fhir_mappings.people.person import Person
from fhir_mappings.sentence import Sentence
from fhir_mappings.submission.transaction import Submission, submission_bundle
from smart_app import __version__
from smart_app.care.forms.asked_form import AskedForm, check_clinician_chosen
from smart_app.care.forms.saved_drafts import keeps_refusal
from smart_app.care.record.access import base_of
from smart_app.care.record.page_rule import AFTER_SEEN, Confirmation
from smart_app.care.record.record import ChartRecord, who_answers
from smart_app.care.submission.delivery import SENT_BEFORE, deliver, deliver_or_wait, entry_of
from smart_app.care.submission.delivery_log import log_not_kept
from smart_app.care.submission.sealed_submission import ScoreLine, SealedSubmission, content_of, from_payload, to_payload
from smart_app.care.submission.visit_state import check_asked_here, unconfirmed, visit_now
from smart_app.errors import FROM_CHART_AGAIN, NotSealed, OutcomeNotKept, SessionError, StoreError, WrongPatient
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.store import Draft

Fields = Mapping[str, Sequence[str]]
# The field of what is confirmed; of one of them with what it is behind it.
CONFIRMED = "confirmed"
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


def submit(
    record: ChartRecord, asked: AskedForm, *, key: str, patient: str, fields: Fields, confirmed: Collection[str] = ()
) -> Invalid | str:
    """Store the answers and give back the key of the receipt, or say what is wrong with them.

    `patient` is the one the form was rendered for, `confirmed` what staff have ticked of what the page asks them to confirm. SessionError
    when the patient is not this launch's, the key is another launch's, the form does not say whom it is about, or no page would offer it.
    A failure of the FHIR server raises nothing: the submission is sealed, and the receipt says how it stands. NotSealed, and nothing was
    sent, where the app's own database cannot seal it; OutcomeNotKept where it failed after that."""
    with _taking(record, asked, key=key, patient=patient):
        return _submit(record, asked, key=key, fields=fields, confirmed=confirmed)


def submit_not_answered(
    record: ChartRecord, asked: AskedForm, *, key: str, patient: str, reason: NotAnsweredReason, by_staff: bool = False
) -> str:
    """Store that the patient's form was not answered, forget what was typed into it, and give back the key of the receipt. `by_staff`:
    staff enter it; else the patient says so themself, and it can be nothing but their own refusal.

    The key is that of the form: what was sent under it before stands, whatever is sent now. Raises as `submit` does, and SessionError where
    staff have entered another reason under this key."""
    with _taking(record, asked, key=key, patient=patient):
        return _submit_not_answered(record, asked, key=key, reason=reason, by_staff=by_staff)


@contextmanager
def _taking(record: ChartRecord, asked: AskedForm, *, key: str, patient: str) -> Iterator[None]:
    """What comes with a form of the right place is taken; a failure of the database is said as what it means for what came."""
    _check_place(record.context, key=key, patient=patient)
    check_clinician_chosen(asked)
    try:
        yield
    except OutcomeNotKept:
        raise
    except StoreError as error:
        raise _not_taken(record, key, error) from error


def _submit_not_answered(record: ChartRecord, asked: AskedForm, *, key: str, reason: NotAnsweredReason, by_staff: bool) -> str:
    # As with answers, what comes by a one-time link is sealed however the record stands.
    if record.own_device is None and not record.services.store.outbox.knows(key):
        check_asked_here(record, asked)
    sealed = _sealed_submission(record, asked, answers=_NOTHING_ANSWERED, key=key, not_answered=NoAnswers(reason=reason, by_staff=by_staff))
    if (deliver_or_wait if record.own_device else deliver)(record, sealed=sealed):
        _drop_drafts(record, asked)
        return key
    if by_staff and isinstance(_repeat(record, sealed=sealed, fields={}), Invalid):
        raise SessionError(_ANOTHER_REASON, next_step=Sentence("Open the hand-over page again to enter another one."))
    return key


_NOTHING_ANSWERED = Answers(values={}, declined=(), extra={})
_ANOTHER_REASON = Sentence("A reason was entered from this page before, and that one holds.")


class NoAnswers(Struct, frozen=True, kw_only=True):
    """Why a form was not answered, and whether staff enter it."""

    reason: NotAnsweredReason
    by_staff: bool


def _drop_drafts(record: ChartRecord, asked: AskedForm, *, which: Callable[[Draft], bool] = lambda _: True) -> None:
    """What was typed into this form of this patient, at whatever time, as whoever declines it is told; `which` of it."""
    drafts, rated = record.services.store.drafts, asked.chosen.reference if asked.chosen else None
    try:
        for draft in drafts.of(who_answers(record)):
            if (draft.slug, draft.informant, draft.rated) == (asked.slug, asked.informant, rated) and which(draft):
                drafts.drop(draft.key)
    except StoreError as error:
        log_not_kept("draft", error)


def _not_taken(record: ChartRecord, key: str, error: StoreError) -> StoreError:
    """What is said where the database failed: of answers that were sealed before, if that can be read, never that they were not taken."""
    try:
        sealed = record.services.store.outbox.knows(key)
    except StoreError:
        sealed = False
    return OutcomeNotKept(SENT_BEFORE, detail=error.detail) if sealed else NotSealed(_NOT_TAKEN, detail=error.detail)


_NOT_TAKEN = Sentence(
    "Rapport's own database cannot be used right now, so these answers could not be taken. Go back to the form, wait a minute and send it "
    "again: it is stored once, however often it is sent."
)


def _submit(record: ChartRecord, asked: AskedForm, *, key: str, fields: Fields, confirmed: Collection[str]) -> Invalid | str:
    # What was sent before under this key was asked then; and what comes by a one-time link is sealed however the record stands.
    asked_before = record.own_device is not None or record.services.store.outbox.knows(key)
    open_questions = () if asked_before else unconfirmed(record, asked, confirmed=confirmed)
    answers = parse(asked.instrument, asked.informant, fields)
    if isinstance(answers, Invalid) or open_questions:
        return _with_questions(answers, open_questions, kept=understood(asked.instrument, fields))
    if asked.from_paper:
        # An empty place on a sheet is no refusal to answer: it is left out.
        answers = replace(answers, declined=())
    after_seen = asked.informant == "clinician" and AFTER_SEEN in confirmed
    sealed = _sealed_submission(record, asked, answers=answers, key=key, after_seen=after_seen)
    if (deliver_or_wait if record.own_device else deliver)(record, sealed=sealed):
        _drop_draft(record, asked, key)
        return key
    return _repeat(record, sealed=sealed, fields=fields)


def _drop_draft(record: ChartRecord, asked: AskedForm, key: str) -> None:
    """What was kept of the form while it was typed is in the outbox now, and a refusal that was kept before holds no more. One that stays
    leads to the same key, and so to the receipt."""
    _drop_drafts(record, asked, which=lambda draft: draft.key == key or keeps_refusal(draft))


def _with_questions(answers: Answers | Invalid, questions: tuple[Confirmation, ...], *, kept: Mapping[str, str]) -> Invalid:
    """What is wrong with the answers, and what was not confirmed."""
    errors = answers.errors if isinstance(answers, Invalid) else ()
    asked = tuple(FieldError(link_id=f"{CONFIRMED}-{one}", message=_NOT_CONFIRMED) for one in questions)
    return Invalid(errors=(*errors, *asked), kept=kept)


_NOT_CONFIRMED = Sentence("Tick it to confirm, or go back without saving.")


def _check_place(context: LaunchContext, *, key: str, patient: str) -> None:
    """Right patient, and a key of the shape the form was given."""
    if patient != context.patient:
        raise WrongPatient(
            Sentence("This form was opened for another patient, so nothing was stored."),
            undenied=Sentence("This form was opened for another patient."),
            reopen=FROM_CHART_AGAIN,
        )
    if not _KEY.fullmatch(key):
        raise SessionError(
            Sentence("This form is damaged, so nothing was stored."),
            undenied=Sentence("This form is damaged."),
            next_step=Sentence("Open it again from the history."),
        )


def _sealed_submission(
    record: ChartRecord, asked: AskedForm, *, answers: Answers, key: str, not_answered: NoAnswers | None = None, after_seen: bool = False
) -> SealedSubmission:
    """Everything the outbox must know, so that no other source is needed to send or to show it. `after_seen` is what its author has
    confirmed."""
    instrument, informant, clinician = asked.instrument, asked.informant, asked.rated
    now = record.now()
    scores = {} if not_answered else score(instrument, answers.values)
    canonical = record.services.settings.canonical_base
    answering = record.own_device.answering if record.own_device else None
    submission = _submission(
        record.context,
        instrument,
        informant,
        answers=answers,
        scores=scores,
        clinician=clinician,
        key=key,
        now=now,
        canonical=canonical,
        answering=answering,
        after_seen=after_seen,
    )
    if not_answered:
        submission = _without_answers(record.context, submission, not_answered)
    return SealedSubmission(
        key=key,
        base=base_of(record.context),
        patient=record.context.patient,
        slug=instrument.slug,
        informant=informant,
        instrument_title=instrument.title,
        instrument_version=instrument.version,
        validated=instrument.validated,
        direction=instrument.direction,
        clinician=clinician.reference if clinician else None,
        clinician_name=clinician.name if clinician else None,
        answered=sum(item.link_id in answers.values or item.link_id in answers.extra for item in instrument.items),
        of=len(instrument.items),
        encounter=record.context.encounter,
        visit=visit_now(record),
        authored=now,
        digest=_digest(instrument.slug, informant, answers, clinician, submission.not_answered),
        scores=() if instrument.why_unscored else tuple(_line(instrument.scale(name), found) for name, found in scores.items()),
        content=content_of(submission_bundle(submission, base=canonical)),
        from_paper=submission.from_paper,
        unscored=None if not_answered else instrument.why_unscored,
        author=who_answers(record),
        scope=record.own_device.scope if record.own_device else record.context.scope,
        late=asked.late,
        not_answered=submission.not_answered,
        decided_by=submission.answered_by if not_answered else None,
        entered_by=submission.recorded_by if not_answered else None,
        after_seen=submission.after_seen,
    )


def _submission(
    context: LaunchContext,
    instrument: Instrument,
    informant: Informant,
    *,
    answers: Answers,
    scores: Mapping[str, Score],
    clinician: Person | None,
    key: str,
    now: datetime,
    canonical: str,
    answering: Answering | None,
    after_seen: bool,
) -> Submission:
    """What the mapping writes. The patient answers and records their own form, clinician and observer theirs; what was answered on paper
    is recorded by whoever is signed in. Who answers for a patient is nobody that can be named."""
    answered_by = None if answering == "proxy" else f"Patient/{context.patient}" if informant == "patient" else context.user.reference
    from_paper = instrument.from_paper(informant)
    return Submission(
        instrument=instrument,
        informant=informant,
        answers=answers,
        scores=scores,
        patient=context.patient,
        clinician=clinician,
        answered_by=answered_by,
        recorded_by=context.user.reference if from_paper else answered_by,
        from_paper=from_paper,
        answering=answering,
        encounter=context.encounter,
        authored=now,
        issued=now,
        key=key,
        app_version=__version__,
        tags=(demo_tag(canonical),) if context.synthetic else (),
        after_seen=after_seen,
    )


def _without_answers(context: LaunchContext, submission: Submission, told: NoAnswers) -> Submission:
    """The same of a form that was not answered. A refusal is the patient's own decision, also where they said it to staff, who enter it;
    every other reason is staff's."""
    patient, staff = f"Patient/{context.patient}", context.user.reference
    decided_by = patient if is_refusal(told.reason) else staff
    recorded_by = staff if told.by_staff else decided_by
    return replace(submission, not_answered=told.reason, answered_by=decided_by, recorded_by=recorded_by, from_paper=False)


def _line(scale: Scale, found: Score) -> ScoreLine:
    return ScoreLine(role=scale.key, title=sentence_of(scale.title), text=found.text, high=scale.high, reason=found.reason)


def _digest(
    slug: str, informant: Informant, answers: Answers, clinician: Person | None, not_answered: NotAnsweredReason | None = None
) -> str:
    """Equal for equal answers to the same form, about the same clinician where an observer chose one, whatever the order they came in."""
    whom = [clinician.reference] if informant == "observer" and clinician else []
    content = [
        slug,
        informant,
        dict(answers.values),
        sorted(answers.declined),
        dict(answers.extra),
        *whom,
        *([not_answered] if not_answered else []),
    ]
    return sha256(simplejson.dumps(content, sort_keys=True).encode()).hexdigest()


def _repeat(record: ChartRecord, *, sealed: SealedSubmission, fields: Fields) -> Invalid | str:
    """The same key again: equal answers lead to the first one's receipt, changed ones are refused and said to be."""
    entry = entry_of(record, key=sealed.key)
    first = from_payload(entry.payload)
    if first.digest != sealed.digest:
        kept = {name: values[0] for name, values in fields.items() if values}
        return Invalid(errors=(FieldError(link_id="", message=_CHANGED),), kept=kept)
    if entry.state in {"stored", "partly"} and not first.repeated:
        payload = to_payload(replace(first, repeated=True))
        record.services.store.outbox.reseal(sealed.key, entry.state, launch_id=record.launch, payload=payload, author=first.author)
    return sealed.key


_CHANGED = Sentence(
    "This form was sent before with other answers. Those were kept; the answers on this page were not stored. "
    "To rate again, open a new form from the history."
)
