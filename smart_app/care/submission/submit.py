"""From a filled-in form to the record: checked, scored, sealed, sent once. What became of it is the receipt's to say.

A submission is known by its key, minted with the form. One request sends it; a second one with the same key sends nothing."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

import simplejson
from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.answers import Answers, FieldError, Invalid, parse
from fhir_mappings.instruments.canonicals import demo_tag
from fhir_mappings.instruments.instrument import Informant, Instrument, Scale
from fhir_mappings.instruments.scores import Score
from fhir_mappings.instruments.scoring import score
from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.people.person import Person
from fhir_mappings.submission.transaction import Submission, submission_bundle
from smart_app import __version__
from smart_app.care.forms.observed_clinician import chosen, note_of
from smart_app.care.record.access import Powers, base_of, powers, prepare
from smart_app.care.record.patient_in_context import Patient, open_patient
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import deliver, entry_of, resolve, send_again
from smart_app.care.submission.sealed_submission import Parcel, ScoreLine, content_of, from_payload, to_payload
from smart_app.care.submission.write_ladder import highest
from smart_app.errors import Forbidden, SessionError, WrongPatient
from smart_app.launch.context import LaunchContext
from smart_app.services import AppServices

__all__ = ["AskedForm", "FormDraft", "about_clinician", "ask", "begin_form", "receipt", "resolve", "send_again", "submit"]

Fields = Mapping[str, Sequence[str]]
_BEGUN: tuple[Informant, ...] = ("patient", "clinician", "observer")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


class AskedForm(Struct, frozen=True, kw_only=True):
    """A form as it was asked for at one of the two doors, the clinic's or the patient's own: resolved there, once, and handed on.
    `signed_in` has the page open; `alone`: that is the patient, with no clinician around. `chosen` is the clinician the form is about where
    the sign-in does not say it, None while nobody is chosen, and `note` says the same, sealed, to the form's next pages."""

    instrument: Instrument
    informant: Informant
    signed_in: Person
    alone: bool
    chosen: Person | None = None
    note: str = ""

    @property
    def slug(self) -> str:
        """The instrument's name in addresses."""
        return self.instrument.slug

    @property
    def from_paper(self) -> bool:
        """Whether the answers are typed in from the licensed sheet."""
        return self.instrument.from_paper(self.informant)

    @property
    def asks_whom(self) -> bool:
        """Whether it must be told which clinician it is about: a patient's own or an observer's is not about whoever is signed in."""
        return self.instrument.rated == "clinician" and (self.alone or self.informant == "observer")

    @property
    def rated(self) -> Person | None:
        """Whom it is about; None for a questionnaire about a team or about nobody, and while nobody is chosen."""
        if self.asks_whom:
            return self.chosen
        return self.signed_in if self.instrument.rated == "clinician" else None


class FormDraft(Struct, frozen=True, kw_only=True):
    """What a form page needs. `key` goes into the form as a hidden field. `clinician` is who is rated, None where nobody is;
    `signed_in` who has the page open. `from_paper`: the answers are typed in from the licensed sheet. `step` says how it will be stored, or
    `why_not_write` why it can only be kept in Rapport. `alone`: the patient has signed in themself, with no clinician around."""

    key: str
    instrument: Instrument
    informant: Informant
    clinician: Person | None
    signed_in: Person
    from_paper: bool
    patient: Patient
    encounter: str | None
    step: str | None
    why_not_write: str | None
    alone: bool = False


def ask(record: ChartRecord, *, slug: str, informant: Informant, note: str = "") -> AskedForm:
    """The form for whoever is signed in; `note` says whom it is about, as an earlier page was given it, "" where none was. SessionError
    for an instrument, informant or user that has no such form, and for a note of another form, launch or patient."""
    alone = record.context.by_patient
    if alone and informant != "patient":
        raise SessionError("This form is not meant for the person signed in, so nothing was stored.")
    instrument = own_form_of(record.services, slug) if alone else form_of(record.services, slug, informant)
    user = record.context.user
    signed_in = Person(reference=user.reference, name=user.name) if alone else practitioner(record.context)
    asked = AskedForm(instrument=instrument, informant=informant, signed_in=signed_in, alone=alone)
    if not note or not asked.asks_whom:
        return asked
    return replace(asked, chosen=chosen(record, note=note, form=(slug, informant)), note=note)


