"""The reads of a dashboard: what to ask for, whether it may be asked, and an honest report of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from functools import partial
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.events.education_codes import load_education_codes
from fhir_mappings.instruments.canonicals import CATEGORIES, category_system, score_codes, score_system
from fhir_mappings.measures.catalogue import codes_of, groups_of
from fhir_mappings.measures.measure import Measure, MeasureGroup
from fhir_mappings.r4.references import by_owner, source_of
from fhir_mappings.r4.systems import OBSERVATION_CATEGORY
from fhir_mappings.sentence import Sentence, joined
from fhir_mappings.skipped import UntiedResource, untied_resource
from smart_app.care.record.access import Permissions, patient_on_server, permissions, reader
from smart_app.care.record.patient_in_context import check_readable
from smart_app.care.record.record import ChartRecord
from smart_app.care.record.search_line import SearchExtent, SearchLine, SearchQuestion, all_of, as_far_as_both
from smart_app.care.record.search_rounds import SearchRounds
from smart_app.errors import FhirError, Forbidden
from smart_app.fhir.client import FhirClient, Resource
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.launch.oauth.granted_features import features_of
from smart_app.services import AppServices

LoadState = Literal["complete", "partial", "failed", "unsupported", "not_permitted"]


class ReadReport(Struct, frozen=True, kw_only=True):
    """How one read went. `title` for people ("HbA1c"), `count` resources used, `reason` a sentence unless complete. Where `since` is given,
    only what is older is missing. `lasting`: asking again would end the same; `notes` are what the server says beside every answer.

    `foreign` is how many resources of other patients it returned that no read before it had returned: one counts once. `untied` are those
    of which nobody can say whose they are. None of either is used.
    """

    key: str
    title: str
    state: LoadState
    count: int
    reason: Sentence | None
    foreign: int
    finished: datetime
    untied: tuple[UntiedResource, ...] = ()
    notes: tuple[str, ...] = ()
    lasting: bool = False
    since: date | None = None

    @property
    def whole(self) -> bool:
        """Whether "none" and "first" may be said of it: it ended, and everything it returned was the patient's or another's."""
        return self.state == "complete" and not self.untied

    @property
    def unfinished(self) -> bool:
        """Whether it did not complete and may do so another time. What was not granted, or is not offered, stays so."""
        return self.state in {"failed", "partial"} and not self.lasting

    @property
    def of_events(self) -> bool:
        """Whether it is one of visits, education or medicines: what it lacks says nothing of ratings and results."""
        return self.key in _OF_EVENTS

    def covers(self, day: date) -> bool:
        """Whether nothing of that day or later is missing: of which day on "latest" may be said, and of the one before."""
        return self.whole or (self.since is not None and day >= self.since and not self.untied)


PATIENT = "patient"
ANSWERS = "answers"
SCORES = "scores"
VISITS, REFERRALS, BOOKINGS, PROCEDURES, MEDICINES = (
    "visits",
    "education-referrals",
    "education-bookings",
    "education-procedures",
    "medicines",
)
# What is read for a feature that the entry asks for: no result and no rating comes of it.
EVENT_READS: Mapping[str, tuple[str, ...]] = {
    "visit": (VISITS,),
    "education": (REFERRALS, BOOKINGS, PROCEDURES),
    "medicines": (MEDICINES,),
}
_OF_EVENTS = frozenset(key for keys in EVENT_READS.values() for key in keys)
# As every score is filed that Rapport writes (fhir_mappings.submission.score_observations).
_SURVEY = ("survey",)


class DashboardSearch(Struct, frozen=True, kw_only=True):
    """One search of the dashboard: `title` for people, `params` without the patient's, `categories` (FHIR's observation-category) under
    which records file every result of it, empty where they differ, `filed` those to ask for in place of codes; `forms` is how the addresses
    of the forms begin that it is after, `codes` what its results are coded with; `measures` those it reads, where there are several.
    `instead` is what to ask a server in place of `params` that refuses them, None where there is nothing else, and `short_of` what may then
    be missing. `last`: its further pages come after everybody else's."""

    key: str
    title: str
    type: str
    params: tuple[tuple[str, str], ...]
    categories: tuple[str, ...] = ()
    filed: tuple[str, ...] = ()
    forms: str = ""
    codes: frozenset[tuple[str, str]] = frozenset()
    measures: tuple[Measure, ...] = ()
    instead: tuple[tuple[str, str], ...] | None = None
    short_of: Sentence | None = None
    last: bool = False


