"""FHIR references: what one names and on which server, and whose a resource is by its subject. Nothing raises."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Generic, Literal, NamedTuple, TypeVar, get_args
from urllib.parse import urlsplit

from msgspec import Struct

TYPE = r"[A-Z][A-Za-z]{1,63}"
# Ids of FHIR R4 (https://hl7.org/fhir/R4/datatypes.html#id), and the underscore that some servers use; never dots alone, which would
# make another address of the one they stand in.
ID = r"(?!\.+(?![A-Za-z0-9\-._]))[A-Za-z0-9\-._]{1,64}"
_ID = re.compile(ID)
# Relative, absolute and versioned, https://hl7.org/fhir/R4/references.html#literal. Relative is to the base address, also with the
# leading slash that earlier examples of the specification have (HL7 FHIR-21230). The address has the characters of RFC 3986 only.
_LITERAL = re.compile(
    r"(?:(?P<base>(?i:https?)://[A-Za-z0-9\-._~%!$&'()*+,;=:@/\[\]]{1,2000})?/)?"
    rf"(?P<type>{TYPE})/(?P<id>{ID})(?:/_history/(?P<version>{ID}))?/?"
)
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_Resource = TypeVar("_Resource", bound=Mapping[str, Any])

Owner = Literal["own", "another_patient", "untied"]
# What keeps a resource from being tied to a patient of its server: the subject is on another one, given by identifier only, in the resource
# itself, a urn of a bundle, no patient, cannot be read, or nobody is named.
Untied = Literal["elsewhere", "identifier", "contained", "urn", "no_patient", "unreadable", "missing"]


class LiteralReference(Struct, frozen=True, kw_only=True):
    """One resource of a FHIR server. `base` is the address of another server than the one that was asked, None for that one."""

    type: str
    id: str
    version: str | None
    base: str | None

    @property
    def text(self) -> str:
        """`Type/id` on the server that was asked, else the whole address; without the version."""
        local = f"{self.type}/{self.id}"
        return local if self.base is None else f"{self.base}/{local}"


class PatientOnServer(Struct, frozen=True, kw_only=True):
    """Whose record it is: the Patient's `id` on the FHIR server at `base`. The same id on another server is another person."""

    id: str
    base: str


class Ownership(Struct, frozen=True, kw_only=True):
    """Whose a resource is: the patient's `own`, of `another_patient` of the same server, or `untied` to any patient there, and then `why`.
    `address` is the base of the other server where it names one."""

    owner: Owner
    why: Untied | None = None
    address: str | None = None


_OWNERS: tuple[Owner, ...] = get_args(Owner)
_OWN, _ANOTHER_PATIENT = Ownership(owner="own"), Ownership(owner="another_patient")


def is_id(text: str) -> bool:
    """Whether the text can be a resource's id, and nothing else when it stands in an address."""
    return _ID.fullmatch(text) is not None


