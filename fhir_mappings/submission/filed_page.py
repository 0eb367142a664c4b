"""The printed page as a document of the record: a copy for people to read. It carries no answers, and no rating hangs on it.

What other systems look for in it is US Core's: `category` clinical-note of
http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category, which its DocumentReference profile binds to, and `type` a LOINC
document code. LOINC 34133-9, "Summary of episode note", is the clinical document code of the Continuity of Care Document, an episode being
"the provision of care over a specified period of time that can cover one or more health care encounters" (the term's own description,
loinc.org/34133-9); US Core's "Writing Clinical Notes" lists it among those that every server takes. What a server may want besides and
nobody here knows, as a confidentiality, is left out.

Oracle Health asks for a time with every date, takes `current` and `final` alone, at most one author, and LOINC codings or one of its own,
not both (Millennium Platform APIs, "Create a document reference"); there and at Epic a document belongs to an encounter."""

from base64 import b64encode
from datetime import datetime
from hashlib import sha1

from msgspec import Struct

from fhir_mappings.instruments import canonicals
from fhir_mappings.r4 import systems
from fhir_mappings.r4.json_types import Json, instant
from fhir_mappings.r4.validation import check

PAGE = "page"
# DocumentReference.author, http://hl7.org/fhir/R4/documentreference.html
_AUTHORS = ("Practitioner", "PractitionerRole", "Organization", "Device", "Patient", "RelatedPerson")
_PDF = "application/pdf"


class FiledPage(Struct, frozen=True, kw_only=True):
    """One page to file. `patient` and `encounter` are ids, `author` is a reference; `pdf` the file, `title` what it is called, in
    `language` and without anybody's name. `made` is when it was, `filed` when it goes into the record, `start` and `end` what it covers.
    `key` is its own: its identifier is the key and the role `page`."""

    patient: str
    encounter: str | None
    author: str
    pdf: bytes
    title: str
    language: str
    made: datetime
    filed: datetime
    start: datetime
    end: datetime
    key: str
    tags: tuple[tuple[str, str], ...] = ()


def page_identifier(key: str, *, base: str) -> tuple[str, str]:
    """System and value of the identifier a filed page is found by."""
    return canonicals.submission_system(base), f"{key}.{PAGE}"


def filed_page(page: FiledPage, *, base: str) -> Json:
    """The R4 DocumentReference of docs/fhir-shapes.md. InvalidResource where it would not be valid FHIR."""
    system, value = page_identifier(page.key, base=base)
    written: Json = {
        "resourceType": "DocumentReference",
        **_meta(page),
        "language": page.language,
        "identifier": [{"system": system, "value": value}],
        "status": "current",
        "docStatus": "final",
        "type": {"coding": [{"system": systems.LOINC, "code": "34133-9", "display": "Summary of episode note"}]},
        "category": [{"coding": [{"system": systems.DOCUMENT_CATEGORY, "code": "clinical-note", "display": "Clinical Note"}]}],
        "subject": {"reference": f"Patient/{page.patient}"},
        "date": instant(page.filed),
        **_author(page),
        "description": page.title,
        "content": [{"attachment": _attachment(page)}],
        "context": _context(page),
    }
    check(written)
    return written


def _meta(page: FiledPage) -> Json:
    return {"meta": {"tag": [{"system": system, "code": code} for system, code in page.tags]}} if page.tags else {}


def _author(page: FiledPage) -> Json:
    """Whoever files it, where that is somebody who can be an author."""
    return {"author": [{"reference": page.author}]} if page.author.partition("/")[0] in _AUTHORS else {}


def _attachment(page: FiledPage) -> Json:
    """The file itself; its hash is SHA-1, which R4 asks for (http://hl7.org/fhir/R4/datatypes.html#Attachment) and protects nothing."""
    digest = sha1(page.pdf, usedforsecurity=False).digest()
    return {
        "contentType": _PDF,
        "language": page.language,
        "data": b64encode(page.pdf).decode("ascii"),
        "size": len(page.pdf),
        "hash": b64encode(digest).decode("ascii"),
        "title": page.title,
        "creation": instant(page.made),
    }


def _context(page: FiledPage) -> Json:
    visit: Json = {"encounter": [{"reference": f"Encounter/{page.encounter}"}]} if page.encounter else {}
    return {**visit, "period": {"start": instant(page.start), "end": instant(page.end)}}
