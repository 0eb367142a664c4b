"""Seeding and cleaning a server nobody here wrote."""

from datetime import date

import pytest
import requests

from smart_app.sandbox.personas import load_personas
from smart_app.sandbox.seeding.seed import clean, seed

TODAY = date(2026, 11, 22)
FEW = [load_personas()[slug] for slug in ("missing-items", "entered-in-error", "new-patient")]


@pytest.mark.system
@pytest.mark.timeout(900)
def test_hapi_takes_the_personas_once_and_gives_them_back(hapi_base: str) -> None:
    with requests.Session() as session:
        seed(hapi_base, TODAY, session=session, personas=FEW)
        again = seed(hapi_base, TODAY, session=session, personas=FEW)
        removed = clean(hapi_base, session=session)
    assert (again.written, again.problems, again.verified) == ((), (), True)
    assert set(again.ids.values()) <= set(removed.removed)
    assert removed.problems == ()
