"""`rapport demo --check`: the whole job without a browser, step by step, over HTTP only."""

import re
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

import click
import requests

from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.references import ID, PatientOnServer, literal_reference, whose_reference
from smart_app.cli.demo.check_steps import Steps, expect, expect_none
from smart_app.cli.demo.environment import DemoEnvironment
from smart_app.cli.demo.fhir_reader import FhirReader, reader_for
from smart_app.cli.demo.html_visitor import HtmlVisitor, Page, PageForm
from smart_app.cli.demo.page_findings import (
    SentRating,
    ratings_not_found,
    reads_not_whole,
    receipt_findings,
    results_not_found,
    totals_shown,
)
from smart_app.cli.demo.seeded_results import SeededResult

_REFERENCE = re.compile(rf"\b(QuestionnaireResponse|Observation|Provenance)/({ID})")
_CODE = re.compile(r"\b\d{3} \d{3}\b")
_INSTRUMENT = "rapport-check-in"
_TIMEOUT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who the job is done on: a Patient id, the user (`Practitioner/x`, None: the first), the HbA1c results their record was given, and
    how the embedded EHR is to misbehave towards the app."""

    patient: str
    user: str | None = None
    hba1c: tuple[SeededResult, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass
class Walk:
    """One clinician's way through the job, and what it left behind."""

    stand: DemoEnvironment
    subject: Subject
    visitor: HtmlVisitor
    dashboard: Page | None = None
    stored: list[str] = field(default_factory=list)
    before: list[FhirJson] = field(default_factory=list)
    given: list[SentRating] = field(default_factory=list)
    code: str = ""

    @property
    def rated_before(self) -> bool:
        """True when a clinician rated today's visit before this walk began: then nothing is kept back any more."""
        sources = (literal_reference(one.get("source", {}).get("reference"), base=self.stand.fhir) for one in self.before)
        return any(is_clinician(source.type) for source in sources if source)

    @property
    def chart(self) -> Page:
        """The dashboard as last seen. LookupError before the first."""
        if self.dashboard is None:
            raise LookupError("the chart was never opened")
        return self.dashboard

    def open(self) -> None:
        """Launch from the EHR, or pick the patient on an open server."""
        self.dashboard = self._from_ehr() if self.stand.ehr else self._by_picking()
        expect(self.chart.status == 200, f"The dashboard was asked for, and {self.chart.status} was answered: {self.chart.text[:300]}")
        expect("/l/" in self.chart.url, f"The launch was to lead to a dashboard, and ended at {self.chart.url.split('?')[0]}.")

    def _from_ehr(self) -> Page:
        """The page an EHR launch leads to."""
        asked = {"user": self.subject.user, "options": {"faults": list(self.subject.faults)} if self.subject.faults else None}
        wish = {"patient": self.subject.patient} | {name: value for name, value in asked.items() if value}
        answer = requests.post(f"{self.stand.ehr}/launches", json=wish, timeout=_TIMEOUT)
        expect(
            answer.status_code == 201, f"The EHR was asked to launch the app, and {answer.status_code} was answered: {answer.text[:300]}"
        )
        return self.visitor.get(answer.json()["launch_url"])

    def _by_picking(self) -> Page:
        """The page that choosing the patient leads to."""
        picker = self.visitor.get(f"{self.stand.app}/open?{urlencode({'iss': self.stand.fhir, 'id': self.subject.patient})}")
        form = next((one for one in picker.forms if one.hidden.get("patient") == self.subject.patient), None)
        if form is None:
            raise LookupError(f"the picker ({picker.status}) does not offer the patient")
        return self.visitor.send(picker, form, {})

    def again(self, *, years: str = "2") -> Page:
        """The dashboard, read anew."""
        self.dashboard = self.visitor.get(f"{self.chart.url.split('?')[0]}?years={years}")
        expect(self.dashboard.status == 200, f"The dashboard was asked for again, and {self.dashboard.status} was answered.")
        return self.dashboard

    def form(self, informant: str) -> tuple[Page, PageForm]:
        """The questionnaire of an informant, reached as a person reaches it."""
        page = self.visitor.get(self.chart.link(going_to="/handover/" if informant == "patient" else f"/check/{_INSTRUMENT}/clinician"))
        if informant == "patient":
            page = self._handed_over(page)
        expect(page.status == 200, f"The {informant}'s form was asked for, and {page.status} was answered.")
        return page, page.form(going_to="/answers" if informant == "patient" else f"/check/{_INSTRUMENT}/{informant}")

    def _handed_over(self, page: Page) -> Page:
        """The patient's form behind the hand-over page, once name and birth date agree and they have said that it is them, or that they
        began what waits. The code is remembered, as staff would."""
        shown = _CODE.search(page.text)
        expect(shown is not None, "The hand-over page shows no return code.")
        self.code = shown[0] if shown else ""
        start = self.visitor.send(page, page.form(going_to="/handover/"), {"identified-name": "yes", "identified-born": "yes"})
        waits = any("/draft/continue" in form.action for form in start.forms)
        return self.visitor.send(start, start.form(going_to="/draft/continue" if waits else "/begin"), {})

    def take_back(self) -> None:
        """The device, from the patient: whatever is asked of the chart is refused until then, and opens by the code."""
        locked = self.visitor.get(self.chart.url)
        expect(locked.status == 403, f"The chart was asked for while the device was lent, and {locked.status} was answered.")
        way = self.visitor.get(f"{self.stand.app}/lent")
        back = self.visitor.send(way, way.form(going_to="/lent/take-back"), {"code": self.code})
        expect(back.status == 200 and "/l/" in back.url, f"The code was to open the chart again, and {back.status} was answered.")


