"""What became of a submission: what was written, where, what was not, and what is not known."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.not_answered import NotAnsweredReason
from fhir_mappings.people.person import Person
from fhir_mappings.sentence import Sentence
from smart_app.care.forms.late_visit import LateVisit
from smart_app.care.submission.sealed_submission import Decision

# "accepted": the server took the answers and named their place, and shows nothing there. "discarded" and "copied" (to the note) are what a
# named person decided over answers that the record does not hold, "closed" over what is missing beside answers that it does.
Outcome = Literal["saved", "partly_saved", "accepted", "kept", "unknown", "refused", "discarded", "copied", "closed"]
# "not_found": the server says that there is no such entry; "not_read": it did not say.
ReadBack = Literal["same", "differs", "not_found", "not_read"]


class StoredPart(Struct, frozen=True, kw_only=True):
    """One stored resource. `what` for people ("Answers", "Total"), `value` for people ("9 of 9", "4.25 of 5"),
    `reference` is `Type/id`, `version` the server's version id."""

    what: str
    value: Sentence
    reference: str
    version: str | None
    read_back: ReadBack
    note: Sentence | None = None


class NotWritten(Struct, frozen=True, kw_only=True):
    """One resource that is not in the record: why, where it is now and what to do. `scored`: it says a score, or several together."""

    what: str
    scored: bool
    why: Sentence
    now: Sentence
    todo: Sentence


class Receipt(Struct, frozen=True, kw_only=True):
    """A submission as it stands. `step` is the rung of the ladder in words ("one transaction"); `note_text` is ready to paste.
    `repeated` is True when this very submission had been stored before and was not stored again. `clinician` is None where nobody is rated;
    `unscored` says why there are no scores; `decision` who discarded it or copied it to the note. `completable`: the answers are stored,
    and what is missing beside them can be tried again; `late` is the visit where it is one of before. `not_answered` is why there are no
    answers, `decided_by` the reference of whoever decided that."""

    key: str
    outcome: Outcome
    informant: Informant
    clinician: Person | None
    instrument_title: Sentence
    version: str
    answered: int
    of: int
    visit: str
    submitted: datetime
    step: Sentence
    written: tuple[StoredPart, ...]
    not_written: tuple[NotWritten, ...]
    note_text: Sentence
    reason: Sentence | None
    repeated: bool = False
    from_paper: bool = False
    unscored: Sentence | None = None
    completable: bool = False
    late: LateVisit | None = None
    decision: Decision | None = None
    not_answered: NotAnsweredReason | None = None
    decided_by: str | None = None
