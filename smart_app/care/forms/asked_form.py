"""A form as it was asked for: which instrument, whose answers, about whom. Resolved once, at the door."""

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.people.person import Person
from fhir_mappings.sentence import Sentence
from smart_app.care.forms.late_visit import LateVisit, late_visit
from smart_app.care.forms.observed_clinician import chosen, note_of
from smart_app.care.record.record import ChartRecord
from smart_app.errors import SessionError
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.services import AppServices

_BEGUN: tuple[Informant, ...] = ("patient", "clinician", "observer")


class AskedForm(Struct, frozen=True, kw_only=True):
    """A form as it was asked for at one of the two doors, the clinic's or the patient's own: resolved there, once, and handed on.
    `signed_in` has the page open; `alone`: that is the patient, with no clinician around. `chosen` is the clinician the form is about where
    the sign-in does not say it, None while nobody is chosen, and `note` says the same, sealed, to the form's next pages. `late` is the
    visit it is about where that is not the one open now, `loan` the loan under which the patient answers, "" for none."""

    instrument: Instrument
    informant: Informant
    signed_in: Person
    alone: bool
    chosen: Person | None = None
    note: str = ""
    late: LateVisit | None = None
    loan: str = ""

    @property
    def slug(self) -> str:
        """The instrument's name in addresses."""
        return self.instrument.slug

    @property
    def from_paper(self) -> bool:
        """Whether the answers are typed in from the licensed sheet."""
        return self.instrument.from_paper(self.informant)

    @property
    def patients_own(self) -> bool:
        """Whether the patient answers it themself, on a screen."""
        return self.informant == "patient" and not self.from_paper

    @property
    def asks_clinician(self) -> bool:
        """Whether it must be told which clinician it is about: a patient's own or an observer's is not about whoever is signed in."""
        return self.instrument.rated == "clinician" and (self.alone or self.informant == "observer")

    @property
    def rated(self) -> Person | None:
        """Whom it is about; None for a questionnaire about a team or about nobody, and while nobody is chosen."""
        if self.asks_clinician:
            return self.chosen
        return self.signed_in if self.instrument.rated == "clinician" else None


def ask(record: ChartRecord, *, slug: str, informant: Informant, note: str = "", late: str = "", loan: str = "") -> AskedForm:
    """The form for whoever is signed in; `note` says whom it is about, and `late` which visit of before, as an earlier page was given them,
    "" where none was; `loan` is the loan under which a patient asks. SessionError for an instrument, informant or user that has no such
    form, and for a note of another form, launch or patient."""
    alone = record.context.by_patient
    if alone and informant != "patient":
        raise SessionError(
            Sentence("This form is not meant for the person signed in, so nothing was stored."),
            undenied=Sentence("This form is not meant for the person signed in."),
        )
    instrument = portal_form_of(record.services, slug) if alone else form_of(record.services, slug, informant)
    user = record.context.user
    signed_in = Person(reference=user.reference, name=user.name) if alone else practitioner(record.context)
    before = late_visit(record, late, form=(slug, informant)) if late else None
    asked = AskedForm(instrument=instrument, informant=informant, signed_in=signed_in, alone=alone, late=before, loan=loan)
    if not note or not asked.asks_clinician:
        return asked
    return replace(asked, chosen=chosen(record, note=note, form=(slug, informant)), note=note)


def about_clinician(record: ChartRecord, asked: AskedForm, person: Person) -> AskedForm:
    """The same form about that clinician, with the note its next pages need; as it is where the sign-in says whom it is about."""
    if not asked.asks_clinician:
        return asked
    return replace(asked, chosen=person, note=note_of(record, person, form=(asked.slug, asked.informant)))


def in_language(services: AppServices, asked: AskedForm, code: str) -> AskedForm:
    """The same form in the language of the page that asks for it, where there is wording in it that may be shown; else as it is."""
    if not code or asked.from_paper or code == asked.instrument.language:
        return asked
    found = services.library.get(asked.slug, version=asked.instrument.version, language=code)
    return replace(asked, instrument=found) if found.language == code and not found.from_paper(asked.informant) else asked


def form_of(services: AppServices, slug: str, informant: Informant) -> Instrument:
    """The instrument, when this site uses it and it has that informant's form. SessionError otherwise."""
    if slug not in services.settings.instruments:
        raise SessionError(Sentence("This site does not use such a form."))
    try:
        instrument = services.library.get(slug, language=services.settings.language)
    except KeyError as error:
        raise SessionError(Sentence("There is no such form.")) from error
    if informant not in instrument.forms:
        raise SessionError(Sentence("This form is not meant for that person."))
    return instrument


def portal_form_of(services: AppServices, slug: str) -> Instrument:
    """The same for a patient who has signed in themself: one they can answer without a licensed sheet."""
    instrument = form_of(services, slug, "patient")
    if instrument.from_paper("patient"):
        raise SessionError(Sentence("This form is filled in on paper, at the clinic."))
    return instrument


def check_clinician_chosen(asked: AskedForm) -> None:
    """SessionError when the form does not say which clinician it is about, or an observer has chosen themself."""
    told = asked.chosen is not None and asked.chosen.reference != asked.signed_in.reference
    if asked.asks_clinician and not told:
        if asked.alone:
            raise SessionError(_PATIENTS_ABOUT_NOBODY, undenied=_ABOUT_NOBODY)
        raise SessionError(_OBSERVERS_ABOUT_NOBODY)


_PATIENTS_ABOUT_NOBODY = Sentence("This form does not say which clinician it is about, so nothing was stored.")
_ABOUT_NOBODY = Sentence("This form does not say which clinician it is about.")
_OBSERVERS_ABOUT_NOBODY = Sentence(
    "An observer rates another clinician, and this page does not say whom. Open the form again from the history."
)


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
            Sentence("The person signed in is not a clinician, so there is nobody to rate."),
            next_step=Sentence("Open Rapport from the chart as a clinician."),
        )
    return Person(reference=context.user.reference, name=context.user.name)
