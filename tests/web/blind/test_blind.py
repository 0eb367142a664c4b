"""Blind means blind: until the visit is rated, every address of the launch answers the same, whatever the patient answered.

Of each state the app and its launches are made once, and only what the scripted server holds changes. The history is asked for with every
set of answers, each other address with one of them, and every address with the loudest answers there are.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from random import Random

import pytest
import responses

from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.web.blind.answer_sets import LOUD, MANY, QUIET, answer_sets
from tests.web.blind.waiting_room import Address, Seen, Waiting, WaitingRoom, scripted
from tests.web.clinic import SITE, clinic
from tests.web.pages.test_file_copy import FILES

STATES = {
    # After five visits without a move, where a colleague has looked already.
    "difficult-visit": Waiting(persona="difficult-visit", looked="tomas-weiss"),
    # After six falls, where rule D is one step away.
    "steady-slide": Waiting(persona="steady-slide", cut_from="v7"),
    # A visit of before that was not rated for longer than the site asks for.
    "unchanged-ceiling": Waiting(persona="unchanged-ceiling", visit="v5", user="tomas-weiss"),
}
COLLEAGUE = "leila-osei"
Asked = tuple[WaitingRoom, Address]
_DIFFERS = "{path} tells of the answers {given}"


@contextmanager
def room(state: Waiting, folder: Path) -> Iterator[WaitingRoom]:
    clock, ehr = Clock(), scripted()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        server = AuthorizationServer(wire, clock)
        with clinic(wire, server, clock, folder=folder, ehr=ehr, issuer=FILES, log_level="ERROR") as standing:
            yield WaitingRoom(clinic=standing, ehr=ehr, state=state)


def history(here: WaitingRoom) -> Address:
    return Address(path=here.chart)


def test_the_answers_are_of_every_kind_and_many() -> None:
    sets = answer_sets()
    assert len(sets) == MANY >= 200
    assert len(set(sets)) >= 200
    assert {one.difficult for one in sets} == {None, "no", "a-little", "yes", "rather-not-say"}
    assert {one.stored for one in sets} == {"all", "total", "none"}
    assert {sign for one in sets for sign in one.signs} == set("12345x. ")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", STATES)
def test_no_address_tells_of_what_is_kept_back(name: str, tmp_path: Path) -> None:
    with room(STATES[name], tmp_path) as own:
        own.answered(QUIET)
        seen = {(own, address): found for address, found in own.every().items()}
        assert b"notice waiting" in seen[own, history(own)].body
        assert (b"Will you still rate it?" in seen[own, history(own)].body) == (name == "unchanged-ceiling")
        reaches_what_a_clinician_has(own, seen)
        if name == "steady-slide":
            colleague = WaitingRoom(clinic=own.clinic, ehr=own.ehr, state=replace(own.state, user=COLLEAGUE))
            own.answered(QUIET)
            seen |= {(colleague, address): found for address, found in colleague.every().items()}
        own.answered(LOUD)
        for here, address in seen:
            assert seen[here, address] == here.see(address), _DIFFERS.format(path=address.path, given=LOUD)
        dealt = dealt_out([one for one in seen if one != (own, history(own))])
        for place, given in enumerate(answer_sets()):
            own.answered(given)
            for here, address in ((own, history(own)), *dealt[place]):
                assert seen[here, address] == here.see(address), _DIFFERS.format(path=address.path, given=given)


def dealt_out(addresses: Sequence[Asked]) -> list[list[Asked]]:
    """The addresses of each set of answers: all of them over the sets, each with one that it comes to by chance, the same every time."""
    places: list[list[Asked]] = [[] for _ in range(MANY)]
    for one, place in zip(addresses, cycle(Random(7).sample(range(MANY), MANY))):
        places[place].append(one)
    return places


def reaches_what_a_clinician_has(here: WaitingRoom, seen: Mapping[Asked, Seen]) -> None:
    rules = here.clinic.app.url_map.bind("")
    asked = {rules.match(one.path.partition("?")[0], method="POST" if one.fields else "GET")[0] for _, one in seen}
    assert {"dashboard", "note", "options", "print", "file_page", "filed_copy", "form", "handover", "receipt", "reveal"} <= asked
    assert {200, 403} <= {one.status for one in seen.values()}
    assert any("show=" in one.path for _, one in seen)


@pytest.mark.parametrize("name", STATES)
def test_once_rated_the_history_does_tell(name: str, tmp_path: Path) -> None:
    """Else nothing above would show anything."""
    with room(STATES[name], tmp_path) as here:
        told = set()
        for given in (QUIET, LOUD, answer_sets()[7]):
            here.answered(given)
            here.rated()
            told.add(here.see(history(here)))
    assert len(told) == 3
    assert not any(b"notice waiting" in one.body for one in told)


def test_a_form_declined_whole_is_no_rating_and_may_be_shown(tmp_path: Path) -> None:
    with room(STATES["steady-slide"], tmp_path) as here:
        here.answered(QUIET)
        waiting = here.see(history(here))
        here.declined()
        declined = here.see(history(here))
    assert b"notice waiting" in waiting.body
    assert b"notice waiting" not in declined.body


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["steady-slide", "difficult-visit"])
def test_the_page_for_the_record_is_the_same_file_whoever_files_it_and_whatever_waits(name: str, tmp_path: Path) -> None:
    with room(STATES[name], tmp_path) as own:
        colleague = WaitingRoom(clinic=own.clinic, ehr=own.ehr, state=replace(own.state, user=COLLEAGUE, looked=""))
        files = {file_of(own)}
        own.declined()
        files.add(file_of(own))
        for here, given in zip(cycle((own, colleague)), (LOUD, *answer_sets()[::9]), strict=False):
            here.answered(given)
            files.add(file_of(here))
        assert len(files) == 1
        own.answered(LOUD)
        own.rated()
        assert file_of(own) not in files


def file_of(here: WaitingRoom) -> bytes:
    """The very file that would be filed."""
    shown = here.browser.get(f"{here.chart}print/file?years=all", base_url=SITE)
    [link] = re.findall(r'href="([^"]*file\.pdf\?key=[^"]+)"', shown.text)
    answer = here.browser.get(link, base_url=SITE)
    assert answer.mimetype == "application/pdf"
    return bytes(answer.data)
