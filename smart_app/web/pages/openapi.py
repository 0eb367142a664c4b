"""The addresses machines read, as an OpenAPI 3.1 document: health, readiness, manifest, public keys, and why something is said. Pages for
people are not in it."""

from typing import Any

from smart_app import __version__
from smart_app.launch.oauth.client_metadata import MANIFEST_PATH
from smart_app.registration import Registration
from smart_app.web.pages.why.why_schema import WHY

_TEXT = {"type": "string", "minLength": 1}
_ADDRESS = {**_TEXT, "format": "uri"}
_READY = r"^ready\n(row_not_opened [a-z]+ [0-9]+\n)*$"
_NOT_READY = r"^(database not ready|submission_not_opened [0-9]+: .*)\n$"
_AS_OF_NOW, _KEPT = "As of now; a key made since is in it.", "public, max-age=300"
_LAUNCH = "^[A-Za-z0-9_-]{8,64}$"
_BASE64 = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}


def openapi(registration: Registration) -> dict[str, Any]:
    """The document for an app registered so; the addresses below are those of its `launch.json`."""
    client = registration.client
    paths = {
        "/healthz": _asked("health", "Whether the process answers", {"200": _plain("It does.", "ok\n")}),
        "/readyz": _asked(
            "readiness",
            "Whether launches can be opened: the database answers and has this version's schema",
            {
                "200": _matching("They can; with the tables that hold rows which no configured key opens.", _READY),
                "503": _matching("The database is not ready, or holds submissions that no configured key opens.", _NOT_READY),
            },
        ),
        MANIFEST_PATH: _asked(
            "manifest",
            "The app's registration metadata (RFC 7591), and where launches arrive",
            {"200": _json("Manifest", _AS_OF_NOW, cache=_KEPT)},
        ),
    }
    paths["/l/{launch_id}/why.json"] = {
        **_asked(
            "why",
            "Why something is said of a patient's ratings, with inputs, rules, errors, rates by chance and what was not used",
            {
                "200": _json("Why", "What this clinician may see, as of now.", cache="no-store"),
                "403": {"description": "No such launch, not this browser's, or a patient's.", "content": {"text/html": {"schema": _TEXT}}},
            },
        ),
        "parameters": [{"name": "launch_id", "in": "path", "required": True, "schema": {"type": "string", "pattern": _LAUNCH}}],
    }
    if client.jwks_uri:
        paths[client.jwks_uri] = _asked(
            "keys", "The app's public keys (RFC 7517), old and new during a rotation", {"200": _json("KeySet", _AS_OF_NOW, cache=_KEPT)}
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rapport",
            "version": __version__,
            "description": (
                "What a load balancer, an EHR and a sandbox read, and why.json, which alone is about a person: it opens with the cookie of "
                "a clinician's launch. None of the others needs a sign-in."
            ),
        },
        "paths": paths,
        "components": {"schemas": {"KeySet": _KEY_SET, "Manifest": _manifest(registration), "Why": WHY}},
    }


def _asked(name: str, summary: str, answers: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"operationId": name, "summary": summary, "responses": answers}}


def _plain(description: str, text: str) -> dict[str, Any]:
    return {"description": description, "content": {"text/plain": {"schema": {"type": "string", "const": text}}}}


def _matching(description: str, pattern: str) -> dict[str, Any]:
    return {"description": description, "content": {"text/plain": {"schema": {"type": "string", "pattern": pattern}}}}


def _json(schema: str, description: str, *, cache: str) -> dict[str, Any]:
    return {
        "description": description,
        "headers": {"Cache-Control": {"required": True, "schema": {"type": "string", "const": cache}}},
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def _closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these members and no other."""
    members = {**required, **(optional or {})}
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": members}


# Closed, so that a private member could not be there and the description still be true.
_OF_EVERY_KEY = {"kid": _TEXT, "use": {"const": "sig"}}
_KEY_SET = _closed(
    {
        "keys": {
            "type": "array",
            "items": {
                "oneOf": [
                    _closed({"kty": {"const": "RSA"}, "alg": {"const": "RS384"}, "n": _BASE64, "e": _BASE64, **_OF_EVERY_KEY}),
                    _closed(
                        {
                            "kty": {"const": "EC"},
                            "alg": {"const": "ES384"},
                            "crv": {"const": "P-384"},
                            "x": _BASE64,
                            "y": _BASE64,
                            **_OF_EVERY_KEY,
                        }
                    ),
                ]
            },
        }
    }
)


def _manifest(registration: Registration) -> dict[str, Any]:
    client = registration.client
    return _closed(
        {
            "client_name": _TEXT,
            "client_uri": _ADDRESS,
            "software_id": _TEXT,
            "software_version": _TEXT,
            "redirect_uris": {"type": "array", "minItems": 1, "items": _ADDRESS},
            "initiate_login_uri": _ADDRESS,
            "launch_url": _ADDRESS,
            "grant_types": {"type": "array", "items": {"enum": list(client.grant_types)}},
            "response_types": {"type": "array", "items": {"enum": list(client.response_types)}},
            "token_endpoint_auth_method": {"enum": ["none", "private_key_jwt"]},
            "scope": _TEXT,
            "fhir_versions": {"type": "array", "items": {"enum": list(registration.smart.fhir_versions)}},
        },
        {
            "logo_uri": _ADDRESS,
            "tos_uri": _ADDRESS,
            "policy_uri": _ADDRESS,
            "jwks_uri": _ADDRESS,
            "contacts": {"type": "array", "minItems": 1, "items": _TEXT},
        },
    )
