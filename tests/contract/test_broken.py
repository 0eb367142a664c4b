"""The broken resources are ours but for one defect, and the gate refuses its share of them."""

import pytest
import simplejson

from fhir_mappings.r4.validation import InvalidResource, check, check_together
from tests.contract.broken_files import FOLDER, Broken, broken, manifest, valid, written

GOOD = valid()
BROKEN = manifest()


def test_the_files_are_what_rapport_writes_today_with_the_defect() -> None:
    wanted = {one.file: written(broken(one, GOOD)) for one in BROKEN}
    there = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    assert there == wanted, "python -m tests.contract.broken_files writes them anew"


def test_no_defect_is_none_and_none_stands_there_twice() -> None:
    assert all(broken(one, GOOD) != GOOD[one.of] for one in BROKEN)
    assert len({one.file for one in BROKEN}) == len(BROKEN) >= 30


def test_each_trap_of_a_validator_is_among_them_and_each_has_a_checker() -> None:
    assert {one.trap for one in BROKEN} == {None, 1, 2, 3, 4, 5, 6}
    assert all(one.gate or one.hapi or one.medplum or one.fhirpath for one in BROKEN)


@pytest.mark.parametrize("name", sorted(GOOD.keys() - {"bundle"}))
def test_the_gate_passes_what_they_were_made_of(name: str) -> None:
    check(GOOD[name])


@pytest.mark.parametrize("one", [one for one in BROKEN if one.gate], ids=lambda one: one.file)
def test_the_gate_refuses_its_share_at_the_place_of_the_defect(one: Broken) -> None:
    resource = simplejson.loads((FOLDER / one.file).read_text(), use_decimal=True)
    with pytest.raises(InvalidResource) as refused:
        _gate(resource)
    assert refused.value.path == one.gate


def _gate(resource: dict[str, object]) -> None:
    """A resource alone, and as a definition among those it belongs to."""
    check(resource)
    check_together([GOOD["options"], resource])
