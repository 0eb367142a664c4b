"""The name of a signed-in clinician whom the id_token names by a reference alone, from the record where that may be read."""

from msgspec.structs import replace

from fhir_mappings.people.clinicians import name_of, practitioner_of
from fhir_mappings.r4.references import local_reference
from smart_app.care.record.access import base_of
from smart_app.errors import FhirError
from smart_app.fhir.client import FhirClient, Resource
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.launch.oauth.scopes import allows
from smart_app.services import AppServices


def with_name(context: LaunchContext, services: AppServices) -> LaunchContext:
    """The launch, its clinician named where the EHR did not name them and the record does: one read more, two for a role. As it is where
    nothing of theirs may be read, or they are on another server, which is never asked."""
    if context.user.name or context.by_patient:
        return context
    timeout = services.settings.read_timeout
    client = FhirClient(base=base_of(context), http=services.http, token=context.access_token, timeout=timeout, page_limit=1)
    found = _name(client, context, context.user.reference)
    return replace(context, user=replace(context.user, name=found)) if found else context


def _name(client: FhirClient, context: LaunchContext, written: str) -> str | None:
    """The name of the Practitioner, or of the one behind the PractitionerRole, that this reference names here."""
    reference = local_reference(written, base=base_of(context))
    if reference is None:
        return None
    resource = _read(client, context, reference)
    if resource is None or resource.get("resourceType") == "Practitioner":
        return name_of(resource) if resource else None
    behind = practitioner_of(resource)
    if behind is None or behind.name:
        return behind.name if behind else None
    person = local_reference(behind.reference, base=base_of(context)) or ""
    return _name(client, context, person) if person.startswith("Practitioner/") else None


def _read(client: FhirClient, context: LaunchContext, reference: str) -> Resource | None:
    """The resource, None where it may not or cannot be read: the launch goes on without the name."""
    if not allows(context.scope, reference.partition("/")[0], "r"):
        return None
    try:
        return client.read_reference(reference)
    except FhirError:
        return None
