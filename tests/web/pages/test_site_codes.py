"""Codes from the file the site names: asked for and drawn; a file that is wrong stops the start."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from smart_app.errors import ConfigurationError
from tests.care.support import hba1c
from tests.fhir_mappings.measures.test_added_codes import CODE, OWN, SYSTEM
from tests.fhir_mappings.records import coded, quantity
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.web.clinic import clinic


def test_a_result_under_the_sites_code_is_asked_for_and_shown(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "own.toml"
    file.write_text(OWN)
    with clinic(wire, server, clock, folder=tmp_path, measure_codes=file) as here:
        given = {"code": coded(CODE, SYSTEM), "valueQuantity": quantity(61, "mmol/mol")}
        here.ehr.put(hba1c("own", "0", day="2025-12-01", who="pat-1") | given)
        page = here.get(here.launch())
    queries = [parse_qs(urlsplit(str(call.request.url)).query) for call in wire.calls]
    assert [query for query in queries if f"{SYSTEM}|{CODE}" in query.get("code", [""])[0].split(",")]
    assert [[cell.text for cell in row.select("td, th")][1] for row in page.soup.select("table.values tbody tr")] == ["61 mmol/mol"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OWN.replace('measure = "hba1c"', 'measure = "a1c"'), r"own\.toml: code\.0\.measure: there is no measure 'a1c'"),
        (None, r"own\.toml: \(file\): cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_start_and_says_why(
    text: str | None, said: str, *, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "own.toml"
    if text is not None:
        file.write_text(text)
    with (
        pytest.raises(ConfigurationError, match=said) as caught,
        clinic(wire, server, clock, folder=tmp_path, measure_codes=file),
    ):
        raise AssertionError("it started")
    assert caught.value.where == "RAPPORT_MEASURE_CODES"
