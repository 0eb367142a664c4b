"""The EHR's own pages: the patient list, a chart with the app in a frame, two charts side by side; and launches for scripts.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-ehr-launch
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Flask, Response, jsonify, render_template, request

from smart_app.sandbox.authorization.chart_launches import EhrUser, Launch, LaunchOptions, MoreContext, OneTime
from smart_app.sandbox.authorization.clients import Client
from smart_app.sandbox.authorization.records import CurrentVisit, PatientLine, Records
from smart_app.sandbox.faults.fault import Faults, UnknownFault
from smart_app.sandbox.faults.fault_catalogue import GROUPS, faults
from smart_app.sandbox.faults.whole_ehr import WHOLE_EHR

# What would stand on a worklist and on a decision-support card: the app opened for one form, by the two ways of SMART App Launch
# (task-ehr-launch and a CDS Hooks link hand on an appContext; fhirContext names the form).
_CHECK_IN = "https://w3id.org/rapport/fhir/Questionnaire/rapport-check-in-patient"
_FORM = json.dumps([{"canonical": _CHECK_IN, "type": "Questionnaire"}])
_RATING = json.dumps({"page": "form", "instrument": "rapport-check-in", "informant": "clinician"})
ERRANDS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("Task: check-in with the patient", {"intent": "new-assessment", "fhir_context": _FORM}),
    ("Card: rate this visit", {"app_context": _RATING}),
)
# What athenahealth's chart gives its apps: no top navigation (smart-launcher-v2 pull request 41).
SANDBOX = "allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox allow-same-origin allow-scripts allow-downloads"
# By the `sandbox` of a chart's address: `1` as above; the least an app can work with; that with tabs, sandboxed as the frame is, or with
# leave to print; and so little that it has no origin, hence no cookie.
_LEAST = "allow-forms allow-scripts allow-same-origin"
_SANDBOXES = {
    "1": SANDBOX,
    "least": _LEAST,
    "tabs": f"{_LEAST} allow-popups",
    "prints": f"{_LEAST} allow-modals",
    "no-origin": "allow-forms allow-scripts",
}
_NO_VISIT = "none"
_OPTION_TYPES: Mapping[str, type] = {
    "consent": bool,
    "need_patient_banner": bool,
    "scope_remove": list,
    "intent": str,
    "app_context": str,
    "fhir_context": list,
    "tenant": str,
    "style": bool,
    "faults": list,
}


class CannotOpen(Exception):
    """The chart or the app cannot be opened as asked; the sentence says what to change."""

    def __init__(self, sentence: str, *, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which app to open how. `user` may be the patient themself. `user`, `encounter`, `client_id` None: whoever the visit is with, the
    visit going on, the first app."""

    user: str | None = None
    encounter: str | None = None
    client_id: str | None = None
    options: LaunchOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartFrame:
    """One chart's frame as the page shows it."""

    patient: PatientLine
    user: EhrUser
    client_id: str
    app_name: str
    launch: str = field(repr=False)
    launch_url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EhrPages:
    """The pages and the launches they make. `users` empty: whoever the server knows as Practitioner."""

    title: str
    records: Records
    users: tuple[EhrUser, ...]
    clients: Mapping[str, Client]
    launches: OneTime[Launch]

    def register(self, app: Flask) -> None:
        """Add every route to `app`."""
        app.add_url_rule("/", "front", self.front)
        app.add_url_rule("/chart/<patient_id>", "chart", self.chart)
        app.add_url_rule("/chart/<patient_id>/open", "open_app", self.open_app)
        app.add_url_rule("/portal/<patient_id>", "portal", self.portal)
        app.add_url_rule("/portal/<patient_id>/open", "open_as_patient", self.open_as_patient)
        app.add_url_rule("/faults", "faults", self.faults)
        app.add_url_rule("/pair/<left>/<right>", "pair", self.pair)
        app.add_url_rule("/launches", "launches", self.make_launch, methods=["POST"])
        app.register_error_handler(CannotOpen, _cannot_open)

    def front(self) -> str:
        """The list of patients."""
        return render_template("front.html", title=self.title, patients=self.records.patients(), limit=self.records.limit)

    def faults(self) -> str | Response:
        """Every way to misbehave, with what a right client does then; `patient` in the address is whose chart it is tried in."""
        patients = self.records.patients()
        chosen = next((one for one in patients if one.patient_id == request.args.get("patient")), next(iter(patients), None))
        return render_template("faults.html", title=self.title, groups=GROUPS, whole=WHOLE_EHR, patients=patients, chosen=chosen)

    def chart(self, patient_id: str) -> str | Response:
        """One chart with the app in a frame: every view of it is a new launch."""
        if request.args.get("add"):
            return Response(status=303, headers={"Location": f"{request.path}?{urlencode(_with_added())}"})
        wish, users = _wish(), self.users_here()
        frame = self._frame(patient_id, wish, users)
        return render_template(
            "chart.html",
            title=self.title,
            frame=frame,
            users=users,
            apps=[(one, client.name, one == frame.client_id) for one, client in self.clients.items() if client.on_chart],
            errands=[(text, urlencode([*asked.items(), *_standing(frame)])) for text, asked in ERRANDS],
            kept=_kept(),
            query=urlencode([*_kept(), ("user", frame.user.reference), ("client", frame.client_id)]),
            sandbox=_sandbox(),
            faults=[(fault, text, urlencode(_kept_but(text))) for fault, text in wish.options.faults.texts()],
            groups=GROUPS,
        )

    def open_app(self, patient_id: str) -> Response:
        """Straight to the app, by a launch of its own: for a tab of its own."""
        return Response(status=303, headers={"Location": self._frame(patient_id, _wish(), self.users_here()).launch_url})

    def portal(self, patient_id: str) -> str:
        """Where this patient would sign in themself, and the apps they can open there."""
        patient = self.records.patient(patient_id)
        if patient is None:
            raise CannotOpen("There is no patient of this id here.", status=404)
        apps = [(client_id, client.name) for client_id, client in self.clients.items() if client.on_chart]
        return render_template("portal.html", title=self.title, patient=patient, apps=apps)

    def open_as_patient(self, patient_id: str) -> Response:
        """Straight to the app, by a launch in which the patient is the user. No visit: nobody else is there."""
        own = f"Patient/{patient_id}"
        wish = Wish(user=own, encounter=_NO_VISIT, client_id=request.args.get("client"), options=LaunchOptions())
        return Response(status=303, headers={"Location": self._frame(patient_id, wish, []).launch_url})

    def pair(self, left: str, right: str) -> str:
        """Two charts side by side, each with its own launch."""
        wish, users = _wish(), self.users_here()
        frames = [self._frame(patient_id, wish, users) for patient_id in (left, right)]
        return render_template("pair.html", title=self.title, frames=frames, sandbox=_sandbox())

    def make_launch(self) -> Response:
        """`{patient, user?, encounter?, client?, options?}` → 201 `{launch_url, iss, launch}`. `encounter: null` means no visit."""
        asked = request.get_json()
        if not isinstance(asked, dict) or not isinstance(asked.get("patient"), str):
            raise CannotOpen("A launch needs a JSON object with the id of a patient.")
        frame = self._frame(asked["patient"], _scripted_wish(asked), self.users_here())
        return _answer({"launch_url": frame.launch_url, "iss": self.records.base, "launch": frame.launch}, status=201)

    def _frame(self, patient_id: str, wish: Wish, users: list[EhrUser]) -> ChartFrame:
        """A new launch for one chart, and how the page shows it."""
        patient = self.records.patient(patient_id)
        if patient is None:
            raise CannotOpen("There is no patient of this id here.", status=404)
        visit = self._visit(patient_id, wish)
        own = EhrUser(reference=f"Patient/{patient_id}", name=patient.spoken)
        user, client_id = own if wish.user == own.reference else _chosen(users, wish.user, visit), self._client_id(wish)
        encounter = visit.encounter_id if visit else None
        context = Launch(client_id=client_id, patient=patient_id, user=user, encounter=encounter, options=wish.options)
        launch = self.launches.put(context, shape=wish.options.faults.launch)
        return ChartFrame(
            patient=patient,
            user=user,
            client_id=client_id,
            app_name=self.clients[client_id].name,
            launch=launch,
            launch_url=self._launch_url(client_id, launch),
        )

    def _launch_url(self, client_id: str, launch: str) -> str:
        parts = urlsplit(self.clients[client_id].launch_url)
        query = urlencode({"iss": self.records.base, "launch": launch})
        return urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))

    def users_here(self) -> list[EhrUser]:
        """Who may be signed in as a clinician; CannotOpen where there is nobody."""
        users = list(self.users) or self.records.users()
        if not users:
            raise CannotOpen("This server holds no Practitioner, so nobody can be signed in. Load one first.", status=409)
        return users

    def _client_id(self, wish: Wish) -> str:
        client_id = wish.client_id or next(iter(self.clients), "")
        if client_id not in self.clients:
            raise CannotOpen("No such app is registered here.", status=404)
        return client_id

    def _visit(self, patient_id: str, wish: Wish) -> CurrentVisit | None:
        if wish.encounter is None:
            return self.records.visit_going_on(patient_id)
        if wish.encounter == _NO_VISIT:
            return None
        visit = self.records.visit(patient_id, wish.encounter)
        if visit is None:
            raise CannotOpen("This visit is not one of this patient's.", status=404)
        return visit