def about_clinician(record: ChartRecord, asked: AskedForm, person: Person) -> AskedForm:
    """The same form about that clinician, with the note its next pages need; as it is where the sign-in says whom it is about."""
    if not asked.asks_whom:
        return asked
    return replace(asked, chosen=person, note=note_of(record, person, form=(asked.slug, asked.informant)))


def begin_form(record: ChartRecord, asked: AskedForm) -> FormDraft:
    """A fresh form. SessionError when it does not say whom it is about; FhirError when the patient cannot be read; Forbidden where a
    patient who has signed in themself could store nothing."""
    _check_whom(asked)
    prepare(record.context.iss, record.services)
    patient = open_patient(record)
    allowed = powers(record)
    rung = highest(allowed)
    if asked.alone and rung is None:
        raise Forbidden("Your record system does not let you send answers from here.", status=403)
    return FormDraft(
        key=record.services.new_id(),
        instrument=asked.instrument,
        informant=asked.informant,
        clinician=asked.rated,
        signed_in=asked.signed_in,
        from_paper=asked.from_paper,
        patient=patient,
        encounter=record.context.encounter,
        step=rung.step if rung else None,
        why_not_write=None if rung else why_not_write(allowed),
        alone=asked.alone,
    )


def submit(record: ChartRecord, asked: AskedForm, *, key: str, patient: str, fields: Fields) -> Invalid | str:
    """Store the answers and give back the key of the receipt, or say what is wrong with them.

    `patient` is the one the form was rendered for. SessionError when that is not this launch's, the key is another launch's, or the form
    does not say whom it is about.
    A failure of the FHIR server raises nothing: the submission is sealed, and the receipt says how it stands."""
    _check_place(record.context, key=key, patient=patient)
    _check_whom(asked)
    answers = parse(asked.instrument, asked.informant, fields)
    if isinstance(answers, Invalid):
        return answers
    if asked.from_paper:
        # An empty place on a sheet is no refusal to answer: it is left out.
        answers = replace(answers, declined=())
    parcel = _parcel(record, asked, answers=answers, key=key)
    if deliver(record, parcel=parcel):
        # What was kept of the form while it was typed is in the outbox now.
        record.services.store.drafts.drop(key)
        return key
    return _repeat(record, parcel=parcel, fields=fields)


def form_of(services: AppServices, slug: str, informant: Informant) -> Instrument:
    """The instrument, when this site uses it and it has that informant's form. SessionError otherwise."""
    if slug not in services.settings.instruments:
        raise SessionError("This site does not use such a form.")
    try:
        instrument = services.library.get(slug, language=services.settings.language)
    except KeyError as error:
        raise SessionError("There is no such form.") from error
    if informant not in instrument.forms:
        raise SessionError("This form is not meant for that person.")
    return instrument


def own_form_of(services: AppServices, slug: str) -> Instrument:
    """The same for a patient who has signed in themself: one they can answer without a licensed sheet."""
    instrument = form_of(services, slug, "patient")
    if instrument.from_paper("patient"):
        raise SessionError("This form is filled in on paper, at the clinic.")
    return instrument


def _check_whom(asked: AskedForm) -> None:
    """SessionError when the form does not say which clinician it is about, or an observer has chosen themself."""
    told = asked.chosen is not None and asked.chosen.reference != asked.signed_in.reference
    if asked.asks_whom and not told:
        raise SessionError(_PATIENTS_ABOUT_NOBODY if asked.alone else _OBSERVERS_ABOUT_NOBODY)


_PATIENTS_ABOUT_NOBODY = "This form does not say which clinician it is about, so nothing was stored."
_OBSERVERS_ABOUT_NOBODY = "An observer rates another clinician, and this page does not say whom. Open the form again from the history."


