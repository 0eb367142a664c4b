"""What anybody may read about the app: a page of its addresses, its public keys, its manifest, its logo. No cookie, no launch,
nothing about a person."""

import simplejson
from flask import Flask, Response, url_for

from smart_app.launch.oauth.client_metadata import MANIFEST_PATH, addresses, manifest
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.views.about import about_view

# An EHR may keep the keys no longer than this says (SMART App Launch, asymmetric client authentication), so a new key is known
# everywhere five minutes after its rotation.
_KEYS_KEPT = "public, max-age=300"
_KEPT = "public, max-age=86400"
_LOGO = "icon.svg"


def register(app: Flask, dependencies: Dependencies) -> None:
    """Put everything where `launch.json` says it is."""
    handler = PublishedDocuments(dependencies)
    client = dependencies.services.registration.client
    app.add_url_rule(client.client_uri, "about", handler.about)
    app.add_url_rule(MANIFEST_PATH, "manifest", handler.manifest)
    if client.jwks_uri:
        app.add_url_rule(client.jwks_uri, "jwks", handler.keys)
    if client.logo_uri:
        app.add_url_rule(client.logo_uri, "logo", handler.logo)


class PublishedDocuments:
    """The public documents."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services
        self._addresses = addresses(dependencies.services.registration, dependencies.services.settings.base_url)
        self._logo = dependencies.pages.static.assets[_LOGO]

    def about(self) -> Response:
        """The page for people: where the app is opened from, and every address to be registered."""
        view = about_view(self._services.registration, self._addresses, base_url=self._services.settings.base_url, start=url_for("start"))
        return self._dependencies.pages.page("about", view)

    def keys(self) -> Response:
        """The public halves of the app's keys. Read anew each time, so a rotated key file needs no restart."""
        return _json(self._services.launcher.published_keys(), cache=_KEYS_KEPT)

    def manifest(self) -> Response:
        """The app manifest, for sandboxes and for whoever registers the app."""
        keys = bool(self._services.launcher.published_keys()["keys"])
        return _json(manifest(self._services.registration, self._addresses, keys=keys), cache=_KEYS_KEPT)

    def logo(self) -> Response:
        """The logo at an address that does not change, which EHRs show in pages of their own."""
        response = Response(self._logo.content, mimetype=self._logo.mimetype)
        response.headers["Cache-Control"] = _KEPT
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response


def _json(document: object, *, cache: str) -> Response:
    response = Response(f"{simplejson.dumps(document, indent=2)}\n", mimetype="application/json")
    response.headers["Cache-Control"] = cache
    return response
