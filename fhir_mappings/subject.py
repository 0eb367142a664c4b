"""Whose a resource is. Nothing is used before this has been asked: servers exist that ignore `patient=` and return everybody's."""

from collections.abc import Mapping
from typing import Any


def local_reference(reference: object) -> str | None:
    """`Type/id` of a relative, absolute or versioned literal reference; None for anything else."""
    if not isinstance(reference, str):
        return None
    parts = reference.split("/_history/", 1)[0].rsplit("/", 2)
    return "/".join(parts[-2:]) if len(parts) >= 2 and parts[-1] and parts[-2] else None  # noqa: PLR2004


def belongs_to(resource: Mapping[str, Any], patient: str) -> bool:
    """True when `subject` is Patient/`patient`. A resource that does not say whose it is belongs to nobody here."""
    subject = resource.get("subject")
    return isinstance(subject, dict) and local_reference(subject.get("reference")) == f"Patient/{patient}"