class Readings(Struct, frozen=True, kw_only=True):
    """The Patient, the resources of each read that are this patient's, and how each read went; `measures` how that of a measure did which
    was searched for by itself."""

    patient: Resource
    resources: Mapping[str, Sequence[Resource]]
    reports: Mapping[str, ReadReport]
    measures: Mapping[str, ReadReport] = {}


def read_all(record: ChartRecord, *, only: Sequence[str] = ()) -> Readings:
    """Everything one dashboard is made of, or `only` those reads and the Patient: one round trip deep, or more where there are many
    results. FhirError when the Patient cannot be read or is another."""
    allowed = permissions(record)
    check_readable(allowed)
    wanted = [search for search in _searches(record, allowed) if not only or search.key in only]
    refusals = {search.key: refusal for search in wanted if (refusal := _refusal(search, allowed)) is not None}
    client, services = reader(record), record.services
    questions = [_question(search, allowed, record.context.patient) for search in wanted if search.key not in refusals]
    rounds = SearchRounds(
        client=client, pool=services.pool, seconds=services.settings.read_deadline, today=record.now().date(), zone=record.zone
    )
    patient, lines = rounds.ask(partial(_patient, client, record.context.patient), questions)
    partly = {search.key for search in wanted if _in_part(search, allowed)}
    return _readings(record.context, patient, lines, refusals, partly, searches=wanted, finished=services.clock())


_THE_PATIENT = DashboardSearch(key=PATIENT, title=Sentence("Patient"), type="Patient", params=())


def _searches(record: ChartRecord, allowed: Permissions) -> tuple[DashboardSearch, ...]:
    """Answers, scores, one search per measure group, and what is read of events: last, so that of the requests left theirs are."""
    services = record.services
    # Asked for whole and sorted out here: servers differ on whether `questionnaire=` matches a versioned canonical, and a wrong guess would
    # look like "none".
    forms = f"{services.settings.canonical_base}/Questionnaire/"
    answers = DashboardSearch(key=ANSWERS, title=Sentence("Alliance answers"), type="QuestionnaireResponse", params=(), forms=forms)
    groups = (_group_search(services, group) for group in groups_of(services.measures))
    return (answers, _score_search(services, allowed), *groups, *_event_searches(record, allowed))


def events_asked_for(record: ChartRecord) -> tuple[str, ...]:
    """The features whose events are read: asked for by the server's entry, and granted to this launch. One that was not granted is off as a
    whole, which the page says."""
    issuer = record.services.registration.find(record.context.iss)
    if issuer is None:
        return ()
    asked, granted = ({one.key for one in features_of(scope)} for scope in (issuer.scope, record.context.scope))
    return tuple(key for key in EVENT_READS if key in asked and key in granted)


def _event_searches(record: ChartRecord, allowed: Permissions) -> Iterator[DashboardSearch]:
    """Those asked for, as their server takes them."""
    asked = {key for feature in events_asked_for(record) for key in EVENT_READS[feature]}
    return (_as_offered(search, allowed) for search in _EVENT_SEARCHES if search.key in asked)