def forms_offered(services: AppServices) -> tuple[tuple[Instrument, Informant], ...]:
    """Every form a clinician can begin, in the site's order; the patient's before the clinician's, the observer's last."""
    return tuple(
        (form_of(services, slug, informant), informant)
        for slug in services.settings.instruments
        for informant in _BEGUN
        if informant in services.library.get(slug).forms
    )


def practitioner(context: LaunchContext) -> Person:
    """Whoever is signed in. SessionError when that is no practitioner."""
    if not is_clinician(context.user.kind):
        raise SessionError(
            "The person signed in is not a clinician, so there is nobody to rate. Open Rapport from the chart as a clinician."
        )
    return Person(reference=context.user.reference, name=context.user.name)


def why_not_write(allowed: Powers) -> str | None:
    """Why not even the answers can be stored; None when they can."""
    return allowed.why_not("QuestionnaireResponse", "create") if highest(allowed) is None else None


def _check_place(context: LaunchContext, *, key: str, patient: str) -> None:
    """Right patient, and a key of the shape the form was given."""
    if patient != context.patient:
        raise WrongPatient("This form was opened for another patient, so nothing was stored. Open Rapport from the chart again.")
    if not _KEY.fullmatch(key):
        raise SessionError("This form is damaged, so nothing was stored. Open it again from the history.")


def _parcel(record: ChartRecord, asked: AskedForm, *, answers: Answers, key: str) -> Parcel:
    """Everything the outbox must know, so that no other source is needed to send or to show it."""
    instrument, informant, clinician = asked.instrument, asked.informant, asked.rated
    now = record.now()
    scores = score(instrument, answers.values)
    canonical = record.services.settings.canonical_base
    submission = _submission(
        record.context, instrument, informant, answers=answers, scores=scores, clinician=clinician, key=key, now=now, canonical=canonical
    )
    return Parcel(
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
        visit=f"Encounter/{record.context.encounter}" if record.context.encounter else now.date().isoformat(),
        authored=now,
        digest=_digest(instrument.slug, informant, answers, clinician),
        scores=() if instrument.why_unscored else tuple(_line(instrument.scale(name), found) for name, found in scores.items()),
        content=content_of(submission_bundle(submission, base=canonical)),
        from_paper=submission.from_paper,
        unscored=instrument.why_unscored,
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
) -> Submission:
    """What the mapping writes. The patient answers and records their own form, clinician and observer theirs; what was answered on paper
    is recorded by whoever is signed in."""
    answered_by = f"Patient/{context.patient}" if informant == "patient" else context.user.reference
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
        encounter=context.encounter,
        authored=now,
        issued=now,
        key=key,
        app_version=__version__,
        tags=(demo_tag(canonical),) if context.synthetic else (),
    )


def _line(scale: Scale, found: Score) -> ScoreLine:
    return ScoreLine(role=scale.key, title=scale.title, text=found.text, high=scale.high, reason=found.reason)


def _digest(slug: str, informant: Informant, answers: Answers, clinician: Person | None) -> str:
    """Equal for equal answers to the same form, about the same clinician where an observer chose one, whatever the order they came in."""
    whom = [clinician.reference] if informant == "observer" and clinician else []
    content = [slug, informant, dict(answers.values), sorted(answers.declined), dict(answers.extra), *whom]
    return sha256(simplejson.dumps(content, sort_keys=True).encode()).hexdigest()


def _repeat(record: ChartRecord, *, parcel: Parcel, fields: Fields) -> Invalid | str:
    """The same key again: equal answers lead to the first one's receipt, changed ones are refused and said to be."""
    entry = entry_of(record, key=parcel.key)
    sealed = from_payload(entry.payload)
    if sealed.digest != parcel.digest:
        kept = {name: values[0] for name, values in fields.items() if values}
        return Invalid(errors=(FieldError(link_id="", message=_CHANGED),), kept=kept)
    if entry.state == "acknowledged" and not sealed.repeated:
        payload = to_payload(replace(sealed, repeated=True))
        record.services.store.outbox.reseal(parcel.key, "acknowledged", launch_id=record.launch, payload=payload)
    return parcel.key


_CHANGED = (
    "This form was sent before with other answers. Those were kept; the answers on this page were not stored. "
    "To rate again, open a new form from the history."
)
