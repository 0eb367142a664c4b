"""What arrives with a launch besides patient and user: `appContext`, `fhirContext`, `tenant`, `smart_style_url`, typed and judged singly
(SMART App Launch 2.2, scopes and launch context). What cannot be used is left out and named; its content is repeated nowhere."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from fhir_mappings.r4.references import TYPE, PatientOnServer, literal_reference, whose_reference
from fhir_mappings.sentence import Sentence
from smart_app.errors import OPEN_AGAIN, LaunchError
from smart_app.launch.context.launch_context import ContextItem, ContextParameters
from smart_app.launch.discovery.allowed_hosts import allowed_address
from smart_app.registration import Issuer

# One page of text; what Rapport understands of it is far shorter.
_LONGEST_APP_CONTEXT = 4096
_MOST_ITEMS = 50
_OPAQUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")
_TYPE = re.compile(TYPE)
# FHIR's `canonical`: an absolute address, and perhaps `|version`.
_CANONICAL = re.compile(r"(?:https?://|urn:)[^\s\"'<>\\^`{}\x00-\x20\x7f-\U0010ffff]{1,490}")


class _ParameterReader(Struct):
    """Reads one token response, noting what it had to leave out."""

    response: Mapping[str, Any]
    ignored: list[str]

    def text(self, name: str, pattern: re.Pattern[str]) -> str | None:
        """A member that is text of that form, or None."""
        value = self.response.get(name)
        if value is None or (isinstance(value, str) and pattern.fullmatch(value)):
            return value
        self.ignored.append(name)
        return None


def read_context_parameters(
    response: Mapping[str, Any], *, issuer: Issuer, fhir_base: str, patient: str, told: str | None = None
) -> ContextParameters:
    """What a token response says besides the patient; `told` is the tenant the id_token names. Raises LaunchError where it contradicts
    the launch: patient_contradicted, tenant_differs."""
    reader = _ParameterReader(response=response, ignored=[])
    tenant = reader.text("tenant", _OPAQUE)
    _check_tenant(issuer, {said for said in (tenant, told) if said is not None})
    items = tuple(_items(reader, fhir_base))
    _check_patient(items, PatientOnServer(id=patient, base=fhir_base))
    return ContextParameters(
        app_context=_app_context(reader),
        items=items,
        tenant=tenant,
        style_url=_style_url(reader, issuer),
        ignored=tuple(dict.fromkeys(reader.ignored)),
    )


def context_items(response: Mapping[str, Any], *, fhir_base: str) -> tuple[ContextItem, ...]:
    """What `fhirContext` holds, before it is known whose chart it is about."""
    return tuple(_items(_ParameterReader(response=response, ignored=[]), fhir_base))


def contradiction(response: Mapping[str, Any], *, fhir_base: str, patient: str, tenant: str | None) -> str | None:
    """What in the answer to a refresh says that the EHR means another patient or tenant now; None when nothing does."""
    said = response.get("patient")
    if said is not None and said != patient:
        return "patient"
    if tenant is not None and response.get("tenant", tenant) != tenant:
        return "tenant"
    items = _items(_ParameterReader(response=response, ignored=[]), fhir_base)
    meant = PatientOnServer(id=patient, base=fhir_base)
    return "fhirContext" if any(_is_another_patient(item, meant) for item in items) else None


def _check_tenant(issuer: Issuer, said: set[str]) -> None:
    if issuer.tenant is not None and said != {issuer.tenant}:
        raise LaunchError(
            "tenant_differs",
            Sentence("The EHR opened Rapport for another organisation than the one it is registered for."),
            reopen=OPEN_AGAIN,
            detail="tenant differs from `tenant` of this issuer in launch.json" if said else "the EHR named no tenant",
            status=403,
        )


def _check_patient(items: tuple[ContextItem, ...], patient: PatientOnServer) -> None:
    if any(_is_another_patient(item, patient) for item in items):
        raise LaunchError(
            "patient_contradicted",
            Sentence("The EHR named two different patients in one launch."),
            reopen=OPEN_AGAIN,
            detail="fhirContext holds a Patient that differs from patient",
            status=403,
        )


def _is_another_patient(item: ContextItem, patient: PatientOnServer) -> bool:
    """A Patient the app was opened for, and not certainly this one. One in another role (a mother, say) is not meant."""
    if item.type != "Patient" or not item.in_context or item.reference is None:
        return False
    return whose_reference({"reference": item.reference}, patient).owner != "own"


def _app_context(reader: _ParameterReader) -> str | None:
    value = reader.response.get("appContext")
    if value is None or (isinstance(value, str) and len(value) <= _LONGEST_APP_CONTEXT):
        return value or None
    reader.ignored.append("appContext")
    return None


def _style_url(reader: _ParameterReader, issuer: Issuer) -> str | None:
    value = reader.response.get("smart_style_url")
    if value is None or value == "":
        return None
    address = allowed_address(issuer, value) if isinstance(value, str) and "://" in value else None
    if address is None:
        reader.ignored.append("smart_style_url")
    return address


def _items(reader: _ParameterReader, fhir_base: str) -> Iterator[ContextItem]:
    """`fhirContext`; version 2.0 had plain references in it."""
    given = reader.response.get("fhirContext")
    if given is None:
        return
    if not isinstance(given, list) or len(given) > _MOST_ITEMS:
        reader.ignored.append("fhirContext")
        return
    for place, entry in enumerate(given):
        item = _item({"reference": entry} if isinstance(entry, str) else entry, fhir_base)
        if item is None:
            reader.ignored.append(f"fhirContext[{place}]")
        else:
            yield item


def _item(entry: object, fhir_base: str) -> ContextItem | None:
    """One item; None when nothing in it can be used, or when something in it contradicts the rest."""
    if not isinstance(entry, dict):
        return None
    role, stated = entry.get("role", "launch"), entry.get("type")
    if not _fits(role, _OPAQUE) or not (stated is None or _fits(stated, _TYPE)):
        return None
    named = literal_reference(entry.get("reference"), base=fhir_base)
    canonical = entry.get("canonical") if _fits(entry.get("canonical"), _CANONICAL) else None
    identifier = _identifier(entry.get("identifier"))
    if named is None and canonical is None and identifier is None:
        return None
    kind = named.type if named else stated
    if stated is not None and kind != stated:
        return None
    return ContextItem(role=role, type=kind, reference=named.text if named else None, canonical=canonical, identifier=identifier)


def _fits(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _identifier(value: object) -> tuple[str, str] | None:
    """(system, value); the system may be empty."""
    if not isinstance(value, dict) or not _fits(value.get("value"), _OPAQUE):
        return None
    system = value.get("system", "")
    return (system, value["value"]) if system == "" or _fits(system, _OPAQUE) else None