def _as_offered(search: DashboardSearch, allowed: Permissions) -> DashboardSearch:
    """By the codes of education where the server offers that, else whole: what is none of it is passed over either way. Nor is it asked
    instead for what it does not offer."""
    by_code = search.key in _CODED and allowed.capabilities.searchable(search.type, "code") is not False
    if by_code:
        return replace(search, params=(("code", _tokens(load_education_codes())),), instead=())
    offered = all(allowed.capabilities.searchable(search.type, name) is not False for name, _ in search.instead or ())
    return search if offered else replace(search, instead=None)


_CODED = frozenset({REFERRALS, PROCEDURES})
_EVENT_SEARCHES: tuple[DashboardSearch, ...] = (
    DashboardSearch(key=VISITS, title=Sentence("Visits"), type="Encounter", params=(), last=True),
    DashboardSearch(key=REFERRALS, title=Sentence("Education referrals"), type="ServiceRequest", params=(), last=True),
    DashboardSearch(
        key=BOOKINGS,
        title=Sentence("Education bookings"),
        type="Appointment",
        params=(),
        # Oracle Health refuses a patient without dates, and wants both ends with their time (cerner/fhir.cerner.com pull request 476).
        instead=(("date", "ge1900-01-01T00:00:00Z"), ("date", "lt2200-01-01T00:00:00Z")),
        last=True,
    ),
    DashboardSearch(key=PROCEDURES, title=Sentence("Education procedures"), type="Procedure", params=(), last=True),
    DashboardSearch(
        key=MEDICINES,
        title=Sentence("Medicines"),
        type="MedicationRequest",
        params=(),
        # US Core promises a search by patient and intent and none by patient alone; athenahealth refuses that, and every other intent
        # (drajer-health/eCRNow issues 280 and 381).
        instead=(("intent", "order,plan"),),
        short_of=Sentence("The server wants to be asked for orders or plans by name, so requests of another kind may be missing."),
        last=True,
    ),
)


def _group_search(services: AppServices, group: MeasureGroup) -> DashboardSearch:
    codes, own = codes_of(services.measures, group.key), tuple(one for one in services.measures if one.group == group)
    return DashboardSearch(
        key=group.key,
        title=group.title,
        type="Observation",
        params=(("code", _tokens(codes)),),
        categories=group.categories,
        filed=group.categories or tuple(dict.fromkeys(code for one in groups_of(services.measures) for code in one.categories)),
        codes=frozenset(codes),
        measures=own if len(own) > 1 else (),
    )


def _score_search(services: AppServices, allowed: Permissions) -> DashboardSearch:
    """By our own categories where they can be searched, else by our own codes. What a score is of, its code says: questionnaires that rate
    nobody had the alliance's category before they got their own."""
    base = services.settings.canonical_base
    ours = dict.fromkeys(code for instrument in services.library.instruments for code in score_codes(instrument))
    codes = [(score_system(base), code) for code in ours]
    by_category = allowed.capabilities.searchable("Observation", "category") is not False
    param = ("category", _tokens((category_system(base), code) for code in CATEGORIES)) if by_category else ("code", _tokens(codes))
    return DashboardSearch(
        key=SCORES,
        title=Sentence("Alliance scores"),
        type="Observation",
        params=(param,),
        categories=_SURVEY,
        filed=_SURVEY,
        codes=frozenset(codes),
    )


def _tokens(codes: Iterable[tuple[str, str]]) -> str:
    """Codes as one token list."""
    return ",".join(f"{system}|{code}" for system, code in codes)


def _refusal(search: DashboardSearch, allowed: Permissions) -> tuple[LoadState, Sentence] | None:
    """Why a search is not made: not granted, or not offered. A server that does not advertise a search may answer it with everything."""
    if not allowed.granted(search.type, "search-type"):
        return "not_permitted", Sentence("This sign-in does not include permission to search {kind}.", kind=search.type)
    missing = [name for name, _ in search.params if allowed.capabilities.searchable(search.type, name) is False]
    if missing or _patient_param(allowed, search.type) is None:
        parameter = missing[0] if missing else "patient"
        return "unsupported", Sentence(
            "The server does not offer searching {kind} by {parameter}, so it was not asked.", kind=search.type, parameter=parameter
        )
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


