"""What this launch may read and write: granted scopes and the server's own statement, and the clients that act on it."""

from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.r4.references import PatientOnServer
from fhir_mappings.r4.systems import DOCUMENT_CATEGORY, OBSERVATION_CATEGORY
from fhir_mappings.sentence import Sentence, listed
from smart_app.care.record.record import AnyRecord
from smart_app.fhir.capability import Capabilities
from smart_app.fhir.client import FhirClient
from smart_app.launch.context.launch_context import LaunchContext, UserContext
from smart_app.launch.oauth.scopes import allows, narrowed
from smart_app.services import AppServices

Interaction = Literal["read", "search-type", "create", "update"]
_LETTER: dict[Interaction, Literal["c", "r", "u", "d", "s"]] = {"read": "r", "search-type": "s", "create": "c", "update": "u"}
# What is written of a type carries these, and a scope may be narrowed to them.
_WRITTEN: Mapping[str, tuple[str, ...]] = {
    "Observation": (f"{OBSERVATION_CATEGORY}|survey",),
    "DocumentReference": (f"{DOCUMENT_CATEGORY}|clinical-note",),
}
_WRITES = ("QuestionnaireResponse", "Observation")
# A write is given longer than a read: an answer that is given up on leaves an outcome nobody knows.
_WRITE_PATIENCE = 3


class Permissions(Struct, frozen=True, kw_only=True):
    """`scope` as granted, `capabilities` as stated. `sealed_scope` is what the launch was granted under which the submission was sealed
    that is sent: it is sent with no more; None where there is no such bound."""

    scope: str
    capabilities: Capabilities
    sealed_scope: str | None = None

    def granted(self, resource_type: str, interaction: Interaction, *, categories: Collection[str] = ()) -> bool:
        """Whether the granted scopes cover it; `categories` (`system|code`) are those of what is read."""
        writes = interaction in {"create", "update"}
        carried = _WRITTEN.get(resource_type, ()) if writes else categories
        bounds = [self.scope] if self.sealed_scope is None or not writes else [self.scope, self.sealed_scope]
        return all(allows(scope, resource_type, _LETTER[interaction], categories=carried) for scope in bounds)

    def in_part(self, resource_type: str, interaction: Interaction) -> bool:
        """Whether the granted scopes cover only some resources of the type."""
        return narrowed(self.scope, resource_type, _LETTER[interaction])

    def why_not(self, resource_type: str, interaction: Interaction) -> Sentence | None:
        """A sentence saying why it cannot be done; None when it can, or when nothing speaks against trying."""
        if not self.granted(resource_type, interaction):
            return _not_granted(resource_type, interaction)
        if self.capabilities.can(resource_type, interaction) is False:
            return Sentence("The server does not offer “{interaction}” for {kind}.", interaction=interaction, kind=resource_type)
        return None

    @property
    def for_it(self) -> tuple[Sentence, ...]:
        """Where the server's statement and the granted scopes differ on what can be created: what is done, or what could be."""
        granted = [kind for kind in _WRITES if self.granted(kind, "create")]
        tried = [kind for kind in granted if self.capabilities.leaves_out(kind)]
        not_tried = [kind for kind in granted if self.capabilities.can(kind, "create") is False]
        return (*([_tried(tried)] if tried else []), *([_not_tried(not_tried)] if not_tried else []))


def _not_granted(kind: str, interaction: Interaction) -> Sentence:
    if interaction == "read":
        return Sentence("This sign-in does not include permission to read {kind}.", kind=kind)
    if interaction == "search-type":
        return Sentence("This sign-in does not include permission to search {kind}.", kind=kind)
    if interaction == "create":
        return Sentence("This sign-in does not include permission to create {kind}.", kind=kind)
    return Sentence("This sign-in does not include permission to change {kind}.", kind=kind)


def _tried(kinds: Collection[str]) -> Sentence:
    return Sentence(
        "The server’s statement does not say that {kinds} can be created. It is tried all the same, as this server’s entry says "
        "(trust_scopes_for).",
        kinds=listed(kinds),
    )


def _not_tried(kinds: Collection[str]) -> Sentence:
    return Sentence(
        "This sign-in permits to create {kinds}, which the server’s statement does not offer. If the server takes it all the same, name it "
        "under trust_scopes_for in its entry of launch.json.",
        kinds=listed(kinds),
    )


def base_of(context: LaunchContext | UserContext) -> str:
    """The FHIR base without a trailing slash; `iss` itself is kept as received."""
    return context.iss.rstrip("/")


def patient_on_server(context: LaunchContext) -> PatientOnServer:
    """Whose record this launch has open: what every resource that is read is held against."""
    return PatientOnServer(id=context.patient, base=base_of(context))


def prefetch_capabilities(iss: str, services: AppServices) -> None:
    """Start finding out what the server can do, so that the first page need not wait for it. For a registered `iss` only."""
    services.capabilities.prefetch(iss.rstrip("/"))


def permissions(record: AnyRecord) -> Permissions:
    """What this launch can do. Waits for the server's statement only where it was never read."""
    found = record.services.capabilities.of(base_of(record.context), wait=record.services.settings.read_timeout)
    issuer = record.services.registration.find(record.context.iss)
    if issuer is not None and issuer.trust_scopes_for:
        found = replace(found, understated=frozenset(issuer.trust_scopes_for))
    return Permissions(scope=record.context.scope, capabilities=found)


def reader(record: AnyRecord) -> FhirClient:
    """A client for pages: answers in time or not at all."""
    return FhirClient(
        base=base_of(record.context),
        http=record.services.http,
        token=record.context.access_token,
        timeout=record.services.settings.read_timeout,
        page_limit=record.services.settings.page_limit,
        renew=record.renew,
    )


def writer(record: AnyRecord) -> FhirClient:
    """A client for writes, with more patience."""
    return FhirClient(
        base=base_of(record.context),
        http=record.services.http,
        token=record.context.access_token,
        timeout=record.services.settings.read_timeout * _WRITE_PATIENCE,
        page_limit=record.services.settings.page_limit,
        renew=record.renew,
    )
