"""Before an observer's form: whom it is about."""

from collections import Counter
from datetime import date

from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence, capitalised, full_sentence, joined
from smart_app.care.forms.observed_clinician import Candidates, ClinicianChoice
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web.views.banner import Banner, clinician_banner, plain_name
from smart_app.web.views.parts import Fact


class ClinicianRow(Struct, frozen=True, kw_only=True):
    """One clinician: `reference` goes back, `name` and `role` are read."""

    reference: str
    name: str
    role: Sentence


class ClinicianChoiceView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. Without `rows` nobody can be chosen, and `steps` says what to do; `looked` is where they were looked
    for, and what came of it. `chosen`: the reference of one of them."""

    banner: Banner
    form: Sentence
    lead: Sentence
    rows: tuple[ClinicianRow, ...]
    problem: Sentence
    steps: tuple[Sentence, ...]
    looked: tuple[Fact, ...]
    action: str
    back: str
    patient: str
    chosen: str = ""


def clinician_choice_view(
    found: Candidates, *, context: LaunchContext, title: str, action: str, back: str, today: date, unknown: bool | None
) -> ClinicianChoiceView:
    """The page of one search. `unknown` is None before a choice was sent, True for one that is not among those found, False for none."""
    same = Counter(one.person.name for one in found.choices)
    patient = plain_name(found.patient)
    rows = tuple(_row(one, twice=same[one.person.name] > 1) for one in found.choices)
    return ClinicianChoiceView(
        banner=clinician_banner(found.patient, today=today),
        form=Sentence("{instrument}, the observer’s form", instrument=title),
        lead=_lead(context.user.name, patient) if rows else _nobody(patient),
        rows=rows,
        problem=NOTHING if unknown is None else _UNKNOWN if unknown else _NONE,
        steps=() if rows else _STEPS,
        looked=tuple(_looked(place, outcome) for place, outcome in found.looked),
        action=action,
        back=back,
        patient=found.patient.id,
    )


_NONE = Sentence("Choose the clinician you rate.")
_UNKNOWN = Sentence("The clinician who was chosen is not among those the record names now. Choose one of these.")
_STEPS = (
    Sentence("Open Rapport from a visit of this patient that names the clinician as a participant."),
    Sentence("Or have the clinician entered in the record as the patient’s general practitioner or in their care team."),
    Sentence("Or let the clinician or the patient rate first: who was rated here before can be chosen."),
)


def _lead(me: str | None, patient: str) -> Sentence:
    if not me:
        return Sentence("You are signed in to rate, as an observer, how {patient} and another clinician work together.", patient=patient)
    named = {"me": me, "patient": patient}
    return Sentence("{me} is signed in to rate, as an observer, how {patient} and another clinician work together.", **named)


def _nobody(patient: str) -> Sentence:
    return Sentence(
        "The record names no clinician but you in connection with {patient}, so there is nobody to choose and nothing can be entered yet.",
        patient=patient,
    )


def _looked(place: str, outcome: Sentence) -> Fact:
    return Fact(label=capitalised(place), value=full_sentence(outcome))


def _row(one: ClinicianChoice, *, twice: bool) -> ClinicianRow:
    """By name; by the reference where there is none, and beside it where two have one name."""
    person = one.person
    name = person.name or Sentence("Name not recorded ({reference})", reference=person.reference)
    return ClinicianRow(
        reference=person.reference,
        name=Sentence("{name} ({reference})", name=name, reference=person.reference) if twice and person.name else name,
        role=full_sentence(joined("; ", one.roles)),
    )