# The search parameter that dates a type, where it is not `date` (http://hl7.org/fhir/R4/searchparameter-registry.html).
_SORTED_BY = {"QuestionnaireResponse": "authored", "ServiceRequest": "authored", "MedicationRequest": "authoredon"}


def _question(search: DashboardSearch, allowed: Permissions, patient: str) -> SearchQuestion:
    """The search as it is asked, newest first where its results can be told by date."""
    name = _patient_param(allowed, search.type) or "patient"
    whose = (name, f"Patient/{patient}" if name == "subject" else patient)
    by = _SORTED_BY.get(search.type, "date")
    dated = by if allowed.capabilities.searchable(search.type, by) is not False else ""
    again = _again(search, allowed)
    return SearchQuestion(
        key=search.key,
        type=search.type,
        params=(whose, *search.params),
        by=dated,
        again=None if again is None else (whose, *again),
        last=search.last,
        parts=tuple(
            SearchQuestion(
                key=_part_key(one), type=search.type, params=(whose, ("code", _tokens(codes_of((one,), one.group.key)))), by=dated
            )
            for one in search.measures
        ),
    )


def _again(search: DashboardSearch, allowed: Permissions) -> tuple[tuple[str, str], ...] | None:
    """How results are asked for at servers that take no list of codes, or want a category (US Core promises patient and category alone)."""
    if not search.filed or allowed.capabilities.searchable(search.type, "category") is False:
        return search.instead
    return (("category", _tokens((OBSERVATION_CATEGORY, code) for code in search.filed)),)


def _part_key(measure: Measure) -> str:
    return f"measure {measure.key}"


def _patient(client: FhirClient, patient: str, deadline: float) -> Resource:
    """The Patient; the client refuses another id."""
    return client.read("Patient", patient, deadline=deadline)


def _readings(
    context: LaunchContext,
    patient: Resource,
    lines: Mapping[str, SearchLine],
    refusals: Mapping[str, tuple[LoadState, Sentence]],
    partly: AbstractSet[str],
    *,
    searches: Sequence[DashboardSearch],
    finished: datetime,
) -> Readings:
    """Results sorted into this patient's and others'."""
    reports = {PATIENT: _report(_THE_PATIENT, "complete", count=1, reason=None, foreign=0, finished=finished)}
    resources: dict[str, Sequence[Resource]] = {}
    measures: dict[str, ReadReport] = {}
    strangers: set[str] = set()
    for search in searches:
        found, parts = _found(search, lines)
        resources[search.key], report = _sorted(context, search, found, refusals, finished=finished, strangers=strangers)
        reports[search.key] = _said_in_part(report, search.type) if search.key in partly else report
        for measure, part in parts.items():
            own = _with_extent(replace(report, title=measure.title), part)
            measures[measure.key] = _said_in_part(own, search.type) if search.key in partly else own
    return Readings(patient=patient, resources=resources, reports=reports, measures=measures)


def _found(search: DashboardSearch, lines: Mapping[str, SearchLine]) -> tuple[SearchExtent | None, Mapping[Measure, SearchExtent]]:
    """How far the search got, None where it was not made; and each of its measures, where they were searched for by themselves."""
    line = lines.get(search.key)
    if line is None or not line.split:
        return line.found() if line else None, {}
    group, asked = line.found(), {one: lines.get(_part_key(one)) for one in search.measures}
    parts = {one: as_far_as_both(group, line.found() if line else None) for one, line in asked.items()}
    return all_of(group, tuple(parts.values())), parts


