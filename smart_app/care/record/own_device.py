"""A patient who answers on a device of their own, behind a one-time link: whose answers they are, and what stands in for a sign-in."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.people.patient import PatientFields
from smart_app.launch.context.launch_context import Author
from smart_app.store import Transaction


class OwnDevice(Struct, frozen=True, kw_only=True):
    """`author` is the patient, `patient` who they were when the link was made, `answering` who said that they answer; `in_room`: they are
    at the clinic. `scope` is what the launch that made it was granted: nothing is sent with more. `waits`: that launch is over, so answers
    wait, sealed, for a later one. `until` is when answers are taken for the last time. `accepted` notes, in the transaction that seals
    answers, that they are those of the link: once."""

    author: Author
    patient: PatientFields
    answering: Answering
    in_room: bool
    scope: str
    waits: bool
    until: datetime
    accepted: Callable[[str, Transaction], None]