# A server that writes its address before its references writes the same one before all of them.
@lru_cache(maxsize=64)
def server_base(address: str) -> str | None:
    """The base address of a server in one spelling: scheme and host in lower case, without the scheme's default port and without slashes
    at the end (RFC 3986 6.2). None for what is no such address, or has user info, a query or a fragment."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    explicit = "" if port is None or port == _DEFAULT_PORTS.get(parts.scheme) else f":{port}"
    return f"{parts.scheme}://{host}{explicit}{parts.path.rstrip('/')}"


def literal_reference(written: object, *, base: str) -> LiteralReference | None:
    """What the text of a reference names, in a resource of the server at `base`. None for what is no literal reference to a resource of a
    FHIR server: a urn, a fragment, a query, an id alone."""
    found = _LITERAL.fullmatch(_decoded(written)) if isinstance(written, str) else None
    if found is None:
        return None
    named = None if found["base"] is None else server_base(found["base"])
    if found["base"] is not None and named is None:
        return None
    elsewhere = None if named is None or _server(named) == _server(base) else named
    return LiteralReference(type=found["type"], id=found["id"], version=found["version"], base=elsewhere)


def local_reference(written: object, *, base: str) -> str | None:
    """`Type/id` of a literal reference to a resource of the server at `base`, version dropped; None for any other.

    An absolute reference to another server is another resource, even with an equal id (https://hl7.org/fhir/R4/managing.html)."""
    named = literal_reference(written, base=base)
    return named.text if named is not None and named.base is None else None


def reference_in(node: object, *, base: str) -> str | None:
    """`Type/id` of a Reference to a resource of the server at `base`; None for anything else."""
    return local_reference(node.get("reference"), base=base) if isinstance(node, dict) else None


def references_in(node: object, *, base: str) -> Iterator[str]:
    """`Type/id` of every Reference in a list that is to a resource of the server at `base`."""
    for one in node if isinstance(node, list) else ():
        reference = reference_in(one, base=base)
        if reference is not None:
            yield reference


def whose(resource: Mapping[str, Any], patient: PatientOnServer) -> Ownership:
    """Whose a resource of the patient's server is: by its `subject`, or by its `patient` where its type has that. A booking has neither: it
    is the patient's own where they are one of its participants, whoever else comes to the same group."""
    if resource.get("resourceType") == "Appointment":
        return _whose_booking(resource, patient)
    return whose_reference(_subject(resource), patient)


def whose_reference(node: object, patient: PatientOnServer) -> Ownership:
    """Whose a resource with that Reference as its subject is. A resource without one is nobody's."""
    written = node.get("reference") if isinstance(node, dict) else None
    if not isinstance(node, dict) or written is None:
        identified = isinstance(node, dict) and isinstance(node.get("identifier"), dict)
        return Ownership(owner="untied", why="identifier" if identified else "missing")
    named = literal_reference(written, base=patient.base)
    if named is None:
        return Ownership(owner="untied", why=_why_unreadable(written))
    if named.base is not None:
        return Ownership(owner="untied", why="elsewhere", address=named.base)
    if named.type != "Patient":
        return Ownership(owner="untied", why="no_patient")
    return _OWN if named.id == patient.id else _ANOTHER_PATIENT


class About:
    """Whose one resource after another is, as `whose` says. Every way of writing the subject is judged once: all resources of a read are
    looked at, and nearly all name their subject alike."""

    __slots__ = ("_judged", "_patient")

    def __init__(self, patient: PatientOnServer) -> None:
        self._patient = patient
        self._judged: dict[str, Ownership] = {}

    def whose(self, resource: Mapping[str, Any]) -> Ownership:
        """The same as the function."""
        subject = _subject(resource)
        written = subject.get("reference") if isinstance(subject, dict) else None
        if not isinstance(written, str):
            return whose(resource, self._patient)
        judged = self._judged.get(written)
        if judged is None:
            judged = self._judged[written] = whose_reference(subject, self._patient)
        return judged

    def holds(self, resource: Mapping[str, Any]) -> bool:
        """Whether it is the patient's own."""
        return self.whose(resource).owner == "own"


class ByOwner(NamedTuple, Generic[_Resource]):
    """Resources by whose they are, each part in the order given; the untied ones with the reason."""

    own: list[_Resource]
    of_another: list[_Resource]
    untied: list[tuple[_Resource, Ownership]]


def by_owner(resources: Iterable[_Resource], patient: PatientOnServer) -> ByOwner[_Resource]:
    """What a server returned for that patient, told apart by whose it is."""
    sorted_out: ByOwner[_Resource] = ByOwner([], [], [])
    about = About(patient)
    for resource in resources:
        judged = about.whose(resource)
        if judged.owner == "own":
            sorted_out.own.append(resource)
        elif judged.owner == "another_patient":
            sorted_out.of_another.append(resource)
        else:
            sorted_out.untied.append((resource, judged))
    return sorted_out


def source_of(resource: Mapping[str, Any], kind: str) -> str:
    """`Type/id` of the resource itself; `Type/(no id)` where it has none."""
    local_id = resource.get("id")
    return f"{kind}/{local_id}" if isinstance(local_id, str) and is_id(local_id) else f"{kind}/(no id)"


def identifiers_in(node: object, system: str) -> Iterator[str]:
    """The values in that system, of one Identifier or a list of them."""
    for one in node if isinstance(node, list) else (node,):
        if isinstance(one, dict) and one.get("system") == system and isinstance(one.get("value"), str):
            yield one["value"]


def _whose_booking(resource: Mapping[str, Any], patient: PatientOnServer) -> Ownership:
    participants = resource.get("participant")
    judged = [
        whose_reference(one.get("actor"), patient)
        for one in (participants if isinstance(participants, list) else ())
        if isinstance(one, dict) and one.get("actor") is not None
    ]
    patients = [one for one in judged if one.why not in {"no_patient", "missing"}]
    return min(patients, key=lambda one: _OWNERS.index(one.owner), default=Ownership(owner="untied", why="missing"))


def _subject(resource: Mapping[str, Any]) -> object:
    return resource.get("subject") or resource.get("patient")


def _why_unreadable(written: object) -> Untied:
    """Why a subject's text is no literal reference."""
    text = written if isinstance(written, str) else ""
    return "contained" if text.startswith("#") else "urn" if text.startswith("urn:") else "unreadable"


@lru_cache(maxsize=64)
def _server(address: str) -> str | None:
    """What tells a server from another; http and https of one host do not (https://hl7.org/fhir/R4/http.html#general, Identity)."""
    base = server_base(_decoded(address))
    return None if base is None else base.removeprefix("https:").removeprefix("http:")


def _decoded(text: str) -> str:
    """Without needless percent-encoding (RFC 3986 6.2.2): what may stand for itself does, the rest is written in upper case."""
    return _ENCODED.sub(_as_itself, text) if "%" in text else text


def _as_itself(found: re.Match[str]) -> str:
    sign = chr(int(found[1], 16))
    return sign if _UNRESERVED.fullmatch(sign) else found[0].upper()
