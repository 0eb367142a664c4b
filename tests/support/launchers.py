"""An app registered with the EHR of `authorization_server`."""

from msgspec.structs import replace

from smart_app.http import new_session
from smart_app.launch.flow import Launcher
from smart_app.registration import ClientAuth, Issuer, PublicClient, load_registration
from tests.support.authorization_server import BASE, SCOPE
from tests.support.clock import Clock


def registered(auth: ClientAuth | None = None) -> Issuer:
    return Issuer(name="Example EHR", iss=BASE, client_id="rapport", auth=auth or PublicClient(), scope=SCOPE)


def launcher_for(issuer: Issuer, clock: Clock, environ: dict[str, str] | None = None) -> Launcher:
    registration = replace(load_registration(), issuers=()).with_issuer(issuer)
    return Launcher(
        registration=registration, http=new_session(pool=4), clock=clock, base_url="https://rapport.example.org", environ=environ or {}
    )