def _scored(form: PageForm) -> list[str]:
    """The names of the scored items of a form."""
    return [name for name in form.radios if re.fullmatch(r"(goal|task|bond)-\d", name)]


def _answers(form: PageForm, *, higher: int = 1, leave_out: int = 0) -> dict[str, str]:
    """An answer to every scored item but the last `leave_out`, one step more to the first `higher` of them."""
    names = _scored(form)
    chosen = {name: form.radios[name][3 if place < higher else 2] for place, name in enumerate(names)}
    return {name: chosen[name] for name in names[: len(names) - leave_out]}


def _rating(walk: Walk, informant: str, form: PageForm) -> SentRating:
    """A rating of today with a total that neither stands on the chart for today nor was given before: else one of an earlier walk could be
    taken for it. The first where all have been used."""
    day = datetime.now(walk.stand.zone).date()
    known = totals_shown(walk.chart, day) | {one.total for one in walk.given}
    possible = [SentRating(informant=informant, answers=_answers(form, higher=number), day=day) for number in range(1, len(_scored(form)))]
    return next((one for one in possible if one.total not in known), possible[0])


def _rate(walk: Walk, informant: str) -> Page:
    """Answer an informant's form whole; where that leads. The rating is remembered as it was given."""
    page, form = walk.form(informant)
    rating = _rating(walk, informant, form)
    walk.given.append(rating)
    # Whoever rated this visit before, in another walk, says that it is meant.
    return walk.visitor.send(page, form, {**rating.answers, **form.boxes})


def _references(page: Page) -> list[str]:
    """Every stored resource a receipt names."""
    return sorted({"/".join(found) for found in _REFERENCE.findall(page.text)})


def _incomplete(walk: Walk) -> None:
    """An incomplete form is refused, says what is missing and keeps the answers."""
    page, form = walk.form("patient")
    given = _answers(form, leave_out=2)
    answer = walk.visitor.send(page, form, given)
    expect(answer.status == 422, f"An incomplete form was to be answered with 422, and {answer.status} was answered.")
    missing = set(_scored(form)) - set(given)
    expect(all(f"#{name}" in answer.html for name in missing), "The error summary does not lead to every missing item.")
    kept = {name: value for name, value in answer.checked.items() if name in given}
    expect(kept == given, f"Of {len(given)} answers given in an incomplete form, the page that came back has {len(kept)}.")
    walk.take_back()


def _patient_rates(walk: Walk) -> None:
    """The patient answers, and sees thanks but no score."""
    thanks = _rate(walk, "patient")
    expect(
        thanks.status == 200 and "/thanks/" in thanks.url,
        f"The patient's answers were to lead to thanks, and led to {thanks.status} at another page.",
    )
    expect(not _references(thanks), "The patient's thanks names stored resources, which are the clinic's business.")
    expect(not [href for _, href in thanks.links if "/l/" in href], "The patient's thanks has a link to the chart.")
    walk.take_back()


