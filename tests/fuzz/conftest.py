"""One app for all examples of a module, and no second one: `responses` stands in for all of `requests`."""

from collections.abc import Iterator

import pytest

from tests.fuzz.watch import Watch, watched


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    with watched(tmp_path_factory.mktemp("fuzz")) as standing:
        yield standing