def _chosen(users: list[EhrUser], reference: str | None, visit: CurrentVisit | None) -> EhrUser:
    """The user asked for; where none is, whoever the visit is with, or the first."""
    known = {user.reference: user for user in users}
    if reference is None:
        with_visit = (known[one] for one in visit.clinicians if one in known) if visit else iter(())
        return next(with_visit, users[0])
    if reference not in known:
        raise CannotOpen("No such user works here.", status=404)
    return known[reference]


def _sandbox() -> str | None:
    """The frame's sandbox attribute, where the address asks for one."""
    return _SANDBOXES.get(request.args.get("sandbox", ""))


def _wish() -> Wish:
    """What the address of a chart asks for: `user`, `encounter`, `client`, `consent=1`, `scope_remove` (space separated), `intent`,
    `app_context`, `fhir_context` (JSON), `tenant`, `style=1`, `fault` (any number)."""
    args = request.args
    options = LaunchOptions(
        consent=args.get("consent") == "1",
        scope_remove=tuple(args.get("scope_remove", "").split()),
        need_patient_banner=args.get("banner") != "0",
        intent=args.get("intent"),
        faults=_faults(args.getlist("fault")),
        context=MoreContext(
            app_context=args.get("app_context"),
            fhir_context=_fhir_context(_json(args.get("fhir_context", "[]"))),
            tenant=args.get("tenant"),
            style=args.get("style") == "1",
        ),
    )
    return Wish(user=args.get("user"), encounter=args.get("encounter"), client_id=args.get("client"), options=options)


