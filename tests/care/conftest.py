from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
import responses

from fhir_mappings.instruments.library import load_library
from fhir_mappings.measures.catalogue import load_measures
from smart_app.clinic_time import zone_named
from smart_app.fhir.recent_reads import RecentReads
from smart_app.http import new_session
from smart_app.launch.flow import Launcher
from smart_app.registration import Issuer, PublicClient, load_registration
from smart_app.services import AppServices, capability_cache
from smart_app.settings import Settings
from smart_app.store import open_store
from tests.care.ehr import BASE, Ehr
from tests.care.support import Clock, settings
from tests.support.fresh_database import fresh_database


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake = Ehr()
        fake.attach(mock)
        yield fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def chosen() -> Settings:
    return settings()


@pytest.fixture
def services(tmp_path: Path, clock: Clock, chosen: Settings) -> Iterator[AppServices]:
    store = open_store(fresh_database(tmp_path), [b"k" * 32], clock=clock)
    ehr_entry = Issuer(name="Northfield General", iss=BASE, client_id="rapport", auth=PublicClient(), scope="")
    registration = load_registration(None).with_issuer(ehr_entry)
    with new_session(pool=8) as http, ThreadPoolExecutor(16) as pool:
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
    store.close()
