"""The broken resources that Medplum's validator and fhirpath.js must refuse, one by one, and that both pass the good ones."""

import json
from collections.abc import Callable, Mapping

import pytest

from tests.contract.broken_files import FOLDER, Broken, manifest, valid, written
from tests.peers.node_peers import fhirpath_problems, medplum_problems

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]
Problems = Callable[[Mapping[str, object]], list[str]]
FOR_MEDPLUM = [one for one in manifest() if one.medplum]
FOR_FHIRPATH = [one for one in manifest() if one.fhirpath]


@pytest.mark.parametrize("one", FOR_MEDPLUM, ids=lambda one: one.file)
def test_medplum_refuses(one: Broken) -> None:
    assert medplum_problems(json.loads((FOLDER / one.file).read_text())), one.wrong


@pytest.mark.parametrize("one", FOR_FHIRPATH, ids=lambda one: one.file)
def test_fhirpath_js_refuses(one: Broken) -> None:
    assert fhirpath_problems(json.loads((FOLDER / one.file).read_text())), one.wrong


def test_both_are_asked_about_some() -> None:
    assert FOR_MEDPLUM
    assert FOR_FHIRPATH


@pytest.mark.parametrize("problems", [medplum_problems, fhirpath_problems])
def test_what_each_broken_resource_was_made_of_is_in_order(problems: Problems) -> None:
    assert [(name, found) for name, one in valid().items() if (found := problems(json.loads(written(one))))] == []
