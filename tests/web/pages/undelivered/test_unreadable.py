"""What is kept and cannot be opened, because its key is gone, it was changed, or another version sealed it: whoever sent it is told."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import responses
from pydantic import SecretStr

from smart_app.launch.context.launch_context import LaunchId
from smart_app.store.seal import digest
from smart_app.store.tables import outbox
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page
from tests.web.clinic import ITEMS, OWN, SITE, Clinic, clinic
from tests.web.pages.undelivered.test_item_pages import INGRID, SOFIA, left, opens, refuses

OLD, NEW = SecretStr("a" * 43), SecretStr("b" * 43)
SENT = "Something you sent on 4 March 2026"
Opening = Callable[[SecretStr], AbstractContextManager[Clinic]]


@pytest.fixture
def under(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Opening:
    """The app with that secret key alone, on one database."""

    @contextmanager
    def opened(key: SecretStr) -> Iterator[Clinic]:
        with clinic(wire, server, clock, folder=tmp_path, secret_keys=(key,)) as standing:
            standing.ehr.put({**standing.ehr.resources["Patient/pat-1"], "generalPractitioner": [{"reference": "Practitioner/dr-1"}]})
            yield standing

    return opened


def sends(rapport: Clinic) -> str:
    """A patient answers at home, and the record takes none of it; the key."""
    home = opens(rapport, INGRID)
    refuses(rapport)
    address = next(link for link in rapport.get(home).links() if "/own/answer/" in link)
    fields = rapport.get(address).form("/own/answer/") | dict.fromkeys(ITEMS, "4")
    answer = rapport.client.post(address, data=fields, base_url=SITE, headers=OWN)
    return str(answer.headers["Location"]).rsplit("/", 1)[1]


def own_page(rapport: Clinic) -> Page:
    page = rapport.get(opens(rapport, INGRID))
    assert page.status == 200
    return page


def change(rapport: Clinic, key: str) -> None:
    """A byte of what was sealed is another one."""
    store = rapport.services.store
    with store.database.begin() as connection:
        payload = connection.execute(outbox.select().where(outbox.c.id == digest(key))).one().payload
        other = payload[:-1] + bytes([payload[-1] ^ 1])
        connection.execute(outbox.update().where(outbox.c.id == digest(key)).values(payload=other))


def another_version(rapport: Clinic, key: str) -> None:
    store = rapport.services.store
    entry = store.outbox.get(key)
    assert entry is not None
    payload = {**entry.payload, "fates": {"response": {"became": "teleported"}}}
    store.outbox.reseal(key, entry.state, launch_id=LaunchId("l"), payload=payload)


@pytest.mark.parametrize("happens", [change, another_version])
def test_a_patient_reads_when_it_was_sent_that_it_is_kept_and_whom_to_ask(under: Opening, happens: Callable[[Clinic, str], None]) -> None:
    with under(OLD) as rapport:
        key = sends(rapport)
        happens(rapport, key)
        page = own_page(rapport)
        assert SENT in left(page)
        assert "cannot be opened just now" in left(page)
        assert "Nothing is lost. Please do not fill it in again. Ask your clinic" in left(page)
        assert "/own/answer/" in page.html


def test_without_the_key_nobody_can_tell_whose_it_is_and_both_pages_say_so(under: Opening) -> None:
    with under(OLD) as rapport:
        sends(rapport)
        assert "cannot be opened" not in own_page(rapport).text
    with under(NEW) as rapport:
        said = left(own_page(rapport))
        assert "by you or by somebody else" in said
        assert "4 March" not in said
        assert "1 form sent from here" in left(rapport.get(opens(rapport, SOFIA)))
    with under(OLD) as rapport:
        page = own_page(rapport)
        assert "cannot be opened" not in page.text
        assert "Your health record did not take it." in page.text


def test_what_the_site_gave_up_is_said_to_nobody(under: Opening) -> None:
    with under(OLD) as rapport:
        sends(rapport)
    with under(NEW) as rapport:
        rapport.services.store.give_up(by="Mona Fell", why="lost")
        assert "cannot be opened" not in own_page(rapport).text


def test_staff_are_told_of_what_was_changed_too(under: Opening) -> None:
    with under(OLD) as rapport:
        chart = opens(rapport, SOFIA)
        refuses(rapport)
        fields = rapport.blank(chart, "clinician") | dict.fromkeys(ITEMS, "4")
        key = str(rapport.send(chart, fields, "clinician").headers["Location"]).rsplit("/", 1)[1]
        change(rapport, key)
        assert "Kept and not readable here:" in left(rapport.get(opens(rapport, SOFIA)))


def test_what_the_patient_sent_is_not_said_to_staff(under: Opening) -> None:
    with under(OLD) as rapport:
        change(rapport, sends(rapport))
        assert "not readable here" not in rapport.get(opens(rapport, SOFIA)).text
