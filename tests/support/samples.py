"""A pending and a completed launch, for tests that need one and do not care which."""

from datetime import UTC, datetime

from smart_app.launch.context.launch_context import LaunchContext, PendingLaunch, User

OPENED = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)

PENDING = PendingLaunch(
    iss="https://ehr.example.org/fhir/",
    via="ehr",
    state="state-1",
    nonce="nonce-1",
    verifier="verifier-1",
    redirect_uri="https://rapport.example.org/callback",
    requested_scope="launch openid",
    token_endpoint="https://ehr.example.org/auth/token",
    issuer="https://ehr.example.org/auth",
    jwks_uri=None,
    started=OPENED,
)

CONTEXT = LaunchContext(
    iss="https://ehr.example.org/fhir/",
    issuer_name="Example EHR",
    via="ehr",
    patient="pat-1",
    encounter=None,
    user=User(reference="Practitioner/dr-1", name="Dr Ada Example", issuer="https://ehr.example.org/auth", subject="user-1"),
    scope="launch openid",
    access_token="access-1",
    refresh_token=None,
    token_endpoint="https://ehr.example.org/auth/token",
    expires=datetime(2026, 3, 4, 9, 35, 0, 250_000, tzinfo=UTC),
    opened=OPENED,
    need_patient_banner=True,
    synthetic=False,
)
