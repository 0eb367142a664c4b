"""The FHIR package: it can be read back, its index is right, and it is the same every time."""

import gzip
import tarfile
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pytest
import simplejson

from fhir_mappings.definitions.fhir_package import archive, package_files
from fhir_mappings.definitions.published_definitions import definitions
from fhir_mappings.instruments.library import Library
from fhir_mappings.r4.json_types import Json
from fhir_mappings.r4.validation import check
from tests.fhir_mappings.invented import INVENTED, NEGATIVE
from tests.fhir_mappings.samples import BASE, LIBRARY

EVERYTHING = definitions(Library((*LIBRARY.instruments, *INVENTED)), base=BASE)


def packed(resources: Iterable[Json] = EVERYTHING) -> bytes:
    return archive(package_files(resources, version="1.2.3", base=BASE))


def opened(content: bytes) -> dict[str, Any]:
    """File name to document, as another program reads the archive."""
    with tarfile.open(fileobj=BytesIO(content), mode="r:gz") as tar:
        return {one.name: simplejson.load(tar.extractfile(one), use_decimal=True) for one in tar.getmembers()}  # type: ignore[arg-type]


def test_every_resource_of_the_package_can_be_read_back_and_is_what_was_published() -> None:
    read = opened(packed())
    resources = [one for name, one in read.items() if name not in {"package/package.json", "package/.index.json"}]
    for resource in resources:
        check(resource)
    assert sorted(resources, key=str) == sorted(EVERYTHING, key=str)


def test_the_manifest_says_what_the_package_is_and_needs() -> None:
    manifest = opened(packed())["package/package.json"]
    assert (manifest["name"], manifest["version"], manifest["canonical"]) == ("rapport.fhir", "1.2.3", BASE)
    assert manifest["fhirVersions"] == ["4.0.1"]
    assert manifest["dependencies"] == {"hl7.fhir.r4.core": "4.0.1"}
    assert manifest["license"] == "Apache-2.0"


def test_the_index_describes_every_file_by_what_stands_in_it() -> None:
    read = opened(packed())
    index = read["package/.index.json"]
    assert index["index-version"] == 2
    assert {f"package/{one['filename']}" for one in index["files"]} == read.keys() - {"package/package.json", "package/.index.json"}
    for one in index["files"]:
        resource = read[f"package/{one['filename']}"]
        assert all(resource[key] == value for key, value in one.items() if key != "filename")
        assert {"resourceType", "id", "url", "version"} <= one.keys()
    [rated] = [one for one in index["files"] if one["id"].startswith("rapport-rated-clinician")]
    assert (rated["kind"], rated["type"], rated["derivation"]) == ("complex-type", "Extension", "constraint")


def test_the_same_definitions_give_the_same_bytes_whatever_order_the_instruments_come_in() -> None:
    forwards, backwards = (definitions(Library(some), base=BASE) for some in (INVENTED, INVENTED[::-1]))
    assert packed(forwards) == packed(forwards)
    assert packed(forwards) == packed(backwards)


def test_the_archive_tells_nothing_of_when_and_by_whom_it_was_made() -> None:
    content = packed()
    assert content[4:8] == bytes(4)
    with tarfile.open(fileobj=BytesIO(gzip.decompress(content))) as tar:
        assert {(one.mtime, one.uid, one.gid, one.uname, one.gname) for one in tar.getmembers()} == {(0, 0, 0, "", "")}


def test_two_definitions_of_one_name_are_refused() -> None:
    twice = definitions(Library((NEGATIVE,)), base=BASE) * 2
    with pytest.raises(ValueError, match="twice"):
        package_files(twice, version="1.2.3", base=BASE)