def _sorted(
    context: LaunchContext,
    search: DashboardSearch,
    found: SearchExtent | None,
    refusals: Mapping[str, tuple[LoadState, Sentence]],
    *,
    finished: datetime,
    strangers: set[str],
) -> tuple[Sequence[Resource], ReadReport]:
    """One read's own resources, and its report. `strangers` are the other patients' resources counted so far: a server that ignores the
    patient in a search returns the same ones to every search."""
    if found is None:
        state, reason = refusals[search.key]
        return (), _report(search, state, count=0, reason=reason, foreign=0, finished=finished)
    if found.error is not None:
        return (), _report(search, _state(found.error), count=0, reason=found.error.user_message, foreign=0, finished=finished)
    own, of_another, untied = by_owner(found.resources, patient_on_server(context))
    known = len(strangers)
    strangers.update(source_of(other, search.type) for other in of_another)
    sought = [resource for resource in own if _is_coded_so(resource, search)] if found.otherwise and search.codes else own
    report = _report(search, "complete", count=len(sought), reason=None, foreign=len(strangers) - known, finished=finished)
    left = (untied_resource(resource, judged) for resource, judged in untied if _is_sought(resource, search, found))
    report = _with_extent(replace(report, untied=tuple(dict.fromkeys(left)), notes=found.notes), found)
    return sought, _said_otherwise(report, search) if found.otherwise else report


def _with_extent(report: ReadReport, found: SearchExtent) -> ReadReport:
    """How far it was read."""
    state: LoadState = "complete" if found.whole else "partial"
    return replace(report, state=state, reason=found.reason, since=found.since, lasting=found.lasting)


def _is_sought(resource: Resource, search: DashboardSearch, found: SearchExtent) -> bool:
    """Whether the page would show it if it were the patient's: a response to the EHR's own forms is none of its business, nor is what else
    is filed under a category."""
    if found.otherwise and search.codes:
        return _is_coded_so(resource, search)
    return not search.forms or str(resource.get("questionnaire") or "").startswith(search.forms)


def _is_coded_so(resource: Resource, search: DashboardSearch) -> bool:
    """Whether it, or a component of it, has one of the codes searched for."""
    components = resource.get("component")
    parts = [resource, *(components if isinstance(components, list) else ())]
    return any(pair in search.codes for part in parts if isinstance(part, dict) for pair in _codings(part.get("code")))


def _codings(concept: object) -> Iterator[tuple[str, str]]:
    """System and code of each coding of a concept."""
    listed = concept.get("coding") if isinstance(concept, dict) else None
    for coding in listed if isinstance(listed, list) else ():
        if isinstance(coding, dict):
            yield str(coding.get("system")), str(coding.get("code"))


_FILED_ELSEWHERE = Sentence("The server takes no list of codes, so the usual categories were read; results filed elsewhere may be missing.")


def _said_otherwise(report: ReadReport, search: DashboardSearch) -> ReadReport:
    """Of what records file under differing categories, some may be filed under another than those asked for."""
    reason = _FILED_ELSEWHERE if search.filed and not search.categories else search.short_of
    return report if reason is None else replace(report, state="partial", reason=_and(reason, report.reason), since=None, lasting=True)


def _said_in_part(report: ReadReport, resource_type: str) -> ReadReport:
    """A complete answer to a sign-in that covers a part is a part: the server leaves the rest out without a word."""
    if report.state not in {"complete", "partial"}:
        return report
    reason = Sentence("This sign-in covers only some of {kind}, so others may be missing.", kind=resource_type)
    return replace(
        report, state="partial", reason=_and(reason, report.reason), since=None, lasting=report.lasting or report.state == "complete"
    )


def _and(reason: Sentence, known: Sentence | None) -> Sentence:
    return joined(" ", (reason, known)) if known else reason


def _state(error: FhirError) -> LoadState:
    """A refusal for lack of permission is told apart from a failure."""
    return "not_permitted" if isinstance(error, Forbidden) else "failed"


def _report(
    search: DashboardSearch, state: LoadState, *, count: int, reason: Sentence | None, foreign: int, finished: datetime
) -> ReadReport:
    return ReadReport(key=search.key, title=search.title, state=state, count=count, reason=reason, foreign=foreign, finished=finished)
