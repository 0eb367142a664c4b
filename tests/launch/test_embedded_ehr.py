"""Every client type at an EHR that checks: the embedded one, over real sockets, from the launch to the revocation."""

from collections.abc import Iterator

import pytest
import simplejson

from smart_app.errors import LaunchError, SessionError
from smart_app.http import new_session
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.launch.flow import Launcher
from smart_app.registration import ClientAuth, Issuer, PrivateKeyJwt, PublicClient, Registration, SecretBasic, SecretPost, load_registration
from tests.sandbox.smart_ward import APP_KEY, APP_RSA_KEY, SCOPE, Ward, returned, running_ward

ENVIRON = {
    "SECRET": "s3cret",
    "WRONG": "guess",
    "EC": simplejson.dumps(APP_KEY.as_dict(private=True)),
    "RSA": APP_RSA_KEY.as_pem(private=True).decode(),
}
TYPES: list[tuple[str, ClientAuth]] = [
    ("rapport", PublicClient()),
    ("basic", SecretBasic(secret_env="SECRET")),
    ("basic", SecretBasic(secret_env="SECRET", form_encode=True)),
    ("post", SecretPost(secret_env="SECRET")),
    ("signed", PrivateKeyJwt(key_env="EC")),
    ("signed", PrivateKeyJwt(key_env="RSA", kid="app-2")),
]


@pytest.fixture
def ward() -> Iterator[Ward]:
    with running_ward() as running:
        yield running


def launcher(ward: Ward, client_id: str, auth: ClientAuth) -> Launcher:
    issuer = Issuer(name="Ward", iss=ward.fhir, client_id=client_id, auth=auth, scope=SCOPE)
    shipped = load_registration()
    registration = Registration(client=shipped.client, smart=shipped.smart, issuers=(issuer,))
    return Launcher(registration=registration, http=new_session(pool=2), clock=ward.clock, base_url="http://localhost:9", environ=ENVIRON)


def opened(app: Launcher, ward: Ward, client_id: str) -> LaunchContext:
    begun = app.begin(ward.fhir, ward.launch(client=client_id))
    answer = returned(ward.http.get(begun.authorize_url, allow_redirects=False))
    return app.complete(begun.pending, {name: [value] for name, value in answer.items()})


# SMART F1
# SMART F2
# SMART F3
# IG 63, 64, 66, 105, 106
@pytest.mark.parametrize(("client_id", "auth"), TYPES)
def test_launch_refresh_and_revocation_are_accepted(ward: Ward, client_id: str, auth: ClientAuth) -> None:
    app = launcher(ward, client_id, auth)
    app.check()
    context = opened(app, ward, client_id)
    assert context.patient == "p1"
    renewed = app.refresh(context)
    assert renewed.access_token != context.access_token
    assert app.revoke(renewed) == "confirmed"
    assert ward.call(str(renewed.access_token), "GET", "Patient/p1").status_code == 401
    with pytest.raises(SessionError):
        app.refresh(renewed)


@pytest.mark.parametrize(
    ("client_id", "auth"),
    [
        ("basic", SecretBasic(secret_env="WRONG")),
        ("basic", SecretPost(secret_env="SECRET")),
        ("post", SecretPost(secret_env="WRONG")),
        ("post", PublicClient()),
        ("signed", PrivateKeyJwt(key_env="EC", kid="app-2")),
        ("signed", PublicClient()),
    ],
)
def test_client_that_is_not_who_it_says_is_refused(ward: Ward, client_id: str, auth: ClientAuth) -> None:
    with pytest.raises(LaunchError) as refused:
        opened(launcher(ward, client_id, auth), ward, client_id)
    assert refused.value.code == "token_refused"
