"""What a load balancer is told, and what the start says, of rows that no configured key opens; and what the pages show of them."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import responses
from click.testing import CliRunner
from pydantic import SecretStr

from smart_app.cli import main
from smart_app.launch.context.launch_context import LaunchId
from smart_app.store.seal import digest
from smart_app.store.tables import outbox
from tests.care.ehr import refusal
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page
from tests.web.clinic import SITE, Clinic, clinic

OLD, NEW = SecretStr("a" * 43), SecretStr("b" * 43)
Opening = Callable[..., AbstractContextManager[Clinic]]


@pytest.fixture
def under(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Opening:
    """The app on one database, with these keys."""

    def opening(*keys: SecretStr) -> AbstractContextManager[Clinic]:
        return clinic(wire, server, clock, folder=tmp_path, secret_keys=keys)

    return opening


def refuse_one(rapport: Clinic) -> None:
    """A clinician's form that the record refuses."""
    rapport.ehr.faults.append(lambda method, _path: refusal(422, "no") if method == "POST" else None)
    chart = rapport.launch()
    rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
    assert [entry.state for entry in rapport.services.store.outbox.pending()] == ["refused"]


def ready(rapport: Clinic) -> tuple[int, str]:
    answer = rapport.client.get("/readyz", base_url=SITE)
    return answer.status_code, answer.get_data(as_text=True)


def dashboard(rapport: Clinic) -> Page:
    page = rapport.get(rapport.launch())
    assert page.status == 200
    return page


def rotate(folder: Path, *keys: SecretStr) -> int:
    environment = {
        "RAPPORT_DATABASE_URL": f"sqlite:///{folder}/rapport.sqlite",
        "RAPPORT_SECRET_KEYS": ",".join(key.get_secret_value() for key in keys),
    }
    return CliRunner().invoke(main, ["seal", "rotate"], env=environment).exit_code


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [line for line in map(json.loads, capsys.readouterr().err.splitlines()) if line["event"] == "rows_not_opened"]


def test_a_refused_form_after_a_restart_with_a_new_key_alone_is_counted_and_said(
    under: Opening, tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with under(OLD) as rapport:
        refuse_one(rapport)
        assert ready(rapport) == (200, "ready\n")
        assert "The record did not take it:" in dashboard(rapport).text
    assert said(capsys) == []
    with under(NEW) as rapport:
        status, words = ready(rapport)
        assert (status, words.split(":")[0]) == (503, "submission_not_opened 1")
        assert "rapport seal status" in words
        (line,) = said(capsys)
        assert (line["level"], line["command"]) == ("warning", "rapport seal status")
        assert str(line["tables"]).startswith("launches 4, outbox 1, audit ")
        assert "The record did not take it:" not in dashboard(rapport).text
        assert rotate(tmp_path, NEW, OLD) == 0
        assert ready(rapport)[0] == 503
        clock.forward(minutes=1)
        assert ready(rapport) == (200, f"ready\nrow_not_opened audit {rapport.services.store.not_opened().rows['audit']}\n")
        assert "The record did not take it:" in dashboard(rapport).text


def test_with_the_old_key_behind_the_new_one_everything_is_found_and_then_with_the_new_alone(under: Opening, tmp_path: Path) -> None:
    with under(OLD) as rapport:
        refuse_one(rapport)
    with under(NEW, OLD) as rapport:
        assert ready(rapport) == (200, "ready\n")
        assert "The record did not take it:" in dashboard(rapport).text
        assert rotate(tmp_path, NEW, OLD) == 0
    with under(NEW) as rapport:
        assert "The record did not take it:" in dashboard(rapport).text


def test_what_is_only_kept_hinders_nothing_and_is_said(under: Opening) -> None:
    with under(OLD) as rapport:
        rapport.launch()
    with under(NEW) as rapport:
        status, words = ready(rapport)
        assert status == 200
        assert words.startswith("ready\nrow_not_opened launches 2\n")


def test_a_page_opened_under_a_key_that_is_gone_says_open_rapport_again(under: Opening) -> None:
    with under(OLD) as rapport:
        chart, client = rapport.launch(), rapport.client
        kept = [(one.key, one.value) for one in (client._cookies or {}).values()]
    with under(NEW) as rapport:
        for name, value in kept:
            rapport.client.set_cookie(name, value, domain="rapport.example.org", secure=True)
        page = rapport.get(chart)
        assert page.status == 403
        assert "Open Rapport again" in page.text


def test_a_form_that_another_version_sealed_is_said_as_such_and_takes_no_page_with_it(under: Opening) -> None:
    with under(OLD) as rapport:
        refuse_one(rapport)
        store = rapport.services.store
        (entry,) = store.outbox.pending()
        key = "of-a-newer-version"
        store.outbox.put(
            key,
            launch_id=LaunchId("launch-9"),
            payload={**entry.payload, "fates": {"response": {"became": "teleported"}}},
            author=entry.author,
        )
        page = dashboard(rapport)
        assert "The record did not take it:" in page.text
        assert "sealed by another version of Rapport" in page.text
        chart = rapport.launch()
        assert rapport.get(f"{chart}check/rapport-check-in/clinician").status == 200
        receipt = rapport.get(f"{chart}receipt/{key}")
        assert (receipt.status, "another version of Rapport" in receipt.text) == (503, True)
        assert store.outbox.get(key) is not None


def test_a_form_of_an_envelope_that_another_version_made_takes_no_page_with_it(under: Opening) -> None:
    with under(OLD) as rapport:
        refuse_one(rapport)
        store = rapport.services.store
        (entry,) = store.outbox.pending()
        store.outbox.put("newer", launch_id=LaunchId("launch-9"), payload={}, author=entry.author)
        envelope = {"key": "newer", "launch_id": "launch-9", "payload": {}, "author": {"iss": 5}}
        payload = store.sealer.seal(envelope, table="outbox", row=digest("newer"))
        with store.database.begin() as connection:
            connection.execute(outbox.update().where(outbox.c.id == digest("newer")).values(payload=payload))
        assert "The record did not take it:" in dashboard(rapport).text
