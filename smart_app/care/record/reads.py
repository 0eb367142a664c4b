"""The reads of a dashboard, all at once: what to ask for, whether it may be asked, and an honest report of each."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.canonicals import CATEGORIES, category_system, score_codes, score_system
from fhir_mappings.measures.catalogue import codes_of, groups_of
from fhir_mappings.measures.measure import MeasureGroup
from fhir_mappings.r4.references import by_owner, source_of
from fhir_mappings.r4.systems import OBSERVATION_CATEGORY
from fhir_mappings.skipped import UntiedResource, untied_resource
from smart_app.care.record.access import Permissions, patient_on_server, permissions, reader
from smart_app.care.record.patient_in_context import check_readable
from smart_app.care.record.record import ChartRecord
from smart_app.errors import FhirError, Forbidden
from smart_app.fhir.client import FhirClient, Params, Resource
from smart_app.fhir.gather import Failed, Loaded, gather
from smart_app.fhir.search_pages import SearchResult
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.services import AppServices

LoadState = Literal["complete", "partial", "failed", "unsupported", "not_permitted"]


class ReadReport(Struct, frozen=True, kw_only=True):
    """How one read went. `title` for people ("HbA1c"), `count` resources used, `reason` a sentence unless complete, `lasting` whether
    asking again would end the same; `notes` are what the server says beside every answer.

    `foreign` is how many resources of other patients it returned that no read before it had returned: one counts once. `untied` are those
    of which nobody can say whose they are. None of either is used.
    """

    key: str
    title: str
    state: LoadState
    count: int
    reason: str | None
    foreign: int
    finished: datetime
    untied: tuple[UntiedResource, ...] = ()
    notes: tuple[str, ...] = ()
    lasting: bool = False

    @property
    def whole(self) -> bool:
        """Whether "none" may be said of it: it ended, and everything it returned was the patient's or another's."""
        return self.state == "complete" and not self.untied

    @property
    def unfinished(self) -> bool:
        """Whether it did not complete and may do so another time. What was not granted, or is not offered, stays so."""
        return self.state in {"failed", "partial"} and not self.lasting


PATIENT = "patient"
ANSWERS = "answers"
SCORES = "scores"
_COUNT = ("_count", "200")


class DashboardSearch(Struct, frozen=True, kw_only=True):
    """One search of the dashboard: `title` for people, `params` without the patient's, `categories` (FHIR's observation-category) under
    which records file every result of it, empty where they differ; `forms` is how the addresses of the forms begin that it is after."""

    key: str
    title: str
    type: str
    params: tuple[tuple[str, str], ...]
    categories: tuple[str, ...] = ()
    forms: str = ""


class Readings(Struct, frozen=True, kw_only=True):
    """The Patient, the resources of each read that are this patient's, and how each read went."""

    patient: Resource
    resources: Mapping[str, Sequence[Resource]]
    reports: Mapping[str, ReadReport]


def read_all(record: ChartRecord, *, only: Sequence[str] = ()) -> Readings:
    """Everything one dashboard is made of, or `only` those reads and the Patient, one round trip deep. FhirError when the Patient cannot be
    read or is another."""
    allowed = permissions(record)
    check_readable(allowed)
    wanted = [search for search in _searches(record.services, allowed) if not only or search.key in only]
    refusals = {search.key: refusal for search in wanted if (refusal := _refusal(search, allowed)) is not None}
    client = reader(record)
    reads: dict[str, Callable[[float], SearchResult]] = {PATIENT: partial(_patient, client, record.context.patient)}
    for search in wanted:
        if search.key not in refusals:
            reads[search.key] = partial(_search, client, search.type, _params(search, allowed, record.context.patient))
    results = gather(record.services.pool, reads, seconds=record.services.settings.read_deadline)
    partly = {search.key for search in wanted if _in_part(search, allowed)}
    return _readings(record.context, results, refusals, partly, searches=wanted, finished=record.services.clock())


_THE_PATIENT = DashboardSearch(key=PATIENT, title="Patient", type="Patient", params=())


def _searches(services: AppServices, allowed: Permissions) -> tuple[DashboardSearch, ...]:
    """Answers, scores, and one search per measure group."""
    # Asked for whole and sorted out here: servers differ on whether `questionnaire=` matches a versioned canonical, and a wrong guess would
    # look like "none".
    forms = f"{services.settings.canonical_base}/Questionnaire/"
    answers = DashboardSearch(key=ANSWERS, title="Alliance answers", type="QuestionnaireResponse", params=(), forms=forms)
    # Filed as every score is that Rapport writes (fhir_mappings.submission.score_observations).
    scores = DashboardSearch(
        key=SCORES, title="Alliance scores", type="Observation", params=_score_params(services, allowed), categories=("survey",)
    )
    return (answers, scores, *(_group_search(services, group) for group in groups_of(services.measures)))


def _group_search(services: AppServices, group: MeasureGroup) -> DashboardSearch:
    params = (("code", _tokens(services, group.key)),)
    return DashboardSearch(key=group.key, title=group.title, type="Observation", params=params, categories=group.categories)


def _score_params(services: AppServices, allowed: Permissions) -> tuple[tuple[str, str], ...]:
    """Our own categories where they can be searched, else our own codes. What a score is of, its code says: questionnaires that rate nobody
    had the alliance's category before they got their own."""
    base = services.settings.canonical_base
    if allowed.capabilities.searchable("Observation", "category") is not False:
        return (("category", ",".join(f"{category_system(base)}|{code}" for code in CATEGORIES)),)
    codes = dict.fromkeys(code for instrument in services.library.instruments for code in score_codes(instrument))
    return (("code", ",".join(f"{score_system(base)}|{code}" for code in codes)),)


