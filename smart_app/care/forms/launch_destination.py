"""Which page a launch opens: what the EHR asked for, where that is something this site offers, and the history otherwise.

Asked for by `appContext` (a CDS Hooks card or a task), by `fhirContext` (a form, a response), or by `intent`, in this order.
Nothing of what was asked is shown or followed but by name from the site's own lists."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.sentence import Sentence
from smart_app.care.forms.asked_form import form_of, forms_offered, practitioner
from smart_app.care.record.access import reader
from smart_app.care.record.record import ChartRecord
from smart_app.errors import FhirError, SessionError
from smart_app.launch.context.launch_context import ContextItem
from smart_app.services import AppServices

# An item without a role is what the app was opened for; the other one is the specification's own example of a form to show.
_ROLES = frozenset({"launch", "https://example.org/role/questionnaire-to-display"})
_Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Asking = Literal["patient", "clinician"]
# What an EHR's administrator may enter as intent (the timeline's two are the specification's examples); None is the history.
INTENTS: Mapping[str, Asking | None] = {
    "history": None,
    "summary-timeline-view": None,
    "recent-history-timeline": None,
    "new-assessment": "patient",
    "rate-visit": "clinician",
}


class AppContext(BaseModel):
    """Rapport's own `appContext`, as JSON text: `{"page": "form", "instrument": "rapport-check-in", "informant": "patient"}` or
    `{"page": "history"}`. Anything else in it makes it somebody else's."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    page: Literal["history", "form"]
    instrument: _Slug | None = None
    informant: Asking | None = None


class Destination(Struct, frozen=True, kw_only=True):
    """A form (`slug`, `informant`), or the history: then `response` is the answers to begin at (`QuestionnaireResponse/x`), and `unmet`
    says in a sentence what was asked for and is not to be had."""

    slug: str | None = None
    informant: Asking | None = None
    response: str | None = None
    unmet: Sentence | None = None


_HISTORY = Destination()
_APP_CONTEXT = TypeAdapter(AppContext)
_NOT_OFFERED = Sentence("The EHR asked for a form that cannot be opened here, so the history is shown.")
_NOT_UNDERSTOOD = Sentence("The EHR asked for something Rapport does not know, so the history is shown.")


def destination(record: ChartRecord) -> Destination:
    """Where the launch leads. Reads a Questionnaire where `fhirContext` names one by reference only; never fails the launch."""
    for asked in _asked(record):
        if asked.unmet is not None or asked.slug is None or asked.informant is None:
            return asked
        return asked if _offered(record, asked.slug, asked.informant) else Destination(unmet=_NOT_OFFERED)
    understood = not record.context.arrived.app_context and record.context.intent is None
    return _HISTORY if understood else Destination(unmet=_NOT_UNDERSTOOD)


def _asked(record: ChartRecord) -> Iterator[Destination]:
    """What was asked for and understood, what decides first."""
    yield from _by_app_context(record)
    yield from _by_item(record)
    yield from _by_intent(record)


def _by_app_context(record: ChartRecord) -> Iterator[Destination]:
    try:
        asked = _APP_CONTEXT.validate_json(record.context.arrived.app_context or "")
    except ValidationError:
        return
    if asked.page == "history":
        yield _HISTORY
    else:
        yield _form(record.services, asked.informant or "patient", slug=asked.instrument)


def _by_item(record: ChartRecord) -> Iterator[Destination]:
    """A form first; answers given already, where no form is named."""
    items = [item for item in record.context.arrived.items if item.role in _ROLES]
    for item in items:
        if item.type == "Questionnaire":
            yield _form_of_item(item, record)
    for item in items:
        if item.type == "QuestionnaireResponse" and item.in_context and item.reference:
            yield Destination(response=item.reference)


def _by_intent(record: ChartRecord) -> Iterator[Destination]:
    if record.context.intent is not None and record.context.intent in INTENTS:
        asking = INTENTS[record.context.intent]
        yield _form(record.services, asking) if asking else _HISTORY


def _form(services: AppServices, asking: Asking, *, slug: str | None = None) -> Destination:
    """A form of that instrument, or of the site's first that has one for this person."""
    first = next((instrument.slug for instrument, informant in forms_offered(services) if informant == asking), None)
    chosen = slug or first
    return Destination(slug=chosen, informant=asking) if chosen else Destination(unmet=_NOT_OFFERED)


def _form_of_item(item: ContextItem, record: ChartRecord) -> Destination:
    canonical = item.canonical or _canonical_at(item.reference, record)
    found = _instrument_of(canonical, record.services) if canonical else None
    return Destination(slug=found[0], informant=found[1]) if found else Destination(unmet=_NOT_OFFERED)


def _instrument_of(canonical: str, services: AppServices) -> tuple[str, Asking] | None:
    """Whose form it is, in the version that would be filled in; without a version that one is meant (FHIR R4, canonical)."""
    base, library = services.settings.canonical_base, services.library
    versions = [canonical] if "|" in canonical else [f"{canonical}|{version}" for version in {one.version for one in library.newest}]
    known = filter(None, (library.for_questionnaire(version, base) for version in versions))
    found = next((form for form in known if form[0].version == library.get(form[0].slug).version), None)
    return None if found is None or found[1] == "observer" else (found[0].slug, found[1])


def _canonical_at(reference: str | None, record: ChartRecord) -> str | None:
    """`url|version` of the Questionnaire on the launch's server; one elsewhere is not asked for."""
    if reference is None:
        return None
    try:
        found = reader(record).read_reference(reference)
    except FhirError:
        return None
    url, version = found.get("url"), found.get("version")
    if not isinstance(url, str):
        return None
    return f"{url}|{version}" if isinstance(version, str) else url


def _offered(record: ChartRecord, slug: str, informant: Informant) -> bool:
    try:
        form_of(record.services, slug, informant)
        practitioner(record.context)
    except SessionError:
        return False
    return True
