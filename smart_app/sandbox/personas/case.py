"""What a persona file may say: the person, the visits with their answers, the results. Data only; `build` makes resources of it."""

from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,30}$")]
DaysAgo = Annotated[int, Field(ge=0, le=365 * 13)]
Answers = Annotated[str, StringConstraints(pattern=r"^[1-5x.]{3} [1-5x.]{3} [1-5x.]{3}$")]
Number = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?$")]
Difficult = Literal["no", "a-little", "yes", "rather-not-say"]
ResponseStatus = Literal["completed", "amended", "entered-in-error"]
ObservationStatus = Literal["final", "amended", "corrected", "preliminary", "entered-in-error", "cancelled"]

SPACES = 2  # between the three elements' answers


class PersonaTable(BaseModel):
    """A table of a persona file; unknown keys are refused, so a typing error cannot drop data quietly."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonaPatient(PersonaTable):
    """The patient. `born` may be a year or year and month; `mrn` is absent where there is no number; `deceased` in days before today."""

    family: str
    given: str
    title: str | None = None
    gender: Literal["female", "male", "other", "unknown"] | None
    born: Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    mrn: str | None = None
    height_cm: Number | None = None
    deceased: DaysAgo | None = None


class RatingEntry(PersonaTable):
    """One filled-in form. `answers` are nine signs, goal task bond: a digit 1 to 5, `x` for declined, `.` for left open.
    In a file `"444 345 555 a-little"` is short for answers and the direct question; `key` tells two forms of one visit apart."""

    answers: Answers
    difficult: Difficult | None = None
    status: ResponseStatus = "completed"
    scores: ObservationStatus = "final"
    key: Key | None = None

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, written: object) -> object:
        if not isinstance(written, str) or written.count(" ") < SPACES:
            return written
        goal, task, bond, *difficult = written.split(" ")
        return {"answers": f"{goal} {task} {bond}", "difficult": " ".join(difficult) or None}


class PersonaVisit(PersonaTable):
    """One visit. `at` is the time of day in UTC, not used for today because it might still lie ahead. `clinician` was seen and rated.
    `patient` and `nurse_or_doctor` are the two informants' forms of the visit."""

    key: Key
    days_ago: DaysAgo
    at: time = time(9, 30)
    clinician: Key
    reason: str = "Diabetes review"
    patient: tuple[RatingEntry, ...] = ()
    nurse_or_doctor: tuple[RatingEntry, ...] = ()


class PersonaSeries(PersonaTable):
    """Results of one test: (days before today, value as the laboratory wrote it). Blood pressure is `134/82`, a time-in-range
    panel `very low/low/in range/high/very high` in percent."""

    test: Key
    performer: Key | None = None
    values: tuple[tuple[DaysAgo, Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?(/\d+(\.\d+)?)*$")]], ...]


class PersonaResult(PersonaTable):
    """One result that is out of the ordinary. `unit` (UCUM) replaces the test's unit, `""` leaves it out; `absent` is a
    data-absent-reason, for a result without a value."""

    key: Key
    test: Key
    days_ago: DaysAgo
    value: Number | None = None
    unit: str | None = None
    comparator: Literal["<", "<=", ">", ">="] | None = None
    status: ObservationStatus = "final"
    absent: str | None = None
    performer: Key | None = None
    note: str | None = None


BookingStatus = Literal["booked", "fulfilled", "noshow", "cancelled"]


class PersonaCourse(PersonaTable):
    """A diabetes education course, in days before today: when it was referred to, what was booked and what became of each booking, and
    when the programme recorded that it was attended and completed."""

    referred: DaysAgo
    bookings: tuple[tuple[DaysAgo, BookingStatus], ...] = ()
    attended: tuple[DaysAgo, ...] = ()
    completed: DaysAgo | None = None


class PersonaMedicine(PersonaTable):
    """A medicine by its name alone, at the days before today on which it was prescribed."""

    key: Key
    name: str
    prescribed: tuple[DaysAgo, ...]
    status: Literal["active", "stopped", "completed"] = "active"


class Persona(PersonaTable):
    """One synthetic patient. `slug` starts every id and identifier; `purpose` is the one sentence the Patient resource carries. Visits of
    at least `older_form_until` days ago were rated by the version of the form before today's."""

    slug: Key
    purpose: str
    person: PersonaPatient
    clinician: Key
    older_form_until: DaysAgo | None = None
    visits: tuple[PersonaVisit, ...] = ()
    series: tuple[PersonaSeries, ...] = ()
    results: tuple[PersonaResult, ...] = ()
    course: PersonaCourse | None = None
    medicines: tuple[PersonaMedicine, ...] = ()


class Practitioner(PersonaTable):
    """A member of staff at `organisation`."""

    key: Key
    family: str
    given: str
    title: str | None = None
    role: str


class Organisation(PersonaTable):
    """A clinic or laboratory."""

    key: Key
    name: str


class Staff(PersonaTable):
    """Who the personas meet: `staff.toml`. The first organisation is the clinic."""

    organisations: tuple[Organisation, ...]
    practitioners: tuple[Practitioner, ...]


class Test(PersonaTable):
    """A kind of result: LOINC code, UCUM unit and its spelling. `parts` are (code, text) of a panel's components;
    `source` says where code and unit come from."""

    __test__ = False

    key: Key
    code: str
    display: str | None = None
    text: str
    unit: str | None = None
    label: str | None = None
    category: Literal["laboratory", "vital-signs"] | None = None
    performer: Key | None = None
    method: str | None = None
    period_days: int | None = None
    parts: tuple[tuple[str, str], ...] = ()
    source: str


class Catalogue(PersonaTable):
    """Every kind of result the personas use: `catalogue.toml`."""

    tests: tuple[Test, ...]
