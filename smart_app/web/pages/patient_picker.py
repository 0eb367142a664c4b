"""Open servers only (no OAuth, synthetic data): the tester picks a patient and the chart opens."""

from flask import Flask, Response, g, request, url_for
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence
from smart_app.care.record.patient_in_context import patient_of
from smart_app.care.sessions.open_server import PatientList, check_id, find_patients, open_chart
from smart_app.errors import LaunchError
from smart_app.fhir.client import FhirClient
from smart_app.registration import Issuer
from smart_app.web.pages.chart_launch import opened
from smart_app.web.pages.dependencies import Dependencies
from smart_app.web.views.picker import picker_view

_BOUND = "open"


def register(app: Flask, dependencies: Dependencies) -> None:
    """The picker's address."""
    handler = PatientPicker(dependencies)
    app.add_url_rule("/open", "open", handler.show)
    app.add_url_rule("/open", "open_chart", handler.open, methods=["POST"])


class PatientPicker:
    """The patient picker."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._services = dependencies.services

    def show(self) -> Response:
        """Patients to choose from: all, those of a name, or the one of `id`."""
        issuer = self._issuer(request.args.get("iss", ""))
        text, chosen = request.args.get("name", ""), request.args.get("id")
        found = self._one(issuer, chosen) if chosen else find_patients(issuer, self._services, text=text)
        view = picker_view(found, server=issuer.name, iss=issuer.iss, text=text, action=url_for("open"))
        return self._dependencies.pages.page("picker", view, csrf=self._dependencies.csrf.token(_BOUND, issuer.iss))

    def open(self) -> Response:
        """Open the chart of one patient."""
        issuer = self._issuer(request.form.get("iss", ""))
        self._dependencies.csrf.check(request, _BOUND, issuer.iss)
        context = open_chart(issuer, self._services, patient=request.form.get("patient", ""))
        return opened(self._services, context)

    def _issuer(self, iss: str) -> Issuer:
        """The open server of that address. LaunchError for any other."""
        g.iss = iss
        if not iss:
            raise LaunchError("iss_missing", Sentence("The address does not say which server to open."))
        issuer = replace(self._services.launcher.open_server(iss), iss=iss)
        g.picked_at = iss
        return issuer

    def _one(self, issuer: Issuer, identity: str) -> PatientList:
        check_id(identity)
        client = FhirClient(
            base=issuer.iss.rstrip("/"), http=self._services.http, token=None, timeout=self._services.settings.read_timeout, page_limit=1
        )
        found = patient_of(client.read("Patient", identity), zone=self._services.zone(issuer.iss))
        return PatientList(patients=(found,), complete=True, reason=None)