def _tokens(services: AppServices, group: str) -> str:
    """A group's codes as one token list."""
    return ",".join(f"{system}|{code}" for system, code in codes_of(services.measures, group))


def _refusal(search: DashboardSearch, allowed: Permissions) -> tuple[LoadState, str] | None:
    """Why a search is not made: not granted, or not offered. A server that does not advertise a search may answer it with everything."""
    if not allowed.granted(search.type, "search-type"):
        return "not_permitted", f"This sign-in does not include permission to search {search.type}."
    missing = [name for name, _ in search.params if allowed.capabilities.searchable(search.type, name) is False]
    if missing or _patient_param(allowed, search.type) is None:
        what = f"by {missing[0]}" if missing else "by patient"
        return "unsupported", f"The server does not offer searching {search.type} {what}, so it was not asked."
    return None


def _in_part(search: DashboardSearch, allowed: Permissions) -> bool:
    """Whether the sign-in covers only some of the type's resources, and others than the ones searched for."""
    categories = [f"{OBSERVATION_CATEGORY}|{code}" for code in search.categories]
    covered = bool(categories) and allowed.granted(search.type, "search-type", categories=categories)
    return allowed.in_part(search.type, "search-type") and not covered


def _patient_param(allowed: Permissions, resource_type: str) -> str | None:
    """`patient` or `subject`, whichever the server advertises; `patient` where it states nothing; None where it offers neither."""
    stated = {name: allowed.capabilities.searchable(resource_type, name) for name in ("patient", "subject")}
    return next((name for name in stated if stated[name]), "patient" if stated["patient"] is None else None)


def _params(search: DashboardSearch, allowed: Permissions, patient: str) -> Params:
    name = _patient_param(allowed, search.type)
    value = f"Patient/{patient}" if name == "subject" else patient
    return ((name or "patient", value), *search.params, _COUNT)


def _patient(client: FhirClient, patient: str, deadline: float) -> SearchResult:
    """The Patient as a result of one; the client refuses another id."""
    resource = client.read("Patient", patient, deadline=deadline)
    return SearchResult(resources=(resource,), included=(), notes=(), complete=True, reason=None, pages=1)


def _search(client: FhirClient, resource_type: str, params: Params, deadline: float) -> SearchResult:
    return client.search(resource_type, params, deadline=deadline)


def _readings(
    context: LaunchContext,
    results: Mapping[str, Loaded[SearchResult] | Failed],
    refusals: Mapping[str, tuple[LoadState, str]],
    partly: AbstractSet[str],
    *,
    searches: Sequence[DashboardSearch],
    finished: datetime,
) -> Readings:
    """Results sorted into this patient's and others'. Raises the Patient read's error: without it nothing is shown."""
    patient = results[PATIENT]
    if isinstance(patient, Failed):
        raise patient.error
    reports = {PATIENT: _report(_THE_PATIENT, "complete", count=1, reason=None, foreign=0, finished=finished)}
    resources: dict[str, Sequence[Resource]] = {}
    strangers: set[str] = set()
    for search in searches:
        resources[search.key], report = _sorted(context, search, results.get(search.key), refusals, finished=finished, strangers=strangers)
        reports[search.key] = _said_in_part(report, search.type) if search.key in partly else report
    return Readings(patient=patient.value.resources[0], resources=resources, reports=reports)


def _sorted(
    context: LaunchContext,
    search: DashboardSearch,
    result: Loaded[SearchResult] | Failed | None,
    refusals: Mapping[str, tuple[LoadState, str]],
    *,
    finished: datetime,
    strangers: set[str],
) -> tuple[Sequence[Resource], ReadReport]:
    """One read's own resources, and its report. `strangers` are the other patients' resources counted so far: a server that ignores the
    patient in a search returns the same ones to every search."""
    if result is None:
        state, reason = refusals[search.key]
        return (), _report(search, state, count=0, reason=reason, foreign=0, finished=finished)
    if isinstance(result, Failed):
        return (), _report(search, _state(result.error), count=0, reason=result.reason, foreign=0, finished=finished)
    own, of_another, untied = by_owner(result.value.resources, patient_on_server(context))
    known = len(strangers)
    strangers.update(source_of(other, search.type) for other in of_another)
    state = "complete" if result.value.complete else "partial"
    report = _report(search, state, count=len(own), reason=result.value.reason, foreign=len(strangers) - known, finished=finished)
    left = (untied_resource(resource, judged) for resource, judged in untied if _is_sought(resource, search))
    return own, replace(report, untied=tuple(dict.fromkeys(left)), notes=result.value.notes, lasting=result.value.lasting)


def _is_sought(resource: Resource, search: DashboardSearch) -> bool:
    """Whether the page would show it if it were the patient's: a response to the EHR's own forms is none of its business."""
    return not search.forms or str(resource.get("questionnaire") or "").startswith(search.forms)


def _said_in_part(report: ReadReport, resource_type: str) -> ReadReport:
    """A complete answer to a sign-in that covers a part is a part: the server leaves the rest out without a word."""
    if report.state not in {"complete", "partial"}:
        return report
    reason = " ".join(filter(None, (f"This sign-in covers only some of {resource_type}, so others may be missing.", report.reason)))
    return replace(report, state="partial", reason=reason, lasting=report.lasting or report.state == "complete")


def _state(error: FhirError) -> LoadState:
    """A refusal for lack of permission is told apart from a failure."""
    return "not_permitted" if isinstance(error, Forbidden) else "failed"


def _report(search: DashboardSearch, state: LoadState, *, count: int, reason: str | None, foreign: int, finished: datetime) -> ReadReport:
    return ReadReport(key=search.key, title=search.title, state=state, count=count, reason=reason, foreign=foreign, finished=finished)
