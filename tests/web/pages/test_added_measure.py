"""A measure that somebody adds is searched for and drawn, in a group of its own too, and needs nothing but its file."""

from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

import smart_app.app
from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.measures.catalogue import read_measures
from fhir_mappings.measures.measure import Measure
from tests.care.support import hba1c
from tests.fhir_mappings.measures.test_catalogue import FERRITIN, FILES
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.web.clinic import clinic

LOINC = "http://loinc.org"


def with_file(text: str) -> tuple[Measure, ...]:
    return read_measures([*FILES.items(), ("iron.toml", text)])


def ferritin(value: int, *, day: str) -> dict[str, object]:
    coded = {"coding": [{"system": LOINC, "code": "2276-4"}]}
    quantity = {"value": value, "unit": "ug/L", "system": "http://unitsofmeasure.org", "code": "ug/L"}
    return hba1c(f"ferritin-{day}", "0", day=day, who="pat-1") | {"code": coded, "valueQuantity": quantity}


def test_a_measure_in_a_new_group_is_searched_for_and_has_its_lane(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smart_app.app, "load_measures", lambda: with_file(FERRITIN))
    with clinic(wire, server, clock, folder=tmp_path) as here:
        here.ehr.put(ferritin(84, day="2025-09-01"), ferritin(91, day="2025-12-01"))
        page = here.get(here.launch())
    queries = [parse_qs(urlsplit(str(call.request.url)).query) for call in wire.calls]
    assert [query["patient"] for query in queries if query.get("code") == [f"{LOINC}|2276-4"]] == [["pat-1"]]
    [lane] = [one for one in page.soup.select("h3") if one.text == "Ferritin µg/L"]
    assert lane.parent is not None
    assert lane.parent.parent is not None
    assert "91" in lane.parent.parent.text
    assert ["Iron", "complete", "2"] in [[cell.text for cell in row.select("td, th")][:3] for row in page.soup.select("tr")]


def test_an_unknown_group_stops_the_start(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smart_app.app, "load_measures", lambda: with_file(FERRITIN.replace('group = "iron"', 'group = "blood"')))
    with (
        pytest.raises(DataFileError, match=r"iron\.toml: ferritin\.group: there is no group 'blood'"),
        clinic(wire, server, clock, folder=tmp_path),
    ):
        raise AssertionError("it started")


def test_no_group_is_named_outside_the_measures_files() -> None:
    for folder in ("smart_app/care", "smart_app/web", "fhir_mappings"):
        for file in sorted((Path(str(files("fhir_mappings"))).parent / folder).rglob("*.py")):
            for word in ('"glucose"', '"vitals"', '"labs"', '"laboratory"', '"vital-signs"'):
                assert word not in file.read_text(), f"{file.name}: {word}"
