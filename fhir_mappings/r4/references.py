"""What a resource of the record says about whom and what it belongs to: its own name, its subject, its references. Nothing raises."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Relative, absolute and versioned literal references, https://hl7.org/fhir/R4/references.html#literal; ids also with the underscore
# that some servers use.
_LITERAL = re.compile(r"(?:[a-z][a-z0-9+.-]*://\S+/)?([A-Z][A-Za-z]{1,63}/[A-Za-z0-9._-]{1,64})(?:/_history/[A-Za-z0-9._-]{1,64})?/?")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def reference_in(node: object) -> str | None:
    """`Type/id` of a Reference, host and version dropped; None for anything else (an identifier, a urn, a fragment)."""
    written = node.get("reference") if isinstance(node, dict) else None
    found = _LITERAL.fullmatch(written) if isinstance(written, str) else None
    return found[1] if found else None


def references_in(node: object) -> Iterator[str]:
    """`Type/id` of every literal Reference in a list."""
    for one in node if isinstance(node, list) else ():
        reference = reference_in(one)
        if reference is not None:
            yield reference


def is_about(resource: Mapping[str, Any], patient: str) -> bool:
    """True when the subject is that patient. A resource without a subject is nobody's."""
    return reference_in(resource.get("subject")) == f"Patient/{patient}"


class About:
    """Whether one resource after another is about a patient. Every way of writing the subject is judged once, by is_about:
    all resources of a read are looked at, and nearly all name their subject alike."""

    __slots__ = ("_judged", "_patient")

    def __init__(self, patient: str) -> None:
        self._patient = patient
        self._judged: dict[str, bool] = {}

    def holds(self, resource: Mapping[str, Any]) -> bool:
        """The same as is_about."""
        subject = resource.get("subject")
        written = subject.get("reference") if isinstance(subject, dict) else None
        if not isinstance(written, str):
            return False
        judged = self._judged.get(written)
        if judged is None:
            judged = self._judged[written] = is_about(resource, self._patient)
        return judged


def source_of(resource: Mapping[str, Any], kind: str) -> str:
    """`Type/id` of the resource itself; `Type/(no id)` where it has none."""
    local_id = resource.get("id")
    named = isinstance(local_id, str) and _ID.fullmatch(local_id)
    return f"{kind}/{local_id}" if named else f"{kind}/(no id)"


def identifiers_in(node: object, system: str) -> Iterator[str]:
    """The values in that system, of one Identifier or a list of them."""
    for one in node if isinstance(node, list) else (node,):
        if isinstance(one, dict) and one.get("system") == system and isinstance(one.get("value"), str):
            yield one["value"]
