"""Closing a launch: forgotten here at once, and its tokens given back to the EHR where it takes them."""

from smart_app.care.record.record import ChartRecord
from smart_app.launch.flow import Revocation
from smart_app.telemetry import new_log


def sign_out(record: ChartRecord) -> Revocation:
    """End the launch, then revoke its tokens (RFC 7009); what became of them. Nothing the EHR answers keeps the launch open."""
    store = record.services.store
    with store.database.begin() as together:
        store.launches.end(record.launch, within=together)
        store.audit.add("signed_out", launch_id=record.launch_id, context=record.context, within=together)
    outcome = record.services.launcher.revoke(record.context)
    if outcome != "nothing":
        store.audit.add("revocation", launch_id=record.launch_id, context=record.context, detail={"outcome": outcome})
    new_log().info("signed_out", outcome=outcome, issuer_name=record.context.issuer_name)
    return outcome
