"""SMART apps nobody here wrote a launch for: fhirclient (PyPI) in a Flask app of two routes, fhirclient (npm) in two static pages."""

from pathlib import Path
from threading import Lock
from typing import Any

from fhirclient.client import FHIRClient
from flask import Flask, Response, redirect, request, send_file

_BUILD = Path(__file__).resolve().parents[1] / "peers" / "node" / "node_modules" / "fhirclient" / "build" / "fhir-client.pure.min.js"
# As its documentation has it: the launch page asks for authorization, the index page waits for it.
_LAUNCH_PAGE = """<!doctype html><title>Launch</title><script src="fhir-client.js"></script><script>
FHIR.oauth2.authorize({{clientId: {client_id!r}, scope: {scope!r}, redirectUri: 'index.html', completeInTarget: true}});
</script>"""
_INDEX_PAGE = """<!doctype html><title>App</title><script src="fhir-client.js"></script><pre id="out">waiting</pre><script>
const out = document.getElementById('out');
const tell = patient => `${patient.id} ${patient.name[0].family} ${patient.birthDate}`;
FHIR.oauth2.ready().then(async client => {
  const first = client.state.tokenResponse, user = client.user.fhirUser;
  const said = [tell(await client.patient.read())];
  const found = await client.request(`Observation?patient=${client.patient.id}&_count=2`, {pageLimit: 0, flat: true});
  const renewed = (await client.refresh()).tokenResponse;
  said.push(tell(await client.patient.read()));
  out.textContent = JSON.stringify({said, user, found: found.map(one => one.id), encounter: client.encounter.id,
    rotated: first.refresh_token !== renewed.refresh_token, renewed: first.access_token !== renewed.access_token});
}).catch(error => { out.textContent = 'failed: ' + error.message; });
</script>"""


class PythonApp:
    """`/launch` and `/callback` around fhirclient's FHIRClient; what it came to is in `clients`, newest last."""

    def __init__(self, *, client_id: str, scope: str, secret: str | None = None) -> None:
        self.address = ""
        self.clients: list[Any] = []
        self._settings = {"app_id": client_id, "app_secret": secret, "scope": scope}
        self._begun: dict[str, Any] = {}
        self._lock = Lock()
        self.app = Flask("foreign")
        self.app.add_url_rule("/launch", "launch", self.launch)
        self.app.add_url_rule("/callback", "callback", self.callback)

    def launch(self) -> Any:
        settings = {"api_base": request.args["iss"], "launch_token": request.args["launch"], "redirect_uri": f"{self.address}/callback"}
        client = FHIRClient(settings={**self._settings, **settings})
        address = client.authorize_url
        with self._lock:
            self._begun[client.server.auth.auth_state] = client
        return redirect(address, 303)

    def callback(self) -> str:
        with self._lock:
            client = self._begun.pop(request.args["state"])
        client.handle_callback(request.url)
        self.clients.append(client)
        return str(client.human_name(client.patient.name[0]))

    def close(self) -> None:
        """Its connections."""
        for client in self.clients:
            client.server.session.close()


def javascript_app(*, client_id: str, scope: str) -> Flask:
    """`launch.html` and `index.html` around fhirclient's oauth2 module, with the module beside them."""
    app = Flask("static pages")
    launch_page = _LAUNCH_PAGE.format(client_id=client_id, scope=scope)
    app.add_url_rule("/launch.html", "launch", lambda: launch_page)
    app.add_url_rule("/index.html", "index", lambda: _INDEX_PAGE)
    app.add_url_rule("/fhir-client.js", "module", lambda: send_file(_BUILD))
    app.add_url_rule("/favicon.ico", "icon", lambda: Response(status=204))
    return app
