"""The collaborators every use case is given. Built once, by the composition root; nothing here decides anything."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime
from zoneinfo import ZoneInfo

import requests
from msgspec import Struct, field

from fhir_mappings.instruments.library import Library
from fhir_mappings.measures.measure import Measure
from fhir_mappings.options.option_files import load_options
from fhir_mappings.options.practice_option import OptionBook
from fhir_mappings.reliable_change.signals.signal_terms import Terms, load_terms
from smart_app.fhir.capability import CapabilityCache
from smart_app.fhir.client import FhirClient
from smart_app.fhir.recent_reads import RecentReads
from smart_app.launch.flow import Launcher
from smart_app.registration import Registration
from smart_app.settings import Settings
from smart_app.store import Store

# A CapabilityStatement can be large and slow to make (HAPI builds it on the first request), and no page waits for it.
_STATEMENT_PATIENCE = 4


class AppServices(Struct, frozen=True, kw_only=True):
    """`clock` gives aware UTC datetimes, to reckon with and to keep in the store; what has a day or is shown goes by `now`. `time_zone` is
    the site's. `new_id` gives fresh UUIDs as text. `pool` runs all reads of all pages, and bounds them."""

    settings: Settings
    registration: Registration
    http: requests.Session
    store: Store
    launcher: Launcher
    library: Library
    measures: tuple[Measure, ...]
    clock: Callable[[], datetime]
    time_zone: ZoneInfo
    new_id: Callable[[], str]
    capabilities: CapabilityCache
    pool: Executor
    recent: RecentReads
    options: OptionBook = field(default_factory=load_options)
    terms: Terms = field(default_factory=load_terms)

    def zone(self, iss: str) -> ZoneInfo:
        """The time zone of the clinic that launches of that FHIR base belong to: its entry's in `launch.json`, else the site's."""
        issuer = self.registration.find(iss)
        return issuer.time_zone if issuer and issuer.time_zone else self.time_zone

    def now(self, iss: str) -> datetime:
        """The time in that clinic: its date is today there, its offset what `authored` carries. Not for sums: within one zone Python adds
        and compares what the clock on the wall shows, across a change to summer time too."""
        return self.clock().astimezone(self.zone(iss))


class StatementReader(Struct, frozen=True, kw_only=True):
    """Reads a base's CapabilityStatement. It is public (FHIR R4 3.1.0.9), so no token is sent."""

    http: requests.Session
    timeout: float

    def __call__(self, base: str) -> Mapping[str, object]:
        """The statement as sent. FhirError."""
        return FhirClient(base=base, http=self.http, token=None, timeout=self.timeout, page_limit=1).capabilities()


def capability_cache(http: requests.Session, *, settings: Settings, pool: Executor, clock: Callable[[], datetime]) -> CapabilityCache:
    """The cache of CapabilityStatements, read with patience in the pool."""
    return CapabilityCache(StatementReader(http=http, timeout=settings.read_timeout * _STATEMENT_PATIENCE), pool=pool, clock=clock)


def read_pool(settings: Settings) -> Executor:
    """The pool all pages share: four dashboards at full width before a read has to wait its turn."""
    return ThreadPoolExecutor(max_workers=settings.read_workers * 4, thread_name_prefix="read")