def _clinician_rates(walk: Walk) -> None:
    """The clinician answers; the receipt says saved, and names what was stored, each part read back as the same."""
    receipt = _rate(walk, "clinician")
    expect(
        receipt.status == 200 and "/receipt/" in receipt.url,
        f"The clinician's answers were to lead to a receipt, and led to {receipt.status} at another page.",
    )
    walk.stored = _references(receipt)
    expect(any(one.startswith("QuestionnaireResponse/") for one in walk.stored), "The receipt names no QuestionnaireResponse.")
    expect(
        sum(one.startswith("Observation/") for one in walk.stored) >= 4,
        f"The receipt was to name four Observations or more, and names {', '.join(walk.stored)}.",
    )
    expect_none(receipt_findings(receipt))


def _read_back(walk: Walk, reader: FhirReader) -> None:
    """Both submissions are in the record, once and whole, each resource of this patient, found by id."""
    known = {one["id"] for one in walk.before}
    responses = [one for one in reader.responses_today() if one["id"] not in known]
    expect(len(responses) == 2, f"Two new responses were looked for in the record, and {len(responses)} are there.")
    for reference in {*walk.stored, *reader.derived_from(responses)}:
        resource = reader.read(reference)
        expect(resource["resourceType"] == reference.split("/")[0], f"{reference} was read by its id, and is a {resource['resourceType']}.")
        # A Provenance has no subject.
        subject = resource.get("subject", {"reference": f"Patient/{walk.subject.patient}"})
        owner = whose_reference(subject, PatientOnServer(id=walk.subject.patient, base=reader.base)).owner
        expect(owner == "own", f"{reference} belongs to another patient.")


# A rating that is kept back stands in one of these, whether or not it can be shown without rating.
_WAITING = "notice waiting"


def _hidden_then_shown(walk: Walk, steps: Steps) -> None:
    """Blind entry: the patient's rating appears with the clinician's own."""
    if walk.rated_before:
        click.echo("        A clinician rated today's visit before, so nothing is kept back now.")
    with steps.step("dashboard before the clinician's rating keeps the patient's back"):
        expect(
            _WAITING in walk.again().html or walk.rated_before,
            "The patient has rated, and the dashboard does not say that a rating is waiting.",
        )
    with steps.step("clinician submission, with a receipt read back by id"):
        _clinician_rates(walk)
    with steps.step("dashboard shows both ratings of today, every read complete"):
        page = walk.again(years="all")
        kept_back = ["A rating is still kept back."] if _WAITING in page.html else []
        expect_none([*kept_back, *ratings_not_found(page, walk.given), *reads_not_whole(page)])


def _as_given(walk: Walk, steps: Steps) -> None:
    """What the record was given is on the page."""
    wanted = walk.subject.hba1c
    if not wanted:
        click.echo("        This patient was given no HbA1c, so none is looked for.")
    with steps.step(f"every read complete{f', each of {len(wanted)} HbA1c on the page' if wanted else ''}"):
        page = walk.again(years="all")
        expect_none([*results_not_found(page, wanted, walk.stand.zone), *reads_not_whole(page)])


def run(stand: DemoEnvironment, subject: Subject, steps: Steps) -> None:
    """The whole job on one patient. Where the chart cannot be opened and read, the rest is not tried."""
    with closing(HtmlVisitor()) as visitor:
        walk = Walk(stand=stand, subject=subject, visitor=visitor)
        reader: FhirReader | None = None
        with steps.step("EHR launch to the dashboard" if stand.ehr else "patient picked on the open server, dashboard"):
            walk.open()
            before = reader_for(stand, subject.patient)
            walk.before = before.responses_today()
            reader = before
        if reader is not None:
            _walk_through(walk, reader, steps)


def _walk_through(walk: Walk, reader: FhirReader, steps: Steps) -> None:
    """See, answer, store, see again."""
    _as_given(walk, steps)
    with steps.step("incomplete patient form is refused, answers kept"):
        _incomplete(walk)
    with steps.step("patient submission on a lent device, taken back by its code"):
        _patient_rates(walk)
    _hidden_then_shown(walk, steps)
    with steps.step("every stored resource read back through the FHIR API"):
        _read_back(walk, reader)
