"""Which EHRs Rapport may be launched from, and what it tells them about itself: `launch.json`, read once and frozen.

An `iss` from outside is looked up here before anything is sent anywhere. Secrets are never in the file: it names
environment variables and files. Every mistake in the file is a ConfigurationError with the path of the key.
"""

from smart_app.registration.entries import (
    AuthorizeBy,
    ClientAuth,
    ClientMetadata,
    Issuer,
    KeptSecret,
    LaunchPlus,
    OpenServer,
    PrivateKeyJwt,
    PublicClient,
    Registration,
    SecretBasic,
    SecretPost,
)
from smart_app.registration.iss import is_loopback, normalise_iss
from smart_app.registration.launch_file import launch_schema, load_registration

__all__ = [
    "AuthorizeBy",
    "ClientAuth",
    "ClientMetadata",
    "Issuer",
    "KeptSecret",
    "LaunchPlus",
    "OpenServer",
    "PrivateKeyJwt",
    "PublicClient",
    "Registration",
    "SecretBasic",
    "SecretPost",
    "is_loopback",
    "launch_schema",
    "load_registration",
    "normalise_iss",
]
