"""Closing a launch: forgotten here at once, and its tokens given back to the EHR where it takes them."""

from smart_app.launch.context import LaunchContext, LaunchId
from smart_app.launch.flow import Revocation
from smart_app.services import AppServices
from smart_app.telemetry import new_log


def sign_out(context: LaunchContext, services: AppServices, *, launch_id: LaunchId) -> Revocation:
    """End the launch, then revoke its tokens (RFC 7009); what became of them. Nothing the EHR answers keeps the launch open."""
    store = services.store
    with store.database.begin() as together:
        store.launches.end(launch_id, within=together)
        store.audit.add("signed_out", launch_id=launch_id, context=context, within=together)
    outcome = services.launcher.revoke(context)
    if outcome != "nothing":
        store.audit.add("revocation", launch_id=launch_id, context=context, detail={"outcome": outcome})
    new_log().info("signed_out", outcome=outcome, issuer_name=context.issuer_name)
    return outcome
