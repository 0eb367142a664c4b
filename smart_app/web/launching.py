"""The launch's two addresses: where the EHR sends the browser, and where its sign-in sends it back."""

from datetime import timedelta

from flask import Flask, Response, g, redirect, request

from smart_app.care.access import prepare
from smart_app.errors import LaunchError
from smart_app.launch.context import LaunchContext
from smart_app.launch.parameters import callback_state, launch_request
from smart_app.services import AppServices
from smart_app.telemetry import new_log
from smart_app.web import cookies
from smart_app.web.landing import first_page
from smart_app.web.site import Site

# Time to sign in, a second factor included.
_SIGN_IN = timedelta(minutes=10)


def register(app: Flask, site: Site) -> None:
    """Put every address where `launch.json` says they are."""
    handler = Launching(site)
    registration = site.services.registration
    app.add_url_rule(registration.smart.launch_uri, "launch", handler.launch)
    for path in registration.client.redirect_uris:
        app.add_url_rule(path, "callback", handler.callback)


class Launching:
    """EHR launch."""

    def __init__(self, site: Site) -> None:
        self._services = site.services

    def launch(self) -> Response:
        """Send the browser to the EHR's sign-in. An unknown `iss` causes no request to anywhere."""
        # The raw query, because form decoding would turn a `+` in `launch` into a space.
        g.iss = request.args.get("iss")
        asked = launch_request(request.query_string.decode("ascii", "replace"))
        begun = self._services.launcher.begin(asked.iss, asked.launch)
        prepare(asked.iss, self._services)
        cookie = self._services.store.launches.add_pending(begun.pending, ttl=_SIGN_IN)
        response = _to(begun.authorize_url)
        cookies.keep(response, cookie.name, cookie.value, seconds=int(_SIGN_IN.total_seconds()))
        return response

    def callback(self) -> Response:
        """Complete the launch and go to its page. The pending launch is used up, whatever comes of it; who comes back this way
        afterwards is shown the launch it became."""
        params = request.args.to_dict(flat=False)
        state = callback_state(params)
        launches = self._services.store.launches
        try:
            pending = launches.take_pending(state, request.cookies)
        except LaunchError:
            running = launches.led_to(state, request.cookies)
            if running is None:
                raise
            launch_id, context = running
            return _to(first_page(context, self._services, launch_id=launch_id))
        context = self._services.launcher.complete(pending, params)
        response = opened(self._services, context, state=state)
        cookies.drop(response, launches.cookie_name_for_state(state))
        return response


def opened(services: AppServices, context: LaunchContext, *, state: str | None = None) -> Response:
    """Keep a completed launch, set its cookie and go to the page it was opened for. `state` is what its sign-in came back with, if there
    was one."""
    settings = services.settings
    absolute = timedelta(minutes=settings.absolute_minutes)
    services.store.purge(services.clock())
    launch = services.store.launches.open(context, idle=timedelta(minutes=settings.idle_minutes), absolute=absolute, state=state)
    detail = {"via": context.via, "scope": context.scope}
    services.store.audit.add("launch", launch_id=launch.id, context=context, detail=detail)
    for name in context.arrived.ignored:
        new_log().warning("launch_value_ignored", issuer_name=context.issuer_name, reason_code=name)
    response = _to(first_page(context, services, launch_id=launch.id))
    cookies.keep(response, launch.cookie_name, launch.cookie_value, seconds=int(absolute.total_seconds()))
    return response


def _to(address: str) -> Response:
    """A 303: whatever brought the browser here, the next request is a GET."""
    response = redirect(address, 303)
    # Werkzeug's redirect page repeats the address, with `state` and launch id in it.
    response.set_data(b"")
    return response  # type: ignore[return-value]