def _standing(frame: ChartFrame) -> list[tuple[str, str]]:
    """Who is signed in, and the app."""
    return [("user", frame.user.reference), ("client", frame.client_id)]


def _kept() -> list[tuple[str, str]]:
    """The launch options of this page's address, for the links that lead on from it."""
    return [(name, value) for name, value in request.args.items(multi=True) if name not in {"user", "client"}]


def _kept_but(fault: str) -> list[tuple[str, str]]:
    """This page's address without one fault."""
    return [pair for pair in request.args.items(multi=True) if pair != ("fault", fault)]


def _with_added() -> list[tuple[str, str]]:
    """This page's address with the fault that the tester's panel asked for: `add`, with `value` where one was given."""
    given, value = request.args["add"], request.args.get("value", "").strip()
    added = f"{given.partition('=')[0]}={value}" if value else given
    kept = [pair for pair in request.args.items(multi=True) if pair[0] not in {"add", "value"}]
    return [*kept, ("fault", added)]


def _scripted_wish(asked: Mapping[str, object]) -> Wish:
    unknown = sorted(asked.keys() - {"patient", "user", "encounter", "client", "options"})
    texts = {name: _text(asked, name) for name in ("user", "encounter", "client")}
    if unknown:
        raise CannotOpen(f"Not known here: {', '.join(unknown)}.")
    encounter = _NO_VISIT if "encounter" in asked and asked["encounter"] is None else texts["encounter"]
    return Wish(user=texts["user"], encounter=encounter, client_id=texts["client"], options=_options(asked.get("options", {})))


def _text(asked: Mapping[str, object], name: str) -> str | None:
    value = asked.get(name)
    if value is not None and not isinstance(value, str):
        raise CannotOpen(f"{name} must be text.")
    return value


def _options(given: object) -> LaunchOptions:
    """LaunchOptions from JSON; CannotOpen names what is wrong."""
    if not isinstance(given, dict):
        raise CannotOpen("options must be a JSON object.")
    for name, value in given.items():
        if name not in _OPTION_TYPES or not isinstance(value, _OPTION_TYPES[name]):
            raise CannotOpen(f"options.{name} is not known here, or not of the right type.")
    return LaunchOptions(
        consent=given.get("consent", False),
        scope_remove=tuple(map(str, given.get("scope_remove", ()))),
        need_patient_banner=given.get("need_patient_banner", True),
        intent=given.get("intent"),
        faults=_faults(map(str, given.get("faults", ()))),
        context=MoreContext(
            app_context=given.get("app_context"),
            fhir_context=_fhir_context(given.get("fhir_context", [])),
            tenant=given.get("tenant"),
            style=given.get("style", False),
        ),
    )


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise CannotOpen("fhir_context must be a JSON list.") from error


def _fhir_context(given: object) -> tuple[Mapping[str, object], ...]:
    """A list of objects that each say what they are about; CannotOpen for any other."""
    items = given if isinstance(given, list) else [given]
    if not all(isinstance(item, dict) and {"reference", "canonical", "identifier"} & item.keys() for item in items):
        raise CannotOpen("fhir_context must be a list of objects, each with a reference, a canonical or an identifier.")
    return tuple(items)


def _faults(asked: Iterable[str]) -> Faults:
    """The faults asked for; CannotOpen names the one that cannot be had."""
    try:
        return faults(asked)
    except UnknownFault as unknown:
        raise CannotOpen(str(unknown)) from unknown


def _answer(content: Mapping[str, object], *, status: int) -> Response:
    response = jsonify(content)
    response.status_code = status
    return response


def _cannot_open(error: CannotOpen) -> tuple[str, int] | Response:
    if request.path == "/launches":
        return _answer({"error": str(error)}, status=error.status)
    return render_template("stopped.html", reason=str(error)), error.status
