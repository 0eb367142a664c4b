"""The app's collaborators beside the EHR of the use-case tests, as one process has them."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import requests

from fhir_mappings.instruments.library import load_library
from fhir_mappings.measures.catalogue import load_measures
from smart_app.clinic_time import zone_named
from smart_app.fhir.recent_reads import RecentReads
from smart_app.launch.flow import Launcher
from smart_app.registration import Issuer, PublicClient, Registration, load_registration
from smart_app.services import AppServices, capability_cache
from smart_app.settings import Settings
from smart_app.store import open_store
from tests.care.ehr import BASE
from tests.care.support import Clock
from tests.support.fresh_database import fresh_database

_REGISTERED = Issuer(name="Northfield General", iss=BASE, client_id="rapport", auth=PublicClient(), scope="")


@contextmanager
def collaborators(folder: Path, clock: Clock, *, chosen: Settings, http: requests.Session, pool: Executor) -> Iterator[AppServices]:
    """On the database in `folder`, which is made where there is none."""
    registration = _registration()
    store = open_store(fresh_database(folder), [b"k" * 32], clock=clock)
    try:
        yield AppServices(
            settings=chosen,
            registration=registration,
            http=http,
            store=store,
            launcher=Launcher(registration=registration, http=http, clock=clock, base_url=chosen.base_url),
            library=load_library(),
            measures=load_measures(),
            clock=clock,
            time_zone=zone_named(chosen.time_zone),
            new_id=lambda: str(uuid4()),
            capabilities=capability_cache(http, settings=chosen, pool=pool, clock=clock),
            pool=pool,
            recent=RecentReads(clock),
        )
    finally:
        store.close()


@cache
def _registration() -> Registration:
    return load_registration(None).with_issuer(_REGISTERED)
