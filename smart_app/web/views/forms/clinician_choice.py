"""Before an observer's form: whom it is about."""

from collections import Counter
from datetime import date

from msgspec import Struct

from fhir_mappings.sentence import full_sentence, joined
from smart_app.care.forms.observed_clinician import Candidates, ClinicianChoice
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web.views.banner import Banner, clinician_banner, plain_name
from smart_app.web.views.parts import Fact


class ClinicianRow(Struct, frozen=True, kw_only=True):
    """One clinician: `reference` goes back, `name` and `role` are read."""

    reference: str
    name: str
    role: str


class ClinicianChoiceView(Struct, frozen=True, kw_only=True):
    """Everything the page prints. Without `rows` nobody can be chosen, and `steps` says what to do; `looked` is where they were looked
    for, and what came of it. `chosen`: the reference of one of them."""

    banner: Banner
    form: str
    lead: str
    rows: tuple[ClinicianRow, ...]
    problem: str
    steps: tuple[str, ...]
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
    me = f"{context.user.name} is" if context.user.name else "You are"
    rows = tuple(_row(one, twice=same[one.person.name] > 1) for one in found.choices)
    return ClinicianChoiceView(
        banner=clinician_banner(found.patient, today=today),
        form=f"{title}, the observer’s form",
        lead=f"{me} signed in to rate, as an observer, how {patient} and another clinician work together." if rows else _nobody(patient),
        rows=rows,
        problem="" if unknown is None else _UNKNOWN if unknown else _NONE,
        steps=() if rows else _STEPS,
        looked=tuple(_looked(place, outcome) for place, outcome in found.looked),
        action=action,
        back=back,
        patient=found.patient.id,
    )


_NONE = "Choose the clinician you rate."
_UNKNOWN = "The clinician who was chosen is not among those the record names now. Choose one of these."
_STEPS = (
    "Open Rapport from a visit of this patient that names the clinician as a participant.",
    "Or have the clinician entered in the record as the patient’s general practitioner or in their care team.",
    "Or let the clinician or the patient rate first: who was rated here before can be chosen.",
)


def _nobody(patient: str) -> str:
    return (
        f"The record names no clinician but you in connection with {patient}, so there is nobody to choose and nothing can be entered yet."
    )


def _looked(place: str, outcome: str) -> Fact:
    return Fact(label=f"{place[:1].upper()}{place[1:]}", value=full_sentence(outcome))


def _row(one: ClinicianChoice, *, twice: bool) -> ClinicianRow:
    """By name; by the reference where there is none, and beside it where two have one name."""
    person = one.person
    name = person.name or f"Name not recorded ({person.reference})"
    return ClinicianRow(
        reference=person.reference,
        name=f"{name} ({person.reference})" if twice and person.name else name,
        role=full_sentence(joined("; ", one.roles)),
    )
