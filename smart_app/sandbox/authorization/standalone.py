"""Standalone launch: an app asks for sign-in without a chart around it, so the EHR asks who is there and, of a clinician, for whom.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-standalone-launch
Nobody has a password here: the patients are invented, and whoever tests chooses whom to be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from flask import Flask, Response, render_template, request

from smart_app.sandbox.authorization.chart_launches import EhrUser, Launch, LaunchOptions, Lifetimes, OneTime
from smart_app.sandbox.authorization.records import Records
from smart_app.sandbox.authorization.request import AuthorizationDesk, Parameters, ReturnAddress, Stopped, who_alone

# There is no chart whose `launch` it could be, and no visit is asked for.
_WITHHELD = ("launch", "launch/encounter")


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSignIn:
    """A good request whose user is not known yet, or whose patient is not."""

    given: Mapping[str, str] = field(repr=False)
    address: ReturnAddress
    user: EhrUser | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """The pages between an app's request and its answer. `users` are the clinicians who may sign in."""

    title: str
    desk: AuthorizationDesk
    records: Records
    users: Callable[[], list[EhrUser]]
    waiting: OneTime[WaitingSignIn]

    def register(self, app: Flask) -> None:
        """Add the route to `app`."""
        app.add_url_rule("/oauth/sign-in", "sign_in", self.choose, methods=["POST"])

    def ask(self, parameters: Parameters, address: ReturnAddress) -> str:
        """The page that asks who is there. Declined where the request is not good."""
        return self._page(WaitingSignIn(given=self.desk.checked_form(parameters), address=address))

    def choose(self) -> Response | str:
        """One choice made: a patient is themself, a clinician is asked for whom. Its ticket is good once."""
        waiting = self.waiting.take(request.form.get("ticket", ""))
        if waiting is None:
            raise Stopped("This sign-in page was answered before, or is too old. Start again in the app.")
        if "cancel" in request.form:
            return _see_other(waiting.address.with_answer({"error": "access_denied", "error_description": "The user did not sign in."}))
        if waiting.user is not None:
            return self._signed_in(waiting, waiting.user, request.form.get("patient", ""))
        reference = request.form.get("user", "")
        kind, _, identity = reference.partition("/")
        if kind == "Patient":
            return self._signed_in(waiting, None, identity)
        user = next((one for one in self.users() if one.reference == reference), None)
        if user is None:
            raise Stopped("No such user works here. Start again in the app.")
        return self._named(waiting, user) if who_alone(waiting.given) else self._page(replace(waiting, user=user))

    def _page(self, waiting: WaitingSignIn) -> str:
        """Who is there; for a clinician who is known already, for whom."""
        return render_template(
            "sign_in.html",
            title=self.title,
            app_name=self.desk.clients[waiting.address.client_id].name,
            user=waiting.user,
            users=[] if waiting.user else self.users(),
            patients=self.records.patients(),
            ticket=self.waiting.put(waiting),
        )

    def _signed_in(self, waiting: WaitingSignIn, user: EhrUser | None, patient_id: str) -> Response:
        """The answer to the app: that clinician for that patient, or without one the patient themself."""
        patient = self.records.patient(patient_id)
        if patient is None:
            raise Stopped("There is no patient of this id here. Start again in the app.")
        themself = EhrUser(reference=f"Patient/{patient.patient_id}", name=patient.spoken)
        return self._answered(waiting, user or themself, patient.patient_id)

    def _named(self, waiting: WaitingSignIn, user: EhrUser) -> Response:
        """The answer to an app that asks who is there, and for no record."""
        return self._answered(waiting, user, "")

    def _answered(self, waiting: WaitingSignIn, user: EhrUser, patient: str) -> Response:
        launch = Launch(
            client_id=waiting.address.client_id,
            patient=patient,
            user=user,
            options=LaunchOptions(scope_remove=_WITHHELD),
        )
        return _see_other(self.desk.approve(self.desk.asked(waiting.given, waiting.address, launch)))


def open_sign_in(
    desk: AuthorizationDesk,
    records: Records,
    users: Callable[[], list[EhrUser]],
    *,
    title: str,
    lifetimes: Lifetimes,
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
) -> SignIn:
    """The pages with nobody waiting yet."""
    waiting = OneTime[WaitingSignIn](seconds=lifetimes.consent, clock=clock, new_id=new_id)
    return SignIn(title=title, desk=desk, records=records, users=users, waiting=waiting)


def _see_other(address: str) -> Response:
    return Response(status=303, headers={"Location": address})
