"""An authorization request: read, checked against the client and the launch, and turned into a code or an OAuth error.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#obtain-authorization-code
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

from smart_app.sandbox.authorization.chart_launches import Launch, Lifetimes, OneTime
from smart_app.sandbox.authorization.clients import Client
from smart_app.sandbox.authorization.tokens import CHALLENGE, Grant, Ledger
from smart_app.sandbox.smart_scopes import negotiate

Parameters = Mapping[str, list[str]]


class Stopped(Exception):
    """The request cannot be answered to the app: its client or redirect address is not known. Shown on a page instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAddress:
    """Where the app gets its answer; both parts checked."""

    client_id: str
    redirect_uri: str
    state: str | None

    def with_answer(self, answer: Mapping[str, str]) -> str:
        """The redirect address with `answer` and the state in its query."""
        return self.with_pairs(self.pairs(answer))

    def pairs(self, answer: Mapping[str, str]) -> list[tuple[str, str]]:
        """`answer` and the state."""
        return [*answer.items(), *([("state", self.state)] if self.state else [])]

    def with_pairs(self, pairs: Sequence[tuple[str, str]]) -> str:
        """The redirect address with `pairs` in its query."""
        parts = urlsplit(self.redirect_uri)
        query = urlencode(pairs)
        return urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))


class Declined(Exception):
    """An OAuth error the app is told by redirect."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request that passed every check; `scope` is what will be granted. `anew`: the app wants to know that somebody signed in just now
    (`max_age`, OpenID Connect Core 3.1.2.1)."""

    address: ReturnAddress
    launch: Launch
    scope: str
    challenge: str = field(repr=False)
    nonce: str | None = field(repr=False)
    anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationDesk:
    """Takes authorization requests. `fhir_base` is the only `aud` it accepts."""

    clients: Mapping[str, Client]
    launches: OneTime[Launch]
    consents: OneTime[AuthorizationRequest]
    ledger: Ledger
    fhir_base: str
    clock: Callable[[], datetime]

    def address(self, parameters: Parameters) -> ReturnAddress:
        """Client and redirect address of a request; Stopped when either is not registered exactly so."""
        client_ids, redirects = parameters.get("client_id", []), parameters.get("redirect_uri", [])
        client = self.clients.get(client_ids[0]) if len(client_ids) == 1 else None
        if client is None:
            raise Stopped("The app asked with a client_id this EHR does not know.")
        if len(redirects) != 1 or redirects[0] not in client.redirect_uris:
            raise Stopped("The app's redirect_uri is not one registered for it.")
        states = parameters.get("state", [])
        return ReturnAddress(client_id=client_ids[0], redirect_uri=redirects[0], state=states[0] if len(states) == 1 else None)

    def check(self, parameters: Parameters, address: ReturnAddress) -> AuthorizationRequest:
        """The request, its launch now used; Declined at the first rule it breaks."""
        given = self.checked_form(parameters)
        launch = self.launches.take(given.get("launch", ""))
        if launch is None:
            raise Declined("invalid_request", "The launch is not known, was used before, or is too old. Open the app from the chart again.")
        if launch.client_id != address.client_id:
            raise Declined("invalid_request", "The launch was made for another app.")
        self._refuse(given, launch)
        return self.asked(given, address, launch)

    def _refuse(self, given: Mapping[str, str], launch: Launch) -> None:
        """What a launch that misbehaves is refused. Where it may be asked for less, its launch value stays good."""
        faults = launch.options.faults
        if faults.launch_stays:
            self.launches.put_back(given["launch"], launch)
        refusal = faults.refusal(given["scope"])
        if refusal is not None:
            raise Declined("invalid_scope", refusal)

    def checked_form(self, parameters: Parameters) -> dict[str, str]:
        """The parameters, each once, as far as they can be judged before anybody signs in; Declined at the first rule they break."""
        given = _single(parameters)
        self._check_form(given)
        return given

    def asked(self, given: Mapping[str, str], address: ReturnAddress, launch: Launch) -> AuthorizationRequest:
        """What the request comes to with that launch behind it."""
        scope = negotiate(given["scope"], allowed=self.clients[address.client_id].scope, remove=launch.options.scope_remove)
        scope = launch.options.faults.scope(scope)
        return AuthorizationRequest(
            address=address,
            launch=launch,
            scope=scope,
            challenge=given["code_challenge"],
            nonce=given.get("nonce"),
            anew="max_age" in given,
        )

    def _check_form(self, given: Mapping[str, str]) -> None:
        if given.get("response_type") != "code":
            raise Declined("unsupported_response_type", "response_type must be code.")
        if not given.get("state"):
            raise Declined("invalid_request", "state is missing.")
        if given.get("aud") != self.fhir_base:
            raise Declined("invalid_request", "aud must be the FHIR base address of this EHR, character by character.")
        if given.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(given.get("code_challenge", "")):
            raise Declined("invalid_request", "PKCE is needed: code_challenge_method S256 and a code_challenge of 43 characters.")
        if who_alone(given):
            return
        wanted = "launch" if "launch" in given else "launch/patient"
        if wanted not in given.get("scope", "").split():
            raise Declined("invalid_scope", f"An app is opened for a patient: with this request the scope must name {wanted}.")

    def approve(self, asked: AuthorizationRequest) -> str:
        """The redirect address with a code."""
        launch = asked.launch
        grant = Grant(
            client_id=launch.client_id,
            user=launch.user,
            patient=launch.patient,
            encounter=launch.encounter,
            scope=asked.scope,
            nonce=asked.nonce,
            signed_in=self.clock() if asked.anew else None,
            options=launch.options,
        )
        code = self.ledger.issue_code(grant, redirect_uri=asked.address.redirect_uri, challenge=asked.challenge)
        pairs = asked.address.pairs({"code": code})
        return asked.address.with_pairs(launch.options.faults.callback(pairs, issuer=self.fhir_base.removesuffix("/fhir")))


def open_desk(
    clients: Mapping[str, Client],
    *,
    ledger: Ledger,
    fhir_base: str,
    lifetimes: Lifetimes,
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
) -> AuthorizationDesk:
    """A desk with no launch open yet."""
    return AuthorizationDesk(
        clients=clients,
        launches=OneTime[Launch](seconds=lifetimes.launch, clock=clock, new_id=new_id),
        consents=OneTime[AuthorizationRequest](seconds=lifetimes.consent, clock=clock, new_id=new_id),
        ledger=ledger,
        fhir_base=fhir_base,
        clock=clock,
    )


def who_alone(given: Mapping[str, str]) -> bool:
    """Whether a request asks who is there and for nothing of a record: OpenID Connect without a launch."""
    return "launch" not in given and set(given.get("scope", "").split()) == {"openid", "fhirUser"}


def _single(parameters: Parameters) -> dict[str, str]:
    repeated = sorted(name for name, values in parameters.items() if len(values) > 1)
    if repeated:
        raise Declined("invalid_request", f"Given more than once: {', '.join(repeated)}.")
    return {name: values[0] for name, values in parameters.items()}
