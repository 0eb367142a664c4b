"""What the app tells the world about itself, derived from `launch.json` and the base URL: addresses, RFC 7591 metadata, app manifest."""

from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from smart_app import __version__
from smart_app.errors import ConfigurationError
from smart_app.registration import (
    ClientAuth,
    ClientMetadata,
    OpenServer,
    PrivateKeyJwt,
    PublicClient,
    Registration,
    SecretBasic,
    SecretPost,
    is_loopback,
)

# No HL7 document specifies an app manifest. The path and the members are those the Logica (formerly HSPC) sandbox manager reads.
MANIFEST_PATH = "/.well-known/smart/manifest.json"
_METHODS = {PublicClient: "none", SecretBasic: "client_secret_basic", SecretPost: "client_secret_post", PrivateKeyJwt: "private_key_jwt"}


class Addresses(Struct, frozen=True, kw_only=True):
    """Where the app is, as absolute addresses to be registered to the letter."""

    app: str
    launch: str
    redirects: tuple[str, ...]
    jwks: str | None
    logo: str | None
    tos: str | None
    policy: str | None


def addresses(registration: Registration, base_url: str) -> Addresses:
    """The app's addresses below `base_url`. Raises ConfigurationError unless that is https (http on this machine), without user info,
    query and fragment: EHRs compare registered addresses letter by letter and refuse any other kind."""
    parts = urlsplit(base_url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not secure or parts.username is not None or "?" in base_url or "#" in base_url:
        raise ConfigurationError(
            "The base URL cannot be registered with an EHR.",
            where="RAPPORT_BASE_URL",
            detail="it has to be https (http only on this machine), without user info, query or fragment",
        )
    client = registration.client
    return Addresses(
        app=f"{base_url}{client.client_uri}",
        launch=f"{base_url}{registration.smart.launch_uri}",
        redirects=tuple(f"{base_url}{path}" for path in client.redirect_uris),
        jwks=_below(base_url, client.jwks_uri),
        logo=_below(base_url, client.logo_uri),
        tos=_below(base_url, client.tos_uri),
        policy=_below(base_url, client.policy_uri),
    )


def method_of(auth: ClientAuth) -> str:
    """The client type in the words of `token_endpoint_auth_method`. Raises ConfigurationError for an open server, which has none."""
    if isinstance(auth, OpenServer):
        raise ConfigurationError("An open server takes no registration.", where="auth.method")
    return _METHODS[type(auth)]


def client_metadata(client: ClientMetadata, at: Addresses, *, method: str, scope: str) -> dict[str, Any]:
    """RFC 7591 section 2 metadata, for a registration endpoint or to be sent by mail. `initiate_login_uri` is where a launch starts, in
    the words of OpenID Connect Registration 1.0 section 2; a server that does not know a member ignores it."""
    metadata = {
        "client_name": client.client_name,
        "client_uri": at.app,
        "logo_uri": at.logo,
        "tos_uri": at.tos,
        "policy_uri": at.policy,
        "contacts": list(client.contacts) or None,
        "software_id": client.software_id,
        "software_version": __version__,
        "redirect_uris": list(at.redirects),
        "initiate_login_uri": at.launch,
        "grant_types": list(client.grant_types),
        "response_types": list(client.response_types),
        "token_endpoint_auth_method": method,
        "jwks_uri": at.jwks if method == "private_key_jwt" else None,
        "scope": scope,
    }
    return {name: value for name, value in metadata.items() if value is not None}


def scope_of(registration: Registration) -> str:
    """Every scope the app asks for unless an entry says otherwise; `launch/patient` among them where people may start without a chart."""
    scopes = registration.client.scope.split()
    return " ".join(dict.fromkeys([*scopes, *(("launch/patient",) if registration.standalone else ())]))


def manifest(registration: Registration, at: Addresses, *, keys: bool) -> dict[str, Any]:
    """The app manifest: the RFC 7591 metadata, where launches arrive, and the FHIR versions spoken. With `keys` published the app
    introduces itself as one that signs."""
    method = "private_key_jwt" if keys else "none"
    metadata = client_metadata(registration.client, at, method=method, scope=scope_of(registration))
    return {**metadata, "launch_url": at.launch, "fhir_versions": list(registration.smart.fhir_versions)}


def _below(base_url: str, path: str | None) -> str | None:
    return None if path is None else f"{base_url}{path}"
