"""Definitions as a FHIR package: the files of it, and the archive, the same bytes for the same definitions.

https://hl7.org/fhir/packages.html; the index as HL7's own builder writes it (org.hl7.fhir.utilities.npm.NpmPackageIndexBuilder).
"""

import tarfile
from collections.abc import Iterable, Mapping
from gzip import GzipFile
from io import BytesIO

import simplejson

from fhir_mappings.r4.json_types import Json

NAME = "rapport.fhir"
_FHIR_VERSION = "4.0.1"
_INDEX_VERSION = 2
_INDEXED = ("resourceType", "id", "url", "version", "kind", "type", "supplements", "content", "valueSet", "derivation")


def package_files(definitions: Iterable[Json], *, version: str, base: str) -> dict[str, bytes]:
    """Name inside the package to content, in the order of the archive: the manifest, the index, then a file for each definition.
    `version` is the package's. ValueError when two definitions would be one file."""
    resources: dict[str, Json] = {}
    for resource in definitions:
        name = file_name(resource)
        if name in resources:
            raise ValueError(f"{name} would be written twice")
        resources[name] = resource
    named = sorted(resources.items())
    index = {"index-version": _INDEX_VERSION, "files": [_indexed(name, resource) for name, resource in named]}
    return {
        "package/package.json": _json(_manifest(version=version, base=base)),
        "package/.index.json": _json(index),
        **{f"package/{name}": _json(resource) for name, resource in named},
    }


def file_name(resource: Json) -> str:
    """`TYPE-ID.json`."""
    return f"{resource['resourceType']}-{resource['id']}.json"


def archive(files: Mapping[str, bytes]) -> bytes:
    """The gzipped tar of those files in their order, without times, owners or a file name in its header."""
    packed = BytesIO()
    with GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as zipped, tarfile.TarFile(fileobj=zipped, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, BytesIO(content))
    return packed.getvalue()


def _manifest(*, version: str, base: str) -> Json:
    return {
        "name": NAME,
        "version": version,
        "title": "Rapport",
        "description": "Forms, scoring forms, codes and extensions of Rapport. Each definition says who holds the rights to its content.",
        "canonical": base,
        "url": base,
        "fhirVersions": [_FHIR_VERSION],
        "dependencies": {"hl7.fhir.r4.core": _FHIR_VERSION},
        "author": "The Rapport project",
        "license": "Apache-2.0",
    }


def _indexed(name: str, resource: Json) -> Json:
    return {"filename": name, **{key: resource[key] for key in _INDEXED if isinstance(resource.get(key), str)}}


def _json(document: Json) -> bytes:
    """FHIR JSON with its numbers' digits and FHIR's element order."""
    return f"{simplejson.dumps(document, use_decimal=True, ensure_ascii=False, indent=2)}\n".encode()
